//! What leads to what. The table can be read aloud: *cause* leads to *effect* when they share *relation*.

use super::place::Common;
use crate::facts::Facts;
use crate::finding::{Code, Finding};

/// A row of the table.
#[derive(Debug)]
pub(super) struct Cause {
    pub cause: Code,
    pub effect: Code,
    pub share: Relation,
    /// The longest that the mechanism takes from onset to onset; none where it may take any time.
    pub within_seconds: Option<i64>,
    /// How one leads to the other, in words.
    pub mechanism: &'static str,
}

/// What cause and effect must share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// A pod.
    Pod,
    /// A workload: one owns the other, or both are of one.
    Owner,
    /// The cause is of a node, and the effect hits a pod there or the node itself.
    Node,
    /// The cause is of a node that is short of something, and the effect hits a pod there for want of it.
    NodeShort,
    /// The effect is of a Service that selects pods of the cause.
    ServedBy,
    /// The effect's pods name, in their environment, a Service that selects pods of the cause, or is the cause.
    DependsOn,
    /// The effect names a taint that a node of the cause has because of its state.
    Tainted,
    /// The effect's kubelet refuses pods of the cause's workload for a taint.
    Untolerated,
}

impl Relation {
    /// What cause and effect must have in common: to the cause it is the first of a pair, to the effect the second. One
    /// pair suffices; where there is none, [`Relation::holds`] alone tells.
    pub(super) fn common(self) -> &'static [(Common, Common)] {
        match self {
            Relation::Pod => &[(Common::Pods, Common::Pods)],
            Relation::Owner => &[(Common::Owners, Common::Owners), (Common::Pods, Common::Pods)],
            Relation::Node | Relation::NodeShort => &[(Common::ActsOn, Common::HitsNodes)],
            Relation::ServedBy => &[(Common::Services, Common::Services)],
            Relation::DependsOn => &[(Common::Services, Common::DependsOn)],
            Relation::Untolerated => &[(Common::Owners, Common::Owners)],
            Relation::Tainted => &[],
        }
    }

    /// What else must be so.
    pub(super) fn holds(self, cause: &Finding, effect: &Finding, facts: &Facts) -> bool {
        match self {
            Relation::NodeShort => {
                // What passed a limit of its own is ended wherever it runs.
                effect.aspect_of("scope") == Some("node")
                    && is_short_of(cause.aspect_of("resource"), effect.aspect_of("resource"))
            }
            Relation::Untolerated => effect.aspect_of("reason") == Some("TaintToleration"),
            Relation::Tainted => effect.aspect_of("taint").is_some_and(|taint| {
                taint.starts_with("node.kubernetes.io/")
                    && facts.node(&cause.subject.name).is_some_and(|n| n.taints().any(|t| *t.key == *taint))
            }),
            _ => true,
        }
    }
}

/// Whether a node's pressure is for what a pod was evicted for (pkg/kubelet/eviction/helpers.go, all versions: disk
/// pressure stands for space and inodes of both file systems).
fn is_short_of(pressure: Option<&str>, resource: Option<&str>) -> bool {
    match (pressure, resource) {
        (Some("disk"), Some(resource)) => !matches!(resource, "memory" | "pids"),
        (Some(pressure), Some(resource)) => {
            pressure == resource || !matches!(resource, "memory" | "pids" | "ephemeral-storage" | "inodes")
        }
        _ => true,
    }
}

const fn cause(
    cause: Code,
    effect: Code,
    share: Relation,
    within_seconds: Option<i64>,
    mechanism: &'static str,
) -> Cause {
    Cause { cause, effect, share, within_seconds, mechanism }
}

use Code::*;

/// What keeps a pod from being ready, each by itself.
const POD_FAULTS: &[Code] = &[
    OomKilled,
    KilledUnattributed,
    LivenessProbeFailing,
    StartupProbeFailing,
    ReadinessProbeFailing,
    StoppedBySigterm,
    CrashedBySignal,
    ApplicationError,
    CompletedRestartLoop,
    CommandNotFound,
    CommandNotExecutable,
    WrongArchitecture,
    ConfigReferenceMissing,
    RunsAsRootRefused,
    ContainerStartFailed,
    HookFailed,
    ImageNotFound,
    ImagePullDenied,
    RegistryNameUnresolved,
    RegistryUnreachable,
    RegistryTlsFailed,
    RegistryRateLimited,
    ImageDiskFull,
    ImageNameInvalid,
    ImageNeverPulled,
    ImagePlatformMissing,
    ImagePullFailed,
    PodAddressesExhausted,
    NetworkPluginMissing,
    NetworkAgentDown,
    SandboxFailed,
    InsufficientResources,
    NodeAffinityMismatch,
    TaintNotTolerated,
    NodesCordoned,
    PodAffinityUnsatisfied,
    PodAntiAffinityConflict,
    TopologySpreadUnsatisfied,
    HostPortConflict,
    VolumeNodeMismatch,
    Unschedulable,
    SchedulingGated,
    ClaimUnbound,
    ClaimMissing,
    VolumeMountFailed,
    VolumeAttachFailed,
    PodEvicted,
    PodRejected,
    TaintEviction,
    QuotaExceeded,
    AdmissionDenied,
    WebhookUnreachable,
    ServiceAccountMissing,
    PriorityClassMissing,
    DependencyAddressWrong,
    PortConflict,
    DatabaseLoginRefused,
    DatabasePortWrong,
    NameResolutionFailing,
];

/// What a program's own log gives as the reason of its trouble.
const TOLD_BY_LOGS: &[Code] = &[
    DatabaseLoginRefused,
    DatabasePortWrong,
    DatabaseConnectionsExhausted,
    DatabaseReadOnly,
    NameResolutionFailing,
    PortConflict,
    DependencyUnreachable,
];

/// What takes a node, and what runs on it, out.
const NODE_FAULTS: &[Code] = &[
    KubeletStopped,
    KubeletCutOff,
    RuntimeDown,
    RuntimeUnresponsive,
    NodeNetworkNotReady,
    NodeCertificateExpired,
    NodeDiskFailing,
    KernelPanic,
    NodeNotReady,
    NodePressure,
];

/// What callers meet when something behind a Service is gone.
const CALLER_TROUBLE: &[Code] = &[
    DependencyUnreachable,
    ConnectionPoolExhausted,
    ApplicationError,
    ReadinessProbeFailing,
    NameResolutionFailing,
    WebhookUnreachable,
];

/// The rows that stand alone.
static SINGLE: &[Cause] = &[
    cause(
        NodePressure,
        PodEvicted,
        Relation::NodeShort,
        Some(600),
        "the kubelet evicts pods to get a resource back",
    ),
    cause(
        TaintEviction,
        PodRejected,
        Relation::Untolerated,
        None,
        "a node with a taint takes no pod that does not tolerate it",
    ),
    cause(NodeRebooted, NodeNotReady, Relation::Node, Some(900), "a node is not ready while it starts"),
    cause(
        KernelPanic,
        KubeletStopped,
        Relation::Node,
        Some(600),
        "nothing runs under a kernel that stands still",
    ),
    cause(
        RuntimeDown,
        NodeNotReady,
        Relation::Node,
        Some(600),
        "the kubelet reports a node without runtime as not ready",
    ),
    cause(PodAddressesExhausted, SandboxFailed, Relation::Node, None, "a sandbox needs an address"),
    cause(
        OomKilled,
        ReadinessProbeFailing,
        Relation::Pod,
        Some(900),
        "a container that was killed is not ready",
    ),
    cause(
        OomKilled,
        ApplicationError,
        Relation::Pod,
        Some(60),
        "the process ends because its child was killed",
    ),
    cause(
        DependencyAddressWrong,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "a program that cannot reach what it needs does not get ready",
    ),
    cause(
        DependencyAddressWrong,
        ApplicationError,
        Relation::Pod,
        None,
        "a program that cannot reach what it needs gives up",
    ),
    cause(
        DependencyAddressWrong,
        LivenessProbeFailing,
        Relation::Pod,
        None,
        "a program that cannot reach what it needs does not answer",
    ),
    cause(PortConflict, ApplicationError, Relation::Pod, None, "a server without its port gives up"),
    cause(
        PortConflict,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "a server without its port does not answer",
    ),
    cause(
        ServiceShort,
        ConnectionPoolExhausted,
        Relation::DependsOn,
        None,
        "fewer servers answer more slowly, and calls queue",
    ),
    cause(
        ServiceShort,
        DependencyUnreachable,
        Relation::DependsOn,
        None,
        "fewer servers answer more slowly, and calls run out of time",
    ),
    cause(
        ConnectionPoolExhausted,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "a caller that gets no connection says that it is not ready",
    ),
    cause(
        ServiceWithoutEndpoints,
        ServiceShort,
        Relation::ServedBy,
        None,
        "no endpoint is fewer than wanted",
    ),
    cause(ServicePortMismatch, ServiceWithoutEndpoints, Relation::ServedBy, None, "an endpoint needs a port"),
    cause(
        LivenessProbeFailing,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "a container that is restarted is not ready",
    ),
    cause(
        StartupProbeFailing,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "readiness is not asked before the start is over",
    ),
    cause(
        ApplicationError,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "a container that ended is not ready",
    ),
    cause(
        CrashedBySignal,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "a container that crashed is not ready",
    ),
    cause(
        KilledUnattributed,
        ReadinessProbeFailing,
        Relation::Pod,
        None,
        "a container that was killed is not ready",
    ),
    cause(
        LivenessProbeFailing,
        ApplicationError,
        Relation::Pod,
        None,
        "the process ends while the kubelet stops it",
    ),
    cause(
        NodeRebooted,
        KubeletStopped,
        Relation::Node,
        Some(900),
        "no kubelet runs before the node is up again",
    ),
    cause(
        NodeCertificateExpired,
        KubeletStopped,
        Relation::Node,
        None,
        "the API server lets no kubelet in without a valid certificate",
    ),
    cause(
        NodeCertificateExpired,
        KubeletCutOff,
        Relation::Node,
        None,
        "the API server lets no kubelet in without a valid certificate",
    ),
    cause(NodeDiskFailing, RuntimeDown, Relation::Node, None, "the runtime needs to write"),
    cause(NodeDiskFailing, KubeletStopped, Relation::Node, None, "the kubelet needs to write"),
    cause(
        PodNotReady,
        ServiceWithoutEndpoints,
        Relation::ServedBy,
        None,
        "a pod that is not ready is no endpoint",
    ),
    cause(PodNotReady, ServiceShort, Relation::ServedBy, None, "a pod that is not ready is no endpoint"),
    cause(ServiceSelectsNothing, ServiceWithoutEndpoints, Relation::ServedBy, None, "no pod, no endpoint"),
];

/// What explains nothing alone, and without which the effect could not be.
static TOGETHER: &[Cause] = &[cause(
    PodSlotsExceedAddresses,
    PodAddressesExhausted,
    Relation::Node,
    None,
    "the scheduler counts pod slots and knows nothing of addresses",
)];

/// The rows of what has to come together with a cause.
pub(super) fn together() -> &'static [Cause] {
    TOGETHER
}

/// The whole table: the single rows, and the families.
pub(super) fn table() -> &'static [Cause] {
    static TABLE: std::sync::OnceLock<Vec<Cause>> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| {
        let mut rows: Vec<Cause> = Vec::new();
        let mut row = |c, e, share, within, mechanism| {
            if c != e {
                rows.push(cause(c, e, share, within, mechanism));
            }
        };
        for single in SINGLE {
            row(single.cause, single.effect, single.share, single.within_seconds, single.mechanism);
        }
        for &fault in POD_FAULTS {
            row(fault, WorkloadUnavailable, Relation::Owner, None, "its pods are not ready");
            row(fault, PodNotReady, Relation::Pod, None, "the pod cannot get ready");
            row(
                fault,
                ServiceWithoutEndpoints,
                Relation::ServedBy,
                None,
                "pods that are not ready are no endpoints",
            );
            row(fault, ServiceShort, Relation::ServedBy, None, "pods that are not ready are no endpoints");
            row(fault, JobFailed, Relation::Owner, None, "its pods fail until it gives up");
        }
        for &told in TOLD_BY_LOGS {
            for effect in [
                ApplicationError,
                ReadinessProbeFailing,
                LivenessProbeFailing,
                StartupProbeFailing,
                WorkloadUnavailable,
                ServiceWithoutEndpoints,
                DependencyUnreachable,
            ] {
                row(told, effect, Relation::Pod, None, "the program says itself what keeps it from working");
            }
        }
        for &fault in NODE_FAULTS {
            for effect in [
                WorkloadUnavailable,
                ServiceWithoutEndpoints,
                ServiceShort,
                PodNotReady,
                ReadinessProbeFailing,
                SandboxFailed,
                NetworkAgentDown,
            ] {
                row(
                    fault,
                    effect,
                    Relation::Node,
                    None,
                    "nothing that needs the node's kubelet, runtime or network goes on",
                );
            }
            row(
                fault,
                TaintNotTolerated,
                Relation::Tainted,
                None,
                "the node controller taints a node that is not ready",
            );
            row(fault, KubeProxyDown, Relation::Node, None, "nothing on the node is looked after");
        }
        for &gone in &[
            ServiceWithoutEndpoints,
            ServiceSelectsNothing,
            ServicePortMismatch,
            ServiceProtocolMismatch,
            DependencyScaledToZero,
        ] {
            for &effect in CALLER_TROUBLE {
                row(gone, effect, Relation::DependsOn, None, "callers find nobody behind the Service");
            }
        }
        rows
    })
}
