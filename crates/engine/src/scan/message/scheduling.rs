//! What the scheduler says: the grammar of `FailedScheduling` and of the condition `PodScheduled`.

use super::text::{after, after_last, between, has, keep, list, number, quoted_after, some, until, word};
use crate::Text;

/// What the scheduler, or the cluster autoscaler about scheduling, says of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheduling {
    /// No node fits.
    Unschedulable {
        /// All nodes of the cluster, evaluated or not.
        nodes: Option<u32>,
        /// Why not, with the number of nodes where the text gives one. The numbers may add up to more than `nodes`, and
        /// a node is counted for the first plugin that refused it only.
        reasons: Vec<(Option<u32>, SchedulingReason)>,
        /// Why pre-empting other pods does not help; empty before 1.24 and where it was not tried.
        preemption: Vec<(Option<u32>, Preemption)>,
    },
    /// The cluster has no node at all, or none that the scheduler has seen.
    NoNodes,
    /// The attempt itself failed (`SchedulerError`, or a binding that was refused).
    Failed(Text),
    /// The pod is being deleted: nothing is wrong.
    Deleting,
    /// The pod was assigned.
    Assigned {
        /// The node.
        node: Text,
    },
    /// The pod was ended in favour of another one.
    Preempted {
        /// The other pod: `namespace/name` (≤1.25), else its uid, or its name.
        by: Option<Text>,
        /// The node of both.
        node: Option<Text>,
    },
    /// The cluster autoscaler adds nodes for the pod.
    ScaleUp,
    /// The cluster autoscaler does not add a node.
    NoScaleUp {
        /// Why none of the node groups helps.
        reasons: Vec<(Option<u32>, SchedulingReason)>,
    },
}

/// Why a node, or every node, is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchedulingReason {
    /// The sum of requests leaves too little of a resource (not its usage).
    Insufficient {
        /// `cpu`, `memory`, `ephemeral-storage`, or an extended resource.
        resource: Text,
    },
    /// The node has as many pods as it takes.
    TooManyPods,
    /// A taint that the pod does not tolerate. Since 1.34 the text does not say which.
    Taint {
        /// The key.
        key: Option<Text>,
        /// The value, if the taint has one.
        value: Option<Text>,
    },
    /// The node is marked unschedulable (cordoned).
    Cordoned,
    /// The node's conditions are not known.
    UnknownConditions,
    /// The pod's node selector or node affinity.
    NodeAffinity,
    /// The pod asks for another node by name.
    NodeName,
    /// A host port is taken.
    Ports,
    /// The pod's own affinity to other pods.
    PodAffinity,
    /// The pod's own anti-affinity to other pods.
    PodAntiAffinity,
    /// The anti-affinity of pods that are there.
    ExistingAntiAffinity,
    /// Topology spread constraints.
    TopologySpread {
        /// Whether the node lacks the label that the constraint names.
        missing_label: bool,
    },
    /// A bound volume is not reachable from the node.
    VolumeNodeAffinity,
    /// An unbound claim finds no volume there.
    NoPersistentVolume,
    /// The provisioner has not enough room there.
    NoFreeStorage,
    /// Claims that bind immediately are not bound yet.
    UnboundClaims,
    /// A claim that does not exist.
    ClaimMissing {
        /// Its name.
        name: Text,
    },
    /// A claim that is being deleted.
    ClaimBeingDeleted {
        /// Its name.
        name: Text,
    },
    /// A claim bound to a volume that does not exist. Names only where the text gives them.
    ClaimBoundToMissingVolume {
        /// The claim.
        claim: Option<Text>,
        /// The volume.
        volume: Option<Text>,
    },
    /// The claim of a generic ephemeral volume has not been made yet.
    ClaimNotYetCreated {
        /// Its name.
        name: Text,
    },
    /// The volume is in another zone.
    VolumeZone,
    /// As many volumes as the node takes.
    VolumeCount,
    /// The disk is in use by another pod.
    DiskConflict,
    /// A `ReadWriteOncePod` claim in use by another pod.
    ReadWriteOncePod,
    /// Scheduling gates.
    Gated {
        /// Their names.
        gates: Vec<Text>,
    },
    /// Dynamic resource allocation.
    ResourceClaims(Text),
    /// The autoscaler's node groups are as large as they may get.
    NodeGroupFull,
    /// Anything else.
    Other(Text),
}

/// Why pre-empting other pods does not help.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preemption {
    /// What is wrong with the node does not depend on its pods.
    NotHelpful,
    /// No pods of lower priority whose end would make room.
    NoVictims,
    /// The pod may not pre-empt.
    NotEligible,
    /// Anything else.
    Other(Text),
}

/// Reads the message of an event of the scheduler or the autoscaler.
pub(super) fn event(reason: &str, text: &str) -> Option<Scheduling> {
    match reason {
        // schedule_one.go, all versions: `Successfully assigned <ns>/<pod> to <node>`
        "Scheduled" => Some(Scheduling::Assigned { node: some(word(after_last(text, " to ")?))? }),
        "Preempted" => Some(preempted(text)),
        "FailedScheduling" => read(text).or_else(|| Some(Scheduling::Failed(keep(text)))),
        // autoscaler/cluster-autoscaler/processors/status/eventing_scale_up_processor.go
        "NotTriggerScaleUp" => {
            let rest = after(text, "scale-up: ").or_else(|| after(text, "node is added): ")).unwrap_or("");
            Some(Scheduling::NoScaleUp { reasons: items(rest, reason_of) })
        }
        "TriggeredScaleUp" => Some(Scheduling::ScaleUp),
        _ => None,
    }
}

/// Reads the scheduler's grammar: a note of `FailedScheduling`, a message of the condition `PodScheduled`, or an `err`
/// of the scheduler's log. (`pkg/scheduler/framework/types.go`, `FitError.Error`; `schedule_one.go`.)
pub fn read(text: &str) -> Option<Scheduling> {
    if text.starts_with("skip schedule deleting pod") {
        return Some(Scheduling::Deleting);
    }
    if text.starts_with("no nodes available to schedule pods") {
        return Some(Scheduling::NoNodes);
    }
    // ≤1.19: `[error while ]running "VolumeBinding" filter plugin for pod "<pod>": <reason>`
    let text = match between(text, "filter plugin for pod ", ": ") {
        Some(_) => after(after(text, "filter plugin for pod ")?, ": ")?,
        None => text,
    };
    let (nodes, rest) = match after(text, " nodes are available") {
        Some(rest) => {
            let total = until(text, " nodes are available").rsplit('/').next()?;
            (number(total).map(|(nodes, _)| nodes), rest.trim_start_matches([':', '.', ' ']))
        }
        None => (None, text),
    };
    // 1.24+: the reasons end with the first `preemption: `.
    let (before, preemption) = match after(rest, "preemption: ") {
        Some(preemption) => (until(rest, "preemption: "), preemption),
        None => (rest, ""),
    };
    let reasons = items(before, reason_of);
    if nodes.is_none() && reasons.iter().all(|(_, reason)| matches!(reason, SchedulingReason::Other(_))) {
        return None;
    }
    let preemption = after(preemption, " nodes are available: ").unwrap_or(preemption);
    Some(Scheduling::Unschedulable { nodes, reasons, preemption: items(preemption, preemption_of) })
}

/// `Preempted by <uid> on node <n>` (1.26+; `by pod <uid>` since 1.29, where `pod` may be a name and uid);
/// `Preempted by <ns>/<pod> on node <n>` (≤1.25).
fn preempted(text: &str) -> Scheduling {
    let by = between(text, "Preempted by ", " on node ").map(|by| by.trim_start_matches("pod ").trim());
    Scheduling::Preempted {
        by: by.and_then(some),
        node: after(text, " on node ").and_then(|node| some(word(node))),
    }
}

/// `sentence. sentence. `, each `item, item`, each with or without a number before it. A reason may contain a comma
/// (≤1.22), so that only one followed by a number, or by no known reason's remainder, divides.
fn items<T>(text: &str, read: fn(&str) -> Option<T>) -> Vec<(Option<u32>, T)> {
    let mut found = Vec::new();
    for sentence in text.split(". ") {
        let sentence = sentence.trim().trim_end_matches([',', '.']);
        let mut start = 0;
        for (comma, _) in sentence.match_indices(", ") {
            let divides =
                sentence.get(comma + 2..).and_then(number).is_some_and(|(_, rest)| rest.starts_with(' '));
            if divides {
                found.extend(sentence.get(start..comma).and_then(|item| one(item, read)));
                start = comma + 2;
            }
        }
        found.extend(sentence.get(start..).and_then(|item| one(item, read)));
    }
    found
}

fn one<T>(item: &str, read: fn(&str) -> Option<T>) -> Option<(Option<u32>, T)> {
    let item = item.trim();
    let (count, rest) = match number(item) {
        Some((count, rest)) if rest.starts_with(' ') => (Some(count), rest.trim_start()),
        _ => (None, item),
    };
    Some((count, read(rest)?))
}

/// The phrases of the in-tree plugins, `pkg/scheduler/framework/plugins`.
fn reason_of(text: &str) -> Option<SchedulingReason> {
    use SchedulingReason as R;
    if text.is_empty() || text.starts_with("no new claims to deallocate") {
        // dynamicresources.go, PostFilter: stands among the reasons, but is about pre-emption (1.26+)
        return None;
    }
    // noderesources/fit.go
    if let Some(resource) = text.strip_prefix("Insufficient ") {
        return Some(R::Insufficient { resource: keep(word(resource)) });
    }
    // tainttoleration.go: ≥1.34 `untolerated taint(s)`; 1.24-1.33 `untolerated taint {k: v}`; ≤1.23 `had taint {k: v}, that
    // the pod didn't tolerate`; ≤1.17 `had taints that the pod didn't tolerate`
    if has(text, " taint") && (has(text, "node(s) had ") || has(text, "tolerat")) {
        let taint = between(text, "{", "}").unwrap_or("");
        let (key, value) = taint.split_once(':').unwrap_or((taint, ""));
        return Some(R::Taint { key: some(key), value: some(value) });
    }
    if let Some(gates) = after(text, "waiting for scheduling gates: ") {
        return Some(R::Gated { gates: list(gates) });
    }
    if let Some(reason) = claim(text) {
        return Some(reason);
    }
    let missing_label = has(text, "missing required label");
    const TABLE: &[(&str, SchedulingReason)] = &[
        ("Too many pods", R::TooManyPods),
        // nodeunschedulable
        ("were unschedulable", R::Cordoned),
        ("had unknown conditions", R::UnknownConditions),
        // nodeaffinity: 1.22+ `Pod's node affinity/selector`, 1.20 `Pod's node affinity`, ≤1.18 `node selector`
        ("didn't match Pod's node affinity", R::NodeAffinity),
        ("didn't match pod's node affinity", R::NodeAffinity),
        ("didn't match node selector", R::NodeAffinity),
        ("didn't match scheduler-enforced node affinity", R::NodeAffinity),
        ("pod affinity terms conflict", R::NodeAffinity),
        ("didn't satisfy plugin(s) [NodeAffinity]", R::NodeAffinity),
        // nodename, nodeports
        ("didn't match the requested node name", R::NodeName),
        ("didn't match the requested hostname", R::NodeName),
        ("didn't have free ports", R::Ports),
        // interpodaffinity
        ("existing pods anti-affinity rules", R::ExistingAntiAffinity),
        ("didn't match pod anti-affinity rules", R::PodAntiAffinity),
        ("didn't match pod affinity rules", R::PodAffinity),
        // ≤1.20: said beside the precise one of the two
        ("didn't match pod affinity/anti-affinity", R::PodAntiAffinity),
        // volumebinding: 1.33+, ≤1.32
        ("didn't match PersistentVolume's node affinity", R::VolumeNodeAffinity),
        ("had volume node affinity conflict", R::VolumeNodeAffinity),
        ("didn't find available persistent volumes to bind", R::NoPersistentVolume),
        ("did not have enough free storage", R::NoFreeStorage),
        ("pod has unbound immediate PersistentVolumeClaims", R::UnboundClaims),
        // volumezone, nodevolumelimits, volumerestrictions
        ("had no available volume zone", R::VolumeZone),
        ("exceed max volume count", R::VolumeCount),
        ("had no available disk", R::DiskConflict),
        ("ReadWriteOncePod access mode already in-use", R::ReadWriteOncePod),
        // cluster-autoscaler/clusterstate: `max node group size reached`, `max cluster cpu, memory limit reached`
        ("max node group size reached", R::NodeGroupFull),
        ("max limit reached", R::NodeGroupFull),
        ("max cluster ", R::NodeGroupFull),
    ];
    if has(text, "didn't match pod topology spread constraints") {
        return Some(R::TopologySpread { missing_label });
    }
    if let Some((_, reason)) = TABLE.iter().find(|(literal, _)| has(text, literal)) {
        return Some(reason.clone());
    }
    // dynamicresources.go, 1.26+
    if ["cannot allocate all claims", "resourceclaim ", "resource claim ", "device class ", "deviceclass "]
        .iter()
        .any(|literal| has(text, literal))
    {
        return Some(R::ResourceClaims(keep(text)));
    }
    Some(R::Other(keep(text)))
}

/// volumebinding/volume_binding.go, `podHasPVCs`
fn claim(text: &str) -> Option<SchedulingReason> {
    use SchedulingReason as R;
    if has(text, "bound to non-existent pv(s)") {
        return Some(R::ClaimBoundToMissingVolume { claim: None, volume: None });
    }
    let name = quoted_after(text, "persistentvolumeclaim ")?;
    if has(text, "bound to non-existent persistentvolume") {
        let volume = quoted_after(text, "non-existent persistentvolume ");
        Some(R::ClaimBoundToMissingVolume { claim: Some(name), volume })
    } else if has(text, "waiting for ephemeral volume controller") {
        Some(R::ClaimNotYetCreated { name })
    } else if has(text, "is being deleted") {
        Some(R::ClaimBeingDeleted { name })
    } else if has(text, "not found") {
        Some(R::ClaimMissing { name })
    } else {
        None
    }
}

/// `pkg/scheduler/framework/preemption/preemption.go`, `plugins/defaultpreemption`
fn preemption_of(text: &str) -> Option<Preemption> {
    if text.is_empty() {
        return None;
    }
    Some(if has(text, "Preemption is not helpful for scheduling") {
        Preemption::NotHelpful
    } else if has(text, "No preemption victims found") || has(text, "no candidate node for preemption") {
        Preemption::NoVictims
    } else if has(text, "not eligible") {
        Preemption::NotEligible
    } else {
        Preemption::Other(keep(text))
    })
}

#[cfg(test)]
mod tests {
    use super::{SchedulingReason as R, *};

    fn reasons(text: &str) -> Vec<(Option<u32>, R)> {
        match read(text) {
            Some(Scheduling::Unschedulable { reasons, .. }) => reasons,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn reason(phrase: &str) -> R {
        let mut all = reasons(&format!("0/3 nodes are available: 3 {phrase}."));
        assert_eq!(all.len(), 1, "{phrase}: {all:?}");
        let (count, reason) = all.remove(0);
        assert_eq!(count, Some(3));
        reason
    }

    #[test]
    fn newer_grammar() {
        let text = "0/4 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 1 node(s) were \
                    unschedulable, 2 Insufficient nvidia.com/gpu. preemption: 0/4 nodes are available: 2 No preemption victims \
                    found for incoming pod, 2 Preemption is not helpful for scheduling.";
        assert_eq!(
            read(text),
            Some(Scheduling::Unschedulable {
                nodes: Some(4),
                reasons: vec![
                    (Some(1), R::Taint { key: Some("node.kubernetes.io/unreachable".into()), value: None }),
                    (Some(1), R::Cordoned),
                    (Some(2), R::Insufficient { resource: "nvidia.com/gpu".into() }),
                ],
                preemption: vec![(Some(2), Preemption::NoVictims), (Some(2), Preemption::NotHelpful)],
            })
        );
    }

    #[test]
    fn prefilter_and_postfilter() {
        assert_eq!(
            reasons(
                "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are \
                 available: 3 Preemption is not helpful for scheduling."
            ),
            vec![(None, R::UnboundClaims)]
        );
        assert_eq!(
            reasons(
                "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated \
                 taint(s). no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for \
                 scheduling."
            ),
            vec![(Some(1), R::NodeAffinity), (Some(1), R::Taint { key: None, value: None })]
        );
    }

    #[test]
    fn older_grammar() {
        assert_eq!(
            reasons(
                "0/4 nodes are available: 1 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't \
                 tolerate, 3 Insufficient cpu."
            ),
            vec![
                (Some(1), R::Taint { key: Some("node-role.kubernetes.io/master".into()), value: None }),
                (Some(3), R::Insufficient { resource: "cpu".into() }),
            ]
        );
        assert_eq!(
            reasons(
                r#"running "VolumeBinding" filter plugin for pod "db-0": pod has unbound immediate PersistentVolumeClaims"#
            ),
            vec![(None, R::UnboundClaims)]
        );
        assert_eq!(
            reasons(r#"persistentvolumeclaim "data" not found"#),
            vec![(None, R::ClaimMissing { name: "data".into() })]
        );
    }

    #[test]
    fn phrases() {
        let taint = |key: &str, value: &str| R::Taint { key: Some(key.into()), value: some(value) };
        for (phrase, expected) in [
            ("Too many pods", R::TooManyPods),
            ("node(s) had untolerated taint {critical: true}", taint("critical", "true")),
            ("node(s) had taints that the pod didn't tolerate", R::Taint { key: None, value: None }),
            ("node(s) had unknown conditions", R::UnknownConditions),
            ("node(s) didn't match node selector", R::NodeAffinity),
            ("node(s) didn't match Pod's node affinity", R::NodeAffinity),
            ("node(s) didn't match the requested node name", R::NodeName),
            ("node(s) didn't have free ports for the requested pod ports", R::Ports),
            ("node(s) didn't match pod affinity rules", R::PodAffinity),
            ("node(s) didn't match pod anti-affinity rules", R::PodAntiAffinity),
            ("node(s) didn't satisfy existing pods anti-affinity rules", R::ExistingAntiAffinity),
            (
                "node(s) didn't match pod topology spread constraints",
                R::TopologySpread { missing_label: false },
            ),
            (
                "node(s) didn't match pod topology spread constraints (missing required label)",
                R::TopologySpread { missing_label: true },
            ),
            ("node(s) had volume node affinity conflict", R::VolumeNodeAffinity),
            ("node(s) didn't match PersistentVolume's node affinity", R::VolumeNodeAffinity),
            ("node(s) didn't find available persistent volumes to bind", R::NoPersistentVolume),
            ("node(s) did not have enough free storage", R::NoFreeStorage),
            ("node(s) had no available volume zone", R::VolumeZone),
            ("node(s) exceed max volume count", R::VolumeCount),
            ("node(s) had no available disk", R::DiskConflict),
            (
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
                R::ReadWriteOncePod,
            ),
            (
                "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
                R::ClaimBoundToMissingVolume { claim: None, volume: None },
            ),
            ("cannot allocate all claims", R::ResourceClaims("cannot allocate all claims".into())),
            ("node(s) are full of eels", R::Other("node(s) are full of eels".into())),
        ] {
            assert_eq!(reason(phrase), expected);
        }
    }

    #[test]
    fn claims() {
        for (text, expected) in [
            (r#"persistentvolumeclaim "a" is being deleted"#, R::ClaimBeingDeleted { name: "a".into() }),
            (
                r#"persistentvolumeclaim "a" bound to non-existent persistentvolume "v""#,
                R::ClaimBoundToMissingVolume { claim: Some("a".into()), volume: Some("v".into()) },
            ),
            (
                r#"waiting for ephemeral volume controller to create the persistentvolumeclaim "a""#,
                R::ClaimNotYetCreated { name: "a".into() },
            ),
            (
                "waiting for scheduling gates: [a.io/x b]",
                R::Gated { gates: vec!["a.io/x".into(), "b".into()] },
            ),
        ] {
            assert_eq!(reasons(text), vec![(None, expected.clone())]);
            let with_prefix = format!(
                "0/1 nodes are available: {text}. preemption: not eligible due to preemptionPolicy=Never."
            );
            assert_eq!(reasons(&with_prefix), vec![(None, expected)]);
        }
    }

    #[test]
    fn others() {
        assert_eq!(
            event("Scheduled", "Successfully assigned shop/web-5f4d-x2 to worker-1"),
            Some(Scheduling::Assigned { node: "worker-1".into() })
        );
        assert_eq!(
            event("Preempted", "Preempted by shop/big on node worker-1"),
            Some(Scheduling::Preempted { by: Some("shop/big".into()), node: Some("worker-1".into()) })
        );
        assert_eq!(
            event("Preempted", "Preempted by pod 3f0c-11 on node worker-1"),
            Some(Scheduling::Preempted { by: Some("3f0c-11".into()), node: Some("worker-1".into()) })
        );
        assert_eq!(read("no nodes available to schedule pods"), Some(Scheduling::NoNodes));
        assert_eq!(read("skip schedule deleting pod: shop/web"), Some(Scheduling::Deleting));
        assert_eq!(
            event("FailedScheduling", r#"Operation cannot be fulfilled on pods/binding "web""#),
            Some(Scheduling::Failed(r#"Operation cannot be fulfilled on pods/binding "web""#.into()))
        );
        assert_eq!(
            event(
                "NotTriggerScaleUp",
                "pod didn't trigger scale-up: 1 max node group size reached, 2 Insufficient memory"
            ),
            Some(Scheduling::NoScaleUp {
                reasons: vec![
                    (Some(1), R::NodeGroupFull),
                    (Some(2), R::Insufficient { resource: "memory".into() })
                ]
            })
        );
        assert_eq!(
            event("TriggeredScaleUp", "pod triggered scale-up: [{pool 1->2 (max: 3)}]"),
            Some(Scheduling::ScaleUp)
        );
    }
}
