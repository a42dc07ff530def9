//! Why a probe fails: what it asks, what answered, and what the container declares.

use super::{Facts, PodFact, Statement};
use crate::evidence::{Action, Container, Probe, ProbeKind};
use crate::scan::message::{Lifecycle, NetworkError, ProbeFailure, Saying};
use crate::subject::Subject;

/// A failing probe, looked at from all sides.
pub struct ProbeTrouble<'f, 'e> {
    /// The failures that were seen, the most telling first.
    pub statements: Vec<&'f Statement<'e>>,
    /// The probe, where its spec was seen.
    pub probe: Option<&'f Probe>,
    /// What does not fit.
    pub mismatch: Mismatch,
    /// What the failures say, in words.
    pub says: String,
}

/// What does not fit between a probe and its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It asks a port that the container does not declare, while another part of it does.
    Port {
        /// The port asked.
        asked: String,
        /// Ports declared.
        declared: Vec<u16>,
    },
    /// Something answers there, in another protocol.
    Protocol {
        /// The protocol of the probe.
        asked: &'static str,
        /// What answers, as far as it shows.
        answers: Option<&'static str>,
    },
    /// It gives less time than a start takes.
    Timing {
        /// Seconds from start to kill.
        budget: i64,
    },
    /// The answer itself is bad: the application says that it is not well.
    Unhealthy,
    /// Nothing that was seen tells.
    None,
}

impl Mismatch {
    /// The aspect's value.
    pub fn as_str(&self) -> &'static str {
        match self {
            Mismatch::Port { .. } => "port",
            Mismatch::Protocol { .. } => "protocol",
            Mismatch::Timing { .. } => "timing",
            Mismatch::Unhealthy => "unhealthy",
            Mismatch::None => "none",
        }
    }
}

/// A budget below this is shorter than what many programs need to start, in seconds.
const SHORT: i64 = 10;

impl<'e> Facts<'e> {
    /// The failures of a container's probe, and what they come from.
    pub fn probe_trouble<'f>(
        &'f self,
        pod: &'f PodFact<'e>,
        container: &'f Container,
        kind: ProbeKind,
    ) -> ProbeTrouble<'f, 'e> {
        let mut statements: Vec<_> = self
            .about_container(pod.subject(), &container.name)
            .filter(|s| failure_of(s, kind).is_some())
            .collect();
        statements.sort_by_key(|s| std::cmp::Reverse(s.count));
        let probe = container.probe(kind);
        let failures: Vec<&ProbeFailure> = statements.iter().filter_map(|s| failure_of(s, kind)).collect();
        let mismatch = mismatch(container, probe, kind, &failures);
        let says = failures.first().map_or_else(String::new, |failure| words(failure));
        ProbeTrouble { statements, probe, mismatch, says }
    }
}

fn failure_of<'f>(statement: &'f Statement, kind: ProbeKind) -> Option<&'f ProbeFailure> {
    match &statement.saying {
        Saying::Lifecycle(Lifecycle::Unhealthy { probe, how, errored: false })
            if probe_kind(*probe) == kind =>
        {
            Some(how)
        }
        _ => None,
    }
}

fn probe_kind(kind: crate::scan::message::ProbeKind) -> ProbeKind {
    match kind {
        crate::scan::message::ProbeKind::Liveness => ProbeKind::Liveness,
        crate::scan::message::ProbeKind::Readiness => ProbeKind::Readiness,
        crate::scan::message::ProbeKind::Startup => ProbeKind::Startup,
    }
}

fn mismatch(
    container: &Container,
    probe: Option<&Probe>,
    kind: ProbeKind,
    failures: &[&ProbeFailure],
) -> Mismatch {
    if let Some(answers) = failures.iter().find_map(|failure| other_protocol(failure)) {
        return Mismatch::Protocol { asked: probe.map_or("http", |p| p.action.protocol()), answers };
    }
    let unanswered = failures.iter().any(|failure| no_answer(failure));
    let Some(probe) = probe else { return Mismatch::None };
    if unanswered && let Some(mismatch) = port_mismatch(container, probe, kind) {
        return mismatch;
    }
    // Another probe asks the same port in another protocol, and does not fail: then this one asks wrongly.
    if !failures.is_empty()
        && unanswered
        && let Some(answers) = sibling_protocol(container, probe, kind)
    {
        return Mismatch::Protocol { asked: probe.action.protocol(), answers: Some(answers) };
    }
    if unanswered && kind != ProbeKind::Readiness && probe.budget_seconds() <= SHORT {
        return Mismatch::Timing { budget: probe.budget_seconds() };
    }
    if !failures.is_empty() && !unanswered { Mismatch::Unhealthy } else { Mismatch::None }
}

fn port_mismatch(container: &Container, probe: &Probe, kind: ProbeKind) -> Option<Mismatch> {
    let asked = probe.action.port()?;
    let ports = container.ports.as_deref().unwrap_or(&[]);
    let known = match asked.parse::<u16>() {
        Ok(number) => ports.iter().any(|p| p.port == number),
        Err(_) => ports.iter().any(|p| p.name.as_deref() == Some(asked)),
    };
    if known {
        return None;
    }
    let sibling = [ProbeKind::Liveness, ProbeKind::Readiness, ProbeKind::Startup]
        .into_iter()
        .filter(|other| *other != kind)
        .filter_map(|other| container.probe(other)?.action.port())
        .any(|port| port != asked);
    // Declaring ports is optional: one that differs from those declared, or from the other probe's, is a mismatch.
    (!ports.is_empty() || sibling)
        .then(|| Mismatch::Port { asked: asked.to_owned(), declared: ports.iter().map(|p| p.port).collect() })
}

fn sibling_protocol(container: &Container, probe: &Probe, kind: ProbeKind) -> Option<&'static str> {
    [ProbeKind::Liveness, ProbeKind::Readiness, ProbeKind::Startup]
        .into_iter()
        .filter(|other| *other != kind)
        .filter_map(|other| container.probe(other))
        .find(|other| {
            other.action.port() == probe.action.port()
                && other.action.port().is_some()
                && other.action.protocol() != probe.action.protocol()
                && !matches!(other.action, Action::Tcp { .. })
                && !matches!(probe.action, Action::Tcp { .. })
                && container.ready == Some(true)
        })
        .map(|other| other.action.protocol())
}

/// What answers in the probe's place, when the failure shows that something does.
fn other_protocol(failure: &ProbeFailure) -> Option<Option<&'static str>> {
    match failure {
        ProbeFailure::Network(unreached) => match &unreached.how {
            NetworkError::NotHttp(_) => Some(Some("another protocol")),
            NetworkError::PlainHttp => Some(Some("plain http")),
            NetworkError::Tls(crate::scan::message::TlsError::NotTls) => Some(Some("no TLS")),
            _ => None,
        },
        ProbeFailure::GrpcUnimplemented => Some(Some("grpc without the health service")),
        ProbeFailure::GrpcNotSpoken => Some(Some("no grpc")),
        _ => None,
    }
}

/// Nobody took the connection, or nobody answered in time.
fn no_answer(failure: &ProbeFailure) -> bool {
    match failure {
        ProbeFailure::Network(unreached) => matches!(
            unreached.how,
            NetworkError::Refused
                | NetworkError::Timeout
                | NetworkError::NoRoute
                | NetworkError::Reset
                | NetworkError::Closed
        ),
        ProbeFailure::GrpcConnect { .. } | ProbeFailure::GrpcTimeout | ProbeFailure::Timeout => true,
        _ => false,
    }
}

fn words(failure: &ProbeFailure) -> String {
    match failure {
        ProbeFailure::HttpStatus(code) => format!("it answers with status {code}"),
        ProbeFailure::ExecTimeout { .. } => "its command does not end in time".to_owned(),
        ProbeFailure::ExecOutput(_) => "its command ends with an error".to_owned(),
        ProbeFailure::ExecMissing { command } => format!("its command {command} cannot be run"),
        ProbeFailure::GrpcUnhealthy { status } => format!("it answers {status}"),
        ProbeFailure::Network(unreached) => match unreached.how {
            NetworkError::Refused => "the connection is refused".to_owned(),
            NetworkError::Timeout => "nobody answers in time".to_owned(),
            NetworkError::NotHttp(_) => "the answer is not HTTP".to_owned(),
            _ => "the connection fails".to_owned(),
        },
        failure if no_answer(failure) => "nobody answers in time".to_owned(),
        _ => "it fails".to_owned(),
    }
}

/// Where a probe asks, in words: `http GET / on port 8080`.
pub fn asks(probe: &Probe) -> String {
    match &probe.action {
        Action::Http { scheme, port, path } => format!("{scheme} GET {path} on port {port}"),
        Action::Tcp { port } => format!("a connection to port {port}"),
        Action::Grpc { port, .. } => format!("grpc health on port {port}"),
        Action::Exec { command } => format!("command {command}"),
    }
}

/// The subject of findings about a container's probe.
pub fn probe_subject(pod: &PodFact, container: &Container) -> Subject {
    pod.top().container(&container.name)
}
