//! The report for a terminal.

use super::{Incident, Report, Step, shell, time};
use crate::clean::{clean, clip};
use crate::finding::{Certainty, Course, Severity};
use crate::moment::Moment;
use crate::subject::Subject;
use unicode_width::UnicodeWidthStr;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to colour (ANSI, 16 colours).
    pub colour: bool,
    /// Whether to print every proof.
    pub verbose: bool,
}

/// Prints a report.
pub fn render(report: &Report, style: &Style) -> String {
    let mut page = Page { out: String::new(), style: Style { width: style.width.clamp(40, 160), ..*style } };
    head(&mut page, report);
    for (index, incident) in report.incidents.iter().enumerate() {
        page.blank();
        if index > 0 {
            page.line(&page.dim(&"─".repeat(page.style.width)));
            page.blank();
        }
        tell(&mut page, incident, report);
    }
    if report.incidents.is_empty() {
        nothing(&mut page, report);
    }
    foot(&mut page, report);
    page.out
}

struct Page {
    out: String,
    style: Style,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.style.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    fn head(&self, text: &str) -> String {
        self.paint("1;36", text)
    }

    /// Text wrapped at the width, each line behind its indent; the first behind its own lead, already painted.
    fn wrapped(&mut self, lead: &str, lead_width: usize, text: &str, paint: Option<&str>) {
        let room = self.style.width.saturating_sub(lead_width).max(20);
        for (index, line) in wrap(text, room).iter().enumerate() {
            let line = match paint {
                Some(code) => self.paint(code, line),
                None => line.clone(),
            };
            let lead = if index == 0 { lead.to_owned() } else { " ".repeat(lead_width) };
            self.line(&format!("{lead}{line}"));
        }
    }

    /// Left and right on one line; the right side on its own line where both do not fit.
    fn spread(&mut self, left: &str, left_width: usize, right: &str, right_painted: &str) {
        let used = left_width + right.width();
        if used + 2 <= self.style.width {
            let gap = " ".repeat(self.style.width - used);
            self.line(&format!("{left}{gap}{right_painted}"));
        } else {
            self.line(left);
            let gap = " ".repeat(self.style.width.saturating_sub(right.width()));
            self.line(&format!("{gap}{right_painted}"));
        }
    }
}

/// Breaks text at blanks so that no line is wider than `room`, unless one word alone is.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

fn head(page: &mut Page, report: &Report) {
    let mut parts = vec![clean(&report.source).into_owned()];
    if let Some(version) = &report.version {
        parts.push(format!("Kubernetes {}", clean(version)));
    }
    let scope = scope(report);
    parts.push(scope);
    parts.push("times are UTC".to_owned());
    let text = parts.join(" · ");
    page.wrapped("", 0, &text, Some("2"));
    let mut seen = Vec::new();
    if let Some(captured) = report.captured.as_ref().filter(|m| m.clock.is_absolute()) {
        seen.push(format!("captured {}", time::date_time(captured.earliest)));
    }
    let events = report.coverage.iter().find(|c| c.source == "events");
    if let Some(from) = events.and_then(|c| c.from.as_ref()) {
        seen.push(format!("events reach back to {}", time::column(from, report.captured.as_ref())));
    }
    if !seen.is_empty() {
        page.wrapped("", 0, &seen.join(" · "), Some("2"));
    }
}

fn scope(report: &Report) -> String {
    if !report.scope.subjects.is_empty() {
        let named: Vec<String> = report
            .scope
            .subjects
            .iter()
            .map(|s| format!("{}/{}", s.kind.as_str().to_lowercase(), clean(&s.name)))
            .collect();
        return named.join(" ");
    }
    match report.scope.namespaces.as_slice() {
        [] => "all namespaces".to_owned(),
        some => format!("-n {}", some.iter().map(|n| clean(n).into_owned()).collect::<Vec<_>>().join(",")),
    }
}

fn tell(page: &mut Page, incident: &Incident, report: &Report) {
    let captured = report.captured.as_ref();
    let code = match incident.severity {
        Severity::Critical => "1;31",
        Severity::Error => "1;33",
        Severity::Warning => "33",
        Severity::Info => "36",
    };
    let word = incident.severity.as_str().to_uppercase();
    let lead = format!("{word:<10}");
    let painted = page.paint(code, &lead);
    page.wrapped(&painted, 10, &clean(&incident.title), Some("1"));
    page.wrapped("          ", 10, &facts_line(incident, captured), None);

    page.blank();
    let left = format!("{}  {}", page.head("ROOT CAUSE"), certainty(page, incident.root.certainty));
    let width = 12 + incident.root.certainty.as_str().len();
    let code = page.paint("35", incident.root.code.as_str());
    page.spread(&left, width, incident.root.code.as_str(), &code);
    page.wrapped("  ", 2, &clean(&incident.root.summary), None);

    if !incident.changes.is_empty() {
        section(page, "CHANGED BEFORE");
        for change in &incident.changes {
            let at = change.at.as_ref().map_or_else(String::new, |at| time::column(at, captured));
            let by = change.by.as_ref().map_or_else(String::new, |by| format!(" Written by {}.", clean(by)));
            let values = match (&change.from, &change.to) {
                (Some(from), Some(to)) => format!(" is now {}, was {}.", clean(to), clean(from)),
                (None, Some(to)) => format!(" is now {}.", clean(to)),
                _ => " was changed.".to_owned(),
            };
            let text = format!("{}: {}{values}{by}", name(&change.subject), clean(&change.field));
            page.wrapped(&format!("  {at:<10}"), 12, &text, None);
        }
    }
    because(page, incident, captured);
    pairs(page, "RULED OUT", incident.ruled_out.iter().map(|r| (r.what.as_str(), r.because.as_str())));
    if !incident.not_seen.is_empty() {
        section(page, "NOT SEEN");
        for item in incident.not_seen.iter().take(if page.style.verbose { usize::MAX } else { 4 }) {
            let how = item
                .read
                .as_ref()
                .map_or_else(String::new, |read| format!("   {}", super::unlock::words(read)));
            page.wrapped("  ", 2, &clean(&item.what), None);
            if !how.is_empty() {
                page.wrapped("     ", 5, &clean(how.trim()), Some("2"));
            }
        }
    }
    actions(page, incident, report);
    for remark in &incident.remarks {
        page.blank();
        page.wrapped("  note: ", 8, &clean(remark), None);
    }
}

fn section(page: &mut Page, name: &str) {
    page.blank();
    let head = page.head(name);
    page.line(&head);
}

fn facts_line(incident: &Incident, captured: Option<&Moment>) -> String {
    let mut parts = vec![incident.course.as_str().to_owned()];
    if let Some(since) = &incident.since {
        let ago = time::ago(since, captured);
        parts.push(match (&since.clock, ago) {
            (crate::moment::Clock::Capture(_), Some(ago)) => format!("since {ago} before capture"),
            (_, Some(ago)) if incident.course == Course::Ongoing => {
                format!("since {} ({ago})", time::column(since, captured))
            }
            (_, Some(ago)) => format!("began {} ({ago} ago)", time::column(since, captured)),
            (_, None) => format!("since {}", time::column(since, captured)),
        });
    }
    let impact = &incident.impact;
    for (count, noun) in
        [(impact.nodes.len(), "node"), (impact.workloads.len(), "workload"), (impact.pods, "pod")]
    {
        match count {
            0 => {}
            1 => parts.push(format!("1 {noun}")),
            n => parts.push(format!("{n} {noun}s")),
        }
    }
    parts.join(" · ")
}

fn certainty(page: &Page, certainty: Certainty) -> String {
    let code = match certainty {
        Certainty::Certain => "32",
        Certainty::Likely => "33",
        Certainty::Possible | Certainty::Undetermined => "31",
    };
    page.paint(code, certainty.as_str())
}

fn because(page: &mut Page, incident: &Incident, captured: Option<&Moment>) {
    section(page, "BECAUSE");
    let width = incident
        .because
        .iter()
        .filter_map(|s| s.at.as_ref())
        .map(|at| time::column(at, captured).len())
        .max();
    let column = width.unwrap_or(0).max(2) + 4;
    // Long chains of like effects are told once, and counted.
    let mut told: Vec<(&Step, usize)> = Vec::new();
    for step in &incident.because {
        let like = told
            .iter_mut()
            .find(|(known, _)| known.code == step.code && known.caused_by == step.caused_by && step.id > 1);
        match like {
            Some((_, count)) if !page.style.verbose => *count += 1,
            _ => told.push((step, 1)),
        }
    }
    for (step, count) in told {
        let at = step.at.as_ref().map_or_else(String::new, |at| time::column(at, captured));
        let lead = format!("  {}", page.dim(&format!("{at:<rest$}", rest = column - 2)));
        let more = if count > 1 { format!(" So do {} more.", count - 1) } else { String::new() };
        let sure = if step.certainty == incident.root.certainty {
            String::new()
        } else {
            format!("  {}", step.certainty.as_str())
        };
        let mechanism = step.mechanism.map_or_else(String::new, |m| format!(" ({m})"));
        // The root's own sentence stands above already: here follows what shows it.
        let told_above = step.id == 1 && step.summary == incident.root.summary && !step.evidence.is_empty();
        let mut lead_of_first = Some(lead);
        if !told_above {
            let lead = lead_of_first.take().unwrap_or_default();
            page.wrapped(&lead, column, &format!("{}{mechanism}{more}{sure}", clean(&step.summary)), None);
        }
        let shown = if page.style.verbose { usize::MAX } else { 2 };
        for proof in step.evidence.iter().take(shown) {
            let lead = format!("{}› ", lead_of_first.take().unwrap_or_else(|| " ".repeat(column)));
            let room =
                page.style.width.saturating_sub(column + 2).max(20) * if page.style.verbose { 8 } else { 2 };
            let text = clip(&proof.text, room);
            let place = if page.style.verbose { place(&proof.locator) } else { String::new() };
            page.wrapped(&lead, column + 2, &format!("{text}{place}"), Some("2"));
        }
    }
}

fn place(locator: &crate::evidence::Locator) -> String {
    match locator.line {
        Some(line) => format!("  [{}:{line}]", clean(&locator.file)),
        None => format!("  [{}]", clean(&locator.file)),
    }
}

fn pairs<'p>(page: &mut Page, title: &str, items: impl Iterator<Item = (&'p str, &'p str)>) {
    let items: Vec<(String, String)> =
        items.map(|(a, b)| (clean(a).into_owned(), clean(b).into_owned())).collect();
    if items.is_empty() {
        return;
    }
    section(page, title);
    let widest = items.iter().map(|(a, _)| a.width()).max().unwrap_or(0).min(24) + 3;
    for (left, right) in items {
        if left.width() + 1 < widest {
            let lead = format!("  {left}{}", " ".repeat(widest - left.width()));
            page.wrapped(&lead, widest + 2, &right, None);
        } else {
            page.wrapped("  ", 2, &left, None);
            let lead = " ".repeat(widest + 2);
            page.wrapped(&lead, widest + 2, &right, None);
        }
    }
}

fn actions(page: &mut Page, incident: &Incident, report: &Report) {
    let context = report.context.as_deref();
    if !incident.remedies.is_empty() {
        section(page, "DO");
        for (number, remedy) in incident.remedies.iter().enumerate().take(4) {
            let command = shell::command(remedy, context);
            let honesty = if remedy.command.is_some() && command.is_none() {
                "no command: not a Kubernetes name"
            } else {
                remedy.honesty.as_str()
            };
            let text = format!("{}.", clean(&remedy.summary).trim_end_matches('.'));
            let lines = wrap(&text, page.style.width.saturating_sub(5 + honesty.width() + 2).max(30));
            let last = lines.len().saturating_sub(1);
            for (index, line) in lines.iter().enumerate() {
                let lead = if index == 0 { format!("  {:<3}", number + 1) } else { "     ".to_owned() };
                let left = format!("{lead}{line}");
                if index == last {
                    let width = left.width();
                    let painted = page.dim(honesty);
                    page.spread(&left, width, honesty, &painted);
                } else {
                    page.line(&left);
                }
            }
            let room = page.style.width.saturating_sub(7);
            for line in command.iter().flat_map(|words| shell::lines(words, room)) {
                let painted = page.paint("36", &line);
                page.line(&format!("       {painted}"));
            }
        }
    }
    if let Some(check) = &incident.check {
        page.blank();
        let lead = format!("{}  ", page.head("CHECK"));
        page.wrapped(&lead, 7, &clean(&check.text), None);
        let mut words = vec!["coroner".to_owned()];
        words.extend(check.command.iter().map(|w| clean(w).into_owned()));
        for line in shell::lines(&words, page.style.width.saturating_sub(7)) {
            let painted = page.paint("36", &line);
            page.line(&format!("       {painted}"));
        }
    }
}

fn nothing(page: &mut Page, report: &Report) {
    page.blank();
    let title = page.paint("1;32", "NO INCIDENT");
    page.line(&title);
    let looked: Vec<String> = report.coverage.iter().map(|c| format!("{} {}", c.count, c.source)).collect();
    let text = if looked.is_empty() {
        "nothing was there to look at".to_owned()
    } else {
        format!("looked at {}", looked.join(", "))
    };
    page.wrapped("  ", 2, &text, None);
}

fn foot(page: &mut Page, report: &Report) {
    for remark in &report.remarks {
        page.blank();
        page.wrapped("note: ", 6, &clean(remark), None);
    }
    if report.folded > 0 {
        page.blank();
        let noun = if report.folded == 1 { "incident" } else { "incidents" };
        page.wrapped(
            "",
            0,
            &format!("{} more {noun}, old or of no consequence: --all tells them", report.folded),
            Some("2"),
        );
    }
    if !report.gaps.is_empty() {
        page.blank();
        let lines = super::unlock::gaps(&report.gaps);
        let shown = if page.style.verbose { lines.len() } else { 4 };
        let head = page.dim(&format!("{} could not be seen:", count(report.gaps.len(), "thing")));
        page.line(&head);
        for line in lines.iter().take(shown) {
            page.wrapped("  ", 2, &clean(line), Some("2"));
        }
        if lines.len() > shown {
            let rest = page.dim(&format!("  and {} more: -v tells them", lines.len() - shown));
            page.line(&rest);
        }
    }
}

fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn name(subject: &Subject) -> String {
    format!("{} {}", subject.kind.as_str(), clean(&subject.path()))
}
