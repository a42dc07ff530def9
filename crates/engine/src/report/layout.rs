//! Lines of a terminal: wrapped by columns, coloured after they are measured, clean always.

use crate::clean::{clean, clip};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text is, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Ordinary text.
    Plain,
    /// What is broken.
    Title,
    /// A section's heading.
    Heading,
    /// What is there for those who want to check.
    Quiet,
    /// A command.
    Command,
    /// Bad, and how bad.
    Critical,
    /// Bad.
    Error,
    /// Not good, or not sure.
    Warning,
    /// Unsure.
    Doubt,
    /// Good, or sure.
    Good,
    /// Worth knowing.
    Info,
}

impl Ink {
    /// Parameters of SGR (ECMA-48): the 16 colours that a terminal's theme makes readable; no blue, no bright black.
    fn parameters(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Title | Ink::Heading => "1",
            Ink::Quiet => "2",
            Ink::Command | Ink::Info => "36",
            Ink::Critical => "1;31",
            Ink::Error => "31",
            Ink::Warning => "33",
            Ink::Doubt => "35",
            Ink::Good => "32",
        }
    }
}

/// A piece of a line.
pub(super) type Piece = (Ink, String);

/// A page that grows line by line.
pub(super) struct Page {
    /// Columns.
    pub width: usize,
    colour: bool,
    lines: Vec<String>,
}

impl Page {
    /// An empty page.
    pub(super) fn new(width: usize, colour: bool) -> Page {
        Page { width, colour, lines: Vec::new() }
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The lines, each with its end.
    pub(super) fn finish(mut self) -> String {
        self.lines.push(String::new());
        self.lines.join("\n")
    }

    /// Adds the lines of another page.
    pub(super) fn append(&mut self, other: Page) {
        self.lines.extend(other.lines);
    }

    /// An empty line, unless the last one is.
    pub(super) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// One line of pieces. All text reaches the page through here.
    pub(super) fn line(&mut self, pieces: &[Piece]) {
        let mut line = String::new();
        let end = pieces.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        for (index, (ink, text)) in pieces.iter().enumerate().take(end.map_or(0, |end| end + 1)) {
            let text = clean(text);
            let text = if Some(index) == end { text.trim_end() } else { &text };
            let parameters = ink.parameters();
            if self.colour && !parameters.is_empty() && !text.is_empty() {
                // Blanks around it stay bare.
                let word = text.trim();
                let start = text.find(word).unwrap_or(0);
                let (before, after) = (&text[..start], &text[start + word.len()..]);
                line.push_str(&format!("{before}\u{1b}[{parameters}m{word}\u{1b}[0m{after}"));
            } else {
                line.push_str(text);
            }
        }
        self.lines.push(line);
    }

    /// Wrapped text behind a lead; further lines are indented by the width of the lead.
    pub(super) fn text(&mut self, lead: &[Piece], ink: Ink, text: &str) {
        self.tagged(lead, ink, text, None);
    }

    /// The same, with at most that many lines.
    pub(super) fn text_within(&mut self, lead: &[Piece], ink: Ink, text: &str, most: usize) {
        let lines = limit(wrap(text, self.room(lead)), most);
        self.put(lead, ink, &lines, None);
    }

    /// Parts with ` · ` between them, broken between parts where that does.
    pub(super) fn parts(&mut self, ink: Ink, parts: &[String]) {
        let mut line = String::new();
        for part in parts {
            let part = clean(part);
            if !line.is_empty() && line.width() + 3 + part.width() > self.width {
                self.text(&[], ink, &std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push_str(" · ");
            }
            line.push_str(&part);
        }
        self.text(&[], ink, &line);
    }

    /// Wrapped text behind a lead, and a word at the right end of its last line.
    pub(super) fn tagged(&mut self, lead: &[Piece], ink: Ink, text: &str, tag: Option<Piece>) {
        let room = self.room(lead);
        let mut lines = wrap(text, room);
        if let Some((_, word)) = &tag {
            let needed = word.width() + 1;
            let leaves_room = |lines: &[String]| lines.last().map_or(0, |line| line.width()) + needed <= room;
            if !leaves_room(&lines) {
                // As little narrower as it takes for the last line to leave room; else the word has its own line.
                let narrower = (room.saturating_sub(needed)..room).rev().map(|room| wrap(text, room.max(16)));
                let most = lines.len() + 1;
                match narrower.take(24).find(|lines| lines.len() <= most && leaves_room(lines)) {
                    Some(narrow) => lines = narrow,
                    None => lines.push(String::new()),
                }
            }
        }
        self.put(lead, ink, &lines, tag);
    }

    /// Lines that are wrapped already.
    pub(super) fn put(&mut self, lead: &[Piece], ink: Ink, lines: &[String], tag: Option<Piece>) {
        let indent = width_of(lead);
        for (index, text) in lines.iter().enumerate() {
            let mut line: Vec<Piece> =
                if index == 0 { lead.to_vec() } else { vec![(Ink::Plain, " ".repeat(indent))] };
            line.push((ink, text.clone()));
            if let Some(tag) = tag.as_ref().filter(|_| index + 1 == lines.len()) {
                let used = indent + text.width() + 1;
                let gap = self.width.saturating_sub(tag.1.width());
                if used > gap {
                    self.line(&std::mem::take(&mut line));
                    line.push((Ink::Plain, " ".repeat(gap)));
                } else {
                    line.push((Ink::Plain, " ".repeat(gap - used + 1)));
                }
                line.push(tag.clone());
            }
            self.line(&line);
        }
    }

    /// The columns behind a lead.
    pub(super) fn room(&self, lead: &[Piece]) -> usize {
        self.width.saturating_sub(width_of(lead)).max(16)
    }

    /// Two columns; the left one as wide as its widest entry. An entry too wide for it is followed by the right text
    /// on lines of their own.
    pub(super) fn columns(&mut self, rows: &[(String, String)], ink: Ink) {
        let most = (self.width * 3 / 8).max(12);
        let widest = rows.iter().map(|(left, _)| left.width()).filter(|&w| w <= most).max();
        let column = widest.unwrap_or(2) + 2;
        for (left, right) in rows {
            let left = clean(left);
            if left.width() + 2 <= column {
                let lead = format!("  {left}{}", " ".repeat(column - left.width()));
                self.text_within(&[(ink, lead)], Ink::Plain, right, 4);
            } else {
                self.text_within(&[(ink, "  ".to_owned())], ink, &left, 3);
                self.text_within(&[(Ink::Plain, "    ".to_owned())], Ink::Plain, right, 4);
            }
        }
    }
}

fn width_of(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(_, text)| text.width()).sum()
}

/// At most that many lines; the last one ends in `…` where some are left out.
pub(super) fn limit(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most.max(1));
        if let Some(last) = lines.last_mut() {
            // The ellipsis takes the place of the last character, so that no line grows.
            last.pop();
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    }
    lines
}

/// Text on at most that many lines, and behind it an end that stays whole when the text is cut.
pub(super) fn wrap_with_end(text: &str, end: &str, room: usize, most: usize) -> Vec<String> {
    let lines = wrap(&format!("{text}{end}"), room);
    if lines.len() <= most || end.width() + 8 > room {
        return limit(lines, most);
    }
    let mut columns = room.saturating_mul(most).saturating_sub(end.width());
    loop {
        let lines = wrap(&format!("{}{end}", clip(text, columns)), room);
        if lines.len() <= most || columns < 8 {
            return limit(lines, most);
        }
        columns -= 4;
    }
}

/// Clean text broken at blanks so that no line is wider than `room`. A word that alone is wider is broken too, behind
/// the last mark that separates its parts, or anywhere. There is always a line.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let text = clean(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let mut word = word;
        let mut width = word.width();
        if used > 0 && used + 1 + width > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while width > room {
            let (head, tail) = word.split_at(break_in(word, room));
            lines.push(head.to_owned());
            word = tail;
            width = width.saturating_sub(head.width());
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += width;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Where a word that is too wide is broken, in bytes; never 0.
fn break_in(word: &str, room: usize) -> usize {
    let mut used = 0;
    let (mut end, mut mark) = (0, 0);
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > room && end > 0 {
            break;
        }
        end = at + c.len_utf8();
        if matches!(c, '/' | ',' | ':' | ';' | '=' | '&' | '?' | '@' | '|' | '-') && used * 2 > room {
            mark = end;
        }
    }
    if mark > 0 { mark } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_at_blanks() {
        assert_eq!(wrap("no new pod  can get\nits network", 11), ["no new pod", "can get its", "network"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("世界 世界", 5), ["世界", "世界"]);
    }

    #[test]
    fn a_word_that_is_too_wide_breaks_behind_a_mark() {
        assert_eq!(wrap("pull registry.example/team/app:1", 18), ["pull", "registry.example/", "team/app:1"]);
        assert_eq!(wrap("aaaaaaaaaa", 4), ["aaaa", "aaaa", "aa"]);
        assert_eq!(wrap("世", 1), ["世"]);
        let long = "x".repeat(200_000);
        assert_eq!(wrap(&long, 100).len(), 2000);
    }

    #[test]
    fn colour_goes_around_words_alone() {
        let mut page = Page::new(20, true);
        page.line(&[(Ink::Plain, "  ".into()), (Ink::Good, " sure ".into()), (Ink::Plain, "x ".into())]);
        assert_eq!(page.finish(), "   \u{1b}[32msure\u{1b}[0m x\n");
    }

    #[test]
    fn a_tag_stands_at_the_right_end() {
        let told = |text: &str| {
            let mut page = Page::new(24, false);
            page.tagged(&[(Ink::Plain, "  1  ".into())], Ink::Plain, text, Some((Ink::Good, "safe".into())));
            page.finish()
        };
        assert_eq!(told("Look at it."), "  1  Look at it.    safe\n");
        assert_eq!(told("Look at it all now"), "  1  Look at it all\n     now            safe\n");
        let mut page = Page::new(10, false);
        page.tagged(&[(Ink::Plain, "HEADING".into())], Ink::Plain, "", Some((Ink::Plain, "code".into())));
        assert_eq!(page.finish(), "HEADING\n      code\n");
        assert_eq!(told("Look at it well and long."), "  1  Look at it well and\n     long.          safe\n");
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let mut page = Page::new(40, false);
        let row = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        page.columns(
            &[row("a", "one"), row("bcd", "two"), row("a rival with a long name", "three")],
            Ink::Plain,
        );
        assert_eq!(page.finish(), "  a    one\n  bcd  two\n  a rival with a long name\n    three\n");
    }

    #[test]
    fn an_end_stays_when_its_text_is_cut() {
        let text = "one two three four five six seven";
        assert_eq!(wrap_with_end(text, " (5 times)", 18, 2), ["one two three four", "five s… (5 times)"]);
        assert_eq!(wrap_with_end(text, " (5 times)", 80, 1), [format!("{text} (5 times)")]);
        assert_eq!(wrap_with_end(text, "", 18, 1), ["one two three fou…"]);
    }

    #[test]
    fn parts_stay_whole() {
        let mut page = Page::new(12, false);
        page.parts(Ink::Plain, &["a b".into(), "c d e".into(), "f g h".into()]);
        assert_eq!(page.finish(), "a b · c d e\nf g h\n");
    }

    #[test]
    fn what_is_left_out_shows() {
        assert_eq!(limit(vec!["abcd".into(), "efgh".into()], 1), ["abc…"]);
        assert_eq!(limit(vec!["abcd".into()], 1), ["abcd"]);
    }
}
