//! `journalctl -o export`: fields one a line, entries parted by blank lines, binary values with their length before them
//! (systemd.io/JOURNAL_EXPORT_FORMATS).

use super::{Entry, FIELDS, Gather, Whose};
use crate::kubectl::times::Basis;
use crate::{Intake, Place};
use memchr::{memchr, memchr_iter};
use std::borrow::Cow;

/// Whether bytes begin as an exported journal does.
pub(crate) fn is_export(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    [&b"__CURSOR="[..], b"__REALTIME_TIMESTAMP="].iter().any(|begin| text.starts_with(begin))
}

/// Longest value or line that is kept, in bytes.
const LONGEST: usize = 1 << 20;
/// Longest value that there may be, in bytes; a greater length is none.
const MOST: u64 = 1 << 34;

/// Reads every entry. `before` is the number of lines of the input that stand before the first.
pub(crate) fn read(bytes: &[u8], before: usize, whose: Whose, place: &Place, out: &mut Intake) {
    let mut reader = Export::open(before, whose);
    reader.push(bytes, true, place, out);
    reader.finish(place, out);
}

/// Reads an exported journal, as many bytes at a time as there are.
pub(crate) struct Export {
    gather: Gather,
    entry: Entry<'static>,
    /// The line of the entry's first field.
    first: Option<usize>,
    /// The next line.
    line: usize,
    /// What is passed over: so many bytes of a value, or the rest of a line.
    pass: Pass,
}

enum Pass {
    Nothing,
    Bytes(u64),
    Line,
}

/// What stands at the beginning of bytes.
enum Next<'b> {
    /// The end of an entry.
    Blank,
    Field(&'b [u8], &'b [u8]),
    /// A value that is too long to be kept: its beginning, and how many bytes follow.
    Long(&'b [u8], &'b [u8], u64),
    Unknown(&'b [u8]),
}

impl Export {
    /// `before` is the number of lines of the input that stand before the first.
    pub(crate) fn open(before: usize, whose: Whose) -> Export {
        let entry = Entry::default();
        Export { gather: Gather::new(whose), entry, first: None, line: before + 1, pass: Pass::Nothing }
    }

    /// Reads from the beginning of `bytes` what is there as a whole, and tells how many bytes that were; `last` says that
    /// no more come.
    pub(crate) fn push(&mut self, bytes: &[u8], last: bool, place: &Place, out: &mut Intake) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Some(passed) = self.pass(rest) {
                self.count(&rest[..passed]);
                at += passed;
                continue;
            }
            let Some((next, length)) = next(rest, last) else { return at };
            match next {
                Next::Blank => self.close(),
                Next::Field(field, value) => self.set(field, value, out),
                Next::Long(field, value, more) => {
                    self.set(field, value, out);
                    self.pass = Pass::Bytes(more);
                }
                Next::Unknown(text) => {
                    out.unread.of += 1;
                    out.unread.lines += 1;
                    crate::sample(out, place.line(self.line), &String::from_utf8_lossy(text));
                }
            }
            let length = length.min(rest.len());
            // Of a line that was cut the rest is of no interest.
            if matches!(self.pass, Pass::Nothing) && rest[..length].last() != Some(&b'\n') {
                self.pass = Pass::Line;
            }
            self.count(&rest[..length]);
            at += length;
        }
        at
    }

    /// How many of these bytes are passed over; none where nothing is.
    fn pass(&mut self, rest: &[u8]) -> Option<usize> {
        match self.pass {
            Pass::Nothing => None,
            Pass::Bytes(left) => {
                let passed = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                let left = left - passed as u64;
                self.pass = if left == 0 { Pass::Nothing } else { Pass::Bytes(left) };
                Some(passed)
            }
            Pass::Line => {
                let end = memchr(b'\n', rest);
                if end.is_some() {
                    self.pass = Pass::Nothing;
                }
                Some(end.map_or(rest.len(), |end| end + 1))
            }
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.line += memchr_iter(b'\n', bytes).count();
    }

    fn set(&mut self, field: &[u8], value: &[u8], out: &mut Intake) {
        out.unread.of += 1;
        self.first = self.first.or(Some(self.line));
        if let Some(field) = FIELDS.iter().find(|known| known.as_bytes() == field) {
            let value = &value[..value.len().min(LONGEST)];
            self.entry.set(field, Cow::Owned(String::from_utf8_lossy(value).into_owned()));
        }
    }

    fn close(&mut self) {
        if let Some(first) = self.first.take() {
            self.gather.entry(&std::mem::take(&mut self.entry), first);
        }
    }

    /// Hands over what was read.
    pub(crate) fn finish(mut self, place: &Place, out: &mut Intake) {
        self.close();
        self.gather.finish(place, out, Basis::Utc);
    }
}

/// What stands at the beginning of bytes, and how many it takes; none where more have to come to tell.
fn next(rest: &[u8], last: bool) -> Option<(Next<'_>, usize)> {
    let (end, next) = match memchr(b'\n', rest) {
        Some(end) => (end, end + 1),
        None if last || rest.len() >= LONGEST => (rest.len().min(LONGEST), rest.len().min(LONGEST)),
        None => return None,
    };
    let text = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
    if text.is_empty() {
        return Some((Next::Blank, next));
    }
    if let Some(equals) = memchr(b'=', text) {
        return Some((Next::Field(&text[..equals], &text[equals + 1..]), next));
    }
    let behind = &rest[next..];
    if !is_field(text) || (behind.is_empty() && last) {
        return Some((Next::Unknown(text), next));
    }
    match binary(behind, last) {
        Binary::Value(value) => return Some((Next::Field(text, value), next + 8 + value.len() + 1)),
        Binary::Long(value, more) => return Some((Next::Long(text, value, more), next + 8 + value.len())),
        Binary::Unknown => return None,
        Binary::No => {}
    }
    // The length did not survive a terminal: the value goes to the end of its line.
    let end = match memchr(b'\n', behind) {
        Some(end) => end,
        None if last || behind.len() >= LONGEST => behind.len().min(LONGEST),
        None => return None,
    };
    Some((Next::Field(text, behind_length(&behind[..end])), next + end + 1))
}

enum Binary<'b> {
    Value(&'b [u8]),
    /// One that is too long to be kept: its beginning, and how many bytes follow, the line break included.
    Long(&'b [u8], u64),
    /// More bytes have to come to tell.
    Unknown,
    No,
}

/// The value that a length stands before, where all of it is there.
pub(crate) fn whole_value(bytes: &[u8]) -> Option<&[u8]> {
    match binary(bytes, true) {
        Binary::Value(value) => Some(value),
        _ => None,
    }
}

/// The value that a length stands before, where a line break follows it.
fn binary(bytes: &[u8], last: bool) -> Binary<'_> {
    let short = if last { Binary::No } else { Binary::Unknown };
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return short };
    let size = u64::from_le_bytes(*length);
    if size > LONGEST as u64 {
        // What a terminal put in the place of a byte is no length.
        let replaced = memchr::memmem::find(length, "\u{fffd}".as_bytes()).is_some();
        if replaced || size > MOST {
            return Binary::No;
        }
        return rest.get(..LONGEST).map_or(short, |value| Binary::Long(value, size - LONGEST as u64 + 1));
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    match (rest.get(..size), rest.get(size)) {
        (Some(value), Some(b'\n')) => Binary::Value(value),
        (Some(value), None) if last => Binary::Value(value),
        (Some(_), Some(_)) => Binary::No,
        _ => short,
    }
}

/// Whether bytes are a field's name: capitals, digits and underscores.
fn is_field(text: &[u8]) -> bool {
    text.len() <= 64 && text.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}

/// What stands behind the eight characters of a length of which some were replaced.
fn behind_length(line: &[u8]) -> &[u8] {
    let text = std::str::from_utf8(line).unwrap_or("");
    text.char_indices().nth(8).and_then(|(at, _)| line.get(at..)).unwrap_or(b"")
}
