//! Claims about the program's own ports.

use super::claim::Claim;
use super::patterns::{Claims, Family};
use super::target::{self, digits};
use crate::scan::message::text::{after, has, has_any, keep, until};

/// Sources of the wordings: libc `strerror`, Go `net`, Node `net`; Spring Boot, Quarkus, Micronaut, Kestrel, Express,
/// gunicorn, uvicorn, Flask, Django, Puma, Gin, Echo, Actix, Rocket; PostgreSQL, MySQL, Redis, MongoDB, RabbitMQ, Kafka.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: in_use,
        literals: &[
            "ddress already in use",
            "EADDRINUSE",
            "was already in use",
            "port is already allocated",
            "ddress in use",
        ],
    },
    Family {
        read: listening,
        literals: &[
            "istening",
            "tarted on port",
            "erving on",
            "unning on http",
            "erver running",
            "erver is running",
            "tarted at http",
            "tarted on http",
            "tarted TCP listener",
            "tarted on [",
            "ready for connections",
            "Running mode=",
            "waiting for connections",
            "Waiting for connections",
            "erver Running: http",
            "starting service: \"",
            "evelopment server at http",
            "evelopment Server (http",
            "started server on ",
            "socket connections on ",
            "erver started",
            "tarting server on",
            "tarting HTTP server",
            "has launched from http",
            "server on port",
            "serving HTTP",
            "Serving HTTP",
            "listen on port",
            "erving at http",
            "bound_addresses",
            "tarted listener",
            "listener started",
            "tarting to listen",
        ],
    },
];

fn in_use(line: &str, claims: &mut Claims) {
    if has(line, "in use")
        && !has_any(line, &["ddress already in use", "was already in use", "ddress in use"])
    {
        return;
    }
    // Spring Boot: `Web server failed to start. Port 8080 was already in use.`
    let port = after(line, "Port ").and_then(|rest| digits(rest).parse().ok());
    // Node: `listen EADDRINUSE: address already in use :::8080`; Go: `listen tcp :8080: bind: …`; .NET, Envoy: `0.0.0.0:80`.
    let port = port.or_else(|| {
        line.split(|c: char| c.is_whitespace() || "\"'()[],;".contains(c)).find_map(|word| {
            let (before, port) = word.trim_matches([':', '.', '/']).rsplit_once(':').unwrap_or_else(|| {
                let word = word.trim_end_matches([':', '.']);
                (word, if word.starts_with(':') { word.trim_start_matches(':') } else { "" })
            });
            let is_address = before.is_empty()
                || before.ends_with(':')
                || before.contains("//")
                || target::is_ip(before)
                || matches!(before, "localhost" | "*" | "tcp" | "bind" | "port")
                || word.starts_with(':');
            if is_address { port.parse().ok() } else { None }
        })
    });
    let port = port.or_else(|| {
        ["port ", "port: ", "port=", "Port: "]
            .iter()
            .find_map(|literal| after(line, literal).and_then(|r| digits(r).parse().ok()))
    });
    claims.add(Claim::AddressInUse { port: port.filter(|port| *port > 0) });
}

fn listening(line: &str, claims: &mut Claims) {
    const NOT: &[&str] = &[
        "ailed",
        "annot",
        "an't",
        "nable to",
        "already in use",
        "rror",
        "refused",
        "ill listen",
        "top listening",
        "topped listening",
        "not listening",
        "denied",
        "o longer",
        "ould not",
        "dentify and stop",
        "as listening",
        "s already listening",
    ];
    if has_any(line, NOT) {
        return;
    }
    let at =
        STARTS.iter().filter_map(|literal| memchr::memmem::find(line.as_bytes(), literal.as_bytes())).min();
    let Some(rest) = at.and_then(|at| line.get(at..)) else { return };
    let rest = rest.get(..rest.floor_char_boundary(200)).unwrap_or(rest);
    let Some((port, loopback)) = port(rest) else { return };
    let protocol = ["https", "http", "grpc", "gRPC", "HTTPS", "HTTP", "TLS", "amqp"]
        .iter()
        .find(|word| has(line, word))
        .map_or("", |word| word);
    claims.add(Claim::ListeningOn { port, protocol: keep(&protocol.to_ascii_lowercase()), loopback });
}

/// Where a line begins to say that something listens.
const STARTS: &[&str] = &[
    "istening",
    "tarted on ",
    "erving ",
    "unning on ",
    "erver running",
    "erver is running",
    "tarted at ",
    "tarted TCP listener",
    // mysqld: `ready for connections. Version: '8.0.36'  socket: …  port: 3306`.
    "ready for connections",
    "Running mode=",
    "aiting for connections",
    "erver Running",
    "starting service: ",
    "evelopment server at ",
    "evelopment Server (",
    "started server on ",
    "socket connections on ",
    "erver started",
    "tarting server on",
    "tarting HTTP server",
    "has launched from ",
    "server on port",
    "listen on port",
    "bound_addresses",
    "tarted listener",
    "listener started",
    "tarting to listen",
];

/// The port in a text that says where something listens, and whether it is for its own host only.
fn port(rest: &str) -> Option<(u16, bool)> {
    let loopback = has_any(rest, &["127.0.0.1", "localhost", "[::1]"]) && !has(rest, "0.0.0.0");
    let mut words =
        rest.split(|c: char| c.is_whitespace() || "\"',;{}".contains(c)).filter(|w| !w.is_empty()).take(16);
    while let Some(word) = words.next() {
        let word = word.trim_end_matches(['.', ')', '/', '!']).trim_start_matches('(');
        // `port 8080`, `port(s) 8080`, `port(s): 8080`, `port: 8080`, `port=8080`.
        let lower = word.to_ascii_lowercase();
        if let Some(value) =
            lower.strip_prefix("port=").or_else(|| lower.strip_prefix("port:")).filter(|v| !v.is_empty())
        {
            return value.parse().ok().map(|port| (port, loopback));
        }
        if matches!(lower.trim_end_matches([':', '=']), "port" | "ports" | "port(s" | "port(s)") {
            let next = words.next()?.trim_start_matches([':', '(']);
            return digits(next).parse().ok().filter(|port| *port > 0).map(|port| (port, loopback));
        }
        let address = word.split_once("://").map_or(word, |(_, rest)| rest);
        let address = address.split(['/', '?']).next().unwrap_or(address);
        let scheme = word.contains("://");
        if let Some((host, port)) = address.rsplit_once(':') {
            let is_host = host.is_empty()
                || host.ends_with(']')
                || matches!(host, "*" | "localhost" | "::" | "::1" | "tcp")
                || target::is_ip(host)
                || scheme;
            if let Some(port) = port.parse().ok().filter(|port| *port > 0 && is_host) {
                return Some((port, loopback));
            }
        } else if scheme && target::is_name(address) {
            return Some((if word.starts_with("https") { 443 } else { 80 }, loopback));
        }
        // `listening on 9555`.
        if word.len() >= 2
            && matches!(previous(rest, word), "on" | "at" | "on:" | "ON")
            && let Ok(port) = word.parse()
        {
            return Some((port, loopback));
        }
    }
    None
}

/// The word before the first `word` of a text.
fn previous<'t>(text: &'t str, word: &str) -> &'t str {
    until(text, word).split_whitespace().next_back().unwrap_or("")
}
