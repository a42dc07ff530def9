//! See `node_not_ready.md` for what this means and the cases it must pass.

use crate::evidence::Read;
use crate::facts::Facts;
use crate::finding::{Certainty, Code, Finding};
use crate::scan::message::NodeIssue;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for node in facts.nodes() {
        if node.is_ready() != Some(false) {
            continue;
        }
        let name = &node.name;
        let issues = node.issues();
        let network = issues.iter().any(|i| matches!(i, NodeIssue::NetworkNotReady { .. }));
        let told = issues.iter().any(|i| {
            matches!(
                i,
                NodeIssue::StoppedPosting
                    | NodeIssue::NeverUpdated
                    | NodeIssue::RuntimeDown
                    | NodeIssue::RuntimeNotReady { .. }
                    | NodeIssue::Pleg { .. }
            )
        });
        let finding = if network {
            Finding::new(
                Code::NodeNetworkNotReady,
                node.subject(),
                format!("Node {name} has no working pod network: the runtime reports NetworkReady=false."),
            )
        } else if told || node.units.iter().any(|u| crate::facts::daemon(u) != crate::facts::Daemon::Runs) {
            // The detectors of kubelet and runtime tell it.
            continue;
        } else {
            Finding::new(Code::NodeNotReady, node.subject(), format!("Node {name} is not ready."))
                .at_most(Certainty::Undetermined)
                .not_seen(
                    format!("why {name} is not ready: its conditions and the kubelet's journal"),
                    Some(Read::Journal { node: name.clone(), unit: "kubelet".into(), since: None }),
                )
        };
        let finding = node.ready_proof().into_iter().fold(finding, Finding::shown_by);
        found.push(
            finding
                .since(node.not_ready().and_then(|c| c.since.clone()))
                .hits(facts.victims_on(name).into_iter().chain([node.subject()])),
        );
    }
}
