//! See `node_trouble.md` for what this means and the cases it must pass.

use crate::facts::{Facts, NodeFact};
use crate::finding::{Certainty, Code, Course, Finding, Proof, Remedy};
use crate::scan::message::{NodeEvent, Saying};
use crate::scan::node::NodeClaim;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for node in facts.nodes() {
        journal(facts, node, found);
        process_limit(facts, node, found);
        let subject = node.subject();
        let rebooted =
            facts.about(&subject).find(|s| matches!(s.saying, Saying::Node(NodeEvent::Rebooted { .. })));
        if let Some(statement) = rebooted {
            let back = node.is_ready() == Some(true);
            found.push(
                Finding::new(
                    Code::NodeRebooted,
                    subject.clone(),
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
        NodeClaim::SoftLockup,
        Code::KernelPanic,
        format!("A processor of node {name} is stuck in the kernel: what runs there stands still."),
        "Keep the kernel's journal with the stack of the stuck task; restart the node if it does not come back",
    );
    add(
        NodeClaim::ConntrackFull,
        Code::NodeNetworkSaturated,
        format!(
            "Node {name} cannot track more connections (nf_conntrack: table full): it drops packets of new ones."
        ),
        "Find who opens so many connections (conntrack -S, conntrack -L); raise net.netfilter.nf_conntrack_max",
    );
    add(
        NodeClaim::NeighbourTableFull,
        Code::NodeNetworkSaturated,
        format!(
            "The neighbour table of node {name} is full: it cannot reach more hosts and pods of its networks."
        ),
        "Raise net.ipv4.neigh.default.gc_thresh3 on the node",
    );
    add(
        NodeClaim::HardwareError,
        Code::NodeHardwareFailing,
        format!("The memory or a processor of node {name} reports a hardware error."),
        "Drain the node and have its hardware looked at; programs there may crash or compute wrongly",
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

/// A cgroup may hold no more processes; the kernel says so once (kernel/cgroup/pids.c, 4.3 to 6.x).
fn process_limit(facts: &Facts, node: &NodeFact, found: &mut Vec<Finding>) {
    let limit = facts.journal_says(&node.name, |claim| matches!(claim, NodeClaim::PidsLimit { .. }));
    let Some((NodeClaim::PidsLimit { pod_uid }, proof)) = limit else { return };
    let pod = facts.pods().find(|p| p.object.uid.is_some() && p.object.uid == pod_uid);
    let (subject, who) = match pod {
        Some(pod) => (pod.top().clone(), format!("pod {}", pod.subject().path())),
        None => (node.subject(), format!("a pod on node {}", node.name)),
    };
    let summary = format!(
        "The kernel refuses new processes and threads of {who}: its limit of process numbers is reached."
    );
    let members: Vec<_> = pod.map(|pod| pod.subject().clone()).into_iter().chain([subject.clone()]).collect();
    found.push(
        Finding::new(Code::ProcessLimitReached, subject, summary)
            .at_most(Certainty::Likely)
            .hits(members)
            .since(proof.at.clone().filter(|at| at.clock.is_absolute()))
            .shown_by(proof)
            .remedy(Remedy::advice(
                "Find what starts processes or threads without end; the limit is the kubelet's podPidsLimit",
            )),
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
