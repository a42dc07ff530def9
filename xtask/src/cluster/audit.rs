//! What coroner asked the API server for, as the API server's own audit log tells it.

use super::Cluster;
use crate::Failure;
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

/// The audit log from where it ended when this was made.
pub struct Audit {
    log: std::path::PathBuf,
    from: u64,
}

/// A request of coroner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whom coroner acted as.
    pub user: String,
    /// `get`, `list`, …
    pub verb: String,
    /// `pods/log`, `deployments.apps`, …
    pub resource: String,
    /// The path, with its query.
    pub uri: String,
    /// Whether the API server let it pass.
    pub allowed: bool,
}

/// All that may ever be asked for, beside get and list on what `docs/coroner-reader.yaml` names.
const SUBRESOURCES: &[&str] = &["pods/log", "nodes/proxy"];

impl Audit {
    /// Begins to listen.
    pub fn begin(cluster: &Cluster) -> Result<Audit, Failure> {
        let log = cluster.settings.at("log/audit.log");
        let from = std::fs::metadata(&log)?.len();
        Ok(Audit { log, from })
    }

    /// What coroner asked for since, in order.
    pub fn calls(&self) -> Result<Vec<Call>, Failure> {
        // A request is written down once its answer is on its way.
        std::thread::sleep(Duration::from_millis(300));
        let mut file = File::open(&self.log)?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // A log that flows is written down twice: when it begins, and when it ends.
        let whole = |line: &&str| {
            line.contains("\"userAgent\":\"coroner/") && !line.contains("\"stage\":\"ResponseStarted\"")
        };
        let lines = text.lines().filter(whole);
        lines.map(|line| Ok(call(&serde_json::from_str(line)?))).collect()
    }
}

fn call(event: &Value) -> Call {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &event["objectRef"];
    let mut resource = word(&object["resource"]);
    if let Some(group) = object["apiGroup"].as_str() {
        resource = format!("{resource}.{group}");
    }
    if let Some(part) = object["subresource"].as_str() {
        resource = format!("{resource}/{part}");
    }
    Call {
        user: word(&event["impersonatedUser"]["username"]),
        verb: word(&event["verb"]),
        resource,
        uri: word(&event["requestURI"]),
        allowed: event["annotations"]["authorization.k8s.io/decision"] == "allow",
    }
}

/// The first request that must never be sent, whatever it was answered.
pub fn foreign(calls: &[Call]) -> Option<&Call> {
    calls.iter().find(|call| {
        let reads = matches!(call.verb.as_str(), "get" | "list");
        let part = call.resource.contains('/');
        let logs = !call.resource.starts_with("nodes/proxy") || call.uri.contains("/proxy/logs/");
        !reads
            || call.resource.starts_with("secrets")
            || call.resource.is_empty()
            || !logs
            || (part && !SUBRESOURCES.contains(&call.resource.as_str()))
    })
}

/// What a look at the whole cluster asked for more than once, listed of a part, or had listed already. Logs are neither,
/// and a kind that is never listed may be looked at by name.
pub fn beside_lists(calls: &[Call]) -> Option<&Call> {
    calls.iter().enumerate().find_map(|(at, call)| {
        // Pages of one list differ by where they go on.
        let again = calls[..at].iter().any(|before| before.uri == call.uri);
        let part = call.verb == "list" && call.uri.contains("/namespaces/");
        let listed =
            call.verb == "get" && calls.iter().any(|it| it.verb == "list" && it.resource == call.resource);
        (again || part || listed).then_some(call)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(verb: &str, resource: &str, uri: &str) -> Call {
        let [user, verb, resource, uri] = ["x", verb, resource, uri].map(str::to_owned);
        Call { user, verb, resource, uri, allowed: true }
    }

    #[test]
    fn a_line_of_the_log_is_read() {
        let event = serde_json::json!({"verb": "get", "requestURI": "/api/v1/namespaces/a/pods/b/log",
            "impersonatedUser": {"username": "x"}, "objectRef": {"resource": "pods", "subresource": "log"},
            "annotations": {"authorization.k8s.io/decision": "allow"}});
        assert_eq!(call(&event), of("get", "pods/log", "/api/v1/namespaces/a/pods/b/log"));
    }

    #[test]
    fn what_must_not_be_asked_for_is_found() {
        let bad = [
            of("get", "pods/exec", "/api/v1/namespaces/a/pods/b/exec"),
            of("list", "secrets", "/api/v1/secrets"),
            of("create", "selfsubjectaccessreviews.authorization.k8s.io", "/apis/authorization.k8s.io/v1"),
            of("get", "nodes/proxy", "/api/v1/nodes/n/proxy/run/x"),
            of("get", "", "/apis"),
        ];
        for call in bad {
            assert_eq!(foreign(std::slice::from_ref(&call)), Some(&call));
        }
        let good = [
            of("list", "pods", "/api/v1/pods"),
            of("get", "nodes/proxy", "/api/v1/nodes/n/proxy/logs/?query=kubelet"),
        ];
        assert_eq!(foreign(&good), None);
    }

    #[test]
    fn a_second_list_is_found() {
        let list = of("list", "pods", "/api/v1/pods?limit=500");
        let page = of("list", "pods", "/api/v1/pods?limit=500&continue=x");
        assert_eq!(beside_lists(&[list.clone(), page.clone()]), None);
        assert_eq!(beside_lists(&[list.clone(), page, list.clone()]), Some(&list));
        let narrow = of("list", "pods", "/api/v1/namespaces/a/pods");
        assert_eq!(beside_lists(std::slice::from_ref(&narrow)), Some(&narrow));
        let one = of("get", "pods", "/api/v1/namespaces/a/pods/b");
        assert_eq!(beside_lists(&[list, one.clone()]), Some(&one));
    }
}
