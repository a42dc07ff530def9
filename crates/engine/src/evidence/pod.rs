//! Pods and their containers, as the views show them.

use super::quantity::Resources;
use super::{Condition, Pairs, Selector, Shared};
use crate::Text;
use crate::moment::Moment;
use crate::subject::Subject;

/// A pod. A field that is `None` was not shown by any view, or is absent: [`super::Object::shows`] tells which.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pod {
    /// `spec.nodeName`.
    pub node: Option<Text>,
    /// `status.phase`.
    pub phase: Option<Phase>,
    /// `status.reason`, such as `Evicted`.
    pub reason: Option<Text>,
    /// `status.message`.
    pub message: Option<Text>,
    /// The STATUS column of `kubectl get`: a summary of other fields, used only where they were not seen.
    pub printed_status: Option<Text>,
    /// The READY column: ready containers, containers.
    pub printed_ready: Option<(u32, u32)>,
    /// The RESTARTS column.
    pub printed_restarts: Option<u32>,
    /// `status.podIP`.
    pub ip: Option<Text>,
    /// `status.startTime`: when the kubelet took the pod.
    pub started: Option<Moment>,
    /// `status.conditions`.
    pub conditions: Option<Vec<Condition>>,
    /// Containers of all roles, in the order of their role and the spec.
    pub containers: Vec<Container>,
    /// `spec.volumes`.
    pub volumes: Option<Vec<Volume>>,
    /// What replicas have alike.
    pub spec: Shared<PodSpec>,
}

/// What a pod should be, as far as replicas have it alike. Its fields are read and written through the pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodSpec {
    /// `spec.nodeSelector`.
    pub node_selector: Option<Pairs<Text>>,
    /// `spec.affinity`, as far as a diagnosis reads it.
    pub affinity: Option<Affinity>,
    /// `spec.tolerations`.
    pub tolerations: Option<Vec<Toleration>>,
    /// `spec.serviceAccountName`.
    pub service_account: Option<Text>,
    /// `spec.imagePullSecrets`, names.
    pub pull_secrets: Option<Vec<Text>>,
    /// `spec.restartPolicy`.
    pub restart_policy: Option<RestartPolicy>,
    /// `spec.terminationGracePeriodSeconds`.
    pub grace_seconds: Option<i64>,
    /// `spec.priorityClassName`.
    pub priority_class: Option<Text>,
    /// `spec.hostNetwork`.
    pub host_network: Option<bool>,
    /// `spec.shareProcessNamespace`.
    pub share_processes: Option<bool>,
    /// `status.qosClass`.
    pub qos: Option<Text>,
    /// `spec.dnsPolicy` and `spec.dnsConfig`.
    pub dns: Option<Dns>,
    /// `spec.schedulingGates`, names.
    pub scheduling_gates: Option<Vec<Text>>,
    /// Requests and limits of the pod as a whole (1.34+).
    pub limits: Option<Resources>,
}

/// Whom a pod asks for names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dns {
    /// `spec.dnsPolicy`: `ClusterFirst`, `ClusterFirstWithHostNet`, `Default` (the node's), `None`.
    pub policy: Option<Text>,
    /// `spec.dnsConfig.nameservers`.
    pub servers: Vec<Text>,
    /// `spec.dnsConfig.searches`.
    pub searches: Vec<Text>,
}

reads_through!(Pod, spec: PodSpec);

/// `status.phase` of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Accepted; not all containers were created.
    Pending,
    /// Bound to a node, at least one container was started.
    Running,
    /// All containers ended with 0 and will not be restarted.
    Succeeded,
    /// All containers ended, at least one not with 0, or the pod was stopped by the system.
    Failed,
    /// The state could not be had.
    Unknown,
}

/// `spec.restartPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RestartPolicy {
    /// Restart after every end.
    Always,
    /// Restart after an end that is not 0.
    OnFailure,
    /// Never restart.
    Never,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs to its end before the next one starts.
    Init,
    /// An init container with `restartPolicy: Always` (1.28+).
    Sidecar,
    /// One of `spec.containers`.
    App,
    /// Added by `kubectl debug`.
    Ephemeral,
}

/// A container: its spec and its status.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Container {
    /// Its name, unique in the pod.
    pub name: Text,
    /// What it is for.
    pub role: Role,
    /// `volumeMounts`.
    pub mounts: Option<Vec<Mount>>,
    /// `status.containerID`.
    pub id: Option<Text>,
    /// `status.state`.
    pub state: Option<State>,
    /// `status.lastState`.
    pub last: Option<State>,
    /// `status.ready`.
    pub ready: Option<bool>,
    /// `status.restartCount`.
    pub restarts: Option<u32>,
    /// What replicas have alike.
    pub spec: Shared<ContainerSpec>,
}

/// What a container should be, as far as replicas have it alike. Its fields are read and written through the container.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerSpec {
    /// `image`, as the spec names it.
    pub image: Option<Text>,
    /// `imagePullPolicy`.
    pub pull_policy: Option<Text>,
    /// `command` and `args`, joined; only the program's name and shape matter, values of secrets do not get here.
    pub command: Option<Vec<Text>>,
    /// `args`.
    pub args: Option<Vec<Text>>,
    /// `ports`.
    pub ports: Option<Vec<Port>>,
    /// `resources.limits`.
    pub limits: Option<Resources>,
    /// `resources.requests`.
    pub requests: Option<Resources>,
    /// `env` and `envFrom`, as references.
    pub env: Option<Vec<EnvVar>>,
    /// `livenessProbe`.
    pub liveness: Option<Shared<Probe>>,
    /// `readinessProbe`.
    pub readiness: Option<Shared<Probe>>,
    /// `startupProbe`.
    pub startup: Option<Shared<Probe>>,
    /// Whether `lifecycle.preStop` is set.
    pub pre_stop: Option<bool>,
}

reads_through!(Container, spec: ContainerSpec);

impl Container {
    /// A container of which nothing but name and role is known.
    pub fn new(name: Text, role: Role) -> Self {
        Container {
            name,
            role,
            mounts: None,
            id: None,
            state: None,
            last: None,
            ready: None,
            restarts: None,
            spec: Shared::default(),
        }
    }

    /// The probe of that kind.
    pub fn probe(&self, kind: ProbeKind) -> Option<&Probe> {
        match kind {
            ProbeKind::Liveness => self.liveness.as_deref(),
            ProbeKind::Readiness => self.readiness.as_deref(),
            ProbeKind::Startup => self.startup.as_deref(),
        }
    }
}

/// `state` or `lastState` of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not running yet, or not again.
    Waiting {
        /// CamelCase word, from the kubelet; not a closed set.
        reason: Option<Text>,
        /// The kubelet's or the runtime's error.
        message: Option<Text>,
    },
    /// Running.
    Running {
        /// Since when.
        started: Option<Moment>,
    },
    /// Ended.
    Terminated(Box<Ended>),
}

/// How one instance of a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    /// The exit code; 128 + N for signal N.
    pub exit_code: Option<i32>,
    /// The runtime's or the kubelet's word: `OOMKilled`, `Error`, `Completed`, …
    pub reason: Option<Text>,
    /// The termination message, or the runtime's error.
    pub message: Option<Text>,
    /// When the instance started.
    pub started: Option<Moment>,
    /// When it ended.
    pub finished: Option<Moment>,
    /// The instance's ID, with its runtime in front.
    pub id: Option<Text>,
}

/// A declared port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Its name, if it has one.
    pub name: Option<Text>,
    /// The number.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
    /// `hostPort`, if set.
    pub host_port: Option<u16>,
}

/// An environment variable, or a whole `envFrom` (then `name` is the prefix).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvVar {
    /// The variable's name.
    pub name: Text,
    /// Where its value comes from.
    pub from: EnvSource,
}

/// Where the value of a variable comes from. Literals are kept only as what they refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnvSource {
    /// A literal that names no address.
    Literal,
    /// A literal that holds an address.
    Address(Address),
    /// A key of a ConfigMap.
    ConfigMapKey {
        /// The ConfigMap.
        name: Text,
        /// The key.
        key: Text,
        /// Whether it may be missing.
        optional: bool,
    },
    /// A key of a Secret.
    SecretKey {
        /// The Secret.
        name: Text,
        /// The key.
        key: Text,
        /// Whether it may be missing.
        optional: bool,
    },
    /// All keys of a ConfigMap.
    ConfigMap {
        /// The ConfigMap.
        name: Text,
        /// Whether it may be missing.
        optional: bool,
    },
    /// All keys of a Secret.
    Secret {
        /// The Secret.
        name: Text,
        /// Whether it may be missing.
        optional: bool,
    },
    /// A field of the pod or a resource of the container.
    Field,
}

/// A typed reference found in a value: no credentials, no path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// `http`, `postgres`, …, if written.
    pub scheme: Option<Text>,
    /// A DNS name or IP address.
    pub host: Text,
    /// The port, if written.
    pub port: Option<u16>,
    /// The database or first path segment of database schemes.
    pub database: Option<Text>,
    /// Whether a user stands in the value.
    pub has_user: bool,
}

/// A volume of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Volume {
    /// Its name in the pod.
    pub name: Text,
    /// What it is.
    pub source: VolumeSource,
}

/// What a volume is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VolumeSource {
    /// A ConfigMap.
    ConfigMap {
        /// Its name.
        name: Text,
        /// Whether it may be missing.
        optional: bool,
        /// The keys that are projected; empty for all.
        keys: Vec<Text>,
    },
    /// A Secret.
    Secret {
        /// Its name.
        name: Text,
        /// Whether it may be missing.
        optional: bool,
        /// The keys that are projected; empty for all.
        keys: Vec<Text>,
    },
    /// A claim.
    Claim {
        /// The claim's name.
        name: Text,
    },
    /// `emptyDir`, with its size limit.
    EmptyDir {
        /// The limit, if there is one.
        limit: Option<super::Quantity>,
        /// Whether it lives in memory.
        memory: bool,
    },
    /// A path of the host.
    HostPath {
        /// The path.
        path: Text,
    },
    /// Any other, by the name of its field or as describe words it.
    Other(Text),
}

/// Where a volume is mounted in a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mount {
    /// The volume's name.
    pub volume: Text,
    /// The path in the container.
    pub path: Text,
    /// `subPath`, if set.
    pub sub_path: Option<Text>,
    /// Whether it is read-only.
    pub read_only: bool,
}

/// Which probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// Its failure restarts the container.
    Liveness,
    /// Its failure takes the pod out of Services.
    Readiness,
    /// Holds the others back until it succeeded once; its failure restarts the container.
    Startup,
}

impl ProbeKind {
    /// `liveness`, `readiness` or `startup`.
    pub fn as_str(self) -> &'static str {
        match self {
            ProbeKind::Liveness => "liveness",
            ProbeKind::Readiness => "readiness",
            ProbeKind::Startup => "startup",
        }
    }
}

/// A probe and its budget. Seconds are those of the spec after defaulting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    /// What is asked.
    pub action: Action,
    /// `initialDelaySeconds`.
    pub delay: i64,
    /// `timeoutSeconds`.
    pub timeout: i64,
    /// `periodSeconds`.
    pub period: i64,
    /// `successThreshold`.
    pub success: i64,
    /// `failureThreshold`.
    pub failure: i64,
}

impl Probe {
    /// Seconds from the start of the container to the kill, when it never answers: delay, then `failure` tries a
    /// period apart, the last of which runs into its timeout (pkg/kubelet/prober/worker.go, 1.36).
    pub fn budget_seconds(&self) -> i64 {
        let tries = self.failure.max(1).saturating_sub(1).saturating_mul(self.period.max(1));
        self.delay.max(0).saturating_add(tries).saturating_add(self.timeout.max(1))
    }
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// GET.
    Http {
        /// `http` or `https`.
        scheme: Text,
        /// The port: a number or a name of one.
        port: Text,
        /// The path.
        path: Text,
    },
    /// Opens a connection.
    Tcp {
        /// The port: a number or a name of one.
        port: Text,
    },
    /// Asks grpc.health.v1.
    Grpc {
        /// The port.
        port: Text,
        /// The service asked for; often empty.
        service: Text,
    },
    /// Runs a command in the container.
    Exec {
        /// The command line, as describe prints it.
        command: Text,
    },
}

impl Action {
    /// `http`, `tcp`, `grpc` or `exec`.
    pub fn protocol(&self) -> &'static str {
        match self {
            Action::Http { .. } => "http",
            Action::Tcp { .. } => "tcp",
            Action::Grpc { .. } => "grpc",
            Action::Exec { .. } => "exec",
        }
    }

    /// The port asked, as written.
    pub fn port(&self) -> Option<&str> {
        match self {
            Action::Http { port, .. } | Action::Tcp { port } | Action::Grpc { port, .. } => Some(port),
            Action::Exec { .. } => None,
        }
    }
}

/// A toleration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Toleration {
    /// The taint's key; none tolerates all.
    pub key: Option<Text>,
    /// The value asked for; none with `Exists`.
    pub value: Option<Text>,
    /// The effect; none for all.
    pub effect: Option<Text>,
    /// `tolerationSeconds`.
    pub seconds: Option<i64>,
    /// Whether the operator is `Exists`.
    pub exists: bool,
}

/// Affinity, as far as a diagnosis reads it: what is required.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Affinity {
    /// Required node affinity: one of these terms must hold, all requirements of it.
    pub node_terms: Vec<Vec<Requirement>>,
    /// Required pod affinity.
    pub pod: Vec<PodTerm>,
    /// Required pod anti-affinity.
    pub pod_anti: Vec<PodTerm>,
}

/// A requirement on labels: key, operator, values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The label's key.
    pub key: Text,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
    pub operator: Text,
    /// The values.
    pub values: Vec<Text>,
}

/// A required (anti-)affinity to pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodTerm {
    /// Which pods.
    pub selector: Selector,
    /// The node label that makes two nodes the same place.
    pub topology_key: Text,
}

/// A reference to an owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The owner; in the namespace of what it owns.
    pub subject: Subject,
    /// Its uid, where shown.
    pub uid: Option<Text>,
    /// Whether it is the managing controller.
    pub controller: bool,
    /// Whether some view states it; otherwise it was inferred from a name.
    pub stated: bool,
}
