//! Claims, volumes, storage classes.

use super::meta::{Make, Metadata, Reference, Requirements, WireSelector};
use super::wire::{Map, Present, Scalar, Str, wire};
use engine::evidence::{Claim, PersistentVolume, Quantity, StorageClass};
use engine::subject::Kind;

wire! {
    /// `v1.PersistentVolumeClaim`.
    struct ClaimObject {
        metadata: Metadata<'a> = "metadata",
        spec: ClaimSpec<'a> = "spec",
        status: Phased<'a> = "status",
    }
    /// `v1.PersistentVolumeClaimSpec`.
    struct ClaimSpec {
        volume: Str<'a> = "volumeName",
        class: Str<'a> = "storageClassName",
        access_modes: Vec<Str<'a>> = "accessModes",
        resources: Requirements<'a> = "resources",
        mode: Str<'a> = "volumeMode",
        selector: WireSelector<'a> = "selector",
    }
    /// A status with a phase.
    struct Phased {
        phase: Str<'a> = "phase",
    }
    /// `v1.PersistentVolume`.
    struct VolumeObject {
        metadata: Metadata<'a> = "metadata",
        spec: VolumeSpec<'a> = "spec",
        status: Phased<'a> = "status",
    }
    /// `v1.PersistentVolumeSpec`.
    struct VolumeSpec {
        claim: Reference<'a> = "claimRef",
        class: Str<'a> = "storageClassName",
        access_modes: Vec<Str<'a>> = "accessModes",
        capacity: Map<'a, Scalar<'a>> = "capacity",
        mode: Str<'a> = "volumeMode",
        reclaim: Str<'a> = "persistentVolumeReclaimPolicy",
        csi: Driver<'a> = "csi",
        flex: Driver<'a> = "flexVolume",
        host_path: Present = "hostPath",
        local: Present = "local",
        nfs: Present = "nfs",
        iscsi: Present = "iscsi",
        fc: Present = "fc",
        rbd: Present = "rbd",
        cephfs: Present = "cephfs",
        ebs: Present = "awsElasticBlockStore",
        gce: Present = "gcePersistentDisk",
        azure_disk: Present = "azureDisk",
        azure_file: Present = "azureFile",
        vsphere: Present = "vsphereVolume",
        cinder: Present = "cinder",
        gluster: Present = "glusterfs",
    }
    /// A source that names its driver.
    struct Driver {
        driver: Str<'a> = "driver",
    }
    /// `storage.k8s.io/v1.StorageClass`.
    struct ClassObject {
        metadata: Metadata<'a> = "metadata",
        provisioner: Str<'a> = "provisioner",
        binding: Str<'a> = "volumeBindingMode",
    }
}

impl Make<'_> {
    pub(super) fn claim(&self, wire: &ClaimObject<'_>) -> Claim {
        let mut claim = Claim { phase: self.phase(&wire.status), ..Claim::default() };
        let Some(spec) = &wire.spec else { return claim };
        claim.volume = self.some(&spec.volume);
        claim.class = self.opt(&spec.class);
        claim.access_modes = self.texts(&spec.access_modes);
        claim.request = spec.resources.as_ref().and_then(|resources| self.storage(&resources.requests));
        claim.mode = self.some(&spec.mode);
        claim.selector = spec.selector.as_ref().map(|selector| self.selector(selector));
        claim
    }

    pub(super) fn volume_object(&self, wire: &VolumeObject<'_>) -> PersistentVolume {
        let mut volume = PersistentVolume { phase: self.phase(&wire.status), ..PersistentVolume::default() };
        let Some(spec) = &wire.spec else { return volume };
        volume.claim = spec.claim.as_ref().and_then(|claim| {
            let (namespace, name) = (claim.namespace.as_deref(), claim.name.as_deref()?);
            Some(self.subject(Kind::PersistentVolumeClaim, namespace, name))
        });
        volume.class = self.opt(&spec.class);
        volume.access_modes = self.texts(&spec.access_modes);
        volume.capacity = self.storage(&spec.capacity);
        volume.mode = self.some(&spec.mode);
        volume.reclaim = self.some(&spec.reclaim);
        let driver = spec.csi.as_ref().or(spec.flex.as_ref()).and_then(|it| self.some(&it.driver));
        volume.source = driver.or_else(|| volume_source(spec).map(|name| self.text(name)));
        volume
    }

    pub(super) fn storage_class(&self, wire: &ClassObject<'_>) -> StorageClass {
        let annotations = wire.metadata.as_ref().and_then(|metadata| metadata.annotations.as_ref());
        let default = annotations.into_iter().flatten().any(|(key, value)| {
            value == "true"
                && matches!(
                    &**key,
                    "storageclass.kubernetes.io/is-default-class"
                        | "storageclass.beta.kubernetes.io/is-default-class"
                )
        });
        StorageClass {
            provisioner: self.some(&wire.provisioner),
            binding: Some(self.some(&wire.binding).unwrap_or_else(|| self.text("Immediate"))),
            is_default: Some(default),
        }
    }

    fn phase(&self, status: &Option<Phased<'_>>) -> Option<engine::Text> {
        status.as_ref().and_then(|status| self.some(&status.phase))
    }

    fn storage(&self, map: &Option<Map<'_, Scalar<'_>>>) -> Option<Quantity> {
        map.as_ref()?.iter().find(|(name, _)| name == "storage").and_then(|(_, amount)| self.quantity(amount))
    }
}

fn volume_source(spec: &VolumeSpec<'_>) -> Option<&'static str> {
    let known = [
        (spec.host_path, "hostPath"),
        (spec.local, "local"),
        (spec.nfs, "nfs"),
        (spec.iscsi, "iscsi"),
        (spec.fc, "fc"),
        (spec.rbd, "rbd"),
        (spec.cephfs, "cephfs"),
        (spec.ebs, "awsElasticBlockStore"),
        (spec.gce, "gcePersistentDisk"),
        (spec.azure_disk, "azureDisk"),
        (spec.azure_file, "azureFile"),
        (spec.vsphere, "vsphereVolume"),
        (spec.cinder, "cinder"),
        (spec.gluster, "glusterfs"),
    ];
    known.into_iter().find(|(present, _)| present.is_some()).map(|(_, name)| name)
}
