//! What a line says was called: `host:port`, a host, or a path.

use crate::Text;
use crate::scan::message::text::{after, between, has, keep, until};

/// Endings of names that have a line number behind them, and no port.
const SOURCES: &[&str] = &[
    ".go", ".java", ".kt", ".scala", ".groovy", ".py", ".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".rs",
    ".rb", ".php", ".cc", ".cpp", ".cxx", ".c", ".h", ".hpp", ".cs", ".ex", ".exs", ".erl", ".html", ".json",
    ".yaml", ".yml", ".conf", ".xml", ".sh", ".sql", ".lua", ".swift", ".vue", ".jar!",
];

/// Words of logs that stand before a colon and a number, and are no hosts.
const KEYS: &[&str] = &[
    "line", "port", "pid", "code", "status", "error", "errno", "size", "count", "time", "took", "id", "exit",
    "version", "thread", "attempt", "retry", "retries", "timeout", "v", "at", "in", "lock", "len", "length",
    "col", "column", "row", "offset", "gmt", "utc", "duration", "ms", "worker", "step", "epoch", "total",
    "max", "min", "number", "node", "serial", "seq", "index", "level", "uid", "gid", "signal",
];

/// What was called: the most exact name that the line has for it, or empty.
pub(super) fn target(text: &str) -> Text {
    known(text).or_else(|| words(text)).unwrap_or_else(|| "".into())
}

/// Wordings that name host and port apart, or that name more than one address.
fn known(text: &str) -> Option<Text> {
    // urllib3: HTTPConnectionPool(host='orders', port=8080)
    if let Some(host) = between(text, "(host='", "'") {
        let port = after(text, "port=").map(digits).unwrap_or("");
        return joined(host, port);
    }
    // nginx, `ngx_http_upstream.c`: the client's address stands before the upstream's.
    if let Some(url) = between(text, "upstream: \"", "\"") {
        return address(url);
    }
    // libpq: connection to server at "db" (10.0.0.1), port 5432 failed
    if let Some(host) = between(text, "server at \"", "\"") {
        return joined(host, after(text, "port ").map(digits).unwrap_or(""));
    }
    // libpq before 14: Is the server running on host "db" (10.0.0.1) and accepting TCP/IP connections on port 5432?
    if let Some(host) = between(text, "running on host \"", "\"") {
        return joined(host, after(text, "port ").map(digits).unwrap_or(""));
    }
    // libmysqlclient and PyMySQL: Can't connect to MySQL server on 'db:3306' (111)
    if let Some(host) = between(text, "server on '", "'") {
        return joined(host, "");
    }
    // curl: Failed to connect to orders port 8080
    if let Some(rest) = after(text, "onnect to ")
        && let Some((host, rest)) = rest.split_once(" port ")
        && is_name(host)
    {
        return joined(host, digits(rest));
    }
    // Go's net: dial tcp 10.0.0.1:80: , read tcp 10.0.0.2:3->10.0.0.1:80:
    for literal in ["dial tcp ", "dial tcp4 ", "dial tcp6 ", "dial udp ", "->"] {
        if let Some(word) = after(text, literal).map(|rest| rest.split([' ', '"']).next().unwrap_or(""))
            && let Some(found) = address(word.trim_end_matches(':'))
        {
            return Some(found);
        }
    }
    None
}

/// The first word that has the shape of an address: a URL, `host:port`, `host/ip:port`, `[ip]:port`.
fn words(text: &str) -> Option<Text> {
    text.split(|c: char| c.is_whitespace() || "\"'`(),;<>={}|".contains(c)).find_map(|word| {
        let word = word.trim_matches(['.', ':', '!', '?']);
        (word.contains(':')).then(|| address(word)).flatten()
    })
}

/// A word as an address: without scheme, user, path; `name/ip:port` of Java becomes `name:port`.
pub(super) fn address(word: &str) -> Option<Text> {
    let mut url = false;
    // gRPC writes the kind of an address before it.
    let word = ["ipv4:", "ipv6:", "dns:"].iter().find_map(|kind| word.strip_prefix(kind)).unwrap_or(word);
    let word = match word.rfind("://") {
        Some(at) => {
            url = true;
            word.get(at + 3..)?
        }
        None => word,
    };
    let word = match word.split_once('@') {
        Some((_, rest)) if url => rest,
        Some(_) => return None,
        None => word,
    };
    if let Some(inner) = word.trim_start_matches("::ffff:").strip_prefix('[') {
        let (ip, rest) = inner.split_once(']')?;
        let port = digits(rest.strip_prefix(':')?);
        return (ip.contains(':') && is_port(port)).then(|| keep(&format!("[{ip}]:{port}")));
    }
    let (host, rest) = word.split_at(word.find(['/', '?', '#']).unwrap_or(word.len()));
    if url {
        let (name, port) = host.split_once(':').unwrap_or((host, ""));
        return (is_name(name) && (port.is_empty() || is_port(port))).then(|| joined(name, port)).flatten();
    }
    // Java's InetSocketAddress: `orders/10.0.0.1:8080`, `/10.0.0.1:8080`, `orders/<unresolved>:8080`.
    if let Some(peer) = rest.strip_prefix('/') {
        let (peer, port) = peer.rsplit_once(':').unwrap_or((peer, ""));
        if is_port(digits(port)) && (is_ip(peer) || peer == "<unresolved>") {
            return joined(if is_name(host) { host } else { peer }, digits(port));
        }
        // `redis:6379/Interactive` goes on as a plain address.
    }
    let (host, port) = host.rsplit_once(':')?;
    let plausible = is_ip(host) || (is_name(host) && is_word_of_a_host(host));
    (plausible && is_port(port)).then(|| joined(host, port)).flatten()
}

fn joined(host: &str, port: &str) -> Option<Text> {
    if host.is_empty() || host.len() > 300 {
        return None;
    }
    Some(if port.is_empty() { keep(host) } else { keep(&format!("{host}:{port}")) })
}

pub(super) fn digits(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '=', ':', '\'', '"']);
    until_not(text, |b| b.is_ascii_digit())
}

/// The beginning of `text` whose bytes all pass.
pub(super) fn until_not(text: &str, pass: impl Fn(u8) -> bool) -> &str {
    let end = text.bytes().position(|b| !pass(b)).unwrap_or(text.len());
    text.get(..end).unwrap_or("")
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Whether it is an IPv4 address.
pub(super) fn is_ip(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Whether it may be a name of DNS (RFC 1035, and the underscore that Compose allows).
pub(super) fn is_name(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
        && !text.starts_with(['-', '.'])
}

/// Whether a name before a colon and a number is rather a host than a key, a source file or a part of a time.
fn is_word_of_a_host(name: &str) -> bool {
    name.bytes().any(|b| b.is_ascii_alphabetic())
        && !SOURCES.iter().any(|end| name.ends_with(end))
        && !KEYS.iter().any(|key| name.eq_ignore_ascii_case(key))
        // Dates: `2026-01-02T10:11`; `24/Nov/2025:12`.
        && !name.starts_with(|c: char| c.is_ascii_digit() && name.contains('T') && name.contains('-'))
        && name.parse::<u64>().is_err()
}

/// The host that a resolver was asked for.
pub(super) fn host(text: &str) -> Option<Text> {
    let name = until(text, ":").trim_matches(['"', '\'', '`', '.', ',', '[', ']', '(', ')']);
    let name = name.rsplit('/').next().unwrap_or(name);
    (is_name(name) && name.bytes().any(|b| b.is_ascii_alphabetic()) && !has(name, "null")).then(|| keep(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_in_the_words_of_every_client() {
        for (text, want) in [
            (
                r#"Get "http://10.0.0.7:80/": read tcp 10.0.0.1:3123->10.0.0.7:80: read: connection reset by peer"#,
                "10.0.0.7:80",
            ),
            ("12:30:01 dial tcp 10.0.0.1:6379: connect: connection refused", "10.0.0.1:6379"),
            (r#"I/O error on GET request for "http://orders:8080/api": Connection refused"#, "orders:8080"),
            (
                "io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: orders/10.0.0.1:8080",
                "orders:8080",
            ),
            ("Connection refused: /10.0.0.1:8080", "10.0.0.1:8080"),
            (
                "[Consumer clientId=c-1] Connection to node -1 (kafka.mq/10.0.0.1:9092) could not be established.",
                "kafka.mq:9092",
            ),
            ("Error: connect ECONNREFUSED 10.0.0.1:6379", "10.0.0.1:6379"),
            (
                "HTTPConnectionPool(host='orders', port=8080): Max retries exceeded with url: /x",
                "orders:8080",
            ),
            (r#"connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused"#, "db:5432"),
            ("ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3306' (111)", "db:3306"),
            ("Error 111 connecting to redis:6379. Connection refused.", "redis:6379"),
            ("curl: (7) Failed to connect to orders port 8080: Connection refused", "orders:8080"),
            (
                r#"connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:8080/", host: "x""#,
                "10.0.0.1:8080",
            ),
            (
                "UNKNOWN: ipv4:10.0.0.1:50051: Failed to connect to remote host: Connection refused",
                "10.0.0.1:50051",
            ),
            ("UnableToConnect on cache:6379/Interactive, Initializing/NotStarted", "cache:6379"),
            ("Npgsql: Failed to connect to [::ffff:10.0.0.1]:5432", "[::ffff:10.0.0.1]:5432"),
            ("jdbc:mysql://root:secret@db.shop.svc:3306/orders refused", "db.shop.svc:3306"),
            ("main.go:12: handler.java:33 took:300 line:32 2026-01-02T10:11:12 refused", ""),
        ] {
            assert_eq!(&*target(text), want, "{text}");
        }
    }

    #[test]
    fn no_part_of_an_address_of_passwords_remains() {
        assert_eq!(address("amqp://user:pa55@mq:5672/vhost").as_deref(), Some("mq:5672"));
        assert_eq!(address("user@db:3306"), None);
    }
}
