//! See `pod_rejected.md` for what this means and the cases it must pass.

use crate::facts::{Facts, PodFact, Statement};
use crate::finding::{Code, Course, Finding, Remedy};
use crate::scan::message::{Lifecycle, Saying, Shortage};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.unwell() {
        let rejected = facts.about(pod.subject()).find_map(|statement| match &statement.saying {
            Saying::Lifecycle(Lifecycle::Rejected { reason, short }) => {
                Some((statement, &**reason, short.as_ref()))
            }
            _ => None,
        });
        if let Some((statement, reason, short)) = rejected {
            found.push(finding(facts, pod, statement, reason, short));
        }
    }
}

fn finding(
    facts: &Facts,
    pod: &PodFact,
    statement: &Statement,
    reason: &str,
    short: Option<&Shortage>,
) -> Finding {
    let top = pod.top();
    let node = pod.pod.node.as_deref().map_or_else(|| "Its node".to_owned(), |node| format!("Node {node}"));
    let why = match (reason, short) {
        (_, Some(short)) => format!(
            "it asks for {} of {}, and {} of {} are taken there",
            short.requested, short.resource, short.used, short.capacity
        ),
        ("NodeAffinity" | "NodeSelectorMismatching", _) => {
            "the node does not have the labels that it asks for".to_owned()
        }
        ("NodePorts" | "PodFitsHostPorts", _) => "a host port that it asks for is taken there".to_owned(),
        ("UnexpectedAdmissionError", _) => {
            "a device or exclusive CPU that it asks for cannot be given".to_owned()
        }
        ("TopologyAffinityError", _) => "its resources cannot be had from one NUMA node".to_owned(),
        _ => format!("the kubelet says {reason}"),
    };
    let summary = format!(
        "{node} does not take pod {} of {} {}: {why}.",
        pod.subject().path(),
        top.kind.as_str(),
        top.path()
    );
    // The object of a refused pod outlives what replaced it.
    let replaced =
        facts.workload(top).and_then(|w| w.readiness()).is_some_and(|(ready, wanted)| ready >= wanted);
    let finding = Finding::new(Code::PodRejected, top.clone(), summary)
        .aspect("reason", reason)
        .hits([pod.subject().clone()])
        .course(if replaced { Course::Over } else { Course::Ongoing })
        .since(statement.first.clone())
        .shown_by(statement.proof())
        .ruled_out("the application", "no container of the pod was started")
        .remedy(Remedy::advice(
            "Let the scheduler choose the node (no spec.nodeName), or make room there; the pod itself stays Failed and can be deleted",
        ));
    match short {
        Some(short) => finding.aspect("resource", short.resource.clone()),
        None => finding,
    }
}
