//! Where a journal tells nothing: starts of the machine, and times in which none of its writers wrote.

use crate::moment::SECOND;

/// A time of which a journal holds no line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Break {
    /// The line before, in microseconds of the journal's clock.
    pub from: i64,
    /// The line after.
    pub to: i64,
    /// Whether the machine started in between.
    pub boot: bool,
}

/// The shortest silence that is told, in microseconds.
const LEAST: i64 = 120 * SECOND;
/// So many times the mean time between two lines: a journal of few lines has no silence.
const TIMES: i64 = 10;
/// Silences kept, the longest, and starts of the machine, the last.
const MOST: usize = 8;

/// Finds breaks, line by line.
#[derive(Default)]
pub(super) struct Breaks {
    /// The last line's time up to its minute, as it is written: only another one is worth reading.
    minute: String,
    /// The beginning of the last line, where its time stands in it.
    last: String,
    /// The time of the last line, where it was given.
    at: Option<i64>,
    first: Option<i64>,
    boot: bool,
    /// The machine started before the first line.
    began: bool,
    found: Vec<Break>,
}

impl Breaks {
    /// The machine started here.
    pub(super) fn boot(&mut self) {
        self.boot = true;
    }

    /// A line; `at` reads a time from its beginning.
    pub(super) fn line(&mut self, line: &str, at: &dyn Fn(&str) -> Option<i64>) {
        let is_same = !self.minute.is_empty() && line.starts_with(&self.minute);
        if self.boot || !is_same {
            let minute = line.find(':').and_then(|colon| line.get(..colon + 3)).unwrap_or("");
            let Some(now) = at(line) else { return };
            let before = if self.last.is_empty() { None } else { at(&self.last) };
            self.between(before, now);
            self.minute.clear();
            self.minute.push_str(minute);
        }
        self.last.clear();
        self.last.push_str(line);
    }

    /// A line whose time is known.
    pub(super) fn moment(&mut self, at: Option<i64>) {
        let Some(now) = at else { return };
        self.between(self.at, now);
        self.at = Some(now);
    }

    fn between(&mut self, before: Option<i64>, now: i64) {
        self.first = self.first.or(Some(now));
        let boot = std::mem::take(&mut self.boot);
        let Some(from) = before else {
            self.began |= boot;
            return;
        };
        if boot || now.saturating_sub(from) >= LEAST {
            self.keep(Break { from, to: now, boot });
        }
    }

    fn keep(&mut self, new: Break) {
        let boot = new.boot;
        self.found.push(new);
        let of_kind = || (0..).zip(&self.found).filter(|(_, found)| found.boot == boot);
        if of_kind().count() > MOST {
            let least = match boot {
                true => of_kind().next(),
                false => of_kind().min_by_key(|(_, found)| found.to - found.from),
            };
            if let Some((least, _)) = least {
                self.found.remove(least);
            }
        }
    }

    /// Adds lines that stand behind all others.
    pub(super) fn join(&mut self, later: Breaks, at: &dyn Fn(&str) -> Option<i64>) {
        let Some(first) = later.first else {
            self.boot |= later.boot;
            return;
        };
        self.boot |= later.began;
        let before = if self.last.is_empty() { self.at } else { at(&self.last) };
        self.between(before, first);
        later.found.into_iter().for_each(|found| self.keep(found));
        self.boot = later.boot;
        self.at = later.at.or(self.at);
        if !later.last.is_empty() {
            (self.minute, self.last) = (later.minute, later.last);
        }
    }

    /// What stands out, in order, of so many lines.
    pub(super) fn finish(mut self, lines: u64, at: &dyn Fn(&str) -> Option<i64>) -> Vec<Break> {
        let last = self.at.or_else(|| at(&self.last));
        let span = self.first.zip(last).map_or(0, |(first, last)| last.saturating_sub(first));
        let mean = span / i64::try_from(lines.max(1)).unwrap_or(i64::MAX);
        self.found.retain(|found| found.boot || found.to - found.from >= mean.saturating_mul(TIMES));
        self.found.sort();
        self.found
    }
}
