//! Nodes and leases.

use super::meta::{Make, Metadata, WireCondition};
use super::wire::{Map, Scalar, Str, wire};
use engine::evidence::{Lease, Node, Taint};

wire! {
    /// `v1.Node`.
    struct NodeObject {
        metadata: Metadata<'a> = "metadata",
        spec: NodeSpec<'a> = "spec",
        status: NodeStatus<'a> = "status",
    }
    /// `v1.NodeSpec`.
    struct NodeSpec {
        taints: Vec<WireTaint<'a>> = "taints",
        unschedulable: bool = "unschedulable",
        pod_range: Str<'a> = "podCIDR",
    }
    /// `v1.Taint`.
    struct WireTaint {
        key: Str<'a> = "key",
        value: Str<'a> = "value",
        effect: Str<'a> = "effect",
        added: Str<'a> = "timeAdded",
    }
    /// `v1.NodeStatus`.
    struct NodeStatus {
        conditions: Vec<WireCondition<'a>> = "conditions",
        capacity: Map<'a, Scalar<'a>> = "capacity",
        allocatable: Map<'a, Scalar<'a>> = "allocatable",
        addresses: Vec<NodeAddress<'a>> = "addresses",
        info: NodeInfo<'a> = "nodeInfo",
    }
    /// `v1.NodeAddress`.
    struct NodeAddress {
        kind: Str<'a> = "type",
        address: Str<'a> = "address",
    }
    /// `v1.NodeSystemInfo`.
    struct NodeInfo {
        kubelet: Str<'a> = "kubeletVersion",
        runtime: Str<'a> = "containerRuntimeVersion",
        boot_id: Str<'a> = "bootID",
        architecture: Str<'a> = "architecture",
    }
    /// `coordination.k8s.io/v1.Lease`.
    struct LeaseObject {
        metadata: Metadata<'a> = "metadata",
        spec: LeaseSpec<'a> = "spec",
    }
    /// `coordination.k8s.io/v1.LeaseSpec`.
    struct LeaseSpec {
        holder: Str<'a> = "holderIdentity",
        renewed: Str<'a> = "renewTime",
        duration: i64 = "leaseDurationSeconds",
    }
}

impl Make<'_> {
    pub(super) fn node(&self, wire: &NodeObject<'_>) -> Node {
        let mut node = Node::default();
        if let Some(spec) = &wire.spec {
            node.taints =
                spec.taints.as_ref().map(|taints| taints.iter().filter_map(|it| self.taint(it)).collect());
            node.unschedulable = spec.unschedulable;
            node.pod_range = self.some(&spec.pod_range);
        }
        let Some(status) = &wire.status else { return node };
        node.conditions = self.conditions(&status.conditions);
        node.capacity = self.resources(&status.capacity);
        node.allocatable = self.resources(&status.allocatable);
        node.addresses = status.addresses.as_ref().map(|addresses| {
            let mut all: Vec<_> = addresses
                .iter()
                .filter_map(|it| Some((it.kind.as_deref() != Some("InternalIP"), self.some(&it.address)?)))
                .collect();
            all.sort_by_key(|(other, _)| *other);
            all.into_iter().map(|(_, address)| address).collect()
        });
        if let Some(info) = &status.info {
            node.kubelet = self.some(&info.kubelet);
            node.runtime = self.some(&info.runtime);
            node.boot_id = self.some(&info.boot_id);
            node.architecture = self.some(&info.architecture);
        }
        node
    }

    fn taint(&self, wire: &WireTaint<'_>) -> Option<Taint> {
        Some(Taint {
            key: self.some(&wire.key)?,
            value: self.some(&wire.value),
            effect: self.some(&wire.effect)?,
            added: self.time(&wire.added),
        })
    }

    pub(super) fn lease(&self, wire: &LeaseObject<'_>) -> Lease {
        let Some(spec) = &wire.spec else { return Lease::default() };
        Lease { holder: self.some(&spec.holder), renewed: self.time(&spec.renewed), duration: spec.duration }
    }
}
