//! Entries of a timeline, from everything that tells a time.

use super::{Entry, Scope, Source, in_scope};
use crate::Text;
use crate::evidence::{Condition, Container, Ended, LogSource, NodeLog, Object, State};
use crate::facts::{Facts, PodFact};
use crate::moment::{Clock, Moment};
use crate::report::events;
use crate::report::told::place;
use crate::scan::log::{LogSummary, Stamp};
use crate::scan::node::NodeClaim;
use crate::subject::{Kind, Subject};
use std::collections::BTreeSet;

/// Everything in scope that tells a time.
pub(super) fn entries(facts: &Facts, scope: &Scope) -> Vec<Entry> {
    let mut out = Vec::new();
    let inside = |subject: &Subject| in_scope(subject, scope, facts);
    for object in facts.evidence.objects().iter().filter(|object| inside(&object.subject)) {
        of_object(object, &mut out);
    }
    of_events(facts, scope, &mut out);
    for log in facts.logs() {
        let about = match (&log.log.source, &log.subject) {
            (LogSource::Container { pod }, _) => pod.clone(),
            (_, Some(subject)) => subject.clone(),
            // Whose it is nobody tells: it belongs to everything, or to nothing.
            _ if scope.subjects.is_empty() => {
                Subject::new(Kind::Other("Log".into()), None, &log.log.locator.file)
            }
            _ => continue,
        };
        if matches!(about.kind, Kind::Other(_)) || inside(&about.whole()) {
            of_log(&log.log.summary, &about, log.log, &mut out);
        }
    }
    let pods: Vec<&PodFact> = facts.pods().filter(|pod| inside(pod.subject())).collect();
    for log in facts.evidence.node_logs() {
        let node = Subject::node(log.node.as_deref().unwrap_or("?"));
        let whole = scope.subjects.is_empty() || scope.subjects.iter().any(|s| s.whole() == node);
        of_journal(log, &node, if whole { None } else { Some(&pods) }, &mut out);
    }
    for unit in facts.evidence.units() {
        let node = Subject::node(unit.node.as_deref().unwrap_or("?"));
        if let Some(at) = unit.since.as_ref().filter(|_| inside(&node)) {
            let state = unit.sub.as_deref().map_or_else(String::new, |sub| format!(" ({sub})"));
            let text = format!("unit {} is {}{state}", unit.name, unit.active);
            out.push(entry(at, Source::Journal, &*unit.active != "active", &node, text));
        }
    }
    for entry in &mut out {
        entry.owner = facts.top(&entry.about);
    }
    out
}

fn entry(at: &Moment, source: Source, bad: bool, about: &Subject, text: impl Into<String>) -> Entry {
    let about = about.clone();
    let owner = about.whole();
    Entry {
        at: at.clone(),
        until: None,
        count: 1,
        source,
        bad,
        about,
        text: text.into(),
        said: None,
        place: None,
        owner,
        like: 0,
        step: match (source, bad) {
            (Source::Change, _) => 1,
            (Source::Status, false) => 0,
            (Source::Event | Source::Journal, false) => 2,
            (Source::Log, _) => 4,
            (_, true) => 5,
        },
    }
}

/// `exit 137 OOMKilled`.
pub(super) fn end(ended: &Ended) -> String {
    let code = ended.exit_code.map(|code| format!("exit {code}"));
    let reason = ended.reason.as_ref().map(ToString::to_string);
    let parts: Vec<String> = code.into_iter().chain(reason).collect();
    if parts.is_empty() { "how is not told".to_owned() } else { parts.join(" ") }
}

fn of_object(object: &Object, out: &mut Vec<Entry>) {
    let about = &object.subject;
    if let Some(at) = &object.created {
        let (source, text) = match about.kind {
            Kind::ReplicaSet => (Source::Change, format!("rollout: ReplicaSet {} is made", about.name)),
            _ => (Source::Status, "created".to_owned()),
        };
        out.push(entry(at, source, false, about, text));
    }
    if let Some(at) = &object.deleting {
        out.push(entry(at, Source::Status, false, about, "is being deleted: should be gone by now"));
    }
    of_changes(object, out);
    let mut conditions: Vec<&Condition> = Vec::new();
    if let Some(pod) = object.pod() {
        pod.containers.iter().for_each(|container| of_container(container, about, out));
        conditions.extend(pod.conditions.iter().flatten());
    }
    if let Some(node) = object.node() {
        conditions.extend(node.conditions.iter().flatten());
        for taint in node.taints.iter().flatten() {
            if let Some(at) = &taint.added {
                let text = format!("tainted {}:{}", taint.key, taint.effect);
                out.push(entry(at, Source::Status, true, about, text));
            }
        }
        if let Some(at) = &node.lease_renewed {
            out.push(entry(
                at,
                Source::Status,
                false,
                about,
                "its kubelet renewed the lease, as far as is seen for the last time",
            ));
        }
    }
    if let Some(workload) = object.workload() {
        conditions.extend(workload.conditions.iter().flatten());
    }
    for condition in conditions {
        let bad = is_bad(condition, &about.kind);
        // What goes well is told by `Ready`, and on the way there by events.
        let Some(at) = condition.since.as_ref().filter(|_| bad || &*condition.kind == "Ready") else {
            continue;
        };
        let reason = condition.reason.as_ref().map_or_else(String::new, |reason| format!(", {reason}"));
        let text = format!("condition {} turns {}{reason}", condition.kind, condition.status);
        let said = condition.message.clone().filter(|message| !message.is_empty() && bad);
        out.push(Entry { said, step: 11, ..entry(at, Source::Status, bad, about, text) });
    }
}

/// Of nodes, `Ready` is the one condition that is good when it is true.
fn is_bad(condition: &Condition, kind: &Kind) -> bool {
    match (kind, &*condition.kind) {
        (Kind::Node, "Ready") => &*condition.status != "True",
        (Kind::Node, _) => &*condition.status != "False",
        (_, "Failed" | "FailureTarget" | "ReplicaFailure" | "DisruptionTarget") => {
            &*condition.status == "True"
        }
        (_, "Complete" | "SuccessCriteriaMet" | "Suspended" | "PodScheduled" | "Initialized") => false,
        _ => &*condition.status != "True",
    }
}

fn of_container(container: &Container, pod: &Subject, out: &mut Vec<Entry>) {
    let about = pod.container(&container.name);
    let mut started = BTreeSet::new();
    let again = if container.last.is_some() { "starts again" } else { "starts" };
    // The older instance first: its start, its end, then those of the newer one.
    for (state, word, step) in [(&container.last, "starts", 3), (&container.state, again, 7)] {
        let (from, ended) = match state {
            Some(State::Running { started }) => (started.as_ref(), None),
            Some(State::Terminated(ended)) => (ended.started.as_ref(), Some(ended)),
            _ => (None, None),
        };
        if let Some(at) = from.filter(|at| started.insert((*at).clone())) {
            out.push(Entry { step, ..entry(at, Source::Status, false, &about, word) });
        }
        if let Some(ended) = ended
            && let Some(at) = &ended.finished
        {
            let text = format!("ends: {}", end(ended));
            let said = ended.message.clone().filter(|message| !message.trim().is_empty());
            let bad = ended.exit_code != Some(0);
            out.push(Entry { said, step: step + 3, ..entry(at, Source::Status, bad, &about, text) });
        }
    }
}

/// What was written by somebody else than the controllers and kubelets that keep the status.
fn of_changes(object: &Object, out: &mut Vec<Entry>) {
    for manager in &object.managers {
        let Some(at) = &manager.at else { continue };
        let spec: Vec<&Text> = manager
            .paths
            .iter()
            .filter(|path| path.starts_with("spec") || path.starts_with("data"))
            .collect();
        if &*manager.subresource == "status" || spec.is_empty() {
            continue;
        }
        let named: Vec<&str> = spec.iter().take(3).map(|path| &***path).collect();
        let more = spec.len().saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!("{} wrote {}{more}", manager.name, named.join(", "));
        out.push(entry(at, Source::Change, false, &object.subject, text));
    }
}

fn of_events(facts: &Facts, scope: &Scope, out: &mut Vec<Entry>) {
    let options = events::Options { scope: scope.clone(), ..events::Options::default() };
    for row in events::events(facts.evidence, &options).rows {
        let Some(at) = row.first.clone().or_else(|| row.last.clone()) else { continue };
        let about = match (row.objects.as_slice(), row.owners.first()) {
            ([only], _) => only.clone(),
            (_, Some((owner, _))) => owner.clone(),
            _ => continue,
        };
        let of = match row.objects.len() {
            0 | 1 => String::new(),
            count => format!(" for {count} objects"),
        };
        out.push(Entry {
            until: row.last.clone().filter(|last| *last != at),
            count: row.count,
            said: Some(row.text.as_str().into()),
            ..entry(&at, Source::Event, row.warning, &about, format!("{}{of}", row.reason))
        });
    }
}

fn of_log(summary: &LogSummary, about: &Subject, log: &crate::evidence::Log, out: &mut Vec<Entry>) {
    let zone: Text = match &about.part {
        Some(part) => format!("container {} of pod {}", part.name(), about.path()).into(),
        None => about.path().into(),
    };
    // A time without an offset is off by the zone of the process: it orders its own log alone.
    let moment = |stamp: Stamp| Moment {
        earliest: stamp.at,
        latest: stamp.at,
        clock: if stamp.utc { Clock::Container } else { Clock::Yearless(zone.clone()) },
    };
    let mut add = |stamp: Option<Stamp>, bad: bool, text: String, said: Option<Text>, line: Option<u32>| {
        let Some(stamp) = stamp else { return };
        let first = log.locator.line.unwrap_or(1);
        let locator = crate::evidence::Locator {
            line: line.map(|line| first.saturating_add(line)),
            ..log.locator.clone()
        };
        out.push(Entry {
            said,
            place: place(&locator),
            ..entry(&moment(stamp), Source::Log, bad, about, text)
        });
    };
    if summary.first_error.as_ref().is_none_or(|unit| unit.at != summary.first) {
        add(summary.first, false, "first line of the log".to_owned(), None, Some(0));
    }
    if let Some(unit) = &summary.first_error {
        let text = format!("first of {} errors in the log", summary.errors);
        add(unit.at, true, text, Some(unit.head.text.clone()), Some(unit.head.line));
    }
    if let Some((unit, _)) = summary.ending()
        && summary.first_error.as_ref().is_none_or(|first| first.head.line != unit.head.line)
    {
        let text = "the error that tells the end".to_owned();
        add(unit.at, true, text, Some(unit.head.text.clone()), Some(unit.head.line));
    }
    let tail = summary.tail.last();
    let ending = summary.ending().map(|(unit, _)| unit.head.line);
    if tail.is_some_and(|tail| ending == Some(tail.line)) {
        return;
    }
    add(
        summary.last,
        false,
        "last line of the log".to_owned(),
        tail.map(|t| t.text.clone()),
        tail.map(|t| t.line),
    );
}

/// What a journal says; of a node that is not asked for itself only what names one of these pods.
fn of_journal(log: &NodeLog, node: &Subject, pods: Option<&[&PodFact]>, out: &mut Vec<Entry>) {
    let first = log.locator.line.unwrap_or(1);
    let at = |line: u32| {
        let line = Some(first.saturating_add(line));
        place(&crate::evidence::Locator { line, ..log.locator.clone() })
    };
    let named = |text: &str| {
        pods.is_none_or(|pods| {
            pods.iter().any(|pod| {
                let uid = pod.object.uid.as_deref().filter(|uid| uid.len() > 8);
                text.contains(&*pod.subject().name) || uid.is_some_and(|uid| text.contains(uid))
            })
        })
    };
    for sighting in log.summary.sightings.iter().filter(|s| named(&s.text)) {
        let Some(start) = sighting.first else { continue };
        let from = log.moment(start);
        let text = words(&format!("{:?}", sighting.claim));
        let (component, message) = crate::scan::node::writer(&sighting.text);
        let said = if component.is_empty() { message.to_owned() } else { format!("{component}: {message}") };
        out.push(Entry {
            until: sighting.last.map(|last| log.moment(last)).filter(|last| *last != from),
            count: sighting.count,
            said: Some(said.into()),
            place: at(sighting.line),
            ..entry(&from, Source::Journal, !is_good(&sighting.claim), node, text)
        });
    }
    for kill in &log.summary.oom_kills {
        let uid = kill.pod_uid.as_deref().unwrap_or("");
        let ours = pods.is_none_or(|pods| pods.iter().any(|pod| pod.object.uid.as_deref() == Some(uid)));
        let (Some(time), true) = (kill.at, ours || named(&kill.text)) else { continue };
        let whose = if kill.global { "the node's memory was used up" } else { "a memory limit was hit" };
        let text = format!("the kernel kills {}: {whose}", kill.process);
        out.push(Entry {
            said: Some(kill.text.clone()),
            place: at(kill.line),
            ..entry(&log.moment(time), Source::Journal, true, node, text)
        });
    }
}

fn is_good(claim: &NodeClaim) -> bool {
    matches!(
        claim,
        NodeClaim::KubeletStarted
            | NodeClaim::RuntimeStarted
            | NodeClaim::UnitStarted { .. }
            | NodeClaim::Killing { .. }
    )
}

/// The name of a claim as words: `RuntimeUnreachable { … }` is `runtime unreachable`.
fn words(claim: &str) -> String {
    let name: String = claim.chars().take_while(char::is_ascii_alphanumeric).collect();
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push(' ');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
