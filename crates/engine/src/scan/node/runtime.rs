//! Lines of containerd, CRI-O and Docker.

use super::claim::NodeClaim;
use super::patterns::{Family, Said};
use super::record::Record;
use crate::scan::message::text::{after, between, has, has_any, keep, until};

/// Sources: containerd `internal/cri` (`pkg/cri` before 2.0), `core/runtime/v2`; CRI-O `internal/oci`; conmon; moby.
pub(super) const FAMILIES: &[Family] = &[
    Family { read: task_oom, literals: &["TaskOOM event", "OOM received", "OOM event received"] },
    Family {
        read: stopping,
        literals: &[
            "Stop CRI service",
            "Stopping CRI service",
            "Successfully shut down CRI",
            "Processing signal 'terminated'",
        ],
    },
    Family {
        read: started,
        literals: &[
            "containerd successfully booted in",
            "Daemon has completed initialization",
            "Starting CRI-O, version",
        ],
    },
    Family {
        read: sandbox,
        literals: &[
            "RunPodSandbox for ",
            "Failed to create pod sandbox",
            "failed to create pod network sandbox",
        ],
    },
    Family {
        read: shim,
        literals: &[
            "failed to start shim",
            "failed to create shim",
            "shim died",
            "ttrpc: closed",
            "failed to create containerd task",
            "failed to load shim",
            "shim exited unexpectedly",
        ],
    },
    Family {
        read: panic,
        literals: &["panic: ", "fatal error: ", "unexpected fault address", "SIGABRT: abort"],
    },
    Family {
        read: |_, said| said.add(NodeClaim::AddressesExhausted),
        literals: &[
            "no IP addresses available in range set",
            "no available IP/Prefix addresses",
            "IPAM allocated only 0",
            "range is full",
        ],
    },
    Family {
        read: |record, said| {
            if !has_any(record.text, &["inotify", "watcher"]) {
                said.add(NodeClaim::NoSpace);
            }
        },
        literals: &["no space left on device", "No space left on device"],
    },
    Family {
        read: |_, said| said.add(NodeClaim::TooManyOpenFiles),
        literals: &["too many open files", "Too many open files"],
    },
];

fn task_oom(record: &Record, said: &mut Said) {
    // `TaskOOM event &TaskOOM{ContainerID:<id>,…}`; conmon names a prefix of the ID: `conmon 5d0c <ninfo>: OOM received`.
    let id = between(record.text, "ContainerID:", ",")
        .or_else(|| after(record.text, "conmon ").map(|rest| until(rest, " ")))
        .or_else(|| between(record.text, "container_id:\\\"", "\\\""))
        .unwrap_or("");
    said.add(NodeClaim::TaskOom { container: keep(id.trim_end_matches('}')) });
}

fn stopping(_: &Record, said: &mut Said) {
    said.add(NodeClaim::RuntimeStopping);
}

fn started(_: &Record, said: &mut Said) {
    said.add(NodeClaim::RuntimeStarted);
}

fn sandbox(record: &Record, said: &mut Said) {
    if !has_any(record.text, &["failed", "Failed"]) {
        return;
    }
    let name = between(record.text, "{Name:", ",").unwrap_or("");
    let namespace = between(record.text, "Namespace:", ",").unwrap_or("");
    let pod = if name.is_empty() { String::new() } else { format!("{namespace}/{name}") };
    said.detail(NodeClaim::SandboxFailed { pod: keep(&pod) }, &record.error());
}

fn shim(record: &Record, said: &mut Said) {
    // A container's program that cannot be started is told with the same words; runc says so.
    if !has_any(record.text, &["OCI runtime", "runc create failed", "exec: "]) {
        said.detail(NodeClaim::ShimFailed, &record.error());
    }
}

fn panic(record: &Record, said: &mut Said) {
    if record.text.starts_with("panic: ")
        || record.text.starts_with("fatal error: ")
        || has(record.text, "unexpected fault")
    {
        said.detail(NodeClaim::DaemonPanic, record.text);
    }
}
