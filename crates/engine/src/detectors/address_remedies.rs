//! What frees the addresses of a node, and keeps it from coming back.

use crate::Text;
use crate::facts::{Facts, Holder, Pool, families};
use crate::finding::{Finding, Honesty, Remedy};
use crate::moment::SECOND;
use crate::subject::{Kind, Subject};

/// Best first.
pub(super) fn remedies(
    finding: Finding,
    pool: &Pool,
    node: &Text,
    facts: &Facts,
    slots: Option<i64>,
) -> Finding {
    let subject = finding.subject.clone();
    let target = format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name);
    let leaked = finding.aspect_of("leaked").is_some();
    let finding = match (&subject.kind, pool.of(&subject)) {
        (Kind::Job, Some(share)) => job(finding, share, &target, facts),
        (Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet, _) => finding.remedy(Remedy::kubectl(
            "Run fewer of its pods",
            &subject,
            Honesty::NeedsJudgement,
            &["scale", &target, "--replicas=<count>"],
        )),
        _ if leaked => finding.remedy(
            Remedy::advice(format!(
                "On {node}, remove reservations in /var/lib/cni/networks that no container has"
            ))
            .effect("Removing one that is in use breaks a pod"),
        ),
        _ => finding,
    };
    let later = match (slots, pool.capacity) {
        (Some(slots), Some(all)) => format!(
            "Later: {node} admits {slots} pods on {all} addresses. Any {all} pods can do this again. Lower its maxPods or widen its range"
        ),
        _ => "Later: widen the range of pod addresses, or admit fewer pods to a node".to_owned(),
    };
    finding.remedy(Remedy::advice(later))
}

/// A Job that has run with fewer pods at once is cut to as many, and its CronJob too; another one is suspended.
fn job(finding: Finding, share: &Holder, target: &str, facts: &Facts) -> Finding {
    let subject = &share.subject;
    let top = facts.top(subject);
    let families = families(facts, [top.clone()]);
    let runs = families.get(&top).map(|family| family.runs()).unwrap_or_default();
    let earlier = runs.iter().rev().skip_while(|job| job.subject() != subject).nth(1);
    let (now, before) = (
        facts.workload(subject).and_then(|job| job.workload.desired),
        earlier.and_then(|job| job.workload.desired),
    );
    let (Some(now), Some(before)) = (now, before.filter(|before| now.is_some_and(|now| *before < now)))
    else {
        return finding.remedy(
            Remedy::kubectl(
                "Suspend the Job",
                subject,
                Honesty::NeedsJudgement,
                &["patch", target, "--type", "merge", "-p", "{\"spec\":{\"suspend\":true}}"],
            )
            .effect("Ends its pods and frees their addresses; their work in progress is lost"),
        );
    };
    let ends = i64::from(now - before);
    let works = share.amount.saturating_sub(i64::from(before)).max(0);
    let patch = format!("{{\"spec\":{{\"parallelism\":{before}}}}}");
    let whole = format!("{{\"spec\":{{\"jobTemplate\":{{\"spec\":{{\"parallelism\":{before}}}}}}}}}");
    let cron = format!("{}/{}", top.kind.as_str().to_lowercase(), top.name);
    let again = next_run(facts, subject, &top).map_or_else(String::new, |at| format!(" at {at}"));
    finding
        .remedy(
            Remedy::kubectl(
                format!("Cut the running Job to {before} pods, as before"),
                subject,
                Honesty::NeedsJudgement,
                &["patch", target, "--type", "merge", "-p", &patch],
            )
            .effect(format!(
                "Ends {ends} pods, waiting ones first, {works} with work in progress; frees {works} addresses"
            )),
        )
        .remedy(Remedy::kubectl(
            format!("The same in the CronJob, before its next run{again}"),
            &top,
            Honesty::NeedsJudgement,
            &["patch", &cron, "--type", "merge", "-p", &whole],
        ))
}

/// `02:58`: the time of day at which a daily CronJob runs, in UTC as its running Job shows.
fn next_run(facts: &Facts, job: &Subject, cron: &Subject) -> Option<String> {
    let schedule = facts.workload(cron)?.workload.schedule.as_ref()?;
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, "*", "*", "*"] = fields.as_slice() else { return None };
    let (minute, hour): (i64, i64) = (minute.parse().ok()?, hour.parse().ok()?);
    let began = facts.object(job)?.created.as_ref().filter(|at| at.clock.is_absolute())?;
    let of_day = began.earliest.div_euclid(60 * SECOND).rem_euclid(24 * 60);
    (of_day == hour * 60 + minute).then(|| format!("{hour:02}:{minute:02}"))
}
