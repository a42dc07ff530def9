//! What a line of a journal says of its node.

use crate::Text;
use crate::scan::message::ProbeKind;

/// Something that lines of a journal say. Pods are named `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeClaim {
    /// The kubelet cannot reach the runtime.
    RuntimeUnreachable {
        /// `missing` socket, `refused`, `timeout`, `denied`, or `unimplemented`: the CRI plugin is off.
        how: &'static str,
    },
    /// The runtime was told to stop.
    RuntimeStopping,
    /// The runtime has started.
    RuntimeStarted,
    /// A daemon crashed by itself: a panic of Go.
    DaemonPanic,
    /// The kubelet could not list its pods' containers in time.
    PlegUnhealthy,
    /// The kubelet does not look at its pods.
    SyncSkipped,
    /// The runtime says that the pod network is not ready.
    NetworkNotReady,
    /// The node says of itself that it is not ready.
    NotReady {
        /// Why.
        reason: Text,
    },
    /// A pod got no sandbox.
    SandboxFailed {
        /// The pod.
        pod: Text,
    },
    /// A step of a pod's way failed.
    PodSyncFailed {
        /// The pod; empty where not told.
        pod: Text,
        /// `StartContainer`, `CreatePodSandbox`, `KillPodSandbox`, `KillContainer`, …
        step: Text,
        /// The container, if the step is of one.
        container: Option<Text>,
        /// `CrashLoopBackOff`, `ErrImagePull`, `RunContainerError`, …
        reason: Text,
    },
    /// A pod's volumes are not there.
    VolumesFailed {
        /// The pod; empty where not told.
        pod: Text,
    },
    /// An image could not be pulled.
    ImagePullFailed {
        /// The image.
        image: Text,
    },
    /// The kubelet wants a resource back.
    Evicting {
        /// `memory`, `ephemeral-storage`, `inodes`, `pids`.
        resource: Text,
    },
    /// A pod was evicted.
    Evicted {
        /// The pod.
        pod: Text,
    },
    /// There was no pod to evict.
    NothingToEvict,
    /// The kubelet could not reach the API server, or was not let in.
    ApiUnreachable {
        /// What for.
        call: ApiCall,
        /// Why.
        why: ApiTrouble,
    },
    /// A certificate is not valid.
    CertificateInvalid,
    /// The kubelet has started.
    KubeletStarted,
    /// The kubelet ended with an error.
    KubeletFailed {
        /// Why.
        why: KubeletFailure,
    },
    /// The kubelet says that the node's memory was used up.
    SystemOom {
        /// The victim, at most 15 letters; empty where not told.
        process: Text,
    },
    /// A probe failed.
    ProbeFailed {
        /// Which.
        kind: ProbeKind,
        /// The pod.
        pod: Text,
        /// The container.
        container: Text,
    },
    /// The kubelet stops a container.
    Killing {
        /// The pod.
        pod: Text,
        /// The container.
        container: Text,
        /// Seconds until it is killed, where told.
        grace: Option<u32>,
    },
    /// A hook failed, or was not done in time.
    HookFailed {
        /// The pod.
        pod: Text,
        /// The container.
        container: Text,
    },
    /// Unused images could not be removed, or did not make enough room.
    ImageGcFailed,
    /// The disk of the images is fuller than it should be.
    DiskOverThreshold,
    /// The kubelet is slow at its own work.
    Slow,
    /// A container's process was killed for memory, says the runtime.
    TaskOom {
        /// The container's ID.
        container: Text,
    },
    /// A shim, the parent of a container, could not be started or died.
    ShimFailed,
    /// No pod address is left.
    AddressesExhausted,
    /// The disk is full.
    NoSpace,
    /// No more descriptors or watches.
    TooManyOpenFiles,
    /// A process crashed with a segmentation fault or the like.
    Segfault {
        /// The process, at most 15 letters.
        process: Text,
    },
    /// A process waits for the disk for minutes.
    HungTask {
        /// The process, at most 15 letters.
        process: Text,
    },
    /// A CPU is stuck in the kernel.
    SoftLockup,
    /// The kernel panicked.
    Panic,
    /// The kernel met a fault of its own, and went on.
    Oops,
    /// Memory or CPU report a hardware error.
    HardwareError,
    /// A file system was made read-only, or a disk fails.
    DiskFailing,
    /// No connection can be tracked any more: packets are dropped.
    ConntrackFull,
    /// No process can be started any more in a cgroup.
    PidsLimit {
        /// The pod's uid, where the cgroup is a pod's.
        pod_uid: Option<Text>,
    },
    /// A network interface lost its link.
    LinkDown {
        /// The interface, where told.
        interface: Text,
    },
    /// A network interface does not send.
    TransmitTimeout {
        /// The interface, where told.
        interface: Text,
    },
    /// The kernel has no memory left for TCP.
    TcpMemory,
    /// The table of neighbours is full.
    NeighbourTableFull,
    /// A network interface cannot be removed.
    InterfaceStuck {
        /// The interface.
        interface: Text,
    },
    /// The system is going down, or was told to start again.
    Shutdown,
    /// systemd started a unit.
    UnitStarted {
        /// The unit, without `.service`.
        unit: Text,
    },
    /// systemd stopped a unit.
    UnitStopped {
        /// The unit.
        unit: Text,
    },
    /// A unit's process ended by itself.
    UnitExited {
        /// The unit.
        unit: Text,
        /// `exited`, `killed`, `dumped`.
        code: Text,
        /// `1/FAILURE`, `9/KILL`.
        status: Text,
    },
    /// A unit failed.
    UnitFailed {
        /// The unit.
        unit: Text,
        /// `exit-code`, `signal`, `oom-kill`, `start-limit-hit`, `timeout`, …; empty where not told.
        result: Text,
    },
    /// systemd starts a unit again after it failed.
    UnitRestarts {
        /// The unit.
        unit: Text,
    },
    /// The kernel killed a process of a unit for memory.
    UnitOom {
        /// The unit.
        unit: Text,
    },
    /// A component is no longer the leader.
    LeaderLost {
        /// `kube-scheduler`, …; empty where not told.
        component: Text,
    },
    /// The scheduler found no node.
    Unschedulable {
        /// The pod.
        pod: Text,
    },
    /// etcd is slow, mostly because its disk is.
    EtcdSlow,
    /// etcd has no leader, no room, or does not answer.
    EtcdFailing,
}

/// What a component wanted from the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiCall {
    /// To post the node's status.
    NodeStatus,
    /// To renew the node's lease.
    Lease,
    /// To register the node.
    Registration,
    /// To list or watch objects.
    Watch,
    /// Another thing.
    Other,
}

/// Why the API server was of no help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiTrouble {
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    Timeout,
    /// No route, or the connection was cut.
    Network,
    /// Its name does not resolve.
    Unresolved,
    /// TLS did not come about.
    Tls,
    /// `Unauthorized`: the credentials are not known any more.
    Unauthorized,
    /// `forbidden`.
    Forbidden,
    /// The node's object, or its machine at the cloud provider, is gone.
    NotFound,
    /// Somebody else changed the object: harmless.
    Conflict,
    /// Another error.
    Other,
}

/// Why the kubelet ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KubeletFailure {
    /// The runtime's socket is missing, or nobody answers there.
    Runtime,
    /// The runtime does not speak CRI v1: its CRI plugin is off.
    RuntimeApi,
    /// Swap is on.
    SwapOn,
    /// Its configuration cannot be read or is not valid.
    Config,
    /// Its credentials are missing or expired.
    Credentials,
    /// The node uses cgroup v1.
    CgroupV1,
    /// Kubelet and runtime use different cgroup drivers.
    CgroupDriver,
    /// Its port is taken.
    PortInUse,
    /// Its disk is full.
    NoSpace,
    /// Another reason.
    Other,
}
