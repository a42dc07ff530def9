//! How much is read. What comes from elsewhere may be made to fill the memory or to take for ever: each cap has a gap
//! that names what it left out.

use engine::evidence::Why;

/// What is read at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all files together.
    pub total: u64,
    /// Files.
    pub files: usize,
    /// Folders inside each other.
    pub depth: usize,
    /// Archives and compressed files inside each other.
    pub layers: usize,
    /// Bytes that a packed file may unpack to whatever its size, and how many times its size beyond.
    pub free: u64,
    /// See `free`.
    pub ratio: u64,
}

/// The caps of every command.
pub(crate) const CAPS: Caps = Caps {
    file: 4 << 30,
    total: 64 << 30,
    files: 1_000_000,
    depth: 32,
    layers: 4,
    free: 256 << 20,
    // The logs and lists of clusters pack to a fiftieth at most.
    ratio: 200,
};

/// The longest path of a file, in bytes: what Linux takes (`PATH_MAX`).
pub(crate) const LONGEST_PATH: usize = 4096;

pub(crate) fn larger(most: u64) -> Why {
    Why::Truncated(format!("it is larger than {}", size(most)).into())
}

/// A size in the largest unit that it fills.
pub(crate) fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}
