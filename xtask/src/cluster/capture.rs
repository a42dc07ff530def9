//! Keeps what the cluster shows about a namespace, as a bundle: objects as served, logs of containers, journals of nodes.

use super::api::{Api, path};
use crate::{Failure, Outcome};
use serde_json::Value;
use std::path::Path;

/// The resources of a namespace that a capture holds.
const IN_NAMESPACE: &[&str] = &[
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "persistentvolumeclaims",
    "pods",
    "resourcequotas",
    "serviceaccounts",
    "services",
    "cronjobs.batch",
    "daemonsets.apps",
    "deployments.apps",
    "endpointslices.discovery.k8s.io",
    "jobs.batch",
    "replicasets.apps",
    "statefulsets.apps",
];
/// The resources of the cluster that a capture holds.
const IN_CLUSTER: &[&str] = &["nodes", "persistentvolumes", "storageclasses.storage.k8s.io"];
/// The units of a node whose journal a capture holds.
const UNITS: &[&str] = &["kubelet", "containerd", "kube-proxy"];

/// A record of a bundle: its path and its bytes.
type Record = (String, Vec<u8>);

/// Writes a bundle of a namespace into a new folder; journals since then, where a time is given.
pub fn write(api: &Api, namespace: &str, journals_since: Option<&str>, folder: &Path) -> Outcome {
    let mut records = objects(api, namespace)?;
    records.extend(logs(api, namespace)?);
    if let Some(since) = journals_since {
        records.extend(journals(api, since)?);
    }
    bundle::write(folder, records.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())))?;
    Ok(())
}

fn objects(api: &Api, namespace: &str) -> Result<Vec<Record>, Failure> {
    let mut records = Vec::new();
    for resource in IN_NAMESPACE {
        let list = api.get(&path(resource, Some(namespace)))?;
        records.push((format!("objects/{resource}/{namespace}.json"), list));
    }
    for resource in IN_CLUSTER {
        records.push((format!("objects/{resource}/_cluster.json"), api.get(&path(resource, None))?));
    }
    // Events about nodes stand here, whatever namespace is asked about.
    records.push(("objects/events/default.json".to_owned(), api.get(&path("events", Some("default")))?));
    records.push((
        "objects/leases.coordination.k8s.io/kube-node-lease.json".to_owned(),
        api.get(&path("leases.coordination.k8s.io", Some("kube-node-lease")))?,
    ));
    Ok(records)
}

fn logs(api: &Api, namespace: &str) -> Result<Vec<Record>, Failure> {
    let pods = api.json(&path("pods", Some(namespace)))?;
    let mut records = Vec::new();
    for pod in list(&pods["items"]) {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let status = &pod["status"];
        let containers = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"]
            .iter()
            .flat_map(|field| list(&status[*field]));
        for container in containers {
            let Some(of) = container["name"].as_str() else { continue };
            let log = |previous: bool| {
                let path = format!(
                    "/api/v1/namespaces/{namespace}/pods/{name}/log?container={of}&previous={previous}"
                );
                // A container that has not begun has no log, and a node that is gone gives none.
                let log = api.get(&path).ok().filter(|log| !log.starts_with(b"unable to retrieve"))?;
                let option = if previous { " --previous" } else { "" };
                let command = format!("$ kubectl logs {name} -n {namespace} -c {of}{option}\n");
                Some([command.into_bytes(), log].concat())
            };
            let ended = container["restartCount"].as_u64().unwrap_or(0) > 0;
            let current = log(false).map(|bytes| (format!("logs/{namespace}/{name}/{of}.log"), bytes));
            let previous = ended.then(|| log(true)).flatten();
            records.extend(current);
            records
                .extend(previous.map(|bytes| (format!("logs/{namespace}/{name}/{of}.previous.log"), bytes)));
        }
    }
    Ok(records)
}

fn journals(api: &Api, since: &str) -> Result<Vec<Record>, Failure> {
    let nodes = api.json(&path("nodes", None))?;
    let mut records = Vec::new();
    for name in list(&nodes["items"]).iter().filter_map(|node| node["metadata"]["name"].as_str()) {
        for unit in UNITS {
            let path = format!("/api/v1/nodes/{name}/proxy/logs/?query={unit}&sinceTime={since}");
            // A kubelet that does not run gives no journal.
            if let Ok(journal) = api.get(&path) {
                records.push((format!("journals/{name}/{unit}.log"), journal));
            }
        }
    }
    Ok(records)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
