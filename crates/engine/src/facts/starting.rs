//! Pods that are on their way: a rollout that is a few seconds old has not failed.

use super::{Facts, PodFact};
use crate::evidence::{Container, State};
use crate::moment::{Clock, SECOND};
use crate::scan::message::Saying;

/// How long a start may take without a word, in microseconds: an image to pull, a readiness probe to answer.
const START: i64 = 30 * SECOND;

impl Facts<'_> {
    /// How old a pod is at least, in microseconds.
    pub fn age(&self, pod: &PodFact) -> Option<i64> {
        let created = pod.object.created.as_ref()?;
        match &created.clock {
            Clock::Capture(_) => Some(created.latest.saturating_neg()),
            _ => created.until(self.evidence.captured()?).map(|(least, _)| least),
        }
    }

    /// Whether a pod was made just now and nothing says that it is held up: no warning, no end, no refusal.
    pub fn is_starting(&self, pod: &PodFact) -> bool {
        let goes_on = |container: &Container| match &container.state {
            Some(State::Waiting { reason, .. }) => {
                matches!(reason.as_deref(), None | Some("ContainerCreating" | "PodInitializing"))
            }
            Some(State::Running { .. }) => true,
            Some(State::Terminated(ended)) => ended.exit_code == Some(0),
            None => true,
        };
        let printed = matches!(
            pod.pod.printed_status.as_deref(),
            None | Some("ContainerCreating" | "PodInitializing" | "Running")
        );
        let held = || {
            self.about(pod.subject()).any(|statement| {
                statement.event().is_some_and(|event| event.warning)
                    || matches!(statement.saying, Saying::Scheduling(_)) && statement.event().is_none()
            })
        };
        pod.pod.node.is_some()
            && self.age(pod).is_some_and(|age| age < START)
            && pod.restarts() == 0
            && printed
            && pod.pod.containers.iter().all(|c| c.last.is_none() && goes_on(c))
            && !pod.is_finished()
            && !held()
    }
}
