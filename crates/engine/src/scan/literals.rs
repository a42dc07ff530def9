//! Finds which of many literals stand in a line. Most lines hold none, so what counts is to tell that quickly: four bytes
//! at a time are looked up in a table of bits, which stays in the fastest cache; only what passes is compared.

/// Sets of literals, as bits: a set is what the one who asks wants to know of a line.
pub(super) type Sets = u64;

/// Bits of the hash that four bytes are looked up by.
const BITS: u32 = 16;
/// Words of the table of bits.
const WORDS: usize = 1 << (BITS - 6);

/// Literals of at least four bytes, and the sets that they belong to.
pub(super) struct Literals {
    /// Whether any literal is looked up by four bytes of that hash.
    table: Box<[u64; WORDS]>,
    /// How many bits are set in the words before each word of the table.
    ranks: Vec<usize>,
    /// Where the literals of each bit that is set begin, and where the last ones end.
    starts: Vec<usize>,
    /// The literals, ordered by the hash of the four bytes that they are looked up by.
    literals: Vec<Literal>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Literal {
    hash: u16,
    /// Where its four bytes stand in it.
    offset: usize,
    text: &'static [u8],
    sets: Sets,
}

impl Literals {
    /// Prepares literals. One of less than four bytes is never found.
    pub fn new(sets: impl Iterator<Item = (Sets, &'static [&'static str])>) -> Literals {
        let mut literals: Vec<Literal> = sets
            .flat_map(|(sets, literals)| literals.iter().map(move |literal| (sets, literal.as_bytes())))
            .filter_map(|(sets, text)| {
                let (offset, four) = rarest(text)?;
                Some(Literal { hash: hash(four), offset, text, sets })
            })
            .collect();
        literals.sort_unstable();
        let mut table = Box::new([0u64; WORDS]);
        let mut starts = Vec::new();
        let mut last = None;
        for (at, literal) in literals.iter().enumerate() {
            if let Some(word) = table.get_mut(usize::from(literal.hash >> 6)) {
                *word |= 1 << (literal.hash & 63);
            }
            if last != Some(literal.hash) {
                starts.push(at);
                last = Some(literal.hash);
            }
        }
        starts.push(literals.len());
        let ranks = table
            .iter()
            .scan(0, |sum, word| {
                let before = *sum;
                *sum += word.count_ones() as usize;
                Some(before)
            })
            .collect();
        Literals { table, ranks, starts, literals }
    }

    /// The sets of all literals in `text`; `found` is told each literal's place and sets.
    pub fn each(&self, text: &str, mut found: impl FnMut(usize, Sets)) {
        let bytes = text.as_bytes();
        for (at, window) in bytes.windows(4).enumerate() {
            let Some(four) = window.first_chunk() else { continue };
            let hash = hash(four);
            if self.table[usize::from(hash >> 6)] >> (hash & 63) & 1 != 0 {
                self.compare(bytes, at, hash, &mut found);
            }
        }
    }

    /// The sets of all literals in `text`.
    pub fn sets(&self, text: &str) -> Sets {
        let mut sets = 0;
        self.each(text, |_, set| sets |= set);
        sets
    }

    fn compare(&self, bytes: &[u8], at: usize, hash: u16, found: &mut impl FnMut(usize, Sets)) {
        let word = usize::from(hash >> 6);
        let below = self.table[word] & ((1 << (hash & 63)) - 1);
        let rank = self.ranks.get(word).map_or(0, |rank| rank + below.count_ones() as usize);
        let (Some(&first), Some(&end)) = (self.starts.get(rank), self.starts.get(rank + 1)) else { return };
        for literal in self.literals.get(first..end).unwrap_or(&[]) {
            if let Some(start) = at.checked_sub(literal.offset)
                && bytes.get(start..).is_some_and(|rest| rest.starts_with(literal.text))
            {
                found(start, literal.sets);
            }
        }
    }
}

/// The four bytes of a literal that text holds least, and where they stand.
fn rarest(literal: &[u8]) -> Option<(usize, &[u8; 4])> {
    literal.windows(4).enumerate().filter_map(|(at, window)| Some((at, window.first_chunk()?))).min_by_key(
        |(_, four)| {
            let usual = USUAL.iter().any(|word| memchr::memmem::find(word, *four).is_some());
            (usual, four.iter().map(|byte| common(*byte)).sum::<usize>())
        },
    )
}

/// Words that logs and journals are full of.
const USUAL: &[&[u8]] = &[
    b"kubelet",
    b"Kubelet",
    b"container",
    b"Container",
    b"service",
    b"Service",
    b"namespace",
    b"shim",
    b"sock",
    b"config",
    b"network",
    b"sandbox",
    b"Sandbox",
    b"Connection",
    b"connection",
    b"exception",
    b"Exception",
    b"available",
    b"enable",
    b"Started",
    b"started",
    b"probe",
    b"Probe",
    b"Remove",
    b"successfully",
    b"message",
    b"request",
    b"expected",
];

/// How common a byte is in logs, roughly.
fn common(byte: u8) -> usize {
    const LEAST_FIRST: &[u8] = b"zjqxkwvybfhgpumdlcsnrioate 0123456789.-:/";
    LEAST_FIRST.iter().position(|other| *other == byte).unwrap_or(0)
}

fn hash(four: &[u8; 4]) -> u16 {
    // Knuth's multiplicative hash; the upper bits are the good ones.
    (u32::from_le_bytes(*four).wrapping_mul(2_654_435_769) >> (32 - BITS)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: &[(Sets, &[&str])] =
        &[(1, &["refused", "fused"]), (2, &["used by", "abab"]), (4, &["four", "é lan"]), (8, &["abc"])];

    #[test]
    fn what_stands_in_a_line_is_found_wherever_it_stands() {
        let literals = Literals::new(SETS.iter().copied());
        for text in [
            "",
            "abc",
            "four",
            "xfour",
            "refused by",
            "ababab",
            "no é lan",
            "re-fused",
            "usedby four",
            "abcabc",
        ] {
            let want = SETS.iter().filter(|(set, _)| *set != 8).fold(0, |sets, (set, all)| {
                if all.iter().any(|literal| text.contains(literal)) { sets | set } else { sets }
            });
            assert_eq!(literals.sets(text), want, "{text}");
        }
        let mut places = Vec::new();
        literals.each("ababab refused by", |at, set| places.push((at, set)));
        assert_eq!(places, [(0, 2), (2, 2), (7, 1), (9, 1), (10, 2)]);
    }
}
