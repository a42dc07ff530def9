//! See `log_claims.md` for what this means and the cases it must pass.

use super::databases::serves_database;
use crate::facts::{Facts, LogFact, service_of};
use crate::finding::{Certainty, Code, Course, Finding, Remedy};
use crate::scan::log::{Claim, Sighting};
use crate::subject::Subject;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    pools(facts, found);
    for log in facts.troubled_logs() {
        let Some(subject) = &log.subject else { continue };
        let top = facts.top(subject);
        let pods = facts.troubled_pods(log);
        let unresolved = log.log.summary.seen(|c| matches!(c, Claim::NameUnresolved { .. })).next().is_some();
        for sighting in &log.log.summary.sightings {
            if let Some(finding) = told(facts, log, sighting, &top, unresolved) {
                let over = pods.iter().all(|pod| facts.is_well(pod));
                let course = if over { Course::Over } else { Course::Ongoing };
                found.push(finding.hits(pods.clone()).course(course).shown_by(log.sighting(sighting)));
            }
        }
    }
}

fn told(
    facts: &Facts,
    log: &LogFact,
    sighting: &Sighting,
    top: &Subject,
    unresolved: bool,
) -> Option<Finding> {
    let who = format!("{} {}", top.kind.as_str(), top.path());
    let new = |code, summary: String| Finding::new(code, top.clone(), summary).at_most(Certainty::Likely);
    Some(match &sighting.claim {
        // A server's own log tells of its clients' failures.
        Claim::LoginRefused { .. } | Claim::LinkFailure { .. } if serves_database(facts, top) => return None,
        Claim::LoginRefused { user, .. } => new(
            Code::DatabaseLoginRefused,
            format!("The database refuses user {user} of {who}: its user or password is wrong."),
        )
        .remedy(Remedy::advice("Compare the credentials in the workload's Secret with the database's; restart its pods after a change"))
        .ruled_out("the network", "the database answers, and says no"),
        Claim::LinkFailure { .. } if !unresolved => {
            // Others reach the same database: then it is this workload's address.
            let others = facts.logs().iter().filter(|l| l.subject.as_ref().is_some_and(|s| facts.top(s) != *top));
            let elsewhere = others.clone().any(|l| l.log.summary.seen(|c| matches!(c, Claim::LinkFailure { .. })).next().is_some());
            let code = if elsewhere { Code::DependencyUnreachable } else { Code::DatabasePortWrong };
            let advice = "Compare host and port in the workload's settings with the database's Service";
            let remedy = Remedy::advice(advice);
            if elsewhere {
                new(code, format!("{who} cannot reach its database, and neither can others.")).remedy(remedy)
            } else if others.clone().next().is_some() {
                new(code, format!("{who} cannot reach its database, and no other log says so: host or port in its settings are wrong."))
                    .remedy(remedy)
            } else {
                new(code, format!("{who} cannot reach its database: host or port in its settings may be wrong."))
                    .at_most(Certainty::Possible)
                    .not_seen("whether others reach the database: their logs", None)
                    .remedy(remedy)
            }
        }
        Claim::AddressInUse { port } => {
            let port = port.map_or_else(|| "a port".to_owned(), |p| format!("port {p}"));
            new(
                Code::PortConflict,
                format!("{who} cannot listen on {port}: another process of the same pod, or of its host network, has it."),
            )
            .remedy(Remedy::advice("Give one of the pod's containers another port; containers of a pod share its ports"))
        }
        Claim::Refused { target } | Claim::TimedOut { target } => {
            let host = target.rsplit_once(':').map_or(&**target, |(host, _)| host);
            let service = service_of(host, top.namespace.as_deref())?;
            facts.object(&service)?;
            let how = if matches!(sighting.claim, Claim::Refused { .. }) { "is refused by" } else { "gets no answer from" };
            new(Code::DependencyUnreachable, format!("{who} {how} {target}.")).depends_on(service)
        }
        _ => return None,
    })
    .filter(|_| log.log.summary.lines > 0)
}

/// Pools that ran dry: the pods may be ready and well, and serve nobody.
fn pools(facts: &Facts, found: &mut Vec<Finding>) {
    for log in facts.logs() {
        let Some(subject) = &log.subject else { continue };
        let top = facts.top(subject);
        let pods = log.pods.iter().filter_map(|&i| facts.pods.get(i)).map(|p| p.subject().clone());
        if let Some(sighting) = log.log.summary.seen(|c| matches!(c, Claim::PoolExhausted { .. })).next() {
            let Claim::PoolExhausted { target } = &sighting.claim else { continue };
            let host = target.rsplit_once(':').map_or(&**target, |(host, _)| host);
            let of = if target.is_empty() { String::new() } else { format!(" to {target}") };
            let summary = format!(
                "{} {} has no connection{of} left in its pool: its calls queue until they time out.",
                top.kind.as_str(),
                top.path()
            );
            let mut finding = Finding::new(Code::ConnectionPoolExhausted, top.clone(), summary)
                .at_most(Certainty::Likely)
                .hits(pods)
                .since(log.time(sighting))
                .shown_by(log.sighting(sighting));
            if let Some(service) =
                service_of(host, top.namespace.as_deref()).filter(|s| facts.object(s).is_some())
            {
                finding = finding.depends_on(service);
            }
            found.push(finding);
        }
    }
}
