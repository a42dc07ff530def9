//! See `kubelet_stopped.md` for what this means and the cases it must pass.

use crate::evidence::Read;
use crate::facts::{Daemon, Facts, daemon, unit_proof};
use crate::finding::{Certainty, Code, Finding, Remedy};
use crate::scan::message::NodeIssue;
use crate::subject::Part;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for node in facts.nodes() {
        let silent =
            node.issues().iter().any(|i| matches!(i, NodeIssue::StoppedPosting | NodeIssue::NeverUpdated));
        let unit = node.unit("kubelet");
        let state = unit.map(daemon);
        let subject = node.subject().part(Part::Unit("kubelet".into()));
        let journal = Read::Journal { node: node.name.clone(), unit: "kubelet".into(), since: None };
        let since = node.not_ready().and_then(|c| c.since.clone());
        let finding = match (state, silent) {
            (Some(Daemon::Stopped | Daemon::Failed), _) => {
                let how = if state == Some(Daemon::Failed) { "failed" } else { "was stopped" };
                let tail = if silent { ", so the node's status and its pods' are no longer reported" } else { "" };
                Finding::new(
                    Code::KubeletStopped,
                    subject,
                    format!("The kubelet of node {} {how}{tail}.", node.name),
                )
                .aspect("how", if state == Some(Daemon::Failed) { "failed" } else { "stopped" })
            }
            (Some(Daemon::Runs), true) => Finding::new(
                Code::KubeletCutOff,
                subject,
                format!(
                    "The kubelet of node {} runs, and its status does not reach the API server.",
                    node.name
                ),
            )
            .at_most(Certainty::Likely),
            (None, true) => Finding::new(
                Code::KubeletStopped,
                subject,
                format!(
                    "The kubelet of node {} stopped reporting: it is down, hung, cut off, or the node is gone.",
                    node.name
                ),
            )
            .aspect("how", "silent")
            .at_most(Certainty::Possible)
            .not_seen(format!("why the kubelet of {} went silent", node.name), Some(journal)),
            _ => continue,
        };
        let finding = match unit {
            Some(unit) => finding.shown_by(unit_proof(unit)).since(unit.since.clone()),
            None => finding,
        };
        let finding = node.ready_proof().into_iter().fold(finding, Finding::shown_by);
        found.push(
            finding
                .since(since)
                .hits(facts.victims_on(&node.name).into_iter().chain([node.subject()]))
                .remedy(Remedy::advice(format!(
                    "On {}: systemctl start kubelet, then journalctl -u kubelet -n 50 --no-pager",
                    node.name
                ))),
        );
    }
}
