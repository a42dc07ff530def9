//! Pods, and the templates of pods.

use super::alike::Alike;
use super::container::{ContainerStatus, WireContainer};
use super::meta::{Make, Metadata, Named, Requirements, WireCondition, WireRequirement, WireSelector};
use super::wire::{Map, Present, Scalar, Str, wire};
use engine::Text;
use engine::evidence::{
    self, Affinity, Container, Dns, Phase, Pod, PodTerm, RestartPolicy, Role, Template, Toleration, Volume,
    VolumeSource,
};

wire! {
    /// `v1.Pod`.
    struct PodObject {
        metadata: Metadata<'a> = "metadata",
        spec: PodSpec<'a> = "spec",
        status: PodStatus<'a> = "status",
    }
    /// `v1.PodTemplateSpec`.
    struct PodTemplate {
        metadata: Metadata<'a> = "metadata",
        spec: PodSpec<'a> = "spec",
    }
    /// `v1.PodSpec`.
    struct PodSpec {
        node: Str<'a> = "nodeName",
        containers: Vec<WireContainer<'a>> = "containers",
        init: Vec<WireContainer<'a>> = "initContainers",
        ephemeral: Vec<WireContainer<'a>> = "ephemeralContainers",
        volumes: Vec<WireVolume<'a>> = "volumes",
        node_selector: Map<'a, Str<'a>> = "nodeSelector",
        affinity: WireAffinity<'a> = "affinity",
        tolerations: Vec<WireToleration<'a>> = "tolerations",
        service_account: Str<'a> = "serviceAccountName",
        old_service_account: Str<'a> = "serviceAccount",
        pull_secrets: Vec<Named<'a>> = "imagePullSecrets",
        restart_policy: Str<'a> = "restartPolicy",
        grace: i64 = "terminationGracePeriodSeconds",
        priority_class: Str<'a> = "priorityClassName",
        host_network: bool = "hostNetwork",
        share_processes: bool = "shareProcessNamespace",
        gates: Vec<Named<'a>> = "schedulingGates",
        dns_policy: Str<'a> = "dnsPolicy",
        dns: DnsConfig<'a> = "dnsConfig",
        resources: Requirements<'a> = "resources",
    }
    /// `v1.PodDNSConfig`.
    struct DnsConfig {
        servers: Vec<Str<'a>> = "nameservers",
        searches: Vec<Str<'a>> = "searches",
    }
    /// `v1.PodStatus`.
    struct PodStatus {
        phase: Str<'a> = "phase",
        reason: Str<'a> = "reason",
        message: Str<'a> = "message",
        ip: Str<'a> = "podIP",
        started: Str<'a> = "startTime",
        conditions: Vec<WireCondition<'a>> = "conditions",
        containers: Vec<ContainerStatus<'a>> = "containerStatuses",
        init: Vec<ContainerStatus<'a>> = "initContainerStatuses",
        ephemeral: Vec<ContainerStatus<'a>> = "ephemeralContainerStatuses",
        qos: Str<'a> = "qosClass",
    }
    /// `v1.Toleration`.
    struct WireToleration {
        key: Str<'a> = "key",
        operator: Str<'a> = "operator",
        value: Str<'a> = "value",
        effect: Str<'a> = "effect",
        seconds: i64 = "tolerationSeconds",
    }
    /// `v1.Affinity`.
    struct WireAffinity {
        node: NodeAffinity<'a> = "nodeAffinity",
        pod: PodAffinity<'a> = "podAffinity",
        anti: PodAffinity<'a> = "podAntiAffinity",
    }
    /// `v1.NodeAffinity`.
    struct NodeAffinity {
        required: NodeSelector<'a> = "requiredDuringSchedulingIgnoredDuringExecution",
    }
    /// `v1.NodeSelector`.
    struct NodeSelector {
        terms: Vec<NodeTerm<'a>> = "nodeSelectorTerms",
    }
    /// `v1.NodeSelectorTerm`.
    struct NodeTerm {
        expressions: Vec<WireRequirement<'a>> = "matchExpressions",
        fields: Vec<WireRequirement<'a>> = "matchFields",
    }
    /// `v1.PodAffinity` and `v1.PodAntiAffinity`.
    struct PodAffinity {
        required: Vec<PodAffinityTerm<'a>> = "requiredDuringSchedulingIgnoredDuringExecution",
    }
    /// `v1.PodAffinityTerm`.
    struct PodAffinityTerm {
        selector: WireSelector<'a> = "labelSelector",
        topology: Str<'a> = "topologyKey",
    }
    /// `v1.Volume`.
    struct WireVolume {
        name: Str<'a> = "name",
        config_map: Projection<'a> = "configMap",
        secret: Projection<'a> = "secret",
        claim: ClaimSource<'a> = "persistentVolumeClaim",
        empty: EmptyDir<'a> = "emptyDir",
        host_path: HostPath<'a> = "hostPath",
        projected: Projected<'a> = "projected",
        ephemeral: Present = "ephemeral",
        csi: CsiSource<'a> = "csi",
        downward: Present = "downwardAPI",
        nfs: Present = "nfs",
        image: Present = "image",
        iscsi: Present = "iscsi",
        fc: Present = "fc",
        rbd: Present = "rbd",
        cephfs: Present = "cephfs",
        azure_disk: Present = "azureDisk",
        azure_file: Present = "azureFile",
        ebs: Present = "awsElasticBlockStore",
        gce: Present = "gcePersistentDisk",
        vsphere: Present = "vsphereVolume",
        flex: Present = "flexVolume",
        git: Present = "gitRepo",
    }
    /// `v1.ConfigMapVolumeSource`, `v1.SecretVolumeSource` and their projections.
    struct Projection {
        name: Str<'a> = "name",
        secret_name: Str<'a> = "secretName",
        optional: bool = "optional",
        items: Vec<KeyToPath<'a>> = "items",
    }
    /// `v1.KeyToPath`.
    struct KeyToPath {
        key: Str<'a> = "key",
    }
    /// `v1.PersistentVolumeClaimVolumeSource`.
    struct ClaimSource {
        name: Str<'a> = "claimName",
    }
    /// `v1.EmptyDirVolumeSource`.
    struct EmptyDir {
        medium: Str<'a> = "medium",
        limit: Scalar<'a> = "sizeLimit",
    }
    /// `v1.HostPathVolumeSource`.
    struct HostPath {
        path: Str<'a> = "path",
    }
    /// `v1.CSIVolumeSource`.
    struct CsiSource {
        driver: Str<'a> = "driver",
    }
    /// `v1.ProjectedVolumeSource`.
    struct Projected {
        sources: Vec<ProjectedSource<'a>> = "sources",
    }
    /// `v1.VolumeProjection`.
    struct ProjectedSource {
        config_map: Projection<'a> = "configMap",
        secret: Projection<'a> = "secret",
    }
}

impl Make<'_> {
    /// What differs from the default is kept: replicas are many, and nearly all ask the cluster.
    fn dns(&self, spec: &PodSpec<'_>) -> Option<Dns> {
        let policy = self.some(&spec.dns_policy).filter(|policy| &**policy != "ClusterFirst");
        let config = spec.dns.as_ref();
        let list = |of: Option<&Vec<Str<'_>>>| -> Vec<Text> {
            of.into_iter().flatten().map(|text| self.text(text)).collect()
        };
        let servers = list(config.and_then(|config| config.servers.as_ref()));
        let searches = list(config.and_then(|config| config.searches.as_ref()));
        (policy.is_some() || !servers.is_empty()).then_some(Dns { policy, servers, searches })
    }

    pub(super) fn template(&self, wire: &PodTemplate<'_>) -> Template {
        let spec = wire.spec.as_ref();
        Template {
            labels: wire.metadata.as_ref().and_then(|metadata| self.map(&metadata.labels)),
            pod: self.pod(&self.alike(spec, None), spec, None, None),
        }
    }

    /// What replicas of a pod have alike.
    pub(super) fn alike(&self, spec: Option<&PodSpec<'_>>, status: Option<&PodStatus<'_>>) -> Alike {
        let containers = |of: Option<&Vec<WireContainer<'_>>>, role| {
            of.into_iter().flatten().map(|it| self.container(it, role)).collect()
        };
        Alike {
            spec: self.pool.pods.share(self.pod_spec(spec, status)),
            init: containers(spec.and_then(|spec| spec.init.as_ref()), Role::Init),
            containers: containers(spec.and_then(|spec| spec.containers.as_ref()), Role::App),
        }
    }

    /// A pod: what is `alike` is not looked for in the spec. `name` is the pod's, where there is one: claims of generic
    /// ephemeral volumes are named after it.
    pub(super) fn pod(
        &self,
        alike: &Alike,
        spec: Option<&PodSpec<'_>>,
        status: Option<&PodStatus<'_>>,
        name: Option<&str>,
    ) -> Pod {
        let qos = status.and_then(|status| self.some(&status.qos));
        let affinity = spec.and_then(|spec| spec.affinity.as_ref()).map(|affinity| self.affinity(affinity));
        let shared = if alike.spec.qos == qos && alike.spec.affinity == affinity {
            alike.spec.clone()
        } else {
            self.pool.pods.share(evidence::PodSpec { qos, affinity, ..(*alike.spec).clone() })
        };
        let mut pod = Pod { spec: shared, ..Pod::default() };
        if let Some(spec) = spec {
            self.spec(&mut pod, alike, spec, name);
        }
        if let Some(status) = status {
            self.status(&mut pod, status);
        }
        pod.containers.sort_by_key(|container| container.role);
        pod
    }

    fn spec(&self, pod: &mut Pod, alike: &Alike, spec: &PodSpec<'_>, name: Option<&str>) {
        pod.node = self.some(&spec.node);
        pod.volumes = spec.volumes.as_ref().map(|volumes| {
            let mut all = Vec::with_capacity(volumes.len());
            volumes.iter().for_each(|volume| self.volume(volume, name, &mut all));
            all
        });
        let ephemeral = spec.ephemeral.as_deref().unwrap_or_default();
        pod.containers.reserve_exact(alike.init.len() + alike.containers.len() + ephemeral.len());
        for (known, wires) in [(&alike.init, &spec.init), (&alike.containers, &spec.containers)] {
            let wires = wires.as_deref().unwrap_or_default();
            pod.containers.extend(known.iter().zip(wires).filter_map(|(container, wire)| {
                Some(Container { mounts: self.mounts(wire), ..container.clone()? })
            }));
        }
        pod.containers.extend(ephemeral.iter().filter_map(|wire| {
            Some(Container { mounts: self.mounts(wire), ..self.container(wire, Role::Ephemeral)? })
        }));
    }

    fn pod_spec(&self, spec: Option<&PodSpec<'_>>, status: Option<&PodStatus<'_>>) -> evidence::PodSpec {
        let mut shared =
            evidence::PodSpec { qos: status.and_then(|status| self.some(&status.qos)), ..Default::default() };
        let Some(spec) = spec else { return shared };
        shared.node_selector = self.map(&spec.node_selector);
        shared.affinity = spec.affinity.as_ref().map(|affinity| self.affinity(affinity));
        shared.tolerations =
            spec.tolerations.as_ref().map(|all| all.iter().map(|it| self.toleration(it)).collect());
        shared.service_account =
            self.some(&spec.service_account).or_else(|| self.some(&spec.old_service_account));
        shared.pull_secrets = self.names(&spec.pull_secrets);
        shared.restart_policy = spec.restart_policy.as_deref().and_then(|policy| match policy {
            "Always" => Some(RestartPolicy::Always),
            "OnFailure" => Some(RestartPolicy::OnFailure),
            "Never" => Some(RestartPolicy::Never),
            _ => None,
        });
        shared.grace_seconds = spec.grace;
        shared.priority_class = self.some(&spec.priority_class);
        shared.host_network = spec.host_network;
        shared.share_processes = spec.share_processes;
        shared.dns = self.dns(spec);
        shared.scheduling_gates = self.names(&spec.gates);
        shared.limits = spec.resources.as_ref().and_then(|resources| self.resources(&resources.limits));
        shared
    }

    fn status(&self, pod: &mut Pod, status: &PodStatus<'_>) {
        pod.phase = status.phase.as_deref().and_then(|phase| match phase {
            "Pending" => Some(Phase::Pending),
            "Running" => Some(Phase::Running),
            "Succeeded" => Some(Phase::Succeeded),
            "Failed" => Some(Phase::Failed),
            "Unknown" => Some(Phase::Unknown),
            _ => None,
        });
        pod.reason = self.some(&status.reason);
        pod.message = self.message(&status.message);
        pod.ip = self.some(&status.ip);
        pod.started = self.time(&status.started);
        pod.conditions = self.conditions(&status.conditions);
        let roles = [
            (&status.init, Role::Init),
            (&status.containers, Role::App),
            (&status.ephemeral, Role::Ephemeral),
        ];
        for (statuses, role) in roles {
            for status in statuses.iter().flatten() {
                let Some(name) = status.name.as_deref() else { continue };
                match pod.containers.iter_mut().find(|container| &*container.name == name) {
                    Some(container) => self.container_status(container, status),
                    None => {
                        let mut container = Container::new(self.text(name), role);
                        self.container_status(&mut container, status);
                        pod.containers.push(container);
                    }
                }
            }
        }
    }

    fn toleration(&self, wire: &WireToleration<'_>) -> Toleration {
        Toleration {
            key: self.some(&wire.key),
            value: self.some(&wire.value),
            effect: self.some(&wire.effect),
            seconds: wire.seconds,
            exists: wire.operator.as_deref() == Some("Exists"),
        }
    }

    fn affinity(&self, wire: &WireAffinity<'_>) -> Affinity {
        let terms = wire.node.as_ref().and_then(|node| node.required.as_ref()?.terms.as_ref());
        let term = |term: &NodeTerm<'_>| {
            let mut all = self.requirements(&term.expressions);
            all.extend(self.requirements(&term.fields));
            all
        };
        Affinity {
            node_terms: terms.into_iter().flatten().map(term).collect(),
            pod: self.pod_terms(&wire.pod),
            pod_anti: self.pod_terms(&wire.anti),
        }
    }

    fn pod_terms(&self, wire: &Option<PodAffinity<'_>>) -> Vec<PodTerm> {
        let terms = wire.as_ref().and_then(|affinity| affinity.required.as_ref());
        let term = |it: &PodAffinityTerm<'_>| {
            Some(PodTerm {
                selector: it.selector.as_ref().map(|selector| self.selector(selector)).unwrap_or_default(),
                topology_key: self.some(&it.topology)?,
            })
        };
        terms.into_iter().flatten().filter_map(term).collect()
    }

    fn volume(&self, wire: &WireVolume<'_>, pod: Option<&str>, all: &mut Vec<Volume>) {
        let Some(name) = self.some(&wire.name) else { return };
        if let Some(projected) = &wire.projected {
            // What it is made of, one entry each: one that is missing keeps the whole from being mounted.
            let word = VolumeSource::Other(self.text("projected"));
            all.push(Volume { name: name.clone(), source: word });
            for part in projected.sources.iter().flatten() {
                let sources = [self.map_source(&part.config_map), self.secret_source(&part.secret)];
                all.extend(sources.into_iter().flatten().map(|source| Volume { name: name.clone(), source }));
            }
            return;
        }
        let known = self
            .map_source(&wire.config_map)
            .or_else(|| self.secret_source(&wire.secret))
            .or_else(|| Some(VolumeSource::Claim { name: self.some(&wire.claim.as_ref()?.name)? }))
            .or_else(|| {
                let empty = wire.empty.as_ref()?;
                let limit = empty.limit.as_ref().and_then(|limit| self.quantity(limit));
                Some(VolumeSource::EmptyDir { limit, memory: empty.medium.as_deref() == Some("Memory") })
            })
            .or_else(|| Some(VolumeSource::HostPath { path: self.some(&wire.host_path.as_ref()?.path)? }))
            .or_else(|| {
                // The claim that the ephemeral volume controller makes (pkg/controller/volume/ephemeral, 1.23+).
                let (pod, _) = pod.zip(wire.ephemeral)?;
                Some(VolumeSource::Claim { name: self.text(&format!("{pod}-{name}")) })
            })
            .or_else(|| Some(VolumeSource::Other(self.some(&wire.csi.as_ref()?.driver)?)));
        let source = known.unwrap_or_else(|| VolumeSource::Other(self.text(other_source(wire))));
        all.push(Volume { name, source });
    }

    fn map_source(&self, wire: &Option<Projection<'_>>) -> Option<VolumeSource> {
        let wire = wire.as_ref()?;
        Some(VolumeSource::ConfigMap {
            name: self.some(&wire.name)?,
            optional: wire.optional.unwrap_or(false),
            keys: self.keys(wire),
        })
    }

    fn secret_source(&self, wire: &Option<Projection<'_>>) -> Option<VolumeSource> {
        let wire = wire.as_ref()?;
        Some(VolumeSource::Secret {
            name: self.some(&wire.secret_name).or_else(|| self.some(&wire.name))?,
            optional: wire.optional.unwrap_or(false),
            keys: self.keys(wire),
        })
    }

    fn keys(&self, wire: &Projection<'_>) -> Vec<engine::Text> {
        wire.items.iter().flatten().filter_map(|item| self.some(&item.key)).collect()
    }
}

fn other_source(wire: &WireVolume<'_>) -> &'static str {
    let known = [
        (wire.downward, "downwardAPI"),
        (wire.ephemeral, "ephemeral"),
        (wire.nfs, "nfs"),
        (wire.image, "image"),
        (wire.iscsi, "iscsi"),
        (wire.fc, "fc"),
        (wire.rbd, "rbd"),
        (wire.cephfs, "cephfs"),
        (wire.azure_disk, "azureDisk"),
        (wire.azure_file, "azureFile"),
        (wire.ebs, "awsElasticBlockStore"),
        (wire.gce, "gcePersistentDisk"),
        (wire.vsphere, "vsphereVolume"),
        (wire.flex, "flexVolume"),
        (wire.git, "gitRepo"),
    ];
    known.into_iter().find(|(present, _)| present.is_some()).map_or("unknown", |(_, name)| name)
}
