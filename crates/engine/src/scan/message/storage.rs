//! What is said of volumes and claims.

use super::start::ObjectKind;
use super::text::{after, between, has, has_any, keep, list, quoted_after, some, until};
use crate::Text;

/// What is said of a volume or claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Storage {
    /// A volume cannot be mounted or mapped.
    MountFailed {
        /// The volume's name in the pod, where named.
        volume: Option<Text>,
        /// Why.
        cause: MountCause,
    },
    /// Volumes were not there in time.
    MountTimeout {
        /// Their names in the pod.
        unmounted: Vec<Text>,
    },
    /// A volume cannot be attached to the node.
    AttachFailed {
        /// The volume's name.
        volume: Option<Text>,
        /// Whether another node or pod holds it.
        multi: bool,
        /// The error.
        text: Text,
    },
    /// No volume fits a claim.
    FailedBinding {
        /// The claim has no storage class, and no volume without one fits.
        no_class: bool,
        /// The volume that it names is bound to another claim.
        taken: Option<Text>,
    },
    /// The volume that a claim names does not fit.
    VolumeMismatch(Text),
    /// A provisioner failed.
    ProvisioningFailed {
        /// The storage class that does not exist.
        missing_class: Option<Text>,
        /// The error.
        text: Text,
    },
    /// Somebody outside has to make the volume.
    ExternalProvisioning {
        /// The provisioner.
        provisioner: Option<Text>,
    },
    /// The class binds at scheduling.
    WaitForFirstConsumer,
}

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
    /// The kubelet's cache has not seen the object yet; passes.
    Transient,
    /// The CSI driver is not on the node.
    DriverMissing {
        /// Its name.
        driver: Option<Text>,
    },
    /// A path of the host is not what its type says, or not there.
    HostPath,
    /// No permission.
    Denied,
    /// No answer in time.
    Timeout,
    /// A network file system cannot be mounted.
    NetworkFileSystem,
    /// The file system or device is not sound.
    FileSystem,
    /// Anything else.
    Other(Text),
}

/// Reads an event.
pub(super) fn event(reason: &str, text: &str) -> Option<Storage> {
    Some(match reason {
        "FailedMount" | "FailedMapVolume" => mount(text),
        "FailedAttachVolume" => Storage::AttachFailed {
            volume: quoted_after(text, "volume "),
            multi: text.starts_with("Multi-Attach error"),
            text: keep(after(text, " : ").unwrap_or(text)),
        },
        "FailedBinding" => Storage::FailedBinding {
            no_class: has(text, "no storage class is set"),
            taken: if has(text, "already bound to a different claim") {
                quoted_after(text, "volume ")
            } else {
                None
            },
        },
        "VolumeMismatch" => Storage::VolumeMismatch(keep(text)),
        "ProvisioningFailed" => Storage::ProvisioningFailed {
            missing_class: if has(text, "not found") {
                quoted_after(text, "storageclass.storage.k8s.io ")
            } else {
                None
            },
            text: keep(text),
        },
        "ExternalProvisioning" => Storage::ExternalProvisioning {
            provisioner: between(text, "external provisioner '", "'")
                .or_else(|| between(text, "provisioner \"", "\""))
                .and_then(some),
        },
        "WaitForFirstConsumer" => Storage::WaitForFirstConsumer,
        _ => return None,
    })
}

/// pkg/volume/util/operationexecutor and pkg/kubelet/volumemanager, 1.13 to 1.36.
fn mount(text: &str) -> Storage {
    if text.starts_with("Unable to ") && has(text, "unmounted volumes=[") {
        return Storage::MountTimeout {
            unmounted: between(text, "unmounted volumes=[", "]").map_or_else(Vec::new, list),
        };
    }
    let volume = quoted_after(text, "for volume ");
    let error = after(text, " : ").unwrap_or(text);
    Storage::MountFailed { volume, cause: cause(error) }
}

fn cause(text: &str) -> MountCause {
    if has_any(text, &["not registered", "failed to sync configmap cache", "failed to sync secret cache"]) {
        return MountCause::Transient;
    }
    for (literal, kind) in [("configmap ", ObjectKind::ConfigMap), ("secret ", ObjectKind::Secret)] {
        if let Some(name) = quoted_after(text, literal)
            && has(text, "not found")
        {
            return MountCause::ObjectMissing { kind, name };
        }
    }
    for (literal, kind) in [
        ("configmap references non-existent config key: ", ObjectKind::ConfigMap),
        ("references non-existent secret key: ", ObjectKind::Secret),
    ] {
        if let Some(key) = after(text, literal) {
            return MountCause::KeyMissing { kind, key: keep(until(key, " ")) };
        }
    }
    if has(text, "not found in the list of registered CSI drivers") {
        return MountCause::DriverMissing {
            driver: between(text, "driver name ", " not found").and_then(some),
        };
    }
    if has(text, "hostPath type check failed") {
        return MountCause::HostPath;
    }
    if has_any(text, &["mount.nfs", "mount.cifs", "Connection timed out", "No route to host"]) {
        return MountCause::NetworkFileSystem;
    }
    if has_any(text, &["wrong fs type", "fsck", "Structure needs cleaning", "bad superblock"]) {
        return MountCause::FileSystem;
    }
    if has_any(text, &["permission denied", "access denied", "Permission denied"]) {
        return MountCause::Denied;
    }
    if has_any(text, &["timed out waiting", "context deadline exceeded", "DeadlineExceeded"]) {
        return MountCause::Timeout;
    }
    MountCause::Other(keep(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_secret_is_named() {
        assert_eq!(
            event(
                "FailedMount",
                "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found"
            ),
            Some(Storage::MountFailed {
                volume: Some("tls".into()),
                cause: MountCause::ObjectMissing { kind: ObjectKind::Secret, name: "web-tls".into() }
            })
        );
    }

    #[test]
    fn a_cache_race_passes() {
        let text = "MountVolume.SetUp failed for volume \"c\" : object \"shop\"/\"settings\" not registered";
        assert!(matches!(
            event("FailedMount", text),
            Some(Storage::MountFailed { cause: MountCause::Transient, .. })
        ));
    }

    #[test]
    fn claims_say_why_they_wait() {
        assert_eq!(
            event("FailedBinding", "volume \"pv-1\" already bound to a different claim."),
            Some(Storage::FailedBinding { no_class: false, taken: Some("pv-1".into()) })
        );
        assert_eq!(
            event("ProvisioningFailed", "storageclass.storage.k8s.io \"fast-ssd\" not found"),
            Some(Storage::ProvisioningFailed {
                missing_class: Some("fast-ssd".into()),
                text: "storageclass.storage.k8s.io \"fast-ssd\" not found".into()
            })
        );
    }
}
