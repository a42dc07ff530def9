//! `cargo xtask pages`: a detector's page is its test. Each case of a page holds evidence and the findings expected of
//! it; `--accept` writes down what is found, and the diff is the review.

mod page;

use crate::run::Options;
use crate::{Outcome, place};
use engine::detectors::{DETECTORS, Detector};
use engine::finding::{Code, Course};
use engine::report::Report;
use engine::subject::Subject;
use intake::{Intake, RawRecord};
pub use page::{Case, HEADINGS, Page};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The folder of the pages.
pub const FOLDER: &str = "crates/engine/src/detectors";

pub fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args, &["--accept"], &[])?;
    let wanted = |d: &&Detector| options.rest.is_empty() || options.rest.iter().any(|n| n == d.name);
    let detectors: Vec<&Detector> = DETECTORS.iter().filter(wanted).collect();
    if let Some(unknown) = options.rest.iter().find(|n| !DETECTORS.iter().any(|d| d.name == n.as_str())) {
        return Err(format!("no detector {unknown} in the list").into());
    }
    if options.has("--accept") {
        for detector in &detectors {
            accept(detector)?;
        }
    }
    let (mut failures, mut cases) = (Vec::new(), 0);
    for detector in &detectors {
        match check(detector) {
            Ok(count) => cases += count,
            Err(mut wrong) => failures.append(&mut wrong),
        }
    }
    failures.iter().for_each(|failure| println!("{failure}\n"));
    if failures.is_empty() {
        println!("{} pages, {cases} cases: all as written", detectors.len());
        return Ok(());
    }
    Err(format!(
        "{} failures in the pages (`cargo xtask pages --accept NAME` writes what is found)",
        failures.len()
    )
    .into())
}

fn path(detector: &Detector) -> String {
    format!("{FOLDER}/{}.md", detector.name)
}

/// Runs the cases of a page; how many there are, or what is wrong.
fn check(detector: &Detector) -> Result<usize, Vec<String>> {
    let path = path(detector);
    let text = std::fs::read_to_string(place::at(&path)).map_err(|e| vec![format!("{path}: {e}")])?;
    let page = Page::parse(&text).map_err(|(line, wrong)| vec![format!("{path}:{line}: {wrong}")])?;
    let mut wrong = Vec::new();
    if page.headings != HEADINGS {
        wrong.push(format!("{path}:1: the headings are {:?}, so that pages read alike", HEADINGS));
    }
    let (mut fired, mut silent) = (BTreeSet::new(), 0);
    for case in &page.cases {
        let report = diagnose(case);
        let found = told(&report, detector.codes);
        if found != case.expected {
            let diff = difference(&case.expected, &found);
            wrong.push(format!("{path}:{}: {}: the findings differ\n{diff}", case.line, case.title));
        }
        let own: BTreeSet<Code> = codes(&report).filter(|c| detector.codes.contains(c)).collect();
        silent += usize::from(own.is_empty());
        fired.extend(own);
    }
    for code in detector.codes.iter().filter(|c| !fired.contains(c)) {
        wrong.push(format!(
            "{path}:1: no case gives {}: a code is shown by a case that it fires in",
            code.as_str()
        ));
    }
    if silent == 0 {
        wrong.push(format!(
            "{path}:1: no near miss: one case has to look alike and give none of the page's codes"
        ));
    }
    if wrong.is_empty() { Ok(page.cases.len()) } else { Err(wrong) }
}

fn accept(detector: &Detector) -> Outcome {
    let path = path(detector);
    let text = std::fs::read_to_string(place::at(&path))?;
    let page = Page::parse(&text).map_err(|(line, wrong)| format!("{path}:{line}: {wrong}"))?;
    let found: Vec<String> = page.cases.iter().map(|case| told(&diagnose(case), detector.codes)).collect();
    let new = page.with_findings(&text, &found);
    if new != text {
        std::fs::write(place::at(&path), new)?;
        println!("{path}: rewritten");
    }
    Ok(())
}

fn diagnose(case: &Case) -> Report {
    let mut read = Intake::default();
    for block in &case.evidence {
        intake::read(RawRecord { path: &block.path, bytes: block.text.as_bytes() }, &mut read);
    }
    let options = engine::report::Options { all: true, ..Default::default() };
    engine::diagnose(&read.finish().0, &options)
}

/// Every code of a report, of roots and steps.
fn codes(report: &Report) -> impl Iterator<Item = Code> {
    report.incidents.iter().flat_map(|i| i.because.iter().map(|step| step.code).chain([i.root.code]))
}

/// A report as a page writes it: each root with its summary, and below it what it leads to. Steps of other pages' codes
/// go without their summaries, so that a sentence is kept on one page only.
fn told(report: &Report, own: &[Code]) -> String {
    let mut text = String::new();
    for incident in &report.incidents {
        let root = &incident.root;
        let aspect: Vec<String> = root.aspect.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let aspect = if aspect.is_empty() { String::new() } else { format!("[{}]", aspect.join(",")) };
        let course = if incident.course == Course::Ongoing { "" } else { incident.course.as_str() };
        let line =
            format!("{}{aspect} {} {} {course}", root.code.as_str(), root.subject, root.certainty.as_str());
        let _ = writeln!(text, "{}", line.trim_end());
        wrapped(&mut text, "  ", &root.summary);
        let told = |code: Code, subject: &Subject| root.code == code && root.subject == *subject;
        let with = |code: Code, subject: &Subject| {
            incident.contributing.iter().any(|c| c.code == code && c.subject == *subject)
        };
        for other in &incident.contributing {
            let _ = writeln!(
                text,
                "  with {} {} {}",
                other.code.as_str(),
                other.subject,
                other.certainty.as_str()
            );
            if own.contains(&other.code) {
                wrapped(&mut text, "    ", &other.summary);
            }
        }
        let steps = incident.because.iter();
        for step in steps.filter(|s| !told(s.code, &s.subject) && !with(s.code, &s.subject)) {
            let _ = writeln!(
                text,
                "  leads to {} {} {}",
                step.code.as_str(),
                step.subject,
                step.certainty.as_str()
            );
            if own.contains(&step.code) {
                wrapped(&mut text, "    ", &step.summary);
            }
        }
    }
    text
}

/// Writes a sentence with an indent, in lines of at most 100 characters where words allow it.
fn wrapped(text: &mut String, indent: &str, sentence: &str) {
    let mut line = String::new();
    for word in sentence.split_whitespace() {
        if !line.is_empty() && indent.len() + line.chars().count() + 1 + word.chars().count() > 100 {
            let _ = writeln!(text, "{indent}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(text, "{indent}{line}");
    }
}

/// The lines of two texts, those of one only marked with `-` and `+`.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    // The longest common subsequence, by the textbook's table: the blocks are a few lines long.
    let mut length = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            length[i][j] = if old[i] == new[j] {
                length[i + 1][j + 1] + 1
            } else {
                length[i + 1][j].max(length[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let (mark, line) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (' ', old[i - 1])
        } else if j == new.len() || i < old.len() && length[i + 1][j] >= length[i][j + 1] {
            i += 1;
            ('-', old[i - 1])
        } else {
            j += 1;
            ('+', new[j - 1])
        };
        let _ = writeln!(text, "    {mark} {line}");
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_finds_what_it_says() {
        let failures: Vec<String> =
            DETECTORS.iter().filter_map(|detector| check(detector).err()).flatten().collect();
        assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let text = difference("a\nb\nc\n", "a\nx\nc\n");
        assert_eq!(text, "      a\n    - b\n    + x\n      c");
    }

    #[test]
    fn a_long_sentence_is_wrapped_between_words() {
        let mut text = String::new();
        wrapped(&mut text, "  ", &"word ".repeat(25));
        assert_eq!(text.lines().map(str::len).max(), Some(96));
        assert_eq!(text.lines().count(), 2);
    }
}
