//! Rules over detectors: files, list, codes and pages belong together.

use super::{Fault, File};
use crate::pages::{FOLDER, HEADINGS, Page};
use engine::detectors::DETECTORS;
use engine::finding::Code;

/// Codes that no detector gives any more, and why; their pages stay.
const RETIRED: &[(Code, &str)] = &[];

const LIST: &str = "crates/engine/src/detectors.rs";

/// Every file of the folder is in the list, and every entry of the list has its files.
pub(super) fn files(files: &[File], faults: &mut Vec<Fault>) {
    let list =
        files.iter().find(|file| file.path == LIST).and_then(|file| file.text.as_deref()).unwrap_or_default();
    for file in files {
        let Some(name) = file.path.strip_prefix(FOLDER).and_then(|path| path.strip_prefix('/')) else {
            continue;
        };
        let Some((name, ending)) = name.split_once('.') else { continue };
        let listed = list.contains(&format!("detector!({name}:"));
        let detects = file.text.as_deref().is_some_and(|text| text.contains("fn detect("));
        if ending == "rs" && !list.contains(&format!("\nmod {name};")) {
            let why = format!("no `mod {name};` in detectors.rs: it is not even compiled");
            faults.push(Fault::at(&file.path, 1, "list", why));
        }
        if ending == "rs" && detects && !listed {
            faults.push(Fault::at(&file.path, 1, "list", "a detector that is not in the list never runs"));
        }
        if ending == "md" && !listed {
            faults.push(Fault::at(
                &file.path,
                1,
                "list",
                "a page without a detector in the list is never tested",
            ));
        }
    }
}

/// Every code is given by a detector and documented on one page.
pub(super) fn codes(files: &[File], faults: &mut Vec<Fault>) {
    let sources: Vec<&str> = files
        .iter()
        .filter(|file| file.is_rust() && file.path.starts_with(FOLDER))
        .filter_map(|file| file.text.as_deref())
        .collect();
    let definitions = files.iter().find(|file| file.path == "crates/engine/src/codes.rs");
    for code in Code::ALL {
        let variant = format!("{code:?}");
        let line = definitions
            .and_then(|file| file.lines().find(|(_, l)| l.trim_start().starts_with(&format!("{variant} "))));
        let line = line.map_or(1, |(number, _)| number);
        let mut wrong =
            |why: String| faults.push(Fault::at("crates/engine/src/codes.rs", line, "codes", why));
        let pages: Vec<&str> = DETECTORS.iter().filter(|d| d.codes.contains(code)).map(|d| d.name).collect();
        if pages.len() != 1 {
            wrong(format!(
                "{} is documented on {} pages {pages:?}, and has to be on one",
                code.as_str(),
                pages.len()
            ));
        }
        let given = sources.iter().any(|text| mentions(text, &variant));
        let retired = RETIRED.iter().any(|(c, _)| c == code);
        if !given && !retired {
            wrong(format!(
                "no detector gives {}: a code that cannot come is a promise not kept",
                code.as_str()
            ));
        }
        if given && retired {
            wrong(format!("{} is retired and given all the same", code.as_str()));
        }
    }
}

/// Whether a source names `Code::Variant`, and not only a longer name that begins so.
fn mentions(text: &str, variant: &str) -> bool {
    text.match_indices(&format!("Code::{variant}")).any(|(at, found)| {
        text.get(at + found.len()..).and_then(|rest| rest.chars().next()).is_none_or(|c| !c.is_alphanumeric())
    })
}

/// Pages read alike and name their codes.
pub(super) fn pages(files: &[File], faults: &mut Vec<Fault>) {
    for detector in DETECTORS {
        let path = format!("{FOLDER}/{}.md", detector.name);
        let Some(text) = files.iter().find(|file| file.path == path).and_then(|file| file.text.as_deref())
        else {
            faults.push(Fault::at(&path, 1, "pages", "a detector without its page"));
            continue;
        };
        let page = match Page::parse(text) {
            Ok(page) => page,
            Err((line, why)) => {
                faults.push(Fault::at(&path, line, "pages", why));
                continue;
            }
        };
        if page.headings != HEADINGS {
            let why = format!(
                "its headings are {:?} and have to be {HEADINGS:?}, so that pages read alike",
                page.headings
            );
            faults.push(Fault::at(&path, 1, "pages", why));
        }
        let introduction = text.split("\n## How we know").next().unwrap_or_default();
        for code in detector.codes {
            if !introduction.contains(&format!("`{}`", code.as_str())) {
                let why = format!(
                    "`{}` is not named before `## How we know`: a reader looks for it there",
                    code.as_str()
                );
                faults.push(Fault::at(&path, 1, "pages", why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_file_that_is_not_listed_is_found() {
        let list = "\nmod a;\nmod words;\ndetector!(a: X),\n";
        let of = |name: &str| format!("{FOLDER}/{name}");
        let tree = [
            (LIST.to_owned(), list),
            (of("a.rs"), "fn detect("),
            (of("a.md"), ""),
            (of("words.rs"), ""),
            (of("b.rs"), "fn detect("),
            (of("c.md"), ""),
        ];
        let tree: Vec<(&str, &str)> = tree.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert_eq!(found(files, &tree), [(of("b.rs"), 1), (of("b.rs"), 1), (of("c.md"), 1)]);
    }

    #[test]
    fn a_code_that_nobody_gives_is_found() {
        let source = |text: &str| found(codes, &[(&format!("{FOLDER}/a.rs"), text)]).len();
        assert_eq!(source("Code::OomKilled") + 1, source("Code::OomKilledTwice"));
    }

    #[test]
    fn a_page_that_is_missing_or_reads_otherwise_is_found() {
        assert_eq!(found(pages, &[]).len(), DETECTORS.len());
        let all: Vec<(String, &str)> =
            DETECTORS.iter().map(|d| (format!("{FOLDER}/{}.md", d.name), "# T\n\n## Cases\n")).collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert!(found(pages, &all).len() >= 2 * DETECTORS.len());
    }
}
