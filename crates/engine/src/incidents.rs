//! Joins findings by cause: one root, its consequences, their order.

mod causes;
mod changed;
mod check;
mod course;
mod graph;
mod impact;
mod loops;
mod place;
mod relevant;
mod remedies;
mod rivals;
mod superseded;
mod tell;

use crate::facts::{Facts, families};
use crate::finding::{Code, Course, Finding, Severity};
use crate::moment::Moment;
use crate::report::Incident;
use crate::subject::{Kind, Subject, without_pod_suffix, without_schedule, without_template_hash};
use graph::Graph;
use loops::ThrownOut;
use std::collections::BTreeMap;
use tell::Teller;

/// Joins findings into incidents, worst first.
pub fn join(findings: Vec<Finding>, facts: &Facts) -> Vec<Incident> {
    let findings = fold(findings);
    let findings: Vec<Finding> =
        findings.into_iter().filter(|finding| !superseded::is_superseded(finding, facts)).collect();
    let graph = Graph::of(&findings, facts);
    let roots = graph.roots();
    // What a rollout did is told of those that are short as well.
    let short = findings.iter().filter(|f| f.code == Code::WorkloadUnavailable);
    let told = roots.iter().filter_map(|&root| findings.get(root)).chain(short);
    let families = families(facts, changed::tops(told, facts));
    let thrown = ThrownOut::of(facts);
    let teller = Teller { findings: &findings, graph: &graph, families: &families, thrown: &thrown, facts };
    let mut incidents: Vec<Incident> = roots.into_iter().filter_map(|root| teller.incident(root)).collect();
    incidents.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)));
    incidents
}

/// What makes two findings one: code, aspect, subject.
type Identity = (Code, Vec<(&'static str, crate::Text)>, Subject);

/// Findings of one code, aspect and subject become one.
fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut folded: BTreeMap<Identity, Finding> = BTreeMap::new();
    let mut sorted = findings;
    sorted.sort();
    for finding in sorted {
        let key = (finding.code, finding.aspect.clone(), finding.subject.clone());
        match folded.get_mut(&key) {
            Some(known) => absorb(known, finding),
            None => {
                folded.insert(key, finding);
            }
        }
    }
    folded.into_values().collect()
}

/// Proofs kept of one finding. A verdict that rests on more than it shows cannot be checked, so this only bounds memory;
/// how many are printed is the renderers' choice.
const PROOFS: usize = 512;

fn absorb(known: &mut Finding, other: Finding) {
    // The surer one is told; the other adds whom it hits and what shows it.
    let other = if other.certainty > known.certainty { std::mem::replace(known, other) } else { other };
    known.members.extend(other.members);
    known.members.sort();
    known.members.dedup();
    known.course = known.course.min(other.course);
    known.since = Moment::first(known.since.take(), other.since);
    for proof in other.proofs {
        if known.proofs.len() < PROOFS && !known.proofs.iter().any(|p| p.record == proof.record) {
            known.proofs.push(proof);
        }
    }
    let add = |into: &mut Vec<_>, from: Vec<_>| {
        for item in from {
            if !into.contains(&item) {
                into.push(item);
            }
        }
    };
    add(&mut known.ruled_out, other.ruled_out);
    if known.acts.is_empty() {
        known.acts = other.acts;
    }
    for item in other.not_seen {
        if !known.not_seen.iter().any(|n| n.what == item.what) {
            known.not_seen.push(item);
        }
    }
    for item in other.remedies {
        if !known.remedies.iter().any(|r| r.summary == item.summary) {
            known.remedies.push(item);
        }
    }
    for item in other.remarks {
        if !known.remarks.contains(&item) {
            known.remarks.push(item);
        }
    }
}

/// Impact, then ongoing before over, new before old, then certainty.
fn rank(incident: &Incident) -> impl Ord + use<> {
    let since = incident.since.as_ref().map(|m| (!m.clock.is_absolute(), std::cmp::Reverse(m.earliest)));
    (
        std::cmp::Reverse(incident.severity),
        incident.course,
        std::cmp::Reverse(impact::weight(incident)),
        since,
        std::cmp::Reverse(incident.certainty),
    )
}

/// A hash of root code, aspect and topmost owner without generated suffixes (FNV-1a, 64 bit): no uid, time or file.
fn id(root: &Finding, facts: &Facts) -> String {
    let top = facts.top(&root.subject);
    let name = match top.kind {
        Kind::Pod => {
            without_pod_suffix(&top.name).map(|n| without_template_hash(n).unwrap_or(n)).unwrap_or(&top.name)
        }
        Kind::ReplicaSet => without_template_hash(&top.name).unwrap_or(&top.name),
        Kind::Job => without_schedule(&top.name).unwrap_or(&top.name),
        _ => &top.name,
    };
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    add(root.code.as_str());
    for (aspect, value) in &root.aspect {
        add(aspect);
        add(value);
    }
    add(top.kind.as_str());
    add(top.namespace());
    add(name);
    format!("{hash:016x}")
}

/// Whether an incident is old news: over, or of no consequence.
pub fn is_old(incident: &Incident) -> bool {
    incident.course == Course::Over || incident.severity == Severity::Info
}
