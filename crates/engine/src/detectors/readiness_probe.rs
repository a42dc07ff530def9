//! See `readiness_probe.md` for what this means and the cases it must pass.

use super::probe_words::{explain_mismatch, remedies};
use crate::evidence::{Group, ProbeKind, Role, State};
use crate::facts::{Facts, probe_subject};
use crate::finding::{Certainty, Code, Finding, Proof};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting()) {
        let node_down = pod.pod.node.as_deref().and_then(|n| facts.node(n)?.is_ready()) == Some(false);
        for container in pod.pod.containers.iter().filter(|c| matches!(c.role, Role::App | Role::Sidecar)) {
            let runs = matches!(container.state, Some(State::Running { .. }));
            if !runs || container.ready != Some(false) || node_down {
                continue;
            }
            let trouble = facts.probe_trouble(pod, container, ProbeKind::Readiness);
            if trouble.statements.is_empty() && trouble.probe.is_none() && pod.object.shows(Group::Spec) {
                continue;
            }
            let top = pod.top();
            let summary = format!(
                "Container {} of {} {} runs and is not ready{}.",
                container.name,
                top.kind.as_str(),
                top.path(),
                explain_mismatch(&trouble),
            );
            // An event counts on over the times that the pod was ready in between; the condition tells the last one.
            let turned = pod.condition("Ready").and_then(|ready| ready.since.clone());
            let first = || trouble.statements.iter().filter_map(|s| s.first.clone());
            let since = turned.or_else(|| first().min_by_key(|m| m.print_key()));
            let mut finding =
                Finding::new(Code::ReadinessProbeFailing, probe_subject(pod, container), summary)
                    .aspect("mismatch", trouble.mismatch.as_str())
                    .hits([pod.container_subject(container)])
                    .since(since)
                    .shown_by(Proof::object(
                        pod.object,
                        format!(
                            "{} container {}: Running, Ready=False",
                            pod.subject().path(),
                            container.name
                        ),
                    ))
                    .ruled_out("a crash", "the container runs, and readiness restarts nothing");
            for statement in trouble.statements.iter().take(2) {
                finding = finding.shown_by(statement.proof());
            }
            if trouble.statements.is_empty() {
                finding = finding.at_most(Certainty::Possible).not_seen(
                    "what the probe got: the events of the pod",
                    Some(crate::evidence::Read::Events(pod.subject().clone())),
                );
            }
            found.push(remedies(finding, pod, container, &trouble));
        }
    }
}
