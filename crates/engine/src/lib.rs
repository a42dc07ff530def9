//! The pure core of coroner: evidence in, report out. No disk, network, clock, environment, chance, async or threads.

pub mod clean;
mod codes;
pub mod evidence;
pub mod explain;
pub mod finding;
pub mod moment;
pub mod report;
pub mod scan;
pub mod subject;

/// An owned piece of text that is cheap to clone: names, reasons, excerpts.
pub type Text = std::sync::Arc<str>;
