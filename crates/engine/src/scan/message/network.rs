//! Errors of Go's network stack, as they stand at the end of probe, pull, webhook and CRI errors.
//!
//! Texts of Go's `net`, `net/http`, `crypto/tls` and `crypto/x509`; stable since Go 1.14 (Kubernetes 1.18), where URLs
//! became quoted.

use super::text::{after, between, has, has_any, keep, some, until, word};
use crate::Text;

/// A connection that did not work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreached {
    /// What went wrong.
    pub how: NetworkError,
    /// The `address:port`, socket path, or host that was tried.
    pub address: Option<Text>,
    /// The path of the URL that was asked for, without its query, where there is one.
    pub path: Option<Text>,
    /// Whether it was the connection to a proxy that failed.
    pub proxy: bool,
}

/// What went wrong with a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NetworkError {
    /// The name of the host was not resolved.
    Dns {
        /// The name.
        host: Text,
        /// Why.
        how: DnsError,
    },
    /// `connection refused`: nobody listens at that port.
    Refused,
    /// No answer in time.
    Timeout,
    /// `no route to host`: also what a firewall that rejects makes of it.
    NoRoute,
    /// `network is unreachable`.
    Unreachable,
    /// `connection reset by peer` or `broken pipe`: the peer closed a connection that was open.
    Reset,
    /// `EOF`: the peer closed without an answer.
    Closed,
    /// A unix socket that is not there.
    SocketMissing,
    /// `permission denied` on a socket.
    Denied,
    /// TLS did not come about.
    Tls(TlsError),
    /// `server gave HTTP response to HTTPS client`: TLS was spoken to a plain server.
    PlainHttp,
    /// An answer that is not HTTP/1.x.
    NotHttp(Protocol),
}

/// Why a name was not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DnsError {
    /// `no such host`: the name server says that there is none.
    NoSuchHost,
    /// `server misbehaving`: SERVFAIL or a refusal.
    ServerFailed,
    /// The name server did not answer.
    Unanswered,
}

/// Why TLS did not come about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsError {
    /// `certificate signed by unknown authority`.
    UnknownAuthority,
    /// `certificate has expired`.
    Expired,
    /// The certificate's time has not begun: one of the clocks is wrong.
    NotYetValid,
    /// The certificate is for another name or address.
    WrongName,
    /// `TLS handshake timeout`.
    HandshakeTimeout,
    /// `first record does not look like a TLS handshake`: the server does not speak TLS.
    NotTls,
    /// The server ended the handshake, or another error of `crypto/tls` or `crypto/x509`.
    Other(Text),
}

/// What the answer looks like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// An HTTP/2 frame: a gRPC server.
    Http2,
    /// A TLS record: a server that expects HTTPS.
    Tls,
    /// A Redis reply.
    Redis,
    /// A MySQL greeting.
    Mysql,
    /// An SSH greeting.
    Ssh,
    /// Something else, as the text quotes it.
    Other(Text),
}

/// Reads the network error in `text`, if there is one.
pub fn read(text: &str) -> Option<Unreached> {
    let how = error(text)?;
    let proxy = has(text, "proxyconnect ");
    let path = url(text).and_then(|url| some(until(url.path, "?")));
    Some(Unreached { address: address(text), how, path, proxy })
}

fn error(text: &str) -> Option<NetworkError> {
    if let Some(dns) = dns(text) {
        return Some(dns);
    }
    // net/http/transport.go
    if has(text, "server gave HTTP response to HTTPS client") {
        return Some(NetworkError::PlainHttp);
    }
    if let Some(tls) = tls(text) {
        return Some(NetworkError::Tls(tls));
    }
    // net/http/response.go, transport.go
    for literal in ["malformed HTTP response ", "malformed HTTP status code ", "malformed HTTP version "] {
        if let Some(rest) = after(text, literal) {
            return Some(NetworkError::NotHttp(protocol(rest)));
        }
    }
    // http2 frame reader of a gRPC client that talks to an HTTP/1.x server
    if has_any(text, &["error reading server preface: http2: ", "http2: frame too large"]) {
        return Some(NetworkError::NotHttp(Protocol::Other("HTTP/1.x".into())));
    }
    // syscall errors, net/net.go
    const TABLE: &[(&str, NetworkError)] = &[
        ("connection refused", NetworkError::Refused),
        ("no route to host", NetworkError::NoRoute),
        ("host is unreachable", NetworkError::NoRoute),
        ("network is unreachable", NetworkError::Unreachable),
        ("connection reset by peer", NetworkError::Reset),
        ("broken pipe", NetworkError::Reset),
        ("i/o timeout", NetworkError::Timeout),
        ("Client.Timeout", NetworkError::Timeout),
        ("connection timed out", NetworkError::Timeout),
        ("operation timed out", NetworkError::Timeout),
        ("context deadline exceeded", NetworkError::Timeout),
        ("server closed idle connection", NetworkError::Closed),
    ];
    if let Some((_, how)) = TABLE.iter().find(|(literal, _)| has(text, literal)) {
        return Some(how.clone());
    }
    if has(text, "dial unix") {
        if has(text, "no such file or directory") {
            return Some(NetworkError::SocketMissing);
        }
        if has(text, "permission denied") {
            return Some(NetworkError::Denied);
        }
    }
    let end = text.trim_end_matches(['"', '.', ' ']);
    (end.ends_with(": EOF") || end.ends_with("unexpected EOF") || end == "EOF")
        .then_some(NetworkError::Closed)
}

/// `lookup <host>[ on <server>]: <why>`: net/dnsclient_unix.go.
fn dns(text: &str) -> Option<NetworkError> {
    let rest = after(text, "lookup ")?;
    let host = word(rest);
    let why = rest.get(host.len()..)?;
    if host.is_empty() {
        return None;
    }
    let how = if has_any(why, &["no such host", "Name or service not known", "no data"]) {
        DnsError::NoSuchHost
    } else if has(why, "server misbehaving") {
        DnsError::ServerFailed
    } else if has_any(
        why,
        &[
            "i/o timeout",
            "emporary failure",
            "try again",
            "refused",
            "unreachable",
            "no route",
            "deadline",
            "canceled",
            "timed out",
        ],
    ) {
        DnsError::Unanswered
    } else {
        return None;
    };
    Some(NetworkError::Dns { host: keep(host), how })
}

/// crypto/x509/verify.go, crypto/tls; `tls: failed to verify certificate: ` stands before it since Go 1.20.
fn tls(text: &str) -> Option<TlsError> {
    if let Some(rest) = after(text, "x509: ") {
        let how = if has(rest, "unknown authority") {
            TlsError::UnknownAuthority
        } else if has(rest, "has expired or is not yet valid") {
            if has(rest, " is before ") { TlsError::NotYetValid } else { TlsError::Expired }
        } else if has_any(
            rest,
            &["is valid for", "not valid for any names", "doesn't contain any IP SANs", "legacy Common Name"],
        ) {
            TlsError::WrongName
        } else {
            TlsError::Other(keep(rest))
        };
        return Some(how);
    }
    if has(text, "TLS handshake timeout") {
        return Some(TlsError::HandshakeTimeout);
    }
    if has(text, "first record does not look like a TLS handshake") {
        return Some(TlsError::NotTls);
    }
    after(text, "tls: ").map(|rest| TlsError::Other(keep(rest)))
}

/// What a Go-quoted answer looks like.
fn protocol(answer: &str) -> Protocol {
    let said = answer.trim_start_matches('"');
    // RFC 9113, 4.1: length (3 bytes), type; a server's first frame is SETTINGS, type 4.
    if said.starts_with(r"\x00\x00") && has(said.get(..20).unwrap_or(said), r"\x04") {
        return Protocol::Http2;
    }
    // RFC 8446, 5.1: an alert (21) or a handshake (22) record, version 3.x.
    if said.starts_with(r"\x15\x03") || said.starts_with(r"\x16\x03") {
        return Protocol::Tls;
    }
    if said.starts_with("-ERR") || said.starts_with("-NOAUTH") || said.starts_with("-DENIED") {
        return Protocol::Redis;
    }
    if said.starts_with("SSH-") {
        return Protocol::Ssh;
    }
    if has_any(said, &["mysql_native_password", "caching_sha2_password", r"\x00\n5.", r"\x00\n8."]) {
        return Protocol::Mysql;
    }
    Protocol::Other(keep(until(said, "\"")))
}

/// What was dialled: `dial tcp <address>: `, `read tcp <from>-><to>: `, `dial unix <path>: `, else the host of a URL.
fn address(text: &str) -> Option<Text> {
    for literal in ["dial unix ", "dial tcp ", "dial tcp4 ", "dial tcp6 "] {
        if let Some(found) = between(text, literal, ": ") {
            return some(found.trim_matches('"'));
        }
    }
    if let Some(to) = between(text, "->", ": ").filter(|_| has(text, "tcp ")) {
        return some(to);
    }
    url(text).and_then(|url| some(url.host))
}

/// The parts of a URL that an error quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Url<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// `host[:port]`.
    pub host: &'a str,
    /// From the slash on; may be empty.
    pub path: &'a str,
}

/// The first URL in `text`: quoted since Go 1.14, bare before.
pub(super) fn url(text: &str) -> Option<Url<'_>> {
    let at = text.find("http://").into_iter().chain(text.find("https://")).min()?;
    let rest = text.get(at..)?;
    let whole = match text.get(..at).is_some_and(|before| before.ends_with('"')) {
        true => until(rest, "\""),
        false => {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            rest.get(..end)?.trim_end_matches(':')
        }
    };
    let (scheme, rest) = whole.split_once("://")?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(slash)?;
    (!host.is_empty()).then_some(Url { scheme, host, path })
}

/// The HTTP status that follows a URL: `unexpected status[ code] from GET request to <url>: 403 Forbidden`
/// (containerd ≥1.7), `unexpected status code <url>: 403 Forbidden` (≤1.6), `received unexpected HTTP status: 503 …`
/// (docker, containers/image).
pub(super) fn status(text: &str) -> Option<u16> {
    let rest = after(text, "unexpected status")
        .or_else(|| after(text, "unexpected HTTP status"))
        .or_else(|| after(text, "failed with status code"))
        .or_else(|| after(text, "invalid status code from registry"))
        .or_else(|| after(text, "StatusCode"))?;
    rest.split(|c: char| c.is_whitespace() || c == ':' || c == ',' || c == '=')
        .filter(|word| word.len() == 3)
        .find_map(|word| word.parse().ok().filter(|code| (300..600).contains(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn how(text: &str) -> Option<NetworkError> {
        read(text).map(|read| read.how)
    }

    #[test]
    fn addresses() {
        let refused =
            read(r#"Get "http://10.0.0.7:8080/ready": dial tcp 10.0.0.7:8080: connect: connection refused"#);
        assert_eq!(
            refused,
            Some(Unreached {
                how: NetworkError::Refused,
                address: Some("10.0.0.7:8080".into()),
                path: Some("/ready".into()),
                proxy: false
            })
        );
        let reset = read(
            r#"Get "http://10.0.0.7:80/": read tcp 10.0.0.1:3->10.0.0.7:80: read: connection reset by peer"#,
        );
        assert_eq!(reset.and_then(|r| r.address).as_deref(), Some("10.0.0.7:80"));
        let old = read(
            "Get http://10.0.0.7:80/x: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
        );
        assert_eq!(old.and_then(|r| r.address).as_deref(), Some("10.0.0.7:80"));
        let socket = read(
            r#"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory""#,
        );
        assert_eq!(
            socket,
            Some(Unreached {
                how: NetworkError::SocketMissing,
                address: Some("/run/containerd/containerd.sock".into()),
                path: None,
                proxy: false
            })
        );
        assert!(
            read(r#"Head "https://r.io/v2/": proxyconnect tcp: dial tcp 10.1.1.1:3128: i/o timeout"#)
                .is_some_and(|r| r.proxy)
        );
    }

    #[test]
    fn names() {
        let dns = |how| Some(NetworkError::Dns { host: "registry.example.net".into(), how });
        assert_eq!(
            how("dial tcp: lookup registry.example.net on 10.0.0.2:53: no such host"),
            dns(DnsError::NoSuchHost)
        );
        assert_eq!(
            how("dial tcp: lookup registry.example.net: Temporary failure in name resolution"),
            dns(DnsError::Unanswered)
        );
        assert_eq!(
            how("dial tcp: lookup registry.example.net on 10.0.0.2:53: server misbehaving"),
            dns(DnsError::ServerFailed)
        );
        assert_eq!(
            how(
                "dial tcp: lookup registry.example.net on 10.0.0.2:53: read udp 10.0.0.5:4->10.0.0.2:53: i/o timeout"
            ),
            dns(DnsError::Unanswered)
        );
    }

    #[test]
    fn tls_errors() {
        let tls = |text| match how(text) {
            Some(NetworkError::Tls(tls)) => tls,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            tls("tls: failed to verify certificate: x509: certificate signed by unknown authority"),
            TlsError::UnknownAuthority
        );
        assert_eq!(
            tls(
                "x509: certificate has expired or is not yet valid: current time 2026-01-02T00:00:00Z is after 2026-01-01T00:00:00Z"
            ),
            TlsError::Expired
        );
        assert_eq!(
            tls(
                "x509: certificate has expired or is not yet valid: current time 2025-01-02T00:00:00Z is before 2026-01-01T00:00:00Z"
            ),
            TlsError::NotYetValid
        );
        assert_eq!(tls("x509: certificate is valid for a, not b"), TlsError::WrongName);
        assert_eq!(
            tls(r#"Get "https://x/v2/": net/http: TLS handshake timeout"#),
            TlsError::HandshakeTimeout
        );
        assert_eq!(tls("remote error: tls: bad certificate"), TlsError::Other("bad certificate".into()));
        assert_eq!(tls("tls: first record does not look like a TLS handshake"), TlsError::NotTls);
    }

    #[test]
    fn protocols() {
        let not = |text| match how(text) {
            Some(NetworkError::NotHttp(protocol)) => protocol,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            not(r#"malformed HTTP response "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00""#),
            Protocol::Http2
        );
        assert_eq!(not(r#"malformed HTTP response "\x15\x03\x01\x00\x02\x02""#), Protocol::Tls);
        assert_eq!(
            not(r#"malformed HTTP response "-ERR wrong number of arguments for 'get' command""#),
            Protocol::Redis
        );
        assert_eq!(not(r#"malformed HTTP response "SSH-2.0-OpenSSH_9.6""#), Protocol::Ssh);
        assert_eq!(not(r#"malformed HTTP response "J\x00\x00\x00\n8.0.36\x00""#), Protocol::Mysql);
        assert_eq!(
            not(r#"malformed HTTP response "220 mail ESMTP""#),
            Protocol::Other("220 mail ESMTP".into())
        );
        assert_eq!(
            how(r#"Get "https://10.0.0.1:8080/": http: server gave HTTP response to HTTPS client"#),
            Some(NetworkError::PlainHttp)
        );
        assert_eq!(how(r#"Get "http://10.0.0.1:8080/": EOF"#), Some(NetworkError::Closed));
        assert_eq!(how("dial tcp 10.0.0.1:80: connect: no route to host"), Some(NetworkError::NoRoute));
        assert_eq!(how("all is well"), None);
    }

    #[test]
    fn statuses() {
        assert_eq!(
            status("unexpected status from GET request to https://ghcr.io/token?scope=a: 403 Forbidden"),
            Some(403)
        );
        assert_eq!(
            status("unexpected status code https://r.io/v2/a/manifests/b: 429 Too Many Requests"),
            Some(429)
        );
        assert_eq!(status("received unexpected HTTP status: 503 Service Unavailable"), Some(503));
        assert_eq!(
            status("pulling from host quay.io failed with status code [manifests 3.8.5]: 401 UNAUTHORIZED"),
            Some(401)
        );
        assert_eq!(status("unexpected status"), None);
    }

    #[test]
    fn urls() {
        let parts = url(r#"Get "http://10.0.0.7:8080/a b""#);
        assert_eq!(parts, Some(Url { scheme: "http", host: "10.0.0.7:8080", path: "/a b" }));
        assert_eq!(url("Get https://h: EOF"), Some(Url { scheme: "https", host: "h", path: "" }));
        assert_eq!(url("none"), None);
    }
}
