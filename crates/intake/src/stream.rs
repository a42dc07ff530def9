//! Inputs of any length: logs and journals are read piece by piece, the rest is held as a whole.

use crate::journal::{self, Export, Whose};
use crate::kubectl::lines::Passage;
use crate::kubectl::observe::Stream;
use crate::{Intake, Place, RawRecord, decoded, is_binary, is_utf16, marks, objects, source};
use engine::evidence::{Gap, Read, Why};
use std::io::{self, Read as _};

/// Bytes of one piece of a log or journal, and of what shows whether an input is one.
const PIECE: usize = 4 << 20;

/// Longest input that is held as a whole, in bytes: objects, transcripts, all that is no log and no journal.
pub const WHOLE: u64 = 1 << 30;

/// Bytes that are read at a time of a line that is passed over.
const PASSED: usize = 64 << 10;

/// How much is read at a time.
#[derive(Clone, Copy)]
struct Sizes {
    /// Bytes of a piece.
    piece: usize,
    /// A line is taken whole up to so many bytes; of a longer one these.
    line: usize,
    /// Bytes of an input that is held as a whole.
    whole: u64,
}

const SIZES: Sizes = Sizes { piece: PIECE, line: PIECE, whole: WHOLE };

/// Reads a record of any length, as it comes.
///
/// A container's log, a node's journal and the kernel's messages, in whatever form, are read piece by piece: what is held
/// does not grow with them. Whether an input is one, its path and its first 4 MiB tell. All else is held as a whole, up
/// to [`WHOLE`] bytes; beyond, it is read as far as that, and a gap tells so. Of what breaks off what preceded is read, and
/// a gap tells why. What is read is the same as by [`crate::read`] of the same bytes, on any number of threads.
///
/// # Errors
///
/// Where nothing at all could be read of it.
pub fn read_from(path: &str, from: &mut dyn io::Read, threads: usize, out: &mut Intake) -> io::Result<()> {
    let place = Place::file(path);
    let mut input =
        Input { from, sizes: SIZES, held: Vec::new(), spare: Vec::new(), ended: false, failed: None };
    input.fill(PIECE);
    if input.held.is_empty()
        && let Some(error) = input.failed.take()
    {
        return Err(error);
    }
    if !input.ended && !input.held.starts_with(journal::NATIVE) && is_binary(&input.held) {
        // However long it is, the beginning has told that nothing can be read of it.
        out.unread.files.push(place.file);
        return Ok(());
    }
    if input.ended {
        crate::read_whole(RawRecord { path, bytes: &input.held }, out);
    } else {
        input.read(&place, threads, out);
    }
    if let Some(error) = input.failed {
        gap(&place, format!("it breaks off: {error}"), out);
    }
    Ok(())
}

/// Reads bytes that are at hand, in pieces if they are a long log or journal.
pub(crate) fn read_bytes(record: RawRecord<'_>, threads: usize, out: &mut Intake) {
    let place = Place::file(record.path);
    let mut bytes = record.bytes;
    let head = lines_of(&bytes[..bytes.len().min(PIECE)]);
    match bytes.len() > PIECE && is_stream(head, &place) {
        true => {
            let mut input = Input {
                from: &mut bytes,
                sizes: SIZES,
                held: Vec::new(),
                spare: Vec::new(),
                ended: false,
                failed: None,
            };
            input.fill(PIECE);
            input.read(&place, threads, out);
        }
        false => crate::read_whole(record, out),
    }
}

fn gap(place: &Place, why: String, out: &mut Intake) {
    let read = Read::File { path: place.file.clone() };
    out.gaps.push(Gap { read, why: Why::Truncated(why.into()), locator: place.line(1) });
}

/// The whole lines of bytes; all of them where there is no line break.
fn lines_of(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memrchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1)]
}

/// What is read piece by piece.
enum Pieces {
    Export(Export),
    Lines(Stream),
}

impl Pieces {
    /// What the beginning of an input shows; none where it is not read piece by piece.
    fn open(head: &[u8], place: &Place, out: &mut Intake) -> Option<Pieces> {
        if journal::is_export(head) {
            return Some(Pieces::Export(Export::open(0, Whose::file(place))));
        }
        if head.starts_with(journal::NATIVE) || is_utf16(head) || is_binary(head) {
            return None;
        }
        let text = decoded(head);
        let text = text.strip_prefix(BOM).unwrap_or(&text);
        let is_other =
            matches!(source::of(&place.name), Some(source::Named::Errors { .. } | source::Named::Tags));
        if is_other || text.trim().is_empty() || objects::begin(text) {
            return None;
        }
        if marks::dumped(Passage::whole(text)).is_some() {
            return None;
        }
        Stream::open(text, place, out).map(Pieces::Lines)
    }
}

fn is_stream(head: &[u8], place: &Place) -> bool {
    Pieces::open(head, place, &mut Intake::default()).is_some()
}

/// What some editors put before a text.
const BOM: char = '\u{feff}';

/// An input, and what is held of it.
struct Input<'r> {
    from: &'r mut dyn io::Read,
    sizes: Sizes,
    held: Vec<u8>,
    /// Places of pieces that were read.
    spare: Vec<Vec<u8>>,
    /// Nothing more comes.
    ended: bool,
    /// Why nothing more comes.
    failed: Option<io::Error>,
}

impl Input<'_> {
    /// Reads until more than so many bytes are held, or nothing more comes.
    fn fill(&mut self, most: usize) {
        let wanted = (most + 1).saturating_sub(self.held.len());
        // A place that cannot be had is asked for again while reading, which fails then.
        let _ = self.held.try_reserve(wanted);
        if self.ended || wanted == 0 {
            return;
        }
        match (&mut *self.from).take(wanted as u64).read_to_end(&mut self.held) {
            Ok(read) => self.ended = read < wanted,
            Err(error) => (self.failed, self.ended) = (Some(error), true),
        }
    }

    /// Reads all of an input of which one piece is held.
    fn read(&mut self, place: &Place, threads: usize, out: &mut Intake) {
        let head = lines_of(&self.held[..self.held.len().min(PIECE)]);
        let known = head.starts_with(journal::NATIVE) || is_binary(head);
        match Pieces::open(head, place, out) {
            Some(Pieces::Export(reader)) => self.export(reader, place, out),
            Some(Pieces::Lines(reader)) => self.lines(reader, threads, out),
            // Its beginning tells all that is told of it.
            None if known => crate::read_whole(RawRecord { path: &place.file, bytes: &self.held }, out),
            None => self.whole(place, out),
        }
    }

    fn whole(&mut self, place: &Place, out: &mut Intake) {
        let most = usize::try_from(self.sizes.whole).unwrap_or(usize::MAX);
        // A row that grows is copied and stands in memory twice: it is put together once its length is known.
        let mut length = self.held.len();
        let mut parts = vec![std::mem::take(&mut self.held)];
        while !self.ended && length <= most {
            self.fill(PIECE.min(most - length));
            length += self.held.len();
            parts.push(std::mem::take(&mut self.held));
        }
        let cut = length > most;
        let mut bytes = Vec::with_capacity(length);
        parts.into_iter().for_each(|part| bytes.extend_from_slice(&part));
        bytes.truncate(most);
        crate::read_whole(RawRecord { path: &place.file, bytes: &bytes }, out);
        if cut {
            gap(place, format!("only the first {} MiB are read", most >> 20), out);
        }
    }

    fn export(&mut self, mut reader: Export, place: &Place, out: &mut Intake) {
        loop {
            let read = reader.push(&self.held, self.ended, place, out);
            self.held.drain(..read);
            if self.ended {
                break;
            }
            self.fill(self.held.len() + self.sizes.piece);
        }
        reader.finish(place, out);
    }

    fn lines(&mut self, mut reader: Stream, threads: usize, out: &mut Intake) {
        // The first piece is read by itself, so that all others know the same of it.
        let mut lines = 0;
        let mut round = self.round(1, &mut lines);
        let Some(first) = round.pop() else { return reader.finish(out) };
        first.push(&mut reader, out);
        self.spare.push(first.bytes);
        let threads = if reader.part().is_some() { threads.max(1) } else { 1 };
        round = self.round(threads, &mut lines);
        while !round.is_empty() {
            // What was read so far is known to each of them.
            let parts: Vec<Stream> = round.iter().filter_map(|_| reader.part()).collect();
            // The next pieces are fetched while these are read.
            let (parts, next) = std::thread::scope(|scope| {
                let work = round.iter().zip(parts).map(|(piece, mut part)| {
                    scope.spawn(move || {
                        let mut read = Intake::default();
                        piece.push(&mut part, &mut read);
                        (part, read)
                    })
                });
                let work: Vec<_> = work.collect();
                let next = self.round(threads, &mut lines);
                let parts: Vec<_> = work.into_iter().map(|one| one.join()).collect();
                (parts, next)
            });
            let mut parts = parts.into_iter();
            for piece in round {
                let part =
                    parts.next().map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
                match part.and_then(|(part, read)| reader.join(part).then_some(read)) {
                    Some(read) => out.absorb(read),
                    None => piece.push(&mut reader, out),
                }
                self.spare.push(piece.bytes);
            }
            round = next;
        }
        reader.finish(out);
    }

    /// The next pieces, and how many lines there are up to their end.
    fn round(&mut self, most: usize, lines: &mut usize) -> Vec<Piece> {
        let mut round = Vec::with_capacity(most);
        while round.len() < most {
            let bytes = self.spare.pop().unwrap_or_default();
            let mut piece = Piece { before: *lines, bytes, passed: 0 };
            if !self.next(&mut piece) {
                break;
            }
            *lines += memchr::memchr_iter(b'\n', &piece.bytes).count();
            round.push(piece);
        }
        round
    }

    /// The next whole lines; false at the end.
    fn next(&mut self, piece: &mut Piece) -> bool {
        piece.passed = 0;
        let mut most = self.sizes.piece;
        loop {
            self.fill(most);
            if self.held.is_empty() {
                return false;
            }
            let end = match memchr::memrchr(b'\n', &self.held) {
                _ if self.ended => self.held.len(),
                Some(end) => end + 1,
                None if self.held.len() > self.sizes.line => {
                    piece.passed = self.pass();
                    memchr::memchr(b'\n', &self.held).map_or(self.held.len(), |end| end + 1)
                }
                None => {
                    most = most.saturating_mul(2);
                    continue;
                }
            };
            piece.bytes.clear();
            piece.bytes.extend_from_slice(&self.held[end..]);
            self.held.truncate(end);
            std::mem::swap(&mut piece.bytes, &mut self.held);
            return true;
        }
    }

    /// Passes over the rest of a line of which the beginning is held, and tells how long it was.
    fn pass(&mut self) -> u64 {
        let mut cut = self.sizes.line;
        while cut > 0 && self.held.get(cut).is_some_and(|byte| byte & 0xc0 == 0x80) {
            cut -= 1;
        }
        let line = self.held.drain(..cut).chain([b'\n']).collect();
        let mut passed = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.held) {
                passed += end as u64;
                self.held.drain(..=end);
                break;
            }
            passed += self.held.len() as u64;
            self.held.clear();
            if self.ended {
                break;
            }
            self.fill(PASSED);
        }
        let behind = std::mem::replace(&mut self.held, line);
        self.held.extend(behind);
        passed
    }
}

/// Whole lines of an input.
struct Piece {
    bytes: Vec<u8>,
    /// Bytes of its last line that are not there.
    passed: u64,
    /// Lines before its first.
    before: usize,
}

impl Piece {
    fn push(&self, reader: &mut Stream, out: &mut Intake) {
        let text = decoded(&self.bytes);
        let text = if self.before == 0 { text.strip_prefix(BOM).unwrap_or(&text) } else { &text };
        reader.push(Passage { text, first_line: self.before + 1 }, out);
        reader.passed(self.passed);
    }
}

#[cfg(test)]
mod tests;
