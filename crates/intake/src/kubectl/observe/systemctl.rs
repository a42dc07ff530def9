//! `systemctl status`: the state of units, and the journal lines below.

use super::Context;
use crate::kubectl::age;
use crate::kubectl::form;
use crate::kubectl::lines::{Line, Passage};
use crate::kubectl::times;
use crate::source;
use engine::Text;
use engine::evidence::{Unit, What};
use engine::moment::{Clock, Moment};

impl<'a> Context<'_, 'a, '_> {
    /// Reads the states of units; lines that are of a journal go to the journal.
    pub(super) fn systemctl(&mut self, body: Passage<'a>) {
        let mut unit: Option<(usize, Unit)> = None;
        let mut in_tree = false;
        let mut journal: Vec<Line<'a>> = Vec::new();
        for line in body.lines() {
            let text = line.text.trim();
            if text.is_empty() {
                in_tree = false;
                continue;
            }
            if let Some(name) = heading(text) {
                self.finish(unit.take(), &mut journal);
                unit = Some((line.number, new_unit(name)));
                continue;
            }
            if in_tree && text.starts_with(['├', '└', '│', '|', '`']) {
                continue;
            }
            in_tree = false;
            let Some((_, state)) = &mut unit else {
                self.not_found(&line);
                continue;
            };
            if let Some((key, value)) = text.split_once(": ").or_else(|| text.split_once(':'))
                && KEYS.contains(&key.trim())
                && line.text.starts_with(' ')
            {
                in_tree = key.trim() == "CGroup";
                field(state, key.trim(), value.trim(), &self.place.capture);
                continue;
            }
            if times::leading(text).is_some() {
                journal.push(line);
            } else if ["Hint: Some lines were ellipsized", "Warning: ", "Notice: journal has been rotated"]
                .iter()
                .any(|remark| text.starts_with(remark))
            {
                // systemd's own remarks on its output.
            } else if !journal.is_empty() {
                journal.push(line);
            } else {
                self.unclaimed(std::iter::once(line));
            }
        }
        self.finish(unit, &mut journal);
    }

    fn finish(&mut self, unit: Option<(usize, Unit)>, journal: &mut Vec<Line<'a>>) {
        let lines = std::mem::take(journal);
        if let Some((number, mut unit)) = unit {
            unit.node = host(&lines).or_else(|| source::node(&self.place.name));
            unit.locator = self.place.line(number);
            self.push(number, What::Unit(Box::new(unit)));
        }
        self.journal_lines(&lines);
    }

    /// `Unit x.service could not be found.`
    fn not_found(&mut self, line: &Line<'a>) {
        let text = line.text.trim();
        let name = text
            .strip_prefix("Unit ")
            .and_then(|t| t.split_once(" could not be found"))
            .map(|(name, _)| name);
        match name {
            Some(name) => {
                let mut unit = new_unit(name);
                unit.loaded = Some("not-found".into());
                unit.active = "inactive".into();
                unit.node = source::node(&self.place.name);
                self.push(line.number, What::Unit(Box::new(unit)));
            }
            None => self.unclaimed(std::iter::once(*line)),
        }
    }
}

/// Keys of the head of `systemctl status` (systemd `src/systemctl/systemctl-show.c`, 219 to 257).
const KEYS: &[&str] = &[
    "Loaded",
    "Active",
    "Docs",
    "Main PID",
    "Process",
    "Tasks",
    "Memory",
    "CPU",
    "CGroup",
    "Drop-In",
    "TriggeredBy",
    "Triggers",
    "Status",
    "IP",
    "IO",
    "FD Store",
    "Invocation",
    "Duration",
    "Since",
    "Condition",
    "Assert",
    "Control PID",
    "Control",
    "Transient",
    "Follow",
    "Device",
    "Where",
    "What",
    "Listen",
    "Error",
    "Notice",
    "Until",
];

fn heading(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['●', '○', '×', '↻', '*'])?.trim_start();
    let name = rest.split_whitespace().next()?;
    name.contains('.').then_some(name)
}

fn new_unit(name: &str) -> Unit {
    Unit {
        node: None,
        name: name.strip_suffix(".service").unwrap_or(name).into(),
        loaded: None,
        active: "unknown".into(),
        sub: None,
        since: None,
        result: None,
        exit: None,
        locator: Default::default(),
    }
}

fn field(unit: &mut Unit, key: &str, value: &str, capture: &Text) {
    match key {
        "Loaded" => unit.loaded = Some(value.split([' ', ';']).next().unwrap_or(value).into()),
        "Active" => {
            // `failed (Result: exit-code) since Fri 2025-12-05 14:11:51 CST; 1h 2min ago`.
            let (state, rest) = value.split_once(' ').unwrap_or((value, ""));
            unit.active = state.into();
            if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.split(')').next()) {
                match inner.split_once("Result: ") {
                    Some((sub, result)) => {
                        unit.result = Some(result.into());
                        unit.sub = Some(sub.trim()).filter(|s| !s.is_empty()).map(Text::from);
                    }
                    None => unit.sub = Some(inner.into()),
                }
            }
            unit.since = since(value, capture);
        }
        "Main PID" | "Process" => {
            if let Some(inner) = value.split_once("(code=").map(|(_, rest)| rest.trim_end_matches(')')) {
                unit.exit = Some(format!("code={inner}").into());
            }
        }
        _ => {}
    }
}

/// An offset that is written wins; a zone's abbreviation says nothing, and then the age counts.
fn since(value: &str, capture: &Text) -> Option<Moment> {
    let (_, at) = value.split_once("since ")?;
    let (time, ago) = at.split_once(';').unwrap_or((at, ""));
    if let Some(stamp) = times::stamp(time.trim())
        && stamp.basis == times::Basis::Utc
    {
        return Some(Moment { earliest: stamp.span.earliest, latest: stamp.span.latest, clock: Clock::Api });
    }
    let span = age::systemd(ago.trim().trim_end_matches(" ago"))?;
    Some(Moment::age(span.earliest, span.latest, capture))
}

/// The host that the journal lines name.
pub(super) fn host(lines: &[Line]) -> Option<Text> {
    lines
        .iter()
        .take(20)
        .find_map(|line| form::journal_host(line.text.trim_start()))
        .map(|(_, host)| host.into())
}
