//! What is said of nodes.

use super::text::{after, has, has_any, keep, seconds, until, word};
use crate::Text;

/// A reason why a node is not ready (pkg/kubelet/nodestatus/setters.go, pkg/controller/nodelifecycle; 1.13 to 1.36).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeIssue {
    /// The runtime has not answered for 30 seconds.
    RuntimeDown,
    /// The runtime answers, and says that it is not ready.
    RuntimeNotReady {
        /// Its reason.
        reason: Option<Text>,
    },
    /// The relist of containers takes too long.
    Pleg {
        /// Seconds since the last one.
        seconds: Option<u32>,
    },
    /// The runtime says that the pod network is not ready.
    NetworkNotReady {
        /// Its message.
        message: Text,
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
    /// It was rebooted.
    Rebooted,
    /// Its kubelet was started.
    KubeletStarted,
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
    ImageGcFailed,
    /// It was registered with the node controller.
    Registered,
}

/// Reads the message of a Ready condition that is not true.
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
    if let Some(rest) = after(message, "RuntimeReady=false") {
        issues.push(NodeIssue::RuntimeNotReady { reason: after(rest, "reason:").map(|r| keep(word(r))) });
    }
    if has(message, "PLEG is not healthy") {
        let ago = after(message, "last seen active ").and_then(|t| seconds(until(t, " ago")));
        issues.push(NodeIssue::Pleg { seconds: ago });
    }
    if let Some(rest) = after(message, "NetworkReady=false") {
        issues.push(NodeIssue::NetworkNotReady { message: keep(after(rest, "message:").unwrap_or(rest)) });
    } else if has_any(message, &["network plugin is not ready", "cni config uninitialized"]) {
        issues.push(NodeIssue::NetworkNotReady { message: keep(message) });
    }
    if has(message, "node is shutting down") {
        issues.push(NodeIssue::ShuttingDown);
    }
    if issues.is_empty() && !message.is_empty() {
        issues.push(NodeIssue::Other(keep(message)));
    }
    issues
}

/// Reads an event about a node (pkg/kubelet/events/event.go, pkg/controller/nodelifecycle).
pub(super) fn event(reason: &str, text: &str) -> Option<NodeEvent> {
    Some(match reason {
        "NodeReady" => NodeEvent::Ready,
        "NodeNotReady" => NodeEvent::NotReady,
        "Rebooted" => NodeEvent::Rebooted,
        "Starting" if has(text, "kubelet") => NodeEvent::KubeletStarted,
        "NodeHasInsufficientMemory" => NodeEvent::Pressure { resource: "memory" },
        "NodeHasDiskPressure" => NodeEvent::Pressure { resource: "disk" },
        "NodeHasInsufficientPID" => NodeEvent::Pressure { resource: "pid" },
        "EvictionThresholdMet" => NodeEvent::EvictionThreshold {
            resource: keep(after(text, "Attempting to reclaim ").unwrap_or("")),
        },
        "FreeDiskSpaceFailed" | "ImageGCFailed" => NodeEvent::ImageGcFailed,
        "RegisteredNode" => NodeEvent::Registered,
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
            vec![NodeIssue::RuntimeDown, NodeIssue::Pleg { seconds: seconds("4m21.79s") }]
        );
    }

    #[test]
    fn silence_is_told_from_network() {
        assert_eq!(
            issues("NodeStatusUnknown", "Kubelet stopped posting node status."),
            vec![NodeIssue::StoppedPosting]
        );
        let network = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized";
        assert!(matches!(issues("KubeletNotReady", network).as_slice(), [NodeIssue::NetworkNotReady { .. }]));
    }
}
