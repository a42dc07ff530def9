//! Why a volume is not attached or not mounted.

use super::network::{self, Unreached};
use super::start::{self, ObjectKind};
use super::storage::Storage;
use super::text::{after, between, grpc, has, has_any, keep, list, quoted, quoted_after, some, until, word};
use crate::Text;

/// Why a volume is not mounted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MountCause {
    /// A ConfigMap or Secret does not exist.
    ObjectMissing {
        /// Which kind.
        kind: ObjectKind,
        /// Its name.
        name: Text,
    },
    /// It exists and lacks a key.
    KeyMissing {
        /// Which kind.
        kind: ObjectKind,
        /// The key.
        key: Text,
    },
    /// The claim does not exist, is not bound, or is being deleted.
    Claim {
        /// Its name.
        name: Text,
    },
    /// The kubelet's cache has not seen the object yet, or an earlier attempt is under way; passes.
    Transient,
    /// The service account's token cannot be had.
    Token {
        /// Whether the API server was not reached, and why.
        unreached: Option<Unreached>,
    },
    /// The CSI driver is not on the node.
    DriverMissing {
        /// Its name.
        driver: Option<Text>,
    },
    /// The CSI driver is registered and does not answer.
    DriverDown,
    /// The volume is not attached to the node, or its device is not there.
    NotAttached,
    /// The volume may not be used on this node.
    NodeAffinity,
    /// A path of the host is not what its type says, or not there.
    HostPath,
    /// The server has no such export or path.
    PathMissing,
    /// No permission.
    Denied,
    /// The node lacks the program that mounts this kind of file system (`mount.nfs`, `mount.cifs`).
    HelperMissing,
    /// The file system is read-only.
    ReadOnly,
    /// The device or mount point is in use.
    Busy,
    /// The node has no space left.
    NoSpace,
    /// No answer in time.
    Timeout,
    /// A network file system cannot be mounted: its server is not found or does not answer.
    NetworkFileSystem,
    /// The file system or device is not sound.
    FileSystem,
    /// Anything else.
    Other(Text),
}

/// Why a volume is not attached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttachCause {
    /// Another node has it.
    HeldByNode,
    /// Pods on another node use it.
    HeldByPods {
        /// Those of the same namespace.
        pods: Vec<Text>,
    },
    /// The attacher does not answer in time.
    Timeout {
        /// The driver, where named.
        driver: Option<Text>,
    },
    /// The node has no such driver.
    DriverMissing {
        /// The driver, where named.
        driver: Option<Text>,
    },
    /// As many volumes as the node takes.
    Limit,
    /// The storage has no such volume, or none in the node's zone.
    VolumeMissing,
    /// The earlier attachment is being deleted.
    Detaching,
    /// The volume is not ready for it yet: another operation is under way.
    NotReady,
    /// The storage refuses the rights.
    Denied,
    /// Anything else.
    Other(Text),
}

/// pkg/volume/util/operationexecutor/operation_generator.go: `MountVolume.<Step> failed for volume "<v>" : <err>`;
/// pkg/kubelet/volumemanager: `Unable to [attach or ]mount volumes: unmounted volumes=[…], …: <err>`; 1.13 to 1.36.
pub(super) fn mount(text: &str) -> Storage {
    // ≤1.9: attachments were told with this reason, too
    if text.starts_with("AttachVolume.") || text.starts_with("Multi-Attach error") {
        return attach(text);
    }
    if let Some(unmounted) = between(text, "unmounted volumes=[", "]").map(list) {
        let error = text.rsplit_once("]: ").map_or("", |(_, error)| error);
        let late = error.is_empty() || has_any(error, &["timed out waiting", "context deadline exceeded"]);
        return match late {
            true => Storage::MountTimeout { unmounted },
            false => Storage::MountFailed { volume: unmounted.into_iter().next(), cause: cause(error) },
        };
    }
    if text.starts_with("MountVolume.NodeAffinity check failed") {
        return Storage::MountFailed {
            volume: quoted_after(text, "for volume "),
            cause: MountCause::NodeAffinity,
        };
    }
    let volume = quoted_after(text, "for volume ");
    let error = ["\" : ", " : ", "\": "].iter().find_map(|literal| after(text, literal)).unwrap_or(text);
    Storage::MountFailed { volume, cause: cause(error) }
}

fn cause(text: &str) -> MountCause {
    let (code, text) = grpc(text.trim());
    api(text).or_else(|| csi(code, text)).or_else(|| file_system(text)).unwrap_or_else(|| {
        let late =
            ["timed out waiting", "context deadline exceeded", "operation timed out", "timeout expired"];
        match code {
            Some("DeadlineExceeded") => MountCause::Timeout,
            _ if has_any(text, &late) => MountCause::Timeout,
            _ => MountCause::Other(keep(text)),
        }
    })
}

/// What the kubelet reads from the API server: pkg/volume/{configmap,secret,projected}, pkg/kubelet/token, volumemanager.
fn api(text: &str) -> Option<MountCause> {
    // pkg/kubelet/util/manager/watch_based_manager.go: `object "<ns>"/"<n>" not registered`, `failed to sync <kind> cache`
    if has(text, "not registered") || has(text, "failed to sync ") && has(text, " cache") {
        return Some(MountCause::Transient);
    }
    if let Some((kind, name)) = start::missing(text) {
        return Some(MountCause::ObjectMissing { kind, name });
    }
    // pkg/volume/configmap, secret: `configmap references non-existent config key: <k>`, `references non-existent secret
    // key: <k>`
    for (literal, kind) in [
        ("non-existent config key: ", ObjectKind::ConfigMap),
        ("non-existent secret key: ", ObjectKind::Secret),
    ] {
        if let Some(key) = after(text, literal) {
            return Some(MountCause::KeyMissing { kind, key: keep(until(key, " ")) });
        }
    }
    if has_any(text, &["failed to fetch token", "failed to get service account token"]) {
        return Some(MountCause::Token { unreached: network::read(text) });
    }
    // desired_state_of_world_populator.go: `error processing PVC <ns>/<n>: <err>`; `persistentvolumeclaim "<n>" not found`
    if let Some(path) = after(text, "error processing PVC ").map(word) {
        return Some(MountCause::Claim { name: keep(path.rsplit('/').next().unwrap_or(path)) });
    }
    let (name, rest) = after(text, "persistentvolumeclaim ")
        .or_else(|| after(text, "persistentvolumeclaims "))
        .and_then(quoted)?;
    rest.starts_with(" not found").then(|| MountCause::Claim { name: keep(&name) })
}

/// pkg/volume/csi, and the answers of drivers.
fn csi(code: Option<&str>, text: &str) -> Option<MountCause> {
    if has(text, "not found in the list of registered CSI drivers") {
        return Some(MountCause::DriverMissing {
            driver: between(text, "driver name ", " not found").and_then(some),
        });
    }
    if code == Some("Aborted") || has_any(text, &["operation with the given", "operation already exists"]) {
        return Some(MountCause::Transient);
    }
    if has(text, "dial unix") {
        return Some(MountCause::DriverDown);
    }
    has_any(
        text,
        &[
            "not attached",
            "no device path",
            "special device",
            "could not find device",
            "unable to find device",
            "Failed to find device",
            "volume attachment",
            "but not found by serial",
        ],
    )
    .then_some(MountCause::NotAttached)
}

/// pkg/volume/{hostpath,local}, k8s.io/mount-utils, and mount(8).
fn file_system(text: &str) -> Option<MountCause> {
    const TABLE: &[(&str, MountCause)] = &[
        ("hostPath type check failed", MountCause::HostPath),
        ("no space left on device", MountCause::NoSpace),
        ("read-only file system", MountCause::ReadOnly),
        ("Read-only file system", MountCause::ReadOnly),
        ("No space left on device", MountCause::NoSpace),
        ("you might need a /sbin/mount", MountCause::HelperMissing),
        ("bad option; for several filesystems", MountCause::HelperMissing),
        ("access denied", MountCause::Denied),
        ("AuthorizationFailed", MountCause::Denied),
        ("HTTPStatusCode: 403", MountCause::Denied),
        ("permission denied", MountCause::Denied),
        ("Permission denied", MountCause::Denied),
        ("Operation not permitted", MountCause::Denied),
        ("operation not permitted", MountCause::Denied),
        ("reason given by server: No such file", MountCause::PathMissing),
        ("mount point does not exist", MountCause::PathMissing),
        ("already mounted or mount point busy", MountCause::Busy),
        ("device or resource busy", MountCause::Busy),
        ("Device or resource busy", MountCause::Busy),
        ("apparently in use", MountCause::Busy),
        ("wrong fs type", MountCause::FileSystem),
        ("ilesystem issues", MountCause::FileSystem),
        ("bad superblock", MountCause::FileSystem),
        ("can't read superblock", MountCause::FileSystem),
        ("Structure needs cleaning", MountCause::FileSystem),
        ("UNEXPECTED INCONSISTENCY", MountCause::FileSystem),
        ("'fsck' found errors", MountCause::FileSystem),
        ("fsck", MountCause::FileSystem),
        ("Input/output error", MountCause::FileSystem),
        ("nput/output error", MountCause::FileSystem),
        ("tale file handle", MountCause::NetworkFileSystem),
        ("tale NFS file handle", MountCause::NetworkFileSystem),
        ("mount.nfs", MountCause::NetworkFileSystem),
        ("mount.cifs", MountCause::NetworkFileSystem),
        ("mount error(", MountCause::NetworkFileSystem),
        ("iSCSI", MountCause::NetworkFileSystem),
        ("Connection timed out", MountCause::NetworkFileSystem),
        ("Connection refused", MountCause::NetworkFileSystem),
        ("No route to host", MountCause::NetworkFileSystem),
        ("Name or service not known", MountCause::NetworkFileSystem),
        ("Transport endpoint is not connected", MountCause::NetworkFileSystem),
    ];
    if let Some((_, cause)) = TABLE.iter().find(|(literal, _)| has(text, literal)) {
        return Some(cause.clone());
    }
    // pkg/volume/local: `path "<p>" does not exist`; hostPath: `stat <p>: no such file or directory`, `lstat …`
    let path = has_any(text, &["path \"", "stat /", "is not a directory", "not a directory"]);
    (path && has_any(text, &["does not exist", "no such file or directory", "not a directory"]))
        .then_some(MountCause::HostPath)
}

/// operation_generator.go, attachdetach/reconciler: `AttachVolume.Attach failed for volume "<v>" : <err>`; `Multi-Attach
/// error for volume "<v>" Volume is already exclusively attached to one node and can't be attached to another`; `… Volume is
/// already used by pod(s) <p>, <p>[ and <n> pod(s) in different namespaces]`.
pub(super) fn attach(text: &str) -> Storage {
    let volume = quoted_after(text, "volume ");
    let multi = text.starts_with("Multi-Attach error");
    let cause = if let Some(pods) = after(text, "already used by pod(s) ") {
        AttachCause::HeldByPods { pods: list(until(pods, " and ")) }
    } else if multi {
        AttachCause::HeldByNode
    } else {
        attach_cause(after(text, " : ").unwrap_or(text))
    };
    Storage::AttachFailed { volume, multi, cause }
}

fn attach_cause(text: &str) -> AttachCause {
    use AttachCause as C;
    let (code, text) = grpc(text.trim());
    // pkg/volume/csi/csi_attacher.go: `timed out waiting for external-attacher of <d> CSI driver to attach volume <v>`
    if let Some(driver) = between(text, "external-attacher of ", " CSI driver") {
        return C::Timeout { driver: some(driver) };
    }
    // `CSINode <n> does not contain driver <d>`
    if let Some(driver) = after(text, "does not contain driver ") {
        return C::DriverMissing { driver: some(word(driver)) };
    }
    if has_any(text, &["volume attachment is being deleted", "is being detached", "VolumeInUse"]) {
        return C::Detaching;
    }
    let limit = ["attachment limit", "AttachmentLimitExceeded", "Maximum", "too many attached"];
    if code == Some("ResourceExhausted") || has_any(text, &limit) {
        return C::Limit;
    }
    // CSI: FailedPrecondition of ControllerPublishVolume is a volume published to another node
    let held = ["still attached", "attached to another", "attached to a different", "already attached to"];
    if code == Some("FailedPrecondition") || has_any(text, &held) {
        return C::HeldByNode;
    }
    if matches!(code, Some("PermissionDenied" | "Unauthenticated"))
        || has_any(text, &["UnauthorizedOperation", "AuthorizationFailed", "AccessDenied", "forbidden"])
    {
        return C::Denied;
    }
    if code == Some("NotFound") || has_any(text, &["NotFound", "not found", "does not exist"]) {
        return C::VolumeMissing;
    }
    if code == Some("Aborted") || has(text, "not ready for workloads") {
        return C::NotReady;
    }
    let late = ["timed out", "context deadline exceeded", "within the alloted time"];
    if code == Some("DeadlineExceeded") || has_any(text, &late) {
        return C::Timeout { driver: None };
    }
    C::Other(keep(text))
}

#[cfg(test)]
mod tests {
    use super::super::storage::event;
    use super::network::NetworkError;
    use super::{AttachCause as A, MountCause as C, *};

    fn why(error: &str) -> C {
        match event("FailedMount", &format!(r#"MountVolume.SetUp failed for volume "v" : {error}"#)) {
            Some(Storage::MountFailed { volume, cause }) => {
                assert_eq!(volume.as_deref(), Some("v"));
                cause
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn objects_that_a_mount_needs() {
        for (error, expected) in [
            (
                r#"secret "web-tls" not found"#,
                C::ObjectMissing { kind: ObjectKind::Secret, name: "web-tls".into() },
            ),
            (
                r#"configmap "settings" not found"#,
                C::ObjectMissing { kind: ObjectKind::ConfigMap, name: "settings".into() },
            ),
            (
                "configmap references non-existent config key: app.conf",
                C::KeyMissing { kind: ObjectKind::ConfigMap, key: "app.conf".into() },
            ),
            (
                "references non-existent secret key: tls.key",
                C::KeyMissing { kind: ObjectKind::Secret, key: "tls.key".into() },
            ),
            (r#"object "shop"/"settings" not registered"#, C::Transient),
            ("failed to sync configmap cache: timed out waiting for the condition", C::Transient),
            (r#"failed to fetch token: serviceaccounts "robot" not found"#, C::Token { unreached: None }),
        ] {
            assert_eq!(why(error), expected, "{error}");
        }
        let reset = why(
            r#"failed to fetch token: Post "https://10.0.0.1:6443/api/v1/namespaces/kube-system/serviceaccounts/x/token": read tcp 10.0.0.2:4->10.0.0.1:6443: read: connection reset by peer"#,
        );
        assert!(
            matches!(reset, C::Token { unreached: Some(Unreached { how: NetworkError::Reset, .. }) }),
            "{reset:?}"
        );
    }

    #[test]
    fn drivers_and_file_systems() {
        for (error, expected) in [
            (
                "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name nfs.csi.k8s.io not found in the list of registered CSI drivers",
                C::DriverMissing { driver: Some("nfs.csi.k8s.io".into()) },
            ),
            (
                r#"rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /var/lib/kubelet/plugins/x/csi.sock: connect: connection refused""#,
                C::DriverDown,
            ),
            (
                "rpc error: code = Aborted desc = an operation with the given Volume ID pvc-1 already exists",
                C::Transient,
            ),
            ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", C::Timeout),
            ("hostPath type check failed: /var/lib/x is not a directory", C::HostPath),
            (r#"path "/mnt/disks/a" does not exist"#, C::HostPath),
            (
                "mount failed: exit status 32 Mounting command: mount Output: mount.nfs: Connection timed out",
                C::NetworkFileSystem,
            ),
            (
                "mount failed: exit status 32 Output: mount.nfs: access denied by server while mounting 10.0.0.9:/x",
                C::Denied,
            ),
            (
                "mount failed: exit status 32 Output: mount.nfs: mounting 10.0.0.9:/x failed, reason given by server: No such file or directory",
                C::PathMissing,
            ),
            (
                "mount failed: exit status 32 Output: mount: wrong fs type, bad option, bad superblock on 10.0.0.9:/x, missing codepage or helper program, or other error (for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program)",
                C::HelperMissing,
            ),
            (
                "mount failed: exit status 32 Output: mount: /x: wrong fs type, bad option, bad superblock on /dev/sdb, missing codepage or helper program, or other error.",
                C::FileSystem,
            ),
            ("'fsck' found errors on device /dev/sdb but could not correct them", C::FileSystem),
            ("mount: /dev/sdb already mounted or mount point busy", C::Busy),
            ("mkdir /var/lib/kubelet/pods/1/volumes/x: no space left on device", C::NoSpace),
            ("mount: special device /dev/xvdb does not exist", C::NotAttached),
            ("mkdir /mnt/x: read-only file system", C::ReadOnly),
            (
                "rpc error: code = Internal desc = Failed to log in to any iSCSI targets! Will not be able to attach volume",
                C::NetworkFileSystem,
            ),
            (
                "rpc error: code = Internal desc = Failed to stage volume v, err: Filesystem issues has been detected and will not be repaired",
                C::FileSystem,
            ),
            ("rpc error: code = Internal desc = disk attached but not found by serial d-1", C::NotAttached),
            (
                "rpc error: code = Internal desc = no key for storage account(x), HTTPStatusCode: 403",
                C::Denied,
            ),
            ("a horse", C::Other("a horse".into())),
        ] {
            assert_eq!(why(error), expected, "{error}");
        }
        assert_eq!(
            event(
                "FailedMount",
                r#"MountVolume.NodeAffinity check failed for volume "pv" : no matching NodeSelectorTerms"#
            ),
            Some(Storage::MountFailed { volume: Some("pv".into()), cause: C::NodeAffinity })
        );
    }

    #[test]
    fn mounts_that_take_too_long() {
        let text = |why: &str| {
            format!(
                "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data kube-api-access-x], failed to process volumes=[]: {why}"
            )
        };
        assert_eq!(
            event("FailedMount", &text("timed out waiting for the condition")),
            Some(Storage::MountTimeout { unmounted: vec!["data".into()] })
        );
        assert_eq!(
            event("FailedMount", &text("error processing PVC shop/claim: PVC is being deleted")),
            Some(Storage::MountFailed {
                volume: Some("data".into()),
                cause: C::Claim { name: "claim".into() }
            })
        );
        assert_eq!(
            event(
                "FailedMount",
                r#"Unable to mount volumes for pod "web_shop(1)": timeout expired waiting for volumes to attach or mount for pod "shop"/"web". list of unmounted volumes=[data]. list of unattached volumes=[data]"#
            ),
            Some(Storage::MountTimeout { unmounted: vec!["data".into()] })
        );
    }

    #[test]
    fn attachments() {
        let attach = |text: &str| match event("FailedAttachVolume", text) {
            Some(Storage::AttachFailed { volume, multi, cause }) => {
                assert_eq!(volume.as_deref(), Some("pvc-1"));
                (multi, cause)
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(
            attach(
                r#"Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node and can't be attached to another"#
            ),
            (true, A::HeldByNode)
        );
        assert_eq!(
            attach(
                r#"Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a, b and 2 pod(s) in different namespaces"#
            ),
            (true, A::HeldByPods { pods: vec!["a".into(), "b".into()] })
        );
        let failed =
            |error: &str| attach(&format!(r#"AttachVolume.Attach failed for volume "pvc-1" : {error}"#)).1;
        for (error, expected) in [
            (
                "timed out waiting for external-attacher of ebs.csi.aws.com CSI driver to attach volume vol-1",
                A::Timeout { driver: Some("ebs.csi.aws.com".into()) },
            ),
            (
                "CSINode worker-1 does not contain driver ebs.csi.aws.com",
                A::DriverMissing { driver: Some("ebs.csi.aws.com".into()) },
            ),
            ("volume attachment is being deleted", A::Detaching),
            ("rpc error: code = Aborted desc = volume is not ready for workloads", A::NotReady),
            ("disk 4e41 is attached to a different instance (9454)", A::HeldByNode),
            (
                r#"Volume "0349" is attaching, can't finish within the alloted time"#,
                A::Timeout { driver: None },
            ),
            ("rpc error: code = ResourceExhausted desc = full", A::Limit),
            (r#"rpc error: code = NotFound desc = volume "vol-1" is gone"#, A::VolumeMissing),
            ("rpc error: code = Internal desc = UnauthorizedOperation: no", A::Denied),
            ("rpc error: code = DeadlineExceeded desc = late", A::Timeout { driver: None }),
            ("a horse", A::Other("a horse".into())),
        ] {
            assert_eq!(failed(error), expected, "{error}");
        }
    }
}
