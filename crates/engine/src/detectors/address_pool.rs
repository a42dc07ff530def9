//! Who holds the pod addresses of a node when none is left.

use crate::Text;
use crate::evidence::{Phase, Read};
use crate::facts::{Facts, PodFact, Statement};
use crate::finding::{Certainty, Code, Finding, Honesty, Proof, Remedy};
use crate::scan::message::{SandboxCause as C, Saying};
use crate::subject::{Kind, Subject};
use std::collections::BTreeMap;

/// Addresses are a pool: a capacity, its holders, and how they grew. The biggest holder is not the culprit; the one
/// that grew before the onset is.
pub(super) fn exhausted(facts: &Facts, node: &Text, waiting: &[(&PodFact, &Statement)]) -> Finding {
    let holds = |pod: &&PodFact| {
        pod.pod.host_network != Some(true)
            && pod.pod.ip.is_some()
            && !matches!(pod.pod.phase, Some(Phase::Succeeded | Phase::Failed))
    };
    let mut holders: BTreeMap<Subject, Vec<&PodFact>> = BTreeMap::new();
    for pod in facts.pods_on(node).filter(holds) {
        holders.entry(holder(pod)).or_default().push(pod);
    }
    let taken: usize = holders.values().map(Vec::len).sum();
    let mut asking: BTreeMap<Subject, usize> = BTreeMap::new();
    for (pod, _) in waiting {
        *asking.entry(holder(pod)).or_default() += 1;
    }
    let range = waiting.iter().find_map(|(_, s)| match &s.saying {
        Saying::SandboxFailed { cause: C::AddressesExhausted { range } } => range.clone(),
        _ => None,
    });
    let capacity = range.as_deref().and_then(range_size).map(usize::from);
    let first_failed = waiting.iter().filter_map(|(_, s)| s.first.clone()).min_by_key(|m| m.print_key());
    // Who grew: most addresses taken by pods made before the first failure, with more still asked for.
    let culprit = holders
        .iter()
        .filter(|(top, _)| top.kind != Kind::DaemonSet)
        .max_by_key(|(top, pods)| {
            let batch = matches!(top.kind, Kind::Job | Kind::CronJob);
            (pods.len() + asking.get(top).copied().unwrap_or(0), batch, std::cmp::Reverse((*top).clone()))
        })
        .map(|(top, pods)| (top.clone(), pods.len()));
    let of =
        capacity.map_or_else(|| format!("{taken} pod addresses"), |all| format!("the {all} pod addresses"));
    let place = if node.is_empty() { "the network".to_owned() } else { format!("node {node}") };
    let waits = match waiting.len() {
        1 => "1 pod waits".to_owned(),
        all => format!("{all} pods wait"),
    };
    // Leaked: fewer live holders than the range has addresses. Only who saw every pod can tell.
    let listed = facts.evidence.is_listed(&Kind::Pod, None);
    let unheld = capacity.is_some_and(|all| taken + 2 < all);
    let leaked = listed && unheld;
    let live = if unheld && !listed { "pods that were seen" } else { "pods that live" };
    let (subject, summary, certainty) = match &culprit {
        Some((top, holding)) if !leaked && *holding * 2 > capacity.unwrap_or(taken) => (
            top.clone(),
            format!(
                "{} {} holds {holding} of {of} of {place}. None is free, so {waits} there for a network.",
                top.kind.as_str(),
                top.path()
            ),
            if capacity.is_some() { Certainty::Certain } else { Certainty::Likely },
        ),
        _ => (
            if node.is_empty() { waiting_subject(waiting) } else { Subject::node(node) },
            format!(
                "{} of {place} are taken, {taken} by {live}; {waits} there for a network.",
                capitalized(&of)
            ),
            Certainty::Likely,
        ),
    };
    let mut finding = Finding::new(Code::PodAddressesExhausted, subject.clone(), summary)
        .at_most(certainty)
        .aspect("scope", if node.is_empty() { "network" } else { "node" })
        .hits(waiting.iter().map(|(pod, _)| pod.subject().clone()))
        .since(first_failed);
    if leaked {
        finding = finding.aspect("leaked", "true");
    } else if unheld {
        finding = finding.not_seen(
            "who holds the other addresses: pods of other namespaces, or nobody",
            Some(Read::List { kind: Kind::Pod, namespace: None }),
        );
    } else if capacity.is_some() {
        let text = format!("{taken} live pods have an address there");
        finding = finding.ruled_out("leaked addresses", text);
    }
    for (_, statement) in waiting.iter() {
        finding = finding.shown_by(statement.proof());
    }
    for pod in holders.get(&subject).into_iter().flatten() {
        let ip = pod.pod.ip.as_deref().unwrap_or("");
        finding =
            finding.shown_by(Proof::object(pod.object, format!("{} has address {ip}", pod.subject().path())));
    }
    remedies(
        finding.ruled_out("the runtime", "it answers each request, and the plugin says why it refuses"),
        &subject,
        node,
    )
}

/// Who holds a pod's address: the Job that runs, and not the CronJob that made it; else the topmost owner.
fn holder(pod: &PodFact) -> Subject {
    pod.owner(&Kind::Job).unwrap_or_else(|| pod.top()).clone()
}

fn remedies(finding: Finding, subject: &Subject, node: &Text) -> Finding {
    let target = format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name);
    let finding = match subject.kind {
        Kind::Job => finding.remedy(Remedy::kubectl(
            "Suspend the Job: ends its pods and frees their addresses; their work in progress is lost",
            subject,
            Honesty::NeedsJudgement,
            &["patch", &target, "--type", "merge", "-p", "{\"spec\":{\"suspend\":true}}"],
        )),
        Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet => finding.remedy(Remedy::kubectl(
            "Run fewer of its pods",
            subject,
            Honesty::NeedsJudgement,
            &["scale", &target, "--replicas=<count>"],
        )),
        _ => finding,
    };
    finding.remedy(Remedy::advice(format!(
        "Later: {node} admits more pods than it has addresses. Lower its maxPods or widen its range"
    )))
}

fn waiting_subject(waiting: &[(&PodFact, &Statement)]) -> Subject {
    waiting.first().map_or_else(|| Subject::node(""), |(pod, _)| pod.top().clone())
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// How many addresses `10.244.2.1-10.244.2.14` has for pods: the first one is the bridge's.
fn range_size(range: &str) -> Option<u16> {
    let (first, last) = range.split_once('-')?;
    let number = |ip: &str| -> Option<u32> {
        let mut parts = ip.trim().split('.').map(|p| p.parse::<u8>().ok());
        let mut next = || parts.next().flatten().map(u32::from);
        Some(next()? << 24 | next()? << 16 | next()? << 8 | next()?)
    };
    u16::try_from(number(last)?.checked_sub(number(first)?)?).ok()
}
