//! How pods are reached: Services, endpoints, ingresses, network policies.

use super::meta::{Make, Metadata, WireSelector, exact, port};
use super::wire::{Map, Present, Scalar, Str, wire};
use engine::Text;
use engine::evidence::{Endpoints, Ingress, NetworkPolicy, Service, ServicePort};
use engine::moment::Moment;

wire! {
    /// `v1.Service`.
    struct ServiceObject {
        metadata: Metadata<'a> = "metadata",
        spec: ServiceSpec<'a> = "spec",
    }
    /// `v1.ServiceSpec`.
    struct ServiceSpec {
        kind: Str<'a> = "type",
        selector: Map<'a, Str<'a>> = "selector",
        ports: Vec<WireServicePort<'a>> = "ports",
        cluster_ip: Str<'a> = "clusterIP",
    }
    /// `v1.ServicePort`.
    struct WireServicePort {
        name: Str<'a> = "name",
        port: i64 = "port",
        target: Scalar<'a> = "targetPort",
        protocol: Str<'a> = "protocol",
        app_protocol: Str<'a> = "appProtocol",
        node_port: i64 = "nodePort",
    }
    /// `v1.Endpoints`.
    struct EndpointsObject {
        metadata: Metadata<'a> = "metadata",
        subsets: Vec<Subset<'a>> = "subsets",
    }
    /// `v1.EndpointSubset`.
    struct Subset {
        ready: Vec<EndpointAddress<'a>> = "addresses",
        not_ready: Vec<EndpointAddress<'a>> = "notReadyAddresses",
        ports: Vec<EndpointPort<'a>> = "ports",
    }
    /// `v1.EndpointAddress`.
    struct EndpointAddress {
        ip: Str<'a> = "ip",
    }
    /// `v1.EndpointPort`, and that of a slice.
    struct EndpointPort {
        name: Str<'a> = "name",
        port: i64 = "port",
    }
    /// `discovery.k8s.io/v1.EndpointSlice`.
    struct SliceObject {
        metadata: Metadata<'a> = "metadata",
        endpoints: Vec<Endpoint<'a>> = "endpoints",
        ports: Vec<EndpointPort<'a>> = "ports",
    }
    /// `discovery.k8s.io/v1.Endpoint`.
    struct Endpoint {
        addresses: Vec<Str<'a>> = "addresses",
        conditions: EndpointConditions<'a> = "conditions",
    }
    /// `discovery.k8s.io/v1.EndpointConditions`.
    struct EndpointConditions {
        ready: bool = "ready",
    }
    /// `networking.k8s.io/v1.Ingress`.
    struct IngressObject {
        metadata: Metadata<'a> = "metadata",
        spec: IngressSpec<'a> = "spec",
    }
    /// `networking.k8s.io/v1.IngressSpec`.
    struct IngressSpec {
        default: Backend<'a> = "defaultBackend",
        rules: Vec<IngressRule<'a>> = "rules",
    }
    /// `networking.k8s.io/v1.IngressRule`.
    struct IngressRule {
        host: Str<'a> = "host",
        http: HttpRule<'a> = "http",
    }
    /// `networking.k8s.io/v1.HTTPIngressRuleValue`.
    struct HttpRule {
        paths: Vec<IngressPath<'a>> = "paths",
    }
    /// `networking.k8s.io/v1.HTTPIngressPath`.
    struct IngressPath {
        path: Str<'a> = "path",
        backend: Backend<'a> = "backend",
    }
    /// `networking.k8s.io/v1.IngressBackend`, and that of `extensions/v1beta1`.
    struct Backend {
        service: ServiceBackend<'a> = "service",
        old_name: Str<'a> = "serviceName",
        old_port: Scalar<'a> = "servicePort",
    }
    /// `networking.k8s.io/v1.IngressServiceBackend`.
    struct ServiceBackend {
        name: Str<'a> = "name",
        port: BackendPort<'a> = "port",
    }
    /// `networking.k8s.io/v1.ServiceBackendPort`.
    struct BackendPort {
        name: Str<'a> = "name",
        number: Scalar<'a> = "number",
    }
    /// `networking.k8s.io/v1.NetworkPolicy`.
    struct PolicyObject {
        metadata: Metadata<'a> = "metadata",
        spec: PolicySpec<'a> = "spec",
    }
    /// `networking.k8s.io/v1.NetworkPolicySpec`.
    struct PolicySpec {
        pods: WireSelector<'a> = "podSelector",
        types: Vec<Str<'a>> = "policyTypes",
        ingress: Vec<Present> = "ingress",
        egress: Vec<Present> = "egress",
    }
}

impl Make<'_> {
    pub(super) fn service(&self, wire: &ServiceObject<'_>) -> Service {
        let Some(spec) = &wire.spec else { return Service::default() };
        Service {
            kind: Some(self.some(&spec.kind).unwrap_or_else(|| self.text("ClusterIP"))),
            selector: Some(self.map(&spec.selector).unwrap_or_default()),
            ports: Some(exact(spec.ports.iter().flatten().filter_map(|it| self.service_port(it)))),
            cluster_ip: self.some(&spec.cluster_ip),
            endpoints: None,
        }
    }

    fn service_port(&self, wire: &WireServicePort<'_>) -> Option<ServicePort> {
        let number = port(wire.port)?;
        // Left out, or 0 in a headless Service, it is the port itself (pkg/apis/core/v1/defaults.go, 1.36).
        let target = wire.target.as_ref().filter(|target| !matches!(&*target.0, "" | "0"));
        Some(ServicePort {
            name: self.some(&wire.name),
            port: number,
            target: Some(
                target.map_or_else(|| self.text(&number.to_string()), |target| self.text(&target.0)),
            ),
            protocol: self.some(&wire.protocol).unwrap_or_else(|| self.text("TCP")),
            app_protocol: self.some(&wire.app_protocol),
            node_port: port(wire.node_port),
        })
    }

    pub(super) fn endpoints(&self, wire: &EndpointsObject<'_>) -> Endpoints {
        let subsets = || wire.subsets.iter().flatten();
        let ips = |all: &Option<Vec<EndpointAddress<'_>>>| -> Vec<Text> {
            all.iter().flatten().filter_map(|it| self.some(&it.ip)).collect()
        };
        Endpoints {
            service: wire.metadata.as_ref().and_then(|metadata| self.some(&metadata.name)),
            ready: Some(sorted(subsets().flat_map(|subset| ips(&subset.ready)).collect())),
            not_ready: Some(sorted(subsets().flat_map(|subset| ips(&subset.not_ready)).collect())),
            ports: Some(ports(subsets().flat_map(|subset| subset.ports.iter().flatten()))),
            cut: false,
            changed: self.last_change(&wire.metadata),
        }
    }

    /// The endpoints controllers write down what time it was of the change that they last acted on
    /// (pkg/controller/endpointslice and pkg/controller/endpoint, 1.14+).
    fn last_change(&self, metadata: &Option<Metadata<'_>>) -> Option<Moment> {
        let annotations = metadata.as_ref()?.annotations.as_ref()?;
        let key = "endpoints.kubernetes.io/last-change-trigger-time";
        annotations.iter().find(|(name, _)| name == key).and_then(|(_, at)| crate::time::rfc3339(at))
    }

    pub(super) fn slice(&self, wire: &SliceObject<'_>) -> Endpoints {
        let labels = wire.metadata.as_ref().and_then(|metadata| metadata.labels.as_ref());
        let owner =
            wire.metadata.as_ref().and_then(|metadata| metadata.owners.as_ref()).into_iter().flatten();
        let service = labels.into_iter().flatten().find(|(key, _)| key == "kubernetes.io/service-name");
        let owner =
            owner.filter(|owner| owner.kind.as_deref() == Some("Service")).find_map(|o| self.some(&o.name));
        let addresses = |ready: bool| -> Vec<Text> {
            let all = wire.endpoints.iter().flatten();
            // A condition that is not known is to be taken as ready (k8s.io/api/discovery/v1, all versions).
            let is_ready =
                |it: &&Endpoint<'_>| it.conditions.as_ref().and_then(|it| it.ready).unwrap_or(true) == ready;
            all.filter(is_ready)
                .flat_map(|it| it.addresses.iter().flatten())
                .map(|ip| self.text(ip))
                .collect()
        };
        Endpoints {
            service: service.map(|(_, name)| self.text(name)).or(owner),
            ready: Some(sorted(addresses(true))),
            not_ready: Some(sorted(addresses(false))),
            ports: Some(ports(wire.ports.iter().flatten())),
            cut: false,
            changed: self.last_change(&wire.metadata),
        }
    }

    pub(super) fn ingress(&self, wire: &IngressObject<'_>) -> Ingress {
        let mut ingress = Ingress::default();
        let Some(spec) = &wire.spec else { return ingress };
        let mut add = |place: &str, backend: &Option<Backend<'_>>| {
            let Some(backend) = backend else { return };
            let service = backend.service.as_ref();
            let name = service.and_then(|it| self.some(&it.name)).or_else(|| self.some(&backend.old_name));
            let port = service
                .and_then(|it| it.port.as_ref())
                .and_then(|port| self.some(&port.name).or_else(|| Some(self.text(&port.number.as_ref()?.0))));
            let port = port.or_else(|| Some(self.text(&backend.old_port.as_ref()?.0)));
            if let Some(name) = name {
                ingress.backends.push((self.text(place), name, port.unwrap_or_default()));
            }
        };
        for rule in spec.rules.iter().flatten() {
            let host = rule.host.as_deref().filter(|host| !host.is_empty()).unwrap_or("*");
            for path in rule.http.iter().flat_map(|http| http.paths.iter().flatten()) {
                add(&format!("{host}{}", path.path.as_deref().unwrap_or("/")), &path.backend);
            }
        }
        add("*", &spec.default);
        ingress
    }

    pub(super) fn network_policy(&self, wire: &PolicyObject<'_>) -> NetworkPolicy {
        let Some(spec) = &wire.spec else { return NetworkPolicy::default() };
        let named = |word: &str| spec.types.as_ref().map(|types| types.iter().any(|it| it == word));
        let rules = |rules: &Option<Vec<Present>>| rules.as_ref().is_some_and(|rules| !rules.is_empty());
        // Without types it restricts what comes in, and what goes out where it has rules for that
        // (pkg/apis/networking/v1/defaults.go, 1.36).
        let ingress = named("Ingress").unwrap_or(true);
        let egress = named("Egress").unwrap_or_else(|| rules(&spec.egress));
        NetworkPolicy {
            selector: Some(spec.pods.as_ref().map(|selector| self.selector(selector)).unwrap_or_default()),
            ingress,
            egress,
            denies_all: ingress && !rules(&spec.ingress) || egress && !rules(&spec.egress),
        }
    }
}

fn sorted(mut all: Vec<Text>) -> Vec<Text> {
    all.sort();
    all.dedup();
    all.shrink_to_fit();
    all
}

fn ports<'w>(all: impl Iterator<Item = &'w EndpointPort<'w>>) -> Vec<u16> {
    let mut all: Vec<u16> = exact(all.filter_map(|it| port(it.port)));
    all.sort_unstable();
    all.dedup();
    all
}
