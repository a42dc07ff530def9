//! `cargo xtask docs`: the documents that are made from the code, so that they cannot say otherwise.

mod picture;

use crate::run::Options;
use crate::{Failure, Outcome, place};
use engine::detectors::DETECTORS;
use engine::finding::Code;
use std::fmt::Write;

/// A document: its path, and what makes it.
type Document = (&'static str, fn() -> Result<String, Failure>);

const DOCUMENTS: &[Document] =
    &[("docs/codes.md", codes), ("docs/exit-codes.md", exit_codes), ("docs/report.svg", report)];

/// The evidence of `coroner demo`, and what the program calls it.
const DEMO: (&str, &str) = ("crates/cli/demo/cascade", "demo cascade");
const COLUMNS: usize = 80;

pub fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args, &["--check"], &[])?;
    if options.has("--check") {
        let stale = stale();
        if stale.is_empty() {
            return Ok(());
        }
        return Err(format!("{} differ from their sources; run `cargo xtask docs`", stale.join(", ")).into());
    }
    std::fs::create_dir_all(place::at("docs"))?;
    for (path, make) in DOCUMENTS {
        std::fs::write(place::at(path), make().map_err(|e| format!("{path}: {e}"))?)?;
        println!("written: {path}");
    }
    Ok(())
}

/// The documents that are not what their source makes now.
pub fn stale() -> Vec<String> {
    let same = |(path, make): &&Document| {
        let written = std::fs::read_to_string(place::at(path)).ok();
        written.is_some() && written == make().ok()
    };
    DOCUMENTS.iter().filter(|document| !same(document)).map(|(path, _)| (*path).to_owned()).collect()
}

/// Every code with its title and its page.
fn codes() -> Result<String, Failure> {
    let mut text = String::from(
        "# Codes\n\nWritten by `cargo xtask docs` from `crates/engine/src/codes.rs`. A code names a problem and is kept for\n\
         ever; what one code tells apart is its aspect. `coroner explain CODE` prints the page.\n\n\
         | code | what is wrong | since | page |\n| --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let page = DETECTORS.iter().find(|detector| detector.codes.contains(code));
        let page = page
            .map_or_else(String::new, |d| format!("[{0}](../crates/engine/src/detectors/{0}.md)", d.name));
        writeln!(text, "| `{}` | {} | {} | {page} |", code.as_str(), code.title(), code.since())?;
    }
    Ok(text)
}

/// The exit codes, from the constants and their comments.
fn exit_codes() -> Result<String, Failure> {
    let source = std::fs::read_to_string(place::at("crates/cli/src/failure.rs"))?;
    let mut text = String::from(
        "# Exit codes\n\nWritten by `cargo xtask docs` from `crates/cli/src/failure.rs`. Standard output holds the result\n\
         alone; progress, warnings and hints go to standard error.\n\n\
         | code | meaning |\n| --: | --- |\n| 0 | Done, and nothing at or above `--fail-on`. |\n",
    );
    let mut comment = String::new();
    for line in source.lines() {
        if let Some(words) = line.strip_prefix("/// ") {
            comment = format!("{comment} {words}");
            continue;
        }
        if let Some((_, code)) = line.strip_prefix("pub const ").and_then(|rest| rest.split_once(": u8 = ")) {
            writeln!(text, "| {} | {} |", code.trim_end_matches(';'), comment.trim())?;
        }
        comment.clear();
    }
    Ok(text)
}

/// What `coroner demo` prints on a terminal, as a picture.
fn report() -> Result<String, Failure> {
    let (folder, source) = DEMO;
    let (evidence, _) = bundle::read(&place::at(folder))?.finish();
    let options = engine::report::Options { source: source.to_owned(), ..Default::default() };
    let style = engine::report::text::Style { width: COLUMNS, colour: true, verbose: false };
    let text = engine::report::text::render(&engine::diagnose(&evidence, &options), &style);
    Ok(picture::of(
        &format!("\u{1b}[2m$\u{1b}[0m coroner demo\n\n{text}"),
        COLUMNS,
        "What coroner demo prints",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_has_its_row() {
        let rows = exit_codes().unwrap().matches("\n| ").count();
        let source = std::fs::read_to_string(place::at("crates/cli/src/failure.rs")).unwrap();
        assert_eq!(rows, source.matches(": u8 = ").count() + 3);
    }

    #[test]
    fn every_code_has_its_row() {
        let text = codes().unwrap();
        assert_eq!(text.matches("\n| `").count(), Code::ALL.len());
    }
}
