//! From observations to evidence: identity, deduplication, merging, time. Commutative: the order in which the
//! observations come does not show.

mod merge;

use super::{
    ClockPair, Event, Evidence, Gap, Locator, Log, LogSource, NodeLog, Object, Observation, Tags, Unit, View,
    What, moments,
};
use crate::by_hash::ByHash;
use crate::hands::both;
use crate::moment::{Clock, Moment};
use crate::subject::{Kind, Subject};
use crate::{Hands, Text, alone};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

impl Evidence {
    /// Makes evidence of observations and gaps, which may come in any order.
    pub fn assemble(observations: Vec<Observation>, gaps: Vec<Gap>) -> Evidence {
        Evidence::assemble_with(alone, observations, gaps)
    }

    /// The same, with the help of others.
    pub fn assemble_with(hands: Hands, mut observations: Vec<Observation>, mut gaps: Vec<Gap>) -> Evidence {
        let anchors = Anchors::of(&mut observations);
        if !anchors.shifts.is_empty() {
            observations.iter_mut().for_each(|observation| anchors.apply(&mut observation.what));
        }
        let homes = Homes::of(&observations);
        let is_other = |observation: &mut Observation| !matches!(observation.what, What::Object(_));
        let others: Vec<Observation> = observations.extract_if(.., is_other).collect();
        let (objects, others) = (Mutex::new(observations), Mutex::new(others));
        let ((objects, places), others) =
            both(hands, || objects_of(taken(&objects), &homes), || others_of(taken(&others), &homes));
        gaps.sort();
        gaps.dedup();
        let mut evidence = Evidence { objects, places, gaps, ..others };
        evidence.captured = anchors.captured.or_else(|| newest(&evidence));
        evidence
    }
}

/// All of them, once.
fn taken(observations: &Mutex<Vec<Observation>>) -> Vec<Observation> {
    std::mem::take(&mut observations.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Objects of their views, and where each stands by its hash.
#[allow(clippy::vec_box)]
fn objects_of(observations: Vec<Observation>, homes: &Homes) -> (Vec<Box<Object>>, ByHash) {
    let objects = in_order(observations).filter_map(|observation| {
        let What::Object(mut object) = observation.what else { return None };
        homes.settle(&mut object.subject);
        object.locator = observation.locator;
        Some(object)
    });
    let objects = merged(objects.collect());
    let places = ByHash::of(objects.iter().map(|object| object.subject.hash()));
    (objects, places)
}

/// All but objects.
fn others_of(mut observations: Vec<Observation>, homes: &Homes) -> Evidence {
    observations.sort_by(as_captured);
    let mut evidence = Evidence::default();
    let mut events = Vec::new();
    let mut listed = BTreeSet::new();
    for Observation { what, locator, .. } in observations {
        match what {
            What::Object(_) | What::ClockPair(_) => {}
            What::Event(mut event) => {
                homes.settle(&mut event.about);
                event.locator = locator;
                events.push(event);
            }
            What::Log(log) => evidence.logs.push(homes.settle_log(Log { locator, ..*log })),
            What::NodeLog(log) => evidence.node_logs.push(NodeLog { locator, ..*log }),
            What::Unit(unit) => evidence.units.push(Unit { locator, ..*unit }),
            What::Tags(tags) => evidence.tags.push(Tags { locator, ..*tags }),
            What::Listed { kind, namespace } => {
                listed.insert((kind, namespace));
            }
        }
    }
    evidence.events = merged_events(events);
    evidence.logs.sort();
    evidence
        .logs
        .dedup_by(|a, b| (&a.source, &a.instance, &a.summary) == (&b.source, &b.instance, &b.summary));
    evidence.node_logs.sort();
    evidence.node_logs.dedup_by(|a, b| (&a.node, &a.summary) == (&b.node, &b.summary));
    evidence.units.sort();
    evidence.units.dedup_by(|a, b| Unit { locator: b.locator.clone(), ..a.clone() } == *b);
    evidence.tags.sort();
    evidence.tags.dedup_by(|a, b| a.repository == b.repository);
    evidence.listed = listed.into_iter().collect();
    evidence
}

impl Evidence {
    /// The observations and gaps that make the same evidence again, so that more can be read and added to them.
    pub fn reopen(self) -> (Vec<Observation>, Vec<Gap>) {
        let one: Text = "".into();
        let whole =
            |locator: Locator, what: What| Observation { capture: one.clone(), sequence: 0, locator, what };
        let objects = self.objects.into_iter().map(|it| whole(it.locator.clone(), What::Object(it)));
        let events = self.events.into_iter().map(|it| whole(it.locator.clone(), What::Event(it)));
        let logs = self.logs.into_iter().map(|it| whole(it.locator.clone(), What::Log(Box::new(it))));
        let journals =
            self.node_logs.into_iter().map(|it| whole(it.locator.clone(), What::NodeLog(Box::new(it))));
        let units = self.units.into_iter().map(|it| whole(it.locator.clone(), What::Unit(Box::new(it))));
        let tags = self.tags.into_iter().map(|it| whole(it.locator.clone(), What::Tags(Box::new(it))));
        let listed = self
            .listed
            .into_iter()
            .map(|(kind, namespace)| whole(Locator::default(), What::Listed { kind, namespace }));
        let mut observations: Vec<Observation> = objects
            .chain(events)
            .chain(logs)
            .chain(journals)
            .chain(units)
            .chain(tags)
            .chain(listed)
            .collect();
        if let Some(truth) = self.captured {
            let capture: Text = "before".into();
            let shown = Moment::age(0, 0, &capture);
            let what = What::ClockPair(Box::new(ClockPair { shown, truth }));
            observations.push(Observation { capture, sequence: 0, locator: Locator::default(), what });
        }
        (observations, self.gaps)
    }
}

/// The views of each object made one, by subject, then by age.
#[allow(clippy::vec_box)]
fn merged(objects: Vec<Box<Object>>) -> Vec<Box<Object>> {
    let mut all: Vec<Box<Object>> = Vec::with_capacity(objects.len());
    let mut one: Vec<Box<Object>> = Vec::new();
    for mut together in by_kind_and_namespace(objects) {
        // Of one subject, the views stay in the order of merging.
        together.sort_by(|a, b| a.subject.cmp(&b.subject));
        for object in together {
            if one.first().is_some_and(|first| first.subject != object.subject) {
                all.append(&mut one);
            }
            merge::object(&mut one, object);
        }
    }
    all.append(&mut one);
    all
}

/// Objects of one kind and namespace, in the order of both. They come nearly so, and few are sorted faster than many, which
/// lie all over the memory.
#[allow(clippy::vec_box)]
fn by_kind_and_namespace(objects: Vec<Box<Object>>) -> impl Iterator<Item = Vec<Box<Object>>> {
    let mut groups: BTreeMap<(Kind, Option<Text>), Vec<Box<Object>>> = BTreeMap::new();
    let mut near: Vec<Box<Object>> = Vec::new();
    let mut settle = |near: &mut Vec<Box<Object>>| {
        if let Some(Object { subject, .. }) = near.first().map(|first| &**first) {
            groups.entry((subject.kind.clone(), subject.namespace.clone())).or_default().append(near);
        }
    };
    for object in objects {
        let is_near = |other: &Subject| {
            other.kind == object.subject.kind && other.namespace == object.subject.namespace
        };
        if !near.first().is_some_and(|first| is_near(&first.subject)) {
            settle(&mut near);
        }
        near.push(object);
    }
    settle(&mut near);
    groups.into_values()
}

/// The views of each event made one.
#[allow(clippy::vec_box)]
fn merged_events(mut events: Vec<Box<Event>>) -> Vec<Box<Event>> {
    // What two views of one event share; the views stay in the order of merging.
    fn key(event: &Event) -> (&Kind, &Option<Text>, [&Text; 3]) {
        (&event.about.kind, &event.about.namespace, [&event.about.name, &event.reason, &event.message])
    }
    events.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut all: Vec<Box<Event>> = Vec::with_capacity(events.len());
    let mut one: Vec<Box<Event>> = Vec::new();
    for event in events {
        if one.first().is_some_and(|first| key(first) != key(&event)) {
            all.append(&mut one);
        }
        merge::event(&mut one, event);
    }
    all.append(&mut one);
    all.sort();
    all
}

/// The order of merging objects: wishes before what was seen, then as captured; where views of one transcript differ,
/// the later one wins. What is left is ordered by its own text.
fn in_order(mut seen: Vec<Observation>) -> impl Iterator<Item = Observation> {
    let view = |observation: &Observation| match &observation.what {
        What::Object(object) => object.views.best(),
        _ => View::Mention,
    };
    // Within one capture, order decides and not richness: a table printed after a describe is newer.
    let [mentions, wishes] = [View::Mention, View::Manifest]
        .map(|wanted| seen.extract_if(.., |observation| view(observation) == wanted).collect::<Vec<_>>());
    [mentions, wishes, seen].into_iter().flat_map(|mut rank| {
        // They come nearly so: each file from its beginning to its end.
        rank.sort_by(as_captured);
        rank
    })
}

/// The order of observations themselves, faster where both are of one file.
fn as_captured(a: &Observation, b: &Observation) -> Ordering {
    let text = |a: &Text, b: &Text| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
    text(&a.capture, &b.capture)
        .then_with(|| a.sequence.cmp(&b.sequence))
        .then_with(|| text(&a.locator.file, &b.locator.file))
        .then_with(|| a.locator.line.cmp(&b.locator.line))
        .then_with(|| a.what.cmp(&b.what))
}

/// The newest time of the API that any object or event shows: the capture cannot be older.
fn newest(evidence: &Evidence) -> Option<Moment> {
    let mut newest = i64::MIN;
    let mut look = |moment: Option<&Moment>| {
        if let Some(moment) = moment.filter(|m| m.clock == Clock::Api) {
            newest = newest.max(moment.earliest);
        }
    };
    for event in &evidence.events {
        look(event.last.as_ref());
    }
    for object in &evidence.objects {
        look(object.created.as_ref());
        if let Some(node) = object.node() {
            look(node.lease_renewed.as_ref());
            node.conditions.iter().flatten().for_each(|c| look(c.heartbeat.as_deref()));
        }
        if let Some(pod) = object.pod() {
            pod.conditions.iter().flatten().for_each(|c| look(c.since.as_ref()));
        }
    }
    (newest > i64::MIN).then(|| Moment::api(newest))
}

/// The newest time of the API that each of these captures shows.
fn newest_by_capture(observations: &mut [Observation], captures: &BTreeSet<Text>) -> BTreeMap<Text, i64> {
    let mut newest: BTreeMap<Text, i64> = BTreeMap::new();
    let mut of_before: Option<(Text, bool)> = None;
    for observation in observations {
        let capture = &observation.capture;
        // What was read together stands together.
        let asked = match &of_before {
            Some((before, asked)) if Arc::ptr_eq(before, capture) => *asked,
            _ => of_before.insert((capture.clone(), captures.contains(capture))).1,
        };
        if !asked {
            continue;
        }
        let mut last = i64::MIN;
        moments::each(&mut observation.what, &mut |moment| {
            if moment.clock == Clock::Api {
                last = last.max(moment.earliest);
            }
        });
        if last > i64::MIN {
            newest.entry(capture.clone()).and_modify(|n| *n = last.max(*n)).or_insert(last);
        }
    }
    newest
}

/// What ties the clocks that have no place in the calendar to it: for each, by how much (least, greatest) its readings
/// have to be moved.
#[derive(Default)]
struct Anchors {
    shifts: BTreeMap<Clock, (i64, i64)>,
    captured: Option<Moment>,
}

impl Anchors {
    fn of(observations: &mut [Observation]) -> Anchors {
        let mut pairs: BTreeMap<Clock, Vec<(i64, i64)>> = BTreeMap::new();
        for observation in &*observations {
            if let What::ClockPair(pair) = &observation.what
                && let ClockPair { shown, truth } = &**pair
                && !shown.clock.is_absolute()
                && truth.clock.is_absolute()
            {
                let shift = (
                    truth.earliest.saturating_sub(shown.latest),
                    truth.latest.saturating_sub(shown.earliest),
                );
                pairs.entry(shown.clock.clone()).or_default().push(shift);
            }
        }
        Anchors::from_ages(observations, &mut pairs);
        let captures = pairs.keys().filter_map(|clock| match clock {
            Clock::Capture(name) => Some(name.clone()),
            _ => None,
        });
        let newest = newest_by_capture(observations, &captures.collect());
        let mut anchors = Anchors::default();
        for (clock, pairs) in pairs {
            let least = pairs.iter().map(|p| p.0).max().unwrap_or(i64::MIN);
            let greatest = pairs.iter().map(|p| p.1).min().unwrap_or(i64::MAX);
            // A transcript takes a while: pairs from its first and last commands need not meet. Then the capture
            // lies somewhere between them.
            let mut shift = if least <= greatest { (least, greatest) } else { (greatest, least) };
            // Nothing that a capture shows is younger than the capture.
            if let Clock::Capture(name) = &clock
                && let Some(newest) = newest.get(name)
            {
                shift = (shift.0.max(*newest), shift.1.max(*newest));
            }
            if matches!(clock, Clock::Capture(_)) {
                let now = Moment { earliest: shift.0, latest: shift.1, clock: Clock::Api };
                anchors.captured = Moment::last(anchors.captured, Some(now));
            }
            anchors.shifts.insert(clock, shift);
        }
        anchors
    }

    /// An object whose creation one view prints as a time and another as an age ties that capture to the calendar.
    fn from_ages(observations: &[Observation], pairs: &mut BTreeMap<Clock, Vec<(i64, i64)>>) {
        let objects = || {
            observations.iter().filter_map(|o| match &o.what {
                What::Object(object) => Some((&object.subject, object.created.as_ref()?)),
                _ => None,
            })
        };
        if !objects().any(|(_, created)| matches!(created.clock, Clock::Capture(_))) {
            return;
        }
        let absolute: BTreeMap<&Subject, &Moment> =
            objects().filter(|(_, created)| created.clock == Clock::Api).collect();
        for (subject, age) in objects() {
            if let (Clock::Capture(_), Some(truth)) = (&age.clock, absolute.get(subject)) {
                let shift =
                    (truth.earliest.saturating_sub(age.latest), truth.latest.saturating_sub(age.earliest));
                pairs.entry(age.clock.clone()).or_default().push(shift);
            }
        }
    }

    fn apply(&self, what: &mut What) {
        if let What::NodeLog(log) = what
            && let Some(&shift) = self.shifts.get(&log.clock)
        {
            log.clock = anchored(&log.clock);
            log.shift = shift;
        }
        moments::each(what, &mut |moment| {
            if let Some((least, greatest)) = self.shifts.get(&moment.clock) {
                moment.earliest = moment.earliest.saturating_add(*least);
                moment.latest = moment.latest.saturating_add(*greatest);
                moment.clock = anchored(&moment.clock);
            }
        });
    }
}

fn anchored(clock: &Clock) -> Clock {
    match clock {
        Clock::Yearless(node) | Clock::Boot(node) => Clock::Node(node.clone()),
        _ => Clock::Api,
    }
}

/// What an observation names.
fn about(observation: &Observation) -> Option<&Subject> {
    match &observation.what {
        What::Object(object) => Some(&object.subject),
        What::Event(event) => Some(&event.about),
        What::Log(log) => match &log.source {
            LogSource::Container { pod: of } | LogSource::Workload { subject: of, .. } => Some(of),
            LogSource::Selector { .. } | LogSource::Unknown => None,
        },
        _ => None,
    }
}

/// The one namespace in which a name of a kind was seen, for the views that print none.
struct Homes(BTreeMap<(Kind, Text), Option<Text>>);

impl Homes {
    fn of(observations: &[Observation]) -> Homes {
        let mut homes: BTreeMap<(Kind, Text), Option<Text>> = BTreeMap::new();
        let homeless = |of: &Subject| of.kind.is_namespaced() && of.namespace.is_none();
        let wanted: BTreeSet<&str> =
            observations.iter().filter_map(about).filter(|of| homeless(of)).map(|of| &*of.name).collect();
        if wanted.is_empty() {
            return Homes(homes);
        }
        let mut look = |subject: &Subject| {
            if let Some(namespace) = subject.namespace.as_ref().filter(|_| wanted.contains(&*subject.name)) {
                homes
                    .entry((subject.kind.clone(), subject.name.clone()))
                    .and_modify(|home| {
                        if home.as_ref() != Some(namespace) {
                            *home = None;
                        }
                    })
                    .or_insert_with(|| Some(namespace.clone()));
            }
        };
        for observation in observations {
            match &observation.what {
                What::Object(object) => look(&object.subject),
                What::Event(event) => look(&event.about),
                _ => {}
            }
        }
        Homes(homes)
    }

    fn settle(&self, subject: &mut Subject) {
        if subject.namespace.is_none()
            && subject.kind.is_namespaced()
            && let Some(Some(namespace)) = self.0.get(&(subject.kind.clone(), subject.name.clone()))
        {
            subject.namespace = Some(namespace.clone());
        }
    }

    fn settle_log(&self, mut log: Log) -> Log {
        match &mut log.source {
            LogSource::Container { pod } => self.settle(pod),
            LogSource::Workload { subject, .. } => self.settle(subject),
            LogSource::Selector { .. } | LogSource::Unknown => {}
        }
        log
    }
}
