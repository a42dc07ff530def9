//! Reads a cluster as a diagnosis needs it: what the scope begins with, what follows from it, and what the first
//! report lacks.

use super::diagnose::diagnose;
use crate::failure::{Failure, INTERRUPTED};
use crate::options::Connection;
use crate::terminal;
use cluster::{Cluster, Item};
use engine::evidence::{Evidence, Gap, Locator, Observation, Read, What, Why};
use engine::plan::{self, each};
use engine::report::{Options, Report, Scope, Unread};
use engine::subject::{Kind, Subject};
use intake::{Intake, RawRecord};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Waves of reads that follow from each other: pod, ReplicaSet, Deployment, siblings, and some more for claims.
const WAVES: usize = 6;

/// A cluster, and what of it is looked at.
pub struct Live {
    cluster: Cluster,
    /// What is looked at, with the context's namespace where none was named.
    pub scope: Scope,
    /// The cluster's name for the head of a report: its context, or its address.
    pub source: String,
    /// The context that is printed in commands.
    context: Option<String>,
    asked: BTreeSet<Read>,
    manner: Manner,
}

/// How it is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Whether older and ended incidents are told in full.
    pub all: bool,
    /// Whether each read of the second round is justified on standard error.
    pub verbose: bool,
}

/// What was read, and the report on it.
pub struct Seen {
    /// The report.
    pub report: Report,
    /// Why reading ended before its time.
    pub cut: Option<cluster::Error>,
    /// What it rests on.
    pub evidence: Evidence,
}

impl Live {
    /// Connects. The scope is made of the namespace of the context, where none was named.
    pub fn connect(
        connection: &Connection,
        context: Option<&str>,
        manner: Manner,
        scope: impl FnOnce(&str) -> Result<Scope, Failure>,
    ) -> Result<Live, Failure> {
        let cluster = Cluster::connect(&connection.connect(context))?;
        let identity = cluster.identity();
        let scope = scope(&identity.namespace)?;
        let source = identity.context.clone().unwrap_or_else(|| identity.server.clone());
        let context = identity.context.clone().or_else(|| context.map(str::to_owned));
        Ok(Live { cluster, scope, source, context, asked: BTreeSet::new(), manner })
    }

    /// Ends the program when the user interrupts, after some last act.
    pub fn end_on_interrupt(&self, last: impl FnOnce() + Send + 'static) {
        self.cluster.on_interrupt(|| {
            terminal::progress("");
            last();
            std::process::exit(i32::from(INTERRUPTED));
        });
    }

    /// The options of the engine for this cluster.
    fn settings(&self, unread: Unread) -> Options {
        Options {
            source: self.source.clone(),
            scope: self.scope.clone(),
            all: self.manner.all,
            unread,
            context: self.context.as_deref().map(Into::into),
        }
    }

    /// The context, where a kubeconfig named one.
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Reads and diagnoses. Every record is shown to `keep` first; `with` is evidence from elsewhere.
    pub fn diagnose(&mut self, with: Intake, keep: &mut dyn FnMut(&str, &[u8])) -> Result<Seen, Failure> {
        let mut intake = with;
        let mut cut = self.first_round(&mut intake, keep);
        if let Some(error) = cut.take_if(|_| intake.observations.is_empty()) {
            return Err(error.into());
        }
        self.is_readable(&intake)?;
        self.has_namespaces(&mut intake, keep)?;
        self.stamp(&mut intake);
        let (evidence, unread) = std::mem::take(&mut intake).finish();
        self.is_there(&evidence)?;
        let told = Unread { files: unread.files.clone(), lines: unread.lines };
        let report = diagnose(&evidence, &self.settings(told));
        let wishes = self.wishes(&report);
        if wishes.is_empty() || cut.is_some() {
            return Ok(Seen { report, cut, evidence });
        }
        let mut more = Intake { unread, ..Intake::default() };
        cut = self.read(&wishes, &mut more, keep);
        (intake.observations, intake.gaps) = evidence.reopen();
        intake.absorb(more);
        self.stamp(&mut intake);
        let (evidence, unread) = intake.finish();
        let told = Unread { files: unread.files, lines: unread.lines };
        let report = diagnose(&evidence, &self.settings(told));
        Ok(Seen { report, cut, evidence })
    }

    /// Reads these, or where none are named what the scope asks for; nothing is diagnosed.
    pub fn look(
        &mut self,
        only: &[Read],
        with: Intake,
        keep: &mut dyn FnMut(&str, &[u8]),
    ) -> Result<Intake, Failure> {
        let mut intake = with;
        let cut = match only {
            [] => self.first_round(&mut intake, keep),
            reads => self.read_everywhere(reads, &mut intake, keep),
        };
        match cut {
            Some(error) if intake.observations.is_empty() => return Err(error.into()),
            // What was seen is told, and that it is not all.
            Some(error) => terminal::complain(&format!("warning: not all was read: {error}")),
            None => self.is_readable(&intake)?,
        }
        self.stamp(&mut intake);
        Ok(intake)
    }

    /// Whether that was asked for already.
    pub fn has_asked(&self, read: &Read) -> bool {
        self.asked.contains(read)
    }

    /// Forgets what was read, so that all of it is read again.
    pub fn renew(&mut self) {
        self.asked.clear();
        self.cluster.renew();
    }

    /// Waits.
    pub fn pause(&self, time: Duration) {
        self.cluster.pause(time);
    }

    fn first_round(
        &mut self,
        intake: &mut Intake,
        keep: &mut dyn FnMut(&str, &[u8]),
    ) -> Option<cluster::Error> {
        let mut cut = self.read_everywhere(&plan::first(&self.scope), intake, keep);
        for _ in 1..WAVES {
            if cut.is_some() {
                break;
            }
            let reads = plan::follow(&self.scope, &intake.observations, &self.asked);
            if reads.is_empty() {
                break;
            }
            cut = self.read(&reads, intake, keep);
        }
        cut
    }

    /// Reads; where lists of all namespaces are refused, each namespace is asked that can be found.
    fn read_everywhere(
        &mut self,
        reads: &[Read],
        intake: &mut Intake,
        keep: &mut dyn FnMut(&str, &[u8]),
    ) -> Option<cluster::Error> {
        let cut = self.read(reads, intake, keep);
        let kinds = each::refused(reads, &intake.gaps);
        let Some((decisive, others)) = kinds.split_first().filter(|_| cut.is_none()) else { return cut };
        let cut = self.read(&[Read::List { kind: Kind::Namespace, namespace: None }], intake, keep);
        let (names, more) = each::namespaces(&intake.observations);
        if cut.is_some() || names.is_empty() {
            return cut;
        }
        let lists = each::of_each(decisive, &names);
        let cut = self.read(&lists, intake, keep);
        if cut.is_some() {
            return cut;
        }
        let closed = each::closed(&lists, &intake.gaps);
        if closed.len() == names.len() {
            // Nothing can be read of any of them: the one refusal of all says it.
            intake.gaps.retain(|gap| !lists.contains(&gap.read));
            self.asked.retain(|read| !lists.contains(read));
            return None;
        }
        let everywhere =
            |read: &Read| matches!(read, Read::List { kind, namespace: None } if kinds.contains(kind));
        intake.gaps.retain(|gap| !everywhere(&gap.read));
        if more > 0 {
            let why = format!("{more} more namespaces than the {} that are asked one by one", names.len());
            let read = Read::List { kind: decisive.clone(), namespace: None };
            intake.gaps.push(Gap { read, why: Why::Truncated(why.into()), locator: Locator::default() });
        }
        let (reads, left) = each::others(others, &names, &closed);
        let unasked = |read| Gap { read, why: Why::NotCollected, locator: Locator::default() };
        intake.gaps.extend(left.into_iter().map(unasked));
        self.read(&reads, intake, keep)
    }

    fn read(
        &mut self,
        reads: &[Read],
        intake: &mut Intake,
        keep: &mut dyn FnMut(&str, &[u8]),
    ) -> Option<cluster::Error> {
        self.asked.extend(reads.iter().cloned());
        let mut shown = Instant::now();
        let done = self.cluster.read(reads, &mut |item| {
            match item {
                Item::Record { path, bytes } => {
                    keep(&path, &bytes);
                    intake::read(RawRecord { path: &path, bytes: &bytes }, intake);
                }
                Item::Gap(gap) => intake.gaps.push(gap),
            }
            if shown.elapsed() > Duration::from_millis(100) {
                shown = Instant::now();
                self.show();
            }
        });
        terminal::progress("");
        done.err()
    }

    fn show(&self) {
        let progress = self.cluster.progress();
        let megabytes = progress.bytes / 1_000_000;
        terminal::progress(&format!("reading {}: {} answers, {megabytes} MB", self.source, progress.records));
    }

    fn stamp(&self, intake: &mut Intake) {
        if let Some(at) = self.cluster.captured() {
            intake.captured(at);
        }
    }

    /// The reads of the second round, each with its reason where the user wants to know.
    fn wishes(&self, report: &Report) -> Vec<Read> {
        let mut wishes = plan::next(report);
        wishes.retain(|wish| !plan::is_covered(&wish.read, &self.asked));
        wishes.retain(|wish| self.cluster.wants(&wish.read));
        wishes.truncate(plan::MOST_NEXT);
        if self.manner.verbose {
            for wish in &wishes {
                terminal::complain(&format!("also reading {}: {}", wish.read, wish.why));
            }
        }
        wishes.into_iter().map(|wish| wish.read).collect()
    }

    /// A namespace in which nothing was seen has to be there: of one with another name the API gives empty lists.
    fn has_namespaces(
        &mut self,
        intake: &mut Intake,
        keep: &mut dyn FnMut(&str, &[u8]),
    ) -> Result<(), Failure> {
        if !self.scope.subjects.is_empty() {
            return Ok(());
        }
        for name in self.scope.namespaces.clone() {
            let inside = |it: &Observation| match &it.what {
                What::Object(object) => object.subject.namespace.as_ref() == Some(&name),
                What::Event(event) => event.about.namespace.as_ref() == Some(&name),
                _ => false,
            };
            if intake.observations.iter().any(inside) {
                continue;
            }
            let read = Read::Object(Subject::new(Kind::Namespace, None, &name));
            let _ = self.read(std::slice::from_ref(&read), intake, keep);
            if intake.gaps.iter().any(|gap| gap.read == read && gap.why == Why::NotFound) {
                return Err(Failure::own(format!("there is no namespace {name} in {}", self.source))
                    .hint("is this the right context?"));
            }
        }
        Ok(())
    }

    /// Not to have seen anything is not to have seen that all is well.
    fn is_readable(&self, intake: &Intake) -> Result<(), Failure> {
        let refused = intake.gaps.iter().filter_map(|gap| match &gap.why {
            Why::Forbidden { verb, resource } if self.asked.contains(&gap.read) => {
                Some(format!("{verb} {resource}"))
            }
            _ => None,
        });
        let refused: BTreeSet<String> = refused.collect();
        let is_seen = !intake.observations.iter().all(each::is_of_namespaces);
        let missed: BTreeSet<&Read> = intake.gaps.iter().map(|gap| &gap.read).collect();
        let names = Read::List { kind: Kind::Namespace, namespace: None };
        let is_answered = self.asked.iter().any(|read| !missed.contains(read) && *read != names);
        if refused.is_empty() || is_seen || is_answered {
            return Ok(());
        }
        let rights: Vec<String> = refused.into_iter().collect();
        let everywhere = self.scope.namespaces.is_empty() && self.scope.subjects.is_empty();
        let hint = match everywhere {
            true => {
                "-n asks about one namespace, where you may have rights; docs/coroner-reader.yaml is a role for all"
            }
            false => "docs/coroner-reader.yaml is a role with all that is read",
        };
        Err(Failure::own(format!(
            "nothing may be read in {}: {} are forbidden",
            self.source,
            rights.join(", ")
        ))
        .hint(hint))
    }

    /// An object that was asked for by name has to be there, or to have left something behind.
    fn is_there(&self, evidence: &Evidence) -> Result<(), Failure> {
        for subject in &self.scope.subjects {
            let read = Read::Object(subject.clone());
            let Some(gap) = evidence.gaps().iter().find(|gap| gap.read == read) else { continue };
            let left = evidence.get(subject).is_some()
                || evidence.events().iter().any(|event| event.about.whole() == *subject);
            if gap.why == Why::NotFound && !left {
                let kind = subject.kind.as_str();
                return Err(Failure::own(format!(
                    "there is no {kind} {} in {}",
                    subject.path(),
                    self.source
                ))
                .hint("is this the right context and namespace? -n names another one"));
            }
        }
        Ok(())
    }
}
