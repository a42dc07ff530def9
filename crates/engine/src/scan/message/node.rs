//! What is said of nodes.

use super::lifecycle::killed;
use super::text::{after, has, has_any, keep, list, seconds, some, until, word};
use crate::Text;

/// A reason why a node is not ready (pkg/kubelet/nodestatus/setters.go, pkg/controller/nodelifecycle; 1.13 to 1.36).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeIssue {
    /// The runtime has not answered for 30 seconds.
    RuntimeDown,
    /// The kubelet has just started and not asked the runtime yet: passes.
    RuntimeNotAsked,
    /// The runtime answers, and says that it is not ready.
    RuntimeNotReady {
        /// Its reason.
        reason: Option<Text>,
    },
    /// The relist of containers takes too long.
    Pleg {
        /// Seconds since the last one; nothing if there was none yet.
        seconds: Option<u32>,
    },
    /// The runtime says that the pod network is not ready.
    NetworkNotReady {
        /// Its message.
        message: Text,
    },
    /// The kubelet has not registered its CSI drivers yet: passes.
    CsiNotInitialized,
    /// The kubelet does not know how much the node has.
    CapacityMissing {
        /// Of which resources.
        resources: Vec<Text>,
    },
    /// The kubelet is silent.
    StoppedPosting,
    /// The kubelet was never heard.
    NeverUpdated,
    /// The node is shutting down.
    ShuttingDown,
    /// Anything else.
    Other(Text),
}

/// Something that happens to a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeEvent {
    /// It became ready.
    Ready,
    /// It became not ready.
    NotReady,
    /// It was marked unschedulable.
    Cordoned,
    /// It was marked schedulable.
    Uncordoned,
    /// It was rebooted.
    Rebooted {
        /// The new boot's id.
        boot: Option<Text>,
    },
    /// Its kubelet was started.
    KubeletStarted,
    /// Its kubelet does not come up.
    KubeletFailed(Text),
    /// It is shutting down.
    ShuttingDown,
    /// It has too little of a resource.
    Pressure {
        /// `memory`, `disk`, `pid`.
        resource: &'static str,
    },
    /// The kubelet begins to evict.
    EvictionThreshold {
        /// The resource.
        resource: Text,
    },
    /// Unused images could not make enough room.
    ImageGcFailed {
        /// Bytes that were wanted, where given.
        wanted: Option<u64>,
        /// Bytes that were freed or could be.
        freed: Option<u64>,
    },
    /// Dead containers were not removed: often the first sign of a dead runtime.
    ContainerGcFailed {
        /// Whether the runtime was not reached.
        runtime_down: bool,
    },
    /// The runtime reports no image file system; normal once, right after the kubelet's start.
    NoImageFilesystem,
    /// It was registered with the node controller: for all nodes at once, a new leader of the controllers.
    Registered,
    /// It was removed from the node controller.
    Removed,
    /// Its network is not set up, says the cloud or the network plugin.
    NetworkUnavailable,
    /// A process was killed for memory (node-problem-detector).
    KernelOom {
        /// The process.
        process: Option<Text>,
    },
    /// A task hangs (node-problem-detector).
    TaskHung,
    /// A file system is read-only or has errors (node-problem-detector).
    FilesystemBroken(Text),
    /// Something else that node-problem-detector found.
    Problem(Text),
    /// More name servers or search domains than a pod can have; usually harmless.
    DnsConfig,
}

/// Reads the message of a Ready condition that is not true. One issue stands bare, several as `[a, b]`.
pub fn issues(reason: &str, message: &str) -> Vec<NodeIssue> {
    match reason {
        "NodeStatusUnknown" => return vec![NodeIssue::StoppedPosting],
        "NodeStatusNeverUpdated" => return vec![NodeIssue::NeverUpdated],
        _ => {}
    }
    let mut issues = Vec::new();
    if has(message, "Kubelet stopped posting") {
        issues.push(NodeIssue::StoppedPosting);
    }
    if has(message, "Kubelet never posted") {
        issues.push(NodeIssue::NeverUpdated);
    }
    if has(message, "container runtime is down") {
        issues.push(NodeIssue::RuntimeDown);
    }
    if has(message, "container runtime status check may not have completed yet") {
        issues.push(NodeIssue::RuntimeNotAsked);
    }
    if let Some(rest) = after(message, "RuntimeReady=false") {
        let reason = after(rest, "reason:").and_then(|rest| some(word(rest)));
        issues.push(NodeIssue::RuntimeNotReady { reason });
    }
    if has(message, "PLEG is not healthy") {
        let ago = after(message, "last seen active ").and_then(|rest| seconds(until(rest, " ago")));
        issues.push(NodeIssue::Pleg { seconds: ago });
    }
    if let Some(rest) = after(message, "NetworkReady=false") {
        let said = after(rest, "message:").unwrap_or(rest);
        let said = until(until(until(said, ", CSINode is"), ", PLEG is"), ", missing node capacity");
        issues.push(NodeIssue::NetworkNotReady { message: keep(said.trim_end_matches(']')) });
    } else if has_any(message, &["network plugin is not ready", "cni config uninitialized"]) {
        issues.push(NodeIssue::NetworkNotReady { message: keep(message) });
    }
    if has(message, "CSINode is not yet initialized") {
        issues.push(NodeIssue::CsiNotInitialized);
    }
    if let Some(rest) = after(message, "missing node capacity for resources: ") {
        issues.push(NodeIssue::CapacityMissing { resources: list(until(rest, "]")) });
    }
    if has(message, "node is shutting down") {
        issues.push(NodeIssue::ShuttingDown);
    }
    if issues.is_empty() && !message.is_empty() {
        issues.push(NodeIssue::Other(keep(message)));
    }
    issues
}

/// Reads an event about a node (pkg/kubelet/events/event.go, pkg/controller/nodelifecycle; 1.13 to 1.36).
pub(super) fn event(reason: &str, text: &str) -> Option<NodeEvent> {
    Some(match reason {
        "NodeReady" => NodeEvent::Ready,
        "NodeNotReady" => NodeEvent::NotReady,
        "NodeNotSchedulable" => NodeEvent::Cordoned,
        "NodeSchedulable" => NodeEvent::Uncordoned,
        // `Node <n> has been rebooted, boot id: <id>`
        "Rebooted" => {
            NodeEvent::Rebooted { boot: after(text, "boot id: ").and_then(|rest| some(word(rest))) }
        }
        "Starting" if has(text, "kubelet") => NodeEvent::KubeletStarted,
        "KubeletSetupFailed" | "FailedNodeAllocatableEnforcement" | "InvalidKubeletConfiguration" => {
            NodeEvent::KubeletFailed(keep(text))
        }
        "Shutdown" | "NodeShutdown" => NodeEvent::ShuttingDown,
        "NodeHasInsufficientMemory" => NodeEvent::Pressure { resource: "memory" },
        "NodeHasDiskPressure" => NodeEvent::Pressure { resource: "disk" },
        "NodeHasInsufficientPID" => NodeEvent::Pressure { resource: "pid" },
        "EvictionThresholdMet" => NodeEvent::EvictionThreshold {
            resource: keep(after(text, "Attempting to reclaim ").unwrap_or("")),
        },
        "FreeDiskSpaceFailed" | "ImageGCFailed" => garbage(text),
        "ContainerGCFailed" => NodeEvent::ContainerGcFailed {
            runtime_down: has_any(
                text,
                &["dial unix", "Unavailable", "DeadlineExceeded", "connection refused"],
            ),
        },
        "InvalidDiskCapacity" => NodeEvent::NoImageFilesystem,
        "RegisteredNode" => NodeEvent::Registered,
        "RemovingNode" | "DeletingNode" => NodeEvent::Removed,
        "DNSConfigForming" | "CheckLimitsForResolvConf" | "MissingClusterDNS" => NodeEvent::DnsConfig,
        _ => return problem(reason, text),
    })
}

/// image_gc_manager.go. ≤1.25 `failed to garbage collect required amount of images. Wanted to free <n> bytes, but freed
/// <n> bytes`; 1.26-1.34 `Failed to garbage collect … Attempted to free <n> bytes, but only found <n> bytes eligible to
/// free.`; 1.35+ `… (freed <n> bytes). …`
fn garbage(text: &str) -> NodeEvent {
    let bytes = |literals: &[&str]| {
        literals.iter().find_map(|literal| {
            let rest = after(text, literal)?;
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..end)?.parse().ok()
        })
    };
    NodeEvent::ImageGcFailed {
        wanted: bytes(&["Wanted to free ", "ttempted to free "]),
        freed: bytes(&["but only found ", "but freed ", "(freed "]),
    }
}

/// kubernetes/node-problem-detector, config/*.json.
fn problem(reason: &str, text: &str) -> Option<NodeEvent> {
    Some(match reason {
        "OOMKilling" => NodeEvent::KernelOom { process: killed(text) },
        "TaskHung" => NodeEvent::TaskHung,
        "FilesystemIsReadOnly" | "Ext4Error" | "Ext4Warning" | "IOError" | "XfsHasShutDown" => {
            NodeEvent::FilesystemBroken(keep(text))
        }
        "KernelOops"
        | "UnregisterNetDevice"
        | "MemoryReadError"
        | "KernelDeadlock"
        | "DockerHung"
        | "ContainerdHung"
        | "DockerContainerStartupFailure"
        | "CorruptDockerImage"
        | "CorruptDockerOverlay2"
        | "FrequentKubeletRestart"
        | "FrequentDockerRestart"
        | "FrequentContainerdRestart"
        | "ContainerdUnhealthy"
        | "KubeletUnhealthy"
        | "DockerUnhealthy"
        | "ConntrackFull"
        | "NTPIsDown"
        | "NTPProblem" => NodeEvent::Problem(keep(reason)),
        _ => return None,
    })
}

/// Reads a condition other than Ready that is bad when it is true.
pub(super) fn condition(kind: &str, reason: &str, text: &str) -> Option<NodeEvent> {
    Some(match kind {
        "MemoryPressure" => NodeEvent::Pressure { resource: "memory" },
        "DiskPressure" => NodeEvent::Pressure { resource: "disk" },
        "PIDPressure" => NodeEvent::Pressure { resource: "pid" },
        "NetworkUnavailable" => NodeEvent::NetworkUnavailable,
        "ReadonlyFilesystem" | "XfsShutdown" => NodeEvent::FilesystemBroken(keep(text)),
        "KernelDeadlock"
        | "CorruptDockerOverlay2"
        | "FrequentKubeletRestart"
        | "FrequentDockerRestart"
        | "FrequentContainerdRestart"
        | "FrequentUnregisterNetDevice"
        | "ContainerRuntimeProblem"
        | "KubeletProblem"
        | "CperHardwareErrorFatal" => NodeEvent::Problem(keep(if reason.is_empty() { kind } else { reason })),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_may_have_several_issues() {
        let text = "[container runtime is down, PLEG is not healthy: pleg was last seen active 4m21.79s ago; threshold is 3m0s]";
        assert_eq!(
            issues("KubeletNotReady", text),
            vec![NodeIssue::RuntimeDown, NodeIssue::Pleg { seconds: Some(261) }]
        );
        let text = "[container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized, CSINode is not yet initialized]";
        assert_eq!(
            issues("KubeletNotReady", text),
            vec![
                NodeIssue::NetworkNotReady {
                    message: "Network plugin returns error: cni plugin not initialized".into()
                },
                NodeIssue::CsiNotInitialized
            ]
        );
        let text = "[container runtime status check may not have completed yet, PLEG is not healthy: pleg has yet to be successful, missing node capacity for resources: ephemeral-storage]";
        assert_eq!(
            issues("KubeletNotReady", text),
            vec![
                NodeIssue::RuntimeNotAsked,
                NodeIssue::Pleg { seconds: None },
                NodeIssue::CapacityMissing { resources: vec!["ephemeral-storage".into()] }
            ]
        );
    }

    #[test]
    fn single_issues() {
        for (reason, text, expected) in [
            ("NodeStatusUnknown", "Kubelet stopped posting node status.", NodeIssue::StoppedPosting),
            ("NodeStatusNeverUpdated", "Kubelet never posted node status.", NodeIssue::NeverUpdated),
            ("KubeletNotReady", "node is shutting down", NodeIssue::ShuttingDown),
            (
                "KubeletNotReady",
                "container runtime not ready: RuntimeReady=false reason:ContainerdNotReady message:no",
                NodeIssue::RuntimeNotReady { reason: Some("ContainerdNotReady".into()) },
            ),
            (
                "KubeletNotReady",
                "runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:docker: network plugin is not ready: cni config uninitialized",
                NodeIssue::NetworkNotReady {
                    message: "docker: network plugin is not ready: cni config uninitialized".into(),
                },
            ),
            ("KubeletNotReady", "a horse", NodeIssue::Other("a horse".into())),
        ] {
            assert_eq!(issues(reason, text), vec![expected], "{text}");
        }
        assert!(issues("KubeletNotReady", "").is_empty());
    }

    #[test]
    fn events() {
        for (reason, text, expected) in [
            (
                "Rebooted",
                "Node worker-1 has been rebooted, boot id: 0f-1a",
                NodeEvent::Rebooted { boot: Some("0f-1a".into()) },
            ),
            ("NodeNotSchedulable", "Node worker-1 status is now: NodeNotSchedulable", NodeEvent::Cordoned),
            ("NodeSchedulable", "Node worker-1 status is now: NodeSchedulable", NodeEvent::Uncordoned),
            ("NodeNotReady", "Node worker-1 status is now: NodeNotReady", NodeEvent::NotReady),
            ("NodeReady", "Node worker-1 status is now: NodeReady", NodeEvent::Ready),
            ("Starting", "Starting kubelet.", NodeEvent::KubeletStarted),
            ("NodeHasDiskPressure", "", NodeEvent::Pressure { resource: "disk" }),
            (
                "EvictionThresholdMet",
                "Attempting to reclaim memory",
                NodeEvent::EvictionThreshold { resource: "memory".into() },
            ),
            (
                "FreeDiskSpaceFailed",
                "failed to garbage collect required amount of images. Wanted to free 5000000000 bytes, but freed 0 bytes",
                NodeEvent::ImageGcFailed { wanted: Some(5_000_000_000), freed: Some(0) },
            ),
            (
                "FreeDiskSpaceFailed",
                "Failed to garbage collect required amount of images. Attempted to free 77 bytes, but only found 5 bytes eligible to free.",
                NodeEvent::ImageGcFailed { wanted: Some(77), freed: Some(5) },
            ),
            (
                "ContainerGCFailed",
                r#"rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial unix /run/containerd/containerd.sock: connect: no such file or directory""#,
                NodeEvent::ContainerGcFailed { runtime_down: true },
            ),
            ("InvalidDiskCapacity", "invalid capacity 0 on image filesystem", NodeEvent::NoImageFilesystem),
            (
                "OOMKilling",
                "Memory cgroup out of memory: Killed process 1012 (java) total-vm:8kB",
                NodeEvent::KernelOom { process: Some("java".into()) },
            ),
            (
                "FilesystemIsReadOnly",
                "Node condition ReadonlyFilesystem is now: True",
                NodeEvent::FilesystemBroken("Node condition ReadonlyFilesystem is now: True".into()),
            ),
            ("KernelOops", "BUG: unable to handle", NodeEvent::Problem("KernelOops".into())),
        ] {
            assert_eq!(event(reason, text), Some(expected), "{reason} {text}");
        }
        assert_eq!(event("Starting", ""), None);
        assert_eq!(condition("DiskPressure", "", ""), Some(NodeEvent::Pressure { resource: "disk" }));
        assert_eq!(
            condition("KernelDeadlock", "DockerHung", ""),
            Some(NodeEvent::Problem("DockerHung".into()))
        );
        assert_eq!(condition("Ready", "", ""), None);
    }
}
