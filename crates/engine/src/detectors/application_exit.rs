//! See `application_exit.md` for what this means and the cases it must pass.

use crate::evidence::Read;
use crate::facts::{End, Facts, Why};
use crate::finding::{Certainty, Code, Finding, Honesty, Remedy};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for end in facts.ends() {
        let who = end.who();
        let restarted = end.restarted();
        let finding = match end.why {
            Why::Exit(code) => {
                Finding::new(Code::ApplicationError, end.subject(), format!("The process of {who} ends itself with exit code {code}{restarted}."))
                    .aspect("exit", code.to_string())
            }
            Why::Signal(signal) => {
                let name = signal_name(signal);
                Finding::new(
                    Code::CrashedBySignal,
                    end.subject(),
                    format!("The process of {who} crashes by {name} ({} = 128 + {signal}){restarted}.", signal + 128),
                )
                .aspect("signal", name)
            }
            Why::Completed => Finding::new(
                Code::CompletedRestartLoop,
                end.subject(),
                format!("The process of {who} ends with success, and its restart policy starts it again{restarted}."),
            )
            .remedy(Remedy::advice(
                "Let the command stay in the foreground, or make it a Job if it has an end",
            )),
            _ => continue,
        };
        found.push(common(finding, facts, &end));
    }
}

fn common(finding: Finding, facts: &Facts, end: &End) -> Finding {
    let finding = finding
        .aspect("role", end.role())
        .hits([end.pod.container_subject(end.container)])
        .since(end.ended.finished.clone())
        .course(end.course(facts))
        .shown_by(end.proof())
        .ruled_out("memory", "the runtime does not report OOMKilled")
        .ruled_out("a probe", "no event says that the kubelet stopped the container");
    let pod = end.pod.subject();
    match facts.fatal_line(end.pod, end.container, end.runs_again) {
        Some(line) => {
            let mut finding = finding;
            finding.summary.push_str(&format!(" Its log ends with: {}", line.text));
            finding.shown_by(line.proof)
        }
        None if matches!(end.why, Why::Completed) => finding,
        None => {
            let mut args = vec!["logs", &pod.name, "-c", &end.container.name];
            // While it waits, the newest instance is the dead one.
            args.extend(end.runs_again.then_some("--previous"));
            args.push("--tail=50");
            let finding = finding.at_most(Certainty::Likely).not_seen(
                "what it logged before it ended",
                Some(Read::Log {
                    container: end.pod.container_subject(end.container),
                    previous: end.runs_again,
                }),
            );
            if !facts.is_within_reach(end.pod) {
                return finding;
            }
            finding.remedy(Remedy::kubectl("Read what it logged before it ended", pod, Honesty::Safe, &args))
        }
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        31 => "SIGSYS",
        _ => "a signal",
    }
}
