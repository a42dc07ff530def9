//! The other kinds, as the views show them.

use super::pod::Address;
use super::{Condition, Pairs, Quantity, Resources, Selector};
use crate::Text;
use crate::moment::Moment;
use crate::subject::Subject;

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// `status.conditions`.
    pub conditions: Option<Vec<Condition>>,
    /// The STATUS column of `kubectl get nodes`.
    pub printed_status: Option<Text>,
    /// `spec.taints`.
    pub taints: Option<Vec<Taint>>,
    /// `spec.unschedulable`.
    pub unschedulable: Option<bool>,
    /// `status.capacity`.
    pub capacity: Option<Resources>,
    /// `status.allocatable`.
    pub allocatable: Option<Resources>,
    /// What its pods request in sum, as `describe node` adds it up.
    pub requested: Option<Resources>,
    /// `spec.podCIDR`.
    pub pod_range: Option<Text>,
    /// `status.nodeInfo.kubeletVersion`.
    pub kubelet: Option<Text>,
    /// `status.nodeInfo.containerRuntimeVersion`.
    pub runtime: Option<Text>,
    /// `status.nodeInfo.bootID`.
    pub boot_id: Option<Text>,
    /// `status.nodeInfo.architecture`.
    pub architecture: Option<Text>,
    /// `status.addresses`, `InternalIP` first.
    pub addresses: Option<Vec<Text>>,
    /// The last renewal of its lease.
    pub lease_renewed: Option<Moment>,
}

/// A taint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Its key.
    pub key: Text,
    /// Its value, often none.
    pub value: Option<Text>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Text,
    /// When it was added; only for `NoExecute`.
    pub added: Option<Moment>,
}

/// A template of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    /// Labels of the pods.
    pub labels: Option<Pairs<Text>>,
    /// Spec, without status.
    pub pod: super::Pod,
}

/// A Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or CronJob. Counts are pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Workload {
    /// How many are wanted (`spec.replicas`, a Job's `parallelism`, a DaemonSet's desired number).
    pub desired: Option<u32>,
    /// How many exist.
    pub current: Option<u32>,
    /// How many are ready.
    pub ready: Option<u32>,
    /// How many are available.
    pub available: Option<u32>,
    /// How many are of the newest template.
    pub updated: Option<u32>,
    /// A Job's `completions`.
    pub completions: Option<u32>,
    /// A Job's ended pods.
    pub succeeded: Option<u32>,
    /// A Job's failed pods.
    pub failed: Option<u32>,
    /// A Job's `backoffLimit`.
    pub backoff_limit: Option<u32>,
    /// Whether it is suspended or paused.
    pub suspended: Option<bool>,
    /// `spec.selector`.
    pub selector: Option<Selector>,
    /// `status.conditions`.
    pub conditions: Option<Vec<Condition>>,
    /// The template.
    pub template: Option<Box<Template>>,
    /// A Deployment's revision, from its annotation.
    pub revision: Option<u64>,
    /// A CronJob's schedule.
    pub schedule: Option<Text>,
    /// Whether a Deployment replaces all at once (`Recreate`).
    pub recreate: Option<bool>,
}

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
    pub kind: Option<Text>,
    /// `spec.selector`; an empty one selects nothing, endpoints are then kept by hand.
    pub selector: Option<Pairs<Text>>,
    /// `spec.ports`.
    pub ports: Option<Vec<ServicePort>>,
    /// `spec.clusterIP`; `None` as text for headless ones.
    pub cluster_ip: Option<Text>,
    /// The endpoints that `describe service` lists, `ip:port`.
    pub endpoints: Option<Vec<Text>>,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServicePort {
    /// Its name, if it has one.
    pub name: Option<Text>,
    /// The Service's port.
    pub port: u16,
    /// Where it leads: a number or a container port's name.
    pub target: Option<Text>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
    /// `appProtocol`, if set.
    pub app_protocol: Option<Text>,
    /// `nodePort`, if there is one.
    pub node_port: Option<u16>,
}

/// The endpoints of a Service, from Endpoints or from one EndpointSlice.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoints {
    /// The Service's name.
    pub service: Option<Text>,
    /// `ip` of ready endpoints.
    pub ready: Option<Vec<Text>>,
    /// `ip` of endpoints that are not ready.
    pub not_ready: Option<Vec<Text>>,
    /// Ports, as numbers.
    pub ports: Option<Vec<u16>>,
    /// The list was printed in part (`+ 3 more...`).
    pub cut: bool,
    /// When a change of a pod or of the Service last changed them.
    pub changed: Option<Moment>,
}

/// A claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// `Pending`, `Bound`, `Lost`.
    pub phase: Option<Text>,
    /// The volume it names or is bound to.
    pub volume: Option<Text>,
    /// `storageClassName`; an empty text asks for a volume without class.
    pub class: Option<Text>,
    /// `accessModes` asked for.
    pub access_modes: Option<Vec<Text>>,
    /// Storage asked for.
    pub request: Option<Quantity>,
    /// `volumeMode`.
    pub mode: Option<Text>,
    /// Pods that use it, as describe lists them.
    pub used_by: Option<Vec<Text>>,
    /// `spec.selector`.
    pub selector: Option<Selector>,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersistentVolume {
    /// `Available`, `Bound`, `Released`, `Failed`.
    pub phase: Option<Text>,
    /// The claim it is bound to or reserved for.
    pub claim: Option<Subject>,
    /// `storageClassName`.
    pub class: Option<Text>,
    /// `accessModes`.
    pub access_modes: Option<Vec<Text>>,
    /// Its size.
    pub capacity: Option<Quantity>,
    /// `volumeMode`.
    pub mode: Option<Text>,
    /// `persistentVolumeReclaimPolicy`.
    pub reclaim: Option<Text>,
    /// The CSI driver or the kind of its source.
    pub source: Option<Text>,
}

/// A storage class.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageClass {
    /// The provisioner.
    pub provisioner: Option<Text>,
    /// `Immediate` or `WaitForFirstConsumer`.
    pub binding: Option<Text>,
    /// Whether claims without a class get it.
    pub is_default: Option<bool>,
}

/// A quota.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quota {
    /// `status.hard`.
    pub hard: Option<Resources>,
    /// `status.used`.
    pub used: Option<Resources>,
}

/// Names and keys of a ConfigMap or Secret; of values only what they refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Config {
    /// The keys.
    pub keys: Option<Vec<Text>>,
    /// A Secret's type.
    pub kind: Option<Text>,
    /// Addresses named in a ConfigMap's values, by key.
    pub addresses: Vec<(Text, Address)>,
    /// Routes of a gateway or proxy that a ConfigMap's values configure.
    pub routes: Vec<Route>,
}

/// A route of a gateway or proxy: where requests for a path are sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The path, as written: `/orders/**`.
    pub path: Text,
    /// The host that gets them.
    pub host: Text,
    /// Its port, where written.
    pub port: Option<u16>,
}

/// An autoscaler.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Autoscaler {
    /// What it scales.
    pub target: Option<Subject>,
    /// `minReplicas`.
    pub min: Option<u32>,
    /// `maxReplicas`.
    pub max: Option<u32>,
    /// Replicas now.
    pub current: Option<u32>,
    /// `status.conditions`.
    pub conditions: Option<Vec<Condition>>,
}

/// A disruption budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Budget {
    /// Which pods.
    pub selector: Option<Selector>,
    /// `status.disruptionsAllowed`.
    pub allowed: Option<u32>,
    /// `minAvailable`, as written.
    pub min_available: Option<Text>,
    /// `maxUnavailable`, as written.
    pub max_unavailable: Option<Text>,
}

/// A lease.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    /// Who holds it.
    pub holder: Option<Text>,
    /// The last renewal.
    pub renewed: Option<Moment>,
    /// `leaseDurationSeconds`.
    pub duration: Option<i64>,
}

/// A service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceAccount {
    /// `imagePullSecrets`, names.
    pub pull_secrets: Option<Vec<Text>>,
}

/// A network policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkPolicy {
    /// Which pods.
    pub selector: Option<Selector>,
    /// Whether it restricts what comes in.
    pub ingress: bool,
    /// Whether it restricts what goes out.
    pub egress: bool,
    /// Whether it allows nothing at all in a restricted direction.
    pub denies_all: bool,
}

/// An ingress or route: which Service each host and path leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ingress {
    /// Host and path, Service, port.
    pub backends: Vec<(Text, Text, Text)>,
}
