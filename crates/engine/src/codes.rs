//! Every problem that coroner can name. A code is kept for ever; a retired one keeps its page.

/// How bad it is for the people who use the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something is worse than it should be, and serves.
    Warning,
    /// A workload is short of replicas, or one of its pods does not work.
    Error,
    /// A workload serves nothing, or a node is lost.
    Critical,
}

impl Severity {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Critical => "critical",
        }
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $since:literal $title:literal;)*) => {
        /// A problem, named for what is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the list.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// The code as reports print it.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// The first version that knows it.
            pub fn since(self) -> &'static str {
                match self { $(Code::$variant => $since,)* }
            }

            /// One sentence without a full stop: what is wrong.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }
        }
    };
}

codes! {
    // How containers end.
    OomKilled "oom-killed" "0.1" "The kernel killed a container for memory";
    KilledUnattributed "killed-unattributed" "0.1" "A container ended by SIGKILL, and nothing seen says who sent it";
    LivenessProbeFailing "liveness-probe-failing" "0.1" "The kubelet restarts a container because its liveness probe fails";
    StartupProbeFailing "startup-probe-failing" "0.1" "The kubelet restarts a container because its startup probe fails";
    ReadinessProbeFailing "readiness-probe-failing" "0.1" "A container runs and its readiness probe fails";
    StoppedBySigterm "stopped-by-sigterm" "0.1" "A container ended by SIGTERM that no rollout, deletion or probe explains";
    CrashedBySignal "crashed-by-signal" "0.1" "A process in a container crashed by a signal from inside";
    ApplicationError "application-error" "0.1" "A container's process ended itself with an error";
    CompletedRestartLoop "completed-restart-loop" "0.1" "A container ends with success and is restarted for ever";
    // How containers fail to start.
    CommandNotFound "command-not-found" "0.1" "The command of a container is not in its image";
    CommandNotExecutable "command-not-executable" "0.1" "The command of a container may not be executed";
    WrongArchitecture "wrong-architecture" "0.1" "The program in an image is made for another architecture";
    ConfigReferenceMissing "config-reference-missing" "0.1" "A container refers to a ConfigMap, Secret or key that does not exist";
    RunsAsRootRefused "runs-as-root-refused" "0.1" "A container must not run as root, and its image would";
    ContainerStartFailed "container-start-failed" "0.1" "The runtime cannot create or start a container";
    HookFailed "hook-failed" "0.1" "A lifecycle hook of a container fails";
    // Images.
    ImageNotFound "image-not-found" "0.1" "The registry does not have the image";
    ImagePullDenied "image-pull-denied" "0.1" "The registry refuses the pull: credentials are missing or wrong";
    RegistryNameUnresolved "registry-name-unresolved" "0.1" "The registry's host name does not resolve";
    RegistryUnreachable "registry-unreachable" "0.1" "The registry cannot be reached";
    RegistryTlsFailed "registry-tls-failed" "0.1" "The registry's certificate or protocol is not accepted";
    RegistryRateLimited "registry-rate-limited" "0.1" "The registry limits the rate of pulls";
    ImageDiskFull "image-disk-full" "0.1" "The node has no space to unpack the image";
    ImageNameInvalid "image-name-invalid" "0.1" "The image reference cannot be parsed";
    ImageNeverPulled "image-never-pulled" "0.1" "The image is not on the node and may not be pulled";
    ImagePlatformMissing "image-platform-missing" "0.1" "The image has no variant for the node's platform";
    ImagePullFailed "image-pull-failed" "0.1" "The image cannot be pulled";
    // Pod sandboxes and networks.
    PodAddressesExhausted "pod-addresses-exhausted" "0.1" "A node or network has no pod address left";
    PodSlotsExceedAddresses "pod-slots-exceed-addresses" "0.1" "A node admits more pods than it has addresses for";
    NetworkPluginMissing "network-plugin-missing" "0.1" "A CNI plugin or its configuration is missing on the node";
    NetworkAgentDown "network-agent-down" "0.1" "The network agent of the node does not answer the CNI plugin";
    SandboxFailed "sandbox-failed" "0.1" "The runtime cannot create a pod's sandbox";
    // Scheduling.
    InsufficientResources "insufficient-resources" "0.1" "No node has enough of a resource left for the pod's request";
    NodeAffinityMismatch "node-affinity-mismatch" "0.1" "No node has the labels that the pod asks for";
    TaintNotTolerated "taint-not-tolerated" "0.1" "The nodes that would do have taints that the pod does not tolerate";
    NodesCordoned "nodes-cordoned" "0.1" "The nodes that would do are cordoned";
    PodAffinityUnsatisfied "pod-affinity-unsatisfied" "0.1" "No node has the pods beside it that the pod asks for";
    PodAntiAffinityConflict "pod-anti-affinity-conflict" "0.1" "Every node has a pod that the pod refuses to run beside";
    TopologySpreadUnsatisfied "topology-spread-unsatisfied" "0.1" "No node keeps the pod's topology spread";
    HostPortConflict "host-port-conflict" "0.1" "The host port that the pod asks for is taken on the nodes that would do";
    VolumeNodeMismatch "volume-node-mismatch" "0.1" "The pod's volume cannot be reached from any node that would do";
    Unschedulable "unschedulable" "0.1" "The scheduler finds no node for the pod";
    SchedulingGated "scheduling-gated" "0.1" "The pod waits for its scheduling gates";
    PodRejected "pod-rejected" "0.1" "The kubelet does not take a pod that was assigned to its node";
    TaintEviction "taint-eviction" "0.1" "Pods are deleted because of a taint of their node that they do not tolerate";
    // Storage.
    ClaimUnbound "claim-unbound" "0.1" "A claim has no volume";
    ClaimMissing "claim-missing" "0.1" "A pod names a claim that does not exist";
    VolumeMountFailed "volume-mount-failed" "0.1" "A volume cannot be mounted";
    VolumeAttachFailed "volume-attach-failed" "0.1" "A volume cannot be attached to the node";
    // Evictions and nodes.
    PodEvicted "pod-evicted" "0.1" "The kubelet evicted a pod";
    NodePressure "node-pressure" "0.1" "A node runs out of memory, disk, inodes or process numbers";
    KubeletStopped "kubelet-stopped" "0.1" "The kubelet of a node does not run";
    KubeletCutOff "kubelet-cut-off" "0.1" "A kubelet runs and cannot reach the API server";
    RuntimeDown "runtime-down" "0.1" "The container runtime of a node does not run";
    RuntimeUnresponsive "runtime-unresponsive" "0.1" "The container runtime of a node runs and does not answer";
    NodeNetworkNotReady "node-network-not-ready" "0.1" "A node has no working pod network";
    NodeCertificateExpired "node-certificate-expired" "0.1" "A certificate that a node needs is not valid";
    NodeDiskFailing "node-disk-failing" "0.1" "A disk of a node fails, or its file system is read-only";
    NodeRebooted "node-rebooted" "0.1" "A node was rebooted";
    KernelPanic "kernel-panic" "0.1" "The kernel of a node panicked or hung";
    NodeNotReady "node-not-ready" "0.1" "A node is not ready, and nothing seen says why";
    NodeNetworkSaturated "node-network-saturated" "0.1" "A table of a node's network stack is full, and packets are dropped";
    NodeHardwareFailing "node-hardware-failing" "0.1" "The memory or a processor of a node reports errors";
    ProcessLimitReached "process-limit-reached" "0.1" "No process can be started any more in a container's cgroup";
    KubeProxyDown "kube-proxy-down" "0.1" "kube-proxy of a node does not run";
    ControlPlaneStale "control-plane-stale" "0.1" "A controller of the control plane has stopped renewing its lease";
    // Admission.
    QuotaExceeded "quota-exceeded" "0.1" "A ResourceQuota keeps pods from being created";
    AdmissionDenied "admission-denied" "0.1" "A policy refuses to admit pods";
    WebhookUnreachable "webhook-unreachable" "0.1" "An admission webhook cannot be called";
    ServiceAccountMissing "service-account-missing" "0.1" "The service account of a workload does not exist";
    PriorityClassMissing "priority-class-missing" "0.1" "The priority class of a workload does not exist";
    // Services and dependencies.
    ServiceSelectsNothing "service-selects-nothing" "0.1" "A Service selects no pod";
    ServicePortMismatch "service-port-mismatch" "0.1" "A Service sends to a port that nothing listens on";
    ServiceProtocolMismatch "service-protocol-mismatch" "0.1" "A Service names the wrong protocol";
    ServiceWithoutEndpoints "service-without-endpoints" "0.1" "A Service has no ready endpoint";
    ServiceShort "service-short" "0.1" "A Service has fewer ready endpoints than it should";
    RouteBackendMissing "route-backend-missing" "0.1" "A route leads to a Service or port that does not exist";
    RouteMisdirected "route-misdirected" "0.1" "A route sends a path to the Service of another";
    DependencyAddressWrong "dependency-address-wrong" "0.1" "A container's environment names an address that no Service has";
    DependencyScaledToZero "dependency-scaled-to-zero" "0.1" "A workload that others need is scaled to zero";
    DependencyUnreachable "dependency-unreachable" "0.1" "A workload cannot reach something that it depends on";
    ConnectionPoolExhausted "connection-pool-exhausted" "0.1" "A workload's pool of connections to a dependency is empty";
    DatabaseConnectionsExhausted "database-connections-exhausted" "0.1" "A database has no connection left";
    DatabaseReadOnly "database-read-only" "0.1" "A database accepts no writes";
    DatabaseLoginRefused "database-login-refused" "0.1" "A database refuses a workload's user or password";
    DatabasePortWrong "database-port-wrong" "0.1" "A workload asks its database at a port that it does not serve";
    NameResolutionFailing "name-resolution-failing" "0.1" "A workload cannot resolve names that exist";
    PortConflict "port-conflict" "0.1" "Two processes of a pod want the same port";
    // Workloads.
    AutoscalerBlind "autoscaler-blind" "0.1" "An autoscaler gets no metrics, or cannot set the size of its workload";
    DeletionStuck "deletion-stuck" "0.1" "A pod that was deleted is still there long after its grace period";
    InitContainerStuck "init-container-stuck" "0.1" "An init container runs and does not end";
    ReadinessGateUnmet "readiness-gate-unmet" "0.1" "A pod's containers are ready, and a readiness gate is not met";
    JobFailed "job-failed" "0.1" "A Job gave up";
    WorkloadUnavailable "workload-unavailable" "0.1" "A workload has fewer ready pods than it should, and nothing seen says why";
    PodNotReady "pod-not-ready" "0.1" "A pod is not ready, and nothing seen says why";
}

impl Code {
    /// The code of that name.
    pub fn parse(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_unique() {
        for code in Code::ALL {
            let name = code.as_str();
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
            assert_eq!(Code::parse(name), Some(*code), "{name} is used twice");
            assert!(!code.title().ends_with('.'), "{name}");
        }
    }
}
