//! The literals of every pattern in one automaton.

use super::claim::NodeClaim;
use super::record::Record;
use super::{control, kernel, kubelet, runtime, systemd};
use crate::Text;
use crate::scan::message::text::keep;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::sync::OnceLock;

/// Lines of one topic: what must stand in them, and what reads them.
pub(super) struct Family {
    /// Reads a line that holds one of the literals; adds nothing if the rest does not fit.
    pub read: fn(&Record, &mut Said),
    /// One of these stands in the line, in this case.
    pub literals: &'static [&'static str],
}

/// What one line says.
#[derive(Default)]
pub(super) struct Said {
    /// Claims, each once, with the text that tells more.
    pub list: Vec<(NodeClaim, Option<Text>)>,
    /// Whether the wording is none that Kubernetes has.
    pub unusual: bool,
}

impl Said {
    pub fn add(&mut self, claim: NodeClaim) {
        self.put(claim, None);
    }

    pub fn detail(&mut self, claim: NodeClaim, text: &str) {
        self.put(claim, Some(keep(text)));
    }

    fn put(&mut self, claim: NodeClaim, detail: Option<Text>) {
        if !self.list.iter().any(|(known, _)| *known == claim) {
            self.list.push((claim, detail));
        }
    }
}

/// The bit of lines that belong to the report of a kill for memory.
pub(super) const OOM: u64 = 1 << 63;

pub(super) struct Patterns {
    search: AhoCorasick,
    masks: Vec<u64>,
    /// The families by their bits.
    pub families: Vec<&'static Family>,
}

impl Patterns {
    /// Which families have a literal in the line, as bits.
    pub fn hits(&self, line: &str) -> u64 {
        self.search
            .find_overlapping_iter(line)
            .fold(0, |hits, found| hits | self.masks.get(found.pattern().as_usize()).copied().unwrap_or(0))
    }
}

/// The patterns, built once. None only if the automaton could not be built, which its size rules out.
pub(super) fn patterns() -> Option<&'static Patterns> {
    static BUILT: OnceLock<Option<Patterns>> = OnceLock::new();
    BUILT.get_or_init(build).as_ref()
}

fn build() -> Option<Patterns> {
    let topics =
        [kubelet::FAMILIES, runtime::FAMILIES, kernel::FAMILIES, systemd::FAMILIES, control::FAMILIES];
    let families: Vec<&'static Family> = topics.into_iter().flatten().collect();
    let of_families = families.iter().enumerate().map(|(bit, family)| (1 << bit, family.literals));
    let (literals, masks): (Vec<&str>, Vec<u64>) = of_families
        .chain([(OOM, kernel::OOM)])
        .flat_map(|(mask, literals)| literals.iter().map(move |literal| (*literal, mask)))
        .unzip();
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(literals)
        .ok()?;
    Some(Patterns { search, masks, families })
}
