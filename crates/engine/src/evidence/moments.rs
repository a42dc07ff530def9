//! Visits every moment of an observation, so that ages and yearless times can be tied to the calendar once known.

use super::{Body, Condition, Container, Object, State, What};
use crate::moment::Moment;

type Visit<'a> = &'a mut dyn FnMut(&mut Moment);

/// Calls `visit` with every moment that the observation holds.
pub(super) fn each(what: &mut What, visit: Visit) {
    match what {
        What::Object(object) => object_moments(object, visit),
        What::Event(event) => all([&mut event.first, &mut event.last], visit),
        What::Unit(unit) => all([&mut unit.since], visit),
        What::Log(_) | What::NodeLog(_) | What::Tags(_) | What::Listed { .. } | What::ClockPair(_) => {}
    }
}

fn all<const N: usize>(moments: [&mut Option<Moment>; N], visit: Visit) {
    moments.into_iter().flatten().for_each(visit);
}

fn object_moments(object: &mut Object, visit: Visit) {
    // A deletion is to come, and always absolute: it says nothing of the capture.
    all([&mut object.created], visit);
    for manager in &mut object.managers {
        all([&mut manager.at], visit);
    }
    match &mut object.body {
        Body::Pod(pod) => {
            all([&mut pod.started], visit);
            conditions(&mut pod.conditions, visit);
            for container in &mut pod.containers {
                container_moments(container, visit);
            }
        }
        Body::Node(node) => {
            all([&mut node.lease_renewed], visit);
            conditions(&mut node.conditions, visit);
            for taint in node.taints.iter_mut().flatten() {
                all([&mut taint.added], visit);
            }
        }
        Body::Workload(workload) => conditions(&mut workload.conditions, visit),
        Body::Autoscaler(autoscaler) => conditions(&mut autoscaler.conditions, visit),
        Body::Lease(lease) => all([&mut lease.renewed], visit),
        _ => {}
    }
}

fn conditions(conditions: &mut Option<Vec<Condition>>, visit: Visit) {
    for condition in conditions.iter_mut().flatten() {
        all([&mut condition.since], visit);
        condition.heartbeat.as_deref_mut().into_iter().for_each(&mut *visit);
    }
}

fn container_moments(container: &mut Container, visit: Visit) {
    for state in [&mut container.state, &mut container.last].into_iter().flatten() {
        match state {
            State::Running { started } => all([started], visit),
            State::Terminated(ended) => all([&mut ended.started, &mut ended.finished], visit),
            State::Waiting { .. } => {}
        }
    }
}
