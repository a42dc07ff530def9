//! See `claims.md` for what this means and the cases it must pass.

use super::claim_mismatch::mismatch;
use crate::evidence::{Body, Claim, Object};
use crate::facts::{Facts, PodFact, Stage, claims_of};
use crate::finding::{Code, Finding, Honesty, Proof, Remedy};
use crate::scan::message::{Saying, Storage};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in
        facts.pods().filter(|pod| !pod.is_finished() && !pod.is_deleting() && pod.stage() <= Stage::Setup)
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
    let says = |wanted: fn(&Storage) -> bool| {
        facts.about(&subject).find(|s| matches!(&s.saying, Saying::Storage(storage) if wanted(storage)))
    };
    let phase = claim.phase.as_deref().unwrap_or("");
    let (mismatch, why, proof, certainty) = mismatch(facts, &subject, claim);
    // What cannot start is the workload; which claim it waits for is told apart.
    let mut finding = Finding::new(
        Code::ClaimUnbound,
        pod.top().clone(),
        format!("Claim {} of {} is {phase}: {why}.", subject.path(), pod.top().path()),
    )
    .aspect("mismatch", mismatch)
    .aspect("claim", subject.name.clone())
    .at_most(certainty)
    .hits([pod.subject().clone()])
    .since(object.created.clone())
    .shown_by(Proof::object(object, format!("claim {} is {phase}", subject.path())));
    finding = proof.into_iter().fold(finding, Finding::shown_by);
    let telling = says(|s| {
        matches!(
            s,
            Storage::FailedBinding { .. }
                | Storage::ProvisioningFailed { .. }
                | Storage::ExternalProvisioning { .. }
                | Storage::VolumeMismatch { .. }
        )
    });
    if let Some(statement) = telling {
        finding = finding.shown_by(statement.proof());
    }
    finding
        .ruled_out("nodes", "the scheduler looks at no node before the claim is bound")
        .remedy(Remedy::kubectl(
            "Compare the claim with the volumes there are",
            &subject,
            Honesty::Safe,
            &["get", "persistentvolumes"],
        ))
        .remedy(Remedy::advice(
            "Make a volume that fits, or free the one that is taken; class and modes of a claim cannot be changed, only a new claim can differ",
        ))
}
