//! Claims about the answers of others: balancers, HTTP statuses, gRPC codes, TLS.

use super::claim::Claim;
use super::net::is_lookup;
use super::patterns::{Claims, Family};
use super::target::{self, target, until_not};
use crate::Text;
use crate::scan::message::text::{after, after_last, between, has, has_any, keep, number, until, word};
use crate::scan::message::{NetworkError, TlsError, unreached};

/// Sources of the wordings: grpc-go, grpc-java, gRPC core; Spring, Feign, requests, axios, Go `net/http`, `crypto`;
/// OpenJDK `javax.net.ssl`, OpenSSL, Node `tls`, .NET `SslStream`; Envoy, nginx, HAProxy, Spring Cloud LoadBalancer.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: no_instances,
        literals: &[
            "no healthy upstream",
            "no_healthy_upstream",
            "No servers available for service",
            "no live upstreams",
            "No instances available for",
            "does not contain an instance for the service",
            "no healthy endpoints",
            "has no server available",
            "no endpoints available for service",
            "Service Unavailable: no available server",
            "NoHealthyUpstream",
        ],
    },
    Family {
        read: upstream,
        literals: &[
            "upstream connect error",
            "HttpServerErrorException",
            "HttpClientErrorException",
            "WebClientResponseException",
            "status code 5",
            "status code 404",
            "status code 429",
            "status: 5",
            "Server Error: ",
            "Client Error: ",
            "FeignException",
            "rpc error: code = ",
            "StatusRuntimeException",
            "StatusCode.",
            "UNAVAILABLE: ",
            "DEADLINE_EXCEEDED",
            "DeadlineExceeded",
            "returned 5",
            "HTTP 50",
            "context deadline exceeded",
            "502 Bad Gateway",
            "503 Service",
            "504 Gateway",
            "returned error: 5",
            "UNIMPLEMENTED: ",
            "Too Many Requests",
            "status=50",
            "Status code: 50",
        ],
    },
    Family {
        read: tls,
        literals: &[
            "x509: ",
            "tls: ",
            "TLS handshake",
            "SSLHandshakeException",
            "SSLException",
            "PKIX path",
            "certificate has expired",
            "CERTIFICATE_VERIFY_FAILED",
            "CERT_HAS_EXPIRED",
            "ERR_TLS_CERT",
            "self signed certificate",
            "self-signed certificate",
            "unable to get local issuer certificate",
            "UNABLE_TO_",
            "wrong version number",
            "WRONG_VERSION_NUMBER",
            "SSL routines",
            "CertificateExpiredException",
            "AuthenticationException: The remote certificate",
            "certificate verify failed",
            "SSL certificate problem",
            "NotAfter: ",
            "SSL_do_handshake() failed",
            "CERTIFICATE_EXPIRED",
        ],
    },
];

fn no_instances(line: &str, claims: &mut Claims) {
    const BEFORE: &[&str] = &[
        "No servers available for service: ",
        "No instances available for ",
        "instance for the service ",
        "available for service ",
    ];
    let service = BEFORE.iter().find_map(|literal| after(line, literal)).map(word).unwrap_or("");
    let service = if service.is_empty() { named_in_brackets(line) } else { service };
    claims.add(Claim::NoInstances { service: keep(service) });
}

/// HAProxy: `backend 'orders' has no server available!`.
fn named_in_brackets(line: &str) -> &str {
    match has(line, "has no server available") {
        true => between(line, "backend '", "'").or_else(|| between(line, "backend ", " ")).unwrap_or(""),
        false => "",
    }
}

/// What the program says that it was doing when `error` met it: the words before it, if they hold no number.
fn call(line: &str, error: &str) -> Text {
    let before = until(line, error).trim_end_matches([' ', ':', '"', '(']);
    let phrase = before.rsplit([':', '"', '[', ']', '|', '\t', '{']).next().unwrap_or("").trim();
    let fits = (3..=80).contains(&phrase.len())
        && phrase.contains(' ')
        && !phrase.bytes().any(|b| b.is_ascii_digit());
    keep(if fits { phrase } else { "" })
}

fn upstream(line: &str, claims: &mut Claims) {
    if let Some(at) = memchr::memmem::rfind(line.as_bytes(), b"rpc error: code = ") {
        let code = word(line.get(at + 18..).unwrap_or(""));
        grpc(line, code, call(line, "rpc error: code = "), claims);
        return;
    }
    for (literal, separator) in [("StatusRuntimeException: ", ":"), ("StatusCode.", " ")] {
        if let Some(rest) = after(line, literal) {
            let code = until_not(until(rest, separator), |b| b.is_ascii_uppercase() || b == b'_');
            let call = if literal.starts_with("StatusCode") { "".into() } else { call(line, literal) };
            grpc(line, &camel(code), call, claims);
            return;
        }
    }
    for code in ["UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED"] {
        if has(line, code) {
            grpc(line, &camel(code), "".into(), claims);
            return;
        }
    }
    if has_any(line, &["context deadline exceeded", "DeadlineExceeded"]) {
        claims.add(Claim::DeadlineExceeded {
            target: target(line),
            call: call(line, "context deadline exceeded"),
        });
        return;
    }
    if has(line, "upstream connect error") {
        claims.add(Claim::Upstream { status: "503".into(), target: target(line), call: "".into() });
        return;
    }
    let Some(status) = status(line) else { return };
    let target = place(line);
    match status {
        404 => claims.add(Claim::NotFound { target }),
        429 => claims.add(Claim::RateLimited { target }),
        500..600 => {
            claims.add(Claim::Upstream { status: keep(&status.to_string()), target, call: "".into() });
        }
        _ => {}
    }
}

/// `DEADLINE_EXCEEDED` as grpc-go spells it.
fn camel(code: &str) -> String {
    let mut start = true;
    code.chars()
        .filter_map(|c| {
            let upper = std::mem::replace(&mut start, c == '_');
            (c != '_').then(|| if upper { c } else { c.to_ascii_lowercase() })
        })
        .collect()
}

fn grpc(line: &str, code: &str, call: Text, claims: &mut Claims) {
    let target = target(line);
    match code {
        "DeadlineExceeded" => claims.add(Claim::DeadlineExceeded { target, call }),
        "Unimplemented" => claims.add(Claim::NotFound { target }),
        "ResourceExhausted" => claims.add(Claim::RateLimited { target }),
        // The address of a name server is not the target.
        "Unavailable" | "Internal" | "Unknown" | "DataLoss" | "Aborted" | "FailedPrecondition" => {
            let target = if is_lookup(line) { "".into() } else { target };
            claims.add(Claim::Upstream { status: keep(code), target, call });
        }
        _ => {}
    }
}

/// The HTTP status that a client reports.
fn status(line: &str) -> Option<u16> {
    const BEFORE: &[&str] = &[
        "status code ",
        "Status code: ",
        "status: ",
        "status=",
        "returned error: ",
        "returned ",
        "HTTP ",
        "Exception$InternalServerError: ",
        "Exception$BadGateway: ",
        "Exception$ServiceUnavailable: ",
        "Exception$GatewayTimeout: ",
        "Exception$NotFound: ",
        "Exception$TooManyRequests: ",
        "HttpServerErrorException: ",
        "HttpClientErrorException: ",
        "WebClientResponseException: ",
        "HTTPError: ",
        "Exception: [",
        "Exception$",
    ];
    let told = BEFORE.iter().find_map(|literal| {
        let rest = after(line, literal)?;
        let (status, _) = number(rest.trim_start_matches(['[', '"', '\'']))?;
        u16::try_from(status).ok().filter(|status| (400..600).contains(status))
    });
    told.or_else(|| {
        [("502 Bad Gateway", 502), ("503 Service", 503), ("504 Gateway", 504), ("429 Too Many", 429)]
            .iter()
            .find_map(|(literal, status)| has(line, literal).then_some(*status))
    })
}

/// Who answered: an address, else the path in a body that Spring made.
fn place(line: &str) -> Text {
    let found = target(line);
    if !found.is_empty() {
        return found;
    }
    if let Some(url) = after_last(line, " for url: ").or_else(|| between(line, "] to [", "]"))
        && let Some(found) = target::address(url.split(' ').next().unwrap_or(""))
    {
        return found;
    }
    between(line, "\"path\":\"", "\"").map(|path| keep(&general(path))).unwrap_or_else(|| "".into())
}

/// A path without its query, and with `*` in place of what differs from call to call.
pub(super) fn general(path: &str) -> String {
    let path = until(until(path, "?"), "#");
    let mut out = String::new();
    for (count, part) in path.split('/').enumerate() {
        if count > 8 {
            break;
        }
        if count > 0 {
            out.push('/');
        }
        let version = part.len() <= 3 && part.starts_with('v');
        let differs = part.len() > 40 || (!version && part.bytes().any(|b| b.is_ascii_digit() || b == b'%'));
        out.push_str(if differs { "*" } else { part });
    }
    out
}

fn tls(line: &str, claims: &mut Claims) {
    let target = target(line);
    if let Some(found) = unreached(line)
        && let NetworkError::Tls(how) = found.how
        && !matches!(&how, TlsError::Other(_) if !has_any(line, &["x509: ", "tls: "]))
    {
        claims.add(Claim::Tls { how, target });
        return;
    }
    const TABLE: &[(&str, TlsError)] = &[
        ("has expired", TlsError::Expired),
        ("CERT_HAS_EXPIRED", TlsError::Expired),
        ("CERTIFICATE_EXPIRED", TlsError::Expired),
        ("CertificateExpiredException", TlsError::Expired),
        ("NotAfter: ", TlsError::Expired),
        ("not yet valid", TlsError::NotYetValid),
        ("CertificateNotYetValid", TlsError::NotYetValid),
        ("PKIX path", TlsError::UnknownAuthority),
        ("issuer certificate", TlsError::UnknownAuthority),
        ("self signed", TlsError::UnknownAuthority),
        ("self-signed", TlsError::UnknownAuthority),
        ("SELF_SIGNED", TlsError::UnknownAuthority),
        ("UNABLE_TO_", TlsError::UnknownAuthority),
        ("PartialChain", TlsError::UnknownAuthority),
        ("UntrustedRoot", TlsError::UnknownAuthority),
        ("altnames", TlsError::WrongName),
        ("ALTNAME", TlsError::WrongName),
        ("subject alternative", TlsError::WrongName),
        ("ostname mismatch", TlsError::WrongName),
        ("NameMismatch", TlsError::WrongName),
        ("doesn't match", TlsError::WrongName),
        ("rong version number", TlsError::NotTls),
        ("WRONG_VERSION_NUMBER", TlsError::NotTls),
        ("plaintext connection", TlsError::NotTls),
        ("nsupported or unrecognized SSL message", TlsError::NotTls),
        ("handshake timed out", TlsError::HandshakeTimeout),
    ];
    let how = TABLE.iter().find(|(literal, _)| has(line, literal)).map(|(_, how)| how.clone());
    let failed = [
        "SSLHandshakeException",
        "CERTIFICATE_VERIFY_FAILED",
        "certificate verify failed",
        "TLS handshake error",
        "SSL certificate problem",
        "SSL_do_handshake() failed",
        "SSL routines",
        "AuthenticationException",
    ];
    let how = how.or_else(|| has_any(line, &failed).then(|| TlsError::Other("".into())));
    // A certificate's end is told in passing by what issues certificates.
    let told = how
        .filter(|how| *how != TlsError::Expired || has_any(line, &["xpired", "EXPIRED", "rror", "xception"]));
    if let Some(how) = told {
        claims.add(Claim::Tls { how, target });
    }
}
