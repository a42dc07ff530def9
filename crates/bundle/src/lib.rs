//! Reads folders, files and archives of collected evidence, and writes bundles.

mod caps;
mod each;
mod layout;
mod manifest;
mod parts;
mod read;
mod unpack;
mod walk;
mod wire;
mod writer;

pub use each::{Told, each, each_of_all};
pub use layout::Layout;
pub use manifest::{About, FORMAT, MANIFEST, Manifest, RECORDS, Record};
pub use read::{Listed, list, read, read_all, read_on};
pub use writer::{Archive, write};

use engine::evidence::{Gap, Locator, Read as Asked, Why};
use std::fmt;
use std::path::PathBuf;

/// Why nothing could be read.
#[derive(Debug)]
pub enum Error {
    /// The path does not exist or cannot be opened.
    Open(PathBuf, std::io::Error),
    /// A file of a bundle cannot be written.
    Write(PathBuf, std::io::Error),
    /// A record's path leads out of its bundle.
    Outside(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Open(path, _) => write!(f, "cannot read {}", path.display()),
            Error::Write(path, _) => write!(f, "cannot write {}", path.display()),
            Error::Outside(path) => write!(f, "record {path} leads out of its bundle"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Open(_, error) | Error::Write(_, error) => Some(error),
            Error::Outside(_) => None,
        }
    }
}

/// What stands in the place of a file that is not read.
fn gap(path: &str, why: Why) -> Gap {
    let path: engine::Text = path.into();
    let locator = Locator { file: path.clone(), line: None };
    Gap { read: Asked::File { path }, why, locator }
}

/// The same of a file below another path.
fn beneath(below: &str, gap: Gap) -> Gap {
    match gap.read {
        Asked::File { path } if !below.is_empty() => self::gap(&read::within(below, &path), gap.why),
        read => Gap { read, ..gap },
    }
}

/// A path as that of a record: a bundle of ours keeps them below a folder.
fn record_path(path: &str) -> &str {
    path.strip_prefix(RECORDS).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
}

fn unreached(error: std::io::Error) -> Why {
    Why::Unreachable(error.to_string().into())
}

fn breaks_off(error: &std::io::Error) -> Why {
    Why::Truncated(format!("it breaks off: {error}").into())
}
