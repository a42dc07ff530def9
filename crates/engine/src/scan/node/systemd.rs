//! Lines of systemd about units that matter to a node.

use super::claim::NodeClaim;
use super::patterns::{Family, Said};
use super::record::Record;
use crate::Text;
use crate::scan::message::text::{after, between, has, has_any, keep};

/// Source: `src/core/unit.c`, `src/core/service.c`, `src/core/job.c` (219 to 257).
pub(super) const FAMILIES: &[Family] = &[
    Family { read: started, literals: &["Started "] },
    Family { read: stopped, literals: &["Stopped ", "Stopping "] },
    Family { read: exited, literals: &["ain process exited, code="] },
    Family {
        read: failed,
        literals: &[
            "Failed with result '",
            " entered failed state",
            "Start request repeated too quickly",
            "start request repeated too quickly",
        ],
    },
    Family {
        read: restarts,
        literals: &[
            "Scheduled restart job",
            "holdoff time over, scheduling restart",
            "service hold-off time over",
        ],
    },
    Family { read: oom, literals: &["killed by the OOM killer"] },
];

/// Units that a node needs, by their name or a part of their description.
const KNOWN: &[(&str, &str)] = &[
    ("kubelet", "kubelet"),
    ("Kubelet", "kubelet"),
    ("containerd", "containerd"),
    ("cri-dockerd", "cri-docker"),
    ("CRI Interface for Docker", "cri-docker"),
    ("cri-docker", "cri-docker"),
    ("Docker Application Container Engine", "docker"),
    ("docker.service", "docker"),
    ("Open Container Initiative Daemon", "crio"),
    ("CRI-O", "crio"),
    ("crio.service", "crio"),
    ("Container Runtime Interface for OCI", "crio"),
    ("kube-proxy", "kube-proxy"),
    ("Kube-Proxy", "kube-proxy"),
    ("kube-apiserver", "kube-apiserver"),
    ("Kubernetes API Server", "kube-apiserver"),
    ("kube-scheduler", "kube-scheduler"),
    ("Kubernetes Scheduler", "kube-scheduler"),
    ("kube-controller-manager", "kube-controller-manager"),
    ("Kubernetes Controller Manager", "kube-controller-manager"),
    ("etcd", "etcd"),
    ("Etcd", "etcd"),
    ("k3s", "k3s"),
    ("Lightweight Kubernetes", "k3s"),
    ("rke2", "rke2"),
    ("flanneld", "flanneld"),
    ("snap.microk8s", "microk8s"),
    ("systemd-resolved", "systemd-resolved"),
    ("systemd-networkd", "systemd-networkd"),
    ("NetworkManager", "NetworkManager"),
];

/// The unit that a text names or describes; a container's own, `cri-containerd-<id>.scope - libcontainer container …`, is
/// none.
fn known(text: &str) -> Option<Text> {
    let is_scope = text.split([' ', ':']).next().is_some_and(|name| name.ends_with(".scope"));
    KNOWN.iter().find(|(part, _)| !is_scope && has(text, part)).map(|(_, unit)| (*unit).into())
}

/// The unit at the beginning of a line: `kubelet.service: …`, and `Unit kubelet.service …` of old.
fn named(text: &str) -> Option<Text> {
    let text = text.strip_prefix("Unit ").unwrap_or(text);
    let name = text.split([':', ' ']).next()?;
    let unit = name.strip_suffix(".service")?;
    (!unit.is_empty()).then(|| keep(unit))
}

fn is_systemd(record: &Record) -> bool {
    record.may_be("systemd")
}

fn started(record: &Record, said: &mut Said) {
    if let Some(rest) = record.text.strip_prefix("Started ").filter(|_| is_systemd(record))
        && let Some(unit) = known(rest)
    {
        said.add(NodeClaim::UnitStarted { unit });
    }
}

fn stopped(record: &Record, said: &mut Said) {
    let rest = record.text.strip_prefix("Stopped ").or_else(|| record.text.strip_prefix("Stopping "));
    if let Some(unit) = rest.filter(|_| is_systemd(record)).and_then(known) {
        said.add(NodeClaim::UnitStopped { unit });
    }
}

fn exited(record: &Record, said: &mut Said) {
    let Some(unit) = named(record.text) else { return };
    let code = between(record.text, "code=", ",").unwrap_or("");
    let status = after(record.text, "status=").unwrap_or("").trim_end();
    // Leaving with success is no fault.
    if status != "0/SUCCESS" {
        said.add(NodeClaim::UnitExited { unit, code: keep(code), status: keep(status) });
    }
}

fn failed(record: &Record, said: &mut Said) {
    let Some(unit) = named(record.text) else { return };
    let result = between(record.text, "Failed with result '", "'");
    let limit = has_any(record.text, &["tart request repeated too quickly"]).then_some("start-limit-hit");
    said.add(NodeClaim::UnitFailed { unit, result: keep(result.or(limit).unwrap_or("")) });
}

fn restarts(record: &Record, said: &mut Said) {
    if let Some(unit) = named(record.text) {
        let count = after(record.text, "restart counter is at ").map(|rest| rest.trim_end_matches('.'));
        said.detail(NodeClaim::UnitRestarts { unit }, count.unwrap_or(""));
    }
}

fn oom(record: &Record, said: &mut Said) {
    let unit = record.text.split(": ").next().unwrap_or("");
    if !unit.is_empty() && !unit.contains(' ') {
        said.add(NodeClaim::UnitOom { unit: keep(unit.trim_end_matches(".service")) });
    }
}
