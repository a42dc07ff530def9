//! See `symptoms.md` for what this means and the cases it must pass.

use super::rollout_words::stuck;
use crate::evidence::Read;
use crate::facts::{Facts, PodFact, ServiceFact, Stage, families};
use crate::finding::{Act, Certainty, Code, Finding, Proof};
use crate::moment::SECOND;
use crate::subject::{Kind, Subject};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    facts.services().iter().filter_map(|service| short(facts, service)).for_each(|f| found.push(f));
    facts.unwell().filter_map(|pod| alone(facts, pod)).for_each(|f| found.push(f));
    let short = facts.workloads().iter().filter_map(|workload| {
        let (ready, desired) = workload.readiness()?;
        let runs = matches!(workload.subject().kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
        (runs && ready < desired && !starts(facts, workload.subject(), desired - ready))
            .then_some((workload, ready, desired))
    });
    let short: Vec<_> = short.collect();
    let families = families(facts, short.iter().map(|(workload, ..)| workload.subject().clone()));
    for (workload, ready, desired) in short {
        let subject = workload.subject().clone();
        let unready =
            facts.pods_of(&subject).filter(|p| p.is_ready() != Some(true)).map(|p| p.subject().clone());
        let unready: Vec<_> = unready.collect();
        let rollout = families.get(&subject).and_then(|family| stuck(facts, family, desired));
        let mut finding = Finding::new(
            Code::WorkloadUnavailable,
            subject.clone(),
            format!("{} {} has {ready} of {desired} pods ready.", subject.kind.as_str(), subject.path()),
        )
        .at_most(Certainty::Undetermined)
        .hits(unready.into_iter().chain([subject.clone()]))
        .shown_by(Proof::object(workload.object, format!("{ready} of {desired} ready")))
        .not_seen("why its pods are not ready: their events and states", Some(Read::Events(subject)));
        finding.acts.extend(rollout);
        found.push(finding);
    }
}

/// Whether all that a workload lacks is on its way.
fn starts(facts: &Facts, workload: &Subject, lacks: u32) -> bool {
    let unready = facts.pods_of(workload).filter(|pod| pod.is_ready() != Some(true) && !pod.is_deleting());
    let unready: Vec<_> = unready.collect();
    unready.len() >= lacks as usize && unready.iter().all(|pod| facts.is_starting(pod))
}

/// A pod that no workload answers for, that is not ready, and whose containers do not say why.
fn alone(facts: &Facts, pod: &PodFact) -> Option<Finding> {
    let waits = pod.is_ready() == Some(false) && !pod.is_finished() && !pod.is_deleting();
    let counted =
        pod.owners.iter().any(|o| facts.workload(&o.subject).is_some_and(|w| w.readiness().is_some()));
    // A start takes its time: only after five minutes, or once it has run, is it worth a word.
    let old = facts.age(pod).is_none_or(|age| age >= 300 * SECOND) || pod.stage() >= Stage::Run;
    if !waits || counted || !old || !pod.object.views.is_live() {
        return None;
    }
    let subject = pod.subject().clone();
    let status = pod.pod.printed_status.as_deref().map_or_else(String::new, |s| format!(" ({s})"));
    Some(
        Finding::new(
            Code::PodNotReady,
            subject.clone(),
            format!("Pod {} is not ready{status}.", subject.path()),
        )
        .at_most(Certainty::Undetermined)
        .shown_by(Proof::object(pod.object, format!("{} is not ready{status}", subject.path())))
        .not_seen("why it is not ready: its events and states", Some(Read::Events(subject))),
    )
}

/// A Service whose pods exist and of which too few are ready.
fn short(facts: &Facts, service: &ServiceFact) -> Option<Finding> {
    let pods: Vec<_> = service.pods.as_ref()?.iter().filter_map(|&i| facts.pods.get(i)).collect();
    let ready = service.ready.as_ref()?;
    let subject = service.object.subject.clone();
    // Those that are ready and no endpoints are not what the others wait for.
    let awaited = pods.iter().filter(|p| ready.is_empty() || p.is_ready() != Some(true));
    let mut awaited = awaited.filter(|p| !p.is_deleting()).peekable();
    if pods.is_empty() || awaited.peek().is_some() && awaited.all(|pod| facts.is_starting(pod)) {
        return None;
    }
    if !ready.is_empty() {
        let wanted = facts.workload(pods.first()?.top()).and_then(|w| w.workload.desired)? as usize;
        let unready: Vec<_> =
            pods.iter().filter(|p| p.is_ready() == Some(false) && !p.is_deleting()).collect();
        // The last change of the endpoints, where it is not older than the pods that are missing among them.
        let came = unready.iter().filter_map(|p| p.object.created.clone()).min_by_key(|m| m.print_key());
        let left = service.changed.clone().filter(|at| came.is_some_and(|came| came.not_after(at)));
        return (ready.len() < wanted && !unready.is_empty()).then(|| {
            let mut finding = Finding::new(
                Code::ServiceShort,
                subject.clone(),
                format!(
                    "Service {} is left with {} ready endpoints of {wanted}.",
                    subject.path(),
                    ready.len()
                ),
            )
            .at_most(Certainty::Likely)
            .hits(unready.iter().map(|p| p.subject().clone()).chain([subject.clone()]))
            .shown_by(Proof::object(service.object, format!("{} ready endpoints", ready.len())));
            if left.is_some() {
                finding.acts.push(Act::new(left, finding.summary.clone()));
            }
            finding
        });
    }
    Some(
        Finding::new(
            Code::ServiceWithoutEndpoints,
            subject.clone(),
            format!(
                "Service {} selects {}, and none is ready: its callers find nobody.",
                subject.path(),
                super::words::count_of(u32::try_from(pods.len()).ok(), "pod")
            ),
        )
        .at_most(Certainty::Likely)
        .hits(pods.iter().map(|p| p.subject().clone()).chain([subject.clone()]))
        .shown_by(Proof::object(service.object, "no ready endpoint".to_owned())),
    )
}
