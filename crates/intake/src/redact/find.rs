//! Finds secrets in text of no form: by a literal that announces one, and what has to stand around it.

use super::mask::{Found, Kind, Shape};
use super::value::{self, is_reference};
use super::{KEY_LINES, words};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use std::ops::Range;
use std::sync::OnceLock;

/// What a literal announces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A part of a name behind which a value may stand.
    Name,
    /// Name and password of a URL, behind it.
    Url,
    /// User and password of a Go data source name, before it.
    Dsn,
    /// User and password of Oracle's, behind it.
    Oracle,
    /// Credentials of a scheme (RFC 9110), behind it.
    Scheme(Kind),
    /// A JSON Web Token, or JSON that was encoded once more.
    Jwt,
    /// JSON or a key in base64.
    Base64,
    /// A PEM block.
    Pem,
    /// A token of an issuer, with its literal in exactly this form: at least so many of its characters behind it.
    Token(&'static str, usize),
    /// An id of an AWS key.
    Aws,
    /// A token of a Telegram bot: the number of the bot before, 33 characters behind.
    Telegram,
    /// The hash of a password.
    Hash,
    /// A path that is a right by itself, up to its end.
    Path,
    /// A program that takes passwords behind a letter.
    Tool,
    /// The password of a user in SQL, in quotes behind it.
    Sql,
}

/// Literals, in lower case, and what they announce. Nothing is looked at without one of them.
const MARKS: &[(&str, Mark)] = &[
    ("pass", Mark::Name),
    ("pwd", Mark::Name),
    ("_pw", Mark::Name),
    ("pw=", Mark::Name),
    ("secret", Mark::Name),
    ("token", Mark::Name),
    ("key", Mark::Name),
    ("credential", Mark::Name),
    ("authorization", Mark::Name),
    ("cookie", Mark::Name),
    ("signature=", Mark::Name),
    ("&sig=", Mark::Name),
    ("?sig=", Mark::Name),
    ("auth\"", Mark::Name),
    ("auth\\\"", Mark::Name),
    ("dockerconfigjson", Mark::Name),
    ("dockercfg", Mark::Name),
    ("://", Mark::Url),
    ("@tcp(", Mark::Dsn),
    ("@unix(", Mark::Dsn),
    ("jdbc:oracle:thin:", Mark::Oracle),
    ("bearer ", Mark::Scheme(Kind::Token)),
    ("basic ", Mark::Scheme(Kind::Credential)),
    ("eyj", Mark::Jwt),
    ("ewog", Mark::Base64),
    ("ewoj", Mark::Base64),
    ("ls0tls1crudjti", Mark::Base64),
    ("-----begin ", Mark::Pem),
    ("akia", Mark::Aws),
    ("asia", Mark::Aws),
    ("aiza", Mark::Token("AIza", 35)),
    ("ya29.", Mark::Token("ya29.", 20)),
    ("gocspx-", Mark::Token("GOCSPX-", 20)),
    ("ghp_", Mark::Token("ghp_", 36)),
    ("gho_", Mark::Token("gho_", 36)),
    ("ghu_", Mark::Token("ghu_", 36)),
    ("ghs_", Mark::Token("ghs_", 36)),
    ("ghr_", Mark::Token("ghr_", 36)),
    ("github_pat_", Mark::Token("github_pat_", 22)),
    ("glpat-", Mark::Token("glpat-", 20)),
    ("gldt-", Mark::Token("gldt-", 20)),
    ("glrt-", Mark::Token("glrt-", 20)),
    ("glptt-", Mark::Token("glptt-", 20)),
    ("glcbt-", Mark::Token("glcbt-", 20)),
    ("xoxb-", Mark::Token("xoxb-", 10)),
    ("xoxa-", Mark::Token("xoxa-", 10)),
    ("xoxp-", Mark::Token("xoxp-", 10)),
    ("xoxr-", Mark::Token("xoxr-", 10)),
    ("xoxs-", Mark::Token("xoxs-", 10)),
    ("xoxe-", Mark::Token("xoxe-", 10)),
    ("xoxe.", Mark::Token("xoxe.", 10)),
    ("xapp-", Mark::Token("xapp-", 10)),
    ("sk_live_", Mark::Token("sk_live_", 16)),
    ("rk_live_", Mark::Token("rk_live_", 16)),
    ("sk_test_", Mark::Token("sk_test_", 16)),
    ("whsec_", Mark::Token("whsec_", 16)),
    ("sk-ant-", Mark::Token("sk-ant-", 20)),
    ("sk-proj-", Mark::Token("sk-proj-", 20)),
    ("npm_", Mark::Token("npm_", 36)),
    ("pypi-aei", Mark::Token("pypi-AgEI", 20)),
    ("dckr_pat_", Mark::Token("dckr_pat_", 20)),
    ("dop_v1_", Mark::Token("dop_v1_", 32)),
    ("shpat_", Mark::Token("shpat_", 32)),
    ("hf_", Mark::Token("hf_", 30)),
    ("hvs.", Mark::Token("hvs.", 20)),
    ("hvb.", Mark::Token("hvb.", 20)),
    ("sg.", Mark::Token("SG.", 40)),
    (":aa", Mark::Telegram),
    ("$apr1$", Mark::Hash),
    ("$2a$", Mark::Hash),
    ("$2b$", Mark::Hash),
    ("$2y$", Mark::Hash),
    ("$5$", Mark::Hash),
    ("$6$", Mark::Hash),
    ("$y$", Mark::Hash),
    ("$argon2", Mark::Hash),
    ("{sha}", Mark::Hash),
    ("{ssha}", Mark::Hash),
    ("hooks.slack.com/services/", Mark::Path),
    ("hooks.slack.com/workflows/", Mark::Path),
    ("discord.com/api/webhooks/", Mark::Path),
    ("webhook.office.com/webhookb2/", Mark::Path),
    ("api.telegram.org/bot", Mark::Path),
    ("identified by ", Mark::Sql),
    ("mysql", Mark::Tool),
    ("mariadb", Mark::Tool),
    ("mongo", Mark::Tool),
    ("sshpass", Mark::Tool),
    ("redis-cli", Mark::Tool),
    ("curl ", Mark::Tool),
    ("ldap", Mark::Tool),
    ("sqlcmd", Mark::Tool),
    ("smbclient", Mark::Tool),
    ("rabbitmqadmin", Mark::Tool),
    ("cqlsh", Mark::Tool),
    ("etcdctl", Mark::Tool),
    ("htpasswd ", Mark::Tool),
    (" login ", Mark::Tool),
];

fn finder() -> Option<&'static AhoCorasick> {
    static FINDER: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    FINDER
        .get_or_init(|| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::LeftmostLongest)
                .kind(Some(AhoCorasickKind::DFA))
                .build(MARKS.iter().map(|(literal, _)| literal))
                .ok()
        })
        .as_ref()
}

/// Whether anything in a text may announce a secret.
pub(super) fn may_hold(text: &str) -> bool {
    finder().is_none_or(|finder| finder.is_match(text))
}

/// What has to be hidden.
struct Hide {
    range: Range<usize>,
    kind: Kind,
    shape: Shape,
}

impl Hide {
    fn word(range: Range<usize>, kind: Kind) -> Hide {
        Hide { range, kind, shape: Shape::Word }
    }
}

/// Finds the secrets of a text of no form.
pub(super) fn plain(text: &str, found: &mut Found<'_>) {
    let Some(finder) = finder() else {
        // Without a finder nothing could be told to be clean.
        return found.hide(text, 0..text.len(), Kind::Secret, Shape::Word);
    };
    let (mut from, mut floor, mut command) = (0, 0, 0);
    while let Some(hit) = finder.find(Input::new(text).range(from..)) {
        let (start, end) = (hit.start(), hit.end());
        from = end;
        let mark = MARKS.get(hit.pattern().as_usize()).map_or(Mark::Name, |(_, mark)| *mark);
        match mark {
            Mark::Pem => {
                let done = pem(text, start, end, found);
                (from, floor) = (from.max(done), floor.max(done));
                continue;
            }
            Mark::Tool => {
                if start >= command {
                    command = words::line(text, start, found);
                }
                continue;
            }
            _ => {}
        }
        match secret(text, start, end, mark, floor) {
            Ok(hide) if hide.range.start >= floor && !hide.range.is_empty() => {
                floor = hide.range.end;
                from = from.max(floor);
                found.hide(text, hide.range, hide.kind, hide.shape);
            }
            Ok(_) => {}
            Err(until) => from = from.max(until),
        }
    }
}

/// What has to be hidden for the literal at `start..end`, always whole characters; or how far there is nothing.
fn secret(text: &str, start: usize, end: usize, mark: Mark, floor: usize) -> Result<Hide, usize> {
    let rest = &text[end..];
    let run = |most: usize, of: fn(u8) -> bool| rest.bytes().take(most).take_while(|b| of(*b)).count();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let hide = match mark {
        Mark::Name => {
            value::of_name(text, start, end, floor).map(|(range, kind, shape)| Hide { range, kind, shape })
        }
        Mark::Url => url(text, start, end),
        Mark::Dsn => {
            let before = &text[floor.max(crate::redact::value::back(text, start, 256))..start];
            let word = before.rsplit(|c: char| c.is_whitespace() || "\"'=".contains(c)).next();
            word.and_then(|word| word.split_once(':')).filter(|(_, password)| !is_reference(password)).map(
                |(_, password)| Hide {
                    range: start - password.len()..start,
                    kind: Kind::Password,
                    shape: Shape::Url,
                },
            )
        }
        Mark::Oracle => {
            let length = run(256, |b| !b.is_ascii_whitespace() && !b"@\"'".contains(&b));
            let user = rest[..length].find('/');
            user.filter(|_| rest[length..].starts_with('@')).map(|slash| Hide {
                range: end + slash + 1..end + length,
                kind: Kind::Password,
                shape: Shape::Url,
            })
        }
        Mark::Scheme(kind) if is_start(text, start) => {
            let length = run(1 << 16, |b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
            let padding = rest[length..].bytes().take_while(|b| *b == b'=').count();
            let ends = !rest[length + padding..].starts_with(|c: char| c.is_ascii_alphanumeric());
            let coded = length >= 8 && (padding > 0 || rest[..length].bytes().any(|b| b.is_ascii_digit()));
            (ends && (coded || length >= 20)).then(|| Hide::word(end..end + length + padding, kind))
        }
        Mark::Jwt if is_start(text, start) => {
            let length = run(1 << 20, |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            let mut parts = rest[..length].split('.').map(str::len);
            let mut long = || parts.next().is_some_and(|length| length >= 4);
            if text[start..end].starts_with("ey") && long() && long() && long() {
                Some(Hide::word(start..end + length, Kind::Jwt))
            } else {
                return base64(text, start);
            }
        }
        Mark::Base64 if is_start(text, start) => return base64(text, start),
        Mark::Token(literal, least) if is_start(text, start) && text[start..].starts_with(literal) => {
            // Of the issuers with a dot in their literal, some have more of them behind it.
            let length = run(1 << 9, |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            let length = rest[..length].trim_end_matches(['.', '-']).len();
            (length >= least).then(|| Hide::word(start..end + length, Kind::Token))
        }
        Mark::Aws if is_start(text, start) => {
            // AWS writes its key ids in capitals, and only those.
            let length = run(1 << 9, is_word);
            let id = &text[start..end + length];
            let fits = length >= 16 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            fits.then(|| Hide::word(start..end + length, Kind::Key))
        }
        Mark::Telegram => {
            let bot = text[..start].bytes().rev().take(12).take_while(u8::is_ascii_digit).count();
            let length = run(64, is_word);
            let fits =
                text[start..].starts_with(":AA") && (8..=10).contains(&bot) && (31..=36).contains(&length);
            fits.then(|| Hide::word(start - bot..end + length, Kind::Token))
        }
        Mark::Hash => {
            let length = run(256, |b| b.is_ascii_alphanumeric() || b"./+=$,".contains(&b));
            (length >= 16).then(|| Hide::word(start..end + length, Kind::Hash))
        }
        Mark::Path => {
            let length = run(1 << 9, |b| b.is_ascii_alphanumeric() || b"/-_:@.".contains(&b));
            (length > 0).then(|| Hide { range: end..end + length, kind: Kind::Webhook, shape: Shape::Url })
        }
        Mark::Sql => {
            let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let inside = quote.and_then(|quote| rest[1..].find(quote));
            inside.map(|length| Hide::word(end + 1..end + 1 + length, Kind::Password))
        }
        _ => None,
    };
    hide.ok_or(end)
}

/// Schemes that name a user where nothing is secret: without a password, the user stays.
const NAMED: &[&str] = &[
    "ssh",
    "sftp",
    "ftp",
    "postgres",
    "postgresql",
    "mysql",
    "mongodb",
    "srv",
    "amqp",
    "amqps",
    "smtp",
    "ldap",
    "ldaps",
];

/// The password of a URL, or all that stands before its host.
fn url(text: &str, start: usize, end: usize) -> Option<Hide> {
    let rest = crate::clip(&text[end..], 1 << 12);
    let ends = |b: u8| b.is_ascii_whitespace() || b"\"'<>`,;()\\".contains(&b);
    let path = rest.bytes().take_while(|b| !ends(*b) && !b"/?#".contains(b)).count();
    let (reach, at) = match rest[..path].rfind('@') {
        Some(at) => (&rest[..path], at),
        // Who did not encode a password may have any of these in it: then a host follows the last @.
        None => {
            let (_, port) = rest[..path].split_once(':')?;
            if port.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let reach = &rest[..rest.bytes().take_while(|b| !ends(*b)).count()];
            (reach, reach.rfind('@')?)
        }
    };
    let colon = reach[..at].find(':');
    let scheme = text[..start].rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    if colon.is_none() && NAMED.iter().any(|it| scheme.eq_ignore_ascii_case(it)) {
        return None;
    }
    let from = colon.map_or(0, |colon| colon + 1);
    (!is_reference(&reach[from..at])).then_some(Hide {
        range: end + from..end + at,
        kind: if colon.is_some() { Kind::Password } else { Kind::Token },
        shape: Shape::Url,
    })
}

/// Base64 that says something secret: JSON with a secret in it, a private key, a name with its password.
fn base64(text: &str, start: usize) -> Result<Hide, usize> {
    let rest = &text[start..];
    let length = rest.bytes().take(1 << 20).take_while(|b| is_base64(*b)).count();
    let end = start + length;
    let said = decoded(&rest[..length]).ok_or(end)?;
    let mut inner = Found::new(&super::Mask::Fixed);
    super::form::text(&said, super::form::DEEPEST, &mut inner);
    let kind = inner.spans.first().map(|span| span.kind).ok_or(end)?;
    Ok(Hide::word(start..end, kind))
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"+/=-_".contains(&b)
}

/// Whether a word is a name and a password in base64, as registries and HTTP take them.
pub(super) fn is_credential(word: &str) -> bool {
    word.len() >= 8 && word.bytes().all(is_base64) && decoded(word).is_some_and(|said| said.contains(':'))
}

/// What base64 says, where that is text. Groups of four are read by themselves; padding ends it.
fn decoded(word: &str) -> Option<String> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let word = word.trim_end_matches('=');
    let mut out = Vec::with_capacity(word.len() / 4 * 3);
    for group in word.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for b in group {
            bits = bits << 6 | u32::from(digit(*b)?);
        }
        bits <<= 6 * (4 - group.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len().max(1)]);
    }
    // What was cut off in the middle may end inside a character.
    let text = match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) if error.utf8_error().error_len().is_none() => {
            let valid = error.utf8_error().valid_up_to();
            String::from_utf8(error.into_bytes().get(..valid)?.to_vec()).ok()?
        }
        Err(_) => return None,
    };
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    (!text.is_empty() && !text.contains(control)).then_some(text)
}

/// Hides a private key line by line. Tells where to look on: where the end of a key was lost, other lines follow, and
/// among those of a key may stand lines of others.
fn pem(text: &str, start: usize, end: usize, found: &mut Found<'_>) -> usize {
    if !is_private(&text[end..]) {
        return end;
    }
    let (mut at, mut first) = (start, end);
    for (number, line) in (0..=KEY_LINES).zip(text[start..].split_inclusive('\n')) {
        let line_end = at + line.trim_end_matches(['\n', '\r']).len();
        let inside = &text[at..line_end];
        // On the line of its beginning the end may stand behind escaped breaks, and something else behind it.
        if let Some(ends) = inside.find("-----END ") {
            let behind = &inside[ends + 9..];
            let close = ends + 9 + crate::clip(behind, 64).find("-----").map_or(0, |at| at + 5);
            if number == 0 {
                found.hide(text, at..at + close, Kind::PrivateKey, Shape::Word);
                return at + close;
            }
            // What runs into the end is the key's, or was put in its place, and what runs out of it is nothing's.
            let from = inside[..ends].rfind([' ', '\t']).map_or(0, |at| at + 1);
            let until = inside[close..].find(|c: char| c.is_whitespace() || "\"'`\\,;)]}".contains(c));
            let until = until.map_or(line_end, |more| at + close + more);
            found.hide(text, at + from..until, Kind::PrivateKey, Shape::Word);
            return first;
        }
        // The one before was cut off.
        let begins = inside.to_ascii_lowercase().find("-----begin ");
        if number > 0 && begins.is_some_and(|begins| is_private(&inside[begins + 11..])) {
            break;
        }
        let from = if number == 0 { 0 } else { body(inside) };
        found.hide(text, at + from..line_end, Kind::PrivateKey, Shape::Word);
        at += line.len();
        if number == 0 {
            first = at;
        }
    }
    first
}

/// Whether what follows `-----BEGIN ` tells of a private key.
fn is_private(label: &str) -> bool {
    let label = crate::clip(label, 64).lines().next().unwrap_or("");
    label.split("-----").next().unwrap_or("").contains("PRIVATE KEY")
}

/// Where the key's own text begins on one of its lines, behind what a runtime or a journal wrote before it.
pub(super) fn body(line: &str) -> usize {
    let trimmed = line.trim_end();
    let word = trimmed.rsplit([' ', '\t']).next().unwrap_or(trimmed);
    let before = trimmed[..trimmed.len() - word.len()].trim_end();
    let previous = before.rsplit([' ', '\t']).next().unwrap_or("");
    let heads =
        previous.is_empty() || previous.ends_with([':', ']', 'Z']) || matches!(previous, "F" | "P" | "-");
    let is_key = word.bytes().all(is_base64) && (word.len() >= 24 || heads);
    if is_key { trimmed.len() - word.len() } else { line.len() }
}

/// Whether no word runs into this place.
fn is_start(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}
