//! Lines of the kubelet, and of what talks to the API server as it does.

use super::claim::{ApiCall, ApiTrouble, KubeletFailure, NodeClaim};
use super::patterns::{Family, Said};
use super::record::Record;
use crate::Text;
use crate::scan::message::text::{after, between, has, has_any, keep, until, word};
use crate::scan::message::{NetworkError, ProbeKind, unreached};

/// Source: pkg/kubelet, cmd/kubelet, client-go (1.13 to 1.36; the older wordings are klog's unstructured ones).
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: socket,
        literals: &[
            "containerd.sock",
            "crio.sock",
            "dockershim.sock",
            "cri-dockerd.sock",
            "docker.sock",
            "GenericPLEG: Unable to retrieve pods",
            "Container runtime socket",
            "runtime sanity check failed",
            "Status from runtime service failed",
        ],
    },
    Family { read: pleg, literals: &["PLEG is not healthy", "PLEG: ", "pleg was last seen active"] },
    Family { read: skipping, literals: &["kipping pod synchronization"] },
    Family {
        read: network,
        literals: &[
            "NetworkReady=false",
            "cni config uninitialized",
            "cni plugin not initialized",
            "NetworkPluginNotReady",
        ],
    },
    Family { read: not_ready, literals: &["Node became not ready"] },
    Family { read: sync, literals: &["rror syncing pod", "CreatePodSandbox for pod failed"] },
    Family {
        read: volumes,
        literals: &[
            "nmounted volumes=",
            "MountVolume.SetUp failed",
            "MountVolume.MountDevice failed",
            "AttachVolume.Attach failed",
            "Unable to attach or mount volumes",
        ],
    },
    Family { read: pull, literals: &["PullImage from image service failed", "Failed to pull image"] },
    Family { read: eviction, literals: &["viction manager: ", "eviction manager: "] },
    Family {
        read: api,
        literals: &[
            "rror updating node status",
            "nable to update node status",
            "nable to register node",
            "ailed to ensure lease exists",
            "ailed to update lease",
            "ailed to update node lease",
            "failed to ensure node lease",
            "ailed to list *",
            "ailed to watch *",
            "Failed to contact API server",
            "Error getting node",
            "Unable to write event",
        ],
    },
    Family {
        read: certificate,
        literals: &[
            "certificate has expired",
            "certificate is expired",
            "client certificate has expired",
            "is expired: ",
            "x509: ",
            "not yet valid",
        ],
    },
    Family {
        read: started,
        literals: &[
            "Started kubelet",
            "Starting kubelet main sync loop",
            "Kubelet version",
            "Started Kubelet",
        ],
    },
    Family {
        read: failed,
        literals: &[
            "command failed",
            "failed to run Kubelet",
            "Failed to run kubelet",
            "failed to load kubelet config file",
            "Fatal error: Container runtime",
            "failed to validate kubelet configuration",
        ],
    },
    Family { read: system_oom, literals: &["System OOM encountered", "Got sys oom event", "sys oom"] },
    Family { read: probe, literals: &["Probe failed", "robe failed", "robe errored", "robe for \""] },
    Family {
        read: killing,
        literals: &["Killing container with a grace period", "Killing container \"", "Killing unwanted"],
    },
    Family {
        read: hook,
        literals: &["reStop hook failed", "reStop hook not completed", "ostStart hook failed", "hook failed"],
    },
    Family {
        read: images,
        literals: &[
            "mage garbage collection failed",
            "over the high threshold",
            "Failed to garbage collect required amount",
        ],
    },
    Family {
        read: slow,
        literals: &["Housekeeping took longer than", "Housekeeping took ", "Event channel is full, discard"],
    },
];

/// Literal and what it stands for, in order of preference.
fn how(text: &str) -> Option<&'static str> {
    const TABLE: &[(&str, &str)] = &[
        ("unknown service runtime.v1", "unimplemented"),
        ("no such file or directory", "missing"),
        ("connection refused", "refused"),
        ("permission denied", "denied"),
        ("DeadlineExceeded", "timeout"),
        ("deadline exceeded", "timeout"),
        ("timed out", "timeout"),
        ("unresponsive", "timeout"),
    ];
    TABLE.iter().find(|(literal, _)| has(text, literal)).map(|(_, how)| *how)
}

fn socket(record: &Record, said: &mut Said) {
    let error = record.error();
    let error =
        if has_any(&error, &["rpc error", "dial unix", "context deadline"]) { &*error } else { record.text };
    // Calls about one pod or image may take too long by themselves.
    let of_one = [
        "RunPodSandbox",
        "PullImage",
        "StartContainer",
        "CreateContainer",
        "ExecSync",
        "StopContainer",
        "StopPodSandbox",
    ];
    // At its start cAdvisor knocks at the socket of every runtime that there is (container/*/register), most of which no
    // node has.
    if has(record.text, "container factory failed") {
        return;
    }
    let Some(how) = how(error) else { return };
    if how == "timeout" && has_any(record.text, &of_one) {
        return;
    }
    // Lines of what the lesson made up, and nothing else, speak of it so.
    said.unusual |=
        has_any(record.text, &["connection to containerd.sock timed out", "socket completely unresponsive"]);
    said.detail(NodeClaim::RuntimeUnreachable { how }, error);
}

fn pleg(record: &Record, said: &mut Said) {
    if has_any(
        record.text,
        &["PLEG is not healthy", "pleg was last seen active", "PLEG: container runtime is down"],
    ) {
        said.detail(NodeClaim::PlegUnhealthy, &record.error());
    }
}

fn skipping(record: &Record, said: &mut Said) {
    said.detail(NodeClaim::SyncSkipped, &record.error());
}

fn network(record: &Record, said: &mut Said) {
    let text = record.get("networkReady").unwrap_or_else(|| record.error());
    said.detail(NodeClaim::NetworkNotReady, &text);
}

fn not_ready(record: &Record, said: &mut Said) {
    // `condition={"type":"Ready","status":"False",…,"reason":"KubeletNotReady","message":"…"}`
    let field = |name: &str| between(record.text, name, "\"").unwrap_or("");
    let reason = field("\"reason\":\"");
    said.detail(NodeClaim::NotReady { reason: keep(reason) }, field("\"message\":\""));
}

/// `failed to "StartContainer" for "web" with CrashLoopBackOff: "…"`, and `CreatePodSandbox for pod failed`.
fn sync(record: &Record, said: &mut Said) {
    let error = record.error();
    let pod = pod(record);
    if has(record.text, "CreatePodSandbox for pod failed") {
        said.detail(NodeClaim::SandboxFailed { pod }, &error);
        return;
    }
    // Old: `Error syncing pod <uid> ("name_namespace(uid)"), skipping: failed to …`.
    let rest = after(&error, "failed to \"").unwrap_or("");
    let mut parts = rest.split('"');
    let (step, object) = (parts.next().unwrap_or(""), parts.nth(1).unwrap_or(""));
    let reason = after(rest, "\" with ").map_or("", |rest| word(rest));
    if step.is_empty() {
        if !has_any(&error, &["nmounted volumes=", "etwork is not ready"]) {
            said.detail(
                NodeClaim::PodSyncFailed { pod, step: "".into(), container: None, reason: "".into() },
                &error,
            );
        }
        return;
    }
    if step == "CreatePodSandbox" {
        said.detail(NodeClaim::SandboxFailed { pod }, &error);
        return;
    }
    let container = step.ends_with("Container").then(|| keep(object));
    said.detail(NodeClaim::PodSyncFailed { pod, step: keep(step), container, reason: keep(reason) }, &error);
}

/// The pod of a line: its field, else `pod "name_namespace(uid)"` of old.
fn pod(record: &Record) -> Text {
    if let Some(pod) = record.get("pod") {
        return keep(&pod);
    }
    let old = between(record.text, "(\"", "(").or_else(|| between(record.text, "pod \"", "\""));
    let old = old.map(|name| until(name, "(")).unwrap_or("");
    match old.split_once('_') {
        Some((name, namespace)) => keep(&format!("{namespace}/{name}")),
        None => "".into(),
    }
}

fn container(record: &Record) -> Text {
    let name = record.get("containerName").map(|name| keep(&name));
    // Old: `Killing container "docker://… " with …`, `probe for "pod_ns(uid):web" failed`.
    name.or_else(|| between(record.text, "):", "\"").map(keep)).unwrap_or_else(|| "".into())
}

fn volumes(record: &Record, said: &mut Said) {
    said.detail(NodeClaim::VolumesFailed { pod: pod(record) }, &record.error());
}

fn pull(record: &Record, said: &mut Said) {
    let image = record.get("image").map(|image| keep(&image));
    let image = image.or_else(|| between(record.text, "Failed to pull image \"", "\"").map(keep));
    said.detail(NodeClaim::ImagePullFailed { image: image.unwrap_or_else(|| "".into()) }, &record.error());
}

/// pkg/kubelet/eviction/eviction_manager.go: structured since 1.22, lower case and unstructured before.
fn eviction(record: &Record, said: &mut Said) {
    let text = record.text;
    let resource = || {
        let field = record.get("resourceName").map(|name| keep(&name));
        field.or_else(|| after(text, "reclaim ").map(|rest| keep(word(rest)))).unwrap_or_else(|| "".into())
    };
    if has_any(text, &["attempting to reclaim", "must evict pod(s) to reclaim"]) {
        said.add(NodeClaim::Evicting { resource: resource() });
    } else if has(text, "is evicted successfully") {
        let old = between(text, "pod ", " is evicted").unwrap_or("");
        let pod = pod(record);
        said.add(NodeClaim::Evicted { pod: if pod.is_empty() { keep(old) } else { pod } });
    } else if has(text, "unable to evict any pods") {
        said.add(NodeClaim::NothingToEvict);
    }
}

fn api(record: &Record, said: &mut Said) {
    let error = record.error();
    let why = trouble(&error);
    let text = record.text;
    let call = if has_any(text, &["node status", "getting node"]) {
        ApiCall::NodeStatus
    } else if has(text, "lease") {
        ApiCall::Lease
    } else if has(text, "register node") {
        ApiCall::Registration
    } else if has_any(text, &["list *", "watch *"]) {
        ApiCall::Watch
    } else {
        ApiCall::Other
    };
    // Somebody else changed the object first; it is tried again at once.
    if why != ApiTrouble::Conflict {
        said.detail(NodeClaim::ApiUnreachable { call, why }, &error);
    }
}

/// Why a call of the API server failed.
fn trouble(error: &str) -> ApiTrouble {
    if has(error, "the object has been modified") {
        return ApiTrouble::Conflict;
    }
    if has(error, "Unauthorized") {
        return ApiTrouble::Unauthorized;
    }
    if has(error, "is forbidden") {
        return ApiTrouble::Forbidden;
    }
    if let Some(found) = unreached(error) {
        return match found.how {
            NetworkError::Dns { .. } => ApiTrouble::Unresolved,
            NetworkError::Refused => ApiTrouble::Refused,
            NetworkError::Timeout => ApiTrouble::Timeout,
            NetworkError::Tls(_) | NetworkError::PlainHttp => ApiTrouble::Tls,
            _ => ApiTrouble::Network,
        };
    }
    if has_any(error, &["request timed out", "unable to return a response in the time", "timed out waiting"])
    {
        return ApiTrouble::Timeout;
    }
    if has_any(error, &["not found"]) {
        return ApiTrouble::NotFound;
    }
    ApiTrouble::Other
}

fn certificate(record: &Record, said: &mut Said) {
    // `http: TLS handshake error from …` is of a caller of the kubelet, and says nothing of the node.
    if has_any(
        record.text,
        &[
            "TLS handshake error from",
            "pull and unpack",
            "Failed to pull",
            "PullImage",
            "Probe failed",
            "webhook",
        ],
    ) {
        return;
    }
    if has_any(record.text, &["has expired", "is expired", "not yet valid"]) {
        said.detail(NodeClaim::CertificateInvalid, &record.error());
    }
}

fn started(record: &Record, said: &mut Said) {
    if record.may_be("kubelet") {
        said.add(NodeClaim::KubeletStarted);
    }
}

fn failed(record: &Record, said: &mut Said) {
    // `command failed` is how every component of component-base ends.
    if !record.may_be("kubelet") {
        return;
    }
    let error = record.error();
    const TABLE: &[(&str, KubeletFailure)] = &[
        ("unknown service runtime.v1", KubeletFailure::RuntimeApi),
        ("running with swap on", KubeletFailure::SwapOn),
        ("unning with swap on", KubeletFailure::SwapOn),
        ("kubelet config file", KubeletFailure::Config),
        ("cgroup v1", KubeletFailure::CgroupV1),
        ("cgroup driver", KubeletFailure::CgroupDriver),
        ("validate kubelet configuration", KubeletFailure::Config),
        ("bootstrap", KubeletFailure::Credentials),
        ("client CA file", KubeletFailure::Credentials),
        ("kubeconfig", KubeletFailure::Credentials),
        ("validate service connection", KubeletFailure::Runtime),
        ("dial unix", KubeletFailure::Runtime),
        ("ontainer runtime", KubeletFailure::Runtime),
        ("address already in use", KubeletFailure::PortInUse),
        ("no space left on device", KubeletFailure::NoSpace),
    ];
    let why =
        TABLE.iter().find(|(literal, _)| has(&error, literal)).map_or(KubeletFailure::Other, |(_, why)| *why);
    said.detail(NodeClaim::KubeletFailed { why }, &error);
}

fn system_oom(record: &Record, said: &mut Said) {
    // pkg/kubelet/oom: `System OOM encountered, victim process: <comm>, pid: <pid>`. No version says what it evicts.
    let process =
        between(record.text, "victim process: ", ",").or_else(|| between(record.text, "ProcessName:", " "));
    said.unusual |= has(record.text, "System OOM encountered, evicting");
    said.add(NodeClaim::SystemOom { process: keep(process.unwrap_or("")) });
}

fn probe(record: &Record, said: &mut Said) {
    // `Liveness probe for "web-1_shop(uid):web" failed (failure): …` before 1.19.
    let text = record.text;
    let told = record.get("probeType");
    let kind = match told
        .as_deref()
        .or_else(|| ["Liveness", "Readiness", "Startup"].into_iter().find(|k| has(text, k)))
    {
        Some("Liveness") => ProbeKind::Liveness,
        Some("Readiness") => ProbeKind::Readiness,
        Some("Startup") => ProbeKind::Startup,
        _ => return,
    };
    let pod = match record.get("pod") {
        Some(pod) => keep(&pod),
        None => match between(text, "probe for \"", "(").and_then(|name| name.split_once('_')) {
            Some((name, namespace)) => keep(&format!("{namespace}/{name}")),
            None => return,
        },
    };
    let output = record.get("output").unwrap_or_else(|| record.error());
    said.detail(NodeClaim::ProbeFailed { kind, pod, container: container(record) }, &output);
}

fn killing(record: &Record, said: &mut Said) {
    let grace =
        record.get("gracePeriod").or_else(|| record.get("graceperiod")).and_then(|grace| grace.parse().ok());
    let old = after(record.text, " with ").and_then(|rest| until(rest, " second").parse().ok());
    let claim = NodeClaim::Killing { pod: pod(record), container: container(record), grace: grace.or(old) };
    said.add(claim);
}

fn hook(record: &Record, said: &mut Said) {
    if has_any(record.text, &["reStop hook", "ostStart hook", "PostStartHook", "PreStopHook"]) {
        said.detail(
            NodeClaim::HookFailed { pod: pod(record), container: container(record) },
            &record.error(),
        );
    }
}

fn images(record: &Record, said: &mut Said) {
    if has(record.text, "over the high threshold") {
        let usage = record.get("usage").unwrap_or_default();
        said.detail(NodeClaim::DiskOverThreshold, &usage);
    } else if !has(record.text, "failed once. Stats initialization") {
        // The first one after a start is harmless.
        said.detail(NodeClaim::ImageGcFailed, &record.error());
    }
}

fn slow(_: &Record, said: &mut Said) {
    said.add(NodeClaim::Slow);
}
