//! See `unschedulable.md` for what this means and the cases it must pass.

use super::words::{cores_or_bytes, count_of};
use crate::evidence::Taint;
use crate::facts::{Facts, Placement, PodFact, Stage};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::scan::message::SchedulingReason as R;
use crate::subject::Subject;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for placement in facts.unplaced() {
        let pod = placement.pod;
        let Some(code) = code(placement.decisive) else { continue };
        let subject = pod.top().clone();
        let mut finding = Finding::new(code, subject.clone(), summary(&placement, facts, &subject))
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
    let waits = |pod: &&PodFact| {
        !pod.gone && !pod.is_finished() && !pod.is_deleting() && pod.stage() == Stage::Schedule
    };
    found.extend(facts.pods().filter(waits).filter_map(gated));
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

/// The first taint that the pod does not tolerate, of the nodes that would do without it.
fn computed<'e>(placement: &Placement, facts: &Facts<'e>) -> Option<&'e Taint> {
    let nodes = facts.nodes().iter();
    let fit = nodes.filter(|n| placement.would_do.is_empty() || placement.would_do.contains(&n.name));
    fit.flat_map(|n| facts.untolerated(placement.pod, n)).next()
}

fn summary(placement: &Placement, facts: &Facts, subject: &Subject) -> String {
    let pod = placement.pod;
    let who = format!("{} {}", subject.kind.as_str(), subject.path());
    let nodes = count_of(placement.count, "node");
    match placement.decisive {
        R::Insufficient { resource } => {
            let asks = facts.request(pod, resource).map_or_else(String::new, |milli| {
                format!(" asks for {} of {resource} and", cores_or_bytes(resource, milli))
            });
            let best = facts
                .nodes()
                .iter()
                .filter(|n| !n.is_cordoned())
                .filter_map(|n| n.room(facts, resource).map(|(all, used)| (all.saturating_sub(used), n)))
                .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.name.cmp(&a.1.name)));
            let room = best.map_or_else(String::new, |(free, node)| {
                format!(
                    " The most that is free is {} on {}.",
                    cores_or_bytes(resource, free.max(0)),
                    node.name
                )
            });
            format!(
                "A pod of {who}{asks} finds no node with enough {resource} left to request ({nodes}).{room}"
            )
        }
        R::TooManyPods => format!("A pod of {who} finds no node with a free pod slot ({nodes})."),
        R::Taint { key, value } => {
            let seen = if key.is_none() { computed(placement, facts) } else { None };
            let (key, value) =
                seen.map_or((key.as_deref(), value.as_deref()), |t| (Some(&*t.key), t.value.as_deref()));
            let taint = match (key, value) {
                (Some(key), Some(value)) => format!("taint {key}={value}"),
                (Some(key), None) => format!("taint {key}"),
                _ => "taints".to_owned(),
            };
            format!("A pod of {who} does not tolerate the {taint} of {nodes}, and no other node would do.")
        }
        R::Cordoned => format!("A pod of {who} could only run on nodes that are cordoned ({nodes})."),
        R::NodeAffinity => {
            let wish = facts.node_selector(pod).filter(|s| !s.is_empty()).map_or_else(
                || "node affinity".to_owned(),
                |s| {
                    let pairs: Vec<String> = s.iter().map(|(k, v)| format!("{k}={v}")).collect();
                    format!("node selector {}", pairs.join(","))
                },
            );
            format!("The {wish} of {who} matches no node that may take its pod ({nodes} refused for it).")
        }
        R::PodAntiAffinity => {
            format!("The anti-affinity of {who} refuses every node that is left ({nodes}).")
        }
        R::ExistingAntiAffinity => format!("Pods that run refuse a pod of {who} beside them ({nodes})."),
        R::PodAffinity => format!("No node has the pods that {who} must run beside ({nodes})."),
        R::Ports => format!("The host port of {who} is taken on {nodes}."),
        R::TopologySpread { .. } => format!("No node keeps the topology spread of {who} ({nodes})."),
        R::VolumeNodeAffinity | R::VolumeZone => {
            format!("The volume of a pod of {who} cannot be used on the nodes that are left ({nodes}).")
        }
        R::VolumeCount => format!("A pod of {who} finds no node that may attach one more volume ({nodes})."),
        R::DiskConflict | R::ReadWriteOncePod => {
            format!("The volume of {who} is in use by another pod, and may have only one.")
        }
        R::ResourceClaims(text) | R::Other(text) => {
            format!("The scheduler finds no node for a pod of {who}: {text}.")
        }
        _ => format!("The scheduler finds no node for a pod of {who}."),
    }
}

fn remedies(finding: Finding, placement: &Placement, subject: &Subject) -> Finding {
    let target = format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name);
    match placement.decisive {
        R::Cordoned => placement.would_do.iter().take(3).fold(finding, |f, node| {
            f.remedy(Remedy::kubectl(
                format!("Let pods on {node} again, if its maintenance is over"),
                &Subject::node(node),
                Honesty::NeedsJudgement,
                &["uncordon", node],
            ))
        }),
        R::Insufficient { resource } => finding.remedy(Remedy::kubectl(
            format!("Ask for less {resource}, if the pod does not need it; else add a node or make room"),
            subject,
            Honesty::NeedsJudgement,
            &["set", "resources", &target, &format!("--requests={resource}=<amount>")],
        )),
        _ => finding.remedy(Remedy::kubectl(
            "Compare what the pod asks for with what the nodes have, and correct the one that is wrong",
            subject,
            Honesty::Safe,
            &["get", &target, "-o", "yaml"],
        )),
    }
}
