//! Law 1: shuffled evidence, read by any number of workers, gives the same report, byte for byte.

use super::{Capture, Dice, diagnose, everything};
use crate::place;
use engine::Hands;
use engine::evidence::Evidence;
use engine::report::json;
use intake::work::hands;
use intake::{Intake, RawRecord};
use serde_json::Value;

const WORKERS: &[usize] = &[1, 2, 7];

pub(super) fn holds(capture: &Capture) -> Result<(), String> {
    let expected = json::render(&capture.report);
    for (seed, &workers) in WORKERS.iter().enumerate() {
        let read = bundle::read_on(&capture.folder, workers).map_err(|e| e.to_string())?;
        let evidence = read.finish().0;
        same(&expected, &told(hands, &evidence), &format!("read by {workers} workers, told by two"))?;
        let dealt = dealt(&capture.read, workers, seed as u64);
        let evidence = Evidence::assemble_with(backwards, dealt.observations, dealt.gaps);
        same(
            &expected,
            &told(backwards, &evidence),
            &format!("observations in {workers} heaps, parts backwards"),
        )?;
    }
    // Items that change places change their lines, and with them nothing but the places that are told.
    let (one, other) = (files(capture, None)?, files(capture, Some(&mut Dice(41)))?);
    same(&placeless(&text(one)), &placeless(&text(other)), "files and items of lists shuffled")
}

/// Does the last part first.
fn backwards(parts: usize, part: &(dyn Fn(usize) + Sync)) {
    (0..parts).rev().for_each(part);
}

fn told(hands: Hands, evidence: &Evidence) -> String {
    json::render(&engine::diagnose_with(hands, evidence, &everything()))
}

/// The observations, shuffled and dealt to so many heaps that are joined in any order.
fn dealt(read: &Intake, parts: usize, seed: u64) -> Intake {
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
    all
}

/// Reads the files of a capture one by one; shuffled, and their lists with them, where dice are given.
fn files(capture: &Capture, mut dice: Option<&mut Dice>) -> Result<Intake, String> {
    let mut files = place::files(&capture.folder, "");
    if let Some(dice) = &mut dice {
        dice.shuffle(&mut files);
    }
    let mut all = Intake::default();
    for file in &files {
        let path = file.strip_prefix(&capture.folder).unwrap_or(file).to_string_lossy();
        let mut bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
        if let (Some(dice), Ok(text)) = (&mut dice, std::str::from_utf8(&bytes))
            && let Some(text) = items(text, dice)
        {
            bytes = text.into_bytes();
        }
        intake::read(RawRecord { path: &path, bytes: &bytes }, &mut all);
    }
    Ok(all)
}

/// The same list with its items in another order; none where the text is no list.
fn items(text: &str, dice: &mut Dice) -> Option<String> {
    if let Ok(mut list) = serde_json::from_str::<Value>(text) {
        dice.shuffle(list.get_mut("items")?.as_array_mut()?);
        return Some(format!("{list:#}\n"));
    }
    let (marker, first) = ("\n---\n", text.lines().next()?);
    if !first.starts_with("apiVersion:") && first != "---" {
        return None;
    }
    let mut documents: Vec<&str> = text.trim_start_matches("---\n").trim_end().split(marker).collect();
    dice.shuffle(&mut documents);
    Some(documents.join(marker) + "\n")
}

fn text(read: Intake) -> String {
    json::render(&diagnose(&read.finish().0))
}

/// The report without the places where things stand.
fn placeless(report: &str) -> String {
    let told =
        |line: &&str| !["\"locator\":", "\"ref\":"].iter().any(|key| line.trim_start().starts_with(key));
    report.lines().filter(told).map(|line| format!("{}\n", line.trim_end_matches(','))).collect()
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

    #[test]
    fn lists_are_shuffled_in_both_forms() {
        let json = items("{\"items\": [1, 2, 3, 4, 5, 6]}", &mut Dice(3)).unwrap();
        let list: Value = serde_json::from_str(&json).unwrap();
        let mut numbers: Vec<i64> =
            list["items"].as_array().unwrap().iter().filter_map(Value::as_i64).collect();
        assert_ne!(numbers, [1, 2, 3, 4, 5, 6]);
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        let yaml = "apiVersion: v1\na: 1\n---\napiVersion: v1\na: 2\n---\napiVersion: v1\na: 3\n";
        let shuffled = items(yaml, &mut Dice(3)).unwrap();
        assert_eq!(shuffled.len(), yaml.len());
        assert_ne!(shuffled, yaml);
        assert_eq!(items("$ kubectl get pods\n", &mut Dice(3)), None);
    }

    #[test]
    fn places_are_left_out() {
        assert_eq!(placeless("{\n  \"a\": 1,\n  \"locator\": \"f:1\"\n}\n"), "{\n  \"a\": 1\n}\n");
    }
}
