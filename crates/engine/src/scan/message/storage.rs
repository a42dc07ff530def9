//! What is said of volumes and claims: binding, provisioning, reclaiming. Mounting and attaching is told in `mount`.

use super::mount::{self, AttachCause, MountCause};
use super::network;
use super::text::{between, has, has_any, keep, quoted_after, some};
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
    /// Volumes were not there in time. No such event for a mere timeout since 1.28.
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
        /// Why.
        cause: AttachCause,
    },
    /// No volume fits a claim.
    FailedBinding {
        /// The claim has no storage class, and no volume without one fits.
        no_class: bool,
        /// The volume that it names is bound to another claim.
        taken: Option<Text>,
    },
    /// The volume that a claim names, or the claim that a volume names, does not fit.
    VolumeMismatch {
        /// The volume or claim that was named.
        named: Option<Text>,
        /// Why not.
        how: Mismatch,
    },
    /// A bound claim has lost its volume, and the data with it.
    ClaimLost,
    /// Two claims are bound to one volume.
    ClaimMisbound,
    /// A provisioner failed.
    ProvisioningFailed {
        /// The storage class that does not exist.
        missing_class: Option<Text>,
        /// Why.
        cause: ProvisionCause,
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
    /// The class binds at scheduling, and this pod is not scheduled.
    WaitForPodScheduled {
        /// The pod.
        pod: Option<Text>,
    },
    /// A volume or its file system does not grow.
    ResizeFailed(Text),
    /// A volume is not deleted, recycled or released.
    ReclaimFailed(Text),
    /// Ownership of the volume's files is being changed file by file, which may take long (1.33+).
    PermissionChange,
    /// Pods share a volume with different SELinux labels.
    SelinuxConflict(Text),
}

/// Why a volume and a claim do not fit (pkg/controller/volume/persistentvolume `checkVolumeSatisfyClaim`, 1.9 to 1.36).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// The volume is smaller than what is asked for.
    Size,
    /// The access modes.
    AccessMode,
    /// The storage class.
    StorageClass,
    /// `Block` against `Filesystem`.
    VolumeMode,
    /// The volume attributes class.
    AttributesClass,
    /// The volume is being deleted.
    BeingDeleted,
    /// Anything else.
    Other(Text),
}

/// Why a volume is not provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProvisionCause {
    /// The storage class does not exist.
    ClassMissing,
    /// The storage cannot do what is asked for: access mode, volume mode, selector, parameter, data source.
    Unsupported,
    /// The storage refuses the rights.
    Denied,
    /// A Secret, a snapshot or another source that the class or claim names does not exist.
    SourceMissing,
    /// A quota, or the storage, has no room.
    NoRoom,
    /// No place that the claim's pod may run in has it.
    Topology,
    /// No answer in time.
    Timeout,
    /// The storage or its driver is not reached.
    Unreached,
    /// Anything else.
    Other,
}

/// Reads an event.
pub(super) fn event(reason: &str, text: &str) -> Option<Storage> {
    Some(match reason {
        "FailedMount" | "FailedMapVolume" | "FailedMountOnFilesystemMismatch" => mount::mount(text),
        "FailedAttachVolume" => mount::attach(text),
        // pv_controller.go
        "FailedBinding" => Storage::FailedBinding {
            no_class: has(text, "no storage class is set"),
            taken: if has(text, "already bound to a different claim") {
                quoted_after(text, "volume ")
            } else {
                None
            },
        },
        "VolumeMismatch" => mismatch(text),
        "ClaimLost" => Storage::ClaimLost,
        "ClaimMisbound" => Storage::ClaimMisbound,
        // pv_controller.go; kubernetes-sigs/sig-storage-lib-external-provisioner
        "ProvisioningFailed" | "ProvisioningCleanupFailed" => Storage::ProvisioningFailed {
            missing_class: if has(text, "not found") {
                ["storageclass.storage.k8s.io ", "storageclasses.storage.k8s.io "]
                    .iter()
                    .find_map(|literal| quoted_after(text, literal))
            } else {
                None
            },
            cause: provision_cause(text),
            text: keep(text),
        },
        // ≤1.27 `either by external provisioner "<p>"`, 1.28+ `either by the external provisioner '<p>'`
        "ExternalProvisioning" => Storage::ExternalProvisioning {
            provisioner: between(text, "external provisioner '", "'")
                .or_else(|| between(text, "provisioner \"", "\""))
                .and_then(some),
        },
        "WaitForFirstConsumer" => Storage::WaitForFirstConsumer,
        "WaitForPodScheduled" => {
            Storage::WaitForPodScheduled { pod: between(text, "for pod ", " to be").and_then(some) }
        }
        "VolumeResizeFailed" | "FileSystemResizeFailed" => Storage::ResizeFailed(keep(text)),
        // Also when the text is an error, these are of type Normal: VolumeDelete
        "VolumeFailedDelete" | "VolumeFailedRecycle" | "VolumeUnknownReclaimPolicy" => {
            Storage::ReclaimFailed(keep(text))
        }
        "VolumeDelete" if has_any(text, &["error", "failed"]) => Storage::ReclaimFailed(keep(text)),
        "VolumePermissionChangeInProgress" => Storage::PermissionChange,
        "MultipleSELinuxLabels" | "SELinuxLabelConflict" => Storage::SelinuxConflict(keep(text)),
        _ => return None,
    })
}

/// `Cannot bind to requested volume "<v>": <why>` on the claim; `Cannot bind PersistentVolume to requested
/// PersistentVolumeClaim "<c>" due to incompatible volumeMode.` and `Volume's size is smaller than requested …` on the volume.
fn mismatch(text: &str) -> Storage {
    let named = quoted_after(text, "requested volume ")
        .or_else(|| quoted_after(text, "PersistentVolumeClaim "))
        .or_else(|| quoted_after(text, "PersistentVolume "));
    const TABLE: &[(&str, Mismatch)] = &[
        ("too small", Mismatch::Size),
        ("smaller than", Mismatch::Size),
        ("incompatible accessMode", Mismatch::AccessMode),
        ("storageClassName does not match", Mismatch::StorageClass),
        ("volumeAttributesClassName does not match", Mismatch::AttributesClass),
        ("incompatible volumeMode", Mismatch::VolumeMode),
        ("marked for deletion", Mismatch::BeingDeleted),
    ];
    let known = TABLE.iter().find(|(literal, _)| has(text, literal)).map(|(_, how)| how.clone());
    Storage::VolumeMismatch { named, how: known.unwrap_or_else(|| Mismatch::Other(keep(text))) }
}

/// pv_controller.go and the answers of CSI drivers through external-provisioner.
fn provision_cause(text: &str) -> ProvisionCause {
    use ProvisionCause as C;
    if has(text, "storageclass") && has(text, "not found") {
        return C::ClassMissing;
    }
    const CODES: &[(&str, ProvisionCause)] = &[
        ("code = PermissionDenied", C::Denied),
        ("code = Unauthenticated", C::Denied),
        ("code = InvalidArgument", C::Unsupported),
        ("code = Unimplemented", C::Unsupported),
        ("code = OutOfRange", C::NoRoom),
        ("code = NotFound", C::SourceMissing),
    ];
    const TABLE: &[(&str, ProvisionCause)] = &[
        ("UnauthorizedOperation", C::Denied),
        ("not authorized to perform", C::Denied),
        ("AuthorizationFailed", C::Denied),
        ("forbidden", C::Denied),
        ("not supported", C::Unsupported),
        ("is supported", C::Unsupported),
        ("unsupported", C::Unsupported),
        ("NodePath only supports", C::Unsupported),
        ("failed to get secret", C::SourceMissing),
        ("error getting secret", C::SourceMissing),
        ("snapshot", C::SourceMissing),
        ("uota", C::NoRoom),
        ("LimitExceeded", C::NoRoom),
        ("no space", C::NoRoom),
        ("not enough", C::NoRoom),
        ("nsufficient", C::NoRoom),
        ("accessibility requirements", C::Topology),
        ("no available topology", C::Topology),
        ("topology", C::Topology),
    ];
    for (literal, cause) in CODES.iter().chain(TABLE) {
        if has(text, literal) {
            return *cause;
        }
    }
    if has(text, "code = ResourceExhausted") {
        return C::NoRoom;
    }
    if has_any(text, &["DeadlineExceeded", "timed out", "deadline exceeded"]) {
        return C::Timeout;
    }
    match has(text, "code = Unavailable") || network::read(text).is_some() {
        true => C::Unreached,
        false => C::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_say_why_they_wait() {
        assert_eq!(
            event("FailedBinding", "volume \"pv-1\" already bound to a different claim."),
            Some(Storage::FailedBinding { no_class: false, taken: Some("pv-1".into()) })
        );
        assert_eq!(
            event(
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set"
            ),
            Some(Storage::FailedBinding { no_class: true, taken: None })
        );
        assert_eq!(
            event("ProvisioningFailed", "storageclass.storage.k8s.io \"fast-ssd\" not found"),
            Some(Storage::ProvisioningFailed {
                missing_class: Some("fast-ssd".into()),
                cause: ProvisionCause::ClassMissing,
                text: "storageclass.storage.k8s.io \"fast-ssd\" not found".into()
            })
        );
        for text in [
            "Waiting for a volume to be created either by the external provisioner 'x.io/y' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
            "waiting for a volume to be created, either by external provisioner \"x.io/y\" or manually created by system administrator",
        ] {
            let expected = Storage::ExternalProvisioning { provisioner: Some("x.io/y".into()) };
            assert_eq!(event("ExternalProvisioning", text), Some(expected));
        }
        assert_eq!(
            event("WaitForPodScheduled", "waiting for pod web-0 to be scheduled"),
            Some(Storage::WaitForPodScheduled { pod: Some("web-0".into()) })
        );
    }

    #[test]
    fn volumes_that_do_not_fit() {
        for (why, expected) in [
            ("requested PV is too small", Mismatch::Size),
            ("incompatible accessMode", Mismatch::AccessMode),
            ("storageClassName does not match", Mismatch::StorageClass),
            ("volumeAttributesClassName does not match", Mismatch::AttributesClass),
            ("incompatible volumeMode", Mismatch::VolumeMode),
            (r#"the volume is marked for deletion "pv-1""#, Mismatch::BeingDeleted),
        ] {
            assert_eq!(
                event("VolumeMismatch", &format!(r#"Cannot bind to requested volume "pv-1": {why}"#)),
                Some(Storage::VolumeMismatch { named: Some("pv-1".into()), how: expected })
            );
        }
        assert_eq!(
            event(
                "VolumeMismatch",
                r#"Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" due to incompatible volumeMode."#
            ),
            Some(Storage::VolumeMismatch { named: Some("data".into()), how: Mismatch::VolumeMode })
        );
    }

    #[test]
    fn provisioners_say_why() {
        for (error, expected) in [
            (
                r#"could not create volume in EC2: UnauthorizedOperation: You are not authorized to perform this operation"#,
                ProvisionCause::Denied,
            ),
            ("claim.Spec.Selector is not supported", ProvisionCause::Unsupported),
            ("only ReadWriteOnce is supported", ProvisionCause::Unsupported),
            (r#"failed to get secret from ["sys"/"api"]"#, ProvisionCause::SourceMissing),
            ("rpc error: code = ResourceExhausted desc = full", ProvisionCause::NoRoom),
            (
                "error generating accessibility requirements: no available topology found",
                ProvisionCause::Topology,
            ),
            ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", ProvisionCause::Timeout),
            ("dial tcp 10.0.0.1:443: connect: connection refused", ProvisionCause::Unreached),
            ("a horse", ProvisionCause::Other),
        ] {
            let text = format!(r#"failed to provision volume with StorageClass "gp3": {error}"#);
            match event("ProvisioningFailed", &text) {
                Some(Storage::ProvisioningFailed { missing_class: None, cause, .. }) => {
                    assert_eq!(cause, expected, "{error}");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_rest() {
        assert_eq!(
            event("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
            Some(Storage::ClaimLost)
        );
        assert_eq!(
            event("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly"),
            Some(Storage::ClaimMisbound)
        );
        assert_eq!(
            event("VolumeResizeFailed", "resize volume failed: no"),
            Some(Storage::ResizeFailed("resize volume failed: no".into()))
        );
        assert_eq!(
            event("VolumeDelete", "error deleting volume: still in use"),
            Some(Storage::ReclaimFailed("error deleting volume: still in use".into()))
        );
        assert_eq!(event("VolumeDelete", "deleted"), None);
    }
}
