//! Events as JSON: `coroner/v1alpha1`, kind `Events`; described by `docs/schema/events.v1alpha1.json`.

use super::{Events, Order, Row};
use crate::report::json::{GapWire, Said, ScopeWire, SubjectWire, document, gap, scope, subject};
use crate::report::time::{Now, rfc3339};
use serde::Serialize;

/// Events, indented, with a line end.
pub fn render(events: &Events) -> String {
    let now = Now::of(events.captured.as_ref());
    let wire = EventsWire {
        api_version: "coroner/v1alpha1",
        kind: "Events",
        captured_at: events.captured.as_ref().and_then(rfc3339),
        source: Said(&events.options.source),
        scope: scope(&events.options.scope),
        order: match events.options.order {
            Order::LastSeen => "last-seen",
            Order::Onset => "onset",
        },
        visible_from: events.visible_from.as_ref().and_then(rfc3339),
        visible_from_text: events.visible_from.as_ref().map(|m| now.stamp(m)),
        records: events.records,
        occurrences: events.occurrences,
        left_out: events.left_out,
        events: events.rows.iter().map(|told| row(told, now)).collect(),
        throttled: events.throttled.iter().map(|one| subject(one, None)).collect(),
        gaps: events.gaps.iter().map(|one| gap(one, events.options.context.as_ref())).collect(),
    };
    document(&wire)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventsWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    captured_at: Option<String>,
    source: Said<'a>,
    scope: ScopeWire<'a>,
    order: &'static str,
    visible_from: Option<String>,
    visible_from_text: Option<String>,
    records: usize,
    occurrences: u64,
    left_out: usize,
    events: Vec<RowWire<'a>>,
    throttled: Vec<SubjectWire<'a>>,
    gaps: Vec<GapWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RowWire<'a> {
    reason: Said<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    components: Vec<Said<'a>>,
    text: Said<'a>,
    example: Said<'a>,
    records: usize,
    count: u64,
    first: Option<String>,
    first_text: Option<String>,
    last: Option<String>,
    last_text: Option<String>,
    rate_per_minute: Option<f64>,
    objects: Vec<SubjectWire<'a>>,
    owners: Vec<OwnerWire<'a>>,
    first_victim: Option<SubjectWire<'a>>,
    combined: usize,
}

#[derive(Serialize)]
struct OwnerWire<'a> {
    subject: SubjectWire<'a>,
    objects: usize,
}

fn row(row: &Row, now: Now) -> RowWire<'_> {
    RowWire {
        reason: Said(&row.reason),
        kind: if row.warning { "Warning" } else { "Normal" },
        components: row.components.iter().map(|component| Said(component)).collect(),
        text: Said(&row.text),
        example: Said(&row.example),
        records: row.records,
        count: row.count,
        first: row.first.as_ref().and_then(rfc3339),
        first_text: row.first.as_ref().map(|m| now.stamp(m)),
        last: row.last.as_ref().and_then(rfc3339),
        last_text: row.last.as_ref().map(|m| now.stamp(m)),
        rate_per_minute: row.rate.map(|rate| (rate * 100.0).round() / 100.0),
        objects: row.objects.iter().map(|one| subject(one, None)).collect(),
        owners: row
            .owners
            .iter()
            .map(|(owner, objects)| OwnerWire { subject: subject(owner, None), objects: *objects })
            .collect(),
        first_victim: row.victim.as_ref().map(|one| subject(one, None)),
        combined: row.combined,
    }
}
