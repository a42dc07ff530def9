//! Typed statements read from evidence, each about one subject at one time, and the objects joined to each other.

mod ends;
mod hosts;
mod kernel;
mod node_state;
mod placement;
mod pool;
mod probes;
mod revisions;
mod routes;
mod services;
mod starting;
mod statement;
mod template;
mod topology;

pub use ends::{End, Why};
pub use hosts::service_of;
pub use kernel::{KernelKill, LogLine};
pub use node_state::{Daemon, daemon, unit_proof};
pub use placement::{Placement, claims_of, keeping_off};
pub use pool::{Holder, Pool, holder};
pub use probes::{Mismatch, ProbeTrouble, asks, probe_subject};
pub use revisions::{
    Family, Revision, creator, families, is_below, is_controller, is_later_write, run_differences, writer,
};
pub use routes::{RouteFact, RouteTable};
pub use services::ServiceFact;
pub use statement::{Stage, Statement, Voice};
pub use template::{Difference, Field};
pub use topology::{LogFact, NodeFact, Owned, PodFact, WorkloadFact};

use crate::by_hash::ByHash;
use crate::evidence::{Evidence, Object};
use crate::subject::{Kind, Subject};
use crate::{Hands, Text};
use std::collections::BTreeMap;

/// All that detectors and incidents read. Borrowed from the evidence, made once.
pub struct Facts<'e> {
    /// The evidence itself.
    pub evidence: &'e Evidence,
    pub(crate) pods: Vec<PodFact<'e>>,
    /// Where the first of them stands among all objects.
    pub(crate) first_pod: usize,
    pub(crate) workloads: Vec<WorkloadFact<'e>>,
    pub(crate) services: Vec<ServiceFact<'e>>,
    /// Each pod with each Service that selects it, as indices, in their order.
    pub(crate) serving: Vec<(usize, usize)>,
    pub(crate) nodes: Vec<NodeFact<'e>>,
    pub(crate) logs: Vec<LogFact<'e>>,
    pub(crate) statements: Vec<Statement<'e>>,
    /// The statements as indices, by [`Subject::hash`] of whom they are about.
    pub(crate) about: ByHash,
    /// Pods of [`Facts::unwell`], as indices.
    pub(crate) unwell: Vec<usize>,
    /// Pods by each of their owners, as indices.
    pub(crate) owned: BTreeMap<Subject, Vec<usize>>,
    /// Pods by their node, as indices.
    pub(crate) placed: BTreeMap<Text, Vec<usize>>,
}

/// Reads the facts from evidence.
pub fn read(evidence: &Evidence) -> Facts<'_> {
    read_with(crate::alone, evidence)
}

/// The same, with the help of others.
pub(crate) fn read_with(hands: Hands, evidence: &Evidence) -> Facts<'_> {
    let mut facts = topology::join(evidence);
    statement::read(hands, &mut facts);
    facts
}

impl<'e> Facts<'e> {
    /// Every pod that exists, or may.
    pub fn pods(&self) -> impl Iterator<Item = &PodFact<'e>> {
        self.pods.iter().filter(|pod| !pod.gone)
    }

    /// Pods that exist, or may, and of which anything is said or shown that is not so where all is well: of the others a
    /// detector that looks for trouble of single pods finds nothing, and in a large cluster they are nearly all.
    pub fn unwell(&self) -> impl Iterator<Item = &PodFact<'e>> {
        self.at(Some(&self.unwell))
    }

    /// The pod of that name.
    pub fn pod(&self, subject: &Subject) -> Option<&PodFact<'e>> {
        self.pods.get(self.pod_at(&subject.as_whole())?)
    }

    /// The index of the newest pod of that name. Pods stand in the order of their subjects.
    pub(crate) fn pod_at(&self, subject: &Subject) -> Option<usize> {
        let index = self.evidence.place(subject)?.checked_sub(self.first_pod)?;
        self.pods.get(index).filter(|pod| pod.object.subject == *subject).map(|_| index)
    }

    /// Every Deployment, StatefulSet, DaemonSet, Job, ReplicaSet and so on.
    pub fn workloads(&self) -> &[WorkloadFact<'e>] {
        &self.workloads
    }

    /// The workload of that name; of several the one that was seen first.
    pub fn workload(&self, subject: &Subject) -> Option<&WorkloadFact<'e>> {
        let place = self.evidence.place(subject)?;
        let at = self.workloads.binary_search_by_key(&place, |workload| workload.place).ok()?;
        let before = self.workloads.get(..=at)?.iter().rev();
        before.take_while(|workload| workload.object.subject == *subject).last()
    }

    /// Every Service.
    pub fn services(&self) -> &[ServiceFact<'e>] {
        &self.services
    }

    /// Services that select the pod of that index.
    pub(crate) fn services_of(&self, pod: usize) -> impl Iterator<Item = &ServiceFact<'e>> {
        let first = self.serving.partition_point(|(served, _)| *served < pod);
        let serving = self.serving.iter().skip(first).take_while(move |(served, _)| *served == pod);
        serving.filter_map(|(_, service)| self.services.get(*service))
    }

    /// The Service of that name.
    pub(crate) fn service(&self, subject: &Subject) -> Option<&ServiceFact<'e>> {
        let at = self.services.partition_point(|s| s.object.subject < *subject);
        self.services.get(at).filter(|s| s.object.subject == *subject)
    }

    /// Every node.
    pub fn nodes(&self) -> &[NodeFact<'e>] {
        &self.nodes
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&NodeFact<'e>> {
        let at = self.nodes.partition_point(|n| &*n.name < name);
        self.nodes.get(at).filter(|n| &*n.name == name)
    }

    /// Every container log, with whose it is.
    pub fn logs(&self) -> &[LogFact<'e>] {
        &self.logs
    }

    /// Every statement.
    pub fn statements(&self) -> &[Statement<'e>] {
        &self.statements
    }

    /// Statements about an object or any part of it.
    pub fn about<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Statement<'e>> {
        let said = self.about.places(subject.hash()).filter_map(|at| self.statements.get(at));
        // Of one hash there is, but for chance, one object.
        said.filter(|said| said.subject.cmp_whole(subject).is_eq())
    }

    /// Statements about a container, or about its pod without naming one.
    pub fn about_container<'a>(
        &'a self,
        pod: &'a Subject,
        container: &'a str,
    ) -> impl Iterator<Item = &'a Statement<'e>> {
        self.about(pod)
            .filter(move |s| s.subject.part.as_ref().is_none_or(|part| &**part.name() == container))
    }

    /// Pods of a workload, as its selector, their owners or their names tell.
    pub fn pods_of<'a>(&'a self, workload: &'a Subject) -> impl Iterator<Item = &'a PodFact<'e>> {
        self.at(self.owned.get(workload))
    }

    /// Pods on a node.
    pub fn pods_on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a PodFact<'e>> {
        self.at(self.placed.get(node))
    }

    /// Whether the kubelet of a pod's node speaks, as far as is known: it alone gives logs.
    pub fn is_within_reach(&self, pod: &PodFact) -> bool {
        let node = pod.pod.node.as_deref().and_then(|name| self.node(name));
        node.is_none_or(|node| node.is_ready() != Some(false))
    }

    /// The pods of an index that exist, or may.
    pub(crate) fn at<'a>(&'a self, indices: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a PodFact<'e>> {
        indices.into_iter().flatten().filter_map(|&index| self.pods.get(index)).filter(|pod| !pod.gone)
    }

    /// The topmost owner of anything: a Deployment, CronJob, …; itself where nothing owns it.
    pub fn top(&self, subject: &Subject) -> Subject {
        if subject.kind == Kind::Pod
            && let Some(pod) = self.pod(subject)
        {
            return pod.top().clone();
        }
        topology::owners_of_object(self.evidence, subject)
            .last()
            .map_or_else(|| subject.whole(), |o| o.subject.clone())
    }

    /// The object of that name.
    pub fn object(&self, subject: &Subject) -> Option<&'e Object> {
        self.evidence.get(&subject.as_whole())
    }

    /// Whether an object is known not to exist: all of its kind were listed and it was not among them.
    pub fn is_missing(&self, subject: &Subject) -> bool {
        self.object(subject).is_none_or(|o| !o.views.is_live())
            && self.evidence.is_listed(&subject.kind, subject.namespace.as_deref())
    }
}
