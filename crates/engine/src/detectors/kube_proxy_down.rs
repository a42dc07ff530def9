//! See `kube_proxy_down.md` for what this means and the cases it must pass.

use crate::facts::{Daemon, Facts, daemon, unit_proof};
use crate::finding::{Code, Finding, Remedy};
use crate::subject::Part;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for node in facts.nodes() {
        let Some(unit) = node.unit("kube-proxy") else { continue };
        let state = daemon(unit);
        // A node that runs kube-proxy in a pod has no such unit, or one that was never loaded.
        if state == Daemon::Runs || unit.loaded.as_deref().is_some_and(|l| l.starts_with("not-found")) {
            continue;
        }
        let how = if state == Daemon::Failed { "failed" } else { "was stopped" };
        let name = &node.name;
        found.push(
            Finding::new(
                Code::KubeProxyDown,
                node.subject().part(Part::Unit("kube-proxy".into())),
                format!(
                    "kube-proxy on node {name} {how}: its rules no longer follow Services and endpoints, so pods and clients there reach old or no endpoints."
                ),
            )
            .aspect("how", if state == Daemon::Failed { "failed" } else { "stopped" })
            .hits([node.subject()])
            .since(unit.since.clone())
            .shown_by(unit_proof(unit))
            .ruled_out("the kubelet", "the node's conditions come from the kubelet, which does not need kube-proxy")
            .remedy(Remedy::advice(format!(
                "On {name}: systemctl start kube-proxy, then journalctl -u kube-proxy -n 50 --no-pager"
            ))),
        );
    }
}
