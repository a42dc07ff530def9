//! Finds the objects in YAML text line by line, and parses each on its own: a broken one costs itself, and a list
//! never stands in memory as a whole.

use super::wire::{At, Notes, Seed, Wire, pass_seq, unfit};
use super::{Form, List, Piece, block};
use memchr::{memchr, memmem};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A line without its end, and where it begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        at += end + 1;
        Some((start, rest[..end].strip_suffix('\r').unwrap_or(&rest[..end])))
    })
}

/// The value of a key that the line begins with: `kind: Pod`, `"kind": "Pod"`.
fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let bare = line.strip_prefix(key).or_else(|| {
        let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        line[1..].strip_prefix(key)?.strip_prefix(quote)
    })?;
    let value = bare.strip_prefix(':')?;
    if !(value.is_empty() || value.starts_with([' ', '\t'])) {
        return None;
    }
    let value = value.trim_start();
    let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split(quote).next());
    Some(quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or("").trim_end()))
}

fn is_boundary(line: &str) -> bool {
    line.strip_prefix("---")
        .or_else(|| line.strip_prefix("..."))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// Whether the first document is a mapping with a kind and a version. That is not so for what else kubectl prints.
pub(super) fn is_of_objects(text: &str) -> bool {
    let (mut kind, mut version, mut begun) = (false, false, false);
    for (_, line) in lines(text) {
        if is_blank(line) || line.starts_with('%') && !begun {
            continue;
        }
        if is_boundary(line) {
            if begun {
                return false;
            }
            continue;
        }
        let key_line = line.starts_with([' ', '\t', '-', '}', ']'])
            || line.split_once(':').is_some_and(|(key, rest)| {
                (rest.is_empty() || rest.starts_with([' ', '\t']))
                    && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"\"'_-./".contains(&b))
            });
        if !key_line || !begun && line.starts_with([' ', '\t', '-']) {
            return false;
        }
        begun = true;
        kind |= value_of(line, "kind").is_some();
        version |= value_of(line, "apiVersion").is_some();
        if kind && version {
            return true;
        }
    }
    false
}

/// Lists and single objects, one for each document.
pub(super) fn lists(text: &str) -> Vec<List<'_>> {
    let mut all = Vec::new();
    let mut start = 0;
    for at in boundaries(text) {
        let line = lines(&text[at..]).next().map_or("", |(_, line)| line);
        all.extend(document(text, start, at));
        start = (at + line.len()).min(text.len());
        if line.len() > 3 && line.starts_with("---") {
            // What follows the marker on its line belongs to the document.
            start = at + 3;
        }
    }
    all.extend(document(text, start, text.len()));
    all
}

/// Where the lines between documents begin.
fn boundaries(text: &str) -> Vec<usize> {
    let marks = |mark: &'static str| memmem::find_iter(text.as_bytes(), mark).map(|at| at + 1);
    let mut all: Vec<usize> = std::iter::once(0).chain(marks("\n---")).chain(marks("\n...")).collect();
    all.retain(|at| lines(&text[*at..]).next().is_some_and(|(_, line)| is_boundary(line)));
    all.sort_unstable();
    all
}

fn document(text: &str, start: usize, end: usize) -> Option<List<'_>> {
    let body = text.get(start..end)?;
    let (mut kind, mut version) = (None, None);
    let mut items: Option<(usize, usize)> = None;
    let mut partial = false;
    let mut empty = true;
    for (at, line) in lines(body) {
        if is_blank(line) {
            continue;
        }
        empty = false;
        if line.starts_with(' ') {
            partial |=
                items.is_none() && value_of(line.trim_start(), "continue").is_some_and(|it| !it.is_empty());
            continue;
        }
        if line.starts_with('-') {
            continue;
        }
        if let Some((_, end @ usize::MAX)) = &mut items {
            *end = at;
        }
        kind = kind.or_else(|| value_of(line, "kind"));
        version = version.or_else(|| value_of(line, "apiVersion"));
        if items.is_none() && value_of(line, "items").is_some_and(str::is_empty) {
            items = Some((at + line.len(), usize::MAX));
        }
    }
    if empty {
        return None;
    }
    let is_list = kind.is_none_or(|kind| kind.ends_with("List"));
    if let (Some((from, to)), true) = (items, is_list) {
        let to = to.min(body.len());
        let pieces = items_of(body.get(from..to)?, start + from);
        return Some(List { head: kind.zip(version), pieces, partial, cut: None });
    }
    if is_list && kind.is_some() {
        return Some(List { head: kind.zip(version), pieces: Vec::new(), partial, cut: None });
    }
    let piece = Piece { form: Form::Yaml, text: body, start, kind, version, managed: None, spec: None };
    // The line of the first key, not that of the marker or comment above it.
    let first = lines(body).find(|(_, line)| !is_blank(line)).map_or(0, |(at, _)| at);
    Some(List {
        head: None,
        pieces: vec![Piece { start: start + first, ..piece }],
        partial: false,
        cut: None,
    })
}

/// The items of a block list: each begins with a dash at the depth of the first.
fn items_of(text: &str, offset: usize) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut depth = None;
    for (at, line) in lines(text) {
        let indent = line.bytes().take_while(|byte| *byte == b' ').count();
        // Nothing that is looked for stands deeper.
        if depth.is_some_and(|depth| indent > depth + 2) {
            continue;
        }
        let content = &line[indent..];
        let mut key = content;
        if let Some(rest) = content.strip_prefix('-').filter(|rest| rest.is_empty() || rest.starts_with(' '))
            && depth.is_none_or(|depth| depth == indent)
        {
            depth = Some(indent);
            close(&mut pieces, at, offset);
            pieces.push(Piece {
                form: Form::YamlItem,
                text: &text[at..],
                start: offset + at,
                kind: None,
                version: None,
                managed: None,
                spec: None,
            });
            key = rest.trim_start_matches(' ');
        }
        if let (Some(piece), Some(depth)) = (pieces.last_mut(), depth)
            && line.len() - key.len() == depth + 2
        {
            piece.kind = piece.kind.or_else(|| value_of(key, "kind"));
            piece.version = piece.version.or_else(|| value_of(key, "apiVersion"));
        }
    }
    pieces
}

/// Ends the last piece where the next begins.
fn close(pieces: &mut [Piece<'_>], end: usize, offset: usize) {
    if let Some(last) = pieces.last_mut() {
        last.text = &last.text[..offset + end - last.start];
    }
}

/// Limits of one object. Far above what etcd stores (1.5 MiB), far below what would hurt.
pub(super) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 4_000_000,
            max_events: 16_000_000,
            max_depth: 128,
            max_documents: 8,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
    }
}

/// Reads one value of YAML; of the only item of a list, if it stands behind its dash.
pub(super) fn parse<'a, T: Wire<'a>>(text: &'a str, item: bool, notes: &Notes) -> Result<Option<T>, String> {
    if let Ok(value) = block::read(text, Root { at: At::root(notes), item, of: PhantomData }) {
        return Ok(value);
    }
    // What the attempt noted will be noted again.
    notes.take();
    let at = At::root(notes);
    serde_saphyr::with_deserializer_from_str_with_options(text, options(), |from| {
        Root { at, item, of: PhantomData }.deserialize(from)
    })
    .map_err(|error| error.to_string().lines().next().unwrap_or("broken YAML").to_owned())
}

/// A value, or the only item of a list.
struct Root<'p, T> {
    at: At<'p>,
    item: bool,
    of: PhantomData<T>,
}

impl<'de, T: Wire<'de>> DeserializeSeed<'de> for Root<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        if self.item { Only(&self.at, PhantomData).deserialize(from) } else { T::wire(from, &self.at) }
    }
}

/// The one item of a list.
struct Only<'p, T>(&'p At<'p>, PhantomData<T>);

impl<T> Only<'_, T> {
    fn wrong(&self) -> &'static str {
        "not a list"
    }
}

impl<'de, T: Wire<'de>> DeserializeSeed<'de> for Only<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: Wire<'de>> Visitor<'de> for Only<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let first = items.next_element_seed(Seed(self.0, PhantomData))?;
        pass_seq(items)?;
        Ok(first.flatten())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }

    unfit! { null bool number text map }
}
