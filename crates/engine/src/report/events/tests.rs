//! Order, folding, rates, and what was lost.

use super::*;
use crate::evidence::{Locator, Observation, What};
use crate::report::text::Style;

/// 2026-11-23 03:12:40 UTC.
const NOW: i64 = 1_795_403_560;

fn event(kind: Kind, name: &str, reason: &str, message: &str, count: u64, from: i64, to: i64) -> Event {
    Event {
        about: Subject::new(kind, Some("shop"), name),
        about_uid: None,
        reason: reason.into(),
        warning: reason.starts_with("Failed"),
        message: message.into(),
        component: Some("kubelet".into()),
        host: None,
        count,
        first: Some(Moment::api_second(NOW - from)),
        last: Some(Moment::api_second(NOW - to)),
        locator: Locator::default(),
    }
}

fn evidence(events: &[Event]) -> Evidence {
    let seen = events.iter().map(|event| Observation {
        capture: "c".into(),
        sequence: 0,
        locator: Locator::default(),
        what: What::Event(Box::new(event.clone())),
    });
    Evidence::assemble(seen.collect(), Vec::new())
}

fn told(list: &[Event], options: &Options) -> Events {
    events(&evidence(list), options)
}

fn reasons(events: &Events) -> Vec<&str> {
    events.rows.iter().map(|row| &*row.reason).collect()
}

/// Began first and went on longest.
fn two() -> [Event; 2] {
    [
        event(Kind::Pod, "web-0", "FailedMount", "no such volume", 30, 600, 5),
        event(Kind::Pod, "web-1", "Started", "Started container", 1, 60, 60),
    ]
}

#[test]
fn what_was_seen_last_stands_last() {
    assert_eq!(reasons(&told(&two(), &Options::default())), ["Started", "FailedMount"]);
    let onset = Options { order: Order::Onset, ..Options::default() };
    assert_eq!(reasons(&told(&two(), &onset)), ["FailedMount", "Started"]);
}

#[test]
fn options_leave_out_and_count() {
    let warnings = Options { warnings: Some(true), ..Options::default() };
    let only = told(&two(), &warnings);
    assert_eq!((reasons(&only), only.left_out), (vec!["FailedMount"], 1));
    // The capture is taken to be as old as the newest record: five seconds before.
    let recent = Options { since: Some(30 * SECOND), ..Options::default() };
    assert_eq!(reasons(&told(&two(), &recent)), ["FailedMount"]);
    let of = |name: &str| Scope { subjects: vec![Subject::new(Kind::Pod, None, name)], ..Scope::default() };
    let one = Options { scope: of("web-1"), ..Options::default() };
    assert_eq!(reasons(&told(&two(), &one)), ["Started"]);
    let elsewhere = Scope { namespaces: vec!["other".into()], ..Scope::default() };
    assert!(told(&two(), &Options { scope: elsewhere, ..Options::default() }).rows.is_empty());
}

/// Five pods of a Job that fail alike, the second one first.
fn storm() -> Vec<Event> {
    let names = ["b2c4d", "f5g6h", "j7k8l", "m9n2p", "q4r5s"];
    let message = |name: &str| format!("cannot set up pod import-{name}: no address in 10.0.0.1-10.0.0.9");
    let mut all: Vec<Event> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let from = if at == 1 { 130 } else { 100 };
            event(Kind::Pod, &format!("import-{name}"), "FailedCreatePodSandBox", &message(name), 6, from, 10)
        })
        .collect();
    if let Some(last) = all.last_mut() {
        last.message = format!("{COMBINED}{}", last.message).into();
    }
    all
}

#[test]
fn a_storm_is_one_row() {
    let rows = told(&storm(), &Options::default()).rows;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.records, row.count, row.objects.len(), row.combined), (5, 30, 5, 1));
    assert_eq!(row.text, "cannot set up pod <*>: no address in 10.0.0.1-10.0.0.9");
    assert_eq!(row.victim.as_ref().map(|v| &*v.name), Some("import-f5g6h"));
    // 29 more in two minutes.
    assert_eq!(row.rate, Some(14.5));
    let raw = Options { raw: true, ..Options::default() };
    assert_eq!(told(&storm(), &raw).rows.len(), 5);
}

#[test]
fn the_order_of_reading_does_not_show() {
    let mut all = storm();
    all.extend(two());
    let options = Options::default();
    let want = json::render(&told(&all, &options));
    all.reverse();
    assert_eq!(json::render(&told(&all, &options)), want);
    all.rotate_left(3);
    assert_eq!(json::render(&told(&all, &options)), want);
}

#[test]
fn ages_that_nothing_ties_to_the_calendar_stand_apart() {
    let mut all = two().to_vec();
    let mut paste = event(Kind::Pod, "web-2", "Pulled", "pulled", 1, 0, 0);
    paste.last = Some(Moment::age(5 * SECOND, 6 * SECOND, &"paste".into()));
    paste.first.clone_from(&paste.last);
    all.push(paste);
    let told = told(&all, &Options::default());
    assert_eq!(reasons(&told), ["Started", "FailedMount", "Pulled"]);
    let text = text::render(&told, &Style { width: 80, colour: false, verbose: false });
    assert!(text.contains("Nothing ties these to the calendar"), "{text}");
}

#[test]
fn the_json_is_as_its_schema_says() {
    let mut all = storm();
    all.extend(two());
    for options in [Options::default(), Options { raw: true, ..Options::default() }] {
        let document = serde_json::from_str(&json::render(&told(&all, &options))).unwrap();
        let schema = include_str!("../../../../../docs/schema/events.v1alpha1.json");
        assert_eq!(crate::report::schema::against(&document, schema), Vec::<String>::new());
    }
}

#[test]
fn beyond_the_burst_something_was_lost() {
    let told = told(&two(), &Options::default());
    assert_eq!(told.throttled.len(), 1);
    let text = text::render(&told, &Style { width: 80, colour: false, verbose: false });
    assert!(text.contains("LOST"), "{text}");
}

#[test]
fn hostile_text_reaches_no_terminal_and_no_width_is_exceeded() {
    let hostile = "\u{1b}]0;owned\u{7}\u{202e}\u{1b}[2J";
    let mut all = storm();
    all.push(event(
        Kind::Pod,
        hostile,
        "Failed\u{1b}[31m",
        &format!("{hostile} {}", "x".repeat(500)),
        2,
        9,
        8,
    ));
    for width in [40, 80, 120] {
        for verbose in [false, true] {
            let text =
                text::render(&told(&all, &Options::default()), &Style { width, colour: false, verbose });
            assert!(!text.contains(|c: char| c != '\n' && c.is_control()), "{text:?}");
            assert!(!text.contains('\u{202e}'));
            for line in text.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{line}");
            }
        }
    }
    let json = json::render(&told(&all, &Options::default()));
    assert!(!json.contains("\\u001b") && !json.contains('\u{202e}'));
}
