//! What all families share: each message finds its family, and nothing that is cut or spoilt breaks a reader.

use super::*;

/// Events as clusters write them: reason and message.
const EVENTS: &[(&str, &str)] = &[
    (
        "FailedScheduling",
        "0/4 nodes are available: 1 node(s) had untolerated taint {a.io/b: c}, 2 Insufficient cpu, 1 node(s) had taint {d: }, that the pod didn't tolerate. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
    ),
    ("FailedScheduling", r#"persistentvolumeclaim "data" bound to non-existent persistentvolume "pv""#),
    ("Scheduled", "Successfully assigned shop/web to worker-1"),
    ("Preempted", "Preempted by pod 1-2 on node worker-1"),
    ("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached"),
    (
        "Failed",
        r#"Failed to pull image "r.io/a:v9": rpc error: code = NotFound desc = failed to pull and unpack image "r.io/a:v9": failed to resolve reference "r.io/a:v9": r.io/a:v9: not found"#,
    ),
    (
        "Failed",
        r#"Failed to pull image "a": failed to do request: Head "https://r.io/v2/a/manifests/v9": dial tcp: lookup r.io on 10.0.0.2:53: no such host"#,
    ),
    (
        "Failed",
        r#"Failed to pull image "a": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=a: 403 Forbidden"#,
    ),
    ("Failed", "Error: ErrImagePull"),
    ("Failed", r#"Error: secret "db" not found"#),
    ("Failed", "Error: couldn't find key URL in ConfigMap shop/app"),
    (
        "Failed",
        r#"Error: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/x": stat /x: no such file or directory: unknown"#,
    ),
    (
        "Failed",
        r#"Error: container create failed: time="2026-01-01T00:00:00Z" level=error msg="runc create failed: exec: \"serve\": executable file not found in $PATH""#,
    ),
    ("BackOff", r#"Back-off pulling image "a:v9""#),
    ("BackOff", "Back-off restarting failed container web in pod web-1_shop(3c)"),
    ("FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (a, b); attempting"),
    ("InvalidEnvironmentVariableNames", "Keys [a-b] from the EnvFrom configMap shop/app were skipped"),
    (
        "Unhealthy",
        r#"Liveness probe failed: Get "http://10.0.0.1:80/x": net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x00\x00\x06\x04\x00""#,
    ),
    (
        "Unhealthy",
        r#"Readiness probe failed: timeout: failed to connect service "10.0.0.1:9555" within 1s: context deadline exceeded"#,
    ),
    (
        "Unhealthy",
        r#"Startup probe errored and resulted in failure state: rpc error: code = Unknown desc = failed to exec in container: failed to start exec "9f": OCI runtime exec failed: exec failed: unable to start container process: exec: "check": executable file not found in $PATH: unknown"#,
    ),
    ("Killing", "Container web failed liveness probe, will be restarted"),
    (
        "FailedKillPod",
        r#"error killing pod: failed to "KillContainer" for "web" with KillContainerError: "no""#,
    ),
    (
        "Evicted",
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi. Container app was using 3Ki, request is 0, has larger consumption of memory. ",
    ),
    ("Evicted", r#"Usage of EmptyDir volume "cache" exceeds the limit "20Mi". "#),
    ("OutOfcpu", "Node didn't have enough resource: cpu, requested: 4000, used: 3100, capacity: 4000"),
    ("SystemOOM", "System OOM encountered, victim process: java, pid: 4711"),
    ("OOMKilled", "Memory cgroup out of memory: Kill process 1234 (node) score 1500 or sacrifice child"),
    (
        "FailedCreatePodSandBox",
        r#"Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "b9": plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.2.1-10.244.2.14"#,
    ),
    ("FailedCreatePodSandBox", "10.244.1.7 has been allocated to 9f, duplicate allocation is not allowed"),
    ("SandboxChanged", "Pod sandbox changed, it will be killed and re-created."),
    ("FailedMount", r#"MountVolume.SetUp failed for volume "v" : references non-existent secret key: k"#),
    (
        "FailedMount",
        "Unable to attach or mount volumes: unmounted volumes=[a b], unattached volumes=[c]: error processing PVC shop/claim: PVC is being deleted",
    ),
    (
        "FailedAttachVolume",
        r#"Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a, b and 2 pod(s) in different namespaces"#,
    ),
    ("FailedBinding", r#"volume "pv-1" already bound to a different claim."#),
    ("VolumeMismatch", r#"Cannot bind to requested volume "pv-1": requested PV is too small"#),
    ("ProvisioningFailed", r#"storageclass.storage.k8s.io "fast" not found"#),
    (
        "FailedCreate",
        r#"Error creating: pods "web-5f-x2" is forbidden: exceeded quota: q, requested: cpu=1,pods=2, used: cpu=4,pods=1, limited: cpu=4,pods=2"#,
    ),
    (
        "FailedCreate",
        r#"Error creating: Internal error occurred: failed calling webhook "w.io": failed to call webhook: Post "https://hook.sys.svc:443/mutate?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused"#,
    ),
    (
        "FailedCreate",
        r#"create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: failed quota: q: must specify cpu for: a,b; memory for: a"#,
    ),
    ("ScalingReplicaSet", "Scaled down replica set web-5f from 3 to 0"),
    ("FailedGetResourceMetric", "missing request for cpu in container web of Pod web-x2"),
    ("BackoffLimitExceeded", "Job has reached the specified backoff limit"),
    ("Rebooted", "Node worker-1 has been rebooted, boot id: 0f-1a"),
    (
        "FreeDiskSpaceFailed",
        "failed to garbage collect required amount of images. Wanted to free 5000000000 bytes, but freed 0 bytes",
    ),
    ("LeaderElection", "a became leader"),
];

/// Messages of a node's condition Ready.
const NODE: &str = "[container runtime is down, PLEG is not healthy: pleg was last seen active 4m21.79s ago; threshold is 3m0s, container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:no, missing node capacity for resources: ephemeral-storage]";

/// Asks every reader, whatever the text is.
fn read_all(reason: &str, text: &str) {
    let _ = event(reason, Some("kubelet"), text);
    let _ = waiting("CreateContainerError", text);
    let _ = waiting("ImagePullBackOff", text);
    let _ = terminated("StartError", text);
    let _ = pod("OutOfcpu", text);
    let _ = condition("Node", "Ready", "False", "KubeletNotReady", text);
    let _ = condition("Pod", "PodScheduled", "False", "Unschedulable", text);
    let _ = condition("ReplicaSet", "ReplicaFailure", "True", "FailedCreate", text);
    let _ = sandbox_cause(text);
    let _ = probe_failure(text);
    let _ = eviction(text);
    let _ = network::read(text);
    let _ = storage::event("FailedMount", text);
    let _ = storage::event("FailedAttachVolume", text);
}

#[test]
fn each_message_finds_its_family() {
    for (reason, text) in EVENTS {
        assert_ne!(event(reason, None, text), Saying::Other, "{reason}: {text}");
        let combined = format!("(combined from similar events): {text}");
        assert_eq!(event(reason, None, &combined), event(reason, None, text), "{reason}: {text}");
    }
    assert_eq!(event("Unheard", None, "of"), Saying::Other);
}

#[test]
fn nothing_that_is_cut_breaks_a_reader() {
    for (reason, text) in EVENTS.iter().chain([("Ready", NODE)].iter()) {
        for (at, _) in text.char_indices() {
            read_all(reason, &text[..at]);
        }
        for (at, _) in text.char_indices().step_by(7) {
            read_all(reason, &text[at..]);
        }
    }
}

#[test]
fn nothing_that_is_spoilt_breaks_a_reader() {
    for (reason, text) in EVENTS {
        for spoil in ["é", "\u{1F980}", "\"", "\\", "[", "{", ": ", ", ", "\n", "99999999999999999999 "] {
            // in the place of each blank, and in the place of each quotation mark
            read_all(reason, &text.replace(' ', spoil));
            read_all(reason, &text.replace('"', spoil));
            read_all(reason, &text.replace(|c: char| c.is_ascii_digit(), spoil));
        }
    }
}

#[test]
fn the_length_of_a_message_costs_no_more_than_its_share() {
    // 4 MiB of what a reader would have to split: without a bound, this test does not end.
    for piece in
        ["1 Insufficient cpu, ", "Container a was using 1, ", "\"x\\\"", "rpc error: code = a desc = "]
    {
        let long = piece.repeat(4 * 1024 * 1024 / piece.len());
        for reason in ["FailedScheduling", "Evicted", "Failed", "FailedMount", "FailedCreate"] {
            let _ = event(reason, None, &long);
        }
    }
}

#[test]
fn two_controllers_share_a_reason() {
    let pod_text = "Pod was active on the node longer than the specified deadline";
    assert_eq!(
        event("DeadlineExceeded", Some("kubelet"), pod_text),
        Saying::Lifecycle(Lifecycle::DeadlineExceeded)
    );
    let job_text = "Job was active longer than specified deadline";
    assert_eq!(
        event("DeadlineExceeded", Some("job-controller"), job_text),
        Saying::JobFailed { reason: "DeadlineExceeded".into() }
    );
}

#[test]
fn refusals_name_their_pod() {
    let named = |text: &str| match event("FailedCreate", None, text) {
        Saying::CreateRefused { pod, .. } => pod,
        other => panic!("{other:?}"),
    };
    assert_eq!(named(r#"Error creating: pods "web-" is forbidden: no"#).as_deref(), Some("web-"));
    assert_eq!(
        named("create Pod db-0 in StatefulSet db failed error: etcdserver: leader changed").as_deref(),
        Some("db-0")
    );
    assert_eq!(named("Error creating: Unauthorized"), None);
}

#[test]
fn conditions() {
    let read = |kind, name, status, reason, text| condition(kind, name, status, reason, text);
    assert_eq!(
        read("Pod", "DisruptionTarget", "True", "PreemptionByScheduler", ""),
        Saying::Lifecycle(Lifecycle::Disrupted(Disruption::Preemption))
    );
    assert_eq!(
        read("Pod", "Ready", "False", "ContainersNotReady", "containers with unready status: [web]"),
        Saying::Lifecycle(Lifecycle::Unready { containers: vec!["web".into()] })
    );
    assert_eq!(
        read("Deployment", "Progressing", "False", "ProgressDeadlineExceeded", "has timed out progressing."),
        Saying::RolloutStuck
    );
    assert_eq!(
        read("Job", "Failed", "True", "BackoffLimitExceeded", ""),
        Saying::JobFailed { reason: "BackoffLimitExceeded".into() }
    );
    assert_eq!(
        read("Node", "DiskPressure", "True", "KubeletHasDiskPressure", ""),
        Saying::Node(NodeEvent::Pressure { resource: "disk" })
    );
    assert_eq!(read("Node", "DiskPressure", "False", "KubeletHasNoDiskPressure", ""), Saying::Benign);
    assert_eq!(read("Node", "Ready", "True", "KubeletReady", ""), Saying::Benign);
    assert_eq!(
        read("Node", "Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."),
        Saying::NodeNotReady { issues: vec![NodeIssue::StoppedPosting] }
    );
    assert!(matches!(
        read("Namespace", "NamespaceContentRemaining", "True", "SomeResourcesRemain", "pods. has 1"),
        Saying::Workload(Workload::NamespaceStuck { how: NamespaceStuck::Content, .. })
    ));
    assert_eq!(read("Widget", "Sprocketed", "True", "", ""), Saying::Other);
}

#[test]
fn ends() {
    assert_eq!(
        terminated(
            "ContainerStatusUnknown",
            "The container could not be located when the pod was terminated"
        ),
        Saying::Lifecycle(Lifecycle::EndUnknown)
    );
    assert_eq!(
        terminated(
            "ContainerCannotRun",
            r#"OCI runtime create failed: exec: "x": executable file not found in $PATH"#
        ),
        Saying::Start(Start::CommandNotFound { command: "x".into() })
    );
    assert_eq!(terminated("Completed", ""), Saying::Benign);
    assert_eq!(terminated("Error", "panic: x"), Saying::Other);
    assert_eq!(waiting("ContainerCreating", ""), Saying::Benign);
    assert_eq!(waiting("Unheard", "of"), Saying::Other);
}

#[test]
fn benign_reasons_are_in_order() {
    assert!(BENIGN.is_sorted());
    assert_eq!(event("NoPods", None, ""), Saying::Benign);
}
