//! See `oom_killed.md` for what this means and the cases it must pass.

use crate::evidence::Read;
use crate::facts::{End, Facts, Statement, Why};
use crate::finding::{Certainty, Code, Finding, Proof, Remedy};
use crate::scan::message::{Lifecycle, Saying};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for end in facts.ends() {
        if matches!(end.why, Why::Memory) {
            found.push(remarks(facts, &end, finding(facts, &end)));
        }
    }
    // A table's STATUS sums other fields up: where nothing else was seen, it is the reason of the first container.
    for pod in facts
        .pods()
        .filter(|p| p.pod.containers.is_empty() && p.pod.printed_status.as_deref() == Some("OOMKilled"))
    {
        let summary = format!(
            "The kernel killed a container of {} {} for memory.",
            pod.top().kind.as_str(),
            pod.top().path()
        );
        found.push(
            Finding::new(Code::OomKilled, pod.top().clone(), summary)
                .aspect("scope", "unknown")
                .at_most(Certainty::Likely)
                .hits([pod.subject().clone()])
                .shown_by(Proof::object(pod.object, format!("{}: STATUS OOMKilled", pod.subject().path())))
                .not_seen("which container, and its limit", Some(Read::Object(pod.subject().clone()))),
        );
    }
}

/// What in the evidence does not go with the rest of it.
fn remarks(facts: &Facts, end: &End, finding: Finding) -> Finding {
    let mut finding = finding;
    let said = |s: &Statement| matches!(s.saying, Saying::Lifecycle(Lifecycle::OomEvent { .. }));
    if facts.about(end.pod.subject()).any(said) {
        finding = finding
            .remark("no Kubernetes writes an OOMKilled event on pods: it was read as what the kernel said");
    }
    if let Some(line) = facts.exit_line(end.pod, end.container, end.runs_again)
        && let Some(code) = own_exit(&line.text).filter(|code| Some(*code) != end.ended.exit_code)
    {
        finding = finding.remark(format!(
            "the log that was given ends by itself with code {code}: that is another end than the one in the status"
        ));
    }
    finding
}

/// The exit code that a program says it ends with.
fn own_exit(line: &str) -> Option<i32> {
    let (_, rest) = line.split_once("with code ").or_else(|| line.split_once("exit code "))?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn finding(facts: &Facts, end: &End) -> Finding {
    let limit = end.container.limits.as_ref().and_then(|l| l.get("memory"));
    let code = end.ended.exit_code;
    let kernel = facts.kernel_kills(end.pod, end.container);
    let node_wide = kernel.iter().any(|kill| kill.global);
    let own = match limit {
        Some(limit) => format!("at its memory limit of {limit}"),
        None => "for memory; it has no memory limit of its own that was seen".to_owned(),
    };
    let (scope, how) = if node_wide {
        ("node", "because the node ran out of memory".to_owned())
    } else if code.is_some_and(|code| code != 137) {
        let code = code.unwrap_or_default();
        ("child", format!("{own}; the container itself ended with exit code {code}"))
    } else {
        ("container", own)
    };
    let who = end.who();
    let summary = match scope {
        "child" => format!("The kernel killed a process of {who} {how}{}.", end.restarted()),
        _ => format!("The kernel killed {who} {how}{}.", end.restarted()),
    };
    let mut finding = Finding::new(Code::OomKilled, end.subject(), summary)
        .aspect("scope", scope)
        .hits([end.pod.container_subject(end.container)])
        .since(end.ended.finished.clone())
        .course(end.course(facts))
        .shown_by(end.proof());
    if let Some(limit) = limit {
        finding = finding.aspect("limit", limit.text.clone());
    }
    for kill in kernel.iter().take(2) {
        finding = finding.shown_by(kill.proof.clone());
    }
    if kernel.is_empty() {
        finding = finding.not_seen(
            "whose limit it was, and which process: the node's kernel log",
            end.pod.pod.node.as_ref().map(|node| Read::Journal {
                node: node.clone(),
                unit: "kernel".into(),
                since: end.ended.finished.clone(),
            }),
        );
    }
    if limit.is_none() && !node_wide {
        finding = finding.at_most(Certainty::Likely);
    }
    finding
        .ruled_out("liveness probe", "the runtime reports OOMKilled, which a probe's kill never is")
        .remedy(Remedy::set(
            "Raise the limit, if the process needs that much; a leak will fill any limit",
            end.pod.top(),
            "resources",
            &["-c", &end.container.name, "--limits=memory=<amount>"],
        ))
        .remedy(Remedy::advice(
            "Keep a dump from inside the process (a runtime flag, to a volume that survives); no preStop hook runs at such a kill",
        ))
}
