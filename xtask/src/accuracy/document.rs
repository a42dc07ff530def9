//! `docs/accuracy.md`: the figures, and every miss by name.

use super::score::{Row, Scored, Share};
use std::fmt::Write;

/// How the row begins that states the share of right verdicts.
const ALL: &str = "| JRA | ";

/// The document.
pub fn of(scored: &Scored) -> String {
    let mut text = String::from(
        "# Accuracy on the labelled cases\n\n\
         Written by `cargo xtask accuracy`: the release binary reads each case from a folder, and the cases' own script\n\
         compares its incidents with the labels. A verdict is right when both the cause and the object at fault are.\n\
         Several cases share one fault and one object, so the mean over causes stands beside the share of cases.\n\n\
         | figure | value | meaning |\n| --- | --- | --- |\n",
    );
    for (name, value) in &scored.figures {
        let meaning = match name.as_str() {
            "JRA" => "cause and object of the first incident are right",
            "top3" => "... of one of the first three",
            "CA" => "the object of the first is right",
            "FA" => "the cause of the first is right",
            _ => "JRA, each cause counted once",
        };
        let _ = writeln!(text, "| {name} | {value} | {meaning} |");
    }
    let _ = writeln!(
        text,
        "| gated rows | {} | JRA of admission, scheduling, startup, infrastructure, and runtime's probe and memory causes |",
        scored.gated()
    );
    table(&mut text, "category", &scored.categories);
    table(&mut text, "cause", &scored.causes);
    let _ = write!(text, "\n## Misses: {}\n", scored.misses.len());
    let mut heading = String::new();
    for miss in &scored.misses {
        let own = format!("{} / {}", miss.category, miss.cause);
        if own != heading {
            let _ = write!(text, "\n### {own}\n\n");
            heading = own;
        }
        let _ = writeln!(text, "- `{}` {}: answered {}", miss.id, miss.object, miss.answer);
    }
    text
}

fn table(text: &mut String, of: &str, rows: &[Row]) {
    let _ = write!(
        text,
        "\n## By {of}\n\n| {of} | cases | JRA | top3 | CA | FA |\n| --- | --: | --: | --: | --: | --: |\n"
    );
    for row in rows {
        let [jra, top3, ca, fa] = row.shares.map(|s| format!("{:.2}", s.right as f64 / s.of.max(1) as f64));
        let _ = writeln!(text, "| {} | {} | {jra} | {top3} | {ca} | {fa} |", row.name, row.shares[0].of);
    }
}

/// The share of right verdicts that a document states.
pub fn right(document: &str) -> Option<Share> {
    let line = document.lines().find_map(|line| line.strip_prefix(ALL))?;
    let (right, of) = line.split_once('(')?.1.split_once(')')?.0.split_once('/')?;
    Some(Share { right: right.parse().ok()?, of: of.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let figures = [("JRA".to_owned(), "0.667 (2/3)".to_owned())];
        let scored = Scored { figures: figures.into(), ..Scored::default() };
        assert_eq!(right(&of(&scored)), Some(Share { right: 2, of: 3 }));
        assert_eq!(right("nothing"), None);
    }
}
