//! Takes files out of what they are packed in: tar, zip, gzip, zstd, xz, inside each other, as a stream and without a
//! copy on disk. What is packed comes from anywhere: sizes, counts, layers and depth have caps, no link is followed, no
//! path leads out, and what breaks off gives what preceded the break.

mod meter;
mod tar;
mod zip;

use crate::caps::{Caps, LONGEST_PATH, size};
use crate::{breaks_off, gap, record_path};
use engine::evidence::{Gap, Why};
use meter::Limited;
pub(crate) use meter::{Counted, Spent};
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Component, Path};

/// A file that is not packed any more.
pub(crate) struct Leaf<'a> {
    /// Its path inside what is read.
    pub path: &'a str,
    /// Its bytes. An error is the cap that they exceed, or that they break off.
    pub from: &'a mut dyn Read,
}

/// Takes files as they come, and tells whether to go on.
pub(crate) type Sink<'a> = dyn FnMut(Leaf<'_>) -> ControlFlow<()> + 'a;

/// Bytes at the beginning that tell how a file is packed: a tar's first block.
const HEAD: usize = 512;
/// What unpacking may take of memory, in bytes: the window of zstd and the dictionary of xz.
const WINDOW: u32 = 128 << 20;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packed {
    Tar,
    Zip,
    Gzip,
    Zstd,
    Xz,
}

fn packed(head: &[u8]) -> Option<Packed> {
    Some(match head {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packed::Zstd,
        [0x1f, 0x8b, ..] => Packed::Gzip,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packed::Xz,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Packed::Zip,
        _ if head.get(257..262) == Some(b"ustar") => Packed::Tar,
        _ => return None,
    })
}

/// Unpacks, and keeps to the caps over all that it unpacks.
pub(crate) struct Unpack<'c> {
    caps: &'c Caps,
    /// Whether the archive is what was asked for: its name stands in no path then.
    asked: bool,
    files: usize,
    /// Bytes of files handed over.
    read: Spent,
    /// Bytes that came out of packed ones, and bytes of the packed ones themselves.
    unpacked: Spent,
    source: Spent,
    /// What unpacking itself has to tell.
    pub told: Vec<Gap>,
}

impl<'c> Unpack<'c> {
    /// Nothing read yet; `asked` for a file that was named itself, and not found in a folder.
    pub(crate) fn new(caps: &'c Caps, asked: bool) -> Unpack<'c> {
        let (read, unpacked, source) = Default::default();
        Unpack { caps, asked, files: 0, read, unpacked, source, told: Vec::new() }
    }

    /// What stands before the paths of an archive.
    fn folder<'p>(&mut self, name: &'p str) -> &'p str {
        if std::mem::take(&mut self.asked) { "" } else { name }
    }

    /// Hands over what was asked for: a file, the files that are packed in it, or standard input for `-`.
    pub(crate) fn asked(&mut self, at: &Path, sink: &mut Sink<'_>) -> io::Result<()> {
        if at == Path::new("-") {
            self.stream("-", &mut io::stdin().lock(), sink);
            return Ok(());
        }
        let name = at.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy());
        self.disk(at, &name, sink)
    }

    /// Hands over a file on disk, or the files that are packed in it.
    pub(crate) fn disk(&mut self, at: &Path, path: &str, sink: &mut Sink<'_>) -> io::Result<()> {
        let mut file = File::open(at)?;
        self.source.add(file.metadata()?.len());
        let mut head = [0; HEAD];
        let got = fill(&mut file, &mut head)?;
        let head = head.get(..got).unwrap_or_default();
        if packed(head) == Some(Packed::Zip) {
            let _ = self.zip(path, file, 0, sink);
        } else {
            let _ = self.packed_or_leaf(path, head, &mut file, 0, sink);
        }
        Ok(())
    }

    /// The same of a stream whose size nobody knows.
    fn stream(&mut self, path: &str, from: &mut dyn Read, sink: &mut Sink<'_>) {
        let mut counted = Counted { inner: from, spent: self.source.clone() };
        let _ = self.any(path, &mut counted, 0, sink);
    }

    fn any(&mut self, path: &str, from: &mut dyn Read, layer: usize, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let mut head = [0; HEAD];
        match fill(from, &mut head) {
            Ok(got) => self.packed_or_leaf(path, head.get(..got).unwrap_or_default(), from, layer, sink),
            Err(error) => self.miss(path, breaks_off(&error)),
        }
    }

    fn packed_or_leaf(
        &mut self,
        path: &str,
        head: &[u8],
        from: &mut dyn Read,
        layer: usize,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        let mut from = head.chain(from);
        let Some(packed) = packed(head) else { return self.leaf(path, &mut from, sink) };
        if layer >= self.caps.layers {
            let why = format!("it is packed more than {} times over", self.caps.layers);
            return self.miss(path, Why::Truncated(why.into()));
        }
        let name = unpacked_name(path);
        let decoder: io::Result<Box<dyn Read + '_>> = match packed {
            Packed::Tar => return self.tar(name, &mut from, layer, sink),
            Packed::Zip => return self.zip_in_memory(path, &mut from, layer, sink),
            Packed::Gzip => {
                let buffered = io::BufReader::with_capacity(1 << 16, from);
                Ok(Box::new(flate2::bufread::MultiGzDecoder::new(buffered)))
            }
            Packed::Zstd => zstd::Decoder::new(from).and_then(|mut decoder| {
                decoder.window_log_max(WINDOW.ilog2())?;
                Ok(Box::new(decoder) as Box<dyn Read + '_>)
            }),
            Packed::Xz => Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(from, true, WINDOW >> 10))),
        };
        match decoder {
            Ok(inner) => {
                let mut limited = self.limited(inner);
                self.any(name, &mut limited, layer + 1, sink)
            }
            Err(error) => self.miss(path, Why::Unparsable(error.to_string().into())),
        }
    }

    /// What is unpacked, as long as it is in proportion.
    fn limited<R: Read>(&self, inner: R) -> Limited<R> {
        Limited {
            inner,
            spent: self.unpacked.clone(),
            most: self.caps.free.saturating_add(self.source.get().saturating_mul(self.caps.ratio)),
            why: format!("it unpacks to more than {} times its size", self.caps.ratio),
        }
    }

    /// Hands over a file, as far as the caps let it.
    fn leaf(&mut self, path: &str, from: &mut dyn Read, sink: &mut Sink<'_>) -> ControlFlow<()> {
        if self.files >= self.caps.files {
            let why = Why::Truncated(format!("there are more than {} files", self.caps.files).into());
            let _ = self.miss(path, why);
            return ControlFlow::Break(());
        }
        self.files += 1;
        let whole = Limited {
            inner: from,
            spent: self.read.clone(),
            most: self.caps.total,
            why: format!("all files together are larger than {}", size(self.caps.total)),
        };
        let mut one = Limited {
            inner: whole,
            spent: Spent::default(),
            most: self.caps.file,
            why: format!("it is larger than {}", size(self.caps.file)),
        };
        sink(Leaf { path, from: &mut one })
    }

    /// Notes a file that is not read.
    fn miss(&mut self, path: &str, why: Why) -> ControlFlow<()> {
        self.told.push(gap(path, why));
        ControlFlow::Continue(())
    }
}

/// Reads until the buffer is full or nothing more comes.
fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

/// The name of what is packed in a file: `kubelet.log` of `kubelet.log.gz`.
fn unpacked_name(path: &str) -> &str {
    let ends = [".gz", ".zst", ".xz", ".tar", ".zip"];
    let name = ends.iter().find_map(|end| path.strip_suffix(end)).or_else(|| path.strip_suffix(".tgz"));
    name.filter(|name| !name.is_empty() && !name.ends_with('/')).unwrap_or(path)
}

/// The path of a file in an archive, below that of the archive, if it stays inside; why not else.
fn inside(folder: &str, path: &Path, caps: &Caps) -> Result<String, Why> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let above = parts.len();
    for part in path.components() {
        match part {
            Component::Normal(part) => {
                parts.push(part.to_str().ok_or(Why::Unparsable("its path is no text".into()))?)
            }
            Component::CurDir => {}
            _ => return Err(Why::Unparsable("its path leads out of the archive".into())),
        }
    }
    if parts.len() == above {
        return Err(Why::Unparsable("it has no name".into()));
    }
    if parts.len() > caps.depth {
        return Err(Why::Truncated(format!("folders nest deeper than {}", caps.depth).into()));
    }
    let path = record_path(&parts.join("/")).to_owned();
    if path.len() > LONGEST_PATH {
        return Err(Why::Truncated(format!("its path is longer than {LONGEST_PATH} bytes").into()));
    }
    Ok(path)
}

/// As much of a path as a gap can name; of a file without one, that of its archive.
fn shown<'p>(path: &'p str, archive: &'p str) -> String {
    let path = if path.is_empty() { archive } else { path };
    path.chars().take(LONGEST_PATH / 16).collect()
}
