//! What a node went through: its state, who was heard on it and until when, its history, and how to ask its console.

pub mod json;
#[cfg(test)]
mod tests;
pub mod text;

use super::Scope;
use super::timeline::{self, Entry, Timeline};
use crate::Text;
use crate::evidence::{Evidence, Object, Read};
use crate::facts;
use crate::moment::Moment;
use crate::subject::{Kind, Subject};

/// How long after its last renewal a lease is stale: the node controller's grace (`--node-monitor-grace-period`, 50 s
/// since 1.32, 40 s before), the longer one.
const STALE: i64 = 50 * crate::moment::SECOND;

/// What is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What was read, as the caller names it.
    pub source: String,
    /// The node.
    pub node: Text,
    /// Only what began in so many microseconds before the capture.
    pub since: Option<i64>,
}

/// A component that wrote to the node's journals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// `kubelet`, `containerd`, `kernel`, …
    pub component: Text,
    /// Its lines.
    pub lines: u64,
    /// Its first line.
    pub first: Option<Moment>,
    /// Its last line.
    pub last: Option<Moment>,
    /// Microseconds from its last line to the last one of any component of the same clock.
    pub silent: Option<i64>,
}

/// A time of which the journals of some components hold no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Who wrote to the journal otherwise.
    pub of: Vec<Text>,
    /// The line before.
    pub from: Moment,
    /// The line after.
    pub to: Moment,
    /// Whether the machine started in between.
    pub boot: bool,
}

/// A node, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<'e> {
    /// The node's object, if it was seen.
    pub object: Option<&'e Object>,
    /// Whether its kubelet seems not to answer: the lease is stale, or a condition is unknown.
    pub lost: bool,
    /// Microseconds from its lease's last renewal to the capture.
    pub lease_age: Option<i64>,
    /// Who was heard.
    pub heard: Vec<Heard>,
    /// When nobody was, in order.
    pub silences: Vec<Silence>,
    /// What happened, in order.
    pub timeline: Timeline,
    /// What its console would tell.
    pub console: Vec<Read>,
}

/// Tells what a node went through; none where nothing of it was seen.
pub fn history<'e>(evidence: &'e Evidence, options: &Options) -> Option<History<'e>> {
    let subject = Subject::node(&options.node);
    let object = evidence.get(&subject);
    let scope = Scope { subjects: vec![subject.clone()], ..Scope::default() };
    let asked = timeline::Options { source: options.source.clone(), scope, since: options.since };
    let timeline = timeline::timeline(evidence, &asked);
    let heard = heard(evidence, &options.node);
    if object.is_none() && heard.is_empty() && timeline.entries.is_empty() && timeline.adrift.is_empty() {
        return None;
    }
    let node = object.and_then(|object| object.node());
    let lease = node.and_then(|node| node.lease_renewed.as_ref());
    let lease_age = lease.zip(evidence.captured()).and_then(|(at, now)| Some(at.until(now)?.0));
    let unknown = node.is_some_and(|node| node.conditions.iter().flatten().any(|c| &*c.status == "Unknown"));
    let lost = unknown || lease_age.is_some_and(|age| age > STALE);
    let console = console(evidence, options, &heard, lost, lease);
    let silences = silences(evidence, &options.node);
    Some(History { object, lost, lease_age, heard, silences, timeline, console })
}

/// The names of all nodes of which anything was seen.
pub fn names(evidence: &Evidence) -> Vec<Text> {
    let facts = facts::read(evidence);
    let objects = facts.nodes().iter().map(|node| node.name.clone());
    let logs = evidence.node_logs().iter().filter_map(|log| log.node.clone());
    let all: std::collections::BTreeSet<Text> = objects.chain(logs).collect();
    all.into_iter().collect()
}

fn heard(evidence: &Evidence, node: &str) -> Vec<Heard> {
    let mut all: Vec<Heard> = Vec::new();
    for log in evidence.node_logs().iter().filter(|log| log.node.as_deref() == Some(node)) {
        for voice in &log.summary.heard {
            let (first, last) = (voice.first.map(|at| log.moment(at)), voice.last.map(|at| log.moment(at)));
            let known = all.iter_mut().find(|known| {
                known.component == voice.component
                    && known.last.as_ref().map(|m| &m.clock) == last.as_ref().map(|m| &m.clock)
            });
            match known {
                Some(known) => {
                    // Copies of one journal hold the same lines.
                    known.lines = known.lines.max(voice.lines);
                    known.first = Moment::first(known.first.take(), first);
                    known.last = Moment::last(known.last.take(), last);
                }
                None => all.push(Heard {
                    component: voice.component.clone(),
                    lines: voice.lines,
                    first,
                    last,
                    silent: None,
                }),
            }
        }
    }
    all.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.component.cmp(&b.component)));
    let lasts: Vec<Option<Moment>> = all.iter().map(|heard| heard.last.clone()).collect();
    for heard in &mut all {
        let Some(last) = &heard.last else { continue };
        let gaps = lasts.iter().flatten().filter(|m| m.clock == last.clock);
        heard.silent = gaps.filter_map(|other| Some(last.until(other)?.0)).max().filter(|gap| *gap > 0);
    }
    all
}

fn silences(evidence: &Evidence, node: &str) -> Vec<Silence> {
    let mut all: Vec<Silence> = Vec::new();
    for log in evidence.node_logs().iter().filter(|log| log.node.as_deref() == Some(node)) {
        let of: Vec<Text> = log.summary.heard.iter().map(|heard| heard.component.clone()).collect();
        for found in &log.summary.breaks {
            let (from, to) = (log.moment(found.from), log.moment(found.to));
            // A kernel in good health says nothing for days, and copies of one journal hold the same breaks.
            let idle = !found.boot && matches!(&*of, [only] if &**only == "kernel");
            let known =
                all.iter().any(|known| known.boot == found.boot && known.from == from && known.to == to);
            if !idle && !known {
                all.push(Silence { of: of.clone(), from, to, boot: found.boot });
            }
        }
    }
    all.sort_by_key(|silence| (silence.from.print_key(), silence.to.print_key()));
    all
}

/// What to ask its console for: all where its kubelet does not answer, else what was not seen.
fn console(
    evidence: &Evidence,
    options: &Options,
    heard: &[Heard],
    lost: bool,
    lease: Option<&Moment>,
) -> Vec<Read> {
    let runtime = evidence
        .get(&Subject::node(&options.node))
        .and_then(|object| object.node()?.runtime.as_deref()?.split(':').next().map(str::to_owned))
        .map_or_else(
            || "containerd".to_owned(),
            |name| if name == "cri-o" { "crio".to_owned() } else { name },
        );
    let conditions = evidence.get(&Subject::node(&options.node)).and_then(|o| o.node()?.conditions.as_ref());
    let turned = conditions.into_iter().flatten().find(|c| &*c.kind == "Ready" && &*c.status != "True");
    let since = turned.and_then(|c| c.since.clone());
    let since = Moment::first(since, lease.filter(|_| lost).cloned());
    let units = ["kubelet".to_owned(), runtime, "kernel".to_owned()];
    let missing = |unit: &String| lost || !heard.iter().any(|h| &*h.component == unit.as_str());
    let read = |unit: String| Read::Journal {
        node: options.node.clone(),
        unit: unit.as_str().into(),
        since: since.clone(),
    };
    units.into_iter().filter(missing).map(read).collect()
}

/// Whether an entry is of the node's own life, and not of a pod on it.
pub(super) fn of_node(entry: &Entry) -> bool {
    entry.about.kind == Kind::Node
}
