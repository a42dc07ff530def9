//! What holds of everything that is told, in every form.

use engine::detectors::DETECTORS;
use engine::evidence::{Evidence, LogSource};
use engine::explain::{self, Page};
use engine::finding::Code;
use engine::report::text::Style;
use engine::report::{self, events, json, logs, markdown, node, text, timeline, yaml};
use engine::{facts, plan};
use intake::objects;
use serde_json::Value;

/// Narrow and short, wide and whole.
const STYLES: [Style; 2] =
    [Style { width: 40, colour: false, verbose: false }, Style { width: 120, colour: false, verbose: true }];

/// Whether a character steers, hides or reorders what stands on a terminal.
fn is_odd(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e0fff}')
}

/// Looks at something printed.
fn printed(text: &str) {
    let odd = text.chars().position(is_odd);
    assert_eq!(odd, None, "a character that no terminal may see: {text:?}");
}

/// Looks at something printed as JSON.
pub(super) fn document(text: &str) -> Value {
    printed(text);
    serde_json::from_str(text).expect("JSON")
}

/// Tells evidence in every form.
pub(super) fn everywhere(evidence: &Evidence) {
    for all in [false, true] {
        let report = engine::diagnose(evidence, &report::Options { all, ..Default::default() });
        assert!(plan::next(&report).len() <= plan::MOST_NEXT, "a report asks for too much");
        let value = document(&json::render(&report));
        let yaml = yaml::render(&report);
        printed(&yaml);
        let [_, read] = objects::by_both_readers(&yaml);
        assert_eq!(read, Some(value), "YAML says something else than JSON");
        printed(&markdown::render(&report));
        STYLES.iter().for_each(|style| printed(&text::render(&report, style)));
    }
    for raw in [false, true] {
        let told = events::events(evidence, &events::Options { raw, ..Default::default() });
        document(&events::json::render(&told));
        STYLES.iter().for_each(|style| printed(&events::text::render(&told, style)));
    }
    let told = timeline::timeline(evidence, &timeline::Options::default());
    document(&timeline::json::render(&told));
    STYLES.iter().for_each(|style| printed(&timeline::text::render(&told, style)));
    for name in node::names(evidence).into_iter().take(2) {
        let options = node::Options { node: name, ..Default::default() };
        let Some(told) = node::history(evidence, &options) else { continue };
        document(&node::json::render(&told, &options, None));
        STYLES.iter().for_each(|style| printed(&node::text::render(&told, &options, None, style)));
    }
    log(evidence, "");
}

/// Tells the logs of the first containers, the lines of one with them.
pub(super) fn log(evidence: &Evidence, text: &str) {
    let facts = facts::read(evidence);
    for log in evidence.logs().iter().take(2) {
        let LogSource::Container { pod } = &log.source else { continue };
        for instance in [logs::Wanted::Dead, logs::Wanted::Previous] {
            let Ok(choice) = logs::choose(&facts, pod, None, instance) else { continue };
            let told = logs::page(choice, text);
            document(&logs::json::render(&told, evidence.captured(), None));
            STYLES.iter().for_each(|style| {
                printed(&logs::text::render(&told, evidence.captured(), None, style));
            });
        }
    }
}

/// Explains whatever word.
pub(super) fn explained(text: &str) {
    let page = |code: &Code| {
        let text = DETECTORS.iter().find(|it| it.codes.contains(code)).map_or("", |it| it.page);
        Page { code: code.as_str(), title: code.title(), text }
    };
    let pages: Vec<Page<'_>> = Code::ALL.iter().map(page).collect();
    let words: Vec<&str> = text.split_whitespace().take(4).chain(text.lines().last()).collect();
    let answer = explain::explain(&words, &pages);
    printed(&explain::render(&answer, 80, false));
    document(&serde_json::to_string_pretty(&answer).expect("JSON"));
}
