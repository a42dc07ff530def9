//! From a path to what was seen: files are found, unpacked and understood on several threads, and joined in the order of
//! their paths.

use crate::caps::{CAPS, Caps};
use crate::layout::Layout;
use crate::manifest::{MANIFEST, Manifest};
use crate::unpack::{Counted, Spent, Unpack};
use crate::walk::{Found, relative, walk};
use crate::{Error, breaks_off, gap, unreached};
use engine::evidence::{Gap, What, Why};
use intake::{Intake, RawRecord};
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

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
    Ok(parts(below, path, caps, workers)?.join(below))
}

fn parts(below: &str, path: &Path, caps: &Caps, workers: usize) -> Result<Parts, Error> {
    let open = |error| Error::Open(path.to_owned(), error);
    let is_folder = path != Path::new("-") && std::fs::metadata(path).map_err(open)?.is_dir();
    let read = if is_folder { folder } else { unpacked };
    read(below, path, caps, workers).map_err(open)
}

/// A file, understood.
struct Part {
    path: String,
    bytes: u64,
    intake: Intake,
    manifest: Option<Manifest>,
}

/// What was read of one path.
struct Parts {
    files: Vec<Part>,
    /// What finding and unpacking them has to tell.
    told: Vec<Gap>,
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
    let parts = parts("", path, &CAPS, WORKERS)?;
    let record = |part: &Part| (part.path.clone(), part.bytes, holds(&part.intake));
    let records = parts.files.iter().filter(|part| part.manifest.is_none()).map(record).collect();
    Ok(Listed { layout: parts.layout(""), records, intake: parts.join("") })
}

/// What was found in a file, in words.
fn holds(intake: &Intake) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for seen in &intake.observations {
        let kind = match &seen.what {
            What::Object(object) => object.subject.kind.as_str(),
            What::Event(_) => "Event",
            What::Log(_) => "log",
            What::NodeLog(_) => "journal",
            What::Unit(_) => "unit",
            What::Tags(_) => "registry's tags",
            What::Listed { .. } | What::ClockPair(_) => continue,
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let words = kinds.iter().map(|(kind, count)| match count {
        1 => (*kind).to_owned(),
        _ => format!("{count} × {kind}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

impl Parts {
    fn new(mut files: Vec<Part>, told: Vec<Gap>) -> Parts {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Parts { files, told }
    }

    /// The manifest of a bundle that stands at this path; one inside of something else tells nothing of the whole.
    fn manifest(&self, below: &str) -> Option<&Manifest> {
        let path = within(below, MANIFEST);
        let at = self.files.binary_search_by(|part| part.path.cmp(&path)).ok()?;
        self.files.get(at)?.manifest.as_ref()
    }

    fn layout(&self, below: &str) -> Layout {
        match self.manifest(below) {
            Some(_) => Layout::Ours,
            None => Layout::of(self.files.iter().map(|part| part.path.as_str())),
        }
    }

    /// Records that the manifest names and that are not there.
    fn lost(&self, below: &str) -> Vec<Gap> {
        let named = self.manifest(below).map_or(&[][..], |manifest| &manifest.records);
        let is_lost = |path: &&str| {
            let path = within(below, path);
            self.files.binary_search_by(|part| part.path.cmp(&path)).is_err()
        };
        let lost = named.iter().map(|record| record.path.as_str()).filter(is_lost);
        lost.map(|path| gap(path, Why::NotCollected)).collect()
    }

    fn join(self, below: &str) -> Intake {
        let (layout, lost) = (self.layout(below), self.lost(below));
        let mut all = Intake { gaps: self.told, ..Intake::default() };
        all.gaps.extend(lost);
        all.observations.reserve_exact(self.files.iter().map(|part| part.intake.observations.len()).sum());
        for part in self.files {
            part.manifest.iter().for_each(|manifest| manifest.tell(&mut all));
            all.absorb(part.intake);
        }
        layout.tell(&mut all);
        all
    }
}

/// What a thread has done. One that failed takes the program with it: its files would be missing, and nobody told.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))
}

/// A path below another one.
pub(crate) fn within(below: &str, path: &str) -> String {
    if below.is_empty() { path.to_owned() } else { format!("{below}/{path}") }
}

/// Reads a folder: the next file on whichever thread is free.
fn folder(below: &str, root: &Path, caps: &Caps, workers: usize) -> std::io::Result<Parts> {
    let mut found = Found::default();
    walk(root, 0, caps, &mut found)?;
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut done, mut told, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(file) = found.files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let path = relative(root, file);
            let mut unpack = Unpack::new(caps, false);
            let got = unpack.disk(file, &path, &mut |leaf| {
                done.push(understand(within(below, leaf.path), leaf.from, &mut bytes, workers));
                ControlFlow::Continue(())
            });
            told.extend(unpack.told);
            told.extend(got.err().map(|error| gap(&path, unreached(error))));
        }
        (done, told)
    };
    let mut parts = Parts { files: Vec::new(), told: Vec::new() };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mine = work();
        for (files, told) in others.into_iter().map(joined).chain([mine]) {
            parts.files.extend(files);
            parts.told.extend(told);
        }
    });
    parts.told.extend(found.missed.into_iter().map(|(path, why)| gap(&relative(root, &path), why)));
    Ok(Parts::new(parts.files, parts.told))
}

/// Reads one file or archive: one thread unpacks, and all understand.
fn unpacked(below: &str, path: &Path, caps: &Caps, workers: usize) -> std::io::Result<Parts> {
    let (entries, received) = sync_channel::<(String, Vec<u8>)>(2 * workers);
    let received = Mutex::new(received);
    let mut unpack = Unpack::new(caps, true);
    let mut files = Vec::new();
    let read = std::thread::scope(|scope| {
        let readers: Vec<_> = (1..workers.max(2)).map(|_| scope.spawn(|| work(&received))).collect();
        let read = unpack.asked(path, &mut |leaf| {
            let path = within(below, leaf.path);
            let mut bytes = Vec::new();
            match some(leaf.from, &mut bytes) {
                Some(Ok(())) => match entries.send((path, bytes)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                },
                rest => {
                    files.push(streamed(path, &bytes, rest, leaf.from, workers));
                    ControlFlow::Continue(())
                }
            }
        });
        drop(entries);
        files.extend(work(&received));
        files.extend(readers.into_iter().flat_map(joined));
        read
    });
    read.map(|()| Parts::new(files, unpack.told))
}

/// Understands files as they come.
fn work(received: &Mutex<Receiver<(String, Vec<u8>)>>) -> Vec<Part> {
    let mut done = Vec::new();
    loop {
        let next = received.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((path, bytes)) = next else { return done };
        done.push(whole(path, &bytes));
    }
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
