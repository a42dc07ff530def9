//! Law 1: shuffled evidence, read by any number of workers, gives the same report, byte for byte.

use super::{Capture, Dice, diagnose};
use crate::place;
use engine::report::Report;
use intake::{Intake, RawRecord};
use std::sync::Mutex;

const WORKERS: &[usize] = &[1, 2, 7];

pub(super) fn holds(capture: &Capture) -> Result<(), String> {
    let expected = text(&capture.report);
    for (seed, &parts) in WORKERS.iter().enumerate() {
        same(
            &expected,
            &dealt(&capture.read, parts, seed as u64),
            &format!("observations in {parts} heaps"),
        )?;
    }
    // What a folder says as a whole, its layout, is the bundle's; order among files is looked at where there is none.
    let one = read(capture, 1, 1)?;
    let expected = text(&diagnose(&one.finish().0));
    for (seed, &workers) in WORKERS.iter().enumerate() {
        let read = read(capture, workers, seed as u64 + 2)?;
        same(&expected, &text(&diagnose(&read.finish().0)), &format!("files read by {workers} workers"))?;
    }
    Ok(())
}

/// The report of observations that were shuffled, and dealt to so many heaps that are joined in any order.
fn dealt(read: &Intake, parts: usize, seed: u64) -> String {
    let mut dice = Dice(0x9e37_79b9 + seed);
    let mut heaps = vec![Intake::default(); parts];
    let mut observations = read.observations.clone();
    let mut gaps = read.gaps.clone();
    dice.shuffle(&mut observations);
    dice.shuffle(&mut gaps);
    for observation in observations {
        heaps[dice.below(parts)].observations.push(observation);
    }
    for gap in gaps {
        heaps[dice.below(parts)].gaps.push(gap);
    }
    dice.shuffle(&mut heaps);
    let mut all = Intake::default();
    heaps.into_iter().for_each(|heap| all.absorb(heap));
    text(&diagnose(&all.finish().0))
}

/// Reads the files of a capture in a shuffled order, joined as each worker ends.
fn read(capture: &Capture, workers: usize, seed: u64) -> Result<Intake, String> {
    let mut files = place::files(&capture.folder, "");
    Dice(seed).shuffle(&mut files);
    let queue = Mutex::new(files.iter());
    let all = Mutex::new(Ok(Intake::default()));
    let work = || {
        loop {
            let Some(file) = queue.lock().ok().and_then(|mut queue| queue.next()) else { return };
            let path = file.strip_prefix(&capture.folder).unwrap_or(file).to_string_lossy();
            let mut out = Intake::default();
            let read = std::fs::read(file)
                .map(|bytes| intake::read(RawRecord { path: &path, bytes: &bytes }, &mut out));
            if let Ok(mut all) = all.lock() {
                match (read, &mut *all) {
                    (Ok(()), Ok(all)) => all.absorb(out),
                    (Err(why), _) => *all = Err(format!("{}: {why}", file.display())),
                    (_, Err(_)) => {}
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    all.into_inner().unwrap_or_else(|_| Err("a worker died".to_owned()))
}

fn text(report: &Report) -> String {
    engine::report::json::render(report)
}

fn same(expected: &str, found: &str, how: &str) -> Result<(), String> {
    let differs = expected.lines().zip(found.lines()).find(|(a, b)| a != b);
    match differs {
        Some((a, b)) => Err(format!("{how}: `{}` became `{}`", a.trim(), b.trim())),
        None if expected.len() != found.len() => Err(format!("{how}: one report is longer")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found() {
        assert!(same("a\nb\n", "a\nb\n", "x").is_ok());
        assert!(same("a\nb\n", "a\nc\n", "x").is_err());
        assert!(same("a\n", "a\nb\n", "x").is_err());
    }
}
