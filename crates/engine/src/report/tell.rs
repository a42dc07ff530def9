//! From incidents to a report: scope, coverage, what is left out.

use super::{Coverage, Incident, Options, Report, Scope};
use crate::Text;
use crate::evidence::{Body, Evidence};
use crate::facts::Facts;
use crate::incidents;
use crate::moment::Moment;
use crate::subject::Kind;

/// Tells the incidents that the scope asks for.
pub fn tell(incidents: Vec<Incident>, facts: &Facts, options: &Options) -> Report {
    let evidence = facts.evidence;
    let (mut told, mut folded) = (Vec::new(), 0);
    for incident in incidents {
        if !in_scope(&incident, &options.scope, facts) {
            continue;
        }
        if incidents::is_old(&incident) && !options.all {
            folded += 1;
        } else {
            told.push(incident);
        }
    }
    Report {
        source: options.source.clone(),
        scope: options.scope.clone(),
        context: options.context.clone(),
        captured: evidence.captured().cloned(),
        version: version(evidence),
        coverage: coverage(evidence),
        incidents: told,
        folded,
        gaps: evidence.gaps().to_vec(),
        remarks: Vec::new(),
        unread: options.unread.clone(),
    }
}

/// Tells what evidence covers, and nothing of what it means.
pub(super) fn contents(evidence: &Evidence, options: &Options) -> Report {
    Report {
        source: options.source.clone(),
        scope: Scope::default(),
        context: None,
        captured: evidence.captured().cloned(),
        version: version(evidence),
        coverage: coverage(evidence),
        incidents: Vec::new(),
        folded: 0,
        gaps: evidence.gaps().to_vec(),
        remarks: Vec::new(),
        unread: options.unread.clone(),
    }
}

/// Whether an incident's root or a member is inside. Nodes and the control plane are always.
fn in_scope(incident: &Incident, scope: &Scope, facts: &Facts) -> bool {
    let all = || incident.members.iter().chain([&incident.root.subject]).chain(&incident.root.owner);
    let impacted = || incident.impact.workloads.iter().map(|(w, _, _)| w).chain(&incident.impact.services);
    let namespace = scope.namespaces.is_empty()
        || incident.root.subject.kind == Kind::Node
        || all().any(|s| s.namespace.as_ref().is_some_and(|ns| scope.namespaces.contains(ns)));
    let subject = scope.subjects.is_empty()
        || all().chain(impacted()).any(|member| {
            scope.subjects.iter().any(|wanted| {
                let names = |s: &crate::subject::Subject| {
                    s.kind == wanted.kind
                        && s.name == wanted.name
                        && (wanted.namespace.is_none() || wanted.namespace == s.namespace)
                };
                names(member)
                    || names(&facts.top(member))
                    || facts.pod(member).is_some_and(|p| {
                        p.owners.iter().any(|o| names(&o.subject))
                            || wanted.kind == Kind::Node && p.pod.node.as_ref() == Some(&wanted.name)
                    })
            })
        });
    namespace && subject
}

/// The newest kubelet version that a node shows.
fn version(evidence: &Evidence) -> Option<Text> {
    let number = |v: &Text| -> Vec<u32> {
        v.trim_start_matches('v').split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
    };
    let nodes = evidence.of(&Kind::Node).iter().filter_map(|o| o.node()?.kubelet.clone());
    nodes.max_by_key(number)
}

fn coverage(evidence: &Evidence) -> Vec<Coverage> {
    let mut all = Vec::new();
    let mut add = |source: &str, count: usize, from: Option<Moment>, to: Option<Moment>| {
        if count > 0 {
            all.push(Coverage { source: source.to_owned(), count, from, to });
        }
    };
    for (kind, name) in [
        (Kind::Pod, "pods"),
        (Kind::Node, "nodes"),
        (Kind::Deployment, "deployments"),
        (Kind::StatefulSet, "statefulsets"),
        (Kind::DaemonSet, "daemonsets"),
        (Kind::Job, "jobs"),
        (Kind::Service, "services"),
    ] {
        let live =
            evidence.of(&kind).iter().filter(|o| o.views.is_live() && !matches!(o.body, Body::Name)).count();
        add(name, live, None, None);
    }
    let (mut from, mut to) = (None, None);
    for event in evidence.events() {
        from = Moment::first(from, event.first.clone().or_else(|| event.last.clone()));
        to = Moment::last(to, event.last.clone());
    }
    add("events", evidence.events().len(), from, to);
    add("logs", evidence.logs().len(), None, None);
    add("journals", evidence.node_logs().len(), None, None);
    add("units", evidence.units().len(), None, None);
    all
}
