//! See `database_state.md` for what this means and the cases it must pass.

use super::databases::{Databases, Known, serves_database};
use crate::facts::{Facts, LogFact};
use crate::finding::{Certainty, Code, Finding, Remedy};
use crate::scan::log::{Claim, Sighting};
use crate::subject::Subject;
use std::cell::LazyCell;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let databases = LazyCell::new(|| Databases::of(facts));
    for log in facts.logs() {
        let Some(subject) = &log.subject else { continue };
        let top = facts.top(subject);
        for sighting in &log.log.summary.sightings {
            let code = match sighting.claim {
                Claim::TooManyConnections => Code::DatabaseConnectionsExhausted,
                Claim::ReadOnly => Code::DatabaseReadOnly,
                _ => continue,
            };
            if matters(facts, log, sighting) {
                found.push(finding(&databases, facts, log, sighting, &top, code));
            }
        }
    }
}

/// Once, a program that is well overcame it. Again and again it fails its callers, ready or not.
fn matters(facts: &Facts, log: &LogFact, sighting: &Sighting) -> bool {
    let again = sighting.error && sighting.count > 2;
    again || !facts.troubled_pods(log).is_empty()
}

fn finding(
    databases: &Databases,
    facts: &Facts,
    log: &LogFact,
    sighting: &Sighting,
    top: &Subject,
    code: Code,
) -> Finding {
    let since = log.time(sighting);
    let server = match serves_database(facts, top) {
        true => Some((top.clone(), Known::Certainly)),
        false => databases.meant(top, &sighting.claim, since.as_ref()),
    };
    let (subject, certainty) = match &server {
        Some((server, Known::Certainly)) => (server.clone(), Certainty::Likely),
        Some((server, Known::ByStart)) => (server.clone(), Certainty::Possible),
        None => (top.clone(), Certainty::Possible),
    };
    let of = match &server {
        Some(_) => format!("{} {}", subject.kind.as_str(), subject.path()),
        None => format!("The database of {} {}", top.kind.as_str(), top.path()),
    };
    let (what, advice) = match code {
        Code::DatabaseReadOnly => (
            "accepts no writes: it runs read-only",
            "Find out whether the clients reach a replica, or the server was made read-only (a failover, a full disk)",
        ),
        _ => (
            "has no connection left for its clients",
            "End idle sessions or raise the server's limit; then bound the clients' pools",
        ),
    };
    let pods = log.pods.iter().filter_map(|&index| facts.pods.get(index)).map(|pod| pod.subject().clone());
    let finding = Finding::new(code, subject, format!("{of} {what}."))
        .at_most(certainty)
        .hits(pods)
        .since(since)
        .shown_by(log.sighting(sighting))
        .remedy(Remedy::advice(advice));
    match server {
        Some((server, Known::ByStart)) => by_start(facts, finding, &server),
        Some(_) => finding,
        None => finding.not_seen("which database it uses: the settings of the workload", None),
    }
}

/// Several databases are there: the one started last is named, with what shows its start.
fn by_start(facts: &Facts, finding: Finding, server: &Subject) -> Finding {
    let pod = facts.pods_of(server).next();
    let text = "of the namespace's databases, the one that was started last before the first refusal";
    let finding = finding.not_seen("which of the databases it uses: the settings of the workload", None);
    match pod {
        Some(pod) => finding.shown_by(crate::finding::Proof::object(pod.object, text)),
        None => finding,
    }
}
