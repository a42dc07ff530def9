//! Why a cluster cannot be read, in a sentence, and what may help.

use std::error::Error as StdError;
use std::fmt;

/// Why a cluster cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no kubeconfig, and this is no pod.
    NoConfig(String),
    /// A kubeconfig or a file that it names cannot be used.
    Config(String),
    /// There is no context, cluster or user of that name.
    Unknown {
        /// `context`, `cluster` or `user`.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A credential plugin failed.
    Plugin(String),
    /// The server does not accept who we are (401).
    Unauthorized(String),
    /// Nobody listens, or no way leads there.
    Unreachable {
        /// The server's address.
        server: String,
        /// What the system says.
        why: String,
    },
    /// The server's name is not known.
    NoSuchHost {
        /// The server's address.
        server: String,
    },
    /// The server's certificate is not trusted.
    Certificate {
        /// The server's address.
        server: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server does not speak TLS, or no version or cipher that we do.
    Tls {
        /// The server's address.
        server: String,
        /// What went wrong.
        why: String,
    },
    /// A web page came back instead of an API's answer.
    NotAnApi {
        /// The server's address.
        server: String,
    },
    /// The server is overloaded or broken: 429 or 5xx for the third time.
    Overloaded {
        /// The last status.
        status: u16,
        /// What it said.
        why: String,
    },
    /// It took longer than it was given.
    Deadline {
        /// What it was given, in seconds.
        seconds: u64,
    },
    /// The connection broke while an answer was read.
    Broken {
        /// The server's address.
        server: String,
        /// What the system says.
        why: String,
    },
    /// Our own trouble.
    Own(String),
}

impl Error {
    /// What the reader may try.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::NoConfig(_) => "name one with --kubeconfig or KUBECONFIG, or give --from PATH for files".into(),
            Error::Unknown { known, what, .. } if !known.is_empty() => {
                format!("the kubeconfig has the {what}s {}", known.join(", "))
            }
            Error::Unauthorized(_) => {
                "the token or certificate may have expired: log in again, or try `kubectl get pods`".into()
            }
            Error::Plugin(_) => "run `kubectl get pods` to see the plugin's own words".into(),
            Error::Unreachable { .. } | Error::NoSuchHost { .. } => {
                "is this the right context, and is the VPN or proxy that leads there up?".into()
            }
            Error::Certificate { .. } => {
                "give the authority that signed it with --certificate-authority, or the name it is for with --tls-server-name"
                    .into()
            }
            Error::Tls { .. } => "does the address begin with http:// where it should be https://, or the other way round?".into(),
            Error::NotAnApi { .. } => "a proxy or a login page stands between: is the address that of the API server?".into(),
            Error::Overloaded { .. } => "coroner stops at the third such answer; try again later, or a narrower scope".into(),
            Error::Deadline { .. } => "give it longer with --request-timeout, or a narrower scope".into(),
            _ => return None,
        })
    }

    /// Reads why nothing could be sent or received.
    pub(crate) fn of(error: &(dyn StdError + 'static), server: &str) -> Error {
        let server = server.to_owned();
        let mut words = Vec::new();
        let mut at = Some(error);
        while let Some(error) = at {
            let inner = error.downcast_ref::<std::io::Error>().and_then(|io| {
                // An io::Error leaves what it wraps out of its sources.
                io.get_ref().map(|inner| inner as &(dyn StdError + 'static))
            });
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return match tls {
                    rustls::Error::InvalidCertificate(why) => {
                        Error::Certificate { server, why: certificate(why) }
                    }
                    other => Error::Tls { server, why: other.to_string() },
                };
            }
            if let Some(kube::Error::Auth(auth)) = error.downcast_ref::<kube::Error>() {
                return Error::Plugin(chain(auth));
            }
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && inner.is_none()
            {
                return Error::Unreachable { server, why: io.to_string() };
            }
            let text = error.to_string();
            if text.starts_with("dns error") || text.contains("failed to lookup address") {
                return Error::NoSuchHost { server };
            }
            words.push(text);
            at = inner.or_else(|| error.source());
        }
        let why = words.pop().unwrap_or_else(|| "no reason given".to_owned());
        Error::Unreachable { server, why }
    }
}

fn certificate(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Why;
    match why {
        Why::UnknownIssuer => "nobody that is trusted here signed it".into(),
        Why::Expired | Why::ExpiredContext { .. } => "it has expired".into(),
        Why::NotValidYet | Why::NotValidYetContext { .. } => "it is not valid yet".into(),
        Why::NotValidForName | Why::NotValidForNameContext { .. } => "it is for another name".into(),
        other => other.to_string(),
    }
}

/// An error and its sources in one line, without saying anything twice.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(source) = at {
        let more = source.to_string();
        if !text.contains(&more) {
            text.push_str(&format!(": {more}"));
        }
        at = source.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoConfig(why) => write!(f, "no cluster is configured: {why}"),
            Error::Config(why) => write!(f, "the kubeconfig cannot be used: {why}"),
            Error::Unknown { what, name, .. } => write!(f, "the kubeconfig has no {what} {name}"),
            Error::Plugin(why) => write!(f, "the credential plugin gave nothing: {why}"),
            Error::Unauthorized(why) => write!(f, "the API server does not know you (401): {why}"),
            Error::Unreachable { server, why } => write!(f, "cannot reach the API server {server}: {why}"),
            Error::NoSuchHost { server } => {
                write!(f, "cannot reach the API server {server}: its name is not known")
            }
            Error::Certificate { server, why } => {
                write!(f, "the certificate of the API server {server} is not trusted: {why}")
            }
            Error::Tls { server, why } => write!(f, "no TLS with the API server {server}: {why}"),
            Error::NotAnApi { server } => {
                write!(f, "{server} answers with a web page and not as an API server does")
            }
            Error::Overloaded { status, why } => {
                write!(f, "the API server asks to be left alone ({status}): {why}")
            }
            Error::Deadline { seconds } => {
                write!(f, "the API server did not answer everything within {seconds} s")
            }
            Error::Broken { server, why } => write!(f, "the API server {server} broke off: {why}"),
            Error::Own(why) => f.write_str(why),
        }
    }
}

impl StdError for Error {}
