//! Whether an incident goes on, passes, or is over: from how its members are now, not from how its root was.

use super::impact::Impact;
use crate::evidence::State;
use crate::facts::{Facts, PodFact};
use crate::finding::{Code, Course, Finding};
use crate::moment::{Moment, SECOND};
use crate::subject::Kind;

/// Healthy for so long counts as over: five minutes are the longest back-off of the kubelet, so that a crash loop has
/// shown itself again by then.
const SETTLED: i64 = 600 * SECOND;

/// What the evidence says of the whole: a cause that is over while its effect stays is ongoing.
pub(super) fn of(tree: &[&Finding], impact: &Impact, facts: &Facts) -> Course {
    let Some(root) = tree.first() else { return Course::Over };
    if still_hit(tree, impact, facts) {
        return Course::Ongoing;
    }
    let told = root.course;
    match healthy_for(tree, facts) {
        Some(_) if root.course == Course::Over => Course::Over,
        Some(healthy) if healthy >= SETTLED => Course::Over,
        Some(_) => Course::Recovering,
        None => told,
    }
}

/// Whether something of it is seen to be broken now: a node, a Service, a workload that is short.
fn still_hit(tree: &[&Finding], impact: &Impact, facts: &Facts) -> bool {
    let node = tree.iter().any(|f| {
        f.subject.kind == Kind::Node && facts.node(&f.subject.name).and_then(|n| n.is_ready()) == Some(false)
    });
    let short = tree.iter().any(|f| {
        matches!(f.code, Code::WorkloadUnavailable | Code::ServiceWithoutEndpoints | Code::ServiceShort)
    });
    node || short || !impact.services.is_empty()
}

/// How long every hit pod is ready for, at least, in microseconds; none where one is not, or it is not to be told, or
/// where the root shows itself in pods that are ready and well.
fn healthy_for(tree: &[&Finding], facts: &Facts) -> Option<i64> {
    // A process that ran out of connections, or a quota that refuses, shows in no pod's readiness.
    if !tree.iter().all(|f| shows_in_readiness(f.code)) {
        return None;
    }
    let now = facts.evidence.captured()?;
    let mut least: Option<i64> = None;
    for member in tree.iter().flat_map(|f| f.members.iter()).filter(|m| m.kind == Kind::Pod) {
        let pod = facts.pod(member)?;
        if pod.is_ready() != Some(true) || pod.is_deleting() {
            return None;
        }
        let (healthy, _) = pod.condition("Ready")?.since.as_ref()?.until(now)?;
        // What crashes again and again is ready in between: it must have outlived its former lives.
        if healthy <= usual_life(pod, now)?.saturating_mul(2) {
            return None;
        }
        least = Some(least.map_or(healthy, |known| known.min(healthy)));
    }
    least
}

/// How long an instance of the pod's containers lasted: the last one that ended, or on average.
fn usual_life(pod: &PodFact, now: &Moment) -> Option<i64> {
    let last = pod.pod.containers.iter().filter_map(|container| match &container.last {
        Some(State::Terminated(ended)) => Some(ended.started.as_ref()?.until(ended.finished.as_ref()?)?.1),
        _ => None,
    });
    let restarts = i64::from(pod.restarts());
    let average = match restarts {
        0 => Some(0),
        _ => pod.object.created.as_ref()?.until(now).map(|(_, age)| age / restarts),
    };
    last.max().max(average)
}

/// Whether a pod with this trouble cannot be ready at the same time.
fn shows_in_readiness(code: Code) -> bool {
    matches!(
        code,
        Code::OomKilled
            | Code::KilledUnattributed
            | Code::LivenessProbeFailing
            | Code::StartupProbeFailing
            | Code::ReadinessProbeFailing
            | Code::StoppedBySigterm
            | Code::CrashedBySignal
            | Code::ApplicationError
            | Code::CompletedRestartLoop
            | Code::CommandNotFound
            | Code::CommandNotExecutable
            | Code::WrongArchitecture
            | Code::ConfigReferenceMissing
            | Code::ContainerStartFailed
            | Code::ImageNotFound
            | Code::ImagePullDenied
            | Code::ImagePullFailed
            | Code::RegistryNameUnresolved
            | Code::RegistryUnreachable
            | Code::RegistryTlsFailed
            | Code::RegistryRateLimited
            | Code::SandboxFailed
            | Code::VolumeMountFailed
            | Code::VolumeAttachFailed
            | Code::NameResolutionFailing
            | Code::DependencyUnreachable
            | Code::DatabaseLoginRefused
            | Code::DatabasePortWrong
            | Code::PortConflict
            | Code::PodNotReady
    )
}

/// A cause that is gone while what it did stays.
pub(super) fn remark(root: &Finding, course: Course) -> Option<String> {
    (root.course == Course::Over && course == Course::Ongoing).then(|| {
        "The cause is over, and what it did stays: it does not heal by itself once the cause is gone."
            .to_owned()
    })
}
