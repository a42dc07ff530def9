//! `journalctl -o json`, one entry a line, and `-o json-pretty`, `-o json-seq`
//! (systemd.io/JOURNAL_EXPORT_FORMATS).

use super::{Entry, FIELDS, Gather, Whose};
use crate::kubectl::lines::{Line, Passage};
use crate::kubectl::times::Basis;
use crate::{Intake, Place};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Longest entry of several lines that is put together, in lines.
const LONGEST: usize = 4096;

/// Whether a text begins with an entry of a journal.
pub(crate) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.trim_start_matches('\x1e');
    let head = crate::clip(text, 4096);
    text.starts_with('{') && (head.contains("\"__REALTIME_TIMESTAMP\"") || head.contains("\"__CURSOR\""))
}

/// Reads every entry.
pub(crate) fn read(body: Passage<'_>, whose: Whose, place: &Place, out: &mut Intake) {
    let mut gather = Gather::new(whose);
    let mut lines = body.lines().filter(|line| !line.is_blank());
    while let Some(line) = lines.next() {
        out.unread.of += 1;
        let text = line.text.trim().trim_start_matches('\x1e');
        let read = if text == "{" {
            let last = lines.by_ref().take(LONGEST).find(|line| line.text.trim_end() == "}");
            entry_of(&whole(body, &line, last.as_ref()))
        } else {
            entry_of(text)
        };
        match read {
            Some(entry) => gather.entry(&entry, line.number),
            None => {
                out.unread.lines += 1;
                crate::sample(out, place.line(line.number), crate::clip(line.text, 200).into());
            }
        }
    }
    gather.finish(place, out, Basis::Utc);
}

/// The text from one line to another, or to the end.
fn whole<'a>(body: Passage<'a>, first: &Line<'_>, last: Option<&Line<'_>>) -> Cow<'a, str> {
    let end = last.map_or(body.text.len(), |last| last.start + last.text.len());
    Cow::Borrowed(body.text.get(first.start..end).unwrap_or(""))
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
