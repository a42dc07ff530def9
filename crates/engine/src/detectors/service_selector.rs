//! See `service_selector.md` for what this means and the cases it must pass.

use crate::Text;
use crate::evidence::{Group, Pairs};
use crate::facts::{Facts, PodFact, ServiceFact};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::subject::Kind;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for service in facts.services() {
        let Some(selector) = service.service.selector.as_ref().filter(|s| !s.is_empty()) else { continue };
        let Some(pods) = &service.pods else { continue };
        let namespace = service.object.subject.namespace.as_deref();
        // Only a list of all pods shows that none is selected.
        let listed = facts.evidence.is_listed(&Kind::Pod, namespace);
        if !pods.is_empty() || !listed || service.ready.as_ref().is_some_and(|ready| !ready.is_empty()) {
            continue;
        }
        // A workload of that very selector that has no pods, whatever keeps it from them, is not the Service's fault.
        let made_for = facts.workloads().iter().any(|w| {
            let labels = w.workload.template.as_ref().and_then(|t| t.labels.as_ref());
            w.object.subject.namespace.as_deref() == namespace
                && labels.is_some_and(|labels| matches(selector, labels))
        });
        if made_for {
            continue;
        }
        found.push(finding(facts, service, selector));
    }
}

fn matches(selector: &Pairs<Text>, labels: &Pairs<Text>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

fn finding(facts: &Facts, service: &ServiceFact, selector: &Pairs<Text>) -> Finding {
    let subject = &service.object.subject;
    let written: Vec<String> = selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let near = nearest(facts, service, selector);
    let (tail, certainty) = match &near {
        Some((pod, differs)) => {
            (format!(" The pods of {} have {}.", pod.top().path(), differs.join(",")), Certainty::Certain)
        }
        None => (String::new(), Certainty::Likely),
    };
    let mut finding = Finding::new(
        Code::ServiceSelectsNothing,
        subject.clone(),
        format!(
            "Service {} selects {}, and no pod has such labels: it has no endpoint.{tail}",
            subject.path(),
            written.join(",")
        ),
    )
    .at_most(certainty)
    .since(service.object.created.clone())
    .shown_by(Proof::object(service.object, format!("selector {}", written.join(","))))
    .ruled_out("pods not ready", "endpoints that are not ready would be listed as such; there are none");
    if let Some((pod, differs)) = &near {
        finding = finding.shown_by(Proof::object(
            pod.object,
            format!("labels of {}: {}", pod.subject().path(), differs.join(",")),
        ));
    }
    let target = format!("service/{}", subject.name);
    finding.remedy(Remedy::kubectl(
        "Set the selector to labels that the pods have",
        subject,
        Honesty::NeedsJudgement,
        &["set", "selector", &target, "<label>=<value>"],
    ))
}

/// The pods that the Service may have been made for: their labels hold a part of its selector, its values under other
/// keys, or values that are nearly alike.
fn nearest<'f, 'e>(
    facts: &'f Facts<'e>,
    service: &ServiceFact,
    selector: &Pairs<Text>,
) -> Option<(&'f PodFact<'e>, Vec<String>)> {
    let subject = &service.object.subject;
    facts
        .pods()
        .filter(|pod| pod.subject().namespace == subject.namespace && pod.object.shows(Group::Labels))
        .filter_map(|pod| {
            let labels = pod.object.labels.as_ref()?;
            let near = |(key, value): (&Text, &Text)| {
                let there = labels.get(key);
                there == Some(value)
                    || there.is_some_and(|v| alike(v, value))
                    || labels.values().any(|v| v == value && v.len() > 3)
            };
            // The template's hash is the ReplicaSet's own and means nothing to a Service.
            let shown = labels.iter().filter(|(key, _)| &***key != "pod-template-hash");
            let shown: Vec<String> = shown.map(|(key, value)| format!("{key}={value}")).collect();
            selector.iter().any(near).then_some((pod, shown))
        })
        .min_by_key(|(pod, _)| (pod.top().name != subject.name, pod.subject().clone()))
}

/// Whether one is the other with a few letters or separators changed.
fn alike(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (a, b) = (letters(a), letters(b));
    let common = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    common >= 3 && a.len().abs_diff(b.len()) <= 8
}
