//! How the addresses of a node ran out, in order.

use super::words::times;
use crate::Text;
use crate::facts::{Facts, PodFact, Pool, Statement};
use crate::finding::{Act, Code, Finding, Proof, essence};
use crate::moment::Moment;
use crate::scan::message::{SandboxCause, Saying, Scheduling, sandbox_cause};
use crate::scan::node::NodeClaim;
use crate::subject::{Kind, Subject};

/// What the kubelet of a node wrote of it: when first, and a line with how often.
pub(super) struct Journal {
    pub(super) first: Option<Moment>,
    pub(super) proof: Proof,
}

/// What the kubelet of the node wrote of it, over all pods.
pub(super) fn journal(facts: &Facts, node: &Text) -> Option<Journal> {
    let (mut all, mut first, mut line) = (0_u64, None, None);
    let nodes = facts.evidence.node_logs().iter().filter(|log| log.node.as_ref() == Some(node));
    for log in nodes {
        for sighting in &log.summary.sightings {
            let text = sighting.detail.as_deref().unwrap_or(&sighting.text);
            let of_sandbox = match &sighting.claim {
                NodeClaim::SandboxFailed { .. } => true,
                NodeClaim::PodSyncFailed { step, .. } => &**step == "CreatePodSandbox",
                _ => false,
            };
            let SandboxCause::AddressesExhausted { range } = sandbox_cause(text) else { continue };
            if !of_sandbox {
                continue;
            }
            all = all.saturating_add(sighting.count);
            let at = sighting.first.map(|at| log.moment(at));
            first = Moment::first(first, at);
            line.get_or_insert_with(|| {
                let said = match range {
                    Some(range) => format!("no IP addresses available in range set: {range}"),
                    None => essence(text).to_owned(),
                };
                (log.line_proof(sighting), said)
            });
        }
    }
    let (proof, text) = line?;
    Some(Journal { first, proof: Proof { text: format!("kubelet: {text}{}", times(all)), ..proof } })
}

/// A node that admits more pods than it has addresses for: what had to come together with whoever took them.
pub(super) fn slots(facts: &Facts, node: &Text, capacity: Option<i64>) -> Option<(i64, Finding)> {
    let (fact, capacity) = (facts.node(node)?, capacity?);
    let slots = fact.node?.allocatable.as_ref()?.get("pods")?.whole();
    if slots <= capacity {
        return None;
    }
    let summary = format!(
        "Node {node} admits {slots} pods and has {capacity} addresses: the scheduler counts slots and knows nothing of addresses."
    );
    let finding = Finding::new(Code::PodSlotsExceedAddresses, Subject::node(node), summary)
        .shown_by(Proof::object(fact.object?, format!("node {node} allocatable pods={slots}")));
    Some((slots, finding))
}

/// Who came, and when none was left.
pub(super) fn story(
    finding: Finding,
    facts: &Facts,
    node: &Text,
    pool: &Pool,
    slots: Option<i64>,
    waiting: &[(&PodFact, &Statement)],
    journal: Option<&Journal>,
) -> Finding {
    let subject = finding.subject.clone();
    let Some(share) = pool.of(&subject).filter(|_| subject.kind == Kind::Job) else { return finding };
    let pods: Vec<&PodFact> = facts.pods_of(&subject).collect();
    let there = pods.iter().filter(|pod| pod.pod.node.as_ref() == Some(node)).count();
    let which = if there == pods.len() { "all".to_owned() } else { format!("{there} of them") };
    let knows = match (slots, pool.capacity) {
        (Some(slots), Some(all)) => {
            format!("it counts {slots} pod slots there and knows nothing of {all} addresses")
        }
        _ => "it knows nothing of addresses".to_owned(),
    };
    let began = facts.object(&subject).and_then(|job| job.created.clone());
    let mut starts = Act::new(
        began,
        format!("The Job starts {} pods. The scheduler puts {which} on {node}: {knows}.", pods.len()),
    );
    let scheduled: Vec<&Statement> = pods
        .iter()
        .filter_map(|pod| {
            facts.about(pod.subject()).find(
                |s| matches!(&s.saying, Saying::Scheduling(Scheduling::Assigned { node: to }) if to == node),
            )
        })
        .collect();
    if let Some(first) = scheduled.first() {
        let text = format!("{} × Scheduled to {node}", scheduled.len());
        starts = starts.shown_by(Proof { text, ..first.proof() });
    }
    if let (Some(slots), Some(object)) = (slots, facts.node(node).and_then(|n| n.object)) {
        starts = starts.shown_by(Proof::object(object, format!("node {node} allocatable pods={slots}")));
    }
    let first = finding.since.clone();
    let waits = if share.asking == 1 { "waits" } else { "wait" };
    let mut last = Act::new(
        first,
        format!("{node} gives away its last address; {} of the Job's pods {waits}.", share.asking),
    );
    last.proofs.extend(journal.map(|journal| journal.proof.clone()));
    last.proofs.extend(waiting.iter().map(|(_, statement)| statement.proof()));
    finding.act(starts).act(last)
}
