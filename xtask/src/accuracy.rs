//! `cargo xtask accuracy`: what the program answers to the labelled cases beside the project, and how often it is right.
//! The cases' own script does the scoring; this runs the program. `--accept` writes the result down in
//! `docs/accuracy.md`; `--check` fails where fewer verdicts are right than stand there.

mod document;
mod score;

use crate::run::{self, Options};
use crate::{Failure, Outcome, place};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// The map from our codes to the labels.
const CODE_MAP: &str = "tests/accuracy/code_map.tsv";
/// Where the result is written.
const DOCUMENT: &str = "docs/accuracy.md";
/// The program runs on two threads of its own; two at a time keep a small machine busy and usable.
const AT_ONCE: usize = 2;

pub fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args, &["--misses", "--check", "--accept"], &["--cases", "--where"])?;
    let Some(data) = place::shared().map(|shared| shared.join("cases")) else {
        println!("skipped: the labelled cases are not beside the project (../shared/cases)");
        return Ok(());
    };
    let cases = unpacked(&data, options.value("--cases").map(Path::new))?;
    run::shown(&mut run::cargo(&["build", "--release", "--quiet", "--package", "coroner"]))?;
    let codes = std::fs::read_to_string(place::at(CODE_MAP))?;
    let composites: BTreeSet<&str> = codes.lines().filter_map(|line| line.split('\t').next()).collect();
    let folder = place::target().join("accuracy");
    let predictions = folder.join("predictions.tsv");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(&predictions, predict(&cases, &composites)?)?;

    let mut script = Command::new("python3");
    script.arg(data.join("score.py")).arg(data.join("labels.tsv")).arg(&predictions).arg(place::at(CODE_MAP));
    for condition in options.all("--where") {
        script.args(["--where", condition]);
    }
    let text = run::output(&mut script)?;
    let told = text.split("\nmisses:").next().unwrap_or_default();
    println!("{}", if options.has("--misses") { &text } else { told });

    let labels = score::labels(&std::fs::read_to_string(data.join("labels.tsv"))?);
    let scored = score::read(&text, &labels)?;
    println!("gated rows {}", scored.gated());
    let partly = options.all("--where").next().is_some();
    if options.has("--check") && !partly {
        let written = std::fs::read_to_string(place::at(DOCUMENT)).unwrap_or_default();
        scored.not_below(document::right(&written))?;
    }
    if options.has("--accept") && !partly {
        std::fs::create_dir_all(place::at("docs"))?;
        std::fs::write(place::at(DOCUMENT), document::of(&scored))?;
        println!("written: {DOCUMENT}");
    }
    Ok(())
}

/// The folders of the cases, unpacked once.
pub fn unpacked(data: &Path, given: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let folder = given.map_or_else(|| place::target().join("accuracy/cases"), Path::to_owned);
    if given.is_none() {
        std::fs::create_dir_all(&folder)?;
        let archives = place::files(data, ".tar.zst").into_iter().filter(|a| a.parent() == Some(data));
        for archive in archives {
            let done = folder.join(format!(".{}", archive.file_name().unwrap_or_default().to_string_lossy()));
            if !done.is_file() {
                run::shown(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&folder))?;
                std::fs::write(&done, "")?;
            }
        }
    }
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    if cases.is_empty() { Err(format!("no cases in {}", folder.display()).into()) } else { Ok(cases) }
}

/// Runs the program on every case; lines of case, rank, code, subject.
fn predict(cases: &[PathBuf], composites: &BTreeSet<&str>) -> Result<String, Failure> {
    let program = place::target().join("release/coroner");
    let queue = Mutex::new(cases.iter());
    let answers = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some(case) = queue.lock().ok().and_then(|mut queue| queue.next()) else { return };
            let answer = answer(&program, case, composites).map_err(|e| format!("{}: {e}", case.display()));
            if let Ok(mut answers) = answers.lock() {
                answers.push((case, answer));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let mut answers = answers.into_inner().map_err(|_| "a worker died")?;
    answers.sort_by_key(|(case, _)| *case);
    let mut text = String::from("case\trank\tcode\tsubject\n");
    for (case, answer) in answers {
        let id = case.file_name().unwrap_or_default().to_string_lossy();
        for (index, (code, subject)) in answer?.into_iter().enumerate() {
            writeln!(text, "{id}\t{}\t{code}\t{subject}", index + 1)?;
        }
    }
    Ok(text)
}

/// The program's incidents for a case: code and subject of each root.
fn answer(program: &Path, case: &Path, composites: &BTreeSet<&str>) -> Result<Vec<(String, String)>, String> {
    let out = Command::new(program)
        .args(["diagnose", "-o", "json", "--from"])
        .arg(case)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| e.to_string())?;
    if !out.status.success() {
        return Err(format!("{}: {}", out.status, String::from_utf8_lossy(&out.stderr)));
    }
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).map_err(|e| e.to_string())?;
    let incidents = report["incidents"].as_array().ok_or("no incidents in the JSON")?;
    incidents.iter().map(|incident| root(&incident["root"], composites)).collect()
}

/// The code, told apart by an aspect where the map does so, and the subject without its part.
fn root(root: &serde_json::Value, composites: &BTreeSet<&str>) -> Result<(String, String), String> {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let code = text(&root["code"]).ok_or("a root without a code")?;
    let aspects = root["aspect"].as_object().into_iter().flatten();
    let composite = aspects
        .filter_map(|(name, value)| Some(format!("{code}[{name}={}]", value.as_str()?)))
        .find(|composite| composites.contains(composite.as_str()));
    let subject = &root["subject"];
    let parts = ["kind", "namespace", "name"].into_iter().filter_map(|part| text(&subject[part]));
    Ok((composite.unwrap_or(code), parts.collect::<Vec<_>>().join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::finding::Code;
    use serde_json::json;

    #[test]
    fn a_code_is_told_apart_only_where_the_map_does() {
        let value = json!({"code": "a", "aspect": {"x": "1", "y": "2"},
            "subject": {"kind": "Pod", "namespace": "n", "name": "p", "part": "c"}});
        let with = BTreeSet::from(["a[y=2]"]);
        assert_eq!(root(&value, &with), Ok(("a[y=2]".to_owned(), "Pod/n/p".to_owned())));
        assert_eq!(root(&value, &BTreeSet::new()).map(|r| r.0), Ok("a".to_owned()));
    }

    #[test]
    fn the_map_names_codes_that_exist() {
        let map = std::fs::read_to_string(place::at(CODE_MAP)).unwrap();
        for line in map.lines().filter(|line| !line.starts_with('#')) {
            let code = line.split(['[', '\t']).next().unwrap();
            assert!(Code::parse(code).is_some(), "{line}");
            assert_eq!(line.split('\t').count(), 2, "{line}");
        }
    }
}
