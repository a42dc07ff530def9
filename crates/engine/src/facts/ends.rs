//! How instances of containers ended, and who or what ended them: the ladder of an end, rung by rung.

use super::{Facts, PodFact, Statement};
use crate::evidence::{Container, Ended, ProbeKind, RestartPolicy, Role, State};
use crate::finding::{Course, Proof};
use crate::moment::{Moment, SECOND};
use crate::scan::message::{KillReason, Lifecycle, Saying};
use crate::subject::Subject;

/// An end that matters now: of the newest dead instance of a container.
pub struct End<'f, 'e> {
    /// The pod.
    pub pod: &'f PodFact<'e>,
    /// The container.
    pub container: &'e Container,
    /// How it ended.
    pub ended: &'e Ended,
    /// Whether the container has been started again and runs.
    pub runs_again: bool,
    /// What ended it.
    pub why: Why<'f, 'e>,
}

/// What ended an instance. The order of the variants is that of the ladder.
pub enum Why<'f, 'e> {
    /// Nothing was killed: the kubelet wrote an end that it did not see.
    Synthetic,
    /// It never started: the runtime could not execute it.
    NotStarted,
    /// A probe failed, and the kubelet stopped it.
    Probe(ProbeKind, &'f Statement<'e>),
    /// The pod was being deleted, evicted, preempted, or its spec was changed.
    Stopped(&'f Statement<'e>),
    /// The pod is going: nobody has to explain a TERM or KILL.
    Deleting,
    /// The runtime says the kernel killed it, or a process of it, for memory.
    Memory,
    /// A signal from inside: a crash of the process.
    Signal(i32),
    /// SIGKILL from somebody unknown.
    Killed,
    /// SIGTERM from somebody unknown.
    Terminated,
    /// It ended itself with an error.
    Exit(i32),
    /// It ended itself with success.
    Completed,
    /// The exit code was not seen.
    Unseen,
}

/// Back-off is forgotten after ten minutes (kubelet `MaxContainerBackOff` × 2): a container that has run longer is well.
const FORGOTTEN: i64 = 600 * SECOND;

impl<'e> Facts<'e> {
    /// The ends that matter now.
    pub fn ends(&self) -> Vec<End<'_, 'e>> {
        self.unwell().flat_map(|pod| self.ends_of(pod)).collect()
    }

    /// Those of one pod.
    fn ends_of<'f>(&'f self, pod: &'f PodFact<'e>) -> impl Iterator<Item = End<'f, 'e>> {
        pod.pod.containers.iter().filter_map(move |container| {
            let (ended, runs_again) = match (&container.state, &container.last) {
                (Some(State::Terminated(ended)), _) => (ended, false),
                (Some(State::Waiting { .. }), Some(State::Terminated(ended))) => (ended, false),
                (Some(State::Running { .. }), Some(State::Terminated(ended))) => (ended, true),
                (None, Some(State::Terminated(ended))) => (ended, false),
                _ => return None,
            };
            let why = || self.why(pod, container, ended);
            (!is_expected(pod, container, ended)).then(|| End {
                pod,
                container,
                ended,
                runs_again,
                why: why(),
            })
        })
    }

    /// Whether a pod is well, whatever it went through: it is ready, and every end of its containers is over.
    pub fn is_well(&self, pod: &Subject) -> bool {
        self.pod(pod)
            .filter(|pod| !pod.gone && pod.is_ready() == Some(true))
            .is_some_and(|pod| self.ends_of(pod).all(|end| end.course(self) != Course::Ongoing))
    }

    fn why<'f>(&'f self, pod: &'f PodFact<'e>, container: &'f Container, ended: &Ended) -> Why<'f, 'e> {
        match ended.reason.as_deref() {
            // `Unknown` with 255: containerd came back and no longer had the task (internal/cri/server/restart.go).
            Some("ContainerStatusUnknown" | "RestartingAllContainers" | "Unknown") => return Why::Synthetic,
            Some("StartError" | "ContainerCannotRun") => return Why::NotStarted,
            _ => {}
        }
        let oom = ended.reason.as_deref() == Some("OOMKilled");
        let killing = |wanted: fn(&KillReason) -> bool| {
            self.about_container(pod.subject(), &container.name).find(|s| {
                matches!(&s.saying, Saying::Lifecycle(Lifecycle::Killing { why, container: named, .. })
                    if wanted(why) && named.as_ref().is_none_or(|n| *n == container.name))
                    && is_of_this_end(s, ended, pod.pod.grace_seconds)
            })
        };
        // A kernel kill beats the asker: a probe that fails because the process is out of memory is no cause.
        if !oom {
            if let Some(statement) = killing(|why| matches!(why, KillReason::LivenessFailed)) {
                return Why::Probe(ProbeKind::Liveness, statement);
            }
            if let Some(statement) = killing(|why| matches!(why, KillReason::StartupFailed)) {
                return Why::Probe(ProbeKind::Startup, statement);
            }
        }
        if oom {
            return Why::Memory;
        }
        if pod.is_deleting()
            || matches!(pod.pod.reason.as_deref(), Some("Evicted" | "Preempting" | "Terminated"))
        {
            return Why::Deleting;
        }
        let stopped =
            || killing(|why| !matches!(why, KillReason::LivenessFailed | KillReason::StartupFailed));
        match ended.exit_code {
            Some(0) => Why::Completed,
            Some(137) => stopped().map_or(Why::Killed, Why::Stopped),
            Some(143) => stopped().map_or(Why::Terminated, Why::Stopped),
            // SIGHUP, SIGINT, SIGQUIT, SIGUSR and their like come from others as well; these come from the process.
            Some(code @ (132 | 133 | 134 | 135 | 136 | 139 | 159)) => Why::Signal(code - 128),
            Some(code) => Why::Exit(code),
            None => Why::Unseen,
        }
    }
}

/// Whether an event of the kubelet stopping a container belongs to this end: it lies before it, not longer than the
/// grace period and a little. Where the clocks have nothing in common it is taken to.
fn is_of_this_end(statement: &Statement, ended: &Ended, grace: Option<i64>) -> bool {
    let Some(finished) = &ended.finished else { return true };
    let slack = (grace.unwrap_or(30).max(2).saturating_add(60)).saturating_mul(SECOND);
    // A counted event is an interval: one of its times lies between its first and its last.
    let not_after = statement.first.as_ref().is_none_or(|first| first.not_after(finished));
    let near =
        statement.last.as_ref().and_then(|last| last.until(finished)).is_none_or(|(least, _)| least <= slack);
    not_after && near
}

/// Ends that nobody has to explain: an init container or a Job's container that did its work, a debug container.
fn is_expected(pod: &PodFact, container: &Container, ended: &Ended) -> bool {
    if container.role == Role::Ephemeral {
        return true;
    }
    let success = ended.exit_code == Some(0) && ended.reason.as_deref() != Some("OOMKilled");
    let runs_to_end = container.role == Role::Init
        || matches!(pod.pod.restart_policy, Some(RestartPolicy::Never | RestartPolicy::OnFailure))
        || pod.owner(&crate::subject::Kind::Job).is_some()
        || pod.is_finished();
    success && runs_to_end
}

impl End<'_, '_> {
    /// Whether it goes on: the container is not well, or has not run for long since.
    pub fn course(&self, facts: &Facts) -> Course {
        if !self.runs_again {
            return Course::Ongoing;
        }
        let since = match &self.container.state {
            Some(State::Running { started }) => started.as_ref().or(self.ended.finished.as_ref()),
            _ => self.ended.finished.as_ref(),
        };
        let ran = match (since, facts.evidence.captured()) {
            (Some(since), Some(now)) => since.until(now).map(|(least, _)| least),
            _ => None,
        };
        let ran = ran.or_else(|| match since {
            Some(Moment { latest, clock: crate::moment::Clock::Capture(_), .. }) => Some(-latest),
            _ => None,
        });
        // A container that ends with success is well in between: what shows a loop is that it goes on.
        let few = if matches!(self.why, Why::Completed) { 3 } else { 2 };
        let ready = self.container.ready == Some(true);
        match ran {
            Some(ran) if ran > FORGOTTEN => Course::Over,
            Some(ran) if ready && self.is_outlived(ran) => Course::Over,
            _ if ready && self.container.restarts.unwrap_or(0) < few => Course::Over,
            _ => Course::Ongoing,
        }
    }

    /// Whether the instance that runs now has run for minutes, and much longer than the one that ended: a start that
    /// failed until what it needs was there.
    fn is_outlived(&self, ran: i64) -> bool {
        let life = match (&self.ended.started, &self.ended.finished) {
            (Some(started), Some(finished)) => started.until(finished).map(|(_, most)| most),
            _ => None,
        };
        life.is_some_and(|life| ran >= 120 * SECOND && ran / 3 > life)
    }

    /// The status that tells this end, as proof.
    pub fn proof(&self) -> Proof {
        let reason = self.ended.reason.as_deref().unwrap_or("no reason");
        let code = self.ended.exit_code.map_or_else(|| "unknown".to_owned(), |code| code.to_string());
        let text = format!(
            "{} container {}: ended with exit code {code}, reason {reason}; {} restarts",
            self.pod.subject().path(),
            self.container.name,
            self.container.restarts.unwrap_or(0),
        );
        Proof { at: self.ended.finished.clone(), ..Proof::object(self.pod.object, text) }
    }

    /// What is at fault as high up as the fault is: the container of the topmost owner.
    pub fn subject(&self) -> crate::subject::Subject {
        self.pod.top().container(&self.container.name)
    }

    /// `container app of Deployment shop/orders`.
    pub fn who(&self) -> String {
        let top = self.pod.top();
        let role = match self.container.role {
            Role::Init => "init container",
            Role::Sidecar => "sidecar",
            _ => "container",
        };
        format!("{role} {} of {} {}", self.container.name, top.kind.as_str(), top.path())
    }

    /// `restarted 5 times`, or nothing.
    pub fn restarted(&self) -> String {
        match self.container.restarts.unwrap_or(0) {
            0 => String::new(),
            1 => ", restarted once".to_owned(),
            n => format!(", restarted {n} times"),
        }
    }

    /// `init`, `sidecar` or `app`.
    pub fn role(&self) -> &'static str {
        match self.container.role {
            Role::Init => "init",
            Role::Sidecar => "sidecar",
            _ => "app",
        }
    }
}
