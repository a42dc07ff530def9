//! What fuzzing began with and what it found, given once more to what has to hold of every input.

#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

use std::path::{Path, PathBuf};

/// The inputs kept for a target.
fn inputs(target: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let folders = ["seeds", "crashers"].map(|kept| root.join(kept).join(target));
    let mut found: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

#[test]
fn what_fuzzing_found_is_found_no_more() {
    for (name, target) in fuzz::TARGETS {
        let inputs = inputs(name);
        assert!(inputs.len() > 4, "{name}: {} inputs", inputs.len());
        for input in inputs {
            let bytes = std::fs::read(&input).expect("an input");
            let held = std::panic::catch_unwind(|| target(&bytes));
            assert!(held.is_ok(), "{}", input.display());
        }
    }
}
