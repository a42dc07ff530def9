//! What the commands that tell a history share: options, and what they read.

use crate::failure::Failure;
use clap::{Args as Group, ValueEnum};
use engine::report::Scope;
use engine::subject::{Kind, Subject};
use intake::{Intake, RawRecord};
use std::path::{Path, PathBuf};

#[derive(Debug, Group)]
pub struct Input {
    /// What to read: a file, a folder, or `-` for standard input
    #[arg(long, value_name = "PATH", required = true)]
    pub from: PathBuf,
}

#[derive(Debug, Group)]
pub struct Namespaces {
    /// Only this namespace
    #[arg(short, long, value_name = "NAMESPACE", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,
    /// All namespaces (the default for files)
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
}

#[derive(Debug, Group)]
pub struct Print {
    /// How to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: Form,
    /// Print more: whole messages, every object, where things stand
    #[arg(short, long)]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
}

#[derive(Debug, Group)]
pub struct Events {
    /// Only events about this and what it owns: pod/NAME, deploy/NAME, node/NAME, …
    #[arg(long = "for", value_name = "TYPE/NAME")]
    pub subject: Option<String>,
    #[command(flatten)]
    pub input: Input,
    #[command(flatten)]
    pub namespaces: Namespaces,
    /// Only events last seen so long before the capture: 90s, 30m, 1h30m, 2d
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Length>,
    /// Only these types
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<Types>,
    /// What orders them
    #[arg(long, value_name = "TIME", default_value = "last-seen")]
    pub by: By,
    /// Understood as kubectl writes it: '.metadata.creationTimestamp', '.lastTimestamp'
    #[arg(long, value_name = "PATH", conflicts_with = "by")]
    pub sort_by: Option<String>,
    /// Tell each event apart
    #[arg(long)]
    pub raw: bool,
    #[command(flatten)]
    pub print: Print,
}

#[derive(Debug, Group)]
pub struct Timeline {
    /// Of what, with what it owns: pod/NAME, deploy/NAME, node/NAME, …; without any, everything
    #[arg(value_name = "TYPE/NAME")]
    pub subjects: Vec<String>,
    #[command(flatten)]
    pub input: Input,
    #[command(flatten)]
    pub namespaces: Namespaces,
    /// Only what went on so long before the capture: 90s, 30m, 1h30m, 2d
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Length>,
    #[command(flatten)]
    pub print: Print,
}

#[derive(Debug, Group)]
pub struct Logs {
    /// The pod; or TYPE/NAME of a workload, for its pod in most trouble
    #[arg(value_name = "POD")]
    pub pod: String,
    #[command(flatten)]
    pub input: Input,
    /// The pod's namespace
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// Which container; by default the one in most trouble
    #[arg(short, long, value_name = "CONTAINER")]
    pub container: Option<String>,
    /// The instance before the newest, instead of the one that died
    #[arg(short, long)]
    pub previous: bool,
    /// The instance of that restart count
    #[arg(long, value_name = "N", conflicts_with = "previous")]
    pub instance: Option<u32>,
    /// Every line as it was written
    #[arg(long)]
    pub raw: bool,
    #[command(flatten)]
    pub print: Print,
}

#[derive(Debug, Group)]
pub struct Node {
    /// The node
    #[arg(value_name = "NODE")]
    pub node: String,
    #[command(flatten)]
    pub input: Input,
    /// Only what went on so long before the capture: 90s, 30m, 1h30m, 2d
    #[arg(long, value_name = "DURATION")]
    pub since: Option<Length>,
    #[command(flatten)]
    pub print: Print,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Types {
    #[value(alias = "Warning")]
    Warning,
    #[value(alias = "Normal")]
    Normal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    LastSeen,
    Onset,
}

/// A length of time in microseconds, as kubectl takes it: `90s`, `1h30m`; and days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length(pub i64);

impl std::str::FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Length, String> {
        let wrong = || format!("{text} is no length of time: write 90s, 30m, 1h30m or 2d");
        let (mut rest, mut sum) = (text, 0_i64);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = rest.split_at(digits);
            let (seconds, unit) = match tail.as_bytes().first() {
                Some(b'd') => (86_400, 1),
                Some(b'h') => (3600, 1),
                Some(b'm') => (60, 1),
                Some(b's') => (1, 1),
                _ => return Err(wrong()),
            };
            let number: i64 = number.parse().map_err(|_| wrong())?;
            sum = number
                .checked_mul(seconds * 1_000_000)
                .and_then(|part| sum.checked_add(part))
                .ok_or_else(wrong)?;
            rest = &tail[unit..];
        }
        if text.is_empty() { Err(wrong()) } else { Ok(Length(sum)) }
    }
}

impl Namespaces {
    /// What is looked at.
    pub fn scope(&self, words: &[&str]) -> Result<Scope, Failure> {
        let subjects = words.iter().map(|word| subject(word, self.namespace.as_deref()));
        Ok(Scope {
            namespaces: self.namespace.iter().map(|n| n.as_str().into()).collect(),
            subjects: subjects.collect::<Result<_, _>>()?,
        })
    }
}

/// The object that `TYPE/NAME` names.
pub fn subject(word: &str, namespace: Option<&str>) -> Result<Subject, Failure> {
    let wrong = || {
        Failure::usage(format!("{word} names no object"))
            .hint("write TYPE/NAME, such as pod/web-0 or deploy/web")
    };
    let (kind, name) = word.split_once('/').ok_or_else(wrong)?;
    match Kind::parse(kind) {
        Kind::Other(_) => Err(wrong()),
        _ if name.is_empty() => Err(wrong()),
        kind => Ok(Subject::new(kind, namespace, name)),
    }
}

/// What was opened; it can be read more than once.
pub enum Source {
    /// Records that are held, for standard input can be read once only.
    Held(Vec<(String, Vec<u8>)>),
    /// A file or folder.
    Path(PathBuf),
}

impl Input {
    /// Opens it.
    pub fn open(&self) -> Result<Source, Failure> {
        if self.from != Path::new("-") {
            return Ok(Source::Path(self.from.clone()));
        }
        let mut held = Vec::new();
        bundle::each(&self.from, &mut |record| held.push((record.path.to_owned(), record.bytes.to_vec())))?;
        Ok(Source::Held(held))
    }

    /// That nothing of it was understood.
    pub fn nothing_known(&self) -> Failure {
        Failure::own(format!("nothing in {} is known to coroner", name(&self.from))).hint(
            "it reads Kubernetes objects (JSON, YAML), what kubectl prints (get, describe, events, logs), and node journals",
        )
    }

    /// What it is called.
    pub fn name(&self) -> String {
        name(&self.from)
    }
}

fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

impl Source {
    /// What was seen in it.
    pub fn intake(&self) -> Result<Intake, Failure> {
        match self {
            Source::Path(path) => Ok(bundle::read(path)?),
            Source::Held(records) => {
                let mut out = Intake::default();
                for (path, bytes) in records {
                    intake::read(RawRecord { path, bytes }, &mut out);
                }
                Ok(out)
            }
        }
    }

    /// Every record as it was collected.
    pub fn each(&self, sink: &mut dyn FnMut(RawRecord<'_>)) -> Result<(), Failure> {
        match self {
            Source::Path(path) => drop(bundle::each(path, sink)?),
            Source::Held(records) => {
                records.iter().for_each(|(path, bytes)| sink(RawRecord { path, bytes }));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_units() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2d", 172_800), ("0s", 0)] {
            assert_eq!(text.parse(), Ok(Length(seconds * 1_000_000)), "{text}");
        }
        for text in ["", "5", "m", "-1h", "1h30", "5 m", "99999999999999d", "1w", "é"] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }
}
