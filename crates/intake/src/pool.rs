//! Shares what is equal: names, reasons and labels repeat thousands of times, and so do the specs of replicas.

use engine::Text;
use engine::evidence::{ContainerSpec, Owner, Pairs, PodSpec, Probe, Said, Shared};
use engine::subject::hash;
use std::cell::RefCell;

const SLOTS: usize = 1 << 12;

/// Texts longer than this hardly repeat.
const LONGEST: usize = 96;

thread_local! {
    /// Files of one cluster have words alike, and a bundle has thousands of files.
    static POOL: Pool = Pool::default();
}

/// Lends the pool of this thread.
pub(crate) fn with<T>(work: impl FnOnce(&Pool) -> T) -> T {
    POOL.with(work)
}

/// What was read lately; what is equal to it is shared.
pub(crate) struct Pool {
    /// One place for each hash: a newer text takes the place of an older one, so that it never grows.
    texts: RefCell<Vec<Option<Text>>>,
    pub(crate) containers: Recent<ContainerSpec>,
    pub(crate) probes: Recent<Probe>,
    pub(crate) pods: Recent<PodSpec>,
    pub(crate) labels: Recent<Pairs<Text>>,
    pub(crate) owners: Recent<Vec<Owner>>,
    pub(crate) said: Recent<Said>,
}

impl Default for Pool {
    fn default() -> Self {
        Pool {
            texts: RefCell::new(vec![None; SLOTS]),
            containers: Recent::default(),
            probes: Recent::default(),
            pods: Recent::default(),
            labels: Recent::default(),
            owners: Recent::default(),
            said: Recent::default(),
        }
    }
}

impl Pool {
    /// An owned text, shared with an earlier equal one where that is still known.
    pub(crate) fn text(&self, text: &str) -> Text {
        if text.len() > LONGEST {
            return text.into();
        }
        let mut slots = self.texts.borrow_mut();
        let slot = usize::try_from(hash(0, text) % slots.len() as u64).unwrap_or(0);
        match &mut slots[slot] {
            Some(known) if **known == *text => known.clone(),
            other => other.insert(text.into()).clone(),
        }
    }
}

/// Values looked back at. Lists come sorted by name, so that the replicas of a workload stand together.
const RECENT: usize = 16;

/// The last different values of a kind.
pub(crate) struct Recent<T>(RefCell<(usize, Vec<Shared<T>>)>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Recent(RefCell::new((0, Vec::with_capacity(RECENT))))
    }
}

impl<T: PartialEq> Recent<T> {
    /// The value, shared with a recent equal one.
    pub(crate) fn share(&self, value: T) -> Shared<T> {
        let mut recent = self.0.borrow_mut();
        if let Some(known) = recent.1.iter().find(|known| ***known == value) {
            return known.clone();
        }
        let shared = Shared::from(value);
        if recent.1.len() < RECENT {
            recent.1.push(shared.clone());
        } else {
            let oldest = recent.0 % RECENT;
            recent.1[oldest] = shared.clone();
            recent.0 += 1;
        }
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn equal_texts_are_one() {
        let pool = Pool::default();
        let (a, b) = (pool.text("Running"), pool.text("Running"));
        assert!(Arc::ptr_eq(&a, &b));
        let recent = Recent::default();
        for n in 0..100 {
            let (one, other) = (recent.share(vec![n]), recent.share(vec![n]));
            assert!(std::ptr::eq(&*one, &*other));
            assert_eq!(*one, [n]);
        }
        for n in 0..20_000 {
            assert_eq!(&*pool.text(&format!("name-{n}")), format!("name-{n}"));
        }
    }
}
