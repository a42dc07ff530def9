//! See `node_trouble.md` for what this means and the cases it must pass.

use crate::facts::{Facts, NodeFact};
use crate::finding::{Certainty, Code, Course, Finding, Proof, Remedy};
use crate::scan::message::{NodeEvent, Saying};
use crate::scan::node::NodeClaim;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for node in facts.nodes() {
        journal(facts, node, found);
        let rebooted = facts
            .about(&node.subject())
            .find(|s| matches!(s.saying, Saying::Node(NodeEvent::Rebooted { .. })));
        if let Some(statement) = rebooted {
            let back = node.is_ready() == Some(true);
            found.push(
                Finding::new(
                    Code::NodeRebooted,
                    node.subject(),
                    format!(
                        "Node {} was rebooted: every container on it was ended and started anew.",
                        node.name
                    ),
                )
                .course(if back { Course::Over } else { Course::Ongoing })
                .since(statement.first.clone())
                .shown_by(statement.proof()),
            );
        }
    }
}

/// What the node's own journals tell.
fn journal(facts: &Facts, node: &NodeFact, found: &mut Vec<Finding>) {
    let name = &node.name;
    let healthy = node.is_ready() == Some(true);
    let mut add = |wanted: NodeClaim, code: Code, summary: String, remedy: &str| {
        if let Some((_, proof)) = facts.journal_says(name, |claim| *claim == wanted) {
            found.push(told(code, node, summary, proof, healthy).remedy(Remedy::advice(remedy)));
        }
    };
    add(
        NodeClaim::Panic,
        Code::KernelPanic,
        format!("The kernel of node {name} panicked: nothing runs there until it is started again."),
        "Keep the console's or the crash kernel's output before the next boot overwrites it",
    );
    add(
        NodeClaim::DiskFailing,
        Code::NodeDiskFailing,
        format!("A disk of node {name} fails, or its file system was made read-only."),
        "Drain the node and replace the disk; what wrote to it may have lost data",
    );
    add(
        NodeClaim::CertificateInvalid,
        Code::NodeCertificateExpired,
        format!(
            "A certificate that node {name} uses is not valid: its kubelet is not let in, or lets nobody in."
        ),
        "Look at the dates of the kubelet's certificates, and at the node's clock",
    );
}

fn told(code: Code, node: &NodeFact, summary: String, proof: Proof, healthy: bool) -> Finding {
    Finding::new(code, node.subject(), summary)
        // The line says so; that the node is ready since makes it a thing of the past.
        .at_most(if healthy { Certainty::Possible } else { Certainty::Likely })
        .course(if healthy { Course::Over } else { Course::Ongoing })
        .since(proof.at.clone().filter(|at| at.clock.is_absolute()))
        .shown_by(proof)
}
