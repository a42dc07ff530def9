//! Walks YAML in the style of blocks, line by line. What it does not understand it passes over: text of no form is looked
//! at beside it.

use super::mask::Found;
use super::piece::Piece;
use super::tree::{DEEPEST, Tree};
use super::{form, json};
use memchr::memmem;
use std::borrow::Cow;

/// Longest scalar of several lines, in bytes.
const LONGEST: usize = 1 << 20;

/// Whether a text may be YAML of objects or of settings.
pub(super) fn is_likely(text: &str) -> bool {
    ["apiVersion:", "kind:", "stringData:", "data:", "args:", "command:", "password:", "users:"].iter().any(
        |key| {
            memmem::find(text.as_bytes(), key.as_bytes())
                .is_some_and(|at| text[at + key.len()..].starts_with([' ', '\n', '\r']))
        },
    ) && text.contains('\n')
}

/// Finds the secrets of YAML.
pub(super) fn scan(text: &str, depth: u8, found: &mut Found<'_>) {
    let mut reader = Reader { text, at: 0, tree: Tree::new(depth), columns: Vec::new() };
    while reader.at < text.len() {
        reader.line(found);
    }
    reader.tree.end(found);
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    tree: Tree<'t>,
    /// The column of each object's keys and of each list's dashes.
    columns: Vec<usize>,
}

impl<'t> Reader<'t> {
    /// The line that begins at a place, without its break, and where the next one begins.
    fn line_at(&self, start: usize) -> (&'t str, usize) {
        let rest = &self.text[start..];
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let line = &rest[..end.unwrap_or(rest.len())];
        (line.strip_suffix('\r').unwrap_or(line), end.map_or(self.text.len(), |end| start + end + 1))
    }

    fn line(&mut self, found: &mut Found<'_>) {
        let start = self.at;
        let (line, next) = self.line_at(start);
        self.at = next;
        let mut column = indent(line);
        let mut rest = &line[column..];
        if rest.is_empty() || rest.starts_with('#') {
            return;
        }
        if line.starts_with("---") || line.starts_with("...") {
            return self.close_to(0, true, found);
        }
        let mut dash = None;
        while let Some(behind) = rest.strip_prefix('-').filter(|it| it.is_empty() || it.starts_with(' ')) {
            if self.tree.depth() >= DEEPEST {
                return;
            }
            self.close_to(column, false, found);
            if !(self.tree.in_list() && self.columns.last() == Some(&column)) {
                self.open(column, true);
            }
            dash = Some(column);
            let blanks = indent(behind);
            column += 1 + blanks;
            rest = &behind[blanks..];
            if rest.is_empty() {
                return;
            }
        }
        if let Some((key, length)) = key(rest) {
            if self.tree.depth() >= DEEPEST {
                return;
            }
            self.close_to(column, true, found);
            if self.tree.in_list() || self.columns.last() != Some(&column) {
                self.open(column, false);
            }
            self.tree.key(key);
            let value = rest[length..].trim_start_matches([' ', '\t']);
            self.scalar(start + line.len() - value.len(), value, column, found);
        } else if let Some(dash) = dash {
            self.scalar(start + column, rest, dash, found);
        } else if column == 0 {
            self.close_to(0, true, found);
        }
    }

    fn open(&mut self, column: usize, list: bool) {
        self.tree.open(list);
        self.columns.push(column);
    }

    /// Ends what is deeper than a column and, for a key, the list whose dashes stand in it.
    fn close_to(&mut self, column: usize, key: bool, found: &mut Found<'_>) {
        while let Some(last) = self.columns.last()
            && (*last > column || key && *last == column && self.tree.in_list())
        {
            self.columns.pop();
            self.tree.close(found);
        }
        if key && column == 0 && self.columns.is_empty() {
            self.tree.end(found);
        }
    }

    /// A value that begins at a place, and may go on in lines that are deeper than a column.
    fn scalar(&mut self, at: usize, value: &'t str, column: usize, found: &mut Found<'_>) {
        let piece = match value.as_bytes().first() {
            None | Some(b'#') => return,
            Some(b'|' | b'>') => {
                let header = value[1..].split(' ').next().unwrap_or("");
                if !header.bytes().all(|b| b.is_ascii_digit() || b"+-".contains(&b)) {
                    return;
                }
                self.block(column)
            }
            Some(quote @ (b'"' | b'\'')) => match self.quoted(at + 1, *quote) {
                Some(piece) => piece,
                None => return,
            },
            Some(b'[' | b'{') => return self.flow(at, value, found),
            _ => self.plain(at, value, column),
        };
        self.tree.scalar(piece, found);
    }

    /// The lines of a block.
    fn block(&mut self, column: usize) -> Piece<'t> {
        let mut piece = Piece::empty();
        let mut base = None;
        while self.at < self.text.len() && piece.text.len() < LONGEST {
            let (line, next) = self.line_at(self.at);
            let deep = indent(line);
            if deep < line.len() && deep <= column {
                break;
            }
            let base = match base {
                Some(base) => base,
                None if deep == line.len() => deep,
                None => *base.insert(deep),
            };
            let from = self.at + base.min(line.len());
            piece.push(&self.text[from..next], from);
            self.at = next;
        }
        piece
    }

    /// A scalar in quotes whose inside begins at a place.
    fn quoted(&mut self, start: usize, quote: u8) -> Option<Piece<'t>> {
        let text = crate::clip(&self.text[start..], LONGEST);
        let mut length = 0;
        let end = loop {
            let found = memchr::memchr2(quote, b'\\', &text.as_bytes()[length..])? + length;
            match text.as_bytes()[found] {
                b'\\' if quote == b'"' => length = found + 2,
                b'\\' => length = found + 1,
                _ if quote == b'\'' && text.as_bytes().get(found + 1) == Some(&b'\'') => length = found + 2,
                _ => break found,
            }
            if length > text.len() {
                return None;
            }
        };
        let inside = &text[..end];
        // What a person wrote with an apostrophe may end far below: then it is no scalar of these lines.
        if inside.bytes().filter(|b| *b == b'\n').count() > 4096 {
            return None;
        }
        if self.at < start + end {
            self.at = self.line_at(start + end).1;
        }
        let doubled = quote == b'\'' && inside.contains('\'');
        if !doubled && !inside.contains('\n') {
            return Some(if quote == b'"' {
                Piece::json(inside, start)
            } else {
                Piece::plain(inside, start)
            });
        }
        let mut piece = Piece::empty();
        let mut at = start;
        for (number, line) in inside.split('\n').enumerate() {
            let part = if number == 0 { line } else { line.trim_start() };
            let from = at + line.len() - part.len();
            let goes_on = quote == b'"' && part.ends_with('\\');
            let part = part.strip_suffix('\\').filter(|_| goes_on).unwrap_or(part);
            if quote == b'"' {
                piece.join_here(&Piece::json(part, from));
            } else {
                let mut from = from;
                for piece_of in part.split_inclusive("''") {
                    let shown =
                        piece_of.strip_suffix('\'').filter(|_| piece_of.ends_with("''")).unwrap_or(piece_of);
                    piece.push(shown, from);
                    from += piece_of.len();
                }
            }
            at += line.len() + 1;
            if !goes_on && at <= start + end {
                piece.push(" ", at - 1);
            }
        }
        Some(piece)
    }

    /// A scalar without quotes: to the end of its line, and on in deeper lines.
    fn plain(&mut self, at: usize, value: &'t str, column: usize) -> Piece<'t> {
        let first = uncommented(value);
        let mut piece = Piece::plain(first, at);
        let mut size = first.len();
        while first.len() == value.trim_end().len() && self.at < self.text.len() && size < LONGEST {
            let (line, next) = self.line_at(self.at);
            let deep = indent(line);
            let part = line[deep..].trim_end();
            if deep <= column
                || part.is_empty()
                || part.starts_with('#')
                || key(part).is_some()
                || part.starts_with("- ")
            {
                break;
            }
            piece.push(" ", self.at + deep - 1);
            piece.push(part, self.at + deep);
            size += part.len() + 1;
            self.at = next;
        }
        piece
    }

    /// A list or an object in brackets.
    fn flow(&mut self, at: usize, value: &'t str, found: &mut Found<'_>) {
        if self.tree.depth() >= DEEPEST || json::value(self.text, at, form::DEEPEST, found).is_ok() {
            return;
        }
        let Some(inside) = value.trim_end().strip_prefix('[').and_then(|it| it.strip_suffix(']')) else {
            return;
        };
        self.tree.open(true);
        let mut from = at + 1;
        for part in inside.split(',') {
            let word = part.trim().trim_matches(['"', '\'']);
            let shift = part.find(word).unwrap_or(0);
            self.tree.scalar(Piece::plain(word, from + shift), found);
            from += part.len() + 1;
        }
        self.tree.close(found);
    }
}

/// The value without the comment behind it.
fn uncommented(value: &str) -> &str {
    value.split(" #").next().unwrap_or(value).trim_end()
}

fn indent(line: &str) -> usize {
    line.bytes().take_while(|b| *b == b' ').count()
}

/// The key at the beginning of a line, and where its value may begin.
fn key(rest: &str) -> Option<(Cow<'_, str>, usize)> {
    let first = *rest.as_bytes().first()?;
    if matches!(first, b'"' | b'\'') {
        let end = memchr::memchr(first, &rest.as_bytes()[1..])? + 1;
        let behind = &rest[end + 1..];
        let is_key = behind == ":" || behind.starts_with(": ");
        return is_key.then(|| (Cow::Borrowed(&rest[1..end]), end + 2));
    }
    let near = crate::clip(rest, 256);
    let end = memchr::memchr3(b':', b' ', b'\t', near.as_bytes())?;
    let mut end = end;
    // A colon inside a key has no blank behind it.
    while near.as_bytes()[end] == b':' && !matches!(near.as_bytes().get(end + 1), None | Some(b' ')) {
        end += 1 + memchr::memchr3(b':', b' ', b'\t', &near.as_bytes()[end + 1..])?;
    }
    let is_key = near.as_bytes()[end] == b':' && end > 0 && !b"{[&*!|>%@`#,".contains(&first);
    is_key.then(|| (Cow::Borrowed(&near[..end]), end + 1))
}

#[cfg(test)]
mod tests {
    use super::super::text;

    #[test]
    fn what_a_place_says_of_a_value_counts() {
        for (yaml, want) in [
            (
                "apiVersion: v1\ndata:\n  user: YXBw\n  x: eA==\nkind: Secret\nmetadata:\n  name: db\n",
                "apiVersion: v1\ndata:\n  user: REDACTED\n  x: REDACTED\nkind: Secret\nmetadata:\n  name: db\n",
            ),
            (
                "items:\n- apiVersion: v1\n  data:\n    a: b\n  kind: ConfigMap\n- data:\n    a: b\n  kind: Secret\nkind: List\n",
                "items:\n- apiVersion: v1\n  data:\n    a: b\n  kind: ConfigMap\n- data:\n    a: REDACTED\n  kind: Secret\nkind: List\n",
            ),
            (
                "kind: Pod\nspec:\n  containers:\n  - args:\n    - --token\n    - a b\n    - -v\n    command:\n    - app\n",
                "kind: Pod\nspec:\n  containers:\n  - args:\n    - --token\n    - REDACTED\n    - -v\n    command:\n    - app\n",
            ),
            ("kind: A\nargs: [mysqladmin, -pabc, ping]\n", "kind: A\nargs: [mysqladmin, -pREDACTED, ping]\n"),
            (
                "kind: A\npassword: |\n  one\n\n  two\nuser: a\n",
                "kind: A\npassword: |\n  REDACTED\n\n  REDACTED\nuser: a\n",
            ),
            (
                "kind: A\npassword: one two\n  three\nuser: a\n",
                "kind: A\npassword: REDACTED\n  REDACTED\nuser: a\n",
            ),
            (
                "kind: A\nx: \"db.password=hun\\\"ter\\nuser=\\\n  app\"\ny: 1\n",
                "kind: A\nx: \"db.password=REDACTED\\nuser=\\\n  app\"\ny: 1\n",
            ),
            (
                "kind: A\nannotations:\n  last: |\n    {\"kind\":\"Secret\",\"data\":{\"a\":\"b\"}}\nx: y\n",
                "kind: A\nannotations:\n  last: |\n    {\"kind\":\"Secret\",\"data\":{\"a\":\"REDACTED\"}}\nx: y\n",
            ),
            ("kind: A\npassword: 'it''s'\nx: 'it''s'\n", "kind: A\npassword: 'REDACTED'\nx: 'it''s'\n"),
            ("kind: A\npassword: 12345 # of old\n", "kind: A\npassword: REDACTED\n"),
        ] {
            assert_eq!(text(yaml), want);
        }
    }
}
