//! Reads tar archives, plain, gzip or zstd. They come from anywhere: sizes, counts and depth have caps, links are not
//! followed, and one that breaks off gives what preceded the break.

use crate::manifest::{MANIFEST, Manifest, RECORDS};
use crate::{MAX_DEPTH, MAX_FILES};
use engine::evidence::{Gap, Locator, Read as Wanted, Why};
use intake::{Intake, RawRecord};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

/// The largest single file inside an archive, in bytes.
const MAX_ENTRY: u64 = 1 << 30;
/// The most bytes that all files of an archive may have together.
const MAX_TOTAL: u64 = 64 << 30;

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    Plain,
    Gzip,
    Zstd,
}

/// Whether a file is an archive, by how it begins.
pub(crate) fn kind(path: &Path) -> io::Result<Option<Packed>> {
    let mut head = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut head)?;
    let is_tar = head.get(257..262) == Some(b"ustar");
    Ok(match head.as_slice() {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packed::Zstd),
        [0x1f, 0x8b, ..] => Some(Packed::Gzip),
        _ if is_tar => Some(Packed::Plain),
        _ => None,
    })
}

/// Reads an archive on so many threads, one of which unpacks.
pub(crate) fn read(path: &Path, name: &str, packed: Packed, workers: usize) -> io::Result<Intake> {
    let unpacked = unpacker(path, packed)?;
    let (entries, received) = sync_channel::<(String, Vec<u8>)>(2 * workers);
    let received = Mutex::new(received);
    let (mut unpacked, parts) = std::thread::scope(|scope| {
        let readers: Vec<_> = (1..workers.max(2)).map(|_| scope.spawn(|| work(&received))).collect();
        let unpacked = unpack(unpacked, name, |path, bytes| entries.send((path, bytes)).is_ok());
        drop(entries);
        let mut parts = work(&received);
        parts.extend(readers.into_iter().flat_map(|reader| reader.join().unwrap_or_default()));
        (unpacked, parts)
    });
    let mut parts = parts;
    parts.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut all = Intake::default();
    for (_, part) in parts {
        all.absorb(part);
    }
    all.absorb(std::mem::take(&mut unpacked.told));
    if let Some(manifest) = unpacked.manifest {
        manifest.tell(&mut all);
    }
    Ok(all)
}

/// Pushes the files of an archive into a sink, and names what could not be read.
pub(crate) fn each(
    path: &Path,
    name: &str,
    packed: Packed,
    sink: &mut dyn FnMut(RawRecord<'_>),
) -> io::Result<Vec<String>> {
    let unpacked = unpack(unpacker(path, packed)?, name, |path, bytes| {
        sink(RawRecord { path: &path, bytes: &bytes });
        true
    });
    let broken = unpacked.told.gaps.iter().filter_map(|gap| match &gap.read {
        Wanted::File { path } => Some(path.to_string()),
        _ => None,
    });
    Ok(unpacked.told.unread.files.iter().map(|file| file.to_string()).chain(broken).collect())
}

fn unpacker(path: &Path, packed: Packed) -> io::Result<Box<dyn Read>> {
    let file = BufReader::with_capacity(1 << 18, File::open(path)?);
    Ok(match packed {
        Packed::Plain => Box::new(file),
        Packed::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Packed::Zstd => Box::new(zstd::Decoder::with_buffer(file)?),
    })
}

/// Understands entries as they come.
fn work(received: &Mutex<Receiver<(String, Vec<u8>)>>) -> Vec<(String, Intake)> {
    let mut done = Vec::new();
    loop {
        let next = received.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((path, bytes)) = next else { return done };
        let mut out = Intake::default();
        intake::read(RawRecord { path: &path, bytes: &bytes }, &mut out);
        done.push((path, out));
    }
}

/// What unpacking itself has to tell.
#[derive(Default)]
struct Unpacked {
    told: Intake,
    manifest: Option<Manifest>,
}

impl Unpacked {
    fn gap(&mut self, path: &str, why: Why) {
        let read = Wanted::File { path: path.into() };
        self.told.gaps.push(Gap { read, why, locator: Locator::default() });
    }
}

/// Unpacks, and hands over each file as long as somebody takes it.
fn unpack(from: Box<dyn Read>, name: &str, mut take: impl FnMut(String, Vec<u8>) -> bool) -> Unpacked {
    let mut unpacked = Unpacked::default();
    let mut archive = tar::Archive::new(from.take(MAX_TOTAL));
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => {
            unpacked.gap(name, Why::Unparsable(error.to_string().into()));
            return unpacked;
        }
    };
    for (count, entry) in entries.enumerate() {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unpacked.gap(name, Why::Truncated(format!("the archive breaks off: {error}").into()));
                break;
            }
        };
        if count >= MAX_FILES {
            unpacked.gap(name, Why::Truncated(format!("only the first {MAX_FILES} files are read").into()));
            break;
        }
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let Some(path) = entry.path().ok().and_then(|path| inside(&path)) else {
            unpacked.told.unread.files.push("a file whose path leads out of the archive".into());
            continue;
        };
        if entry.size() > MAX_ENTRY {
            unpacked.gap(&path, Why::Truncated(format!("larger than {} MiB", MAX_ENTRY >> 20).into()));
            continue;
        }
        let mut bytes = Vec::new();
        if let Err(error) = entry.read_to_end(&mut bytes) {
            unpacked.gap(&path, Why::Truncated(format!("the archive breaks off: {error}").into()));
            // What preceded the break is understood as far as it goes.
            take(path, bytes);
            break;
        }
        if path == MANIFEST
            && let Some(manifest) = Manifest::parse(&bytes)
        {
            unpacked.manifest = Some(manifest);
            continue;
        }
        let path = match path.strip_prefix(RECORDS).and_then(|rest| rest.strip_prefix('/')) {
            Some(record) => record.to_owned(),
            None => path,
        };
        if !take(path, bytes) {
            break;
        }
    }
    unpacked
}

/// The path of an entry with `/` between its parts, if it stays inside and is not too deep.
fn inside(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!parts.is_empty() && parts.len() <= MAX_DEPTH).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{About, Archive};

    const TABLE: &[u8] =
        b"$ kubectl get pods -n shop\nNAME   READY   STATUS             RESTARTS   AGE\nweb    0/1     CrashLoopBackOff   4          12m\n";

    fn place(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("coroner-archive-{}-{name}", std::process::id()))
    }

    fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            // The builder refuses such paths; archives of others hold them.
            let name = &mut header.as_old_mut().name;
            name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn read_bytes(name: &str, bytes: &[u8]) -> Intake {
        let path = place(name);
        std::fs::write(&path, bytes).unwrap();
        let read = crate::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        read
    }

    #[test]
    fn what_an_archive_was_given_it_gives() {
        let path = place("whole.tar.zst");
        let captured = engine::moment::Moment::api_second(1_795_403_560);
        let gap = Gap {
            read: Wanted::List { kind: engine::subject::Kind::Node, namespace: None },
            why: Why::Forbidden { verb: "list".into(), resource: "nodes".into() },
            locator: Locator::default(),
        };
        let about = About { captured: Some(captured.clone()), gaps: vec![gap.clone()], ..About::default() };
        let mut archive = Archive::create(&path).unwrap();
        archive.add("kubectl.txt", TABLE).unwrap();
        assert!(!path.exists(), "nothing stands under the name before all is there");
        archive.finish(&about).unwrap();
        let (read, _) = crate::read(&path).unwrap().finish();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.objects().len(), 1);
        assert_eq!(read.gaps(), [gap]);
        assert_eq!(read.captured(), Some(&captured));
    }

    #[test]
    fn one_that_is_not_finished_leaves_nothing_behind() {
        let folder = place("folder");
        std::fs::create_dir_all(&folder).unwrap();
        let mut archive = Archive::create(&folder.join("x.tar.zst")).unwrap();
        archive.add("kubectl.txt", TABLE).unwrap();
        drop(archive);
        let left = std::fs::read_dir(&folder).unwrap().count();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, 0);
    }

    #[test]
    fn what_leads_out_is_not_read_and_links_are_not_followed() {
        use tar::EntryType::{Regular, Symlink};
        let bytes = tar(&[
            ("../../etc/x.txt", Regular, TABLE),
            ("/etc/y.txt", Regular, TABLE),
            ("link.txt", Symlink, b""),
            ("good.txt", Regular, TABLE),
        ]);
        let read = read_bytes("hostile.tar", &bytes);
        assert_eq!(read.unread.files.len(), 2);
        let files: std::collections::BTreeSet<_> =
            read.observations.iter().map(|o| &*o.locator.file).collect();
        assert_eq!(files.into_iter().collect::<Vec<_>>(), ["good.txt"]);
    }

    #[test]
    fn a_broken_archive_gives_what_preceded_the_break() {
        let bytes =
            tar(&[("a.txt", tar::EntryType::Regular, TABLE), ("b.txt", tar::EntryType::Regular, TABLE)]);
        for packed in [bytes.clone(), zstd::encode_all(&*bytes, 1).unwrap(), gzip(&bytes)] {
            for cut in [packed.len() / 3, packed.len() / 2, packed.len() - 1_200.min(packed.len() / 4)] {
                let read = read_bytes(&format!("cut-{}-{cut}.tar", packed.len()), &packed[..cut]);
                assert!(read.gaps.len() + read.observations.len() > 0, "cut at {cut} of {}", packed.len());
            }
        }
        let noise = read_bytes("noise.tar.gz", &[0x1f, 0x8b, 1, 2, 3, 4, 5]);
        assert_eq!(noise.gaps.len(), 1);
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::read::GzEncoder::new(bytes, flate2::Compression::fast());
        let mut out = Vec::new();
        encoder.read_to_end(&mut out).unwrap();
        out
    }
}
