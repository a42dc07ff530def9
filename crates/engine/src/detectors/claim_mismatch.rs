//! What keeps a claim from a volume: the claim itself and whoever should provision one, or the volume that comes nearest.

use crate::Text;
use crate::evidence::{Body, Claim, Object, PersistentVolume};
use crate::facts::Facts;
use crate::finding::{Certainty, Proof};
use crate::scan::message::{Mismatch, ProvisionCause, Saying, Storage};
use crate::subject::{Kind, Subject};

/// What keeps a claim from a volume.
pub(super) struct Obstacle {
    /// The aspect `mismatch`.
    pub what: &'static str,
    pub why: String,
    pub proof: Option<Proof>,
    pub certainty: Certainty,
    /// The class that the claim names, where no volume can come of it: no pod and no other volume changes that.
    pub class: Option<Text>,
}

fn obstacle(what: &'static str, why: impl Into<String>, certainty: Certainty) -> Obstacle {
    Obstacle { what, why: why.into(), proof: None, certainty, class: None }
}

/// What keeps a claim from a volume, by what is told of it and what there is.
pub(super) fn of(facts: &Facts, subject: &Subject, claim: &Claim) -> Obstacle {
    if claim.phase.as_deref() == Some("Lost") {
        return obstacle("lost", "its volume is gone, and the data with it", Certainty::Certain);
    }
    if let Some(found) = of_class(facts, subject, claim) {
        return found;
    }
    let found = of_volumes(facts, subject, claim);
    // The controller's own words are of the volume that the claim names, and it saw all of both.
    match said(facts, subject).filter(|_| found.certainty < Certainty::Certain) {
        Some(told) => told,
        None => found,
    }
}

/// What the claim's class, and the provisioner behind it, keep from it.
fn of_class(facts: &Facts, subject: &Subject, claim: &Claim) -> Option<Obstacle> {
    let class = claim.class.as_ref().filter(|class| !class.is_empty());
    let failed = facts.about(subject).filter(|s| !s.overtaken).find_map(|s| match &s.saying {
        Saying::Storage(Storage::ProvisioningFailed { missing_class, cause, .. }) => {
            Some((s, missing_class.as_ref().or(class), *cause))
        }
        _ => None,
    });
    if let Some((statement, class, cause)) = failed {
        let (what, why, certainty) = provisioning(cause, class.map_or("that it names", |class| class));
        let proof = Some(statement.proof());
        return Some(Obstacle { proof, class: class.cloned(), ..obstacle(what, why, certainty) });
    }
    let class = class?;
    let of_this = |found| Some(Obstacle { class: Some(class.clone()), ..found });
    let name = Subject::new(Kind::StorageClass, None, class);
    if facts.is_missing(&name) {
        let why = format!("its storage class {class} does not exist");
        return of_this(obstacle("class-missing", why, Certainty::Certain));
    }
    match facts.object(&name).map(|o| &o.body) {
        Some(Body::StorageClass(found)) if found.binding.as_deref() == Some("WaitForFirstConsumer") => {
            let why = format!("class {class} waits for its pod to be scheduled");
            Some(obstacle("waiting", why, Certainty::Possible))
        }
        Some(_) => {
            let why = format!("no provisioner made a volume of class {class}");
            of_this(obstacle("provisioner", why, Certainty::Likely))
        }
        None => None,
    }
}

/// Why no volume was provisioned.
fn provisioning(cause: ProvisionCause, class: &str) -> (&'static str, String, Certainty) {
    use ProvisionCause as C;
    let (what, certainty) = match cause {
        C::ClassMissing => ("class-missing", Certainty::Certain),
        // What is not reached now may answer at the next try, and what nobody could read may mean anything.
        C::Timeout | C::Unreached | C::Other => ("provisioner", Certainty::Likely),
        _ => ("provisioner", Certainty::Certain),
    };
    let why = match cause {
        C::ClassMissing => format!("its storage class {class} does not exist"),
        C::Unsupported => format!("the storage of class {class} cannot do what it asks for"),
        C::Denied => format!("the storage of class {class} refuses its provisioner the right"),
        C::SourceMissing => format!("a secret, snapshot or other source of class {class} is not there"),
        C::NoRoom => format!("the storage of class {class} has no room, or a quota is used up"),
        C::Topology => format!("the storage of class {class} is nowhere that its pod may run"),
        C::Timeout => format!("the storage of class {class} does not answer in time"),
        C::Unreached => format!("the storage of class {class} is not reached"),
        C::Other => format!("the provisioner of class {class} fails"),
    };
    (what, why, certainty)
}

/// What the controller says of the volume that the claim names.
fn said(facts: &Facts, subject: &Subject) -> Option<Obstacle> {
    facts.about(subject).filter(|s| !s.overtaken).find_map(|statement| {
        let (what, why) = match &statement.saying {
            Saying::Storage(Storage::FailedBinding { taken: Some(volume), .. }) => {
                ("bound-elsewhere", format!("volume {volume}, which it names, is bound to another claim"))
            }
            Saying::Storage(Storage::VolumeMismatch { named, how }) => {
                let volume = named.as_deref().unwrap_or("that it names");
                let (what, differs) = differs(how);
                (what, format!("volume {volume} {differs}"))
            }
            _ => return None,
        };
        Some(Obstacle { proof: Some(statement.proof()), ..obstacle(what, why, Certainty::Certain) })
    })
}

fn differs(how: &Mismatch) -> (&'static str, &str) {
    match how {
        Mismatch::Size => ("size", "is smaller than what it asks for"),
        Mismatch::AccessMode => ("access-mode", "does not offer the access mode that it asks for"),
        Mismatch::StorageClass => ("class", "is of another class"),
        Mismatch::VolumeMode => ("volume-mode", "is of another volume mode"),
        Mismatch::AttributesClass => ("attributes-class", "is of another volume attributes class"),
        Mismatch::BeingDeleted => ("being-deleted", "is being deleted"),
        Mismatch::Other(text) => ("volume", text),
    }
}

/// Which volume comes nearest, and what keeps the claim from it.
fn of_volumes(facts: &Facts, subject: &Subject, claim: &Claim) -> Obstacle {
    let volumes: Vec<(&Object, &PersistentVolume)> = facts
        .evidence
        .of(&Kind::PersistentVolume)
        .iter()
        .filter_map(|o| match &o.body {
            Body::PersistentVolume(volume) => Some((&**o, volume)),
            _ => None,
        })
        .collect();
    let of_class =
        |v: &PersistentVolume| v.class.as_deref().unwrap_or("") == claim.class.as_deref().unwrap_or("");
    let modes = claim.access_modes.as_deref().unwrap_or(&[]);
    let has_modes =
        |v: &PersistentVolume| modes.iter().all(|m| v.access_modes.iter().flatten().any(|n| n == m));
    let large = |v: &PersistentVolume| match (&claim.request, &v.capacity) {
        (Some(request), Some(capacity)) => request.milli <= capacity.milli,
        _ => true,
    };
    let free = |v: &PersistentVolume| v.phase.as_deref() == Some("Available");
    let proof = |o: &Object, v: &PersistentVolume, text: &str| {
        let phase = v.phase.as_deref().unwrap_or("of unknown phase");
        Some(Proof::object(o, format!("volume {} is {phase}: {text}", o.subject.name)))
    };
    let with = |what, why: String, certainty, proof| Obstacle { proof, ..obstacle(what, why, certainty) };
    // The volume it names, or else those of its class: the nearest miss decides.
    let named = claim.volume.as_ref().filter(|name| !name.is_empty());
    let nearest = |wanted: &dyn Fn(&PersistentVolume) -> bool| {
        volumes
            .iter()
            .filter(|(o, _)| named.is_none_or(|name| *name == o.subject.name))
            .find(|(_, v)| wanted(v))
            .copied()
    };
    if let Some((o, v)) =
        nearest(&|v| of_class(v) && has_modes(v) && large(v) && !free(v) && v.claim.is_some())
    {
        let holder = v.claim.as_ref().map_or_else(String::new, Subject::path);
        if v.claim.as_ref() != Some(subject)
            && (!modes.is_empty() || nearest(&|v| of_class(v) && free(v)).is_none())
        {
            let text = format!("bound to claim {holder}");
            let why =
                format!("volume {}, the one that would fit, is bound to claim {holder}", o.subject.name);
            return with("bound-elsewhere", why, Certainty::Certain, proof(o, v, &text));
        }
    }
    if let Some((o, v)) = nearest(&|v| of_class(v) && free(v) && large(v) && !has_modes(v)) {
        let have: Vec<&str> = v.access_modes.iter().flatten().map(|m| &**m).collect();
        let text = format!("access modes {}", have.join(", "));
        let why = format!(
            "it asks for access mode {}, and volume {} offers {}",
            modes.join(", "),
            o.subject.name,
            have.join(", ")
        );
        return with("access-mode", why, Certainty::Certain, proof(o, v, &text));
    }
    if let Some((o, v)) = nearest(&|v| of_class(v) && free(v) && has_modes(v) && !large(v)) {
        let capacity = v.capacity.as_ref().map_or_else(String::new, ToString::to_string);
        let request = claim.request.as_ref().map_or_else(String::new, ToString::to_string);
        let why = format!("it asks for {request}, and volume {} has {capacity}", o.subject.name);
        return with("size", why, Certainty::Certain, proof(o, v, &format!("capacity {capacity}")));
    }
    if let Some((o, v)) = nearest(&|v| !of_class(v) && free(v)) {
        let class = v.class.as_deref().unwrap_or("");
        let why = format!(
            "it asks for class {:?}, and volume {} is of class {class:?}",
            claim.class.as_deref().unwrap_or(""),
            o.subject.name
        );
        return with("class", why, Certainty::Likely, proof(o, v, &format!("class {class:?}")));
    }
    // An available volume that differs in nothing that was seen: the claim's own wishes were not shown.
    if let Some((o, v)) = nearest(&|v| of_class(v) && free(v)) {
        let why = format!(
            "volume {} is free and is not taken: what was seen of the claim leaves access mode and size open",
            o.subject.name
        );
        return with("unseen", why, Certainty::Possible, proof(o, v, "free, of the same class"));
    }
    obstacle("no-volume", "there is no volume for it, and nothing makes one", Certainty::Likely)
}
