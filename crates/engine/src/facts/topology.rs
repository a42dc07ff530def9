//! Who owns, runs, selects and serves whom.

use super::Facts;
use super::services::{self, Labelled};
use super::statement::Stage;
use crate::Text;
use crate::by_hash::ByHash;
use crate::evidence::{
    Body, Condition, Container, Evidence, Group, Log, LogSource, Node, Object, Phase, Pod, Role, State, Unit,
    View, Workload,
};
use crate::subject::{Kind, Subject, hash, without_pod_suffix, without_schedule, without_template_hash};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An owner, and whether a view states it. One inferred from a name caps certainty at *likely*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The owner.
    pub subject: Subject,
    /// Whether some view states it.
    pub stated: bool,
}

/// A pod and what it belongs to.
pub struct PodFact<'e> {
    /// The object.
    pub object: &'e Object,
    /// Its body.
    pub pod: &'e Pod,
    /// Its owners, the nearest first. Replicas have theirs in common.
    pub owners: Arc<[Owned]>,
    /// A list that should have it does not, or not any more.
    pub gone: bool,
    ready: Option<bool>,
}

impl<'e> PodFact<'e> {
    /// The pod.
    pub fn subject(&self) -> &'e Subject {
        &self.object.subject
    }

    /// One of its containers as a subject.
    pub fn container_subject(&self, container: &Container) -> Subject {
        self.object.subject.container(&container.name)
    }

    /// Its topmost owner, or itself.
    pub fn top(&self) -> &Subject {
        self.owners.last().map_or(&self.object.subject, |owner| &owner.subject)
    }

    /// Whether every owner is stated.
    pub fn owners_stated(&self) -> bool {
        self.owners.iter().all(|owner| owner.stated)
    }

    /// Its owner of that kind.
    pub fn owner(&self, kind: &Kind) -> Option<&Subject> {
        self.owners.iter().map(|o| &o.subject).find(|s| s.kind == *kind)
    }

    /// A condition's status.
    pub fn condition(&self, kind: &str) -> Option<&'e Condition> {
        condition(&self.pod.conditions, kind)
    }

    /// Whether it is being deleted.
    pub fn is_deleting(&self) -> bool {
        self.object.deleting.is_some()
            || self.object.is_deleting == Some(true)
            || self.pod.printed_status.as_deref() == Some("Terminating")
    }

    /// Whether it ended for good: its containers will not run again.
    pub fn is_finished(&self) -> bool {
        matches!(self.pod.phase, Some(Phase::Succeeded | Phase::Failed))
            || matches!(self.pod.printed_status.as_deref(), Some("Completed" | "Evicted"))
    }

    /// Whether it is ready; none where no view tells.
    pub fn is_ready(&self) -> Option<bool> {
        self.ready
    }

    /// Whether it is shown to be ready and everything in it as it should be.
    pub(super) fn shows_no_trouble(&self) -> bool {
        self.is_ready() == Some(true)
            && !self.is_deleting()
            && !self.is_finished()
            && self.pod.reason.is_none()
            && self.pod.containers.iter().all(|container| match &container.state {
                Some(State::Terminated(ended)) => container.role == Role::Init && ended.exit_code == Some(0),
                _ => self.reached(container) == Stage::Ready,
            })
    }

    /// How far a container of it has come in its present attempt.
    pub fn reached(&self, container: &Container) -> Stage {
        match &container.state {
            Some(State::Running { .. }) => {
                if container.ready == Some(true) {
                    Stage::Ready
                } else {
                    Stage::Run
                }
            }
            Some(State::Terminated(ended)) => {
                if ended.reason.as_deref() == Some("StartError") {
                    Stage::Create
                } else {
                    Stage::Run
                }
            }
            Some(State::Waiting { reason, .. }) => match reason.as_deref() {
                Some("CrashLoopBackOff") => match &container.last {
                    Some(State::Terminated(last)) if last.reason.as_deref() == Some("StartError") => {
                        Stage::Create
                    }
                    _ => Stage::Run,
                },
                Some(
                    "ErrImagePull"
                    | "ImagePullBackOff"
                    | "ErrImageNeverPull"
                    | "InvalidImageName"
                    | "ImageInspectError"
                    | "RegistryUnavailable"
                    | "SignatureValidationFailed",
                ) => Stage::Image,
                Some("ContainerCreating" | "PodInitializing") | None => self.placed_stage(),
                Some(_) => Stage::Create,
            },
            None => match self.pod.printed_status.as_deref() {
                Some("Running") if self.is_ready() == Some(true) => Stage::Ready,
                Some("Running" | "CrashLoopBackOff" | "Error" | "OOMKilled" | "Completed") => Stage::Run,
                Some("ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull") => {
                    Stage::Image
                }
                Some("CreateContainerConfigError" | "CreateContainerError" | "RunContainerError") => {
                    Stage::Create
                }
                _ => self.placed_stage(),
            },
        }
    }

    /// Whether the kubelet could not put together what a container is made of: its environment, its user, its mounts.
    pub fn lacks_configuration(&self, container: &Container) -> bool {
        matches!(&container.state, Some(State::Waiting { reason: Some(reason), .. })
            if &**reason == "CreateContainerConfigError")
    }

    fn placed_stage(&self) -> Stage {
        let scheduled = self.condition("PodScheduled").map(|c| &*c.status == "True");
        if self.pod.node.is_some() || scheduled == Some(true) {
            return Stage::Setup;
        }
        match self.pod.printed_status.as_deref() {
            Some("ContainerCreating" | "PodInitializing") => Stage::Setup,
            Some(other) if other.starts_with("Init:") => Stage::Setup,
            _ => Stage::Schedule,
        }
    }

    /// How far the pod as a whole has come: as far as its furthest container.
    pub fn stage(&self) -> Stage {
        let furthest = self.pod.containers.iter().map(|c| self.reached(c)).max();
        furthest.unwrap_or_else(|| self.reached(&Container::new("".into(), crate::evidence::Role::App)))
    }

    /// Restarts of all its containers.
    pub fn restarts(&self) -> u32 {
        let sum: u32 = self.pod.containers.iter().filter_map(|c| c.restarts).sum();
        sum.max(self.pod.printed_restarts.unwrap_or(0))
    }
}

/// A workload and its pods.
pub struct WorkloadFact<'e> {
    /// The object.
    pub object: &'e Object,
    /// Its body.
    pub workload: &'e Workload,
    /// Its owner, if it has one.
    pub owner: Option<Owned>,
    /// Where the object stands among all of the evidence.
    pub(super) place: usize,
}

impl<'e> WorkloadFact<'e> {
    /// The workload.
    pub fn subject(&self) -> &'e Subject {
        &self.object.subject
    }

    /// Ready and wanted pods, where both are shown; what is gone wants none.
    pub fn readiness(&self) -> Option<(u32, u32)> {
        if self.object.views.is_past() {
            return None;
        }
        Some((self.workload.ready.or(self.workload.available)?, self.workload.desired?))
    }
}

/// A node and its health.
pub struct NodeFact<'e> {
    /// Its name.
    pub name: Text,
    /// The object, if it was seen.
    pub object: Option<&'e Object>,
    /// Its body.
    pub node: Option<&'e Node>,
    /// `systemctl status` of its units.
    pub units: Vec<&'e Unit>,
}

impl<'e> NodeFact<'e> {
    /// The node.
    pub fn subject(&self) -> Subject {
        Subject::node(&self.name)
    }

    /// A condition.
    pub fn condition(&self, kind: &str) -> Option<&'e Condition> {
        condition(&self.node?.conditions, kind)
    }

    /// Whether it is ready: `Some(false)` for not ready and unknown; none where no view tells.
    pub fn is_ready(&self) -> Option<bool> {
        match self.condition("Ready") {
            Some(ready) => Some(&*ready.status == "True"),
            None => {
                let printed = self.node?.printed_status.as_deref()?;
                Some(printed.split(',').any(|word| word == "Ready"))
            }
        }
    }

    /// A unit's state by name, without `.service`.
    pub fn unit(&self, name: &str) -> Option<&'e Unit> {
        self.units.iter().copied().find(|unit| &*unit.name == name)
    }
}

/// A log and whose it is.
pub struct LogFact<'e> {
    /// The log.
    pub log: &'e Log,
    /// The pods whose lines it may hold, as indices.
    pub pods: Vec<usize>,
    /// Whose it is: a container, a pod, or a workload; none where nothing tells.
    pub subject: Option<Subject>,
}

/// Joins the objects to each other.
pub(super) fn join(evidence: &Evidence) -> Facts<'_> {
    let pods = pods(evidence);
    let services = services::of(evidence, &pods);
    let numbered = services.iter().enumerate();
    let pairs = numbered.flat_map(|(at, of)| of.pods.iter().flatten().map(move |pod| (*pod, at)));
    let mut serving: Vec<(usize, usize)> = pairs.collect();
    serving.sort_unstable();
    let mut facts = Facts {
        evidence,
        workloads: workloads(evidence),
        services,
        serving,
        nodes: nodes(evidence),
        logs: Vec::new(),
        statements: Vec::new(),
        about: ByHash::default(),
        unwell: Vec::new(),
        first_pod: evidence.objects().partition_point(|object| object.subject.kind < Kind::Pod),
        owned: owned(&pods),
        placed: placed(&pods),
        pods,
    };
    let mut labelled = BTreeMap::new();
    facts.logs = evidence.logs().iter().map(|log| log_fact(&facts, log, &mut labelled)).collect();
    facts
}

/// Every pod, in the order of their subjects.
fn pods(evidence: &Evidence) -> Vec<PodFact<'_>> {
    let objects = evidence.of(&Kind::Pod);
    let mut pods: Vec<PodFact> = Vec::with_capacity(objects.len());
    // Pods stand in the order of their namespaces.
    let mut near: Option<(&Option<Text>, bool)> = None;
    for object in objects {
        let Body::Pod(pod) = &object.body else { continue };
        let namespace = &object.subject.namespace;
        let listed = match near {
            Some((known, listed)) if known == namespace => listed,
            _ => near.insert((namespace, evidence.is_listed(&Kind::Pod, namespace.as_deref()))).1,
        };
        let gone = (listed && !object.views.is_live()) || object.views.is_past();
        // Of two incarnations of one name the newer one comes last, and is the one that exists.
        if let Some(older) = pods.last_mut().filter(|older| older.object.subject == object.subject) {
            older.gone = true;
        }
        let before = pods.last().map(|pod| &pod.owners);
        let owners = owners_of_pod(evidence, object, before);
        pods.push(PodFact { object, pod, owners, gone, ready: is_ready(pod) });
    }
    pods
}

fn condition<'c>(conditions: &'c Option<Vec<Condition>>, kind: &str) -> Option<&'c Condition> {
    conditions.iter().flatten().find(|c| &*c.kind == kind)
}

/// Whether a pod is ready. Its conditions lie elsewhere in the memory, and many ask.
fn is_ready(pod: &Pod) -> Option<bool> {
    if let Some(ready) = condition(&pod.conditions, "Ready") {
        return Some(&*ready.status == "True");
    }
    let apps: Vec<_> = pod.containers.iter().filter_map(|c| c.ready).collect();
    if !apps.is_empty() && apps.len() == pod.containers.len() {
        return Some(apps.iter().all(|&ready| ready));
    }
    pod.printed_ready.map(|(ready, all)| ready == all && all > 0)
}

/// Every workload, in the order of their subjects.
fn workloads(evidence: &Evidence) -> Vec<WorkloadFact<'_>> {
    let numbered = evidence.objects().iter().enumerate();
    let workloads = numbered.filter_map(|(place, object)| {
        let workload = object.workload()?;
        let owner = owners_of_object(evidence, &object.subject).into_iter().next();
        Some(WorkloadFact { object, workload, owner, place })
    });
    workloads.collect()
}

/// Pods by each of their owners.
fn owned(pods: &[PodFact]) -> BTreeMap<Subject, Vec<usize>> {
    let mut owned: BTreeMap<Subject, Vec<usize>> = BTreeMap::new();
    let mut first = 0;
    for replicas in pods.chunk_by(|a, b| Arc::ptr_eq(&a.owners, &b.owners)) {
        let end = first + replicas.len();
        for owner in replicas.first().iter().flat_map(|pod| &*pod.owners) {
            owned.entry(owner.subject.clone()).or_default().extend(first..end);
        }
        first = end;
    }
    owned
}

/// Pods by their node.
fn placed(pods: &[PodFact]) -> BTreeMap<Text, Vec<usize>> {
    // Numbers are sorted faster than names, which are alike and lie all over the memory.
    let node = |at: usize| pods.get(at).and_then(|pod| pod.pod.node.as_ref());
    let mut numbers: Vec<(u64, usize)> =
        (0..pods.len()).filter_map(|at| Some((hash(0, node(at)?), at))).collect();
    numbers.sort_unstable();
    let mut placed: BTreeMap<Text, Vec<usize>> = BTreeMap::new();
    for near in numbers.chunk_by(|a, b| a.0 == b.0 && node(a.1) == node(b.1)) {
        let Some(name) = near.first().and_then(|(_, at)| node(*at)) else { continue };
        placed.entry(name.clone()).or_default().extend(near.iter().map(|(_, at)| *at));
    }
    placed
}

/// The owners of a pod, nearest first; `before` are those of the pod before it, as a rule of the same workload.
fn owners_of_pod(evidence: &Evidence, object: &Object, before: Option<&Arc<[Owned]>>) -> Arc<[Owned]> {
    let nearest = match object
        .owners
        .as_ref()
        .and_then(|owners| owners.iter().find(|o| o.controller).or(owners.first()))
    {
        Some(owner) => Some(Owned { subject: owner.subject.clone(), stated: owner.stated }),
        None if !object.shows(Group::Owners) => inferred_owner_of_pod(evidence, object),
        None => None,
    };
    // A node owns its mirror pods: that is a place, not a controller.
    let nearest = nearest.filter(|nearest| nearest.subject.kind != Kind::Node);
    if let Some(before) = before.filter(|before| before.first() == nearest.as_ref()) {
        return before.clone();
    }
    let Some(nearest) = nearest else { return Arc::default() };
    let stated = nearest.stated;
    let above = owners_of_object(evidence, &nearest.subject);
    let above = above.into_iter().map(|o| Owned { stated: o.stated && stated, ..o });
    std::iter::once(nearest).chain(above).collect()
}

/// The owner that a pod's name and labels tell, where no view states one.
fn inferred_owner_of_pod(evidence: &Evidence, object: &Object) -> Option<Owned> {
    let namespace = object.subject.namespace.as_deref();
    let name = &object.subject.name;
    let hash = object.labels.as_ref().and_then(|labels| labels.get("pod-template-hash"));
    if let Some(stem) = without_pod_suffix(name) {
        if without_template_hash(stem).is_some() {
            let stated = hash.is_some_and(|hash| stem.ends_with(&**hash));
            return Some(Owned { subject: Subject::new(Kind::ReplicaSet, namespace, stem), stated });
        }
        for kind in [Kind::DaemonSet, Kind::Job, Kind::ReplicaSet] {
            let subject = Subject::new(kind, namespace, stem);
            if evidence.get(&subject).is_some() {
                return Some(Owned { subject, stated: false });
            }
        }
    }
    let (stem, ordinal) = name.rsplit_once('-')?;
    let subject = Subject::new(Kind::StatefulSet, namespace, stem);
    (ordinal.bytes().all(|b| b.is_ascii_digit()) && !ordinal.is_empty() && evidence.get(&subject).is_some())
        .then_some(Owned { subject, stated: false })
}

/// The owners of a ReplicaSet, Job or anything else that is no pod, nearest first.
pub(super) fn owners_of_object(evidence: &Evidence, subject: &Subject) -> Vec<Owned> {
    let mut chain: Vec<Owned> = Vec::new();
    let mut at = subject.whole();
    // Three levels are the most that Kubernetes builds; the bound keeps a loop in bad input finite.
    for _ in 0..4 {
        let object = evidence.get(&at);
        let stated = object
            .and_then(|o| o.owners.as_ref())
            .and_then(|owners| owners.iter().find(|o| o.controller).or(owners.first()));
        let next = match stated {
            Some(owner) => Owned { subject: owner.subject.clone(), stated: owner.stated },
            None if object.is_some_and(|o| o.shows(Group::Owners)) => break,
            None => {
                let namespace = at.namespace.as_deref();
                let inferred = match at.kind {
                    Kind::ReplicaSet => without_template_hash(&at.name)
                        .map(|stem| Subject::new(Kind::Deployment, namespace, stem)),
                    Kind::Job => {
                        without_schedule(&at.name).map(|stem| Subject::new(Kind::CronJob, namespace, stem))
                    }
                    // A pod that events tell of and that is gone.
                    Kind::Pod if object.is_none() => {
                        let gone = Object::new(at.clone(), View::Mention);
                        let owner = inferred_owner_of_pod(evidence, &gone).map(|owner| owner.subject);
                        owner.filter(|owner| evidence.get(owner).is_some())
                    }
                    _ => None,
                };
                let Some(subject) = inferred else { break };
                Owned { stated: evidence.get(&subject).is_some_and(|o| o.views.is_live()), subject }
            }
        };
        if chain.iter().any(|o| o.subject == next.subject) {
            break;
        }
        at = next.subject.clone();
        chain.push(next);
    }
    chain
}

fn nodes(evidence: &Evidence) -> Vec<NodeFact<'_>> {
    let mut nodes: BTreeMap<Text, NodeFact> = BTreeMap::new();
    let empty = |name: &Text| NodeFact { name: name.clone(), object: None, node: None, units: Vec::new() };
    for object in evidence.of(&Kind::Node).iter().filter(|object| !object.views.is_past()) {
        let fact = nodes.entry(object.subject.name.clone()).or_insert_with(|| empty(&object.subject.name));
        fact.object = Some(object);
        fact.node = object.node();
    }
    for name in evidence.units().iter().filter_map(|u| u.node.as_ref()) {
        nodes.entry(name.clone()).or_insert_with(|| empty(name));
    }
    for name in evidence.node_logs().iter().filter_map(|l| l.node.as_ref()) {
        nodes.entry(name.clone()).or_insert_with(|| empty(name));
    }
    for unit in evidence.units() {
        if let Some(fact) = unit.node.as_ref().and_then(|name| nodes.get_mut(name)) {
            fact.units.push(unit);
        }
    }
    nodes.into_values().collect()
}

fn log_fact<'f, 'e>(
    facts: &'f Facts<'e>,
    log: &'e Log,
    labelled: &mut BTreeMap<Option<Text>, Labelled<'f, 'e>>,
) -> LogFact<'e> {
    match &log.source {
        LogSource::Container { pod } => {
            let index = facts.pod_at(&pod.whole());
            LogFact { log, pods: index.into_iter().collect(), subject: Some(pod.clone()) }
        }
        LogSource::Workload { subject, .. } => {
            let pods = facts.owned.get(subject).cloned().unwrap_or_default();
            LogFact { log, pods, subject: Some(subject.clone()) }
        }
        LogSource::Selector { namespace, selector, .. } => {
            let known = labelled
                .entry(namespace.clone())
                .or_insert_with(|| Labelled::of(namespace.is_some().then_some(namespace), &facts.pods));
            let pods = known.selected(selector);
            // Pods of one workload as a rule; where they are of several, nobody can tell whose line it is.
            let mut tops = pods.iter().filter_map(|&i| facts.pods.get(i)).map(|pod| pod.top().clone());
            let first = tops.next();
            let subject = first.filter(|first| tops.all(|top| top == *first));
            let subject = subject.or_else(|| workload_selected(facts, namespace.as_deref(), selector));
            LogFact { log, pods, subject }
        }
        LogSource::Unknown => {
            let mut pods = (0..facts.pods.len()).collect::<Vec<_>>();
            // Of several pods nobody can tell whose lines these are.
            if pods.len() > 1 {
                pods.clear();
            }
            LogFact { log, pods, subject: None }
        }
    }
}

/// The workload whose pods a selector means, when no pod of it was seen.
fn workload_selected(
    facts: &Facts<'_>,
    namespace: Option<&str>,
    selector: &crate::evidence::Selector,
) -> Option<Subject> {
    let mut of = facts.workloads.iter().filter(|w| {
        matches!(w.object.subject.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
            && (namespace.is_none() || w.object.subject.namespace.as_deref() == namespace)
            && w.workload
                .template
                .as_ref()
                .and_then(|t| t.labels.as_ref())
                .is_some_and(|labels| selector.matches(labels))
    });
    let first = of.next()?;
    of.next().is_none().then(|| first.object.subject.clone())
}
