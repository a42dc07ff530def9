//! Messages of events, conditions and container states, as typed sayings.

mod image;
mod lifecycle;
mod network;
mod node;
mod probe;
mod refusal;
mod sandbox;
pub mod scheduling;
pub mod start;
mod storage;
mod text;

pub use image::{Image, PullCause};
pub use lifecycle::{Disruption, Eviction, KillFailure, KillReason, Lifecycle, Shortage, eviction};
pub use network::{DnsError, NetworkError, Protocol, TlsError, Unreached};
pub use node::{NodeEvent, NodeIssue};
pub use probe::{ProbeFailure, ProbeKind, probe_failure};
pub use refusal::{Refusal, WebhookFailure};
pub use sandbox::{SandboxCause, read as sandbox_cause};
pub use scheduling::{Preemption, Scheduling, SchedulingReason};
pub use start::{MountInside, NonRoot, ObjectKind, Start};
pub use storage::{MountCause, Storage};

use crate::Text;
use text::{after, body, has, keep, some, until};

/// What a message says. Text that nothing here knows is [`Saying::Other`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Saying {
    /// Of scheduling.
    Scheduling(Scheduling),
    /// Of an image.
    Image(Image),
    /// Of the configuration, creation and start of a container.
    Start(Start),
    /// Of probes, kills, evictions.
    Lifecycle(Lifecycle),
    /// Of a pod's sandbox and network.
    SandboxFailed {
        /// Why there is none.
        cause: SandboxCause,
    },
    /// The sandbox is replaced.
    SandboxChanged,
    /// Of volumes and claims.
    Storage(Storage),
    /// An owner's pod is refused by the API server.
    CreateRefused {
        /// The pod's name, or the prefix that it is generated from.
        pod: Option<Text>,
        /// Why.
        cause: Refusal,
    },
    /// A Job gave up.
    JobFailed {
        /// The reason of its condition.
        reason: Text,
    },
    /// A rollout made no progress in time.
    RolloutStuck,
    /// Of a node.
    Node(NodeEvent),
    /// A node is not ready.
    NodeNotReady {
        /// Why.
        issues: Vec<NodeIssue>,
    },
    /// Something that goes well, or that means nothing by itself.
    Benign,
    /// Nothing that is known.
    Other,
}

/// Reads an event. Reason and component narrow what the message can be.
pub fn event(reason: &str, _component: Option<&str>, message: &str) -> Saying {
    let text = body(message);
    if let Some(said) = scheduling::event(reason, text) {
        return Saying::Scheduling(said);
    }
    if let Some(said) = image::event(reason, text) {
        return Saying::Image(said);
    }
    if let Some(said) = lifecycle::event(reason, text) {
        return Saying::Lifecycle(said);
    }
    if let Some(said) = storage::event(reason, text) {
        return Saying::Storage(said);
    }
    match reason {
        // FailedCreatePodContainer is the pod's cgroup, not a container (pkg/kubelet/kubelet.go)
        "FailedCreatePodSandBox"
        | "FailedCreatePodSandbox"
        | "FailedPodSandBoxStatus"
        | "FailedCreatePodContainer"
        | "NetworkNotReady" => Saying::SandboxFailed { cause: sandbox::read(text) },
        "SandboxChanged" => Saying::SandboxChanged,
        "FailedCreate" | "FailedCreatePod" | "ReplicaSetCreateError" => create_refused(text),
        "Failed" if start::repeats(text) => Saying::Benign,
        "BackoffLimitExceeded" | "FailedIndexes" | "MaxFailedIndexesExceeded" | "PodFailurePolicy" => {
            Saying::JobFailed { reason: keep(reason) }
        }
        "DeadlineExceeded" => Saying::JobFailed { reason: keep(reason) },
        _ => start::event(reason, text)
            .map(Saying::Start)
            .or_else(|| node::event(reason, text).map(Saying::Node))
            .unwrap_or_else(|| if is_benign(reason) { Saying::Benign } else { Saying::Other }),
    }
}

/// Reads a waiting state.
pub fn waiting(reason: &str, message: &str) -> Saying {
    let text = body(message);
    if let Some(said) = image::waiting(reason, text) {
        return Saying::Image(said);
    }
    match start::waiting(reason, text) {
        Some(said) => Saying::Start(said),
        None if matches!(reason, "ContainerCreating" | "PodInitializing") => Saying::Benign,
        None => Saying::Other,
    }
}

/// Reads a terminated state.
pub fn terminated(reason: &str, message: &str) -> Saying {
    match reason {
        "StartError" | "ContainerCannotRun" => Saying::Start(start::error(body(message))),
        "Completed" => Saying::Benign,
        _ => lifecycle::terminated(reason, body(message)).map_or(Saying::Other, Saying::Lifecycle),
    }
}

/// Reads the reason and message in the status of a pod: why its node refused or ended it.
pub fn pod(reason: &str, message: &str) -> Saying {
    lifecycle::pod(reason, body(message)).map_or(Saying::Other, Saying::Lifecycle)
}

/// Reads a condition of an object of that kind.
pub fn condition(kind: &str, condition: &str, status: &str, reason: &str, message: &str) -> Saying {
    let text = body(message);
    match (kind, condition, status) {
        ("Node", "Ready", "False" | "Unknown") => Saying::NodeNotReady { issues: node::issues(reason, text) },
        ("Pod", "PodScheduled", "False") => scheduling::read(text).map_or(Saying::Other, Saying::Scheduling),
        ("Pod", "DisruptionTarget", "True") => lifecycle::disruption(reason)
            .map_or(Saying::Other, |by| Saying::Lifecycle(Lifecycle::Disrupted(by))),
        (_, "ReplicaFailure", "True") if !text.is_empty() => create_refused(text),
        ("Job", "Failed", "True") => Saying::JobFailed { reason: keep(reason) },
        ("Deployment", "Progressing", "False") if reason == "ProgressDeadlineExceeded" => {
            Saying::RolloutStuck
        }
        (_, _, "True") => Saying::Benign,
        _ => Saying::Other,
    }
}

/// `Error creating: <error>` (ReplicaSet, Job, DaemonSet); `create Pod <p> in StatefulSet <s> failed error: <error>`;
/// conditions hold the bare error.
fn create_refused(text: &str) -> Saying {
    let error = after(text, "Error creating: ").or_else(|| after(text, " failed error: ")).unwrap_or(text);
    let (pod, cause) = refusal::read(error);
    let named = || some(until(text, " in StatefulSet ").rsplit(' ').next().unwrap_or(""));
    let pod = pod.or_else(|| has(text, " in StatefulSet ").then(named).flatten());
    Saying::CreateRefused { pod, cause }
}

/// Reasons that tell of things going well (pkg/kubelet/events, pkg/controller; 1.13 to 1.36).
fn is_benign(reason: &str) -> bool {
    matches!(
        reason,
        "SuccessfulCreate"
            | "SuccessfulDelete"
            | "ScalingReplicaSet"
            | "NoPods"
            | "Completed"
            | "SawCompletedJob"
            | "SuccessfulAttachVolume"
            | "SuccessfulMountVolume"
            | "NodeHasSufficientMemory"
            | "NodeHasNoDiskPressure"
            | "NodeHasSufficientPID"
            | "NodeAllocatableEnforced"
            | "NodeSchedulable"
            | "NodeNotSchedulable"
            | "Starting"
            | "LeaderElection"
            | "ProvisioningSucceeded"
            | "Provisioning"
            | "Resumed"
            | "Suspended"
    )
}
