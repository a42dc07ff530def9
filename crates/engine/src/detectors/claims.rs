//! See `claims.md` for what this means and the cases it must pass.

use super::claim_mismatch;
use crate::evidence::{Body, Claim, Object};
use crate::facts::{Facts, PodFact, Stage, claims_of};
use crate::finding::{Code, Finding, Honesty, Proof, Remedy};
use crate::scan::message::{Saying, Storage};
use crate::subject::{Kind, Subject};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in
        facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting() && pod.stage() <= Stage::Setup)
    {
        for name in claims_of(pod) {
            let claim = facts.object(&name);
            match claim.map(|o| (o, &o.body)) {
                Some((object, Body::Claim(claim)))
                    if object.views.is_live()
                        && claim.phase.as_deref().is_some_and(|phase| phase != "Bound") =>
                {
                    found.push(unbound(facts, pod, object, claim));
                }
                _ if facts.is_missing(&name) => found.push(
                    Finding::new(
                        Code::ClaimMissing,
                        pod.top().clone(),
                        format!("{} mounts claim {}, which does not exist.", pod.top().path(), name.path()),
                    )
                    .aspect("claim", name.name.clone())
                    .hits([pod.subject().clone()])
                    .since(pod.object.created.clone())
                    .shown_by(Proof::object(pod.object, format!("volume from claim {}", name.name))),
                ),
                _ => {}
            }
        }
    }
}

fn unbound(facts: &Facts, pod: &PodFact, object: &Object, claim: &Claim) -> Finding {
    let subject = object.subject.clone();
    let phase = claim.phase.as_deref().unwrap_or("");
    let obstacle = claim_mismatch::of(facts, &subject, claim);
    // A class that makes no volume is the claim's own fault, whoever waits for it. What keeps a volume that there is
    // from a claim is a wish of the workload that the cluster does not meet, as a node's is.
    let (at_fault, summary) = match &obstacle.class {
        Some(_) => (
            subject.clone(),
            format!(
                "Claim {} is {phase}: {}. {} waits for it.",
                subject.path(),
                obstacle.why,
                who(pod.top())
            ),
        ),
        None => (
            pod.top().clone(),
            format!("Claim {} of {} is {phase}: {}.", subject.path(), pod.top().path(), obstacle.why),
        ),
    };
    let mut finding = Finding::new(Code::ClaimUnbound, at_fault, summary)
        .aspect("mismatch", obstacle.what)
        .aspect("claim", subject.name.clone())
        .at_most(obstacle.certainty)
        .hits([pod.subject().clone()])
        .since(object.created.clone())
        .shown_by(Proof::object(object, format!("claim {} is {phase}", subject.path())));
    finding = obstacle.proof.into_iter().fold(finding, Finding::shown_by);
    if let Some(class) = &obstacle.class {
        finding = finding.aspect("class", class.clone());
    }
    let telling = facts.about(&subject).find(|s| {
        matches!(
            s.saying,
            Saying::Storage(
                Storage::FailedBinding { .. }
                    | Storage::ProvisioningFailed { .. }
                    | Storage::ExternalProvisioning { .. }
                    | Storage::VolumeMismatch { .. }
            )
        )
    });
    if let Some(statement) = telling {
        finding = finding.shown_by(statement.proof());
    }
    let finding = finding.ruled_out("nodes", "the scheduler looks at no node before the claim is bound");
    match &obstacle.class {
        Some(class) => of_class(finding, class),
        None => finding
            .remedy(Remedy::kubectl(
                "Compare the claim with the volumes there are",
                &subject,
                Honesty::Safe,
                &["get", "persistentvolumes"],
            ))
            .remedy(Remedy::advice(
                "Make a volume that fits, or free the one that is taken; class and modes of a claim cannot be changed, only a new claim can differ",
            )),
    }
}

fn of_class(finding: Finding, class: &str) -> Finding {
    finding
        .remedy(Remedy::kubectl(
            "See which storage classes there are",
            &Subject::new(Kind::StorageClass, None, class),
            Honesty::Safe,
            &["get", "storageclasses"],
        ))
        .remedy(Remedy::advice(format!(
            "Make class {class} work, or make the claim anew with one that does: the class of a claim cannot be changed"
        )))
}

fn who(subject: &Subject) -> String {
    format!("{} {}", subject.kind.as_str(), subject.path())
}
