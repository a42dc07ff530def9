//! The value that stands behind a name: assigned, as a field, a header or a flag, in quotes and without.

use super::mask::{HIDDEN, Kind, Shape};
use super::names::{self, is_compound, last_word};
use super::paths::stays;
use std::ops::Range;

/// Longest name that is looked at, in bytes.
const LONGEST_NAME: usize = 128;

/// Longest value that is looked at, in bytes.
const LONGEST_VALUE: usize = 1 << 16;

type Value = (Range<usize>, Kind, Shape);

/// The value behind the name in which `start..end` stands, where the name promises a secret and the text has the form
/// of an assignment, a field, a header or a flag.
pub(super) fn of_name(text: &str, start: usize, end: usize, floor: usize) -> Option<Value> {
    let bytes = text.as_bytes();
    let lowest = floor.max(back(text, start, LONGEST_NAME));
    let mut begin = start;
    while begin > lowest && is_name_byte(bytes[begin - 1]) {
        begin -= 1;
    }
    let literal = text[start..end].trim_end_matches(['=', '"', '\\']);
    let mut finish = start + literal.len();
    let highest = bytes.len().min(end + LONGEST_NAME);
    while finish < highest && is_name_byte(bytes[finish]) {
        finish += 1;
    }
    let name = text[begin..finish].trim_start_matches(['&', '?']);
    let is_auth = literal.eq_ignore_ascii_case("auth") && name.eq_ignore_ascii_case("auth");
    let kind = match names::kind(name) {
        Some(kind) => kind,
        None if is_auth => Kind::Credential,
        None => return None,
    };
    let is_annotation = text[..begin].ends_with('/') && matches!(kind, Kind::Secret | Kind::Credential);
    if is_annotation {
        return None;
    }
    let word =
        |range: Range<usize>| (!stays(kind, &text[range.clone()])).then_some((range, kind, Shape::Word));
    let rest = &text[finish..];
    // `<password>hunter2</password>`
    if text[..begin].ends_with('<') && rest.starts_with('>') {
        let length = crate::clip(&rest[1..], LONGEST_VALUE).find('<')?;
        let range = finish + 1..finish + 1 + length;
        return if is_reference(&text[range.clone()]) { None } else { word(range) };
    }
    // `"name":` or, in JSON inside a string, `\"name\":`.
    let escapes = rest.bytes().take_while(|b| *b == b'\\').count();
    let quote = rest[escapes..].chars().next().filter(|c| matches!(c, '"' | '\''));
    let quoted = quote.is_some_and(|quote| text[..begin].ends_with(quote));
    let mut at = if quoted { finish + escapes + 1 } else { finish };
    if !quoted {
        at += colour(&text[at..]);
    }
    let blank = |at: usize| text[at..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if let Some(quote) = quote.filter(|_| quoted)
        && let Some(found) = variable(text, at, escapes, quote)
    {
        return word(found);
    }
    if let Some(found) = yaml_variable(text, begin, at) {
        return word(found);
    }
    let before = blank(at);
    let last = last_word(name);
    let is_header = ["authorization", "cookie"].iter().any(|it| last.eq_ignore_ascii_case(it));
    match bytes.get(at + before) {
        Some(b'=') => {
            at += before + 1;
            at += usize::from(bytes.get(at) == Some(&b'>'));
            at += colour(&text[at..]);
            let after = blank(at);
            // `a = b` is an assignment, and so is `a=b`; `a= b` has no value.
            if before == 0 && after > 0 && !quoted {
                return None;
            }
            let at = at + after;
            let is_text = text[at..].trim_start_matches('\\').starts_with(['"', '\'']);
            if is_header && !is_text && !text[begin..].starts_with('-') {
                return header(text, at).and_then(word);
            }
            let until = match text[begin..].starts_with('-') {
                true => Until::Blank,
                false if before == 0 && is_line_start(text, begin) => Until::Space,
                false => Until::Word,
            };
            unit(text, at, until).and_then(word)
        }
        Some(b':') if before == 0 || quoted => {
            at += before + 1;
            at += colour(&text[at..]);
            let after = blank(at);
            let at = at + after;
            let is_text = text[at..].trim_start_matches('\\').starts_with(['"', '\'']);
            if quoted {
                if is_auth {
                    let range = unit(text, at, Until::Word).filter(|_| is_text)?;
                    return if super::find::is_credential(&text[range.clone()]) { word(range) } else { None };
                }
                return match is_text {
                    true => unit(text, at, Until::Word).and_then(word),
                    false => number(text, at, kind),
                };
            }
            if is_auth {
                return None;
            }
            if is_header {
                return header(text, at).and_then(word);
            }
            if after > 0 && is_line_start(text, begin) {
                return unit(text, at, Until::Line).and_then(word);
            }
            let found = unit(text, at, Until::Word)?;
            let value = &text[found.clone()];
            // Indented as a field is, behind a prefix of its line or an escaped break.
            let is_deep = text[..begin].ends_with("  ");
            let told = match kind {
                Kind::Password => after == 0 || is_text || value.len() >= 6 && has_digit(value),
                Kind::Token | Kind::Key | Kind::PrivateKey if is_deep => value.len() >= 8 && has_digit(value),
                // A word of a sentence is no secret: `invalid token: unexpected end`.
                _ if is_compound(name) => {
                    is_opaque(value) || value.len() >= 8 && has_digit(value) && has_letter(value)
                }
                _ => is_opaque(value),
            };
            if told { word(found) } else { None }
        }
        Some(_) if before > 0 && name.starts_with('-') && !quoted => {
            let at = at + before;
            let is_flag = text[at..].starts_with('-');
            if is_flag { None } else { unit(text, at, Until::Blank).and_then(word) }
        }
        // netrc: `machine x login y password z`; SQL: `WITH PASSWORD 'x'`.
        Some(next) if before > 0 && kind == Kind::Password && !quoted => {
            let at = at + before;
            let near = &text[back(text, begin, 256)..begin];
            let line = near.rsplit('\n').next().unwrap_or(near);
            let is_netrc = line.contains("machine ") && line.contains("login ");
            let is_sql = matches!(next, b' ') && name == "PASSWORD" && text[at..].starts_with('\'');
            if is_netrc || is_sql { unit(text, at, Until::Blank).and_then(word) } else { None }
        }
        _ => None,
    }
}

fn has_digit(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_digit())
}

fn has_letter(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Whether a word is too long and too mixed for a word of a sentence or the name of an object.
fn is_opaque(value: &str) -> bool {
    let mixed =
        value.bytes().any(|b| b.is_ascii_uppercase()) && value.bytes().any(|b| b.is_ascii_lowercase());
    let hex = value.len() >= 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
    value.len() >= 16
        && has_digit(value)
        && (mixed || hex)
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-.".contains(&b))
}

/// The length of what colours a text on a terminal.
fn colour(text: &str) -> usize {
    let begins = ["\u{1b}[", "\\u001b[", "\\x1b["];
    let Some(rest) = begins.iter().find_map(|begin| text.strip_prefix(begin)) else { return 0 };
    let length = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b';').count();
    if rest[length..].starts_with('m') { text.len() - rest.len() + length + 1 } else { 0 }
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
    let length = quoted_length(crate::clip(rest, LONGEST_VALUE).as_bytes(), quote as u8, escapes, false);
    let value = rest.get(..length)?;
    (!is_reference(value)).then_some(start..start + length)
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
        false => unit(text, start, if below.is_some() { Until::Line } else { Until::Word }),
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

/// Whether only the indentation and dash of a YAML key, or the word of a shell, stand before this place on its line.
fn is_line_start(text: &str, at: usize) -> bool {
    let near = &text[back(text, at, 256)..at];
    let line = match near.rfind('\n') {
        Some(end) => &near[end + 1..],
        None if near.len() == at => near,
        None => return false,
    };
    line.strip_prefix("export ").unwrap_or(line).bytes().all(|b| matches!(b, b' ' | b'-'))
}

/// How far a value without quotes goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// To the end of the line.
    Line,
    /// To the next blank: an assignment that stands alone.
    Space,
    /// To the next blank or quote, as a word of a command line.
    Blank,
    /// To the end of the word, or to what parts it from the next name.
    Word,
}

/// The value that begins here: in quotes, to the end of the line, or to the end of the word.
fn unit(text: &str, at: usize, until: Until) -> Option<Range<usize>> {
    let rest = crate::clip(&text[at..], LONGEST_VALUE);
    let escapes = rest.bytes().take_while(|b| *b == b'\\').count();
    let range = match rest.as_bytes().get(escapes) {
        Some(quote @ (b'"' | b'\'')) => {
            let inside = escapes + 1;
            let length = quoted_length(&rest.as_bytes()[inside..], *quote, escapes, true);
            at + inside..at + inside + length
        }
        _ => {
            let length = match until {
                Until::Line => rest.find(['\n', '\r']).unwrap_or(rest.len()),
                Until::Space => word_length(rest, true),
                Until::Blank => blank_length(rest),
                Until::Word => word_length(rest, false),
            };
            let value = rest[..length].trim_end();
            if begins_structure(value, until) {
                return None;
            }
            at..at + value.len()
        }
    };
    (!is_reference(&text[range.clone()])).then_some(range)
}

/// Whether a value without quotes is an object, a list or a block: their parts are looked at by themselves.
fn begins_structure(value: &str, until: Until) -> bool {
    let closed = |close: char| until != Until::Line || value.len() == 1 || value.ends_with(close);
    match value.as_bytes().first() {
        Some(b'{') => closed('}'),
        Some(b'[') => closed(']'),
        Some(b'(') => until == Until::Word && value.len() == 1,
        Some(b'|' | b'>') => value[1..].bytes().all(|b| b.is_ascii_digit() || b"+-".contains(&b)),
        _ => false,
    }
}

/// Up to the next blank or quote. Brackets that close what began before do not belong to it.
fn blank_length(rest: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\u{1b}');
    let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let word = escaped_end(word);
    let opens = word.contains(['[', '(', '{']);
    if opens { word.len() } else { word.trim_end_matches([']', ')', '}', ',', ';']).len() }
}

/// A word up to an escape that whoever quoted the text put there.
fn escaped_end(word: &str) -> &str {
    let ends = word
        .match_indices('\\')
        .find(|(at, _)| word.as_bytes().get(at + 1).is_none_or(|next| b"nrt\"'\\u".contains(next)));
    ends.map_or(word, |(at, _)| &word[..at])
}

/// Up to a blank, a quote, or to a mark behind which something else begins.
/// In an assignment that stands alone neither quotes nor brackets end it.
fn word_length(rest: &str, alone: bool) -> usize {
    let ends = |c: char| c.is_whitespace() || !alone && matches!(c, '"' | '\'' | '`' | '\u{1b}');
    let length = rest.find(ends).unwrap_or(rest.len());
    let word = escaped_end(&rest[..length]);
    let bytes = word.as_bytes();
    let (mut names, mut open) = (Vec::new(), 0);
    for (at, b) in bytes.iter().enumerate() {
        match b {
            b',' | b';' | b'&' => names.push(at),
            // A name behind a mark: the value ended there.
            b'=' | b':' => {
                if let Some(mark) = names.pop() {
                    let name = &word[mark + 1..at];
                    if !name.is_empty() && name.bytes().all(is_name_byte) {
                        return mark;
                    }
                }
            }
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' if open > 0 => open -= 1,
            b')' | b']' | b'}' | b'<'
                if !alone && bytes.get(at + 1).is_none_or(|next| !next.is_ascii_alphanumeric()) =>
            {
                return at;
            }
            _ => {}
        }
    }
    if alone { word.len() } else { word.trim_end_matches([',', ';', '&']).len() }
}

/// How far a quoted text goes, whose quotes have so many backslashes before them.
fn quoted_length(bytes: &[u8], quote: u8, escapes: usize, in_line: bool) -> usize {
    let mut slashes = 0;
    for (at, b) in bytes.iter().enumerate() {
        match *b {
            b'\\' => slashes += 1,
            b'\n' if in_line => return at,
            b if b == quote && (slashes == escapes || escapes == 0 && slashes % 2 == 0) => {
                return at - escapes;
            }
            _ => slashes = 0,
        }
    }
    bytes.len()
}

/// Digits that are a password.
fn number(text: &str, at: usize, kind: Kind) -> Option<Value> {
    let length = text[at..].bytes().take(64).take_while(u8::is_ascii_digit).count();
    let ends = !text[at + length..].starts_with(|c: char| c.is_alphanumeric() || c == '.');
    (kind == Kind::Password && length >= 3 && ends).then_some((at..at + length, kind, Shape::Number))
}

/// The credentials of a header: all of it but the scheme.
fn header(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = crate::clip(&text[at..], LONGEST_VALUE);
    // Go prints a header as a list.
    let open = usize::from(rest.starts_with('['));
    let (at, rest) = (at + open, &rest[open..]);
    let scheme = crate::clip(rest, 24).split_once(' ').map_or("", |(scheme, _)| scheme);
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphabetic());
    let skipped = if is_scheme { scheme.len() + 1 } else { 0 };
    let credentials = &rest[skipped..];
    if credentials.starts_with(['{', '<', '$', '%', '[']) {
        return None;
    }
    // Behind a scheme up to the next blank: what follows is another sentence.
    let ends = |c: char| matches!(c, '\n' | '\r' | '"' | '\'' | '\\' | ']') || is_scheme && c == ' ';
    let length = credentials[..credentials.find(ends).unwrap_or(credentials.len())].trim_end().len();
    (!is_reference(&credentials[..length])).then_some(at + skipped..at + skipped + length)
}

/// Whether what stands in the place of a secret is none: nothing, a word, a name of something else, a mask.
pub(super) fn is_reference(value: &str) -> bool {
    let word = value.trim();
    let plain = [
        "yes",
        "no",
        "true",
        "false",
        "null",
        "nil",
        "none",
        "undefined",
        "empty",
        "redacted",
        "hidden",
        "unset",
        "n/a",
    ];
    let within = |open: &str, close: &str| word.starts_with(open) && word.ends_with(close);
    word.is_empty()
        || plain.iter().any(|it| word.eq_ignore_ascii_case(it))
        || is_mask(word)
        || within("$(", ")")
        || within("${", "}")
        || within("{{", "}}")
        || within("<", ">")
        || word.starts_with("<set to the key ")
        || within("***", "***")
        || within("[", "]")
            && word.len() > 2
            && word[1..word.len() - 1].bytes().all(|b| b.is_ascii_uppercase())
        || within("%", "%") && word.len() > 2
        || is_variable(word)
        || word.starts_with('%') && word.len() <= 3
        || word.bytes().all(|b| b"*xX.-_".contains(&b))
        || word.chars().all(|c| matches!(c, '•' | '●' | '…'))
}

/// `$DB_PASSWORD`, `$password`: a variable of a shell, by the manner of its letters.
fn is_variable(word: &str) -> bool {
    let Some(name) = word.strip_prefix('$') else { return false };
    let (upper, lower) =
        (name.bytes().any(|b| b.is_ascii_uppercase()), name.bytes().any(|b| b.is_ascii_lowercase()));
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    name.is_empty() || is_name && (upper && !lower || names::is_secret_name(name))
}

/// Whether a mask of ours stands there, alone or behind the scheme of credentials.
pub(super) fn is_mask(word: &str) -> bool {
    let schemes = ["Bearer", "Basic"];
    let word = match word.split_once(' ') {
        Some((scheme, mask)) if schemes.iter().any(|it| scheme.eq_ignore_ascii_case(it)) => mask,
        _ => word,
    };
    let name = word.strip_prefix('<').and_then(|word| word.strip_suffix('>')).unwrap_or(word);
    let hash = |hash: &str| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    word == HIDDEN
        || name
            .rsplit_once('-')
            .is_some_and(|(kind, digits)| hash(digits) && Kind::ALL.iter().any(|it| it.as_str() == kind))
}

/// At most so many bytes before a place, and whole characters.
pub(super) fn back(text: &str, at: usize, most: usize) -> usize {
    let mut from = at.saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    from
}
