//! What journals and logs say of the end of a container.

use super::{Facts, LogFact, PodFact};
use crate::evidence::{Container, Instance, LogSource};
use crate::finding::{Proof, Ref};
use crate::moment::{Clock, Moment};
use crate::scan::log::{Excerpt, LogSummary, Sighting};
use crate::subject::Part;

/// A kernel's kill of a process of a container, for memory.
pub struct KernelKill {
    /// Whether the whole node was out of memory, and not a cgroup at its limit.
    pub global: bool,
    /// The line.
    pub proof: Proof,
}

/// The line of a log that tells an end best.
pub struct LogLine {
    /// What it says, clipped.
    pub text: String,
    /// Where it stands.
    pub proof: Proof,
}

impl LogFact<'_> {
    /// A line of it as proof.
    pub fn proof(&self, line: &Excerpt) -> Proof {
        let mut locator = self.log.locator.clone();
        locator.line = locator.line.map(|first| first.saturating_add(line.line));
        Proof {
            record: Ref::Log(self.log.locator.clone()),
            text: format!("log: {}", line.text),
            at: None,
            locator,
        }
    }

    /// When a sighting's first line was written, where it says so.
    pub fn time(&self, sighting: &Sighting) -> Option<Moment> {
        let at = sighting.example.at?;
        Some(Moment { earliest: at, latest: at, clock: Clock::Container })
    }

    /// A sighting as proof, with how often.
    pub fn sighting(&self, sighting: &Sighting) -> Proof {
        let mut proof = self.proof(&sighting.example);
        if sighting.count > 1 {
            proof.text.push_str(&format!(" ({} times)", sighting.count));
        }
        proof
    }

    /// Whether it may hold lines of that container.
    fn is_of(&self, index: usize, container: &Container) -> bool {
        let named = match &self.log.source {
            LogSource::Container { pod } => pod.part.as_ref().map(Part::name),
            LogSource::Selector { container, .. } | LogSource::Workload { container, .. } => {
                container.as_ref()
            }
            // Lines that were pasted beside the one pod that there is.
            LogSource::Unknown => return self.pods.contains(&index),
        };
        self.pods.contains(&index) && named.is_none_or(|name| *name == container.name)
    }
}

impl<'e> Facts<'e> {
    /// Kernel kills of that container's processes, from the journals of its node.
    pub fn kernel_kills(&self, pod: &PodFact, container: &Container) -> Vec<KernelKill> {
        let Some(uid) = &pod.object.uid else { return Vec::new() };
        let id = container_ids(container);
        let mut kills = Vec::new();
        for log in self.evidence.node_logs() {
            for kill in &log.summary.oom_kills {
                let of_pod = kill.pod_uid.as_deref() == Some(&**uid);
                let of_container =
                    kill.container_id.as_deref().is_some_and(|k| id.iter().any(|i| i.ends_with(k)));
                if of_container || of_pod && kill.container_id.is_none() {
                    let mut locator = log.locator.clone();
                    locator.line = locator.line.map(|first| first.saturating_add(kill.line));
                    let text = format!("kernel: {}", kill.text);
                    let record = Ref::NodeLog(log.locator.clone());
                    let at = kill.at.map(|at| log.moment(at));
                    kills
                        .push(KernelKill { global: kill.global, proof: Proof { record, text, at, locator } });
                }
            }
        }
        kills
    }

    /// What the dead instance logged last that tells why it ended.
    pub fn fatal_line(&self, pod: &PodFact, container: &Container, runs_again: bool) -> Option<LogLine> {
        self.line_of(pod, container, runs_again, LogSummary::essence)
    }

    /// The line in which the dead instance says with which code it ends.
    pub fn exit_line(&self, pod: &PodFact, container: &Container, runs_again: bool) -> Option<LogLine> {
        self.line_of(pod, container, runs_again, |summary| summary.exit.as_ref().map(|unit| &unit.head))
    }

    fn line_of(
        &self,
        pod: &PodFact,
        container: &Container,
        runs_again: bool,
        pick: fn(&LogSummary) -> Option<&Excerpt>,
    ) -> Option<LogLine> {
        let index = self.pod_at(pod.subject())?;
        let mut logs: Vec<&LogFact> = self.logs.iter().filter(|log| log.is_of(index, container)).collect();
        // The dead instance is the newest while the container waits, and the one before once it runs again.
        let dead = container.restarts.map(|restarts| restarts.saturating_sub(u32::from(runs_again)));
        logs.sort_by_key(|log| match log.log.instance {
            Instance::Number(number) => dead.map_or(u32::MAX, |dead| dead.abs_diff(number)),
            Instance::Previous => u32::from(!runs_again),
            Instance::Newest => u32::from(runs_again),
        });
        logs.into_iter().find_map(|log| {
            let line = pick(&log.log.summary)?;
            Some(LogLine { text: line.text.to_string(), proof: log.proof(line) })
        })
    }

    /// Logs of pods that are in trouble: ended, restarted or not ready.
    pub fn troubled_logs(&self) -> impl Iterator<Item = &LogFact<'e>> {
        self.logs.iter().filter(|log| {
            log.pods.iter().filter_map(|&i| self.pods.get(i)).any(|pod| {
                !pod.gone && (pod.is_ready() == Some(false) || pod.restarts() > 0) && !pod.is_finished()
            })
        })
    }

    /// The pods of a log that are in trouble.
    pub fn troubled_pods(&self, log: &LogFact) -> Vec<crate::subject::Subject> {
        let pods = log.pods.iter().filter_map(|&i| self.pods.get(i));
        pods.filter(|p| p.is_ready() == Some(false) || p.restarts() > 0)
            .map(|p| p.subject().clone())
            .collect()
    }
}

fn container_ids(container: &Container) -> Vec<String> {
    use crate::evidence::State;
    let mut ids: Vec<String> = container.id.iter().map(ToString::to_string).collect();
    for state in [&container.state, &container.last].into_iter().flatten() {
        if let State::Terminated(ended) = state {
            ids.extend(ended.id.iter().map(ToString::to_string));
        }
    }
    ids
}
