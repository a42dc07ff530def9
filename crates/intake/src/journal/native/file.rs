//! The objects of a journal file, each checked when it is looked at: the file may be cut off, damaged or hostile
//! (systemd.io/JOURNAL_FILE_FORMAT, systemd `src/libsystemd/sd-journal/journal-def.h`).

use engine::evidence::Why;

/// How a file begins.
pub(crate) const SIGNATURE: &[u8] = b"LPKSHHRH";

/// The shortest header that was ever written, in bytes.
const HEADER: usize = 208;

/// Incompatible flags: values compressed with XZ, LZ4 or ZSTD, and keyed hashes, of which each object or nothing tells more.
const HARMLESS: u32 = 1 | 2 | 4 | 8;
/// Incompatible flag: offsets of 32 bits.
const COMPACT: u32 = 16;

/// Objects begin at multiples of it.
const ALIGN: usize = 8;

/// Kinds of objects.
const DATA: u8 = 1;
const FIELD: u8 = 2;
const ENTRY: u8 = 3;
const DATA_HASHES: u8 = 4;
const FIELD_HASHES: u8 = 5;
const ENTRY_ARRAY: u8 = 6;
const TAG: u8 = 7;

/// A file, and what its header says.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    bytes: &'a [u8],
    compact: bool,
    /// Where the first object is.
    pub first: usize,
    /// Where the last object is.
    pub last: usize,
    /// How many entries there are.
    pub entries: u64,
    /// The first list of entries.
    list: usize,
}

/// A part of the file with its own header.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    kind: u8,
    flags: u8,
    bytes: &'a [u8],
    /// Where the next one is.
    pub next: usize,
}

/// A record: its times, and where its fields are.
pub(super) struct Record<'a> {
    /// In microseconds since 1970.
    pub realtime: i64,
    /// In microseconds since the start of the machine.
    pub monotonic: i64,
    pub boot: [u8; 16],
    items: &'a [u8],
    compact: bool,
}

/// How a value is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Not,
    Xz,
    Lz4,
    Zstd,
}

impl<'a> File<'a> {
    /// Looks at the header.
    pub(super) fn open(bytes: &'a [u8]) -> Result<File<'a>, Why> {
        let header = (|| {
            let number = |at| usize::try_from(le64(bytes, at)?).ok();
            let flags = le32(bytes, 12)?;
            let file = File {
                bytes,
                compact: flags & COMPACT != 0,
                first: number(88)?,
                last: number(136)?,
                entries: le64(bytes, 152)?,
                list: number(176)?,
            };
            (bytes.len() >= HEADER && bytes.starts_with(SIGNATURE)).then_some((flags, file))
        })();
        let Some((flags, file)) = header else {
            return Err(Why::Truncated("a journal of systemd, cut off within its header".into()));
        };
        match flags & !(HARMLESS | COMPACT) {
            0 => Ok(file),
            unknown => Err(Why::Unparsable(
                format!(
                    "a journal of systemd in a form that is not known (flags {unknown:#x}): print it with journalctl --file, as -o export"
                )
                .into(),
            )),
        }
    }

    /// Whether the file ends before its last object does.
    pub(super) fn is_cut(&self) -> bool {
        let size = self.last.checked_add(8).and_then(|at| le64(self.bytes, at));
        let size = size.and_then(|size| usize::try_from(size).ok());
        size.and_then(|size| size.checked_add(self.last)).is_none_or(|end| end > self.bytes.len())
    }

    /// The object at an offset, where one of a known kind and of a possible size is there.
    pub(super) fn object(&self, at: usize) -> Option<Object<'a>> {
        let rest = self.bytes.get(at..).filter(|_| at.is_multiple_of(ALIGN) && at >= HEADER)?;
        let [kind, flags] = *rest.first_chunk()?;
        let size = usize::try_from(le64(rest, 8)?).ok()?;
        let is_possible = match kind {
            DATA => size > self.payload() && matches!(flags, 0 | 1 | 2 | 4),
            FIELD => size > 40,
            ENTRY => size > 64 && (size - 64).is_multiple_of(if self.compact { 4 } else { 16 }),
            DATA_HASHES | FIELD_HASHES => size > 16 && size.is_multiple_of(16),
            ENTRY_ARRAY => size > 24 && (size - 24).is_multiple_of(self.width()),
            TAG => size == 64,
            _ => false,
        };
        let bytes = rest.get(..size).filter(|_| is_possible)?;
        Some(Object { kind, flags, bytes, next: at.checked_add(size)?.checked_next_multiple_of(ALIGN)? })
    }

    /// The next record behind a place where something is broken, up to the last object.
    pub(super) fn record_behind(&self, at: usize) -> Option<usize> {
        let from = at.checked_add(1)?.checked_next_multiple_of(ALIGN)?;
        let is_record = |at: &usize| {
            let record = self.object(*at).and_then(|object| self.record(&object));
            // A number of one byte alone is not enough to tell it by.
            record.is_some_and(|record| record.fields().any(|field| self.data(field).is_some()))
        };
        (from..=self.last.min(self.bytes.len())).step_by(ALIGN).find(is_record)
    }

    /// The record that an object is.
    pub(super) fn record(&self, object: &Object<'a>) -> Option<Record<'a>> {
        let bytes = Some(object.bytes).filter(|_| object.kind == ENTRY)?;
        // The same bounds as systemd's, which tell numbers from chance.
        let time = |at, least| {
            let time = i64::try_from(le64(bytes, at)?).ok()?;
            (least..1 << 55).contains(&time).then_some(time)
        };
        le64(bytes, 16).filter(|number| *number > 0)?;
        Some(Record {
            realtime: time(24, 1)?,
            monotonic: time(32, 0)?,
            boot: *bytes.get(40..)?.first_chunk()?,
            items: bytes.get(64..)?,
            compact: self.compact,
        })
    }

    /// The bytes of a field, `NAME=value`, and how they are packed.
    pub(super) fn data(&self, at: usize) -> Option<(&'a [u8], Packed)> {
        let object = self.object(at).filter(|object| object.kind == DATA)?;
        let packed = match object.flags {
            0 => Packed::Not,
            1 => Packed::Xz,
            2 => Packed::Lz4,
            _ => Packed::Zstd,
        };
        Some((object.bytes.get(self.payload()..)?, packed))
    }

    /// Where the bytes of a field begin in its object.
    fn payload(&self) -> usize {
        if self.compact { 72 } else { 64 }
    }

    /// Bytes of an offset in a list.
    fn width(&self) -> usize {
        if self.compact { 4 } else { 8 }
    }

    /// The offset at the beginning of some bytes, in the width of this file's lists.
    fn offset(&self, bytes: &[u8]) -> Option<usize> {
        offset(bytes, self.compact)
    }
}

impl Object<'_> {
    pub(super) fn is_record(&self) -> bool {
        self.kind == ENTRY
    }
}

impl Record<'_> {
    /// Where its fields are.
    pub(super) fn fields(&self) -> impl Iterator<Item = usize> + use<'_> {
        let width = if self.compact { 4 } else { 16 };
        self.items.chunks_exact(width).filter_map(|item| offset(item, self.compact))
    }
}

/// The places of all records, as the file lists them: it goes only forward, whatever the list says.
pub(super) struct Index<'a> {
    file: File<'a>,
    /// What is left of the list that is looked at.
    items: &'a [u8],
    /// Where that list is.
    list: usize,
    /// Where the next list is.
    next: usize,
    /// What was found last.
    found: Option<usize>,
}

impl<'a> Index<'a> {
    pub(super) fn new(file: File<'a>) -> Index<'a> {
        Index { file, items: &[], list: 0, next: file.list, found: Some(0) }
    }

    /// The first place of a record beyond an offset, which never decreases.
    pub(super) fn beyond(&mut self, at: usize) -> Option<usize> {
        while self.found.is_some_and(|found| found <= at) {
            self.found = self.listed(at);
        }
        self.found
    }

    /// The next that is listed, farther than that, and is a record.
    fn listed(&mut self, at: usize) -> Option<usize> {
        loop {
            while let Some((item, rest)) = self.items.split_at_checked(self.file.width()) {
                self.items = rest;
                let place = self.file.offset(item).unwrap_or(0);
                let is_record = |object: Object<'a>| self.file.record(&object).is_some();
                if place > at && self.file.object(place).is_some_and(is_record) {
                    return Some(place);
                }
            }
            // Lists lie one behind the other, so that a circle is seen.
            let list = self.file.object(self.next).filter(|list| list.kind == ENTRY_ARRAY)?;
            if self.next <= self.list {
                return None;
            }
            self.list = self.next;
            self.next = usize::try_from(le64(list.bytes, 16)?).ok()?;
            self.items = list.bytes.get(24..)?;
        }
    }
}

fn offset(bytes: &[u8], compact: bool) -> Option<usize> {
    match compact {
        true => usize::try_from(le32(bytes, 0)?).ok(),
        false => usize::try_from(le64(bytes, 0)?).ok(),
    }
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
