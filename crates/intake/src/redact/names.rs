//! Names that promise a secret, and the values behind them.

use super::{back, is_placeholder};
use std::ops::Range;

/// Longest name that is looked at, in bytes.
const LONGEST_NAME: usize = 128;

/// Longest value that is looked at, in bytes.
const LONGEST_VALUE: usize = 1 << 16;

/// Words of a name with which a secret's name ends.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passwort",
    "pwd",
    "pass",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "credentials",
    "authorization",
    "cookie",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "sig",
    "accountkey",
];

/// Words that make a secret of a name that ends in `key`.
const KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "encryption",
    "signing",
    "auth",
    "master",
    "shared",
    "account",
    "license",
    "app",
    "application",
    "session",
    "service",
    "storage",
    "deploy",
    "client",
    "hmac",
    "jwt",
    "aes",
    "ssh",
];

/// Whether a variable, flag or field of that name holds a secret: its last word says so.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let mut words = Words(name);
    let Some(last) = words.next() else { return false };
    let is = |word: &str, list: &[&str]| list.iter().any(|it| word.eq_ignore_ascii_case(it));
    let before = words.next().unwrap_or("");
    if last.eq_ignore_ascii_case("key") {
        return is(before, KEYS);
    }
    // The base of Rails' session keys, the hash of a password, the signature of a request to a store.
    is(last, SECRETS)
        || last.eq_ignore_ascii_case("base") && before.eq_ignore_ascii_case("key")
        || last.eq_ignore_ascii_case("hash") && is(before, SECRETS)
        || last.eq_ignore_ascii_case("signature") && is(before, &["amz", "goog"])
}

/// The words of a name, last first: `DB_PASSWORD`, `db-password`, `dbPassword`.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let name = self.0.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let bytes = name.as_bytes();
        let mut start = bytes.len();
        while start > 0 && bytes[start - 1].is_ascii_alphanumeric() {
            start -= 1;
            let begins = bytes[start].is_ascii_uppercase()
                && bytes.get(start + 1).is_some_and(u8::is_ascii_lowercase)
                || bytes[start].is_ascii_uppercase() && start > 0 && bytes[start - 1].is_ascii_lowercase();
            if begins {
                break;
            }
        }
        if start == bytes.len() {
            return None;
        }
        self.0 = &name[..start];
        Some(&name[start..])
    }
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_-.".contains(&b)
}

/// The value of an environment variable in JSON, behind its name: `"name":"DB_PASSWORD","value":"…"`, also where that
/// stands inside a string and its quotes are escaped.
fn variable(text: &str, at: usize, escapes: usize, quote: char) -> Option<Range<usize>> {
    let mark = format!("{}{quote}", "\\".repeat(escapes));
    let rest = text.get(at..)?.trim_start().strip_prefix(',')?.trim_start();
    let rest = rest.strip_prefix(&*mark)?.strip_prefix("value")?.strip_prefix(&*mark)?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix(&*mark)?;
    let start = text.len() - rest.len();
    let rest = crate::clip(rest, LONGEST_VALUE);
    let mut slashes = 0;
    let mut length = rest.len();
    for (place, letter) in rest.char_indices() {
        // A quote inside the value has more of them before it than one that ends it.
        let ends = slashes == escapes || escapes == 0 && slashes % 2 == 0;
        if letter == quote && ends {
            length = place - escapes;
            break;
        }
        slashes = if letter == '\\' { slashes + 1 } else { 0 };
    }
    let value = rest.get(..length)?;
    (!is_placeholder(value)).then_some(start..start + length)
}

/// The same in YAML: `name: DB_PASSWORD`, and `value: …` below it or, in braces, behind it.
fn yaml_variable(text: &str, begin: usize, at: usize) -> Option<Range<usize>> {
    let before = text[back(text, begin, LONGEST_NAME)..begin].trim_end_matches(['"', '\'']);
    let key = before.trim_end_matches(' ').strip_suffix("name:")?;
    if key.bytes().last().is_some_and(is_name_byte) {
        return None;
    }
    let rest = text.get(at..)?.trim_start_matches([' ', '\r']);
    let below = rest.strip_prefix('\n');
    let rest = below.or_else(|| rest.strip_prefix(','))?.trim_start_matches(' ');
    let indent = below.map_or(0, |below| below.len() - rest.len());
    let rest = rest.strip_prefix("value:")?.trim_start_matches(' ');
    let start = text.len() - rest.len();
    match rest.starts_with(['|', '>']) {
        true => block(text, start, indent),
        false => unit(text, start, below.is_some()),
    }
}

/// The lines of a block scalar, which are indented deeper than its key.
fn block(text: &str, at: usize, indent: usize) -> Option<Range<usize>> {
    let rest = crate::clip(&text[at..], LONGEST_VALUE);
    let first = rest.find('\n')? + 1;
    let deep =
        |line: &str| line.trim().is_empty() || line.len() - line.trim_start_matches(' ').len() > indent;
    let lines = rest[first..].split_inclusive('\n').take_while(|line| deep(line));
    let all = &rest[first..first + lines.map(str::len).sum::<usize>()];
    let value = all.trim();
    let start = at + first + (all.len() - all.trim_start().len());
    (!value.is_empty()).then_some(start..start + value.len())
}

/// The value behind the name in which `start..end` stands, where the name promises a secret and the text has the form
/// of an assignment, a field, a header or a flag.
pub(super) fn value(text: &str, start: usize, end: usize, floor: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let lowest = floor.max(back(text, start, LONGEST_NAME));
    let mut begin = start;
    while begin > lowest && is_name_byte(bytes[begin - 1]) {
        begin -= 1;
    }
    let literal_is_signed = matches!(bytes.get(end - 1), Some(b'='));
    let mut finish = if literal_is_signed { end - 1 } else { end };
    let highest = bytes.len().min(end + LONGEST_NAME);
    while finish < highest && is_name_byte(bytes[finish]) {
        finish += 1;
    }
    let name = text[begin..finish].trim_start_matches(['&', '?']);
    if !is_secret_name(name) {
        return None;
    }
    let rest = &text[finish..];
    // `"name":` or, in JSON inside a string, `\"name\":`.
    let escapes = rest.bytes().take_while(|b| *b == b'\\').count();
    let quote = rest[escapes..].chars().next().filter(|c| matches!(c, '"' | '\''));
    let quoted = quote.is_some_and(|quote| text[..begin].ends_with(quote));
    let mut at = if quoted { finish + escapes + 1 } else { finish };
    let blank = |at: usize| text[at..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if let Some(quote) = quote.filter(|_| quoted)
        && let Some(found) = variable(text, at, escapes, quote)
    {
        return Some(found);
    }
    if let Some(found) = yaml_variable(text, begin, at) {
        return Some(found);
    }
    let before = blank(at);
    match bytes.get(at + before) {
        Some(b'=') => {
            at += before + 1;
            at += usize::from(bytes.get(at) == Some(&b'>'));
            let after = blank(at);
            // `a = b` is an assignment, and so is `a=b`; `a= b` has no value.
            if before == 0 && after > 0 && !quoted {
                return None;
            }
            unit(text, at + after, false)
        }
        Some(b':') if before == 0 || quoted => {
            at += before + 1;
            let after = blank(at);
            let at = at + after;
            let is_text = text[at..].trim_start_matches('\\').starts_with(['"', '\'']);
            if quoted {
                return if is_text { unit(text, at, false) } else { None };
            }
            let last = Words(name).next().unwrap_or("");
            if ["authorization", "cookie"].iter().any(|it| last.eq_ignore_ascii_case(it)) {
                return header(text, at);
            }
            if after > 0 && is_line_start(text, begin) {
                return unit(text, at, true);
            }
            let is_password = last.len() >= 3 && last.as_bytes()[..1].eq_ignore_ascii_case(b"p");
            (is_password && (after == 0 || is_text)).then(|| unit(text, at, false)).flatten()
        }
        Some(_) if before > 0 && name.starts_with('-') && !quoted => {
            let at = at + before;
            if text[at..].starts_with('-') { None } else { unit(text, at, false) }
        }
        _ => None,
    }
}

/// Whether only the indentation and dash of a YAML key stand before this place on its line.
fn is_line_start(text: &str, at: usize) -> bool {
    let near = &text[back(text, at, 256)..at];
    let line = match near.rfind('\n') {
        Some(end) => &near[end + 1..],
        None if near.len() == at => near,
        None => return false,
    };
    line.bytes().all(|b| matches!(b, b' ' | b'-'))
}

/// The value that begins here: in quotes, to the end of the line, or to the end of the word.
fn unit(text: &str, at: usize, line: bool) -> Option<Range<usize>> {
    let rest = crate::clip(&text[at..], LONGEST_VALUE);
    let escapes = rest.bytes().take_while(|b| *b == b'\\').count();
    let first = rest[escapes..].trim_start_matches(['"', '\'']);
    if first.starts_with(['{', '[', '<', '(', '|', '>', '%']) {
        return None;
    }
    let range = match rest.as_bytes().get(escapes) {
        Some(quote @ (b'"' | b'\'')) => {
            let inside = escapes + 1;
            let length = quoted_length(&rest.as_bytes()[inside..], *quote, escapes);
            at + inside..at + inside + length
        }
        _ if line => {
            let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
            at..at + rest[..length].trim_end().len()
        }
        _ => {
            let ends = |c: char| c.is_whitespace() || ",;&\"')]}\\".contains(c);
            at..at + rest.find(ends).unwrap_or(rest.len())
        }
    };
    (!is_placeholder(&text[range.clone()])).then_some(range)
}

/// How far a quoted text goes, whose quotes have so many backslashes before them.
fn quoted_length(bytes: &[u8], quote: u8, escapes: usize) -> usize {
    let mut slashes = 0;
    for (at, b) in bytes.iter().enumerate() {
        match *b {
            b'\\' => slashes += 1,
            b'\n' => return at,
            b if b == quote && (slashes == escapes || escapes == 0 && slashes % 2 == 0) => {
                return at - escapes;
            }
            _ => slashes = 0,
        }
    }
    bytes.len()
}

/// The credentials of a header: all of it but the scheme.
fn header(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = crate::clip(&text[at..], LONGEST_VALUE);
    let scheme = crate::clip(rest, 24).split_once(' ').map_or("", |(scheme, _)| scheme);
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphabetic());
    let skipped = if is_scheme { scheme.len() + 1 } else { 0 };
    let credentials = &rest[skipped..];
    if is_placeholder(crate::clip(credentials, 2)) {
        return None;
    }
    // Behind a scheme up to the next blank: what follows is another sentence.
    let ends = |c: char| matches!(c, '\n' | '\r' | '"' | '\'' | '\\') || is_scheme && c == ' ';
    let length = credentials[..credentials.find(ends).unwrap_or(credentials.len())].trim_end().len();
    (!is_placeholder(&credentials[..length])).then_some(at + skipped..at + skipped + length)
}
