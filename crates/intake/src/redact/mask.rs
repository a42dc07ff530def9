//! What is put in the place of a secret, and the list of what was.

use super::value::is_mask;
use memchr::memchr_iter;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "REDACTED";

/// What kind of secret something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A password: by its name, in a URL or on a command line.
    Password,
    /// The hash of a password, as in an htpasswd file.
    Hash,
    /// A token: by its name, behind `Bearer`, or in the form of its issuer.
    Token,
    /// A JSON Web Token.
    Jwt,
    /// A key of an API or a store.
    Key,
    /// A private key.
    PrivateKey,
    /// Name and password together, as in `Authorization: Basic` or the configuration of a registry.
    Credential,
    /// A cookie.
    Cookie,
    /// The signature of a URL that is a right by itself.
    Signature,
    /// A URL that is a right by itself.
    Webhook,
    /// What is called a secret, and the value of a Secret.
    Secret,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 11] = [
        Kind::Password,
        Kind::Hash,
        Kind::Token,
        Kind::Jwt,
        Kind::Key,
        Kind::PrivateKey,
        Kind::Credential,
        Kind::Cookie,
        Kind::Signature,
        Kind::Webhook,
        Kind::Secret,
    ];

    /// Its word, in kebab case; the first part of a pseudonym.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Password => "password",
            Kind::Hash => "hash",
            Kind::Token => "token",
            Kind::Jwt => "jwt",
            Kind::Key => "key",
            Kind::PrivateKey => "private-key",
            Kind::Credential => "credential",
            Kind::Cookie => "cookie",
            Kind::Signature => "signature",
            Kind::Webhook => "webhook",
            Kind::Secret => "secret",
        }
    }
}

/// How secrets are replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mask {
    /// All by [`HIDDEN`].
    #[default]
    Fixed,
    /// Each by `<kind-hash>`, such as `<password-1a2b3c4d>`; in a URL without the angle brackets, so that it stays one.
    /// The hash is of the secret alone: it tells whether two are the same, and only to who has the key what they are.
    Pseudonyms(Key),
}

/// The key of pseudonyms. Whoever has it can try guesses; nobody else can.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(u64, u64);

impl Key {
    /// A key of 16 bytes, which should be random.
    pub fn new(bytes: [u8; 16]) -> Key {
        let [low, high] = [0, 8]
            .map(|at| bytes[at..at + 8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)));
        Key(low, high)
    }

    /// SipHash-2-4 (Aumasson and Bernstein, 2012): made for short inputs and a secret key.
    fn digest(&self, text: &[u8]) -> u64 {
        let mut v = [
            self.0 ^ 0x736f_6d65_7073_6575,
            self.1 ^ 0x646f_7261_6e64_6f6d,
            self.0 ^ 0x6c79_6765_6e65_7261,
            self.1 ^ 0x7465_6462_7974_6573,
        ];
        let mut absorb = |word: u64| {
            v[3] ^= word;
            round(&mut v);
            round(&mut v);
            v[0] ^= word;
        };
        let (words, rest) = text.as_chunks::<8>();
        words.iter().for_each(|word| absorb(u64::from_le_bytes(*word)));
        let length = (text.len() as u64) << 56;
        absorb(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)) | length);
        v[2] ^= 0xff;
        (0..4).for_each(|_| round(&mut v));
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Something that was masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Masked {
    /// The line of the record that it began on, from 1.
    pub line: u32,
    /// What it was.
    pub kind: Kind,
}

/// What a mask has to look like where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Word,
    /// A part of a URL, in which angle brackets would end it.
    Url,
    /// In the place of a number of JSON, to be put in quotes.
    Number,
}

/// A secret in a text.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub range: Range<usize>,
    pub kind: Kind,
    pub shape: Shape,
    /// Of what stood there, decoded; 0 where no pseudonym is asked for.
    pub hash: u32,
}

/// Most looks at one text.
const LOOKS: usize = 4;

/// A text without what `look` finds in it, and the list of that. A mask may complete what surrounds it to a form in which
/// more is known: what is masked is looked at again.
pub(super) fn masked<'t>(
    mut text: Cow<'t, str>,
    mask: &Mask,
    look: impl Fn(&str, &mut Found<'_>),
) -> (Cow<'t, str>, Vec<Masked>) {
    let mut list = Vec::new();
    for _ in 0..LOOKS {
        let mut found = Found::new(mask);
        look(&text, &mut found);
        match found.report(&text, &mut list) {
            Cow::Borrowed(_) => break,
            Cow::Owned(less) => text = Cow::Owned(less),
        }
    }
    list.sort_by_key(|one| one.line);
    (text, list)
}

/// The secrets that were found in a text.
pub(super) struct Found<'m> {
    pub mask: &'m Mask,
    pub spans: Vec<Span>,
    /// Lines that a private key may still have which began in a record before.
    pub key_lines: u32,
}

impl<'m> Found<'m> {
    pub(super) fn new(mask: &'m Mask) -> Found<'m> {
        Found { mask, spans: Vec::new(), key_lines: 0 }
    }

    /// Hides a part of a text, unless a mask stands there already.
    pub(super) fn hide(&mut self, text: &str, range: Range<usize>, kind: Kind, shape: Shape) {
        let Some(secret) = text.get(range.clone()).filter(|secret| !secret.is_empty() && !is_mask(secret))
        else {
            return;
        };
        let hash = match &self.mask {
            Mask::Fixed => 0,
            #[expect(clippy::cast_possible_truncation, reason = "eight digits are told of it")]
            Mask::Pseudonyms(key) => key.digest(secret.as_bytes()) as u32,
        };
        self.spans.push(Span { range, kind, shape, hash });
    }

    /// Looks into a part of a text, which begins there.
    pub(super) fn within(&mut self, start: usize, look: impl FnOnce(&mut Self)) {
        let before = self.spans.len();
        look(self);
        for span in &mut self.spans[before..] {
            span.range = span.range.start + start..span.range.end + start;
        }
    }

    /// Brings them in order and joins those that overlap; the longer one tells what it was.
    fn settle(&mut self) {
        self.spans.sort_by_key(|span| (span.range.start, std::cmp::Reverse(span.range.end)));
        self.spans.dedup_by(|next, kept| {
            let overlaps = next.range.start < kept.range.end;
            if overlaps {
                let end = kept.range.end.max(next.range.end);
                if next.range.len() > kept.range.len() {
                    (kept.kind, kept.hash) = (next.kind, next.hash);
                }
                kept.range.end = end;
            }
            overlaps
        });
    }

    /// The text with masks in the place of what was found, and the list of that.
    pub(super) fn report<'t>(mut self, text: &'t str, masked: &mut Vec<Masked>) -> Cow<'t, str> {
        self.settle();
        match self.spans.is_empty() {
            true => Cow::Borrowed(text),
            false => Cow::Owned(self.masked(text, masked)),
        }
    }

    fn masked(&self, text: &str, masked: &mut Vec<Masked>) -> String {
        let mut out = String::with_capacity(text.len());
        let (mut done, mut line) = (0, 1);
        for span in &self.spans {
            let before = &text[done..span.range.start];
            line += memchr_iter(b'\n', before.as_bytes()).count();
            out.push_str(before);
            masked.push(Masked { line: u32::try_from(line).unwrap_or(u32::MAX), kind: span.kind });
            let secret = &text[span.range.clone()];
            let mask = self.word(span);
            // As many lines as there were, and each as deep: places in what follows stay what they are.
            for (at, part) in secret.split('\n').enumerate() {
                if at > 0 {
                    out.push('\n');
                    line += 1;
                }
                let inside = part.trim();
                match inside.is_empty() {
                    true => out.push_str(part),
                    false => {
                        let start = part.len() - part.trim_start().len();
                        out.push_str(&part[..start]);
                        out.push_str(&mask);
                        out.push_str(&part[start + inside.len()..]);
                    }
                }
            }
            done = span.range.end;
        }
        out.push_str(&text[done..]);
        out
    }

    fn word(&self, span: &Span) -> Cow<'static, str> {
        let word = match self.mask {
            Mask::Fixed => Cow::Borrowed(HIDDEN),
            Mask::Pseudonyms(_) => {
                let name = format!("{}-{:08x}", span.kind.as_str(), span.hash);
                Cow::Owned(if span.shape == Shape::Url { name } else { format!("<{name}>") })
            }
        };
        if span.shape == Shape::Number { format!("\"{word}\"").into() } else { word }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_siphash() {
        // The vectors of the reference: the key 00…0f and the texts of the first bytes from 0.
        let key = Key::new(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let text: Vec<u8> = (0..15).collect();
        assert_eq!(key.digest(&[]), 0x726f_db47_dd0e_0e31);
        assert_eq!(key.digest(&text), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", Mask::Pseudonyms(Key::new([65; 16]))), "Pseudonyms(Key(…))");
    }
}
