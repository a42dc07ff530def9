//! See `killed.md` for what this means and the cases it must pass.

use crate::evidence::Read;
use crate::facts::{Facts, Why};
use crate::finding::{Certainty, Code, Finding};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for end in facts.ends() {
        let (code, summary) = match end.why {
            Why::Killed => (
                Code::KilledUnattributed,
                format!(
                    "{} ended by SIGKILL (137 = 128 + 9){}; no probe, deletion or eviction that was seen sent it, and the runtime does not report OOMKilled.",
                    end.who(),
                    end.restarted()
                ),
            ),
            Why::Terminated => (
                Code::StoppedBySigterm,
                format!(
                    "{} ended by SIGTERM (143 = 128 + 15){}; no probe, deletion or rollout that was seen sent it.",
                    end.who(),
                    end.restarted()
                ),
            ),
            _ => continue,
        };
        let kernel = facts.kernel_kills(end.pod, end.container);
        if matches!(end.why, Why::Killed) && !kernel.is_empty() {
            // The exit overtook the kernel's report on its way through the runtime (containerd before 2.3).
            let limit = end.container.limits.as_ref().and_then(|l| l.get("memory"));
            let at = limit.map_or_else(String::new, |limit| format!(" at its memory limit of {limit}"));
            let scope = if kernel.iter().any(|k| k.global) { "node" } else { "container" };
            let finding = Finding::new(
                Code::OomKilled,
                end.subject(),
                format!(
                    "The kernel killed {}{at}{}, though its status says only Error.",
                    end.who(),
                    end.restarted()
                ),
            )
            .aspect("scope", scope)
            .at_most(Certainty::Likely);
            found.push(common(finding, facts, &end, &kernel));
            continue;
        }
        let finding =
            Finding::new(code, end.subject(), capital(&summary)).at_most(Certainty::Undetermined).not_seen(
                "who sent the signal: the kernel's and the kubelet's journal of that minute",
                end.pod.pod.node.as_ref().map(|node| Read::Journal {
                    node: node.clone(),
                    unit: "kernel".into(),
                    since: end.ended.finished.clone(),
                }),
            );
        found.push(common(finding, facts, &end, &kernel));
    }
}

fn common(
    finding: Finding,
    facts: &Facts,
    end: &crate::facts::End,
    kernel: &[crate::facts::KernelKill],
) -> Finding {
    let finding = finding
        .hits([end.pod.container_subject(end.container)])
        .since(end.ended.finished.clone())
        .course(end.course(facts))
        .shown_by(end.proof());
    kernel.iter().take(2).fold(finding, |f, kill| f.shown_by(kill.proof.clone()))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
