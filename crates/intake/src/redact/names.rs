//! Names that promise a secret.

use super::Kind;

/// Words with which a secret's name ends, and what it is then.
const SECRETS: &[(&str, Kind)] = &[
    ("password", Kind::Password),
    ("passwd", Kind::Password),
    ("passwort", Kind::Password),
    ("pwd", Kind::Password),
    ("pass", Kind::Password),
    ("pw", Kind::Password),
    ("passphrase", Kind::Password),
    ("passcode", Kind::Password),
    ("secret", Kind::Secret),
    ("token", Kind::Token),
    ("credential", Kind::Credential),
    ("credentials", Kind::Credential),
    ("authorization", Kind::Credential),
    ("dockerconfigjson", Kind::Credential),
    ("dockercfg", Kind::Credential),
    ("cookie", Kind::Cookie),
    ("sig", Kind::Signature),
];

/// What a word that is written without a break may end with.
const ENDINGS: &[(&str, Kind)] = &[
    ("password", Kind::Password),
    ("passwd", Kind::Password),
    ("passphrase", Kind::Password),
    ("token", Kind::Token),
    ("secret", Kind::Secret),
    ("apikey", Kind::Key),
    ("accesskey", Kind::Key),
    ("secretkey", Kind::Key),
    ("privatekey", Kind::PrivateKey),
    ("authkey", Kind::Key),
    ("accountkey", Kind::Key),
];

/// Words that make a secret of a name that ends in `key`.
const KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "encryption",
    "encrypt",
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
    "rsa",
    "ed25519",
    "webhook",
    "sas",
    "unseal",
    "recovery",
    "fernet",
    "admin",
    "write",
];

/// Words that make the name of an object of a name that ends in `secret`: `imagePullSecret`, `existingSecret`.
const REFERENCES: &[&str] = &["pull", "existing", "tls", "ca", "cert", "imagepull"];

/// Whether a variable, flag or field of that name holds a secret: its last word says so.
pub fn is_secret_name(name: &str) -> bool {
    kind(name).is_some()
}

/// What a variable, flag or field of that name holds, where that is a secret.
pub(super) fn kind(name: &str) -> Option<Kind> {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let mut words = Words(bare);
    let last = words.next()?;
    let is = |word: &str, it: &str| word.eq_ignore_ascii_case(it);
    let listed = |word: &str| SECRETS.iter().find(|(it, _)| is(word, it)).map(|(_, kind)| *kind);
    let before = words.next().unwrap_or("");
    if is(last, "key") {
        let kind = if is(before, "private") { Kind::PrivateKey } else { Kind::Key };
        return KEYS.iter().any(|it| is(before, it)).then_some(kind);
    }
    let ending = || {
        let ends = |it: &str| {
            last.len() > it.len() && last.get(last.len() - it.len()..).is_some_and(|end| is(end, it))
        };
        ENDINGS.iter().find(|(it, _)| ends(it) || is(last, it)).map(|(_, kind)| *kind)
    };
    let kind = listed(last).or_else(ending);
    match kind {
        // An annotation of that name tells the name of a Secret, or its checksum.
        Some(Kind::Secret | Kind::Credential) if name.contains('/') => None,
        Some(Kind::Secret)
            if REFERENCES.iter().any(|it| is(before, it))
                || REFERENCES.iter().any(|it| last.len() == it.len() + 6 && is(&last[..it.len()], it)) =>
        {
            None
        }
        // The base of Rails' session keys, the hash of a password, the key of a kubeconfig, the signature of a request
        // to a store.
        None if is(last, "base") && is(before, "key") => Some(Kind::Key),
        None if is(last, "data") && is(before, "key") => Some(Kind::PrivateKey),
        None if is(last, "hash") && listed(before).is_some() => Some(Kind::Hash),
        None if is(last, "signature") && (is(before, "amz") || is(before, "goog")) => Some(Kind::Signature),
        kind => kind,
    }
}

/// The last word of a name.
pub(super) fn last_word(name: &str) -> &str {
    Words(name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')).next().unwrap_or("")
}

/// Whether a name is made of several words, as only names of fields are.
pub(super) fn is_compound(name: &str) -> bool {
    Words(name).nth(1).is_some()
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
