//! What looks like the cause and is not, and what of a link nobody has looked at.

use crate::evidence::Read;
use crate::facts::{Facts, Family, Stage};
use crate::finding::{Code, Finding, NotSeen, RuledOut};
use crate::moment::{SECOND, Tri};
use crate::subject::{Kind, Subject};
use std::collections::BTreeMap;

/// A rollout that came after the onset, none of whose containers ever started: it is hit, and did not begin it.
pub(super) fn rollouts(tree: &[&Finding], families: &BTreeMap<Subject, Family>) -> Vec<RuledOut> {
    let Some(root) = tree.first() else { return Vec::new() };
    let Some(onset) = &root.since else { return Vec::new() };
    let mut ruled_out = Vec::new();
    for effect in tree.iter().skip(1).filter(|f| f.code == Code::WorkloadUnavailable) {
        let Some((new, _)) = families.get(&effect.subject).and_then(Family::rollout) else { continue };
        let Some(began) = &new.began else { continue };
        let never_started = !new.pods.is_empty() && new.pods.iter().all(|pod| pod.stage() <= Stage::Image);
        // Somebody else's pods were hit before.
        let others = root.members.iter().any(|m| !new.pods.iter().any(|pod| pod.subject() == m));
        if onset.before(began) != Tri::Yes || !never_started || !others {
            continue;
        }
        let ago = onset.until(began).map_or(0, |(least, _)| least / SECOND);
        ruled_out.push(RuledOut {
            what: format!("{} rollout", effect.subject.name),
            because: format!(
                "none of its new containers ever started, and pods of another workload failed the same way {ago} s earlier"
            ),
        });
    }
    ruled_out
}

/// A pool that runs dry because fewer servers answer: how the servers themselves fared, where no log of them was seen.
pub(super) fn unseen(tree: &[&Finding], facts: &Facts) -> Vec<NotSeen> {
    let mut all = Vec::new();
    for starved in tree.iter().skip(1).filter(|f| f.code == Code::ConnectionPoolExhausted) {
        for service in starved.depends_on.iter().filter(|s| s.kind == Kind::Service) {
            let fact = facts.services().iter().find(|s| s.object.subject == *service);
            let Some(pods) = fact.and_then(|fact| fact.pods.as_ref()) else { continue };
            let logged = facts.logs().iter().any(|log| log.pods.iter().any(|pod| pods.contains(pod)));
            let ready = pods.iter().filter_map(|&i| facts.pods.get(i)).find(|p| p.is_ready() == Some(true));
            if let Some(pod) = ready.filter(|_| !logged) {
                all.push(NotSeen {
                    what: format!("load of {}: no log of its own pods was read", service.name),
                    read: Some(Read::Log { container: pod.subject().clone(), previous: false }),
                });
            }
        }
    }
    all
}
