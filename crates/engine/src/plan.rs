//! What to read of a cluster: first, then what follows from what was seen, then what a report lacks. A plan knows no
//! transport; it names reads, and whoever executes them may come back with less.

pub mod each;
mod logs;
mod pod;
#[cfg(test)]
mod tests;

use crate::Text;
use crate::evidence::{Body, By, Claim, Object, Observation, Owner, Read, Selector, What};
use crate::report::{Report, Scope};
use crate::subject::{Kind, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// The most reads that a report may ask for.
pub const MOST_NEXT: usize = 8;

/// Kinds that are listed of namespaces. Never Secrets: a list would return their values.
const LISTED: &[Kind] = &[
    Kind::Pod,
    Kind::Event,
    Kind::ReplicaSet,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::PersistentVolumeClaim,
    Kind::ResourceQuota,
    Kind::LimitRange,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
    Kind::NetworkPolicy,
    Kind::Ingress,
];

/// Kinds that are listed of one namespace alone: in a whole cluster they may be larger than all else together, and few
/// rules read them.
const OF_NAMESPACE: &[Kind] = &[Kind::ConfigMap];

/// Kinds that are listed beside those where the whole cluster is looked at.
const OF_CLUSTER: &[Kind] = &[Kind::Node, Kind::Lease, Kind::PersistentVolume, Kind::StorageClass];

/// The namespace of the leases that kubelets renew.
const NODE_LEASES: &str = "kube-node-lease";
/// The namespace of the leases of the scheduler and the controller manager.
const CONTROL_PLANE: &str = "kube-system";

/// One more read that a report asks for, and what it would tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The read.
    pub read: Read,
    /// What is not seen without it.
    pub why: String,
}

/// The reads that a scope begins with.
pub fn first(scope: &Scope) -> Vec<Read> {
    let mut reads = Vec::new();
    for subject in &scope.subjects {
        let namespace = subject.namespace.clone();
        match &subject.kind {
            Kind::Node => node(&subject.name, &mut reads),
            Kind::Pod => {
                reads.push(Read::Object(subject.clone()));
                reads.push(Read::Events(subject.clone()));
                reads.push(Read::List { kind: Kind::Service, namespace });
            }
            kind if kind.is_workload() => {
                reads.push(Read::Object(subject.clone()));
                reads.push(Read::Events(subject.clone()));
                reads.push(Read::List { kind: Kind::Service, namespace: namespace.clone() });
                if *kind == Kind::CronJob {
                    reads.push(Read::List { kind: Kind::Job, namespace });
                }
            }
            _ => {
                reads.push(Read::Object(subject.clone()));
                if let Some(namespace) = &namespace {
                    of_namespace(namespace, &mut reads);
                }
            }
        }
    }
    if scope.subjects.is_empty() {
        for namespace in &scope.namespaces {
            of_namespace(namespace, &mut reads);
        }
        if scope.namespaces.is_empty() {
            let kinds = LISTED.iter().chain(OF_CLUSTER);
            reads.extend(kinds.map(|kind| Read::List { kind: kind.clone(), namespace: None }));
        }
    }
    once(reads, &BTreeSet::new())
}

/// What follows from what was seen, apart from what was asked for already; nothing once all is there that belongs to
/// the first round.
pub fn follow(scope: &Scope, seen: &[Observation], asked: &BTreeSet<Read>) -> Vec<Read> {
    let mut reads = Vec::new();
    if scope.subjects.is_empty() {
        if !scope.namespaces.is_empty() && seen.iter().any(|it| object(it).is_some_and(is_unbound)) {
            reads.push(Read::List { kind: Kind::PersistentVolume, namespace: None });
            reads.push(Read::List { kind: Kind::StorageClass, namespace: None });
        }
        reads.extend(logs::of_many(seen));
        return once(reads, asked);
    }
    let seen = Seen::of(seen);
    for subject in &scope.subjects {
        match &subject.kind {
            Kind::Pod => {
                if let Some(object) = seen.get(subject) {
                    pod::follow(object, &seen, &mut reads);
                }
            }
            kind if kind.is_workload() => workload(subject, &seen, &mut reads),
            Kind::Node => {}
            _ => reads.extend(logs::of_many(seen.all())),
        }
    }
    once(reads, asked)
}

/// What the told incidents lack and a cluster may have, worst incident first.
pub fn next(report: &Report) -> Vec<Wish> {
    let everywhere = report.scope.subjects.is_empty() && report.scope.namespaces.is_empty();
    let lacking = report.incidents.iter().flat_map(|incident| &incident.not_seen);
    let mut known = BTreeSet::new();
    let mut wishes = Vec::new();
    for missing in lacking {
        let Some(read) = &missing.read else { continue };
        let is_refused = match read {
            // Files are no part of a cluster, and Secrets are never asked for.
            Read::File { .. } => true,
            Read::Object(subject) => subject.kind == Kind::Secret,
            // A narrow question is not answered by reading everything.
            Read::List { kind, namespace: None } => kind.is_namespaced() && !everywhere,
            Read::List { kind, .. } | Read::Selected { kind, .. } => *kind == Kind::Secret,
            _ => false,
        };
        let is_known_to_fail = report.gaps.iter().any(|gap| gap.read == *read);
        if !is_refused && !is_known_to_fail && known.insert(read) {
            wishes.push(Wish { read: read.clone(), why: missing.what.clone() });
        }
    }
    wishes
}

/// Whether a read brings nothing that reads made before did not: they were the same, or listed all of the kind.
pub fn is_covered(read: &Read, asked: &BTreeSet<Read>) -> bool {
    let listed = |kind: &Kind, namespace: &Option<Text>| {
        [None, namespace.clone()]
            .into_iter()
            .any(|namespace| asked.contains(&Read::List { kind: kind.clone(), namespace }))
    };
    asked.contains(read)
        || match read {
            Read::Object(subject) => listed(&subject.kind, &subject.namespace),
            Read::Events(subject) => listed(&Kind::Event, &subject.namespace),
            Read::List { kind, namespace } | Read::Selected { kind, namespace, .. } => {
                listed(kind, namespace)
            }
            Read::Log { .. } | Read::Journal { .. } | Read::File { .. } | Read::Tags { .. } => false,
        }
}

/// Each read once, without those that were asked for.
fn once(reads: Vec<Read>, asked: &BTreeSet<Read>) -> Vec<Read> {
    let mut known = BTreeSet::new();
    reads.into_iter().filter(|read| !is_covered(read, asked) && known.insert(read.clone())).collect()
}

fn of_namespace(namespace: &Text, reads: &mut Vec<Read>) {
    let list = |kind: &Kind, namespace: Option<&Text>| Read::List {
        kind: kind.clone(),
        namespace: namespace.cloned(),
    };
    reads.extend(LISTED.iter().chain(OF_NAMESPACE).map(|kind| list(kind, Some(namespace))));
    // Nodes and the control plane are looked at whatever the namespace is.
    reads.push(list(&Kind::Node, None));
    reads.push(list(&Kind::Lease, Some(&NODE_LEASES.into())));
    reads.push(list(&Kind::Lease, Some(&CONTROL_PLANE.into())));
    reads.push(Read::Selected {
        kind: Kind::Event,
        // Where the events of what has no namespace are kept.
        namespace: Some("default".into()),
        by: By::About(Kind::Node),
    });
}

fn node(name: &Text, reads: &mut Vec<Read>) {
    let node = Subject::node(name);
    reads.push(Read::Object(node.clone()));
    reads.push(Read::Object(Subject::new(Kind::Lease, Some(NODE_LEASES), name)));
    reads.push(Read::Events(node));
    reads.push(Read::Selected { kind: Kind::Pod, namespace: None, by: By::Node(name.clone()) });
    for unit in ["kubelet", "containerd", "kernel"] {
        reads.push(Read::Journal { node: name.clone(), unit: unit.into(), since: None });
    }
}

/// A workload's pods and revisions, and of those that fail what a pod's diagnosis needs.
fn workload(subject: &Subject, seen: &Seen<'_>, reads: &mut Vec<Read>) {
    let Some(object) = seen.get(subject) else { return };
    if let Some(selector) = selector(object) {
        let of = |kind: Kind| Read::Selected {
            kind,
            namespace: subject.namespace.clone(),
            by: By::Labels(selector.clone()),
        };
        reads.push(of(Kind::Pod));
        if subject.kind == Kind::Deployment {
            reads.push(of(Kind::ReplicaSet));
        }
    }
    let owned = |it: &&&Object| seen.chain(it).contains(&subject);
    let mut nodes = BTreeSet::new();
    let mut failing = 0;
    for owned in seen.objects.values().filter(owned) {
        match owned.pod() {
            Some(_) if logs::is_well(owned) => {}
            Some(state) => {
                if failing < FAILING_PODS {
                    failing += 1;
                    reads.push(Read::Events(owned.subject.clone()));
                    pod::parts(owned, seen, reads);
                }
                nodes.extend(state.node.clone());
            }
            // A revision or a Job that has fewer pods than it wants has events of its own.
            None => {
                let short = owned.workload().is_some_and(|w| w.current < w.desired || w.failed > Some(0));
                if short {
                    reads.push(Read::Events(owned.subject.clone()));
                }
                if owned.subject.kind == Kind::Job
                    && let Some(selector) = self::selector(owned).filter(|_| short)
                {
                    let namespace = owned.subject.namespace.clone();
                    reads.push(Read::Selected { kind: Kind::Pod, namespace, by: By::Labels(selector) });
                }
            }
        }
    }
    for name in nodes.iter().take(FAILING_NODES) {
        reads.push(Read::Object(Subject::node(name)));
        reads.push(Read::Object(Subject::new(Kind::Lease, Some(NODE_LEASES), name)));
    }
    reads.extend(logs::of_many(seen.all()));
    reads.extend(pod::slices(
        object.workload().and_then(|w| w.template.as_ref()?.labels.as_ref()),
        subject,
        seen,
    ));
}

/// Pods of one workload whose events are read one by one; others of the same revision fail alike.
const FAILING_PODS: usize = 3;
/// Nodes of failing pods that are read.
const FAILING_NODES: usize = 3;

fn selector(object: &Object) -> Option<Selector> {
    object.workload()?.selector.clone().filter(|s| !s.labels.is_empty() || !s.expressions.is_empty())
}

/// What was seen, by subject.
struct Seen<'a> {
    observations: &'a [Observation],
    objects: BTreeMap<&'a Subject, &'a Object>,
}

impl<'a> Seen<'a> {
    fn of(observations: &'a [Observation]) -> Self {
        let live = observations.iter().filter_map(object).filter(|object| object.views.is_live());
        Seen { observations, objects: live.map(|object| (&object.subject, object)).collect() }
    }

    fn all(&self) -> &'a [Observation] {
        self.observations
    }

    fn get(&self, subject: &Subject) -> Option<&'a Object> {
        self.objects.get(subject).copied()
    }

    /// The owners of an object, nearest first, as far as they were seen; the last one may not have been.
    fn chain(&self, object: &'a Object) -> Vec<&'a Subject> {
        let mut chain = Vec::new();
        let mut at = Some(object);
        while let Some(owner) = at.and_then(controller) {
            if chain.contains(&&owner.subject) {
                break;
            }
            chain.push(&owner.subject);
            at = self.get(&owner.subject);
        }
        chain
    }
}

fn object(observation: &Observation) -> Option<&Object> {
    if let What::Object(object) = &observation.what { Some(object) } else { None }
}

fn controller(object: &Object) -> Option<&Owner> {
    object.owners.iter().flat_map(|owners| owners.iter()).find(|owner| owner.controller)
}

/// Whether it is a claim that waits for its volume.
fn is_unbound(object: &Object) -> bool {
    matches!(&object.body, Body::Claim(Claim { phase: Some(phase), .. }) if &**phase != "Bound")
}
