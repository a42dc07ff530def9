//! What the commands that tell a history share: options, and what they read.

use crate::commands::live::{Live, Manner};
use crate::failure::Failure;
use crate::options::Connection;
use clap::{Args as Group, ValueEnum};
use engine::Text;
use engine::evidence::{Evidence, Read};
use engine::report::Scope;
use engine::subject::{Kind, Subject};
use intake::{Intake, RawRecord};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, Group)]
pub struct Input {
    /// What to read instead of the cluster: a file, a folder, an archive, or `-` for standard input; may be repeated
    #[arg(long, value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// Read this as well: a journal from a console, the output of a command
    #[arg(long, value_name = "PATH")]
    pub with: Vec<PathBuf>,
    /// The kubeconfig context
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Group)]
pub struct Namespaces {
    /// Only this namespace (of a cluster by default that of the context)
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
    /// Go on, and print what is new
    #[arg(short, long, conflicts_with_all = ["from", "sort_by", "by"])]
    pub watch: bool,
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
    /// Every line as it was written, with the secrets that are in it
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
    pub fn scope(&self, words: &[&str], home: Option<&str>) -> Result<Scope, Failure> {
        let namespace = self.namespace.as_deref().or(home.filter(|_| !self.all_namespaces));
        let subjects = words.iter().map(|word| subject(word, namespace));
        let subjects = subjects.collect::<Result<Vec<_>, _>>()?;
        // A node is in no namespace, and what hits it in any.
        let everywhere = !subjects.is_empty() && subjects.iter().all(|s| s.namespace.is_none());
        let namespaces = namespace.filter(|_| !everywhere).map(Into::into).into_iter().collect();
        Ok(Scope { namespaces, subjects })
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

/// What was read: evidence, and where more of it comes from.
pub struct Gathered {
    /// What was seen.
    pub evidence: Evidence,
    /// What was looked at, with the context's namespace where none was named.
    pub scope: Scope,
    /// What it is called.
    pub name: String,
    /// The context that is printed in commands.
    pub context: Option<Text>,
    source: Source,
}

enum Source {
    /// Records that are held: of standard input, which can be read once only, or logs of a cluster.
    Held { records: Vec<(String, Vec<u8>)>, live: Option<Box<Live>> },
    /// Files, folders and archives.
    Paths(Vec<PathBuf>),
}

/// What is read, as a reader would call it.
pub fn called(paths: &[PathBuf]) -> String {
    let one = |path: &PathBuf| match path == Path::new("-") {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    };
    paths.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Input {
    /// Reads what a scope asks for, or of a cluster the reads that are named. The scope is made for the namespace of
    /// the context, where there is one.
    pub fn gather(
        &self,
        scope: impl FnOnce(Option<&str>) -> Result<Scope, Failure>,
        only: impl FnOnce(&Scope) -> Vec<Read>,
    ) -> Result<Gathered, Failure> {
        let mut held = Vec::new();
        let mut all = Intake::default();
        for path in &self.with {
            bundle::each(path, &mut |record| {
                held.push((record.path.to_owned(), record.bytes.to_vec()));
                intake::read(record, &mut all);
            })?;
        }
        if self.from.is_empty() {
            return self.live(scope, only, all, held);
        }
        let scope = scope(None)?;
        let source = if self.from.iter().any(|path| path == Path::new("-")) || !held.is_empty() {
            let told = bundle::each_of_all(&self.from, &mut |record| {
                held.push((record.path.to_owned(), record.bytes.to_vec()));
                intake::read(record, &mut all);
            })?;
            all.gaps.extend(told.gaps);
            told.manifest.iter().for_each(|manifest| manifest.tell(&mut all));
            Source::Held { records: held, live: None }
        } else {
            all.absorb(bundle::read_all(&self.from)?);
            Source::Paths(self.from.clone())
        };
        let (evidence, _) = all.finish();
        let name = called(&self.from);
        if evidence.is_empty() && evidence.gaps().is_empty() {
            return Err(Failure::own(format!("nothing in {name} is known to coroner")).hint(
                "it reads Kubernetes objects (JSON, YAML), what kubectl prints (get, describe, events, logs), and node journals",
            ));
        }
        Ok(Gathered { evidence, scope, name, context: self.context.as_deref().map(Text::from), source })
    }

    fn live(
        &self,
        scope: impl FnOnce(Option<&str>) -> Result<Scope, Failure>,
        only: impl FnOnce(&Scope) -> Vec<Read>,
        with: Intake,
        mut held: Vec<(String, Vec<u8>)>,
    ) -> Result<Gathered, Failure> {
        let manner = Manner::default();
        let mut live =
            Live::connect(&self.connection, self.context.as_deref(), manner, |home| scope(Some(home)))?;
        live.end_on_interrupt(|| {});
        let reads = only(&live.scope);
        // Of objects enough is kept as evidence; of logs the lines are wanted.
        let mut keep = |path: &str, bytes: &[u8]| {
            if path.starts_with("logs/") {
                held.push((path.to_owned(), bytes.to_vec()));
            }
        };
        let (evidence, _) = live.look(&reads, with, &mut keep)?.finish();
        Ok(Gathered {
            evidence,
            scope: live.scope.clone(),
            name: live.source.clone(),
            context: live.context().map(Text::from),
            source: Source::Held { records: held, live: Some(Box::new(live)) },
        })
    }
}

impl Gathered {
    /// Every record as it was collected.
    pub fn each(&self, sink: &mut dyn FnMut(RawRecord<'_>)) -> Result<(), Failure> {
        match &self.source {
            Source::Paths(paths) => drop(bundle::each_of_all(paths, sink)?),
            Source::Held { records, .. } => {
                records.iter().for_each(|(path, bytes)| sink(RawRecord { path, bytes }));
            }
        }
        Ok(())
    }

    /// Whether there is a cluster behind it that was not asked for that yet.
    pub fn may_read(&self, read: &Read) -> bool {
        matches!(&self.source, Source::Held { live: Some(live), .. } if !live.has_asked(read))
    }

    /// Reads more of the cluster, if there is one.
    pub fn read(&mut self, reads: &[Read]) -> Result<(), Failure> {
        let Source::Held { records, live: Some(live) } = &mut self.source else { return Ok(()) };
        let (observations, gaps) = std::mem::take(&mut self.evidence).reopen();
        let with = Intake { observations, gaps, ..Intake::default() };
        let mut keep = |path: &str, bytes: &[u8]| {
            if path.starts_with("logs/") {
                records.push((path.to_owned(), bytes.to_vec()));
            }
        };
        (self.evidence, _) = live.look(reads, with, &mut keep)?.finish();
        Ok(())
    }

    /// Reads all of it again; nothing without a cluster.
    pub fn renew(&mut self, only: &[Read]) -> Result<(), Failure> {
        let Source::Held { live: Some(live), .. } = &mut self.source else { return Ok(()) };
        live.pause(BETWEEN);
        live.renew();
        (self.evidence, _) = live.look(only, Intake::default(), &mut |_, _| {})?.finish();
        Ok(())
    }
}

/// How long to wait between two looks.
const BETWEEN: Duration = Duration::from_secs(2);

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
