//! What was read of one path, joined as its files come: of a million of them nothing is held for each but what it shows.

use crate::layout::Layout;
use crate::manifest::{MANIFEST, Manifest};
use crate::read::within;
use crate::writer::fnv1a;
use crate::{beneath, gap};
use engine::evidence::{Gap, Observation, What, Why};
use intake::Intake;
use std::collections::BTreeMap;

/// A file, understood.
pub(crate) struct Part {
    pub path: String,
    pub bytes: u64,
    pub intake: Intake,
    pub manifest: Option<Manifest>,
}

/// What was read of one path. Its files may come in any order.
#[derive(Default)]
pub(crate) struct Parts {
    /// What stands before the paths of the files.
    below: String,
    /// Hashes of the paths: a million paths may be as long as a path can be.
    paths: Vec<u64>,
    /// The layout that the paths tell.
    layout: Option<Layout>,
    /// The manifest of a bundle that stands here; one inside of something else tells nothing of the whole.
    manifests: Vec<Manifest>,
    /// Each file's path, bytes, and what is in it, in words; none where nobody asked.
    records: Option<Vec<(String, u64, String)>>,
    intake: Intake,
    logs: Logs,
}

impl Parts {
    /// Nothing yet; `listed` where each file is to be named.
    pub(crate) fn new(below: &str, listed: bool) -> Parts {
        Parts { below: below.to_owned(), records: listed.then(Vec::new), ..Parts::default() }
    }

    /// What stands before the paths of the files.
    pub(crate) fn below(&self) -> &str {
        &self.below
    }

    /// Joins a file, and gives back what its thread is to keep together: files in the order of their paths are sorted
    /// faster later on.
    #[must_use]
    pub(crate) fn add(&mut self, part: Part) -> Intake {
        let Part { path, bytes, mut intake, manifest } = part;
        self.paths.push(fnv1a(path.as_bytes()));
        self.layout = Layout::told(self.layout, &path);
        if let (Some(records), None) = (&mut self.records, &manifest) {
            records.push((path.clone(), bytes, holds(&intake)));
        }
        if let Some(manifest) = manifest {
            manifest.tell(&mut self.intake);
            if path == within(&self.below, MANIFEST) {
                self.manifests.push(manifest);
            }
        }
        self.logs.take(&mut intake.observations);
        intake
    }

    /// Joins what a thread kept.
    pub(crate) fn absorb(&mut self, kept: Intake) {
        self.intake.absorb(kept);
    }

    /// Notes what finding and unpacking the files has to tell, by their paths inside of what is read.
    pub(crate) fn tell(&mut self, told: impl IntoIterator<Item = Gap>) {
        self.intake.gaps.extend(told.into_iter().map(|gap| beneath(&self.below, gap)));
    }

    pub(crate) fn layout(&self) -> Layout {
        match self.manifests.is_empty() {
            true => self.layout.unwrap_or(Layout::Loose),
            false => Layout::Ours,
        }
    }

    /// The files, in the order of their paths.
    pub(crate) fn records(&mut self) -> Vec<(String, u64, String)> {
        let mut records = self.records.take().unwrap_or_default();
        records.sort();
        records
    }

    /// Records that the manifest names and that are not there.
    fn lost(&mut self) -> Vec<Gap> {
        self.paths.sort_unstable();
        let is_lost =
            |path: &&str| self.paths.binary_search(&fnv1a(within(&self.below, path).as_bytes())).is_err();
        let named = self.manifests.iter().flat_map(|manifest| &manifest.records);
        let lost = named.map(|record| record.path.as_str()).filter(is_lost);
        lost.map(|path| gap(&within(&self.below, path), Why::NotCollected)).collect()
    }

    pub(crate) fn join(mut self) -> Intake {
        let (layout, lost) = (self.layout(), self.lost());
        let Parts { below, mut intake, logs, .. } = self;
        intake.gaps.extend(lost);
        intake.gaps.extend(logs.finish(&below, &mut intake.observations));
        layout.tell(&mut intake);
        intake
    }
}

/// What was found in a file, in words.
fn holds(intake: &Intake) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for seen in &intake.observations {
        let kind = match &seen.what {
            What::Object(object) => object.subject.kind.as_str(),
            What::Event(_) => "Event",
            What::Log(_) => "log",
            What::NodeLog(_) => "journal",
            What::Unit(_) => "unit",
            What::Tags(_) => "registry's tags",
            What::Listed { .. } | What::ClockPair(_) => continue,
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let words = kinds.iter().map(|(kind, count)| match count {
        1 => (*kind).to_owned(),
        _ => format!("{count} × {kind}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Logs that are kept: one of two bytes takes a thousand of memory.
const LOGS: usize = 100_000;

/// The logs, as many as are kept: of all the same, in whatever order they came.
#[derive(Default)]
struct Logs {
    kept: Vec<Observation>,
    left_out: usize,
}

impl Logs {
    fn take(&mut self, of: &mut Vec<Observation>) {
        self.kept.extend(of.extract_if(.., |seen| matches!(seen.what, What::Log(_))));
        // Cut rarely: each time looks at all of them.
        if self.kept.len() > LOGS + LOGS / 8 {
            self.cut(LOGS);
        }
    }

    fn cut(&mut self, most: usize) {
        let over = self.kept.len().saturating_sub(most);
        if over > 0 {
            self.kept.select_nth_unstable_by(most, |a, b| rank(a).cmp(&rank(b)));
            self.kept.truncate(most);
            self.left_out += over;
        }
    }

    /// Puts them back, and tells how many are not among them.
    fn finish(mut self, below: &str, into: &mut Vec<Observation>) -> Option<Gap> {
        self.cut(LOGS);
        into.append(&mut self.kept);
        let why = format!("of its logs, {} that say least are left out: {LOGS} are kept", self.left_out);
        (self.left_out > 0).then(|| gap(below, Why::Truncated(why.into())))
    }
}

/// What is kept first: what tells of errors or of anything else that is known, then by name.
fn rank(seen: &Observation) -> (bool, &Observation) {
    (matches!(&seen.what, What::Log(log) if log.summary.is_silent()), seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use intake::RawRecord;

    fn logs(paths: impl Iterator<Item = usize>, most: usize) -> (Vec<Observation>, usize) {
        let mut logs = Logs::default();
        for number in paths {
            let mut read = Intake::default();
            let text = if number % 10 == 0 { "ERROR x refused\n" } else { "x\n" };
            let path = format!("pods/shop_web-{number}_u/app/0.log");
            intake::read(RawRecord { path: &path, bytes: text.as_bytes() }, &mut read);
            logs.take(&mut read.observations);
            assert!(read.observations.is_empty());
            if logs.kept.len() > most + 3 {
                logs.cut(most);
            }
        }
        logs.cut(most);
        logs.kept.sort();
        (logs.kept, logs.left_out)
    }

    #[test]
    fn of_too_many_logs_those_that_tell_something_are_kept_in_whatever_order_they_come() {
        let (kept, left_out) = logs(0..100, 20);
        assert_eq!((kept.len(), left_out), (20, 80));
        let loud = |seen: &&Observation| !rank(seen).0;
        assert_eq!(kept.iter().filter(loud).count(), 10);
        assert_eq!(logs((0..100).rev(), 20), (kept.clone(), 80));
        assert_eq!(logs((0..100).map(|n| n * 37 % 100), 20), (kept, 80));
        assert_eq!(logs(0..20, 20).1, 0);
    }

    #[test]
    fn what_is_left_out_is_told() {
        let mut all = Vec::new();
        let told = Logs { kept: Vec::new(), left_out: 7 }.finish("x.tar", &mut all).unwrap();
        let Why::Truncated(why) = &told.why else { panic!("{told:?}") };
        assert_eq!(&**why, "of its logs, 7 that say least are left out: 100000 are kept");
        assert_eq!(Logs::default().finish("x.tar", &mut all), None);
    }
}
