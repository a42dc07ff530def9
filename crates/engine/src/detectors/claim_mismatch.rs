//! What keeps a claim from the volume that comes nearest to it.

use crate::evidence::{Body, Claim, Object, PersistentVolume};
use crate::facts::Facts;
use crate::finding::{Certainty, Proof};
use crate::subject::{Kind, Subject};

/// Which volume comes nearest, and what keeps the claim from it.
pub(super) fn mismatch(
    facts: &Facts,
    subject: &Subject,
    claim: &Claim,
) -> (&'static str, String, Option<Proof>, Certainty) {
    if let Some(class) = claim.class.as_deref().filter(|class| !class.is_empty()) {
        let name = Subject::new(Kind::StorageClass, None, class);
        if facts.is_missing(&name) {
            return ("class", format!("its storage class {class} does not exist"), None, Certainty::Certain);
        }
        let bindings = facts.object(&name).map(|o| &o.body);
        if let Some(Body::StorageClass(found)) = bindings
            && found.binding.as_deref() == Some("WaitForFirstConsumer")
        {
            return (
                "waiting",
                format!("class {class} waits for its pod to be scheduled"),
                None,
                Certainty::Possible,
            );
        }
        if facts.evidence.is_listed(&Kind::StorageClass, None) || facts.object(&name).is_some() {
            return (
                "provisioner",
                format!("no provisioner made a volume of class {class}"),
                None,
                Certainty::Likely,
            );
        }
    }
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
            return (
                "bound-elsewhere",
                format!("volume {}, the one that would fit, is bound to claim {holder}", o.subject.name),
                proof(o, v, &text),
                Certainty::Certain,
            );
        }
    }
    if let Some((o, v)) = nearest(&|v| of_class(v) && free(v) && large(v) && !has_modes(v)) {
        let have: Vec<&str> = v.access_modes.iter().flatten().map(|m| &**m).collect();
        let text = format!("access modes {}", have.join(", "));
        return (
            "access-mode",
            format!(
                "it asks for access mode {}, and volume {} offers {}",
                modes.join(", "),
                o.subject.name,
                have.join(", ")
            ),
            proof(o, v, &text),
            Certainty::Certain,
        );
    }
    if let Some((o, v)) = nearest(&|v| of_class(v) && free(v) && has_modes(v) && !large(v)) {
        let capacity = v.capacity.as_ref().map_or_else(String::new, ToString::to_string);
        let request = claim.request.as_ref().map_or_else(String::new, ToString::to_string);
        return (
            "size",
            format!("it asks for {request}, and volume {} has {capacity}", o.subject.name),
            proof(o, v, &format!("capacity {capacity}")),
            Certainty::Certain,
        );
    }
    if let Some((o, v)) = nearest(&|v| !of_class(v) && free(v)) {
        let class = v.class.as_deref().unwrap_or("");
        return (
            "class",
            format!(
                "it asks for class {:?}, and volume {} is of class {class:?}",
                claim.class.as_deref().unwrap_or(""),
                o.subject.name
            ),
            proof(o, v, &format!("class {class:?}")),
            Certainty::Likely,
        );
    }
    // An available volume that differs in nothing that was seen: the claim's own wishes were not shown.
    if let Some((o, v)) = nearest(&|v| of_class(v) && free(v)) {
        return (
            "unseen",
            format!(
                "volume {} is free and is not taken: what was seen of the claim leaves access mode and size open",
                o.subject.name
            ),
            proof(o, v, "free, of the same class"),
            Certainty::Possible,
        );
    }
    ("no-volume", "there is no volume for it, and nothing makes one".to_owned(), None, Certainty::Likely)
}
