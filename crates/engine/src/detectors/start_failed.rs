//! See `start_failed.md` for what this means and the cases it must pass.

use super::config_reference;
use crate::Text;
use crate::evidence::Container;
use crate::facts::{Facts, PodFact, Stage, Statement, Voice};
use crate::finding::{Certainty, Code, Finding, Remedy};
use crate::scan::message::{SandboxCause, Saying, Start};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting()) {
        for container in &pod.pod.containers {
            let stage = pod.reached(container);
            if !matches!(stage, Stage::Create | Stage::Setup) {
                continue;
            }
            if config_reference::is_told(facts, pod, container) {
                continue;
            }
            // What the present state says first, then the state before, then events that still hold.
            let best = facts
                .about_container(pod.subject(), &container.name)
                .filter(|s| !s.overtaken)
                .filter_map(|s| Some((s, cause(s, stage)?)))
                .max_by_key(|(s, cause)| {
                    (!matches!(cause, Cause::Other(_)), s.voice != Voice::Event, s.count)
                });
            if let Some((statement, cause)) = best {
                found.push(finding(pod, container, statement, &cause));
            }
        }
    }
}

enum Cause {
    NotFound(Text),
    NotExecutable(Text),
    Architecture,
    RunAsRoot,
    Oom,
    Hook(&'static str),
    Other(&'static str),
}

fn cause(statement: &Statement, stage: Stage) -> Option<Cause> {
    let start = match &statement.saying {
        Saying::Start(start) => start,
        // A limit too low for the very first process: the sandbox or the container cannot even be set up.
        Saying::SandboxFailed { cause: SandboxCause::OomDuringStart } => return Some(Cause::Oom),
        _ => return None,
    };
    Some(match start {
        Start::OomDuringStart => Cause::Oom,
        _ if stage != Stage::Create => return None,
        Start::CommandNotFound { command } => Cause::NotFound(command.clone()),
        Start::CommandNotExecutable { command } => Cause::NotExecutable(command.clone()),
        Start::WrongArchitecture { .. } => Cause::Architecture,
        Start::RunAsNonRoot(_) => Cause::RunAsRoot,
        Start::HookFailed { hook } => Cause::Hook(hook),
        Start::SubPath => Cause::Other("a subPath of a mount cannot be prepared"),
        Start::WorkingDirectory { .. } => Cause::Other("its working directory cannot be entered"),
        Start::MountInside { .. } => Cause::Other("a mount inside it cannot be made"),
        Start::NameReserved => Cause::Other("an earlier attempt of the runtime still holds its name"),
        Start::Cgroup => Cause::Other("its cgroup cannot be made"),
        Start::Device => Cause::Other("a device is not there"),
        Start::SecurityProfile => Cause::Other("a security profile is missing or refused"),
        Start::NoCommand => Cause::Other("neither the pod nor the image names a command"),
        Start::UserMissing { .. } => Cause::Other("its image has no such user"),
        Start::TargetMissing { .. } => Cause::Other("the container that it targets is not there"),
        Start::NoSpace => Cause::Other("the node has no space left"),
        Start::RuntimeDown => Cause::Other("the runtime is not reached"),
        Start::Timeout => Cause::Other("the runtime does not answer in time"),
        Start::Other(_) => Cause::Other("the runtime or the kubelet refuses it"),
        Start::ConfigReferenceMissing { .. } | Start::BackOff { .. } | Start::EnvSkipped { .. } => {
            return None;
        }
    })
}

fn finding(pod: &PodFact, container: &Container, statement: &Statement, cause: &Cause) -> Finding {
    let top = pod.top();
    let who = format!("container {} of {} {}", container.name, top.kind.as_str(), top.path());
    let image = container.image.as_deref().unwrap_or("the image");
    let subject = top.container(&container.name);
    let finding = match cause {
        Cause::NotFound(command) => Finding::new(
            Code::CommandNotFound,
            subject,
            format!("The command {command} of {who} is not in {image}."),
        ),
        Cause::NotExecutable(command) => Finding::new(
            Code::CommandNotExecutable,
            subject,
            format!("The command {command} of {who} is in {image} and may not be executed."),
        ),
        Cause::Architecture => Finding::new(
            Code::WrongArchitecture,
            subject,
            format!(
                "The program of {who} is made for another architecture than its node's, or has no valid header."
            ),
        ),
        Cause::RunAsRoot => Finding::new(
            Code::RunsAsRootRefused,
            subject,
            format!(
                "The pod demands a user that is not root, and {image} of {who} runs as root or names no numeric user."
            ),
        ),
        Cause::Hook(hook) => Finding::new(
            Code::HookFailed,
            subject,
            format!("The {hook} hook of {who} fails, and the kubelet stops it."),
        )
        .aspect("hook", *hook),
        Cause::Oom => {
            let limit = container.limits.as_ref().and_then(|l| l.get("memory"));
            let told =
                limit.map_or_else(|| "its memory limit".to_owned(), |l| format!("its memory limit of {l}"));
            let finding = Finding::new(
                Code::OomKilled,
                subject,
                format!("The kernel kills the first process of {who} while it is set up: {told} is too low to start in."),
            )
            .aspect("scope", "start")
            .remedy(Remedy::set(
                "Raise the limit: a few MiB do not even hold the runtime's first process",
                top,
                "resources",
                &["-c", &container.name, "--limits=memory=<amount>"],
            ));
            match limit {
                Some(limit) => finding.aspect("limit", limit.text.clone()),
                None => finding.at_most(Certainty::Likely),
            }
        }
        Cause::Other(what) => {
            Finding::new(Code::ContainerStartFailed, subject, format!("{who} cannot be started: {what}."))
                .at_most(Certainty::Likely)
        }
    };
    finding
        .hits([pod.container_subject(container)])
        .since(statement.first.clone().or_else(|| pod.pod.started.clone()))
        .shown_by(statement.proof())
        .ruled_out("the application", "its process has never run")
}
