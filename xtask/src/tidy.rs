//! `cargo xtask tidy`: rules of the project that no compiler holds, each with its reason. A rule that matters is a
//! test, not a reminder.

mod detectors;
mod files;
mod layers;

use crate::{Outcome, docs, place};
use std::fmt;
use std::path::Path;

/// A file of the project.
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its text; none where it is not text.
    pub text: Option<String>,
}

impl File {
    /// Its lines with their numbers, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.iter().flat_map(|text| text.lines().enumerate().map(|(index, line)| (index + 1, line)))
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Something that a rule forbids.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    file: String,
    line: usize,
    rule: &'static str,
    why: String,
}

impl Fault {
    fn at(file: &str, line: usize, rule: &'static str, why: impl Into<String>) -> Fault {
        Fault { file: file.to_owned(), line, rule, why: why.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule, self.why)
    }
}

/// A rule looks at every file and says what is wrong.
type Rule = fn(&[File], &mut Vec<Fault>);

const RULES: &[Rule] = &[
    files::headers,
    files::sizes,
    files::depth,
    files::words,
    files::licence,
    layers::stages,
    layers::crates,
    layers::purity,
    detectors::files,
    detectors::codes,
    detectors::pages,
];

pub fn run(args: &[String]) -> Outcome {
    if let Some(unknown) = args.first() {
        return Err(format!("no argument {unknown}").into());
    }
    let faults = faults();
    faults.iter().for_each(|fault| println!("{fault}"));
    if faults.is_empty() {
        println!("tidy: {} rules hold", RULES.len() + 1);
        return Ok(());
    }
    Err(format!("{} faults", faults.len()).into())
}

fn faults() -> Vec<Fault> {
    let files = tree();
    let mut faults = Vec::new();
    for rule in RULES {
        rule(&files, &mut faults);
    }
    for path in docs::stale() {
        faults.push(Fault::at(&path, 1, "generated", "differs from its source; run `cargo xtask docs`"));
    }
    faults
}

/// Every file of the project.
fn tree() -> Vec<File> {
    let own = |path: &Path| {
        let path = path.strip_prefix(place::root()).unwrap_or(path);
        path.to_string_lossy().replace('\\', "/")
    };
    place::files(place::root(), "")
        .iter()
        .map(|path| File { path: own(path), text: std::fs::read_to_string(path).ok() })
        .collect()
}

/// A tree of files for the tests of rules.
#[cfg(test)]
fn tree_of(files: &[(&str, &str)]) -> Vec<File> {
    files
        .iter()
        .map(|(path, text)| File { path: (*path).to_owned(), text: Some((*text).to_owned()) })
        .collect()
}

/// The lines that a rule complains of.
#[cfg(test)]
fn found(rule: Rule, files: &[(&str, &str)]) -> Vec<(String, usize)> {
    let mut faults = Vec::new();
    rule(&tree_of(files), &mut faults);
    faults.into_iter().map(|fault| (fault.file, fault.line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let faults: Vec<String> = faults().iter().map(Fault::to_string).collect();
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    }
}
