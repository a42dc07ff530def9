//! Small readers that the families share.

use crate::Text;
use crate::scan::literals::COMMON;
use memchr::{memchr, memchr2, memmem};
use std::borrow::Cow;

/// How much of a message is read. The longest that Kubernetes keeps is a condition's, 32768 bytes
/// (`apimachinery/pkg/apis/meta/v1/types.go`, `Condition.Message`).
const LONGEST: usize = 32 * 1024;

/// How much of a message an excerpt keeps.
const EXCERPT: usize = 1024;

/// The prefix of aggregated events (`client-go/tools/record/events_cache.go`, all versions).
const COMBINED: &str = "(combined from similar events): ";

/// What a message says, without what a recorder put before it.
pub(in crate::scan) fn body(message: &str) -> &str {
    let mut body = clip(message, LONGEST).trim();
    while let Some(rest) = body.strip_prefix(COMBINED) {
        body = rest.trim_start();
    }
    // kubectl prints the container of an event before its message where it prints no column for it
    match body.strip_prefix("spec.").and_then(|rest| rest.split_once("}: ")) {
        Some((path, rest)) if path.contains("ontainers{") && !path.contains(' ') => rest.trim_start(),
        _ => body,
    }
}

/// The longest beginning of `text` of at most `bytes` bytes.
fn clip(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// An owned excerpt.
pub(in crate::scan) fn keep(text: &str) -> Text {
    clip(text.trim(), EXCERPT).into()
}

/// An owned excerpt, if there is anything in it.
pub(in crate::scan) fn some(text: &str) -> Option<Text> {
    let text = text.trim();
    (!text.is_empty()).then(|| keep(text))
}

/// A text of at least so many bytes is worth the preparation of a search that skips.
const LONG: usize = 2048;

fn find(text: &str, literal: &str) -> Option<usize> {
    let (text, literal) = (text.as_bytes(), literal.as_bytes());
    let Some(first) = literal.first().filter(|_| text.len() < LONG) else {
        return memmem::find(text, literal);
    };
    let (mut offset, mut rarest) = (0, first);
    for (at, byte) in literal.iter().enumerate() {
        if COMMON[usize::from(*byte)] < COMMON[usize::from(*rarest)] {
            (offset, rarest) = (at, byte);
        }
    }
    let mut from = offset;
    loop {
        let at = from + memchr(*rarest, text.get(from..)?)?;
        if text.get(at - offset..)?.starts_with(literal) {
            return Some(at - offset);
        }
        from = at + 1;
    }
}

/// Whether `literal` stands in `text`.
pub(in crate::scan) fn has(text: &str, literal: &str) -> bool {
    find(text, literal).is_some()
}

/// Whether any of `literals` stands in `text`.
pub(in crate::scan) fn has_any(text: &str, literals: &[&str]) -> bool {
    literals.iter().any(|literal| has(text, literal))
}

/// What follows the first `literal`.
pub(in crate::scan) fn after<'a>(text: &'a str, literal: &str) -> Option<&'a str> {
    text.get(find(text, literal)? + literal.len()..)
}

/// What follows the last `literal`.
pub(in crate::scan) fn after_last<'a>(text: &'a str, literal: &str) -> Option<&'a str> {
    text.rsplit_once(literal).map(|(_, rest)| rest)
}

/// What precedes the first `literal`, or all.
pub(in crate::scan) fn until<'a>(text: &'a str, literal: &str) -> &'a str {
    find(text, literal).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// What stands between the first `start` and the next `end`; nothing if `end` is missing.
pub(in crate::scan) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = after(text, start)?;
    rest.get(..find(rest, end)?)
}

/// The first word: up to white space or one of `, ; : " ' ( ) [ ] { }`, a last full stop excluded.
pub(in crate::scan) fn word(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || ",;:\"'()[]{}".contains(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end_matches('.')
}

/// A Go-quoted string (`%q`) at the start of `text`, and what follows it.
pub(in crate::scan) fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut at = 0;
    let mut plain = true;
    loop {
        at += memchr2(b'"', b'\\', inner.as_bytes().get(at..)?)?;
        if inner.as_bytes().get(at) == Some(&b'"') {
            let (value, rest) = (inner.get(..at)?, inner.get(at + 1..)?);
            let value = if plain { Cow::Borrowed(value) } else { Cow::Owned(unescape(value)) };
            return Some((value, rest));
        }
        // What follows the stroke is no end.
        plain = false;
        at += 2;
    }
}

/// `\"` and `\\` undone, line breaks turned into spaces; other escapes stay as written.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(stroke) = memchr(b'\\', rest.as_bytes()) {
        let (before, escaped) = rest.split_at(stroke);
        plain.push_str(before);
        let mut chars = escaped.get(1..).unwrap_or("").chars();
        match chars.next() {
            Some(c @ ('"' | '\\')) => plain.push(c),
            Some('n' | 't' | 'r') => plain.push(' '),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
        rest = chars.as_str();
    }
    plain.push_str(rest);
    plain
}

/// The quoted string right after the first `literal` (which ends before the quotation mark).
pub(in crate::scan) fn quoted_after(text: &str, literal: &str) -> Option<Text> {
    let (value, _) = quoted(after(text, literal)?)?;
    some(&value)
}

/// A number at the start of `text`, and what follows it.
pub(in crate::scan) fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// The number right after the first `literal`.
pub(in crate::scan) fn number_after(text: &str, literal: &str) -> Option<u32> {
    number(after(text, literal)?).map(|(number, _)| number)
}

/// The words of a Go list (`[a b]`) or of a written one (`a, b`).
pub(in crate::scan) fn list(text: &str) -> Vec<Text> {
    let text = text.trim().trim_start_matches('[');
    let text = until(text, "]");
    text.split([' ', ',']).filter_map(some).collect()
}

/// The code of a gRPC error, where one is given, and its description without any such prefix.
/// (`google.golang.org/grpc/internal/status`, all versions.)
pub(in crate::scan) fn grpc(text: &str) -> (Option<&str>, &str) {
    let mut code = None;
    let mut text = text;
    while let Some(rest) = text.strip_prefix("rpc error: code = ") {
        let Some((word, rest)) = rest.split_once(" desc = ") else { break };
        code = Some(word);
        text = rest;
    }
    (code, text)
}

/// A duration as Go prints it (`1m40s`, `500ms`), in whole seconds, rounded down.
pub(in crate::scan) fn seconds(text: &str) -> Option<u32> {
    let mut total = 0.0f64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (value, unit) = rest.split_at_checked(digits)?;
        let value: f64 = value.parse().ok()?;
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, next) = unit.split_at_checked(end)?;
        total += value
            * match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "µs" | "us" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = next;
    }
    // A float cast saturates.
    Some(total as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(quoted(r#""a b": rest"#), Some(("a b".into(), ": rest")));
        assert_eq!(quoted(r#""a \"b\"" x"#), Some((r#"a "b""#.into(), " x")));
        assert_eq!(quoted(r#""open"#), None);
        assert_eq!(quoted("bare"), None);
        assert_eq!(quoted(r#""\é\\""#), Some((r"\é\".into(), "")));
        assert_eq!(quoted(r#""a\"#), None);
    }

    #[test]
    fn literals_are_found_at_their_first_place() {
        for (text, literal) in [
            ("", ""),
            ("a", ""),
            ("", "a"),
            ("xxax", "xax"),
            ("é xx é xa", "é xa"),
            ("ab", "abc"),
            ("zaz", "az"),
        ] {
            assert_eq!(find(text, literal), text.find(literal), "{literal:?} in {text:?}");
            let long = text.repeat(LONG);
            assert_eq!(find(&long, literal), long.find(literal), "{literal:?} in many {text:?}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(seconds("1m40s"), Some(100));
        assert_eq!(seconds("3m30.123s"), Some(210));
        assert_eq!(seconds("500ms"), Some(0));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("99999999999h"), Some(u32::MAX));
    }

    #[test]
    fn grpc_prefixes() {
        let text = "rpc error: code = Unknown desc = rpc error: code = NotFound desc = gone";
        assert_eq!(grpc(text), (Some("NotFound"), "gone"));
        assert_eq!(grpc("plain"), (None, "plain"));
    }

    #[test]
    fn bodies() {
        assert_eq!(body("  (combined from similar events): hello \n"), "hello");
        assert_eq!(body("spec.initContainers{web}: Error: no"), "Error: no");
        assert_eq!(body("spec.replicas: {a}: no"), "spec.replicas: {a}: no");
        let long = "é".repeat(LONGEST);
        assert!(body(&long).len() <= LONGEST);
        assert!(keep(&long).len() <= EXCERPT);
    }

    #[test]
    fn words_and_lists() {
        assert_eq!(word("node-1."), "node-1");
        assert_eq!(list("[a b], and"), vec![Text::from("a"), Text::from("b")]);
        assert!(list("[]").is_empty());
    }
}
