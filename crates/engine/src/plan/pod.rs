//! What a pod's diagnosis needs beside the pod: owners, node, claims, names that it refers to, its siblings, the
//! endpoints of its Services, and logs.

use super::{NODE_LEASES, Seen, controller, is_unbound, logs, selector};
use crate::Text;
use crate::evidence::{Body, By, EnvSource, Object, Pairs, Read, Requirement, Selector, VolumeSource};
use crate::subject::{Kind, Subject};
use std::collections::BTreeSet;

/// Claims and ConfigMaps that are read of one pod; more would be a list of what it mounts.
const REFERENCES: usize = 2;

/// What follows from a pod that was asked for.
pub(super) fn follow(object: &Object, seen: &Seen<'_>, reads: &mut Vec<Read>) {
    parts(object, seen, reads);
    let chain = seen.chain(object);
    reads.extend(chain.iter().filter(|owner| owner.kind.is_workload()).map(|o| Read::Object((*o).clone())));
    if let Some(node) = object.pod().and_then(|pod| pod.node.as_ref()) {
        reads.push(Read::Object(Subject::node(node)));
        reads.push(Read::Object(Subject::new(Kind::Lease, Some(NODE_LEASES), node)));
    }
    // Siblings of all revisions, once the topmost owner that picks pods is known.
    let is_whole = chain.last().is_none_or(|top| seen.get(top).is_some_and(|top| controller(top).is_none()));
    let picking = chain.iter().rev().find_map(|owner| selector(seen.get(owner)?));
    if is_whole && let Some(selector) = picking {
        let namespace = object.subject.namespace.clone();
        reads.push(Read::Selected { kind: Kind::Pod, namespace, by: By::Labels(selector) });
    }
    reads.extend(logs::of_one(object));
    reads.extend(slices(object.labels.as_deref(), &object.subject, seen));
}

/// Claims, their volumes, and the ConfigMaps that a pod refers to. Secrets are never asked for.
pub(super) fn parts(object: &Object, seen: &Seen<'_>, reads: &mut Vec<Read>) {
    let Some(pod) = object.pod() else { return };
    let namespace = object.subject.namespace.as_deref();
    let of = |kind: Kind, name: &Text| Subject::new(kind, namespace, name);
    let mut names = BTreeSet::new();
    for volume in pod.volumes.iter().flatten() {
        match &volume.source {
            VolumeSource::Claim { name } => _ = names.insert((0, of(Kind::PersistentVolumeClaim, name))),
            VolumeSource::ConfigMap { name, .. } => _ = names.insert((1, of(Kind::ConfigMap, name))),
            _ => {}
        }
    }
    for variable in pod.containers.iter().flat_map(|container| container.env.iter().flatten()) {
        match &variable.from {
            EnvSource::ConfigMapKey { name, .. } | EnvSource::ConfigMap { name, .. } => {
                names.insert((1, of(Kind::ConfigMap, name)));
            }
            _ => {}
        }
    }
    let names =
        names.into_iter().map(|(_, name)| name).filter(|name| &*name.name != ROOT_CA).take(REFERENCES);
    for name in names {
        let claim = seen.get(&name);
        reads.push(Read::Object(name));
        let Some(claim) = claim.filter(|claim| is_unbound(claim)) else { continue };
        let Body::Claim(body) = &claim.body else { continue };
        if let Some(volume) = body.volume.as_ref().filter(|volume| !volume.is_empty()) {
            reads.push(Read::Object(Subject::new(Kind::PersistentVolume, None, volume)));
        }
        if let Some(class) = body.class.as_ref().filter(|class| !class.is_empty()) {
            reads.push(Read::Object(Subject::new(Kind::StorageClass, None, class)));
        }
        reads.push(Read::Events(claim.subject.clone()));
    }
}

/// The ConfigMap that the controller manager writes into every namespace, and mounts into every pod.
const ROOT_CA: &str = "kube-root-ca.crt";

/// The endpoints of the Services that pick these labels.
pub(super) fn slices(labels: Option<&Pairs<Text>>, of: &Subject, seen: &Seen<'_>) -> Option<Read> {
    let labels = labels?;
    let picks = |object: &&&Object| match &object.body {
        Body::Service(service) => service.selector.as_ref().is_some_and(|selector| {
            object.subject.namespace == of.namespace
                && !selector.is_empty()
                && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        }),
        _ => false,
    };
    let services: Vec<Text> =
        seen.objects.values().filter(picks).map(|object| object.subject.name.clone()).collect();
    if services.is_empty() {
        return None;
    }
    let requirement =
        Requirement { key: "kubernetes.io/service-name".into(), operator: "In".into(), values: services };
    let selector = Selector { labels: Pairs::new(), expressions: vec![requirement] };
    Some(Read::Selected {
        kind: Kind::EndpointSlice,
        namespace: of.namespace.clone(),
        by: By::Labels(selector),
    })
}
