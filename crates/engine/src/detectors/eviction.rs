//! See `eviction.md` for what this means and the cases it must pass.

use super::eviction_words::culprits;
use crate::facts::{Facts, PodFact, Statement};
use crate::finding::{Code, Course, Finding, Proof, Remedy};
use crate::moment::{Moment, SECOND};
use crate::scan::message::{Eviction, Lifecycle, NodeEvent, Saying, eviction};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.unwell() {
        let evicted = pod.pod.reason.as_deref() == Some("Evicted")
            || pod.pod.printed_status.as_deref() == Some("Evicted");
        let said = facts.about(pod.subject()).find_map(|s| match &s.saying {
            Saying::Lifecycle(Lifecycle::Evicted(said)) => Some((s, said.clone())),
            _ => None,
        });
        if !evicted && said.is_none() {
            continue;
        }
        let told = pod.pod.message.as_deref().map(eviction).filter(|e| e.resource.is_some());
        let told = told.or_else(|| said.as_ref().map(|(_, e)| e.clone())).unwrap_or_default();
        let mut finding = finding(pod, &told);
        // The object of an evicted pod outlives what replaced it.
        let replaced = facts.workload(pod.top()).and_then(|w| w.readiness());
        if replaced.is_some_and(|(ready, wanted)| ready >= wanted) {
            finding = finding.course(Course::Over);
        }
        if evicted {
            let message = pod.pod.message.as_deref().unwrap_or("");
            finding = finding
                .shown_by(Proof::object(pod.object, format!("{}: Evicted {message}", pod.subject().path())));
        }
        if let Some((statement, _)) = said {
            finding = finding.since(statement.first.clone()).shown_by(statement.proof());
        }
        found.push(finding);
    }
    for node in facts.nodes() {
        for (kind, resource) in
            [("MemoryPressure", "memory"), ("DiskPressure", "disk"), ("PIDPressure", "pids")]
        {
            let Some(condition) = node.condition(kind).filter(|c| &*c.status == "True") else { continue };
            let Some(object) = node.object else { continue };
            // pkg/kubelet/eviction/eviction_manager.go `Admit`
            let takes =
                if resource == "memory" { "takes none without requests" } else { "takes no new ones" };
            let summary =
                format!("Node {} runs out of {resource}: the kubelet evicts pods and {takes}.", node.name);
            let finding = Finding::new(Code::NodePressure, node.subject(), summary)
                .aspect("resource", resource)
                .shown_by(Proof::object(object, format!("condition {kind}=True")));
            let begun = |s| Some((s, begun(s, condition.since.as_ref())?));
            let subject = node.subject();
            let met = facts.about(&subject).filter(|s| is_threshold(s, resource)).filter_map(begun).last();
            let finding = match met {
                Some((met, onset)) => finding.since(Some(onset)).shown_by(met.proof()),
                None => finding.since(condition.since.clone().map(written_late)),
            };
            found.push(culprits(facts, &node.name, resource, finding));
        }
    }
}

/// Whether this is the kubelet's word that so little of the resource was left that it evicts.
fn is_threshold(statement: &Statement, resource: &str) -> bool {
    let Saying::Node(NodeEvent::EvictionThreshold { resource: said }) = &statement.saying else {
        return false;
    };
    match &**said {
        "memory" | "pids" => &**said == resource,
        _ => resource == "disk",
    }
}

/// When the pressure began whose condition was written then, by the kubelet's word. An event counts what came again
/// within the hour, so that its first time, or all of it, may be of a pressure before: of one that ended at least so
/// long ago (`--eviction-pressure-transition-period`, five minutes by default in all versions).
fn begun(statement: &Statement, written: Option<&Moment>) -> Option<Moment> {
    let Some(written) = written else { return statement.first.clone() };
    let of_this = |at: &&Moment| {
        at.clock != written.clock
            || at.latest >= written.earliest.saturating_sub(300 * SECOND)
                && at.earliest <= written.latest.saturating_add(10 * SECOND)
    };
    statement.first.iter().chain(&statement.last).find(of_this).cloned()
}

/// When a pressure began whose condition was written then. The kubelet evicts as soon as it sees the pressure, and writes
/// the condition with its next update of the node's status, ten seconds later by default
/// (pkg/kubelet/eviction/eviction_manager.go `synchronize`).
fn written_late(mut written: Moment) -> Moment {
    written.earliest = written.earliest.saturating_sub(10 * SECOND);
    written
}

fn finding(pod: &PodFact, told: &Eviction) -> Finding {
    let top = pod.top();
    let resource = told.resource.as_deref().unwrap_or("a resource");
    let who = format!("{} {}", top.kind.as_str(), top.path());
    let used: Vec<String> = told
        .containers
        .iter()
        .map(|(name, used, request)| format!("{name} used {used} with a request of {request}"))
        .collect();
    let usage = if used.is_empty() { String::new() } else { format!(": {}", used.join(", ")) };
    let much = told.limit.as_deref().map_or_else(String::new, |limit| format!(" of {limit}"));
    let of = told.of.as_deref().map_or_else(String::new, |of| format!(" ({of})"));
    let (scope, summary) = match &told.own_limit {
        Some(limit) => (
            "own-limit",
            format!("The kubelet evicted a pod of {who}: it passed its {limit}{much}{of}{usage}."),
        ),
        None => (
            "node",
            format!("The kubelet evicted a pod of {who} because its node was low on {resource}{usage}."),
        ),
    };
    Finding::new(Code::PodEvicted, top.clone(), summary)
        .aspect("resource", resource)
        .aspect("scope", scope)
        .hits([pod.subject().clone()])
        .course(Course::Ongoing)
        .ruled_out("an OOM kill", "the kubelet ended the pod by its working set; the kernel killed nothing")
        .remedy(Remedy::advice(match &told.own_limit {
            Some(_) => "Let it write less to its own layer, its logs and its emptyDir volumes, or raise the limit",
            None => "Find who uses most on that node, and request what the pods really use, so that the scheduler does not overfill it",
        }))
}
