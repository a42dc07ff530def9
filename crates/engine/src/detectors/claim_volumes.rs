//! The volumes there are, and what keeps a claim from the one that it names or that comes nearest.

use super::claim_mismatch::{Obstacle, obstacle};
use crate::evidence::{Body, Claim, Object, PersistentVolume};
use crate::facts::Facts;
use crate::finding::{Certainty, Proof};
use crate::scan::message::{Mismatch, Saying, Storage};
use crate::subject::{Kind, Subject};

/// What the controller says of the volume that the claim names.
pub(super) fn said(facts: &Facts, subject: &Subject) -> Option<Obstacle> {
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
pub(super) fn nearest(facts: &Facts, subject: &Subject, claim: &Claim) -> Obstacle {
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
