//! What the place of a value says of it: the key that it stands under, the name beside it, the kind of its object. JSON
//! and YAML are walked by their own readers, and both tell what they see here.

use super::find::is_credential;
use super::form;
use super::mask::{Found, Kind, Shape, Span};
use super::names;
use super::paths::stays;
use super::piece::Piece;
use super::{KEY_LINES, find, opens_key, words};
use std::borrow::Cow;

/// Deepest nesting that is followed.
pub(super) const DEEPEST: usize = 256;

/// Whether something is a Secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Unknown,
    Secret,
    Other,
}

/// An object or a list that is open.
struct Frame<'t> {
    list: bool,
    /// The key that it stands under.
    under: Cow<'t, str>,
    /// The key whose value comes next.
    key: Cow<'t, str>,
    /// What the variable of that name holds: `{"name": "DB_PASSWORD", "value": …}`.
    named: Option<Kind>,
    /// The value that came before its name.
    value: Option<Piece<'t>>,
    is: Is,
    /// Values that are secrets if the object is a Secret.
    values: Vec<Span>,
    /// The words of a list.
    words: Vec<Piece<'t>>,
    /// The first word of `command`, for `args`.
    command: Option<String>,
}

/// The objects and lists that are open, outermost first.
pub(super) struct Tree<'t> {
    frames: Vec<Frame<'t>>,
    depth: u8,
}

impl<'t> Tree<'t> {
    /// One whose texts may hold others, so many levels down already.
    pub(super) fn new(depth: u8) -> Tree<'t> {
        Tree { frames: Vec::new(), depth }
    }

    pub(super) fn depth(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn in_list(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.list)
    }

    /// Begins an object or a list.
    pub(super) fn open(&mut self, list: bool) {
        let under = match self.frames.last() {
            // The items of a list stand under its key.
            Some(frame) if frame.list => frame.under.clone(),
            Some(frame) => frame.key.clone(),
            None => Cow::Borrowed(""),
        };
        self.frames.push(Frame {
            list,
            under,
            key: Cow::Borrowed(""),
            named: None,
            value: None,
            is: Is::Unknown,
            values: Vec::new(),
            words: Vec::new(),
            command: None,
        });
    }

    /// The key of the next value.
    pub(super) fn key(&mut self, key: Cow<'t, str>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.key = key;
        }
    }

    /// A text that stands here.
    pub(super) fn scalar(&mut self, piece: Piece<'t>, found: &mut Found<'_>) {
        let Some(frame) = self.frames.last_mut() else { return look(&piece, self.depth, found) };
        if frame.list {
            match names::kind(&frame.under) {
                // The names of objects stand in such lists: `secrets`, `tokens` are no names of values.
                Some(kind) if !stays(kind, &piece.text) => found.spans.extend(piece.whole(found, kind)),
                _ => look(&piece, self.depth, found),
            }
            if frame.words.len() < words::MOST {
                frame.words.push(piece);
            }
            return;
        }
        if matches!(&*frame.under, "data" | "stringData") {
            frame.values.extend(piece.whole(found, Kind::Secret));
        }
        let text = &*piece.text;
        match &*frame.key {
            "kind" => frame.is = if matches!(text, "Secret" | "SecretList") { Is::Secret } else { Is::Other },
            "name" | "key" | "Name" | "Key" => {
                frame.named = names::kind(text);
                if let Some((kind, value)) = frame.named.zip(frame.value.take())
                    && !stays(kind, &value.text)
                {
                    found.spans.extend(value.whole(found, kind));
                }
            }
            "value" | "Value" => {
                if let Some(kind) = frame.named {
                    if !stays(kind, text) {
                        found.spans.extend(piece.whole(found, kind));
                    }
                    return;
                }
                look(&piece, self.depth, found);
                frame.value = Some(piece);
                return;
            }
            "auth" if is_credential(text) => {
                found.spans.extend(piece.whole(found, Kind::Credential));
                return;
            }
            "log" | "MESSAGE" | "message" | "msg" if goes_on(&piece, found) => return,
            _ => {}
        }
        match names::kind(&frame.key) {
            Some(kind) if stays(kind, text) => {}
            // A value that is an object itself is looked into.
            Some(_) if text.starts_with(['{', '[']) && form::is_json(text) => look(&piece, self.depth, found),
            Some(kind) => found.spans.extend(piece.whole(found, kind)),
            None => look(&piece, self.depth, found),
        }
    }

    /// Digits that stand here, if they are a password.
    pub(super) fn number(&mut self, text: &str, start: usize, end: usize, found: &mut Found<'_>) {
        let Some(frame) = self.frames.last() else { return };
        if names::kind(&frame.key) == Some(Kind::Password) && !frame.list && end - start >= 3 {
            found.hide(text, start..end, Kind::Password, Shape::Number);
        }
    }

    /// Ends the innermost object or list.
    pub(super) fn close(&mut self, found: &mut Found<'_>) {
        let Some(mut frame) = self.frames.pop() else { return };
        if !frame.words.is_empty() {
            let texts: Vec<&str> = frame.words.iter().map(|piece| &*piece.text).collect();
            let before = self.frames.last().and_then(|above| above.command.as_deref());
            let mut hidden: Vec<(usize, Found<'_>)> = Vec::new();
            words::command(&texts, before.filter(|_| frame.under == "args"), |number, range, kind| {
                let mut inner = Found::new(found.mask);
                inner.hide(texts[number], range, kind, Shape::Word);
                hidden.push((number, inner));
            });
            for (number, inner) in hidden {
                found.spans.extend(frame.words[number].place(inner.spans));
            }
            if frame.under == "command"
                && let Some(above) = self.frames.last_mut()
            {
                above.command = frame.words.first().map(|first| first.text.to_string());
            }
        }
        match (frame.is, self.frames.last_mut()) {
            (Is::Secret, _) => found.spans.append(&mut frame.values),
            // The items of a SecretList need not tell their kind.
            (Is::Unknown, Some(above)) => above.values.append(&mut frame.values),
            _ => {}
        }
    }

    /// Ends all that is open.
    pub(super) fn end(&mut self, found: &mut Found<'_>) {
        while !self.frames.is_empty() {
            self.close(found);
        }
    }
}

/// Looks into a text that stands somewhere.
fn look(piece: &Piece<'_>, depth: u8, found: &mut Found<'_>) {
    if piece.text.len() < 3 || !find::may_hold(&piece.text) {
        return;
    }
    let mut inner = Found::new(found.mask);
    form::text(&piece.text, depth + 1, &mut inner);
    found.spans.extend(piece.place(inner.spans));
    if opens_key(&piece.text) {
        found.key_lines = KEY_LINES;
    }
}

/// Whether a record goes on with a private key that began in one before; then its text is hidden.
fn goes_on(piece: &Piece<'_>, found: &mut Found<'_>) -> bool {
    if found.key_lines == 0 {
        return false;
    }
    found.key_lines -= 1;
    let text = piece.text.trim_end();
    let from = match text.find("-----END ") {
        Some(_) => {
            found.key_lines = 0;
            0
        }
        None => find::body(text),
    };
    let mut inner = Found::new(found.mask);
    inner.hide(&piece.text, from..text.len(), Kind::PrivateKey, Shape::Word);
    found.spans.extend(piece.place(inner.spans));
    true
}
