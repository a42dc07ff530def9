//! See `unschedulable.md` for what this means and the cases it must pass.

use super::placement_words::{Freest, computed, remedies, summary};
use crate::facts::{Facts, Placement, PodFact, Stage};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::scan::message::SchedulingReason as R;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let mut freest = Freest::default();
    for placement in facts.unplaced() {
        let pod = placement.pod;
        let Some(code) = code(placement.decisive) else { continue };
        let subject = pod.top().clone();
        let mut finding =
            Finding::new(code, subject.clone(), summary(&placement, facts, &subject, &mut freest))
                .hits([pod.subject().clone()])
                .since(placement.statement.first.clone().or_else(|| pod.object.created.clone()))
                .shown_by(placement.statement.proof());
        if !pod.owners_stated() {
            finding = finding.at_most(Certainty::Likely);
        }
        finding = match placement.decisive {
            R::Insufficient { resource } => finding.aspect("resource", resource.clone()),
            R::TooManyPods => finding.aspect("resource", "pods"),
            R::Taint { .. } => taint(finding, &placement, facts),
            R::NodeAffinity => {
                let by_selector = facts.node_selector(pod).is_some_and(|s| !s.is_empty());
                finding.aspect("via", if by_selector { "selector" } else { "affinity" })
            }
            _ => finding,
        };
        for name in &placement.would_do {
            if let Some(object) = facts.node(name).and_then(|n| n.object) {
                let text = format!("node {name} has the labels that the pod asks for");
                finding = finding.shown_by(crate::finding::Proof::object(object, text));
            }
        }
        found.push(remedies(finding, &placement, &subject));
    }
    let waits = |pod: &&PodFact| !pod.is_finished() && !pod.is_deleting() && pod.stage() == Stage::Schedule;
    found.extend(facts.unwell().filter(waits).filter_map(gated));
}

/// A pod with gates (1.26+): the scheduler does not try it, and says nothing. Its spec, its condition or the column
/// STATUS tells.
fn gated(pod: &PodFact) -> Option<Finding> {
    let gates: Vec<&str> = pod.pod.scheduling_gates.iter().flatten().map(|gate| &**gate).collect();
    let told = pod.condition("PodScheduled").is_some_and(|c| c.reason.as_deref() == Some("SchedulingGated"))
        || pod.pod.printed_status.as_deref() == Some("SchedulingGated");
    if gates.is_empty() && !told {
        return None;
    }
    let (who, of) = (pod.subject().path(), if gates.is_empty() { "" } else { ": " });
    let names = gates.join(", ");
    let finding = Finding::new(
        Code::SchedulingGated,
        pod.top().clone(),
        format!("{who} waits for its scheduling gates{of}{names}."),
    )
    .hits([pod.subject().clone()])
    .since(pod.object.created.clone())
    .shown_by(Proof::object(pod.object, format!("{who} is SchedulingGated")))
    .remedy(Remedy::kubectl(
        "See which gates it has; the controller that set one removes it",
        pod.subject(),
        Honesty::Safe,
        &["get", "pod", &pod.subject().name, "-o", "jsonpath={.spec.schedulingGates[*].name}"],
    ));
    Some(if pod.owners_stated() { finding } else { finding.at_most(Certainty::Likely) })
}

fn code(reason: &R) -> Option<Code> {
    Some(match reason {
        R::Insufficient { .. } | R::TooManyPods => Code::InsufficientResources,
        R::Taint { .. } => Code::TaintNotTolerated,
        R::Cordoned => Code::NodesCordoned,
        R::NodeAffinity | R::NodeName => Code::NodeAffinityMismatch,
        R::Ports => Code::HostPortConflict,
        R::PodAffinity => Code::PodAffinityUnsatisfied,
        R::PodAntiAffinity | R::ExistingAntiAffinity => Code::PodAntiAffinityConflict,
        R::TopologySpread { .. } => Code::TopologySpreadUnsatisfied,
        R::VolumeNodeAffinity | R::VolumeZone | R::VolumeCount | R::DiskConflict | R::ReadWriteOncePod => {
            Code::VolumeNodeMismatch
        }
        // Told from the pod itself.
        R::Gated { .. } => return None,
        // Told by the detectors of claims.
        R::UnboundClaims | R::ClaimMissing { .. } | R::NoPersistentVolume | R::ClaimNotYetCreated { .. } => {
            return None;
        }
        _ => Code::Unschedulable,
    })
}

/// The taint that decides: from the text, or since 1.34 from the nodes.
fn taint(finding: Finding, placement: &Placement, facts: &Facts) -> Finding {
    let R::Taint { key, .. } = placement.decisive else { return finding };
    match key.clone().or_else(|| computed(placement, facts).map(|taint| taint.key.clone())) {
        Some(key) => finding.aspect("taint", key),
        None => finding,
    }
}
