//! `cargo xtask docs`: the documents that are made from the code, so that they cannot say otherwise.

use crate::run::Options;
use crate::{Failure, Outcome, place};
use engine::detectors::DETECTORS;
use engine::finding::Code;
use std::fmt::Write;

/// A document: its path, and what makes it.
type Document = (&'static str, fn() -> Result<String, Failure>);

const DOCUMENTS: &[Document] = &[("docs/codes.md", codes)];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_row() {
        let text = codes().unwrap();
        assert_eq!(text.matches("\n| `").count(), Code::ALL.len());
    }
}
