//! See `config_reference.md` for what this means and the cases it must pass.

use crate::Text;
use crate::evidence::{Container, EnvSource};
use crate::facts::{Facts, PodFact, Stage, Statement, Voice};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::scan::message::{MountCause, ObjectKind, Saying, Start, Storage};
use crate::subject::{Kind, Subject};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting()) {
        for statement in facts.about(pod.subject()).filter(|s| !s.overtaken) {
            if let Some(missing) = missing(&statement.saying)
                && still_held(pod, statement, missing.via)
            {
                let finding = finding(pod, &missing).shown_by(statement.proof());
                found.push(finding.since(statement.first.clone().or_else(|| pod.pod.started.clone())));
            }
        }
        for container in &pod.pod.containers {
            found.extend(silent(facts, pod, container));
        }
    }
}

/// Whether a reference that leads nowhere is told of a container.
pub(super) fn is_told(facts: &Facts, pod: &PodFact, container: &Container) -> bool {
    named(facts, pod, container) || absent(facts, pod, container).is_some()
}

/// Whether the kubelet names such a reference.
fn named(facts: &Facts, pod: &PodFact, container: &Container) -> bool {
    facts
        .about_container(pod.subject(), &container.name)
        .any(|s| !s.overtaken && matches!(s.saying, Saying::Start(Start::ConfigReferenceMissing { .. })))
}

/// Where nothing is left of what the kubelet said but that the configuration failed: a reference of the container to
/// what is not among all such objects.
fn absent<'p>(facts: &Facts, pod: &'p PodFact, container: &'p Container) -> Option<Missing<'p>> {
    let other = |s: &Statement| {
        !s.overtaken
            && matches!(&s.saying, Saying::Start(start) if !matches!(start, Start::Other(_) | Start::BackOff { .. }))
    };
    if !pod.lacks_configuration(container) || facts.about_container(pod.subject(), &container.name).any(other)
    {
        return None;
    }
    let namespace = pod.subject().namespace.as_deref();
    container.env.iter().flatten().find_map(|variable| {
        let (kind, name) = required(&variable.from)?;
        let gone = facts.is_missing(&Subject::new(kind.clone(), namespace, name));
        gone.then_some(Missing { kind, name, key: None, via: "env" })
    })
}

/// The object that a variable cannot be set without.
fn required(source: &EnvSource) -> Option<(Kind, &Text)> {
    match source {
        EnvSource::ConfigMapKey { name, optional: false, .. }
        | EnvSource::ConfigMap { name, optional: false } => Some((Kind::ConfigMap, name)),
        EnvSource::SecretKey { name, optional: false, .. } | EnvSource::Secret { name, optional: false } => {
            Some((Kind::Secret, name))
        }
        _ => None,
    }
}

fn silent(facts: &Facts, pod: &PodFact, container: &Container) -> Option<Finding> {
    let missing = absent(facts, pod, container)?;
    let state = facts.about_container(pod.subject(), &container.name).find(|s| s.voice == Voice::State)?;
    let kind = missing.kind.as_str();
    let text = format!(
        "its environment refers to {kind} {}; the list of {kind}s has none of that name",
        missing.name
    );
    let finding = finding(pod, &missing).shown_by(state.proof()).shown_by(Proof::object(pod.object, text));
    // The kubelet may have stumbled over something else first.
    Some(finding.at_most(Certainty::Likely).since(pod.pod.started.clone()))
}

/// A reference that leads nowhere.
struct Missing<'s> {
    kind: Kind,
    name: &'s Text,
    key: Option<&'s Text>,
    via: &'static str,
}

fn missing(saying: &Saying) -> Option<Missing<'_>> {
    match saying {
        Saying::Start(Start::ConfigReferenceMissing { kind, name, key, .. }) => {
            Some(Missing { kind: kind_of(*kind), name, key: key.as_ref(), via: "env" })
        }
        Saying::Storage(Storage::MountFailed { cause: MountCause::ObjectMissing { kind, name }, .. }) => {
            Some(Missing { kind: kind_of(*kind), name, key: None, via: "volume" })
        }
        _ => None,
    }
}

fn kind_of(kind: ObjectKind) -> Kind {
    match kind {
        ObjectKind::ConfigMap => Kind::ConfigMap,
        ObjectKind::Secret => Kind::Secret,
    }
}

/// An event outlives what it tells: the pod must still be held where such a reference holds it.
fn still_held(pod: &PodFact, statement: &Statement, via: &str) -> bool {
    let stage = if via == "env" { Stage::Create } else { Stage::Setup };
    match statement.container() {
        Some(name) => pod.pod.containers.iter().filter(|c| c.name == *name).all(|c| pod.reached(c) <= stage),
        None => pod.stage() <= stage || pod.pod.containers.iter().any(|c| pod.reached(c) == stage),
    }
}

fn finding(pod: &PodFact, missing: &Missing) -> Finding {
    let subject = pod.top().clone();
    let namespace = pod.subject().namespace.as_deref();
    let object = Subject::new(missing.kind.clone(), namespace, missing.name);
    let what = match missing.key {
        Some(key) => format!("key {key} of {} {}", object.kind.as_str(), object.path()),
        None => format!("{} {}", object.kind.as_str(), object.path()),
    };
    let how = if missing.via == "env" { "its environment" } else { "a volume" };
    let summary = format!(
        "{} {} takes {how} from {what}, which does not exist; its container cannot be created.",
        subject.kind.as_str(),
        subject.path()
    );
    let describe = format!("{}/{}", missing.kind.as_str().to_lowercase(), missing.name);
    Finding::new(Code::ConfigReferenceMissing, subject.clone(), summary)
        .aspect("kind", missing.kind.as_str())
        .aspect("missing", if missing.key.is_some() { "key" } else { "object" })
        .aspect("name", missing.name.clone())
        .aspect("via", missing.via)
        .hits([pod.subject().clone()])
        .ruled_out("image", "the kubelet makes the container's configuration only after the image is there")
        .remedy(Remedy::kubectl(
            format!("Look whether {what} exists under another name"),
            &object,
            Honesty::Safe,
            &["get", &missing.kind.plural()],
        ))
        .remedy(Remedy::advice(format!(
            "Create {describe}, or correct the reference in the template of {}; the kubelet tries again by itself",
            subject.path()
        )))
}
