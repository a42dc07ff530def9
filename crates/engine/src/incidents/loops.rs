//! What feeds itself: an effect that makes its own cause again, told with the edge to break.

use crate::Text;
use crate::evidence::Body;
use crate::facts::Facts;
use crate::finding::{Code, Finding};
use crate::report::{Loop, Step};
use crate::scan::message::{Disruption, Lifecycle, Refusal, Saying};
use crate::subject::{Kind, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// So many times around is no chance any more.
const TURNS: usize = 3;

/// Pods that had to go, by their topmost owner.
#[derive(Debug, Default)]
pub(super) struct ThrownOut {
    by_owner: BTreeMap<Subject, Gone>,
}

#[derive(Debug, Default)]
struct Gone {
    /// Evicted by the kubelet of a node for want of a resource of the node.
    evicted: BTreeMap<Option<Text>, BTreeSet<Subject>>,
    /// Deleted for a taint.
    tainted: BTreeSet<Subject>,
}

impl ThrownOut {
    pub(super) fn of(facts: &Facts) -> ThrownOut {
        let mut all = ThrownOut::default();
        for statement in facts.statements().iter().filter(|s| s.subject.kind == Kind::Pod) {
            let Saying::Lifecycle(said) = &statement.saying else { continue };
            let pod = statement.subject.whole();
            match said {
                Lifecycle::Evicted(eviction) if eviction.own_limit.is_none() => {
                    let node = facts.pod(&pod).and_then(|p| p.pod.node.clone());
                    let gone = all.by_owner.entry(owner(&pod, facts)).or_default();
                    gone.evicted.entry(node).or_default().insert(pod);
                }
                Lifecycle::TaintEviction | Lifecycle::Disrupted(Disruption::Taint) => {
                    all.by_owner.entry(owner(&pod, facts)).or_default().tainted.insert(pod);
                }
                _ => {}
            }
        }
        all
    }
}

/// The loops that the findings of an incident are part of.
pub(super) fn of(tree: &[&Finding], steps: &[Step], thrown: &ThrownOut, facts: &Facts) -> Vec<Loop> {
    let mut loops = Vec::new();
    if !thrown.by_owner.is_empty() {
        let tops: BTreeSet<Subject> = tree
            .iter()
            .flat_map(|f| f.members.iter().chain([&f.subject]))
            .map(|subject| facts.top(subject))
            .collect();
        for top in &tops {
            loops.extend(thrown.by_owner.get(top).and_then(|gone| thrown_out(top, gone, facts)));
        }
    }
    if let Some(root) = tree.first().filter(|root| root.code == Code::WebhookUnreachable) {
        loops.extend(own_webhook(root, facts));
    }
    for told in &mut loops {
        told.steps = steps.iter().filter(|s| facts.top(&s.subject) == told.subject).map(|s| s.id).collect();
    }
    loops
}

/// Pods that are thrown off a node, replaced, and put on the same node again.
fn thrown_out(top: &Subject, gone: &Gone, facts: &Facts) -> Option<Loop> {
    if !top.kind.is_namespaced() || top.kind == Kind::Pod {
        return None;
    }
    let again = format!("{} {} makes another one", top.kind.as_str(), top.path());
    let looped = |turns, edges: [String; 3], break_at| {
        Some(Loop { subject: top.clone(), steps: Vec::new(), turns, edges: edges.into(), break_at })
    };
    if let Some((node, pods)) = gone.evicted.iter().max_by_key(|(_, pods)| pods.len())
        && pods.len() >= TURNS
    {
        let node = node.as_ref().map_or_else(|| "a node".to_owned(), |node| format!("node {node}"));
        return looped(
            pods.len(),
            [
                format!("the kubelet of {node} evicts a pod"),
                again,
                "the scheduler counts requests, sees room, and puts it there again".to_owned(),
            ],
            "the request: a pod that asks for as much as it uses goes where there is room".to_owned(),
        );
    }
    if gone.tainted.len() < TURNS {
        return None;
    }
    let (back, break_at) = match pinned_to(top, facts) {
        Some(node) => (
            format!("its template names node {node}, and no scheduler is asked"),
            format!("nodeName in the template, or the taint of node {node}"),
        ),
        None => (
            "it comes to a node with the taint again".to_owned(),
            "the taint, or a toleration that outlasts it".to_owned(),
        ),
    };
    looped(gone.tainted.len(), ["the taint manager deletes a pod".to_owned(), again, back], break_at)
}

/// The node that a workload's template names: its pods come to it without a scheduler, and so past its taints.
fn pinned_to(top: &Subject, facts: &Facts) -> Option<Text> {
    facts.workload(top)?.workload.template.as_ref()?.pod.node.clone()
}

/// The topmost owner of a pod, also of one that is gone and known by its events only.
fn owner(pod: &Subject, facts: &Facts) -> Subject {
    let top = facts.top(pod);
    if top.kind != Kind::Pod {
        return top;
    }
    let set = crate::subject::without_pod_suffix(&pod.name)
        .map(|stem| Subject::new(Kind::ReplicaSet, pod.namespace.as_deref(), stem));
    set.map_or(top, |set| facts.top(&set))
}

/// A webhook whose own pods have to pass it before they can answer for it.
fn own_webhook(root: &Finding, facts: &Facts) -> Option<Loop> {
    let (service, name) = facts.statements().iter().find_map(|s| match &s.saying {
        Saying::CreateRefused {
            cause: Refusal::WebhookFailed { webhook, service: Some((namespace, service)), .. },
            ..
        } if facts.top(&s.subject) == root.subject => {
            Some((Subject::new(Kind::Service, Some(namespace), service), webhook.clone()))
        }
        _ => None,
    })?;
    let object = facts.object(&service)?;
    let Body::Service(body) = &object.body else { return None };
    let selector = body.selector.as_ref().filter(|selector| !selector.is_empty())?;
    let template = facts.workload(&root.subject)?.workload.template.as_ref()?;
    let serves = root.subject.namespace == service.namespace
        && template.labels.as_ref().is_some_and(|l| selector.iter().all(|(k, v)| l.get(k) == Some(v)));
    serves.then(|| Loop {
        subject: root.subject.clone(),
        steps: Vec::new(),
        turns: 0,
        edges: vec![
            format!("webhook {name} has to admit the pods of {}", root.subject.path()),
            format!("nobody answers for it at Service {}", service.path()),
            format!("only the pods of {} would", root.subject.path()),
        ],
        break_at: format!(
            "exclude namespace {} from the webhook's namespaceSelector",
            root.subject.namespace()
        ),
    })
}
