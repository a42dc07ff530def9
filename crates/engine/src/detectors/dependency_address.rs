//! See `dependency_address.md` for what this means and the cases it must pass.

use crate::evidence::{Address, Body, EnvSource};
use crate::facts::{Facts, service_of};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::subject::{Kind, Subject};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.pods().filter(|pod| !pod.is_finished()) {
        let namespace = pod.subject().namespace.as_deref();
        for container in &pod.pod.containers {
            for env in container.env.iter().flatten() {
                let EnvSource::Address(address) = &env.from else { continue };
                let Some(service) = service_of(&address.host, namespace) else { continue };
                let Some((aspect, why)) = wrong(facts, &service, address) else { continue };
                let top = pod.top();
                let written = match address.port {
                    Some(port) => format!("{}:{port}", address.host),
                    None => address.host.to_string(),
                };
                let summary =
                    format!("{} of {} {} is {written}, and {why}.", env.name, top.kind.as_str(), top.path());
                let target = format!("{}/{}", top.kind.as_str().to_lowercase(), top.name);
                found.push(
                    Finding::new(Code::DependencyAddressWrong, top.container(&container.name), summary)
                        .aspect("wrong", aspect)
                        .aspect("env", env.name.clone())
                        // Nothing says that the program uses the variable.
                        .at_most(Certainty::Likely)
                        .hits([pod.container_subject(container)])
                        .since(pod.object.created.clone())
                        .shown_by(Proof::object(pod.object, format!("environment {}: {written}", env.name)))
                        .remedy(Remedy::kubectl(
                            "Set the variable to the name and port of a Service",
                            top,
                            Honesty::NeedsJudgement,
                            &[
                                "set",
                                "env",
                                &target,
                                "-c",
                                &container.name,
                                &format!("{}=<service>:<port>", env.name),
                            ],
                        )),
                );
            }
        }
    }
}

fn wrong(facts: &Facts, service: &Subject, address: &Address) -> Option<(&'static str, String)> {
    // A name with dots that is no Service's may be anything of the outside.
    let bare = !address.host.contains('.');
    match facts.object(service).map(|o| &o.body) {
        Some(Body::Service(body)) => {
            let port = address.port?;
            let ports = body.ports.as_ref().filter(|ports| !ports.is_empty())?;
            let headless = body.cluster_ip.as_deref() == Some("None");
            if headless || ports.iter().any(|p| p.port == port) {
                return None;
            }
            let have: Vec<String> = ports.iter().map(|p| p.port.to_string()).collect();
            Some(("port", format!("Service {} serves port {}", service.path(), have.join(", "))))
        }
        _ if bare
            && is_asked(address)
            && facts.evidence.is_listed(&Kind::Service, service.namespace.as_deref()) =>
        {
            // Of a name that nothing here is like, nobody can say that it is meant for this namespace at all.
            let near = facts.services().iter().find(|s| {
                let name = &s.object.subject.name;
                s.object.subject.namespace == service.namespace && is_near(name, &service.name)
            })?;
            let name = &near.object.subject.name;
            Some(("host", format!("there is no Service {}; there is {name}", service.path())))
        }
        _ => None,
    }
}

/// Whether the value is one that a program connects to.
fn is_asked(address: &Address) -> bool {
    address.port.is_some()
        || matches!(address.scheme.as_deref(), Some("http" | "https" | "grpc" | "redis" | "amqp" | "tcp"))
}

/// Whether one name is the other with a word added or left out, or with a few letters changed.
fn is_near(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() < 4 {
        return false;
    }
    let word = long.strip_prefix(short).is_some_and(|rest| rest.starts_with(['-', '_']));
    let common = short.bytes().zip(long.bytes()).take_while(|(x, y)| x == y).count();
    let tail = short.bytes().rev().zip(long.bytes().rev()).take_while(|(x, y)| x == y).count();
    word || common + tail + 2 >= long.len()
}
