//! `cargo xtask bench bundles [PODS…]`: whole diagnoses of clusters of that many pods, by the release program: as a support
//! bundle and as a must-gather, each as a folder and as `.tar.gz`, and as a must-gather in YAML.

use super::inputs::{block_yaml, pod};
use super::write;
use crate::{Failure, Outcome, place, run};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Pods of a namespace, of a workload, and about of a node.
const TOGETHER: usize = 500;
const REPLICAS: usize = 10;
const ON_A_NODE: usize = 30;
/// Beyond so many pods no YAML is written: it is ten times slower than JSON, and that is known at this size.
const YAML: usize = 10_000;

pub(super) fn run(sizes: &[String]) -> Outcome {
    let sizes: Vec<usize> = match sizes {
        [] => vec![1_000, 10_000],
        sizes => sizes.iter().map(|size| size.parse()).collect::<Result<_, _>>()?,
    };
    run::shown(&mut run::cargo(&["build", "--quiet", "--release", "--package", "coroner"]))?;
    println!("{:<48}{:>9}{:>9}{:>10}", "bundle", "MB", "wall s", "peak MiB");
    for pods in sizes {
        let folder = place::target().join("bench").join(format!("bundles-{pods}"));
        for layout in ["support-bundle", "must-gather"] {
            let size = written(&folder, layout, pods, &list)?;
            told(&format!("{pods} pods, {layout}, folder"), &folder.join(layout), size)?;
            let packed = folder.join(format!("{layout}.tar.gz"));
            let mut tar = run::program("tar", &["czf"]);
            tar.arg(&packed).arg("-C").arg(&folder).arg(layout);
            run::output(&mut tar)?;
            std::fs::remove_dir_all(folder.join(layout))?;
            told(&format!("{pods} pods, {layout}, .tar.gz"), &packed, size)?;
        }
        if pods <= YAML {
            let size = written(&folder, "must-gather", pods, &|_, items| block_yaml(items))?;
            told(&format!("{pods} pods, must-gather in YAML, folder"), &folder.join("must-gather"), size)?;
        }
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// Makes a text of a list of objects of a kind.
type Print<'p> = &'p dyn Fn(&str, &[Value]) -> String;

fn list(kind: &str, items: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": format!("{kind}List"), "metadata": {}, "items": items}).to_string()
}

/// Writes a cluster in a layout, and tells how many bytes it has.
fn written(folder: &Path, layout: &str, pods: usize, print: Print<'_>) -> Result<usize, Failure> {
    let folder = folder.join(layout);
    let nodes = pods.div_ceil(ON_A_NODE);
    let mut size = 0;
    let all: Vec<Value> = (0..nodes).map(node).collect();
    if layout == "must-gather" {
        for (number, node) in all.iter().enumerate() {
            let path = format!("q/cluster-scoped-resources/core/nodes/node-{number}.yaml");
            size += write(&folder, &path, &node.to_string())?;
        }
    } else {
        size += write(&folder, "cluster-resources/nodes.json", &print("Node", &all))?;
    }
    for namespace in 0..pods.div_ceil(TOGETHER) {
        for (kind, group, plural, items) in together(namespace, pods, nodes) {
            let path = match layout {
                "must-gather" => format!("q/namespaces/team-{namespace}/{group}/{plural}.yaml"),
                _ => format!("cluster-resources/{plural}/team-{namespace}.json"),
            };
            size += write(&folder, &path, &print(kind, &items))?;
        }
    }
    Ok(size)
}

/// Objects of one kind: the kind, the folder of its group in a must-gather, its plural, and the objects.
type Objects = (&'static str, &'static str, &'static str, Vec<Value>);

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What is in a namespace.
fn together(namespace: usize, pods: usize, nodes: usize) -> [Objects; 6] {
    let numbers = namespace * TOGETHER..pods.min((namespace + 1) * TOGETHER);
    let pod = |number: usize| {
        let mut pod = pod(number);
        pod["metadata"]["namespace"] = json!(format!("team-{namespace}"));
        pod["spec"]["nodeName"] = json!(format!("node-{}", number % nodes));
        pod
    };
    let pods: Vec<Value> = numbers.map(pod).collect();
    let workloads = || pods.chunks(REPLICAS).filter_map(|replicas| Some((replicas.first()?, replicas)));
    let metadata = |pod: &Value, name: &Value| {
        json!({"name": name, "namespace": pod["metadata"]["namespace"], "uid": format!("{}-{}", text(name), text(&pod["metadata"]["uid"])),
            "creationTimestamp": "2026-11-23T03:00:00Z", "labels": {"app": pod["metadata"]["labels"]["app"]}})
    };
    let is_ready = |pod: &Value| pod["status"]["containerStatuses"][0]["ready"] == json!(true);
    let status = |replicas: &[Value]| {
        let ready = replicas.iter().filter(|pod| is_ready(pod)).count();
        json!({"observedGeneration": 1, "replicas": replicas.len(), "updatedReplicas": replicas.len(),
            "readyReplicas": ready, "availableReplicas": ready})
    };
    let workload = |(pod, replicas): (&Value, &[Value]), kind: &str, name: &Value| {
        let labels = &pod["metadata"]["labels"];
        let template = json!({"metadata": {"labels": labels}, "spec": {"containers": pod["spec"]["containers"],
            "restartPolicy": "Always", "serviceAccountName": "default", "tolerations": pod["spec"]["tolerations"]}});
        json!({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata(pod, name),
            "spec": {"replicas": replicas.len(), "selector": {"matchLabels": {"app": labels["app"]}}, "template": template},
            "status": status(replicas)})
    };
    let app = |pod: &Value| pod["metadata"]["labels"]["app"].clone();
    let deployments = workloads().map(|of| workload(of, "Deployment", &app(of.0))).collect();
    let sets = workloads().map(|of| {
        let owner = &of.0["metadata"]["ownerReferences"][0];
        let mut set = workload(of, "ReplicaSet", &owner["name"]);
        set["metadata"]["uid"] = owner["uid"].clone();
        set["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": app(of.0),
            "uid": metadata(of.0, &app(of.0))["uid"], "controller": true}]);
        set
    });
    let sets = sets.collect();
    let services = workloads().map(|(pod, _)| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(pod, &app(pod)), "spec": {"type": "ClusterIP",
            "clusterIP": "10.96.0.9", "selector": {"app": app(pod)}, "ports": [{"port": 80, "targetPort": 8080}]}})
    });
    let services = services.collect();
    let endpoints = workloads().map(|(pod, replicas)| {
        let [ready, not_ready] = [true, false].map(|wanted| {
            let those = replicas.iter().filter(|pod| is_ready(pod) == wanted);
            those
                .map(|pod| json!({"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"]}))
                .collect::<Vec<_>>()
        });
        json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata(pod, &app(pod)),
            "subsets": [{"addresses": ready, "notReadyAddresses": not_ready, "ports": [{"port": 8080}]}]})
    });
    let endpoints = endpoints.collect();
    let events = pods.iter().filter(|pod| !is_ready(pod)).map(|pod| {
        let about = &pod["metadata"];
        json!({"apiVersion": "v1", "kind": "Event", "metadata": metadata(pod, &json!(format!("{}.1", text(&about["uid"])))),
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": about["name"], "namespace": about["namespace"],
                "uid": about["uid"], "fieldPath": "spec.containers{app}"},
            "reason": "BackOff", "type": "Warning", "count": 40, "firstTimestamp": "2026-11-23T03:00:20Z",
            "lastTimestamp": "2026-11-23T05:01:00Z", "source": {"component": "kubelet"},
            "message": format!("Back-off restarting failed container app in pod {}", text(&about["name"]))})
    });
    let events = events.collect();
    [
        ("Pod", "core", "pods", pods),
        ("Deployment", "apps", "deployments", deployments),
        ("ReplicaSet", "apps", "replicasets", sets),
        ("Service", "core", "services", services),
        ("Endpoints", "core", "endpoints", endpoints),
        ("Event", "core", "events", events),
    ]
}

fn node(number: usize) -> Value {
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({"type": kind, "status": status, "reason": reason, "lastHeartbeatTime": "2026-11-23T05:01:00Z",
            "lastTransitionTime": "2026-11-20T03:00:00Z"})
    };
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": format!("node-{number}"), "uid": format!("{number:08x}-599e-4599-89d3-4cb759cc521c"),
            "creationTimestamp": "2026-11-20T03:00:00Z", "labels": {"kubernetes.io/os": "linux"}},
        "status": {"allocatable": {"cpu": "15890m", "memory": "64008168Ki", "pods": "110"},
            "conditions": [condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID"), condition("Ready", "True", "KubeletReady")],
            "nodeInfo": {"kubeletVersion": "v1.34.2", "containerRuntimeVersion": "containerd://2.0.5"}}})
}

/// Diagnoses it, and prints the best of a few runs.
fn told(what: &str, path: &Path, bytes: usize) -> Outcome {
    let mut best = (f64::INFINITY, 0);
    for _ in 0..3 {
        let (wall, peak) = once(path)?;
        best = (best.0.min(wall), best.1.max(peak));
    }
    println!("{what:<48}{:>9.0}{:>9.2}{:>10}", bytes as f64 / 1e6, best.0, best.1 >> 10);
    Ok(())
}

/// Seconds of one diagnosis, and the most memory that it was seen to hold, in KiB.
pub(super) fn once(path: &Path) -> Result<(f64, u64), Failure> {
    let start = Instant::now();
    let program = place::target().join("release/coroner");
    let mut command = std::process::Command::new(program);
    let mut child = command.args(["diagnose", "--from"]).arg(path).stdout(Stdio::null()).spawn()?;
    // Where Linux tells of a process.
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(done) = child.try_wait()? {
            let wall = start.elapsed().as_secs_f64();
            return if done.success() {
                Ok((wall, peak))
            } else {
                Err(format!("coroner ended with {done}").into())
            };
        }
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let held = told
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(held.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
}
