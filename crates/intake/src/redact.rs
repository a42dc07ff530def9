//! Takes secrets out of text: values behind names that promise one, credentials in URLs, headers and command lines, the
//! values of Secrets, private keys and the tokens of well-known issuers. What is left still tells that something stood
//! there, in as many lines and in the same form: JSON stays JSON, and a journal's entries stay entries.
//!
//! Sentences are left alone: `secret "db" not found` and `invalid token: unexpected end` are evidence.

mod evidence;
mod find;
mod form;
mod json;
mod mask;
mod names;
mod paths;
mod piece;
mod tree;
mod value;
mod words;
mod yaml;

use std::borrow::Cow;

pub(crate) use evidence::observation;
pub(crate) use words::command_line;

pub use mask::{HIDDEN, Key, Kind, Mask, Masked};
pub use names::is_secret_name;

/// A record without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted<'b> {
    /// Its bytes, with as many lines as before.
    pub bytes: Cow<'b, [u8]>,
    /// What was masked, in the order of the text.
    pub masked: Vec<Masked>,
}

/// A record of any form without its secrets: objects in JSON or YAML, what kubectl prints, logs as a container writes or
/// a runtime keeps them, journals in every form that `journalctl` prints. Text in UTF-16 becomes UTF-8.
///
/// A journal in systemd's own format becomes what `journalctl -o export` prints of it, as far as it is read.
///
/// None where it is no text: of an archive or a program nothing can be told to be clean, and it has to be left out.
///
/// ```
/// use intake::redact::{Key, Kind, Mask, record};
///
/// let log = b"starting\nDB_PASSWORD=hunter2 is too short\n";
/// let redacted = record(log, &Mask::Fixed).expect("it is text");
/// assert_eq!(&*redacted.bytes, b"starting\nDB_PASSWORD=REDACTED is too short\n");
/// assert_eq!((redacted.masked[0].kind, redacted.masked[0].line), (Kind::Password, 2));
///
/// // With one key the same secret has the same pseudonym wherever it stands.
/// let mask = Mask::Pseudonyms(Key::new([7; 16]));
/// let pseudonym = |text: &[u8]| record(text, &mask).map(|it| String::from_utf8_lossy(&it.bytes).into_owned());
/// let (one, two) = (pseudonym(b"password=hunter2"), pseudonym(br#"{"password": "hunter2"}"#));
/// let name = one.expect("text").replace("password=", "");
/// assert!(name.starts_with("<password-") && two.expect("text").contains(&name));
/// ```
pub fn record<'b>(bytes: &'b [u8], mask: &Mask) -> Option<Redacted<'b>> {
    form::record(bytes, mask)
}

/// The text without its secrets; borrowed where it has none.
pub fn text(text: &str) -> Cow<'_, str> {
    mask::masked(Cow::Borrowed(text), &Mask::Fixed, |text, found| form::text(text, 0, found)).0
}

/// The lines of a text without their secrets, as many as there were.
pub fn lines(whole: &str) -> String {
    match whole {
        "" => String::new(),
        whole if whole.ends_with('\n') => text(whole).into_owned(),
        // The last line is a whole one before it is looked at, not after.
        whole => text(&format!("{whole}\n")).into_owned(),
    }
}

/// Private keys of many lines, which tell nothing by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Lines that an open key may still have.
    left: u32,
}

/// Most lines of a private key: 16384 bits of RSA take 200.
const KEY_LINES: u32 = 256;

impl Keys {
    /// Whether a key may begin in a text.
    pub(crate) fn may_be_in(text: &str) -> bool {
        memchr::memmem::find(text.as_bytes(), b"PRIVATE KEY").is_some()
    }

    /// Whether a key began that has not ended.
    pub(crate) fn is_open(self) -> bool {
        self.left > 0
    }

    /// Whether the next line belongs to a key that began on a line before.
    pub(crate) fn hold(&mut self, line: &str) -> bool {
        if self.left > 0 {
            self.left = if line.contains("-----END ") { 0 } else { self.left - 1 };
            return true;
        }
        // What stands behind the beginning of a key is hidden up to the end of its line.
        if opens_key(line) {
            self.left = KEY_LINES;
        }
        false
    }
}

/// Whether a private key begins in a text and does not end there.
fn opens_key(text: &str) -> bool {
    text.rsplit_once("-----BEGIN ")
        .is_some_and(|(_, behind)| behind.contains("PRIVATE KEY") && !behind.contains("-----END "))
}

#[cfg(test)]
mod tests;
