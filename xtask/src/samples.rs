//! `cargo xtask samples`: what the program tells of the real captures beside the project, and whether it is what stands
//! in `tests/samples.tsv`.

use crate::run::{self, Options};
use crate::{Failure, Outcome, place};
use std::path::Path;
use std::process::{Command, Stdio};

/// Each sample, and the codes of the incidents that are told of it, in their order.
const EXPECTED: &str = "tests/samples.tsv";

pub fn run(args: &[String]) -> Outcome {
    Options::parse(args, &[], &[])?;
    let Some(data) = place::shared().map(|shared| shared.join("samples")).filter(|data| data.is_dir()) else {
        println!("skipped: the samples are not beside the project (../shared/samples)");
        return Ok(());
    };
    run::shown(&mut run::cargo(&["build", "--release", "--quiet", "--package", "coroner"]))?;
    let expected = std::fs::read_to_string(place::at(EXPECTED))?;
    let mut wrong = 0;
    for (sample, codes) in rows(&expected) {
        let told = told(&data.join(sample)).map_err(|e| format!("{sample}: {e}"))?;
        if told == codes {
            println!("{sample}: {codes}");
        } else {
            wrong += 1;
            println!("{sample}: {told}, not {codes}");
        }
    }
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} samples are told otherwise").into()) }
}

/// The rows of the table: a sample, and codes with a blank between them or `-` for none.
fn rows(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// The codes of the incidents that are told of a sample.
fn told(sample: &Path) -> Result<String, Failure> {
    let program = place::target().join("release/coroner");
    let mut command = Command::new(program);
    command.args(["diagnose", "-o", "json", "--from"]).arg(sample).stdin(Stdio::null());
    let report: serde_json::Value = serde_json::from_str(&run::output(&mut command)?)?;
    let incidents = report["incidents"].as_array().ok_or("no incidents in the JSON")?;
    let codes: Vec<&str> =
        incidents.iter().filter_map(|incident| incident["root"]["code"].as_str()).collect();
    Ok(if codes.is_empty() { "-".to_owned() } else { codes.join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::finding::Code;

    #[test]
    fn the_table_names_codes_that_exist() {
        let table = std::fs::read_to_string(place::at(EXPECTED)).unwrap();
        assert!(rows(&table).count() > 5);
        for (sample, codes) in rows(&table).filter(|(_, codes)| *codes != "-") {
            assert!(codes.split(' ').all(|code| Code::parse(code).is_some()), "{sample}: {codes}");
        }
    }
}
