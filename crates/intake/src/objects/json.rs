//! Finds the objects in JSON text without parsing them: each is read on its own, so that a broken one costs itself.

use super::{Form, List, Piece};
use memchr::memchr2;
use std::ops::Range;

/// Lines of which nothing is an object, with the byte at which each begins.
type Between<'a> = Vec<(usize, &'a str)>;

/// Whether a document is an object of Kubernetes or a list of such.
fn is_of_objects(document: &Document<'_>) -> bool {
    let named = |piece: &Piece<'_>| piece.kind.is_some() && piece.version.is_some();
    match &document.items {
        Some(items) => {
            document.head.kind.is_some_and(|kind| kind.ends_with("List")) || items.iter().any(named)
        }
        None => named(&document.head),
    }
}

/// Lists and single objects, one after another; none where the first document is not of Kubernetes.
pub(super) fn lists(text: &str) -> Option<(Vec<List<'_>>, Between<'_>)> {
    let (documents, between) = documents(text, is_of_objects)?;
    let lists = documents
        .into_iter()
        .map(|Document { head, items, metadata, cut }| {
            let end = head.start + head.text.len();
            let cut = cut.then_some(end);
            let of = head.kind.zip(head.version);
            match items {
                Some(pieces) => List { head: of, pieces, partial: is_partial(metadata), cut },
                None if cut.is_some() => List { head: None, pieces: Vec::new(), partial: false, cut },
                None => List { head: None, pieces: vec![head], partial: false, cut },
            }
        })
        .collect();
    Some((lists, between))
}

/// Whether a list's metadata tells that there is more.
fn is_partial(metadata: Option<&str>) -> bool {
    metadata.is_some_and(|text| text.contains("\"continue\"") && !text.contains("\"continue\":\"\""))
}

/// One document of the text.
struct Document<'a> {
    /// Its head: `kind` and `apiVersion`, and the whole text.
    head: Piece<'a>,
    /// Its items, where it is a list.
    items: Option<Vec<Piece<'a>>>,
    /// `metadata`, of a list.
    metadata: Option<&'a str>,
    /// The text ends before the document does.
    cut: bool,
}

/// The documents of a text: one, several one after another, or one a line; and the lines between them that are none,
/// with the byte at which each begins. None where the first document is not `wanted`.
fn documents<'a>(
    text: &'a str,
    wanted: impl Fn(&Document<'a>) -> bool,
) -> Option<(Vec<Document<'a>>, Between<'a>)> {
    let mut found = Vec::new();
    let mut between = Vec::new();
    let mut cursor = Cursor::new(text);
    // Once a document turns out to be cut, each ends where the next line begins with a brace, at the latest.
    let mut bounded = false;
    loop {
        cursor.pass_blank();
        let start = cursor.at;
        match cursor.peek() {
            None => break,
            Some(b'{' | b'[') => {
                let mut document = None;
                if !bounded {
                    let whole = cursor.document();
                    if found.is_empty() && !wanted(&whole) {
                        return None;
                    }
                    bounded = whole.cut;
                    document = Some(whole);
                }
                let next = if bounded { next_document(text, start) } else { None };
                if bounded && (document.is_none() || next.is_some()) {
                    let mut inside = Cursor { text: &text[..next.unwrap_or(text.len())], at: start };
                    document = Some(inside.document());
                    cursor.at = inside.at;
                }
                found.extend(document);
            }
            // The separators of JSON text sequences, and commas that somebody left.
            Some(b'\x1e' | b',' | b'\0') => cursor.at += 1,
            Some(_) => {
                let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |n| start + n);
                between.push((start, &text[start..end]));
                cursor.at = end;
            }
        }
    }
    Some((found, between))
}

/// Where a line begins with a brace that no list or object before it asks for.
fn next_document(text: &str, start: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[start..];
    let asked = |at: usize| {
        bytes[..at].trim_ascii_end().ends_with(b",") || bytes[..at].trim_ascii_end().ends_with(b"[")
    };
    memchr::memmem::find_iter(bytes, b"\n{").find(|at| !asked(*at)).map(|at| start + at + 1)
}

/// Where `metadata.managedFields` stands in an object.
pub(super) struct Managed {
    /// Its value.
    pub(super) value: Range<usize>,
    /// The same with its key and one comma: without this the object is whole.
    pub(super) entry: Range<usize>,
}

/// Where `metadata.managedFields` stands in the text of an object. None where it does not, or stands there twice.
pub(super) fn managed(object: &str) -> Option<Managed> {
    let mut found = None;
    let mut count = 0;
    Cursor::new(object).entries(|cursor, key| {
        if key != "metadata" || cursor.peek() != Some(b'{') {
            return cursor.value();
        }
        cursor.entries(|cursor, key| {
            let start = cursor.at;
            let whole = cursor.value();
            if key == "managedFields" {
                count += 1;
                found = whole.then_some(start..cursor.at);
            }
            whole
        });
        // What comes behind the metadata is of no interest.
        false
    });
    let value = found.filter(|_| count == 1)?;
    let key = object[..value.start].rfind("\"managedFields\"")?;
    let before = object[..key].trim_ascii_end();
    let entry = match before.strip_suffix(',') {
        Some(before) => before.len()..value.end,
        None => {
            let behind = object[value.end..].trim_ascii_start();
            let blank = object.len() - value.end - behind.len();
            key..value.end + if behind.starts_with(',') { blank + 1 } else { 0 }
        }
    };
    Some(Managed { value, entry })
}

/// Passes over JSON without parsing it.
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// The byte that it stands before.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a text.
    pub(super) fn new(text: &'a str) -> Self {
        Cursor { text, at: 0 }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    pub(super) fn pass_blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// The string that begins here, without its quotes, escapes as written. None where it does not end.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        self.at = end_of_string(self.bytes(), start)?;
        let inside = self.text.get(start..self.at);
        self.at += 1;
        inside
    }

    /// Passes over a value of any type. False where the text ends before it.
    pub(super) fn value(&mut self) -> bool {
        match self.peek() {
            Some(b'"') => self.string().is_some(),
            Some(b'{' | b'[') => {
                let end = end_of_nested(self.bytes(), self.at);
                self.at = end.unwrap_or(self.text.len());
                end.is_some()
            }
            _ => {
                while !matches!(self.peek(), None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')) {
                    self.at += 1;
                }
                self.peek().is_some()
            }
        }
    }

    /// Walks the entries of the object that begins here and hands each key and the cursor, before its value, to
    /// `each`, which passes over the value. False where the text ends before the object, or is none.
    pub(super) fn entries(&mut self, mut each: impl FnMut(&mut Self, &'a str) -> bool) -> bool {
        let start = self.at;
        self.at += 1;
        loop {
            self.pass_blank();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return true;
                }
                Some(b',') => self.at += 1,
                Some(b'"') => {
                    let Some(key) = self.string() else { break };
                    self.pass_blank();
                    if self.peek() != Some(b':') {
                        // Broken: the parser will say how; find where it ends.
                        self.at = end_of_nested(self.bytes(), start).unwrap_or(self.text.len());
                        return self.at < self.text.len();
                    }
                    self.at += 1;
                    self.pass_blank();
                    if !each(self, key) {
                        break;
                    }
                }
                Some(_) => {
                    self.at = end_of_nested(self.bytes(), start).unwrap_or(self.text.len());
                    return self.at < self.text.len();
                }
                None => break,
            }
        }
        self.at = self.text.len();
        false
    }

    /// The text of a string value, if it is one; passes over the value.
    fn word(&mut self, into: &mut Option<&'a str>) -> bool {
        if self.peek() == Some(b'"') {
            let Some(word) = self.string() else { return false };
            // The first of two counts, as for the parser none would.
            into.get_or_insert(word);
            true
        } else {
            self.value()
        }
    }

    fn piece(&mut self) -> (Piece<'a>, bool) {
        let start = self.at;
        let (mut kind, mut version, mut managed, mut spec) = (None, None, None, None);
        let whole = self.entries(|cursor, key| match key {
            "kind" => cursor.word(&mut kind),
            "apiVersion" => cursor.word(&mut version),
            "metadata" if cursor.peek() == Some(b'{') => cursor.entries(|cursor, key| {
                let from = cursor.at - start;
                let whole = cursor.value();
                if key == "managedFields" {
                    managed = Some(from..cursor.at - start);
                }
                whole
            }),
            "spec" => {
                let from = cursor.at - start;
                let whole = cursor.value();
                spec = Some(from..cursor.at - start);
                whole
            }
            _ => cursor.value(),
        });
        let text = &self.text[start..self.at];
        (Piece { form: Form::Json, text, start, kind, version, managed, spec }, whole)
    }

    fn document(&mut self) -> Document<'a> {
        let start = self.at;
        if self.peek() == Some(b'[') {
            let (items, cut) = self.items();
            let head = Piece {
                form: Form::Json,
                text: &self.text[start..self.at],
                start,
                kind: None,
                version: None,
                managed: None,
                spec: None,
            };
            return Document { head, items: Some(items), metadata: None, cut };
        }
        let (mut kind, mut version, mut metadata, mut items) = (None, None, None, None);
        let (mut cut_inside, mut is_about) = (false, false);
        let whole = self.entries(|cursor, key| match key {
            "kind" => cursor.word(&mut kind),
            "apiVersion" => cursor.word(&mut version),
            "items" if cursor.peek() == Some(b'[') && items.is_none() => {
                let (found, cut) = cursor.items();
                items = Some(found);
                cut_inside = cut;
                !cut
            }
            "metadata" => {
                let from = cursor.at;
                let whole = cursor.value();
                metadata = Some(&cursor.text[from..cursor.at]);
                whole
            }
            _ => {
                is_about |= key == "involvedObject";
                cursor.value()
            }
        });
        // Exporters of events write them as their Go client holds them, without kind and version.
        if is_about && kind.is_none() && version.is_none() {
            (kind, version) = (Some("Event"), Some("v1"));
        }
        Document {
            head: Piece {
                form: Form::Json,
                text: &self.text[start..self.at],
                start,
                kind,
                version,
                managed: None,
                spec: None,
            },
            items,
            metadata,
            cut: !whole || cut_inside,
        }
    }

    /// The objects of the array that begins here, and whether the text ends inside it. A last item that is not whole
    /// is left out.
    fn items(&mut self) -> (Vec<Piece<'a>>, bool) {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.pass_blank();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return (items, false);
                }
                Some(b',') => self.at += 1,
                Some(b'{') => {
                    let (piece, whole) = self.piece();
                    if !whole {
                        return (items, true);
                    }
                    items.push(piece);
                }
                Some(b'}' | b':') => self.at += 1,
                Some(_) => {
                    if !self.value() {
                        return (items, true);
                    }
                }
                None => return (items, true),
            }
        }
    }
}

/// The closing quote of a string whose inside begins at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    // Most strings are short: look at a few bytes before calling for help.
    let near = bytes.len().min(at.saturating_add(24));
    loop {
        while at < near {
            match bytes[at] {
                b'"' => return Some(at),
                b'\\' => break,
                _ => at += 1,
            }
        }
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Bytes that are looked at together: one for each bit of a mask.
const BLOCK: usize = 64;

/// A bit for each byte of a block that is so.
#[inline(always)]
fn mask(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    // Two plain loops: the first becomes comparisons of many bytes at once.
    let mut ones = [0; BLOCK];
    for at in 0..BLOCK {
        ones[at] = u8::from(is(block[at]));
    }
    let mut mask = 0;
    for (at, eight) in ones.as_chunks::<8>().0.iter().enumerate() {
        // Moves the lowest bit of every byte into the highest byte.
        mask |= (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at);
    }
    mask
}

/// The bits behind a backslash that is not itself behind one; `carry` tells it of the block before.
fn escaped(backslashes: u64, carry: &mut bool) -> u64 {
    let behind = backslashes << 1 | u64::from(*carry);
    if backslashes & behind == 0 {
        *carry = backslashes >> (BLOCK - 1) == 1;
        return behind;
    }
    let (mut escaped, mut next) = (0, *carry);
    for at in 0..BLOCK {
        escaped |= u64::from(next) << at;
        next = !next && backslashes >> at & 1 == 1;
    }
    *carry = next;
    escaped
}

/// From each bit that is set to the one before the next: what stands in quotes, with the opening ones.
fn between(mut quotes: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        quotes ^= quotes << shift;
    }
    quotes
}

/// Behind the bracket that closes the one at `at`. Braces and brackets are not told apart: the parser does that.
fn end_of_nested(bytes: &[u8], mut at: usize) -> Option<usize> {
    let (mut depth, mut is_escaped, mut inside) = (0, false, 0);
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let mut last = [b' '; BLOCK];
        let block = rest.first_chunk::<BLOCK>().unwrap_or_else(|| {
            last[..rest.len()].copy_from_slice(rest);
            &last
        });
        let quotes =
            mask(block, |byte| byte == b'"') & !escaped(mask(block, |byte| byte == b'\\'), &mut is_escaped);
        let quoted = between(quotes) ^ inside;
        inside = if quoted >> (BLOCK - 1) == 1 { u64::MAX } else { 0 };
        // An opening bracket and its closing one are two apart, and a brace is 32 behind a bracket.
        let open = mask(block, |byte| byte | 0x20 == b'{') & !quoted;
        let close = mask(block, |byte| byte | 0x20 == b'}') & !quoted;
        if depth <= close.count_ones() {
            let mut both = open | close;
            while both != 0 {
                let first = both.trailing_zeros();
                both &= both - 1;
                if open >> first & 1 == 1 {
                    depth += 1;
                } else {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(at + first as usize + 1);
                    }
                }
            }
        } else {
            depth = depth + open.count_ones() - close.count_ones();
        }
        at += BLOCK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> (Vec<Document<'_>>, Between<'_>) {
        super::documents(text, |_| true).unwrap_or_default()
    }

    fn kinds<'a>(document: &Document<'a>) -> Vec<Option<&'a str>> {
        document.items.iter().flatten().map(|piece| piece.kind).collect()
    }

    #[test]
    fn exported_events_do_not_name_their_kind() {
        let line = r#"{"metadata":{"name":"web-0.1","namespace":"shop"},"reason":"BackOff","message":"m","involvedObject":{"kind":"Pod","name":"web-0","labels":{"app":"web"}}}"#;
        let (lists, between) = lists(&format!("{line}\n{line}\n")).map(|(l, b)| (l.len(), b.len())).unwrap();
        assert_eq!((lists, between), (2, 0));
    }

    #[test]
    fn items_are_found_whatever_the_order_of_keys() {
        let text =
            r#"{"items":[{"spec":{"kind":"x"},"kind":"Pod","apiVersion":"v1"},{"a":"}\"]"}],"kind":"List"}"#;
        let (documents, between) = documents(text);
        assert!(between.is_empty());
        assert_eq!(documents.len(), 1);
        assert_eq!(documents[0].head.kind, Some("List"));
        assert_eq!(kinds(&documents[0]), [Some("Pod"), None]);
        assert!(!documents[0].cut);
    }

    #[test]
    fn documents_may_follow_each_other() {
        let (found, between) =
            documents("{\"kind\":\"A\"}{\"kind\":\"B\"}\n{\"kind\":\"C\"}\nword {\n[{\"kind\":\"D\"}]");
        assert_eq!(
            found.iter().map(|d| d.head.kind).collect::<Vec<_>>(),
            [Some("A"), Some("B"), Some("C"), None]
        );
        assert_eq!(kinds(&found[3]), [Some("D")]);
        assert_eq!(between, [(38, "word {")]);
    }

    #[test]
    fn a_cut_list_keeps_what_came_before() {
        let text = r#"{"kind":"PodList","items":[{"kind":"Pod","metadata":{"name":"a"}},{"kind":"Pod","meta"#;
        let (found, _) = documents(text);
        assert!(found[0].cut);
        assert_eq!(kinds(&found[0]), [Some("Pod")]);
        for end in 0..text.len() {
            let (found, _) = documents(&text[..end]);
            assert!(found.iter().all(|d| d.cut), "{end}");
        }
    }

    #[test]
    fn a_cut_line_does_not_swallow_the_next() {
        let (found, _) =
            documents("{\"kind\":\"A\",\"x\":[{\n{\"kind\":\"B\"}\n{\"kind\":\"C\",\"y\":\n{\"kind\":\"D\"}");
        assert_eq!(
            found.iter().map(|d| (d.head.kind, d.cut)).collect::<Vec<_>>(),
            [(Some("A"), true), (Some("B"), false), (Some("C"), true), (Some("D"), false)]
        );
    }

    #[test]
    fn hostile_nesting_and_quotes_take_linear_time() {
        for unit in
            ["[", "{\"a\":", "\"", "\\\"", "{\"items\":[", "]}", "[{", "{\"a\" ", "{\n", "{\"items\":[{\n"]
        {
            documents(&unit.repeat(200_000));
        }
    }

    #[test]
    fn the_end_of_what_is_nested_is_found_wherever_blocks_begin() {
        // Byte by byte.
        let slowly = |text: &str| {
            let (mut depth, mut quoted, mut behind) = (0, false, false);
            text.bytes().position(|byte| {
                let escaped = std::mem::take(&mut behind);
                match byte {
                    b'\\' => behind = !escaped,
                    b'"' if !escaped => quoted = !quoted,
                    b'{' | b'[' if !quoted => depth += 1,
                    b'}' | b']' if !quoted => depth -= 1,
                    _ => {}
                }
                depth == 0
            })
        };
        let parts = ["{", "}", "[", "]", "\"", "\\", "\\\"", "\\\\", "name", ":", "é", "                "];
        let mut state = 1_u64;
        let mut found = 0;
        for _ in 0..4000 {
            let mut text = String::from("{");
            for _ in 0..80 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(parts[(state >> 33) as usize % parts.len()]);
            }
            let end = slowly(&text).map(|at| at + 1);
            found += usize::from(end.is_some_and(|end| end > BLOCK));
            assert_eq!(end_of_nested(text.as_bytes(), 0), end, "{text}");
        }
        assert!(found > 50, "{found}");
    }

    #[test]
    fn a_broken_item_does_not_cost_the_next() {
        let text = r#"{"kind":"List","items":[{"kind":"Pod",oops {"x":1}},{"kind":"Node"}]}"#;
        let (found, _) = documents(text);
        assert_eq!(kinds(&found[0]), [Some("Pod"), Some("Node")]);
    }
}
