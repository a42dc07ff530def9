//! What journals and logs say of the end of a container.

use super::{Facts, PodFact};
use crate::evidence::Container;
use crate::finding::Proof;

/// A kernel's kill of a process of a container, for memory.
pub struct KernelKill {
    /// Whether the whole node was out of memory, and not a cgroup at its limit.
    pub global: bool,
    /// The line.
    pub proof: Proof,
}

/// The line of a log that tells an end best.
pub struct LogLine {
    /// What it says, clipped.
    pub text: String,
    /// Where it stands.
    pub proof: Proof,
}

impl Facts<'_> {
    /// Kernel kills of that container's processes, from the journals of its node.
    pub fn kernel_kills(&self, _pod: &PodFact, _container: &Container) -> Vec<KernelKill> {
        Vec::new()
    }

    /// What the dead instance logged last that tells why it ended.
    pub fn fatal_line(&self, _pod: &PodFact, _container: &Container) -> Option<LogLine> {
        None
    }
}
