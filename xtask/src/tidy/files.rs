//! Rules over single files: headers, sizes, depth, words, the licence.

use super::{Fault, File};
use crate::place;

/// The longest that a source file may be, in lines.
const LONGEST: usize = 700;
/// The longest that a detector may be: a reader holds it in mind at once.
const LONGEST_DETECTOR: usize = 150;
/// The longest that a detector's page may be.
const LONGEST_PAGE: usize = 700;
/// The names that may stand below a crate's `src`: `x/y.rs`, and one more for families of parsers.
const DEEPEST: usize = 3;

/// Source files that may be longer, and why.
const LONGER: &[(&str, &str)] = &[];

/// Every source file says at its top what it is.
pub(super) fn headers(files: &[File], faults: &mut Vec<Fault>) {
    for file in files.iter().filter(|file| file.is_rust()) {
        let first = file.lines().next().map_or("", |(_, line)| line);
        if first.strip_prefix("//! ").is_none_or(|sentence| sentence.trim().is_empty()) {
            let why =
                "begin with a `//!` sentence that says what the file is, so that a reader can stop there";
            faults.push(Fault::at(&file.path, 1, "header", why));
        }
    }
}

/// Files stay short enough to be read.
pub(super) fn sizes(files: &[File], faults: &mut Vec<Fault>) {
    for file in files {
        let detector = file.path.starts_with("crates/engine/src/detectors/");
        let most = match file.path.rsplit('.').next() {
            Some("rs") if detector => LONGEST_DETECTOR,
            Some("rs") if !LONGER.iter().any(|(path, _)| *path == file.path) => LONGEST,
            Some("md") if detector => LONGEST_PAGE,
            _ => continue,
        };
        let lines = file.lines().count();
        if lines > most {
            let why =
                format!("{lines} lines, at most {most}: split it by topic, so that each part fits a head");
            faults.push(Fault::at(&file.path, most + 1, "size", why));
        }
    }
}

/// Folders stay flat.
pub(super) fn depth(files: &[File], faults: &mut Vec<Fault>) {
    for file in files.iter().filter(|file| file.is_rust()) {
        let Some((_, below)) = file.path.split_once("/src/") else { continue };
        let names = below.split('/').count();
        if names > DEEPEST + usize::from(below.starts_with("scan/")) {
            let why = format!("{names} names below src: nest less, a path is read more often than written");
            faults.push(Fault::at(&file.path, 1, "depth", why));
        }
        if below.ends_with("mod.rs") {
            let why = "name the file after its module and put its parts in a folder of that name";
            faults.push(Fault::at(&file.path, 1, "depth", why));
        }
    }
}

/// Words that do not belong into the project, in halves so that this list does not find itself.
const WORDS: &[(&str, &str, &str)] = &[
    ("todo", "!(", "finish it, or leave it out"),
    ("unimplemented", "!(", "finish it, or leave it out"),
    ("#[ign", "ore", "a test that does not run proves nothing"),
    ("should_", "panic", "test the error that is returned; nothing here panics on input"),
    ("/wo", "rk/", "a path of one machine"),
    ("/fa", "rm/", "a path of one machine"),
    ("/tmp/c", "ases", "a path of one machine"),
    ("FIX", "ME", "fix it, or say in a sentence why it is so"),
    ("XX", "X:", "fix it, or say in a sentence why it is so"),
];

/// Nothing unfinished, and nothing of the place where it was written.
pub(super) fn words(files: &[File], faults: &mut Vec<Fault>) {
    // Real logs and objects hold paths of the machines that they came from.
    let places = ["cases/", "fuzz/seeds/", "fuzz/crashers/"];
    let captured =
        |file: &&File| !places.iter().any(|p| file.path.starts_with(p)) && !file.path.contains("/demo/");
    let words: Vec<(String, &str)> = WORDS.iter().map(|(a, b, why)| (format!("{a}{b}"), *why)).collect();
    for file in files.iter().filter(captured) {
        for (number, line) in file.lines() {
            for (word, why) in &words {
                if begins(line, word) {
                    faults.push(Fault::at(&file.path, number, "words", format!("`{word}`: {why}")));
                }
            }
        }
    }
    strangers(files, faults);
}

/// Whether a word stands in a line where no letter, digit or path goes before it.
fn begins(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric() && !"_-./>}*".contains(c))
    })
}

/// Names in the labelled cases that are common words, or ours as well.
const COMMON: &[&str] = &["frontend", "boutique", "worker-01"];

/// Names of the labelled cases stand nowhere but in their own report: a rule that knows a name knows too much.
fn strangers(files: &[File], faults: &mut Vec<Fault>) {
    let Some(labels) = place::shared().and_then(|s| std::fs::read_to_string(s.join("cases/labels.tsv")).ok())
    else {
        return;
    };
    let mut names: Vec<&str> = Vec::new();
    for row in labels.lines().skip(1) {
        let mut cells = row.split('\t');
        names.extend(cells.next());
        names.extend(cells.nth(3).and_then(|object| object.split('/').nth(1)));
    }
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !COMMON.contains(name));
    for file in files.iter().filter(|file| file.path != "docs/accuracy.md") {
        for (number, line) in file.lines() {
            for name in names.iter().filter(|name| line.contains(*name)) {
                let why = format!(
                    "`{name}` is a name of the labelled cases: a rule follows from how Kubernetes works"
                );
                faults.push(Fault::at(&file.path, number, "names", why));
            }
        }
    }
}

/// The licence is there in full.
pub(super) fn licence(files: &[File], faults: &mut Vec<Fault>) {
    let text = files.iter().find(|file| file.path == "LICENSE").and_then(|file| file.text.as_deref());
    if !text.is_some_and(|text| text.contains("Apache License") && text.contains("9. Accepting Warranty")) {
        faults.push(Fault::at(
            "LICENSE",
            1,
            "licence",
            "the full text of the Apache License 2.0 has to be there",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    fn at(path: &str, line: usize) -> Vec<(String, usize)> {
        vec![(path.to_owned(), line)]
    }

    #[test]
    fn a_file_without_a_sentence_is_found() {
        assert_eq!(
            found(headers, &[("a.rs", "use x;\n"), ("b.rs", "//! B.\n"), ("c.md", "x")]),
            at("a.rs", 1)
        );
        assert_eq!(found(headers, &[("a.rs", "//! \n")]), at("a.rs", 1));
    }

    #[test]
    fn a_long_file_is_found() {
        let long = "x\n".repeat(LONGEST_DETECTOR + 1);
        let (detector, other) = ("crates/engine/src/detectors/a.rs", "crates/engine/src/a.rs");
        assert_eq!(found(sizes, &[(detector, &long), (other, &long)]), at(detector, LONGEST_DETECTOR + 1));
        assert_eq!(found(sizes, &[(other, &"x\n".repeat(LONGEST + 1))]), at(other, LONGEST + 1));
    }

    #[test]
    fn a_deep_file_is_found() {
        let deep = "crates/engine/src/a/b/c/d.rs";
        assert_eq!(found(depth, &[(deep, ""), ("crates/engine/src/a/b/c.rs", "")]), at(deep, 1));
        assert_eq!(found(depth, &[("crates/a/src/b/mod.rs", "")]), at("crates/a/src/b/mod.rs", 1));
    }

    #[test]
    fn a_word_is_found_where_it_begins() {
        let word = concat!("/wo", "rk/");
        assert_eq!(found(words, &[("a.md", &format!("x\nsee {word}a\n"))]), at("a.md", 2));
        assert_eq!(found(words, &[("a.md", &format!("/var/lib{word}a\n"))]), []);
    }

    #[test]
    fn a_missing_licence_is_found() {
        assert_eq!(found(licence, &[("LICENSE", "MIT")]), at("LICENSE", 1));
    }
}
