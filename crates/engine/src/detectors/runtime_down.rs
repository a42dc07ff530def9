//! See `runtime_down.md` for what this means and the cases it must pass.

use crate::evidence::Read;
use crate::facts::{Daemon, Facts, NodeFact, daemon, unit_proof};
use crate::finding::{Certainty, Code, Finding, Remedy};
use crate::scan::message::NodeIssue;
use crate::scan::node::NodeClaim;
use crate::subject::Part;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for node in facts.nodes() {
        let issues = node.issues();
        let down =
            issues.iter().any(|i| matches!(i, NodeIssue::RuntimeDown | NodeIssue::RuntimeNotReady { .. }));
        let pleg = issues.iter().any(|i| matches!(i, NodeIssue::Pleg { .. }));
        let unit = node.runtime_unit();
        let state = unit.map(daemon);
        let runtime = node.runtime_name();
        let subject = node.subject().part(Part::Unit(runtime.clone()));
        let name = &node.name;
        let finding = match (state, down || pleg) {
            (Some(Daemon::Stopped | Daemon::Failed), _) => {
                let how = if state == Some(Daemon::Failed) { "failed" } else { "was stopped" };
                Finding::new(
                    Code::RuntimeDown,
                    subject,
                    format!("{runtime} on node {name} {how}: no container can be started, stopped or looked at there."),
                )
                .aspect("how", if state == Some(Daemon::Failed) { "failed" } else { "stopped" })
            }
            (Some(Daemon::Runs), true) => Finding::new(
                Code::RuntimeUnresponsive,
                subject,
                format!("{runtime} on node {name} runs and does not answer the kubelet."),
            )
            .at_most(Certainty::Likely),
            (None, true) if down => unreachable(facts, node, &runtime, subject),
            (None, true) => Finding::new(
                Code::RuntimeUnresponsive,
                subject,
                format!("{runtime} on node {name} did not list its containers within three minutes (PLEG)."),
            )
            .at_most(Certainty::Likely),
            // Of a node that nobody saw, its journal alone may tell.
            (None, false) if node.is_ready().is_none() => match silent(facts, name, subject) {
                Some(finding) => finding,
                None => continue,
            },
            _ => continue,
        };
        let finding = match unit {
            Some(unit) => finding.shown_by(unit_proof(unit)).since(unit.since.clone()),
            None => finding,
        };
        let finding = node.ready_proof().into_iter().fold(finding, Finding::shown_by);
        found.push(
            finding
                .since(node.not_ready().and_then(|c| c.since.clone()))
                .hits(facts.victims_on(name).into_iter().chain([node.subject()]))
                .remedy(Remedy::advice(match node.runtime_named() {
                    Some(unit) => {
                        format!(
                            "On {name}: systemctl restart {unit}, then journalctl -u {unit} -n 50 --no-pager"
                        )
                    }
                    None => {
                        format!("On {name}: restart its runtime (containerd, crio, …), then read its journal")
                    }
                })),
        );
    }
}

/// No unit was seen: the journals tell whether the runtime was stopped, died, or hangs.
fn unreachable(facts: &Facts, node: &NodeFact, runtime: &str, subject: crate::subject::Subject) -> Finding {
    let onset = node.not_ready().and_then(|condition| condition.since.as_ref());
    let node = &node.name;
    let says =
        |claim: NodeClaim| facts.journal_says_near(node, onset, |c| *c == claim).map(|(_, proof)| proof);
    let stopping = says(NodeClaim::RuntimeStopping);
    let [missing, refused, timeout] =
        ["missing", "refused", "timeout"].map(|how| says(NodeClaim::RuntimeUnreachable { how }));
    let cannot = "the kubelet cannot start, stop or look at any container";
    // A socket that takes a request has a process behind it; requests that were under way when it ended time out as well.
    let (how, summary) = if stopping.is_some() || missing.is_some() {
        ("stopped", format!("{runtime} on node {node} was stopped: its socket is gone, and {cannot}."))
    } else if refused.is_some() {
        ("failed", format!("{runtime} on node {node} died: its socket refuses, and {cannot}."))
    } else if timeout.is_some() {
        ("hangs", format!("{runtime} on node {node} takes requests and does not answer them: {cannot}."))
    } else {
        ("unreachable", format!("The kubelet of {node} cannot reach {runtime}."))
    };
    let code = if how == "hangs" { Code::RuntimeUnresponsive } else { Code::RuntimeDown };
    let mut finding = Finding::new(code, subject, summary).aspect("how", how);
    if how == "hangs" {
        finding = finding.at_most(Certainty::Likely);
    }
    if how == "unreachable" {
        finding = finding
            .at_most(Certainty::Likely)
            .not_seen(
                format!("whether {runtime} was stopped, failed or hangs: what the kubelet is answered"),
                Some(Read::Journal { node: node.clone(), unit: "kubelet".into(), since: None }),
            )
            .not_seen(
                format!("what {runtime} wrote last"),
                Some(Read::Journal { node: node.clone(), unit: runtime.into(), since: None }),
            );
    }
    for proof in [stopping, missing, refused, timeout].into_iter().flatten().take(2) {
        finding = finding.since(proof.at.clone().filter(|at| at.clock.is_absolute())).shown_by(proof);
    }
    finding
}

/// What the journal of a node tells of its runtime where the node itself was not seen.
fn silent(facts: &Facts, node: &str, subject: crate::subject::Subject) -> Option<Finding> {
    let (_, proof) = facts.journal_says(node, |c| matches!(c, NodeClaim::RuntimeUnreachable { .. }))?;
    let finding = Finding::new(
        Code::RuntimeUnresponsive,
        subject,
        format!("The kubelet of {node} could not reach its container runtime; whether it still cannot was not seen."),
    )
    .at_most(Certainty::Possible)
    .shown_by(proof)
    .not_seen(format!("the state of node {node}"), Some(Read::Object(crate::subject::Subject::node(node))));
    Some(finding)
}
