//! Container logs: units (a stack trace is one), severity, the fatal line, and what it says.

/// What a log held.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSummary {
    /// Lines read.
    pub lines: u64,
}
