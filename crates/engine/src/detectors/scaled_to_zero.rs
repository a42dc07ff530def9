//! See `scaled_to_zero.md` for what this means and the cases it must pass.

use crate::facts::Facts;
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::subject::Kind;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
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
        found.push(
            Finding::new(
                Code::DependencyScaledToZero,
                subject.clone(),
                format!(
                    "{} {} is scaled to 0, so Service {} has no endpoint and whoever asks it is refused.",
                    subject.kind.as_str(),
                    subject.path(),
                    service.object.subject.path()
                ),
            )
            // Somebody may have meant it.
            .at_most(Certainty::Likely)
            .hits([subject.clone(), service.object.subject.clone()])
            .shown_by(Proof::object(workload.object, "0 replicas wanted"))
            .shown_by(Proof::object(service.object, "no ready endpoint"))
            .remedy(Remedy::kubectl(
                "Run it again, if it was not meant to be off",
                subject,
                Honesty::NeedsJudgement,
                &["scale", &target, "--replicas=<count>"],
            )),
        );
    }
}
