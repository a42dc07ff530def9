//! Container logs: errors as units, the one that tells the end, and what lines say of the world.
//!
//! Literals are looked for in each line; only lines that hold one, or belong to an open stack trace, are looked at again. Memory is bounded whatever the log.

mod access;
mod claim;
mod db;
mod fields;
mod host;
mod level;
mod net;
mod note;
mod patterns;
mod peer;
mod port;
mod target;
mod time;
mod trace;
mod unit;

#[cfg(test)]
mod tests;

pub use access::{BOUNDS, SLOW, Side, Traffic};
pub use claim::{Claim, Heap};
pub use level::Level;
pub use note::Note;
pub use time::Stamp;
pub use unit::{Exception, Language, Unit};

use crate::Text;
use crate::clean::clean;
use crate::scan::Hide;
use crate::scan::message::text::keep;
use patterns::{ACCESS, Claims, Hits, LEVEL, OTHERS, Patterns, patterns};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use unit::Open;

/// What a log held.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSummary {
    /// Lines that are the container's own.
    pub lines: u64,
    /// Bytes read, line breaks included.
    pub bytes: u64,
    /// The first time that a line tells.
    pub first: Option<Stamp>,
    /// The last time that a line tells.
    pub last: Option<Stamp>,
    /// Errors and worse; a stack trace is one with the line above it.
    pub errors: u64,
    /// The last error that tells of an end: a panic, an uncaught exception, a fatal level.
    pub fatal: Option<Box<Unit>>,
    /// The first error of all.
    pub first_error: Option<Box<Unit>>,
    /// The last error that is not fatal.
    pub error: Option<Box<Unit>>,
    /// The last error that says no more than that the program ends.
    pub exit: Option<Box<Unit>>,
    /// The last lines that are not blank, oldest first.
    pub tail: Vec<Excerpt>,
    /// What lines say of the world, each with how often and an example.
    pub sightings: Vec<Sighting>,
    /// Lines that say what was not kept, for want of room.
    pub dropped: u64,
    /// Requests by target, from access logs.
    pub traffic: Vec<Traffic>,
    /// What kubectl or the kubelet said in place of a log, or among its lines.
    pub notes: Vec<Note>,
}

/// A line, clipped, without the time that kubectl puts before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excerpt {
    /// The text.
    pub text: Text,
    /// Its time, in microseconds since 1970, where the line or what kubectl put in front tells it with its offset.
    pub at: Option<i64>,
    /// Its line in the passage, counted from 0.
    pub line: u32,
}

/// Something that lines say, and how often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// What they say.
    pub claim: Claim,
    /// How often; a stack trace counts once.
    pub count: u64,
    /// When first, where a line tells.
    pub first: Option<Stamp>,
    /// When last, where a line tells.
    pub last: Option<Stamp>,
    /// Whether a line of level error or worse says it.
    pub error: bool,
    /// Whether every line that says it quotes another server's error: then it is that server that met it.
    pub relayed: bool,
    /// The first line that says it.
    pub example: Excerpt,
}

/// Why a unit was chosen as the one that tells the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// It is the last that nobody caught, or of a fatal level.
    Fatal,
    /// What came last only says that the program ends; this is the error before.
    BeforeExit,
    /// Nothing is fatal; it is the last error.
    LastError,
}

/// Longest excerpt, in bytes.
const CLIP: usize = 400;
/// Longest part of a line that is looked at, in bytes: the runtime splits lines at 16 KiB (containerd
/// `internal/cri/io/logger.go`, 1.x and 2.x).
const LONGEST: usize = 16 * 1024;
/// Different claims kept of one log.
const SIGHTINGS: usize = 256;
/// Lines kept of the end.
const TAIL: usize = 20;
/// Different remarks of kubectl kept.
const NOTES: usize = 64;
/// Lines at the beginning among which the first time is looked for.
const FIRST: u64 = 50;
/// An error this many lines from the end is no longer of it, if a later one is nearer.
const NEAR: u32 = 500;

/// Reads a log line by line.
pub struct LogScan {
    hide: Hide,
    patterns: &'static Patterns,
    number: u32,
    summary: LogSummary,
    open: Option<Open>,
    seen: BTreeMap<Claim, Sighting>,
    access: access::Gather,
    tail: VecDeque<(String, Option<Stamp>, u32)>,
}

impl Default for LogScan {
    fn default() -> Self {
        LogScan::new()
    }
}

impl LogScan {
    /// Begins a log that is shown as it is.
    pub fn new() -> LogScan {
        LogScan::redacting(|text| Cow::Borrowed(text))
    }

    /// Begins a log of which only what `hide` leaves of a line is kept.
    pub fn redacting(hide: Hide) -> LogScan {
        LogScan {
            hide,
            patterns: patterns(),
            number: 0,
            summary: LogSummary::default(),
            open: None,
            seen: BTreeMap::new(),
            access: access::Gather::default(),
            tail: VecDeque::with_capacity(TAIL),
        }
    }

    /// Reads a line without its break. `at` is its time in microseconds since 1970, where the source keeps it apart.
    pub fn push(&mut self, line: &str, at: Option<i64>) {
        let number = self.number;
        self.number = number.saturating_add(1);
        self.summary.bytes = self.summary.bytes.saturating_add(line.len() as u64 + 1);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = line.get(..line.floor_char_boundary(LONGEST)).unwrap_or(line);
        if matches!(line.as_bytes().first(), Some(b'E' | b'e' | b'u' | b'D' | b'N' | b'f' | b'r'))
            && let Some(note) = note::read(&(self.hide)(line))
        {
            self.note(note);
            return;
        }
        self.summary.lines += 1;
        let (outer, text) = match time::prefixed(line) {
            Some((stamp, text)) => (Some(stamp), text),
            None => (None, line),
        };
        let outer = outer.or(at.map(|at| Stamp { at, utc: true }));
        if self.summary.first.is_none() && self.summary.lines <= FIRST {
            self.summary.first = outer.or_else(|| time_of(text));
        }
        if text.trim_ascii().is_empty() {
            self.blank(text);
            return;
        }
        if let Some(outer) = outer {
            self.summary.last = Some(outer);
        }
        self.keep_tail(text, outer, number);
        // Frames say nothing of the world, and are most of what a program in trouble prints.
        if trace::is_frame(text) {
            if let Some(open) = &mut self.open {
                if open.unit.language.is_none() {
                    open.goes_on(&(self.hide)(text));
                } else {
                    open.frame();
                }
            }
            return;
        }
        let (hits, at) = self.patterns.hits(text);
        if hits == 0 && self.open.is_none() && !klog_error(text) && text != unit::ABORTED {
            return;
        }
        self.told(text, hits, at, outer, number);
    }

    /// The next line stands at that place of the passage, counted from 0.
    pub fn seek(&mut self, line: u32) {
        self.number = line;
    }

    /// The last line was longer by so many bytes, which nobody looked at.
    pub fn passed(&mut self, bytes: u64) {
        self.summary.bytes = self.summary.bytes.saturating_add(bytes);
    }

    /// Reads whole text, line by line.
    pub fn push_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) {
            let (line, next) = rest.split_at_checked(end).unwrap_or((rest, ""));
            self.push(line, None);
            rest = next.get(1..).unwrap_or("");
        }
        if !rest.is_empty() {
            self.push(rest, None);
        }
    }

    /// A line that holds a literal, or stands behind an open unit.
    fn told(&mut self, text: &str, hits: Hits, at: usize, outer: Option<Stamp>, number: u32) {
        let hidden = (self.hide)(text);
        let text = &*hidden;
        let cleaned;
        let text = if memchr::memchr(0x1b, text.as_bytes()).is_some() {
            cleaned = clean(text);
            &*cleaned
        } else {
            text
        };
        // A JSON line is never part of a trace above it.
        let is_json = text.starts_with('{') && text.len() > 2;
        let fields = match is_json {
            true => fields::json(text),
            false if hits & LEVEL != 0 || hits & !OTHERS != 0 => {
                fields::logfmt(text).filter(|f| f.level.is_some())
            }
            false => None,
        };
        let (inner, own) = match time::leading(text) {
            Some((stamp, used)) => (Some(stamp), text.get(used..).unwrap_or("")),
            None => (fields.as_ref().and_then(|f| f.at), text),
        };
        let stamp = outer.or(inner);
        if hits & ACCESS != 0 {
            let is_access = match &fields {
                Some(fields) => {
                    self.access.fields(fields);
                    false
                }
                None => self.access.line(text),
            };
            if is_access {
                self.close();
                return;
            }
        }
        // A line with a time of its own begins something new.
        let goes_on =
            inner.is_none() && !is_json && self.open.as_mut().is_some_and(|open| open.goes_on(text));
        if !goes_on {
            self.close();
            let mut open = Open::start(own, fields.as_ref(), hits, number, text);
            if let Some(open) = &mut open {
                open.unit.at = stamp.or(open.unit.at);
                open.unit.head.at = micros(open.unit.at);
            }
            self.open = open;
        }
        if hits & !OTHERS != 0 {
            let says = fields.as_ref().and_then(|fields| fields.says());
            self.claims(says.as_deref().unwrap_or(own), text, hits, at, stamp, number);
        }
    }

    fn claims(
        &mut self,
        says: &str,
        line: &str,
        mut hits: Hits,
        at: usize,
        stamp: Option<Stamp>,
        number: u32,
    ) {
        hits &= !OTHERS;
        let mut claims = Claims::default();
        while hits != 0 {
            let bit = hits.trailing_zeros() as usize;
            hits &= hits - 1;
            if let Some(family) = self.patterns.families.get(bit) {
                (family.read)(says, &mut claims);
            }
        }
        let told = Told { line, at, stamp, number, error: self.open.is_some(), relayed: is_relayed(says) };
        for claim in claims.list {
            // The analysis of a failure names ports, and none that listens.
            if told.error && matches!(claim, Claim::ListeningOn { .. }) {
                continue;
            }
            if let Some(open) = &mut self.open {
                let vague = claim.is_vague();
                let kind = std::mem::discriminant(&claim);
                if open.claimed.iter().any(|c| *c == claim || (vague && std::mem::discriminant(c) == kind)) {
                    continue;
                }
                if open.claimed.len() < 16 {
                    open.claimed.push(claim.clone());
                }
            }
            self.sight(claim, &told);
        }
    }

    fn sight(&mut self, claim: Claim, told: &Told) {
        let stamp = told.stamp;
        if let Some(sighting) = self.seen.get_mut(&claim) {
            sighting.count += 1;
            sighting.error |= told.error;
            sighting.relayed &= told.relayed;
            sighting.first = sighting.first.or(stamp);
            sighting.last = stamp.or(sighting.last);
        } else if self.seen.len() < SIGHTINGS {
            let sighting = Sighting {
                claim: claim.clone(),
                count: 1,
                first: stamp,
                last: stamp,
                error: told.error,
                relayed: told.relayed,
                example: Excerpt { text: window(told.line, told.at), at: micros(stamp), line: told.number },
            };
            self.seen.insert(claim, sighting);
        } else {
            self.summary.dropped += 1;
        }
    }

    fn note(&mut self, note: Note) {
        self.close();
        if self.summary.notes.len() < NOTES && !self.summary.notes.contains(&note) {
            self.summary.notes.push(note);
        }
    }

    fn blank(&mut self, text: &str) {
        if let Some(open) = &mut self.open
            && !open.goes_on(text)
        {
            self.close();
        }
    }

    /// Ends the open unit.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.summary.errors += 1;
        let only_exits = open.claimed.iter().any(|c| matches!(c, Claim::Exiting { .. }))
            && open.unit.exception.is_none()
            && open.claimed.len() == 1;
        let mut unit = open.unit;
        if unit.says.is_empty()
            && let Some(exception) = &unit.exception
        {
            unit.says = keep(&format!("{}: {}", exception.kind, exception.message));
        }
        if self.summary.first_error.is_none() {
            self.summary.first_error = Some(Box::new(unit.clone()));
        }
        if only_exits {
            self.summary.exit = Some(Box::new(unit));
            return;
        }
        if unit.level == Level::Fatal {
            self.summary.fatal = Some(Box::new(unit));
        } else {
            self.summary.error = Some(Box::new(unit));
        }
    }

    fn keep_tail(&mut self, text: &str, outer: Option<Stamp>, number: u32) {
        let (mut kept, ..) = if self.tail.len() >= TAIL {
            self.tail.pop_front().unwrap_or_default()
        } else {
            Default::default()
        };
        kept.clear();
        // Whole, for of half a secret nobody can tell what it is.
        kept.push_str(text);
        self.tail.push_back((kept, outer, number));
    }

    /// Ends the log.
    pub fn finish(mut self) -> LogSummary {
        self.close();
        let mut summary = self.summary;
        if summary.last.is_none() {
            summary.last = self.tail.iter().rev().find_map(|(line, ..)| time_of(line));
        }
        summary.tail = self
            .tail
            .iter()
            .map(|(line, outer, number)| {
                excerpt(&(self.hide)(line), *number, outer.or_else(|| time_of(line)))
            })
            .collect();
        summary.sightings = self.seen.into_values().collect();
        summary.traffic = self.access.finish();
        summary
    }
}

impl LogSummary {
    /// Whether nothing was found in it: no error and nothing else that is known.
    pub fn is_silent(&self) -> bool {
        self.errors == 0 && self.sightings.is_empty() && self.traffic.is_empty() && self.notes.is_empty()
    }

    /// Reads a whole log.
    pub fn read(text: &str) -> LogSummary {
        let mut scan = LogScan::new();
        scan.push_text(text);
        scan.finish()
    }

    /// Sightings that a test picks.
    pub fn seen<'s>(&'s self, wanted: impl Fn(&Claim) -> bool + 's) -> impl Iterator<Item = &'s Sighting> {
        self.sightings.iter().filter(move |s| wanted(&s.claim))
    }

    /// The error that tells an end best, and why this one.
    pub fn ending(&self) -> Option<(&Unit, Choice)> {
        let last = self.tail.last().map_or(0, |line| line.line);
        let (unit, choice) = match (self.fatal.as_deref(), self.error.as_deref()) {
            (Some(fatal), Some(error))
                if error.head.line > fatal.head.line && last.saturating_sub(fatal.head.line) > NEAR =>
            {
                (error, Choice::LastError)
            }
            (Some(fatal), _) => (fatal, Choice::Fatal),
            (None, Some(error)) => (error, Choice::LastError),
            (None, None) => return self.exit.as_deref().map(|unit| (unit, Choice::Fatal)),
        };
        let exits = self.exit.as_ref().is_some_and(|exit| exit.head.line > unit.head.line);
        Some((unit, if exits { Choice::BeforeExit } else { choice }))
    }

    /// The line of the error that tells an end best.
    pub fn essence(&self) -> Option<&Excerpt> {
        self.ending().map(|(unit, _)| &unit.head)
    }
}

/// What a claim was read from.
struct Told<'t> {
    line: &'t str,
    at: usize,
    stamp: Option<Stamp>,
    number: u32,
    error: bool,
    relayed: bool,
}

/// Whether an error is of a server that this one asked: gRPC wraps what it was told (`rpc error: … rpc error: …`).
fn is_relayed(says: &str) -> bool {
    memchr::memmem::find_iter(says.as_bytes(), b"rpc error: code = ").take(2).count() == 2
}

/// Whether klog may have written it as an error (`E1124 12:…`), which has no literal.
fn klog_error(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.first(), Some(b'E' | b'F'))
        && bytes.get(1..5).is_some_and(|d| d.iter().all(u8::is_ascii_digit))
}

/// The time of a line by itself.
fn time_of(text: &str) -> Option<Stamp> {
    let text = text.trim_start();
    if text.starts_with('{') {
        return fields::json(text).and_then(|fields| fields.at);
    }
    time::leading(text).map(|(stamp, _)| stamp)
}

fn excerpt(text: &str, line: u32, at: Option<Stamp>) -> Excerpt {
    Excerpt { text: clipped(text), at: micros(at), line }
}

fn clipped(text: &str) -> Text {
    let text = text.trim();
    text.get(..text.floor_char_boundary(CLIP)).unwrap_or("").into()
}

/// A time that counts from 1970 UTC.
fn micros(stamp: Option<Stamp>) -> Option<i64> {
    stamp.filter(|stamp| stamp.utc).map(|stamp| stamp.at)
}

/// The part of a line around `at`, clipped.
fn window(line: &str, at: usize) -> Text {
    let line = line.trim_end();
    if at < CLIP * 3 / 4 || at > line.len() {
        return clipped(line);
    }
    let from = line.floor_char_boundary(at - CLIP / 4);
    let part = line.get(from..).unwrap_or("");
    format!("…{}", part.get(..part.floor_char_boundary(CLIP)).unwrap_or("")).into()
}
