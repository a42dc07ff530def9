//! Puts back the levels of a `kubectl describe` whose indentation was lost in a web page or a chat.
//!
//! Without blanks only the keys tell where a line belongs: which keys an object has, which a container, which the
//! state of a container (k8s.io/kubectl pkg/describe/describe.go).

use super::form;
use super::outline::{Placed, key_of};

/// Keys of the outermost level, of every kind that kubectl describes by itself.
const TOP: &[&str] = &[
    "Name",
    "Namespace",
    "Priority",
    "Priority Class Name",
    "PriorityClassName",
    "Runtime Class Name",
    "Service Account",
    "ServiceAccount",
    "Node",
    "Start Time",
    "Labels",
    "Annotations",
    "Status",
    "Termination Grace Period",
    "Reason",
    "Message",
    "IP",
    "IPs",
    "Controlled By",
    "Controllers",
    "NominatedNodeName",
    "Resources",
    "Init Containers",
    "Containers",
    "Ephemeral Containers",
    "Readiness Gates",
    "Conditions",
    "Volumes",
    "QoS Class",
    "Node-Selectors",
    "Tolerations",
    "Topology Spread Constraints",
    "Events",
    "Selector",
    "Type",
    "IP Family Policy",
    "IP Families",
    "External IPs",
    "LoadBalancer Ingress",
    "Desired LoadBalancer IP",
    "External Name",
    "Session Affinity",
    "External Traffic Policy",
    "Internal Traffic Policy",
    "HealthCheck NodePort",
    "LoadBalancer Source Ranges",
    "TargetPort",
    "NodePort",
    "Endpoints",
    "CreationTimestamp",
    "Replicas",
    "StrategyType",
    "MinReadySeconds",
    "RollingUpdateStrategy",
    "Pod Template",
    "OldReplicaSets",
    "NewReplicaSet",
    "Pods Status",
    "Update Strategy",
    "Volume Claims",
    "Parallelism",
    "Completions",
    "Completion Mode",
    "Suspend",
    "Backoff Limit",
    "Completed At",
    "Duration",
    "Active Deadline Seconds",
    "Pods Statuses",
    "Completed Indexes",
    "Schedule",
    "Concurrency Policy",
    "Starting Deadline Seconds",
    "Last Schedule Time",
    "Active Jobs",
    "Successful Job History Limit",
    "Failed Job History Limit",
    "Roles",
    "Taints",
    "Unschedulable",
    "Lease",
    "Addresses",
    "Capacity",
    "Allocatable",
    "System Info",
    "PodCIDR",
    "PodCIDRs",
    "ProviderID",
    "Non-terminated Pods",
    "Allocated resources",
    "StorageClass",
    "Volume",
    "Finalizers",
    "Access Modes",
    "VolumeMode",
    "DataSource",
    "Used By",
    "Mounted By",
    "Claim",
    "Reclaim Policy",
    "Node Affinity",
    "Source",
    "IsDefaultClass",
    "Provisioner",
    "Parameters",
    "AllowVolumeExpansion",
    "MountOptions",
    "ReclaimPolicy",
    "VolumeBindingMode",
    "Image pull secrets",
    "Mountable secrets",
    "Tokens",
    "Subsets",
    "AddressType",
    "Ingress Class",
    "Default backend",
    "Rules",
    "Address",
    "TLS",
    "Reference",
    "Metrics",
    "Min replicas",
    "Max replicas",
    "Behavior",
    "Deployment pods",
    "Created on",
    "Spec",
    "Role",
    "Subjects",
    "Service Name",
    "Pod Management Policy",
    "Desired Number of Nodes Scheduled",
    "Current Number of Nodes Scheduled",
    "Number of Nodes Scheduled with Up-to-date Pods",
    "Number of Nodes Scheduled with Available Pods",
    "Number of Nodes Misscheduled",
    "Kubelet Version",
];

/// Keys of a container.
const CONTAINER: &[&str] = &[
    "Container ID",
    "Image",
    "Image ID",
    "Port",
    "Ports",
    "Host Port",
    "Host Ports",
    "SeccompProfile",
    "LocalhostProfile",
    "Command",
    "Args",
    "State",
    "Last State",
    "Ready",
    "Restart Count",
    "Limits",
    "Requests",
    "Liveness",
    "Readiness",
    "Startup",
    "Environment",
    "Environment Variables from",
    "Mounts",
    "Devices",
];

/// Keys that only a container has, so that a piece of one is known by them.
const SURE: &[&str] = &[
    "Container ID",
    "Image ID",
    "State",
    "Last State",
    "Restart Count",
    "Liveness",
    "Readiness",
    "Host Port",
];

/// Keys of a container's state.
const STATE: &[&str] = &["Reason", "Message", "Exit Code", "Signal", "Started", "Finished"];

/// Keys of a volume that objects have as well.
const VOLUME: &[&str] =
    &["Type", "Name", "Path", "Message", "Source", "StorageClass", "VolumeMode", "Capacity", "Status"];

/// Keys of a pod template.
const TEMPLATE: &[&str] = &[
    "Labels",
    "Annotations",
    "Service Account",
    "Containers",
    "Init Containers",
    "Volumes",
    "Node-Selectors",
    "Tolerations",
    "Priority Class Name",
    "Topology Spread Constraints",
];

/// Whether describe text can have this key.
pub fn is_known(key: &str) -> bool {
    TOP.contains(&key) || CONTAINER.contains(&key) || STATE.contains(&key)
}

/// Whether this key alone shows that a line is of describe text.
pub fn is_telling(key: &str, value: &str) -> bool {
    SURE.contains(&key)
        || matches!(
            key,
            "Exit Code" | "QoS Class" | "Node-Selectors" | "Controlled By" | "Start Time" | "Pods Status"
        )
        || (value.is_empty() && matches!(key, "Containers" | "Init Containers" | "Events" | "Pod Template"))
        || (value == "<none>" && matches!(key, "Events" | "Annotations" | "Labels" | "Tolerations"))
}

#[derive(Clone, Copy, PartialEq)]
enum Scope<'a> {
    /// No block is open, or one whose lines are told from the next key of the outermost level.
    Top,
    /// Containers; the level of a container's keys, and the last of them.
    Container { level: usize, key: &'a str },
    /// Volumes; the level of their names.
    Volumes(usize),
    /// A block of lines that are no keys of the outermost level; its level.
    Block(usize, &'a str),
    /// The values of labels and the like; their level.
    Values(usize),
}

/// Sets the indentation of the lines of one object.
pub(super) fn place(lines: &mut [Placed<'_>]) {
    if lines.iter().any(|l| l.text == "====") {
        // What stands under ConfigMap data is at the left edge by itself.
        return;
    }
    let mut scope = Scope::Top;
    let mut base = 0;
    for i in 0..lines.len() {
        let text = lines[i].text;
        let next = lines.get(i + 1).map(|l| l.text);
        let (key, value) = key_of(text).unwrap_or(("", text));
        let next_key = next.and_then(key_of).map_or("", |(key, _)| key);
        if base > 0 && TOP.contains(&key) && !TEMPLATE.contains(&key) && !inside(scope, key) {
            base = 0;
            scope = Scope::Top;
        }
        let named = !key.is_empty() && value.is_empty() && !key.contains(' ');
        let indent = match scope {
            Scope::Container { level, .. }
                if named && is_container(next_key) && !CONTAINER.contains(&key) =>
            {
                scope = Scope::Container { level, key: "" };
                level.saturating_sub(2)
            }
            Scope::Container { level, .. } if CONTAINER.contains(&key) => {
                scope = Scope::Container { level, key };
                level
            }
            Scope::Container { level, key: "State" | "Last State" } if STATE.contains(&key) => level + 2,
            Scope::Container { level, key: "Limits" | "Requests" | "Environment" }
                if !key.is_empty() && !TOP.contains(&key) =>
            {
                level + 2
            }
            Scope::Container { level, key: of } if !of.is_empty() && !TOP.contains(&key) && !is_row(text) => {
                level + 2
            }
            Scope::Volumes(level) if named && next_key == "Type" => level,
            Scope::Volumes(level) if !key.is_empty() && (!TOP.contains(&key) || VOLUME.contains(&key)) => {
                level + 2
            }
            Scope::Block(level, "Subsets") if matches!(key, "Addresses" | "NotReadyAddresses" | "Ports") => {
                level
            }
            Scope::Block(level, "IPs") if key == "IP" => level,
            // A log that was pasted below.
            Scope::Block(_, "Events") if form::begins_with_time(text) => 0,
            Scope::Block(level, of) if !TOP.contains(&key) || matches!(of, "Events") => {
                level + if of == "Subsets" { 2 } else { 0 }
            }
            Scope::Values(level) if !TOP.contains(&key) && !SURE.contains(&key) && !is_row(text) => level,
            _ => {
                scope = opened(key, value, base);
                if key == "Pod Template" {
                    base = 2;
                    0
                } else {
                    base
                }
            }
        };
        lines[i].indent = indent;
    }
}

/// Whether a key that the outermost level has, too, belongs to the block that is open.
fn inside(scope: Scope<'_>, key: &str) -> bool {
    match scope {
        Scope::Container { key: of, .. } => {
            CONTAINER.contains(&key) || (matches!(of, "State" | "Last State") && STATE.contains(&key))
        }
        Scope::Volumes(_) => VOLUME.contains(&key),
        _ => false,
    }
}

fn is_container(key: &str) -> bool {
    CONTAINER.contains(&key)
}

/// Whether a line is an event that stands without a table.
fn is_row(text: &str) -> bool {
    super::table::is_event_row(text)
}

/// The scope that a key opens.
fn opened<'a>(key: &'a str, value: &str, base: usize) -> Scope<'a> {
    match key {
        "Containers" | "Init Containers" | "Ephemeral Containers" => {
            Scope::Container { level: base + 4, key: "" }
        }
        "Volumes" if value.is_empty() => Scope::Volumes(base + 2),
        "Labels"
        | "Annotations"
        | "Tolerations"
        | "Node-Selectors"
        | "Taints"
        | "Topology Spread Constraints" => Scope::Values(base + 2),
        "Pod Template" | "" => Scope::Top,
        "Non-terminated Pods" | "Metrics" => Scope::Block(base + 2, key),
        _ if SURE.contains(&key) => Scope::Container { level: base, key },
        _ if value.is_empty() => Scope::Block(base + 2, key),
        _ => Scope::Top,
    }
}
