//! Node journals: lines as `journalctl` and `dmesg` print them, the structured forms `-o export` and `-o json`, and the
//! files that journald itself writes.

mod export;
mod json;
mod native;

pub(crate) use export::{Export, is_export, read as read_export, whole_value};
pub(crate) use json::{Json, is_json, read as read_json};
pub(crate) use native::{SIGNATURE as NATIVE, export as native_as_export, read as read_native};

use crate::kubectl::form;
use crate::kubectl::lines::Line;
use crate::kubectl::times::{self, Basis};
use crate::source::{self, Named};
use crate::{Intake, Place, redact};
use engine::Text;
use engine::evidence::{ClockPair, Gap, NodeLog, Read, What, Why};
use engine::moment::{Clock, Moment, SECOND};
use engine::scan::node::{NodeScan, SIGHTINGS};
use std::borrow::Cow;

/// Lines at the beginning among which the first time and host are looked for.
const FIRST: usize = 50;

/// Hosts told apart in one journal; those beyond share the last.
const HOSTS: usize = 1024;

/// So many hosts have all the room for what their lines say. The later ones have less, so that memory is bounded.
const ROOMY: usize = 8;

/// Whose journal a passage is: what the file's name and the command say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whose {
    /// The node, where its name is known without the lines.
    pub node: Option<Text>,
    /// The unit that wrote lines which do not name their writer.
    pub unit: Option<Text>,
}

impl Whose {
    /// What the file's name says.
    pub(crate) fn file(place: &Place) -> Whose {
        match source::of(&place.name) {
            Some(Named::Journal { node, unit }) => Whose { node, unit: Some(unit) },
            Some(Named::Node { node }) => Whose { node: Some(node), unit: None },
            _ => Whose::default(),
        }
    }
}

/// What one host wrote.
struct Part {
    scan: NodeScan,
    first_line: usize,
    /// The start of the machine, and how many there were.
    boot: Option<Text>,
    boots: usize,
    /// One moment by the clock of the lines, or since the start of the machine, and by the calendar.
    pair: Option<(i64, i64)>,
}

impl Part {
    /// What follows, to be read by itself.
    fn part(&mut self) -> Part {
        let scan = self.scan.part();
        Part { scan, first_line: self.first_line, boot: None, boots: 0, pair: self.pair }
    }
}

/// Gathers what several hosts wrote.
pub(super) struct Gather {
    whose: Whose,
    parts: Vec<(String, Part)>,
    /// The part of the line before.
    last: usize,
    /// Whether all of it is joined with what stands before.
    behind: bool,
    /// A host found no room.
    crowded: bool,
}

impl Gather {
    fn new(whose: Whose) -> Gather {
        Gather { whose, parts: Vec::new(), last: 0, behind: false, crowded: false }
    }

    /// The part of a host, set to a line of the input.
    fn part(&mut self, host: &str, line: usize) -> &mut Part {
        // Where a name tells the node, its lines may call it otherwise.
        let host = if self.whose.node.is_some() { "" } else { host };
        if self.parts.get(self.last).is_none_or(|(known, _)| known != host) {
            let known = self.parts.iter().position(|(known, _)| known == host);
            self.last = match known {
                Some(known) => known,
                None if self.parts.len() < HOSTS => {
                    let room = SIGHTINGS * ROOMY / (self.parts.len() + 1).max(ROOMY);
                    let begin = if self.behind { NodeScan::first_part } else { NodeScan::within };
                    let scan = begin(room, redact::text);
                    let part = Part { scan, first_line: line, boot: None, boots: 0, pair: None };
                    self.parts.push((host.to_owned(), part));
                    self.parts.len() - 1
                }
                None => {
                    self.crowded = true;
                    self.last
                }
            };
        }
        let part = &mut self.parts[self.last].1;
        part.scan.seek(u32::try_from(line.saturating_sub(part.first_line)).unwrap_or(u32::MAX));
        part
    }

    fn entry(&mut self, entry: &Entry<'_>, line: usize) {
        let unit = self.whose.unit.clone();
        let host = entry.host.as_deref().unwrap_or("");
        let part = self.part(host, line);
        if let (Some(boot), Some(since), Some(at)) = (&entry.boot, entry.monotonic, entry.collected) {
            if part.boot.as_deref() != Some(&**boot) {
                part.boots += 1;
                if part.boot.is_some() {
                    part.scan.boot();
                }
                part.boot = Some(boot.as_ref().into());
            }
            part.pair = Some((since, at));
        }
        let component = entry.component().or(unit.as_deref().map(Cow::Borrowed));
        part.scan.push_message(component.as_deref().unwrap_or(""), &entry.message, entry.at());
    }

    /// Hands over what each host wrote, its times read with that basis.
    fn finish(mut self, place: &Place, out: &mut Intake, basis: Basis) {
        self.parts.sort_by(|a, b| a.0.cmp(&b.0));
        for (host, part) in self.parts {
            let node = self.whose.node.clone().or_else(|| (!host.is_empty()).then(|| host.as_str().into()));
            let name = node.clone().unwrap_or_default();
            let clock = match basis {
                Basis::Utc => Clock::Node(name.clone()),
                Basis::Boot => Clock::Boot(name.clone()),
                Basis::NoOffset | Basis::NoYear => Clock::Yearless(name.clone()),
            };
            if part.boots <= 1
                && let Some((shown, at)) = part.pair
            {
                let (width, by) = match &clock {
                    // What is printed without a fraction is any moment of that second.
                    Clock::Yearless(_) if shown % SECOND == 0 => (SECOND - 1, clock.clone()),
                    Clock::Yearless(_) => (0, clock.clone()),
                    _ => (0, Clock::Boot(name.clone())),
                };
                let shown = Moment { earliest: shown, latest: shown + width, clock: by };
                let truth = Moment { earliest: at, latest: at, clock: Clock::Node(name.clone()) };
                out.observations.push(
                    place.observe(part.first_line, What::ClockPair(Box::new(ClockPair { shown, truth }))),
                );
            }
            let log = NodeLog {
                node,
                clock,
                shift: (0, 0),
                summary: part.scan.finish(|line| at(line, basis)),
                locator: place.line(part.first_line),
            };
            out.observations.push(place.observe(part.first_line, What::NodeLog(Box::new(log))));
        }
    }
}

/// Reads lines of a journal, of the kernel's ring buffer, or of a component that writes klog.
pub(crate) fn read_lines<'a>(
    lines: impl Iterator<Item = Line<'a>> + Clone,
    whose: Whose,
    place: &Place,
    out: &mut Intake,
) {
    if let Some(mut reader) = Lines::open(lines.clone(), whose, place, out) {
        reader.push(lines);
        reader.finish(place, out);
    }
}

/// Reads the lines of a journal, as many at a time as there are.
pub(crate) struct Lines {
    gather: Gather,
    basis: Basis,
    /// The host of the line before: where its name began, and the name; empty where none is known.
    host: (usize, String),
    /// Whether it is that: of a part it is not known up to the first line that names one.
    known: bool,
}

/// Stands for the host of the line before a part, where that is not known.
const BEFORE: &str = "\0";

impl Lines {
    /// Begins with what the first lines tell of all: what their times count from. None where nothing stands on them.
    pub(crate) fn open<'a>(
        head: impl Iterator<Item = Line<'a>>,
        whose: Whose,
        place: &Place,
        out: &mut Intake,
    ) -> Option<Lines> {
        let head: Vec<Line<'a>> = head.filter(|line| !line.is_blank()).take(FIRST).collect();
        let first = head.first()?.number;
        let basis = head.iter().find_map(|line| times::leading(line.text.trim()));
        let basis = basis.map_or(Basis::NoYear, |(stamp, _)| stamp.basis);
        let host = head.iter().find_map(|line| form::journal_host(line.text)).unwrap_or((0, ""));
        if basis == Basis::Boot && !host.1.is_empty() {
            let node = whose.node.clone().unwrap_or_else(|| host.1.into());
            let unit = whose.unit.clone().unwrap_or_else(|| "kubelet".into());
            let why = Why::Truncated(
                "its times count from the start of the node, and nothing tells when that was".into(),
            );
            out.gaps.push(Gap {
                read: Read::Journal { node, unit, since: None },
                why,
                locator: place.line(first),
            });
        }
        Some(Lines { gather: Gather::new(whose), basis, host: (host.0, host.1.to_owned()), known: true })
    }

    /// Begins a part that is read by itself, and joined with what stands before it in the end.
    pub(crate) fn part(&mut self) -> Lines {
        let mut gather = Gather::new(self.gather.whose.clone());
        gather.behind = true;
        gather.parts = self.gather.parts.iter_mut().map(|(host, part)| (host.clone(), part.part())).collect();
        Lines { gather, basis: self.basis, host: self.host.clone(), known: false }
    }

    /// Whether what follows may be read as a part.
    pub(crate) fn is_settled(&self) -> bool {
        self.gather.parts.iter().all(|(_, part)| part.scan.is_settled())
    }

    /// Whether a part is what it would be, had all been read that stands before it.
    pub(crate) fn is_sure(&self) -> bool {
        !self.gather.crowded && self.gather.parts.iter().all(|(_, part)| part.scan.is_sure())
    }

    /// Adds a part that stands behind all that was read.
    pub(crate) fn join(&mut self, later: Lines) {
        let mut parts = later.gather.parts;
        // Those lines stand before all others.
        parts.sort_by_key(|(host, _)| host != BEFORE);
        for (host, part) in parts {
            let host = if host == BEFORE { &self.host.1 } else { &host };
            let mine = self.gather.part(host, part.first_line);
            let before = part.first_line.saturating_sub(mine.first_line);
            mine.pair = mine.pair.or(part.pair);
            mine.scan.join(part.scan, u32::try_from(before).unwrap_or(u32::MAX), |line| at(line, self.basis));
        }
        if later.known {
            self.host = later.host;
        }
        let last = self.gather.parts.iter().position(|(host, _)| *host == self.host.1);
        self.gather.last = last.unwrap_or(self.gather.last);
    }

    /// Reads the next lines, and tells how many there were that are not blank.
    pub(crate) fn push<'a>(&mut self, lines: impl Iterator<Item = Line<'a>>) -> u64 {
        let basis = self.basis;
        let unit = self.gather.whose.unit.clone();
        let mut read = 0;
        for line in lines.filter(|line| !line.is_blank()) {
            read += 1;
            let mut named = stands_at(line.text, &self.host);
            if !named && let Some((start, name)) = form::journal_host(line.text) {
                self.host.0 = start;
                name.clone_into(&mut self.host.1);
                named = true;
            }
            self.known |= named;
            let host = if self.known { &self.host.1 } else { BEFORE };
            let part = self.gather.part(host, line.number);
            if is_boot(line.text) {
                part.scan.boot();
                continue;
            }
            if part.pair.is_none()
                && matches!(basis, Basis::NoYear | Basis::NoOffset)
                && let Some(told) = told_by_writer(line.text)
            {
                part.pair = at(line.text, basis).zip(Some(told));
            }
            match &unit {
                Some(unit) if !named && !line.text.starts_with('[') => {
                    part.scan.push_message(unit, line.text, at(line.text, basis));
                }
                _ => part.scan.push(line.text, |line| at(line, basis)),
            }
        }
        read
    }

    /// Hands over what was read.
    pub(crate) fn finish(self, place: &Place, out: &mut Intake) {
        self.gather.finish(place, out, self.basis);
    }
}

/// The calendar's time that a writer put before its own message, as containerd, Docker and CRI-O do (logrus:
/// `containerd[13586]: time="2026-11-25T13:27:04.673179069Z" level=info …`): it ties a journal to the calendar that is
/// printed without year or zone.
fn told_by_writer(line: &str) -> Option<i64> {
    let (head, message) = line.split_once("]: time=\"")?;
    let (writer, _) = head.rsplit_once('[')?;
    // Others may write down when something else happened.
    if !["containerd", "dockerd", "crio"].iter().any(|runtime| writer.ends_with(runtime)) {
        return None;
    }
    let time = crate::time::rfc3339(message.split_once('"')?.0)?;
    Some(time.earliest)
}

/// `-- Boot 0f5c… --`, before systemd 249 `-- Reboot --` (src/shared/logs-show.c).
fn is_boot(line: &str) -> bool {
    line.starts_with("-- Boot ") || line == "-- Reboot --"
}

/// Whether a host's name stands where it stood on the line before: the times of one journal are of one width.
fn stands_at(line: &str, (start, host): &(usize, String)) -> bool {
    let end = start + host.len();
    !host.is_empty()
        && line.as_bytes().get(*start..end) == Some(host.as_bytes())
        && line.as_bytes().get(end) == Some(&b' ')
}

/// The time of a line, in microseconds of the clock that a basis means.
fn at(line: &str, basis: Basis) -> Option<i64> {
    let (stamp, _) = times::leading(line.trim())?;
    match (basis, stamp.basis) {
        (Basis::NoOffset | Basis::NoYear, Basis::NoOffset) => Some(times::without_year(stamp.span.earliest)),
        (Basis::NoOffset | Basis::NoYear, Basis::NoYear) => Some(stamp.span.earliest),
        (wanted, found) => (wanted == found).then_some(stamp.span.earliest),
    }
}

/// A record of a structured journal.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry<'a> {
    message: Cow<'a, str>,
    identifier: Option<Cow<'a, str>>,
    unit: Option<Cow<'a, str>>,
    program: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
    boot: Option<Cow<'a, str>>,
    /// When it came to the journal, in microseconds since 1970.
    collected: Option<i64>,
    /// When it was written, where the writer told.
    written: Option<i64>,
    /// When it came to the journal, since the start of the machine.
    monotonic: Option<i64>,
}

/// The fields that are read (systemd.journal-fields(7)).
const FIELDS: [&str; 9] = [
    "MESSAGE",
    "SYSLOG_IDENTIFIER",
    "_SYSTEMD_UNIT",
    "_COMM",
    "_HOSTNAME",
    "_BOOT_ID",
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__MONOTONIC_TIMESTAMP",
];

impl<'a> Entry<'a> {
    /// Takes a field; others are left alone.
    fn set(&mut self, field: &str, value: Cow<'a, str>) {
        let number = || value.trim().parse().ok();
        match field {
            "MESSAGE" => self.message = value,
            "SYSLOG_IDENTIFIER" => self.identifier = Some(value),
            "_SYSTEMD_UNIT" => self.unit = Some(value),
            "_COMM" => self.program = Some(value),
            "_HOSTNAME" => self.host = Some(value),
            "_BOOT_ID" => self.boot = Some(value),
            "__REALTIME_TIMESTAMP" => self.collected = number(),
            "_SOURCE_REALTIME_TIMESTAMP" => self.written = number(),
            "__MONOTONIC_TIMESTAMP" => self.monotonic = number(),
            _ => {}
        }
    }

    /// Writes it as `journalctl -o export` does: a value of several lines behind its length.
    fn export(&self, out: &mut Vec<u8>) {
        let number = |value: Option<i64>| value.map(|value| Cow::Owned(value.to_string()));
        let values = [
            Some(self.message.clone()),
            self.identifier.clone(),
            self.unit.clone(),
            self.program.clone(),
            self.host.clone(),
            self.boot.clone(),
            number(self.collected),
            number(self.written),
            number(self.monotonic),
        ];
        // An entry begins with its time.
        let mut fields: Vec<_> = FIELDS.iter().zip(values).collect();
        fields.rotate_left(6);
        for (field, value) in fields {
            let Some(value) = value else { continue };
            out.extend_from_slice(field.as_bytes());
            if value.contains('\n') {
                out.push(b'\n');
                out.extend_from_slice(&(value.len() as u64).to_le_bytes());
            } else {
                out.push(b'=');
            }
            out.extend_from_slice(value.as_bytes());
            out.push(b'\n');
        }
        out.push(b'\n');
    }

    /// Who wrote it, as the short formats say: the identifier, else the program; the unit where neither is there.
    fn component(&self) -> Option<Cow<'_, str>> {
        let name = self.identifier.as_ref().or(self.program.as_ref()).or(self.unit.as_ref())?;
        Some(Cow::Borrowed(name.strip_suffix(".service").unwrap_or(name)))
    }

    fn at(&self) -> Option<i64> {
        self.written.or(self.collected)
    }
}

#[cfg(test)]
mod tests;
