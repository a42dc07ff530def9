//! What is said when a container cannot be configured, created or started.

use super::text::{after, between, has, has_any, keep, quoted, quoted_after, until, word};
use crate::Text;

/// A kind of object that holds configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

/// Why a container does not start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// The kubelet waits before it starts the container again.
    BackOff {
        /// The container, where named.
        container: Option<Text>,
    },
    /// The environment refers to something that does not exist.
    ConfigReferenceMissing {
        /// ConfigMap or Secret.
        kind: ObjectKind,
        /// Its name.
        name: Text,
        /// The key, if the object exists and lacks it.
        key: Option<Text>,
    },
    /// `runAsNonRoot`, and the image's user is root or cannot be checked.
    RunAsNonRoot,
    /// A mount with `subPath` cannot be prepared.
    SubPath,
    /// The program is not in the image.
    CommandNotFound {
        /// As the spec or image names it.
        command: Text,
    },
    /// The program may not be executed, or is a directory.
    CommandNotExecutable {
        /// As the spec or image names it.
        command: Text,
    },
    /// The program is for another architecture, or has no valid header.
    WrongArchitecture {
        /// As the spec or image names it.
        command: Text,
    },
    /// The working directory does not exist or cannot be entered.
    WorkingDirectory,
    /// A mount inside the container cannot be made.
    MountInside {
        /// The path in the container, where named.
        path: Option<Text>,
    },
    /// The kernel killed the first process for memory while it was being set up.
    OomDuringStart,
    /// The name is taken by an earlier attempt that has not ended.
    NameReserved,
    /// The cgroup cannot be made or set.
    Cgroup,
    /// A device is not there.
    Device,
    /// A lifecycle hook failed.
    HookFailed {
        /// `PostStart` or `PreStop`.
        hook: &'static str,
    },
    /// Anything else.
    Other(Text),
}

/// Reads an error of the configuration, creation or start of a container, wherever it stands.
pub fn read(text: &str) -> Option<Start> {
    config(text).or_else(|| oci(text))
}

/// pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, kuberuntime/security_context.go; all versions.
fn config(text: &str) -> Option<Start> {
    if let Some(key) = after(text, "couldn't find key ") {
        for (word_, kind) in [(" in ConfigMap ", ObjectKind::ConfigMap), (" in Secret ", ObjectKind::Secret)]
        {
            if let Some((key, object)) = key.split_once(word_) {
                let name = word(object).trim_end_matches(['.', ',', ';']).rsplit('/').next().unwrap_or("");
                return Some(Start::ConfigReferenceMissing { kind, name: keep(name), key: Some(keep(key)) });
            }
        }
    }
    for (literal, kind) in [("configmap ", ObjectKind::ConfigMap), ("secret ", ObjectKind::Secret)] {
        if let Some(rest) = after(text, literal)
            && let Some((name, tail)) = quoted(rest)
            && tail.trim_start().starts_with("not found")
        {
            return Some(Start::ConfigReferenceMissing { kind, name: keep(&name), key: None });
        }
    }
    if has_any(text, &["runAsNonRoot", "runAsUser breaks non-root policy"]) {
        return Some(Start::RunAsNonRoot);
    }
    has(text, "failed to prepare subPath").then_some(Start::SubPath)
}

/// What runc, crun and Docker say (opencontainers/runc `libcontainer/init_linux.go`, crun `src/libcrun`, 1.0 to 1.3).
fn oci(text: &str) -> Option<Start> {
    if has_any(text, &["container init was OOM-killed", "memory limit too low"]) {
        return Some(Start::OomDuringStart);
    }
    if has_any(text, &["exec format error"]) {
        return Some(Start::WrongArchitecture { command: command(text) });
    }
    if has(text, "executable file") && has(text, "not found") {
        return Some(Start::CommandNotFound { command: command(text) });
    }
    let exec = has(text, "exec: ") || has(text, "starting container process caused");
    if exec && has(text, "no such file or directory") {
        return Some(Start::CommandNotFound { command: command(text) });
    }
    if exec && has_any(text, &["permission denied", "is a directory"]) {
        return Some(Start::CommandNotExecutable { command: command(text) });
    }
    if has(text, "chdir to cwd") || has(text, "cwd ") && has(text, "no such file") {
        return Some(Start::WorkingDirectory);
    }
    if has(text, "error mounting") || has(text, "failed to create shim task") && has(text, "mount ") {
        return Some(Start::MountInside { path: between(text, "rootfs at \"", "\"").map(keep) });
    }
    if has(text, "is reserved for") {
        return Some(Start::NameReserved);
    }
    if has_any(text, &["cgroup", "cgroupsPath"]) && has_any(text, &["failed", "error", "unable"]) {
        return Some(Start::Cgroup);
    }
    if has(text, "no such device") || has(text, "error gathering device information") {
        return Some(Start::Device);
    }
    None
}

/// `exec: "x": …`, or crun's `` executable file `x` ``.
fn command(text: &str) -> Text {
    if let Some(command) = quoted_after(text, "exec: ") {
        return command;
    }
    if let Some(command) = between(text, "`", "`") {
        return keep(command);
    }
    keep(until(word(after(text, "exec ").unwrap_or("")), ":"))
}

/// Reads an event about a container's start.
pub(super) fn event(reason: &str, text: &str) -> Option<Start> {
    match reason {
        // pkg/kubelet/events/event.go, all versions; the name is in the text since 1.26.
        "BackOff" if text.starts_with("Back-off restarting failed container") => {
            let rest = after(text, "Back-off restarting failed container").unwrap_or("").trim();
            let named = rest.strip_prefix("container ").unwrap_or(rest);
            let container = word(named);
            Some(Start::BackOff { container: (!container.is_empty()).then(|| keep(container)) })
        }
        "FailedPostStartHook" => Some(Start::HookFailed { hook: "PostStart" }),
        "FailedPreStopHook" => Some(Start::HookFailed { hook: "PreStop" }),
        "Failed" => {
            let text = text.strip_prefix("Error: ")?;
            Some(read(text).unwrap_or_else(|| Start::Other(keep(text))))
        }
        _ => None,
    }
}

/// Reads the waiting state of a container that could not be configured, created or started.
pub(super) fn waiting(reason: &str, text: &str) -> Option<Start> {
    match reason {
        "CrashLoopBackOff" => Some(Start::BackOff { container: None }),
        "PostStartHookError" => Some(Start::HookFailed { hook: "PostStart" }),
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError" => Some(read(text).unwrap_or_else(|| Start::Other(keep(text)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_references_are_told_apart() {
        assert_eq!(
            read("secret \"db-credentials\" not found"),
            Some(Start::ConfigReferenceMissing {
                kind: ObjectKind::Secret,
                name: "db-credentials".into(),
                key: None
            })
        );
        assert_eq!(
            read("couldn't find key mode in ConfigMap config-missing/settings"),
            Some(Start::ConfigReferenceMissing {
                kind: ObjectKind::ConfigMap,
                name: "settings".into(),
                key: Some("mode".into())
            })
        );
    }

    #[test]
    fn commands_are_told_apart() {
        let runc = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";
        assert_eq!(
            read(&format!(
                "{runc}exec: \"/usr/bin/myapp\": stat /usr/bin/myapp: no such file or directory: unknown"
            )),
            Some(Start::CommandNotFound { command: "/usr/bin/myapp".into() })
        );
        assert_eq!(
            read(&format!("{runc}exec: \"/etc/passwd\": permission denied: unknown")),
            Some(Start::CommandNotExecutable { command: "/etc/passwd".into() })
        );
        assert_eq!(
            read(&format!("{runc}container init was OOM-killed (memory limit too low?): unknown")),
            Some(Start::OomDuringStart)
        );
        assert_eq!(
            event("BackOff", "Back-off restarting failed container app in pod x_y(z)"),
            Some(Start::BackOff { container: Some("app".into()) })
        );
    }
}
