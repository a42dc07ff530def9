//! State, silence, and the lines for a console.

use super::*;
use crate::evidence::{Body, Condition, Locator, NodeLog, Observation, Said, View, What};
use crate::moment::{Clock, SECOND};
use crate::report::schema::against;
use crate::report::text::Style;
use crate::scan::node::{Break, Heard as Voice, NodeSummary};

/// 2026-11-23 03:12:40 UTC.
const NOW: i64 = 1_795_403_560;

fn seen(what: What) -> Observation {
    Observation { capture: "c".into(), sequence: 0, locator: Locator::default(), what }
}

fn node(status: &str, renewed: i64) -> Vec<Observation> {
    let mut object = Object::new(Subject::node("n1"), View::Whole);
    if let Body::Node(node) = &mut object.body {
        node.runtime = Some("containerd://2.0".into());
        node.lease_renewed = Some(Moment::api_second(NOW - renewed));
        let said = Said {
            kind: "Ready".into(),
            status: status.into(),
            reason: Some("NodeStatusUnknown".into()),
            message: Some("Kubelet stopped posting node status.".into()),
        };
        let since = Some(Moment::api_second(NOW - renewed + 40));
        node.conditions = Some(vec![Condition { said: said.into(), since, heartbeat: None }]);
    }
    // What dates the capture.
    let mut other = Object::new(Subject::node("n2"), View::Whole);
    other.created = Some(Moment::api_second(NOW));
    vec![seen(What::Object(Box::new(object))), seen(What::Object(Box::new(other)))]
}

fn journal(voices: &[(&str, i64, i64)]) -> Observation {
    let heard = voices.iter().map(|(component, first, last)| Voice {
        component: (*component).into(),
        lines: 10,
        first: Some((NOW - first) * SECOND),
        last: Some((NOW - last) * SECOND),
    });
    seen(What::NodeLog(Box::new(NodeLog {
        node: Some("n1".into()),
        clock: Clock::Node("n1".into()),
        shift: (0, 0),
        summary: NodeSummary { heard: heard.collect(), ..NodeSummary::default() },
        locator: Locator::default(),
    })))
}

fn told(observations: Vec<Observation>) -> String {
    let evidence = Evidence::assemble(observations, Vec::new());
    let options = Options { source: "ticket".into(), node: "n1".into(), since: None };
    let told = history(&evidence, &options).unwrap();
    let document = serde_json::from_str(&json::render(&told, &options, None)).unwrap();
    let schema = include_str!("../../../../../docs/schema/nodehistory.v1alpha1.json");
    assert_eq!(against(&document, schema), Vec::<String>::new());
    text::render(&told, &options, None, &Style { width: 120, colour: false, verbose: false })
}

#[test]
fn a_kubelet_that_is_gone_is_asked_for_at_the_console() {
    let text = told(node("Unknown", 120));
    for want in [
        "its kubelet does not answer",
        "journalctl -u kubelet --since '2026-11-23 03:00:40 UTC' -o short-iso --no-pager > n1.kubelet.log",
        "journalctl -u containerd --since",
        "journalctl -k --since",
        "No journal of this node was seen",
    ] {
        assert!(text.contains(want), "{want}: {text}");
    }
}

#[test]
fn a_node_that_answers_and_was_heard_needs_no_console() {
    let mut all = node("True", 5);
    all.push(journal(&[("kubelet", 300, 1), ("containerd", 300, 90), ("kernel", 300, 2)]));
    let text = told(all);
    assert!(!text.contains("CONSOLE"), "{text}");
    assert!(text.contains("containerd  10 lines, 03:07:40 to 03:11:10; silent for the last 1m29s"), "{text}");
    assert!(!text.contains("kernel      10 lines, 03:07:40 to 03:12:38; silent"), "{text}");
}

#[test]
fn silences_and_starts_of_the_machine_are_told() {
    let of = |component: &str, found: Break| {
        let Observation { what: What::NodeLog(mut log), .. } = journal(&[(component, 900, 1)]) else {
            panic!()
        };
        log.summary.breaks = vec![found];
        seen(What::NodeLog(log))
    };
    let between = |from, to, boot| Break { from: (NOW - from) * SECOND, to: (NOW - to) * SECOND, boot };
    let mut all = node("True", 5);
    all.push(of("kubelet", between(800, 300, false)));
    all.push(of("containerd", between(250, 200, true)));
    all.push(of("kernel", between(700, 100, false)));
    let text = told(all);
    assert!(text.contains("02:59:20 to 03:07:40, 8m20s: no line (kubelet)"), "{text}");
    assert!(text.contains("03:08:30 to 03:09:20, 50s: the machine started (containerd)"), "{text}");
    assert!(!text.contains("no line (kernel)"), "{text}");
}

#[test]
fn what_was_not_seen_is_no_node() {
    let evidence = Evidence::assemble(node("True", 5), Vec::new());
    assert!(history(&evidence, &Options { node: "n3".into(), ..Options::default() }).is_none());
    assert_eq!(names(&evidence), ["n1".into(), "n2".into()] as [Text; 2]);
}
