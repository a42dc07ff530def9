//! Takes secrets out of text: values behind names that promise one, credentials in URLs and headers, private keys and
//! the tokens of well-known issuers. What is left still tells that something stood there.
//!
//! Sentences are left alone: `secret "db" not found` and `invalid token: unexpected end` are evidence.

mod evidence;
mod names;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

pub(crate) use evidence::observation;
pub use names::is_secret_name;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "REDACTED";

/// What a literal announces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A part of a name behind which a value may stand.
    Name,
    /// Name and password of a URL, behind it.
    Url,
    /// User and password of a Go data source name, before it.
    Dsn,
    /// Credentials of a scheme (RFC 9110), behind it.
    Scheme,
    /// A JSON Web Token.
    Jwt,
    /// A PEM block.
    Pem,
    /// A token of an issuer: at least so many of its characters behind the literal.
    Token(usize),
    /// A path that is a secret, up to its end.
    Path,
}

/// Literals, in lower case, and what they announce. Nothing is looked at without one of them.
const MARKS: &[(&str, Mark)] = &[
    ("pass", Mark::Name),
    ("pwd", Mark::Name),
    ("secret", Mark::Name),
    ("token", Mark::Name),
    ("key", Mark::Name),
    ("credential", Mark::Name),
    ("authorization", Mark::Name),
    ("cookie", Mark::Name),
    ("signature=", Mark::Name),
    ("&sig=", Mark::Name),
    ("?sig=", Mark::Name),
    ("://", Mark::Url),
    ("@tcp(", Mark::Dsn),
    ("@unix(", Mark::Dsn),
    ("bearer ", Mark::Scheme),
    ("basic ", Mark::Scheme),
    ("eyj", Mark::Jwt),
    ("-----begin ", Mark::Pem),
    ("akia", Mark::Token(16)),
    ("asia", Mark::Token(16)),
    ("aiza", Mark::Token(35)),
    ("ya29.", Mark::Token(20)),
    ("ghp_", Mark::Token(36)),
    ("gho_", Mark::Token(36)),
    ("ghu_", Mark::Token(36)),
    ("ghs_", Mark::Token(36)),
    ("ghr_", Mark::Token(36)),
    ("github_pat_", Mark::Token(22)),
    ("glpat-", Mark::Token(20)),
    ("xoxb-", Mark::Token(10)),
    ("xoxa-", Mark::Token(10)),
    ("xoxp-", Mark::Token(10)),
    ("xoxr-", Mark::Token(10)),
    ("xoxs-", Mark::Token(10)),
    ("xapp-", Mark::Token(10)),
    ("sk_live_", Mark::Token(16)),
    ("rk_live_", Mark::Token(16)),
    ("sk-ant-", Mark::Token(20)),
    ("sk-proj-", Mark::Token(20)),
    ("npm_", Mark::Token(36)),
    ("dckr_pat_", Mark::Token(20)),
    ("hvs.", Mark::Token(20)),
    ("hooks.slack.com/services/", Mark::Path),
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

/// The text without its secrets; borrowed where it has none.
pub fn text(text: &str) -> Cow<'_, str> {
    // Without a finder nothing could be told to be clean.
    let Some(finder) = finder() else { return Cow::Borrowed(HIDDEN) };
    let mut out = String::new();
    // Everything before `done` stands in `out`, or was hidden.
    let mut done = 0;
    let mut from = 0;
    while let Some(found) = finder.find(aho_corasick::Input::new(text).range(from..)) {
        let (start, end) = (found.start(), found.end());
        from = end;
        let mark = MARKS.get(found.pattern().as_usize()).map_or(Mark::Name, |(_, mark)| *mark);
        let hide = match secret(text, start, end, mark, done) {
            Found::Secret(hide) if hide.start >= done && !hide.is_empty() => hide,
            Found::Secret(_) => continue,
            Found::Nothing(until) => {
                from = from.max(until);
                continue;
            }
        };
        out.push_str(&text[done..hide.start]);
        out.push_str(HIDDEN);
        done = hide.end;
        from = from.max(done);
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// The lines of a text without their secrets, as many as there were.
pub fn lines(whole: &str) -> String {
    let (may, mut keys) = (Keys::may_be_in(whole), Keys::default());
    let mut out = String::with_capacity(whole.len());
    for line in whole.lines() {
        match may && keys.hold(line) {
            true => out.push_str(HIDDEN),
            false => out.push_str(&text(line)),
        }
        out.push('\n');
    }
    out
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
        memchr::memmem::find(text.as_bytes(), b"PRIVATE KEY-----").is_some()
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
        if let Some((_, behind)) = line.split_once("-----BEGIN ")
            && behind.contains("PRIVATE KEY-----")
            && !behind.contains("-----END ")
        {
            self.left = KEY_LINES;
        }
        false
    }
}

/// Whether a word is a flag whose value, the next word, is a secret.
pub fn is_secret_flag(word: &str) -> bool {
    word.starts_with('-') && !word.contains('=') && is_secret_name(word.trim_start_matches('-'))
}

/// What stands at a literal.
enum Found {
    Secret(Range<usize>),
    /// No secret, and none before that place either.
    Nothing(usize),
}

/// What has to be hidden for the literal at `start..end`. Always whole characters.
fn secret(text: &str, start: usize, end: usize, mark: Mark, floor: usize) -> Found {
    let rest = &text[end..];
    let run = |most: usize, of: fn(u8) -> bool| rest.bytes().take(most).take_while(|b| of(*b)).count();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let found = match mark {
        Mark::Name => names::value(text, start, end, floor),
        Mark::Url => {
            let ends = |b: u8| b.is_ascii_whitespace() || b"/?#\"'<>\\`,;()".contains(&b);
            let authority = rest.bytes().take_while(|b| !ends(*b)).count();
            rest[..authority].rfind('@').and_then(|at| {
                // The user stays where a password is told from it.
                let from = rest[..at].find(':').map_or(0, |colon| colon + 1);
                (!is_placeholder(&rest[from..at])).then_some(end + from..end + at)
            })
        }
        Mark::Dsn => {
            let before = &text[floor.max(back(text, start, 256))..start];
            let word = before.rsplit(|c: char| c.is_whitespace() || "\"'=".contains(c)).next();
            word.and_then(|word| word.split_once(':')).and_then(|(_, password)| {
                (!is_placeholder(password)).then_some(start - password.len()..start)
            })
        }
        Mark::Scheme if is_start(text, start) => {
            let length = run(1 << 16, |b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
            let padding = rest[length..].bytes().take_while(|b| *b == b'=').count();
            let ends = !rest[length + padding..].starts_with(|c: char| c.is_ascii_alphanumeric());
            let coded = length >= 8 && (padding > 0 || rest[..length].bytes().any(|b| b.is_ascii_digit()));
            (ends && (coded || length >= 20)).then_some(end..end + length + padding)
        }
        Mark::Jwt if is_start(text, start) => {
            let length = run(1 << 16, |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            let mut parts = rest[..length].split('.').map(str::len);
            let mut long = || parts.next().is_some_and(|length| length >= 4);
            if text[start..end].starts_with("ey") && long() && long() && long() {
                Some(start..end + length)
            } else {
                return Found::Nothing(end + length);
            }
        }
        Mark::Pem => {
            let label = crate::clip(rest, 64).split("-----").next().unwrap_or("");
            label.contains("PRIVATE KEY").then(|| {
                let length = rest.find("-----END ").map_or(rest.len(), |at| {
                    let behind = &rest[at + 9..];
                    at + 9 + crate::clip(behind, 64).find("-----").map_or(0, |at| at + 5)
                });
                start..end + length
            })
        }
        Mark::Token(least) if is_start(text, start) => {
            let length = run(1 << 9, is_word);
            // AWS writes its key names in capitals, and only those.
            let is_aws = end - start == 4 && least == 16;
            let token = &text[start..end + length];
            let fits = !is_aws || token.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            (length >= least && fits).then_some(start..end + length)
        }
        Mark::Path => {
            let length = run(1 << 9, |b| b.is_ascii_alphanumeric() || b"/-_".contains(&b));
            (length > 0).then_some(end..end + length)
        }
        Mark::Scheme | Mark::Jwt | Mark::Token(_) => None,
    };
    found.map_or(Found::Nothing(end), Found::Secret)
}

/// Whether no word runs into this place.
fn is_start(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// Words that stand where a value would, and are none.
fn is_placeholder(value: &str) -> bool {
    let word = value.trim();
    let plain =
        ["yes", "no", "true", "false", "null", "nil", "none", "undefined", "empty", "redacted", "hidden"];
    word.is_empty()
        || plain.iter().any(|it| word.eq_ignore_ascii_case(it))
        || word.starts_with(['{', '[', '<', '(', '|', '>', '%'])
        || word.starts_with('$')
        || word.bytes().all(|b| b"*xX.-_".contains(&b))
}

/// At most so many bytes before a place, and whole characters.
fn back(text: &str, at: usize, most: usize) -> usize {
    let mut from = at.saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_secrets_go() {
        for (text, want) in [
            ("DB_PASSWORD=hunter2", "DB_PASSWORD=REDACTED"),
            ("export API_KEY='abc def'; run", "export API_KEY='REDACTED'; run"),
            ("--db-password=hunter2 --port=80", "--db-password=REDACTED --port=80"),
            ("mysql --password hunter2 -h db", "mysql --password REDACTED -h db"),
            ("-Dspring.datasource.password=hunter2", "-Dspring.datasource.password=REDACTED"),
            (
                r#"{"user":"a","password":"hun\"ter2","port":1}"#,
                r#"{"user":"a","password":"REDACTED","port":1}"#,
            ),
            (r#"{\"clientSecret\": \"hunter2\", \"x\": 1}"#, r#"{\"clientSecret\": \"REDACTED\", \"x\": 1}"#),
            (
                r#"{"name":"DB_PASSWORD","value":"hun\"ter2"},{"name":"A","value":"b"}"#,
                r#"{"name":"DB_PASSWORD","value":"REDACTED"},{"name":"A","value":"b"}"#,
            ),
            (
                r#"{\"name\":\"DB_PASSWORD\",\"value\":\"hun\\\"ter2\"},{\"name\":\"A\",\"value\":\"b\"}"#,
                r#"{\"name\":\"DB_PASSWORD\",\"value\":\"REDACTED\"},{\"name\":\"A\",\"value\":\"b\"}"#,
            ),
            (
                "- name: DB_PASSWORD\n  value: hun ter2\n- name: A",
                "- name: DB_PASSWORD\n  value: REDACTED\n- name: A",
            ),
            (
                "  - name: \"API_TOKEN\"\n    value: 'hunter2'\n",
                "  - name: \"API_TOKEN\"\n    value: 'REDACTED'\n",
            ),
            ("[{name: API_TOKEN, value: hunter2}]", "[{name: API_TOKEN, value: REDACTED}]"),
            (
                "- name: SSH_PRIVATE_KEY\n  value: |-\n    one\n\n    two\n- name: A",
                "- name: SSH_PRIVATE_KEY\n  value: |-\n    REDACTED\n- name: A",
            ),
            ("  password: hunter2 and more\n  user: a", "  password: REDACTED\n  user: a"),
            ("postgres://app:s3cret@db:5432/orders", "postgres://app:REDACTED@db:5432/orders"),
            ("cloning https://s3cret@git.example/x", "cloning https://REDACTED@git.example/x"),
            ("app:s3cret@tcp(db:3306)/orders", "app:REDACTED@tcp(db:3306)/orders"),
            ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer REDACTED"),
            ("authorization: Token abc", "authorization: Token REDACTED"),
            ("curl -H 'Authorization: Basic dXNlcjpwYXNz' x", "curl -H 'Authorization: Basic REDACTED' x"),
            ("got bearer 0123456789abcdef here", "got bearer REDACTED here"),
            ("id AKIAIOSFODNN7EXAMPLE used", "id REDACTED used"),
            ("AccountKey=abc/def+==;Endpoint=x", "AccountKey=REDACTED;Endpoint=x"),
            ("https://a.blob/x?sv=1&sig=abc%2F&se=2", "https://a.blob/x?sv=1&sig=REDACTED&se=2"),
            ("Set-Cookie: session=abc; path=/", "Set-Cookie: REDACTED"),
            (
                "post https://hooks.slack.com/services/T0/B0/abc now",
                "post https://hooks.slack.com/services/REDACTED now",
            ),
            ("password = \"hunter2\"", "password = \"REDACTED\""),
            ("SECRET_KEY_BASE=abc", "SECRET_KEY_BASE=REDACTED"),
            ("AWS_SECRET_ACCESS_KEY=abc", "AWS_SECRET_ACCESS_KEY=REDACTED"),
            ("awsSecretAccessKey=abc", "awsSecretAccessKey=REDACTED"),
            ("login with password:hunter2 failed", "login with password:REDACTED failed"),
        ] {
            assert_eq!(super::text(text), want, "{text}");
        }
        let token = format!("clone with ghp_{}!", "a1".repeat(18));
        assert_eq!(super::text(&token), "clone with REDACTED!");
        let jwt = "t=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl end";
        assert_eq!(super::text(jwt), "t=REDACTED end");
        let pem = "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b";
        assert_eq!(super::text(pem), "a REDACTED b");
        assert_eq!(super::text("x -----BEGIN PRIVATE KEY-----\\nMIIE"), "x REDACTED");
    }

    #[test]
    fn evidence_stays() {
        for text in [
            "MountVolume.SetUp failed for volume \"tls-secret\" : secret \"tls\" not found",
            "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
            "couldn't find key password in Secret shop/db",
            "references non-existent secret key: tls.crt",
            "Access denied for user 'app'@'10.0.0.1' (using password: YES)",
            "FATAL: password authentication failed for user \"app\"",
            "invalid token: unexpected end of input",
            "Unable to attach or mount volumes: unmounted volumes=[api-token], unattached volumes=[api-token data]",
            "max_tokens=4096 token_type=bearer passed=3 bypass=1",
            "secretName: orders-tls\nprivateKeySecretRef: x\npasswordFile: /run/db",
            "DB_PASSWORD=$(PASSWORD) TOKEN=${TOKEN} SECRET=",
            "MYSQL_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
            "{\"token\":null,\"secret\":{\"secretName\":\"x\"},\"automountServiceAccountToken\":false}",
            "Get \"https://10.0.0.1:6443/api/v1/secrets\": x509: certificate signed by unknown authority",
            "pulling docker.io/library/busybox@sha256:0123456789abcdef",
            "http://orders:8080/a@b",
            "keyboard: us\nmonkey: see",
            "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {key: password, name: db}",
            "- name: API_TOKEN\n  value: $(TOKEN)\n",
            "- name: db-secret\n- value: seen",
            "basic authentication failed, bearer token missing",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "duplicate key value violates unique constraint \"orders_pkey\"",
            "Key: 'Config.Port' Error: required",
            "key=value primary_key=7 cache-key: orders",
        ] {
            assert!(
                matches!(super::text(text), Cow::Borrowed(same) if same == text),
                "{} ← {text}",
                super::text(text)
            );
        }
    }

    #[test]
    fn lines_stay_as_many_as_they_were() {
        let key = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\npassword=hunter2";
        assert_eq!(super::lines(key), "a\nREDACTED\nREDACTED\nREDACTED\npassword=REDACTED\n");
    }

    #[test]
    fn what_is_redacted_stays_as_it_is() {
        for text in [
            "DB_PASSWORD=hunter2 postgres://a:b@c/d Authorization: Bearer abcdefgh12345678",
            "{\"password\":\"x y\"} AKIAIOSFODNN7EXAMPLE",
        ] {
            let once = super::text(text).into_owned();
            assert_eq!(super::text(&once), once);
        }
    }

    #[test]
    fn hostile_text_takes_linear_time_and_does_not_panic() {
        for unit in [
            "password",
            "password=",
            "password=\"",
            "://",
            "@tcp(",
            "bearer ",
            "eyJ",
            "-----BEGIN PRIVATE KEY-----",
            "\"token\":",
            "://a:ä@",
            "tokenä=ö",
            "secret\\\":\\\"",
            "a.b_",
            "key",
            "x:@tcp(",
        ] {
            super::text(&unit.repeat(100_000));
        }
    }
}
