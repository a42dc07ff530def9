//! Victim and culprit when a node runs short: what evicted pods used beyond their requests, and who is new there.

use crate::Text;
use crate::evidence::Quantity;
use crate::facts::{Facts, PodFact, Pool};
use crate::finding::{Finding, Proof};
use crate::scan::message::eviction;
use crate::subject::Kind;

/// Adds to a node's pressure who used most beyond its request, and who came in the hour before.
pub(super) fn culprits(facts: &Facts, node: &Text, resource: &str, finding: Finding) -> Finding {
    let mut finding = finding;
    let over = facts
        .pods_on(node)
        .filter_map(|pod| beyond(pod, resource))
        .max_by_key(|(over, pod, _)| (*over, std::cmp::Reverse(pod.subject().clone())));
    if let Some((_, pod, text)) = over {
        let of = format!("{} {}", pod.top().kind.as_str(), pod.top().path());
        finding.summary.push_str(&format!(" Furthest above its request was a pod of {of}: {text}."));
        finding = finding.shown_by(Proof::object(pod.object, format!("{}: {text}", pod.subject().path())));
    }
    // The biggest user may have been there for months; what came just before made the difference.
    let pods = facts.pods_on(node).filter(|pod| pod.pod.host_network != Some(true)).map(|pod| (pod, 1));
    let pool = Pool::count(None, pods, std::iter::empty(), finding.since.as_ref());
    let known = facts.evidence.is_listed(&Kind::Pod, None);
    if let Some(holder) = pool.culprit().filter(|h| known && h.grown.is_some_and(|grown| grown > 0)) {
        let pods = super::words::count_of(holder.grown.and_then(|grown| u32::try_from(grown).ok()), "pod");
        finding.summary.push_str(&format!(
            " New there in the hour before: {pods} of {} {}.",
            holder.subject.kind.as_str(),
            holder.subject.path()
        ));
    }
    finding
}

/// How far an evicted pod was above its request of that resource, and in words.
fn beyond<'f, 'e>(pod: &'f PodFact<'e>, resource: &str) -> Option<(i64, &'f PodFact<'e>, String)> {
    let told = eviction(pod.pod.message.as_deref()?);
    let same = told.own_limit.is_none()
        && match resource {
            "disk" => told.resource.as_deref().is_some_and(|r| !matches!(r, "memory" | "pids")),
            resource => told.resource.as_deref() == Some(resource),
        };
    let over = |used: &str, request: &str| {
        let request = Quantity::parse(request).map_or(0, |request| request.milli);
        Some(Quantity::parse(used)?.milli.saturating_sub(request))
    };
    let (over, used, request) = told
        .containers
        .iter()
        .filter_map(|(_, used, request)| Some((over(used, request)?, used, request)))
        .max_by_key(|(over, ..)| *over)?;
    (same && over > 0).then(|| (over, pod, format!("it used {used} with a request of {request}")))
}
