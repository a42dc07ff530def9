//! A command that ran again and again into one file, with a line that tells the time before each of its outputs: a
//! recording, read sample by sample. Each counts its ages from itself, and the later one is the newer.

use crate::kubectl::form::{self, Form};
use crate::kubectl::lines::{Line, Passage};
use crate::kubectl::outline::key_of;
use crate::kubectl::table::Header;
use crate::kubectl::times::{self, Basis, Span, Stamp};
use crate::source::{self, Named};
use crate::{Intake, Place, work};
use engine::Text;
use engine::evidence::{ClockPair, What};
use engine::moment::{Clock, Moment};
use engine::subject::{Kind, Subject};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What one run of the command printed.
struct Sample<'a> {
    /// The times of the line before it.
    times: Vec<Stamp>,
    /// The lines up to the next such line.
    lines: Passage<'a>,
}

/// Bytes of a recording that one job reads, at least.
const JOB: usize = 1 << 20;

/// Reads a recording; false where the text is none.
pub(crate) fn read(text: Passage<'_>, place: &Place, out: &mut Intake) -> bool {
    if matches!(source::of(&place.name), Some(Named::Log { .. } | Named::Journal { .. })) {
        return false;
    }
    let Some(samples) = samples(text) else { return false };
    let times = truths(&samples);
    let captures: Vec<Text> =
        (0..samples.len()).map(|at| format!("{} {at:08}", place.capture).into()).collect();
    let runs = work::runs(&samples, JOB, |sample| sample.lines.text.len());
    let parts = work::each(&runs, work::WORKERS, |run| {
        let read = |at: usize| {
            let mut part = Intake::default();
            let (Some(sample), Some(capture)) = (samples.get(at), captures.get(at)) else { return part };
            // What the file is called tells of the recording, not of what stands in it.
            let place = Place { capture: capture.clone(), name: "".into(), ..place.clone() };
            if !sample.lines.text.trim().is_empty() {
                crate::passage(sample.lines, &place, &mut part);
            }
            if let Some(truth) = times.get(at).cloned().flatten() {
                let shown = Moment::age(0, 0, capture);
                let pair = What::ClockPair(Box::new(ClockPair { shown, truth }));
                part.observations.push(place.observe(sample.lines.first_line, pair));
            }
            part
        };
        run.clone().map(read).collect::<Vec<_>>()
    });
    let mut parts: Vec<Intake> = parts.into_iter().flatten().collect();
    mark_past(&mut parts);
    parts.into_iter().for_each(|part| out.absorb(part));
    true
}

/// Marks what an earlier sample shows and no later one does: it is gone. Only a sample with another one behind it is
/// known to be whole, and one that shows nothing of a kind may have failed.
fn mark_past(parts: &mut [Intake]) {
    let Some((last, whole)) = parts.split_last() else { return };
    let mut newest: BTreeMap<Kind, BTreeSet<Subject>> = BTreeMap::new();
    for part in whole {
        let mut shown: BTreeMap<Kind, BTreeSet<Subject>> = BTreeMap::new();
        for subject in live(part) {
            shown.entry(subject.kind.clone()).or_default().insert(subject.clone());
        }
        newest.extend(shown);
    }
    for subject in live(last) {
        newest.entry(subject.kind.clone()).or_default().insert(subject.clone());
    }
    for part in parts {
        for observation in &mut part.observations {
            if let What::Object(object) = &mut observation.what
                && newest.get(&object.subject.kind).is_some_and(|left| !left.contains(&object.subject))
            {
                object.views = object.views.past();
            }
        }
    }
}

/// The objects that a sample shows.
fn live(part: &Intake) -> impl Iterator<Item = &Subject> {
    part.observations.iter().filter_map(|observation| match &observation.what {
        What::Object(object) if object.views.is_live() => Some(&object.subject),
        _ => None,
    })
}

/// Cuts a text at its lines of time; none where it does not begin with one that comes again, before what a command prints.
fn samples(text: Passage<'_>) -> Option<Vec<Sample<'_>>> {
    let first = text.lines().find(|line| !line.is_blank())?;
    let shape = TimeLine::of(first.text)?;
    let lead = |line: &str| line.find(|c: char| c.is_ascii_digit()).map(|at| line[..at].len());
    let width = lead(first.text);
    let mut samples: Vec<Sample> = Vec::new();
    let mut open: Option<(Vec<Stamp>, Line)> = None;
    let mut lines = text.lines();
    let mut close = |open: Option<(Vec<Stamp>, Line)>, end: usize| {
        if let Some((times, start)) = open {
            let lines = text.from(&start).until(end - start.start);
            samples.push(Sample { times, lines });
        }
    };
    while let Some(line) = lines.next() {
        // Days and months have names of one width, and nothing else before the first digit changes.
        if line.text.len() > TimeLine::LONGEST || lead(line.text) != width {
            continue;
        }
        let Some(found) = TimeLine::of(line.text).filter(|found| found.shape == shape.shape) else {
            continue;
        };
        let start = Line { text: "", number: line.number + 1, start: lines.offset() };
        close(open.replace((found.times, start)), line.start);
    }
    close(open, text.text.len());
    let printed = samples.iter().find(|sample| !sample.lines.text.trim().is_empty());
    let is_recording = match printed {
        Some(sample) => is_printed(sample.lines),
        // Words behind a time are the lines of a log.
        None => shape.words == 0 || !first.text.starts_with(|c: char| c.is_ascii_digit()),
    };
    (samples.len() > 1 && is_recording).then_some(samples)
}

/// Whether lines are what a command prints, and not those of a log.
fn is_printed(lines: Passage<'_>) -> bool {
    let spaced = separated(lines.text);
    let lines = Passage { text: &spaced, ..lines };
    form::blocks(lines).next().is_some_and(|block| match block.form {
        Form::Table | Form::Outline | Form::Yaml | Form::Message | Form::Systemctl => true,
        Form::Json => crate::clip(block.lines.text, 400).contains("\"apiVersion\""),
        _ => false,
    })
}

/// A line of which nothing matters but the times in it.
struct TimeLine {
    /// The line with `0` for each number and `D` for each day and month.
    shape: String,
    times: Vec<Stamp>,
    /// Words besides the times.
    words: usize,
}

impl TimeLine {
    /// The longest that is looked at.
    const LONGEST: usize = 160;
    /// Words besides the times.
    const WORDS: usize = 4;

    fn of(line: &str) -> Option<TimeLine> {
        if line.len() > TimeLine::LONGEST {
            return None;
        }
        let (mut times, mut words) = (Vec::new(), 0);
        // A comma may part fields, and two times behind it are no fraction and offset.
        for field in line.split([',', '\t', ';', '|']) {
            let mut rest = field.trim_matches([' ', '=', '-', '#', '*', '<', '>', '[', ']']);
            while !rest.is_empty() {
                let stamp = times::leading(rest).filter(|(stamp, used)| {
                    matches!(stamp.basis, Basis::Utc | Basis::NoOffset)
                        && !rest[*used..].starts_with(char::is_alphanumeric)
                });
                let end = match stamp {
                    Some((stamp, used)) => {
                        times.push(stamp);
                        used
                    }
                    None => {
                        let end = rest.find(' ').unwrap_or(rest.len());
                        words += usize::from(rest[..end].contains(char::is_alphabetic));
                        end
                    }
                };
                rest = rest[end..].trim_start();
            }
        }
        (!times.is_empty() && words <= TimeLine::WORDS).then(|| TimeLine { shape: shape(line), times, words })
    }
}

fn shape(line: &str) -> String {
    const NAMES: &str = "Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
    let mut shape = String::new();
    for piece in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let end = &piece[word.len()..];
        if word.len() == 3 && NAMES.split(' ').any(|name| name == word) {
            shape.push('D');
        } else {
            let mut digits = false;
            for c in word.chars() {
                if !(digits && c.is_ascii_digit()) {
                    shape.push(if c.is_ascii_digit() { '0' } else { c });
                }
                digits = c.is_ascii_digit();
            }
        }
        // `date` pads the day of a month with a blank.
        if !(end == " " && shape.ends_with(' ')) {
            shape.push_str(end);
        }
    }
    shape
}

/// When each sample was taken: between its line of time and the next one. Lines that all tell one time tell none.
fn truths(samples: &[Sample<'_>]) -> Vec<Option<Moment>> {
    let columns = samples.iter().map(|sample| sample.times.len()).min().unwrap_or(0);
    let column = |at: usize| {
        samples.iter().filter_map(move |sample| Some(sample.times.get(at)?.span)).collect::<Vec<_>>()
    };
    let basis = |at: usize| samples.iter().filter_map(move |sample| Some(sample.times.get(at)?.basis)).max();
    let utc = (0..columns).find(|at| basis(*at) == Some(Basis::Utc));
    let Some(spans) = utc.or_else(|| by_offset(samples, columns)).map(column) else {
        return vec![None; samples.len()];
    };
    let in_order = spans.is_sorted_by_key(|span| span.earliest);
    let runs = spans.first().zip(spans.last()).is_some_and(|(first, last)| first.earliest < last.earliest);
    if !in_order || !runs {
        return vec![None; samples.len()];
    }
    // The last one took about as long as the one before it.
    let step = spans.iter().rev().zip(spans.iter().rev().skip(1)).map(|(b, a)| b.latest - a.latest).next();
    let moment = |(at, span): (usize, &Span)| {
        let latest =
            spans.get(at + 1).map_or(span.latest.saturating_add(step.unwrap_or(0)), |next| next.latest);
        Some(Moment { earliest: span.earliest, latest, clock: Clock::Api })
    };
    spans.iter().enumerate().map(moment).collect()
}

/// The column of UTC among times without an offset: the one that stands apart from another one by the offset in which
/// `kubectl describe` prints its own times.
fn by_offset(samples: &[Sample<'_>], columns: usize) -> Option<usize> {
    let sample = samples.iter().find(|sample| !sample.lines.text.trim().is_empty())?;
    let offset = sample.lines.lines().take(HEAD).find_map(|line| printed_offset(key_of(line.text)?.1))?;
    let at = |column: usize| sample.times.get(column).map(|stamp| stamp.span.earliest);
    (0..columns).find(|&utc| {
        offset == 0 || (0..columns).any(|local| at(local).zip(at(utc)).is_some_and(|(l, u)| l - u == offset))
    })
}

/// Lines of a sample in which a time of `kubectl describe` is looked for.
const HEAD: usize = 400;

/// The offset at the end of `Thu, 13 Apr 2023 19:07:46 -0500`, in microseconds.
fn printed_offset(text: &str) -> Option<i64> {
    let (local, offset) = text.rsplit_once(' ')?;
    let known = times::stamp(text).filter(|stamp| stamp.basis == Basis::Utc)?;
    let local = times::stamp(local).filter(|stamp| stamp.basis == Basis::NoOffset)?;
    offset.starts_with(['+', '-']).then(|| local.span.earliest - known.span.earliest)
}

/// A text without its commas, where they part the columns of a table of `kubectl get`.
pub(crate) fn separated(text: &str) -> Cow<'_, str> {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let parted = header.len() < 400
        && header.contains(',')
        && !header.contains([' ', '\t'])
        && Header::read(&header.replace(',', " "), false).is_some();
    if parted { text.replace(',', " ").into() } else { text.into() }
}
