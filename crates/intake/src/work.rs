//! Work on several threads: cut by content, joined in the order of the content, so that their number never shows.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that one input is read on.
pub(crate) const WORKERS: usize = 2;

/// Does every job, the next one on whichever thread is free, and returns what they made in the order of the jobs.
pub fn each<J: Sync, R: Send>(jobs: &[J], workers: usize, work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let workers = workers.min(jobs.len());
    if workers < 2 {
        return jobs.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            match jobs.get(at) {
                Some(job) => done.push((at, work(job))),
                None => return done,
            }
        }
    };
    let mut parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(run)).collect();
        let mut parts = run();
        for other in others {
            match other.join() {
                Ok(more) => parts.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parts
    });
    parts.sort_by_key(|(at, _)| *at);
    parts.into_iter().map(|(_, made)| made).collect()
}

/// Does the parts of the engine's work on several threads.
pub fn hands(parts: usize, part: &(dyn Fn(usize) + Sync)) {
    each(&(0..parts).collect::<Vec<_>>(), WORKERS, |number| part(*number));
}

/// Observations or objects from which on it is worth to begin a thread.
const MANY: usize = 10_000;

/// Who should do the work on so many observations or objects.
pub fn hands_for(things: usize) -> engine::Hands {
    if things < MANY { engine::alone } else { hands }
}

/// Cuts a row of things into runs of at least so many bytes each, but the last.
pub(crate) fn runs<T>(all: &[T], least: usize, bytes: impl Fn(&T) -> usize) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (at, one) in all.iter().enumerate() {
        size += bytes(one);
        if size >= least {
            runs.push(start..at + 1);
            (start, size) = (at + 1, 0);
        }
    }
    if start < all.len() {
        runs.push(start..all.len());
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_jobs() {
        let jobs: Vec<u32> = (0..1000).collect();
        for workers in [0, 1, 2, 7] {
            assert_eq!(each(&jobs, workers, |n| n * 2), jobs.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn runs_cover_all_once() {
        let sizes = [3, 1, 1, 9, 2, 0];
        let runs = runs(&sizes, 4, |size| *size);
        assert_eq!(runs, [0..2, 2..4, 4..6]);
        assert!(super::runs(&[0; 0], 4, |size| *size).is_empty());
    }
}
