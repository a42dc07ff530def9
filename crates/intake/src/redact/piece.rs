//! Text as it is meant, and where each part of it stands as it is written: behind escapes, over several lines.

use super::mask::{Found, Span};
use std::borrow::Cow;
use std::ops::Range;

/// A text that is a part of another.
pub(super) struct Piece<'t> {
    /// What it says.
    pub text: Cow<'t, str>,
    /// Places in it and where they stand, in order; between two of them it is written as it is meant.
    at: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    meant: usize,
    written: usize,
    /// Something that belongs to another record stands before it.
    cut: bool,
}

impl<'t> Piece<'t> {
    /// A text that is written as it is meant, at that place.
    pub(super) fn plain(text: &'t str, written: usize) -> Piece<'t> {
        Piece { text: Cow::Borrowed(text), at: vec![Place { meant: 0, written, cut: false }] }
    }

    /// Nothing yet: parts are pushed.
    pub(super) fn empty() -> Piece<'t> {
        Piece { text: Cow::Borrowed(""), at: Vec::new() }
    }

    /// Goes on with a text that is written as it is meant.
    pub(super) fn push(&mut self, text: &str, written: usize) {
        self.at.push(Place { meant: self.text.len(), written, cut: false });
        self.text.to_mut().push_str(text);
    }

    /// Goes on in another record.
    pub(super) fn join(&mut self, other: &Piece<'_>) {
        let before = self.text.len();
        for (number, place) in other.at.iter().enumerate() {
            let cut = number == 0 && before > 0 || place.cut;
            self.at.push(Place { meant: place.meant + before, cut, ..*place });
        }
        self.text.to_mut().push_str(&other.text);
    }

    /// Goes on with another piece of the same record.
    pub(super) fn join_here(&mut self, other: &Piece<'_>) {
        let before = self.text.len();
        self.at.extend(other.at.iter().map(|place| Place { meant: place.meant + before, ..*place }));
        self.text.to_mut().push_str(&other.text);
    }

    /// A string of JSON whose inside is `raw`, at that place.
    pub(super) fn json(raw: &'t str, written: usize) -> Piece<'t> {
        let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else { return Piece::plain(raw, written) };
        let mut piece = Piece::empty();
        piece.push(&raw[..first], written);
        let mut at = first;
        while at < raw.len() {
            let (meant, length) = escape(&raw[at..]);
            if let Some(meant) = meant {
                piece.text.to_mut().push(meant);
            }
            at += length;
            let rest = &raw[at..];
            let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
            piece.push(&rest[..plain], written + at);
            at += plain;
        }
        piece
    }

    /// Where a part of what is meant is written; in several ranges where it goes on in another record.
    fn written(&self, range: &Range<usize>, mut each: impl FnMut(Range<usize>)) {
        let next = self.at.partition_point(|place| place.meant <= range.start);
        let Some(mut place) = next.checked_sub(1).map(|at| self.at[at]) else { return };
        let mut start = place.written + (range.start - place.meant);
        for next in self.at[next..].iter().take_while(|next| next.meant <= range.end) {
            if next.cut && next.meant < range.end {
                each(start..place.written + (next.meant - place.meant));
                start = next.written;
            }
            if !(next.cut && next.meant == range.end) {
                place = *next;
            }
        }
        each(start..place.written + (range.end - place.meant));
    }

    /// The whole of it as one secret.
    pub(super) fn whole(&self, found: &Found<'_>, kind: super::Kind) -> Vec<Span> {
        let mut inner = Found::new(found.mask);
        inner.hide(&self.text, 0..self.text.len(), kind, super::mask::Shape::Word);
        self.place(inner.spans)
    }

    /// What was found in what is meant, where it is written.
    pub(super) fn place(&self, spans: Vec<Span>) -> Vec<Span> {
        let mut placed = Vec::with_capacity(spans.len());
        for span in spans {
            self.written(&span.range, |range| placed.push(Span { range, ..span.clone() }));
        }
        placed
    }
}

/// What an escape at the beginning of a text means, and its length. What is none stands for itself.
fn escape(text: &str) -> (Option<char>, usize) {
    let mut chars = text.chars();
    chars.next();
    let Some(letter) = chars.next() else { return (Some('\\'), 1) };
    let meant = match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        '0' => '\0',
        'e' => '\u{1b}',
        'x' => {
            let meant = text.get(2..4).and_then(|hex| u8::from_str_radix(hex, 16).ok());
            return meant.map_or((Some('x'), 2), |byte| (Some(char::from(byte)), 4));
        }
        'u' => {
            let unit = |text: &str| text.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            let Some(high) = unit(&text[2..]) else { return (Some('u'), 2) };
            let low = text.get(6..).and_then(|rest| rest.strip_prefix("\\u")).and_then(unit);
            return match (high, low) {
                (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                    (char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 12)
                }
                _ => (char::from_u32(high).or(Some(char::REPLACEMENT_CHARACTER)), 6),
            };
        }
        other => other,
    };
    (Some(meant), 1 + letter.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Mask};
    use super::*;
    use crate::redact::mask::Shape;

    #[test]
    fn what_is_meant_stands_where_it_is_written() {
        let raw = r#"a\"b\n\u00e4\ud83d\ude00c"#;
        let piece = Piece::json(raw, 0);
        assert_eq!(piece.text, "a\"b\nä😀c");
        let place = |word: &str| {
            let start = piece.text.find(word).unwrap();
            let mut out = Vec::new();
            piece.written(&(start..start + word.len()), |range| out.push(&raw[range]));
            out
        };
        assert_eq!(place("a"), ["a"]);
        assert_eq!(place("\"b"), ["\\\"b"]);
        assert_eq!(place("b\nä"), ["b\\n\\u00e4"]);
        assert_eq!(place("😀"), ["\\ud83d\\ude00"]);
        assert_eq!(place("c"), ["c"]);
        assert_eq!(Piece::json(r"a\", 0).text, "a\\");
        assert_eq!(Piece::json(r"\u12", 0).text, "u12");
    }

    #[test]
    fn what_goes_on_in_another_record_is_hidden_in_both() {
        let raw = "P pass\nF word";
        let mut piece = Piece::empty();
        piece.join(&Piece::plain("pass", 2));
        piece.join(&Piece::plain("word", 9));
        let mut found = Found::new(&Mask::Fixed);
        found.hide(&piece.text, 2..6, Kind::Password, Shape::Word);
        let found = Found { spans: piece.place(found.spans), ..Found::new(&Mask::Fixed) };
        assert_eq!(found.report(raw, &mut Vec::new()), "P paREDACTED\nF REDACTEDrd");
    }
}
