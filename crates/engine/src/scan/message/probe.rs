//! What is said of probes.

use super::network::{self, Unreached};
use super::text::{
    after, grpc, has, has_any, keep, number_after, quoted, quoted_after, seconds, until, word,
};
use crate::Text;

/// Which probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ProbeKind {
    Liveness,
    Readiness,
    Startup,
}

/// How a probe failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeFailure {
    /// The answer's status.
    HttpStatus(u16),
    /// The connection.
    Network(Unreached),
    /// No answer in time.
    Timeout,
    /// The command ran too long.
    ExecTimeout {
        /// The command.
        command: Option<Text>,
    },
    /// The command ended with an error; what it printed, which may be nothing.
    ExecOutput(Text),
    /// The image has no such command, or it may not be executed.
    ExecMissing {
        /// The command.
        command: Text,
    },
    /// The container had ended before the command could run: a race, not a failure.
    ContainerGone,
    /// The gRPC connection did not come about in time, whatever listens there.
    GrpcConnect {
        /// Where.
        address: Text,
        /// The probe's `timeoutSeconds`.
        timeout: Option<u32>,
    },
    /// Connected, and the health service did not answer in time.
    GrpcTimeout,
    /// The server speaks gRPC and has no health service.
    GrpcUnimplemented,
    /// What answers does not speak gRPC.
    GrpcNotSpoken,
    /// The health service says so.
    GrpcUnhealthy {
        /// Its word.
        status: Text,
    },
    /// The container has no port of that name.
    PortMissing,
    /// The runtime does not answer.
    RuntimeDown,
    /// Anything else.
    Other(Text),
}

/// The probe, whether it could not be asked at all, and how it failed.
///
/// `<T> probe failed: <output>` counts toward the threshold; `<T> probe errored: <err>` (≤1.32) and `<T> probe errored
/// and resulted in <state> state: <err>` (1.33+) do not. OpenShift adds events `ProbeError`: `<T> probe error: <output>`. (pkg/kubelet/prober/prober.go, 1.13 to 1.36)
pub(super) fn event(text: &str) -> Option<(ProbeKind, bool, ProbeFailure)> {
    let probe = match word(text) {
        "Liveness" => ProbeKind::Liveness,
        "Readiness" => ProbeKind::Readiness,
        "Startup" => ProbeKind::Startup,
        _ => return None,
    };
    let errored = until(text, ":").contains(" probe errored");
    let output = after(text, ": ").unwrap_or("");
    Some((probe, errored, if errored { error(output) } else { probe_failure(output) }))
}

/// Reads what a probe printed or met (pkg/probe, 1.13 to 1.36).
pub fn probe_failure(text: &str) -> ProbeFailure {
    let text = text.trim();
    // pkg/probe/http/http.go
    if let Some(code) = number_after(text, "HTTP probe failed with statuscode: ") {
        return ProbeFailure::HttpStatus(u16::try_from(code).unwrap_or(0));
    }
    // net/url.Error, net.OpError: pkg/probe/http, pkg/probe/tcp. A command may print the like further in.
    let http = ["Get \"", "Get http", "Head \""].iter().any(|start| text.starts_with(start));
    if http || text.starts_with("dial tcp") {
        return match network::read(text) {
            Some(unreached) => ProbeFailure::Network(unreached),
            None => ProbeFailure::Other(keep(text)),
        };
    }
    if let Some(failure) = health(text) {
        return failure;
    }
    // pkg/probe/exec, kuberuntime `ExecSync`: 1.31+ `command timed out: "<c>" timed out after <d>`, before
    // `command "<c>" timed out`; `rpc error: code = DeadlineExceeded desc = …` comes as an error
    if has(text, "timed out") && (text.starts_with("command ") || has(text, "command timed out: ")) {
        let command = quoted_after(text, "command timed out: ").or_else(|| quoted_after(text, "command "));
        return ProbeFailure::ExecTimeout { command };
    }
    // CRI-O and docker hand the runtime's own error on as output
    if let Some(failure) = missing(text) {
        return failure;
    }
    ProbeFailure::ExecOutput(keep(text))
}

/// pkg/probe/grpc/grpc.go (1.23+), and the tool `grpc_health_probe`, whose words it took over.
fn health(text: &str) -> Option<ProbeFailure> {
    if let Some((address, rest)) = after(text, "timeout: failed to connect service ").and_then(quoted) {
        let timeout = after(rest, "within ").and_then(|rest| seconds(until(rest, ":")));
        return Some(ProbeFailure::GrpcConnect { address: keep(&address), timeout });
    }
    if has(text, "does not implement the grpc health protocol") {
        return Some(ProbeFailure::GrpcUnimplemented);
    }
    if has(text, "health rpc did not complete within") {
        return Some(ProbeFailure::GrpcTimeout);
    }
    if let Some(status) = quoted_after(text, "service unhealthy (responded with ") {
        return Some(ProbeFailure::GrpcUnhealthy { status });
    }
    let grpc = text.starts_with("error: failed to connect service")
        || text.starts_with("error: health rpc")
        || text.starts_with("failed to connect service");
    if !grpc {
        return None;
    }
    if has_any(
        text,
        &[
            "error reading server preface",
            "frame too large",
            "unexpected HTTP status code received",
            "unexpected content-type",
        ],
    ) {
        return Some(ProbeFailure::GrpcNotSpoken);
    }
    Some(match network::read(text) {
        Some(unreached) => ProbeFailure::Network(unreached),
        None => ProbeFailure::Other(keep(text)),
    })
}

/// What kept the kubelet from asking: errors of the runtime's `ExecSync`, or of the probe's own definition.
fn error(text: &str) -> ProbeFailure {
    let (code, body) = grpc(text.trim());
    if let Some(failure) = missing(body) {
        return failure;
    }
    // containerd, CRI-O, docker: the container ended in between
    if has_any(
        body,
        &[
            "CONTAINER_EXITED",
            "no running task found",
            "task not found",
            "container not running",
            "is not running",
            "is not created or running",
            "container is not in running state",
            "in a stopped state",
            "stopped container",
            "No such container",
            "process does not exist",
            "ttrpc: closed",
        ],
    ) || (code == Some("NotFound") && has(body, "not found"))
    {
        return ProbeFailure::ContainerGone;
    }
    if has(body, "dial unix") {
        return ProbeFailure::RuntimeDown;
    }
    if code == Some("DeadlineExceeded")
        || has_any(body, &["context deadline exceeded", "timed out", "timeout"])
    {
        return ProbeFailure::ExecTimeout { command: quoted_after(body, "command ") };
    }
    if code == Some("Unavailable") {
        return ProbeFailure::RuntimeDown;
    }
    // pkg/probe/util.go: `couldn't find port: …`, `invalid port number: …`
    if has_any(body, &["find port", "invalid port number"]) {
        return ProbeFailure::PortMissing;
    }
    ProbeFailure::Other(keep(body))
}

/// The OCI runtime's `exec failed: unable to start container process: exec: "<command>": …`.
fn missing(text: &str) -> Option<ProbeFailure> {
    if !has_any(text, &["OCI runtime exec failed", "exec failed", "executable file"]) {
        return None;
    }
    match super::start::read(text)? {
        super::start::Start::CommandNotFound { command }
        | super::start::Start::CommandNotExecutable { command } => {
            Some(ProbeFailure::ExecMissing { command })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::{DnsError, NetworkError, Protocol};
    use super::{ProbeFailure as F, *};

    fn failed(output: &str) -> F {
        match event(&format!("Liveness probe failed: {output}")) {
            Some((ProbeKind::Liveness, false, how)) => how,
            other => panic!("{other:?}"),
        }
    }

    fn errored(output: &str) -> F {
        let new = event(&format!("Readiness probe errored and resulted in failure state: {output}"));
        let old = event(&format!("Readiness probe errored: {output}"));
        assert_eq!(new, old);
        match new {
            Some((ProbeKind::Readiness, true, how)) => how,
            other => panic!("{other:?}"),
        }
    }

    fn network(output: &str) -> NetworkError {
        match failed(output) {
            F::Network(unreached) => unreached.how,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn http_and_tcp() {
        assert_eq!(failed("HTTP probe failed with statuscode: 503"), F::HttpStatus(503));
        match failed(
            r#"Get "http://10.0.0.1:8080/healthz": dial tcp 10.0.0.1:8080: connect: connection refused"#,
        ) {
            F::Network(Unreached { how: NetworkError::Refused, address, path, .. }) => {
                assert_eq!((address.as_deref(), path.as_deref()), (Some("10.0.0.1:8080"), Some("/healthz")));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            network(
                r#"Get "http://10.0.0.1:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#
            ),
            NetworkError::Timeout
        );
        assert_eq!(
            network(
                "Get http://10.0.0.1:80/: net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
            ),
            NetworkError::Timeout
        );
        assert_eq!(network("dial tcp 10.0.0.1:80: i/o timeout"), NetworkError::Timeout);
        assert_eq!(network("dial tcp 10.0.0.1:80: connect: no route to host"), NetworkError::NoRoute);
        assert_eq!(
            network(
                r#"Get "http://10.0.0.1:5050/": net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x00\x00\x06\x04""#
            ),
            NetworkError::NotHttp(Protocol::Http2)
        );
        assert_eq!(
            network(r#"Get "https://10.0.0.1:80/": http: server gave HTTP response to HTTPS client"#),
            NetworkError::PlainHttp
        );
        assert_eq!(
            network(
                r#"Get "http://10.0.0.1:80/": read tcp 10.0.0.2:1->10.0.0.1:80: read: connection reset by peer"#
            ),
            NetworkError::Reset
        );
        assert_eq!(network(r#"Get "http://10.0.0.1:80/": EOF"#), NetworkError::Closed);
        assert_eq!(
            network(r#"Get "http://db:80/": dial tcp: lookup db on 10.96.0.10:53: no such host"#),
            NetworkError::Dns { host: "db".into(), how: DnsError::NoSuchHost }
        );
        assert_eq!(
            failed(r#"Get "http://10.0.0.1:80/": stopped after 10 redirects"#),
            F::Other(r#"Get "http://10.0.0.1:80/": stopped after 10 redirects"#.into())
        );
    }

    #[test]
    fn health_service() {
        assert_eq!(
            failed(
                r#"timeout: failed to connect service "10.0.0.1:9555" within 1s: context deadline exceeded"#
            ),
            F::GrpcConnect { address: "10.0.0.1:9555".into(), timeout: Some(1) }
        );
        assert_eq!(
            failed(r#"timeout: failed to connect service ":8080" within 5s"#),
            F::GrpcConnect { address: ":8080".into(), timeout: Some(5) }
        );
        assert_eq!(failed("timeout: health rpc did not complete within 1s"), F::GrpcTimeout);
        assert_eq!(
            failed(
                "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service"
            ),
            F::GrpcUnimplemented
        );
        assert_eq!(
            failed(r#"service unhealthy (responded with "NOT_SERVING")"#),
            F::GrpcUnhealthy { status: "NOT_SERVING".into() }
        );
        assert_eq!(
            failed(
                r#"error: health rpc probe failed: rpc error: code = Unavailable desc = connection error: desc = "error reading server preface: http2: frame too large""#
            ),
            F::GrpcNotSpoken
        );
    }

    #[test]
    fn commands() {
        assert_eq!(
            failed(r#"command "sh -c check" timed out"#),
            F::ExecTimeout { command: Some("sh -c check".into()) }
        );
        assert_eq!(
            failed(r#"command timed out: "sh -c check" timed out after 1s"#),
            F::ExecTimeout { command: Some("sh -c check".into()) }
        );
        assert_eq!(failed(""), F::ExecOutput("".into()));
        assert_eq!(
            failed("ERROR 1040 (HY000): Too many connections"),
            F::ExecOutput("ERROR 1040 (HY000): Too many connections".into())
        );
        assert_eq!(
            failed("curl: (7) Failed to connect: dial tcp 1.1.1.1:1: connection refused"),
            F::ExecOutput("curl: (7) Failed to connect: dial tcp 1.1.1.1:1: connection refused".into())
        );
        assert_eq!(
            failed(
                r#"OCI runtime exec failed: exec failed: unable to start container process: exec: "check": executable file not found in $PATH: unknown"#
            ),
            F::ExecMissing { command: "check".into() }
        );
    }

    #[test]
    fn errors() {
        assert_eq!(
            errored(
                r#"rpc error: code = Unknown desc = failed to exec in container: failed to start exec "9f": OCI runtime exec failed: exec failed: unable to start container process: exec: "check": executable file not found in $PATH: unknown"#
            ),
            F::ExecMissing { command: "check".into() }
        );
        assert_eq!(
            errored(
                "rpc error: code = Unknown desc = failed to exec in container: container is in CONTAINER_EXITED state"
            ),
            F::ContainerGone
        );
        assert_eq!(
            errored(
                "rpc error: code = NotFound desc = failed to exec in container: failed to load task: no running task found: task 9f not found: not found"
            ),
            F::ContainerGone
        );
        assert_eq!(
            errored(
                "rpc error: code = DeadlineExceeded desc = failed to exec in container: timeout 1s exceeded: context deadline exceeded"
            ),
            F::ExecTimeout { command: None }
        );
        assert_eq!(
            errored(
                r#"rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused""#
            ),
            F::RuntimeDown
        );
        assert_eq!(errored("couldn't find port: http"), F::PortMissing);
        assert_eq!(event("no probe at all"), None);
        assert_eq!(
            event("Readiness probe error: HTTP probe failed with statuscode: 500 body: no"),
            Some((ProbeKind::Readiness, false, F::HttpStatus(500)))
        );
    }
}
