//! One order of all that was seen: status, events, logs, journals, changes; with the distance to the crash.

mod gather;
pub mod json;
#[cfg(test)]
mod tests;
pub mod text;

use super::Scope;
use super::events;
use crate::Text;
use crate::evidence::{Evidence, Gap, Read, State};
use crate::facts::{self, Facts};
use crate::moment::{Clock, Moment, SECOND, Tri};
use crate::scan::template::Miner;
use crate::subject::{Kind, Subject};

/// What is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What was read, as the caller names it.
    pub source: String,
    /// These and what they own, in these namespaces.
    pub scope: Scope,
    /// Only what began in so many microseconds before the capture.
    pub since: Option<i64>,
}

/// Where an entry was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The state of an object.
    Status,
    /// A change that somebody made, or a rollout.
    Change,
    /// An event.
    Event,
    /// A container's log.
    Log,
    /// A node's journal, kernel log or unit.
    Journal,
}

impl Source {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Status => "status",
            Source::Change => "change",
            Source::Event => "event",
            Source::Log => "log",
            Source::Journal => "journal",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, or when first.
    pub at: Moment,
    /// When last, where it went on.
    pub until: Option<Moment>,
    /// How often.
    pub count: u64,
    /// Where it was seen.
    pub source: Source,
    /// Whether it is trouble.
    pub bad: bool,
    /// Whom it is about.
    pub about: Subject,
    /// What happened, in a line.
    pub text: String,
    /// The line or message that says so, where it is another one.
    pub said: Option<Text>,
    /// Where it stands.
    pub place: Option<String>,
    /// Whose the object is: its topmost owner, or itself.
    pub owner: Subject,
    /// How many more objects of that owner it is true of, right behind.
    pub like: usize,
    /// Its place in the course of things, for entries of one second: made, placed, started, complained of, ended.
    pub step: u8,
}

/// The moment that distances count from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// When.
    pub at: Moment,
    /// What it was.
    pub text: String,
}

/// A timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// What was asked for.
    pub options: Options,
    /// When the evidence was taken.
    pub captured: Option<Moment>,
    /// What distances count from.
    pub crash: Option<Crash>,
    /// Entries that the calendar orders.
    pub entries: Vec<Entry>,
    /// Entries of clocks that nothing ties to the calendar, each clock by itself.
    pub adrift: Vec<(String, Vec<Entry>)>,
    /// The oldest last sighting of an event: what was last seen before may have expired.
    pub events_from: Option<Moment>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// Tells a timeline.
pub fn timeline(evidence: &Evidence, options: &Options) -> Timeline {
    let facts = facts::read(evidence);
    let mut all = gather::entries(&facts, &options.scope);
    if let (Some(since), Some(now)) = (options.since, evidence.captured()) {
        let recent = |entry: &Entry| {
            let last = entry.until.as_ref().unwrap_or(&entry.at);
            last.until(now).is_none_or(|(least, _)| least <= since)
        };
        all.retain(recent);
    }
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    all.dedup();
    let all = fold(all);
    let mut adrift: Vec<(String, Vec<Entry>)> = Vec::new();
    let (entries, loose): (Vec<Entry>, Vec<Entry>) = all.into_iter().partition(|e| e.at.clock.is_absolute());
    for entry in loose {
        let name = clock(&entry.at.clock);
        match adrift.iter_mut().find(|(known, _)| *known == name) {
            Some((_, of)) => of.push(entry),
            None => adrift.push((name, vec![entry])),
        }
    }
    adrift.sort_by(|a, b| a.0.cmp(&b.0));
    let all = || evidence.events().iter().filter_map(|event| event.last.as_ref());
    Timeline {
        crash: crash(&facts, &options.scope),
        captured: evidence.captured().cloned(),
        entries,
        adrift,
        events_from: all().min_by_key(|moment| moment.print_key()).cloned(),
        gaps: evidence.gaps().iter().filter(|gap| of_scope(gap, &options.scope, &facts)).cloned().collect(),
        options: options.clone(),
    }
}

/// Makes one of entries in a row that say the same of objects of one owner within two seconds.
fn fold(all: Vec<Entry>) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    for entry in all {
        let alike = |known: &Entry| {
            known.owner == entry.owner
                && known.owner != known.about.whole()
                && known.about.kind == entry.about.kind
                && known.about != entry.about
                && (known.source, &known.text, known.at.clock == entry.at.clock)
                    == (entry.source, &entry.text, true)
                && entry.at.earliest.saturating_sub(known.at.earliest) <= 2 * SECOND
                && said(known) == said(&entry)
        };
        // A few rows back, for pods of two workloads that start together stand among each other.
        match out.iter_mut().rev().take(8).find(|known| alike(known)) {
            Some(known) => {
                known.like += 1;
                known.count = known.count.saturating_add(entry.count - 1);
                known.until = Moment::last(known.until.take(), entry.until);
            }
            None => out.push(entry),
        }
    }
    out
}

/// The shape of what was said, without the object's own name.
fn said(entry: &Entry) -> Option<u64> {
    entry.said.as_ref().map(|said| Miner::shape_of(&said.replace(&*entry.about.name, "<*>")))
}

type Order<'a> = (i64, i64, &'a Clock, u8, Source, &'a Subject, &'a str, u64);

fn order(entry: &Entry) -> Order<'_> {
    let Moment { earliest, latest, clock } = &entry.at;
    (*earliest, *latest, clock, entry.step, entry.source, &entry.about, &entry.text, entry.count)
}

/// A clock that nothing ties to the calendar, in words.
fn clock(clock: &Clock) -> String {
    match clock {
        Clock::Yearless(node) if node.is_empty() => "a node's clock, without year or zone".to_owned(),
        Clock::Yearless(name) => format!("the clock of {name}, without year or zone"),
        Clock::Capture(_) => "ages, counted from a capture of unknown time".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Whether the order of two entries that stand in a row is not known, for their clocks differ.
pub(super) fn unordered(before: &Entry, after: &Entry) -> bool {
    before.at.clock != after.at.clock && before.at.before(&after.at) == Tri::Unknown
}

/// The newest end of a container in scope that was not a success; without one, the newest loss of a node.
fn crash(facts: &Facts, scope: &Scope) -> Option<Crash> {
    let mut newest: Option<Crash> = None;
    let mut take = |at: &Moment, text: String| {
        let later = |known: &Crash| (at.latest, &text) > (known.at.latest, &known.text);
        if at.clock.is_absolute() && newest.as_ref().is_none_or(later) {
            newest = Some(Crash { at: at.clone(), text });
        }
    };
    for pod in facts.pods().filter(|pod| in_scope(pod.subject(), scope, facts)) {
        for container in &pod.pod.containers {
            for state in [&container.state, &container.last] {
                if let Some(State::Terminated(ended)) = state
                    && ended.exit_code != Some(0)
                    && let Some(at) = &ended.finished
                {
                    let name = &container.name;
                    let how = gather::end(ended);
                    take(at, format!("container {name} of pod {} ended, {how}", pod.subject().path()));
                }
            }
        }
    }
    if newest.is_some() {
        return newest;
    }
    let mut take = |at: &Moment, text: String| {
        let later = |known: &Crash| (at.latest, &text) > (known.at.latest, &known.text);
        if at.clock.is_absolute() && newest.as_ref().is_none_or(later) {
            newest = Some(Crash { at: at.clone(), text });
        }
    };
    for node in facts.nodes().iter().filter(|node| in_scope(&node.subject(), scope, facts)) {
        if let (Some(false), Some(ready)) = (node.is_ready(), node.condition("Ready"))
            && let Some(at) = &ready.since
        {
            take(at, format!("node {} was no longer ready", node.name));
        }
    }
    newest
}

/// Whether something is asked for. Nodes have no namespace, and are told where no object is named.
pub(super) fn in_scope(about: &Subject, scope: &Scope, facts: &Facts) -> bool {
    let namespace = scope.namespaces.is_empty()
        || !about.kind.is_namespaced()
        || about.namespace.as_ref().is_none_or(|ns| scope.namespaces.contains(ns));
    namespace && (scope.subjects.is_empty() || scope.subjects.iter().any(|s| events::is_of(about, s, facts)))
}

fn of_scope(gap: &Gap, scope: &Scope, facts: &Facts) -> bool {
    match &gap.read {
        Read::Object(subject) | Read::Events(subject) => in_scope(subject, scope, facts),
        Read::Log { container, .. } => in_scope(&container.whole(), scope, facts),
        Read::Journal { node, .. } => {
            scope.subjects.is_empty()
                || scope.subjects.iter().any(|s| s.kind == Kind::Node && s.name == *node)
        }
        _ => scope.subjects.is_empty(),
    }
}
