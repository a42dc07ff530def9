//! Lines of node journals: kubelet, runtime, kernel, systemd.

/// What a journal held.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSummary {
    /// Lines read.
    pub lines: u64,
}
