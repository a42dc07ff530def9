//! The report as Markdown, to paste into a ticket.

use super::{Incident, Report, shell, time, unlock};
use crate::clean::clean;

/// The report.
pub fn render(report: &Report) -> String {
    let mut out = format!("# Diagnosis of {}\n\n", escape(&report.source));
    if report.incidents.is_empty() {
        let looked: Vec<String> =
            report.coverage.iter().map(|c| format!("{} {}", c.count, c.source)).collect();
        out.push_str(&format!("No incident. Looked at: {}.\n", looked.join(", ")));
    }
    for incident in &report.incidents {
        tell(incident, report, &mut out);
    }
    if !report.gaps.is_empty() {
        out.push_str("\n## Not seen\n\n");
        for line in unlock::gaps(&report.gaps) {
            out.push_str(&format!("- {}\n", escape(&line)));
        }
    }
    out
}

fn tell(incident: &Incident, report: &Report, out: &mut String) {
    let captured = report.captured.as_ref();
    out.push_str(&format!("\n## {}: {}\n\n", incident.severity.as_str(), escape(&incident.title)));
    let since = incident
        .since
        .as_ref()
        .map_or_else(String::new, |at| format!(", since {}", time::column(at, captured)));
    out.push_str(&format!("{}{since}\n\n", incident.course.as_str()));
    out.push_str(&format!(
        "**Root cause** (`{}`, {}): {}\n\n",
        incident.root.code.as_str(),
        incident.root.certainty.as_str(),
        escape(&incident.root.summary)
    ));
    out.push_str("| # | time | step | shown by |\n|---|---|---|---|\n");
    for step in &incident.because {
        let at = step.at.as_ref().map_or_else(String::new, |at| time::column(at, captured));
        let proof = step.evidence.first().map_or_else(String::new, |p| escape(&p.text));
        out.push_str(&format!("| {} | {at} | {} | {proof} |\n", step.id, escape(&step.summary)));
    }
    for (title, items) in [
        (
            "Ruled out",
            incident.ruled_out.iter().map(|r| format!("{}: {}", r.what, r.because)).collect::<Vec<_>>(),
        ),
        ("Not seen", incident.not_seen.iter().map(|n| n.what.clone()).collect()),
        ("Remarks", incident.remarks.clone()),
    ] {
        if !items.is_empty() {
            out.push_str(&format!("\n**{title}**\n\n"));
            for item in items {
                out.push_str(&format!("- {}\n", escape(&item)));
            }
        }
    }
    if !incident.remedies.is_empty() {
        out.push_str("\n**Do**\n\n");
    }
    for (number, remedy) in incident.remedies.iter().enumerate() {
        out.push_str(&format!("{}. {} ({})\n", number + 1, escape(&remedy.summary), remedy.honesty.as_str()));
        if let Some(words) = shell::command(remedy, report.context.as_deref()) {
            out.push_str(&format!("\n   ```sh\n   {}\n   ```\n", shell::lines(&words, 10_000).join("\n")));
        }
    }
}

/// Text from outside as text: nothing in it marks up, links or ends a cell.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_marks_nothing_up() {
        assert_eq!(escape("a|b <script> [x](y) `z`\u{1b}[31m"), "a\\|b &lt;script&gt; \\[x\\](y) \\`z\\`");
    }
}
