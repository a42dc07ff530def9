//! The shape of one line: what stands in it, and what is blank.

use super::Template;

/// Blanks of a line that are remembered; what follows the last is one blank more.
pub(super) const BLANKS: usize = 64;

/// Separators, letters, digits, and what joins both into one word (`-`, `.`, `_`).
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const JOINT: u8 = 4;
const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0usize;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => LETTER,
            b'-' | b'.' | b'_' => JOINT,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// What a blank adds to a hash.
const BLANK: u64 = 0x9e37_79b9_7f4a_7c15;
const START: u64 = 0xcbf2_9ce4_8422_2325;
const FACTOR: u64 = 0xa076_1d64_78bd_642f;

fn mix(hash: u64, value: u64) -> u64 {
    let product = u128::from(hash ^ value) * u128::from(FACTOR);
    (product as u64) ^ ((product >> 64) as u64)
}

fn mix_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks();
    for chunk in chunks {
        hash = mix(hash, u64::from_le_bytes(*chunk));
    }
    // The length, so that no two texts share their chunks.
    let tail = rest.iter().fold(rest.len() as u64, |value, byte| value << 8 | u64::from(*byte));
    mix(hash, tail)
}

/// Whether a word without a digit is of the kind that is generated: joined parts, of which the last has no vowel or only
/// letters of hexadecimal numbers (`web-lxsxw`, `vol-abcde`; k8s.io/apimachinery `util/rand` leaves vowels out).
fn is_generated(word: &[u8]) -> bool {
    let Some(joint) = word.iter().rposition(|b| *b == b'-') else { return false };
    let end = word.get(joint + 1..).unwrap_or_default();
    let hex = (4..=12).contains(&end.len()) && end.iter().all(|b| matches!(b, b'a'..=b'f'));
    let bare = end.len() == 5 && end.iter().all(|b| b"bcdfghjklmnpqrstvwxz".contains(b));
    joint > 0 && (hex || bare)
}

/// The next word at or after `at`: where it begins and ends, and whether it is blank. Joints at its end are not part of
/// it, and a kind of file or unit at the end of a blank (`.scope`) is a word of its own.
#[inline]
fn word(bytes: &[u8], mut at: usize) -> Option<(usize, usize, bool)> {
    while CLASS[usize::from(*bytes.get(at)?)] & (LETTER | DIGIT) == 0 {
        at += 1;
    }
    let start = at;
    let mut seen = 0;
    while let Some(byte) = bytes.get(at) {
        let class = CLASS[usize::from(*byte)];
        if class == 0 {
            break;
        }
        seen |= class;
        at += 1;
    }
    if seen & JOINT == 0 {
        return Some((start, at, seen & DIGIT != 0));
    }
    let joined = bytes.get(start..at).unwrap_or_default();
    let length = joined.iter().rposition(|b| CLASS[usize::from(*b)] != JOINT).map_or(0, |last| last + 1);
    let joined = joined.get(..length).unwrap_or_default();
    let blank = seen & DIGIT != 0 || is_generated(joined);
    let kind = joined.iter().rposition(|b| !b.is_ascii_alphabetic());
    let end = match kind {
        Some(dot) if blank && joined.get(dot) == Some(&b'.') && dot > 0 && has_digit(joined, dot) => {
            start + dot
        }
        _ => start + length,
    };
    Some((start, end, blank))
}

fn has_digit(word: &[u8], end: usize) -> bool {
    word.iter().take(end).any(u8::is_ascii_digit)
}

/// The hash of a line's shape, and how many blanks were written to `found`.
pub(super) fn read(line: &str, found: &mut [(u32, u32); BLANKS]) -> (u64, usize) {
    let bytes = line.as_bytes();
    let (mut hash, mut at, mut literal, mut count) = (START, 0, 0, 0);
    while let Some((start, end, blank)) = word(bytes, at) {
        at = end;
        if !blank {
            continue;
        }
        hash = mix(mix_bytes(hash, bytes.get(literal..start).unwrap_or_default()), BLANK);
        literal = end;
        let Some(place) = found.get_mut(count) else { break };
        *place = (start as u32, end as u32);
        count += 1;
        if count == BLANKS {
            // What follows is part of the last blank.
            found[BLANKS - 1].1 = bytes.len() as u32;
            return (mix_bytes(hash, &[]), count);
        }
    }
    (mix_bytes(hash, bytes.get(literal..).unwrap_or_default()), count)
}

/// The ranges that are blank.
pub(super) fn blanks(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = [(0, 0); BLANKS];
    let (_, count) = read(line, &mut found);
    found.iter().take(count).map(|&(start, end)| start as usize..end as usize).collect()
}

/// A part of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// What all its lines say.
    Text(String),
    /// What differs, or could, and the value that all lines have so far.
    Blank(Option<String>),
}

/// Lines of one shape.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pieces: Vec<Piece>,
    /// The blanks that had one value in all lines, a bit each.
    constant: u64,
    /// The first line.
    example: String,
    pub count: u64,
    pub first: u64,
    last: u64,
}

impl Shape {
    pub(super) fn new(line: &str, found: &[(u32, u32)], place: u64, count: u64) -> Shape {
        let part = |from: usize, to: usize| line.get(from..to).unwrap_or("").to_owned();
        let mut pieces = Vec::with_capacity(found.len() * 2 + 1);
        let mut at = 0;
        for &(start, end) in found {
            pieces.push(Piece::Text(part(at, start as usize)));
            pieces.push(Piece::Blank(Some(part(start as usize, end as usize))));
            at = end as usize;
        }
        pieces.push(Piece::Text(part(at, line.len())));
        let constant = if found.len() >= 64 { u64::MAX } else { (1 << found.len()) - 1 };
        Shape { pieces, constant, example: line.to_owned(), count, first: place, last: place }
    }

    /// Counts a line of this shape.
    #[inline]
    pub(super) fn add(&mut self, line: &str, found: &[(u32, u32)], place: u64, count: u64) {
        self.count = self.count.saturating_add(count);
        self.last = self.last.max(place);
        if place < self.first || place == self.first && *line < *self.example {
            self.first = place;
            line.clone_into(&mut self.example);
        }
        let mut left = self.constant;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            let value = found.get(bit).and_then(|&(start, end)| line.get(start as usize..end as usize));
            // The pieces are a text and a blank in turn.
            if let Some(Piece::Blank(known)) = self.pieces.get_mut(bit * 2 + 1)
                && known.as_deref() != value
            {
                *known = None;
                self.constant &= !(1 << bit);
            }
        }
    }

    /// Adds the lines of a shape that has the same blanks in the same places.
    pub(super) fn absorb(&mut self, other: Shape) {
        self.count = self.count.saturating_add(other.count);
        self.last = self.last.max(other.last);
        if (other.first, &other.example) < (self.first, &self.example) {
            self.first = other.first;
            self.example = other.example;
        }
        let (mut blank, mut alive) = (0, 0);
        for (mine, theirs) in self.pieces.iter_mut().zip(other.pieces) {
            if let (Piece::Blank(mine), Piece::Blank(theirs)) = (mine, theirs) {
                if *mine != theirs {
                    *mine = None;
                }
                alive |= u64::from(mine.is_some()) << blank.min(63);
                blank += 1;
            }
        }
        self.constant = alive;
    }

    /// The words that are not blank: the piece that each stands in, and its place there.
    fn places(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.pieces.iter().enumerate().flat_map(|(index, piece)| {
            let text = if let Piece::Text(text) = piece { text.as_str() } else { "" };
            let mut at = 0;
            std::iter::from_fn(move || {
                let (start, end, _) = word(text.as_bytes(), at)?;
                at = end;
                Some((index, start, end))
            })
        })
    }

    pub(super) fn words(&self) -> usize {
        self.places().count()
    }

    /// The hash of the shape that this one is with that word blank.
    pub(super) fn without(&self, word: usize) -> u64 {
        let Some((index, start, end)) = self.places().nth(word) else { return 0 };
        let mut hash = START;
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Blank(_) => hash = mix(hash, BLANK),
                Piece::Text(text) if at == index => {
                    let bytes = text.as_bytes();
                    hash = mix(mix_bytes(hash, bytes.get(..start).unwrap_or_default()), BLANK);
                    hash = mix_bytes(hash, bytes.get(end..).unwrap_or_default());
                }
                Piece::Text(text) => hash = mix_bytes(hash, text.as_bytes()),
            }
        }
        hash
    }

    /// Makes that word a blank.
    pub(super) fn blank(&mut self, word: usize) {
        let Some((index, start, end)) = self.places().nth(word) else { return };
        let Some(Piece::Text(text)) = self.pieces.get(index) else { return };
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or("").to_owned();
        let parts = [
            Piece::Text(part(0..start)),
            Piece::Blank(Some(part(start..end))),
            Piece::Text(part(end..text.len())),
        ];
        self.pieces.splice(index..=index, parts);
        let blanks = self.pieces.iter().filter_map(|p| if let Piece::Blank(b) = p { Some(b) } else { None });
        self.constant =
            blanks.take(64).enumerate().fold(0, |bits, (bit, b)| bits | u64::from(b.is_some()) << bit);
    }

    pub(super) fn template(self) -> Template {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) | Piece::Blank(Some(part)) => text.push_str(part),
                // Blanks that touch are one.
                Piece::Blank(None) if text.ends_with("<*>") => {}
                Piece::Blank(None) => text.push_str("<*>"),
            }
        }
        Template { text, count: self.count, first: self.first, last: self.last, example: self.example }
    }
}
