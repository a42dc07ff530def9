//! Reads, and what became of those that failed.

use super::{Locator, Selector};
use crate::Text;
use crate::moment::Moment;
use crate::subject::{Kind, Subject};

/// Something that can be read from a cluster. It knows no transport: each edge renders it as a verb, a flag or a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// One object.
    Object(Subject),
    /// All objects of a kind, in a namespace or everywhere.
    List {
        /// The kind.
        kind: Kind,
        /// The namespace; none for all.
        namespace: Option<Text>,
    },
    /// The objects of a kind that a selector picks.
    Selected {
        /// The kind.
        kind: Kind,
        /// The namespace; none for all.
        namespace: Option<Text>,
        /// Which ones.
        by: By,
    },
    /// The events about an object.
    Events(Subject),
    /// A container's log.
    Log {
        /// The pod, with the container as a part.
        container: Subject,
        /// Whether of the instance before the newest.
        previous: bool,
    },
    /// A unit's journal on a node (`kernel` for the kernel's).
    Journal {
        /// The node.
        node: Text,
        /// The unit.
        unit: Text,
        /// From when on, if not all.
        since: Option<Moment>,
    },
    /// The tags of an image's repository.
    Tags {
        /// The image.
        image: Text,
    },
    /// A file that was there and could not be understood.
    File {
        /// Its path, as the reader named it.
        path: Text,
    },
}

/// What picks objects out of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Their labels.
    Labels(Selector),
    /// Pods by the node that they are on.
    Node(Text),
    /// Events by the kind of what they are about.
    About(Kind),
}

/// Why a read gave nothing, or not all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The API server refused: the verb and resource that are missing.
    Forbidden {
        /// As `list`.
        verb: Text,
        /// As `pods` or `pods/log`.
        resource: Text,
    },
    /// It was asked for and does not exist.
    NotFound,
    /// The server could not be reached or did not answer in time.
    Unreachable(Text),
    /// It existed once and is gone (rotated, expired, garbage-collected).
    Gone(Text),
    /// Cut off by whoever took it.
    Truncated(Text),
    /// It could not be understood, and why.
    Unparsable(Text),
    /// Nobody asked for it.
    NotCollected,
}

/// Something that was asked for and could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What was asked for.
    pub read: Read,
    /// Why it is missing.
    pub why: Why,
    /// Where that stands.
    pub locator: Locator,
}
