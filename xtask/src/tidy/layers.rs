//! Rules over directions: stages inside the engine, crates among each other, and what the pure crates may not touch.

use super::{Fault, File};

/// The stages of the engine, left to right. A stage imports only from stages to its left. `report` holds the shapes and
/// renderers of what is told, which incidents fill; telling itself comes after them.
const STAGES: &[&str] = &[
    "moment",
    "hands",
    "by_hash",
    "clean",
    "codes",
    "subject",
    "scan",
    "evidence",
    "finding",
    "facts",
    "detectors",
    "report",
    "incidents",
    "report/tell",
    "plan",
    "explain",
];

/// The workspace's crates and those that they may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("intake", &["engine"]),
    ("bundle", &["engine", "intake"]),
    ("cluster", &["engine", "intake"]),
    ("recorder", &["engine", "intake"]),
    ("archive", &["engine", "intake"]),
    ("replay", &["engine", "intake"]),
    ("ephemeral", &["engine", "intake"]),
    ("cli", ANY),
    ("xtask", ANY),
    ("fuzz", ANY),
];
const ANY: &[&str] =
    &["engine", "intake", "bundle", "cluster", "recorder", "archive", "replay", "ephemeral", "cli"];

/// What the engine may use from outside the workspace.
const ENGINE_USES: &[&str] = &["aho-corasick", "memchr", "serde", "serde_json", "strsim", "unicode-width"];

/// What pure crates may not touch, and which of the two may not.
const IMPURE: &[(&str, &[&str], &str)] = &[
    ("std::fs", PURE, "reads a disk"),
    ("TcpStream", PURE, "reads a network"),
    ("UdpSocket", PURE, "reads a network"),
    ("ToSocketAddrs", PURE, "asks a name server"),
    ("std::env", PURE, "reads the environment"),
    ("std::process", PURE, "starts programs"),
    ("SystemTime", PURE, "reads a clock"),
    ("Instant::now", PURE, "reads a clock"),
    ("std::time", ENGINE, "reads a clock"),
    ("std::thread", ENGINE, "starts threads"),
    ("std::io", ENGINE, "reads or writes"),
    ("async fn", PURE, "waits"),
    ("HashMap", ENGINE, "has an order of chance; take a BTreeMap"),
    ("HashSet", ENGINE, "has an order of chance; take a BTreeSet"),
];
const PURE: &[&str] = &["engine", "intake"];
const ENGINE: &[&str] = &["engine"];

/// Stages import to the left only.
pub(super) fn stages(files: &[File], faults: &mut Vec<Fault>) {
    let place = |stage: &str| STAGES.iter().position(|s| *s == stage);
    for file in files {
        let Some(module) = file.path.strip_prefix("crates/engine/src/").and_then(|p| p.strip_suffix(".rs"))
        else {
            continue;
        };
        if module == "lib" {
            continue;
        }
        let top = module.split('/').next().unwrap_or_default();
        let stage = if STAGES.contains(&module) { module } else { top };
        let Some(here) = place(stage) else {
            faults.push(Fault::at(
                &file.path,
                1,
                "stages",
                "a module without a place in the order of the stages",
            ));
            continue;
        };
        for (number, line) in file.lines() {
            for name in imports(line) {
                let to_the_right = place(name).is_some_and(|there| there > here);
                if to_the_right && name != top {
                    let why = format!(
                        "{stage} comes before {name}: what is seen may not depend on what is made of it"
                    );
                    faults.push(Fault::at(&file.path, number, "stages", why));
                }
            }
        }
    }
}

/// The modules after `crate::` in a line.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::").map(move |(at, found)| {
        let rest = code.get(at + found.len()..).unwrap_or_default();
        rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or_default()
    })
}

/// Crates depend in one direction; a new crate needs its place.
pub(super) fn crates(files: &[File], faults: &mut Vec<Fault>) {
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml") && file.path != "Cargo.toml") {
        let name = file.path.trim_start_matches("crates/").split('/').next().unwrap_or_default();
        let Some((_, allowed)) = CRATES.iter().find(|(n, _)| *n == name) else {
            faults.push(Fault::at(
                &file.path,
                1,
                "crates",
                "a crate without a place: a new crate needs a new permission",
            ));
            continue;
        };
        let mut section = "";
        for (number, line) in file.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !section.ends_with("dependencies]") || used.is_empty() || line.starts_with(['#', '[']) {
                continue;
            }
            let own = ANY.contains(&used);
            if own && !allowed.contains(&used) {
                let why = format!("{name} may not depend on {used}: edges meet in cli alone");
                faults.push(Fault::at(&file.path, number, "crates", why));
            }
            if name == "engine" && section == "[dependencies]" && !own && !ENGINE_USES.contains(&used) {
                let why =
                    format!("{used} is not in the engine's list: it stays small, pure and quick to build");
                faults.push(Fault::at(&file.path, number, "crates", why));
            }
        }
    }
}

/// The pure crates look at nothing but their arguments.
pub(super) fn purity(files: &[File], faults: &mut Vec<Fault>) {
    for file in files.iter().filter(|file| file.is_rust()) {
        let Some((name, _)) = file.path.strip_prefix("crates/").and_then(|p| p.split_once("/src/")) else {
            continue;
        };
        for (number, line) in file.lines() {
            let code = line.split("//").next().unwrap_or_default();
            for (word, crates, does) in IMPURE {
                if crates.contains(&name) && code.contains(word) {
                    faults.push(Fault::at(
                        &file.path,
                        number,
                        "purity",
                        format!("`{word}` {does}; {name} may not"),
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn an_import_to_the_right_is_found() {
        let path = "crates/engine/src/evidence/pod.rs";
        let text = "use crate::scan::log;\nuse crate::facts::Facts; // crate::report\n// crate::report\n";
        assert_eq!(found(stages, &[(path, text)]), [(path.to_owned(), 2)]);
        assert_eq!(found(stages, &[("crates/engine/src/report/tell.rs", "use crate::incidents;")]), []);
        assert_eq!(found(stages, &[("crates/engine/src/report/text.rs", "use crate::incidents;")]).len(), 1);
        assert_eq!(found(stages, &[("crates/engine/src/odd.rs", "")]).len(), 1);
    }

    #[test]
    fn a_dependency_between_edges_is_found() {
        let bundle =
            "[package]\nname = \"x\"\n[dependencies]\nengine.workspace = true\ncluster.workspace = true\n";
        assert_eq!(
            found(crates, &[("crates/bundle/Cargo.toml", bundle)]),
            [("crates/bundle/Cargo.toml".to_owned(), 5)]
        );
        let engine = "[dependencies]\nserde.workspace = true\nregex = \"1\"\n";
        assert_eq!(found(crates, &[("crates/engine/Cargo.toml", engine)]).len(), 1);
        assert_eq!(found(crates, &[("crates/new/Cargo.toml", "")]).len(), 1);
    }

    #[test]
    fn a_look_at_the_world_is_found() {
        let (engine, intake) = ("crates/engine/src/a.rs", "crates/intake/src/a.rs");
        let text = "// std::fs is not for us\nuse std::thread;\nuse std::fs;\n";
        let all = found(purity, &[(engine, text), (intake, text), ("crates/cli/src/a.rs", text)]);
        assert_eq!(all, [(engine.to_owned(), 2), (engine.to_owned(), 3), (intake.to_owned(), 3)]);
    }
}
