//! Who holds the pod addresses of a node when none is left.

use super::address_remedies::remedies;
use super::address_words::{journal, slots, story};
use crate::Text;
use crate::evidence::{Phase, Read};
use crate::facts::{Facts, PodFact, Pool, Statement, holder};
use crate::finding::{Certainty, Code, Finding, Proof};
use crate::scan::message::{SandboxCause as C, Saying};
use crate::subject::{Kind, Subject};

/// How many addresses a range may have more than live pods before reservations count as leaked: a pod may just be
/// coming or going.
const SLACK: i64 = 2;

pub(super) fn exhausted(
    facts: &Facts,
    node: &Text,
    waiting: &[(&PodFact, &Statement)],
    found: &mut Vec<Finding>,
) {
    let holds = |pod: &&PodFact| {
        pod.pod.host_network != Some(true)
            && pod.pod.ip.is_some()
            && !matches!(pod.pod.phase, Some(Phase::Succeeded | Phase::Failed))
    };
    let range = waiting.iter().find_map(|(_, s)| match &s.saying {
        Saying::SandboxFailed { cause: C::AddressesExhausted { range } } => range.clone(),
        _ => None,
    });
    let capacity = range.as_deref().and_then(range_size).map(i64::from);
    let journal = journal(facts, node);
    // Each attempt names a sandbox of its own, and so has an event of its own.
    let attempts = waiting.iter().flat_map(|(pod, _)| facts.about(pod.subject()));
    let failed =
        |s: &&Statement| matches!(s.saying, Saying::SandboxFailed { cause: C::AddressesExhausted { .. } });
    let said = attempts.filter(failed).filter_map(|s| s.first.clone()).min_by_key(|m| m.print_key());
    // An event tells a minute, a line of the journal a moment of it.
    let first = journal
        .as_ref()
        .and_then(|journal| journal.first.clone())
        .filter(|line| said.as_ref().is_none_or(|said| line.clock.is_absolute() && line.not_after(said)))
        .or(said);
    let pool = Pool::count(
        capacity,
        facts.pods_on(node).filter(holds).map(|pod| (pod, 1)),
        waiting.iter().map(|(pod, _)| (*pod, 1)),
        first.as_ref(),
    );
    let (taken, culprit) = (pool.taken(), pool.culprit());
    let of =
        capacity.map_or_else(|| format!("{taken} pod addresses"), |all| format!("the {all} pod addresses"));
    let place = if node.is_empty() { "the network".to_owned() } else { format!("node {node}") };
    let waits = super::words::wait(waiting.len());
    // Leaked: fewer live holders than the range has addresses. Only who saw every pod can tell.
    let (listed, unheld) = (facts.evidence.is_listed(&Kind::Pod, None), pool.unheld(SLACK));
    let leaked = listed && unheld;
    let live = if unheld && !listed { "pods that were seen" } else { "pods that live" };
    let (subject, summary, certainty) = match culprit {
        Some(holder) if !leaked && holder.amount * 2 > capacity.unwrap_or(taken) => (
            holder.subject.clone(),
            format!(
                "{} {} holds {} of {of} of {place}. None is free, so {waits} there for a network.",
                holder.subject.kind.as_str(),
                holder.subject.path(),
                holder.amount
            ),
            if capacity.is_some() { Certainty::Certain } else { Certainty::Likely },
        ),
        _ => (
            if node.is_empty() { waiting_subject(waiting) } else { Subject::node(node) },
            format!(
                "{} of {place} are taken, {taken} by {live}; {waits} there for a network.",
                super::words::capital(&of)
            ),
            Certainty::Likely,
        ),
    };
    let mut finding = Finding::new(Code::PodAddressesExhausted, subject.clone(), summary)
        .at_most(certainty)
        .aspect("scope", if node.is_empty() { "network" } else { "node" })
        .hits(waiting.iter().map(|(pod, _)| pod.subject().clone()))
        .since(first);
    if leaked {
        finding = finding.aspect("leaked", "true");
    } else if unheld {
        finding = finding.not_seen(
            "who holds the other addresses: pods of other namespaces, or nobody",
            Some(Read::List { kind: Kind::Pod, namespace: None }),
        );
    } else if let Some(all) = capacity {
        finding = finding
            .ruled_out("leaked addresses", format!("{all} are there, and {taken} live pods have them"));
    }
    if let Some(journal) = &journal {
        finding = finding.shown_by(journal.proof.clone());
    }
    for (_, statement) in waiting {
        finding = finding.shown_by(statement.proof());
    }
    for pod in facts.pods_on(node).filter(holds).filter(|pod| holder(pod) == subject) {
        let ip = pod.pod.ip.as_deref().unwrap_or("");
        finding =
            finding.shown_by(Proof::object(pod.object, format!("{} has address {ip}", pod.subject().path())));
    }
    let finding = finding.ruled_out(
        "CNI plugin, runtime",
        match facts.node(node).and_then(|n| n.is_ready()) {
            Some(true) => format!("both answer each request and say why they refuse; {node} is Ready"),
            _ => "both answer each request and say why they refuse".to_owned(),
        },
    );
    let finding = match waiting.iter().all(|(pod, _)| pod.pod.node.is_some()) {
        true => finding.ruled_out(
            "quota, scheduling",
            format!("all {} waiting pods were created and have a node", waiting.len()),
        ),
        false => finding,
    };
    let (slots, enabler) = slots(facts, node, capacity).unzip();
    let finding = story(finding, facts, node, &pool, slots, waiting, journal.as_ref());
    found.push(remedies(finding, &pool, node, facts, slots));
    found.extend(enabler);
}

fn waiting_subject(waiting: &[(&PodFact, &Statement)]) -> Subject {
    waiting.first().map_or_else(|| Subject::node(""), |(pod, _)| pod.top().clone())
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
