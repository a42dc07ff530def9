//! See `scaled_to_zero.md` for what this means and the cases it must pass.

use crate::facts::{Facts, service_of};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::scan::log::Claim;
use crate::subject::{Kind, Subject};
use std::collections::BTreeMap;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let mut known = None;
    for workload in facts.workloads() {
        let subject = workload.subject();
        let runs = matches!(subject.kind, Kind::Deployment | Kind::StatefulSet);
        if !runs || workload.workload.desired != Some(0) || !workload.object.views.is_live() {
            continue;
        }
        // A Service that was made for its pods, and by its name others ask for it.
        let labels = workload.workload.template.as_ref().and_then(|t| t.labels.as_ref());
        let service = facts.services().iter().find(|s| {
            let selector = s.service.selector.as_ref().filter(|s| !s.is_empty());
            s.object.subject.namespace == subject.namespace
                && match (selector, labels) {
                    (Some(selector), Some(labels)) => selector.iter().all(|(k, v)| labels.get(k) == Some(v)),
                    _ => s.object.subject.name == subject.name,
                }
        });
        let Some(service) = service else { continue };
        if service.ready.as_ref().is_some_and(|ready| !ready.is_empty()) {
            continue;
        }
        let target = format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name);
        let known = known.get_or_insert_with(|| callers(facts));
        let callers = known.get(&service.object.subject).cloned().unwrap_or_default();
        // Somebody may have meant it, the more so where nobody misses it.
        let surest = if callers.is_empty() { Certainty::Possible } else { Certainty::Likely };
        let finding = Finding::new(
            Code::DependencyScaledToZero,
            subject.clone(),
            format!(
                "{} {} is scaled to 0, so Service {} has no endpoint and whoever asks it is refused.",
                subject.kind.as_str(),
                subject.path(),
                service.object.subject.path()
            ),
        )
        .at_most(surest)
        .hits([subject.clone(), service.object.subject.clone()])
        .shown_by(Proof::object(workload.object, "0 replicas wanted"))
        .shown_by(Proof::object(service.object, "no ready endpoint"))
        .remedy(Remedy::kubectl(
            "Run it again, if it was not meant to be off",
            subject,
            Honesty::NeedsJudgement,
            &["scale", &target, "--replicas=<count>"],
        ));
        let finding = callers.into_iter().fold(finding, Finding::shown_by);
        found.push(match surest {
            Certainty::Possible => finding.not_seen("whether anybody asks for it: logs of its callers", None),
            _ => finding,
        });
    }
}

/// Callers that are told of one Service.
const CALLERS: usize = 3;

/// What shows that a Service is asked for: logs of callers that got nobody, routes to it, pods that name it.
fn callers(facts: &Facts) -> BTreeMap<Subject, Vec<Proof>> {
    let mut callers: BTreeMap<Subject, Vec<Proof>> = BTreeMap::new();
    let mut add = |service: Subject, proof: &dyn Fn(&Subject) -> Proof| {
        if callers.get(&service).is_none_or(|known| known.len() < CALLERS) {
            let proof = proof(&service);
            callers.entry(service).or_default().push(proof);
        }
    };
    for log in facts.logs() {
        let pod = log.pods.first().and_then(|&at| facts.pods.get(at)).map(|pod| pod.subject());
        let Some(from) = log.subject.as_ref().or(pod) else { continue };
        for sighting in &log.log.summary.sightings {
            if let Some(service) =
                asked(&sighting.claim).and_then(|host| service_of(host, from.namespace.as_deref()))
            {
                add(service, &|_| log.sighting(sighting));
            }
        }
    }
    for table in facts.route_tables() {
        for route in table.routes {
            let sends = |to: &Subject| format!("sends {} to Service {}", route.path, to.path());
            add(route.service.clone(), &|to| Proof::object(table.object, sends(to)));
        }
    }
    for pod in facts.pods() {
        let names = |service: &Subject| format!("{} names Service {}", pod.subject().path(), service.path());
        for service in facts.named_services(pod) {
            add(service, &|to| Proof::object(pod.object, names(to)));
        }
    }
    callers
}

/// The host that a caller did not reach.
fn asked(claim: &Claim) -> Option<&str> {
    match claim {
        Claim::NoInstances { service } => Some(service),
        Claim::Refused { target }
        | Claim::TimedOut { target }
        | Claim::Unroutable { target }
        | Claim::Upstream { target, .. } => Some(target.rsplit_once(':').map_or(target, |(host, _)| host)),
        _ => None,
    }
}
