//! A Markdown page as plain text.

use super::text::Out;

/// The part of a page that is being read.
struct Reader<'o> {
    out: &'o mut Out,
    /// The paragraph or list item so far.
    paragraph: String,
    /// Mark of the list item: `-`, `2.`, or nothing.
    mark: String,
}

/// Prints headings, paragraphs, lists, tables and code. A section named `Cases` is left out: it is for tests.
pub(super) fn print(out: &mut Out, markdown: &str) {
    let mut reader = Reader { out, paragraph: String::new(), mark: String::new() };
    // The marks that end the code block that is open.
    let mut fence = "";
    // Level of the heading whose section is left out.
    let mut left_out = 0;
    for line in markdown.lines() {
        let bare = line.trim();
        if !fence.is_empty() {
            if bare == fence {
                fence = "";
            } else if left_out == 0 {
                reader.out.verbatim(line);
            }
            continue;
        }
        if bare.starts_with("```") || bare.starts_with("~~~") {
            reader.flush();
            let marks = bare.chars().take_while(|&c| bare.starts_with(c)).count();
            fence = &bare[..marks];
            continue;
        }
        if let Some((level, title)) = heading(bare) {
            reader.flush();
            if left_out == 0 || level <= left_out {
                left_out = if title.eq_ignore_ascii_case("cases") { level } else { 0 };
            }
            // The first level repeats the page's title.
            if left_out == 0 && level > 1 {
                reader.out.heading(&plain(title));
            }
        } else if left_out == 0 {
            reader.line(line, bare);
        }
    }
    reader.flush();
}

impl Reader<'_> {
    fn line(&mut self, line: &str, bare: &str) {
        if bare.is_empty() {
            self.flush();
            self.out.gap();
        } else if bare.starts_with('|') {
            self.flush();
            self.out.verbatim(&plain(line));
        } else {
            let mut text = bare;
            if let Some((mark, rest)) = item(bare) {
                self.flush();
                mark.clone_into(&mut self.mark);
                text = rest;
            }
            self.paragraph.push_str(text);
            self.paragraph.push(' ');
        }
    }

    fn flush(&mut self) {
        let text = plain(&std::mem::take(&mut self.paragraph));
        let mark = std::mem::take(&mut self.mark);
        if text.trim().is_empty() {
            return;
        }
        match mark.as_str() {
            "" => self.out.paragraph("  ", "  ", &text),
            "-" => self.out.paragraph("  - ", "    ", &text),
            number => self.out.paragraph(&format!("  {number:<3}"), "     ", &text),
        }
    }
}

fn heading(bare: &str) -> Option<(usize, &str)> {
    let title = bare.trim_start_matches('#');
    let level = bare.len() - title.len();
    ((1..=6).contains(&level) && title.starts_with(' ')).then(|| (level, title.trim()))
}

/// The mark and the text of a list item.
fn item(bare: &str) -> Option<(&str, &str)> {
    if let Some(rest) = bare.strip_prefix("- ").or_else(|| bare.strip_prefix("* ")) {
        return Some(("-", rest));
    }
    let (number, rest) = bare.split_once(". ")?;
    (!number.is_empty() && number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit()))
        .then_some((number, rest))
}

/// Without the marks of code and emphasis.
fn plain(text: &str) -> String {
    text.replace("**", "").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::super::{Page, explain, render};

    const PAGE: &str = "# oom-killed\n\nThe kernel ended a process of the container, because **a limit** was reached; `oom_memcg` says which.\n\n\
        ## How we know\n\n- a line of the kernel\n  that names it\n- the state\n\n1. first\n2. second\n\n```text\n  exact   spaces\n```\n\n\
        ## Cases\n\n```journal\nsecret case\n```\n\n### Near miss\n\nmore\n\n## Do\n\nRaise it.\n";

    #[test]
    fn a_page_is_told_without_its_cases() {
        let pages =
            [Page { code: "oom-killed", title: "The kernel killed a container for memory", text: PAGE }];
        let explanation = explain(&["oom-killed"], &pages);
        let mut answer = explanation.clone();
        answer.answers[0].entries.clear();
        let text = render(&answer, 60, false);
        let want = "\
oom-killed                                           finding
  The kernel killed a container for memory

  The kernel ended a process of the container, because a
  limit was reached; oom_memcg says which.

HOW WE KNOW
  - a line of the kernel that names it
  - the state

  1  first
  2  second

      exact   spaces

DO
  Raise it.
";
        assert_eq!(text, want, "{text}");
    }
}
