//! How findings become incidents: several causes of one effect, loops, what is over, and what is no incident at all.

use engine::evidence::{Gap, Why};
use engine::finding::{Code, Course};
use engine::report::{Incident, Report};
use intake::{Intake, RawRecord};
use serde_json::{Value, json};

fn diagnose(items: &[Value]) -> Report {
    let mut out = Intake::default();
    let bytes = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    intake::read(RawRecord { path: "all.json", bytes: bytes.as_bytes() }, &mut out);
    engine::diagnose(&out.finish().0, &engine::report::Options { all: true, ..Default::default() })
}

fn first(items: &[Value]) -> Incident {
    diagnose(items).incidents.into_iter().next().expect("there is an incident")
}

fn owner(kind: &str, name: &str) -> Value {
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    json!([{"apiVersion": version, "kind": kind, "name": name, "uid": name, "controller": true}])
}

const SET: &str = "web-6f5b7c9d8";

fn pod(suffix: &str, status: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{SET}-{suffix}"), "namespace": "shop", "uid": suffix, "labels": {"app": "web"},
            "creationTimestamp": "2026-11-23T01:00:00Z", "ownerReferences": owner("ReplicaSet", SET)},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "shop/web:1"}]},
        "status": status})
}

fn deployment(replicas: u32, ready: u32) -> Vec<Value> {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "shop/web:1"}]}});
    let status = json!({"replicas": replicas, "readyReplicas": ready, "observedGeneration": 1});
    vec![
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "uid": "web", "creationTimestamp": "2026-10-01T08:00:00Z"},
            "spec": {"replicas": replicas, "template": template}, "status": status}),
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": SET, "namespace": "shop", "uid": SET, "creationTimestamp": "2026-10-01T08:00:00Z",
                "ownerReferences": owner("Deployment", "web")},
            "spec": {"replicas": replicas, "template": template}, "status": status}),
    ]
}

/// The time of capture, as the newest thing that anything says.
fn capture(at: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "creationTimestamp": "2026-10-01T08:00:00Z"},
        "status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": at,
            "lastTransitionTime": "2026-10-01T08:00:00Z"}]}})
}

fn killed(restarts: u32, ready: bool, since: &str, life: (&str, &str)) -> Value {
    let ready_word = if ready { "True" } else { "False" };
    let state = if ready {
        json!({"running": {"startedAt": since}})
    } else {
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}})
    };
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": ready_word, "lastTransitionTime": since}],
        "containerStatuses": [{"name": "app", "image": "shop/web:1", "ready": ready, "restartCount": restarts, "state": state,
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": life.0, "finishedAt": life.1}}}]})
}

fn pulling() -> Value {
    json!({"phase": "Pending", "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-23T01:00:00Z"}],
        "containerStatuses": [{"name": "app", "image": "shop/web:1", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "ErrImagePull", "message": "failed to pull and unpack image \"docker.io/shop/web:1\": failed to resolve reference \"docker.io/shop/web:1\": docker.io/shop/web:1: not found"}}}]})
}

#[test]
fn nothing_is_left_only_by_all_that_took_a_part() {
    let mut items = deployment(2, 0);
    items.push(pod(
        "bcdfg",
        &killed(5, false, "2026-11-23T02:50:00Z", ("2026-11-23T02:49:00Z", "2026-11-23T02:50:00Z")),
    ));
    items.push(pod("hjklm", &pulling()));
    items.push(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP"}]}}),
    );
    items.push(json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": false}}, {"addresses": ["10.0.0.2"], "conditions": {"ready": false}}]}));
    let report = diagnose(&items);
    let told = report.incidents.iter().find_map(|incident| {
        let step = incident.because.iter().find(|step| step.code == Code::ServiceWithoutEndpoints)?;
        Some((incident, step))
    });
    let (incident, step) = told.expect("the Service is told to have no endpoint");
    assert_eq!(step.caused_by.len(), 2, "{:#?}", incident.because);
    let mut codes: Vec<Code> = incident.contributing.iter().map(|root| root.code).collect();
    codes.push(incident.root.code);
    codes.sort();
    assert_eq!(codes, [Code::OomKilled, Code::ImageNotFound]);
    // A step never stands before its causes.
    assert!(incident.because.iter().all(|step| step.caused_by.iter().all(|&cause| cause < step.id)));
}

fn evicted(suffix: &str, message: &str) -> Value {
    let mut pod = pod(suffix, &json!({"phase": "Failed", "reason": "Evicted", "message": message}));
    pod["metadata"]["creationTimestamp"] = json!("2026-11-23T02:00:00Z");
    pod
}

fn evictions(count: usize, message: &str) -> Vec<Value> {
    let event = |suffix: &str| {
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": suffix, "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": format!("{SET}-{suffix}"), "uid": suffix},
            "reason": "Evicted", "message": message, "type": "Warning", "count": 1,
            "firstTimestamp": "2026-11-23T02:30:00Z", "lastTimestamp": "2026-11-23T02:30:00Z"})
    };
    let mut items = deployment(1, 0);
    for suffix in ["bcdfg", "hjklm", "npqrs", "tvwxz"].iter().take(count) {
        items.push(evicted(suffix, message));
        items.push(event(suffix));
    }
    items
}

const NODE_SHORT: &str = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. Container app was using 900Mi, request is 0, has larger consumption of memory. ";
const OWN_LIMIT: &str = "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ";

#[test]
fn pods_that_are_evicted_and_replaced_again_and_again_are_a_loop() {
    let told = &first(&evictions(4, NODE_SHORT)).loops;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].turns, told[0].edges.len()), (4, 3));
    assert!(told[0].break_at.contains("request"), "{}", told[0].break_at);
    assert_eq!(first(&evictions(2, NODE_SHORT)).loops, []);
    // A pod that passes its own limit does so wherever it runs.
    assert_eq!(first(&evictions(4, OWN_LIMIT)).loops, []);
}

#[test]
fn a_webhook_that_refuses_its_own_pods_is_a_loop() {
    let message = "Error creating: Internal error occurred: failed calling webhook \"admit.example.com\": failed to call webhook: Post \"https://web.shop.svc:443/admit?timeout=10s\": no endpoints available for service \"web\"";
    let mut items = deployment(1, 0);
    items.push(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop"},
        "involvedObject": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "namespace": "shop", "name": SET, "uid": SET},
        "reason": "FailedCreate", "message": message, "type": "Warning", "count": 9,
        "firstTimestamp": "2026-11-23T02:30:00Z", "lastTimestamp": "2026-11-23T02:40:00Z"}));
    items[1]["status"] = json!({"replicas": 0, "observedGeneration": 1});
    let service = |app: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"app": app}, "ports": [{"port": 443, "protocol": "TCP"}]}})
    };
    items.push(service("web"));
    let told = diagnose(&items).incidents.into_iter().find(|i| i.root.code == Code::WebhookUnreachable);
    assert_eq!(told.map(|incident| incident.loops.len()), Some(1));
    // Somebody else serves it: that one is down, and nothing goes around.
    *items.last_mut().unwrap() = service("guard");
    let told = diagnose(&items).incidents.into_iter().find(|i| i.root.code == Code::WebhookUnreachable);
    assert_eq!(told.map(|incident| incident.loops.len()), Some(0));
}

#[test]
fn what_outlived_its_former_lives_recovers_and_then_is_over() {
    let course = |restarts, since, life, now: &str| {
        let mut items = deployment(1, 1);
        items.push(pod("bcdfg", &killed(restarts, true, since, life)));
        items.push(capture(now));
        diagnose(&items).incidents.first().map(|incident| incident.course)
    };
    let minute = ("2026-11-23T02:00:00Z", "2026-11-23T02:01:00Z");
    // Ready again, and so it was before each of its ends.
    assert_ne!(course(40, "2026-11-23T02:02:00Z", minute, "2026-11-23T02:02:20Z"), Some(Course::Over));
    // Two days of health after one kill.
    let over = course(1, "2026-11-23T02:02:00Z", minute, "2026-11-25T02:02:00Z");
    assert!(over.is_none_or(|course| course == Course::Over), "{over:?}");
}

#[test]
fn what_is_meant_to_end_is_no_incident() {
    let running = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T01:00:10Z"}],
        "containerStatuses": [{"name": "app", "image": "shop/web:1", "ready": true, "restartCount": 0, "state": {"running": {"startedAt": "2026-11-23T01:00:05Z"}}}]});
    let event = |about: &Value, reason: &str, message: &str| {
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": message, "namespace": "shop"}, "involvedObject": about,
            "reason": reason, "message": message, "type": "Normal", "count": 1,
            "firstTimestamp": "2026-11-23T02:00:00Z", "lastTimestamp": "2026-11-23T02:00:00Z"})
    };
    let mut items = deployment(1, 1);
    // A debug container that somebody killed, in a pod that is well.
    let mut debugged = pod("bcdfg", &running);
    debugged["spec"]["ephemeralContainers"] = json!([{"name": "debugger", "image": "busybox"}]);
    debugged["status"]["ephemeralContainerStatuses"] = json!([{"name": "debugger", "image": "busybox", "ready": false, "restartCount": 0,
        "state": {"terminated": {"exitCode": 137, "reason": "Error", "startedAt": "2026-11-23T02:00:00Z", "finishedAt": "2026-11-23T02:05:00Z"}}}]);
    items.push(debugged);
    // A rollout's and a scale-down's kills, and a probe that failed while the pod was stopped.
    let gone = json!({"kind": "Pod", "namespace": "shop", "name": "web-5d8f7b6c94-zzzzz", "uid": "gone"});
    items.push(event(&gone, "Killing", "Stopping container app"));
    items.push(event(&gone, "Unhealthy", "Readiness probe failed: Get \"http://10.0.0.9:8080/\": dial tcp 10.0.0.9:8080: connect: connection refused"));
    let owner_of = json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web", "uid": "web"});
    items.push(event(&owner_of, "ScalingReplicaSet", "Scaled down replica set web-5d8f7b6c94 from 1 to 0"));
    // A Job that did its work, one try of it failed.
    items.push(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "import", "namespace": "shop", "uid": "import"},
        "spec": {"parallelism": 1, "completions": 1, "backoffLimit": 6},
        "status": {"succeeded": 1, "failed": 1, "conditions": [{"type": "Complete", "status": "True"}]}}));
    for (suffix, phase, code) in [("bcdfg", "Failed", 1), ("hjklm", "Succeeded", 0)] {
        items.push(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("import-{suffix}"), "namespace": "shop", "uid": suffix, "ownerReferences": owner("Job", "import")},
            "spec": {"nodeName": "n1", "restartPolicy": "Never", "containers": [{"name": "app", "image": "shop/import:1"}]},
            "status": {"phase": phase, "containerStatuses": [{"name": "app", "image": "shop/import:1", "ready": false, "restartCount": 0,
                "state": {"terminated": {"exitCode": code, "reason": if code == 0 { "Completed" } else { "Error" }}}}]}}));
    }
    let told: Vec<String> =
        diagnose(&items).incidents.iter().map(|i| format!("{} {}", i.root.code.as_str(), i.title)).collect();
    assert_eq!(told, [""; 0]);
}

/// A node short of memory, and pods on it that were evicted.
fn pressure(message: &str) -> Vec<Value> {
    let mut items = evictions(1, message);
    items.push(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "creationTimestamp": "2026-10-01T08:00:00Z"},
        "status": {"conditions": [
            {"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-11-23T02:31:00Z", "lastTransitionTime": "2026-10-01T08:00:00Z"},
            {"type": "MemoryPressure", "status": "True", "lastHeartbeatTime": "2026-11-23T02:31:00Z", "lastTransitionTime": "2026-11-23T02:29:50Z"}]}}));
    items
}

#[test]
fn a_node_short_of_memory_evicts_for_memory_alone() {
    let caused = |message: &str| {
        let report = diagnose(&pressure(message));
        report.incidents.iter().any(|incident| {
            incident.root.code == Code::NodePressure
                && incident.because.iter().any(|step| step.code == Code::PodEvicted)
        })
    };
    assert!(caused(NODE_SHORT));
    assert!(!caused(OWN_LIMIT));
    let told = first(&pressure(NODE_SHORT)).root.summary;
    assert!(told.contains("900Mi"), "{told}");
}

#[test]
fn who_took_a_quota_just_before_is_told_and_not_who_holds_most() {
    let holds = |name: &str, created: &str, amount: &str| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("{name}-0"), "namespace": "shop", "uid": name, "creationTimestamp": created,
                "ownerReferences": owner("StatefulSet", name)},
            "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "shop/app:1", "resources": {"requests": {"memory": amount}}}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let mut items = deployment(1, 0);
    items[1]["status"] = json!({"replicas": 0, "observedGeneration": 1});
    items.push(holds("ledger", "2026-10-02T08:00:00Z", "2Gi"));
    items.push(holds("index", "2026-11-23T02:20:00Z", "1000Mi"));
    items.push(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop"},
        "involvedObject": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "namespace": "shop", "name": SET, "uid": SET},
        "reason": "FailedCreate", "type": "Warning", "count": 3,
        "message": "Error creating: pods \"web-6f5b7c9d8-x2k4p\" is forbidden: exceeded quota: team, requested: requests.memory=300Mi, used: requests.memory=3048Mi, limited: requests.memory=3Gi",
        "firstTimestamp": "2026-11-23T02:30:00Z", "lastTimestamp": "2026-11-23T02:40:00Z"}));
    let mut out = Intake::default();
    let list = |kind: &str, items: Vec<&Value>| json!({"apiVersion": "v1", "kind": kind, "metadata": {"resourceVersion": "1"}, "items": items});
    let pods = list("PodList", items.iter().filter(|item| item["kind"] == "Pod").collect()).to_string();
    let rest = list("List", items.iter().filter(|item| item["kind"] != "Pod").collect()).to_string();
    intake::read(RawRecord { path: "objects/pods/shop.json", bytes: pods.as_bytes() }, &mut out);
    intake::read(RawRecord { path: "rest.json", bytes: rest.as_bytes() }, &mut out);
    let report =
        engine::diagnose(&out.finish().0, &engine::report::Options { all: true, ..Default::default() });
    let quota =
        report.incidents.iter().find(|i| i.root.code == Code::QuotaExceeded).expect("the quota is told");
    assert!(quota.root.summary.contains("StatefulSet shop/index took 1000Mi"), "{}", quota.root.summary);
}

#[test]
fn a_taint_that_evicts_and_refuses_is_one_incident() {
    let mut items = deployment(1, 0);
    for workload in &mut items {
        workload["spec"]["template"]["spec"]["nodeName"] = json!("n1");
    }
    let mut node = capture("2026-11-23T03:00:00Z");
    node["spec"] = json!({"taints": [{"key": "maintenance", "value": "true", "effect": "NoExecute"}]});
    items.push(node);
    items.push(pod("bcdfg", &json!({"phase": "Failed", "reason": "TaintToleration", "message": "Predicate TaintToleration failed"})));
    items.push(json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": format!("{SET}-bcdfg")}, "type": "Normal",
        "reason": "TaintManagerEviction", "message": format!("Marking for deletion Pod shop/{SET}-bcdfg"),
        "firstTimestamp": "2026-11-23T02:59:00Z", "lastTimestamp": "2026-11-23T02:59:00Z", "count": 1}));
    let report = diagnose(&items);
    let roots: Vec<Code> = report.incidents.iter().map(|incident| incident.root.code).collect();
    assert_eq!(roots, [Code::TaintEviction]);
    let steps: Vec<Code> = report.incidents[0].because.iter().map(|step| step.code).collect();
    assert!(steps.contains(&Code::PodRejected) && steps.contains(&Code::WorkloadUnavailable), "{steps:?}");
}

#[test]
fn services_that_a_lost_node_leaves_short_are_of_its_incident() {
    let mut items = deployment(2, 1);
    let ready = |status: &str| {
        json!({"phase": "Running", "conditions": [{"type": "Ready", "status": status,
        "lastTransitionTime": "2026-11-23T02:50:00Z"}]})
    };
    items.push(pod("bcdfg", &ready("False")));
    let mut well = pod("hjklm", &ready("True"));
    well["spec"]["nodeName"] = json!("n2");
    items.push(well);
    let mut node = capture("2026-11-23T02:49:00Z");
    node["status"]["conditions"][0]["status"] = json!("Unknown");
    node["status"]["conditions"][0]["reason"] = json!("NodeStatusUnknown");
    node["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-11-23T02:50:00Z");
    items.push(node);
    items.push(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP"}]}}),
    );
    items.push(json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": false}}, {"addresses": ["10.0.0.2"], "conditions": {"ready": true}}]}));
    let report = diagnose(&items);
    assert_eq!(report.incidents.len(), 1, "{:#?}", report.incidents);
    assert_eq!(report.incidents[0].root.subject.name.as_ref(), "n1");
    assert!(report.incidents[0].because.iter().any(|step| step.code == Code::ServiceShort));
}

#[test]
fn what_a_scanner_has_no_room_for_is_a_gap() {
    let log = |at| format!("ERROR dial tcp 10.0.{}.{}:80: connect: connection refused\n", at / 250, at % 250);
    let head = "I1123 05:08:06.000000    1234 eviction_manager.go:627]";
    let journal =
        |at| format!("{head} \"Eviction manager: pod is evicted successfully\" pod=\"shop/web-{at}\"\n");
    let told = |path: &str, text: String| {
        let mut out = Intake::default();
        intake::read(RawRecord { path, bytes: text.as_bytes() }, &mut out);
        let why = |gap: &Gap| match &gap.why {
            Why::Truncated(why) => why.to_string(),
            other => format!("{other:?}"),
        };
        out.finish().0.gaps().iter().map(why).collect::<Vec<_>>()
    };
    let left =
        |lines| format!("it says more different things than are kept: {lines} of its lines do not count");
    assert_eq!(told("pods/shop/web/app.log", (0..2000).map(log).collect()), [left(1744)]);
    assert_eq!(told("nodes/n1/kubelet.log", (0..2000).map(journal).collect()), [left(1488)]);
    assert_eq!(told("nodes/n1/kubelet.log", (0..100).map(journal).collect()), [""; 0]);
}
