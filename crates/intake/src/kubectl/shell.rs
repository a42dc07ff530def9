//! The words of a shell's command line.

use std::borrow::Cow;

/// One command of a line, and what joined it to the one before.
pub(super) struct Part<'a> {
    /// Its words, unquoted.
    pub(super) argv: Vec<Cow<'a, str>>,
    /// From here to the end of the line.
    pub(super) text: &'a str,
    /// `|` behind a pipe, `;` behind anything else.
    pub(super) after: Option<u8>,
}

/// Splits a command line at `|`, `;`, `&&` and `||` outside quotes; redirections are dropped.
pub(super) fn split(text: &str) -> Vec<Part<'_>> {
    let bytes = text.as_bytes();
    let mut parts = vec![Part { argv: Vec::new(), text, after: None }];
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'\\' if matches!(bytes.get(at + 1), Some(b'\n' | b'\r')) => at += 2,
            b'#' => break,
            b'|' | b';' | b'&' => {
                let double = bytes.get(at + 1) == Some(&bytes[at]);
                let after = if bytes[at] == b'|' && !double { b'|' } else { b';' };
                at += if double { 2 } else { 1 };
                parts.push(Part { argv: Vec::new(), text: text[at..].trim(), after: Some(after) });
            }
            b'>' | b'<' => at = redirection(bytes, at),
            b'0'..=b'2' if bytes.get(at + 1) == Some(&b'>') => at = redirection(bytes, at + 1),
            _ => {
                let (word, end) = word(text, at);
                if let Some(part) = parts.last_mut() {
                    part.argv.push(word);
                }
                at = end;
            }
        }
    }
    parts
}

fn redirection(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b'>' | b'<' | b'&' | b' ')) {
        at += 1;
    }
    while bytes.get(at).is_some_and(|b| !b" \t\n\r|;&".contains(b)) {
        at += 1;
    }
    at
}

/// The word that begins at `at`, unquoted, and where it ends.
fn word(text: &str, at: usize) -> (Cow<'_, str>, usize) {
    let bytes = text.as_bytes();
    let mut owned: Option<String> = None;
    let mut start = at;
    let mut i = at;
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'|' | b';' | b'&' | b'>' | b'<' => break,
            b'\'' | b'"' => {
                let close = bytes[i + 1..].iter().position(|b| *b == byte).map_or(bytes.len(), |p| i + 1 + p);
                let next = (close + 1).min(bytes.len());
                let ends = bytes.get(next).is_none_or(|b| b" \t\n\r|;&<>".contains(b));
                if i == at && ends {
                    return (Cow::Borrowed(&text[i + 1..close]), next);
                }
                let word = owned.get_or_insert_with(String::new);
                word.push_str(&text[start..i]);
                word.push_str(&text[i + 1..close]);
                i = next;
                start = next;
                continue;
            }
            b'\\' if bytes.get(i + 1).is_some_and(|b| b.is_ascii() && *b != b'\n') => {
                let word = owned.get_or_insert_with(String::new);
                word.push_str(&text[start..i]);
                start = i + 1;
                i += 1;
            }
            b'\\' if bytes.get(i + 1) == Some(&b'\n') => break,
            _ => {}
        }
        i += 1;
    }
    let last = &text[start.min(i)..i];
    match owned {
        Some(mut word) => {
            word.push_str(last);
            (Cow::Owned(word), i)
        }
        None => (Cow::Borrowed(last), i.max(at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        split(text).into_iter().map(|p| p.argv.into_iter().map(|w| w.into_owned()).collect()).collect()
    }

    #[test]
    fn quotes_and_joints() {
        assert_eq!(words("a 'b c' \"d\"e --f='g h' i\\ j"), [["a", "b c", "de", "--f=g h", "i j"]]);
        assert_eq!(words("a|b 2>/dev/null && c > d; e"), [vec!["a"], vec!["b"], vec!["c"], vec!["e"]]);
        assert_eq!(words("a # b"), [["a"]]);
        assert_eq!(words("a 'b"), [["a", "b"]]);
        assert_eq!(split("a || b; c")[1].text, "b; c");
    }
}
