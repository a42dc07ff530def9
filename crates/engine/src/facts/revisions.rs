//! A workload over time: its revisions and runs, oldest first, and who wrote to an object when.

use super::template::differences;
use super::{Difference, Facts, Field, PodFact, WorkloadFact};
use crate::Text;
use crate::evidence::{Group, Manager, Object, Pod};
use crate::moment::{Moment, SECOND, Tri};
use crate::subject::{Kind, Subject, without_schedule};
use std::collections::BTreeMap;

/// A workload with all that it owns.
pub struct Family<'f, 'e> {
    /// The topmost owner.
    pub top: Subject,
    /// Its ReplicaSets or Jobs.
    pub children: Vec<&'f WorkloadFact<'e>>,
    /// Its pods.
    pub pods: Vec<&'f PodFact<'e>>,
}

/// The families of these topmost owners.
pub fn families<'f, 'e>(
    facts: &'f Facts<'e>,
    tops: impl IntoIterator<Item = Subject>,
) -> BTreeMap<Subject, Family<'f, 'e>> {
    let mut families: BTreeMap<Subject, Family> = tops
        .into_iter()
        .map(|top| (top.clone(), Family { top, children: Vec::new(), pods: Vec::new() }))
        .collect();
    if families.is_empty() {
        return families;
    }
    for (top, family) in &mut families {
        family.pods = facts.at(facts.owned.get(top)).collect();
    }
    for workload in facts.workloads() {
        if let Some(family) = workload.owner.as_ref().and_then(|owner| families.get_mut(&owner.subject)) {
            family.children.push(workload);
        }
    }
    families
}

/// One template that pods of a workload were made from: a ReplicaSet, or the pods that carry one hash.
pub struct Revision<'f, 'e> {
    /// The ReplicaSet, or the workload itself where it keeps its revisions out of sight.
    pub subject: Subject,
    /// Its number, where shown.
    pub number: Option<u64>,
    /// When it, or its first pod, was created.
    pub began: Option<Moment>,
    /// Its pods.
    pub pods: Vec<&'f PodFact<'e>>,
    template: Option<(&'e Pod, bool)>,
}

impl Revision<'_, '_> {
    /// How many of its pods are ready.
    pub fn ready(&self) -> usize {
        self.pods.iter().filter(|pod| pod.is_ready() == Some(true) && !pod.is_deleting()).count()
    }

    /// What it has other than an earlier one; none where one of them was not seen.
    pub fn differs_from(&self, earlier: &Revision<'_, '_>) -> Option<Vec<Difference>> {
        let ((before, a), (after, b)) = (earlier.template?, self.template?);
        Some(differences(before, after, a && b))
    }
}

/// The label by which a StatefulSet or DaemonSet tells the pods of its revisions apart.
const REVISION_HASH: &str = "controller-revision-hash";

impl<'f, 'e> Family<'f, 'e> {
    /// The revisions of a Deployment, StatefulSet or DaemonSet, oldest first.
    pub fn revisions(&self) -> Vec<Revision<'f, 'e>> {
        let mut all: BTreeMap<Subject, Revision<'f, 'e>> = BTreeMap::new();
        let empty = |subject: &Subject| Revision {
            subject: subject.clone(),
            number: None,
            began: None,
            pods: Vec::new(),
            template: None,
        };
        for child in self.children.iter().filter(|child| child.subject().kind == Kind::ReplicaSet) {
            let revision = all.entry(child.subject().clone()).or_insert_with(|| empty(child.subject()));
            revision.number = child.workload.revision;
            revision.began.clone_from(&child.object.created);
            let whole = child.object.shows(Group::FullSpec);
            revision.template = child.workload.template.as_ref().map(|template| (&template.pod, whole));
        }
        for pod in &self.pods {
            let key = match self.top.kind {
                Kind::Deployment => pod.owner(&Kind::ReplicaSet).cloned(),
                Kind::StatefulSet | Kind::DaemonSet => {
                    let hash = pod.object.labels.as_ref().and_then(|labels| labels.get(REVISION_HASH));
                    hash.map(|hash| Subject { name: hash.clone(), ..self.top.clone() })
                }
                _ => None,
            };
            let Some(key) = key else { continue };
            let revision = all.entry(key.clone()).or_insert_with(|| empty(&key));
            if revision.template.is_none() && pod.object.shows(Group::Spec) {
                revision.template = Some((pod.pod, pod.object.shows(Group::FullSpec)));
            }
            if revision.number.is_none() {
                revision.began = Moment::first(revision.began.take(), pod.object.created.clone());
            }
            revision.pods.push(pod);
        }
        let mut revisions: Vec<Revision> = all.into_values().collect();
        let began = |r: &Revision| r.began.as_ref().map(Moment::print_key);
        if revisions.iter().all(|r| r.number.is_some()) {
            revisions.sort_by_key(|r| r.number);
        } else {
            revisions.sort_by(|a, b| began(a).cmp(&began(b)).then_with(|| a.subject.cmp(&b.subject)));
        }
        revisions
    }

    /// The newest revision and the last good one before it: one with ready pods, else the one just before.
    pub fn rollout(&self) -> Option<(Revision<'f, 'e>, Revision<'f, 'e>)> {
        let mut revisions = self.revisions();
        let new = revisions.pop()?;
        let good = revisions.iter().rposition(|revision| revision.ready() > 0);
        let at = good.or_else(|| revisions.len().checked_sub(1))?;
        Some((new, revisions.swap_remove(at)))
    }

    /// The runs of a CronJob that were made on schedule, oldest first.
    pub fn runs(&self) -> Vec<&'f WorkloadFact<'e>> {
        let mut runs: Vec<&WorkloadFact> = self
            .children
            .iter()
            .copied()
            .filter(|job| job.subject().kind == Kind::Job && without_schedule(&job.subject().name).is_some())
            .collect();
        // The name ends in the scheduled minute.
        runs.sort_by_key(|job| {
            let minute = job.subject().name.rsplit('-').next().and_then(|minute| minute.parse::<u64>().ok());
            (minute, job.subject().name.clone())
        });
        runs
    }
}

/// What a run of a CronJob has other than all kept runs before it, and how many those are.
pub fn run_differences(earlier: &[&WorkloadFact], run: &WorkloadFact) -> Vec<Difference> {
    let Some(last) = earlier.last() else { return Vec::new() };
    let mut found = Vec::new();
    // A value that changed from run to run anyway tells nothing.
    let steady = |value: &dyn Fn(&WorkloadFact) -> Option<u32>| {
        let before = value(last)?;
        earlier.iter().all(|job| value(job) == Some(before)).then_some(before)
    };
    let runs = match earlier.len() {
        1 => "in the run before".to_owned(),
        count => format!("in the last {count} runs"),
    };
    let parallelism = |job: &WorkloadFact| job.workload.desired;
    let completions = |job: &WorkloadFact| job.workload.completions;
    for (name, was, is) in [
        ("parallelism", steady(&parallelism), parallelism(run)),
        ("completions", steady(&completions), completions(run)),
    ] {
        if let (Some(was), Some(is)) = (was, is)
            && was != is
        {
            found.push(Difference {
                field: Field::Size,
                name: name.to_owned(),
                from: Some(format!("{was} {runs}")),
                to: Some(is.to_string()),
            });
        }
    }
    if let (Some(before), Some(after)) = (&last.workload.template, &run.workload.template) {
        let whole = last.object.shows(Group::FullSpec) && run.object.shows(Group::FullSpec);
        found.extend(differences(&before.pod, &after.pod, whole));
    }
    found
}

/// Writers that only carry out what others asked for.
const CONTROLLERS: &[&str] = &["kube-controller-manager", "kubelet", "kube-scheduler"];

/// Whether a writer is a part of Kubernetes that carries out what an object asks for.
pub fn is_controller(manager: &Manager) -> bool {
    CONTROLLERS.contains(&&*manager.name)
}

/// Whoever last wrote a field below one of these paths, not after that moment and not with the creation. Fields that a
/// manager wrote together share its time, so that this is the latest time at which *one* of them changed.
pub fn writer<'o>(object: &'o Object, below: &[&str], by: Option<&Moment>) -> Option<&'o Manager> {
    let wrote = |manager: &&Manager| {
        let early = match (&manager.at, by) {
            (Some(at), Some(by)) => at.not_after(by),
            (Some(_), None) => true,
            (None, _) => false,
        };
        early
            && !is_controller(manager)
            && &*manager.subresource != "status"
            && manager.paths.iter().any(|path| below.iter().any(|prefix| is_below(path, prefix)))
    };
    object.managers.iter().filter(wrote).max_by_key(|manager| manager.at.as_ref().map(|at| at.latest))
}

/// Whether a path is that field or inside it.
pub fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Who wrote an object into being: whoever wrote at the time of its creation.
pub fn creator(object: &Object) -> Option<Text> {
    let created = object.created.as_ref()?;
    // A controller writes the status at once, too.
    let at_birth = |manager: &&Manager| {
        !is_controller(manager)
            && &*manager.subresource != "status"
            && manager.at.as_ref().is_some_and(|at| same_second(at, created))
    };
    object.managers.iter().find(at_birth).map(|manager| manager.name.clone())
}

/// Whether a manager wrote after the object's creation: a change, and not its first form.
pub fn is_later_write(object: &Object, manager: &Manager) -> bool {
    match (&manager.at, &object.created) {
        (Some(at), Some(created)) => !same_second(at, created) && created.before(at) != Tri::No,
        _ => false,
    }
}

fn same_second(a: &Moment, b: &Moment) -> bool {
    a.until(b).is_some_and(|(least, greatest)| least.abs().min(greatest.abs()) <= SECOND)
}
