//! A rollout that does not get on, in words.

use super::words::together;
use crate::evidence::State;
use crate::facts::{Facts, Family, PodFact};
use crate::finding::Act;
use crate::scan::message::{Saying, Workload};
use crate::subject::Kind;

/// What a rollout has stopped, and where its new pods stand; none where it is not the new pods alone that are not ready.
pub(super) fn stuck(facts: &Facts, family: &Family, desired: u32) -> Option<Act> {
    if family.top.kind != Kind::Deployment {
        return None;
    }
    let (new, good) = family.rollout()?;
    let kept = good.pods.iter().filter(|pod| !pod.is_deleting()).count();
    if new.pods.is_empty() || new.ready() > 0 || good.ready() == 0 || good.ready() < kept {
        return None;
    }
    let name = &family.top.name;
    let stopped = usize::try_from(desired).unwrap_or(0).saturating_sub(kept);
    let what = match stopped {
        0 => format!("A rollout keeps all {desired} {name} pods until its new ones are ready."),
        _ => format!("A rollout stops {stopped} of {desired} {name} pods."),
    };
    let successors = match new.pods.len() {
        1 => "Its successor".to_owned(),
        2 => "Both successors".to_owned(),
        count => format!("All {count} successors"),
    };
    let one = new.pods.len() == 1;
    let lands = together(new.pods.iter().map(|pod| pod.pod.node.as_deref()))
        .map(|node| format!(" {} on {node} and", if one { "lands" } else { "land" }));
    let state = together(new.pods.iter().map(|pod| waits_in(pod))).unwrap_or("what they are: not ready");
    let stays = if one { "stays" } else { "stay" };
    let mut act = Act::new(
        new.began.clone(),
        format!("{what} {successors}{} {stays} in {state}.", lands.unwrap_or_default()),
    );
    for statement in facts.about(&family.top) {
        if matches!(&statement.saying, Saying::Workload(Workload::Scaled { .. })) {
            act = act.shown_by(statement.proof());
        }
    }
    Some(act)
}

/// The word of the state that a pod waits in.
fn waits_in<'p>(pod: &'p PodFact) -> Option<&'p str> {
    let waiting = pod.pod.containers.iter().find_map(|container| match &container.state {
        Some(State::Waiting { reason, .. }) => reason.as_deref(),
        _ => None,
    });
    waiting.or(pod.pod.printed_status.as_deref())
}
