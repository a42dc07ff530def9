//! The command line.

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use engine::finding::Severity;
use std::path::PathBuf;

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

#[derive(Debug, Group)]
pub struct Completion {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Group)]
pub struct Diagnose {
    /// Tell only incidents that hit these: pod/NAME, deploy/NAME, node/NAME, …
    #[arg(value_name = "TYPE/NAME")]
    pub subjects: Vec<String>,
    /// What to read: a file, a folder, or `-` for standard input
    #[arg(long, value_name = "PATH", required = true)]
    pub from: PathBuf,
    /// Tell only incidents of this namespace
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,
    /// Tell incidents of all namespaces (the default for files)
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    #[command(flatten)]
    pub print: Print,
    /// Exit with 3 when there is an incident at or above this severity
    #[arg(long, value_name = "SEVERITY", default_value = "never")]
    pub fail_on: FailOn,
    /// Exit with 4 when the first incident is undetermined, or the input has gaps and no incident
    #[arg(long)]
    pub strict: bool,
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
    /// The kubeconfig context to print in commands
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
