//! See `pod_waits.md` for what this means and the cases it must pass.

use crate::evidence::{Read, Role, State};
use crate::facts::{Facts, PodFact};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::moment::{Clock, SECOND};

/// An init container that runs longer than this waits for something, as a rule; migrations may take longer.
const LONG: i64 = 600;
/// Conditions that Kubernetes itself sets on pods (k8s.io/api core/v1, 1.36).
const BUILT_IN: &[&str] = &[
    "PodScheduled",
    "PodReadyToStartContainers",
    "PodHasNetwork",
    "Initialized",
    "ContainersReady",
    "Ready",
    "DisruptionTarget",
    "PodResizePending",
    "PodResizeInProgress",
    "AllContainersRestarting",
];

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting()) {
        init(facts, pod, found);
        gate(pod, found);
    }
}

fn init(facts: &Facts, pod: &PodFact, found: &mut Vec<Finding>) {
    for container in pod.pod.containers.iter().filter(|c| c.role == Role::Init) {
        let Some(State::Running { started: Some(started) }) = &container.state else { continue };
        let ran = match &started.clock {
            Clock::Capture(_) => Some(started.latest.saturating_neg()),
            _ => facts.evidence.captured().and_then(|now| started.until(now)).map(|(least, _)| least),
        };
        let Some(ran) = ran.map(|ran| ran / SECOND).filter(|ran| *ran >= LONG) else { continue };
        let top = pod.top();
        let read = Read::Log { container: pod.container_subject(container), previous: false };
        let mut finding = Finding::new(
            Code::InitContainerStuck,
            top.container(&container.name),
            format!(
                "Init container {} of {} {} has run for {} minutes, and the pod's containers wait for its end.",
                container.name,
                top.kind.as_str(),
                top.path(),
                ran / 60
            ),
        )
        .hits([pod.container_subject(container)])
        .since(Some(started.clone()))
        .shown_by(Proof::object(pod.object, format!("init container {}: running", container.name)))
        .remedy(Remedy::kubectl(
            "Read what it waits for",
            pod.subject(),
            Honesty::Safe,
            &["logs", &pod.subject().name, "-c", &container.name, "--tail=50"],
        ));
        // That it runs is certain; that it waits for something, its log may tell.
        finding = match facts.fatal_line(pod, container, false) {
            Some(line) => {
                finding.summary.push_str(&format!(" It says: {}", line.text));
                finding.at_most(Certainty::Likely).shown_by(line.proof)
            }
            None => finding.at_most(Certainty::Possible).not_seen("what it waits for: its log", Some(read)),
        };
        found.push(finding);
    }
}

/// `Ready` is false although all containers are ready: a condition named in `spec.readinessGates` is missing or false.
fn gate(pod: &PodFact, found: &mut Vec<Finding>) {
    let is = |kind: &str, status: &str| pod.condition(kind).is_some_and(|c| &*c.status == status);
    if !is("ContainersReady", "True") || !is("Ready", "False") {
        return;
    }
    let held =
        pod.pod.conditions.iter().flatten().find(|c| !BUILT_IN.contains(&&*c.kind) && &*c.status != "True");
    let by_reason =
        pod.condition("Ready").and_then(|c| c.reason.as_deref()) == Some("ReadinessGatesNotReady");
    if held.is_none() && !by_reason {
        return;
    }
    let name = held.map_or_else(|| "a readiness gate".to_owned(), |c| format!("readiness gate {}", c.kind));
    let top = pod.top();
    let summary = format!(
        "All containers of pod {} are ready, and {name} is not met: the pod gets no traffic until its controller sets the condition.",
        pod.subject().path()
    );
    let mut finding = Finding::new(Code::ReadinessGateUnmet, top.clone(), summary)
        .hits([pod.subject().clone()])
        .since(pod.condition("Ready").and_then(|c| c.since.clone()))
        .shown_by(Proof::object(pod.object, format!("ContainersReady=True, Ready=False; {name} not met")))
        .ruled_out("the readiness probes", "all containers are ready")
        .remedy(Remedy::advice(
            "Look at the controller that sets the condition: a load balancer's, a mesh's, a rollout's",
        ));
    if let Some(condition) = held {
        finding = finding.aspect("gate", condition.kind.clone());
    } else {
        finding = finding.at_most(Certainty::Likely);
    }
    found.push(finding);
}
