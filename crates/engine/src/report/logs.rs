//! A container's log, of the instance that died: which one and why, its first error, its end, its lines folded.

pub mod json;
#[cfg(test)]
mod tests;
pub mod text;

use crate::Text;
use crate::clean::clean;
use crate::evidence::{Container, Ended, Instance, Log, LogSource, Read, Role, State};
use crate::facts::{Facts, PodFact};
use crate::moment::Moment;
use crate::scan::log::{Note, Stamp, Unit};
use crate::scan::template::{Miner, Template};
use crate::subject::{Kind, Subject};

/// Which instance of a container is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one that died, as the status tells.
    Dead,
    /// What `--previous` shows.
    Previous,
    /// The one of that restart count.
    Number(u32),
}

/// A log that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'e> {
    /// The pod, with the container as a part where it is known.
    pub container: Subject,
    /// The containers that were not chosen.
    pub others: Vec<Text>,
    /// Which instance it is.
    pub instance: Instance,
    /// Why this one.
    pub because: String,
    /// Its end, where it has one.
    pub ended: Option<&'e Ended>,
    /// Its start, where it runs.
    pub started: Option<&'e Moment>,
    /// Its log, where it was collected.
    pub log: Option<&'e Log>,
    /// Logs of other instances that were collected.
    pub more: Vec<&'e Log>,
    /// Why there can be no log, or none that is whole.
    pub blank: Vec<String>,
    /// What would get it.
    pub read: Read,
}

/// A log to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<'e> {
    /// What was chosen.
    pub choice: Choice<'e>,
    /// Lines that are the container's own.
    pub lines: u64,
    /// The first time that a line tells, and the last.
    pub span: Option<(Stamp, Stamp)>,
    /// The first error.
    pub first_error: Option<Shown>,
    /// What tells the end best, where that is another one.
    pub end: Option<Shown>,
    /// Lines by template, in the order of their first.
    pub templates: Vec<Template>,
    /// All its lines, where they are few.
    pub whole: Option<Vec<String>>,
    /// The last lines.
    pub tail: Vec<String>,
}

/// An error and the stack trace that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its first line, counted from 1.
    pub line: u32,
    /// When.
    pub at: Option<Stamp>,
    /// Its lines.
    pub lines: Vec<String>,
    /// Lines of it that are left out in the middle.
    pub left_out: usize,
}

/// Lines of a unit that are kept at its beginning and at its end: what a trace begins with and what caused it.
const BEGIN: usize = 24;
const END: usize = 12;
/// Last lines kept.
const TAIL: usize = 10;
/// Logs of at most so many lines are shown whole.
const WHOLE: usize = 30;

/// Chooses container and instance.
pub fn choose<'e>(
    facts: &'e Facts<'e>,
    wanted: &Subject,
    container: Option<&str>,
    instance: Wanted,
) -> Result<Choice<'e>, String> {
    let logs: Vec<&Log> = facts
        .logs()
        .iter()
        .map(|fact| fact.log)
        .filter(|log| matches!(&log.source, LogSource::Container { pod } if names(pod, wanted)))
        .collect();
    let pod = find(facts, wanted);
    if pod.is_none() && logs.is_empty() {
        return Err(format!("no pod {} and no log of one was seen", clean(&wanted.path())));
    }
    let (name, status, others) = pick(pod, &logs, container)?;
    let mut subject = pod.map_or_else(|| wanted.whole(), |pod| pod.subject().clone());
    if let (None, Some(LogSource::Container { pod })) = (pod, logs.first().map(|log| &log.source)) {
        subject = pod.whole();
    }
    if let Some(name) = &name {
        subject = subject.container(name);
    }
    let of_container = |log: &&&Log| match &log.source {
        LogSource::Container { pod } => match (&pod.part, &name) {
            (Some(part), Some(name)) => part.name() == name,
            _ => true,
        },
        _ => false,
    };
    let logs: Vec<&Log> = logs.iter().filter(of_container).copied().collect();
    let mut choice = standing(subject, status, instance);
    choice.others = others;
    take(&mut choice, &logs, status);
    Ok(choice)
}

fn names(pod: &Subject, wanted: &Subject) -> bool {
    pod.name == wanted.name
        && (wanted.namespace.is_none() || pod.namespace.is_none() || pod.namespace == wanted.namespace)
}

/// The pod of that name; of a workload the one in most trouble.
fn find<'e>(facts: &'e Facts<'e>, wanted: &Subject) -> Option<&'e PodFact<'e>> {
    if wanted.kind == Kind::Pod {
        return facts.pods().find(|pod| names(pod.subject(), wanted));
    }
    let mut pods: Vec<&PodFact> =
        facts.pods().filter(|pod| super::events::is_of(pod.subject(), wanted, facts)).collect();
    pods.sort_by_key(|pod| {
        let trouble = pod.pod.containers.iter().map(trouble).max().unwrap_or(0);
        (std::cmp::Reverse((trouble, pod.restarts())), pod.subject().clone())
    });
    pods.first().copied()
}

/// How much a container's log may tell: it is down, it died, it waits.
fn trouble(container: &Container) -> u8 {
    let bad = |ended: &Ended| ended.exit_code != Some(0);
    match (&container.state, &container.last) {
        (Some(State::Terminated(ended)), _) if bad(ended) => 4,
        (Some(State::Waiting { .. }), Some(State::Terminated(_))) => 4,
        (_, Some(State::Terminated(ended))) if bad(ended) => 3,
        (_, Some(State::Terminated(_))) => 2,
        (Some(State::Waiting { .. }), _) if container.role != Role::App => 1,
        _ => 0,
    }
}

type Picked<'e> = (Option<Text>, Option<&'e Container>, Vec<Text>);

/// The container that is named, or the one in most trouble.
fn pick<'e>(pod: Option<&'e PodFact<'e>>, logs: &[&Log], named: Option<&str>) -> Result<Picked<'e>, String> {
    let containers: &[Container] = pod.map_or(&[], |pod| &pod.pod.containers);
    let mut all: Vec<Text> = containers.iter().map(|c| c.name.clone()).collect();
    for log in logs {
        if let LogSource::Container { pod } = &log.source
            && let Some(part) = &pod.part
            && !all.contains(part.name())
        {
            all.push(part.name().clone());
        }
    }
    if let Some(named) = named {
        if !all.is_empty() && !all.iter().any(|name| &**name == named) {
            let list: Vec<_> = all.iter().map(|name| clean(name)).collect();
            return Err(format!("the pod has no container {}, but {}", clean(named), list.join(", ")));
        }
        all.retain(|name| &**name != named);
        return Ok((Some(named.into()), containers.iter().find(|c| &*c.name == named), all));
    }
    // Of equals the first that is not an init container, as kubectl takes it.
    let rank = |c: &&Container| (trouble(c), c.role == Role::App, c.restarts);
    let mut best: Option<&Container> = None;
    for container in containers {
        if best.is_none_or(|known| rank(&container) > rank(&known)) {
            best = Some(container);
        }
    }
    let name = best.map(|c| c.name.clone()).or_else(|| all.first().cloned());
    all.retain(|other| Some(other) != name.as_ref());
    Ok((name, best, all))
}

/// Which instance is meant, by the container's state.
fn standing<'e>(container: Subject, status: Option<&'e Container>, wanted: Wanted) -> Choice<'e> {
    let read = Read::Log { container: container.clone(), previous: false };
    let mut choice = Choice {
        container,
        others: Vec::new(),
        instance: Instance::Newest,
        because: String::new(),
        ended: None,
        started: None,
        log: None,
        more: Vec::new(),
        blank: Vec::new(),
        read,
    };
    let restarts = status.and_then(|c| c.restarts);
    let dead = |state: &'e Option<State>| match state {
        Some(State::Terminated(ended)) => Some(&**ended),
        _ => None,
    };
    let (state, last) = status.map_or((None, None), |c| (c.state.as_ref(), dead(&c.last)));
    let (instance, because) = match (wanted, state) {
        (Wanted::Number(number), _) => (Instance::Number(number), format!("instance {number} was asked for")),
        (Wanted::Previous, Some(State::Waiting { reason: Some(reason), .. })) if last.is_some() => (
            Instance::Newest,
            format!(
                "--previous was asked for: while it waits ({}), that is the newest dead instance, as without --previous",
                clean(reason)
            ),
        ),
        (Wanted::Previous, _) => {
            (Instance::Previous, "--previous was asked for: the instance before the newest".to_owned())
        }
        (Wanted::Dead, Some(State::Running { .. })) if last.is_some() => (
            Instance::Previous,
            "it runs again, so that plain `kubectl logs` shows the new instance: the one that died is the one before (--previous)".to_owned(),
        ),
        (Wanted::Dead, Some(State::Running { .. })) => {
            let never = if restarts == Some(0) { " and was never restarted" } else { "" };
            (Instance::Newest, format!("it runs{never}"))
        }
        (Wanted::Dead, Some(State::Waiting { reason, .. })) if last.is_some() => {
            let reason = reason.as_deref().unwrap_or("no reason given");
            (
                Instance::Newest,
                format!(
                    "it waits ({}), and the newest instance is the dead one: plain `kubectl logs` shows it, with --previous or without",
                    clean(reason)
                ),
            )
        }
        (Wanted::Dead, Some(State::Waiting { reason, .. })) => {
            let reason = reason.as_deref().unwrap_or("no reason given");
            (Instance::Newest, format!("it waits ({}), and no instance of it has run yet", clean(reason)))
        }
        (Wanted::Dead, Some(State::Terminated(_))) => (
            Instance::Newest,
            "it ended and does not run: plain `kubectl logs` shows that end; --previous would show the instance before, if that is still there".to_owned(),
        ),
        (Wanted::Dead, None) => (Instance::Previous, "its state was not seen".to_owned()),
    };
    choice.ended = match (&instance, state) {
        (Instance::Newest, Some(State::Terminated(ended))) => Some(ended),
        (Instance::Newest, Some(State::Waiting { .. }))
        | (Instance::Previous, Some(State::Running { .. })) => last,
        (Instance::Number(number), Some(state)) if restarts == Some(*number) => match state {
            State::Terminated(ended) => Some(ended),
            State::Waiting { .. } => last,
            State::Running { .. } => None,
        },
        (Instance::Number(number), Some(State::Running { .. } | State::Terminated(_)))
            if restarts == Some(number.saturating_add(1)) =>
        {
            last
        }
        (Instance::Previous, Some(State::Terminated(_))) => last,
        _ => None,
    };
    if let (Instance::Newest, Some(State::Running { started })) = (&instance, state) {
        choice.started = started.as_ref();
    }
    if let Read::Log { previous, .. } = &mut choice.read {
        *previous = instance == Instance::Previous;
    }
    choice.instance = instance;
    choice.because = because;
    choice
}

/// Takes the log that was collected of it, or says why there is none.
fn take<'e>(choice: &mut Choice<'e>, logs: &[&'e Log], status: Option<&Container>) {
    let restarts = status.and_then(|c| c.restarts);
    let waits = matches!(status.and_then(|c| c.state.as_ref()), Some(State::Waiting { .. }));
    let is = |log: &Log, wanted: &Instance| log.instance == *wanted;
    // The names that one instance may have been collected under.
    let mut wanted = vec![choice.instance.clone()];
    match (&choice.instance, restarts) {
        (Instance::Newest, restarts) => {
            wanted.extend(restarts.map(Instance::Number));
            if waits {
                wanted.push(Instance::Previous);
            }
        }
        (Instance::Previous, restarts) => {
            wanted.extend(restarts.and_then(|n| n.checked_sub(1)).map(Instance::Number));
            if status.is_none() || waits {
                wanted.push(Instance::Newest);
            }
        }
        (Instance::Number(number), Some(restarts)) if *number == restarts => wanted.push(Instance::Newest),
        (Instance::Number(number), Some(restarts)) if number.saturating_add(1) == restarts => {
            wanted.push(Instance::Previous);
        }
        _ => {}
    }
    let matching = |instance: &Instance| {
        let mut of: Vec<&&Log> = logs.iter().filter(|log| is(log, instance)).collect();
        // The whole one, then the longest.
        of.sort_by_key(|log| (log.partial, std::cmp::Reverse(log.summary.lines)));
        of.first().map(|log| **log)
    };
    let found: Vec<&Log> = wanted.iter().filter_map(matching).collect();
    choice.log = found.iter().find(|log| log.summary.lines > 0).or(found.first()).copied();
    choice.more = logs.iter().copied().filter(|log| Some(*log) != choice.log).collect();
    choice.blank = blank(choice, status);
}

/// Why a log is blank, most telling first; empty if it is not.
fn blank(choice: &Choice, status: Option<&Container>) -> Vec<String> {
    let mut why = Vec::new();
    let notes = choice.log.map_or(&[][..], |log| &log.summary.notes);
    for note in notes {
        match note {
            Note::Unretrievable { .. } => why.push(
                "kubectl ended with success and printed `unable to retrieve container logs`: the runtime has removed that instance's log. Nothing brings it back; the next end can be read at once, or its log be kept elsewhere".to_owned(),
            ),
            Note::NoPrevious { .. } => why.push(
                "there is no instance before the newest, or the kubelet keeps nothing of it (it keeps one dead instance of each container)".to_owned(),
            ),
            Note::WaitingToStart { reason, .. } => {
                why.push(format!("no instance of it has started yet ({}), so that nothing was written", clean(reason)));
            }
            Note::KubeletUnreachable { .. } => why.push(
                "the API server did not reach the kubelet of its node: logs are on the node, and nowhere else".to_owned(),
            ),
            Note::Forbidden { .. } => why.push("it may not be read with the rights at hand: get on pods/log is missing".to_owned()),
            _ => {}
        }
    }
    if choice.log.is_some_and(|log| log.summary.lines > 0) {
        return why;
    }
    let state = status.and_then(|c| c.state.as_ref());
    if why.is_empty() {
        why.extend(never_wrote(choice, state));
    }
    if choice.log.is_none() && why.is_empty() {
        why.push("it was not collected".to_owned());
    }
    why
}

/// Why a process wrote nothing.
fn never_wrote(choice: &Choice, state: Option<&State>) -> Option<String> {
    if let Some(State::Waiting { reason, .. }) = state
        && choice.ended.is_none()
    {
        let reason = reason.as_deref().map_or_else(String::new, |r| format!(" ({})", clean(r)));
        return Some(format!(
            "no process of it has run yet{reason}: there is nothing that could write. Look at its events"
        ));
    }
    if let Some(ended) = choice.ended
        && matches!(
            ended.reason.as_deref(),
            Some("StartError" | "ContainerCannotRun" | "ContainerStatusUnknown")
        )
    {
        let reason = ended.reason.as_deref().unwrap_or_default();
        return Some(match reason {
            "ContainerStatusUnknown" => {
                "the kubelet lost the container (ContainerStatusUnknown): its log went with it".to_owned()
            }
            _ => format!(
                "the runtime could not start the process ({}): its message is in the status, not in a log",
                clean(reason)
            ),
        });
    }
    choice.log?;
    Some(match (&choice.instance, choice.ended) {
        (_, Some(ended)) => {
            let killed = if ended.exit_code == Some(137) {
                ", or held it in a buffer when it was killed"
            } else {
                ""
            };
            format!("the process ended without a word on stdout or stderr: it writes to a file{killed}")
        }
        _ => "the instance that runs has not written to stdout or stderr: it is new, waits, or writes to a file".to_owned(),
    })
}

/// Makes a page of a choice and the text of its log.
pub fn page<'e>(choice: Choice<'e>, text: &str) -> Page<'e> {
    let Some(log) = choice.log else {
        return Page {
            choice,
            lines: 0,
            span: None,
            first_error: None,
            end: None,
            templates: Vec::new(),
            whole: None,
            tail: Vec::new(),
        };
    };
    let lines: Vec<&str> = text.lines().collect();
    let shown = |unit: &Unit| show(unit, &lines);
    let first_error = log.summary.first_error.as_deref();
    let end = log
        .summary
        .ending()
        .map(|(unit, _)| unit)
        .filter(|unit| first_error.is_none_or(|first| first.says != unit.says));
    let mut miner = Miner::new();
    for (place, line) in lines.iter().enumerate() {
        if !line.trim().is_empty() {
            miner.push(line, place as u64, 1);
        }
    }
    Page {
        lines: log.summary.lines,
        span: log.summary.first.zip(log.summary.last),
        first_error: first_error.map(shown),
        end: end.map(shown),
        templates: miner.finish(),
        whole: (lines.len() <= WHOLE)
            .then(|| lines.iter().map(|line| clean(line).trim_end().to_owned()).collect()),
        tail: lines
            .iter()
            .skip(lines.len().saturating_sub(TAIL))
            .map(|line| clean(line).into_owned())
            .collect(),
        choice,
    }
}

fn show(unit: &Unit, lines: &[&str]) -> Shown {
    let from = unit.head.line as usize;
    let all = lines.get(from..).unwrap_or_default();
    let all = all.get(..all.len().min(unit.lines.max(1) as usize)).unwrap_or_default();
    let left_out = all.len().saturating_sub(BEGIN + END);
    let kept =
        all.iter().enumerate().filter(|(at, _)| left_out == 0 || *at < BEGIN || *at >= BEGIN + left_out);
    let mut kept: Vec<String> = kept.map(|(_, line)| clean(line).trim_end().to_owned()).collect();
    if kept.is_empty() {
        kept.push(clean(&unit.head.text).into_owned());
    }
    Shown { line: unit.head.line.saturating_add(1), at: unit.at, lines: kept, left_out }
}
