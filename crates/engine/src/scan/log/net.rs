//! Claims about connections and names.

use super::claim::Claim;
use super::patterns::{Claims, Family};
use super::target::{self, target};
use crate::scan::message::text::{after, has, has_any, keep, until};
use crate::scan::message::{DnsError, NetworkError, unreached};

/// Sources of the wordings: libc `strerror`, Go `net`; OpenJDK `java.net`, Netty, Apache HttpClient, OkHttp; CPython
/// `socket`, urllib3; Node `net`, `dns`; .NET `Sockets`; gRPC core; MongoDB's drivers; nginx, Envoy; curl, BusyBox.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: refused,
        literals: &[
            "onnection refused",
            "ECONNREFUSED",
            "ERR_CONNECTION_REFUSED",
            "actively refused",
            "UnableToConnect on ",
            "can't connect to remote host",
            "Broker may not be available",
            "kex_exchange_identification",
            "refused. Check that the hostname and port",
        ],
    },
    Family {
        read: timed_out,
        literals: &[
            "i/o timeout",
            "onnection timed out",
            "onnect timed out",
            "ead timed out",
            "ETIMEDOUT",
            "ESOCKETTIMEDOUT",
            "ECONNABORTED",
            "peration timed out",
            "ConnectTimeout",
            "ReadTimeout",
            "SocketTimeoutException",
            "Client.Timeout",
            "timeout awaiting response headers",
            "upstream timed out",
            "upstream request timeout",
            "onnection attempt timed out",
            "ServerSelectionTimeout",
            "erver selection timeout",
            "erver selection timed out",
            "Timeout performing",
            "timed out in the backlog",
        ],
    },
    Family {
        read: reset,
        literals: &[
            "onnection reset",
            "ECONNRESET",
            "roken pipe",
            "EPIPE",
            "socket hang up",
            "erver closed the connection",
            "Remote end closed connection",
            "remote connection failure",
            "closed the connection unexpectedly",
            "prematurely closed connection",
        ],
    },
    Family {
        read: unroutable,
        literals: &[
            "o route to host",
            "etwork is unreachable",
            "EHOSTUNREACH",
            "ENETUNREACH",
            "ost is unreachable",
            "NoRouteToHostException",
        ],
    },
    Family {
        read: name,
        literals: &[
            "no such host",
            "erver misbehaving",
            "lookup ",
            "UnknownHostException",
            "ENOTFOUND",
            "EAI_AGAIN",
            "ame or service not known",
            "emporary failure in name resolution",
            "emporary failure resolving",
            "DNS resolution failed for",
            "ame resolution failed for",
            "ame resolution failure",
            "ould not resolve host",
            "ost not found in upstream",
            "bad address '",
            "ame does not resolve",
            "odename nor servname provided",
            "o address associated with hostname",
            "name resolver error",
            "Failed to resolve '",
            "No such host is known",
            "Resolving timed out",
            "Unable to resolve host",
            "failed to resolve: ",
            "could not be resolved",
            "Unknown host",
            "getaddrinfo",
        ],
    },
];

/// The name server of a failed look-up is not the target that refused.
pub(super) fn is_lookup(line: &str) -> bool {
    after(line, "lookup ").is_some_and(|rest| {
        let name = rest.split([' ', ':']).next().unwrap_or("");
        rest.get(name.len()..).is_some_and(|rest| rest.starts_with(" on ") || rest.starts_with(": "))
    })
}

fn refused(line: &str, claims: &mut Claims) {
    if !is_lookup(line) {
        claims.add(Claim::Refused { target: target(line) });
    }
}

fn timed_out(line: &str, claims: &mut Claims) {
    // MongoDB's drivers time out choosing a server, and then say why.
    let told = has_any(line, &["erver selection", "ServerSelectionTimeout"])
        && has_any(line, &["efused", "not known", "name resolution", "ENOTFOUND"]);
    if !is_lookup(line) && !told {
        claims.add(Claim::TimedOut { target: target(line) });
    }
}

fn reset(line: &str, claims: &mut Claims) {
    claims.add(Claim::Reset { target: target(line) });
}

fn unroutable(line: &str, claims: &mut Claims) {
    if !is_lookup(line) {
        claims.add(Claim::Unroutable { target: target(line) });
    }
}

fn name(line: &str, claims: &mut Claims) {
    // Go, and what quotes it: `lookup x[ on server]: why`.
    if is_lookup(line)
        && let Some(found) = unreached(line)
        && let NetworkError::Dns { host, how } = found.how
    {
        claims.add(Claim::NameUnresolved { host, how });
        return;
    }
    let transient = has_any(
        line,
        &[
            "emporary failure",
            "EAI_AGAIN",
            "imed out",
            "timeout",
            "server misbehaving",
            "SERVFAIL",
            "ares_timeout",
        ],
    );
    let how = if has_any(line, &["erver misbehaving", "SERVFAIL", "server returned general failure"]) {
        DnsError::ServerFailed
    } else if transient {
        DnsError::Unanswered
    } else {
        DnsError::NoSuchHost
    };
    // What names the host right behind it.
    const BEFORE: &[&str] = &[
        "UnknownHostException: ",
        "ENOTFOUND ",
        "EAI_AGAIN ",
        "DNS resolution failed for ",
        "ame resolution failed for target ",
        "ame resolution failed for name ",
        "ame resolution failed for ",
        "ould not resolve host: ",
        "ost not found in upstream ",
        "bad address '",
        "Failed to resolve '",
        "Temporary failure resolving '",
        "unable to resolve host address ",
        "Unable to resolve host ",
        "translate host name \"",
        "failed to resolve: ",
        "server on '",
    ];
    for literal in BEFORE {
        if let Some(rest) = after(line, literal) {
            let word = rest.trim_start_matches(['"', '\'', '`', '‘', '“']);
            let word = word.strip_prefix("dns:").unwrap_or(word).trim_start_matches('/');
            let word = word.split([' ', '"', '\'', '`', ';', ',', ')', '’', '”', '/']).next().unwrap_or("");
            if let Some(host) = target::host(word) {
                claims.add(Claim::NameUnresolved { host, how });
                return;
            }
        }
    }
    // What names it right before: `x: Name or service not known`, `Name or service not known (x:80)`.
    const BEHIND: &[&str] = &[
        ": Name or service not known",
        ": Temporary failure in name resolution",
        ": Name does not resolve",
        ": nodename nor servname provided",
        ": No address associated with hostname",
        ": Unknown host",
        " could not be resolved",
        ": No such host is known",
    ];
    for literal in BEHIND {
        if let Some((before, _)) = line.split_once(literal)
            && let Some(host) =
                before.rsplit([' ', '"', '\'', '/', '(']).find(|w| !w.is_empty()).and_then(target::host)
        {
            // `[Errno -2]` stands there, too, and the type of an exception; they are no names.
            let is_type = host.ends_with("Exception") || host.ends_with("Error");
            // Rust's std: `failed to lookup address information: …`, and Ruby's `getaddrinfo: …`, name no host.
            let is_word = before.ends_with("address information") || before.ends_with("getaddrinfo");
            if !before.ends_with(']') && !has(before, "[Errno") && !is_type && !is_word {
                claims.add(Claim::NameUnresolved { host, how });
                return;
            }
        }
    }
    const KNOWN: &[&str] = &[
        "ame or service not known",
        "emporary failure in name resolution",
        "ame does not resolve",
        "odename nor servname",
        "o address associated with",
        "No such host is known",
        "name resolver error",
        "EAI_AGAIN",
        "ENOTFOUND",
        "UnknownHostException",
        "ould not resolve host",
        "DNS resolution failed",
    ];
    if has_any(line, KNOWN) {
        let place = target(line);
        let host = until(&place, ":");
        let host = if target::is_ip(host) { "" } else { host };
        claims.add(Claim::NameUnresolved { host: keep(host), how });
    }
}
