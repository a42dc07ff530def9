//! What form a text has, and who looks at it.

use super::mask::{Found, Mask, Masked, Shape, masked};
use super::piece::Piece;
use super::tree::Tree;
use super::{Redacted, find, json, words, yaml};
use memchr::{memchr, memchr_iter, memmem};
use std::borrow::Cow;

/// Texts inside texts that are looked into.
pub(super) const DEEPEST: u8 = 4;

/// A record of any form.
pub(super) fn record<'b>(bytes: &'b [u8], mask: &Mask) -> Option<Redacted<'b>> {
    if crate::journal::is_export(bytes) {
        return Some(export(bytes, mask));
    }
    if bytes.starts_with(crate::journal::NATIVE) {
        let printed = crate::journal::native_as_export(bytes)?;
        let redacted = export(&printed, mask);
        return Some(Redacted { bytes: Cow::Owned(redacted.bytes.into_owned()), masked: redacted.masked });
    }
    if crate::is_binary(bytes) {
        return None;
    }
    let (text, masked) = masked(crate::decoded(bytes), mask, |whole, found| {
        text(whole, 0, found);
        parts(whole, found);
    });
    let bytes = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    Some(Redacted { bytes, masked })
}

/// Finds the secrets of a text that stands so deep in others.
pub(super) fn text(whole: &str, depth: u8, found: &mut Found<'_>) {
    if depth > DEEPEST {
        return find::plain(whole, found);
    }
    // What is no JSON begins there.
    let (mut at, mut start) = (0, 0);
    while at < whole.len() {
        let rest = &whole[at..];
        let begin = at + rest.len() - rest.trim_start().len();
        at = if whole[begin..].starts_with(['{', '[']) {
            match json::value(whole, begin, depth, found) {
                Ok(end) => {
                    found.within(start, |found| unformed(&whole[start..begin], depth, found));
                    start = end;
                    end
                }
                // No JSON, or not all of it: the next line may begin some.
                Err(broke) => {
                    memchr(b'\n', &whole.as_bytes()[broke..]).map_or(whole.len(), |end| broke + end + 1)
                }
            }
        } else {
            let mut breaks = memchr_iter(b'\n', rest.as_bytes());
            let begins = |at: &usize| matches!(rest.as_bytes().get(at + 1), Some(b'{' | b'['));
            breaks.find(begins).map_or(whole.len(), |next| at + next + 1)
        };
    }
    found.within(start, |found| unformed(&whole[start..], depth, found));
}

/// Whether a text is JSON as a whole.
pub(super) fn is_json(text: &str) -> bool {
    let mut found = Found::new(&Mask::Fixed);
    json::value(text, 0, DEEPEST, &mut found).is_ok_and(|end| text[end..].trim().is_empty())
}

/// Text that is no JSON.
fn unformed(text: &str, depth: u8, found: &mut Found<'_>) {
    if text.trim_start().len() < 3 {
        return;
    }
    find::plain(text, found);
    if yaml::is_likely(text) {
        yaml::scan(text, depth, found);
    }
    for header in ["Args:", "Command:"] {
        if memmem::find(text.as_bytes(), header.as_bytes()).is_some() {
            return described(text, found);
        }
    }
}

/// The command lines of what kubectl describes: a word on each line, deeper than their header.
fn described(text: &str, found: &mut Found<'_>) {
    let mut open: Option<(usize, bool)> = None;
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut command: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n').chain([""]) {
        let word = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some((deep, args)) = open
            && (indent <= deep || word.is_empty())
        {
            let words: Vec<&str> = lines.iter().map(|(_, word)| *word).collect();
            words::command(&words, command.filter(|_| args), |number, range, kind| {
                let start = lines[number].0;
                found.hide(text, start + range.start..start + range.end, kind, Shape::Word);
            });
            command = words.first().copied().filter(|_| !args);
            lines.clear();
            open = None;
        }
        match word {
            "Command:" | "Args:" => open = Some((indent, word == "Args:")),
            _ if open.is_some() => lines.push((at + indent, word)),
            _ => {}
        }
        at += line.len();
    }
}

/// Longest line that is put together of its parts, in bytes.
const LONGEST: usize = 1 << 20;

/// Lines that a runtime cut into parts (CRI: `… stdout P begin`, Docker: a text without a break at its end), where a
/// secret may stand across the cut.
fn parts(text: &str, found: &mut Found<'_>) {
    let has = |mark: &[u8]| memmem::find(text.as_bytes(), mark).is_some();
    let (cri, docker) = (has(b" stdout P ") || has(b" stderr P "), has(b"{\"log\":\""));
    // Docker cuts at 16 KiB, and no shorter line is a part.
    let may_be_cut = cri || docker && text.len() > 16 << 10;
    if !may_be_cut {
        return;
    }
    let mut open: Vec<(&str, Piece<'_>)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let part = if cri { cri_part(line, start) } else { docker_part(line, start) };
        let Some((stream, piece, partial)) = part else { continue };
        let known = open.iter().position(|(other, _)| *other == stream);
        match known {
            Some(known) => {
                if open[known].1.text.len() < LONGEST {
                    open[known].1.join(&piece);
                }
                if !partial {
                    let (_, whole) = open.swap_remove(known);
                    let mut inner = Found::new(found.mask);
                    self::text(&whole.text, 1, &mut inner);
                    found.spans.extend(whole.place(inner.spans));
                }
            }
            None if partial => {
                let mut whole = Piece::empty();
                whole.join(&piece);
                open.push((stream, whole));
            }
            None => {}
        }
    }
    for (_, whole) in open {
        let mut inner = Found::new(found.mask);
        self::text(&whole.text, 1, &mut inner);
        found.spans.extend(whole.place(inner.spans));
    }
}

fn cri_part(line: &str, start: usize) -> Option<(&str, Piece<'_>, bool)> {
    let mut words = line.splitn(4, ' ');
    let (_, stream, tags, text) = (words.next()?, words.next()?, words.next()?, words.next().unwrap_or(""));
    let partial = match tags.split(':').next()? {
        "P" => true,
        "F" => false,
        _ => return None,
    };
    let piece = Piece::plain(text, start + line.len() - text.len());
    matches!(stream, "stdout" | "stderr").then_some((stream, piece, partial))
}

fn docker_part(line: &str, start: usize) -> Option<(&str, Piece<'_>, bool)> {
    let inside = line.strip_prefix("{\"log\":\"")?;
    let end = memmem::rfind(inside.as_bytes(), b"\",\"stream\":\"")?;
    let stream = inside[end + 12..].split('"').next()?;
    let text = &inside[..end];
    Some((stream, Piece::json(text, start + 8), !text.ends_with("\\n")))
}

/// A journal as `journalctl -o export` prints it. Of what is kept with its length, the length follows.
fn export<'b>(bytes: &'b [u8], mask: &Mask) -> Redacted<'b> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut masked: Vec<Masked> = Vec::new();
    let (mut at, mut line, mut key_lines) = (0, 1, 0);
    let mut clean = |field: &str, value: &[u8], line: usize| -> Option<Vec<u8>> {
        let text = String::from_utf8_lossy(value);
        let mut found = Found { key_lines, ..Found::new(mask) };
        let mut tree = Tree::new(0);
        tree.open(false);
        tree.key(Cow::Borrowed(field));
        tree.scalar(Piece::plain(&text, 0), &mut found);
        key_lines = found.key_lines;
        let before = masked.len();
        let hidden = found.report(&text, &mut masked);
        for one in &mut masked[before..] {
            one.line = one.line.saturating_add(u32::try_from(line - 1).unwrap_or(u32::MAX));
        }
        (masked.len() > before).then(|| hidden.into_owned().into_bytes())
    };
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let text = &rest[..end];
        let mut next = (at + end + 1).min(bytes.len());
        if let Some(equals) = memchr(b'=', text) {
            let field = std::str::from_utf8(&text[..equals]).unwrap_or("");
            match clean(field, &text[equals + 1..], line) {
                Some(hidden) => {
                    out.extend_from_slice(&text[..=equals]);
                    out.extend_from_slice(&hidden);
                    out.extend_from_slice(&bytes[at + end..next]);
                }
                None => out.extend_from_slice(&bytes[at..next]),
            }
        } else if let Some(value) = crate::journal::whole_value(&bytes[next..]) {
            let field = std::str::from_utf8(text).unwrap_or("");
            let length = &bytes[next..next + 8];
            let breaks = memchr_iter(b'\n', length).count();
            out.extend_from_slice(&bytes[at..next]);
            next += 8 + value.len();
            match clean(field, value, line + 1 + breaks) {
                Some(mut hidden) => {
                    // A length may look like a break: there have to be as many.
                    let same =
                        |length: usize| memchr_iter(b'\n', &(length as u64).to_le_bytes()).count() == breaks;
                    while !same(hidden.len()) && hidden.len() < value.len() + (1 << 17) {
                        hidden.push(b' ');
                    }
                    out.extend_from_slice(&(hidden.len() as u64).to_le_bytes());
                    out.extend_from_slice(&hidden);
                }
                None => out.extend_from_slice(&bytes[next - 8 - value.len()..next]),
            }
            let behind = (next + 1).min(bytes.len());
            out.extend_from_slice(&bytes[next..behind]);
            next = behind;
        } else {
            match clean("", text, line) {
                Some(hidden) => {
                    out.extend_from_slice(&hidden);
                    out.extend_from_slice(&bytes[at + end..next]);
                }
                None => out.extend_from_slice(&bytes[at..next]),
            }
        }
        line += memchr_iter(b'\n', &bytes[at..next]).count();
        at = next;
    }
    let bytes = if masked.is_empty() { Cow::Borrowed(bytes) } else { Cow::Owned(out) };
    Redacted { bytes, masked }
}
