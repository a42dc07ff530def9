//! Which workloads are databases, and which of them a client means.

use crate::evidence::State;
use crate::facts::{Facts, LogFact, PodFact};
use crate::moment::{Moment, Tri};
use crate::scan::log::Claim;
use crate::subject::{Kind, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// Ports that databases listen on by default: MySQL, PostgreSQL, MongoDB, SQL Server, Oracle.
const DATABASE_PORTS: &[u16] = &[3306, 5432, 27017, 1433, 1521];

/// How it is known which database a client means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The client's environment names it, it says the same itself, or there is no other.
    Certainly,
    /// Of several it is the one that was started last before the trouble.
    ByStart,
}

pub(super) fn serves_database(facts: &Facts, workload: &Subject) -> bool {
    facts.pods_of(workload).any(listens)
}

/// Whether a pod listens where databases do.
fn listens(pod: &PodFact) -> bool {
    let mut ports = pod.pod.containers.iter().flat_map(|c| c.ports.iter().flatten());
    ports.any(|p| DATABASE_PORTS.contains(&p.port))
}

/// The workloads that serve databases, and what the logs say.
pub(super) struct Databases<'f, 'e> {
    facts: &'f Facts<'e>,
    servers: BTreeSet<&'f Subject>,
    /// The logs in which something was seen, by whose they are.
    logs: BTreeMap<Subject, Vec<&'f LogFact<'e>>>,
}

impl<'f, 'e> Databases<'f, 'e> {
    pub(super) fn of(facts: &'f Facts<'e>) -> Self {
        let of_server = |pod: &&PodFact| listens(pod);
        let owners =
            facts.pods().filter(of_server).flat_map(|pod| pod.owners.iter()).map(|owner| &owner.subject);
        let servers = owners.filter(|s| {
            matches!(s.kind, Kind::Deployment | Kind::StatefulSet) && facts.workload(s).is_some()
        });
        let mut logs: BTreeMap<Subject, Vec<&LogFact>> = BTreeMap::new();
        for log in facts.logs().iter().filter(|log| !log.log.summary.sightings.is_empty()) {
            if let Some(subject) = &log.subject {
                logs.entry(facts.top(subject)).or_default().push(log);
            }
        }
        Databases { facts, servers: servers.collect(), logs }
    }

    /// The database of a workload's namespace that it means by a claim first made at that time.
    pub(super) fn meant(
        &self,
        client: &Subject,
        claim: &Claim,
        since: Option<&Moment>,
    ) -> Option<(Subject, Known)> {
        let facts = self.facts;
        let servers: Vec<&Subject> =
            self.servers.iter().copied().filter(|s| s.namespace == client.namespace).collect();
        let says = |server: &&&Subject| {
            let mut logs = self.logs.get(**server).into_iter().flatten();
            logs.any(|log| log.log.summary.seen(|c| c == claim).next().is_some())
        };
        let named = |server: &&&Subject| facts.pods_of(client).any(|pod| names(facts, pod, server));
        only(servers.iter().filter(named))
            .or_else(|| only(servers.iter().filter(says)))
            .or_else(|| only(servers.iter()))
            .map(|server| ((*server).clone(), Known::Certainly))
            .or_else(|| Some((latest(facts, &servers, since?)?.clone(), Known::ByStart)))
    }
}

fn only<T>(mut of: impl Iterator<Item = T>) -> Option<T> {
    let first = of.next()?;
    of.next().is_none().then_some(first)
}

/// Whether a pod's environment names a Service of that workload.
fn names(facts: &Facts, client: &PodFact, server: &Subject) -> bool {
    let serves = |service: &Subject| {
        let pods = facts.service(service).and_then(|s| s.pods.as_ref()).into_iter().flatten();
        pods.filter_map(|&index| facts.pods.get(index)).any(|pod| pod.top() == server)
    };
    facts.named_services(client).iter().any(serves)
}

/// The one of several whose containers were started last before a moment, where the others run for longer.
fn latest<'s>(facts: &Facts, servers: &[&'s Subject], before: &Moment) -> Option<&'s Subject> {
    let start = |server: &Subject| {
        let pods = facts.pods_of(server).flat_map(|pod| &pod.pod.containers);
        let starts = pods.filter_map(|c| match &c.state {
            Some(State::Running { started }) => started.clone(),
            _ => None,
        });
        starts
            .filter(|at| at.before(before) == Tri::Yes)
            .reduce(|a, b| if a.before(&b) == Tri::Yes { b } else { a })
    };
    let starts: Vec<(&Subject, Moment)> = servers.iter().filter_map(|s| Some((*s, start(s)?))).collect();
    // One whose start was not seen may have been started later.
    if starts.len() < servers.len() {
        return None;
    }
    let (last, at) = starts.iter().reduce(|a, b| if a.1.before(&b.1) == Tri::Yes { b } else { a })?;
    starts.iter().all(|(s, other)| s == last || other.before(at) == Tri::Yes).then_some(*last)
}
