//! See `name_resolution.md` for what this means and the cases it must pass.

use crate::evidence::{Body, Dns};
use crate::facts::{Facts, LogFact, PodFact, service_of};
use crate::finding::{Certainty, Code, Course, Finding, Honesty, Proof, Remedy};
use crate::scan::log::{Claim, Sighting};
use crate::subject::Subject;

/// The port that name servers listen on.
const DNS: u16 = 53;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for log in facts.troubled_logs() {
        for sighting in log.log.summary.seen(|claim| matches!(claim, Claim::NameUnresolved { .. })) {
            let Some(finding) = unresolved(facts, log, sighting) else { continue };
            let over = finding.members.iter().all(|pod| facts.is_well(pod));
            found.push(finding.course(if over { Course::Over } else { Course::Ongoing }));
        }
    }
    for pod in facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting()) {
        if pod.is_ready() == Some(false) {
            found.extend(settings(facts, pod));
        }
    }
}

/// A log names a Service that exists, and says that the name does not resolve.
fn unresolved(facts: &Facts, log: &LogFact, sighting: &Sighting) -> Option<Finding> {
    let Claim::NameUnresolved { host, .. } = &sighting.claim else { return None };
    let top = facts.top(log.subject.as_ref()?);
    let object = facts.object(&service_of(host, top.namespace.as_deref())?)?;
    if !matches!(object.body, Body::Service(_)) {
        return None;
    }
    let service = object.subject.path();
    let summary = format!(
        "{} {} cannot resolve {host}, though Service {service} exists.",
        top.kind.as_str(),
        top.path()
    );
    let finding = Finding::new(Code::NameResolutionFailing, top.clone(), summary)
        .hits(facts.troubled_pods(log))
        .shown_by(Proof::object(object, format!("Service {service} exists")))
        .shown_by(log.sighting(sighting));
    Some(common(finding, &top))
}

/// A pod that does not work asks name servers that are not the cluster's, and needs a name that only those know.
fn settings(facts: &Facts, pod: &PodFact) -> Option<Finding> {
    let dns = facts.dns_of(pod);
    let &(_, own) = dns.first()?;
    let asks = elsewhere(facts, own)?;
    let services = facts.named_services(pod);
    let needed = services.iter().find_map(|service| facts.object(service))?;
    let top = pod.top();
    let policy = own.policy.as_deref().unwrap_or("ClusterFirst");
    let summary = format!(
        "{} {} asks {asks} for names (dnsPolicy {policy}), and needs Service {}, whose name the cluster's DNS knows.",
        top.kind.as_str(),
        top.path(),
        needed.subject.path()
    );
    let mut finding = Finding::new(Code::NameResolutionFailing, top.clone(), summary)
        // Whether those servers know the cluster's names as well, nobody saw.
        .at_most(Certainty::Possible)
        .hits([pod.subject().clone()])
        .shown_by(Proof::object(needed, format!("Service {} exists", needed.subject.path())))
        .not_seen(format!("whether {asks} answers for names of the cluster"), None);
    for (object, dns) in &dns {
        let servers: Vec<&str> = dns.servers.iter().map(|server| &**server).collect();
        finding = finding.shown_by(Proof::object(
            object,
            format!("dnsPolicy {policy}, nameservers {}", servers.join(", ")),
        ));
    }
    Some(common(finding, top))
}

/// Whom the pod asks, if that is surely not the cluster's DNS.
fn elsewhere(facts: &Facts, dns: &Dns) -> Option<String> {
    match dns.policy.as_deref() {
        Some("Default") => return Some("the name servers of its node".to_owned()),
        Some("None") if !dns.servers.is_empty() => {}
        _ => return None,
    }
    // A Service that serves names, or a cache of the node on a link-local address (NodeLocal DNSCache).
    let of_cluster = |server: &str| {
        server.starts_with("169.254.")
            || facts.services().iter().any(|s| {
                s.service.cluster_ip.as_deref() == Some(server)
                    && s.service.ports.iter().flatten().any(|port| port.port == DNS)
            })
    };
    let servers: Vec<&str> = dns.servers.iter().map(|server| &**server).collect();
    (!servers.iter().any(|server| of_cluster(server))).then(|| servers.join(", "))
}

fn common(finding: Finding, top: &Subject) -> Finding {
    finding.at_most(Certainty::Likely).remedy(Remedy::kubectl(
        "See the pod's DNS settings and whether cluster DNS answers from its node",
        top,
        Honesty::Safe,
        &["get", "pods", "-o", "yaml"],
    ))
}
