//! `cargo xtask new-detector NAME`: the two files and the two lines of a detector, ready to be filled in.

use crate::pages::FOLDER;
use crate::run::Options;
use crate::{Failure, Outcome, place};

const LIST: &str = "crates/engine/src/detectors.rs";

pub fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args, &[], &[])?;
    let [name] = options.rest.as_slice() else {
        return Err("one NAME is needed, as in `cargo xtask new-detector clock_skewed`".into());
    };
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
    {
        return Err(format!("{name} is not snake_case").into());
    }
    let (source, page) = (format!("{FOLDER}/{name}.rs"), format!("{FOLDER}/{name}.md"));
    if place::at(&source).exists() || place::at(&page).exists() {
        return Err(format!("{name} is there already").into());
    }
    let list = with_lines(&std::fs::read_to_string(place::at(LIST))?, name)?;
    std::fs::write(place::at(&source), source_of(name))?;
    std::fs::write(place::at(&page), page_of(name))?;
    std::fs::write(place::at(LIST), list)?;
    println!(
        "written: {source}, {page}, and two lines in {LIST}\n\nnext:\n\
         1. add the code {variant} to crates/engine/src/codes.rs, under its topic, with a title\n\
         2. write down in {page} what it means, and a case that fires and a near miss\n\
         3. write the function; read only facts, and name what shows each sentence\n\
         4. cargo xtask pages --accept {name}, and review the difference\n\
         5. where another finding causes it, or it causes one, add a row to crates/engine/src/incidents/causes.rs\n\
         6. cargo xtask docs, cargo xtask test",
        variant = variant(name)
    );
    Ok(())
}

/// `clock_skewed` as `ClockSkewed`.
fn variant(name: &str) -> String {
    let mut variant = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        variant.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        variant.push_str(letters.as_str());
    }
    variant
}

fn source_of(name: &str) -> String {
    format!(
        "//! See `{name}.md` for what this means and the cases it must pass.\n\n\
         use crate::facts::Facts;\nuse crate::finding::{{Code, Finding}};\n\n\
         pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {{\n    \
         for pod in facts.pods() {{\n        \
         // Replace this with what distinguishes the problem, and show what proves it.\n        \
         let wrong = pod.object.subject.name.is_empty();\n        \
         if wrong {{\n            \
         found.push(Finding::new(Code::{}, pod.object.subject.clone(), \"What is wrong, with its numbers.\"));\n        \
         }}\n    }}\n}}\n",
        variant(name)
    )
}

fn page_of(name: &str) -> String {
    format!(
        "# A sentence that says what is wrong (`{}`)\n\n## What it means\n\n## How we know\n\n## What it is not\n\n\
         ## What to do\n\n## Cases\n\n### The case that shows it\n\n\
         ```yaml evidence\napiVersion: v1\nkind: Pod\nmetadata: {{name: cart-0, namespace: shop}}\n```\n\n```text findings\n```\n\n\
         ### One that looks like it and is not\n\n\
         ```yaml evidence\napiVersion: v1\nkind: Pod\nmetadata: {{name: cart-0, namespace: shop}}\n```\n\n```text findings\n```\n",
        name.replace('_', "-")
    )
}

/// The list with the detector's two lines, each in its alphabetical place.
fn with_lines(list: &str, name: &str) -> Result<String, Failure> {
    let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
    for (line, prefix) in [
        (format!("mod {name};"), "mod "),
        (format!("    detector!({name}: {}),", variant(name)), "    detector!("),
    ] {
        let same: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].starts_with(prefix)).collect();
        let after = same.iter().copied().find(|&i| lines[i] > line);
        let at =
            after.or(same.last().map(|i| i + 1)).ok_or_else(|| format!("{LIST} has no line `{prefix}…`"))?;
        lines.insert(at, line);
    }
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{HEADINGS, Page};

    #[test]
    fn the_lines_find_their_places() {
        let list = "mod a;\nmod c;\n\nx = [\n    detector!(a: A),\n    detector!(c: C),\n];\n";
        let new = with_lines(list, "b_d").unwrap();
        assert_eq!(
            new,
            "mod a;\nmod b_d;\nmod c;\n\nx = [\n    detector!(a: A),\n    detector!(b_d: BD),\n    detector!(c: C),\n];\n"
        );
        assert!(with_lines(list, "z").unwrap().contains("mod c;\nmod z;\n"));
        assert!(with_lines("", "z").is_err());
    }

    #[test]
    fn the_page_has_its_form() {
        let page = Page::parse(&page_of("clock_skewed")).unwrap();
        assert_eq!(page.headings, HEADINGS);
        assert_eq!(page.cases.len(), 2);
    }
}
