//! What components say, typed: one statement about one subject, from a status, a condition, an event or a journal.

use super::{Facts, PodFact};
use crate::by_hash::ByHash;
use crate::evidence::{Body, Container, Event, State};
use crate::finding::Proof;
use crate::hands::both;
use crate::moment::Moment;
use crate::scan::message::{self, Image, Lifecycle, Saying, Scheduling, Start, Storage};
use crate::subject::{Kind, Part, Subject};
use crate::{Hands, Text};

/// How far a pod or container has come. A later stage refutes a cause that blocks an earlier one, within one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The pod is not created yet: quota, admission, service account.
    Admit,
    /// It has no node.
    Schedule,
    /// Volumes, sandbox and network are being set up.
    Setup,
    /// Its image is being pulled.
    Image,
    /// The container is being created and started.
    Create,
    /// It runs, or ran and ended.
    Run,
    /// It is ready.
    Ready,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// The state that a container is in now.
    State,
    /// The state that a container was in before.
    LastState,
    /// A condition.
    Condition,
    /// An event.
    Event,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement<'e> {
    /// About what; a container as a part.
    pub subject: Subject,
    /// What is said.
    pub saying: Saying,
    /// By whom.
    pub voice: Voice,
    /// When first.
    pub first: Option<Moment>,
    /// When last.
    pub last: Option<Moment>,
    /// How often, at least.
    pub count: u64,
    /// Whether what it says no longer holds: its subject has since come further.
    pub overtaken: bool,
    record: Record<'e>,
}

/// What says it.
#[derive(Clone, Debug)]
enum Record<'e> {
    /// An event. Of thousands few are cited: words are made of those alone.
    Event(&'e Event),
    /// A field of an object.
    Object(Box<Proof>),
}

impl<'e> Statement<'e> {
    /// The record that says it.
    pub fn proof(&self) -> Proof {
        match &self.record {
            Record::Event(event) => Proof::event(event),
            Record::Object(proof) => (**proof).clone(),
        }
    }

    /// The event, if it is one.
    pub fn event(&self) -> Option<&'e Event> {
        if let Record::Event(event) = self.record { Some(event) } else { None }
    }

    /// The container that is meant, if one is.
    pub fn container(&self) -> Option<&Text> {
        match &self.subject.part {
            Some(Part::Container(name)) => Some(name),
            _ => None,
        }
    }
}

/// Reads every statement.
pub(super) fn read(hands: Hands, facts: &mut Facts<'_>) {
    let (objects, events) = both(hands, || of_objects(facts), || of_events(facts));
    facts.statements = objects;
    facts.statements.reserve_exact(events.len());
    facts.statements.extend(events);
    number(facts);
}

/// What objects say of themselves.
fn of_objects<'e>(facts: &Facts<'e>) -> Vec<Statement<'e>> {
    let mut statements = Vec::new();
    for pod in facts.pods() {
        for container in &pod.pod.containers {
            states(pod, container, &mut statements);
        }
        conditions(pod, &mut statements);
        refusal(pod, &mut statements);
    }
    for object in facts.evidence.of(&Kind::HorizontalPodAutoscaler) {
        let Body::Autoscaler(scaler) = &object.body else { continue };
        for condition in scaler.conditions.iter().flatten() {
            push_condition(object, condition, false, &mut statements);
        }
    }
    for workload in &facts.workloads {
        for condition in workload.workload.conditions.iter().flatten() {
            push_condition(workload.object, condition, false, &mut statements);
        }
    }
    statements
}

/// What events say.
fn of_events<'e>(facts: &Facts<'e>) -> Vec<Statement<'e>> {
    let mut statements = Vec::new();
    for event in facts.evidence.events() {
        let saying = message::event(&event.reason, event.component.as_deref(), &event.message);
        if saying == Saying::Benign && !event.warning {
            continue;
        }
        let overtaken = is_overtaken(facts, event, &saying);
        statements.push(Statement {
            subject: event.about.clone(),
            saying,
            voice: Voice::Event,
            first: event.first.clone(),
            last: event.last.clone(),
            count: event.count,
            overtaken,
            record: Record::Event(event),
        });
    }
    statements
}

/// Numbers the statements by whom they are about, and looks which pods are unwell.
fn number(facts: &mut Facts<'_>) {
    facts.about = ByHash::of(facts.statements.iter().map(|said| said.subject.hash()));
    let mut spoken_of = vec![false; facts.pods.len()];
    for said in facts.statements.iter().filter(|said| said.subject.kind == Kind::Pod) {
        let pod = facts.pod_at(&said.subject.as_whole());
        if let Some(pod) = pod.and_then(|pod| spoken_of.get_mut(pod)) {
            *pod = true;
        }
    }
    let numbered = facts.pods.iter().zip(spoken_of).enumerate();
    facts.unwell = numbered
        .filter(|(_, (pod, spoken_of))| !pod.gone && (*spoken_of || !pod.shows_no_trouble()))
        .map(|(at, _)| at)
        .collect();
}

fn states<'e>(pod: &PodFact<'e>, container: &'e Container, out: &mut Vec<Statement<'e>>) {
    let subject = pod.container_subject(container);
    for (state, voice) in [(&container.state, Voice::State), (&container.last, Voice::LastState)] {
        let (saying, text, at) = match state {
            Some(State::Waiting { reason, message }) => {
                let (reason, message) = (reason.as_deref().unwrap_or(""), message.as_deref().unwrap_or(""));
                let separator = if message.is_empty() { "" } else { ": " };
                (message::waiting(reason, message), format!("waiting {reason}{separator}{message}"), None)
            }
            Some(State::Terminated(ended)) => {
                let (reason, message) =
                    (ended.reason.as_deref().unwrap_or(""), ended.message.as_deref().unwrap_or(""));
                let code = ended.exit_code.map_or_else(String::new, |code| format!(", exit code {code}"));
                let separator = if message.is_empty() { "" } else { ": " };
                let text = format!("terminated {reason}{code}{separator}{message}");
                (message::terminated(reason, message), text, ended.finished.clone())
            }
            _ => continue,
        };
        out.push(Statement {
            saying,
            voice,
            first: at.clone(),
            last: at.clone(),
            count: 1,
            overtaken: false,
            record: Record::Object(Box::new(Proof {
                at,
                ..Proof::object(pod.object, format!("{} {}: {text}", subject.whole().path(), container.name))
            })),
            subject: subject.clone(),
        });
    }
}

/// A pod whose node did not take it says so in its status; other reasons have statements of their own.
fn refusal<'e>(pod: &PodFact<'e>, out: &mut Vec<Statement<'e>>) {
    let (reason, message) =
        (pod.pod.reason.as_deref().unwrap_or(""), pod.pod.message.as_deref().unwrap_or(""));
    let saying = message::pod(reason, message);
    if !matches!(saying, Saying::Lifecycle(Lifecycle::Rejected { .. })) {
        return;
    }
    out.push(Statement {
        subject: pod.subject().clone(),
        saying,
        voice: Voice::State,
        first: pod.pod.started.clone(),
        last: None,
        count: 1,
        overtaken: false,
        record: Record::Object(Box::new(Proof::object(
            pod.object,
            format!("{}: {reason} {message}", pod.subject().path()),
        ))),
    });
}

fn conditions<'e>(pod: &PodFact<'e>, out: &mut Vec<Statement<'e>>) {
    for condition in pod.pod.conditions.iter().flatten() {
        let overtaken = &*condition.kind == "PodScheduled" && pod.pod.node.is_some();
        push_condition(pod.object, condition, overtaken, out);
    }
}

fn push_condition<'e>(
    object: &'e crate::evidence::Object,
    condition: &'e crate::evidence::Condition,
    overtaken: bool,
    out: &mut Vec<Statement<'e>>,
) {
    let (reason, message) =
        (condition.reason.as_deref().unwrap_or(""), condition.message.as_deref().unwrap_or(""));
    let saying =
        message::condition(object.subject.kind.as_str(), &condition.kind, &condition.status, reason, message);
    if saying == Saying::Benign {
        // Nobody asks what goes well, and that is nearly all that a large cluster says.
        return;
    }
    let text = format!("condition {}={} {reason} {message}", condition.kind, condition.status);
    out.push(Statement {
        subject: object.subject.clone(),
        saying,
        voice: Voice::Condition,
        first: condition.since.clone(),
        last: None,
        count: 1,
        overtaken,
        record: Record::Object(Box::new(Proof {
            at: condition.since.clone(),
            ..Proof::object(object, text.trim_end())
        })),
    });
}

/// Whether the subject of an event has since come past the stage that the event says it is held at.
fn is_overtaken(facts: &Facts<'_>, event: &Event, saying: &Saying) -> bool {
    let Some(stage) = stage(saying) else { return false };
    match event.about.kind {
        Kind::Pod => {
            let Some(pod) = facts.pod(&event.about) else { return true };
            if pod.gone || pod.is_finished() {
                return true;
            }
            let named = event.about.part.as_ref().map(Part::name);
            let mut held =
                pod.pod.containers.iter().filter(|c| named.is_none_or(|name| *name == c.name)).peekable();
            if held.peek().is_none() {
                return pod.stage() > stage;
            }
            match stage {
                // What holds the whole pod is overtaken as soon as one container came past it.
                Stage::Admit | Stage::Schedule | Stage::Setup => pod.stage() > stage,
                _ => held.all(|container| pod.reached(container) > stage),
            }
        }
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
            facts.workload(&event.about).is_none_or(|w| match (w.workload.current, w.workload.desired) {
                (Some(current), Some(desired)) => current >= desired,
                _ => facts.pods_of(&event.about).next().is_some(),
            })
        }
        _ => false,
    }
}

/// The stage at which that would hold a pod or container; none for what holds nothing.
fn stage(saying: &Saying) -> Option<Stage> {
    match saying {
        Saying::CreateRefused { .. } => Some(Stage::Admit),
        Saying::Scheduling(
            Scheduling::Unschedulable { .. } | Scheduling::NoNodes | Scheduling::Failed(_),
        ) => Some(Stage::Schedule),
        Saying::SandboxFailed { .. }
        | Saying::Storage(
            Storage::MountFailed { .. } | Storage::MountTimeout { .. } | Storage::AttachFailed { .. },
        ) => Some(Stage::Setup),
        Saying::Image(Image::PullFailed { .. } | Image::BackOffPull { .. }) => Some(Stage::Image),
        Saying::Start(Start::BackOff { .. } | Start::HookFailed { .. }) => Some(Stage::Run),
        Saying::Start(Start::EnvSkipped { .. }) => None,
        Saying::Start(_) => Some(Stage::Create),
        Saying::Lifecycle(Lifecycle::Unhealthy { .. }) => Some(Stage::Run),
        _ => None,
    }
}
