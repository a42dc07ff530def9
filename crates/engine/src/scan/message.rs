//! Messages of events, conditions and container states, as typed sayings.

mod eviction;
mod image;
mod lifecycle;
mod mount;
mod network;
mod node;
mod probe;
mod refusal;
mod sandbox;
pub mod scheduling;
pub mod start;
mod storage;
pub(in crate::scan) mod text;
mod workload;

pub use eviction::{Eviction, eviction};
pub use image::{Image, PullCause};
pub use lifecycle::{Disruption, KillFailure, KillReason, Lifecycle, Shortage};
pub use mount::{AttachCause, MountCause};
pub use network::{DnsError, NetworkError, Protocol, TlsError, Unreached, read as unreached};
pub use node::{NodeEvent, NodeIssue};
pub use probe::{ProbeFailure, ProbeKind, probe_failure};
pub use refusal::{Refusal, WebhookFailure};
pub use sandbox::{SandboxCause, read as sandbox_cause};
pub use scheduling::{Preemption, Scheduling, SchedulingReason};
pub use start::{MountInside, NonRoot, ObjectKind, Start};
pub use storage::{Mismatch, ProvisionCause, Storage};
pub use workload::{MetricFailure, NamespaceStuck, Workload};

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
    /// Of workloads, autoscalers, services and namespaces.
    Workload(Workload),
    /// Something that goes well, or that means nothing by itself.
    Benign,
    /// Nothing that is known.
    Other,
}

/// Reads an event. Its reason narrows what the message can be; who reported it decides where two share a reason.
pub fn event(reason: &str, component: Option<&str>, message: &str) -> Saying {
    let text = body(message);
    match reason {
        // the pod's cgroup, not a container (pkg/kubelet/kubelet.go)
        "FailedCreatePodContainer" => {
            return Saying::SandboxFailed {
                cause: match sandbox::read(text) {
                    SandboxCause::Other(_) => SandboxCause::Cgroup,
                    known => known,
                },
            };
        }
        "FailedCreatePodSandBox"
        | "FailedCreatePodSandbox"
        | "FailedPodSandBoxStatus"
        | "NetworkNotReady" => return Saying::SandboxFailed { cause: sandbox::read(text) },
        "SandboxChanged" => return Saying::SandboxChanged,
        "FailedCreate" | "FailedCreatePod" | "ReplicaSetCreateError" => return create_refused(text),
        "Failed" if start::repeats(text) => return Saying::Benign,
        // the reasons of the Job controller; a pod's DeadlineExceeded has other words
        "BackoffLimitExceeded" | "FailedIndexes" | "MaxFailedIndexesExceeded" | "PodFailurePolicy" => {
            return Saying::JobFailed { reason: keep(reason) };
        }
        "DeadlineExceeded" if component == Some("job-controller") || !has(text, "Pod was active") => {
            return Saying::JobFailed { reason: keep(reason) };
        }
        _ => {}
    }
    scheduling::event(reason, text)
        .map(Saying::Scheduling)
        .or_else(|| image::event(reason, text).map(Saying::Image))
        .or_else(|| lifecycle::event(reason, text).map(Saying::Lifecycle))
        .or_else(|| storage::event(reason, text).map(Saying::Storage))
        .or_else(|| start::event(reason, text).map(Saying::Start))
        .or_else(|| node::event(reason, text).map(Saying::Node))
        .or_else(|| workload::event(reason, text).map(Saying::Workload))
        .unwrap_or_else(|| if BENIGN.binary_search(&reason).is_ok() { Saying::Benign } else { Saying::Other })
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
        ("Pod", "Ready" | "ContainersReady" | "Initialized", "False") if reason != "PodCompleted" => {
            Saying::Lifecycle(Lifecycle::Unready { containers: workload::unready(text) })
        }
        ("Node", _, "True") if condition != "Ready" => {
            node::condition(condition, reason, text).map_or(Saying::Other, Saying::Node)
        }
        _ => match workload::condition(kind, condition, status, reason, text) {
            Some(said) => Saying::Workload(said),
            None if status == "True" && GOOD.contains(&condition) => Saying::Benign,
            None if kind == "Node" && status == "False" && condition != "Ready" => Saying::Benign,
            None => Saying::Other,
        },
    }
}

/// Conditions that are good when they are true.
const GOOD: &[&str] = &[
    "Ready",
    "ContainersReady",
    "Initialized",
    "PodScheduled",
    "PodReadyToStartContainers",
    "Available",
    "Progressing",
    "Complete",
    "SuccessCriteriaMet",
    "AbleToScale",
    "ScalingActive",
    "DisruptionAllowed",
    "Established",
    "NamesAccepted",
    "Approved",
];

/// `Error creating: <error>` (ReplicaSet, Job, DaemonSet); `create Pod <p> in StatefulSet <s> failed error: <error>`;
/// conditions hold the bare error.
fn create_refused(text: &str) -> Saying {
    let error = after(text, "Error creating: ").or_else(|| after(text, " failed error: ")).unwrap_or(text);
    let (pod, cause) = refusal::read(error);
    let named = || some(until(text, " in StatefulSet ").rsplit(' ').next().unwrap_or(""));
    let pod = pod.or_else(|| has(text, " in StatefulSet ").then(named).flatten());
    Saying::CreateRefused { pod, cause }
}

/// Reasons that tell of things going well, or of nothing by themselves (pkg/kubelet/events, pkg/controller, client-go's
/// leader election; 1.13 to 1.36). In order.
const BENIGN: &[&str] = &[
    "AlreadyMountedVolume",
    "AppliedLoadBalancer",
    "CgroupV1",
    "Completed",
    "DeletedLoadBalancer",
    "EnsuredLoadBalancer",
    "FileSystemResizeSuccessful",
    "HostIPsIPFamilyMismatch",
    "Killed",
    "LeaderElection",
    "LifecycleHTTPFallback",
    "MissingJob",
    "NoPods",
    "NodeAllocatableEnforced",
    "NodeHasNoDiskPressure",
    "NodeHasSufficientMemory",
    "NodeHasSufficientPID",
    "PossibleMemoryBackedVolumesOnDisk",
    "ProbeWarning",
    "Provisioning",
    "ProvisioningSucceeded",
    "Resizing",
    "Resumed",
    "SawCompletedJob",
    "Starting",
    "SuccessfulAttachVolume",
    "SuccessfulCreate",
    "SuccessfulDelete",
    "SuccessfulMountVolume",
    "Suspended",
    "UpdatedLoadBalancer",
    "VolumeDelete",
    "VolumeResizeSuccessful",
];

#[cfg(test)]
mod tests;
