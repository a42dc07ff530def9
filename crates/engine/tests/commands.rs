//! A command with an option that the renderers do not know would be refused, and nobody would notice.

use engine::finding::{Honesty, Remedy};
use engine::report::text::{Style, render};
use engine::report::{Incident, Report};
use engine::subject::{Kind, Subject};
use std::path::Path;

/// Every option that stands in a source file of a detector or of the remedies, as a literal of its own.
fn options() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let detectors =
        std::fs::read_dir(source.join("detectors")).expect("the detectors are beside their tests");
    let mut files: Vec<_> = detectors.flatten().map(|file| file.path()).collect();
    files.push(source.join("incidents/remedies.rs"));
    let mut options = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(file).unwrap_or_default();
        let literals = source.split('"').filter(|text| text.starts_with("--") && text.len() > 3);
        let literals = literals.filter(|text| !text.contains(char::is_whitespace));
        options.extend(literals.map(|text| text.replace("{resource}", "memory")));
    }
    options
}

#[test]
fn the_renderers_know_every_option_that_a_detector_uses() {
    let options = options();
    assert!(options.len() > 5);
    for option in options {
        let pod = Subject::new(Kind::Pod, Some("shop"), "cart-0");
        let remedy = Remedy::kubectl("Look", &pod, Honesty::Safe, &["get", "pods", &option]);
        let text = render(&report(remedy), &Style { width: 120, colour: false, verbose: false });
        assert!(text.contains(&format!("get pods {option}")), "{option} is refused:\n{text}");
    }
}

fn report(remedy: Remedy) -> Report {
    let evidence = engine::evidence::Evidence::assemble(Vec::new(), Vec::new());
    let mut report = engine::diagnose(&evidence, &Default::default());
    report.incidents.push(incident(remedy));
    report
}

fn incident(remedy: Remedy) -> Incident {
    use engine::finding::{Certainty, Code, Course, Severity};
    Incident {
        id: String::new(),
        severity: Severity::Error,
        course: Course::Ongoing,
        since: None,
        title: String::new(),
        impact: Default::default(),
        certainty: Certainty::Likely,
        root: engine::report::Root {
            code: Code::OomKilled,
            aspect: Vec::new(),
            subject: Subject::node("n1"),
            owner: None,
            certainty: Certainty::Likely,
            summary: String::new(),
        },
        contributing: Vec::new(),
        changes: Vec::new(),
        loops: Vec::new(),
        because: Vec::new(),
        members: Vec::new(),
        ruled_out: Vec::new(),
        not_seen: Vec::new(),
        remedies: vec![remedy],
        check: None,
        remarks: Vec::new(),
    }
}
