//! Answers and the list of words as text for a terminal.

use unicode_width::UnicodeWidthStr;

use super::{Answer, Entry, Explanation, Look, Page, Words, page};
use crate::clean::clean;

/// Prose is not set wider than this, however wide the terminal.
const PROSE: usize = 100;
/// Narrower terminals get lines of this width.
const NARROWEST: usize = 40;

/// The answers, told one after the other, in lines of at most `width` columns (a single long word aside).
pub fn render(explanation: &Explanation<'_>, width: usize, colour: bool) -> String {
    let mut out = Out::new(width.min(PROSE), colour);
    for answer in &explanation.answers {
        out.answer(answer);
    }
    out.text
}

/// All words by topic, in columns.
pub fn render_words(words: &Words<'_>, width: usize, colour: bool) -> String {
    let mut out = Out::new(width, colour);
    for topic in &words.topics {
        out.topic(topic.title);
        out.columns(&topic.words);
    }
    out.gap();
    out.paragraph("", "", "coroner explain WORD tells one of these; any exit code from 0 to 255, too.");
    out.text
}

/// Text under construction.
pub(super) struct Out {
    text: String,
    width: usize,
    colour: bool,
    /// The last line is a heading, which no empty line follows.
    headed: bool,
}

impl Out {
    fn new(width: usize, colour: bool) -> Self {
        Self { text: String::new(), width: width.max(NARROWEST), colour, headed: false }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
        self.headed = false;
    }

    /// One empty line, unless the text begins here, or has one already, or a heading stands above.
    pub fn gap(&mut self) {
        if !self.headed && !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn bold(&self, text: &str) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A heading of a section, with the empty line before it.
    pub fn heading(&mut self, title: &str) {
        self.gap();
        let title = clean(title).to_uppercase();
        for line in wrap(&title, self.width, "", "") {
            let line = self.bold(&line);
            self.line(&line);
        }
        self.headed = true;
    }

    /// A heading of the list of words; what follows a colon explains it.
    fn topic(&mut self, title: &str) {
        let (name, rest) = title.split_once(": ").unwrap_or((title, ""));
        self.gap();
        let head = format!("{}  ", name.to_uppercase());
        if rest.is_empty() { self.heading(name) } else { self.labelled(&head, rest) }
    }

    /// Wrapped words.
    pub fn paragraph(&mut self, first: &str, rest: &str, text: &str) {
        for line in wrap(&clean(text), self.width, first, rest) {
            self.line(&line);
        }
    }

    /// A line of code: as it stands if it fits, else wrapped.
    pub fn verbatim(&mut self, code: &str) {
        let code = clean(code);
        if code.width() + 4 <= self.width {
            self.line(&format!("    {code}"));
        } else {
            self.paragraph("    ", "      ", &code);
        }
    }

    /// A word at the left, its kind at the right margin.
    fn title(&mut self, word: &str, kind: &str) {
        self.gap();
        let space = self.width.saturating_sub(word.width() + kind.width());
        let shown = self.bold(word);
        if space < 2 {
            self.line(&shown);
            self.paragraph("  ", "  ", kind);
        } else {
            self.line(&format!("{shown}{:space$}{kind}", ""));
        }
    }

    fn answer(&mut self, answer: &Answer<'_>) {
        for entry in &answer.entries {
            self.entry(entry, &answer.asked);
        }
        for page in &answer.pages {
            self.page(page);
        }
        if !answer.is_known() {
            self.gap();
            self.paragraph("", "  ", &format!("{}: not a word that coroner knows", answer.asked));
            if answer.near.is_empty() {
                self.paragraph("  ", "  ", "coroner explain lists all that it knows");
            } else {
                self.paragraph("  near  ", "        ", &answer.near.join(" · "));
            }
        }
    }

    fn page(&mut self, page: &Page<'_>) {
        self.title(&clean(page.code), "finding");
        self.paragraph("  ", "  ", page.title);
        if !page.text.is_empty() {
            self.gap();
            page::print(self, page.text);
        }
    }

    fn entry(&mut self, entry: &Entry, asked: &str) {
        self.title(&entry.word, entry.topic);
        if let Some(alias) = entry.aliases.iter().find(|alias| alias.eq_ignore_ascii_case(asked)) {
            self.paragraph("  ", "  ", &format!("told here: {alias}"));
        }
        if let Some(arithmetic) = &entry.arithmetic {
            self.paragraph("  ", "  ", arithmetic);
        }
        if entry.arithmetic.is_some() || entry.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(asked)) {
            self.gap();
        }
        self.paragraph("  ", "  ", &entry.meaning);
        if let Some(aside) = &entry.aside {
            self.paragraph("  ", "  ", aside);
        }
        if let Some(says) = entry.says_it {
            self.heading("Said by");
            self.paragraph("  ", "  ", says);
        }
        if !entry.ladder.is_empty() {
            self.heading("Which one, in this order");
            for (at, rung) in entry.ladder.iter().enumerate() {
                self.paragraph(&format!("  {}  ", at + 1), "     ", rung);
            }
        }
        if !entry.confused_with.is_empty() {
            self.heading("It is not");
            for not in &entry.confused_with {
                self.paragraph("  - ", "    ", not);
            }
        }
        if let Some(myth) = entry.myth {
            self.heading("Often said");
            self.paragraph("  ", "  ", myth);
        }
        if !entry.look_next.is_empty() {
            self.heading("Look next");
            for look in &entry.look_next {
                self.look(look);
            }
        }
        self.gap();
        self.labelled("SEE     ", &entry.see.join(" · "));
        if let Some(source) = entry.source {
            self.labelled("SOURCE  ", source);
        }
    }

    /// Words behind a label that stands in their first line.
    fn labelled(&mut self, label: &str, words: &str) {
        let indent = " ".repeat(label.len());
        for (at, line) in wrap(words, self.width, &indent, &indent).iter().enumerate() {
            let head = if at == 0 {
                self.bold(label.trim_end()) + &indent[label.trim_end().len()..]
            } else {
                indent.clone()
            };
            self.line(&(head + line.trim_start()));
        }
    }

    fn look(&mut self, look: &Look) {
        self.paragraph("  ", "  ", look.what);
        if let Some(command) = look.command {
            for line in wrap_command(command, self.width) {
                self.line(&line);
            }
        }
    }

    /// Words in columns, down and then across.
    fn columns(&mut self, words: &[&str]) {
        let room = self.width.saturating_sub(2);
        // The most columns that fit, each as wide as its widest word.
        let fits = |rows: usize| {
            let widths: usize = words.chunks(rows).map(|column| widest(column) + 2).sum();
            widths.saturating_sub(2) <= room
        };
        let rows = (1..=words.len()).find(|&rows| fits(rows)).unwrap_or(words.len());
        for row in 0..rows {
            let mut line = String::from("  ");
            for column in words.chunks(rows) {
                if let Some(word) = column.get(row) {
                    let space = widest(column) + 2 - word.width();
                    line.push_str(&clean(word));
                    line.extend(std::iter::repeat_n(' ', space));
                }
            }
            self.line(&line);
        }
    }
}

fn widest(words: &[&str]) -> usize {
    words.iter().map(|word| word.width()).max().unwrap_or(0)
}

/// Lines of at most `width` columns; a word that is longer stands alone.
fn wrap(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut used = first.width();
    let mut empty = true;
    for word in text.split_whitespace() {
        let wide = word.width();
        if !empty && used + 1 + wide > width {
            lines.push(std::mem::replace(&mut line, rest.to_owned()));
            used = rest.width();
            empty = true;
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
        empty = false;
    }
    if !empty {
        lines.push(line);
    }
    lines
}

/// A shell line, broken with `\` between its words; what stands in quotes is kept whole.
fn wrap_command(command: &str, width: usize) -> Vec<String> {
    let mut words: Vec<&str> = Vec::new();
    let mut quoted = false;
    let mut from = 0;
    for (at, c) in command.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => {
                words.push(&command[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    words.push(&command[from..]);
    let mut lines = Vec::new();
    let mut line = "    ".to_owned();
    let mut empty = true;
    for (at, word) in words.iter().enumerate() {
        let mark = if at + 1 < words.len() { 2 } else { 0 };
        if !empty && line.width() + 1 + word.width() + mark > width {
            line.push_str(" \\");
            lines.push(std::mem::replace(&mut line, "      ".to_owned()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_at_the_width() {
        assert_eq!(wrap("one two three", 9, "- ", "  "), ["- one two", "  three"]);
        assert_eq!(wrap("extraordinarily a", 5, "", " "), ["extraordinarily", " a"]);
        assert!(wrap("  ", 5, "- ", "").is_empty());
    }

    #[test]
    fn commands_break_between_words_only() {
        assert_eq!(
            wrap_command("kubectl -n NS get pod POD -o jsonpath='{.a} {.b}'", 30),
            ["    kubectl -n NS get pod \\", "      POD -o \\", "      jsonpath='{.a} {.b}'"]
        );
        assert_eq!(wrap_command("kubectl get nodes", 80), ["    kubectl get nodes"]);
    }

    #[test]
    fn columns_go_down_first() {
        let mut out = Out::new(40, false);
        out.columns(&["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "ggggggg", "hhhhhhhh", "i"]);
        assert_eq!(out.text, "  a   ccc   eeeee   ggggggg   i\n  bb  dddd  ffffff  hhhhhhhh\n");
    }
}
