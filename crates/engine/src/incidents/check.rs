//! What to do beyond what detectors say: taking back a change, and how to see that it worked.

use super::impact::Impact;
use crate::facts::Facts;
use crate::finding::{Code, Finding, Honesty, Remedy};
use crate::report::{Change, Check};
use crate::subject::{Kind, Subject};

/// Puts first to take back the rollout that made it, where the last good revision was seen.
pub(super) fn revert(remedies: &mut Vec<Remedy>, changes: &[Change], facts: &Facts) {
    let Some(change) = changes.first() else { return };
    let rolled = matches!(change.subject.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
    let of_template = change.from.is_some() && change.field != "replicas";
    let has = |remedy: &Remedy, word: &str| remedy.command.iter().flatten().any(|w| w == word);
    // What sets the one field back says it better.
    let better = remedies.first().is_some_and(|first| has(first, "set") || has(first, "patch"));
    if !rolled || !of_template || better || facts.object(&change.subject).is_none() {
        return;
    }
    let target = format!("{}/{}", change.subject.kind.as_str().to_lowercase(), change.subject.name);
    remedies.retain(|remedy| !has(remedy, "undo"));
    let undo = Remedy::kubectl(
        "Go back to the last good revision",
        &change.subject,
        Honesty::NeedsJudgement,
        &["rollout", "undo", &target],
    );
    remedies.insert(0, undo.effect("Replaces its pods; what the rollout was for is taken back with it"));
}

/// What to look at once the remedy is taken: the hit workload, or the root itself.
pub(super) fn check(impact: &Impact, tree: &[&Finding], facts: &Facts) -> Check {
    let Some(root) = tree.first() else { return Check { text: String::new(), command: Vec::new() } };
    let short = |(_, ready, desired): &&(Subject, Option<u32>, Option<u32>)| match (ready, desired) {
        (Some(ready), Some(desired)) => ready < desired,
        _ => false,
    };
    let hit = impact.workloads.iter().find(short).or(impact.workloads.first());
    let when = expected(root, facts).map_or_else(String::new, |when| format!(" {when}"));
    let text = match hit {
        Some((subject, _, Some(desired))) => {
            format!("{} back to {desired} of {desired} ready pods{when}", subject.path())
        }
        Some((subject, ..)) => format!("{} is no longer named here{when}", subject.path()),
        None => format!("{} is no longer named here{when}", root.subject.whole().path()),
    };
    // Whoever suffers most tells best that it is over.
    let starved = tree.iter().find(|f| f.code == Code::ConnectionPoolExhausted).map(|f| f.subject.whole());
    let subject = starved.or(hit.map(|(subject, ..)| subject.clone())).unwrap_or(root.subject.whole());
    let target = format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name);
    let mut command = vec!["diagnose".to_owned(), target];
    if let Some(namespace) = &subject.namespace {
        command.extend(["-n".to_owned(), namespace.to_string()]);
    }
    Check { text, command }
}

/// How long it takes until the remedy shows, and what takes so long.
fn expected(root: &Finding, facts: &Facts) -> Option<String> {
    Some(match root.code {
        Code::PodAddressesExhausted => {
            // What holds the addresses ends within its grace period; then the kubelet tries again.
            let pods = facts.pods_of(&root.subject).filter_map(|pod| pod.pod.grace_seconds);
            let grace = pods.max().unwrap_or(30);
            format!("in about {} (grace {grace} s, kubelet retry 15 s)", minutes(grace.saturating_add(15)))
        }
        // pkg/kubelet: back-off of pulls and of restarts, 10 s doubled up to 5 min.
        Code::ImageNotFound
        | Code::ImagePullDenied
        | Code::RegistryNameUnresolved
        | Code::RegistryUnreachable
        | Code::RegistryTlsFailed
        | Code::RegistryRateLimited
        | Code::ImagePullFailed => "within 5 minutes (back-off of the pull), new pods at once".to_owned(),
        Code::OomKilled
        | Code::ApplicationError
        | Code::CrashedBySignal
        | Code::CompletedRestartLoop
        | Code::CommandNotFound
        | Code::CommandNotExecutable
        | Code::ConfigReferenceMissing => {
            "within 5 minutes (back-off of restarts), new pods at once".to_owned()
        }
        // pkg/scheduler: pods that nothing woke are tried again after 5 min.
        Code::InsufficientResources
        | Code::NodeAffinityMismatch
        | Code::TaintNotTolerated
        | Code::NodesCordoned
        | Code::TopologySpreadUnsatisfied => {
            "within seconds, at most 5 minutes (the scheduler's retry)".to_owned()
        }
        // pkg/controller/replicaset: back-off up to 1000 s.
        Code::QuotaExceeded | Code::AdmissionDenied | Code::WebhookUnreachable => {
            "within seconds, at most 17 minutes (the controller's back-off)".to_owned()
        }
        Code::KubeletStopped | Code::RuntimeDown | Code::RuntimeUnresponsive | Code::KubeletCutOff => {
            "in about a minute (the kubelet's report, then the pods)".to_owned()
        }
        _ => return None,
    })
}

fn minutes(seconds: i64) -> String {
    match seconds {
        ..=75 => "a minute".to_owned(),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}
