//! Why a pod has no node: what the scheduler says, checked against pod and nodes where they were seen.

use super::{Facts, NodeFact, PodFact, Stage, Statement, Voice};
use crate::Text;
use crate::evidence::{Affinity, Group, Pairs, Quantity, Resources, Taint, Toleration};
use crate::scan::message::{Saying, Scheduling, SchedulingReason};
use crate::subject::{Kind, Subject};

/// A pod without a node, and the reason that stands closest to a fit.
pub struct Placement<'f, 'e> {
    /// The pod.
    pub pod: &'f PodFact<'e>,
    /// What the scheduler said last.
    pub statement: &'f Statement<'e>,
    /// All its reasons, with the number of nodes.
    pub reasons: &'f [(Option<u32>, SchedulingReason)],
    /// The reason that decides.
    pub decisive: &'f SchedulingReason,
    /// How many nodes it holds for.
    pub count: Option<u32>,
    /// Nodes that would do but for the decisive reason, where nodes were seen.
    pub would_do: Vec<Text>,
}

/// The place of a reason in the order of the scheduler's filters (default plugins, 1.36): a node refused by a later
/// one passed all the earlier ones, so the latest reason is the nearest miss.
fn filter_order(reason: &SchedulingReason) -> u8 {
    use SchedulingReason::*;
    match reason {
        Other(_) | UnknownConditions => 0,
        Cordoned => 1,
        NodeName => 2,
        Taint { .. } => 3,
        NodeAffinity => 4,
        Ports => 5,
        Insufficient { .. } | TooManyPods => 6,
        DiskConflict | ReadWriteOncePod => 7,
        VolumeCount => 8,
        VolumeNodeAffinity | NoPersistentVolume | NoFreeStorage => 9,
        VolumeZone => 10,
        TopologySpread { .. } => 11,
        PodAffinity | PodAntiAffinity | ExistingAntiAffinity => 12,
        ResourceClaims(_) => 13,
        // Reasons of the pod alone: no node was looked at.
        _ => 20,
    }
}

impl<'e> Facts<'e> {
    /// Every pod that the scheduler finds no node for, with why.
    pub fn unplaced(&self) -> Vec<Placement<'_, 'e>> {
        self.unwell()
            .filter(|pod| !pod.is_finished() && !pod.is_deleting() && pod.stage() == Stage::Schedule)
            .filter_map(|pod| self.placement(pod))
            .collect()
    }

    fn placement<'f>(&'f self, pod: &'f PodFact<'e>) -> Option<Placement<'f, 'e>> {
        let says = |s: &&Statement| {
            !s.overtaken && matches!(&s.saying, Saying::Scheduling(Scheduling::Unschedulable { .. }))
        };
        // The condition is current and whole; of events the last one counts.
        let statement = self.about(pod.subject()).filter(says).max_by_key(|s| {
            let last = s.last.as_ref().or(s.first.as_ref()).map(|m| (m.clock.is_absolute(), m.latest));
            (s.voice == Voice::Condition, last)
        })?;
        let Saying::Scheduling(Scheduling::Unschedulable { reasons, .. }) = &statement.saying else {
            return None;
        };
        let nearest = reasons.iter().max_by_key(|(count, reason)| (filter_order(reason), *count))?;
        let (count, decisive, would_do) = self.decide(pod, reasons, nearest);
        Some(Placement { pod, statement, reasons, decisive, count, would_do })
    }

    /// Node affinity is the nearest miss of most nodes that were never meant for the pod. Where nodes that do match it
    /// were refused earlier, by a cordon or a taint, that is what decides.
    fn decide<'f>(
        &'f self,
        pod: &PodFact,
        reasons: &'f [(Option<u32>, SchedulingReason)],
        nearest: &'f (Option<u32>, SchedulingReason),
    ) -> (Option<u32>, &'f SchedulingReason, Vec<Text>) {
        let wishes = self.wishes(pod);
        let matching: Vec<&NodeFact> =
            self.nodes().iter().filter(|node| wishes.hold(node) == Some(true)).collect();
        let names = |nodes: &[&NodeFact]| nodes.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
        if !matches!(nearest.1, SchedulingReason::NodeAffinity) {
            return (nearest.0, &nearest.1, names(&matching));
        }
        let earlier =
            |wanted: fn(&SchedulingReason) -> bool| reasons.iter().find(|(_, reason)| wanted(reason));
        let taint = earlier(|r| matches!(r, SchedulingReason::Taint { .. }));
        let cordon = earlier(|r| matches!(r, SchedulingReason::Cordoned));
        if !matching.is_empty() {
            // A taint of the pod's own kind of node beats a cordon only where the node is not cordoned.
            let tainted = matching.iter().any(|n| !n.is_cordoned() && !self.untolerated(pod, n).is_empty());
            if let Some(taint) = taint.filter(|_| tainted) {
                return (taint.0, &taint.1, names(&matching));
            }
            // A wish that only keeps some nodes out also matches those of the control plane, which nobody meant.
            let meant = matching.iter().any(|n| !n.is_control_plane());
            if let Some(cordon) = cordon.filter(|_| meant && matching.iter().all(|n| n.is_cordoned())) {
                return (cordon.0, &cordon.1, names(&matching));
            }
        } else if !self.knows_wishes(pod)
            && let Some(taint) = taint
        {
            // What the pod asks for was not seen; somebody who taints nodes for a purpose also selects them.
            return (taint.0, &taint.1, Vec::new());
        }
        (nearest.0, &nearest.1, Vec::new())
    }

    /// Whether node selector and affinity of a pod were seen, by the pod or its owners' template.
    fn knows_wishes(&self, pod: &PodFact) -> bool {
        pod.object.shows(Group::FullSpec) || self.template(pod).is_some() || pod.pod.node_selector.is_some()
    }

    fn template<'a>(&'a self, pod: &'a PodFact<'e>) -> Option<&'a crate::evidence::Template> {
        pod.owners.iter().rev().find_map(|o| self.workload(&o.subject)?.workload.template.as_deref())
    }

    /// The required affinity of a pod: its own where shown, else its owner's template.
    pub fn affinity<'a>(&'a self, pod: &'a PodFact<'e>) -> Option<&'a Affinity> {
        pod.pod.affinity.as_ref().or_else(|| self.template(pod)?.pod.affinity.as_ref())
    }

    /// The node selector of a pod, likewise.
    pub fn node_selector<'a>(&'a self, pod: &'a PodFact<'e>) -> Option<&'a Pairs<Text>> {
        pod.pod.node_selector.as_ref().or_else(|| self.template(pod)?.pod.node_selector.as_ref())
    }

    /// Both of a pod.
    fn wishes<'a>(&'a self, pod: &'a PodFact<'e>) -> Wishes<'a> {
        Wishes { selector: self.node_selector(pod), affinity: self.affinity(pod) }
    }

    /// Taints of a node that keep new pods off and that the pod does not tolerate.
    pub fn untolerated<'a>(&self, pod: &PodFact, node: &NodeFact<'a>) -> Vec<&'a Taint> {
        keeping_off(pod.pod.tolerations.as_deref().unwrap_or(&[]), node)
    }

    /// What a pod requests of a resource: the sum of its containers, or the largest init container if that is more
    /// (k8s.io/component-helpers `resource.PodRequests`).
    pub fn request(&self, pod: &PodFact, resource: &str) -> Option<i64> {
        let of = |role: fn(crate::evidence::Role) -> bool| {
            pod.pod
                .containers
                .iter()
                .filter(move |c| role(c.role))
                .filter_map(|c| amount(&c.requests, &c.limits, resource))
        };
        let apps: i64 = of(|r| r != crate::evidence::Role::Init).sum();
        let init = of(|r| r == crate::evidence::Role::Init).max().unwrap_or(0);
        let most = apps.max(init);
        (most > 0).then_some(most)
    }
}

/// Taints of a node that none of the tolerations covers, preferences left out.
pub fn keeping_off<'a>(tolerations: &[Toleration], node: &NodeFact<'a>) -> Vec<&'a Taint> {
    node.taints()
        .filter(|taint| &*taint.effect != "PreferNoSchedule")
        .filter(|taint| !tolerations.iter().any(|t| tolerates(t, taint)))
        .collect()
}

/// The request, or the limit where only that is set: the API server copies it.
fn amount(requests: &Option<Resources>, limits: &Option<Resources>, resource: &str) -> Option<i64> {
    let of = |r: &Option<Resources>| r.as_ref().and_then(|r| r.get(resource)).map(|q: &Quantity| q.milli);
    of(requests).or_else(|| of(limits))
}

/// Whether a toleration covers a taint (k8s.io/api core/v1 `ToleratesTaint`).
fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    toleration.effect.as_ref().is_none_or(|effect| *effect == taint.effect)
        && match &toleration.key {
            None => toleration.exists,
            Some(key) => *key == taint.key && (toleration.exists || toleration.value == taint.value),
        }
}

/// What a pod asks of its node, as far as it was seen.
struct Wishes<'a> {
    selector: Option<&'a Pairs<Text>>,
    affinity: Option<&'a Affinity>,
}

impl Wishes<'_> {
    /// Whether a node satisfies node selector and required node affinity; none where neither was seen.
    fn hold(&self, node: &NodeFact) -> Option<bool> {
        if self.selector.is_none() && self.affinity.is_none() {
            return None;
        }
        let labels = node.object?.labels.as_ref()?;
        let selected = self.selector.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
        let terms = self.affinity.map_or(&[][..], |a| &a.node_terms);
        let fits = terms.is_empty() || terms.iter().any(|term| term.iter().all(|r| r.holds(labels)));
        Some(selected && fits)
    }
}

impl<'e> NodeFact<'e> {
    /// Its taints.
    pub fn taints(&self) -> impl Iterator<Item = &'e Taint> + use<'e> {
        self.node.and_then(|n| n.taints.as_ref()).into_iter().flatten()
    }

    /// Whether it is set apart for the control plane (kubeadm's labels; `master` up to 1.23).
    fn is_control_plane(&self) -> bool {
        let roles = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
        self.object
            .and_then(|o| o.labels.as_ref())
            .is_some_and(|l| roles.iter().any(|role| l.contains_key(role)))
    }

    /// Whether it is cordoned.
    pub fn is_cordoned(&self) -> bool {
        self.node.is_some_and(|n| {
            n.unschedulable == Some(true)
                || n.printed_status.as_deref().is_some_and(|s| s.contains("SchedulingDisabled"))
        })
    }

    /// Allocatable and requested thousandths of a resource, where `describe node` or the pods on it tell.
    pub fn room(&self, facts: &Facts, resource: &str) -> Option<(i64, i64)> {
        let node = self.node?;
        let allocatable = node.allocatable.as_ref()?.get(resource)?.milli;
        let requested = match node.requested.as_ref().and_then(|r| r.get(resource)) {
            Some(requested) => requested.milli,
            None if facts.evidence.is_listed(&Kind::Pod, None) => facts
                .pods_on(&self.name)
                .filter(|p| !p.is_finished())
                .filter_map(|p| facts.request(p, resource))
                .sum(),
            None => return None,
        };
        Some((allocatable, requested))
    }
}

/// The claims that a pod mounts.
pub fn claims_of(pod: &PodFact) -> Vec<Subject> {
    let namespace = pod.subject().namespace.as_deref();
    let volumes = pod.pod.volumes.iter().flatten();
    volumes
        .filter_map(|volume| match &volume.source {
            crate::evidence::VolumeSource::Claim { name } => {
                Some(Subject::new(Kind::PersistentVolumeClaim, namespace, name))
            }
            _ => None,
        })
        .collect()
}
