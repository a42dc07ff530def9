//! `kubectl describe` of everything but pods.

use super::describe::conditions;
use super::rows::{addresses, claim_path};
use super::{Context, values};
use crate::kubectl::outline::{Item, find, is_none};
use engine::Text;
use engine::evidence::{Body, Object, Resources, ServicePort, Taint, Workload};

/// Counts and selector of a workload.
pub(super) fn workload(_context: &Context, items: &[Item], workload: &mut Workload) {
    let some = |key: &str| find(items, key).and_then(Item::some);
    workload.selector = some("Selector").and_then(values::selector);
    if let Some(text) = some("Replicas") {
        // `1 desired | 1 updated | 1 total | 1 available | 0 unavailable`, `1 current / 1 desired`.
        for part in text.split(['|', '/']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(word)) = (words.next().and_then(values::count), words.next()) else {
                continue;
            };
            match word {
                "desired" => workload.desired = Some(count),
                "updated" => workload.updated = Some(count),
                "total" | "current" => workload.current = Some(count),
                "available" => workload.available = Some(count),
                _ => {}
            }
        }
    }
    let number = |key: &str| some(key).and_then(values::count);
    workload.desired = workload.desired.or_else(|| number("Desired Number of Nodes Scheduled"));
    workload.current = workload.current.or_else(|| number("Current Number of Nodes Scheduled"));
    workload.available =
        workload.available.or_else(|| number("Number of Nodes Scheduled with Available Pods"));
    workload.desired = workload.desired.or_else(|| number("Parallelism"));
    workload.completions = number("Completions");
    workload.backoff_limit = number("Backoff Limit");
    workload.suspended = some("Suspend").map(|s| s.eq_ignore_ascii_case("true"));
    workload.schedule = some("Schedule").map(Text::from);
    workload.recreate = some("StrategyType").map(|s| s == "Recreate");
    if let Some(text) = some("Pods Statuses") {
        // `30 Active (13 Ready) / 0 Succeeded / 0 Failed`.
        for part in text.split('/') {
            let count = values::count(part);
            if part.contains("Active") {
                workload.current = count;
                let inner = part.split('(').nth(1).and_then(values::count);
                workload.ready = inner.or(workload.ready);
            } else if part.contains("Succeeded") {
                workload.succeeded = count;
            } else if part.contains("Failed") {
                workload.failed = count;
            }
        }
    }
    let revision = find(items, "Annotations").and_then(|a| {
        a.values()
            .find_map(|line| line.strip_prefix("deployment.kubernetes.io/revision:")?.trim().parse().ok())
    });
    workload.revision = revision;
}

/// A node.
pub(super) fn node(items: &[Item], object: &mut Object) {
    let some = |key: &str| find(items, key).and_then(Item::some);
    let Body::Node(node) = &mut object.body else { return };
    node.conditions = conditions(items);
    node.taints = find(items, "Taints").map(|item| item.values().filter_map(taint).collect());
    node.unschedulable = some("Unschedulable").map(|u| u == "true");
    let amounts = |key: &str| {
        find(items, key)
            .map(|i| values::resources(i.children.iter().filter_map(|l| Some((l.key()?, l.value())))))
    };
    node.capacity = amounts("Capacity");
    node.allocatable = amounts("Allocatable");
    node.pod_range = some("PodCIDR").map(Text::from);
    if let Some(info) = find(items, "System Info") {
        node.kubelet = info.get("Kubelet Version").map(Text::from);
        node.runtime = info.get("Container Runtime Version").map(Text::from);
        node.boot_id = info.get("Boot ID").map(Text::from);
        node.architecture = info.get("Architecture").map(Text::from);
    }
    node.addresses = find(items, "Addresses").map(|i| {
        i.children.iter().filter(|l| l.key() == Some("InternalIP")).map(|l| l.value().into()).collect()
    });
    node.lease_renewed = find(items, "Lease").and_then(|l| l.get("RenewTime")).and_then(values::time);
    node.requested = find(items, "Allocated resources").map(|i| {
        let rows = i.children.iter().filter_map(|row| {
            let mut words = row.text.split_whitespace();
            Some((words.next()?, words.next()?))
        });
        values::resources(rows)
    });
}

/// `key=value:Effect`.
fn taint(text: &str) -> Option<Taint> {
    let (key, effect) = text.rsplit_once(':')?;
    let (key, value) = key.split_once('=').map_or((key, None), |(k, v)| (k, Some(v)));
    Some(Taint { key: key.into(), value: value.map(Text::from), effect: effect.into(), added: None })
}

/// Services, endpoints, volumes, claims, classes, quotas, configuration, accounts and the rest.
pub(super) fn other(items: &[Item], object: &mut Object) {
    let some = |key: &str| find(items, key).and_then(Item::some);
    let name = object.subject.name.clone();
    match &mut object.body {
        Body::Service(service) => {
            service.kind = some("Type").map(Text::from);
            service.selector =
                find(items, "Selector").map(|s| values::pairs(s.values().flat_map(|line| line.split(','))));
            service.cluster_ip = some("IP").or_else(|| some("IPs")).map(Text::from);
            service.ports = Some(service_ports(items));
            service.endpoints = Some(service_endpoints(items));
        }
        Body::Endpoints(endpoints) => {
            endpoints.service = Some(name);
            let subsets = find(items, "Subsets").map_or(&[][..], |s| &s.children);
            let (mut ready, mut not_ready, mut ports) = (Vec::new(), Vec::new(), Vec::new());
            for item in subsets {
                match item.key() {
                    Some("Addresses") => ready.extend(addresses(item.value())),
                    Some("NotReadyAddresses") => not_ready.extend(addresses(item.value())),
                    Some("Ports") => {
                        ports.extend(
                            item.children
                                .iter()
                                .filter_map(|row| row.text.split_whitespace().nth(1)?.parse::<u16>().ok()),
                        );
                    }
                    _ => {}
                }
            }
            (endpoints.ready, endpoints.not_ready, endpoints.ports) =
                (Some(ready), Some(not_ready), Some(ports));
        }
        Body::Claim(claim) => {
            claim.phase = some("Status").map(Text::from);
            claim.volume = some("Volume").map(Text::from);
            claim.class = find(items, "StorageClass").map(|c| c.some().unwrap_or("").into());
            claim.access_modes = some("Access Modes").map(values::access_modes);
            claim.mode = some("VolumeMode").map(Text::from);
            claim.used_by = find(items, "Used By").map(|u| u.values().map(Text::from).collect());
        }
        Body::PersistentVolume(volume) => {
            volume.phase = some("Status").map(Text::from);
            volume.claim = some("Claim").and_then(claim_path);
            volume.class = find(items, "StorageClass").map(|c| c.some().unwrap_or("").into());
            volume.access_modes = some("Access Modes").map(values::access_modes);
            volume.capacity = some("Capacity").and_then(values::quantity);
            volume.mode = some("VolumeMode").map(Text::from);
            volume.reclaim = some("Reclaim Policy").map(Text::from);
            volume.source = find(items, "Source").and_then(|s| s.get("Type")).map(Text::from);
        }
        Body::StorageClass(class) => {
            class.provisioner = some("Provisioner").map(Text::from);
            class.binding = some("VolumeBindingMode").map(Text::from);
            class.is_default = some("IsDefaultClass").map(|d| d == "Yes");
        }
        Body::Quota(quota) => {
            let rows = items.iter().filter_map(|item| {
                let mut words = item.text.split_whitespace();
                let (resource, used, hard) = (words.next()?, words.next()?, words.next()?);
                Some((Text::from(resource), values::quantity(used)?, values::quantity(hard)?))
            });
            let (mut used, mut hard) = (Resources::new(), Resources::new());
            for (resource, u, h) in rows {
                used.insert(resource.clone(), u);
                hard.insert(resource, h);
            }
            (quota.used, quota.hard) = (Some(used), Some(hard));
        }
        Body::Config(config) => {
            config.kind = some("Type").map(Text::from);
            config.keys = Some(data_keys(items));
        }
        Body::ServiceAccount(account) => {
            account.pull_secrets =
                find(items, "Image pull secrets").map(|i| i.values().map(account_secret).collect());
        }
        Body::Lease(lease) => {
            lease.renewed = items
                .iter()
                .flat_map(|i| &i.children)
                .find(|i| i.key() == Some("Renew Time"))
                .and_then(Item::some)
                .and_then(values::time);
        }
        _ => {}
    }
}

/// `name (not found)` is a name.
fn account_secret(text: &str) -> Text {
    text.split(' ').next().unwrap_or(text).into()
}

/// `Port:  name  80/TCP`, then its `TargetPort:`, and so on for each port.
fn service_ports(items: &[Item]) -> Vec<ServicePort> {
    let mut ports: Vec<ServicePort> = Vec::new();
    for item in items {
        match item.key() {
            Some("Port") => {
                let words: Vec<&str> = item.value().split_whitespace().collect();
                let Some((number, protocol)) = words.last().and_then(|w| w.split_once('/')) else { continue };
                let Ok(port) = number.parse() else { continue };
                let name =
                    (words.len() > 1).then(|| words.first().copied().unwrap_or("")).filter(|n| !is_none(n));
                ports.push(ServicePort {
                    name: name.map(Text::from),
                    port,
                    target: None,
                    protocol: protocol.into(),
                    app_protocol: None,
                    node_port: None,
                });
            }
            Some("TargetPort") => {
                if let Some(port) = ports.last_mut() {
                    let target = item.value().split('/').next().unwrap_or("");
                    port.target = Some(target).filter(|t| !is_none(t)).map(Text::from);
                }
            }
            Some("NodePort") => {
                if let Some(port) = ports.last_mut() {
                    let word = item.value().split_whitespace().last().unwrap_or("");
                    port.node_port = word.split('/').next().and_then(|n| n.parse().ok());
                }
            }
            _ => {}
        }
    }
    ports
}

fn service_endpoints(items: &[Item]) -> Vec<Text> {
    let mut all: Vec<Text> = items
        .iter()
        .filter(|i| i.key() == Some("Endpoints"))
        .flat_map(|i| i.value().split(" + ").next().unwrap_or("").split(','))
        .map(str::trim)
        .filter(|e| !is_none(e))
        .map(Text::from)
        .collect();
    all.sort();
    all.dedup();
    all
}

/// The keys under `Data`: each stands before a row of dashes, or with its size in bytes (Secrets).
fn data_keys(items: &[Item]) -> Vec<Text> {
    let Some(start) = items.iter().position(|i| i.text == "Data") else { return Vec::new() };
    let rest = items.get(start + 1..).unwrap_or(&[]);
    let mut keys: Vec<Text> = Vec::new();
    for (at, item) in rest.iter().enumerate() {
        let dashed = rest.get(at + 1).is_some_and(|next| next.text == "----");
        let sized = item.value().ends_with(" bytes") || item.value().starts_with(crate::redact::HIDDEN);
        if let Some(key) = item.key()
            && (dashed || sized)
        {
            keys.push(key.into());
        }
    }
    keys
}
