//! Joins findings by cause: one root, its consequences, their order.

mod causes;
mod changed;
mod impact;
mod place;
mod relevant;
mod remedies;

use crate::facts::{Facts, Family, families};
use crate::finding::{Certainty, Code, Course, Finding, Severity};
use crate::moment::{Moment, Tri};
use crate::report::{Check, Incident, Root, Step};
use crate::subject::{Kind, Subject, without_pod_suffix, without_schedule, without_template_hash};
use causes::Cause;
use place::Place;
use std::collections::{BTreeMap, BTreeSet};

/// Joins findings into incidents, worst first.
pub fn join(findings: Vec<Finding>, facts: &Facts) -> Vec<Incident> {
    let findings = fold(findings);
    let places: Vec<Place> = findings.iter().map(|finding| Place::of(finding, facts)).collect();
    let parents = parents(&findings, &places, facts);
    let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (effect, parent) in parents.iter().enumerate() {
        if let Some((cause, _)) = parent {
            children.entry(*cause).or_default().push(effect);
        }
    }
    let roots: Vec<usize> =
        (0..findings.len()).filter(|&index| parents.get(index).is_some_and(Option::is_none)).collect();
    let families = families(facts, changed::tops(roots.iter().filter_map(|&root| findings.get(root)), facts));
    let mut incidents: Vec<Incident> =
        roots.into_iter().map(|root| tell(root, &findings, &parents, &children, &families, facts)).collect();
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

/// For each finding, the one that caused it and by which row of the table.
type Parents = Vec<Option<(usize, &'static Cause)>>;

fn parents(findings: &[Finding], places: &[Place], facts: &Facts) -> Parents {
    let mut by_code: BTreeMap<Code, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        by_code.entry(finding.code).or_default().push(index);
    }
    let mut parents: Parents = vec![None; findings.len()];
    for effect in 0..findings.len() {
        let mut best: Option<(usize, &'static Cause)> = None;
        for row in
            causes::table().iter().filter(|row| findings.get(effect).is_some_and(|f| f.code == row.effect))
        {
            for &cause in by_code.get(&row.cause).into_iter().flatten() {
                let (Some(a), Some(b)) = (findings.get(cause), findings.get(effect)) else { continue };
                let (Some(pa), Some(pb)) = (places.get(cause), places.get(effect)) else { continue };
                if cause != effect
                    && in_time(row, a, b)
                    && row.share.holds(a, pa, b, pb, facts)
                    && !leads_to(&parents, cause, effect)
                    && best.is_none_or(|(known, _)| better(findings, cause, known))
                {
                    best = Some((cause, row));
                }
            }
        }
        if let Some(slot) = parents.get_mut(effect) {
            *slot = best;
        }
    }
    parents
}

/// The cause's onset does not lie after the effect's, and not longer before it than the mechanism takes.
fn in_time(row: &Cause, cause: &Finding, effect: &Finding) -> bool {
    match (&cause.since, &effect.since) {
        (Some(cause), Some(effect)) => {
            effect.before(cause) != Tri::Yes
                && row.within_seconds.is_none_or(|limit| {
                    cause
                        .until(effect)
                        .is_none_or(|(least, _)| least <= limit.saturating_mul(crate::moment::SECOND))
                })
        }
        _ => true,
    }
}

/// Whether `from` is already an effect of `to`: an edge back would close a loop.
fn leads_to(parents: &Parents, from: usize, to: usize) -> bool {
    let mut at = from;
    for _ in 0..parents.len() {
        match parents.get(at).copied().flatten() {
            Some((parent, _)) if parent == to => return true,
            Some((parent, _)) => at = parent,
            None => return false,
        }
    }
    true
}

/// Of two possible causes: the surer one, then the later one, for the nearest cause explains most.
fn better(findings: &[Finding], a: usize, b: usize) -> bool {
    let (Some(x), Some(y)) = (findings.get(a), findings.get(b)) else { return false };
    let time = |f: &Finding| f.since.as_ref().map_or(i64::MIN, |m| m.earliest);
    (x.certainty, time(x)) > (y.certainty, time(y))
}

fn tell(
    root: usize,
    findings: &[Finding],
    parents: &Parents,
    children: &BTreeMap<usize, Vec<usize>>,
    families: &BTreeMap<Subject, Family>,
    facts: &Facts,
) -> Incident {
    // Breadth first: a cause always comes before its effects; within a level by time.
    let mut order = vec![root];
    let mut next = 0;
    while let Some(&index) = order.get(next) {
        let mut effects = children.get(&index).cloned().unwrap_or_default();
        effects.sort_by_key(|&i| findings.get(i).map(|f| (f.since.as_ref().map(Moment::print_key), i)));
        order.extend(effects);
        next += 1;
    }
    let tree: Vec<&Finding> = order.iter().filter_map(|&i| findings.get(i)).collect();
    let Some(&first) = tree.first() else { unreachable!("a root is a finding") };

    let mut because = Vec::new();
    let mut last_step: BTreeMap<usize, usize> = BTreeMap::new();
    for &index in &order {
        let Some(finding) = findings.get(index) else { continue };
        let parent = parents.get(index).copied().flatten();
        let cause = parent.and_then(|(cause, _)| last_step.get(&cause).copied());
        let step = Step {
            id: because.len() + 1,
            caused_by: cause.into_iter().collect(),
            at: finding.since.clone(),
            code: finding.code,
            subject: finding.subject.clone(),
            summary: finding.summary.clone(),
            mechanism: parent.map(|(_, row)| row.mechanism),
            certainty: step_certainty(finding, parent.is_some()),
            evidence: finding.proofs.clone(),
        };
        last_step.insert(index, step.id);
        because.push(step);
    }

    let members: BTreeSet<Subject> = tree.iter().flat_map(|f| f.members.iter().map(Subject::whole)).collect();
    let impact = impact::of(&tree, facts);
    let since = tree.iter().fold(None, |since, f| Moment::first(since, f.since.clone()));
    let severity = impact::severity(&tree, &impact, facts);
    let weakest = because.iter().map(|s: &Step| s.certainty).min().unwrap_or(Certainty::Undetermined);
    // What a symptom asks for is answered once its cause is known.
    let asking: Vec<&Finding> =
        tree.iter().copied().filter(|f| f.code == first.code || !is_symptom(f.code)).collect();
    Incident {
        id: id(first, facts),
        severity,
        course: first.course,
        since: since.clone(),
        title: impact::title(&tree, &impact, facts),
        certainty: weakest.min(first.certainty),
        root: Root {
            code: first.code,
            aspect: first.aspect.clone(),
            subject: first.subject.clone(),
            owner: Some(facts.top(&first.subject)).filter(|top| *top != first.subject.whole()),
            certainty: first.certainty,
            summary: first.summary.clone(),
        },
        contributing: Vec::new(),
        changes: changed::changes(first, first.since.as_ref().or(since.as_ref()), families, facts),
        because,
        members: members.into_iter().collect(),
        ruled_out: collect(&tree, |f| &f.ruled_out),
        not_seen: collect(&asking, |f| &f.not_seen),
        remedies: if first.remedies.is_empty() {
            remedies::usual(first, facts)
        } else {
            first.remedies.clone()
        },
        check: Some(check(&impact, first)),
        remarks: collect(&tree, |f| &f.remarks),
        impact,
    }
}

/// Codes that only say that something is not as it should be.
fn is_symptom(code: Code) -> bool {
    matches!(
        code,
        Code::WorkloadUnavailable
            | Code::ServiceWithoutEndpoints
            | Code::ServiceShort
            | Code::PodNotReady
            | Code::NodeNotReady
    )
}

/// A symptom by itself explains nothing; as the effect of a known cause it is a fact, and the link to it is likely.
fn step_certainty(finding: &Finding, is_effect: bool) -> Certainty {
    if is_effect && is_symptom(finding.code) {
        finding.certainty.max(Certainty::Likely)
    } else {
        finding.certainty
    }
}

fn collect<'f, T: Clone + PartialEq + 'f>(
    tree: &[&'f Finding],
    of: impl Fn(&'f Finding) -> &'f Vec<T>,
) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for item in tree.iter().flat_map(|f| of(f)) {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all
}

/// What to look at once the remedy is taken: the hit workload, or the root itself.
fn check(impact: &impact::Impact, root: &Finding) -> Check {
    let subject =
        impact.workloads.first().map_or_else(|| root.subject.whole(), |(subject, _, _)| subject.clone());
    let target = format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name);
    let mut command = vec!["diagnose".to_owned(), target];
    if let Some(namespace) = &subject.namespace {
        command.extend(["-n".to_owned(), namespace.to_string()]);
    }
    let text = match impact.workloads.first() {
        Some((_, _, Some(desired))) if *desired > 0 => {
            format!("{} back to {desired} of {desired} ready pods", subject.path())
        }
        _ => format!("{} is no longer named here", subject.path()),
    };
    Check { text, command }
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
