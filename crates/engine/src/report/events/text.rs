//! Events for a terminal.

use super::{Events, Options, Order, Row};
use crate::moment::{Clock, Moment, SECOND};
use crate::report::layout::{Ink, Page};
use crate::report::text::{Style, gap_rows, plural, scope, thousands};
use crate::report::time::{Now, full};
use crate::report::unlock;
use crate::subject::{Kind, Subject};
use unicode_width::UnicodeWidthStr;

/// Lines of a message, unless everything is printed.
const MESSAGE: usize = 4;
/// How long Kubernetes keeps an event after its last sighting, unless told otherwise (`--event-ttl`), less a minute.
const KEPT: i64 = 59 * 60 * SECOND;

/// Prints events, the newest last.
pub fn render(events: &Events, style: &Style) -> String {
    let style = Style { width: style.width.clamp(40, 160), ..*style };
    let mut page = Page::new(style.width, style.colour);
    let now = Now::of(events.captured.as_ref());
    head(&mut page, events, now);
    let adrift = |row: &&Row| time(row, events.options.order).is_none_or(|m| !m.clock.is_absolute());
    let tied: Vec<&Row> = events.rows.iter().filter(|row| !adrift(row)).collect();
    let loose: Vec<&Row> = events.rows.iter().filter(adrift).collect();
    rows(&mut page, &tied, events, now, &style);
    if !loose.is_empty() {
        if !tied.is_empty() {
            page.blank();
            let text = "Nothing ties these to the calendar; whether they came before or after is not known.";
            page.text(&[], Ink::Doubt, text);
        }
        rows(&mut page, &loose, events, now, &style);
    }
    foot(&mut page, events, &style);
    page.finish()
}

/// Prints events that came since, without a head.
pub fn more(events: &Events, style: &Style) -> String {
    let mut page = Page::new(style.width.clamp(40, 160), style.colour);
    let now = Now::of(events.captured.as_ref());
    rows(&mut page, &events.rows.iter().collect::<Vec<_>>(), events, now, style);
    format!(
        "
{}",
        page.finish()
    )
}

fn head(page: &mut Page, events: &Events, now: Now) {
    let options = &events.options;
    let mut parts = vec![options.source.clone(), scope(&options.scope)];
    parts.extend(
        options.warnings.map(|warnings| if warnings { "warnings" } else { "no warnings" }.to_owned()),
    );
    parts.push(match options.order {
        Order::LastSeen => "by last seen".to_owned(),
        Order::Onset => "by onset".to_owned(),
    });
    if now.0.is_some() {
        parts.push("times are UTC".to_owned());
    }
    page.parts(Ink::Quiet, &parts);
    let mut parts = Vec::new();
    parts.extend(now.0.map(|at| format!("captured {}", full(at))));
    let seen = match events.occurrences > events.records as u64 {
        true => format!("{}, seen {} times", plural(events.records, "event"), thousands(events.occurrences)),
        false => plural(events.records, "event"),
    };
    parts.push(seen);
    if events.left_out > 0 {
        parts.push(format!("{} left out by --since or --types", thousands(events.left_out as u64)));
    }
    if let Some(from) = &events.visible_from {
        let old = now.0.is_some_and(|now| now.saturating_sub(from.latest) >= KEPT)
            || matches!(from.clock, Clock::Capture(_)) && from.latest <= -KEPT;
        let stamp = now.stamp(from);
        parts.push(match old {
            true => format!("visible from {stamp}: older ones expire"),
            false => format!("visible from {stamp}"),
        });
    }
    page.parts(Ink::Quiet, &parts);
}

fn time(row: &Row, order: Order) -> Option<&Moment> {
    match order {
        Order::LastSeen => row.last.as_ref().or(row.first.as_ref()),
        Order::Onset => row.first.as_ref().or(row.last.as_ref()),
    }
}

fn rows(page: &mut Page, rows: &[&Row], events: &Events, now: Now, style: &Style) {
    let stamp = |row: &Row| time(row, events.options.order).map_or_else(|| "?".to_owned(), |m| now.stamp(m));
    let column = rows.iter().map(|row| stamp(row).width()).max().unwrap_or(0);
    for row in rows {
        page.blank();
        tell(page, row, &stamp(row), column, &events.options, now, style);
    }
}

fn tell(page: &mut Page, row: &Row, stamp: &str, column: usize, options: &Options, now: Now, style: &Style) {
    let pad = " ".repeat(column.saturating_sub(stamp.width()) + 2);
    let ink = if row.warning { Ink::Warning } else { Ink::Plain };
    let lead =
        [(Ink::Quiet, format!("{stamp}{pad}")), (ink, row.reason.to_string()), (Ink::Plain, "  ".to_owned())];
    let times = match row.count > row.objects.len() as u64 {
        true => format!("×{} on ", thousands(row.count)),
        false => String::new(),
    };
    let what = format!("{times}{}", spread(row));
    let indent = " ".repeat(column + 2);
    let below = [(Ink::Plain, indent)];
    if page.room(&lead) < 24 {
        page.line(&lead);
        page.text(&below, Ink::Title, &what);
    } else {
        page.text(&lead, Ink::Title, &what);
    }
    let course = course(row, options, now, style);
    if !course.is_empty() {
        page.text(&below, Ink::Quiet, &course.join(" · "));
    }
    let most = if style.verbose { usize::MAX } else { MESSAGE };
    if !row.text.trim().is_empty() {
        page.text_within(&below, Ink::Plain, &row.text, most);
    }
    if style.verbose && row.objects.len() > 1 {
        for (owner, count) in &row.owners {
            page.text(&below, Ink::Quiet, &format!("› {} of {}", pods(row, *count), name(owner)));
        }
    }
}

/// The other end of its time, the rate, who was hit first, who wrote it, what was lost.
fn course(row: &Row, options: &Options, now: Now, style: &Style) -> Vec<String> {
    let mut parts = Vec::new();
    if let (Some(first), Some(last)) = (&row.first, &row.last)
        && let Some((least, _)) = first.until(last)
        && least >= SECOND
    {
        let length = match (now.age(first), now.age(last)) {
            (Some(_), Some(_)) => format!(" ({})", length(first, last)),
            _ => String::new(),
        };
        parts.push(match options.order {
            Order::LastSeen => format!("since {}{length}", now.stamp(first)),
            Order::Onset => format!("until {}{length}", now.stamp(last)),
        });
    }
    parts.extend(row.rate.map(rate));
    if let Some(victim) = row.victim.as_ref().filter(|_| row.warning) {
        parts.push(format!("first {}", victim.name));
    }
    if style.verbose && !row.components.is_empty() {
        parts.push(format!("from {}", row.components.iter().map(|c| &**c).collect::<Vec<_>>().join(", ")));
    }
    if row.combined > 0 {
        parts.push(match row.combined == row.records {
            true => "combined: only the newest message was kept".to_owned(),
            false => {
                format!("{} combined: only their newest message was kept", plural(row.combined, "event"))
            }
        });
    }
    parts
}

fn length(first: &Moment, last: &Moment) -> String {
    // As the ages of two times of one clock would show it.
    let span = last.latest.saturating_sub(first.latest);
    crate::report::time::span(span, 0)
}

/// `27/min`, `12/h`.
fn rate(per_minute: f64) -> String {
    match per_minute {
        10.0.. => format!("{per_minute:.0}/min"),
        1.0.. => format!("{per_minute:.1}/min"),
        _ => format!("{:.1}/h", per_minute * 60.0),
    }
}

/// What events are about: `pod shop/web-0`, `29 pods of job batch/import`, `46 pods of 3 workloads`.
fn spread(row: &Row) -> String {
    match (row.objects.as_slice(), row.owners.as_slice()) {
        ([only], _) => name(only),
        (objects, [(owner, _)]) if !objects.contains(owner) => {
            format!("{} of {}", pods(row, objects.len()), name(owner))
        }
        (objects, owners) if owners.iter().all(|(owner, _)| objects.contains(owner)) => {
            let names: Vec<&str> = objects.iter().take(2).map(|o| &*o.name).collect();
            let more = objects.len().saturating_sub(2);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}: {}{more}", pods(row, objects.len()), names.join(", "))
        }
        (objects, owners) => {
            let most = owners.first().map_or_else(String::new, |(owner, count)| {
                if *count > 1 { format!(", {count} of them of {}", name(owner)) } else { String::new() }
            });
            format!("{} of {}{most}", pods(row, objects.len()), plural(owners.len(), "workload"))
        }
    }
}

fn pods(row: &Row, count: usize) -> String {
    let kind = row.objects.first().map_or(&Kind::Pod, |object| &object.kind);
    if count == 1 {
        return format!("1 {}", kind.as_str().to_lowercase());
    }
    format!("{} {}", thousands(count as u64), kind.plural())
}

fn name(subject: &Subject) -> String {
    format!("{} {}", subject.kind.as_str().to_lowercase(), subject.path())
}

fn foot(page: &mut Page, events: &Events, style: &Style) {
    if events.rows.is_empty() {
        page.blank();
        page.line(&[(Ink::Plain, "no event".to_owned())]);
        let text = "That none is seen does not say that none was: Kubernetes keeps an event for an hour after its last sighting unless told otherwise.";
        page.text(&[], Ink::Quiet, text);
    }
    if !events.throttled.is_empty() {
        page.blank();
        let lead = [(Ink::Heading, "LOST".to_owned()), (Ink::Plain, "   ".to_owned())];
        let (verb, few) = match events.throttled.as_slice() {
            [only] => ("has", name(only)),
            more => ("have", plural(more.len(), "object")),
        };
        let text = format!(
            "{few} {verb} more than 25 events of one component. Beyond these it may write one in five minutes, so counts lag and later reasons may be missing."
        );
        page.text(&lead, Ink::Plain, &text);
    }
    if !events.gaps.is_empty() {
        page.blank();
        page.line(&[(Ink::Heading, "GAPS".to_owned())]);
        page.columns(&gap_rows(&events.gaps, style.verbose), Ink::Quiet);
        if style.verbose {
            for gap in &events.gaps {
                let line = unlock::unlock(&gap.read, events.options.context.as_ref()).line();
                page.text(&[(Ink::Plain, "    ".to_owned())], Ink::Command, &line);
            }
        }
    }
}
