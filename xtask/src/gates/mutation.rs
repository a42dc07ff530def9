//! The mutation gate: without every record that the root cites, the verdict weakens, moves or vanishes. One that stands
//! as it was rests on something that it does not show.

use super::{Capture, diagnose, verdict};
use engine::evidence::{Observation, What};
use engine::finding::Ref;
use engine::report::{Incident, Report};
use engine::subject::Subject;

pub(super) fn holds(capture: &Capture) -> Result<(), String> {
    let Some(first) = capture.report.incidents.first() else { return Ok(()) };
    // A root may have come about in several steps.
    let of_root = first.because.iter().filter(|step| step.code == first.root.code);
    let cited: Vec<&Ref> = of_root.flat_map(|step| &step.evidence).map(|proof| &proof.record).collect();
    if cited.is_empty() {
        return Err(format!("{} cites nothing", verdict(&capture.report)));
    }
    let mut read = capture.read.clone();
    read.observations.retain(|observation| !cited.iter().any(|record| is(observation, record)));
    let after = diagnose(&read.finish().0);
    if stands(first, &after) {
        return Err(format!(
            "{} stands without the {} records that it cites",
            verdict(&capture.report),
            cited.len()
        ));
    }
    Ok(())
}

/// Whether the first incident is still the same, and no less sure.
fn stands(before: &Incident, after: &Report) -> bool {
    after.incidents.first().is_some_and(|now| {
        (now.root.code, &now.root.subject) == (before.root.code, &before.root.subject)
            && now.certainty >= before.certainty
            && now.root.certainty >= before.root.certainty
    })
}

/// Whether an observation is of that record.
fn is(observation: &Observation, record: &Ref) -> bool {
    match (&observation.what, record) {
        (What::Object(object), Ref::Object(subject)) => same(&object.subject, subject),
        (What::Event(event), Ref::Event(about, reason, message)) => {
            same(&event.about, about) && event.reason == *reason && event.message == *message
        }
        (What::Log(_), Ref::Log(place)) | (What::NodeLog(_), Ref::NodeLog(place)) => {
            observation.locator == *place
        }
        (What::Unit(unit), Ref::Unit(node, name)) => {
            unit.name == *name && (unit.node.is_none() || node.is_none() || unit.node == *node)
        }
        _ => false,
    }
}

/// Whether both are one object; some views print no namespace.
fn same(seen: &Subject, cited: &Subject) -> bool {
    seen.kind == cited.kind
        && seen.name == cited.name
        && (seen.namespace.is_none() || cited.namespace.is_none() || seen.namespace == cited.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::subject::Kind;

    #[test]
    fn a_record_is_known_without_its_namespace() {
        let pod = |namespace| Subject::new(Kind::Pod, namespace, "cart-0");
        assert!(same(&pod(None), &pod(Some("shop"))));
        assert!(!same(&pod(Some("other")), &pod(Some("shop"))));
    }
}
