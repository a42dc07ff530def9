//! Who holds what a quota allows.

use crate::evidence::Phase;
use crate::facts::{Facts, PodFact, Pool};
use crate::finding::{Finding, Proof};
use crate::subject::{Kind, Subject};

/// Holders that are told by name.
const TOLD: usize = 3;

/// Adds who holds the quota's resource, and who of them grew before it ran out.
pub(super) fn holders(facts: &Facts, finding: Finding, refused: &Subject) -> Finding {
    let Some(resource) = finding.aspect_of("resource").map(str::to_owned) else { return finding };
    let namespace = finding.subject.namespace.clone();
    // A pod counts until it ended (pkg/quota/v1/evaluator/core/pods.go, all versions).
    let counts = |pod: &&PodFact| {
        pod.subject().namespace == namespace
            && !matches!(pod.pod.phase, Some(Phase::Succeeded | Phase::Failed))
            && !pod.is_finished()
    };
    let amount = |pod: &PodFact| match resource.as_str() {
        "pods" => Some(1),
        resource => {
            facts.request(pod, resource).map(|milli| milli / if resource == "cpu" { 1 } else { 1000 })
        }
    };
    let pods: Vec<(&PodFact, i64)> =
        facts.pods().filter(counts).filter_map(|pod| Some((pod, amount(pod)?))).collect();
    let pool = Pool::count(None, pods.iter().copied(), std::iter::empty(), finding.since.as_ref());
    // Only who saw every pod of the namespace can say who holds what.
    if pool.holders.is_empty() || !facts.evidence.is_listed(&Kind::Pod, namespace.as_deref()) {
        return finding;
    }
    let text = |amount: i64| match resource.as_str() {
        "pods" => super::words::count_of(u32::try_from(amount).ok(), "pod"),
        "cpu" => super::words::cores_or_bytes("cpu", amount),
        resource => super::words::cores_or_bytes(resource, amount.saturating_mul(1000)),
    };
    let mut finding = finding;
    let mut most: Vec<_> = pool.holders.iter().collect();
    most.sort_by_key(|holder| (std::cmp::Reverse(holder.amount), holder.subject.clone()));
    for holder in most.iter().take(TOLD) {
        if let Some((pod, _)) = pods.iter().find(|(pod, _)| crate::facts::holder(pod) == holder.subject) {
            let of = format!("{} {}", holder.subject.kind.as_str(), holder.subject.path());
            finding =
                finding.shown_by(Proof::object(pod.object, format!("{of} holds {}", text(holder.amount))));
        }
    }
    let grown = pool.culprit().filter(|holder| holder.grown.is_some_and(|grown| grown > 0));
    if let Some(holder) = grown.filter(|holder| holder.subject != *refused) {
        finding.summary.push_str(&format!(
            " {} {} took {} of it in the hour before.",
            holder.subject.kind.as_str(),
            holder.subject.path(),
            text(holder.grown.unwrap_or(0))
        ));
    }
    finding
}
