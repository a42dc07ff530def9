//! Reads from the API server through `kubectl proxy` on a socket: the suite looks often, and a kubectl of its own for each
//! look would take more time than what is looked at.

use super::Cluster;
use super::process::{Processes, wait_for};
use super::scenario::Sight;
use crate::Failure;
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// The proxy's name among the processes of the cluster.
const NAME: &str = "proxy";

/// A way to the API server.
pub struct Api {
    socket: PathBuf,
    processes: Processes,
}

impl Api {
    /// Opens it.
    pub fn open(cluster: &Cluster) -> Result<Api, Failure> {
        let socket = cluster.settings.at("run/proxy.sock");
        let api = Api { socket, processes: cluster.processes.clone() };
        api.processes.stop(NAME, Duration::from_secs(2))?;
        let _ = std::fs::remove_file(&api.socket);
        let program = cluster.bin.join("kubectl").display().to_string();
        let access = format!("--kubeconfig={}", cluster.settings.kubeconfig().display());
        let socket = format!("--unix-socket={}", api.socket.display());
        api.processes.start(NAME, &[&program, &access, "proxy", &socket])?;
        wait_for(30, "proxy to the API server", || api.get("/readyz").is_ok())?;
        Ok(api)
    }

    /// What stands at a path. Of an answer that is no success the text is the error.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        // Of this version of HTTP the body is all that follows, in one piece.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json, */*\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").ok_or("an answer without a head")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let body = answer.split_off(end + 4);
        match head.split(' ').nth(1) {
            Some("200") => Ok(body),
            _ => Err(format!(
                "{path}: {}: {}",
                head.lines().next().unwrap_or_default(),
                String::from_utf8_lossy(&body).trim()
            )
            .into()),
        }
    }

    /// What stands at a path, read as JSON.
    pub fn json(&self, path: &str) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(&self.get(path)?)?)
    }

    /// Whether something is visible.
    pub fn shows(&self, namespace: &str, sight: &Sight) -> Result<bool, Failure> {
        let list = self.json(&path(&sight.resource, Some(namespace)))?;
        let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(items
            .iter()
            .filter(|item| named(item["metadata"]["name"].as_str().unwrap_or_default(), &sight.name))
            .any(|item| values(item, &sight.path).iter().any(|value| holds(value, &sight.value))))
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.processes.stop(NAME, Duration::from_secs(2));
    }
}

/// Where the lists of a resource are. The name is the plural, with `.group` where it has one.
pub fn path(resource: &str, namespace: Option<&str>) -> String {
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    match namespace {
        Some(namespace) if plural != "nodes" => format!("{root}/namespaces/{namespace}/{plural}"),
        _ => format!("{root}/{plural}"),
    }
}

/// Whether a name is meant: the same, any where nothing is asked for, that beginning where a `*` ends it.
pub fn named(name: &str, asked: &str) -> bool {
    match asked.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => asked.is_empty() || name == asked,
    }
}

/// The values at a path.
fn values<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for part in path.split('.') {
        found = found
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) if part == "*" => items.iter().collect::<Vec<_>>(),
                Value::Array(items) => {
                    part.parse::<usize>().ok().and_then(|at| items.get(at)).into_iter().collect()
                }
                _ => value.get(part).into_iter().collect(),
            })
            .collect();
    }
    found
}

fn holds(value: &Value, asked: &str) -> bool {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(part) = asked.strip_prefix('~') {
        return text.contains(part);
    }
    match asked.strip_prefix(">=").and_then(|least| least.parse::<f64>().ok()) {
        Some(least) => value.as_f64().is_some_and(|number| number >= least),
        None => text == asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sight_is_found_by_path_and_value() {
        let pod = serde_json::json!({"status": {"list": [{"n": 1, "why": "Back-off 5m"}, {"n": 7}]}});
        let found = |path: &str, value: &str| values(&pod, path).iter().any(|v| holds(v, value));
        assert!(found("status.list.*.n", ">=7") && !found("status.list.0.n", ">=7"));
        assert!(found("status.list.0.why", "~5m") && !found("status.list.1.why", "~5m"));
        assert!(found("status.list.1.n", "7") && !found("status.list.n", "7"));
    }

    #[test]
    fn lists_lie_in_the_place_of_their_group() {
        assert_eq!(path("deployments.apps", Some("x")), "/apis/apps/v1/namespaces/x/deployments");
        assert_eq!(path("nodes", Some("x")), "/api/v1/nodes");
    }
}
