//! Who is hit, how bad that is, and how it is told in a line.

pub(super) use crate::report::Impact;

use crate::facts::Facts;
use crate::finding::{Certainty, Code, Finding, Severity};
use crate::report::Incident;
use crate::subject::{Kind, Subject};
use std::collections::BTreeSet;

/// Counts whom the findings of an incident hit.
pub(super) fn of(tree: &[&Finding], facts: &Facts) -> Impact {
    let mut pods = BTreeSet::new();
    let mut workloads = BTreeSet::new();
    let mut services = BTreeSet::new();
    let mut nodes = BTreeSet::new();
    for subject in tree.iter().flat_map(|f| f.members.iter().chain([&f.subject])) {
        match subject.kind {
            Kind::Pod => {
                pods.insert(subject.whole());
                let top = facts.top(subject);
                if top.kind != Kind::Pod {
                    workloads.insert(top);
                }
            }
            Kind::Node => {
                nodes.insert(subject.whole());
            }
            Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob => {
                workloads.insert(facts.top(subject));
            }
            Kind::Service if has_no_endpoint(subject, facts) => {
                services.insert(subject.whole());
            }
            _ => {}
        }
    }
    for service in pods.iter().filter_map(|pod| facts.pod_at(pod)).flat_map(|pod| facts.services_of(pod)) {
        if service.ready.as_ref().is_some_and(Vec::is_empty) {
            services.insert(service.object.subject.clone());
        }
    }
    let workloads = workloads
        .into_iter()
        .map(|subject| {
            let (ready, desired) = readiness(&subject, facts);
            (subject, ready, desired)
        })
        .collect();
    Impact {
        pods: pods.len(),
        workloads,
        services: services.into_iter().collect(),
        nodes: nodes.into_iter().collect(),
    }
}

/// Whether a Service is seen to have no ready endpoint.
fn has_no_endpoint(subject: &Subject, facts: &Facts) -> bool {
    facts.service(subject).is_some_and(|s| s.ready.as_ref().is_some_and(Vec::is_empty))
}

/// Ready and wanted pods of a workload: from its status, else counted.
fn readiness(subject: &Subject, facts: &Facts) -> (Option<u32>, Option<u32>) {
    if let Some((ready, desired)) = facts.workload(subject).and_then(|w| w.readiness()) {
        return (Some(ready), Some(desired));
    }
    let desired = facts.workload(subject).and_then(|w| w.workload.desired);
    let mut ready = 0;
    let mut known = false;
    for pod in facts.pods_of(subject) {
        known |= pod.is_ready().is_some();
        ready += u32::from(pod.is_ready() == Some(true) && !pod.is_deleting());
    }
    (known.then_some(ready), desired)
}

/// How bad an incident is.
pub(super) fn severity(tree: &[&Finding], impact: &Impact, facts: &Facts) -> Severity {
    // A Service that nothing was ever made for harms nobody who can be seen, and neither does one that nobody asks for.
    let is_missed = |finding: &Finding| match finding.code {
        Code::ServiceSelectsNothing => finding.certainty == Certainty::Certain,
        Code::DependencyScaledToZero => finding.certainty >= Certainty::Likely,
        _ => true,
    };
    if !tree.iter().any(|finding| is_missed(finding)) {
        return Severity::Info;
    }
    let node_lost =
        impact.nodes.iter().any(|node| facts.node(&node.name).and_then(|n| n.is_ready()) == Some(false));
    let starved = tree.iter().any(|f| f.code == Code::ConnectionPoolExhausted);
    let control_plane = tree.iter().any(|f| f.code == Code::ControlPlaneStale);
    let serves_nothing = impact.workloads.iter().any(|(subject, ready, desired)| {
        let runs =
            matches!(subject.kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet);
        runs && *ready == Some(0) && desired.is_none_or(|d| d > 0)
    });
    if node_lost || starved || control_plane || serves_nothing || !impact.services.is_empty() {
        return Severity::Critical;
    }
    let warning = tree.iter().all(|f| {
        use Code::{
            AutoscalerBlind, DeletionStuck, DependencyAddressWrong, DependencyScaledToZero, NodeRebooted,
        };
        matches!(
            f.code,
            NodeRebooted | DependencyAddressWrong | DependencyScaledToZero | AutoscalerBlind | DeletionStuck
        )
    });
    if warning { Severity::Warning } else { Severity::Error }
}

/// What an incident weighs among those of its severity: nodes, then services, then workloads, then pods.
pub(super) fn weight(incident: &Incident) -> (usize, usize, usize, usize) {
    let impact = &incident.impact;
    (impact.nodes.len(), impact.services.len(), impact.workloads.len(), impact.pods)
}

/// What is broken, in a line: the worst that people see, and what it is of.
pub(super) fn title(tree: &[&Finding], impact: &Impact, facts: &Facts) -> String {
    let lost: Vec<_> = impact
        .nodes
        .iter()
        .filter(|node| facts.node(&node.name).and_then(|n| n.is_ready()) == Some(false))
        .map(|node| node.name.to_string())
        .collect();
    if let Some(node) = lost.first() {
        return match lost.len() {
            1 => format!("node {node} is not ready"),
            n => format!("{n} nodes are not ready: {}", lost.join(", ")),
        };
    }
    if let Some(starved) = tree.iter().find(|f| f.code == Code::ConnectionPoolExhausted) {
        let short = tree.iter().find(|f| f.code == Code::ServiceShort);
        let because =
            short.map_or_else(String::new, |f| format!(": {}", lower_first(f.summary.trim_end_matches('.'))));
        return format!("{} gets no connections{because}", starved.subject.path());
    }
    if let [service, ..] = impact.services.as_slice() {
        let more = more(impact.services.len());
        return format!("Service {} has no ready endpoint{more}", service.path());
    }
    let worst = impact.workloads.iter().min_by_key(|(_, ready, desired)| match (ready, desired) {
        (Some(ready), Some(desired)) if ready < desired => (0, *ready),
        (Some(0), None) => (1, 0),
        _ => (2, 0),
    });
    if let Some((subject, Some(ready), Some(desired))) = worst
        && ready < desired
    {
        let more = more(impact.workloads.len());
        return format!("{} has {ready} of {desired} pods ready{more}", subject.path());
    }
    match tree.first() {
        Some(root) => format!("{}: {}", root.subject.whole().path(), lower_first(root.code.title())),
        None => String::new(),
    }
}

fn more(count: usize) -> String {
    if count > 1 { format!(", and {} more", count - 1) } else { String::new() }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // A name in capitals stays as it is, and so does a kind.
        _ if text.starts_with("Service ") => text.to_owned(),
        Some(first) if chars.clone().next().is_some_and(|c| c.is_lowercase() || c == ' ') => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
