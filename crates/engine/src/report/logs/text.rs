//! A log for a terminal.

use super::{Choice, Page, Shown};
use crate::Text;
use crate::clean::clip;
use crate::evidence::{Ended, Instance, LogSource};
use crate::moment::{Clock, Moment};
use crate::report::layout::{self, Ink};
use crate::report::text::{Style, plural, thousands};
use crate::report::time::{Now, full};
use crate::report::unlock;
use crate::scan::log::Stamp;

/// Templates shown, unless everything is.
const TEMPLATES: usize = 30;

/// Prints a log.
pub fn render(told: &Page, now: Option<&Moment>, context: Option<&Text>, style: &Style) -> String {
    let style = Style { width: style.width.clamp(40, 160), ..*style };
    let mut page = layout::Page::new(style.width, style.colour);
    let now = Now::of(now);
    head(&mut page, told, now);
    if told.lines == 0 {
        blank(&mut page, told, context);
        return page.finish();
    }
    for why in &told.choice.blank {
        page.blank();
        page.text(&[(Ink::Heading, "NOTE  ".to_owned())], Ink::Plain, why);
    }
    if let Some(error) = &told.first_error {
        unit(&mut page, "FIRST ERROR", error);
    }
    if let Some(end) = &told.end {
        unit(&mut page, "LAST WORD", end);
    }
    page.blank();
    if let Some(lines) = &told.whole {
        page.line(&[(Ink::Heading, "LOG".to_owned())]);
        lines.iter().for_each(|line| indented(&mut page, Ink::Plain, line));
        return page.finish();
    }
    folded(&mut page, told, &style);
    page.blank();
    page.line(&[(Ink::Heading, "END".to_owned())]);
    for line in &told.tail {
        page.line(&[(Ink::Plain, format!("  {}", cut(line, &style)))]);
    }
    page.finish()
}

fn cut(line: &str, style: &Style) -> String {
    match style.verbose {
        true => line.to_owned(),
        false => clip(line, style.width.saturating_sub(2)).into_owned(),
    }
}

fn head(page: &mut layout::Page, told: &Page, now: Now) {
    let choice = &told.choice;
    let container = choice.container.part.as_ref().map(|part| part.name().to_string());
    let mut parts = vec![format!("pod {}", choice.container.path())];
    parts.extend(container.map(|name| format!("container {name}")));
    parts.push(instance(choice));
    page.parts(Ink::Title, &parts);
    let mut rows = vec![("why this".to_owned(), choice.because.clone())];
    if let Some(ended) = choice.ended {
        rows.push(("ended".to_owned(), end(ended, now)));
    }
    if let Some(started) = choice.started {
        rows.push(("running".to_owned(), format!("since {}", now.stamp(started))));
    }
    if told.lines > 0 {
        let mut text = plural(usize::try_from(told.lines).unwrap_or(usize::MAX), "line");
        if let Some((first, last)) = told.span {
            text.push_str(&format!(", {} to {}", stamp(first, now), stamp(last, now)));
            if !first.utc || !last.utc {
                text.push_str(" by the container's clock, zone unknown");
            }
        }
        if choice.log.is_some_and(|log| log.partial) {
            text.push_str("; not all of it was collected");
        }
        rows.push(("log".to_owned(), text));
    }
    let more: Vec<String> = choice
        .more
        .iter()
        .filter(|log| log.summary.lines > 0)
        .map(|log| {
            let name = match &log.instance {
                Instance::Newest => "newest".to_owned(),
                Instance::Previous => "previous".to_owned(),
                Instance::Number(number) => format!("instance {number}"),
            };
            format!("{name} ({})", plural(usize::try_from(log.summary.lines).unwrap_or(usize::MAX), "line"))
        })
        .collect();
    if !more.is_empty() {
        rows.push(("also there".to_owned(), more.join(", ")));
    }
    if !choice.others.is_empty() {
        rows.push(("other containers".to_owned(), choice.others.join(", ")));
    }
    page.columns(&rows, Ink::Quiet);
}

fn instance(choice: &Choice) -> String {
    let of = choice.log.map_or(&choice.instance, |log| &log.instance);
    let dead = if choice.ended.is_some() { ", the one that died" } else { "" };
    match of {
        Instance::Newest => format!("newest instance{dead}"),
        Instance::Previous => format!("previous instance{dead}"),
        Instance::Number(number) => format!("instance {number}{dead}"),
    }
}

fn end(ended: &Ended, now: Now) -> String {
    let mut parts = Vec::new();
    parts.extend(ended.finished.as_ref().map(|at| now.stamp(at)));
    parts.extend(ended.exit_code.map(|code| format!("exit {code}")));
    parts.extend(ended.reason.as_ref().map(ToString::to_string));
    if let (Some(from), Some(to)) = (&ended.started, &ended.finished)
        && from.clock == to.clock
    {
        let ran = to.earliest.saturating_sub(from.earliest);
        parts.push(format!("ran {}", crate::report::time::span(ran, 0)));
    }
    if let Some(id) = &ended.id {
        let short = id.rsplit("//").next().unwrap_or(id);
        parts.push(short.chars().take(12).collect());
    }
    parts.join(" · ")
}

fn stamp(stamp: Stamp, now: Now) -> String {
    let moment = Moment { earliest: stamp.at, latest: stamp.at, clock: Clock::Container };
    match now.0 {
        Some(_) => now.stamp(&moment),
        None => full(stamp.at),
    }
}

fn blank(page: &mut layout::Page, told: &Page, context: Option<&Text>) {
    page.blank();
    let title = if told.choice.log.is_some() { "BLANK" } else { "NOT HERE" };
    page.line(&[(Ink::Warning, title.to_owned())]);
    for why in &told.choice.blank {
        page.text(&[(Ink::Plain, "  ".to_owned())], Ink::Plain, why);
    }
    let known = matches!(&told.choice.log, Some(log) if matches!(log.source, LogSource::Container { .. }));
    if !known {
        let line = unlock::unlock(&told.choice.read, context).line();
        page.text(&[(Ink::Plain, "    ".to_owned())], Ink::Command, &line);
    }
    if told.choice.more.iter().any(|log| log.summary.lines > 0) {
        let text = "Another instance has written: see it with --previous or --instance N.";
        page.text(&[(Ink::Plain, "  ".to_owned())], Ink::Plain, text);
    }
}

fn unit(page: &mut layout::Page, title: &str, shown: &Shown) {
    page.blank();
    let line = format!("  line {}", thousands(u64::from(shown.line)));
    page.line(&[(Ink::Critical, title.to_owned()), (Ink::Quiet, line)]);
    let middle = (shown.left_out > 0).then_some(super::BEGIN);
    for (at, text) in shown.lines.iter().enumerate() {
        if Some(at) == middle {
            let text = format!("  … {} left out", plural(shown.left_out, "line"));
            page.line(&[(Ink::Quiet, text)]);
        }
        let ink = if at == 0 { Ink::Error } else { Ink::Plain };
        indented(page, ink, text);
    }
}

/// A line with its indentation, for frames and YAML mean something by it; what is too wide goes on below.
fn indented(page: &mut layout::Page, ink: Ink, text: &str) {
    let indent = text.len() - text.trim_start().len();
    page.text(&[(Ink::Plain, " ".repeat(2 + indent.min(8)))], ink, text);
}

fn folded(page: &mut layout::Page, told: &Page, style: &Style) {
    let templates = told.templates.len();
    let lines = told.templates.iter().map(|t| t.count).sum();
    let more = format!("  {} of {} kinds", thousands(lines), thousands(templates as u64));
    page.line(&[(Ink::Heading, "LINES".to_owned()), (Ink::Quiet, more)]);
    // Those that were written most often, in the order of their first lines.
    let most = if style.verbose { usize::MAX } else { TEMPLATES };
    let mut often: Vec<usize> = (0..templates).collect();
    often.sort_by_key(|&at| told.templates.get(at).map(|t| (std::cmp::Reverse(t.count), t.first)));
    often.truncate(most);
    often.sort_unstable();
    let width = told.templates.iter().map(|t| thousands(t.count).len()).max().unwrap_or(1);
    for at in &often {
        let Some(template) = told.templates.get(*at) else { continue };
        let count = thousands(template.count);
        let lead = [(Ink::Quiet, format!("  {}{count} × ", " ".repeat(width.saturating_sub(count.len()))))];
        page.text_within(&lead, Ink::Plain, &template.text, if style.verbose { usize::MAX } else { 2 });
    }
    if often.len() < templates {
        let text = format!(
            "  and {} more, each rarer: -v, or --raw for every line",
            plural(templates - often.len(), "kind")
        );
        page.line(&[(Ink::Quiet, text)]);
    }
}
