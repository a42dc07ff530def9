//! From what kubectl and systemctl printed to observations.

mod describe;
mod describe_net;
mod describe_pod;
mod describe_rest;
mod logs;
mod rollout;
mod rows;
mod stream;
mod systemctl;
mod values;

pub(crate) use logs::dumped;
pub(crate) use stream::Stream;

use super::command::{Command, Output, Program};
use super::form::{self, Form};
use super::lines::{Line, Passage};
use super::table::{self, Table};
use super::{outline, transcript};
use crate::source::{self, Named};
use crate::{Intake, Place, marks, refused, work};
use engine::Text;
use engine::evidence::{Gap, Object, Observation, Read, View, What, Why};
use engine::subject::{Kind, Subject};
use std::borrow::Cow;

/// Reads text that is neither JSON nor YAML: a transcript, or the output of one command.
pub fn text(text: &str, place: &Place, out: &mut Intake) {
    let plain = transcript::plain(text);
    let before = usize::try_from(place.lines_before).unwrap_or(0);
    let mut sections = sections(&plain, place);
    for section in &mut sections {
        section.body.first_line += before;
        if let Some(command) = &mut section.command {
            command.line += before;
        }
    }
    let runs = work::runs(&sections, JOB, |section| section.body.text.len());
    let parts = work::each(&runs, work::WORKERS, |run| {
        let mut read = Intake::default();
        for (sequence, section) in run.clone().zip(&sections[run.clone()]) {
            let place = Place { sequence: u32::try_from(sequence).unwrap_or(u32::MAX), ..place.clone() };
            let command = section.command.as_ref();
            Context { place, command, about: None, nested: false, out: &mut read }.section(section.body);
        }
        read
    });
    parts.into_iter().for_each(|part| out.absorb(part));
}

fn sections<'a>(plain: &'a str, place: &Place) -> Vec<transcript::Section<'a>> {
    let sections = transcript::sections(plain);
    // A log may print commands; what is named as one is a transcript only where it begins as one.
    if sections.len() > 1
        && sections.first().is_some_and(|first| first.command.is_none() && first.other.is_none())
        && matches!(source::of(&place.name), Some(Named::Log { .. } | Named::Journal { .. }))
    {
        return vec![transcript::Section { command: None, other: None, body: Passage::whole(plain) }];
    }
    sections
}

/// Bytes of a transcript that one job reads, at least.
const JOB: usize = 1 << 20;

/// What a section is read into, and what its command says of it.
struct Context<'c, 'a, 'o> {
    place: Place,
    command: Option<&'c Command<'a>>,
    /// The object that what stood last was about, if it was one.
    about: Option<Subject>,
    /// Inside text that stood below what the command printed.
    nested: bool,
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
            Some((Program::Kubectl, "rollout")) => self.rollout(body),
            Some((Program::Kubectl, "auth")) => self.rights(body),
            Some((Program::Kubectl, _)) => self.any(body),
            Some((Program::Systemctl, "status" | "")) => self.systemctl(body),
            Some((Program::Journalctl | Program::Dmesg, _)) => self.journal(body),
            Some(_) => self.any(body),
            None => self.any(body),
        }
    }

    /// Text without a command that tells its form. Only what looks like a paste of several things is cut into them:
    /// a long log may hold anything.
    fn any(&mut self, body: Passage<'a>) {
        if let Some(files) = marks::files(body) {
            let own = self.place.name.clone();
            for (name, lines) in files {
                self.place.name = name.map_or_else(|| own.clone(), Text::from);
                self.any(lines);
            }
            self.place.name = own;
            return;
        }
        match whole(body, &self.place.name) {
            Some(Whole::Journal) => return self.journal(body),
            Some(Whole::Log) => return self.logs(body),
            Some(Whole::Nothing) => return self.out.unread.files.push(self.place.file.clone()),
            None => {}
        }
        for block in form::blocks(body) {
            match block.form {
                Form::Table => self.get(block.lines),
                Form::Outline => self.describes(block.lines),
                Form::Systemctl => self.systemctl(block.lines),
                Form::Journal | Form::JournalExport | Form::JournalJson | Form::Klog | Form::Dmesg => {
                    self.journal(block.lines);
                }
                Form::Yaml | Form::Json if self.objects(block.lines) => {}
                Form::Message => {
                    for line in block.lines.lines().filter(|l| !l.is_blank()) {
                        if !self.message(&line) {
                            self.unclaimed(std::iter::once(line));
                        }
                    }
                }
                Form::Note => {}
                _ => self.logs(block.lines),
            }
        }
    }

    /// Objects as YAML or JSON.
    fn objects(&mut self, lines: Passage<'a>) -> bool {
        let before = u32::try_from(lines.first_line.saturating_sub(1)).unwrap_or(0);
        let place = Place { lines_before: before, ..self.place.clone() };
        crate::objects::read(lines.text, &place, self.out)
    }

    /// `kubectl get`: tables, YAML or JSON, and what kubectl says instead.
    fn get(&mut self, body: Passage<'a>) {
        let command = self.command;
        if matches!(command.and_then(|c| c.output.as_ref()), Some(Output::Yaml | Output::Json)) {
            if let Some(rest) = self.messages(body)
                && !self.objects(rest)
            {
                self.unclaimed(rest.lines().filter(|l| !l.is_blank()));
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
            // Messages of the error stream stand anywhere among the rows.
            for line in &table.unclaimed {
                if !self.message(line) {
                    self.unclaimed(std::iter::once(*line));
                }
            }
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
            "Error from server: ",
            "Unable to connect to the server",
            "The connection to the server",
            "Warning: ",
        ];
        if own.iter().any(|prefix| text.starts_with(prefix)) {
            if !text.starts_with("Warning: ") {
                self.gap(line, Why::Unreachable(crate::redact::text(text).as_ref().into()));
            }
            return true;
        }
        text.starts_with("Defaulted container ")
            || text.starts_with("Found ") && text.contains(" pods, using pod/")
    }

    fn server_error(&mut self, line: &Line, reason: &str, message: &str) {
        let (read, mut why) = refused::read(message);
        match reason {
            "NotFound" => why = Why::NotFound,
            "Forbidden" if !matches!(why, Why::Forbidden { .. }) => {
                let verb = self.command.map_or("get", |c| {
                    if c.targets.iter().any(|t| t.name.is_some()) { "get" } else { "list" }
                });
                why = Why::Forbidden {
                    verb: verb.into(),
                    resource: message.split(' ').next().unwrap_or("").into(),
                };
            }
            _ => {}
        }
        match read {
            // The message names it better than the command, which may ask for several things.
            Some(read) => {
                let gap = Gap { read: self.at_home(read), why, locator: self.place.line(line.number) };
                self.out.gaps.push(gap);
            }
            None => self.gap(line, why),
        }
    }

    /// A read in the namespace of the command, where it names none itself.
    fn at_home(&self, mut read: Read) -> Read {
        let home = self.namespace().map(|n| Text::from(n.as_ref()));
        let logs = self.command.is_some_and(|c| c.verb == "logs");
        match &mut read {
            Read::Object(of) if logs && of.kind == Kind::Pod => {
                of.namespace = of.namespace.take().or(home);
                let previous = self.command.is_some_and(|c| c.previous);
                return Read::Log { container: of.clone(), previous };
            }
            Read::Object(of) | Read::Log { container: of, .. } if of.kind.is_namespaced() => {
                of.namespace = of.namespace.take().or(home);
            }
            _ => {}
        }
        read
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

    /// The one object that the command names.
    fn named(&self) -> Option<Subject> {
        let command = self.command?;
        let [target] = command.targets.as_slice() else { return None };
        let kind = Kind::parse(target.of.known()?.kind);
        Some(Subject::new(kind, self.namespace().as_deref(), target.name.as_deref()?))
    }

    fn unclaimed<'l>(&mut self, lines: impl Iterator<Item = Line<'l>>) {
        for line in lines {
            self.out.unread.lines += 1;
            crate::sample(self.out, self.place.line(line.number), line.text);
        }
    }

    fn push(&mut self, line: usize, what: What) {
        let mut observation: Observation = self.place.observe(line, what);
        crate::redact::observation(&mut observation);
        self.out.observations.push(observation);
    }

    fn push_object(&mut self, line: usize, object: Object) {
        self.push(line, What::Object(Box::new(object)));
    }

    fn describes(&mut self, body: Passage<'a>) {
        let kind = self
            .command
            .and_then(|c| c.targets.first())
            .and_then(|t| t.of.known())
            .map(|r| Kind::parse(r.kind));
        let mut rest = self.messages(body);
        while let Some(found) = rest {
            // Of objects that are not there kubectl says so among the others.
            let end = memchr::memmem::find(found.text.as_bytes(), b"\nError from server")
                .map_or(found.text.len(), |at| at + 1);
            for object in outline::objects(found.until(end)) {
                if let Some(line) = describe::object(self, kind.clone(), &outline::parse(object)) {
                    self.after(object, line);
                }
            }
            let breaks = memchr::memchr_iter(b'\n', &found.text.as_bytes()[..end]).count();
            let after = Passage { text: &found.text[end..], first_line: found.first_line + breaks };
            rest = self.messages(after);
        }
    }
}

impl<'a> Context<'_, 'a, '_> {
    /// What was pasted below an object: read as text without a command, but not again from inside such a text.
    fn after(&mut self, object: Passage<'a>, line: usize) {
        let Some(first) = object.lines().find(|l| l.number == line) else { return };
        let rest = object.from(&first);
        if self.command.is_some_and(|c| c.verb == "describe") && !self.nested {
            self.nested = true;
            self.any(rest);
            self.nested = false;
        } else {
            self.unclaimed(rest.lines().filter(|l| !l.is_blank()));
        }
    }
}

/// What a text is all through.
enum Whole {
    Journal,
    Log,
    /// Nothing that is understood.
    Nothing,
}

/// What a text without commands is by its beginning and its name; none where it is a paste of several things.
fn whole(body: Passage<'_>, name: &str) -> Option<Whole> {
    let head = body.lines().nth(HEAD).map_or(body, |line| body.until(line.start));
    let structured = |b: form::Block| matches!(b.form, Form::Table | Form::Outline | Form::Systemctl);
    let refused = |b: &form::Block| b.form == Form::Message && !b.lines.text.starts_with(['W', 'e']);
    let first = form::blocks(head).find(|b| b.form != Form::Note);
    let pasted = first.as_ref().is_some_and(refused) || form::blocks(head).any(structured);
    let named = source::of(name);
    let is_log = matches!(named, Some(Named::Log { .. } | Named::Journal { .. }));
    if pasted && !name.ends_with(".log") && !is_log {
        return None;
    }
    Some(match first.map(|b| b.form) {
        Some(Form::Journal | Form::JournalExport | Form::JournalJson | Form::Dmesg) => Whole::Journal,
        Some(Form::Klog) if !matches!(named, Some(Named::Log { .. })) => Whole::Journal,
        Some(Form::Cri) => Whole::Log,
        _ if matches!(named, Some(Named::Journal { .. })) => Whole::Journal,
        Some(Form::Json) if !is_log && !is_record(body) => Whole::Nothing,
        _ if is_prose(name) => Whole::Nothing,
        _ => Whole::Log,
    })
}

/// Whether a name promises something to read, to look at or to compute with, and no log.
fn is_prose(name: &str) -> bool {
    let end = name.rsplit(['/', '.']).next().unwrap_or("").to_ascii_lowercase();
    ["md", "html", "css", "js", "tsv", "csv", "xml", "svg", "yaml", "yml", "license", "data"]
        .contains(&end.as_str())
}

/// Whether JSON is a record of a log: one line that says something and when, or how bad it is.
fn is_record(body: Passage<'_>) -> bool {
    let mut lines = body.lines().filter(|l| !l.is_blank());
    let keys = ["msg", "message", "log", "level", "severity", "time", "timestamp", "@timestamp", "ts"];
    lines.next().is_some_and(|line| {
        let line = line.text.to_ascii_lowercase();
        line.trim_end().ends_with('}')
            && keys.iter().filter(|k| line.contains(&format!("\"{k}\""))).count() > 1
    })
}

/// Lines that show whether a text without commands is a paste of several things.
const HEAD: usize = 400;

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

/// The view that a table of the command is.
fn table_view(command: Option<&Command>) -> View {
    match command {
        // It tells that something runs, and nothing of its state.
        Some(command) if command.verb == "top" => View::Fragment,
        Some(command) if command.show_labels => View::TableLabels,
        Some(command) if command.output == Some(Output::Wide) => View::TableWide,
        _ => View::Table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::evidence::{Body, State};

    fn read(text: &str) -> Intake {
        let mut out = Intake::default();
        super::text(text, &Place::file("paste.txt"), &mut out);
        out
    }

    fn events(out: &Intake) -> Vec<(String, String)> {
        out.observations
            .iter()
            .filter_map(|o| match &o.what {
                What::Event(e) => Some((e.about.name.to_string(), e.reason.to_string())),
                _ => None,
            })
            .collect()
    }

    fn logs(out: &Intake) -> usize {
        out.observations.iter().filter(|o| matches!(o.what, What::Log(_))).count()
    }

    const SQUEEZED: &str = "\
Name: web-0
Namespace: shop
Containers:
app:
State: Waiting
Reason: CrashLoopBackOff
Last State: Terminated
Reason: OOMKilled
Exit Code: 137
Limits:
memory: 256Mi
Events:
Type Reason Age From Message
---- ------ ---- ---- -------
Warning BackOff 2m (x30 over 1h) kubelet Back-off restarting failed container
[2026-06-28T12:04:55Z] INFO: starting
[2026-06-28T12:05:00Z] FATAL: exiting with code 1
";

    #[test]
    fn a_describe_without_indentation_and_a_log_below() {
        for text in [SQUEEZED.to_owned(), format!("$ kubectl describe pod web-0 -n shop\n{SQUEEZED}")] {
            let out = read(&text);
            let pod = out.observations.iter().find_map(|o| match &o.what {
                What::Object(object) => match &object.body {
                    Body::Pod(pod) => Some((object.views, pod.clone())),
                    _ => None,
                },
                _ => None,
            });
            let (_, pod) = pod.unwrap();
            let app = &pod.containers[0];
            assert!(matches!(&app.last, Some(State::Terminated(e)) if e.exit_code == Some(137)), "{text}");
            assert!(app.limits.as_ref().unwrap().contains_key("memory"));
            assert_eq!(events(&out), [("web-0".to_owned(), "BackOff".to_owned())]);
            assert_eq!((logs(&out), out.unread.lines), (1, 0), "{text}");
        }
    }

    #[test]
    fn rows_of_events_belong_to_the_one_pod_above() {
        let rows = "--- EVENTS ---\nWarning Failed 15m (x12 over 15m) kubelet Error: ErrImagePull\n";
        let one = "NAME READY STATUS RESTARTS AGE\nweb-0 0/1 ImagePullBackOff 0 15m\n";
        let out = read(&format!("{one}{rows}"));
        assert_eq!(events(&out), [("web-0".to_owned(), "Failed".to_owned())]);
        let out = read(&format!("{one}web-1 0/1 ImagePullBackOff 0 15m\n{rows}"));
        assert_eq!((events(&out).len(), out.unread.lines), (0, 1), "of two pods it is not said whose");
    }

    #[test]
    fn a_log_stays_one_log() {
        let log = "INFO a\nWarning: x\nI1114 21:04:55.000000    1771 kubelet.go:2528] \"SyncLoop\"\nReason: y\nMessage z\n";
        let out = read(log);
        assert_eq!((logs(&out), out.observations.len()), (1, 1));
    }

    #[test]
    fn messages_among_objects_and_rows() {
        let out = read(
            "$ kubectl describe pod a b c\nName:  a\nQoS Class:  Burstable\nEvents:  <none>\nError from server (NotFound): pods \"b\" not found\n\nName:  c\nQoS Class:  Burstable\nEvents:  <none>\n\
             $ kubectl get pods a b\nNAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          5m\nError from server (NotFound): pods \"b\" not found\n",
        );
        assert_eq!((out.gaps.len(), out.observations.len(), out.unread.lines), (2, 3, 0));
    }
}
