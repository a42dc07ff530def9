//! Container logs: how bad a line is, the line that tells an end best, and what lines say of the world.
//!
//! One automaton of literals runs over the whole text; only lines that hold a literal are looked at again.

mod claims;

pub use claims::Claim;

use crate::Text;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What a log held.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSummary {
    /// Lines that are the container's own.
    pub lines: u64,
    /// Lines of an error's level or worse, stack frames left out.
    pub errors: u64,
    /// The last line that tells of a fatal end: a panic, an uncaught exception, a fatal level.
    pub fatal: Option<Excerpt>,
    /// The last line of an error's level.
    pub error: Option<Excerpt>,
    /// The last line of all.
    pub last: Option<Excerpt>,
    /// What lines say of the world, each with how often and an example.
    pub sightings: Vec<Sighting>,
    /// What kubectl or the kubelet said in place of a log.
    pub notes: Vec<Note>,
}

/// A line, clipped, without its time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excerpt {
    /// The text.
    pub text: Text,
    /// Its time, in microseconds since 1970, where `--timestamps` put one in front.
    pub at: Option<i64>,
    /// Its line in the passage, counted from 0.
    pub line: u32,
}

/// Something that lines say, and how often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// What they say.
    pub claim: Claim,
    /// How many lines.
    pub count: u64,
    /// The first of them.
    pub example: Excerpt,
}

/// Why there is no log, or not all of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The container has not started.
    WaitingToStart,
    /// There is no earlier instance, or its log is gone.
    NoPrevious,
    /// The runtime has removed the log.
    Unretrievable,
}

/// Longest excerpt, in bytes.
const CLIP: usize = 300;
/// Different claims kept of one log.
const SIGHTINGS: usize = 200;

/// How bad the line of a literal is.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[default]
    None,
    Error,
    Fatal,
}

/// Literals that tell a level. Case counts: `error` in small letters is a word like any other.
const LEVELS: &[(&str, Level)] = &[
    ("panic: ", Level::Fatal),
    ("panicked at", Level::Fatal),
    ("FATAL", Level::Fatal),
    ("\"fatal\"", Level::Fatal),
    ("level=fatal", Level::Fatal),
    ("Fatal error", Level::Fatal),
    ("fatal error", Level::Fatal),
    ("fatal:", Level::Fatal),
    ("CRITICAL", Level::Fatal),
    ("Exception in thread", Level::Fatal),
    ("Traceback (most recent call last)", Level::Fatal),
    ("Unhandled exception", Level::Fatal),
    ("Unhandled Exception", Level::Fatal),
    ("UnhandledPromiseRejection", Level::Fatal),
    ("Uncaught", Level::Fatal),
    ("terminate called", Level::Fatal),
    ("APPLICATION FAILED TO START", Level::Fatal),
    ("Application run failed", Level::Fatal),
    ("exiting with code", Level::Fatal),
    ("Segmentation fault", Level::Fatal),
    ("core dumped", Level::Fatal),
    ("OutOfMemoryError", Level::Fatal),
    ("heap out of memory", Level::Fatal),
    ("ERROR", Level::Error),
    ("Error:", Level::Error),
    ("error:", Level::Error),
    ("\"error\"", Level::Error),
    ("level=error", Level::Error),
    ("Exception:", Level::Error),
    ("Exception", Level::Error),
    ("Caused by:", Level::Error),
    ("[error]", Level::Error),
    ("[ERR", Level::Error),
];

struct Automaton {
    search: AhoCorasick,
    /// For each pattern, the level that it tells, or the claims to try.
    meaning: Vec<(Level, Option<claims::Extract>)>,
}

fn automaton() -> Option<&'static Automaton> {
    static BUILT: OnceLock<Option<Automaton>> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let levels = LEVELS.iter().map(|(literal, level)| (*literal, (*level, None)));
            let claims =
                claims::PATTERNS.iter().map(|(literal, extract)| (*literal, (Level::None, Some(*extract))));
            let (literals, meaning): (Vec<&str>, Vec<_>) = levels.chain(claims).unzip();
            let search = AhoCorasick::builder().match_kind(MatchKind::Standard).build(literals).ok()?;
            Some(Automaton { search, meaning })
        })
        .as_ref()
}

impl LogSummary {
    /// Reads a log.
    pub fn read(text: &str) -> LogSummary {
        let mut summary = LogSummary { lines: count_lines(text), ..LogSummary::default() };
        let Some(automaton) = automaton() else { return summary };
        let mut seen: BTreeMap<Claim, (u64, Excerpt)> = BTreeMap::new();
        let mut lines = LineCounter { text, at: 0, line: 0 };
        let mut current = Current::default();
        for found in automaton.search.find_overlapping_iter(text) {
            let Some(&(level, extract)) = automaton.meaning.get(found.pattern().as_usize()) else { continue };
            if found.start() >= current.end {
                current.finish(&mut summary);
                let (start, end, number) = lines.line_of(found.start());
                let line = text.get(start..end).unwrap_or("");
                current = Current { end, number, line, level: Level::None, tried: Vec::new() };
            }
            current.level = current.level.max(level);
            if let Some(extract) = extract
                && !current.tried.contains(&(extract as usize))
            {
                current.tried.push(extract as usize);
                let own = without_time(current.line);
                if let Some(claim) = extract(own)
                    && (seen.len() < SIGHTINGS || seen.contains_key(&claim))
                {
                    let example = excerpt(current.line, current.number);
                    seen.entry(claim).and_modify(|(count, _)| *count += 1).or_insert((1, example));
                }
            }
        }
        current.finish(&mut summary);
        summary.sightings =
            seen.into_iter().map(|(claim, (count, example))| Sighting { claim, count, example }).collect();
        summary.notes = notes(text);
        if let Some((number, line)) =
            text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !is_note(l)).last()
        {
            summary.last = Some(excerpt(line, u32::try_from(number).unwrap_or(u32::MAX)));
        }
        summary
    }

    /// Sightings that a test picks.
    pub fn seen<'s>(&'s self, wanted: impl Fn(&Claim) -> bool + 's) -> impl Iterator<Item = &'s Sighting> {
        self.sightings.iter().filter(move |s| wanted(&s.claim))
    }

    /// The line that tells an end best: a fatal one, unless an error came later; else the last error.
    pub fn essence(&self) -> Option<&Excerpt> {
        self.fatal.as_ref().or(self.error.as_ref())
    }
}

#[derive(Default)]
struct Current<'t> {
    end: usize,
    number: u32,
    line: &'t str,
    level: Level,
    tried: Vec<usize>,
}

impl Current<'_> {
    fn finish(&self, summary: &mut LogSummary) {
        let own = without_time(self.line);
        // Frames of a stack belong to the line above them.
        let frame = own.starts_with(['\t', ' '])
            && (own.trim_start().starts_with("at ") || own.trim_start().starts_with("File "));
        if self.level == Level::None || frame || is_note(self.line) {
            return;
        }
        summary.errors += 1;
        let line = excerpt(self.line, self.number);
        match self.level {
            Level::Fatal => summary.fatal = Some(line),
            _ => summary.error = Some(line),
        }
    }
}

/// Finds the line of a byte, going forward.
struct LineCounter<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl LineCounter<'_> {
    fn line_of(&mut self, byte: usize) -> (usize, usize, u32) {
        let bytes = self.text.as_bytes();
        let breaks = memchr::memchr_iter(b'\n', bytes.get(self.at..byte).unwrap_or(&[])).count();
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.at = byte.max(self.at);
        let start = memchr::memrchr(b'\n', bytes.get(..byte).unwrap_or(&[])).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', bytes.get(byte..).unwrap_or(&[])).map_or(bytes.len(), |at| at + byte);
        (start, end, self.line)
    }
}

fn count_lines(text: &str) -> u64 {
    let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
    breaks + u64::from(!text.is_empty() && !text.ends_with('\n'))
}

fn excerpt(line_text: &str, line: u32) -> Excerpt {
    let text = without_time(line_text).trim();
    let mut end = text.len().min(CLIP);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Excerpt { text: text.get(..end).unwrap_or("").into(), at: time(line_text), line }
}

/// The time in front of a line, in microseconds since 1970: RFC 3339 as the kubelet writes it.
fn time(line: &str) -> Option<i64> {
    let stamp = line.get(..line.len().checked_sub(without_time(line).len())?)?.trim_end();
    let number = |from: usize, to: usize| stamp.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let rest = stamp.get(19..)?;
    let digits = rest.strip_prefix('.').map_or(0, |r| r.bytes().take_while(u8::is_ascii_digit).count());
    let micros = (0..6).fold(0, |sum, at| {
        let digit =
            if at < digits { rest.as_bytes().get(at + 1).map_or(0, |b| i64::from(b - b'0')) } else { 0 };
        sum * 10 + digit
    });
    let zone = rest.get(if digits > 0 { digits + 1 } else { 0 }..)?;
    let offset = match zone.as_bytes() {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let minutes = zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    // Days from 1970 (proleptic Gregorian calendar).
    let shifted = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(((days * 1440 + hour * 60 + minute - offset) * 60 + second) * 1_000_000 + micros)
}

/// The line without the time that `kubectl logs --timestamps` puts in front.
pub fn without_time(line: &str) -> &str {
    let Some((first, rest)) = line.split_once(' ') else { return line };
    let bytes = first.as_bytes();
    let stamped = bytes.len() >= 20
        && bytes.get(4) == Some(&b'-')
        && bytes.get(10) == Some(&b'T')
        && bytes.get(13) == Some(&b':')
        && bytes.first().is_some_and(u8::is_ascii_digit);
    if stamped { rest } else { line }
}

/// Whether a line is kubectl's or the kubelet's own (kubectl `logs`, pkg/kubelet `kuberuntime_logs.go`; all versions).
fn is_note(line: &str) -> bool {
    line.starts_with("Error from server (")
        || line.starts_with("unable to retrieve container logs for ")
        || line.starts_with("Defaulted container ")
        || line.starts_with("failed to create fsnotify watcher")
}

fn notes(text: &str) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut add = |literal: &str, note: Note| {
        if memchr::memmem::find(text.as_bytes(), literal.as_bytes()).is_some() {
            notes.push(note);
        }
    };
    add("is waiting to start: ", Note::WaitingToStart);
    add("Error from server (BadRequest): previous terminated container", Note::NoPrevious);
    add("unable to retrieve container logs for ", Note::Unretrievable);
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fatal_line_tells_the_end() {
        let log = "2026-06-28T12:04:55Z INFO: up\n2026-06-28T12:04:59Z ERROR: Invalid configuration key 'DATABASE_URL'\n2026-06-28T12:05:00Z FATAL: Process exiting with code 1.\n";
        let read = LogSummary::read(log);
        assert_eq!(read.lines, 3);
        assert_eq!(read.errors, 2);
        assert_eq!(
            read.essence().map(|e| (&*e.text, e.line)),
            Some(("FATAL: Process exiting with code 1.", 2))
        );
    }

    #[test]
    fn times_in_front_are_read() {
        assert_eq!(time("1970-01-02T00:00:01.5Z x"), Some(86_401_500_000));
        assert_eq!(time("2026-11-23T03:01:07.123456789+08:00 x"), Some(1_795_374_067_123_456));
        assert_eq!(time("no time"), None);
    }

    #[test]
    fn frames_are_no_errors_of_their_own() {
        let log = "java.lang.IllegalStateException: no\n\tat a.b.ExceptionFilter.run(X.java:1)\n\tat c.Error: d\nCaused by: java.net.UnknownHostException: db.shop\n";
        let read = LogSummary::read(log);
        assert_eq!(read.errors, 2);
        assert!(read.seen(|c| *c == Claim::NameUnresolved { host: "db.shop".into() }).next().is_some());
    }

    #[test]
    fn kubectl_s_own_words_are_no_log() {
        let read = LogSummary::read(
            "Error from server (BadRequest): previous terminated container \"a\" in pod \"b\" not found\n",
        );
        assert_eq!(read.notes, vec![Note::NoPrevious]);
        assert_eq!((read.errors, read.last), (0, None));
    }

    #[test]
    fn every_cut_of_a_log_is_read() {
        let log = "panic: runtime error: index\ngoroutine 1 [running]:\nAccess denied for user 'a'@'10.0.0.1' (using password: YES)\ndial tcp 10.0.0.1:80: connect: connection refused é\nlookup db on 10.0.0.2:53: no such host\n";
        for (at, _) in log.char_indices() {
            LogSummary::read(&log[..at]);
            LogSummary::read(&log[at..]);
        }
    }
}
