//! `cargo xtask gates`: laws and gates over every capture that is there: whatever the order, whatever else stands beside
//! it, and whatever things are called, the verdict is the same; without what it cites it does not stand, and without any
//! other source it does not become a wrong one.

mod mutation;
mod noise;
mod rename;
mod rewrite;
mod shuffle;
mod without;

use crate::run::{self, Options};
use crate::{Failure, Outcome, accuracy, place};
use engine::evidence::Evidence;
use engine::report::Report;
use intake::Intake;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A gate.
struct Gate {
    name: &'static str,
    /// Looks at a capture and says what is wrong.
    holds: fn(&Capture) -> Result<(), String>,
    /// Of so many captures one is looked at, unless the gate is asked for by name: some read a capture many times.
    every: usize,
}

const GATES: &[Gate] = &[
    Gate { name: "shuffle", holds: shuffle::holds, every: 1 },
    Gate { name: "rewrite", holds: rewrite::holds, every: 1 },
    Gate { name: "noise", holds: noise::holds, every: 1 },
    Gate { name: "mutation", holds: mutation::holds, every: 1 },
    Gate { name: "rename", holds: rename::holds, every: 1 },
    Gate { name: "without", holds: without::holds, every: 4 },
];

impl Gate {
    fn takes(&self, index: usize, by_name: bool) -> bool {
        by_name || index.is_multiple_of(self.every)
    }
}

/// A folder of evidence, read.
struct Capture {
    folder: PathBuf,
    read: Intake,
    report: Report,
}

impl Capture {
    fn of(folder: &Path) -> Result<Capture, Failure> {
        let read = bundle::read(folder)?;
        let report = diagnose(&read.clone().finish().0);
        Ok(Capture { folder: folder.to_owned(), read, report })
    }
}

/// A report in full: ended incidents count as well.
fn diagnose(evidence: &Evidence) -> Report {
    engine::diagnose(evidence, &everything())
}

fn everything() -> engine::report::Options {
    engine::report::Options { all: true, ..Default::default() }
}

/// What a gate may not see changed: the first incident's code, subject and certainty.
fn verdict(report: &Report) -> String {
    report.incidents.first().map_or_else(
        || "no incident".to_owned(),
        |i| format!("{} {} {}", i.root.code.as_str(), i.root.subject, i.root.certainty.as_str()),
    )
}

pub fn run(args: &[String]) -> Outcome {
    if let Some(outcome) = run::in_release("gates", args) {
        return outcome;
    }
    let options = Options::parse(args, &[], &["--cases", "--only"])?;
    let mut folders = own();
    match (place::shared(), options.value("--cases")) {
        (_, Some(given)) => folders.extend(folders_in(Path::new(given))),
        (Some(shared), None) => {
            folders.extend(folders_in(&shared.join("samples/cluster-captures")));
            folders.extend(accuracy::unpacked(&shared.join("cases"), None)?);
        }
        (None, None) => {
            println!("the labelled cases are not beside the project (../shared/cases): own cases only")
        }
    }
    let wanted: Vec<&Gate> = match options.value("--only") {
        Some(name) => GATES.iter().filter(|gate| gate.name == name).collect(),
        None => GATES.iter().collect(),
    };
    let by_name = options.value("--only").is_some();
    let failures = failures(&folders, &wanted, by_name);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (gate, failure) in &failures {
        println!("{gate}: {failure}");
        *counts.entry(gate).or_default() += 1;
    }
    for gate in &wanted {
        let failed = counts.get(gate.name).copied().unwrap_or(0);
        let taken = (0..folders.len()).filter(|index| gate.takes(*index, by_name)).count();
        println!("{:<10} {} of {taken} captures hold", gate.name, taken - failed);
    }
    if failures.is_empty() { Ok(()) } else { Err(format!("{} failures", failures.len()).into()) }
}

/// Runs gates over captures, two at a time; failures in order of the captures.
fn failures(folders: &[PathBuf], gates: &[&Gate], by_name: bool) -> Vec<(&'static str, String)> {
    let queue = Mutex::new(folders.iter().enumerate());
    let found = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = queue.lock().ok().and_then(|mut queue| queue.next());
            let Some((index, folder)) = next else { return };
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let add = |gate: &'static str, why: String| {
                if let Ok(mut found) = found.lock() {
                    found.push((index, gate, format!("{name}: {why}")));
                }
            };
            match Capture::of(folder) {
                Ok(capture) => {
                    for gate in gates.iter().filter(|gate| gate.takes(index, by_name)) {
                        if let Err(why) = (gate.holds)(&capture) {
                            add(gate.name, why);
                        }
                    }
                }
                Err(why) => add("read", why.to_string()),
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort();
    found.into_iter().map(|(_, gate, why)| (gate, why)).collect()
}

/// The project's own captures.
fn own() -> Vec<PathBuf> {
    let mut folders = folders_in(&place::at("cases"));
    folders.extend(folders_in(&place::at("crates/cli/demo")));
    folders
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// A generator of numbers that are the same in every run (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = self.below(index + 1);
            items.swap(index, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the labelled cases the tests take some small ones, so that a debug build is done in seconds.
    const SAMPLE: usize = 6;
    const SMALL: u64 = 700_000;

    #[test]
    fn every_gate_holds_for_our_captures_and_a_sample_of_cases() {
        let mut folders = own();
        if let Some(shared) = place::shared() {
            folders.extend(folders_in(&shared.join("cases/examples")));
            let cases = folders_in(&place::target().join("accuracy/cases"));
            let size = |case: &PathBuf| -> u64 {
                place::files(case, "").iter().filter_map(|file| file.metadata().ok()).map(|m| m.len()).sum()
            };
            let small: Vec<PathBuf> = cases.into_iter().filter(|case| size(case) < SMALL).collect();
            folders.extend(small.iter().step_by((small.len() / SAMPLE).max(1)).take(SAMPLE).cloned());
        }
        let failures = failures(&folders, &GATES.iter().collect::<Vec<_>>(), true);
        let failures: Vec<String> =
            failures.into_iter().map(|(gate, why)| format!("{gate}: {why}")).collect();
        assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    }

    #[test]
    fn the_dice_shuffle_and_repeat_themselves() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..50).collect();
            Dice(seed).shuffle(&mut items);
            items
        };
        assert_eq!(shuffled(7), shuffled(7));
        assert_ne!(shuffled(7), shuffled(8));
        let mut sorted = shuffled(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }
}
