//! Runs of whole lines of an input, and where they stand in it.

use memchr::memchr;

/// A run of whole lines of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage<'a> {
    /// The lines, with the line breaks between them.
    pub text: &'a str,
    /// The number of the first line in the input; the input's first line is 1.
    pub first_line: usize,
}

/// One line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line without its break.
    pub text: &'a str,
    /// Its number in the input; the input's first line is 1.
    pub number: usize,
    /// Where it begins in its passage, in bytes.
    pub start: usize,
}

impl<'a> Passage<'a> {
    /// The whole of an input.
    pub fn whole(text: &'a str) -> Passage<'a> {
        Passage { text, first_line: 1 }
    }

    /// Its lines in order; a break at the very end opens no further line.
    pub fn lines(&self) -> Lines<'a> {
        Lines { text: self.text, at: 0, number: self.first_line }
    }

    /// The passage from a line of it on.
    pub fn from(&self, line: &Line<'_>) -> Passage<'a> {
        Passage { text: self.text.get(line.start..).unwrap_or(""), first_line: line.number }
    }

    /// The passage up to a byte of it, which is the start of a line.
    pub fn until(&self, end: usize) -> Passage<'a> {
        Passage { text: self.text.get(..end).unwrap_or(self.text), first_line: self.first_line }
    }
}

/// The lines of a passage.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl Lines<'_> {
    /// Where the next line begins in the passage, in bytes.
    pub fn offset(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..)?;
        if rest.is_empty() {
            return None;
        }
        let (text, step) = match memchr(b'\n', rest.as_bytes()) {
            Some(end) => (&rest[..end], end + 1),
            None => (rest, rest.len()),
        };
        let line =
            Line { text: text.strip_suffix('\r').unwrap_or(text), number: self.number, start: self.at };
        self.at += step;
        self.number += 1;
        Some(line)
    }
}

impl<'a> Line<'a> {
    /// Whether nothing but blanks stands on it.
    #[inline]
    pub fn is_blank(&self) -> bool {
        match self.text.bytes().find(|b| !b.is_ascii_whitespace()) {
            Some(first) => !first.is_ascii() && self.text.trim().is_empty(),
            None => true,
        }
    }

    /// How many blanks it begins with; a tab counts to the next multiple of eight.
    #[inline]
    pub fn indent(&self) -> usize {
        let mut width = 0;
        for byte in self.text.bytes() {
            match byte {
                b' ' => width += 1,
                b'\t' => width = (width / 8 + 1) * 8,
                _ => break,
            }
        }
        width
    }
}

/// Where `part`, a slice of `whole`, begins in it, in bytes.
pub fn offset_in(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize)
}

/// The text from the start of `first` to the end of `last`, both slices of `whole` in this order.
pub fn join<'a>(whole: &'a str, first: &'a str, last: &'a str) -> &'a str {
    let start = offset_in(whole, first);
    let end = offset_in(whole, last).saturating_add(last.len());
    whole.get(start..end).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_breaks() {
        let lines: Vec<_> = Passage { text: "a\r\n\n  b", first_line: 7 }.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!((lines[0].text, lines[0].number), ("a", 7));
        assert!(lines[1].is_blank());
        assert_eq!((lines[2].text, lines[2].number, lines[2].start, lines[2].indent()), ("  b", 9, 4, 2));
        assert_eq!(Passage::whole("a\n").lines().count(), 1);
    }

    #[test]
    fn joins_slices() {
        let text = "one two three";
        assert_eq!(join(text, &text[4..7], &text[8..13]), "two three");
    }
}
