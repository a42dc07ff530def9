//! See `probe_kills.md` for what this means and the cases it must pass.

use super::probe_words::{explain_mismatch, remedies};
use crate::evidence::ProbeKind;
use crate::facts::{Facts, Why};
use crate::finding::{Certainty, Code, Finding};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for end in facts.ends() {
        let Why::Probe(kind, killing) = &end.why else { continue };
        let code = match kind {
            ProbeKind::Startup => Code::StartupProbeFailing,
            _ => Code::LivenessProbeFailing,
        };
        let trouble = facts.probe_trouble(end.pod, end.container, *kind);
        let how = match end.ended.exit_code {
            Some(137) => "; it did not end within its grace period, so SIGKILL followed (137 = 128 + 9)",
            Some(143) => "; it ended by SIGTERM (143 = 128 + 15)",
            _ => "",
        };
        let summary = format!(
            "The kubelet restarts {} because its {} probe fails{}{how}{}.",
            end.who(),
            kind.as_str(),
            explain_mismatch(&trouble),
            end.restarted(),
        );
        let mut finding = Finding::new(code, end.subject(), summary)
            .aspect("mismatch", trouble.mismatch.as_str())
            .hits([end.pod.container_subject(end.container)])
            .since(killing.first.clone())
            .course(end.course(facts))
            .shown_by(killing.proof())
            .shown_by(end.proof())
            .ruled_out(
                "memory",
                "the runtime reports no OOM kill, and the kubelet says that it stopped the container itself",
            );
        if matches!(end.ended.exit_code, Some(137 | 143)) {
            finding = finding.ruled_out("a crash", "the process was stopped from outside, by the kubelet");
        }
        for statement in trouble.statements.iter().take(2) {
            finding = finding.since(statement.first.clone()).shown_by(statement.proof());
        }
        if trouble.statements.is_empty() {
            finding = finding.at_most(Certainty::Likely);
        }
        found.push(remedies(finding, end.pod, end.container, &trouble));
    }
}
