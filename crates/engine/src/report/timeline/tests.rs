//! One order, honest about clocks; distances; rows that say the same.

use super::*;
use crate::evidence::{Container, Ended, Event, Locator, Object, Observation, Role, View, What};
use crate::report::schema::against;
use crate::report::text::Style;

/// 2026-11-23 03:12:40 UTC.
const NOW: i64 = 1_795_403_560;

fn at(ago: i64) -> Option<Moment> {
    Some(Moment::api_second(NOW - ago))
}

fn seen(what: What) -> Observation {
    Observation { capture: "c".into(), sequence: 0, locator: Locator::default(), what }
}

fn event(name: &str, reason: &str, ago: i64) -> Observation {
    seen(What::Event(Box::new(Event {
        about: Subject::new(Kind::Pod, Some("shop"), name),
        about_uid: None,
        reason: reason.into(),
        warning: true,
        message: format!("pod {name} has trouble").into(),
        component: None,
        host: None,
        count: 1,
        first: at(ago),
        last: at(ago),
        locator: Locator::default(),
    })))
}

/// A pod whose container ended a minute ago, after a minute.
fn crashed(name: &str) -> Observation {
    let mut object = Object::new(Subject::new(Kind::Pod, Some("shop"), name), View::Whole);
    object.created = at(130);
    let mut container = Container::new("app".into(), Role::App);
    container.state = Some(State::Terminated(Box::new(Ended {
        exit_code: Some(1),
        reason: Some("Error".into()),
        started: at(120),
        finished: at(60),
        ..Ended::default()
    })));
    if let crate::evidence::Body::Pod(pod) = &mut object.body {
        pod.containers.push(container);
    }
    seen(What::Object(Box::new(object)))
}

fn told(observations: Vec<Observation>, options: &Options) -> Timeline {
    timeline(&Evidence::assemble(observations, Vec::new()), options)
}

#[test]
fn status_and_events_stand_in_one_order_around_the_crash() {
    let told = told(vec![event("web-0", "Unhealthy", 90), crashed("web-0")], &Options::default());
    let rows: Vec<(String, &str)> = told
        .entries
        .iter()
        .map(|e| (text::distance(&e.at, told.crash.as_ref().map(|c| &c.at)), e.text.as_str()))
        .collect();
    let want =
        [("-1m10s", "created"), ("-1m00s", "starts"), ("-30s", "Unhealthy"), ("0s", "ends: exit 1 Error")];
    assert_eq!(rows, want.map(|(d, t)| (d.to_owned(), t)));
}

#[test]
fn two_clocks_that_are_near_have_no_order() {
    let entry = |at: i64, clock: Clock| Entry {
        at: Moment { earliest: at, latest: at, clock },
        until: None,
        count: 1,
        source: Source::Log,
        bad: false,
        about: Subject::new(Kind::Pod, None, "p"),
        text: String::new(),
        said: None,
        place: None,
        owner: Subject::new(Kind::Pod, None, "p"),
        like: 0,
        step: 0,
    };
    assert!(unordered(&entry(0, Clock::Api), &entry(SECOND, Clock::Container)));
    assert!(!unordered(&entry(0, Clock::Api), &entry(10 * SECOND, Clock::Container)));
    assert!(!unordered(&entry(0, Clock::Api), &entry(SECOND, Clock::Api)));
}

#[test]
fn ages_stand_apart() {
    let mut paste = event("web-0", "Pulled", 0);
    if let What::Event(event) = &mut paste.what {
        event.first = Some(Moment::age(5 * SECOND, 6 * SECOND, &"paste".into()));
        event.last.clone_from(&event.first);
    }
    let told = told(vec![paste, crashed("web-0")], &Options::default());
    assert_eq!(told.adrift.len(), 1);
    let text = text::render(&told, &Style { width: 80, colour: false, verbose: false });
    assert!(
        text.contains("the order below holds among these lines only") || text.contains("Nothing ties it")
    );
}

#[test]
fn the_scope_decides_and_the_schema_holds() {
    let all = || vec![crashed("web-0"), crashed("db-0"), event("db-0", "Unhealthy", 90)];
    let scope = Scope { subjects: vec![Subject::new(Kind::Pod, None, "web-0")], ..Scope::default() };
    let one = Options { scope, ..Options::default() };
    assert!(told(all(), &one).entries.iter().all(|e| &*e.about.name == "web-0"));
    let since = Options { since: Some(100 * SECOND), ..Options::default() };
    // The newest record is a minute old: that is when the evidence was taken.
    assert_eq!(told(all(), &since).entries.len(), 7);
    for options in [Options::default(), one] {
        let document = serde_json::from_str(&json::render(&told(all(), &options))).unwrap();
        let schema = include_str!("../../../../../docs/schema/timeline.v1alpha1.json");
        assert_eq!(against(&document, schema), Vec::<String>::new());
    }
}

#[test]
fn the_order_of_reading_does_not_show() {
    let mut all =
        vec![crashed("web-0"), crashed("db-0"), event("db-0", "Unhealthy", 90), event("web-0", "X", 90)];
    let want = json::render(&told(all.clone(), &Options::default()));
    all.reverse();
    assert_eq!(json::render(&told(all, &Options::default())), want);
}
