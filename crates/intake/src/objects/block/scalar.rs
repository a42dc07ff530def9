//! Scalars of YAML: plain, quoted, literal, and over several lines.

use super::Outside;
use std::borrow::Cow;

/// What a plain scalar is (YAML 1.2 core schema), where that is beyond doubt.
#[derive(Debug, PartialEq)]
pub(super) enum Class {
    Null,
    Bool(bool),
    Number(i64),
    Text,
    Unsure,
}

/// Words that some readers take for something else than text.
const WORDS: &[&str] =
    &["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "infinity", "nan"];

pub(super) fn class(text: &str) -> Class {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return Class::Unsure };
    match first {
        b'a'..=b'z' | b'A'..=b'Z' => match text {
            "null" => Class::Null,
            "true" => Class::Bool(true),
            "false" => Class::Bool(false),
            _ if text.len() <= 8 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) => Class::Unsure,
            _ => Class::Text,
        },
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        b'/' | b'_' | b'$' | b'(' | b')' | b';' | b'\\' | b'^' | b'<' | b'\x80'.. => Class::Text,
        b':' if bytes.get(1).is_some_and(|byte| !b" \t,[]{}".contains(byte)) => Class::Text,
        _ => Class::Unsure,
    }
}

/// A scalar that begins like a number.
fn number(text: &str) -> Class {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if digits.iter().all(u8::is_ascii_digit) {
        let plain = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 18 && text != "-0";
        return text.parse().ok().filter(|_| plain).map_or(Class::Unsure, Class::Number);
    }
    let bytes = text.as_bytes();
    let wordy = |byte: &u8| byte.is_ascii_alphabetic() && !b"iInN".contains(byte);
    let word = match bytes {
        b"." => true,
        [b'.', next, ..] => wordy(next),
        [b'-', next, ..] => wordy(next) || *next == b'-' && bytes.iter().any(u8::is_ascii_alphabetic),
        _ => false,
    };
    if word {
        return Class::Text;
    }
    let first = digits.first().copied().unwrap_or(b' ');
    if !first.is_ascii_digit() || text.starts_with('-') {
        return Class::Unsure;
    }
    let based = first == b'0' && digits.get(1).is_some_and(u8::is_ascii_alphabetic);
    let numeric = |byte: &u8| byte.is_ascii_digit() || b"_.+-eE:".contains(byte);
    let foreign = digits.iter().any(|byte| !numeric(byte));
    let dots = digits.iter().filter(|byte| **byte == b'.').count();
    let address = dots > 1 && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if !based && foreign || address { Class::Text } else { Class::Unsure }
}

/// Whether what stands behind a dash on its line is a mapping or a list of its own.
pub(super) fn is_collection(line: &str) -> bool {
    let bytes = line.as_bytes();
    match bytes {
        [b'-'] | [b'-', b' ', ..] => true,
        [quote @ (b'"' | b'\''), rest @ ..] => memchr::memchr(*quote, rest).is_some_and(|close| {
            rest.get(close + 1) == Some(&b':') && matches!(rest.get(close + 2), None | Some(b' '))
        }),
        [b'|' | b'{' | b'[', ..] => false,
        _ => memchr::memchr_iter(b':', bytes).any(|at| matches!(bytes.get(at + 1), None | Some(b' '))),
    }
}

/// The line at `at`, its end, and the column of its first character; none where nothing but blanks stands on it.
fn line(text: &str, at: usize) -> (&str, usize, Option<isize>) {
    let rest = &text[at..];
    let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
    let line = &rest[..end];
    let blanks = line.bytes().take_while(|byte| *byte == b' ').count();
    (line, at + end, (blanks < line.len()).then(|| isize::try_from(blanks).unwrap_or(isize::MAX)))
}

/// Adds what stands between two lines of a scalar: a space, or a break for each empty line.
fn fold(out: &mut String, empty: usize) {
    if empty == 0 {
        out.push(' ');
    }
    out.extend(std::iter::repeat_n('\n', empty));
}

/// A plain scalar, and the start of the line behind it.
pub(super) fn plain(text: &str, start: usize, parent: isize) -> Result<(Cow<'_, str>, usize), Outside> {
    let (first, mut end, _) = line(text, start);
    let first = part(first, true)?;
    let mut whole = Cow::Borrowed(first);
    let mut empty = 0;
    loop {
        let next = (end + 1).min(text.len());
        if next == text.len() {
            return Ok((whole, next));
        }
        let (more, its_end, column) = line(text, next);
        match column {
            None => empty += 1,
            Some(column) if column > parent => {
                let more = part(more.trim_start_matches(' '), false)?;
                let owned = whole.to_mut();
                fold(owned, empty);
                owned.push_str(more);
                empty = 0;
            }
            // The lines between are skipped as blank ones.
            Some(_) => return Ok((whole, next)),
        }
        end = its_end;
    }
}

/// A line of a plain scalar.
fn part(line: &str, first: bool) -> Result<&str, Outside> {
    let line = line.trim_end_matches(' ');
    let bytes = line.as_bytes();
    let begins = first || !matches!(bytes, [b'#', ..] | [b'-'] | [b'-' | b'?' | b':', b' ', ..]);
    let colon = memchr::memchr_iter(b':', bytes).any(|at| matches!(bytes.get(at + 1), None | Some(b' ')));
    let comment = memchr::memmem::find(bytes, b" #").is_some();
    if !begins || colon || comment || memchr::memchr(b'\t', bytes).is_some() {
        return Err(Outside);
    }
    Ok(line)
}

/// A quoted scalar, and the place behind its closing quote.
pub(super) fn quoted(text: &str, start: usize, parent: isize) -> Result<(Cow<'_, str>, usize), Outside> {
    let bytes = text.as_bytes();
    let quote = bytes[start];
    let mut from = start + 1;
    let mut out = String::new();
    // The length of `out` up to which nothing may be trimmed.
    let mut kept = 0;
    loop {
        let rest = &bytes[from..];
        let at = from
            + if quote == b'"' {
                memchr::memchr3(b'"', b'\\', b'\n', rest)
            } else {
                memchr::memchr2(b'\'', b'\n', rest)
            }
            .ok_or(Outside)?;
        let passed = &text[from..at];
        match bytes[at] {
            b'\n' => {
                out.push_str(passed);
                if out[kept..].ends_with('\t') {
                    return Err(Outside);
                }
                let length = kept.max(out.trim_end_matches(' ').len());
                out.truncate(length);
                let (next, empty) = continued(text, at, parent)?;
                fold(&mut out, empty);
                kept = out.len();
                from = next;
            }
            b'\\' => {
                out.push_str(passed);
                from = escape(text, at, parent, &mut out)?;
                kept = out.len();
            }
            _ if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => {
                out.push_str(passed);
                out.push('\'');
                kept = out.len();
                from = at + 2;
            }
            _ if out.is_empty() && from == start + 1 => return Ok((Cow::Borrowed(passed), at + 1)),
            _ => {
                out.push_str(passed);
                return Ok((Cow::Owned(out), at + 1));
            }
        }
    }
}

/// Where a quoted scalar goes on behind the break at `at`, and how many empty lines are between.
fn continued(text: &str, at: usize, parent: isize) -> Result<(usize, usize), Outside> {
    let mut empty = 0;
    let mut start = at + 1;
    loop {
        if start >= text.len() {
            return Err(Outside);
        }
        let (its_line, end, column) = line(text, start);
        match column {
            None => empty += 1,
            Some(column) if column > parent => {
                let blanks = its_line.len() - its_line.trim_start_matches(' ').len();
                if its_line[blanks..].starts_with('\t') {
                    return Err(Outside);
                }
                return Ok((start + blanks, empty));
            }
            Some(_) => return Err(Outside),
        }
        start = end + 1;
    }
}

/// Reads the escape whose backslash stands at `at`, and goes behind it.
fn escape(text: &str, at: usize, parent: isize, out: &mut String) -> Result<usize, Outside> {
    let digits = |count: usize| -> Result<char, Outside> {
        let digits = text.get(at + 2..at + 2 + count).ok_or(Outside)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Outside);
        }
        u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or(Outside)
    };
    let (found, length) = match text.as_bytes().get(at + 1).ok_or(Outside)? {
        b'n' => ('\n', 2),
        b't' => ('\t', 2),
        b'r' => ('\r', 2),
        b'"' => ('"', 2),
        b'\\' => ('\\', 2),
        b'/' => ('/', 2),
        b' ' => (' ', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'e' => ('\u{1b}', 2),
        b'x' => (digits(2)?, 4),
        b'u' => (digits(4)?, 6),
        b'\n' => {
            let (next, empty) = continued(text, at + 1, parent)?;
            return if empty == 0 { Ok(next) } else { Err(Outside) };
        }
        _ => return Err(Outside),
    };
    out.push(found);
    Ok(at + length)
}

/// A literal block whose bar stands at `start`, and the start of the line behind it.
pub(super) fn literal(text: &str, start: usize, parent: isize) -> Result<(Cow<'_, str>, usize), Outside> {
    let (header, end, _) = line(text, start);
    let (mut chomp, mut indent) = (b' ', None);
    for byte in header.trim_end_matches(' ').bytes().skip(1) {
        match byte {
            b'-' | b'+' if chomp == b' ' => chomp = byte,
            b'1'..=b'9' if indent.is_none() && parent >= 0 => {
                indent = Some(parent + isize::from(i16::from(byte - b'0')))
            }
            _ => return Err(Outside),
        }
    }
    let mut out = String::new();
    let mut at = (end + 1).min(text.len());
    let mut deepest_blank = 0;
    while at < text.len() {
        let (its_line, its_end, column) = line(text, at);
        let blanks = isize::try_from(its_line.len()).unwrap_or(isize::MAX);
        let content = match (column, indent) {
            (None, None) => {
                deepest_blank = deepest_blank.max(blanks);
                ""
            }
            (None, Some(indent)) => its_line.get(usize::try_from(indent).unwrap_or(0)..).unwrap_or(""),
            (Some(column), Some(indent)) if column >= indent => {
                its_line.get(usize::try_from(indent).unwrap_or(0)..).unwrap_or("")
            }
            (Some(column), None) if column > parent => {
                // A blank line before the first may not be deeper than it.
                if deepest_blank > column {
                    return Err(Outside);
                }
                indent = Some(column);
                &its_line[usize::try_from(column).unwrap_or(0)..]
            }
            // Less indented, but still inside: no YAML.
            (Some(column), Some(_)) if column > parent => return Err(Outside),
            (Some(_), _) => break,
        };
        if content.starts_with('\t') && out.is_empty() {
            return Err(Outside);
        }
        out.push_str(content);
        if its_end == text.len() {
            // Readers differ on a last line without a break.
            return Err(Outside);
        }
        out.push('\n');
        at = its_end + 1;
    }
    let length = out.trim_end_matches('\n').len();
    match chomp {
        b'-' => out.truncate(length),
        b'+' => return Err(Outside),
        _ => out.truncate(if length == 0 { 0 } else { length + 1 }),
    }
    Ok((Cow::Owned(out), at))
}
