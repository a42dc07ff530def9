//! The pure core of coroner: evidence in, report out. No disk, network, clock, environment, chance, async or threads of its
//! own.

mod by_hash;
pub mod clean;
mod codes;
pub mod detectors;
pub mod evidence;
pub mod explain;
pub mod facts;
pub mod finding;
mod hands;
pub mod incidents;
pub mod moment;
pub mod plan;
pub mod report;
pub mod scan;
pub mod subject;

pub use hands::{Hands, alone};

use evidence::Evidence;
use report::{Options, Report};

/// An owned piece of text that is cheap to clone: names, reasons, excerpts.
pub type Text = std::sync::Arc<str>;

/// Tells what went wrong. The same evidence always gives the same report.
pub fn diagnose(evidence: &Evidence, options: &Options) -> Report {
    diagnose_with(alone, evidence, options)
}

/// The same, with the help of others.
pub fn diagnose_with(hands: Hands, evidence: &Evidence, options: &Options) -> Report {
    let facts = facts::read_with(hands, evidence);
    let findings = detectors::run(hands, &facts);
    let incidents = incidents::join(findings, &facts);
    report::tell(incidents, &facts, options)
}
