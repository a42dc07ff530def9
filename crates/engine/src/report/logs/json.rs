//! A log as JSON: `coroner/v1alpha1`, kind `Log`; described by `docs/schema/log.v1alpha1.json`.

use super::{Page, Shown};
use crate::Text;
use crate::evidence::{Ended, Instance};
use crate::moment::Moment;
use crate::report::json::{Said, SubjectWire, document, subject};
use crate::report::time::{rfc3339, rfc3339_micros};
use crate::report::unlock;
use crate::scan::log::Stamp;
use crate::scan::template::Template;
use serde::Serialize;

/// A log, indented, with a line end.
pub fn render(told: &Page, captured: Option<&Moment>, context: Option<&Text>) -> String {
    let choice = &told.choice;
    let wire = LogWire {
        api_version: "coroner/v1alpha1",
        kind: "Log",
        captured_at: captured.and_then(rfc3339),
        subject: subject(&choice.container, None),
        other_containers: choice.others.iter().map(|name| Said(name)).collect(),
        instance: instance(choice.log.map_or(&choice.instance, |log| &log.instance)),
        because: Said(&choice.because),
        ended: choice.ended.map(ended),
        collected: choice.log.is_some(),
        partial: choice.log.is_some_and(|log| log.partial),
        blank: choice.blank.iter().map(|why| Said(why)).collect(),
        unlocked_by: unlock::unlock(&choice.read, context).line(),
        lines: told.lines,
        first: told.span.and_then(|(first, _)| at(first)),
        last: told.span.and_then(|(_, last)| at(last)),
        first_error: told.first_error.as_ref().map(shown),
        end: told.end.as_ref().map(shown),
        templates: told.templates.iter().map(template).collect(),
        tail: told.tail.iter().map(|line| Said(line)).collect(),
    };
    document(&wire)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    captured_at: Option<String>,
    subject: SubjectWire<'a>,
    other_containers: Vec<Said<'a>>,
    instance: String,
    because: Said<'a>,
    ended: Option<EndedWire<'a>>,
    collected: bool,
    partial: bool,
    blank: Vec<Said<'a>>,
    unlocked_by: String,
    lines: u64,
    first: Option<String>,
    last: Option<String>,
    first_error: Option<ShownWire<'a>>,
    end: Option<ShownWire<'a>>,
    templates: Vec<TemplateWire<'a>>,
    tail: Vec<Said<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndedWire<'a> {
    exit_code: Option<i32>,
    reason: Option<Said<'a>>,
    message: Option<Said<'a>>,
    started: Option<String>,
    finished: Option<String>,
    container_id: Option<Said<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownWire<'a> {
    line: u32,
    at: Option<String>,
    lines: Vec<Said<'a>>,
    left_out: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TemplateWire<'a> {
    text: Said<'a>,
    count: u64,
    first_line: u64,
    last_line: u64,
}

fn instance(instance: &Instance) -> String {
    match instance {
        Instance::Newest => "newest".to_owned(),
        Instance::Previous => "previous".to_owned(),
        Instance::Number(number) => number.to_string(),
    }
}

/// Times without an offset are of no calendar.
fn at(stamp: Stamp) -> Option<String> {
    stamp.utc.then(|| rfc3339_micros(stamp.at)).flatten()
}

fn ended(ended: &Ended) -> EndedWire<'_> {
    EndedWire {
        exit_code: ended.exit_code,
        reason: ended.reason.as_deref().map(Said),
        message: ended.message.as_deref().map(Said),
        started: ended.started.as_ref().and_then(rfc3339),
        finished: ended.finished.as_ref().and_then(rfc3339),
        container_id: ended.id.as_deref().map(Said),
    }
}

fn shown(shown: &Shown) -> ShownWire<'_> {
    ShownWire {
        line: shown.line,
        at: shown.at.and_then(at),
        lines: shown.lines.iter().map(|line| Said(line)).collect(),
        left_out: shown.left_out,
    }
}

fn template(template: &Template) -> TemplateWire<'_> {
    TemplateWire {
        text: Said(&template.text),
        count: template.count,
        first_line: template.first.saturating_add(1),
        last_line: template.last.saturating_add(1),
    }
}
