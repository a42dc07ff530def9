//! Which workloads are databases, and which of them a client means.

use crate::facts::Facts;
use crate::scan::log::Claim;
use crate::subject::{Kind, Subject};

/// Ports that databases listen on by default: MySQL, PostgreSQL, MongoDB, SQL Server, Oracle.
const DATABASE_PORTS: &[u16] = &[3306, 5432, 27017, 1433, 1521];

pub(super) fn serves_database(facts: &Facts, workload: &Subject) -> bool {
    facts.pods_of(workload).any(|pod| {
        let ports = pod.pod.containers.iter().flat_map(|c| c.ports.iter().flatten());
        ports.into_iter().any(|p| DATABASE_PORTS.contains(&p.port))
    })
}

/// The database of a workload's namespace: the one whose own log says the same, else the only one.
pub(super) fn database_of(facts: &Facts, client: &Subject, claim: &Claim) -> Option<Subject> {
    let mut servers: Vec<Subject> = facts
        .workloads()
        .iter()
        .map(|w| w.subject())
        .filter(|s| s.namespace == client.namespace && matches!(s.kind, Kind::Deployment | Kind::StatefulSet))
        .filter(|s| serves_database(facts, s))
        .cloned()
        .collect();
    let says = |server: &Subject| {
        let logs =
            facts.logs().iter().filter(|l| l.subject.as_ref().is_some_and(|s| facts.top(s) == *server));
        logs.into_iter().any(|l| l.log.summary.seen(|c| c == claim).next().is_some())
    };
    if servers.len() > 1 {
        servers.retain(says);
    }
    let only = servers.pop()?;
    servers.is_empty().then_some(only)
}
