//! The report as Markdown (GitHub's, and what others share with it), to paste into a ticket.

use super::text::{coverage_rows, folded, gap_rows, reference, scope, unread};
use super::time::{Now, full};
use super::told::{
    change_text, distinct, facts_line, fold, loop_text, main_steps, proof_text, remedy_text, sentence,
    step_text,
};
use super::{Incident, Report, Root, shell, unlock};
use crate::Text;
use crate::clean::clean;
use crate::finding::Proof;

/// The report.
pub fn render(report: &Report) -> String {
    let now = Now(reference(report));
    let mut out = format!("# Diagnosis of {}\n\n", escape(&report.source));
    let mut facts: Vec<String> = Vec::new();
    facts.extend(report.version.as_ref().map(|version| format!("Kubernetes {}", escape(version))));
    facts.push(escape(&scope(&report.scope)));
    facts.extend(Now::of(report.captured.as_ref()).0.map(|at| format!("captured {}", full(at))));
    facts.extend(now.0.map(|_| "times are UTC".to_owned()));
    paragraph(&mut out, &facts.join(" · "));
    if report.incidents.is_empty() {
        paragraph(&mut out, "## No incident");
        let rows = coverage_rows(report, now);
        items(&mut out, rows.iter().map(|(name, text)| format!("{}: {}", escape(name), escape(text))));
    }
    for incident in &report.incidents {
        tell(&mut out, incident, report, now);
    }
    if report.folded > 0 {
        paragraph(&mut out, &escape(&folded(report)));
    }
    if !report.gaps.is_empty() {
        paragraph(&mut out, "## Gaps");
        table(&mut out, "| asked for | why it is missing |", gap_rows(&report.gaps, false).into_iter());
    }
    let remarks = report.remarks.iter().cloned().chain(unread(report, true));
    for remark in remarks {
        paragraph(&mut out, &escape(&remark));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn tell(out: &mut String, incident: &Incident, report: &Report, now: Now) {
    let context = report.context.as_ref();
    let severity = incident.severity.as_str().to_uppercase();
    paragraph(out, &format!("## {severity}: {}", escape(&incident.title)));
    paragraph(out, &escape(&facts_line(incident, now)));
    root(out, "Root cause", &incident.root);
    for contributing in &incident.contributing {
        root(out, "Together with", contributing);
    }
    if !incident.changes.is_empty() {
        paragraph(out, "### Changed before");
        let told = incident.changes.iter().map(|change| {
            let at = change.at.as_ref().map_or_else(String::new, |at| format!("{}: ", now.stamp(at)));
            escape(&format!("{at}{}", change_text(change)))
        });
        items(out, told);
    }
    because(out, incident, now);
    for told in &incident.loops {
        let text = format!("**Loop**: {} Break it at {}", loop_text(told), sentence(&told.break_at));
        paragraph(out, &escape(&text));
    }
    if !incident.ruled_out.is_empty() {
        paragraph(out, "### Ruled out");
        let rows = incident.ruled_out.iter().map(|r| (r.what.clone(), r.because.clone()));
        table(out, "| rival | refuted by |", rows);
    }
    not_seen(out, incident, context);
    actions(out, incident, context);
    if let Some(check) = &incident.check {
        paragraph(out, "### Check");
        paragraph(out, &escape(&check.text));
        if let Some(words) = shell::coroner(&check.command, context) {
            fenced(out, "", &shell::line(&words));
        }
    }
    if !incident.remarks.is_empty() {
        paragraph(out, "### Notes");
        items(out, incident.remarks.iter().map(|remark| escape(remark)));
    }
}

fn root(out: &mut String, name: &str, root: &Root) {
    let (code, certainty) = (root.code.as_str(), root.certainty.as_str());
    paragraph(out, &format!("**{name}** (`{code}`, {certainty}): {}", escape(&root.summary)));
}

fn because(out: &mut String, incident: &Incident, now: Now) {
    if incident.because.is_empty() {
        return;
    }
    paragraph(out, "### Because");
    out.push_str("| time | what | how sure | shown by |\n|---|---|---|---|\n");
    for (step, like) in fold(&main_steps(incident), false) {
        let at = step.at.as_ref().map_or_else(String::new, |at| now.stamp(at));
        let proofs: Vec<String> =
            distinct(&step.evidence, false).iter().take(3).map(|(proof, like)| shown(proof, *like)).collect();
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            escape(&at),
            escape(&step_text(step, &like)),
            step.certainty.as_str(),
            proofs.join("<br>")
        ));
    }
    out.push('\n');
}

fn shown(proof: &Proof, like: usize) -> String {
    let (text, end) = proof_text(proof, like);
    format!("{}{}", code(&text), escape(&end))
}

fn not_seen(out: &mut String, incident: &Incident, context: Option<&Text>) {
    if incident.not_seen.is_empty() {
        return;
    }
    paragraph(out, "### Not seen");
    for item in &incident.not_seen {
        out.push_str(&format!("- {}\n", item_start(&escape(&item.what))));
        if let Some(read) = &item.read {
            let unlock = unlock::unlock(read, context);
            match unlock.command.is_empty() {
                true => out.push_str(&format!("  ({})\n", escape(&unlock.advice))),
                false => {
                    let node = unlock.on.as_ref().map(|node| format!("\n  On {}:\n", escape(node)));
                    out.push_str(&node.unwrap_or_default());
                    fenced(out, "  ", &shell::line(&unlock.command));
                }
            }
        }
    }
    part(out);
}

fn actions(out: &mut String, incident: &Incident, context: Option<&Text>) {
    if incident.remedies.is_empty() {
        return;
    }
    paragraph(out, "### Do");
    for (index, remedy) in incident.remedies.iter().enumerate() {
        let summary = item_start(&escape(&remedy_text(remedy)));
        out.push_str(&format!("{}. {summary} *({})*\n", index + 1, remedy.honesty.as_str()));
        match (shell::remedy(remedy, context), &remedy.command) {
            (Some(words), _) => fenced(out, "   ", &shell::line(&words)),
            (None, Some(_)) => out.push_str(&format!("   ({})\n", shell::REFUSED)),
            (None, None) => {}
        }
    }
    part(out);
}

fn paragraph(out: &mut String, text: &str) {
    part(out);
    out.push_str(text);
    part(out);
}

/// One empty line, unless there is one.
fn part(out: &mut String) {
    while !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
}

fn items(out: &mut String, texts: impl Iterator<Item = String>) {
    for text in texts {
        out.push_str(&format!("- {}\n", item_start(&text)));
    }
    out.push('\n');
}

fn table(out: &mut String, head: &str, rows: impl Iterator<Item = (String, String)>) {
    out.push_str(&format!("{head}\n|---|---|\n"));
    for (left, right) in rows {
        out.push_str(&format!("| {} | {} |\n", escape(&left), escape(&right)));
    }
    out.push('\n');
}

/// A command in a fence; it holds no backquote, for [`shell`] lets none pass.
fn fenced(out: &mut String, indent: &str, line: &str) {
    part(out);
    out.push_str(&format!("{indent}```sh\n{indent}{line}\n{indent}```"));
    part(out);
}

/// Text that marks nothing up, ends no cell and calls nobody: an `@name` is cut by an empty comment.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut last = ' ';
    for c in clean(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' if !last.is_alphanumeric() => out.push_str("@<!-- -->"),
            c => out.push(c),
        }
        last = c;
    }
    out
}

/// Escaped text at the start of an item, where a dash or a number would begin another list.
fn item_start(text: &str) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    match rest.chars().next() {
        Some('-' | '+' | '=') if digits == 0 => format!("\\{text}"),
        Some('.' | ')') if digits > 0 => format!("{number}\\{rest}"),
        _ => text.to_owned(),
    }
}

/// Text from the evidence as it stands, in a cell: a code span whose fence is longer than any in it.
fn code(text: &str) -> String {
    let text = clean(text);
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A backslash before a bar would be taken for its escape.
    let cell = text.replace('|', "\\|");
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {cell} {fence}")
    } else {
        format!("{fence}{cell}{fence}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_marks_nothing_up() {
        assert_eq!(
            escape("a|b <script> [x](y) `z`\u{1b}[31m *c* @team a@b"),
            "a\\|b &lt;script&gt; \\[x\\](y) \\`z\\` \\*c\\* @<!-- -->team a@b"
        );
        assert_eq!(escape("a\n# b"), "a \\# b");
    }

    #[test]
    fn an_item_begins_no_other_list() {
        assert_eq!([item_start("- a"), item_start("12. a"), item_start("2 a")], ["\\- a", "12\\. a", "2 a"]);
    }

    #[test]
    fn a_code_span_ends_where_it_should() {
        assert_eq!(code("a `b` | c"), "``a `b` \\| c``");
        assert_eq!(code("``x"), "``` ``x ```");
        assert_eq!(code("plain @team"), "`plain @team`");
        assert_eq!(code(" \n"), "");
    }
}
