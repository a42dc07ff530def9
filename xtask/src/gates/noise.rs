//! The noise gate: 500 healthy pods, their owners, normal events and benign log lines, in the same namespaces and in
//! another, change nothing about the first incident.

use super::{Capture, diagnose, verdict};
use engine::evidence::Evidence;
use engine::moment::SECOND;
use engine::subject::Kind;
use intake::RawRecord;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

const PODS: usize = 500;
const PODS_OF_ONE: usize = 10;
/// Lines that a healthy program writes, with the words that a careless pattern falls for.
const LINES: &[&str] = &[
    "INFO request completed method=GET path=/items status=200 took=12ms",
    "INFO connected to database",
    "INFO 0 errors, 0 failures, 14 passed",
    "DEBUG retry=0 error=null timeout=30s",
    "INFO connection pool: 3 of 100 in use",
    "INFO cache refreshed, 120 entries, out of date: 0",
];

pub(super) fn holds(capture: &Capture) -> Result<(), String> {
    let (evidence, _) = capture.read.clone().finish();
    let mut read = capture.read.clone();
    for (path, text) in files(&evidence) {
        intake::read(RawRecord { path: &path, bytes: text.as_bytes() }, &mut read);
    }
    let (noisy, _) = read.finish();
    let added = noisy.of(&Kind::Pod).len() - evidence.of(&Kind::Pod).len();
    if added != PODS {
        return Err(format!("{added} of {PODS} generated pods were read"));
    }
    let (before, after) = (verdict(&capture.report), verdict(&diagnose(&noisy)));
    if before == after { Ok(()) } else { Err(format!("`{before}` became `{after}`")) }
}

/// The generated files: what the API lists, and logs.
fn files(evidence: &Evidence) -> Vec<(String, String)> {
    let namespaces = namespaces(evidence);
    let nodes = nodes(evidence);
    let now =
        evidence.captured().filter(|m| m.clock.is_absolute()).map_or(1_764_000_000, |m| m.earliest / SECOND);
    let (mut objects, mut events, mut logs) = (Vec::new(), Vec::new(), String::new());
    for index in 0..PODS {
        let (owner, namespace) = (index / PODS_OF_ONE, &namespaces[index / PODS_OF_ONE % namespaces.len()]);
        let (app, node) = (format!("calm-{owner}"), &nodes[index % nodes.len()]);
        let set = format!("{app}-5d5d5d5d5d");
        let pod = format!("{set}-{}", suffix(index));
        if index % PODS_OF_ONE == 0 {
            objects.extend(owners(&app, &set, namespace, now));
        }
        for (reason, component, message) in [
            ("Scheduled", "default-scheduler", format!("Successfully assigned {namespace}/{pod} to {node}")),
            (
                "Pulled",
                "kubelet",
                "Container image \"registry.example/calm:1\" already present on machine".to_owned(),
            ),
            ("Created", "kubelet", "Created container app".to_owned()),
            ("Started", "kubelet", "Started container app".to_owned()),
        ] {
            events.push(event(&pod, namespace, reason, component, &message, now));
        }
        let _ = writeln!(logs, "$ kubectl logs {pod} -n {namespace}\n{}\n", LINES.join("\n"));
        objects.push(a_pod(&pod, &app, &set, namespace, node, now));
    }
    let list = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    vec![
        ("calm/objects.json".to_owned(), list(objects)),
        ("calm/events.json".to_owned(), list(events)),
        ("calm/logs.txt".to_owned(), logs),
    ]
}

/// The namespaces of the capture that hold most pods, and one that is not in it.
fn namespaces(evidence: &Evidence) -> Vec<String> {
    let pods = evidence.of(&Kind::Pod).iter().filter_map(|pod| pod.subject.namespace.as_deref());
    let mut names: Vec<String> =
        pods.collect::<BTreeSet<_>>().into_iter().take(3).map(str::to_owned).collect();
    names.push("calm".to_owned());
    names
}

/// The nodes that are ready, for a healthy pod runs on no other.
fn nodes(evidence: &Evidence) -> Vec<String> {
    let ready = evidence.of(&Kind::Node).iter().filter(|node| {
        let conditions = node.node().into_iter().flat_map(|n| n.conditions.iter().flatten());
        conditions.filter(|c| &*c.kind == "Ready").any(|c| &*c.status == "True")
    });
    let names: Vec<String> = ready.map(|node| node.subject.name.to_string()).collect();
    if names.is_empty() { vec!["calm-node".to_owned()] } else { names }
}

/// Five letters of those that controllers put behind a name.
fn suffix(mut number: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut letter = || {
        let letter = LETTERS[number % LETTERS.len()];
        number /= LETTERS.len();
        char::from(letter)
    };
    [letter(), letter(), letter(), letter(), letter()].iter().collect()
}

fn owners(app: &str, set: &str, namespace: &str, now: i64) -> [Value; 2] {
    let created = stamp(now - 7200);
    let of = |kind: &str, name: &str, owners: Value| {
        json!({"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "uid": format!("{kind}-{namespace}-{name}"),
                "creationTimestamp": created, "generation": 1, "labels": {"app": app}, "ownerReferences": owners},
            "spec": {"replicas": PODS_OF_ONE, "selector": {"matchLabels": {"app": app}},
                "template": {"metadata": {"labels": {"app": app}}, "spec": spec()}},
            "status": {"observedGeneration": 1, "replicas": PODS_OF_ONE, "readyReplicas": PODS_OF_ONE,
                "availableReplicas": PODS_OF_ONE, "updatedReplicas": PODS_OF_ONE}})
    };
    [of("Deployment", app, json!([])), of("ReplicaSet", set, owner("Deployment", app, namespace))]
}

fn owner(kind: &str, name: &str, namespace: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("{kind}-{namespace}-{name}"),
        "controller": true}])
}

fn spec() -> Value {
    json!({"containers": [{"name": "app", "image": "registry.example/calm:1", "ports": [{"containerPort": 8080}]}]})
}

fn a_pod(name: &str, app: &str, set: &str, namespace: &str, node: &str, now: i64) -> Value {
    let started = stamp(now - 3600);
    let mut spec = spec();
    spec["nodeName"] = node.into();
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": started});
    let all = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition);
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": format!("Pod-{namespace}-{name}"),
            "creationTimestamp": started, "labels": {"app": app}, "ownerReferences": owner("ReplicaSet", set, namespace)},
        "spec": spec,
        "status": {"phase": "Running", "startTime": started, "conditions": all,
            "containerStatuses": [{"name": "app", "image": "registry.example/calm:1", "ready": true, "started": true,
                "restartCount": 0, "state": {"running": {"startedAt": started}}}]}})
}

fn event(pod: &str, namespace: &str, reason: &str, component: &str, message: &str, now: i64) -> Value {
    let at = stamp(now - 3600);
    json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("{pod}.{reason}"), "namespace": namespace, "creationTimestamp": at},
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": namespace, "uid": format!("Pod-{namespace}-{pod}")},
        "type": "Normal", "reason": reason, "message": message, "count": 1, "firstTimestamp": at, "lastTimestamp": at,
        "source": {"component": component}})
}

/// Seconds since 1970 as the API writes them (civil from days: Hinnant, `date` algorithms).
fn stamp(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_api_does() {
        assert_eq!(stamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(stamp(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(stamp(1_764_000_000), "2025-11-24T16:00:00Z");
    }

    #[test]
    fn five_hundred_healthy_pods_alone_are_no_incident() {
        let mut read = intake::Intake::default();
        for (path, text) in files(&Evidence::default()) {
            intake::read(RawRecord { path: &path, bytes: text.as_bytes() }, &mut read);
        }
        let (evidence, _) = read.finish();
        assert_eq!(evidence.of(&Kind::Pod).len(), PODS);
        assert_eq!(verdict(&diagnose(&evidence)), "no incident");
    }
}
