//! See `deletion_stuck.md` for what this means and the cases it must pass.

use crate::facts::{Facts, PodFact, Statement};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::moment::SECOND;
use crate::scan::message::{KillFailure, Lifecycle, Saying};

/// How long after its grace period a pod may be there, in seconds: volumes are unmounted and addresses given back.
const SLACK: i64 = 300;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let Some(now) = facts.evidence.captured() else { return };
    for pod in facts.unwell() {
        // The deletion's time is when the pod should be gone, its grace period over.
        let Some((late, _)) = pod.object.deleting.as_ref().and_then(|at| at.until(now)) else { continue };
        if late >= SLACK * SECOND {
            found.push(finding(facts, pod, late / SECOND));
        }
    }
}

fn finding(facts: &Facts, pod: &PodFact, late: i64) -> Finding {
    let subject = pod.subject();
    let failed = facts.about(subject).find(|s| is_failure(s));
    let node = pod.pod.node.as_deref().and_then(|name| facts.node(name));
    let lost = node.is_some_and(|node| node.is_ready() == Some(false));
    let (aspect, why, certainty) = match failed.map(|s| &s.saying) {
        _ if lost => {
            ("node", "its node is not ready, and only its kubelet can end it".to_owned(), Certainty::Certain)
        }
        Some(Saying::Lifecycle(Lifecycle::KillFailed(KillFailure::Network(_)))) => {
            ("network", "its network cannot be taken down".to_owned(), Certainty::Certain)
        }
        Some(Saying::Lifecycle(Lifecycle::KillFailed(KillFailure::RuntimeDown))) => {
            ("runtime", "the runtime of its node does not answer".to_owned(), Certainty::Certain)
        }
        Some(_) => ("kill", "the kubelet cannot stop its containers".to_owned(), Certainty::Certain),
        None => ("unknown", "a finalizer, a volume or the kubelet holds it".to_owned(), Certainty::Possible),
    };
    let mut finding = Finding::new(
        Code::DeletionStuck,
        subject.clone(),
        format!("Pod {} should have been gone {late} s ago: {why}.", subject.path()),
    )
    .aspect("cause", aspect)
    .at_most(certainty)
    .since(pod.object.deleting.as_deref().cloned())
    .shown_by(Proof::object(
        pod.object,
        format!("{} is being deleted, and its time is over", subject.path()),
    ));
    if let Some(statement) = failed {
        finding = finding.shown_by(statement.proof());
    }
    if let Some(proof) = node.filter(|_| lost).and_then(|node| node.ready_proof()) {
        finding = finding.shown_by(proof);
    }
    if aspect == "unknown" {
        finding = finding.not_seen(
            "its finalizers, and what the kubelet says of it",
            Some(crate::evidence::Read::Object(subject.clone())),
        );
    }
    finding.remedy(Remedy::kubectl(
        "See its finalizers and its events before anything is forced: a forced deletion leaves containers running",
        subject,
        Honesty::Safe,
        &["get", "pod", &subject.name, "-o", "yaml"],
    ))
}

fn is_failure(statement: &Statement) -> bool {
    match &statement.saying {
        Saying::Lifecycle(Lifecycle::KillFailed(failure)) => *failure != KillFailure::Gone,
        Saying::Lifecycle(Lifecycle::ExceededGracePeriod) => true,
        _ => false,
    }
}
