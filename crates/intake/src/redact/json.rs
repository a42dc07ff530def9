//! Walks JSON, strictly: what is no JSON is another form of text.

use super::mask::Found;
use super::piece::Piece;
use super::tree::{DEEPEST, Tree};
use memchr::memchr2;

/// Finds the secrets of the value that begins at `start`. `Ok` is where it ends, `Err` how far it is JSON.
pub(super) fn value(text: &str, start: usize, depth: u8, found: &mut Found<'_>) -> Result<usize, usize> {
    let mut tree = Tree::new(depth);
    let end = walk(text, start, &mut tree, found);
    tree.end(found);
    end
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Key,
    KeyOrEnd,
    Colon,
    Value,
    ValueOrEnd,
    CommaOrEnd,
}

fn walk<'t>(text: &'t str, start: usize, tree: &mut Tree<'t>, found: &mut Found<'_>) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let (mut at, mut next) = (start, Next::Value);
    loop {
        while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            at += 1;
        }
        let takes_value = matches!(next, Next::Value | Next::ValueOrEnd);
        match bytes.get(at) {
            Some(b'"') => {
                let end = end_of_string(bytes, at + 1)?;
                let piece = Piece::json(&text[at + 1..end], at + 1);
                match next {
                    Next::Key | Next::KeyOrEnd => {
                        tree.key(piece.text);
                        next = Next::Colon;
                    }
                    _ if takes_value => {
                        tree.scalar(piece, found);
                        next = Next::CommaOrEnd;
                    }
                    _ => return Err(at),
                }
                at = end + 1;
            }
            Some(open @ (b'{' | b'[')) if takes_value && tree.depth() < DEEPEST => {
                tree.open(*open == b'[');
                next = if *open == b'[' { Next::ValueOrEnd } else { Next::KeyOrEnd };
                at += 1;
            }
            Some(close @ (b'}' | b']')) => {
                let fits = (*close == b']') == tree.in_list()
                    && matches!(next, Next::KeyOrEnd | Next::ValueOrEnd | Next::CommaOrEnd);
                if !fits || tree.depth() == 0 {
                    return Err(at);
                }
                tree.close(found);
                next = Next::CommaOrEnd;
                at += 1;
            }
            Some(b',') if next == Next::CommaOrEnd => {
                next = if tree.in_list() { Next::Value } else { Next::Key };
                at += 1;
            }
            Some(b':') if next == Next::Colon => {
                next = Next::Value;
                at += 1;
            }
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') if takes_value => {
                let length = bytes[at..]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
                    .count();
                let word = &text[at..at + length];
                let is_number = word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
                if !is_number && !matches!(word, "true" | "false" | "null") {
                    return Err(at);
                }
                if is_number {
                    tree.number(text, at, at + length, found);
                }
                next = Next::CommaOrEnd;
                at += length;
            }
            _ => return Err(at),
        }
        if next == Next::CommaOrEnd && tree.depth() == 0 {
            return Ok(at);
        }
    }
}

/// The closing quote of a string whose inside begins at `at`. No line ends inside a string.
fn end_of_string(bytes: &[u8], start: usize) -> Result<usize, usize> {
    let mut at = start;
    // Most strings are short: look at a few bytes before calling for help.
    let near = bytes.len().min(at.saturating_add(24));
    loop {
        while at < near {
            match bytes[at] {
                b'"' => return Ok(at),
                b'\n' => return Err(at),
                b'\\' => break,
                _ => at += 1,
            }
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(length) = memchr2(b'"', b'\\', rest) else {
            return Err(memchr::memchr(b'\n', rest).map_or(bytes.len(), |line| at + line));
        };
        if let Some(line) = memchr::memchr(b'\n', &rest[..length]) {
            return Err(at + line);
        }
        at += length;
        if bytes[at] == b'"' {
            return Ok(at);
        }
        at += 2;
        if at > bytes.len() {
            return Err(bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mask, text};
    use super::*;

    fn ends(text: &str) -> Result<usize, usize> {
        value(text, 0, 0, &mut Found::new(&Mask::Fixed))
    }

    #[test]
    fn what_is_no_json_is_not_taken_for_it() {
        assert_eq!(ends(r#"{"a":[1,"b\"",null,{}],"c":-1.5e3} x"#), Ok(34));
        for (text, at) in [
            ("[pod/web-0/app] x", 1),
            ("{\"a\":1,}", 7),
            ("{\"a\" 1}", 5),
            ("{\"a\":\"b\nc\"}", 7),
            ("{\"a\":[1}", 7),
            ("{\"a\":\"b\\", 8),
            ("{\"a\":tru}", 5),
            ("[1 2]", 3),
        ] {
            assert_eq!(ends(text), Err(at), "{text}");
        }
        assert_eq!(ends(&"[".repeat(1000)), Err(DEEPEST));
    }

    #[test]
    fn what_a_place_says_of_a_value_counts() {
        for (json, want) in [
            (
                r#"{"data":{"user":"YXBw"},"kind":"Secret","metadata":{"name":"db"}}"#,
                r#"{"data":{"user":"REDACTED"},"kind":"Secret","metadata":{"name":"db"}}"#,
            ),
            (
                r#"{"kind":"SecretList","items":[{"data":{"a":"YXBw"}}]}"#,
                r#"{"kind":"SecretList","items":[{"data":{"a":"REDACTED"}}]}"#,
            ),
            (
                r#"{"kind":"List","items":[{"kind":"ConfigMap","data":{"a":"YXBw"}},{"kind":"Secret","data":{"a":"YXBw"}}]}"#,
                r#"{"kind":"List","items":[{"kind":"ConfigMap","data":{"a":"YXBw"}},{"kind":"Secret","data":{"a":"REDACTED"}}]}"#,
            ),
            (
                r#"{"a":"{\"kind\":\"Secret\",\"stringData\":{\"a\":\"x \\\"y\\\"\"}}\n"}"#,
                r#"{"a":"{\"kind\":\"Secret\",\"stringData\":{\"a\":\"REDACTED\"}}\n"}"#,
            ),
            (r#"{"args":["--token","a b","-v"]}"#, r#"{"args":["--token","REDACTED","-v"]}"#),
            (
                r#"{"command":["mysqladmin"],"args":["ping","-pa b"]}"#,
                r#"{"command":["mysqladmin"],"args":["ping","-pREDACTED"]}"#,
            ),
            (r#"{"value":"a","name":"DB_PASSWORD"}"#, r#"{"value":"REDACTED","name":"DB_PASSWORD"}"#),
            (r#"{"password":123456,"port":5432}"#, r#"{"password":"REDACTED","port":5432}"#),
            (r#"{"Authorization":["Bearer x"]}"#, r#"{"Authorization":["REDACTED"]}"#),
            (
                r#"{"u":"a?b=1\u0026password=hun\u0026c=2"}"#,
                r#"{"u":"a?b=1\u0026password=REDACTED\u0026c=2"}"#,
            ),
            (r#"{"auths":{"r":{"auth":"YTpi"}}}"#, r#"{"auths":{"r":{"auth":"YTpi"}}}"#),
            (r#"{"auths":{"r":{"auth":"YXBwOnB3"}}}"#, r#"{"auths":{"r":{"auth":"REDACTED"}}}"#),
            (r#"{"password":"{{ .Values.x }}"}"#, r#"{"password":"{{ .Values.x }}"}"#),
        ] {
            assert_eq!(text(json), want);
        }
    }
}
