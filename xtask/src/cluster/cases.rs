//! `cases/`: what coroner collected of each scenario when it was played, so that its verdict is held without a cluster.

use super::{ask, scenario, verdict};
use crate::run::{cargo, shown};
use crate::{Failure, Outcome, place};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "cases";

/// Makes a bundle the project's own.
pub fn keep(name: &str, bundle: &Path) -> Outcome {
    let folder = place::at(FOLDER);
    fs::create_dir_all(&folder)?;
    fs::copy(bundle, folder.join(format!("{name}.tar.zst")))?;
    Ok(())
}

/// Builds coroner.
pub fn build() -> Result<PathBuf, Failure> {
    shown(&mut cargo(&["build", "--quiet", "--package", "coroner"]))?;
    Ok(place::target().join("debug/coroner"))
}

/// Asks about every bundle that is kept what its scenario expects.
pub fn check() -> Outcome {
    let coroner = build()?;
    let mut wrong = Vec::new();
    let scenarios = scenario::read(&[])?;
    for scenario in &scenarios {
        let bundle = place::at(FOLDER).join(format!("{}.tar.zst", scenario.name));
        if !bundle.is_file() {
            wrong
                .push(format!("{}: no bundle is kept: `cargo xtask cluster test --keep {0}`", scenario.name));
            continue;
        }
        let report = ask::diagnose(&coroner, &bundle, &scenario.name)?;
        wrong.extend(verdict::wrong(scenario, &report).map(|why| format!("{}: {why}", scenario.name)));
    }
    if wrong.is_empty() {
        println!("{} cases are right", scenarios.len());
        return Ok(());
    }
    Err(wrong.join("\n").into())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_told_as_its_scenario_expects() {
        super::check().unwrap();
    }
}
