//! Bytes in, observations and gaps out: reads what Kubernetes and its nodes print.

mod address;
pub mod kubectl;
pub mod objects;
mod pool;
pub mod redact;
pub mod time;
pub mod work;

use engine::Text;
use engine::evidence::{Evidence, Gap, Locator, Observation, What};
use engine::moment::Moment;

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
        let what = What::ClockPair { shown, truth: at };
        self.observations.push(Observation { capture, sequence: 0, locator: Locator::default(), what });
    }

    /// Makes evidence of it, and what was not understood.
    pub fn finish(mut self) -> (Evidence, Unread) {
        self.unread.files.sort();
        (Evidence::assemble(self.observations, self.gaps), self.unread)
    }
}

/// Where observations come from: a file, and the place in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file's path.
    pub file: Text,
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
        Place { capture: file.clone(), file, sequence: 0, lines_before: 0 }
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
    let text = String::from_utf8_lossy(record.bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let place = Place::file(record.path);
    if text.trim().is_empty() {
        return;
    }
    if !objects::read(text, &place, out) {
        kubectl::observe::text(text, &place, out);
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
