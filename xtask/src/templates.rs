//! `cargo xtask templates`: how fast lines are put together by their templates, and whether the counts are true.

use crate::run::{self, Options};
use crate::{Failure, Outcome};
use engine::scan::template::Miner;
use std::time::Instant;

pub fn run(args: &[String]) -> Outcome {
    if let Some(outcome) = run::in_release("templates", args) {
        return outcome;
    }
    let options = Options::parse(args, &[], &["--truth"])?;
    let Some(path) = options.rest.first() else {
        return Err(
            "name a journal, and with --truth FILE its lines per template: `COUNT<tab>TEMPLATE`".into()
        );
    };
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let started = Instant::now();
    let (lines, mined) = mine(&text);
    let took = started.elapsed().as_secs_f64();
    println!("{lines} lines, {} templates, {:.2} s, {:.0} lines/s", mined.len(), took, lines as f64 / took);
    mined.iter().take(50).for_each(|(count, text)| println!("{count}\t{text}"));
    match options.value("--truth") {
        Some(truth) => compare(&mined, truth),
        None => Ok(()),
    }
}

/// How many lines a journal has, and its templates, the most frequent first.
pub fn mine(text: &str) -> (u64, Vec<(u64, String)>) {
    let mut miner = Miner::new();
    let mut lines = 0;
    for line in text.lines() {
        // Time and host are the journal's, not the line's.
        miner.push(line.splitn(3, ' ').nth(2).unwrap_or(line), lines, 1);
        lines += 1;
    }
    let mut mined: Vec<(u64, String)> = miner.finish().into_iter().map(|t| (t.count, t.text)).collect();
    mined.sort_by(|a, b| b.cmp(a));
    (lines, mined)
}

/// Each true template has to be one of ours, with its count.
fn compare(mined: &[(u64, String)], truth: &str) -> Outcome {
    let text = std::fs::read_to_string(truth).map_err(|e| -> Failure { format!("{truth}: {e}").into() })?;
    let count = |line: &str| line.split('\t').next().and_then(|count| count.parse::<u64>().ok());
    // The first line is of all.
    let mut wanted: Vec<u64> = text.lines().skip(1).filter_map(count).collect();
    let mut found: Vec<u64> = mined.iter().map(|(count, _)| *count).collect();
    wanted.sort_unstable();
    found.sort_unstable();
    let of = wanted.len();
    let told_apart = wanted.iter().filter(|count| found.binary_search(count).is_ok()).count();
    println!("{told_apart} of {of} templates have their true count");
    if found == wanted { Ok(()) } else { Err(format!("{} templates, {of} are true", found.len()).into()) }
}
