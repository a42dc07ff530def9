//! A pool: a resource with a capacity, who holds how much of it, who waits for some, and how the holders grew.

use super::PodFact;
use crate::moment::{Moment, SECOND, Tri};
use crate::subject::{Kind, Subject};
use std::collections::BTreeMap;

/// How long before the onset growth counts: what was there for longer was borne until then.
const WINDOW: i64 = 3600 * SECOND;

/// A share of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who holds it: the run of a Job, or else the topmost owner.
    pub subject: Subject,
    /// How much.
    pub amount: i64,
    /// How many pods hold it.
    pub pods: usize,
    /// How much of it came in the hour before the onset; none where ages are not known.
    pub grown: Option<i64>,
    /// How much more it waits for.
    pub asking: i64,
}

/// A resource that runs out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// All there is, where known.
    pub capacity: Option<i64>,
    /// Who holds some, by name.
    pub holders: Vec<Holder>,
}

impl Pool {
    /// Counts who holds and who waits. Amounts are of one unit, whichever.
    pub fn count<'f, 'e: 'f>(
        capacity: Option<i64>,
        holding: impl Iterator<Item = (&'f PodFact<'e>, i64)>,
        waiting: impl Iterator<Item = (&'f PodFact<'e>, i64)>,
        onset: Option<&Moment>,
    ) -> Pool {
        let mut holders: BTreeMap<Subject, Holder> = BTreeMap::new();
        let empty = |subject: &Subject| Holder {
            subject: subject.clone(),
            amount: 0,
            pods: 0,
            grown: Some(0),
            asking: 0,
        };
        for (pod, amount) in holding {
            let subject = holder(pod);
            let share = holders.entry(subject.clone()).or_insert_with(|| empty(&subject));
            share.amount = share.amount.saturating_add(amount);
            share.pods += 1;
            let came = came_before(pod.object.created.as_ref(), onset);
            share.grown = match (share.grown, came) {
                (Some(grown), Some(true)) => Some(grown.saturating_add(amount)),
                (Some(grown), Some(false)) => Some(grown),
                _ => None,
            };
        }
        for (pod, amount) in waiting {
            let subject = holder(pod);
            let share = holders.entry(subject.clone()).or_insert_with(|| empty(&subject));
            share.asking = share.asking.saturating_add(amount);
        }
        Pool { capacity, holders: holders.into_values().collect() }
    }

    /// How much is held in sum.
    pub fn taken(&self) -> i64 {
        self.holders.iter().map(|holder| holder.amount).sum()
    }

    /// The share of one holder.
    pub fn of(&self, subject: &Subject) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.subject == *subject)
    }

    /// Who made it run out. The biggest holder is not the culprit: the one that grew before the onset is. Where no age
    /// is known, whoever holds and asks for most. DaemonSets hold one share of each node, come what may.
    pub fn culprit(&self) -> Option<&Holder> {
        let able = || self.holders.iter().filter(|h| h.amount > 0 && h.subject.kind != Kind::DaemonSet);
        let grew = able().filter(|h| h.grown.is_some_and(|grown| grown > 0));
        let most = |h: &&Holder| {
            let batch = matches!(h.subject.kind, Kind::Job | Kind::CronJob);
            (
                h.grown.unwrap_or(0),
                h.amount.saturating_add(h.asking),
                batch,
                std::cmp::Reverse(h.subject.clone()),
            )
        };
        grew.max_by_key(most).or_else(|| able().filter(|h| h.grown.is_none()).max_by_key(most))
    }

    /// Whether less is held than there is, by more than `slack`: then what is missing is reserved for nobody that lives.
    pub fn unheld(&self, slack: i64) -> bool {
        self.capacity.is_some_and(|all| self.taken().saturating_add(slack) < all)
    }
}

/// Who answers for a pod's share: the Job that runs, and not the CronJob that made it; else the topmost owner.
pub fn holder(pod: &PodFact) -> Subject {
    pod.owner(&Kind::Job).unwrap_or_else(|| pod.top()).clone()
}

/// Whether a pod came in the window before the onset, or later; none where that is not to be told.
fn came_before(created: Option<&Moment>, onset: Option<&Moment>) -> Option<bool> {
    let (created, onset) = (created?, onset?);
    match created.until(onset) {
        Some((least, greatest))
            if greatest <= WINDOW || least <= WINDOW && created.before(onset) != Tri::No =>
        {
            Some(true)
        }
        Some(_) => Some(false),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(name: &str, amount: i64, grown: Option<i64>) -> Holder {
        let subject = Subject::new(Kind::Deployment, Some("shop"), name);
        Holder { subject, amount, pods: 1, grown, asking: 0 }
    }

    #[test]
    fn the_biggest_holder_is_not_the_culprit_and_growth_is() {
        let pool =
            Pool { capacity: Some(13), holders: vec![share("big", 9, Some(0)), share("grown", 4, Some(4))] };
        assert_eq!(pool.culprit().map(|h| &*h.subject.name), Some("grown"));
        assert!(!pool.unheld(0));
    }

    #[test]
    fn without_ages_the_one_that_holds_most_is_named() {
        let pool = Pool { capacity: Some(13), holders: vec![share("big", 9, None), share("small", 1, None)] };
        assert_eq!(pool.culprit().map(|h| &*h.subject.name), Some("big"));
        assert!(pool.unheld(2));
    }

    #[test]
    fn nobody_that_was_there_all_along_is_the_culprit() {
        let pool = Pool { capacity: Some(10), holders: vec![share("old", 10, Some(0))] };
        assert_eq!(pool.culprit(), None);
    }
}
