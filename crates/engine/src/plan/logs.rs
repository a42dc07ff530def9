//! Which logs can change a verdict: of containers that died, or run and are not ready.

use super::object;
use crate::Text;
use crate::evidence::{Container, Object, Observation, Phase, Read, State};
use crate::subject::Kind;
use std::collections::BTreeMap;

/// Logs of one container of one owner that ended alike: the second one shows what is common.
const ALIKE: usize = 2;
/// Logs of all pods together, when many are looked at.
const MOST: usize = 40;

/// Whether nothing is wrong with a pod: it ended well, or all of it runs, is ready, and was never restarted.
pub(super) fn is_well(object: &Object) -> bool {
    let Some(pod) = object.pod() else { return true };
    let runs = |container: &Container| {
        matches!(container.state, Some(State::Running { .. }))
            && container.ready != Some(false)
            && container.last.is_none()
    };
    let is_whole = |container: &Container| {
        runs(container)
            || matches!(&container.state, Some(State::Terminated(end)) if end.exit_code == Some(0))
    };
    match pod.phase {
        Some(Phase::Succeeded) => true,
        Some(Phase::Running) => pod.containers.iter().all(is_whole),
        _ => false,
    }
}

/// The logs of one pod.
pub(super) fn of_one(object: &Object) -> Vec<Read> {
    worth(object).into_iter().map(|(_, read)| read).collect()
}

/// The logs of many pods: those that keep failing before those that run again, and of those that failed alike a few.
pub(super) fn of_many(seen: &[Observation]) -> Vec<Read> {
    let mut all: Vec<(Urgency, Text, Read)> = Vec::new();
    for object in seen.iter().filter_map(object).filter(|object| object.subject.kind == Kind::Pod) {
        if !is_well(object) {
            let alike = alike(object);
            all.extend(worth(object).into_iter().map(|(urgency, read)| (urgency, alike.clone(), read)));
        }
    }
    all.sort();
    let mut told: BTreeMap<(Text, Option<Text>, Urgency), usize> = BTreeMap::new();
    let few = all.into_iter().filter(|(urgency, alike, read)| {
        let container = match read {
            Read::Log { container, .. } => container.part.as_ref().map(|part| part.name().clone()),
            _ => None,
        };
        let count = told.entry((alike.clone(), container, *urgency)).or_default();
        *count += 1;
        *count <= ALIKE
    });
    few.map(|(_, _, read)| read).take(MOST).collect()
}

/// How much a log matters; the least comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    /// It is dead, with this code.
    Dead(Option<i32>),
    /// It runs and is not ready.
    NotReady,
    /// It died with this code, and runs again.
    RunsAgain(Option<i32>),
}

/// The logs of a pod that can tell something, one for each container. Which instance `previous` means depends on the
/// container's state: while it waits, the newest instance is the dead one; once it runs again, the one before is.
fn worth(object: &Object) -> Vec<(Urgency, Read)> {
    let Some(pod) = object.pod() else { return Vec::new() };
    if object.deleting.is_some() {
        return Vec::new();
    }
    let mut reads = Vec::new();
    for container in &pod.containers {
        let (urgency, previous) = match (&container.state, &container.last) {
            (Some(State::Terminated(end)), _) if end.exit_code != Some(0) => {
                (Urgency::Dead(end.exit_code), false)
            }
            (Some(State::Waiting { .. }), Some(State::Terminated(end))) => {
                (Urgency::Dead(end.exit_code), false)
            }
            (Some(State::Running { .. }), Some(State::Terminated(end))) => {
                (Urgency::RunsAgain(end.exit_code), true)
            }
            (Some(State::Running { .. }), _) if container.ready == Some(false) => (Urgency::NotReady, false),
            _ => continue,
        };
        let container = object.subject.container(&container.name);
        reads.push((urgency, Read::Log { container, previous }));
    }
    reads
}

/// What pods that fail alike have in common: their namespace and controller, or else their name.
fn alike(object: &Object) -> Text {
    let owner = super::controller(object).map_or(&object.subject.name, |owner| &owner.subject.name);
    format!("{}/{owner}", object.subject.namespace()).into()
}
