//! What a reader is told. Renderers are pure functions of a report.

use crate::Text;
pub mod contents;
pub mod events;
#[cfg(test)]
mod example;
mod incident;
pub mod json;
mod layout;
pub mod logs;
pub mod markdown;
pub mod node;
#[cfg(test)]
mod schema;
mod shell;
mod tell;
pub mod text;
mod time;
pub mod timeline;
mod told;
mod unlock;
pub mod yaml;

pub use tell::tell;

use crate::evidence::Gap;
use crate::finding::{Certainty, Code, Course, NotSeen, Proof, Remedy, RuledOut, Severity};
use crate::moment::Moment;
use crate::subject::Subject;

/// What is missing and why, a line for each, fit for a terminal.
pub fn gap_lines(gaps: &[Gap]) -> Vec<String> {
    let line = |(what, why): (String, String)| crate::clean::clean(&format!("{what}: {why}")).into_owned();
    text::gap_rows(gaps, true).into_iter().map(line).collect()
}

/// Which incidents are told; never which evidence counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only incidents with a root or member in these namespaces; empty for all.
    pub namespaces: Vec<Text>,
    /// Only incidents whose root or a member is, owns, or is part of one of these; empty for all.
    pub subjects: Vec<Subject>,
}

/// How to diagnose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What is diagnosed, as the caller names it: a file, a folder, a context.
    pub source: String,
    /// What is told.
    pub scope: Scope,
    /// Whether older and ended incidents are told in full.
    pub all: bool,
    /// What the readers could not understand.
    pub unread: Unread,
    /// The kubeconfig context for printed commands; none where the evidence came from a file.
    pub context: Option<Text>,
}

/// All that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was diagnosed: the file or the context, as the caller named it.
    pub source: String,
    /// What was told.
    pub scope: Scope,
    /// The context for printed commands.
    pub context: Option<Text>,
    /// When the evidence was taken.
    pub captured: Option<Moment>,
    /// The newest server version that a node shows.
    pub version: Option<Text>,
    /// What was there to look at, and from when to when.
    pub coverage: Vec<Coverage>,
    /// What is wrong, worst first.
    pub incidents: Vec<Incident>,
    /// Incidents left out as old or over.
    pub folded: usize,
    /// What was asked for and could not be seen.
    pub gaps: Vec<Gap>,
    /// Remarks on the evidence that belong to no incident.
    pub remarks: Vec<String>,
    /// What could not be understood, as the caller counted it.
    pub unread: Unread,
}

/// What the readers could not understand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Files of which nothing was understood.
    pub files: Vec<Text>,
    /// Lines that nothing claimed.
    pub lines: u64,
}

/// One source of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// `pods`, `nodes`, `events`, `logs`, `journals`, …
    pub source: String,
    /// How many records.
    pub count: usize,
    /// The oldest that a record shows.
    pub from: Option<Moment>,
    /// The newest.
    pub to: Option<Moment>,
}

/// Findings joined by cause: one root, its consequences, their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The same for the same incident tomorrow: a hash of root code, aspect and topmost owner.
    pub id: String,
    /// How bad.
    pub severity: Severity,
    /// Whether it goes on.
    pub course: Course,
    /// Its first sign.
    pub since: Option<Moment>,
    /// What is broken, in a line.
    pub title: String,
    /// Who is hit, counted.
    pub impact: Impact,
    /// As certain as its root and the weakest step to the symptom.
    pub certainty: Certainty,
    /// What broke first.
    pub root: Root,
    /// What had to come together with it.
    pub contributing: Vec<Root>,
    /// What was changed before, most telling first.
    pub changes: Vec<Change>,
    /// What feeds itself in it.
    pub loops: Vec<Loop>,
    /// The steps from the root to what people see, in order.
    pub because: Vec<Step>,
    /// Whom it hits.
    pub members: Vec<Subject>,
    /// Rival causes refuted.
    pub ruled_out: Vec<RuledOut>,
    /// What was not seen and would help.
    pub not_seen: Vec<NotSeen>,
    /// What to do.
    pub remedies: Vec<Remedy>,
    /// How to see that it worked.
    pub check: Option<Check>,
    /// Remarks on its evidence.
    pub remarks: Vec<String>,
}

/// A cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The problem.
    pub code: Code,
    /// What is told apart within it.
    pub aspect: Vec<(&'static str, Text)>,
    /// What is at fault.
    pub subject: Subject,
    /// The topmost owner of the subject, where it is not the subject itself.
    pub owner: Option<Subject>,
    /// How sure.
    pub certainty: Certainty,
    /// In one or two sentences.
    pub summary: String,
}

/// Who is hit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// Pods that are hit.
    pub pods: usize,
    /// Workloads that they belong to, with ready and desired pods where known.
    pub workloads: Vec<(Subject, Option<u32>, Option<u32>)>,
    /// Services without a ready endpoint because of it.
    pub services: Vec<Subject>,
    /// Nodes that are lost or hit.
    pub nodes: Vec<Subject>,
}

/// The field of a change that is the object's own beginning.
pub const CREATED: &str = "created";

/// Something that was changed before the onset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// When.
    pub at: Option<Moment>,
    /// On what.
    pub subject: Subject,
    /// Which field, as a path or a word.
    pub field: String,
    /// From which value, where known.
    pub from: Option<String>,
    /// To which value, where known.
    pub to: Option<String>,
    /// By whom, as managedFields names it.
    pub by: Option<Text>,
}

/// One step of the explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number, from 1, in the order told.
    pub id: usize,
    /// The steps that caused it.
    pub caused_by: Vec<usize>,
    /// When.
    pub at: Option<Moment>,
    /// The problem.
    pub code: Code,
    /// Of what.
    pub subject: Subject,
    /// In a sentence or two.
    pub summary: String,
    /// How its cause leads to it, in words; none for the root.
    pub mechanism: Option<&'static str>,
    /// How sure the link is.
    pub certainty: Certainty,
    /// What shows it.
    pub evidence: Vec<Proof>,
}

/// An effect that makes its own cause again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// What goes around in it.
    pub subject: Subject,
    /// The steps that are part of it.
    pub steps: Vec<usize>,
    /// How often it was seen to go around; 0 where that is not counted.
    pub turns: usize,
    /// One thing after the other; the last one leads to the first.
    pub edges: Vec<String>,
    /// Where to break it.
    pub break_at: String,
}

/// How to see that a remedy worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// In words.
    pub text: String,
    /// Arguments after `coroner`.
    pub command: Vec<String>,
}
