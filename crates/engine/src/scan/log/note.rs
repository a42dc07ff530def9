//! What kubectl, the kubelet and the runtime say in place of a log, or among its lines.

use crate::Text;
use crate::scan::message::text::{after, between, has, keep, quoted_after, until};

/// A remark that is not the container's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// `container "c" in pod "p" is waiting to start: reason` (pkg/kubelet/kubelet_pods.go, all versions).
    WaitingToStart {
        /// The container.
        container: Text,
        /// The pod.
        pod: Text,
        /// Why.
        reason: Text,
    },
    /// `previous terminated container "c" in pod "p" not found`: there is no earlier instance, or its log is gone.
    NoPrevious {
        /// The container.
        container: Text,
        /// The pod.
        pod: Text,
    },
    /// The runtime has removed the log (`unable to retrieve container logs for containerd://…`).
    Unretrievable {
        /// The container's id, with its runtime.
        container: Text,
    },
    /// The pod has no such container.
    NoSuchContainer {
        /// The container.
        container: Text,
        /// The pod.
        pod: Text,
    },
    /// `Defaulted container "c" out of: …`.
    Defaulted {
        /// The container that was chosen.
        container: Text,
    },
    /// The node has no inotify instance left; written by the kubelet at the end of a followed log.
    NoWatcher,
    /// kubectl or the API server could not reach the kubelet.
    KubeletUnreachable {
        /// What it says.
        text: Text,
    },
    /// kubectl is not allowed to read logs.
    Forbidden {
        /// What it says.
        text: Text,
    },
    /// There is no such pod, or nothing that was selected.
    NotFound {
        /// What it says.
        text: Text,
    },
    /// Another error of kubectl.
    Other {
        /// What it says.
        text: Text,
    },
}

/// Reads a remark; none if the line is the container's own.
pub(super) fn read(line: &str) -> Option<Note> {
    match line.as_bytes().first()? {
        b'E' if line.starts_with("Error from server") => Some(server(line)),
        b'E' if line.starts_with("Error: container ") && has(line, " is not valid for pod ") => invalid(line),
        b'e' if line.starts_with("error: container ") => invalid(line),
        b'e' if line.starts_with("error: a container name must be specified for pod ")
            || line.starts_with("error: unable to retrieve")
            || line.starts_with("error: timed out waiting for the condition") =>
        {
            Some(Note::Other { text: keep(line) })
        }
        b'u' if line.starts_with("unable to retrieve container logs for ") => {
            Some(Note::Unretrievable { container: keep(after(line, " logs for ")?) })
        }
        b'D' if line.starts_with("Defaulted container ") => {
            Some(Note::Defaulted { container: quoted_after(line, "Defaulted container ")? })
        }
        b'D' if line.starts_with("Defaulting container name to ") => {
            Some(Note::Defaulted { container: keep(until(after(line, " name to ")?, ".")) })
        }
        b'N' if line.starts_with("No resources found") => Some(Note::NotFound { text: keep(line) }),
        b'f' if line.starts_with("failed to create fsnotify watcher: ") => Some(Note::NoWatcher),
        b'r' if line.starts_with(
            "rpc error: code = NotFound desc = an error occurred when try to find container ",
        ) =>
        {
            Some(Note::Unretrievable { container: quoted_after(line, "find container ")? })
        }
        _ => None,
    }
}

fn invalid(line: &str) -> Option<Note> {
    let container = between(line, "container ", " is not valid for pod ")?;
    let pod = after(line, " is not valid for pod ")?;
    Some(Note::NoSuchContainer { container: keep(container), pod: keep(until(pod, " ")) })
}

/// `Error from server (Reason): message`, and without a reason where the server gave none.
fn server(line: &str) -> Note {
    let container = || quoted_after(line, "container ").unwrap_or_else(|| "".into());
    let pod = || quoted_after(line, "in pod ").unwrap_or_else(|| "".into());
    if let Some(reason) = after(line, " is waiting to start: ") {
        return Note::WaitingToStart { container: container(), pod: pod(), reason: keep(reason) };
    }
    if has(line, "previous terminated container ") {
        return Note::NoPrevious { container: container(), pod: pod() };
    }
    if has(line, " is not valid for pod ")
        && let Some(note) = invalid(line)
    {
        return note;
    }
    let text = keep(line);
    if line.starts_with("Error from server (Forbidden)") || has(line, ": Unauthorized") {
        return Note::Forbidden { text };
    }
    if line.starts_with("Error from server (NotFound)") {
        return Note::NotFound { text };
    }
    let unreachable = ["dial tcp", "error dialing backend", "connection refused", "i/o timeout", ":10250/"];
    if unreachable.iter().any(|literal| has(line, literal)) {
        return Note::KubeletUnreachable { text };
    }
    Note::Other { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_told_apart() {
        assert_eq!(
            read(
                r#"Error from server (BadRequest): previous terminated container "web" in pod "shop-1" not found"#
            ),
            Some(Note::NoPrevious { container: "web".into(), pod: "shop-1".into() })
        );
        assert_eq!(
            read(
                r#"Error from server (BadRequest): container "web" in pod "shop-1" is waiting to start: trying and failing to pull image"#
            ),
            Some(Note::WaitingToStart {
                container: "web".into(),
                pod: "shop-1".into(),
                reason: "trying and failing to pull image".into()
            })
        );
        assert_eq!(
            read("error: container istio-proxy is not valid for pod db-0"),
            Some(Note::NoSuchContainer { container: "istio-proxy".into(), pod: "db-0".into() })
        );
        assert_eq!(
            read("unable to retrieve container logs for containerd://5d0c0b5f"),
            Some(Note::Unretrievable { container: "containerd://5d0c0b5f".into() })
        );
        assert_eq!(read("failed to create fsnotify watcher: too many open files"), Some(Note::NoWatcher));
        assert_eq!(
            read(r#"Defaulted container "web" out of: web, proxy"#),
            Some(Note::Defaulted { container: "web".into() })
        );
        assert!(matches!(
            read(
                "Error from server: Get \"https://10.0.0.4:10250/containerLogs/shop/a/b\": dial tcp 10.0.0.4:10250: connect: connection refused"
            ),
            Some(Note::KubeletUnreachable { .. })
        ));
        assert_eq!(read("error: something of the program's own"), None);
        assert_eq!(read("Error: connect ECONNREFUSED 10.0.0.1:80"), None);
    }
}
