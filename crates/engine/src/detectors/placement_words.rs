//! What the scheduler refuses a pod for, in sentences, and what to do about it.

use super::words::{cores_or_bytes, count_of};
use crate::Text;
use crate::evidence::Taint;
use crate::facts::{Facts, Placement};
use crate::finding::{Finding, Honesty, Remedy};
use crate::scan::message::SchedulingReason as R;
use crate::subject::Subject;
use std::collections::BTreeMap;

/// The first taint that the pod does not tolerate, of the nodes that would do without it.
pub(super) fn computed<'e>(placement: &Placement, facts: &Facts<'e>) -> Option<&'e Taint> {
    let nodes = facts.nodes().iter();
    let fit = nodes.filter(|n| placement.would_do.is_empty() || placement.would_do.contains(&n.name));
    fit.flat_map(|n| facts.untolerated(placement.pod, n)).next()
}

/// Where most of each resource is free. Many pods wait for the same; it is looked up once.
#[derive(Default)]
pub(super) struct Freest(BTreeMap<Text, Option<(i64, Text)>>);

impl Freest {
    /// How much of a resource is free at most, in thousandths, and on which node.
    fn of(&mut self, facts: &Facts, resource: &Text) -> Option<(i64, Text)> {
        let look = || {
            let nodes = facts.nodes().iter().filter(|n| !n.is_cordoned());
            let rooms = nodes.filter_map(|n| {
                n.room(facts, resource).map(|(all, used)| (all.saturating_sub(used), &n.name))
            });
            let best = rooms.max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)));
            best.map(|(free, node)| (free, node.clone()))
        };
        self.0.entry(resource.clone()).or_insert_with(look).clone()
    }
}

/// What the scheduler refuses a pod for, in one sentence.
pub(super) fn summary(
    placement: &Placement,
    facts: &Facts,
    subject: &Subject,
    freest: &mut Freest,
) -> String {
    let pod = placement.pod;
    let who = format!("{} {}", subject.kind.as_str(), subject.path());
    let nodes = count_of(placement.count, "node");
    match placement.decisive {
        R::Insufficient { resource } => {
            let asks = facts.request(pod, resource).map_or_else(String::new, |milli| {
                format!(" asks for {} of {resource} and", cores_or_bytes(resource, milli))
            });
            let best = freest.of(facts, resource);
            let room = best.map_or_else(String::new, |(free, node)| {
                format!(" The most that is free is {} on {}.", cores_or_bytes(resource, free.max(0)), node)
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
        R::TopologySpread { .. } => {
            let unlabelled = placement.reasons.iter().find_map(|(count, reason)| match reason {
                R::TopologySpread { missing_label: true } => Some(count_of(*count, "node")),
                _ => None,
            });
            let unlabelled = unlabelled.map_or_else(String::new, |nodes| {
                format!(" A label that a constraint names is missing on {nodes}.")
            });
            format!("No node keeps the topology spread of {who} ({nodes}).{unlabelled}")
        }
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

pub(super) fn remedies(finding: Finding, placement: &Placement, subject: &Subject) -> Finding {
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
        R::Insufficient { resource } => finding.remedy(Remedy::set(
            format!("Ask for less {resource}, if the pod does not need it; else add a node or make room"),
            subject,
            "resources",
            &[&format!("--requests={resource}=<amount>")],
        )),
        R::TopologySpread { .. } => finding.remedy(Remedy::kubectl(
            "See its constraints, and let one that cannot be kept give way (whenUnsatisfiable: ScheduleAnyway, a larger maxSkew); or add a node where one is lacking",
            subject,
            Honesty::Safe,
            &["get", &target, "-o", "yaml"],
        )),
        _ => finding.remedy(Remedy::kubectl(
            "Compare what the pod asks for with what the nodes have, and correct the one that is wrong",
            subject,
            Honesty::Safe,
            &["get", &target, "-o", "yaml"],
        )),
    }
}
