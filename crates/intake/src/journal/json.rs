//! `journalctl -o json`, one entry a line, and `-o json-pretty`, `-o json-seq`
//! (systemd.io/JOURNAL_EXPORT_FORMATS).

use super::{Entry, FIELDS, Gather, Whose};
use crate::kubectl::lines::Passage;
use crate::kubectl::times::Basis;
use crate::{Intake, Place};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Longest entry of several lines that is put together: lines, and bytes.
const LONGEST: (usize, usize) = (4096, 8 << 20);

/// Whether a text begins with an entry of a journal.
pub(crate) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.trim_start_matches('\x1e');
    let head = crate::clip(text, 4096);
    text.starts_with('{') && (head.contains("\"__REALTIME_TIMESTAMP\"") || head.contains("\"__CURSOR\""))
}

/// Reads every entry.
pub(crate) fn read(body: Passage<'_>, whose: Whose, place: &Place, out: &mut Intake) {
    let mut reader = Json::open(whose);
    reader.push(body, place, out);
    reader.finish(place, out);
}

/// Reads the entries of a journal, as many lines at a time as there are.
pub(crate) struct Json {
    gather: Gather,
    open: Option<Entries>,
}

/// An entry whose lines are not all there.
struct Entries {
    text: String,
    first: usize,
    lines: usize,
}

impl Json {
    pub(crate) fn open(whose: Whose) -> Json {
        Json { gather: Gather::new(whose), open: None }
    }

    /// Reads the next lines.
    pub(crate) fn push(&mut self, body: Passage<'_>, place: &Place, out: &mut Intake) {
        for line in body.lines().filter(|line| !line.is_blank()) {
            if let Some(open) = &mut self.open {
                if open.text.len() < LONGEST.1 {
                    open.text.push_str(line.text);
                    open.text.push('\n');
                }
                open.lines += 1;
                if line.text.trim_end() == "}" || open.lines > LONGEST.0 {
                    self.close(place, out);
                }
                continue;
            }
            out.unread.of += 1;
            let text = line.text.trim().trim_start_matches('\x1e');
            match text {
                "{" => self.open = Some(Entries { text: "{\n".to_owned(), first: line.number, lines: 1 }),
                _ => self.entry(text, line.number, line.text, place, out),
            }
        }
    }

    fn close(&mut self, place: &Place, out: &mut Intake) {
        if let Some(open) = self.open.take() {
            self.entry(&open.text, open.first, "{", place, out);
        }
    }

    fn entry(&mut self, text: &str, number: usize, shown: &str, place: &Place, out: &mut Intake) {
        match entry_of(text) {
            Some(entry) => self.gather.entry(&entry, number),
            None => {
                out.unread.lines += 1;
                crate::sample(out, place.line(number), shown);
            }
        }
    }

    /// Hands over what was read.
    pub(crate) fn finish(mut self, place: &Place, out: &mut Intake) {
        self.close(place, out);
        self.gather.finish(place, out, Basis::Utc);
    }
}

fn entry_of(text: &str) -> Option<Entry<'static>> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

impl<'de> Deserialize<'de> for Entry<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Entry<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry of a journal")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entry = Entry::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match FIELDS.iter().find(|known| **known == key) {
                Some(field) => {
                    if let Some(value) = text_of(map.next_value()?) {
                        entry.set(field, Cow::Owned(value));
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(entry)
    }
}

/// The text of a value: a string, its bytes as numbers where it is no text; the first where the field stands several
/// times, which an array tells. Null is a value that was too large to print.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) if items.iter().all(Value::is_number) => {
            let bytes: Vec<u8> = items.iter().map(|item| byte(item).unwrap_or(b'?')).collect();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        Value::Array(items) => items.into_iter().next().and_then(text_of),
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    }
}

/// Some machines print bytes as signed numbers.
fn byte(item: &Value) -> Option<u8> {
    let number = item.as_i64()?;
    u8::try_from(number).ok().or_else(|| i8::try_from(number).ok().map(i8::cast_unsigned))
}
