//! The literals of every pattern: a line that holds none of them is not looked at again.

use super::claim::Claim;
use super::{db, host, net, peer, port};
use crate::scan::literals::{Literals, Sets};
use std::sync::OnceLock;

/// Lines of one topic: what must stand in them, and what reads them.
pub(super) struct Family {
    /// Reads a line that holds one of the literals; adds nothing if the rest does not fit.
    pub read: fn(&str, &mut Claims),
    /// One of these stands in the line, in this case.
    pub literals: &'static [&'static str],
}

/// What one line claims.
#[derive(Default)]
pub(super) struct Claims {
    /// In the order of the families, each once.
    pub list: Vec<Claim>,
}

impl Claims {
    pub fn add(&mut self, claim: Claim) {
        if !self.list.contains(&claim) {
            self.list.push(claim);
        }
    }
}

/// Which families have a literal in a line, as bits.
pub(super) type Hits = Sets;

/// A line may tell a level of error or worse.
pub(super) const LEVEL: Hits = 1 << 63;
/// A line may begin or belong to a stack trace.
pub(super) const TRACE: Hits = 1 << 62;
/// A line may tell of a request that was served or sent.
pub(super) const ACCESS: Hits = 1 << 61;
/// What no family of claims stands for.
pub(super) const OTHERS: Hits = LEVEL | TRACE | ACCESS;

const LEVELS: &[&str] = &[
    "ERROR",
    "FATAL",
    "CRITICAL",
    "SEVERE",
    "EMERG",
    "ALERT",
    "PANIC",
    "[ERR",
    "[FTL",
    "[CRIT",
    "Error:",
    "ERR!",
    "[error",
    "[crit",
    "[emerg",
    "[alert",
    "[fatal",
    "\terror",
    "\tfatal",
    "\tpanic",
    "\tdpanic",
    "=error",
    "=fatal",
    "=panic",
    "=critical",
    "=err ",
    "\"error\"",
    "\"fatal\"",
    "\"critical\"",
    "\"panic\"",
    "\"err\"",
    "\"ERR",
    "\"Error\"",
    "\"level\":50",
    "\"level\":60",
    "\"level\": 50",
    "\"level\": 60",
    "|error",
    "|fatal",
    "fail: ",
    "crit: ",
    "error: ",
    "fatal: ",
    "\"Critical\"",
    "\"Fatal\"",
    " ERR ",
    " CRIT ",
    "\"dpanic\"",
    "\"emerg",
    "\"alert",
    "\"s\":\"E\"",
    "\"s\":\"F\"",
];

const TRACES: &[&str] = &[
    "Traceback (most recent call last)",
    "panic: ",
    "fatal error: ",
    "panicked at",
    "terminate called",
    "terminating due to",
    "terminating with",
    "nhandled exception",
    "nhandled Exception",
    "Uncaught",
    "uncaught",
    "APPLICATION FAILED TO START",
    "Application run failed",
    "egmentation fault",
    "core dumped",
    "Bus error",
    "Illegal instruction",
    "Error)",
    "Exception)",
    "PHP Fatal",
    "Fatal error",
    "FATAL ERROR",
    "triggerUncaughtException",
    "detected by the Java Runtime",
    "insufficient memory for the Java",
    "Exception in thread",
    "Exception",
    "Error",
    "Throwable",
    "Node.js v",
    "fatal runtime error",
    "memory allocation of",
    "nhandledPromiseRejection",
    "Terminating due to",
    "SIGSEGV",
    "Check failed: ",
    "Check failure stack trace",
];

const ACCESSES: &[&str] = &[
    " HTTP/1.",
    " HTTP/2",
    " HTTP/3",
    "\"response_code\"",
    "\"http.resp.status\"",
    "\"http.status_code\"",
    "\"upstream_cluster\"",
    "\"request_time\"",
];

/// The literals, and the families by their bits.
pub(super) struct Patterns {
    literals: Literals,
    /// The families by their bits.
    pub families: Vec<&'static Family>,
}

impl Patterns {
    /// What stands in the line, and where the first literal of a family begins.
    pub fn hits(&self, line: &str) -> (Hits, usize) {
        let (mut hits, mut first) = (0, usize::MAX);
        self.literals.each(line, |at, set| {
            if set & !OTHERS != 0 {
                first = first.min(at);
            }
            hits |= set;
        });
        (hits, first)
    }
}

/// The patterns, built once.
pub(super) fn patterns() -> &'static Patterns {
    static BUILT: OnceLock<Patterns> = OnceLock::new();
    BUILT.get_or_init(|| {
        let topics = [net::FAMILIES, peer::FAMILIES, port::FAMILIES, db::FAMILIES, host::FAMILIES];
        let families: Vec<&'static Family> = topics.into_iter().flatten().collect();
        let bits = families.iter().enumerate().map(|(bit, family)| (1 << bit, family.literals));
        let literals = Literals::new(bits.chain([(LEVEL, LEVELS), (TRACE, TRACES), (ACCESS, ACCESSES)]));
        Patterns { literals, families }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_literal_is_found() {
        let families =
            patterns().families.iter().enumerate().map(|(bit, family)| (1 << bit, family.literals));
        for (set, literals) in families.chain([(LEVEL, LEVELS), (TRACE, TRACES), (ACCESS, ACCESSES)]) {
            for literal in literals {
                assert!(patterns().hits(literal).0 & set != 0, "{literal:?}");
            }
        }
        assert!(patterns().families.len() < 60);
    }
}
