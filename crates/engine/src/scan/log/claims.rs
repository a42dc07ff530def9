//! What a line of a log says of the world.

use crate::Text;

/// Something that a program says of what it meets. Targets are `host`, `host:port` or empty where the line names none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Nobody listens there.
    Refused {
        /// The target.
        target: Text,
    },
    /// No answer in time.
    TimedOut {
        /// The target.
        target: Text,
    },
    /// A name does not resolve.
    NameUnresolved {
        /// The name.
        host: Text,
    },
    /// A pool of connections is empty.
    PoolExhausted {
        /// What it connects to.
        target: Text,
    },
    /// The database has no connection left.
    TooManyConnections,
    /// The database accepts no writes.
    ReadOnly,
    /// The database refuses user or password.
    LoginRefused {
        /// The user.
        user: Text,
    },
    /// The database cannot be reached, and the driver does not say more.
    LinkFailure,
    /// The port is taken.
    AddressInUse {
        /// The port.
        port: Option<u16>,
    },
    /// The runtime's own heap is used up.
    HeapExhausted,
    /// A setting is missing.
    ConfigMissing {
        /// Its name.
        key: Text,
    },
    /// The process was asked to stop.
    StopRequested,
    /// A shell tells that its child was killed.
    ChildKilled,
    /// The disk is full.
    NoSpace,
    /// A certificate is not accepted.
    CertificateRefused,
}

/// Reads a line that holds the literal of its pattern.
pub(super) type Extract = fn(&str) -> Option<Claim>;

/// Literals and what reads their lines. Sources: libc `strerror`, Go `net`, OpenJDK `java.net`, Node `dns`, CPython
/// `socket`, gRPC; MySQL 5.7 and 8 `errmsg`, PostgreSQL `postmaster` and `ereport` texts, HikariCP, SQLAlchemy, Redis.
pub(super) const PATTERNS: &[(&str, Extract)] = &[
    ("onnection refused", refused),
    ("ECONNREFUSED", refused),
    ("i/o timeout", timed_out),
    ("onnection timed out", timed_out),
    ("connect timed out", timed_out),
    ("ETIMEDOUT", timed_out),
    ("no such host", name),
    ("UnknownHostException", name),
    ("ENOTFOUND", name),
    ("EAI_AGAIN", name),
    ("Name or service not known", name),
    ("Temporary failure in name resolution", name),
    ("request timed out after", pool),
    ("pool exhausted", pool),
    ("QueuePool limit", pool),
    ("Too many connections", too_many),
    ("too many clients already", too_many),
    ("remaining connection slots are reserved", too_many),
    ("read-only option", read_only),
    ("in a read-only transaction", read_only),
    ("READONLY You can't write", read_only),
    ("NotWritablePrimary", read_only),
    ("Access denied for user", login),
    ("password authentication failed for user", login),
    ("WRONGPASS", login),
    ("Communications link failure", |_| Some(Claim::LinkFailure)),
    ("ddress already in use", in_use),
    ("EADDRINUSE", in_use),
    ("was already in use", in_use),
    ("OutOfMemoryError", |_| Some(Claim::HeapExhausted)),
    ("heap out of memory", |_| Some(Claim::HeapExhausted)),
    ("onfiguration key", config),
    ("environment variable", config),
    ("SIGTERM", |_| Some(Claim::StopRequested)),
    ("got TERM", |_| Some(Claim::StopRequested)),
    ("Killed", killed),
    ("No space left on device", |_| Some(Claim::NoSpace)),
    ("no space left on device", |_| Some(Claim::NoSpace)),
    ("x509: certificate", |_| Some(Claim::CertificateRefused)),
];

fn refused(line: &str) -> Option<Claim> {
    Some(Claim::Refused { target: target(line) })
}

fn timed_out(line: &str) -> Option<Claim> {
    Some(Claim::TimedOut { target: target(line) })
}

/// The first word of a line that has the shape of an address with a port.
fn target(line: &str) -> Text {
    let words = line.split(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ',' | ';' | '[' | ']' | '=' | '<' | '>')
    });
    for word in words {
        let word = word.rsplit("//").next().unwrap_or(word).trim_matches(['/', ':', '.']);
        let address = word.split('/').next().unwrap_or(word);
        if let Some((host, port)) = address.rsplit_once(':')
            && (1..=5).contains(&port.len())
            && port.bytes().all(|b| b.is_ascii_digit())
            && is_host(host)
        {
            return address.into();
        }
    }
    "".into()
}

fn is_host(text: &str) -> bool {
    // A time of day has the same shape, and no letter or point.
    !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphabetic() || b == b'.')
        && !text.contains(".java")
        && !text.contains(".go")
        && !text.contains(".py")
        && !text.contains(".js")
}

fn name(line: &str) -> Option<Claim> {
    let after = |literal: &str| line.split_once(literal).map(|(_, rest)| rest);
    let candidate = if let Some(rest) = after("lookup ") {
        rest.split([' ', ':']).next()
    } else if let Some(rest) = after("UnknownHostException: ") {
        rest.split([' ', ':', ';', ')', '\n']).next()
    } else if let Some(rest) = after("ENOTFOUND ").or_else(|| after("EAI_AGAIN ")) {
        rest.split([' ', ':']).next()
    } else if let Some((before, _)) =
        line.split_once(": Name or service not known").or_else(|| line.split_once(": Temporary failure"))
    {
        before.rsplit([' ', '"', '\'', '/']).next()
    } else {
        None
    };
    let host = candidate?.trim_matches(['"', '\'', '.', ',']);
    is_dns_name(host).then(|| Claim::NameUnresolved { host: host.into() })
}

fn is_dns_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text != "null"
}

fn pool(line: &str) -> Option<Claim> {
    let hikari = line.contains("Connection is not available");
    (hikari || line.contains("pool exhausted") || line.contains("QueuePool"))
        .then(|| Claim::PoolExhausted { target: target(line) })
}

fn too_many(_: &str) -> Option<Claim> {
    Some(Claim::TooManyConnections)
}

fn read_only(_: &str) -> Option<Claim> {
    Some(Claim::ReadOnly)
}

fn login(line: &str) -> Option<Claim> {
    // Without a password it is a probe of the server itself, as a rule from localhost.
    if line.contains("(using password: NO)") || line.contains("@'localhost'") || line.contains("@'::1'") {
        return None;
    }
    let user = line.split_once("for user ").map_or("", |(_, rest)| rest);
    let user = user.trim_start_matches(['\'', '"']).split(['\'', '"', '@', ' ']).next().unwrap_or("");
    Some(Claim::LoginRefused { user: user.into() })
}

fn in_use(line: &str) -> Option<Claim> {
    if let Some((_, rest)) = line.split_once("Port ")
        && let Some(port) = rest.split(' ').next().and_then(|p| p.parse().ok())
    {
        return Some(Claim::AddressInUse { port: Some(port) });
    }
    let port = line
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')' | '[' | ']'))
        .filter_map(|word| word.trim_end_matches([':', ',', '.']).rsplit_once(':'))
        .find_map(|(_, port)| port.parse::<u16>().ok());
    Some(Claim::AddressInUse { port })
}

fn config(line: &str) -> Option<Claim> {
    let told =
        ["missing", "not set", "required", "nvalid", "undefined", "must be set", "not found", "not defined"];
    if !told.iter().any(|word| line.contains(word)) {
        return None;
    }
    let key = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).find(|word| {
        word.len() > 3
            && word.contains('_')
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })?;
    Some(Claim::ConfigMissing { key: key.into() })
}

fn killed(line: &str) -> Option<Claim> {
    (line.trim() == "Killed").then_some(Claim::ChildKilled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_language() {
        let host = |line: &str| match name(line) {
            Some(Claim::NameUnresolved { host }) => host.to_string(),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(host("dial tcp: lookup session-cache on 10.68.0.2:53: no such host"), "session-cache");
        assert_eq!(
            host("Caused by: java.net.UnknownHostException: db: Temporary failure in name resolution"),
            "db"
        );
        assert_eq!(host("Error: getaddrinfo ENOTFOUND orders.shop"), "orders.shop");
        assert_eq!(host("could not translate host name pg.shop: Name or service not known"), "pg.shop");
    }

    #[test]
    fn targets_are_addresses_and_not_times() {
        assert_eq!(&*target("12:30:01 dial tcp 10.0.0.1:6379: connect: connection refused"), "10.0.0.1:6379");
        assert_eq!(
            &*target("I/O error on GET request for \"http://orders:8080/api\": Connection refused"),
            "orders:8080"
        );
        assert_eq!(&*target("at x (net.js:12) refused"), "");
    }

    #[test]
    fn a_probe_without_password_is_no_login() {
        assert_eq!(login("Access denied for user 'root'@'::1' (using password: NO)"), None);
        assert_eq!(
            login("Access denied for user 'ts'@'172.20.2.93' (using password: YES)"),
            Some(Claim::LoginRefused { user: "ts".into() })
        );
    }

    #[test]
    fn ports_that_are_taken_are_named() {
        assert_eq!(
            in_use("Web server failed to start. Port 12346 was already in use."),
            Some(Claim::AddressInUse { port: Some(12346) })
        );
        assert_eq!(
            in_use("listen tcp :8080: bind: address already in use"),
            Some(Claim::AddressInUse { port: Some(8080) })
        );
    }

    #[test]
    fn a_missing_setting_is_named() {
        assert_eq!(
            config("FATAL Invalid configuration key 'DATABASE_URL'"),
            Some(Claim::ConfigMissing { key: "DATABASE_URL".into() })
        );
    }
}
