//! Failures that are past and mended: what came after them did what they were to do.

use crate::facts::Facts;
use crate::finding::Finding;
use crate::subject::{Kind, Subject};

/// Whether everything that a finding hits was made good by a later try.
pub(super) fn is_superseded(finding: &Finding, facts: &Facts) -> bool {
    let mut hit = finding.members.iter().filter(|member| member.kind == Kind::Pod).peekable();
    matches!(finding.subject.kind, Kind::Pod | Kind::Job | Kind::CronJob)
        && hit.peek().is_some()
        && hit.all(|pod| {
            let job = facts.pod(pod).and_then(|pod| pod.owner(&Kind::Job));
            job.is_some_and(|job| is_complete(job, facts))
        })
}

/// Whether a Job has done its work: its tries that failed on the way are what its back-off limit is for.
fn is_complete(job: &Subject, facts: &Facts) -> bool {
    let Some(fact) = facts.workload(job) else { return false };
    let conditions = fact.workload.conditions.iter().flatten();
    let complete = conditions.clone().any(|c| &*c.kind == "Complete" && &*c.status == "True");
    let failed = conditions.clone().any(|c| &*c.kind == "Failed" && &*c.status == "True");
    let done = match (fact.workload.succeeded, fact.workload.completions) {
        (Some(succeeded), Some(wanted)) => wanted > 0 && succeeded >= wanted,
        _ => false,
    };
    !failed && (complete || done)
}
