//! Secrets planted in every form that is read: none of them stands in any form that is printed.

use crate::{OUTPUTS, diagnose, printed};

/// Values that may not be printed, each in a sentence as programs write it.
const PLANTED: &[(&str, &str)] = &[
    (
        "pl4nted-url-word",
        "cannot connect to postgres://app:pl4nted-url-word@db-main.shop:5432/orders: connection refused",
    ),
    ("pl4ntedBearer0123456789", "request failed: Authorization: Bearer pl4ntedBearer0123456789"),
    ("pl4nted.c2ln", "token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.pl4nted.c2ln is expired"),
    ("AKIAPL4NTED234567890", "credentials AKIAPL4NTED234567890 were refused"),
    ("pl4nted/aws+key0123456789", "aws_secret_access_key=pl4nted/aws+key0123456789 refused"),
    ("cGw0bnRlZDpiYXNpYw==", "proxy said no to Authorization: Basic cGw0bnRlZDpiYXNpYw=="),
    ("pl4nted-word", "login failed with password=pl4nted-word"),
    ("pl4nted-json", r#"bad config {"user":"app","password":"pl4nted-json"}"#),
    ("pl4nted-redis", "dial redis://:pl4nted-redis@cache-main.shop:6379/0: i/o timeout"),
    ("pl4nted-query", "GET https://blob.example/x?sig=pl4nted-query&se=1 failed"),
];

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpl4ntedkeymaterial\nAAAApl4ntedkeymaterial\n-----END RSA PRIVATE KEY-----";

pub(crate) fn pod(says: &str) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "shop", "uid": "u1", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": says, "kubernetes.io/config.hash": says}},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "app:1",
            "command": ["app", "--db", says], "args": ["--token", "pl4nted-word", says],
            "env": [{"name": "DB_PASSWORD", "value": "pl4nted-word"}, {"name": "DB_URL", "value": says}],
            "livenessProbe": {"exec": {"command": ["sh", "-c", says]}}}]},
        "status": {"phase": "Running", "message": says, "containerStatuses": [{"name": "app", "ready": false, "restartCount": 7,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": says}},
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": says, "finishedAt": "2026-11-23T04:51:50Z"}}}]}
    })
}

fn event(says: &str) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "shop"}, "type": "Warning",
        "involvedObject": {"kind": "Pod", "name": "web-0", "namespace": "shop", "uid": "u1"}, "reason": "Failed",
        "message": format!("Error: failed to start container \"app\": {says}"), "count": 3, "lastTimestamp": "2026-11-23T04:51:50Z"
    })
}

/// Each form of input that holds a sentence.
pub(crate) fn inputs(says: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(says).expect("text");
    let log = format!(
        "starting\n2026-11-23T04:50:50Z ERROR {says}\n2026-11-23T04:50:51Z FATAL cannot go on: {says}\n{says}\n"
    );
    let broken = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": {"a": says}, "namespace": [says]}, "spec": says});
    let kept = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": says}},
            "data": {"password": "pl4nted-word", "b": 7}, "stringData": {"password": says}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": "shop"}, "data": {"app.conf": says}}, pod(says)]});
    let pod_and_event =
        serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [pod(says), event(says)]});
    let describe = format!(
        "Name:  web-0\nNamespace:  shop\nAnnotations:  note: {says}\nContainers:\n  app:\n    Image:  app:1\n    Command:\n      app\n      {says}\n    Args:\n      --token\n      pl4nted-word\n      {says}\n    State:  Waiting\n      Reason:  CrashLoopBackOff\n    Last State:  Terminated\n      Reason:  Error\n      Message:  {says}\n      Exit Code:  1\n    Liveness:  exec [sh -c {says}] delay=1s timeout=1s period=1s #success=1 #failure=3\n    Environment:\n      DB_PASSWORD:  pl4nted-word\n      DB_URL:  {says}\nEvents:\n  Type     Reason  Age  From     Message\n  ----     ------  ---  ----     -------\n  Warning  Failed  2m   kubelet  Error: failed to start container \"app\": {says}\n"
    );
    let entry = |line: &str| {
        format!(
            "{{\"__CURSOR\":\"a\",\"__REALTIME_TIMESTAMP\":\"1795409450773000\",\"_HOSTNAME\":\"n1\",\"SYSLOG_IDENTIFIER\":\"kubelet\",\"MESSAGE\":{}}}\n",
            serde_json::to_string(line).expect("text")
        )
    };
    let klog = format!(
        "E1123 04:50:52.100000     115 pod_workers.go:1301] \"Error syncing pod, skipping\" err={} pod=\"shop/web-0\" podUID=\"u1\"",
        serde_json::to_string(&format!("failed to \"StartContainer\" for \"app\": {says}")).expect("text")
    );
    let docker: String = log
        .lines()
        .map(|line| {
            format!(
                "{{\"log\":{},\"stream\":\"stderr\",\"time\":\"2026-11-23T04:50:50.1Z\"}}\n",
                serde_json::to_string(&format!("{line}\n")).expect("text")
            )
        })
        .collect();
    let cri: String = log.lines().map(|line| format!("2026-11-23T04:50:50.1Z stderr F {line}\n")).collect();
    let dead = serde_json::to_string(&pod("see its log")).expect("JSON");
    let crash = "$ kubectl describe pod web-0 -n shop\nName:  web-0\nNamespace:  shop\nStatus:  Running\nContainers:\n  app:\n    Image:  app:1\n    State:  Waiting\n      Reason:  CrashLoopBackOff\n    Last State:  Terminated\n      Reason:  Error\n      Exit Code:  1\n    Ready:  False\n    Restart Count:  7\nEvents:  <none>\n";
    // A file of the container that ended, as `tail` shows it.
    let of_file = |text: &str| {
        format!("{crash}$ tail -n 100 logs/shop/web-0/app.log\n==> logs/shop/web-0/app.log <==\n{text}")
    };
    let records = format!(
        "{{\"level\":\"error\",\"ts\":\"2026-11-23T04:50:50Z\",\"msg\":\"x\",\"error\":{quoted}}}\n{{\"level\":\"fatal\",\"ts\":\"2026-11-23T04:50:50Z\",\"msg\":{quoted}}}\n"
    );
    let several: String = log.lines().map(|line| format!("[pod/web-0/app] {line}\n")).collect();
    vec![
        ("objects", pod_and_event.to_string()),
        ("objects over lines", serde_json::to_string_pretty(&pod_and_event).expect("JSON")),
        ("secrets", kept.to_string()),
        ("broken objects", broken.to_string()),
        (
            "YAML",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\nstringData:\n  password: pl4nted-word\n  url: {quoted}\n---\n{}\n",
                pod(says)
            ),
        ),
        ("describe", format!("$ kubectl describe pod web-0 -n shop\n{describe}")),
        ("describe alone", describe),
        (
            "describe of values",
            format!(
                "$ kubectl describe configmap app -n shop\nName:  app\nNamespace:  shop\n\nData\n====\napp.conf:\n----\n{says}\n\nEvents:  <none>\n"
            ),
        ),
        (
            "events",
            format!(
                "$ kubectl get events -n shop\nLAST SEEN   TYPE      REASON   OBJECT      MESSAGE\n2m          Warning   Failed   pod/web-0   Error: failed to start container \"app\": {says}\n"
            ),
        ),
        ("logs", format!("{crash}$ kubectl logs web-0 -n shop --previous\n{log}")),
        ("a log alone", log.clone()),
        ("a file", of_file(&log)),
        ("the runtime's file", of_file(&cri)),
        ("Docker's file", of_file(&docker)),
        ("records", of_file(&records)),
        ("several pods", format!("{crash}$ kubectl logs -l app=web -n shop --prefix\n{several}")),
        (
            "a journal",
            format!(
                "Nov 23 04:50:52.1 n1 kubelet[115]: {klog}\nNov 23 04:50:53.1 n1 containerd[1]: time=\"2026-11-23T04:50:53Z\" level=error msg={quoted}\n"
            ),
        ),
        ("klog", format!("{klog}\n")),
        ("a journal in JSON", entry(&klog)),
        (
            "an exported journal",
            format!(
                "__CURSOR=a\n__REALTIME_TIMESTAMP=1795409450773000\n_HOSTNAME=n1\nSYSLOG_IDENTIFIER=kubelet\nMESSAGE={klog}\n\n"
            ),
        ),
        (
            "a unit",
            format!(
                "● kubelet.service - kubelet\n     Loaded: loaded\n     Active: failed (Result: exit-code)\n\nNov 23 04:50:52 n1 kubelet[115]: {klog}\n"
            ),
        ),
        (
            "kubectl's errors",
            format!(
                "$ kubectl get pods -n shop\nerror: {says}\n$ kubectl get nodes\nError from server (InternalError): {says}\n$ kubectl get svc\nNAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE\nweb    ClusterIP   10.0.0.1     <none>        80/TCP    5m\n"
            ),
        ),
        (
            "a dump",
            format!(
                "{dead}\n==== START logs for container app of pod shop/web-0 ====\n{log}==== END logs for container app of pod shop/web-0 ====\n"
            ),
        ),
    ]
}

#[test]
fn no_secret_is_printed() {
    let key = ("pl4ntedkeymaterial", KEY);
    let (mut hidden, mut hosts) = (0, 0);
    for (number, (secret, says)) in PLANTED.iter().copied().chain([key]).enumerate() {
        for (form, (name, input)) in inputs(says).into_iter().enumerate() {
            // Over all secrets every form of input meets every form of output.
            let output = OUTPUTS[(number + form) % OUTPUTS.len()];
            let text = printed(&diagnose(input.as_bytes(), output));
            for word in [secret, "pl4nted-word"] {
                assert!(!text.contains(word), "{name} {output:?}\n{input}\n{text}");
            }
            hidden += usize::from(text.contains("REDACTED"));
            hosts += usize::from(text.contains("db-main") && text.contains("5432"));
        }
    }
    // Else there would be nothing to hide: sentences are told, and what they say of hosts stays.
    assert!(hidden > 60 && hosts > 5, "{hidden} {hosts}");
}
