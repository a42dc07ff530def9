//! Objects in YAML, as kubectl and people write them, are read as the same objects in JSON are.

use engine::evidence::{Observation, What};
use intake::{Intake, RawRecord};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Folders of cases beside the project, where they are there.
#[allow(clippy::print_stderr)]
fn cases() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|above| above.join("shared/cases/examples"))
        .find(|examples| examples.is_dir());
    let Some(examples) = examples else {
        eprintln!("skipped: no cases beside the project");
        return Vec::new();
    };
    std::fs::read_dir(examples).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn observations(text: &str) -> Vec<What> {
    let mut out = Intake::default();
    intake::read(RawRecord { path: "objects", bytes: text.as_bytes() }, &mut out);
    out.observations.into_iter().map(|Observation { what, .. }| what).collect()
}

#[test]
fn yaml_is_read_as_its_json() {
    let mut compared = 0;
    for case in cases() {
        let manifests = std::fs::read_dir(case.join("manifests")).into_iter().flatten().flatten();
        let mut texts: Vec<String> =
            manifests.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect();
        let transcript = std::fs::read_to_string(case.join("kubectl.txt")).unwrap_or_default();
        let printed = transcript.split("\n$ ").filter_map(|part| part.split_once('\n'));
        texts.extend(
            printed.filter(|(command, _)| command.contains("yaml")).map(|(_, body)| format!("{body}\n")),
        );
        for text in texts {
            let Ok(value) = serde_saphyr::from_str::<Value>(&text) else { continue };
            if value.get("kind").is_some() {
                assert_eq!(observations(&text), observations(&value.to_string()), "{text}");
                compared += 1;
            }
        }
    }
    assert!(compared > 0 || cases().is_empty());
}
