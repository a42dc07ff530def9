//! Reads folders and files of collected evidence, and writes bundles.

mod archive;
mod each;
mod manifest;
mod wire;
mod writer;

pub use each::each;
pub use manifest::{About, FORMAT, MANIFEST, Manifest, RECORDS, Record};
pub use writer::{Archive, write};

use intake::{Intake, RawRecord};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest single file that is read, in bytes; what is larger is a gap.
pub const MAX_FILE: u64 = 4 << 30;
/// The most files that one folder may hold.
pub const MAX_FILES: usize = 1_000_000;
/// The deepest that folders may nest.
pub const MAX_DEPTH: usize = 32;

/// Why nothing could be read.
#[derive(Debug)]
pub enum Error {
    /// The path does not exist or cannot be opened.
    Open(PathBuf, std::io::Error),
    /// Standard input broke off.
    Stdin(std::io::Error),
    /// A file of a bundle cannot be written.
    Write(PathBuf, std::io::Error),
    /// A record's path leads out of its bundle.
    Outside(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Open(path, _) => write!(f, "cannot read {}", path.display()),
            Error::Stdin(_) => f.write_str("cannot read standard input"),
            Error::Write(path, _) => write!(f, "cannot write {}", path.display()),
            Error::Outside(path) => write!(f, "record {path} leads out of its bundle"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Open(_, error) | Error::Stdin(error) | Error::Write(_, error) => Some(error),
            Error::Outside(_) => None,
        }
    }
}

/// Threads that read a folder.
const WORKERS: usize = 2;

/// Reads a file, a folder, or standard input for `-`.
pub fn read(path: &Path) -> Result<Intake, Error> {
    read_on(path, WORKERS)
}

/// The same on so many threads; what is read does not depend on their number.
pub fn read_on(path: &Path, workers: usize) -> Result<Intake, Error> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(Error::Stdin)?;
        let mut out = Intake::default();
        intake::read(RawRecord { path: "-", bytes: &bytes }, &mut out);
        return Ok(out);
    }
    let open = |error| Error::Open(path.to_owned(), error);
    let about = std::fs::metadata(path).map_err(open)?;
    if about.is_dir() {
        // Of a bundle the records are evidence, and the manifest tells of them.
        let manifest = Manifest::of(path);
        let records = manifest.as_ref().map(|_| path.join(RECORDS));
        let path = records.as_deref().unwrap_or(path);
        let mut files = Vec::new();
        walk(path, 0, &mut files).map_err(open)?;
        files.sort();
        let mut out = read_all(path, &files, workers);
        manifest.iter().for_each(|manifest| manifest.tell(&mut out));
        return Ok(out);
    }
    let name = path.file_name().map_or_else(|| "-".into(), |n| n.to_string_lossy());
    if let Some(kind) = archive::kind(path).map_err(open)? {
        return archive::read(path, &name, kind, workers).map_err(open);
    }
    let bytes = std::fs::read(path).map_err(open)?;
    let mut out = Intake::default();
    intake::read(RawRecord { path: &name, bytes: &bytes }, &mut out);
    Ok(out)
}

/// Every regular file below a folder. Links are not followed.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < MAX_DEPTH {
            // A folder that cannot be entered costs itself alone.
            let _ = walk(&entry.path(), depth + 1, files);
        } else if kind.is_file() && files.len() < MAX_FILES {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Reads files on several threads, the next one on whichever is free; what they read is joined in the order of the paths.
fn read_all(root: &Path, files: &[PathBuf], workers: usize) -> Intake {
    let read_one = |file: &PathBuf| {
        let mut out = Intake::default();
        let relative = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        match std::fs::metadata(file).map(|m| m.len()) {
            Ok(size) if size <= MAX_FILE => {}
            _ => {
                out.unread.files.push(relative.as_str().into());
                return out;
            }
        }
        match std::fs::read(file) {
            Ok(bytes) => intake::read(RawRecord { path: &relative, bytes: &bytes }, &mut out),
            Err(_) => out.unread.files.push(relative.as_str().into()),
        }
        out
    };
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut done: Vec<(usize, Intake)> = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            match files.get(at) {
                Some(file) => done.push((at, read_one(file))),
                None => return done,
            }
        }
    };
    let mut parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut parts = work();
        parts.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_default()));
        parts
    });
    parts.sort_by_key(|(at, _)| *at);
    let mut all = Intake::default();
    for (_, part) in parts {
        all.absorb(part);
    }
    all
}
