//! See `service_port.md` for what this means and the cases it must pass.

use crate::evidence::{Container, Group, ServicePort};
use crate::facts::{Facts, PodFact, ServiceFact};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for service in facts.services() {
        let Some(pods) = &service.pods else { continue };
        let pods: Vec<&PodFact> = pods.iter().filter_map(|&i| facts.pods.get(i)).collect();
        // Without the containers' ports nothing can be compared; a pod without declared ports may listen anywhere.
        let declared: Vec<&Container> = pods
            .iter()
            .flat_map(|pod| &pod.pod.containers)
            .filter(|c| c.ports.as_ref().is_some_and(|ports| !ports.is_empty()))
            .collect();
        if declared.is_empty() {
            continue;
        }
        for port in service.service.ports.iter().flatten() {
            // A table prints no target port: that it is the Service's own is then not said.
            if port.target.is_none() && !service.object.shows(Group::Spec) {
                continue;
            }
            if let Some(finding) =
                protocol(service, port, &declared).or_else(|| target(service, port, &declared))
            {
                found.push(
                    finding.hits(
                        pods.iter().map(|p| p.subject().clone()).chain([service.object.subject.clone()]),
                    ),
                );
            }
        }
    }
}

fn target(service: &ServiceFact, port: &ServicePort, containers: &[&Container]) -> Option<Finding> {
    let written = port.port.to_string();
    let target = port.target.as_deref().unwrap_or(&written);
    let ports = || containers.iter().flat_map(|c| c.ports.iter().flatten());
    let by_number = target.parse::<u16>().ok();
    let hit = match by_number {
        Some(number) => ports().any(|p| p.port == number) || asked_by_a_probe(containers, target),
        None => named(service, target, containers),
    };
    if hit {
        return None;
    }
    let subject = &service.object.subject;
    let have: Vec<String> = ports()
        .map(|p| p.name.as_ref().map_or_else(|| p.port.to_string(), |name| format!("{} ({name})", p.port)))
        .collect();
    // A named port that no container has is resolved to nothing by the endpoints controller; a number is sent to, and
    // declaring ports is optional.
    let certainty = if by_number.is_some() { Certainty::Likely } else { Certainty::Certain };
    let what = if by_number.is_some() { "port" } else { "named port" };
    Some(
        Finding::new(
            Code::ServicePortMismatch,
            subject.clone(),
            format!(
                "Service {} sends port {} to {what} {target}, and its pods declare {}.",
                subject.path(),
                port.port,
                have.join(", ")
            ),
        )
        .at_most(certainty)
        .since(service.object.created.clone())
        .shown_by(Proof::object(
            service.object,
            format!("port {} → targetPort {target}/{}", port.port, port.protocol),
        ))
        .remedy(remedy(subject, "Let targetPort name a port that the containers serve")),
    )
}

/// Whether a named target leads to a port. Describe prints no port names: where none was seen, the endpoints tell; a
/// name that no container has gives them an address without port.
fn named(service: &ServiceFact, target: &str, containers: &[&Container]) -> bool {
    let mut names =
        containers.iter().flat_map(|c| c.ports.iter().flatten()).filter_map(|p| p.name.as_deref());
    if names.any(|name| name == target) {
        return true;
    }
    match &service.service.endpoints {
        Some(endpoints) if !endpoints.is_empty() => endpoints.iter().all(|e| e.contains(':')),
        _ => !containers.iter().flat_map(|c| c.ports.iter().flatten()).any(|p| p.name.is_some()),
    }
}

fn protocol(service: &ServiceFact, port: &ServicePort, containers: &[&Container]) -> Option<Finding> {
    let written = port.port.to_string();
    let target = port.target.as_deref().unwrap_or(&written);
    let ports = || containers.iter().flat_map(|c| c.ports.iter().flatten());
    let same = |p: &&crate::evidence::Port| {
        target.parse::<u16>().map_or(p.name.as_deref() == Some(target), |number| p.port == number)
    };
    let there: Vec<_> = ports().filter(same).collect();
    let other = there.first()?;
    if there.iter().any(|p| p.protocol == port.protocol) {
        return None;
    }
    let subject = &service.object.subject;
    Some(
        Finding::new(
            Code::ServiceProtocolMismatch,
            subject.clone(),
            format!(
                "Service {} forwards {} on port {}, and its pods serve {} there: connections find nobody.",
                subject.path(),
                port.protocol,
                port.port,
                other.protocol
            ),
        )
        .aspect("protocol", port.protocol.clone())
        .since(service.object.created.clone())
        .shown_by(Proof::object(service.object, format!("port {}/{} → {target}", port.port, port.protocol)))
        .remedy(remedy(subject, "Give the Service's port the protocol that the containers serve")),
    )
}

/// A port that a probe asks with success is served, declared or not.
fn asked_by_a_probe(containers: &[&Container], target: &str) -> bool {
    containers.iter().filter(|c| c.ready == Some(true)).any(|c| {
        [&c.readiness, &c.liveness].into_iter().flatten().any(|probe| probe.action.port() == Some(target))
    })
}

fn remedy(subject: &crate::subject::Subject, summary: &str) -> Remedy {
    Remedy::kubectl(
        summary,
        subject,
        Honesty::NeedsJudgement,
        &["edit", &format!("service/{}", subject.name)],
    )
}
