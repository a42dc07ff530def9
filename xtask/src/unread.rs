//! `cargo xtask unread`: what kubectl and systemctl printed in the labelled cases and no parser and no named rule claimed. A line that nobody reads is
//! evidence that nobody weighs.

use crate::run::{self, Options};
use crate::{Failure, Outcome, accuracy, place};
use intake::{Intake, RawRecord, Unread};
use std::collections::BTreeMap;
use std::path::Path;

/// The share of lines that may stay unclaimed, in percent.
const AT_MOST: f64 = 1.0;
/// Samples shown.
const SHOWN: usize = 40;

pub fn run(args: &[String]) -> Outcome {
    if let Some(outcome) = run::in_release("unread", args) {
        return outcome;
    }
    let options = Options::parse(args, &[], &["--cases"])?;
    let given = options.value("--cases").map(Path::new);
    let data = match (place::shared(), given) {
        (Some(shared), _) => shared.join("cases"),
        (None, Some(given)) => given.to_owned(),
        (None, None) => {
            println!("skipped: the labelled cases are not beside the project (../shared/cases)");
            return Ok(());
        }
    };
    let (mut unclaimed, mut of, mut worst) = (0, 0, Vec::new());
    let mut shapes: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for case in accuracy::unpacked(&data, given)? {
        let unread = read(&case)?;
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        unread.files.iter().for_each(|file| println!("nothing understood: {name}/{file}"));
        for (place, line) in &unread.samples {
            let told = format!("{name}/{}:{}", place.file, place.line.unwrap_or_default());
            shapes.entry(shape(line)).or_insert_with(|| (0, format!("{told}: {line}"))).0 += 1;
        }
        (unclaimed, of) = (unclaimed + unread.lines, of + unread.of);
        worst.push((unread.lines, name));
    }
    worst.sort_by(|a, b| b.cmp(a));
    for (lines, name) in worst.iter().filter(|(lines, _)| *lines > 0).take(5) {
        println!("{lines:>7} lines in {name}");
    }
    let mut shapes: Vec<_> = shapes.into_values().collect();
    shapes.sort_by(|a, b| b.cmp(a));
    shapes.iter().take(SHOWN).for_each(|(count, sample)| println!("{count:>7} × {sample}"));
    let share = unclaimed as f64 * 100.0 / f64::max(of as f64, 1.0);
    println!("{unclaimed} of {of} lines unclaimed: {share:.3} %");
    if share > AT_MOST {
        Err(format!("more than {AT_MOST} % of the lines are unclaimed").into())
    } else {
        Ok(())
    }
}

/// What was not understood of a case. Logs are left out: every line of a log is read as a line of a log, and so many
/// are there that they would hide the rest.
fn read(case: &Path) -> Result<Unread, Failure> {
    let mut all = Intake::default();
    for file in place::files(case, "") {
        let path = file.strip_prefix(case)?.to_string_lossy().into_owned();
        if !path.starts_with("logs") {
            intake::read(RawRecord { path: &path, bytes: &std::fs::read(&file)? }, &mut all);
        }
    }
    Ok(all.unread)
}

/// What alike lines have in common: their first words, digits left out.
fn shape(line: &str) -> String {
    let words = line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_lines_have_one_shape() {
        assert_eq!(shape("pod-1 is 3 days old"), shape("pod-27 is 1 day old"));
        assert_ne!(shape("pod-1 is lost"), shape("pod-1 was lost"));
    }
}
