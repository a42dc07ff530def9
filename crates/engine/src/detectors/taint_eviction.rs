//! See `taint_eviction.md` for what this means and the cases it must pass.

use crate::Text;
use crate::evidence::Taint;
use crate::facts::{Facts, NodeFact, Statement, keeping_off};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::scan::message::{Disruption, Lifecycle, Saying};
use crate::subject::Subject;
use std::collections::BTreeMap;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let mut evicted: BTreeMap<Subject, Vec<&Statement>> = BTreeMap::new();
    for statement in facts.statements() {
        let by_taint = matches!(
            statement.saying,
            Saying::Lifecycle(Lifecycle::TaintEviction | Lifecycle::Disrupted(Disruption::Taint))
        );
        if by_taint {
            evicted.entry(facts.top(&statement.subject)).or_default().push(statement);
        }
    }
    for (top, statements) in evicted {
        found.extend(finding(facts, &top, &statements));
    }
}

fn finding(facts: &Facts, top: &Subject, statements: &[&Statement]) -> Option<Finding> {
    let mut pods: Vec<Subject> = statements.iter().map(|s| s.subject.whole()).collect();
    pods.sort();
    pods.dedup();
    let template = facts.workload(top).and_then(|w| w.workload.template.as_deref());
    let pinned = template.and_then(|t| t.pod.node.clone());
    let on = || pods.iter().find_map(|pod| facts.pod(pod)?.pod.node.clone());
    let node = pinned.clone().or_else(on).and_then(|name| facts.node(&name));
    let tolerations = template.and_then(|t| t.pod.tolerations.as_deref());
    let tolerations =
        tolerations.or_else(|| pods.iter().find_map(|pod| facts.pod(pod)?.pod.tolerations.as_deref()));
    let taint = node.and_then(|node| {
        // A toleration for some seconds only delays it.
        let lasting: Vec<_> =
            tolerations.unwrap_or(&[]).iter().filter(|t| t.seconds.is_none()).cloned().collect();
        let mut taints = keeping_off(&lasting, node).into_iter();
        taints.find(|taint| &*taint.effect == "NoExecute")
    });
    // What Kubernetes itself puts on a node that fails is told with the node.
    if taint.is_some_and(|taint| taint.key.starts_with("node.kubernetes.io/")) {
        return None;
    }
    let (summary, certainty) = words(top, pods.len(), pinned.as_ref(), node, taint);
    let mut finding = Finding::new(Code::TaintEviction, top.clone(), summary)
        .aspect("loop", if pinned.is_some() { "yes" } else { "no" })
        .at_most(certainty)
        .hits(pods)
        .since(statements.iter().filter_map(|s| s.first.clone()).min_by_key(|m| m.print_key()))
        .ruled_out("the application", "its pods are deleted from outside, whatever their containers do");
    for statement in statements {
        finding = finding.shown_by(statement.proof());
    }
    if let Some((object, taint)) = node.and_then(|node| node.object).zip(taint) {
        finding = finding
            .aspect("taint", taint.key.clone())
            .shown_by(Proof::object(object, format!("taint {}", written(taint))));
    } else {
        finding = finding.not_seen("which taint it is: the node, as it was then", None);
    }
    if let (Some(_), Some(workload)) = (&pinned, facts.workload(top)) {
        finding =
            finding.shown_by(Proof::object(workload.object, "its template names the node: spec.nodeName"));
    }
    let target = format!("{}/{}", top.kind.as_str().to_lowercase(), top.name);
    Some(finding.remedy(Remedy::kubectl(
        "Let the scheduler place the pods (no nodeName in the template), or let them tolerate the taint; until then none stays",
        top,
        Honesty::NeedsJudgement,
        &["edit", &target],
    )))
}

fn words(
    top: &Subject,
    count: usize,
    pinned: Option<&Text>,
    node: Option<&NodeFact>,
    taint: Option<&Taint>,
) -> (String, Certainty) {
    let pods = super::words::count_of(u32::try_from(count).ok(), "pod");
    let who = format!("{} {}", top.kind.as_str(), top.path());
    let name = node.map_or_else(|| "their node".to_owned(), |node| format!("node {}", node.name));
    let what =
        taint.map_or_else(|| "a NoExecute taint".to_owned(), |taint| format!("taint {}", written(taint)));
    let deleted = format!("{pods} of {who} deleted: {name} has {what}, which they do not tolerate");
    match (pinned, taint) {
        (Some(_), _) => (
            format!(
                "{deleted}. Its template names that node and so passes the scheduler by: each new pod lands there and is deleted again."
            ),
            if taint.is_some() { Certainty::Certain } else { Certainty::Likely },
        ),
        (None, Some(_)) => (format!("{deleted}."), Certainty::Likely),
        (None, None) => (format!("{deleted}."), Certainty::Possible),
    }
}

fn written(taint: &Taint) -> String {
    let value =
        taint.value.as_deref().filter(|v| !v.is_empty()).map_or_else(String::new, |v| format!("={v}"));
    format!("{}{value}:{}", taint.key, taint.effect)
}
