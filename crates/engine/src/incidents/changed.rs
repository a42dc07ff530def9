//! What was changed before an incident began, and touches a field that can produce its root's mechanism.

use super::relevant::{concerns, fields};
use crate::evidence::{Body, EnvSource, Manager, Object, Pod, VolumeSource};
use crate::facts::{
    Difference, Facts, Family, Field, PodFact, creator, is_below, is_controller, is_later_write,
    run_differences, writer,
};
use crate::finding::{Finding, NotSeen};
use crate::moment::{Moment, SECOND, Tri};
use crate::report::{CREATED, Change};
use crate::subject::{Kind, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// How long before the onset a change may lie that only its time speaks for.
const BEFORE: i64 = 24 * 3600 * SECOND;
/// How long a controller takes at most from a write to what it makes of it.
const REACTION: i64 = 60 * SECOND;
/// The most changes of one incident.
const MOST: usize = 8;
/// A writer of more fields than these wrote the whole object: which of them it changed is not to be seen.
const FEW_PATHS: usize = 6;

/// The families that [`changes`] of these roots will look at.
pub(super) fn tops<'r>(roots: impl Iterator<Item = &'r Finding>, facts: &Facts) -> BTreeSet<Subject> {
    let mut tops = BTreeSet::new();
    for root in roots {
        tops.extend(tops_of(root, facts));
    }
    tops
}

/// The workloads that a root is about: its own, and those whose pods it hits first.
fn tops_of(root: &Finding, facts: &Facts) -> BTreeSet<Subject> {
    let own = facts.top(&root.subject);
    if own.kind.is_workload() {
        return BTreeSet::from([own]);
    }
    let hit: BTreeSet<Subject> =
        root.members.iter().map(|m| facts.top(m)).filter(|top| top.kind.is_workload()).collect();
    // What hits many workloads was not made by a change of one of them.
    if hit.len() > 2 { BTreeSet::new() } else { hit }
}

/// The changes before a root, most telling first.
pub(super) fn changes(
    root: &Finding,
    onset: Option<&Moment>,
    families: &BTreeMap<Subject, Family>,
    facts: &Facts,
) -> Vec<Change> {
    let mut search = Search { root, onset, facts, fields: fields(root.code), found: BTreeSet::new() };
    if search.fields.is_empty() {
        return Vec::new();
    }
    for family in tops_of(root, facts).iter().filter_map(|top| families.get(top)) {
        search.workload(family);
    }
    search.references();
    search.others();
    let mut found: Vec<Ranked> = search.found.into_iter().collect();
    found.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.change.cmp(&b.change)));
    found.truncate(MOST);
    found.into_iter().map(|ranked| ranked.change).collect()
}

/// A change and what speaks for it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    /// Only what has it fails, and what has it not works.
    tells_apart: bool,
    field: Field,
    change: Change,
}

/// What tells failing from healthy pods first, then the later change, then the field.
fn rank(ranked: &Ranked) -> (bool, std::cmp::Reverse<Option<i64>>, Field) {
    let at = ranked.change.at.as_ref().map(|at| at.latest);
    (!ranked.tells_apart, std::cmp::Reverse(at), ranked.field)
}

struct Search<'s, 'e> {
    root: &'s Finding,
    onset: Option<&'s Moment>,
    facts: &'s Facts<'e>,
    fields: &'static [Field],
    found: BTreeSet<Ranked>,
}

impl Search<'_, '_> {
    /// Whether a moment lies before the onset, and not long before. What cannot be ordered does not.
    fn is_before(&self, at: Option<&Moment>, however_long: bool) -> bool {
        let (Some(at), Some(onset)) = (at, self.onset) else { return false };
        at.not_after(onset) && at.until(onset).is_some_and(|(least, _)| however_long || least <= BEFORE)
    }

    fn add(&mut self, tells_apart: bool, field: Field, change: Change) {
        if self.fields.contains(&field) {
            self.found.insert(Ranked { tells_apart, field, change });
        }
    }

    fn workload(&mut self, family: &Family) {
        let compared = match family.top.kind {
            Kind::CronJob => self.run(family),
            _ => self.rollout(family),
        };
        if let Some(object) = self.facts.object(&family.top) {
            self.size(object);
            if !compared {
                self.written(object);
                self.created(object);
            }
        }
        // A Job by itself, and the run of a CronJob that differs from no other, came into being.
        if !compared && family.top != self.root.subject.whole() {
            let own = self.facts.object(&self.root.subject).filter(|o| o.subject.kind == Kind::Job);
            own.into_iter().for_each(|job| self.created(job));
        }
    }

    /// The last rollout against the last good revision. True where there are two to compare: then nothing else has to
    /// tell what was changed.
    fn rollout(&mut self, family: &Family) -> bool {
        let Some((new, good)) = family.rollout() else { return false };
        let hit: Vec<&Subject> = self
            .root
            .members
            .iter()
            .filter(|member| family.pods.iter().any(|pod| *pod.subject() == member.whole()))
            .collect();
        let of_new = |member: &&&Subject| new.pods.iter().any(|pod| *pod.subject() == member.whole());
        let new_alone = hit.iter().all(|member| of_new(&member));
        // Pods of both revisions fail: what tells them apart is not the reason.
        if !hit.is_empty() && !new_alone {
            return true;
        }
        let object = self.facts.object(&family.top);
        let rolled_back = match (&new.began, &good.began) {
            (Some(new), Some(good)) => new.before(good) == Tri::Yes,
            _ => false,
        };
        let write = object.and_then(|object| {
            let by = if rolled_back { self.onset } else { new.began.as_ref() };
            writer(object, &["spec.template"], by).filter(|manager| is_later_write(object, manager))
        });
        let near = |manager: &&Manager| {
            let (at, began) = (manager.at.as_ref(), new.began.as_ref());
            at.zip(began).and_then(|(at, began)| at.until(began)).is_some_and(|(least, _)| least <= REACTION)
        };
        let write = if rolled_back { write } else { write.filter(near) };
        let at = if rolled_back { write.and_then(|m| m.at.clone()) } else { new.began.clone() };
        let tells_apart = !hit.is_empty() && good.ready() > 0;
        // Where only the pods of the new revision fail, it came first, whether or not the time of either is known.
        let came_first = tells_apart && self.onset.is_none();
        if !came_first && !self.is_before(at.as_ref(), tells_apart) {
            return true;
        }
        let by = write.map(|manager| manager.name.clone());
        let subject = &family.top;
        let change = |d: Difference| Change {
            at: at.clone(),
            subject: subject.clone(),
            field: d.name,
            from: d.from,
            to: d.to,
            by: by.clone(),
        };
        let before = self.found.len();
        let differences = new.differs_from(&good).unwrap_or_default();
        for difference in differences {
            self.add(tells_apart, difference.field, change(difference));
        }
        if self.found.len() == before {
            // Something of it was changed, for that is what makes a revision; what, was not seen.
            let number = |n: Option<u64>| n.map(|n| format!("that of revision {n}"));
            let (from, to) = (number(good.number), number(new.number));
            let whole = Difference { field: Field::Template, name: "pod template".to_owned(), from, to };
            self.add(tells_apart, Field::Template, change(whole));
        }
        true
    }

    /// The run of a CronJob that the root is about, against the kept runs before it.
    fn run(&mut self, family: &Family) -> bool {
        let runs = family.runs();
        let hit = |job: &Subject| {
            *job == self.root.subject.whole()
                || self.root.members.iter().any(|m| {
                    self.facts.pod(m).is_some_and(|pod| pod.owners.iter().any(|owner| owner.subject == *job))
                })
        };
        let Some(at) = runs.iter().rposition(|job| hit(job.subject())) else { return false };
        let Some((&run, earlier)) = runs.get(..=at).and_then(<[_]>::split_last) else { return false };
        let differences = run_differences(earlier, run);
        let cron = self.facts.object(&family.top);
        let began = run.object.created.clone();
        let mut told = false;
        for difference in differences {
            if !self.fields.contains(&difference.field) {
                continue;
            }
            // The edit itself, where it lies between the last run that was as before and this one.
            let path = match difference.field {
                Field::Size => format!("spec.jobTemplate.spec.{}", difference.name),
                _ => "spec.jobTemplate.spec.template".to_owned(),
            };
            let write = cron.and_then(|cron| writer(cron, &[&path], began.as_ref())).filter(|manager| {
                let before = earlier.last().and_then(|job| job.object.created.as_ref());
                manager.at.as_ref().zip(before).is_some_and(|(at, before)| before.not_after(at))
            });
            let at = write.and_then(|manager| manager.at.clone()).or_else(|| began.clone());
            if self.is_before(at.as_ref(), true) {
                told = true;
                let by = write.map(|manager| manager.name.clone());
                let subject = if write.is_some() { &family.top } else { run.subject() };
                let Difference { field, name, from, to } = difference;
                self.add(true, field, Change { at, subject: subject.clone(), field: name, from, to, by });
            }
        }
        told
    }

    /// A new number of pods.
    fn size(&mut self, object: &Object) {
        let Some(desired) = object.workload().and_then(|workload| workload.desired) else { return };
        let write = writer(object, &["spec.replicas"], self.onset).filter(|manager| {
            is_later_write(object, manager)
                && (&*manager.subresource == "scale" || manager.paths.len() <= FEW_PATHS)
        });
        let Some(write) = write.filter(|manager| self.is_before(manager.at.as_ref(), false)) else { return };
        self.add(
            false,
            Field::Size,
            Change {
                at: write.at.clone(),
                subject: object.subject.clone(),
                field: "replicas".to_owned(),
                from: None,
                to: Some(desired.to_string()),
                by: Some(write.name.clone()),
            },
        );
    }

    /// Fields of a template that somebody wrote, where no second revision shows what they were.
    fn written(&mut self, object: &Object) {
        let below = "spec.template";
        let Some(write) = writer(object, &[below], self.onset) else { return };
        if !is_later_write(object, write) || !self.is_before(write.at.as_ref(), false) {
            return;
        }
        let paths: Vec<&str> = write.paths.iter().map(|p| &**p).filter(|p| is_below(p, below)).collect();
        let mut tell = |field: Field, name: String| {
            let (at, by) = (write.at.clone(), Some(write.name.clone()));
            let change =
                Change { at, subject: object.subject.clone(), field: name, from: None, to: None, by };
            self.add(false, field, change);
        };
        if paths.len() > FEW_PATHS {
            return tell(Field::Template, "pod template".to_owned());
        }
        for path in paths {
            let field = field_of(path);
            let name = path.strip_prefix("spec.template.spec.").unwrap_or(path);
            tell(field, name.to_owned());
        }
    }

    /// The object's own beginning.
    fn created(&mut self, object: &Object) {
        if !self.is_before(object.created.as_ref(), false) {
            return;
        }
        let size = object.workload().and_then(|w| w.desired).filter(|_| object.subject.kind == Kind::Job);
        self.add(
            false,
            Field::Created,
            Change {
                at: object.created.clone(),
                subject: object.subject.clone(),
                field: CREATED.to_owned(),
                from: None,
                to: size.map(|size| format!("parallelism {size}")),
                by: creator(object),
            },
        );
    }

    /// ConfigMaps and Secrets that the hit pods read.
    fn references(&mut self) {
        let pods: Vec<&PodFact> = self.root.members.iter().filter_map(|m| self.facts.pod(m)).collect();
        let mut referenced = BTreeSet::new();
        for pod in &pods {
            let namespace = pod.subject().namespace.as_deref();
            for (kind, name) in references(pod.pod) {
                referenced.insert(Subject::new(kind, namespace, &name));
            }
        }
        for subject in referenced {
            let Some(object) = self.facts.object(&subject) else { continue };
            self.write(object, &["data", "binaryData"], Field::Data, |paths| {
                let keys: Vec<&str> =
                    paths.iter().filter_map(|p| p.split_once('.').map(|(_, key)| key)).collect();
                match keys.as_slice() {
                    [key] => format!("key {key}"),
                    _ => "data".to_owned(),
                }
            });
        }
    }

    /// What is no workload: Services, quotas, nodes, claims and what else the root's code says.
    fn others(&mut self) {
        let namespaces: BTreeSet<_> = self
            .root
            .members
            .iter()
            .chain([&self.root.subject])
            .filter_map(|s| s.namespace.clone())
            .collect();
        for &(ref kind, place, below, field) in concerns(self.root.code) {
            for object in self.facts.evidence.of(kind) {
                let near = match place {
                    Near::Itself => object.subject == self.root.subject.whole(),
                    Near::Named => {
                        self.root.depends_on.contains(&object.subject)
                            || self.root.members.contains(&object.subject)
                            || object.subject == self.root.subject.whole()
                    }
                    Near::Namespace => {
                        object.subject.namespace.as_ref().is_some_and(|ns| namespaces.contains(ns))
                    }
                    Near::Anywhere => true,
                };
                if near {
                    self.write(object, below, field, |paths| match paths {
                        [path] => path.strip_prefix("spec.").unwrap_or(path).to_owned(),
                        _ => {
                            below.first().map_or("spec", |p| p.strip_prefix("spec.").unwrap_or(p)).to_owned()
                        }
                    });
                    if matches!(
                        object.subject.kind,
                        Kind::ResourceQuota | Kind::NetworkPolicy | Kind::LimitRange
                    ) {
                        self.created(object);
                    }
                }
            }
        }
    }

    /// A write to fields of an object after its creation.
    fn write(&mut self, object: &Object, below: &[&str], field: Field, name: impl Fn(&[&str]) -> String) {
        let Some(write) = writer(object, below, self.onset) else { return };
        if !is_later_write(object, write) || !self.is_before(write.at.as_ref(), false) {
            return;
        }
        let paths: Vec<&str> =
            write.paths.iter().map(|p| &**p).filter(|p| below.iter().any(|b| is_below(p, b))).collect();
        let to = value_now(object, field, &paths);
        let change = Change {
            at: write.at.clone(),
            subject: object.subject.clone(),
            field: name(&paths),
            from: None,
            to,
            by: Some(write.name.clone()).filter(|_| !is_controller(write)),
        };
        self.add(false, field, change);
    }
}

/// People among those who wrote: who they are, only the audit log tells. Names of tools and operators say enough.
pub(super) fn authors(changes: &[Change]) -> Vec<NotSeen> {
    let by: BTreeSet<&crate::Text> = changes.iter().filter_map(|change| change.by.as_ref()).collect();
    by.into_iter()
        .filter(|by| by.starts_with("kubectl"))
        .map(|by| NotSeen { what: format!("who used {by}: the API server's audit log tells"), read: None })
        .collect()
}

/// Where an object must be to concern a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    /// It is the root's subject.
    Itself,
    /// The root names it.
    Named,
    /// It is in a namespace of the root.
    Namespace,
    /// It concerns all.
    Anywhere,
}

/// What a changed field holds now, where that is short and not secret.
fn value_now(object: &Object, field: Field, paths: &[&str]) -> Option<String> {
    match (&object.body, field) {
        (Body::Node(node), Field::Schedulable) if paths.iter().all(|p| *p == "spec.unschedulable") => {
            node.unschedulable.map(|it| it.to_string())
        }
        (Body::Quota(quota), Field::Quota) => {
            let hard = quota.hard.as_ref()?;
            let of = |path: &&str| path.strip_prefix("spec.hard.").map(str::to_owned);
            let named: Vec<String> = paths.iter().filter_map(of).collect();
            let told = hard.iter().filter(|(name, _)| named.iter().any(|n| *n == ***name));
            Some(told.map(|(name, q)| format!("{name} {}", q.text)).collect::<Vec<_>>().join(", "))
                .filter(|text| !text.is_empty())
        }
        (Body::Service(service), Field::Selector) => {
            let selector = service.selector.as_ref()?;
            Some(selector.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

/// ConfigMaps and Secrets that a pod reads.
fn references(pod: &Pod) -> BTreeSet<(Kind, crate::Text)> {
    let mut all = BTreeSet::new();
    for env in pod.containers.iter().flat_map(|c| c.env.iter().flatten()) {
        match &env.from {
            EnvSource::ConfigMapKey { name, .. } | EnvSource::ConfigMap { name, .. } => {
                all.insert((Kind::ConfigMap, name.clone()));
            }
            EnvSource::SecretKey { name, .. } | EnvSource::Secret { name, .. } => {
                all.insert((Kind::Secret, name.clone()));
            }
            _ => {}
        }
    }
    for volume in pod.volumes.iter().flatten() {
        match &volume.source {
            VolumeSource::ConfigMap { name, .. } => {
                all.insert((Kind::ConfigMap, name.clone()));
            }
            VolumeSource::Secret { name, .. } => {
                all.insert((Kind::Secret, name.clone()));
            }
            _ => {}
        }
    }
    all
}

/// What a path inside a template is for.
fn field_of(path: &str) -> Field {
    let last = path.rsplit("].").next().unwrap_or(path);
    let word = |word: &str| is_below(last, word) || path.contains(&format!(".{word}"));
    if word("image") {
        Field::Image
    } else if word("command") || word("args") {
        Field::Program
    } else if word("env") || word("envFrom") {
        Field::Env
    } else if word("limits") {
        Field::Limits
    } else if word("requests") {
        Field::Requests
    } else if word("livenessProbe") || word("readinessProbe") || word("startupProbe") {
        Field::Probes
    } else if word("volumes") || word("volumeMounts") {
        Field::Volumes
    } else if word("nodeSelector") || word("affinity") || word("tolerations") {
        Field::Placement
    } else if word("serviceAccountName") || word("imagePullSecrets") {
        Field::Identity
    } else if word("ports") {
        Field::Ports
    } else {
        Field::Template
    }
}
