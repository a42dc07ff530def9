//! From what kubectl and systemctl printed to observations.

mod describe;
mod describe_pod;
mod describe_rest;
mod logs;
mod rows;
mod systemctl;
mod values;

use super::command::{Command, Output, Program};
use super::lines::{Line, Passage};
use super::table::{self, Table};
use super::{outline, transcript};
use crate::{Intake, Place};
use engine::evidence::{Gap, Object, Observation, Read, View, What, Why};
use engine::subject::{Kind, Subject};
use std::borrow::Cow;

/// Reads text that is neither JSON nor YAML: a transcript, or the output of one command.
pub fn text(text: &str, place: &Place, out: &mut Intake) {
    let plain = transcript::plain(text);
    let sections = transcript::sections(&plain);
    for (sequence, section) in sections.iter().enumerate() {
        let place = Place { sequence: u32::try_from(sequence).unwrap_or(u32::MAX), ..place.clone() };
        let mut context = Context { place, command: section.command.as_ref(), out };
        context.section(section.body);
    }
}

/// What a section is read into, and what its command says of it.
struct Context<'c, 'a, 'o> {
    place: Place,
    command: Option<&'c Command<'a>>,
    out: &'o mut Intake,
}

impl<'a> Context<'_, 'a, '_> {
    fn section(&mut self, body: Passage<'a>) {
        let lines = body.lines().filter(|l| !l.is_blank()).count() as u64;
        if lines == 0 {
            return;
        }
        self.out.unread.of += lines;
        match self.command.map(|c| (c.program, &*c.verb)) {
            Some((Program::Kubectl, "logs")) => self.logs(body),
            Some((Program::Kubectl, "describe")) => self.describes(body),
            Some((Program::Kubectl, "get" | "top" | "events")) => self.get(body),
            Some((Program::Kubectl, _)) => self.any(body),
            Some((Program::Systemctl, "status" | "")) => self.systemctl(body),
            Some((Program::Journalctl | Program::Dmesg, _)) => self.journal(body),
            Some(_) => self.any(body),
            None => self.any(body),
        }
    }

    /// Text without a command that tells its form.
    fn any(&mut self, body: Passage<'a>) {
        match form(&self.place.file, body) {
            Form::Describe => self.describes(body),
            Form::Table => self.get(body),
            Form::Systemctl => self.systemctl(body),
            Form::Journal => self.journal(body),
            Form::Log => self.logs(body),
        }
    }

    /// `kubectl get`: tables, YAML or JSON, and what kubectl says instead.
    fn get(&mut self, body: Passage<'a>) {
        let command = self.command;
        if matches!(command.and_then(|c| c.output.as_ref()), Some(Output::Yaml | Output::Json)) {
            if let Some(rest) = self.messages(body) {
                let place = Place {
                    lines_before: u32::try_from(rest.first_line.saturating_sub(1)).unwrap_or(0),
                    ..self.place.clone()
                };
                if !crate::objects::read(rest.text, &place, self.out) {
                    self.unclaimed(rest.lines().filter(|l| !l.is_blank()));
                }
            }
            return;
        }
        for block in blocks(body) {
            let Some(rest) = self.messages(block) else { continue };
            let table = table::parse(rest, command);
            if table.columns.is_empty() {
                self.unclaimed(rest.lines().filter(|l| !l.is_blank()));
                continue;
            }
            self.unclaimed(table.unclaimed.iter().copied());
            self.listed(&table);
            rows::read(self, &table);
        }
    }

    /// What a list without names, selector and filter shows: all there is.
    fn listed(&mut self, table: &Table) {
        let Some(command) = self.command else { return };
        let whole = command.verb == "get"
            && command.selector.is_none()
            && !command.pipe.any
            && !command.targets.is_empty()
            && command.targets.iter().all(|t| t.name.is_none())
            && !command.text.contains("--field-selector");
        if !whole {
            return;
        }
        let kinds: Vec<Kind> = match table.resource {
            Some(resource) if command.targets.len() == 1 => vec![Kind::parse(resource.kind)],
            _ => command.targets.iter().filter_map(|t| t.of.known()).map(|r| Kind::parse(r.kind)).collect(),
        };
        self.add_listed(kinds);
    }

    fn add_listed(&mut self, kinds: Vec<Kind>) {
        let Some(command) = self.command else { return };
        for kind in kinds {
            let namespace = if command.all_namespaces || !kind.is_namespaced() {
                None
            } else {
                Some(command.namespace.as_deref().unwrap_or("default").into())
            };
            self.push(command.line, What::Listed { kind, namespace });
        }
    }

    /// Takes the messages of kubectl itself off the front of a passage; what is left, if anything is.
    fn messages(&mut self, body: Passage<'a>) -> Option<Passage<'a>> {
        for line in body.lines() {
            if line.is_blank() {
                continue;
            }
            if !self.message(&line) {
                return Some(body.from(&line));
            }
        }
        None
    }

    /// Reads a line that kubectl wrote to its error stream.
    fn message(&mut self, line: &Line) -> bool {
        let text = line.text.trim();
        if text.starts_with("No resources found") {
            let kinds: Vec<Kind> = self.command.map_or_else(Vec::new, |c| {
                let whole =
                    c.selector.is_none() && !c.pipe.filtered && c.targets.iter().all(|t| t.name.is_none());
                let known = c.targets.iter().filter_map(|t| t.of.known());
                if whole { known.map(|r| Kind::parse(r.kind)).collect() } else { Vec::new() }
            });
            self.add_listed(kinds);
            return true;
        }
        if let Some(rest) = text.strip_prefix("Error from server (") {
            let (reason, message) = rest.split_once("): ").unwrap_or((rest, ""));
            self.server_error(line, reason, message);
            return true;
        }
        let own = [
            "error: ",
            "Error: ",
            "Unable to connect to the server",
            "The connection to the server",
            "Warning: ",
        ];
        if own.iter().any(|prefix| text.starts_with(prefix)) {
            if !text.starts_with("Warning: ") {
                self.gap(line, Why::Unreachable(text.into()));
            }
            return true;
        }
        text.starts_with("Defaulted container ")
            || text.starts_with("Found ") && text.contains(" pods, using pod/")
    }

    fn server_error(&mut self, line: &Line, reason: &str, message: &str) {
        match reason {
            "Forbidden" => {
                // `pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "y"`
                let verb = between(message, "cannot ", " resource").unwrap_or("get");
                let resource = between(message, "resource \"", "\"").unwrap_or("");
                self.gap(line, Why::Forbidden { verb: verb.into(), resource: resource.into() });
            }
            "NotFound" => self.gap(line, Why::NotFound),
            _ => self.gap(line, Why::Gone(message.into())),
        }
    }

    /// A gap of what the command asked for.
    fn gap(&mut self, line: &Line, why: Why) {
        let namespace = self.namespace();
        let read = match self.command {
            Some(command) => match command.targets.first() {
                Some(target) => {
                    let kind =
                        target.of.known().map_or_else(|| Kind::parse("Unknown"), |r| Kind::parse(r.kind));
                    match &target.name {
                        Some(name) if command.verb == "logs" => Read::Log {
                            container: Subject::new(Kind::Pod, namespace.as_deref(), name),
                            previous: command.previous,
                        },
                        Some(name) => Read::Object(Subject::new(kind, namespace.as_deref(), name)),
                        None => Read::List { kind, namespace: namespace.as_deref().map(Into::into) },
                    }
                }
                None => Read::File { path: self.place.file.clone() },
            },
            None => Read::File { path: self.place.file.clone() },
        };
        self.out.gaps.push(Gap { read, why, locator: self.place.line(line.number) });
    }

    /// The namespace that the command names.
    fn namespace(&self) -> Option<Cow<'a, str>> {
        let command = self.command?;
        if command.all_namespaces { None } else { command.namespace.clone() }
    }

    fn unclaimed<'l>(&mut self, lines: impl Iterator<Item = Line<'l>>) {
        for line in lines {
            self.out.unread.lines += 1;
            if self.out.unread.samples.len() < crate::SAMPLES {
                let text: String = line.text.chars().take(200).collect();
                self.out.unread.samples.push((self.place.line(line.number), text.into()));
            }
        }
    }

    fn push(&mut self, line: usize, what: What) {
        let observation: Observation = self.place.observe(line, what);
        self.out.observations.push(observation);
    }

    fn push_object(&mut self, line: usize, object: Object) {
        self.push(line, What::Object(Box::new(object)));
    }

    fn describes(&mut self, body: Passage<'a>) {
        let Some(rest) = self.messages(body) else { return };
        let kind = self
            .command
            .and_then(|c| c.targets.first())
            .and_then(|t| t.of.known())
            .map(|r| Kind::parse(r.kind));
        for object in outline::objects(outline::parse(rest)) {
            describe::object(self, kind.clone(), &object);
        }
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let from = text.find(start)? + start.len();
    let rest = text.get(from..)?;
    rest.get(..rest.find(end)?)
}

/// Runs of lines between blank lines.
fn blocks(body: Passage<'_>) -> Vec<Passage<'_>> {
    let mut blocks = Vec::new();
    let mut start: Option<Line> = None;
    for line in body.lines() {
        match (&start, line.is_blank()) {
            (None, false) => start = Some(line),
            (Some(first), true) => {
                let rest = body.from(first);
                blocks.push(rest.until(line.start - first.start));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(first) = start {
        blocks.push(body.from(&first));
    }
    blocks
}

/// A form of text.
enum Form {
    Describe,
    Table,
    Systemctl,
    Journal,
    Log,
}

/// Tells the form of text that no command announces, from its name and first lines.
fn form(file: &str, body: Passage<'_>) -> Form {
    let first = body.lines().find(|l| !l.is_blank()).map_or("", |l| l.text);
    let name = file.rsplit('/').next().unwrap_or(file);
    if first.starts_with(['●', '○', '×', '↻', '*']) && first.contains(".service") {
        return Form::Systemctl;
    }
    if first.starts_with("Name:") {
        return Form::Describe;
    }
    if table::Header::read(first, false).is_some() || table::is_event_row(first) {
        return Form::Table;
    }
    if name.starts_with("dmesg") || journal_line(first) {
        return Form::Journal;
    }
    Form::Log
}

/// Whether a line has the shape of a journal's or of the kernel's ring buffer.
fn journal_line(text: &str) -> bool {
    let Some((stamp, used)) = super::times::leading(text) else { return false };
    let rest = text.get(used..).unwrap_or("").trim_start();
    match stamp.basis {
        super::times::Basis::Boot => true,
        super::times::Basis::NoYear => {
            // `host unit[pid]: text`, or klog's `pid file:line] text`.
            rest.split_once(": ").is_some_and(|(head, _)| head.split(' ').count() == 2)
                || text.starts_with(['I', 'W', 'E', 'F'])
        }
        _ => {
            rest.split_once(": ").is_some_and(|(head, _)| head.split(' ').count() == 2 && head.ends_with(']'))
        }
    }
}

/// The view that a table of the command is.
fn table_view(command: Option<&Command>) -> View {
    match command {
        Some(command) if command.show_labels => View::TableLabels,
        Some(command) if command.output == Some(Output::Wide) => View::TableWide,
        _ => View::Table,
    }
}
