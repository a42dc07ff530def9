//! Events in their true order: storms folded into templates, with rate, spread and first victim; what was lost.

pub mod json;
#[cfg(test)]
mod tests;
pub mod text;

use super::Scope;
use crate::Text;
use crate::clean::clean;
use crate::evidence::{Event, Evidence, Gap, Read};
use crate::facts::{self, Facts};
use crate::moment::{Clock, Moment, SECOND};
use crate::scan::template::Miner;
use crate::subject::{Kind, Subject, without_pod_suffix, without_template_hash};
use std::collections::{BTreeMap, BTreeSet};

/// What stands before the message of an event that took the place of others (client-go `tools/record/events_cache.go`).
const COMBINED: &str = "(combined from similar events): ";
/// So many owners that warn in the same words make one storm.
const STORM: usize = 3;
/// Writes about one object that a recorder lets pass at once; then one in five minutes (the same file).
const BURST: u64 = 25;

/// Which time of an event orders it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// When it was last seen.
    #[default]
    LastSeen,
    /// When it was first seen.
    Onset,
}

/// Which events are told, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What was read, as the caller names it.
    pub source: String,
    /// Events about these and what they own, in these namespaces.
    pub scope: Scope,
    /// Warnings, others, or with none all.
    pub warnings: Option<bool>,
    /// Only what was seen in so many microseconds before the capture.
    pub since: Option<i64>,
    /// The order.
    pub order: Order,
    /// Whether each event is told apart.
    pub raw: bool,
    /// The kubeconfig context for printed commands.
    pub context: Option<Text>,
}

/// Events, told.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// What was asked for.
    pub options: Options,
    /// When the evidence was taken.
    pub captured: Option<Moment>,
    /// The oldest last sighting of any event: what was last seen before may have expired.
    pub visible_from: Option<Moment>,
    /// Events told.
    pub records: usize,
    /// How often they were seen, at least.
    pub occurrences: u64,
    /// Events that the options leave out.
    pub left_out: usize,
    /// Events of one kind, in order.
    pub rows: Vec<Row>,
    /// Objects about which a recorder wrote more than it may, so that some of their events were dropped.
    pub throttled: Vec<Subject>,
    /// Events that could not be read.
    pub gaps: Vec<Gap>,
}

/// Events that say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Their reason.
    pub reason: Text,
    /// Whether they warn.
    pub warning: bool,
    /// Who wrote them.
    pub components: BTreeSet<Text>,
    /// What they say, with `<*>` for what differs.
    pub text: String,
    /// The message of the first.
    pub example: Text,
    /// How many events.
    pub records: usize,
    /// How often they were seen, at least.
    pub count: u64,
    /// The first sighting.
    pub first: Option<Moment>,
    /// The last sighting.
    pub last: Option<Moment>,
    /// Sightings in a minute, where they spread over time.
    pub rate: Option<f64>,
    /// What they are about.
    pub objects: Vec<Subject>,
    /// Whose these are, those with most objects first.
    pub owners: Vec<(Subject, usize)>,
    /// What was hit first, where there are several and one was.
    pub victim: Option<Subject>,
    /// Events of which only the newest of several messages was kept.
    pub combined: usize,
}

/// Tells events.
pub fn events(evidence: &Evidence, options: &Options) -> Events {
    let facts = facts::read(evidence);
    let (mut told, mut left_out) = (Vec::new(), 0);
    for event in evidence.events() {
        if !in_scope(event, &options.scope, &facts) {
            continue;
        }
        let kind = options.warnings.is_none_or(|warnings| warnings == event.warning);
        if kind && options.since.is_none_or(|since| is_since(event, since, evidence.captured())) {
            told.push(&**event);
        } else {
            left_out += 1;
        }
    }
    let mut rows = fold(&told, &facts, options.raw);
    rows.sort_by(|a, b| {
        key(a, options.order).cmp(&key(b, options.order)).then_with(|| content(a).cmp(&content(b)))
    });
    let all = || evidence.events().iter().filter_map(|event| event.last.as_ref());
    Events {
        captured: evidence.captured().cloned(),
        visible_from: all().min_by_key(|moment| moment.print_key()).cloned(),
        records: told.len(),
        occurrences: rows.iter().map(|row| row.count).sum(),
        left_out,
        throttled: throttled(&told),
        rows,
        gaps: evidence.gaps().iter().filter(|gap| is_of_events(gap)).cloned().collect(),
        options: options.clone(),
    }
}

fn key(row: &Row, order: Order) -> Option<(bool, i64, i64)> {
    let moment = match order {
        Order::LastSeen => row.last.as_ref().or(row.first.as_ref()),
        Order::Onset => row.first.as_ref().or(row.last.as_ref()),
    }?;
    let (adrift, earliest, latest) = moment.print_key();
    // What was last seen is ordered by its end.
    Some(if order == Order::LastSeen { (adrift, latest, earliest) } else { (adrift, earliest, latest) })
}

fn content(row: &Row) -> (&Text, &str, &[Subject]) {
    (&row.reason, &row.text, &row.objects)
}

fn is_of_events(gap: &Gap) -> bool {
    match &gap.read {
        Read::Events(_) => true,
        Read::List { kind, .. } => kind.as_str().to_ascii_lowercase().trim_end_matches('s') == "event",
        _ => false,
    }
}

/// Events about what is asked for, or about what it owns. Those of nodes are kept in `default`.
fn in_scope(event: &Event, scope: &Scope, facts: &Facts) -> bool {
    let home = event.about.namespace.as_deref().unwrap_or("default");
    let namespace = scope.namespaces.is_empty() || scope.namespaces.iter().any(|ns| &**ns == home);
    namespace && (scope.subjects.is_empty() || scope.subjects.iter().any(|s| is_of(&event.about, s, facts)))
}

/// Whether an object is that one, or owned by it as far as is known.
pub(super) fn is_of(about: &Subject, wanted: &Subject, facts: &Facts) -> bool {
    let names = |s: &Subject| {
        s.kind == wanted.kind
            && s.name == wanted.name
            && (wanted.namespace.is_none() || wanted.namespace == s.namespace)
    };
    names(about)
        || names(&owner(about, facts))
        || facts.pod(about).is_some_and(|pod| pod.owners.iter().any(|o| names(&o.subject)))
}

fn is_since(event: &Event, since: i64, captured: Option<&Moment>) -> bool {
    let Some(last) = event.last.as_ref().or(event.first.as_ref()) else { return true };
    match (&last.clock, captured) {
        (Clock::Capture(_), _) => last.latest >= since.saturating_neg(),
        (_, Some(now)) if last.clock.is_absolute() && now.clock.is_absolute() => {
            last.latest >= now.earliest.saturating_sub(since)
        }
        // Nothing tells how long ago it was.
        _ => true,
    }
}

/// The topmost owner; of a pod of which only events are left the one that its name tells.
fn owner(about: &Subject, facts: &Facts) -> Subject {
    let top = facts.top(about);
    if top.kind != Kind::Pod || facts.pod(about).is_some() {
        return top;
    }
    let Some(stem) = without_pod_suffix(&about.name) else { return top };
    let of = |kind: Kind, name: &str| Subject::new(kind, about.namespace.as_deref(), name);
    let known = |subject: &Subject| facts.object(subject).is_some();
    let guesses = [Kind::Job, Kind::DaemonSet, Kind::ReplicaSet].map(|kind| of(kind, stem));
    if let Some(owner) = guesses.iter().find(|guess| known(guess)) {
        return facts.top(owner);
    }
    match without_template_hash(stem) {
        Some(name) => of(Kind::Deployment, name),
        None => of(Kind::Other("Workload".into()), stem),
    }
}

/// Objects that one component wrote about more often than its filter lets pass.
fn throttled(events: &[&Event]) -> Vec<Subject> {
    let mut written: BTreeMap<(Option<&Text>, Subject), u64> = BTreeMap::new();
    for event in events {
        *written.entry((event.component.as_ref(), event.about.whole())).or_default() += event.count;
    }
    let over = written.into_iter().filter(|(_, count)| *count > BURST).map(|((_, about), _)| about);
    over.collect::<BTreeSet<_>>().into_iter().collect()
}

/// An event, ready to be folded.
struct Told<'e> {
    event: &'e Event,
    /// Its message without the object's own name: the same for all that say the same.
    text: String,
    combined: bool,
    owner: Subject,
}

impl<'e> Told<'e> {
    fn new(event: &'e Event, facts: &Facts) -> Told<'e> {
        let (combined, message) = match event.message.strip_prefix(COMBINED) {
            Some(message) => (true, message),
            None => (false, &*event.message),
        };
        let mut text = message.to_owned();
        text = without(&text, &event.about.name);
        if let Some(uid) = event.about_uid.as_ref().filter(|uid| uid.len() > 8) {
            text = text.replace(&**uid, "<*>");
        }
        Told { event, text, combined, owner: owner(&event.about, facts) }
    }
}

/// The text with `<*>` for a name where it stands as a whole word.
fn without(text: &str, name: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(name).filter(|_| name.len() > 2) {
        let (before, tail) = rest.split_at(at);
        let behind = tail.get(name.len()..).unwrap_or_default();
        out.push_str(before);
        let word = !out.ends_with(inside) && !behind.starts_with(inside);
        out.push_str(if word { "<*>" } else { name });
        rest = behind;
    }
    out + rest
}

fn fold(events: &[&Event], facts: &Facts, raw: bool) -> Vec<Row> {
    let told: Vec<Told> = events.iter().map(|event| Told::new(event, facts)).collect();
    if raw {
        return told.iter().map(|one| row(&[one])).collect();
    }
    // What says the same, and of it what has one owner.
    type Owned<'t, 'e> = BTreeMap<&'t Subject, Vec<&'t Told<'e>>>;
    let mut alike: BTreeMap<(&Text, bool, &Kind, u64), Owned> = BTreeMap::new();
    // Nodes own themselves; what all of them say is said once.
    let nodes = Subject::node("");
    for one in &told {
        let shape = Miner::shape_of(&one.text);
        let key = (&one.event.reason, one.event.warning, &one.event.about.kind, shape);
        let owner = if one.owner.kind == Kind::Node { &nodes } else { &one.owner };
        alike.entry(key).or_default().entry(owner).or_default().push(one);
    }
    let mut rows = Vec::new();
    for ((_, warning, ..), owned) in alike {
        if warning && owned.len() >= STORM {
            rows.push(row(&owned.into_values().flatten().collect::<Vec<_>>()));
        } else {
            rows.extend(owned.into_values().map(|events| row(&events)));
        }
    }
    rows
}

/// One row of events that say the same; there is at least one.
fn row(events: &[&Told]) -> Row {
    let mut miner = Miner::new();
    let mut owners: BTreeMap<&Subject, BTreeSet<Subject>> = BTreeMap::new();
    let (mut first, mut last, mut count, mut combined) = (None, None, 0_u64, 0);
    let mut components = BTreeSet::new();
    for (place, told) in events.iter().enumerate() {
        let event = told.event;
        miner.push(&told.text, place as u64, 1);
        owners.entry(&told.owner).or_default().insert(event.about.whole());
        first = Moment::first(first, event.first.clone().or_else(|| event.last.clone()));
        last = Moment::last(last, event.last.clone().or_else(|| event.first.clone()));
        count = count.saturating_add(event.count);
        combined += usize::from(told.combined);
        components.extend(event.component.clone());
    }
    let objects: BTreeSet<Subject> = owners.values().flatten().cloned().collect();
    let mut owners: Vec<(Subject, usize)> =
        owners.into_iter().map(|(owner, of)| (owner.clone(), of.len())).collect();
    owners.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let onset = |told: &&&Told| told.event.first.as_ref().map(|m| (m.print_key(), told.event.about.clone()));
    let earliest = events.iter().filter(|told| told.event.first.is_some()).min_by_key(onset);
    let example = earliest.or(events.first()).map(|told| told.event.message.clone()).unwrap_or_default();
    let plain = example.strip_prefix(COMBINED).unwrap_or(&example);
    let templates = miner.finish();
    let same =
        events.iter().all(|t| t.event.message.strip_prefix(COMBINED).unwrap_or(&t.event.message) == plain);
    let text = match templates.first() {
        Some(template) if !same => template.text.clone(),
        _ => plain.to_owned(),
    };
    let lead = events.first().map(|told| told.event);
    Row {
        reason: lead.map(|event| event.reason.clone()).unwrap_or_default(),
        warning: lead.is_some_and(|event| event.warning),
        components,
        text: clean(&text).into_owned(),
        rate: rate(count, first.as_ref(), last.as_ref()),
        victim: victim(events),
        example,
        records: events.len(),
        count,
        first,
        last,
        objects: objects.into_iter().collect(),
        owners,
        combined,
    }
}

/// Sightings in a minute: of three or more, over ten seconds at least.
fn rate(count: u64, first: Option<&Moment>, last: Option<&Moment>) -> Option<f64> {
    let (least, _) = first?.until(last?)?;
    // Times are whole seconds: from the start of the first to that of the last.
    let span = least.saturating_add(SECOND - 1).max(0);
    (count >= 3 && span >= 10 * SECOND).then(|| (count - 1) as f64 * 60.0 * SECOND as f64 / span as f64)
}

/// The object that was hit before all others, if there is one.
fn victim(events: &[&Told]) -> Option<Subject> {
    let mut onsets: BTreeMap<&Subject, &Moment> = BTreeMap::new();
    for told in events {
        let onset = told.event.first.as_ref().or(told.event.last.as_ref())?;
        let known = onsets.entry(&told.event.about).or_insert(onset);
        if onset.print_key() < known.print_key() {
            *known = onset;
        }
    }
    let (victim, onset) = onsets.iter().min_by_key(|(about, onset)| (onset.print_key(), **about))?;
    let alone =
        onsets.iter().all(|(about, other)| about == victim || onset.before(other) == crate::moment::Tri::Yes);
    (onsets.len() > 1 && alone).then(|| victim.whole())
}
