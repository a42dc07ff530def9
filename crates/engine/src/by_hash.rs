//! Things found by a hash of them.

/// Where things stand, by a hash of each. Of a hundred thousand things each is found at about the first look: hashes are
/// spread evenly, so that one tells where in their order it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByHash {
    /// Hash and place, in order.
    rows: Vec<(u64, usize)>,
    /// For each beginning of a hash, the first row of those that begin so or later.
    starts: Vec<usize>,
    /// How far a hash is moved to leave its beginning.
    shift: u32,
}

impl ByHash {
    /// Of the hashes of things, in the order of their places.
    pub(crate) fn of(hashes: impl Iterator<Item = u64>) -> Self {
        let mut rows: Vec<(u64, usize)> = hashes.enumerate().map(|(at, hash)| (hash, at)).collect();
        rows.sort_unstable();
        // About as many beginnings as there are rows, and two at least: no number can be moved by all its bits.
        let bits = rows.len().max(2).ilog2();
        let shift = u64::BITS - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for (at, (hash, _)) in rows.iter().enumerate() {
            while starts.len() <= (hash >> shift) as usize {
                starts.push(at);
            }
        }
        starts.resize((1 << bits) + 1, rows.len());
        ByHash { rows, starts, shift }
    }

    /// Places of the things of a hash, the first first.
    pub(crate) fn places(&self, hash: u64) -> impl DoubleEndedIterator<Item = usize> {
        let beginning = (hash >> self.shift) as usize;
        let bounds = self.starts.get(beginning).zip(self.starts.get(beginning + 1));
        let near = bounds.and_then(|(start, end)| self.rows.get(*start..*end)).unwrap_or(&[]);
        // Names may have been chosen so that all begin alike.
        let first = near.partition_point(|(known, _)| *known < hash);
        let end = near.partition_point(|(known, _)| *known <= hash);
        near.get(first..end).unwrap_or(&[]).iter().map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 100, 5000] {
            let hashes: Vec<u64> =
                (0..count).map(|n: u64| (n / 2 * 2).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            let by_hash = ByHash::of(hashes.iter().copied());
            for hash in hashes.iter().chain(&[0, 1, u64::MAX, u64::MAX / 2]) {
                let expected = (0..hashes.len()).filter(|at| hashes.get(*at) == Some(hash));
                assert!(by_hash.places(*hash).eq(expected), "{count} {hash}");
            }
        }
        assert_eq!(ByHash::default().places(0).count(), 0);
    }

    #[test]
    fn what_has_one_hash_is_found_too() {
        let by_hash = ByHash::of([7; 1000].into_iter());
        assert!(by_hash.places(7).rev().eq((0..1000).rev()));
    }
}
