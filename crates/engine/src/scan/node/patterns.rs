//! The literals of every pattern.

use super::claim::NodeClaim;
use super::record::Record;
use super::{control, kernel, kubelet, runtime, systemd};
use crate::Text;
use crate::scan::literals::{Literals, Sets};
use crate::scan::message::text::keep;
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
pub(super) const OOM: Sets = 1 << 63;

/// The literals, and the families by their bits.
pub(super) struct Patterns {
    /// The literals.
    pub literals: Literals,
    /// The families by their bits.
    pub families: Vec<&'static Family>,
}

/// The patterns, built once.
pub(super) fn patterns() -> &'static Patterns {
    static BUILT: OnceLock<Patterns> = OnceLock::new();
    BUILT.get_or_init(|| {
        let topics =
            [kubelet::FAMILIES, runtime::FAMILIES, kernel::FAMILIES, systemd::FAMILIES, control::FAMILIES];
        let families: Vec<&'static Family> = topics.into_iter().flatten().collect();
        let bits = families.iter().enumerate().map(|(bit, family)| (1 << bit, family.literals));
        Patterns { literals: Literals::new(bits.chain([(OOM, kernel::OOM)])), families }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_literal_is_found() {
        let families =
            patterns().families.iter().enumerate().map(|(bit, family)| (1 << bit, family.literals));
        for (set, literals) in families.chain([(OOM, kernel::OOM)]) {
            for literal in literals {
                assert!(patterns().literals.sets(literal) & set != 0, "{literal:?}");
            }
        }
        assert!(patterns().families.len() < 63);
    }
}
