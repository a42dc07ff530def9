//! What is said of probes, kills, evictions and refusals of the kubelet.

use super::eviction::{Eviction, eviction};
use super::probe::{self, ProbeFailure, ProbeKind};
use super::text::{after, between, grpc, has, has_any, keep, number_after, some, until, word};
use crate::Text;

/// Something that happens to a container or pod that runs, or to a pod that its node does not take.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// A probe failed.
    Unhealthy {
        /// Which.
        probe: ProbeKind,
        /// Whether it could not be asked at all; that counts towards nothing.
        errored: bool,
        /// How.
        how: ProbeFailure,
    },
    /// The kubelet stops a container.
    Killing {
        /// The container, where named.
        container: Option<Text>,
        /// Why.
        why: KillReason,
    },
    /// The kubelet could not stop a container or take down its sandbox.
    KillFailed(KillFailure),
    /// The kubelet could not work on the pod.
    SyncFailed {
        /// Whether the runtime was not reached.
        runtime_down: bool,
    },
    /// The pod was evicted by its node.
    Evicted(Eviction),
    /// An add-on (VPA, descheduler) evicted the pod.
    EvictedByTool,
    /// The taint manager deletes the pod.
    TaintEviction,
    /// The deletion was called off.
    TaintEvictionCancelled,
    /// The pod gave way to another.
    Preempted,
    /// Who ended the pod, by its condition `DisruptionTarget` (1.26+).
    Disrupted(Disruption),
    /// `activeDeadlineSeconds` is over.
    DeadlineExceeded,
    /// The runtime did not kill the pod within its grace period.
    ExceededGracePeriod,
    /// The node of the pod is not ready; the pod may well run on.
    NodeNotReady,
    /// The pod's node was lost: written by Kubernetes ≤1.26 only.
    NodeLost,
    /// The node shut down, and the pod with it, or before it could start.
    NodeShutdown,
    /// The kubelet did not take the pod that was assigned to it.
    Rejected {
        /// Its word, such as `OutOfcpu`, `NodeAffinity`, `UnexpectedAdmissionError`.
        reason: Text,
        /// What there was too little of.
        short: Option<Shortage>,
    },
    /// The kernel killed a process because the node had no memory left.
    SystemOom {
        /// The process, at most 15 letters.
        process: Option<Text>,
        /// Its pid on the node.
        pid: Option<u32>,
    },
    /// An event that says OOMKilled on a pod: no Kubernetes writes one.
    OomEvent {
        /// The process, where named.
        process: Option<Text>,
    },
    /// The end of a container was not seen; its exit code 137 is made up, and nothing was killed.
    EndUnknown,
    /// The whole pod restarts in place; the exit code 137 is made up (1.35+).
    RestartedInPlace,
    /// The runtime lost its record of the container (containerd); the exit code 255 is made up.
    RuntimeForgot,
    /// The kernel ended the process for a forbidden system call (CRI-O).
    SeccompKilled,
    /// A pod's condition says that it is not ready.
    Unready {
        /// The containers that are not, where named.
        containers: Vec<Text>,
    },
    /// A container was created.
    Created {
        /// Its name: not since 1.35.
        container: Option<Text>,
    },
    /// A container was started.
    Started {
        /// Its name: not since 1.35.
        container: Option<Text>,
    },
}

/// Why the kubelet stops a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KillReason {
    /// Deletion, eviction, the end of the pod.
    Stopping,
    /// The liveness probe failed.
    LivenessFailed,
    /// The startup probe failed.
    StartupFailed,
    /// Its definition was changed, or a resize needs it.
    SpecChanged,
    /// Its `postStart` hook failed.
    HookFailed,
    /// Its state is not known, so it is stopped before it is started again.
    StateUnknown,
    /// Anything else.
    Other,
}

/// Why the kubelet could not stop a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KillFailure {
    /// It is gone already: harmless.
    Gone,
    /// The runtime does not answer.
    RuntimeDown,
    /// Not in time.
    Timeout,
    /// The network plugin fails to take the sandbox down.
    Network(Text),
    /// Anything else.
    Other(Text),
}

/// Who ended a pod (`k8s.io/api/core/v1`, condition `DisruptionTarget`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disruption {
    /// The scheduler, for a pod of higher priority.
    Preemption,
    /// The taint manager.
    Taint,
    /// The eviction API: a drain, an autoscaler.
    EvictionApi,
    /// The garbage collector of pods whose node is gone.
    PodGc,
    /// The kubelet: node pressure, shutdown, or a critical pod.
    Kubelet,
    /// The device taint manager.
    DeviceTaint,
}

/// What a node had too little of for a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shortage {
    /// The resource.
    pub resource: Text,
    /// In the resource's unit (milli for cpu), as written.
    pub requested: Text,
    /// Likewise.
    pub used: Text,
    /// Likewise.
    pub capacity: Text,
}

/// Reads an event.
pub(super) fn event(reason: &str, text: &str) -> Option<Lifecycle> {
    Some(match reason {
        "Unhealthy" | "ProbeError" => {
            let (probe, errored, how) = probe::event(text)?;
            Lifecycle::Unhealthy { probe, errored, how }
        }
        "Killing" => killing(text),
        // pkg/kubelet/pod_workers.go: `error killing pod: <errors>`
        "FailedKillPod" => Lifecycle::KillFailed(kill_failure(text)),
        // pkg/kubelet/kubelet.go: `error determining status: <err>`; ≤1.9 `Error syncing pod` after every other failure
        "FailedSync" => Lifecycle::SyncFailed {
            runtime_down: has_any(text, &["dial unix", "code = Unavailable", "code = DeadlineExceeded"]),
        },
        "Evicted" => Lifecycle::Evicted(eviction(text)),
        "EvictedByVPA" | "Descheduled" => Lifecycle::EvictedByTool,
        "TaintManagerEviction" if has(text, "Cancelling") => Lifecycle::TaintEvictionCancelled,
        "TaintManagerEviction" => Lifecycle::TaintEviction,
        "Preempted" | "Preempting" => Lifecycle::Preempted,
        "DeadlineExceeded" if has(text, "Pod was active") => Lifecycle::DeadlineExceeded,
        "ExceededGracePeriod" => Lifecycle::ExceededGracePeriod,
        // pkg/controller/util/node: on each pod of the node; the node's own event has other words
        "NodeNotReady" if text == "Node is not ready" => Lifecycle::NodeNotReady,
        "NodeLost" => Lifecycle::NodeLost,
        "NodeShutdown" => Lifecycle::NodeShutdown,
        // pkg/kubelet/oom/oom_watcher_linux.go: `System OOM encountered, victim process: <comm>, pid: <pid>`
        "SystemOOM" => Lifecycle::SystemOom {
            process: after(text, "victim process: ").and_then(|rest| some(until(rest, ", pid"))),
            pid: number_after(text, "pid: "),
        },
        "OOMKilled" => Lifecycle::OomEvent { process: killed(text) },
        "Created" => Lifecycle::Created { container: named(text) },
        "Started" => Lifecycle::Started { container: named(text) },
        _ => return rejected(reason, text),
    })
}

/// Reads the status of a pod, its reason and message. Reasons of containers are none of a pod's.
pub(super) fn pod(reason: &str, text: &str) -> Option<Lifecycle> {
    match reason {
        "Terminated" | "Shutdown" => Some(Lifecycle::NodeShutdown),
        "DeadlineExceeded" => Some(Lifecycle::DeadlineExceeded),
        "Evicted" | "Preempting" | "NodeLost" | "NodeShutdown" => event(reason, text),
        _ => rejected(reason, text),
    }
}

/// Reads the terminated state of a container whose end was not an end of its own.
pub(super) fn terminated(reason: &str, text: &str) -> Option<Lifecycle> {
    match reason {
        // kubelet_pods.go, status_manager.go: 137 is synthetic
        "ContainerStatusUnknown" => Some(Lifecycle::EndUnknown),
        "RestartingAllContainers" => Some(Lifecycle::RestartedInPlace),
        // containerd internal/cri/server/restart.go
        "Unknown" => Some(Lifecycle::RuntimeForgot),
        "seccomp killed" => Some(Lifecycle::SeccompKilled),
        _ if has(text, "The container could not be located when the pod was") => Some(Lifecycle::EndUnknown),
        _ => None,
    }
}

/// Reads the reason of a condition `DisruptionTarget` that is true.
pub(super) fn disruption(reason: &str) -> Option<Disruption> {
    Some(match reason {
        // 1.26+; `PreemptionByKubeScheduler` in 1.25
        "PreemptionByScheduler" | "PreemptionByKubeScheduler" => Disruption::Preemption,
        "DeletionByTaintManager" => Disruption::Taint,
        "EvictionByEvictionAPI" => Disruption::EvictionApi,
        "DeletionByPodGC" => Disruption::PodGc,
        "TerminationByKubelet" => Disruption::Kubelet,
        "DeletionByDeviceTaintManager" => Disruption::DeviceTaint,
        _ => return None,
    })
}

/// `Created container: <c>` (1.29-1.34), `Created container <c>` (≤1.28), `Container created` (1.35+).
fn named(text: &str) -> Option<Text> {
    let rest = text.strip_prefix("Created container").or_else(|| text.strip_prefix("Started container"))?;
    some(word(rest.trim_start_matches([':', ' '])))
}

/// pkg/kubelet/kuberuntime/kuberuntime_container.go, kuberuntime_manager.go; 1.14 to 1.36. Before, `Killing container with
/// id docker://<c>:<why>`.
fn killing(text: &str) -> Lifecycle {
    let container = ["Stopping container ", "Killing container with id docker://", "Container "]
        .into_iter()
        .find_map(|literal| text.strip_prefix(literal))
        .filter(|rest| !rest.starts_with("is in "))
        .and_then(|rest| some(word(rest)));
    let why =
        if has_any(text, &["failed liveness probe", "Container failed liveness", "is unhealthy, it will be"])
        {
            KillReason::LivenessFailed
        } else if has(text, "failed startup probe") {
            KillReason::StartupFailed
        } else if has_any(text, &["definition changed", "spec hash changed", "resize requires restart"]) {
            KillReason::SpecChanged
        } else if has(text, "PostStartHook") {
            KillReason::HookFailed
        } else if has(text, "\"unknown\" state") {
            KillReason::StateUnknown
        } else if has_any(text, &["Stopping container", "Need to kill Pod"]) {
            KillReason::Stopping
        } else {
            KillReason::Other
        };
    Lifecycle::Killing { container, why }
}

/// `error killing pod: [failed to "KillContainer" for "<c>" with KillContainerError: "<err>", failed to "KillPodSandbox"
/// …]`
fn kill_failure(text: &str) -> KillFailure {
    if has_any(text, &["dial unix", "Cannot connect to the Docker daemon"]) {
        KillFailure::RuntimeDown
    } else if has_any(
        text,
        &["failed to destroy network", "networkPlugin cni failed to teardown", "(delete)"],
    ) {
        KillFailure::Network(keep(text))
    } else if has_any(text, &["No such container", "not found", "does not exist"]) {
        KillFailure::Gone
    } else if has_any(text, &["DeadlineExceeded", "context deadline exceeded", "timed out"]) {
        KillFailure::Timeout
    } else {
        KillFailure::Other(keep(grpc(after(text, "error killing pod: ").unwrap_or(text)).1))
    }
}

/// The process in `Memory cgroup out of memory: Kill(ed) process <pid> (<comm>) …`: a kernel line that somebody made an
/// event of.
pub(super) fn killed(text: &str) -> Option<Text> {
    let rest = after(text, "Killed process ").or_else(|| after(text, "Kill process "))?;
    between(rest, "(", ")").and_then(some)
}

/// Admission by the kubelet: pkg/kubelet/lifecycle/predicate.go, cm/…; reasons of 1.36, messages since 1.13. The prefix
/// `Pod was rejected: ` since 1.26, `Pod ` before.
fn rejected(reason: &str, text: &str) -> Option<Lifecycle> {
    const REASONS: &[&str] = &[
        "NodeAffinity",
        "NodeName",
        "NodePorts",
        "TaintToleration",
        "HostName",
        "MatchNodeSelector",
        "UnexpectedAdmissionError",
        "TopologyAffinityError",
        "SMTAlignmentError",
        "EmptyPodSharedPoolError",
        "SysctlForbidden",
        "AppArmor",
        "PodOSNotSupported",
        "PodOSSelectorNodeLabelDoesNotMatch",
        "InvalidNodeInfo",
        "InitContainerRestartPolicyForbidden",
        "SupplementalGroupsPolicyNotSupported",
        "PodLevelResourcesNotSupported",
        "PodFeatureUnsupported",
        "UnknownReason",
        "VolumeAttachmentLimitExceeded",
        "FailedNodeDeclaredFeaturesCheck",
    ];
    if !reason.starts_with("OutOf") && !REASONS.contains(&reason) {
        return None;
    }
    // `Node didn't have enough resource: cpu, requested: 4000, used: 3100, capacity: 4000`
    let short = after(text, "enough resource: ").map(|rest| {
        let field = |name: &str| keep(after(rest, name).map_or("", word));
        Shortage {
            resource: keep(until(rest, ",")),
            requested: field("requested: "),
            used: field("used: "),
            capacity: field("capacity: "),
        }
    });
    Some(Lifecycle::Rejected { reason: keep(reason), short })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_passed_on() {
        assert_eq!(
            event("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 500"),
            Some(Lifecycle::Unhealthy {
                probe: ProbeKind::Startup,
                errored: false,
                how: ProbeFailure::HttpStatus(500)
            })
        );
    }

    #[test]
    fn kills_are_told_apart() {
        for (text, why, container) in [
            ("Stopping container app", KillReason::Stopping, Some("app")),
            (
                "Container web failed liveness probe, will be restarted",
                KillReason::LivenessFailed,
                Some("web"),
            ),
            ("Container web failed liveness probe", KillReason::LivenessFailed, Some("web")),
            ("Container web failed startup probe, will be restarted", KillReason::StartupFailed, Some("web")),
            ("Container web definition changed, will be restarted", KillReason::SpecChanged, Some("web")),
            ("Container web resize requires restart", KillReason::SpecChanged, Some("web")),
            ("FailedPostStartHook", KillReason::HookFailed, None),
            (
                "Container is in \"unknown\" state, try killing it before restart",
                KillReason::StateUnknown,
                None,
            ),
            (
                "Killing container with id docker://web:Container failed liveness probe.. Container will be killed and recreated.",
                KillReason::LivenessFailed,
                Some("web"),
            ),
            ("Killing container with id docker://web:Need to kill Pod", KillReason::Stopping, Some("web")),
        ] {
            let container = container.map(Text::from);
            assert_eq!(event("Killing", text), Some(Lifecycle::Killing { container, why }), "{text}");
        }
    }

    #[test]
    fn kills_that_fail() {
        let how = |text: &str| match event("FailedKillPod", &format!("error killing pod: {text}")) {
            Some(Lifecycle::KillFailed(how)) => how,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            how(
                r#"failed to "KillContainer" for "app" with KillContainerError: "rpc error: code = Unknown desc = Error response from daemon: No such container: 9f""#
            ),
            KillFailure::Gone
        );
        assert_eq!(
            how(
                r#"failed to "KillContainer" for "app" with KillContainerError: "rpc error: code = DeadlineExceeded desc = context deadline exceeded""#
            ),
            KillFailure::Timeout
        );
        assert_eq!(
            how(
                r#"failed to "KillPodSandbox" for "1" with KillPodSandboxError: "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused\"""#
            ),
            KillFailure::RuntimeDown
        );
        assert!(matches!(
            how(
                r#"failed to "KillPodSandbox" for "1" with KillPodSandboxError: "rpc error: code = Unknown desc = failed to destroy network for sandbox \"9f\": plugin type=\"calico\" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized""#
            ),
            KillFailure::Network(_)
        ));
        assert_eq!(how("a horse"), KillFailure::Other("a horse".into()));
    }

    #[test]
    fn pods_that_their_node_refuses() {
        assert_eq!(
            pod(
                "OutOfcpu",
                "Pod was rejected: Node didn't have enough resource: cpu, requested: 4000, used: 3100, capacity: 4000"
            ),
            Some(Lifecycle::Rejected {
                reason: "OutOfcpu".into(),
                short: Some(Shortage {
                    resource: "cpu".into(),
                    requested: "4000".into(),
                    used: "3100".into(),
                    capacity: "4000".into()
                })
            })
        );
        assert_eq!(
            event("UnexpectedAdmissionError", "Allocate failed due to no devices, which is unexpected"),
            Some(Lifecycle::Rejected { reason: "UnexpectedAdmissionError".into(), short: None })
        );
        assert_eq!(
            pod("Terminated", "Pod was terminated in response to imminent node shutdown."),
            Some(Lifecycle::NodeShutdown)
        );
        assert_eq!(
            pod("NodeLost", "Node a which was running pod b is unresponsive"),
            Some(Lifecycle::NodeLost)
        );
        assert_eq!(
            pod("DeadlineExceeded", "Pod was active on the node longer than the specified deadline"),
            Some(Lifecycle::DeadlineExceeded)
        );
        assert_eq!(pod("Running", ""), None);
    }

    #[test]
    fn ends_and_the_rest() {
        assert_eq!(terminated("ContainerStatusUnknown", ""), Some(Lifecycle::EndUnknown));
        assert_eq!(terminated("Error", ""), None);
        assert_eq!(disruption("EvictionByEvictionAPI"), Some(Disruption::EvictionApi));
        assert_eq!(disruption("New"), None);
        assert_eq!(
            event("SystemOOM", "System OOM encountered, victim process: java, pid: 4711"),
            Some(Lifecycle::SystemOom { process: Some("java".into()), pid: Some(4711) })
        );
        assert_eq!(
            event(
                "OOMKilled",
                "Memory cgroup out of memory: Kill process 1234 (node) score 1500 or sacrifice child"
            ),
            Some(Lifecycle::OomEvent { process: Some("node".into()) })
        );
        assert_eq!(
            event("FailedSync", "Error syncing pod"),
            Some(Lifecycle::SyncFailed { runtime_down: false })
        );
        assert_eq!(event("NodeNotReady", "Node is not ready"), Some(Lifecycle::NodeNotReady));
        assert_eq!(event("NodeNotReady", "Node a status is now: NodeNotReady"), None);
        assert_eq!(
            event("TaintManagerEviction", "Cancelling deletion of Pod shop/web"),
            Some(Lifecycle::TaintEvictionCancelled)
        );
        assert_eq!(
            event("TaintManagerEviction", "Marking for deletion Pod shop/web"),
            Some(Lifecycle::TaintEviction)
        );
        assert_eq!(
            event("Created", "Created container: web"),
            Some(Lifecycle::Created { container: Some("web".into()) })
        );
        assert_eq!(
            event("Started", "Started container web"),
            Some(Lifecycle::Started { container: Some("web".into()) })
        );
        assert_eq!(event("Started", "Container started"), Some(Lifecycle::Started { container: None }));
        assert_eq!(event("EvictedByVPA", "Pod was evicted by VPA Updater"), Some(Lifecycle::EvictedByTool));
        assert_eq!(
            event("Preempting", "Preempted in order to admit critical pod"),
            Some(Lifecycle::Preempted)
        );
        assert_eq!(
            event(
                "ExceededGracePeriod",
                "Container runtime did not kill the pod within specified grace period."
            ),
            Some(Lifecycle::ExceededGracePeriod)
        );
    }
}
