//! What keeps a claim from a volume: the class that it names and whoever makes volumes of it, or the volumes there are.

use super::claim_volumes::{nearest, said};
use crate::Text;
use crate::evidence::{Body, Claim};
use crate::facts::Facts;
use crate::finding::{Certainty, Proof};
use crate::scan::message::{ProvisionCause, Saying, Storage};
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

pub(super) fn obstacle(what: &'static str, why: impl Into<String>, certainty: Certainty) -> Obstacle {
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
    let found = nearest(facts, subject, claim);
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
