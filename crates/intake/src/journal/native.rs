//! The files that journald itself writes, in systemd's own format.
//!
//! Objects are read one behind the other, as they were written; the file's own list of its entries tells whether one was
//! passed over.

mod file;
mod unpack;

pub(crate) use file::SIGNATURE;

use super::{Entry, FIELDS, Gather, Whose};
use crate::kubectl::times::Basis;
use crate::{Intake, Place};
use engine::evidence::{Gap, Read, Why};
use file::{File, Index, Packed, Record};
use memchr::memchr;
use std::borrow::Cow;
use std::fmt::Write;
use unpack::Unpacker;

/// The longest part of a field that is looked at, in bytes; of a message no more is read.
const LONGEST: usize = 64 * 1024;

/// Bytes of fields that are looked at in one file: a small file may say one large thing for ever.
const MOST: u64 = 16 << 30;

/// Reads every entry.
pub(crate) fn read(bytes: &[u8], whose: Whose, place: &Place, out: &mut Intake) {
    read_within(bytes, MOST, whose, place, out);
}

fn read_within(bytes: &[u8], most: u64, whose: Whose, place: &Place, out: &mut Intake) {
    let why = match File::open(bytes) {
        Ok(file) => {
            let mut reader = Reader::new(file, most);
            let mut gather = Gather::new(whose);
            reader.each(&mut |entry, number| gather.entry(entry, number));
            gather.finish(place, out, Basis::Utc);
            out.unread.of += reader.read as u64;
            reader.missed()
        }
        Err(why) => Some(why),
    };
    let read = Read::File { path: place.file.clone() };
    out.gaps.extend(why.map(|why| Gap { read, why, locator: place.line(1) }));
}

/// The fields that are read of a file's entries, as `journalctl -o export` writes them; none where it is no journal.
pub(crate) fn export(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    Reader::new(File::open(bytes).ok()?, MOST).each(&mut |entry, _| entry.export(&mut out));
    Some(out)
}

/// Reads one file.
struct Reader<'a> {
    file: File<'a>,
    unpacker: Unpacker,
    known: Known,
    /// How much more may be looked at.
    left: u64,
    /// Entries read.
    read: usize,
    /// Fields that could not be read.
    lost: u64,
    /// Whether some of it is no object.
    broken: bool,
}

/// A field of an entry: where it is, and its bytes where they had to be unpacked.
type Found = Option<(usize, Option<Vec<u8>>)>;

impl<'a> Reader<'a> {
    fn new(file: File<'a>, left: u64) -> Reader<'a> {
        let (unpacker, known) = (Unpacker::default(), Known::new());
        Reader { file, unpacker, known, left, read: 0, lost: 0, broken: false }
    }

    /// Hands over every entry with its number, counted from 1.
    fn each(&mut self, take: &mut dyn FnMut(&Entry<'_>, usize)) {
        let mut index = Index::new(self.file);
        let mut boot = Boot::default();
        let mut at = self.file.first;
        while self.left > 0 {
            let listed = index.beyond(at);
            let object = self.file.object(at);
            // An object that an entry lies in has a wrong size.
            if let Some(object) = object.filter(|o| listed.is_none_or(|listed| o.next <= listed)) {
                if object.is_record() {
                    match self.file.record(&object) {
                        Some(record) => self.entry(&record, &mut boot, take),
                        None => self.broken = true,
                    }
                }
                // The last object lies in no other.
                self.broken |= at < self.file.last && self.file.last < object.next;
                at = object.next;
            } else {
                // What is behind the last object is kept for later ones.
                let is_inside = at <= self.file.last;
                self.broken |= is_inside || listed.is_some();
                let next = if is_inside { self.file.record_behind(at) } else { listed };
                let Some(next) = next else { return };
                at = next;
            }
        }
    }

    fn entry(&mut self, record: &Record<'_>, boot: &mut Boot, take: &mut dyn FnMut(&Entry<'_>, usize)) {
        let mut found: [Found; FIELDS.len()] = Default::default();
        for at in record.fields() {
            match self.known.get(at) {
                Some(Field::Other) => {}
                Some(Field::Lost) => self.lost += 1,
                Some(Field::Wanted(field)) => found[usize::from(field)] = Some((at, None)),
                None => {
                    let (field, unpacked) = self.look(at);
                    match field {
                        Field::Wanted(field) => found[usize::from(field)] = Some((at, unpacked)),
                        Field::Lost => self.lost += 1,
                        Field::Other => {}
                    }
                    self.known.set(at, field);
                }
            }
        }
        let mut entry = Entry::default();
        for (field, found) in FIELDS.iter().zip(found) {
            let Some((at, unpacked)) = found else { continue };
            let Some(bytes) = unpacked.map(Cow::Owned).or_else(|| self.bytes(at)) else { continue };
            let start = field.len() + 1;
            let value = match bytes {
                Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()),
                Cow::Owned(bytes) => {
                    String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned().into()
                }
            };
            self.left = self.left.saturating_sub(value.len() as u64);
            entry.set(field, value);
        }
        entry.boot = Some(Cow::Borrowed(boot.name(record.boot)));
        entry.collected = Some(record.realtime);
        entry.monotonic = Some(record.monotonic);
        self.read += 1;
        take(&entry, self.read);
    }

    /// What a field is, and its bytes where they had to be unpacked.
    fn look(&mut self, at: usize) -> (Field, Option<Vec<u8>>) {
        let Some(bytes) = self.bytes(at) else { return (Field::Lost, None) };
        let head = bytes.get(..64).unwrap_or(&bytes);
        let name = memchr(b'=', head).and_then(|end| head.get(..end));
        let wanted = name.and_then(|name| FIELDS.iter().position(|field| field.as_bytes() == name));
        match wanted.and_then(|wanted| u8::try_from(wanted).ok()) {
            Some(wanted) => {
                let unpacked = match bytes {
                    Cow::Owned(bytes) => Some(bytes),
                    Cow::Borrowed(_) => None,
                };
                (Field::Wanted(wanted), unpacked)
            }
            None => (Field::Other, None),
        }
    }

    /// The bytes of a field, as far as they are looked at.
    fn bytes(&mut self, at: usize) -> Option<Cow<'a, [u8]>> {
        let (bytes, packed) = self.file.data(at)?;
        if packed == Packed::Not {
            return Some(Cow::Borrowed(bytes.get(..LONGEST).unwrap_or(bytes)));
        }
        let unpacked = self.unpacker.unpack(bytes, packed, LONGEST);
        let cost = bytes.len().min(LONGEST) + unpacked.as_ref().map_or(0, Vec::len);
        self.left = self.left.saturating_sub(cost as u64);
        unpacked.map(Cow::Owned)
    }

    /// What could not be read, where that is something.
    fn missed(&self) -> Option<Why> {
        let (read, entries) = (self.read as u64, self.file.entries);
        let mut text = if self.left == 0 {
            format!("only its first {read} entries are read: they say more than {} GiB", MOST >> 30)
        } else if read < entries && self.file.is_cut() {
            format!("cut off: {read} of {entries} entries could be read")
        } else if read < entries {
            format!("damaged: {read} of {entries} entries could be read")
        } else if self.broken || self.lost > 0 {
            format!("damaged: {read} entries could be read")
        } else {
            return None;
        };
        if self.lost > 0 {
            let _ = write!(text, ", without {} fields", self.lost);
        }
        Some(Why::Truncated(text.into()))
    }
}

/// What a field is.
#[derive(Clone, Copy)]
enum Field {
    /// The place of its name in [`FIELDS`].
    Wanted(u8),
    Other,
    Lost,
}

/// What fields are by their places: most entries share most of theirs. Of two that would have one slot the later has it.
struct Known(Box<[Option<(usize, Field)>]>);

impl Known {
    fn new() -> Known {
        Known(vec![None; 4096].into_boxed_slice())
    }

    fn slot(at: usize) -> usize {
        // Places are multiples of 8.
        (at >> 3) % 4096
    }

    fn get(&self, at: usize) -> Option<Field> {
        self.0[Known::slot(at)].filter(|(known, _)| *known == at).map(|(_, field)| field)
    }

    fn set(&mut self, at: usize, field: Field) {
        self.0[Known::slot(at)] = Some((at, field));
    }
}

/// The start of the machine that the entry before came from, and its name.
#[derive(Default)]
struct Boot {
    id: [u8; 16],
    name: String,
}

impl Boot {
    /// The name of a start, as journalctl prints it.
    fn name(&mut self, id: [u8; 16]) -> &str {
        if self.id != id || self.name.is_empty() {
            self.id = id;
            self.name.clear();
            for byte in id {
                let _ = write!(self.name, "{byte:02x}");
            }
        }
        &self.name
    }
}

#[cfg(test)]
mod tests;
