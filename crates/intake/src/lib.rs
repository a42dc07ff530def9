//! Bytes in, observations and gaps out: reads what Kubernetes and its nodes print.

mod address;
mod container_log;
mod journal;
pub mod kubectl;
mod marks;
pub mod objects;
mod pool;
mod recording;
pub mod redact;
mod refused;
mod routes;
mod source;
mod stream;
pub mod time;
pub mod work;

pub use stream::{WHOLE, read_from};

use engine::Text;
use engine::evidence::{ClockPair, Evidence, Gap, Locator, Log, Observation, Read, Tags, What, Why};
use engine::moment::Moment;
use engine::scan::log::LogSummary;
use kubectl::lines::Passage;
use std::borrow::Cow;

/// Bytes as they were collected, and where they stood.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// The path inside what was read, with `/` between its parts; `-` for standard input.
    pub path: &'a str,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// What could not be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Files of which nothing was understood.
    pub files: Vec<Text>,
    /// Lines that no parser and no rule claimed.
    pub lines: u64,
    /// Lines that were there, blank ones left out.
    pub of: u64,
    /// A few of the unclaimed lines, with their places.
    pub samples: Vec<(Locator, Text)>,
}

/// Unclaimed lines kept as samples, of all files together.
const SAMPLES: usize = 200;

/// What was read so far.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// What was seen.
    pub observations: Vec<Observation>,
    /// What was asked for and could not be seen.
    pub gaps: Vec<Gap>,
    /// What could not be understood.
    pub unread: Unread,
}

impl Intake {
    /// Adds what another has read.
    pub fn absorb(&mut self, other: Intake) {
        self.observations.extend(other.observations);
        self.gaps.extend(other.gaps);
        self.unread.files.extend(other.unread.files);
        self.unread.lines += other.unread.lines;
        self.unread.of += other.unread.of;
        self.unread.samples.extend(other.unread.samples);
        self.unread.samples.sort();
        self.unread.samples.truncate(SAMPLES);
    }

    /// Notes when all of it was taken, by the clock of the API server.
    pub fn captured(&mut self, at: Moment) {
        let capture: Text = "capture".into();
        let shown = Moment::age(0, 0, &capture);
        let what = What::ClockPair(Box::new(ClockPair { shown, truth: at }));
        self.observations.push(Observation { capture, sequence: 0, locator: Locator::default(), what });
    }

    /// Makes evidence of it, and what was not understood.
    pub fn finish(mut self) -> (Evidence, Unread) {
        self.unread.files.sort();
        self.unread.files.dedup();
        self.gaps.extend(self.observations.iter().filter_map(left_out));
        let hands = work::hands_for(self.observations.len());
        (Evidence::assemble_with(hands, self.observations, self.gaps), self.unread)
    }
}

/// What a scanner had no room for.
fn left_out(observation: &Observation) -> Option<Gap> {
    let lines = match &observation.what {
        What::Log(log) => log.summary.dropped,
        What::NodeLog(log) => log.summary.dropped,
        _ => 0,
    };
    if lines == 0 {
        return None;
    }
    let locator = observation.locator.clone();
    let why = format!("it says more different things than are kept: {lines} of its lines do not count");
    Some(Gap { read: Read::File { path: locator.file.clone() }, why: Why::Truncated(why.into()), locator })
}

/// Where observations come from: a file, and the place in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file's path.
    pub file: Text,
    /// The path that tells what the passage is: the file's, or that of a file whose text stands in this one.
    pub name: Text,
    /// The capture that ages count from.
    pub capture: Text,
    /// The place of the command in its transcript.
    pub sequence: u32,
    /// Lines before the first one of the passage.
    pub lines_before: u32,
}

impl Place {
    /// The start of a file.
    pub fn file(path: &str) -> Place {
        let file: Text = path.into();
        Place { capture: file.clone(), name: file.clone(), file, sequence: 0, lines_before: 0 }
    }

    /// A line of the input, counted from 1.
    pub fn line(&self, line: usize) -> Locator {
        Locator { file: self.file.clone(), line: u32::try_from(line).ok() }
    }

    /// An observation made there.
    pub fn observe(&self, line: usize, what: What) -> Observation {
        Observation { capture: self.capture.clone(), sequence: self.sequence, locator: self.line(line), what }
    }
}

/// Reads one record, whatever it is.
pub fn read(record: RawRecord<'_>, out: &mut Intake) {
    stream::read_bytes(record, work::WORKERS, out);
}

/// Reads one record that is held as a whole.
fn read_whole(record: RawRecord<'_>, out: &mut Intake) {
    let place = Place::file(record.path);
    if record.bytes.starts_with(journal::NATIVE) {
        journal::read_native(record.bytes, journal::Whose::file(&place), &place, out);
        return;
    }
    if journal::is_export(record.bytes) {
        journal::read_export(record.bytes, 0, journal::Whose::file(&place), &place, out);
        return;
    }
    if is_binary(record.bytes) {
        out.unread.files.push(place.file);
        return;
    }
    let text = decoded(record.bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return blank(&place, out);
    }
    let whole = Passage::whole(text);
    if recording::read(whole, &place, out) {
        return;
    }
    let Some(parts) = marks::dumped(whole) else { return passage(whole, &place, out) };
    for part in parts {
        match part {
            marks::Part::Other(lines) => passage(lines, &place, out),
            marks::Part::Log(whose, lines) => kubectl::observe::dumped(whose, lines, &place, out),
        }
    }
}

/// That nothing stands in a container's log is evidence as well: it was read, and is empty.
fn blank(place: &Place, out: &mut Intake) {
    if let Some(source::Named::Log { source, instance }) = source::of(&place.name) {
        let (summary, locator) = (LogSummary::default(), place.line(1));
        let log = Log { source, instance, partial: false, summary, locator };
        out.observations.push(place.observe(1, What::Log(Box::new(log))));
    }
}

fn passage(lines: Passage<'_>, place: &Place, out: &mut Intake) {
    let lines_before = u32::try_from(lines.first_line.saturating_sub(1)).unwrap_or(u32::MAX);
    let place = Place { lines_before, ..place.clone() };
    let is_read = match source::of(&place.name) {
        Some(source::Named::Errors { of }) => {
            refused::file(lines.text, &of, &place, out);
            true
        }
        Some(source::Named::Tags) => tags(lines.text, &place, out),
        _ => false,
    };
    if !is_read && !objects::read(lines.text, &place, out) {
        kubectl::observe::text(&recording::separated(lines.text), &place, out);
    }
}

/// Reads the tags of a repository, as our own bundles hold them.
fn tags(text: &str, place: &Place, out: &mut Intake) -> bool {
    #[derive(serde::Deserialize)]
    struct Record<'t> {
        #[serde(borrow)]
        repository: Cow<'t, str>,
        tags: Vec<Cow<'t, str>>,
    }
    let Ok(record) = serde_json::from_str::<Record<'_>>(text) else { return false };
    let tags = Tags {
        repository: record.repository.as_ref().into(),
        tags: record.tags.iter().map(|tag| Text::from(tag.as_ref())).collect(),
        locator: place.line(1),
    };
    out.observations.push(place.observe(1, What::Tags(Box::new(tags))));
    true
}

/// Bytes at the beginning that show whether a file is text.
const HEAD: usize = 4096;

/// Whether bytes are no text: an image, an archive, a program. A log may hold a few bytes of anything.
fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let control =
        |byte: &&u8| **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x08 | 0x0c | 0x1b | 0x1e);
    let odd = head.iter().filter(control).count();
    !is_utf16(bytes) && odd > 8 && odd * 10 > head.len()
}

/// Whether bytes begin as the Windows shell writes what is redirected into a file.
fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

/// The text of bytes; what is no text in them is replaced.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    if !is_utf16(bytes) {
        // Nearly all is text as it should be, and to see that is much faster than to mend what is not.
        return std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    }
    let little = bytes.starts_with(&[0xff, 0xfe]);
    let pair = |pair: &[u8; 2]| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    let units = bytes.as_chunks::<2>().0.iter().map(pair);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().into()
}

/// Keeps an unclaimed line as a sample, where there is room.
pub(crate) fn sample(out: &mut Intake, locator: Locator, line: &str) {
    if out.unread.samples.len() < SAMPLES {
        // What a cut parts from the sign that tells it is a secret would stay.
        let redacted = redact::text(clip(line, HEAD));
        out.unread.samples.push((locator, clip(&redacted, 200).into()));
    }
}

/// The beginning of a text, at most so many bytes.
pub(crate) fn clip(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
