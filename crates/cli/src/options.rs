//! The command line.

use crate::history::Form;
use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use engine::finding::Severity;
use std::path::PathBuf;
use std::time::Duration;

/// Names the root cause of a Kubernetes crash from what the cluster left behind.
#[derive(Debug, Parser)]
#[command(name = "coroner", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Evidence in, incidents out: what broke first, why the rest followed, what proves it
    Diagnose(Diagnose),
    /// Writes what a diagnosis reads of a cluster into a redacted bundle, to be diagnosed elsewhere
    Collect(Collect),
    /// Bundles of any make: what is inside, a record, our own form of it, without its secrets
    #[command(subcommand)]
    Bundle(Bundle),
    /// A real incident, built in: nothing to install
    Demo(Demo),
    /// Every event in its true order: storms folded, with rate, spread and first victim
    Events(crate::history::Events),
    /// One order of status, events, logs, journals and changes, with the distance to the crash
    Timeline(crate::history::Timeline),
    /// The log of the instance that died: first error, stack trace, lines folded; or why it is blank
    Logs(crate::history::Logs),
    /// What a node went through: kubelet, runtime, kernel, lease, conditions; where it fell silent
    Node(crate::history::Node),
    /// What a word of Kubernetes means: an exit code, a reason, a signal, a condition, one of our codes
    Explain(Explain),
    /// A shell's completion script
    Completion(Completion),
}

#[derive(Debug, Subcommand)]
pub enum Bundle {
    /// Who wrote it, which time it covers, what is in it, what is missing
    Ls {
        /// A file, a folder, an archive, or `-` for standard input
        path: PathBuf,
        /// Name every record
        #[arg(short, long)]
        long: bool,
        /// How to print
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
    },
    /// Prints a record, redacted
    Cat {
        /// A file, a folder, an archive, or `-` for standard input
        path: PathBuf,
        /// The record, as `ls -l` names it
        record: String,
    },
    /// Writes what is inside as a bundle of coroner (.tar.zst), redacted
    Convert(Convert),
    /// The same, and reports what was masked where
    Redact(Redact),
}

#[derive(Debug, Group)]
pub struct Convert {
    /// A file, a folder, an archive, or `-` for standard input
    pub path: PathBuf,
    /// The bundle to write: an archive (.tar.zst) that does not exist yet
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Debug, Group)]
pub struct Redact {
    /// A file, a folder, an archive, or `-` for standard input
    pub path: PathBuf,
    /// The bundle to write: an archive (.tar.zst) that does not exist yet
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Give every secret a name of its own, the same wherever it stands
    #[arg(long)]
    pub pseudonyms: bool,
    /// Make the names with the first 16 bytes of this file, so that several bundles have the same
    #[arg(long, value_name = "FILE", requires = "pseudonyms")]
    pub key: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub struct Completion {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Group)]
pub struct Diagnose {
    #[command(flatten)]
    pub what: Looked,
    /// What to read instead of the cluster: a file, a folder, an archive, or `-` for standard input; may be repeated
    #[arg(long, value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// Read this as well: a journal from a console, the output of a command
    #[arg(long, value_name = "PATH")]
    pub with: Vec<PathBuf>,
    /// Look again and again until the verdict changes
    #[arg(short, long, conflicts_with = "from")]
    pub watch: bool,
    /// With --watch: give up after so long, as 90s or 5m, with exit code 124
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "watch")]
    pub timeout: Option<Duration>,
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub print: Print,
    /// Exit with 3 when there is an incident at or above this severity
    #[arg(long, value_name = "SEVERITY", default_value = "never")]
    pub fail_on: FailOn,
    /// Exit with 4 when the first incident is undetermined, or the input has gaps and no incident
    #[arg(long)]
    pub strict: bool,
}

/// What is looked at.
#[derive(Debug, Group)]
pub struct Looked {
    /// Only what hits these: pod/NAME, deploy/NAME, node/NAME, …
    #[arg(value_name = "TYPE/NAME")]
    pub subjects: Vec<String>,
    /// Only this namespace (of a cluster by default that of the context)
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,
    /// All namespaces (the default for files)
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
}

#[derive(Debug, Group)]
pub struct Collect {
    #[command(flatten)]
    pub what: Looked,
    /// The bundle to write: an archive (.tar.zst) that does not exist yet
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The kubeconfig context
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
    /// Say why each read beyond the first round is made
    #[arg(short, long)]
    pub verbose: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// How to reach a cluster: kubectl's own flags.
#[derive(Debug, Group)]
#[command(next_help_heading = "Cluster")]
pub struct Connection {
    /// The kubeconfig to use
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The cluster of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The user of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// The user to act as
    #[arg(long = "as", value_name = "USER")]
    pub as_user: Option<String>,
    /// A group to act as; may be repeated
    #[arg(long, value_name = "GROUP")]
    pub as_group: Vec<String>,
    /// The uid to act as
    #[arg(long, value_name = "UID")]
    pub as_uid: Option<String>,
    /// The API server's address
    #[arg(short, long, value_name = "URL")]
    pub server: Option<String>,
    /// A bearer token
    #[arg(long)]
    pub token: Option<String>,
    /// The authority that signs the server's certificate
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// Take any certificate
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,
    /// The name that the server's certificate has to be for
    #[arg(long, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// How long reading may take altogether, as 90s or 5m; 0 for as long as it takes
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2m")]
    pub request_timeout: Duration,
    /// Read journals of nodes through the kubelet; needs a role with nodes/proxy
    #[arg(long)]
    pub node_logs: bool,
    /// Ask the registries of images that do not exist for the tags that they have, anonymously
    #[arg(long)]
    pub registry: bool,
}

impl Connection {
    /// As the cluster's reader takes it.
    pub fn connect(&self, context: Option<&str>) -> cluster::Connect {
        cluster::Connect {
            kubeconfig: self.kubeconfig.clone(),
            context: context.map(str::to_owned),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            impersonate: self.as_user.clone(),
            impersonate_groups: self.as_group.clone(),
            impersonate_uid: self.as_uid.clone(),
            server: self.server.clone(),
            token: self.token.clone(),
            certificate_authority: self.certificate_authority.clone(),
            insecure: self.insecure_skip_tls_verify,
            tls_server_name: self.tls_server_name.clone(),
            deadline: Some(self.request_timeout).filter(|time| !time.is_zero()),
            node_logs: self.node_logs,
            registry: self.registry,
        }
    }
}

/// Reads `90s`, `1m30s`, `500ms`, and `90` for seconds.
fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let mut all = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = rest.split_at(digits);
        let letters = unit.len() - unit.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = unit.split_at(letters);
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err("write a time as 90s, 5m or 1h30m".to_owned()),
        };
        let number: u64 = number.parse().map_err(|_| "write a time as 90s, 5m or 1h30m".to_owned())?;
        all = all.saturating_add(Duration::from_millis(number.saturating_mul(millis)));
        rest = after;
    }
    if text.is_empty() { Err("a time is missing".to_owned()) } else { Ok(all) }
}

#[derive(Debug, Group)]
pub struct Print {
    /// How to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
    /// Tell ended and harmless incidents, too
    #[arg(long)]
    pub all: bool,
    /// Print every proof and where it stands
    #[arg(short, long)]
    pub verbose: bool,
    /// The kubeconfig context: of the cluster that is read, and in the commands that are printed
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
}

#[derive(Debug, Group)]
pub struct Demo {
    /// Which one; the first of the list by default
    pub name: Option<String>,
    /// Name them all
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    pub print: Print,
}

#[derive(Debug, Group)]
pub struct Explain {
    /// The words; without any, everything by topic
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// How to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
    Yaml,
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Never,
    Info,
    Warning,
    Error,
    Critical,
}

impl FailOn {
    /// The least severity that fails.
    pub fn severity(self) -> Option<Severity> {
        match self {
            FailOn::Never => None,
            FailOn::Info => Some(Severity::Info),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Error => Some(Severity::Error),
            FailOn::Critical => Some(Severity::Critical),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_kubectl_writes_them() {
        let read = |text: &str| duration(text).map(|time| time.as_millis());
        for (text, millis) in
            [("0", 0), ("90", 90_000), ("90s", 90_000), ("1m30s", 90_000), ("500ms", 500), ("2h", 7_200_000)]
        {
            assert_eq!(read(text), Ok(millis), "{text}");
        }
        for text in ["", "s", "5x", "m5", "-1s", "1.5s"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
