//! The form of a page: headings, and cases of fenced blocks.

/// The headings of the second level, in order.
pub const HEADINGS: &[&str] = &["What it means", "How we know", "What it is not", "What to do", "Cases"];

/// A page, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The first line without its `# `.
    pub title: String,
    /// The headings of the second level.
    pub headings: Vec<String>,
    /// The cases under `## Cases`.
    pub cases: Vec<Case>,
}

/// A case: a heading, evidence, and what is found in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// The heading.
    pub title: String,
    /// Its line, from 1.
    pub line: usize,
    /// The evidence, as it is to be read.
    pub evidence: Vec<Block>,
    /// The findings as the page has them.
    pub expected: String,
    /// The lines between the fences of the findings (from 0, end excluded), or where they belong.
    place: (usize, usize),
    has_findings: bool,
}

/// A file of evidence.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// Its path.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Page {
    /// Reads a page; or the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Page, (usize, String)> {
        let lines: Vec<&str> = text.lines().collect();
        let mut page = Page::default();
        let Some(title) = lines.first().and_then(|line| line.strip_prefix("# ")) else {
            return Err((1, "a page begins with `# ` and its title".to_owned()));
        };
        page.title = title.to_owned();
        let mut at = 1;
        while let Some(line) = lines.get(at) {
            if let Some(heading) = line.strip_prefix("## ") {
                page.headings.push(heading.to_owned());
            } else if let Some(title) = line.strip_prefix("### ") {
                if page.headings.last().is_none_or(|h| h != "Cases") {
                    return Err((
                        at + 1,
                        "a heading of the third level stands outside `## Cases`".to_owned(),
                    ));
                }
                page.cases.push(Case { title: title.to_owned(), line: at + 1, ..Case::default() });
            } else if line.starts_with("```") {
                let fence: String = line.chars().take_while(|c| *c == '`').collect();
                let length = lines.iter().skip(at + 1).take_while(|l| l.trim_end() != fence).count();
                let end = at + 1 + length;
                if end >= lines.len() {
                    return Err((at + 1, "a block that is not closed".to_owned()));
                }
                if let Some(case) = page.cases.last_mut() {
                    case.block(&line[fence.len()..], &lines, (at + 1, end))?;
                }
                at = end;
            }
            at += 1;
        }
        if let Some(case) = page.cases.iter().find(|case| case.evidence.is_empty()) {
            return Err((case.line, format!("{}: a case without evidence", case.title)));
        }
        Ok(page)
    }

    /// The text of the page with these findings in the cases, in order.
    pub fn with_findings(&self, text: &str, found: &[String]) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let (mut new, mut done) = (String::new(), 0);
        let mut copy = |new: &mut String, to: usize, next: usize| {
            lines.get(done..to).unwrap_or_default().iter().for_each(|line| *new += &format!("{line}\n"));
            done = next;
        };
        for (case, found) in self.cases.iter().zip(found) {
            copy(&mut new, case.place.0, case.place.1);
            if case.has_findings {
                new += found;
            } else {
                new += &format!("\n```text findings\n{found}```\n");
            }
        }
        copy(&mut new, lines.len(), lines.len());
        new
    }
}

impl Case {
    fn block(
        &mut self,
        words: &str,
        lines: &[&str],
        (from, to): (usize, usize),
    ) -> Result<(), (usize, String)> {
        let mut words = words.split_whitespace();
        let (format, role) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let text: String = lines.get(from..to).unwrap_or_default().iter().map(|l| format!("{l}\n")).collect();
        match role {
            "evidence" => {
                let path = words.next().and_then(|word| word.strip_prefix("path="));
                let path = path.map_or_else(|| self.path(format), str::to_owned);
                self.evidence.push(Block { path, text });
                if !self.has_findings {
                    self.place = (to + 1, to + 1);
                }
            }
            "findings" if self.has_findings => {
                return Err((from, format!("{}: findings twice", self.title)));
            }
            "findings" => {
                (self.expected, self.place, self.has_findings) = (text, (from, to), true);
            }
            _ => return Err((from, format!("a block of a case is `evidence` or `findings`, not `{role}`"))),
        }
        Ok(())
    }

    /// A name for evidence that has none: nothing but its ending tells anything.
    fn path(&self, format: &str) -> String {
        let ending = if format == "text" { "txt" } else { format };
        match self.evidence.len() {
            0 => format!("evidence.{ending}"),
            before => format!("evidence-{}.{ending}", before + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# T (`x`)\n\n## Cases\n\n### one\n```yaml evidence\na: 1\n```\n```text evidence path=n/w.txt\n\
                        # not a heading\n```\n```text findings\nold\n```\n\n### two\n````text evidence\n```\n````\nend\n";

    #[test]
    fn cases_are_read_with_their_blocks() {
        let page = Page::parse(PAGE).unwrap();
        let paths: Vec<&str> = page.cases.iter().flat_map(|c| &c.evidence).map(|b| b.path.as_str()).collect();
        assert_eq!(paths, ["evidence.yaml", "n/w.txt", "evidence.txt"]);
        assert_eq!(page.cases[0].expected, "old\n");
        assert_eq!(page.cases[1].evidence[0].text, "```\n");
    }

    #[test]
    fn accepting_replaces_findings_and_adds_them_where_they_lack() {
        let page = Page::parse(PAGE).unwrap();
        let text = page.with_findings(PAGE, &["new\n".to_owned(), String::new()]);
        assert!(text.contains("```text findings\nnew\n```\n\n### two"), "{text}");
        assert!(text.ends_with("````\n\n```text findings\n```\nend\n"), "{text}");
        let again = Page::parse(&text).unwrap();
        assert_eq!(again.with_findings(&text, &["new\n".to_owned(), String::new()]), text);
    }

    #[test]
    fn what_cannot_be_a_page_is_refused_with_its_line() {
        assert_eq!(Page::parse("").unwrap_err().0, 1);
        assert_eq!(Page::parse("# T\n\n### early\n").unwrap_err().0, 3);
        assert_eq!(Page::parse("# T\n## Cases\n### c\n```text evidence\nx\n").unwrap_err().0, 4);
    }
}
