//! A timeline for a terminal.

use super::{Entry, Timeline, unordered};
use crate::clean::clean;
use crate::moment::{Moment, SECOND};
use crate::report::layout::{Ink, Page};
use crate::report::text::{Style, gap_rows, plural, scope, thousands};
use crate::report::time::{Now, full, span};
use crate::subject::Subject;
use unicode_width::UnicodeWidthStr;

/// Gaps told, unless everything is.
const GAPS: usize = 4;
/// Lines of what was said, unless everything is told.
const SAID: usize = 3;

/// Prints a timeline, the oldest first.
pub fn render(told: &Timeline, style: &Style) -> String {
    let style = Style { width: style.width.clamp(40, 160), ..*style };
    let mut page = Page::new(style.width, style.colour);
    let now = Now::of(told.captured.as_ref());
    head(&mut page, told, now);
    page.append(self::page(told, now, &style));
    page.finish()
}

/// The entries, and what they may lack.
pub(in crate::report) fn page(told: &Timeline, now: Now, style: &Style) -> Page {
    let mut page = Page::new(style.width, style.colour);
    if let Some(crash) = &told.crash {
        page.blank();
        let lead = [(Ink::Critical, "0".to_owned()), (Ink::Plain, " is ".to_owned())];
        page.text(&lead, Ink::Plain, &format!("{}: {}", now.stamp(&crash.at), crash.text));
    }
    rows(&mut page, &told.entries, told, now, style);
    for (clock, entries) in &told.adrift {
        page.blank();
        let text = format!(
            "By {clock}. Nothing ties it to the calendar: the order below holds among these lines only."
        );
        page.text(&[], Ink::Doubt, &text);
        rows(&mut page, entries, told, now, style);
    }
    foot(&mut page, told, style);
    page
}

fn head(page: &mut Page, told: &Timeline, now: Now) {
    let mut parts = vec![told.options.source.clone(), scope(&told.options.scope)];
    if now.0.is_some() {
        parts.push("times are UTC".to_owned());
    }
    page.parts(Ink::Quiet, &parts);
    let mut parts = Vec::new();
    parts.extend(now.0.map(|at| format!("captured {}", full(at))));
    let adrift: usize = told.adrift.iter().map(|(_, entries)| entries.len()).sum();
    parts.push(match told.entries.len() + adrift {
        1 => "1 entry".to_owned(),
        count => format!("{} entries", thousands(count as u64)),
    });
    parts.extend(told.events_from.as_ref().map(|from| format!("events visible from {}", now.stamp(from))));
    page.parts(Ink::Quiet, &parts);
    page.blank();
}

/// `-14m37s`, `+5s`; nothing where the two have no clock in common.
pub(super) fn distance(at: &Moment, crash: Option<&Moment>) -> String {
    let Some((least, greatest)) = crash.and_then(|crash| crash.until(at)) else { return String::new() };
    // As far as the whole seconds of both tell.
    let middle = (least.saturating_add(greatest)) / 2;
    match middle {
        _ if middle.saturating_abs() < SECOND => "0s".to_owned(),
        0.. => format!("+{}", span(middle, 0)),
        _ => format!("-{}", span(middle.saturating_neg(), 0)),
    }
}

fn rows(page: &mut Page, entries: &[Entry], told: &Timeline, now: Now, style: &Style) {
    let crash = told.crash.as_ref().map(|crash| &crash.at);
    let cells: Vec<(String, String)> =
        entries.iter().map(|e| (distance(&e.at, crash), now.stamp(&e.at))).collect();
    let first = cells.iter().map(|(left, _)| left.width()).max().unwrap_or(0);
    let second = cells.iter().map(|(_, stamp)| stamp.width()).max().unwrap_or(0);
    page.blank();
    let mut before: Option<&Entry> = None;
    for (entry, (left, stamp)) in entries.iter().zip(&cells) {
        let doubt = before.is_some_and(|before| unordered(before, entry));
        before = Some(entry);
        let distance = match first {
            0 => String::new(),
            _ => format!("{}{left}  ", " ".repeat(first - left.width())),
        };
        let pad = " ".repeat(second.saturating_sub(stamp.width()));
        let lead = [
            (Ink::Heading, distance),
            (Ink::Doubt, if doubt { "?" } else { " " }.to_owned()),
            (Ink::Quiet, format!("{stamp}{pad}  {:<7}  ", entry.source.as_str())),
        ];
        let ink = if entry.bad { Ink::Warning } else { Ink::Plain };
        page.text_within(&lead, ink, &line(entry, told, now), 4);
        let Some(said) = entry.said.as_deref().filter(|said| !said.trim().is_empty()) else { continue };
        let indent = lead.iter().map(|(_, text)| text.width()).sum::<usize>();
        let most = if style.verbose { usize::MAX } else { SAID };
        let below = [(Ink::Plain, " ".repeat(indent)), (Ink::Quiet, "› ".to_owned())];
        page.text_within(&below, Ink::Quiet, said, most);
        if let Some(place) = entry.place.as_ref().filter(|_| style.verbose) {
            page.text(&[(Ink::Plain, " ".repeat(indent + 2))], Ink::Quiet, place);
        }
    }
}

fn line(entry: &Entry, told: &Timeline, now: Now) -> String {
    // Of one object alone its name is told at the top.
    let alone = match told.options.scope.subjects.as_slice() {
        [only] => only.kind == entry.about.kind && only.name == entry.about.name,
        _ => false,
    };
    let who = match (entry.like, alone, &entry.about.part) {
        (0, true, None) => String::new(),
        (0, true, Some(part)) => format!("{}: ", part.name()),
        (0, ..) => format!("{}: ", name(&entry.about)),
        (like, ..) => {
            let kind = entry.about.kind.plural();
            match entry.owner == entry.about.whole() {
                true => format!("{} and {} more: ", name(&entry.about), plural_of(like, &kind)),
                false => format!("{} of {}: ", plural_of(like + 1, &kind), name(&entry.owner)),
            }
        }
    };
    let mut text = format!("{who}{}", clean(&entry.text));
    let until = entry.until.as_ref().map(|until| now.stamp(until));
    match (entry.count, until) {
        (1, None) => {}
        (1, Some(until)) => text.push_str(&format!(" (until {until})")),
        (count, None) => text.push_str(&format!(" ({} ×)", thousands(count))),
        (count, Some(until)) => text.push_str(&format!(" ({} × until {until})", thousands(count))),
    }
    text
}

fn plural_of(count: usize, kind: &str) -> String {
    format!("{} {kind}", thousands(count as u64))
}

fn name(subject: &Subject) -> String {
    let kind = subject.kind.as_str().to_lowercase();
    match &subject.part {
        Some(part) => format!("{kind} {}, {}", subject.path(), part.name()),
        None => format!("{kind} {}", subject.path()),
    }
}

fn foot(page: &mut Page, told: &Timeline, style: &Style) {
    let pairs = told.entries.iter().zip(told.entries.iter().skip(1));
    if pairs.clone().any(|(before, after)| unordered(before, after)) {
        page.blank();
        let text = "another clock than the line above, and too near to it to say which came first";
        page.text(&[(Ink::Doubt, "? ".to_owned())], Ink::Quiet, text);
    }
    if told.entries.is_empty() && told.adrift.is_empty() {
        page.text(&[], Ink::Plain, "nothing that tells a time was seen of it");
    }
    if told.gaps.is_empty() {
        return;
    }
    page.blank();
    page.line(&[
        (Ink::Heading, "GAPS".to_owned()),
        (Ink::Quiet, format!("  {}: the order above may lack steps", plural(told.gaps.len(), "read"))),
    ]);
    let rows = gap_rows(&told.gaps, style.verbose);
    let shown = if style.verbose { rows.len() } else { rows.len().min(GAPS) };
    page.columns(rows.get(..shown).unwrap_or_default(), Ink::Quiet);
    if shown < rows.len() {
        page.line(&[(Ink::Quiet, format!("  and {} more: -v", rows.len() - shown))]);
    }
}
