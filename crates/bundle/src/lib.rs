//! Reads folders and files of collected evidence, and writes bundles.

mod archive;
mod each;
mod manifest;
mod wire;
mod writer;

pub use each::each;
pub use manifest::{About, FORMAT, MANIFEST, Manifest, RECORDS, Record};
pub use writer::{Archive, write};

use engine::evidence::{Gap, Locator, Read as Asked, Why};
use intake::{Intake, RawRecord};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest single file that is read, in bytes; what is larger is a gap.
pub const MAX_FILE: u64 = 4 << 30;
/// The largest that all files of a folder together may be, in bytes.
pub const MAX_TOTAL: u64 = 64 << 30;
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
        let done = bytes_of(std::io::stdin().lock(), MAX_FILE, &mut bytes).map_err(Error::Stdin)?;
        return Ok(read_one("-", Ok(done), &bytes));
    }
    let open = |error| Error::Open(path.to_owned(), error);
    let about = std::fs::metadata(path).map_err(open)?;
    if about.is_dir() {
        // Of a bundle the records are evidence, and the manifest tells of them.
        let manifest = Manifest::of(path);
        let records = manifest.as_ref().map(|_| path.join(RECORDS));
        let path = records.as_deref().unwrap_or(path);
        let mut out = read_folder(path, &CAPS, workers).map_err(open)?;
        manifest.iter().for_each(|manifest| manifest.tell(&mut out));
        return Ok(out);
    }
    let name = path.file_name().map_or_else(|| "-".into(), |n| n.to_string_lossy());
    if let Some(kind) = archive::kind(path).map_err(open)? {
        return archive::read(path, &name, kind, workers).map_err(open);
    }
    let mut bytes = Vec::new();
    let done = bytes_at(path, MAX_FILE, &mut bytes).map_err(open)?;
    Ok(read_one(&name, Ok(done), &bytes))
}

/// How much is read.
#[derive(Clone, Copy, Debug)]
struct Caps {
    file: u64,
    total: u64,
    files: usize,
    depth: usize,
}

const CAPS: Caps = Caps { file: MAX_FILE, total: MAX_TOTAL, files: MAX_FILES, depth: MAX_DEPTH };

/// What a folder holds: the files that are read, in the order of their paths, and the paths that are not, with the reason.
#[derive(Debug, Default)]
struct Found {
    files: Vec<PathBuf>,
    missed: Vec<(PathBuf, Why)>,
    bytes: u64,
}

/// Finds every regular file below a folder. Links are not followed. In the order of the names, so that the caps leave
/// out the same files every time.
fn walk(folder: &Path, depth: usize, caps: &Caps, found: &mut Found) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let about = match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                let why = if depth >= caps.depth {
                    Some(Why::Truncated(format!("folders nest deeper than {}", caps.depth).into()))
                } else {
                    // A folder that cannot be entered costs itself alone.
                    walk(&path, depth + 1, caps, found).err().map(unreached)
                };
                found.missed.extend(why.map(|why| (path, why)));
                continue;
            }
            Ok(kind) if !kind.is_file() => continue,
            Ok(_) => entry.metadata(),
            Err(error) => Err(error),
        };
        let total = |size: u64| found.bytes.saturating_add(size);
        let why = match about {
            Err(error) => unreached(error),
            Ok(about) if about.len() > caps.file => larger(caps.file),
            Ok(about) if total(about.len()) > caps.total => {
                Why::Truncated(format!("all files together are larger than {}", size(caps.total)).into())
            }
            Ok(_) if found.files.len() >= caps.files => {
                Why::Truncated(format!("there are more than {} files", caps.files).into())
            }
            Ok(about) => {
                found.bytes = total(about.len());
                found.files.push(path);
                continue;
            }
        };
        // Of many that are left out for one reason the first stands for all.
        if found.missed.len() < MISSED || !matches!(why, Why::Truncated(_)) {
            found.missed.push((path, why));
        }
    }
    Ok(())
}

/// Files beyond a cap that are named one by one.
const MISSED: usize = 100;

fn unreached(error: std::io::Error) -> Why {
    Why::Unreachable(error.to_string().into())
}

fn larger(most: u64) -> Why {
    Why::Truncated(format!("it is larger than {}", size(most)).into())
}

/// A size in the largest unit that it fills.
fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// What stands in the place of a file that is not read.
fn gap(path: &str, why: Why) -> Gap {
    let path: engine::Text = path.into();
    let locator = Locator { file: path.clone(), line: None };
    Gap { read: Asked::File { path }, why, locator }
}

/// The path of a file inside a folder, with `/` between its parts.
fn relative(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// Reads a whole file, unless it is larger than it may be.
fn bytes_of(mut file: impl Read, most: u64, bytes: &mut Vec<u8>) -> std::io::Result<Result<(), Why>> {
    bytes.clear();
    file.by_ref().take(most).read_to_end(bytes)?;
    let more = bytes.len() as u64 == most && file.read(&mut [0])? > 0;
    Ok(if more { Err(larger(most)) } else { Ok(()) })
}

/// The same of a file on disk: a place for it is made at once, or was there for another one.
fn bytes_at(path: &Path, most: u64, bytes: &mut Vec<u8>) -> std::io::Result<Result<(), Why>> {
    let file = std::fs::File::open(path)?;
    bytes.clear();
    let size = file.metadata()?.len().min(most);
    // A place that cannot be had is asked for again while reading, which fails then.
    let _ = bytes.try_reserve(usize::try_from(size).unwrap_or(0).saturating_add(1));
    bytes_of(file, most, bytes)
}

/// Bytes of a file whose place is kept for the next one.
const KEPT: usize = 32 << 20;

/// Reads one file of that name, where its bytes could be had.
fn read_one(name: &str, done: std::io::Result<Result<(), Why>>, bytes: &[u8]) -> Intake {
    let mut out = Intake::default();
    match done.unwrap_or_else(|error| Err(unreached(error))) {
        Ok(()) => intake::read(RawRecord { path: name, bytes }, &mut out),
        Err(why) => out.gaps.push(gap(name, why)),
    }
    out
}

/// Reads a folder.
fn read_folder(root: &Path, caps: &Caps, workers: usize) -> std::io::Result<Intake> {
    let mut found = Found::default();
    walk(root, 0, caps, &mut found)?;
    let mut out = read_all(root, &found.files, caps, workers);
    out.gaps.extend(found.missed.into_iter().map(|(path, why)| gap(&relative(root, &path), why)));
    Ok(out)
}

/// Reads files on several threads, the next one on whichever is free; what they read is joined in the order of the paths.
fn read_all(root: &Path, files: &[PathBuf], caps: &Caps, workers: usize) -> Intake {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let (mut done, mut bytes) = (Vec::new(), Vec::new());
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(file) = files.get(at) else { return done };
            let got = bytes_at(file, caps.file, &mut bytes);
            done.push((at, read_one(&relative(root, file), got, &bytes)));
            if bytes.capacity() > KEPT {
                bytes = Vec::new();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of files for one test, taken away at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Folder {
            let root = std::env::temp_dir().join(format!("coroner-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&root);
            for (path, text) in files {
                let to = root.join(path);
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::fs::write(to, text).unwrap();
            }
            Folder(root)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    const LOG: &str = "2026-11-23T04:50:50Z ERROR x\n";

    fn gaps(folder: &Folder, caps: Caps) -> (usize, Vec<String>) {
        let out = read_folder(&folder.0, &caps, 2).unwrap();
        let told = |gap: &Gap| match (&gap.read, &gap.why) {
            (Asked::File { path }, Why::Truncated(why)) => format!("{path}: {why}"),
            other => format!("{other:?}"),
        };
        (out.observations.len(), out.gaps.iter().map(told).collect())
    }

    #[test]
    fn what_a_cap_leaves_out_is_a_gap() {
        let folder = Folder::new(
            "caps",
            &[("a.log", LOG), ("b/c.log", LOG), ("b/d/e.log", LOG), ("z.log", &LOG.repeat(100))],
        );
        assert_eq!(gaps(&folder, CAPS), (4, vec![]));
        let one = LOG.len() as u64;
        for (caps, read, told) in [
            (Caps { file: 2048, ..CAPS }, 3, "z.log: it is larger than 2 KiB"),
            (Caps { total: one * 3, ..CAPS }, 3, "z.log: all files together are larger than 87 bytes"),
            (Caps { files: 3, ..CAPS }, 3, "z.log: there are more than 3 files"),
            (Caps { depth: 1, ..CAPS }, 3, "b/d: folders nest deeper than 1"),
        ] {
            assert_eq!(gaps(&folder, caps), (read, vec![told.to_owned()]));
        }
    }

    #[test]
    fn what_is_no_file_is_not_read_and_what_breaks_off_is_a_gap() {
        let folder = Folder::new("odd", &[("a.log", LOG)]);
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", folder.0.join("link.log")).unwrap();
        assert_eq!(gaps(&folder, CAPS), (1, vec![]));
        let gone = read_all(&folder.0, &[folder.0.join("gone.log")], &CAPS, 1);
        assert!(matches!(gone.gaps.as_slice(), [Gap { why: Why::Unreachable(_), .. }]), "{:?}", gone.gaps);
        let mut bytes = b"of another".to_vec();
        assert_eq!((bytes_of(&b"abc"[..], 3, &mut bytes).unwrap(), &*bytes), (Ok(()), &b"abc"[..]));
        assert!(bytes_of(&b"abcd"[..], 3, &mut bytes).unwrap().is_err());
    }
}
