//! See `config_reference.md` for what this means and the cases it must pass.

use crate::Text;
use crate::facts::{Facts, PodFact, Stage, Statement};
use crate::finding::{Code, Finding, Honesty, Remedy};
use crate::scan::message::{MountCause, ObjectKind, Saying, Start, Storage};
use crate::subject::{Kind, Subject};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.pods().filter(|pod| !pod.is_finished() && !pod.is_deleting()) {
        for statement in facts.about(pod.subject()).filter(|s| !s.overtaken) {
            if let Some(missing) = missing(&statement.saying)
                && still_held(pod, statement, missing.via)
            {
                found.push(finding(pod, statement, &missing));
            }
        }
    }
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

fn finding(pod: &PodFact, statement: &Statement, missing: &Missing) -> Finding {
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
        .since(statement.first.clone().or_else(|| pod.pod.started.clone()))
        .shown_by(statement.proof())
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
