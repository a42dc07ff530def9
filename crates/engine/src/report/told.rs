//! The sentences of an incident, as every form of the report tells them.

use super::text::plural;
use super::time::Now;
use super::unlock;
use super::{CREATED, Change, Impact, Incident, Loop, Step};
use crate::clean::clean;
use crate::evidence::Locator;
use crate::finding::{Code, Course, Proof, Ref, Remedy};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// `ongoing · since 02:58:03 (14m37s) · 1 node, 3 workloads, 34 pods`.
pub(super) fn facts_line(incident: &Incident, now: Now) -> String {
    let mut parts = vec![incident.course.as_str().to_owned()];
    if let Some(since) = &incident.since {
        let stamp = now.stamp(since);
        parts.push(match (since.clock.is_absolute(), now.age(since), incident.course) {
            (true, Some(age), Course::Over) => format!("began {stamp}, {age} before the capture"),
            (true, Some(age), _) => format!("since {stamp} ({age})"),
            (false, Some(age), Course::Ongoing | Course::Recovering) => format!("for {age}"),
            (false, Some(_), Course::Over) => format!("began {stamp}"),
            (_, None, _) => format!("since {stamp}"),
        });
    }
    let hit = impact(&incident.impact);
    if !hit.is_empty() {
        parts.push(hit);
    }
    parts.join(" · ")
}

/// Who is hit, counted.
fn impact(impact: &Impact) -> String {
    let counts = [
        (impact.nodes.len(), "node"),
        (impact.services.len(), "service"),
        (impact.workloads.len(), "workload"),
        (impact.pods, "pod"),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| plural(*count, noun)).collect();
    told.join(", ")
}

/// What was changed, in a sentence.
pub(super) fn change_text(change: &Change) -> String {
    // The field's first word tells whether it is one or many: `arguments of container app`.
    let word = change.field.split(' ').next().unwrap_or_default();
    let many = word.ends_with('s') && !word.ends_with("ss");
    let (is, was) = if many { ("are", "were") } else { ("is", "was") };
    let what = match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{is} now {to}, {was} {from}"),
        (None, Some(to)) => format!("{is} now {to}"),
        (Some(from), None) => format!("{is} gone, {was} {from}"),
        (None, None) => format!("{was} changed"),
    };
    let by = change.by.as_ref().map_or_else(String::new, |by| format!(" Written by {by}."));
    if change.field == CREATED {
        let with = change.to.as_ref().map_or_else(String::new, |with| format!(", with {with}"));
        return format!("{} was created{with}.{by}", unlock::name(&change.subject));
    }
    format!("{}: {} {what}.{by}", unlock::name(&change.subject), change.field)
}

/// The steps, without those of what came together with the root.
pub(super) fn main_steps(incident: &Incident) -> Vec<&Step> {
    let beside = |step: &Step| {
        incident.contributing.iter().any(|root| root.code == step.code && root.subject == step.subject)
    };
    incident.because.iter().filter(|step| !beside(step)).collect()
}

/// What goes around, and how often it was seen to.
pub(super) fn loop_text(told: &Loop) -> String {
    let turns = if told.turns > 0 { format!(" Seen {} times.", told.turns) } else { String::new() };
    format!("{}, and so on.{turns}", capital(&told.edges.join("; ")))
}

/// What a remedy does, and what else it does.
pub(super) fn remedy_text(remedy: &Remedy) -> String {
    let effect = remedy.effect.as_ref().map_or_else(String::new, |effect| format!(" {}", sentence(effect)));
    format!("{}{effect}", sentence(&remedy.summary))
}

/// Steps of one code whose causes are told together are told together: the first, with the others behind.
pub(super) fn fold<'s>(steps: &[&'s Step], verbose: bool) -> Vec<(&'s Step, Vec<&'s Step>)> {
    let mut told: Vec<(&'s Step, Vec<&'s Step>)> = Vec::new();
    // Where each step is told, and where the steps of a code with causes told there are.
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let mut like: BTreeMap<(Code, BTreeSet<Option<usize>>), usize> = BTreeMap::new();
    for &step in steps {
        let causes = step.caused_by.iter().map(|cause| places.get(cause).copied()).collect();
        let place = match like.entry((step.code, causes)) {
            Entry::Occupied(known) if !verbose && !step.caused_by.is_empty() => *known.get(),
            entry => {
                told.push((step, Vec::new()));
                let place = told.len() - 1;
                entry.insert_entry(place);
                places.insert(step.id, place);
                continue;
            }
        };
        places.insert(step.id, place);
        if let Some((_, more)) = told.get_mut(place) {
            more.push(step);
        }
    }
    told
}

/// What a step says, how its cause leads to it, and of whom else it is true.
pub(super) fn step_text(step: &Step, like: &[&Step]) -> String {
    let mut text = sentence(&step.summary);
    if let Some(mechanism) = step.mechanism {
        text.push_str(&format!(" {}", sentence(&capital(mechanism))));
    }
    let of = |step: &Step| match &step.subject.part {
        Some(part) => format!("{} of {}", part.name(), step.subject.path()),
        None => step.subject.path(),
    };
    let others: BTreeSet<String> =
        like.iter().map(|step| of(step)).filter(|name| *name != of(step)).collect();
    let mut others = others.into_iter();
    if let Some(first) = others.next() {
        let rest = match others.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        text.push_str(&format!(" The same: {first}{rest}."));
    }
    text
}

/// Proofs that say different things, and how many more say each: the same text, or the same of another object.
pub(super) fn distinct(proofs: &[Proof], verbose: bool) -> Vec<(&Proof, usize)> {
    let mut told: Vec<(&Proof, usize)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for proof in proofs {
        let (text, _) = counted(&proof.text);
        let key = match &proof.record {
            Ref::Event(subject, ..) | Ref::Object(subject) if !verbose => text.replace(&subject.path(), "*"),
            _ => text.to_owned(),
        };
        match places.get(&key).and_then(|&place| told.get_mut(place)) {
            Some((_, like)) => *like += 1,
            None => {
                places.insert(key, told.len());
                told.push((proof, 0));
            }
        }
    }
    told
}

/// What a proof says, and apart from it how often and how many more say so.
pub(super) fn proof_text(proof: &Proof, like: usize) -> (String, String) {
    let (text, times) = counted(&proof.text);
    let end = match (times.is_empty(), like) {
        (true, 0) => String::new(),
        (false, 0) => format!(" ({times})"),
        (true, like) => format!(" (and {like} more like it)"),
        (false, like) => format!(" ({times}, and {like} more like it)"),
    };
    (text.to_owned(), end)
}

/// A text and the `5 times` that it ends in, in brackets.
fn counted(text: &str) -> (&str, &str) {
    let count = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    count.filter(|(_, times)| times.ends_with(" times") && times.len() < 24).unwrap_or((text, ""))
}

/// `file:line`, where there is a file.
pub(super) fn place(locator: &Locator) -> Option<String> {
    match (locator.file.is_empty(), locator.line) {
        (true, _) => None,
        (false, Some(line)) => Some(format!("{}:{line}", locator.file)),
        (false, None) => Some(locator.file.to_string()),
    }
}

/// What is missing, and after a colon what would tell it.
pub(super) fn split(what: &str) -> (String, String) {
    let what = clean(what);
    match what.split_once(": ") {
        Some((left, right)) => (left.to_owned(), right.to_owned()),
        None => (what.into_owned(), String::new()),
    }
}

/// With a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() || text.ends_with(['.', '!', '?', '…', ':']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
