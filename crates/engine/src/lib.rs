//! The pure core of coroner: evidence in, report out.

pub mod clean;
pub mod explain;
pub mod scan;

/// An owned piece of text that is cheap to clone: names, reasons, excerpts.
pub type Text = std::sync::Arc<str>;
