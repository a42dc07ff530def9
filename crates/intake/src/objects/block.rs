//! Reads YAML in the block style that kubectl and `sigs.k8s.io/yaml` write, straight from the text: what nobody asks for
//! is passed over by its indentation. Anything else is [`Outside`], and left to a reader of all of YAML.

mod scalar;

use scalar::{Class, class};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt;

/// The text holds something that this reader does not know, or that is no YAML.
#[derive(Debug)]
pub(super) struct Outside;

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in plain block style")
    }
}

impl std::error::Error for Outside {}

impl Error for Outside {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Outside
    }
}

/// Deepest nesting.
const DEEPEST: usize = 100;

/// Reads the one node of a text.
pub(super) fn read<'a, S: DeserializeSeed<'a>>(text: &'a str, seed: S) -> Result<S::Value, Outside> {
    if !is_plain(text) {
        return Err(Outside);
    }
    let mut cursor = Cursor { text, at: 0, column: 0, depth: 0 };
    cursor.next_token(0)?;
    if !cursor.is_at("- ") && !cursor.is_at("-\n") && cursor.column != 0 {
        return Err(Outside);
    }
    let value = seed.deserialize(Node { cursor: &mut cursor, parent: -1, inline: false })?;
    if cursor.column == END { Ok(value) } else { Err(Outside) }
}

/// Whether no character stands in the text that readers of YAML disagree on, or refuse.
fn is_plain(text: &str) -> bool {
    let control = |bytes: &[u8]| {
        bytes.iter().fold(false, |bad, byte| {
            bad | (*byte < 0x20 && *byte != b'\n' && *byte != b'\t') | (*byte == 0x7f)
        })
    };
    !text.as_bytes().chunks(4096).any(control)
        && (text.is_ascii()
            || !text.contains(|c: char| {
                ('\u{80}'..'\u{a0}').contains(&c)
                    || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
            }))
}

/// The column of the end of the text.
const END: isize = -1;

/// A place in the text: at the first character of a line behind its indentation and dashes, unless inside a line.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    column: isize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn is_at(&self, start: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(start.as_bytes())
    }

    /// Whether the dash of a list's item stands here.
    fn is_dash(&self) -> bool {
        self.byte(self.at) == Some(b'-') && matches!(self.byte(self.at + 1), None | Some(b' ' | b'\n'))
    }

    /// The end of the line at `at`.
    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.text.as_bytes()[at..]).map_or(self.text.len(), |n| at + n)
    }

    /// Blanks at `at`.
    fn blanks(&self, at: usize) -> usize {
        self.text.as_bytes()[at..].iter().take_while(|byte| **byte == b' ').count()
    }

    /// Goes to the first token of the lines from `at` on, which begins a line.
    fn next_token(&mut self, mut at: usize) -> Result<(), Outside> {
        loop {
            let blanks = self.blanks(at);
            match self.byte(at + blanks) {
                None => {
                    self.at = self.text.len();
                    self.column = END;
                    return Ok(());
                }
                Some(b'\n') => at += blanks + 1,
                // A comment of its own line.
                Some(b'#') => at = (self.line_end(at) + 1).min(self.text.len()),
                Some(b'\t') => return Err(Outside),
                Some(_) => {
                    self.at = at + blanks;
                    self.column = isize::try_from(blanks).map_err(|_| Outside)?;
                    return Ok(());
                }
            }
        }
    }

    /// Goes to the first token of the line behind the one at `at`.
    fn next_line(&mut self, at: usize) -> Result<(), Outside> {
        let end = self.line_end(at);
        self.next_token((end + 1).min(self.text.len()))
    }

    /// Behind a value that has to end its line.
    fn end_of_value(&mut self, at: usize) -> Result<(), Outside> {
        let end = at + self.blanks(at);
        match self.byte(end) {
            None | Some(b'\n') => self.next_line(end),
            Some(_) => Err(Outside),
        }
    }

    /// Passes over the node whose parent stands in that column.
    fn pass(&mut self, parent: isize, in_map: bool) -> Result<(), Outside> {
        let inline = self.byte(self.at + self.blanks(self.at)).is_some_and(|byte| byte != b'\n');
        let mut end = self.line_end(self.at);
        loop {
            let start = (end + 1).min(self.text.len());
            let blanks = self.blanks(start);
            let at = start + blanks;
            let inside = match self.byte(at) {
                None => return self.next_token(self.text.len()),
                Some(b'\n') => {
                    end = at;
                    continue;
                }
                Some(byte) => {
                    let column = isize::try_from(blanks).map_err(|_| Outside)?;
                    // A list may stand in the column of its key.
                    let listed = in_map
                        && !inline
                        && byte == b'-'
                        && matches!(self.byte(at + 1), None | Some(b' ' | b'\n'));
                    column > parent || column == parent && listed
                }
            };
            if !inside {
                return self.next_token(start);
            }
            end = self.line_end(at);
        }
    }

    /// The key that stands here, and goes behind its colon.
    fn key(&mut self) -> Result<Cow<'a, str>, Outside> {
        let text = self.text;
        if let Some(quote @ (b'"' | b'\'')) = self.byte(self.at) {
            let end = self.line_end(self.at);
            let inside = text.get(self.at + 1..end).ok_or(Outside)?;
            let close = memchr::memchr2(quote, b'\\', inside.as_bytes()).ok_or(Outside)?;
            let behind = self.at + 1 + close + 1;
            let colon =
                self.byte(behind) == Some(b':') && matches!(self.byte(behind + 1), None | Some(b' ' | b'\n'));
            if inside.as_bytes()[close] != quote || !colon {
                return Err(Outside);
            }
            self.at = behind + 1;
            return Ok(Cow::Borrowed(&inside[..close]));
        }
        let end = self.line_end(self.at);
        let line = text.get(self.at..end).ok_or(Outside)?;
        let colon = memchr::memchr_iter(b':', line.as_bytes())
            .find(|at| matches!(line.as_bytes().get(at + 1), None | Some(b' ')))
            .ok_or(Outside)?;
        let key = &line[..colon];
        if !matches!(class(key), Class::Text)
            || key.ends_with(' ')
            || key.contains('\t')
            || key.contains(" #")
            || key == "<<"
        {
            return Err(Outside);
        }
        self.at += colon + 1;
        Ok(Cow::Borrowed(key))
    }
}

/// The node behind a key's colon, a dash, or at the start.
struct Node<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    /// The column of the mapping or list that the node is in; -1 for the first.
    parent: isize,
    /// Whether the node stands behind a key or dash.
    inline: bool,
}

impl<'a> Node<'_, 'a> {
    fn collection<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Outside> {
        let Node { cursor, .. } = self;
        cursor.depth += 1;
        if cursor.depth > DEEPEST {
            return Err(Outside);
        }
        let column = cursor.column;
        let mut entries = Entries { cursor, column, done: false };
        let value = if entries.cursor.is_dash() {
            visitor.visit_seq(&mut entries)?
        } else {
            visitor.visit_map(&mut entries)?
        };
        let Entries { cursor, done, .. } = entries;
        cursor.depth -= 1;
        if done { Ok(value) } else { Err(Outside) }
    }

    /// What stands behind a colon or dash on its line.
    fn behind<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Outside> {
        let (start, parent) = (self.cursor.at, self.parent);
        let (text, at) = match self.cursor.byte(start) {
            Some(b'"' | b'\'') => scalar::quoted(self.cursor.text, start, parent)?,
            Some(b'|') => {
                let (text, at) = scalar::literal(self.cursor.text, start, parent)?;
                self.cursor.next_token(at)?;
                return Word(text).deserialize_any(visitor);
            }
            Some(b'{') if self.cursor.is_at("{}") => {
                self.cursor.end_of_value(start + 2)?;
                return visitor.visit_map(Nothing);
            }
            Some(b'[') if self.cursor.is_at("[]") => {
                self.cursor.end_of_value(start + 2)?;
                return visitor.visit_seq(Nothing);
            }
            _ => {
                let (text, at) = scalar::plain(self.cursor.text, start, parent)?;
                self.cursor.next_token(at)?;
                return match class(&text) {
                    Class::Null => visitor.visit_unit(),
                    Class::Bool(it) => visitor.visit_bool(it),
                    Class::Number(it) => match u64::try_from(it) {
                        Ok(it) => visitor.visit_u64(it),
                        Err(_) => visitor.visit_i64(it),
                    },
                    Class::Text => Word(text).deserialize_any(visitor),
                    Class::Unsure => Err(Outside),
                };
            }
        };
        self.cursor.end_of_value(at)?;
        Word(text).deserialize_any(visitor)
    }
}

impl<'de> Deserializer<'de> for Node<'_, 'de> {
    type Error = Outside;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Outside> {
        if !self.inline {
            return self.collection(visitor);
        }
        let blanks = self.cursor.blanks(self.cursor.at);
        let start = self.cursor.at + blanks;
        if self.cursor.byte(start).is_some_and(|byte| byte != b'\n') {
            self.cursor.at = start;
            return self.behind(visitor);
        }
        self.cursor.next_line(start)?;
        let listed = self.cursor.column == self.parent && self.cursor.is_dash();
        if self.cursor.column > self.parent || listed && self.cursor.column != END {
            return self.collection(visitor);
        }
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Outside> {
        self.cursor.pass(self.parent, true)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// The entries of a mapping, or the items of a list, that begin in one column.
struct Entries<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    column: isize,
    done: bool,
}

impl Entries<'_, '_> {
    /// Whether another one follows.
    fn more(&mut self) -> Result<bool, Outside> {
        self.done = self.cursor.column < self.column;
        if self.cursor.column > self.column { Err(Outside) } else { Ok(!self.done) }
    }
}

impl<'a> MapAccess<'a> for &mut Entries<'_, 'a> {
    type Error = Outside;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Outside> {
        if !self.more()? {
            return Ok(None);
        }
        if self.cursor.is_dash() {
            // A list in the column of its key ends with the mapping; a dash here is no entry.
            return Err(Outside);
        }
        let key = self.cursor.key()?;
        seed.deserialize(Word(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Outside> {
        seed.deserialize(Node { cursor: self.cursor, parent: self.column, inline: true })
    }
}

impl<'a> SeqAccess<'a> for &mut Entries<'_, 'a> {
    type Error = Outside;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Outside> {
        if self.cursor.column == self.column && !self.cursor.is_dash() {
            // The next key of the mapping that the list stands in.
            self.done = true;
            return Ok(None);
        }
        if !self.more()? {
            return Ok(None);
        }
        let column = self.column;
        self.cursor.at += 1;
        let blanks = self.cursor.blanks(self.cursor.at);
        let at = self.cursor.at + blanks;
        let line = &self.cursor.text[at..self.cursor.line_end(at)];
        // `- key: value` and `- - x`: the collection begins behind the dash.
        if blanks > 0 && scalar::is_collection(line) {
            self.cursor.at = at;
            self.cursor.column = column + 1 + isize::try_from(blanks).map_err(|_| Outside)?;
            return seed.deserialize(Item { cursor: self.cursor, parent: column }).map(Some);
        }
        seed.deserialize(Item { cursor: self.cursor, parent: column }).map(Some)
    }
}

/// An item of a list: a collection that begins on the line of its dash, or a node.
struct Item<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    parent: isize,
}

impl<'de> Deserializer<'de> for Item<'_, 'de> {
    type Error = Outside;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Outside> {
        let inline = self.cursor.column == self.parent;
        let parent = self.parent;
        if inline {
            // Unlike that of a key, the list of a dash cannot stand in the dash's own column.
            let blanks = self.cursor.blanks(self.cursor.at);
            let end = self.cursor.at + blanks;
            if self.cursor.byte(end).is_none_or(|byte| byte == b'\n') {
                self.cursor.next_line(end)?;
                if self.cursor.column <= parent {
                    return visitor.visit_unit();
                }
                return Node { cursor: self.cursor, parent, inline: false }.collection(visitor);
            }
        }
        Node { cursor: self.cursor, parent, inline }.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Outside> {
        self.cursor.pass(self.parent, false)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// A text.
struct Word<'a>(Cow<'a, str>);

impl<'de> Deserializer<'de> for Word<'de> {
    type Error = Outside;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Outside> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// `{}` and `[]`.
struct Nothing;

impl<'a> MapAccess<'a> for Nothing {
    type Error = Outside;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, _: K) -> Result<Option<K::Value>, Outside> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, _: V) -> Result<V::Value, Outside> {
        Err(Outside)
    }
}

impl<'a> SeqAccess<'a> for Nothing {
    type Error = Outside;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, _: S) -> Result<Option<S::Value>, Outside> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
