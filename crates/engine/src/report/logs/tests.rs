//! Which instance is shown, and why a log is blank.

use super::*;
use crate::evidence::{Body, Evidence, Locator, Object, Observation, View, What};
use crate::facts;
use crate::report::schema::against;
use crate::report::text::Style;
use crate::scan::log::LogSummary;

fn pod() -> Subject {
    Subject::new(Kind::Pod, Some("shop"), "web-0")
}

fn seen(what: What) -> Observation {
    Observation { capture: "c".into(), sequence: 0, locator: Locator::default(), what }
}

fn status(state: State, died: bool, restarts: u32) -> Observation {
    let mut object = Object::new(pod(), View::Whole);
    let mut container = Container::new("app".into(), Role::App);
    container.state = Some(state);
    container.last = died.then(|| State::Terminated(Box::new(ended(1))));
    container.restarts = Some(restarts);
    if let Body::Pod(pod) = &mut object.body {
        pod.containers.push(container);
        pod.containers.push(Container::new("proxy".into(), Role::App));
    }
    seen(What::Object(Box::new(object)))
}

fn ended(code: i32) -> Ended {
    Ended { exit_code: Some(code), reason: Some("Error".into()), ..Ended::default() }
}

fn log(instance: Instance, text: &str) -> Observation {
    seen(What::Log(Box::new(Log {
        source: LogSource::Container { pod: pod().container("app") },
        instance,
        partial: false,
        summary: LogSummary::read(text),
        locator: Locator::default(),
    })))
}

fn waiting() -> State {
    State::Waiting { reason: Some("CrashLoopBackOff".into()), message: None }
}

const RUNNING: State = State::Running { started: None };

/// What is shown, of which instance, and why it is blank.
fn shown(observations: Vec<Observation>, wanted: Wanted) -> (Option<Instance>, u64, Vec<String>) {
    let evidence = Evidence::assemble(observations, Vec::new());
    let facts = facts::read(&evidence);
    let choice = choose(&facts, &pod(), None, wanted).unwrap();
    assert_eq!(choice.container, pod().container("app"));
    let blank = choice.blank.clone();
    (choice.log.map(|log| log.instance.clone()), choice.log.map_or(0, |log| log.summary.lines), blank)
}

#[test]
fn of_a_running_container_that_died_the_previous_instance_is_shown() {
    let both = vec![
        status(RUNNING, true, 3),
        log(Instance::Newest, ""),
        log(Instance::Previous, "FATAL DATABASE_URL is not set"),
    ];
    assert_eq!(shown(both, Wanted::Dead), (Some(Instance::Previous), 1, vec![]));
    let numbered =
        vec![status(RUNNING, true, 3), log(Instance::Number(2), "a\nb"), log(Instance::Number(3), "x")];
    assert_eq!(shown(numbered, Wanted::Dead).0, Some(Instance::Number(2)));
}

#[test]
fn of_a_waiting_container_the_newest_instance_is_the_dead_one() {
    let both =
        || vec![status(waiting(), true, 3), log(Instance::Newest, "a\nb"), log(Instance::Previous, "a")];
    assert_eq!(shown(both(), Wanted::Dead), (Some(Instance::Newest), 2, vec![]));
    // --previous is the same instance then.
    assert_eq!(shown(both(), Wanted::Previous).0, Some(Instance::Newest));
    // Whichever of the two was collected tells the same end.
    let one = vec![status(waiting(), true, 3), log(Instance::Previous, "a")];
    assert_eq!(shown(one, Wanted::Dead).0, Some(Instance::Previous));
}

#[test]
fn of_an_ended_container_plain_shows_the_end() {
    let all = vec![
        status(State::Terminated(Box::new(ended(2))), false, 0),
        log(Instance::Newest, "a"),
        log(Instance::Previous, "previous terminated container \"app\" in pod \"web-0\" not found"),
    ];
    assert_eq!(shown(all, Wanted::Dead).0, Some(Instance::Newest));
}

#[test]
fn an_instance_can_be_asked_for() {
    let all =
        || vec![status(RUNNING, true, 3), log(Instance::Number(1), "one"), log(Instance::Newest, "new")];
    assert_eq!(shown(all(), Wanted::Number(1)).0, Some(Instance::Number(1)));
    assert_eq!(shown(all(), Wanted::Number(3)).0, Some(Instance::Newest));
    let (none, _, why) = shown(all(), Wanted::Number(0));
    assert_eq!((none, why), (None, vec!["it was not collected".to_owned()]));
}

#[test]
fn it_is_told_why_a_log_is_blank() {
    let why = |observations: Vec<Observation>| shown(observations, Wanted::Dead).2.join(" ");
    let gone = "unable to retrieve container logs for containerd://0123456789abcdef";
    assert!(why(vec![status(RUNNING, true, 1), log(Instance::Previous, gone)]).contains("has removed"));
    let creating = State::Waiting { reason: Some("ContainerCreating".into()), message: None };
    assert!(why(vec![status(creating, false, 0)]).contains("no process of it has run yet"));
    let start = State::Terminated(Box::new(Ended { reason: Some("StartError".into()), ..ended(128) }));
    assert!(why(vec![status(start, false, 0)]).contains("could not start the process"));
    let silent = State::Terminated(Box::new(ended(1)));
    let blank = Log {
        source: LogSource::Container { pod: pod().container("app") },
        instance: Instance::Newest,
        partial: false,
        summary: LogSummary::default(),
        locator: Locator::default(),
    };
    let blank = seen(What::Log(Box::new(blank)));
    assert!(why(vec![status(silent, false, 0), blank]).contains("without a word"));
    assert!(why(vec![status(RUNNING, true, 1)]).contains("not collected"));
}

#[test]
fn a_stack_trace_is_shown_as_one_and_lines_are_folded() {
    let mut text = String::new();
    for n in 0..60 {
        text.push_str(&format!("request {n} served in {} ms\n", n * 3));
    }
    text.push_str("Exception in thread \"main\" java.lang.IllegalStateException: no\n");
    text.push_str("\tat com.example.Main.run(Main.java:7)\n\tat com.example.Main.main(Main.java:3)\n");
    let evidence = Evidence::assemble(
        vec![status(State::Terminated(Box::new(ended(1))), false, 0), log(Instance::Newest, &text)],
        Vec::new(),
    );
    let facts = facts::read(&evidence);
    let page = page(choose(&facts, &pod(), None, Wanted::Dead).unwrap(), &text);
    let error = page.first_error.as_ref().unwrap();
    assert_eq!((error.line, error.lines.len()), (61, 3));
    assert_eq!(
        page.templates.first().map(|t| (t.text.as_str(), t.count)),
        Some(("request <*> served in <*> ms", 60))
    );
    for width in [40, 80, 120] {
        let told = text::render(&page, None, None, &Style { width, colour: false, verbose: false });
        assert!(told.contains("FIRST ERROR") && told.contains("IllegalStateException"), "{told}");
        assert!(told.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= width), "{told}");
    }
    let document = serde_json::from_str(&json::render(&page, None, None)).unwrap();
    let schema = include_str!("../../../../../docs/schema/log.v1alpha1.json");
    assert_eq!(against(&document, schema), Vec::<String>::new());
}

#[test]
fn an_unknown_pod_or_container_is_said() {
    let evidence = Evidence::assemble(vec![status(RUNNING, false, 0)], Vec::new());
    let facts = facts::read(&evidence);
    let other = Subject::new(Kind::Pod, None, "other");
    assert!(choose(&facts, &other, None, Wanted::Dead).is_err_and(|e| e.contains("no pod other")));
    let wrong = choose(&facts, &pod(), Some("db"), Wanted::Dead);
    assert!(wrong.is_err_and(|e| e.contains("app, proxy")));
}
