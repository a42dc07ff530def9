//! Who wrote what is read, told by the paths in it, and what such a collector would have brought.

use engine::evidence::{Gap, Locator, Read, What, Why};
use engine::subject::Kind;
use intake::Intake;

/// The collector whose layout it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// `coroner collect` or `coroner bundle`.
    Ours,
    /// A support bundle of Troubleshoot (`pkg/collect/cluster_resources.go`).
    Troubleshoot,
    /// `oc adm must-gather` or `oc adm inspect` (openshift/oc `pkg/cli/admin/inspect`).
    MustGather,
    /// `kubectl cluster-info dump` (kubectl `pkg/cmd/clusterinfo/clusterinfo_dump.go`).
    ClusterDump,
    /// An sos report of a node.
    Sos,
    /// A node's `/var/log/pods`.
    PodLogs,
    /// Files that somebody put together.
    Loose,
}

impl Layout {
    /// The layout that some paths told, and one more tells; that of ours its manifest tells.
    pub(crate) fn told(before: Option<Layout>, path: &str) -> Option<Layout> {
        before.into_iter().chain(Layout::told_by(path)).min()
    }

    fn told_by(path: &str) -> Option<Layout> {
        let parts: Vec<&str> = path.split('/').collect();
        let has = |name: &str| parts.iter().rev().skip(1).any(|part| *part == name);
        let last = parts.last().copied().unwrap_or_default();
        Some(match () {
            () if has("cluster-resources") || has("host-collectors") => Layout::Troubleshoot,
            () if has("cluster-scoped-resources") || has("host_service_logs") => Layout::MustGather,
            () if is_inspected(&parts) => Layout::MustGather,
            () if last == "replication-controllers.json" => Layout::ClusterDump,
            () if has("sos_commands") => Layout::Sos,
            () if is_pod_log(&parts) => Layout::PodLogs,
            () => return None,
        })
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Ours => "bundle of coroner",
            Layout::Troubleshoot => "support bundle of Troubleshoot",
            Layout::MustGather => "must-gather",
            Layout::ClusterDump => "kubectl cluster-info dump",
            Layout::Sos => "sos report",
            Layout::PodLogs => "logs of a node's pods",
            Layout::Loose => "loose files",
        }
    }

    /// Kinds that it brings whole, whatever was asked for.
    fn brings(self) -> &'static [Kind] {
        match self {
            Layout::Troubleshoot | Layout::MustGather | Layout::ClusterDump => {
                &[Kind::Pod, Kind::Node, Kind::Event]
            }
            Layout::Ours | Layout::Sos | Layout::PodLogs | Layout::Loose => &[],
        }
    }

    /// Kinds that it never brings, and that a diagnosis asks for.
    fn leaves_out(self) -> &'static [Kind] {
        match self {
            Layout::ClusterDump => &[Kind::StatefulSet, Kind::Job, Kind::PersistentVolumeClaim],
            _ => &[],
        }
    }

    /// Notes as gaps what is expected of it and not there.
    pub(crate) fn tell(self, all: &mut Intake) {
        for kind in self.brings().iter().chain(self.leaves_out()) {
            let is_there = all.observations.iter().any(|seen| match &seen.what {
                What::Object(object) => object.subject.kind == *kind,
                What::Event(_) => *kind == Kind::Event,
                What::Listed { kind: listed, .. } => listed == kind,
                _ => false,
            });
            let is_told = |gap: &Gap| matches!(&gap.read, Read::List { kind: of, .. } if of == kind);
            if !is_there && !all.gaps.iter().any(is_told) {
                let read = Read::List { kind: kind.clone(), namespace: None };
                all.gaps.push(Gap { read, why: Why::NotCollected, locator: Locator::default() });
            }
        }
    }
}

/// `namespaces/<namespace>/<group>/<resources>.yaml`.
fn is_inspected(parts: &[&str]) -> bool {
    matches!(parts, [.., "namespaces", _, _, file] if file.ends_with(".yaml"))
}

/// `<namespace>_<pod>_<uid>/<container>/<number>.log` (kubelet `pkg/kubelet/kuberuntime/helpers.go`).
fn is_pod_log(parts: &[&str]) -> bool {
    let [.., pod, _, file] = parts else { return false };
    pod.split('_').count() == 3
        && file.split_once(".log").is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_known_by_its_paths_wherever_the_root_lies() {
        for (paths, wanted) in [
            (&["manifest.json", "pods/shop.json"][..], Layout::Loose),
            (&["x/bundle/version.yaml", "x/bundle/cluster-resources/pods/shop.json"], Layout::Troubleshoot),
            (&["q/inspect.local.1/cluster-scoped-resources/core/nodes/a.yaml"], Layout::MustGather),
            (&["q/namespaces/shop/core/pods.yaml"], Layout::MustGather),
            (&["nodes.json", "shop/pods.json", "shop/replication-controllers.json"], Layout::ClusterDump),
            (&["sosreport-a-2026/sos_commands/logs/journalctl_--no-pager"], Layout::Sos),
            (&["var/log/pods/shop_web-0_0f3c/app/3.log"], Layout::PodLogs),
            (&["notes.txt", "pods.json", "cluster-resources"], Layout::Loose),
        ] {
            let told = paths.iter().fold(None, |told, path| Layout::told(told, path));
            assert_eq!(told.unwrap_or(Layout::Loose), wanted, "{paths:?}");
        }
    }

    #[test]
    fn what_a_collector_always_brings_is_missed() {
        let mut read = Intake::default();
        Layout::ClusterDump.tell(&mut read);
        let wanted = |gap: &Gap| match &gap.read {
            Read::List { kind, .. } => kind.as_str().to_owned(),
            other => format!("{other:?}"),
        };
        let kinds: Vec<_> = read.gaps.iter().map(wanted).collect();
        assert_eq!(kinds, ["Pod", "Node", "Event", "StatefulSet", "Job", "PersistentVolumeClaim"]);
    }
}
