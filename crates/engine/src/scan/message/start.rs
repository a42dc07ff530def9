//! What stands between a container and its start: references, security, the runtime's own errors, hooks.

use super::text::{
    after, between, grpc, has, has_any, keep, list, quoted, quoted_after, seconds, some, until, word,
};
use crate::Text;
use std::borrow::Cow;

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
    /// The kubelet waits before it starts the container again: a timer, not a cause.
    BackOff {
        /// The container; events name it since 1.26.
        container: Option<Text>,
        /// The delay in seconds; states give it, events do not.
        seconds: Option<u32>,
    },
    /// The environment refers to something that does not exist.
    ConfigReferenceMissing {
        /// ConfigMap or Secret.
        kind: ObjectKind,
        /// Its name.
        name: Text,
        /// Its namespace, where given.
        namespace: Option<Text>,
        /// The key, if the object exists and lacks it.
        key: Option<Text>,
    },
    /// Keys of an `envFrom` source that are no variable names and were left out; the container starts all the same.
    EnvSkipped {
        /// The keys.
        keys: Vec<Text>,
    },
    /// `runAsNonRoot`, and the user is root or cannot be checked.
    RunAsNonRoot(NonRoot),
    /// A mount with `subPath` cannot be prepared.
    SubPath,
    /// The program is not in the image: not along `$PATH`, or, if `command` has a slash, not at that path.
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
        /// As the spec or image names it; empty where the text does not say.
        command: Text,
    },
    /// Neither the image nor the pod names a command.
    NoCommand,
    /// The working directory does not exist or cannot be entered.
    WorkingDirectory {
        /// The directory.
        path: Text,
    },
    /// The image knows no such user or group.
    UserMissing {
        /// The user or group.
        user: Text,
    },
    /// A mount inside the container cannot be made.
    MountInside {
        /// The path in the container, where named.
        path: Option<Text>,
        /// Why.
        how: MountInside,
    },
    /// The kernel killed the first process for memory while it was being set up.
    OomDuringStart,
    /// The name is taken by an earlier attempt that has not ended.
    NameReserved,
    /// The cgroup cannot be made or set.
    Cgroup,
    /// A device, or the hook that brings it in, failed.
    Device,
    /// A seccomp, AppArmor or SELinux profile is missing or refused.
    SecurityProfile,
    /// A lifecycle hook failed.
    HookFailed {
        /// `PostStart` or `PreStop`.
        hook: &'static str,
    },
    /// The container that an ephemeral container targets is not there.
    TargetMissing {
        /// Its name.
        container: Text,
    },
    /// The runtime is not reached.
    RuntimeDown,
    /// The runtime did not answer in time.
    Timeout,
    /// The node's disk is full.
    NoSpace,
    /// Another error of the runtime or the kubelet.
    Other(Text),
}

/// How `runAsNonRoot` and the user contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NonRoot {
    /// The image runs as root.
    ImageIsRoot,
    /// The image names its user by name, which cannot be verified.
    NonNumeric {
        /// The user.
        user: Text,
    },
    /// `runAsUser: 0`.
    RunAsUserIsRoot,
}

/// Why something was not mounted inside a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MountInside {
    /// A directory onto a file, or a file onto a directory.
    NotDirectory,
    /// The target is on a read-only file system.
    ReadOnly,
    /// No permission.
    Denied,
    /// Source or target do not exist.
    Missing,
    /// Mounts shall propagate, and the host's are not shared.
    NotShared,
    /// Anything else.
    Other(Text),
}

/// Reads an event about a container's start. `Failed` and `BackOff` are shared with images, which are asked first.
pub(super) fn event(reason: &str, text: &str) -> Option<Start> {
    match reason {
        "BackOff" if has(text, "restarting failed container") => Some(back_off(text)),
        // kuberuntime_container.go: `Error: <message>`; `Internal PreStartContainer hook failed: …`
        "Failed" if !repeats(text) => Some(error(text.strip_prefix("Error: ").unwrap_or(text))),
        // pkg/kubelet/events/event.go; detail up to 1.25 only
        "FailedPostStartHook" => Some(Start::HookFailed { hook: "PostStart" }),
        "FailedPreStopHook" => Some(Start::HookFailed { hook: "PreStop" }),
        // kubelet_pods.go, all versions: `Keys [a, b] from the EnvFrom configMap ns/name were skipped since …`
        "InvalidEnvironmentVariableNames" => {
            Some(Start::EnvSkipped { keys: list(after(text, "Keys ").unwrap_or("")) })
        }
        _ => None,
    }
}

/// Whether a `Failed` event repeats the waiting reason alone, as a second one always does: `Error: ImagePullBackOff`.
pub(super) fn repeats(text: &str) -> bool {
    text.strip_prefix("Error: ")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Reads the waiting state of a container that was not created or not started.
pub(super) fn waiting(reason: &str, text: &str) -> Option<Start> {
    match reason {
        "CrashLoopBackOff" => Some(back_off(text)),
        "PostStartHookError" => Some(Start::HookFailed { hook: "PostStart" }),
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "StartError"
        | "ContainerCannotRun" => Some(error(text)),
        _ => None,
    }
}

/// `Back-off restarting failed container[ <c> in pod <pod>_<ns>(<uid>)]` (event; the container since 1.26);
/// `back-off 1m20s restarting failed container=<c> pod=<pod>_<ns>(<uid>)` (state, 1.16+).
fn back_off(text: &str) -> Start {
    let rest = after(text, "restarting failed container").unwrap_or("");
    Start::BackOff {
        container: some(word(rest.trim_start_matches(['=', ' ']))),
        seconds: between(text, "ack-off ", " restarting").and_then(seconds),
    }
}

/// Reads an error of the configuration, creation or start of a container, wherever it stands: the kubelet's texts
/// first, then the runtime's.
pub fn read(text: &str) -> Option<Start> {
    let (code, text) = grpc(text.trim());
    reference(text).or_else(|| non_root(text)).or_else(|| kubelet(text)).or_else(|| oci(text)).or(
        match code {
            Some("DeadlineExceeded") => Some(Start::Timeout),
            Some("Unavailable") => Some(Start::RuntimeDown),
            _ => has(text, "context deadline exceeded").then_some(Start::Timeout),
        },
    )
}

/// Reads what is known to be such an error.
pub(super) fn error(text: &str) -> Start {
    read(text).unwrap_or_else(|| Start::Other(keep(grpc(text.trim()).1)))
}

/// kubelet_pods.go `makeEnvironmentVariables`, apimachinery `NewNotFound`; all versions.
fn reference(text: &str) -> Option<Start> {
    // `couldn't find key <k> in ConfigMap <ns>/<name>`
    if let Some((key, rest)) = after(text, "find key ").and_then(|rest| rest.split_once(" in ")) {
        let (kind, rest) = rest.split_once(' ')?;
        let kind =
            if kind.eq_ignore_ascii_case("secret") { ObjectKind::Secret } else { ObjectKind::ConfigMap };
        let (namespace, name) = word(rest).split_once('/').unwrap_or(("", word(rest)));
        return Some(Start::ConfigReferenceMissing {
            kind,
            name: keep(name),
            namespace: some(namespace),
            key: some(key),
        });
    }
    missing(text).map(|(kind, name)| Start::ConfigReferenceMissing { kind, name, namespace: None, key: None })
}

/// `configmap "<name>" not found`, `secrets "<name>" not found`.
pub(super) fn missing(text: &str) -> Option<(ObjectKind, Text)> {
    const KINDS: &[(&str, ObjectKind)] = &[
        ("configmap ", ObjectKind::ConfigMap),
        ("configmaps ", ObjectKind::ConfigMap),
        ("secret ", ObjectKind::Secret),
        ("secrets ", ObjectKind::Secret),
    ];
    KINDS.iter().find_map(|(literal, kind)| {
        let (name, rest) = quoted(after(text, literal)?)?;
        rest.starts_with(" not found").then(|| (*kind, keep(&name)))
    })
}

/// pkg/kubelet/kuberuntime/security_context.go `verifyRunAsNonRoot`, all versions.
fn non_root(text: &str) -> Option<Start> {
    let how = if has(text, "image will run as root") {
        NonRoot::ImageIsRoot
    } else if let Some(user) = between(text, "image has non-numeric user (", ")") {
        NonRoot::NonNumeric { user: keep(user) }
    } else if has(text, "runAsUser breaks non-root policy") {
        NonRoot::RunAsUserIsRoot
    } else {
        return None;
    };
    Some(Start::RunAsNonRoot(how))
}

/// Other texts of the kubelet.
fn kubelet(text: &str) -> Option<Start> {
    // kubelet_pods.go `makeMounts`: `failed to prepare subPath for volumeMount "<v>" of container "<c>"`,
    // `failed to create subPath directory for …`
    if has_any(
        text,
        &["prepare subPath for volumeMount", "create subPath directory for volumeMount", "subPath "],
    ) {
        return Some(Start::SubPath);
    }
    if let Some(rest) = after(text, "unable to find target container ") {
        return Some(Start::TargetMissing { container: keep(word(rest.trim_start_matches('"'))) });
    }
    // lifecycle/handlers.go, in states and, ≤1.25, in events
    if has(text, " lifecycle hook (") {
        return Some(Start::HookFailed { hook: "PostStart" });
    }
    // kuberuntime_container.go, devicemanager: internal hooks
    if has_any(text, &["Internal PreStartContainer hook failed", "Internal PreCreateContainer hook failed"]) {
        return Some(Start::Device);
    }
    None
}

/// Reads the error of an OCI runtime, or of the runtime above it: containerd with runc, CRI-O with runc or crun, docker.
/// The same texts stand in states (`RunContainerError`, `CreateContainerError`, `StartError`, `ContainerCannotRun`), in
/// events, in sandbox errors, and in the answer to `exec`.
fn oci(text: &str) -> Option<Start> {
    // nested layers escape each other's quotation marks
    let text: Cow<'_, str> = if text.contains('\\') { text.replace('\\', "").into() } else { text.into() };
    let text: &str = &text;
    // containerd internal/cri/store/name.go `name "…" is reserved for "…"`; CRI-O `the name … is already in use`
    if has_any(text, &["failed to reserve container name", " is reserved for ", "ctr name in use"]) {
        return Some(Start::NameReserved);
    }
    // runc process_linux.go, 1.1+ `container init was OOM-killed (memory limit too low?)`
    if has(text, "OOM-killed (memory limit too low") {
        return Some(Start::OomDuringStart);
    }
    if has(text, "dial unix") {
        return Some(Start::RuntimeDown);
    }
    if has(text, "no space left on device") {
        return Some(Start::NoSpace);
    }
    if has(text, "exec format error") {
        return Some(Start::WrongArchitecture { command: command(text).unwrap_or_default() });
    }
    // before commands, which a working directory may resemble: runc init_linux.go `chdir to cwd ("/x") set in config.json
    // failed: …` (`mkdir` of it in `prepareRootfs`)
    if let Some(path) = quoted_after(text, "chdir to cwd (") {
        return Some(Start::WorkingDirectory { path });
    }
    mount(text).or_else(|| exec(text)).or_else(|| rest(text))
}

/// The command of `exec: "<command>": …` or crun's ``executable file `<command>` …``.
fn command(text: &str) -> Option<Text> {
    quoted_after(text, "exec: ")
        .or_else(|| between(text, "executable file `", "`").and_then(some))
        .or_else(|| between(text, "exec user process ", ":").filter(|path| path.contains('/')).and_then(some))
}

/// Go os/exec through runc `unable to start container process: exec: "<command>": …`; crun `utils.c`.
fn exec(text: &str) -> Option<Start> {
    if has(text, "no command specified") || has(text, "No command specified") {
        return Some(Start::NoCommand);
    }
    let command = command(text)?;
    let quote = text.find("exec: ").and_then(|at| text.get(at..)).unwrap_or(text);
    if has(quote, "executable file not found in") || has(quote, "not found in $PATH") {
        return Some(Start::CommandNotFound { command });
    }
    if has(quote, "permission denied") || has(quote, "is a directory") || has(quote, "Permission denied") {
        return Some(Start::CommandNotExecutable { command });
    }
    if has_any(
        quote,
        &["no such file or directory", "No such file or directory", "not found", "not a directory"],
    ) {
        return Some(Start::CommandNotFound { command });
    }
    None
}

/// runc rootfs_linux.go: `error mounting "<source>" to rootfs at "<target>": …` (1.0+), `mounting "<source>" to rootfs "…"
/// at "<target>" caused "…"` (≤1.0rc); crun `mount `<source>` to `<target>`: …`.
fn mount(text: &str) -> Option<Start> {
    // docker `path <p> is mounted on <m> but it is not a shared or slave mount`; containerd `… is not a shared mount`
    if let Some(before) =
        text.split("but it is not a shared").next().filter(|before| before.len() < text.len())
    {
        let path = between(before, "path ", " is mounted on").map(|path| path.trim_matches('"'));
        return Some(Start::MountInside { path: path.and_then(some), how: MountInside::NotShared });
    }
    let rest = after(text, "mounting ")
        .filter(|rest| has(rest, "to rootfs"))
        .or_else(|| after(text, "mount `").filter(|rest| has(rest, "` to `")));
    let hinted = has(text, "Are you trying to mount a directory onto a file");
    let rest = match rest {
        Some(rest) => rest,
        None if hinted => text,
        None => return None,
    };
    let path = quoted_after(rest, "rootfs at ")
        .or_else(|| quoted_after(rest, " at "))
        .or_else(|| between(rest, "` to `", "`").and_then(some));
    let how = if hinted || has(rest, "ot a directory") {
        MountInside::NotDirectory
    } else if has(rest, "ead-only file system") {
        MountInside::ReadOnly
    } else if has_any(rest, &["ermission denied", "peration not permitted"]) {
        MountInside::Denied
    } else if has(rest, "o such file or directory") {
        MountInside::Missing
    } else {
        MountInside::Other(keep(rest))
    };
    Some(Start::MountInside { path, how })
}

/// Users, devices, cgroups, profiles.
fn rest(text: &str) -> Option<Start> {
    // moby/sys/user through runc: `unable to find user <u>: no matching entries in passwd file`; containerd's oci.WithUser
    for literal in ["unable to find user ", "unable to find group "] {
        if let Some(rest) = after(text, literal) {
            return Some(Start::UserMissing { user: some(until(rest, ":"))? });
        }
    }
    if has_any(text, &["no users found", "no matching entries in passwd file"]) {
        return Some(Start::UserMissing { user: after(text, "user ").map_or("", word).into() });
    }
    if has_any(
        text,
        &[
            "error gathering device information",
            "CDI device",
            "nvidia-container-cli",
            "running prestart hook",
            "running createRuntime hook",
            "error running hook",
            "could not select device driver",
        ],
    ) {
        return Some(Start::Device);
    }
    if has_any(
        text,
        &["seccomp", "apparmor", "AppArmor", "SELinux", "selinux", "/attr/keycreate", "/attr/exec"],
    ) {
        return Some(Start::SecurityProfile);
    }
    // runc cgroups; crun; systemd over D-Bus
    if has_any(
        text,
        &[
            "cgroup",
            "unable to start unit",
            "setting cpu quota",
            "cpu.cfs_quota_us",
            "memory.limit_in_bytes",
            "minimum memory limit",
        ],
    ) {
        return Some(Start::Cgroup);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_offs() {
        assert_eq!(
            waiting(
                "CrashLoopBackOff",
                "back-off 1m20s restarting failed container=web pod=web-1_shop(3ceca4a9)"
            ),
            Some(Start::BackOff { container: Some("web".into()), seconds: Some(80) })
        );
        assert_eq!(
            event("BackOff", "Back-off restarting failed container web in pod web-1_shop(3ceca4a9)"),
            Some(Start::BackOff { container: Some("web".into()), seconds: None })
        );
        assert_eq!(
            event("BackOff", "Back-off restarting failed container"),
            Some(Start::BackOff { container: None, seconds: None })
        );
        assert_eq!(event("Failed", "Error: ImagePullBackOff"), None);
    }

    #[test]
    fn references() {
        let missing =
            |kind, name: &str, namespace: Option<&str>, key: Option<&str>| Start::ConfigReferenceMissing {
                kind,
                name: name.into(),
                namespace: namespace.map(Text::from),
                key: key.map(Text::from),
            };
        for (text, expected) in [
            (r#"Error: secret "db" not found"#, missing(ObjectKind::Secret, "db", None, None)),
            (r#"Error: configmap "app" not found"#, missing(ObjectKind::ConfigMap, "app", None, None)),
            (
                "Error: couldn't find key URL in ConfigMap shop/app",
                missing(ObjectKind::ConfigMap, "app", Some("shop"), Some("URL")),
            ),
            (
                "Error: couldn't find key url in Secret shop/db",
                missing(ObjectKind::Secret, "db", Some("shop"), Some("url")),
            ),
        ] {
            assert_eq!(event("Failed", text), Some(expected));
        }
        assert_eq!(
            event(
                "InvalidEnvironmentVariableNames",
                "Keys [a-b, 1c] from the EnvFrom configMap shop/app were skipped since they are considered invalid environment variable names."
            ),
            Some(Start::EnvSkipped { keys: vec!["a-b".into(), "1c".into()] })
        );
    }

    #[test]
    fn kubelet_texts() {
        for (text, expected) in [
            (
                r#"container has runAsNonRoot and image will run as root (pod: "web_shop(1)", container: web)"#,
                Start::RunAsNonRoot(NonRoot::ImageIsRoot),
            ),
            (
                r#"container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root (pod: "web_shop(1)", container: web)"#,
                Start::RunAsNonRoot(NonRoot::NonNumeric { user: "node".into() }),
            ),
            (
                r#"container's runAsUser breaks non-root policy (pod: "web_shop(1)", container: web)"#,
                Start::RunAsNonRoot(NonRoot::RunAsUserIsRoot),
            ),
            (r#"failed to prepare subPath for volumeMount "conf" of container "web""#, Start::SubPath),
            ("unable to find target container app", Start::TargetMissing { container: "app".into() }),
            (
                r#"failed to reserve container name "web_web-1_shop_1_0": name "web_web-1_shop_1_0" is reserved for "9f""#,
                Start::NameReserved,
            ),
            ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", Start::Timeout),
            (
                r#"rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial unix /run/containerd/containerd.sock: connect: connection refused""#,
                Start::RuntimeDown,
            ),
            ("a horse", Start::Other("a horse".into())),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        assert_eq!(
            event("FailedPostStartHook", "PostStartHook failed"),
            Some(Start::HookFailed { hook: "PostStart" })
        );
        let old = r#"Exec lifecycle hook ([sh -c x]) for Container "web" in Pod "web_shop(1)" failed - error: command 'sh -c x' exited with 1: , message: """#;
        assert_eq!(event("FailedPreStopHook", old), Some(Start::HookFailed { hook: "PreStop" }));
        assert_eq!(waiting("PostStartHookError", old), Some(Start::HookFailed { hook: "PostStart" }));
    }

    const RUNC: &str = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                        failed: unable to start container process: ";

    #[test]
    fn commands() {
        let not_found = |command: &str| Start::CommandNotFound { command: command.into() };
        let not_executable = |command: &str| Start::CommandNotExecutable { command: command.into() };
        for (text, expected) in [
            (format!(r#"{RUNC}exec: "serve": executable file not found in $PATH: unknown"#), not_found("serve")),
            (
                format!(r#"{RUNC}exec: "/bin/serve": stat /bin/serve: no such file or directory: unknown"#),
                not_found("/bin/serve"),
            ),
            (format!(r#"{RUNC}exec: "/x.sh": permission denied: unknown"#), not_executable("/x.sh")),
            (format!(r#"{RUNC}exec: "/data": is a directory: unknown"#), not_executable("/data")),
            (
                format!(r#"{RUNC}exec: "/app": exec format error: unknown"#),
                Start::WrongArchitecture { command: "/app".into() },
            ),
            (
                r#"container create failed: time="2026-01-01T00:00:00Z" level=error msg="runc create failed: unable to start container process: exec: \"serve\": executable file not found in $PATH""#.into(),
                not_found("serve"),
            ),
            (
                "container create failed: executable file `serve` not found in $PATH: No such file or directory".into(),
                not_found("serve"),
            ),
            (
                r#"OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "serve": executable file not found in $PATH: unknown"#.into(),
                not_found("serve"),
            ),
            (
                r#"oci runtime error: container_linux.go:247: starting container process caused "exec: \"/x.sh\": permission denied""#.into(),
                not_executable("/x.sh"),
            ),
            (
                r#"failed to generate container "9f" spec: failed to generate spec: no command specified"#.into(),
                Start::NoCommand,
            ),
            (
                format!(r#"{RUNC}chdir to cwd ("/work") set in config.json failed: no such file or directory: unknown"#),
                Start::WorkingDirectory { path: "/work".into() },
            ),
            (
                format!("{RUNC}unable to find user app: no matching entries in passwd file: unknown"),
                Start::UserMissing { user: "app".into() },
            ),
            (format!("{RUNC}container init was OOM-killed (memory limit too low?): unknown"), Start::OomDuringStart),
        ] {
            assert_eq!(error(&text), expected, "{text}");
        }
    }

    #[test]
    fn mounts_cgroups_devices() {
        let onto = |path: &str, how| Start::MountInside { path: Some(path.into()), how };
        for (text, expected) in [
            (
                format!(
                    r#"{RUNC}error during container init: error mounting "/var/lib/kubelet/pods/1/volume-subpaths/conf/web/0" to rootfs at "/etc/app.conf": mount /var/lib/kubelet/pods/1/volume-subpaths/conf/web/0:/etc/app.conf (via /proc/self/fd/6), flags: 0x5001: not a directory: unknown"#
                ),
                onto("/etc/app.conf", MountInside::NotDirectory),
            ),
            (
                format!(
                    r#"{RUNC}error during container init: error mounting "/x" to rootfs at "/y": create mountpoint for /y mount: mkdirat /run/rootfs/y: read-only file system: unknown"#
                ),
                onto("/y", MountInside::ReadOnly),
            ),
            (
                r#"process_linux.go:449: container init caused \"rootfs_linux.go:58: mounting \\\"/a\\\" to rootfs \\\"/m\\\" at \\\"/b\\\" caused \\\"not a directory\\\"\""#.into(),
                onto("/b", MountInside::NotDirectory),
            ),
            (
                "Error response from daemon: path / is mounted on / but it is not a shared or slave mount".into(),
                onto("/", MountInside::NotShared),
            ),
            ("container create failed: mount `/a` to `b`: Permission denied".into(), onto("b", MountInside::Denied)),
        ] {
            assert_eq!(error(&text), expected, "{text}");
        }
        assert!(matches!(
            error(&format!(
                "{RUNC}unable to apply cgroup configuration: mkdir /sys/fs/cgroup/x: read-only file system: unknown"
            )),
            Start::Cgroup
        ));
        assert!(matches!(
            error(&format!(
                r#"{RUNC}error gathering device information while adding custom device "/dev/fuse": no such file or directory"#
            )),
            Start::Device
        ));
        assert!(matches!(
            error(
                "failed to generate container spec: cannot load seccomp profile \"/var/lib/kubelet/seccomp/a.json\": open: no such file"
            ),
            Start::SecurityProfile
        ));
        assert_eq!(
            error("failed to create containerd container: copy: no space left on device"),
            Start::NoSpace
        );
    }
}
