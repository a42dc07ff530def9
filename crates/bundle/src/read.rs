//! From a path to what was seen: files are found, unpacked and understood on several threads, and joined as they come.

use crate::caps::{CAPS, Caps};
use crate::layout::Layout;
use crate::manifest::Manifest;
use crate::parts::{Part, Parts};
use crate::unpack::{Counted, Spent, Unpack};
use crate::walk::{Found, relative, walk};
use crate::{Error, breaks_off, gap, unreached};
use intake::{Intake, RawRecord};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{TrySendError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Threads that read.
const WORKERS: usize = 2;
/// Up to so many bytes a file is read at once; a larger one passes by as a stream.
const SMALL: usize = 8 << 20;

/// Reads a file, a folder, an archive, or standard input for `-`.
pub fn read(path: &Path) -> Result<Intake, Error> {
    read_on(path, WORKERS)
}

/// The same on so many threads; what is read does not depend on their number.
pub fn read_on(path: &Path, workers: usize) -> Result<Intake, Error> {
    read_below("", path, &CAPS, workers)
}

/// Reads several of them as one: what they have in common is one evidence.
pub fn read_all(paths: &[PathBuf]) -> Result<Intake, Error> {
    if let [only] = paths {
        return read(only);
    }
    let mut all = Intake::default();
    for (below, path) in named(paths) {
        all.absorb(read_below(&below, path, &CAPS, WORKERS)?);
    }
    Ok(all)
}

/// Several paths, each with a name that no other one has: it stands before the paths of what is in it.
pub(crate) fn named(paths: &[PathBuf]) -> impl Iterator<Item = (String, &PathBuf)> {
    paths.iter().enumerate().map(|(at, path)| {
        let name = path.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy());
        let same = paths.iter().take(at).filter(|other| other.file_name() == path.file_name()).count();
        (if same == 0 { name.into_owned() } else { format!("{name} {}", same + 1) }, path)
    })
}

/// Reads what stands at a path; `below` stands before the paths of what is in it.
fn read_below(below: &str, path: &Path, caps: &Caps, workers: usize) -> Result<Intake, Error> {
    Ok(parts(Parts::new(below, false), path, caps, workers)?.join())
}

/// Adds the files that stand at a path.
fn parts(parts: Parts, path: &Path, caps: &Caps, workers: usize) -> Result<Parts, Error> {
    let open = |error| Error::Open(path.to_owned(), error);
    let is_folder = path != Path::new("-") && std::fs::metadata(path).map_err(open)?.is_dir();
    let parts = Mutex::new(parts);
    let read = if is_folder { folder } else { unpacked };
    read(&parts, path, caps, workers).map_err(open)?;
    Ok(parts.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What a path holds.
#[derive(Debug)]
pub struct Listed {
    /// Who wrote it.
    pub layout: Layout,
    /// Its records, in the order of their paths: path, bytes, and what is in it, in words.
    pub records: Vec<(String, u64, String)>,
    /// What was seen in them.
    pub intake: Intake,
}

/// Reads what [`read_all`] reads, and tells what it holds.
pub fn list(path: &Path) -> Result<Listed, Error> {
    let mut parts = parts(Parts::new("", true), path, &CAPS, WORKERS)?;
    Ok(Listed { layout: parts.layout(), records: parts.records(), intake: parts.join() })
}

/// A path below another one.
pub(crate) fn within(below: &str, path: &str) -> String {
    if below.is_empty() { path.to_owned() } else { format!("{below}/{path}") }
}

/// What all threads have in common.
fn locked<T>(common: &Mutex<T>) -> MutexGuard<'_, T> {
    common.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a folder: the next file on whichever thread is free.
fn folder(parts: &Mutex<Parts>, root: &Path, caps: &Caps, workers: usize) -> std::io::Result<()> {
    let mut found = Found::default();
    walk(root, 0, caps, &mut found)?;
    let below = locked(parts).below().to_owned();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut bytes, mut kept) = (Vec::new(), Intake::default());
        while let Some(file) = found.files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let path = relative(root, file);
            let mut unpack = Unpack::new(caps, false);
            let got = unpack.disk(file, &path, &mut |leaf| {
                let part = understand(within(&below, leaf.path), leaf.from, &mut bytes, workers);
                kept.absorb(locked(parts).add(part));
                ControlFlow::Continue(())
            });
            let failed = got.err().map(|error| gap(&path, unreached(error)));
            if failed.is_some() || !unpack.told.is_empty() {
                locked(parts).tell(unpack.told.into_iter().chain(failed));
            }
        }
        locked(parts).absorb(kept);
    };
    // A thread that failed takes the program with it: its files would be missing, and nobody told.
    std::thread::scope(|scope| {
        (1..workers).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    locked(parts).tell(found.missed.into_iter().map(|(path, why)| gap(&relative(root, &path), why)));
    Ok(())
}

/// Reads one file or archive: one thread unpacks, and all understand.
fn unpacked(parts: &Mutex<Parts>, path: &Path, caps: &Caps, workers: usize) -> std::io::Result<()> {
    let (entries, received) = sync_channel::<(String, Vec<u8>)>(2 * workers);
    let received = Mutex::new(received);
    // Places of files that were understood: the next ones come there.
    let spare = Mutex::new(Vec::new());
    let below = locked(parts).below().to_owned();
    let mut unpack = Unpack::new(caps, true);
    let done = |(path, mut bytes): (String, Vec<u8>), kept: &mut Intake| {
        let part = whole(path, &bytes);
        bytes.clear();
        locked(&spare).push(bytes);
        kept.absorb(locked(parts).add(part));
    };
    let work = |mut kept: Intake| {
        loop {
            let next = locked(&received).recv();
            let Ok(file) = next else { break };
            done(file, &mut kept);
        }
        locked(parts).absorb(kept);
    };
    let read = std::thread::scope(|scope| {
        (1..workers.max(2)).for_each(|_| drop(scope.spawn(|| work(Intake::default()))));
        let mut kept = Intake::default();
        let read = unpack.asked(path, &mut |leaf| {
            let path = within(&below, leaf.path);
            let mut bytes = locked(&spare).pop().unwrap_or_default();
            match some(leaf.from, &mut bytes) {
                Some(Ok(())) => match entries.try_send((path, bytes)) {
                    Ok(()) => {}
                    // The others have enough to do.
                    Err(TrySendError::Full(file) | TrySendError::Disconnected(file)) => done(file, &mut kept),
                },
                rest => {
                    let part = streamed(path, &bytes, rest, leaf.from, workers);
                    kept.absorb(locked(parts).add(part));
                }
            }
            ControlFlow::Continue(())
        });
        drop(entries);
        work(kept);
        read
    });
    locked(parts).tell(unpack.told);
    read
}

/// Understands one file; `bytes` is a place for it.
fn understand(path: String, from: &mut dyn Read, bytes: &mut Vec<u8>, workers: usize) -> Part {
    bytes.clear();
    match some(from, bytes) {
        Some(Ok(())) => whole(path, bytes),
        rest => streamed(path, bytes, rest, from, workers),
    }
}

/// Reads a small file; none where there is more than a small file has.
fn some(from: &mut dyn Read, bytes: &mut Vec<u8>) -> Option<std::io::Result<()>> {
    match from.take(SMALL as u64 + 1).read_to_end(bytes) {
        Ok(_) if bytes.len() > SMALL => None,
        read => Some(read.map(drop)),
    }
}

fn whole(path: String, bytes: &[u8]) -> Part {
    let mut intake = Intake::default();
    if let Some(manifest) = Manifest::at(&path, bytes) {
        return Part { path, bytes: bytes.len() as u64, intake, manifest: Some(manifest) };
    }
    intake::read(RawRecord { path: &path, bytes }, &mut intake);
    Part { path, bytes: bytes.len() as u64, intake, manifest: None }
}

/// A file of which these bytes are the beginning: more follows, or it breaks off after them.
fn streamed(
    path: String,
    bytes: &[u8],
    rest: Option<std::io::Result<()>>,
    from: &mut dyn Read,
    workers: usize,
) -> Part {
    let mut intake = Intake::default();
    let Some(broken) = rest else {
        let mut counted = Counted { inner: bytes.chain(from), spent: Spent::default() };
        let broken = intake::read_from(&path, &mut counted, workers, &mut intake).err();
        intake.gaps.extend(broken.map(|error| gap(&path, breaks_off(&error))));
        return Part { path, bytes: counted.spent.get(), intake, manifest: None };
    };
    intake::read(RawRecord { path: &path, bytes }, &mut intake);
    intake.gaps.extend(broken.err().map(|error| gap(&path, breaks_off(&error))));
    Part { path, bytes: bytes.len() as u64, intake, manifest: None }
}

#[cfg(test)]
mod tests;
