//! See `symptoms.md` for what this means and the cases it must pass.

use crate::evidence::Read;
use crate::facts::{Facts, PodFact, ServiceFact, Stage};
use crate::finding::{Certainty, Code, Finding, Proof};
use crate::moment::{Clock, SECOND};
use crate::subject::Kind;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    facts.services().iter().filter_map(|service| short(facts, service)).for_each(|f| found.push(f));
    facts.pods().filter_map(|pod| alone(facts, pod)).for_each(|f| found.push(f));
    for workload in facts.workloads() {
        let Some((ready, desired)) = workload.readiness() else { continue };
        let runs = matches!(workload.subject().kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
        if !runs || ready >= desired {
            continue;
        }
        let subject = workload.subject().clone();
        let unready =
            facts.pods_of(&subject).filter(|p| p.is_ready() != Some(true)).map(|p| p.subject().clone());
        let unready: Vec<_> = unready.collect();
        found.push(
            Finding::new(
                Code::WorkloadUnavailable,
                subject.clone(),
                format!("{} {} has {ready} of {desired} pods ready.", subject.kind.as_str(), subject.path()),
            )
            .at_most(Certainty::Undetermined)
            .hits(unready.into_iter().chain([subject.clone()]))
            .shown_by(Proof::object(workload.object, format!("{ready} of {desired} ready")))
            .not_seen("why its pods are not ready: their events and states", Some(Read::Events(subject))),
        );
    }
}

/// A pod that no workload answers for, that is not ready, and whose containers do not say why.
fn alone(facts: &Facts, pod: &PodFact) -> Option<Finding> {
    let waits = pod.is_ready() == Some(false) && !pod.is_finished() && !pod.is_deleting();
    let counted =
        pod.owners.iter().any(|o| facts.workload(&o.subject).is_some_and(|w| w.readiness().is_some()));
    // A start takes its time: only after five minutes, or once it has run, is it worth a word.
    let now = facts.evidence.captured();
    let age = pod.object.created.as_ref().and_then(|created| match &created.clock {
        Clock::Capture(_) => Some(created.latest.saturating_neg()),
        _ => created.until(now?).map(|(least, _)| least),
    });
    let old = age.is_none_or(|age| age >= 300 * SECOND) || pod.stage() >= Stage::Run;
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
    if pods.is_empty() {
        return None;
    }
    if !ready.is_empty() {
        let wanted = facts.workload(pods.first()?.top()).and_then(|w| w.workload.desired)? as usize;
        let unready: Vec<_> =
            pods.iter().filter(|p| p.is_ready() == Some(false) && !p.is_deleting()).collect();
        return (ready.len() < wanted && !unready.is_empty()).then(|| {
            Finding::new(
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
            .shown_by(Proof::object(service.object, format!("{} ready endpoints", ready.len())))
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
