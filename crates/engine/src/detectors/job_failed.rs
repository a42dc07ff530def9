//! See `job_failed.md` for what this means and the cases it must pass.

use crate::facts::Facts;
use crate::finding::{Code, Finding, Honesty, Remedy};
use crate::scan::message::Saying;
use crate::subject::Kind;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for statement in facts.statements() {
        let Saying::JobFailed { reason } = &statement.saying else { continue };
        if statement.subject.kind != Kind::Job {
            continue;
        }
        let subject = statement.subject.whole();
        let why = match &**reason {
            "BackoffLimitExceeded" => "its pods failed more often than its backoffLimit allows",
            "DeadlineExceeded" => "it was active longer than its activeDeadlineSeconds",
            "PodFailurePolicy" => "a pod failed in a way that its podFailurePolicy ends it for",
            _ => "too many of its indexes failed",
        };
        let name = subject.name.to_string();
        found.push(
            Finding::new(Code::JobFailed, subject.clone(), format!("Job {} gave up: {why}.", subject.path()))
                .aspect("reason", reason.clone())
                .hits(facts.pods_of(&subject).map(|p| p.subject().clone()).chain([subject.clone()]))
                .since(statement.first.clone())
                .shown_by(statement.proof())
                .remedy(Remedy::kubectl(
                    "Read what its last pod said, before the pod is removed",
                    &subject,
                    Honesty::Safe,
                    &["logs", &format!("job/{name}"), "--tail=50"],
                )),
        );
    }
}
