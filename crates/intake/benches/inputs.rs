//! Inputs that measurements read: pods, a log and a journal, made up and always the same.

use serde_json::{Value, json};

/// A pod as the API serves it; one in fifty is in a crash loop.
pub fn pod(n: usize) -> Value {
    let (app, hash) = (format!("app-{:04}", n / 10), format!("{:08x}", n / 10 * 2_654_435));
    let crashes = n.is_multiple_of(50);
    let state = if crashes {
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app"}})
    } else {
        json!({"running": {"startedAt": "2026-11-23T03:00:11Z"}})
    };
    let ended = json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-11-23T05:00:01Z",
        "finishedAt": "2026-11-23T05:00:09Z", "containerID": format!("containerd://{n:064x}")}});
    let condition = |kind: &str, good: bool| {
        json!({"type": kind, "status": if good { "True" } else { "False" }, "lastProbeTime": null,
            "lastTransitionTime": "2026-11-23T03:00:12Z"})
    };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("{app}-{hash}-{:05}", n % 100_000), "namespace": format!("team-{:02}", n / 100 % 40),
            "uid": format!("{n:08x}-ac2f-4511-817d-67b84c15efe7"), "resourceVersion": n.to_string(),
            "creationTimestamp": "2026-11-23T03:00:00Z", "labels": {"app": app, "pod-template-hash": hash, "tier": "web"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{app}-{hash}"),
                "uid": format!("{:08x}-f89e-40b2-8b6f-ddf7c545614d", n / 10), "controller": true}],
            "managedFields": [{"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:status": {"f:conditions": {".": {}, "k:{\"type\":\"Ready\"}": {".": {}, "f:status": {},
                    "f:type": {}}}, "f:containerStatuses": {}, "f:phase": {}, "f:podIP": {}}}}],
        },
        "spec": {
            "nodeName": format!("node-{:03}", n % 80), "restartPolicy": "Always", "serviceAccountName": "default",
            "terminationGracePeriodSeconds": 30, "schedulerName": "default-scheduler",
            "containers": [{
                "name": "app", "image": format!("registry.example/team/{app}:v1.2"), "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/server", "--port=8080", "--verbose"],
                "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "DB", "value": "postgres://db.shop:5432/shop"}],
                "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "timeoutSeconds": 1,
                    "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
                "volumeMounts": [{"name": format!("kube-api-access-{n:05}"), "readOnly": true,
                    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
            }],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": 300}],
            "volumes": [{"name": format!("kube-api-access-{n:05}"), "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}],
        },
        "status": {
            "phase": "Running", "podIP": format!("10.1.{}.{}", n / 250 % 250, n % 250), "hostIP": "10.0.0.7",
            "startTime": "2026-11-23T03:00:02Z", "qosClass": "Burstable",
            "conditions": [condition("Initialized", true), condition("Ready", !crashes),
                condition("ContainersReady", !crashes), condition("PodScheduled", true)],
            "containerStatuses": [{"name": "app", "ready": !crashes, "restartCount": if crashes { 12 } else { 0 },
                "containerID": format!("containerd://{n:064x}"), "image": "registry.example/team/app",
                "state": state, "lastState": if crashes { ended } else { json!({}) }}],
        },
    })
}

/// A list in the style of kubectl: blocks, two spaces, lists in the column of their key.
pub fn block_yaml(pods: &[Value]) -> String {
    let mut out = "apiVersion: v1\nitems:\n".to_owned();
    for pod in pods {
        out.push_str("- ");
        block(pod, 2, &mut out);
    }
    out.push_str("kind: List\nmetadata:\n  resourceVersion: \"\"\n");
    out
}

/// Writes a value behind its key or dash; what goes on does so in that column.
fn block(value: &Value, column: usize, out: &mut String) {
    let pad = " ".repeat(column);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (at, (key, value)) in map.iter().enumerate() {
                let nested = match value {
                    Value::Object(map) => !map.is_empty(),
                    Value::Array(items) => !items.is_empty(),
                    _ => false,
                };
                out.push_str(if at == 0 { "" } else { &pad });
                out.push_str(&format!("{key}:{}", if nested { "\n" } else { " " }));
                match value {
                    Value::Object(map) if !map.is_empty() => {
                        out.push_str(&" ".repeat(column + 2));
                        block(value, column + 2, out);
                    }
                    Value::Array(_) => block(value, column, out),
                    _ => block(value, column, out),
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("{pad}- "));
                block(item, column + 2, out);
            }
        }
        Value::String(text) => {
            let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
                && !text.contains(": ")
                && text != "True"
                && text != "False";
            out.push_str(&if plain { format!("{text}\n") } else { format!("{value}\n") });
        }
        other => out.push_str(&format!("{other}\n")),
    }
}

/// The same pods as `kubectl describe` prints them, one after another, in a transcript.
pub fn described(pods: std::ops::Range<usize>) -> String {
    let mut out = "$ kubectl describe pods -A\n".to_owned();
    for n in pods {
        let (app, hash) = (format!("app-{:04}", n / 10), format!("{:08x}", n / 10 * 2_654_435));
        let crashes = n.is_multiple_of(50);
        let state = if crashes {
            "    State:          Waiting\n      Reason:       CrashLoopBackOff\n    Last State:     Terminated\n      Reason:       \
             Error\n      Exit Code:    1\n      Started:      Mon, 23 Nov 2026 05:00:01 +0000\n      Finished:     Mon, 23 Nov \
             2026 05:00:09 +0000\n    Ready:          False\n    Restart Count:  12\n"
        } else {
            "    State:          Running\n      Started:      Mon, 23 Nov 2026 03:00:11 +0000\n    Ready:          True\n    \
             Restart Count:  0\n"
        };
        let events = if crashes {
            "\n  Type     Reason   Age                  From     Message\n  ----     ------   ----                 ----     \
             -------\n  Warning  BackOff  2m (x530 over 2h)    kubelet  Back-off restarting failed container app in pod\n"
        } else {
            "                      <none>\n"
        };
        out.push_str(&format!(
            "Name:             {app}-{hash}-{:05}\nNamespace:        team-{:02}\nPriority:         0\nService Account:  default\n\
             Node:             node-{:03}/10.0.0.7\nStart Time:       Mon, 23 Nov 2026 03:00:02 +0000\nLabels:           app={app}\n\
             \x20                 pod-template-hash={hash}\n                  tier=web\nAnnotations:      <none>\nStatus:           \
             Running\nIP:               10.1.{}.{}\nControlled By:  ReplicaSet/{app}-{hash}\nContainers:\n  app:\n    Container ID:  \
             containerd://{n:064x}\n    Image:         registry.example/team/{app}:v1.2\n    Port:          8080/TCP\n    Command:\n\
             \x20     /bin/server\n      --port=8080\n{state}    Limits:\n      memory:  512Mi\n    Requests:\n      cpu:     100m\n\
             \x20     memory:  256Mi\n    Liveness:  http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 \
             #failure=3\n    Environment:\n      LOG_LEVEL:  info\n      DB:         postgres://db.shop:5432/shop\n    Mounts:\n\
             \x20     /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-{n:05} (ro)\nConditions:\n  Type              \
             Status\n  Initialized       True \n  Ready             {}\n  PodScheduled      True \nVolumes:\n  \
             kube-api-access-{n:05}:\n    Type:                    Projected (a volume that contains injected data from multiple \
             sources)\n    TokenExpirationSeconds:  3607\nQoS Class:                   Burstable\nNode-Selectors:              <none>\n\
             Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s\nEvents:{events}\n\n",
            n % 100_000,
            n / 100 % 40,
            n % 80,
            n / 250 % 250,
            n % 250,
            if crashes { "False " } else { "True " },
        ));
    }
    out
}

/// A service's log: requests, now and then an error with its trace.
pub fn log() -> String {
    let mut out = String::new();
    for n in 0..120_000 {
        let time =
            format!("2026-11-23T{:02}:{:02}:{:02}.{:03}Z", n / 3600 % 24, n / 60 % 60, n % 60, n % 1000);
        out.push_str(&match n % 400 {
            0 => format!("{time} ERROR dial tcp 10.0.{}.7:5432: connect: connection refused\n\tat shop.Pool.get(Pool.java:41)\n", n % 250),
            1 => format!("{time} WARN slow query took {} ms\n", n % 5000),
            _ => format!("{time} INFO GET /cart/{n} 200 {} bytes in {} ms user={}\n", n % 9000, n % 80, n % 777),
        });
    }
    out
}

/// A node's journal: mostly the kubelet's chatter.
pub fn journal() -> String {
    let mut out = String::new();
    for n in 0..80_000_usize {
        let (minute, second, micro) = (n / 60 % 60, n % 60, n % 1_000_000);
        let head = format!("Nov 23 03:{minute:02}:{second:02} worker-1 kubelet[2173]: ");
        let klog = |level: char| format!("{level}1123 03:{minute:02}:{second:02}.{micro:06}    2173");
        out.push_str(&match n % 500 {
            0 => format!("{head}{} pod_workers.go:1301] \"Error syncing pod, skipping\" err=\"failed to \\\"StartContainer\\\" for \\\"app\\\" with CrashLoopBackOff\" pod=\"team-1/app-{}\" podUID=\"{n:08x}\"\n", klog('E'), n % 90),
            _ => format!("{head}{} kubelet.go:2542] \"SyncLoop (PLEG): event for pod\" pod=\"team-1/app-{}\" event={{\"ID\":\"{n:08x}\",\"Type\":\"ContainerStarted\",\"Data\":\"{n:064x}\"}}\n", klog('I'), n % 90),
        });
    }
    out
}
