//! What is said of probes, kills and evictions.

use super::network::{self, Unreached};
use super::text::{after, between, has, has_any, keep, number, number_after, quoted_after, until, word};
use crate::Text;

/// Which probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ProbeKind {
    Liveness,
    Readiness,
    Startup,
}

/// Something that happens to a container or pod that runs.
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
    /// The pod was evicted by its node.
    Evicted(Eviction),
    /// The taint manager deletes the pod.
    TaintEviction,
    /// The deletion was called off.
    TaintEvictionCancelled,
    /// The pod gave way to another.
    Preempted,
    /// `activeDeadlineSeconds` is over.
    DeadlineExceeded,
    /// The runtime did not kill the pod within its grace period.
    ExceededGracePeriod,
    /// The kernel killed a process because the node had no memory left.
    SystemOom {
        /// The process, at most 15 letters.
        process: Option<Text>,
    },
    /// An event that says OOMKilled on a pod: no Kubernetes writes one.
    OomEvent,
    /// The container was created or started.
    Started,
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
    /// Anything else.
    Other,
}

/// How a probe failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeFailure {
    /// The answer's status.
    HttpStatus(u16),
    /// The connection.
    Network(Unreached),
    /// No answer in time.
    Timeout,
    /// The command ran too long.
    ExecTimeout {
        /// The command.
        command: Option<Text>,
    },
    /// The command ended with an error; what it printed.
    ExecOutput(Text),
    /// The gRPC connection did not come about in time.
    GrpcConnect {
        /// Where.
        address: Text,
    },
    /// The server speaks gRPC and has no health service.
    GrpcUnimplemented,
    /// What answers does not speak gRPC.
    GrpcNotSpoken,
    /// The health service says so.
    GrpcUnhealthy {
        /// Its word.
        status: Text,
    },
}

/// An eviction (pkg/kubelet/eviction/helpers.go, 1.13 to 1.36).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Eviction {
    /// `memory`, `ephemeral-storage`, `inodes`, `pids`.
    pub resource: Option<Text>,
    /// What the threshold was.
    pub threshold: Option<Text>,
    /// What was left.
    pub available: Option<Text>,
    /// Containers, what they used and requested.
    pub containers: Vec<(Text, Text, Text)>,
    /// The pod passed a limit of its own: which.
    pub own_limit: Option<Text>,
}

/// Reads what a probe printed or met (pkg/probe, 1.13 to 1.36).
pub fn probe_failure(text: &str) -> ProbeFailure {
    if let Some(code) = number_after(text, "HTTP probe failed with statuscode: ") {
        return ProbeFailure::HttpStatus(u16::try_from(code).unwrap_or(0));
    }
    if let Some(address) = quoted_after(text, "timeout: failed to connect service ") {
        return ProbeFailure::GrpcConnect { address };
    }
    if has(text, "does not implement the grpc health protocol") {
        return ProbeFailure::GrpcUnimplemented;
    }
    if has_any(
        text,
        &["error reading server preface", "frame too large", "unexpected HTTP status code received"],
    ) {
        return ProbeFailure::GrpcNotSpoken;
    }
    if let Some(status) = quoted_after(text, "service unhealthy (responded with ") {
        return ProbeFailure::GrpcUnhealthy { status };
    }
    if has(text, "command ") && has(text, "timed out") {
        return ProbeFailure::ExecTimeout {
            command: quoted_after(text, "command timed out: ").or_else(|| quoted_after(text, "command ")),
        };
    }
    if (has(text, "Get ") || has(text, "dial tcp"))
        && let Some(unreached) = network::read(text)
    {
        return ProbeFailure::Network(unreached);
    }
    if has_any(text, &["context deadline exceeded", "i/o timeout", "Client.Timeout"]) {
        return ProbeFailure::Timeout;
    }
    ProbeFailure::ExecOutput(keep(text.trim()))
}

/// Reads an event.
pub(super) fn event(reason: &str, text: &str) -> Option<Lifecycle> {
    Some(match reason {
        "Unhealthy" => unhealthy(text)?,
        "Killing" => killing(text),
        "Evicted" => Lifecycle::Evicted(eviction(text)),
        "TaintManagerEviction" if has(text, "Cancelling") => Lifecycle::TaintEvictionCancelled,
        "TaintManagerEviction" => Lifecycle::TaintEviction,
        "Preempted" | "Preempting" => Lifecycle::Preempted,
        "DeadlineExceeded" if has(text, "Pod was active") => Lifecycle::DeadlineExceeded,
        "ExceededGracePeriod" => Lifecycle::ExceededGracePeriod,
        "SystemOOM" => {
            Lifecycle::SystemOom { process: after(text, "victim process: ").map(|t| keep(until(t, ", pid"))) }
        }
        "OOMKilled" | "OOMKilling" => Lifecycle::OomEvent,
        "Created" | "Started" => Lifecycle::Started,
        _ => return None,
    })
}

fn unhealthy(text: &str) -> Option<Lifecycle> {
    let probe = match word(text) {
        "Liveness" => ProbeKind::Liveness,
        "Readiness" => ProbeKind::Readiness,
        "Startup" => ProbeKind::Startup,
        _ => return None,
    };
    let errored = has(text, " probe errored");
    let output = after(text, ": ").unwrap_or("");
    Some(Lifecycle::Unhealthy { probe, errored, how: probe_failure(output) })
}

/// pkg/kubelet/kuberuntime, all versions.
fn killing(text: &str) -> Lifecycle {
    let container = ["Stopping container ", "Container ", "Killing container with id docker://"]
        .into_iter()
        .find_map(|literal| text.strip_prefix(literal))
        .map(|rest| keep(word(rest).trim_end_matches([':', ',', '.'])));
    let why = if has(text, "failed liveness probe") || has(text, "is unhealthy, it will be killed") {
        KillReason::LivenessFailed
    } else if has(text, "failed startup probe") {
        KillReason::StartupFailed
    } else if has_any(text, &["definition changed", "resize requires restart"]) {
        KillReason::SpecChanged
    } else if text.starts_with("Stopping container") {
        KillReason::Stopping
    } else {
        KillReason::Other
    };
    Lifecycle::Killing { container, why }
}

/// Reads the sentence of an eviction.
pub fn eviction(text: &str) -> Eviction {
    let mut found = Eviction {
        resource: after(text, "low on resource: ").map(|t| keep(word(t).trim_end_matches('.'))),
        threshold: between(text, "Threshold quantity: ", ",").map(keep),
        available: between(text, "available: ", ". ").map(keep),
        containers: Vec::new(),
        own_limit: None,
    };
    for (literal, limit) in [
        ("exceeded its local ephemeral storage limit", "container ephemeral-storage limit"),
        ("ephemeral local storage usage exceeds the total limit", "pod ephemeral-storage limit"),
        ("Usage of EmptyDir volume", "emptyDir size limit"),
    ] {
        if has(text, literal) {
            found.own_limit = Some(limit.into());
            found.resource = found.resource.or_else(|| Some("ephemeral-storage".into()));
        }
    }
    let mut rest = text;
    while let Some(next) = after(rest, "Container ") {
        let name = word(next);
        if let Some(used) = after(next, "was using ") {
            let request = after(used, "request is ")
                .or_else(|| after(used, "its request of "))
                .map_or("", |r| until(r, ","));
            found.containers.push((
                keep(name),
                keep(until(used, ",")),
                keep(request.trim_end_matches([' ', '.'])),
            ));
        }
        rest = next;
    }
    if found.resource.is_none() && number(text).is_none() && has(text, "The node had condition: [") {
        found.resource = between(text, "The node had condition: [", "]").map(keep);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::network::{NetworkError, Protocol};
    use super::*;

    fn how(text: &str) -> ProbeFailure {
        match event("Unhealthy", text) {
            Some(Lifecycle::Unhealthy { how, .. }) => how,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn probe_failures_are_told_apart() {
        assert_eq!(
            how("Readiness probe failed: HTTP probe failed with statuscode: 503"),
            ProbeFailure::HttpStatus(503)
        );
        let refused = how(
            "Liveness probe failed: Get \"http://10.0.0.1:8080/healthz\": dial tcp 10.0.0.1:8080: connect: connection refused",
        );
        assert!(matches!(refused, ProbeFailure::Network(Unreached { how: NetworkError::Refused, .. })));
        let other = how(
            "Liveness probe failed: Get \"http://10.0.0.1:5050/\": net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x00\\x00\\x06\\x04\"",
        );
        assert!(
            matches!(other, ProbeFailure::Network(Unreached { how: NetworkError::NotHttp(_), .. })),
            "{other:?}"
        );
        let grpc = how(
            "Liveness probe failed: timeout: failed to connect service \"10.0.0.1:9555\" within 1s: context deadline exceeded",
        );
        assert_eq!(grpc, ProbeFailure::GrpcConnect { address: "10.0.0.1:9555".into() });
        let _ = Protocol::Tls;
    }

    #[test]
    fn kills_are_told_apart() {
        let why = |text| match event("Killing", text) {
            Some(Lifecycle::Killing { why, container }) => (why, container.unwrap_or("".into())),
            other => panic!("{other:?}"),
        };
        assert_eq!(why("Stopping container app"), (KillReason::Stopping, "app".into()));
        assert_eq!(
            why("Container web failed liveness probe, will be restarted"),
            (KillReason::LivenessFailed, "web".into())
        );
    }

    #[test]
    fn an_eviction_names_resource_and_usage() {
        let read = eviction(
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi. Container app was using 3653196Ki, request is 0, has larger consumption of memory. ",
        );
        assert_eq!(read.resource.as_deref(), Some("memory"));
        assert_eq!(read.available.as_deref(), Some("92Mi"));
        assert_eq!(read.containers, vec![("app".into(), "3653196Ki".into(), "0".into())]);
        assert_eq!(
            eviction("Usage of EmptyDir volume \"cache\" exceeds the limit \"20Mi\". ").own_limit.as_deref(),
            Some("emptyDir size limit")
        );
    }
}
