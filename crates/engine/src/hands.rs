//! Who does work of several parts. The engine has no threads: whoever calls it may have some, and lends them.

use std::sync::OnceLock;

/// Calls the second argument once with each number below the first one, in any order, or several at once, and comes back
/// when all are done. What the parts make never depends on it.
pub type Hands = fn(usize, &(dyn Fn(usize) + Sync));

/// One part after the other.
pub fn alone(parts: usize, part: &(dyn Fn(usize) + Sync)) {
    (0..parts).for_each(part);
}

/// What each part makes, in the order of their numbers.
pub(crate) fn each<R: Send + Sync>(hands: Hands, parts: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let made: Vec<OnceLock<R>> = (0..parts).map(|_| OnceLock::new()).collect();
    hands(parts, &|part| {
        if let Some(place) = made.get(part) {
            place.get_or_init(|| work(part));
        }
    });
    // A part that nobody did is done here.
    made.into_iter().enumerate().map(|(at, made)| made.into_inner().unwrap_or_else(|| work(at))).collect()
}

/// What two different parts make.
pub(crate) fn both<A: Send + Sync, B: Send + Sync>(
    hands: Hands,
    one: impl Fn() -> A + Sync,
    other: impl Fn() -> B + Sync,
) -> (A, B) {
    let (a, b) = (OnceLock::new(), OnceLock::new());
    hands(2, &|part| match part {
        0 => drop(a.get_or_init(&one)),
        _ => drop(b.get_or_init(&other)),
    });
    (a.into_inner().unwrap_or_else(one), b.into_inner().unwrap_or_else(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once_and_in_its_place() {
        let hands: [Hands; 4] =
            [alone, |n, part| (0..n).rev().for_each(part), |_, _| {}, |n, part| (0..2 * n).for_each(part)];
        for hands in hands {
            assert_eq!(each(hands, 5, |n| n * n), [0, 1, 4, 9, 16]);
            assert_eq!(both(hands, || "a", || 2), ("a", 2));
        }
    }
}
