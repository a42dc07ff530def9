//! `cargo xtask bench logs [JOURNAL]`: a node's journal, read by the release program beside ripgrep with one klog header,
//! and its lines put together by template beside drain3. Without a journal, one that is made up.

use super::inputs::journal;
use super::{best, bundles, write};
use crate::{Outcome, place, run, templates};
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// Headers of klog: any, in ASCII alone, and those of errors as people write it.
const HEADERS: [&str; 2] = [
    r"[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [^ ]+:[0-9]+\]",
    r"\b[EF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \w+\.go:\d+\]",
];
/// So many lines are put together by template: drain3 takes seconds for them.
const LINES: usize = 400_000;
/// How often what is made up stands in the file.
const REPEATED: usize = 14;
/// Reads lines as drain3 does by itself, without masks.
const DRAIN: &str = "
import itertools, sys, time
from drain3 import TemplateMiner
lines = [line.rstrip('\\n').split(' ', 2)[-1] for line in itertools.islice(open(sys.argv[1]), int(sys.argv[2]))]
miner, start = TemplateMiner(), time.time()
for line in lines: miner.add_log_message(line)
print(len(lines) / (time.time() - start), len(miner.drain.clusters))
";

pub(super) fn run(args: &[String]) -> Outcome {
    let path = match args {
        [] => {
            write(&place::target().join("bench"), "journal.log", &journal().repeat(REPEATED))?;
            place::target().join("bench/journal.log")
        }
        [path, ..] => PathBuf::from(path),
    };
    run::shown(&mut run::cargo(&["build", "--quiet", "--release", "--package", "coroner"]))?;
    read(&path)?;
    mined(&path)
}

/// Reads it in turn with ripgrep.
fn read(path: &Path) -> Outcome {
    let bytes = std::fs::metadata(path)?.len() as f64 / 1e6;
    let has_rival = is_there("rg", &["--version"]);
    let (mut ours, mut theirs, mut peak) = (f64::INFINITY, [f64::INFINITY; 2], 0);
    for _ in 0..3 {
        let (wall, held) = bundles::once(path)?;
        (ours, peak) = (ours.min(wall), peak.max(held));
        for (header, least) in HEADERS.iter().zip(&mut theirs).filter(|_| has_rival) {
            let mut rival = run::program("rg", &["--no-mmap", "--count", header]);
            rival.arg(path);
            *least = least.min(best(1, || drop(black_box(run::output(&mut rival)))));
        }
    }
    let rival = match has_rival {
        true => format!("ripgrep: {:.2} s, {:.2} s for \\d and \\w", theirs[0], theirs[1]),
        false => "ripgrep is not installed".to_owned(),
    };
    println!(
        "{:<34}{ours:>8.2} s for {bytes:.0} MB, {} MiB   {rival}",
        "a node's journal, streamed",
        peak >> 10
    );
    Ok(())
}

/// Puts its first lines together by template.
fn mined(path: &Path) -> Outcome {
    let text = std::fs::read_to_string(path)?;
    let end = memchr::memchr_iter(b'\n', text.as_bytes()).nth(LINES - 1).unwrap_or(text.len());
    let text = text.get(..end).unwrap_or_default();
    let (lines, found) = templates::mine(text);
    let rate = lines as f64 / best(3, || drop(black_box(templates::mine(text))));
    let script = ["-c", DRAIN];
    let rival = if is_there("python3", &["-c", "import drain3"]) {
        let mut rival = run::program("python3", &script);
        let told = run::output(rival.arg(path).arg(lines.to_string()))?;
        let mut told = told.split_whitespace();
        let theirs: f64 = told.next().unwrap_or_default().parse()?;
        format!("drain3: {theirs:.0}, {} templates   ({:.1})", told.next().unwrap_or("?"), rate / theirs)
    } else {
        "drain3 is not installed".to_owned()
    };
    println!("{:<34}{rate:>8.0} lines/s, {} templates   {rival}", "templates", found.len());
    Ok(())
}

fn is_there(name: &str, args: &[&str]) -> bool {
    run::program(name, args).output().is_ok_and(|out| out.status.success())
}
