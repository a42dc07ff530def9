//! What was changed before: told where it can have made the incident, and nowhere else.

use engine::report::{Change, Report};
use intake::{Intake, RawRecord};
use serde_json::{Value, json};

fn diagnose(items: Vec<Value>) -> Report {
    let mut out = Intake::default();
    let bytes = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    intake::read(RawRecord { path: "all.json", bytes: bytes.as_bytes() }, &mut out);
    engine::diagnose(&out.finish().0, &engine::report::Options { all: true, ..Default::default() })
}

fn changes(items: Vec<Value>) -> Vec<String> {
    let report = diagnose(items);
    let first = report.incidents.first().expect("there is an incident");
    first.changes.iter().map(told).collect()
}

fn told(change: &Change) -> String {
    format!(
        "{} {}: {} -> {} by {}",
        change.subject,
        change.field,
        change.from.as_deref().unwrap_or("?"),
        change.to.as_deref().unwrap_or("?"),
        change.by.as_deref().unwrap_or("?")
    )
}

fn owner(kind: &str, name: &str) -> Value {
    let group = if kind == "Job" || kind == "CronJob" { "batch/v1" } else { "apps/v1" };
    json!([{"apiVersion": group, "kind": kind, "name": name, "uid": name, "controller": true}])
}

fn managed(manager: &str, at: &str, fields: &Value) -> Value {
    json!({"manager": manager, "operation": "Update", "apiVersion": "v1", "time": at, "fieldsType": "FieldsV1", "fieldsV1": fields})
}

/// A Deployment, created long ago, whose image somebody set.
fn deployment(writes: Vec<Value>) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "web", "creationTimestamp": "2026-10-01T08:00:00Z",
            "annotations": {"deployment.kubernetes.io/revision": "4"}, "managedFields": writes},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 1, "observedGeneration": 4}})
}

fn replica_set(hash: &str, revision: u32, created: &str, image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": format!("web-{hash}"), "namespace": "shop", "uid": format!("web-{hash}"),
            "creationTimestamp": created, "ownerReferences": owner("Deployment", "web"),
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()}},
        "spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": image,
                "envFrom": [{"configMapRef": {"name": "web-config"}}]}]}}},
        "status": {"replicas": 1, "observedGeneration": 1}})
}

fn pod(hash: &str, suffix: &str, created: &str, image: &str, state: &Value, ready: bool) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("web-{hash}-{suffix}"), "namespace": "shop", "uid": suffix,
            "creationTimestamp": created, "labels": {"app": "web"},
            "ownerReferences": owner("ReplicaSet", &format!("web-{hash}"))},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": image,
            "envFrom": [{"configMapRef": {"name": "web-config"}}]}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
            "containerStatuses": [{"name": "app", "image": image, "ready": ready, "restartCount": 3, "state": state,
                "lastState": if ready { json!({}) } else { crashed() }}]}})
}

fn crashed() -> Value {
    json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-11-23T03:01:00Z", "finishedAt": "2026-11-23T03:01:02Z"}})
}

fn running() -> Value {
    json!({"running": {"startedAt": "2026-11-20T08:00:00Z"}})
}

fn backing_off() -> Value {
    json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}})
}

fn config(at: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "web-config", "namespace": "shop", "creationTimestamp": "2026-10-01T08:00:00Z",
            "managedFields": [managed("kubectl-edit", at, &json!({"f:data": {"f:LEVEL": {}}}))]},
        "data": {"LEVEL": "x"}})
}

const OLD: &str = "2026-11-20T08:00:00Z";
const NEW: &str = "2026-11-23T03:00:00Z";

/// A rollout whose new pod crashes, beside two of the last good revision.
fn rollout() -> Vec<Value> {
    let set_image = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {"f:image": {}}}}}}});
    vec![
        deployment(vec![managed("kubectl-set", "2026-11-23T02:59:59Z", &set_image)]),
        replica_set("6f5b7c9d8", 3, OLD, "shop/web:1.4"),
        replica_set("7c9d8b6f4d", 4, NEW, "shop/web:1.5"),
        pod("6f5b7c9d8", "bcdfg", OLD, "shop/web:1.4", &running(), true),
        pod("6f5b7c9d8", "hjklm", OLD, "shop/web:1.4", &running(), true),
        pod("7c9d8b6f4d", "npqrs", NEW, "shop/web:1.5", &backing_off(), false),
    ]
}

#[test]
fn a_rollout_beside_its_healthy_predecessor_is_told_with_who_wrote_it() {
    assert_eq!(
        changes(rollout()),
        ["Deployment/shop/web image of container app: shop/web:1.4 -> shop/web:1.5 by kubectl-set"]
    );
}

#[test]
fn a_rollout_whose_predecessor_crashes_as_well_is_not_what_made_it() {
    let mut items = rollout();
    items[3] = pod("6f5b7c9d8", "bcdfg", OLD, "shop/web:1.4", &backing_off(), false);
    assert_eq!(changes(items), [""; 0]);
}

#[test]
fn a_config_map_that_the_pods_read_is_told_only_where_it_was_written_before() {
    let mut items = vec![
        deployment(vec![]),
        pod("6f5b7c9d8", "bcdfg", OLD, "shop/web:1.4", &backing_off(), false),
        config("2026-11-23T02:55:00Z"),
    ];
    assert_eq!(changes(items.clone()), ["ConfigMap/shop/web-config key LEVEL: ? -> ? by kubectl-edit"]);
    items[2] = config("2026-11-23T03:30:00Z");
    assert_eq!(changes(items.clone()), [""; 0]);
    // Nobody reads it.
    items[2] = config("2026-11-23T02:55:00Z");
    items[2]["metadata"]["name"] = json!("other");
    assert_eq!(changes(items), [""; 0]);
}

#[test]
fn a_new_size_makes_no_process_crash() {
    let scale = managed("kubectl", "2026-11-23T02:59:00Z", &json!({"f:spec": {"f:replicas": {}}}));
    let items =
        vec![deployment(vec![scale]), pod("6f5b7c9d8", "bcdfg", OLD, "shop/web:1.4", &backing_off(), false)];
    assert_eq!(changes(items), [""; 0]);
}
