//! Which fields can produce which root: the table behind "changed before".

use super::changed::Near;
use crate::facts::Field;
use crate::finding::Code;
use crate::subject::Kind;

use Code::*;
use Field::*;

/// Fields of a workload, and of what its pods read, that can make this happen, the likeliest first.
pub(super) fn fields(code: Code) -> &'static [Field] {
    match code {
        OomKilled => &[Limits, Image, Program, Env, Data, Template, Created],
        KilledUnattributed | StoppedBySigterm | CrashedBySignal | ApplicationError | CompletedRestartLoop
        | PortConflict => &[Image, Program, Env, Data, Volumes, Limits, Identity, Template, Created],
        LivenessProbeFailing | StartupProbeFailing | ReadinessProbeFailing => {
            &[Probes, Image, Program, Env, Data, Ports, Limits, Volumes, Template, Created]
        }
        CommandNotFound | CommandNotExecutable | WrongArchitecture | RunsAsRootRefused
        | ContainerStartFailed | HookFailed => &[Program, Image, Volumes, Template, Created],
        ConfigReferenceMissing => &[Env, Volumes, Data, Template, Created],
        ImageNotFound
        | ImagePullDenied
        | RegistryNameUnresolved
        | RegistryUnreachable
        | RegistryTlsFailed
        | RegistryRateLimited
        | ImageDiskFull
        | ImageNameInvalid
        | ImageNeverPulled
        | ImagePlatformMissing
        | ImagePullFailed => &[Image, Identity, Template, Created],
        PodAddressesExhausted => &[Size, Created],
        InsufficientResources => &[Requests, Size, Placement, Template, Created, Schedulable],
        NodeAffinityMismatch
        | TaintNotTolerated
        | NodesCordoned
        | PodAffinityUnsatisfied
        | PodAntiAffinityConflict
        | TopologySpreadUnsatisfied
        | HostPortConflict
        | Unschedulable => &[Schedulable, Placement, Size, Ports, Template, Created],
        VolumeNodeMismatch | ClaimMissing | VolumeMountFailed | VolumeAttachFailed => {
            &[Volumes, Data, Placement, Template, Created]
        }
        ClaimUnbound => &[Spec, Volumes, Template, Created],
        PodEvicted | NodePressure => &[Limits, Requests, Size, Image, Program, Template, Created],
        QuotaExceeded => &[Quota, Size, Requests, Limits, Template, Created],
        AdmissionDenied => &[Spec, Template, Image, Limits, Requests, Volumes, Identity, Created],
        WebhookUnreachable => &[Spec],
        ServiceAccountMissing | PriorityClassMissing => &[Identity, Template, Created],
        ServiceSelectsNothing => &[Selector, Template, Created],
        ServicePortMismatch | ServiceProtocolMismatch => &[ServicePorts, Ports, Created],
        DependencyScaledToZero => &[Size],
        DependencyAddressWrong
        | DatabaseLoginRefused
        | DatabasePortWrong
        | DatabaseConnectionsExhausted
        | DatabaseReadOnly => &[Env, Data, Image, Size, Template, Created],
        DependencyUnreachable | NameResolutionFailing | ConnectionPoolExhausted => {
            &[Env, Data, Selector, ServicePorts, Spec, Image, Size, Template, Created]
        }
        NetworkAgentDown | NetworkPluginMissing => &[Image, Env, Data, Volumes, Template],
        JobFailed | WorkloadUnavailable | PodNotReady | ServiceWithoutEndpoints | ServiceShort => {
            &[Image, Program, Env, Data, Probes, Limits, Volumes, Placement, Size, Template]
        }
        _ => &[],
    }
}

/// A kind of object, where it must be, its fields, and what they are for.
pub(super) type Concern = (Kind, Near, &'static [&'static str], Field);

/// Objects beside the workload whose fields can make this happen.
pub(super) fn concerns(code: Code) -> &'static [Concern] {
    const NODES: Concern = (Kind::Node, Near::Anywhere, &["spec.unschedulable", "spec.taints"], Schedulable);
    const POLICY: Concern = (Kind::NetworkPolicy, Near::Namespace, &["spec"], Spec);
    match code {
        InsufficientResources
        | TaintNotTolerated
        | NodesCordoned
        | Unschedulable
        | TopologySpreadUnsatisfied => const { &[NODES] },
        NodeAffinityMismatch => const { &[(Kind::Node, Near::Anywhere, &["metadata.labels"], Schedulable)] },
        QuotaExceeded => const { &[(Kind::ResourceQuota, Near::Namespace, &["spec.hard"], Quota)] },
        AdmissionDenied => const { &[(Kind::LimitRange, Near::Namespace, &["spec"], Spec)] },
        ServiceSelectsNothing => const { &[(Kind::Service, Near::Named, &["spec.selector"], Selector)] },
        ServicePortMismatch | ServiceProtocolMismatch => {
            const { &[(Kind::Service, Near::Named, &["spec.ports"], ServicePorts)] }
        }
        ClaimUnbound => const { &[(Kind::PersistentVolumeClaim, Near::Itself, &["spec"], Spec)] },
        DependencyUnreachable | NameResolutionFailing | ConnectionPoolExhausted => {
            const {
                &[
                    (Kind::Service, Near::Named, &["spec.selector"], Selector),
                    (Kind::Service, Near::Named, &["spec.ports"], ServicePorts),
                    POLICY,
                ]
            }
        }
        _ => &[],
    }
}
