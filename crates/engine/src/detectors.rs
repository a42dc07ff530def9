//! Every detector, in one visible list. A detector is a plain function over facts; see the page beside each.

mod address_pool;
mod address_remedies;
mod address_words;
mod application_exit;
mod autoscaler_blind;
mod claim_mismatch;
mod claim_volumes;
mod claims;
mod config_reference;
mod control_plane;
mod database_state;
mod databases;
mod deletion_stuck;
mod dependency_address;
mod eviction;
mod eviction_words;
mod image_pull;
mod job_failed;
mod killed;
mod kube_proxy_down;
mod kubelet_stopped;
mod log_claims;
mod name_resolution;
mod node_not_ready;
mod node_trouble;
mod oom_killed;
mod placement_words;
mod pod_rejected;
mod pod_waits;
mod pods_refused;
mod probe_kills;
mod probe_words;
mod pull_tags;
mod pull_words;
mod quota_pool;
mod readiness_probe;
mod refusal_words;
mod rollout_words;
mod route_backend;
mod route_names;
mod runtime_down;
mod sandbox;
mod scaled_to_zero;
mod service_port;
mod service_selector;
mod start_failed;
mod symptoms;
mod taint_eviction;
mod unschedulable;
mod volumes;
mod words;

use crate::Hands;
use crate::facts::Facts;
use crate::finding::{Code, Finding};
use crate::hands::each;
use crate::subject::Subject;
use std::collections::BTreeSet;

/// A detector: its name, the codes that it may give, its page and its function.
pub struct Detector {
    /// The name of its two files.
    pub name: &'static str,
    /// The codes that its page documents.
    pub codes: &'static [Code],
    /// Its page, in Markdown.
    pub page: &'static str,
    /// Looks at the facts and says what it finds.
    pub detect: fn(&Facts, &mut Vec<Finding>),
}

macro_rules! detector {
    ($name:ident: $($code:ident),+) => {
        Detector {
            name: stringify!($name),
            codes: &[$(Code::$code),+],
            page: include_str!(concat!("detectors/", stringify!($name), ".md")),
            detect: $name::detect,
        }
    };
}

/// The list. The order does not show in reports.
pub static DETECTORS: &[Detector] = &[
    detector!(application_exit: ApplicationError, CrashedBySignal, CompletedRestartLoop),
    detector!(claims: ClaimUnbound, ClaimMissing),
    detector!(config_reference: ConfigReferenceMissing),
    detector!(dependency_address: DependencyAddressWrong),
    detector!(image_pull: ImageNotFound, ImagePullDenied, RegistryNameUnresolved, RegistryUnreachable, RegistryTlsFailed, RegistryRateLimited, ImageDiskFull, ImageNameInvalid, ImageNeverPulled, ImagePlatformMissing, ImagePullFailed),
    detector!(killed: KilledUnattributed, StoppedBySigterm),
    detector!(kube_proxy_down: KubeProxyDown),
    detector!(kubelet_stopped: KubeletStopped, KubeletCutOff),
    detector!(node_not_ready: NodeNotReady, NodeNetworkNotReady),
    detector!(oom_killed: OomKilled),
    detector!(pods_refused: QuotaExceeded, AdmissionDenied, WebhookUnreachable, ServiceAccountMissing, PriorityClassMissing),
    detector!(probe_kills: LivenessProbeFailing, StartupProbeFailing),
    detector!(readiness_probe: ReadinessProbeFailing),
    detector!(route_backend: RouteBackendMissing, RouteMisdirected),
    detector!(runtime_down: RuntimeDown, RuntimeUnresponsive),
    detector!(service_port: ServicePortMismatch, ServiceProtocolMismatch),
    detector!(service_selector: ServiceSelectsNothing),
    detector!(symptoms: WorkloadUnavailable, ServiceWithoutEndpoints, ServiceShort, PodNotReady),
    detector!(unschedulable: InsufficientResources, NodeAffinityMismatch, TaintNotTolerated, NodesCordoned, PodAffinityUnsatisfied, PodAntiAffinityConflict, TopologySpreadUnsatisfied, HostPortConflict, VolumeNodeMismatch, Unschedulable, SchedulingGated),
    detector!(start_failed: CommandNotFound, CommandNotExecutable, WrongArchitecture, RunsAsRootRefused, HookFailed, ContainerStartFailed),
    detector!(sandbox: PodAddressesExhausted, PodSlotsExceedAddresses, NetworkPluginMissing, NetworkAgentDown, SandboxFailed),
    detector!(eviction: PodEvicted, NodePressure),
    detector!(volumes: VolumeMountFailed, VolumeAttachFailed),
    detector!(job_failed: JobFailed),
    detector!(scaled_to_zero: DependencyScaledToZero),
    detector!(log_claims: DatabaseLoginRefused, DatabasePortWrong, PortConflict, DependencyUnreachable, ConnectionPoolExhausted),
    detector!(name_resolution: NameResolutionFailing),
    detector!(database_state: DatabaseConnectionsExhausted, DatabaseReadOnly),
    detector!(node_trouble: NodeRebooted, KernelPanic, NodeDiskFailing, NodeCertificateExpired, NodeNetworkSaturated, NodeHardwareFailing, ProcessLimitReached),
    detector!(control_plane: ControlPlaneStale),
    detector!(pod_rejected: PodRejected),
    detector!(taint_eviction: TaintEviction),
    detector!(autoscaler_blind: AutoscalerBlind),
    detector!(deletion_stuck: DeletionStuck),
    detector!(pod_waits: InitContainerStuck, ReadinessGateUnmet),
];

/// Runs every detector.
pub(crate) fn run(hands: Hands, facts: &Facts) -> Vec<Finding> {
    let by_detector = each(hands, DETECTORS.len(), |at| {
        let mut found = Vec::new();
        if let Some(detector) = DETECTORS.get(at) {
            (detector.detect)(facts, &mut found);
        }
        found
    });
    let mut found: Vec<Finding> = by_detector.into_iter().flatten().collect();
    // That a pod is not ready is worth saying only where nothing else is said of it.
    let explained: BTreeSet<Subject> = found
        .iter()
        .filter(|finding| finding.code != Code::PodNotReady)
        .flat_map(|finding| finding.members.iter().map(Subject::whole))
        .collect();
    found.retain(|finding| finding.code != Code::PodNotReady || !explained.contains(&finding.subject));
    found
}
