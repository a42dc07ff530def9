//! A timeline as JSON: `coroner/v1alpha1`, kind `Timeline`; described by `docs/schema/timeline.v1alpha1.json`.

use super::{Entry, Timeline, text, unordered};
use crate::moment::Moment;
use crate::report::json::{GapWire, Said, ScopeWire, SubjectWire, document, gap, scope, subject};
use crate::report::time::{Now, rfc3339};
use serde::Serialize;

/// A timeline, indented, with a line end.
pub fn render(told: &Timeline) -> String {
    document(&wire(told))
}

/// What is written of it.
pub(in crate::report) fn wire(told: &Timeline) -> TimelineWire<'_> {
    let now = Now::of(told.captured.as_ref());
    TimelineWire {
        api_version: "coroner/v1alpha1",
        kind: "Timeline",
        captured_at: told.captured.as_ref().and_then(rfc3339),
        source: Said(&told.options.source),
        scope: scope(&told.options.scope),
        crash: told.crash.as_ref().map(|crash| CrashWire { at: rfc3339(&crash.at), text: Said(&crash.text) }),
        events_visible_from: told.events_from.as_ref().and_then(rfc3339),
        entries: entries(&told.entries, told, now),
        adrift: told
            .adrift
            .iter()
            .map(|(clock, of)| AdriftWire { clock: Said(clock), entries: entries(of, told, now) })
            .collect(),
        gaps: told.gaps.iter().map(|one| gap(one, None)).collect(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct TimelineWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    captured_at: Option<String>,
    source: Said<'a>,
    scope: ScopeWire<'a>,
    crash: Option<CrashWire<'a>>,
    events_visible_from: Option<String>,
    entries: Vec<EntryWire<'a>>,
    adrift: Vec<AdriftWire<'a>>,
    gaps: Vec<GapWire>,
}

#[derive(Serialize)]
struct CrashWire<'a> {
    at: Option<String>,
    text: Said<'a>,
}

#[derive(Serialize)]
struct AdriftWire<'a> {
    clock: Said<'a>,
    entries: Vec<EntryWire<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryWire<'a> {
    at: Option<String>,
    at_text: String,
    until: Option<String>,
    until_text: Option<String>,
    distance: Option<String>,
    order_known: bool,
    count: u64,
    source: &'static str,
    bad: bool,
    subject: SubjectWire<'a>,
    owner: SubjectWire<'a>,
    alike: usize,
    text: Said<'a>,
    said: Option<Said<'a>>,
    locator: Option<Said<'a>>,
}

fn entries<'a>(all: &'a [Entry], told: &Timeline, now: Now) -> Vec<EntryWire<'a>> {
    let crash: Option<&Moment> = told.crash.as_ref().map(|crash| &crash.at);
    let mut before: Option<&Entry> = None;
    let mut out = Vec::new();
    for entry in all {
        let distance = text::distance(&entry.at, crash);
        out.push(EntryWire {
            at: rfc3339(&entry.at),
            at_text: now.stamp(&entry.at),
            until: entry.until.as_ref().and_then(rfc3339),
            until_text: entry.until.as_ref().map(|until| now.stamp(until)),
            distance: (!distance.is_empty()).then_some(distance),
            order_known: before.is_none_or(|before| !unordered(before, entry)),
            count: entry.count,
            source: entry.source.as_str(),
            bad: entry.bad,
            subject: subject(&entry.about, None),
            owner: subject(&entry.owner, None),
            alike: entry.like,
            text: Said(&entry.text),
            said: entry.said.as_deref().map(Said),
            locator: entry.place.as_deref().map(Said),
        });
        before = Some(entry);
    }
    out
}
