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

/// Reads every entry. `before` is the number of lines of the input that stand before the first.
pub(crate) fn read(bytes: &[u8], before: usize, whose: Whose, place: &Place, out: &mut Intake) {
    let mut gather = Gather::new(whose);
    let mut line = before + 1;
    let mut at = 0;
    let mut entry = Entry::default();
    let mut first = None;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let text = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        let mut next = (at + end + 1).min(bytes.len());
        out.unread.of += u64::from(!text.is_empty());
        if text.is_empty() {
            if let Some(first) = first.take() {
                gather.entry(&std::mem::take(&mut entry), first);
            }
        } else if let Some(equals) = memchr(b'=', text) {
            first = first.or(Some(line));
            set(&mut entry, &text[..equals], &text[equals + 1..]);
        } else if let Some(value) = binary(&bytes[next..]) {
            first = first.or(Some(line));
            set(&mut entry, text, value);
            next = (next + 8 + value.len() + 1).min(bytes.len());
        } else if is_field(text) && next < bytes.len() {
            // The length did not survive a terminal: the value goes to the end of its line.
            first = first.or(Some(line));
            let rest = &bytes[next..];
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            set(&mut entry, text, behind_length(&rest[..end]));
            next = (next + end + 1).min(bytes.len());
        } else {
            out.unread.lines += 1;
            let sample = crate::clip(&String::from_utf8_lossy(text), 200).into();
            crate::sample(out, place.line(line), sample);
        }
        line += memchr_iter(b'\n', &bytes[at..next]).count();
        at = next;
    }
    if let Some(first) = first {
        gather.entry(&entry, first);
    }
    gather.finish(place, out, Basis::Utc);
}

/// The value that a length stands before, where a line break follows it.
pub(crate) fn binary(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let value = rest.get(..length)?;
    (rest.get(length).is_none_or(|next| *next == b'\n')).then_some(value)
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

fn set<'a>(entry: &mut Entry<'a>, field: &[u8], value: &'a [u8]) {
    if let Some(field) = FIELDS.iter().find(|known| known.as_bytes() == field) {
        let value: Cow<'a, str> = String::from_utf8_lossy(value);
        entry.set(field, value);
    }
}
