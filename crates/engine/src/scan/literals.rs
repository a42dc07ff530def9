//! Finds which of many literals stand in a line. Most lines hold none, so what counts is to tell that quickly: four bytes
//! at a time are looked up in a table of bits, which stays in the fastest cache; only what passes is compared. Where no
//! literal is short, not every place has to be looked at.

/// Sets of literals, as bits: a set is what the one who asks wants to know of a line.
pub(super) type Sets = u64;

/// Bits of the hash that four bytes are looked up by.
const BITS: u32 = 16;
/// Words of the table of bits.
const WORDS: usize = 1 << (BITS - 6);
/// Most places of a literal that it is looked up by: each fills the table further.
const STEP: usize = 4;

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
    /// Every so many places of a text are looked at. A literal is looked up by the four bytes at as many places of it that
    /// follow each other, so that one of them is looked at wherever it stands.
    step: usize,
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
        let texts: Vec<(Sets, &'static [u8])> = sets
            .flat_map(|(sets, literals)| literals.iter().map(move |literal| (sets, literal.as_bytes())))
            .filter(|(_, text)| text.len() >= 4)
            .collect();
        let step = texts.iter().map(|(_, text)| text.len() - 3).min().unwrap_or(1).min(STEP);
        let usual = usual();
        let mut literals = Vec::new();
        for (sets, text) in texts {
            let first = rarest(text, step, &usual);
            let fours = text.windows(4).enumerate().skip(first).take(step);
            literals.extend(fours.filter_map(|(offset, four)| {
                Some(Literal { hash: hash(four.first_chunk()?), offset, text, sets })
            }));
        }
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
        Literals { table, ranks, starts, literals, step }
    }

    /// The sets of all literals in `text`; `found` is told each literal's place and sets.
    pub fn each(&self, text: &str, mut found: impl FnMut(usize, Sets)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(four) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            let hash = hash(four);
            if self.table[usize::from(hash >> 6)] >> (hash & 63) & 1 != 0 {
                self.compare(bytes, at, hash, &mut found);
            }
            at += self.step;
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

/// The first of so many places of a literal, following each other, whose four bytes text holds least.
fn rarest(literal: &[u8], places: usize, usual: &[u8]) -> usize {
    let cost = |four: &[u8]| {
        let often = four.first_chunk().and_then(|four| usual.get(usize::from(hash(four)))).copied();
        let common = four.iter().map(|byte| usize::from(COMMON[usize::from(*byte)])).sum::<usize>();
        (usize::from(often.unwrap_or(0)), common)
    };
    let costs: Vec<(usize, usize)> = literal.windows(4).map(cost).collect();
    let sum = |run: &[(usize, usize)]| run.iter().fold((0, 0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1));
    costs.windows(places).enumerate().min_by_key(|(_, run)| sum(run)).map_or(0, |(first, _)| first)
}

/// How often four bytes of each hash stand in what is usual.
fn usual() -> Vec<u8> {
    let mut often = vec![0_u8; 1 << BITS];
    for four in USUAL.iter().flat_map(|text| text.as_bytes().windows(4)) {
        if let Some(often) = four.first_chunk().and_then(|four| often.get_mut(usize::from(hash(four)))) {
            *often = often.saturating_add(1);
        }
    }
    often
}

/// What logs and journals are full of.
const USUAL: &[&str] = &[
    "connection Connection service Service namespace exception Exception available enable request expected message",
    r#" worker kubelet[2173]: I1123 04:50:50.773428 2173 kubelet.go:2542] "SyncLoop (PLEG): event for pod" pod="default/web""#,
    r#" event={"ID":"0c","Type":"ContainerStarted","Data":"9f"} "SyncLoop DELETE" source="api" pods=["default/web"]"#,
    r#""operationExecutor.VerifyControllerAttachedVolume started for volume \"kube-api-access\" (UniqueName: \"kubernetes.io/"#,
    r#""MountVolume.SetUp succeeded for volume \"config\" (UniqueName: \"kubernetes.io/configmap/\") pod \"web\" (UID: \"0c\") ""#,
    r#""RemoveContainer" containerID="0c" "Observed pod startup duration" podStartSLOduration=1.5 podStartE2EDuration="2s""#,
    r#""Probe failed" probeType="Readiness" podUID="0c" containerName="app" probeResult="failure" output="HTTP probe failed with ""#,
    r#""Error syncing pod, skipping" err="failed to \"StartContainer\" for \"app\" with CrashLoopBackOff: \"back-off 5m0s restarting ""#,
    r#""Failed to ensure lease exists, will retry" err="Get \"https://10.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/""#,
    r#"containerd[1840]: time="2026-11-23T04:50:50Z" level=info msg="CreateContainer within sandbox \"0c\" for container "#,
    r#"level=info msg="StartContainer for \"0c\" returns successfully" level=warning msg="cleaning up after shim disconnected""#,
    r#"msg="ImageCreate event name:\"registry.k8s.io/pause:3.10\" labels:{key:\"io.cri-containerd.image\" value:\"managed\"}""#,
    r#"level=error msg="ContainerStatus failed" error="rpc error: code = NotFound desc = an error occurred when try to find""#,
    "systemd[1]: Started cri-containerd-0c.scope - libcontainer container 0c. Starting Stopped Reached target",
    "systemd[1]: run-containerd-io.containerd.runtime.v2.task-k8s.io-0c-rootfs.mount: Deactivated successfully.",
    "kernel: eth0: Link is Up - 10.0.0.7 to eth0, failed to list *v1.ConfigMap, containerd.sock, network config",
];

/// How common each byte is in logs, roughly.
pub(super) const COMMON: [u8; 256] = common();

const fn common() -> [u8; 256] {
    const LEAST_FIRST: &[u8] = b"zjqxkwvybfhgpumdlcsnrioate 0123456789.-:/\"=\\";
    let mut table = [0; 256];
    let mut at = 0;
    while at < LEAST_FIRST.len() {
        table[LEAST_FIRST[at] as usize] = at as u8 + 1;
        at += 1;
    }
    table
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
        // Without a short one not every place is looked at.
        let long = Literals::new(
            SETS.iter().copied().filter(|(set, _)| *set < 3).map(|(set, all)| (set, &all[..1])),
        );
        assert_eq!(long.step, 4);
        for at in 0..9 {
            assert_eq!(long.sets(&format!("{}refused", "x".repeat(at))), 1, "{at}");
            assert_eq!(long.sets(&format!("{}used by{}", "é".repeat(at), "y".repeat(at))), 2, "{at}");
        }
        let mut places = Vec::new();
        literals.each("ababab refused by", |at, set| places.push((at, set)));
        assert_eq!(places, [(0, 2), (2, 2), (7, 1), (9, 1), (10, 2)]);
    }
}
