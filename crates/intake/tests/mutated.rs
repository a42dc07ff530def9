//! Real text with bytes flipped, cut out and put in elsewhere: whatever comes in, reading and diagnosing it ends.

use engine::report::Options;
use intake::{Intake, RawRecord};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Numbers that look like chance and are the same in every run (splitmix64, public domain, Sebastiano Vigna).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap_or(0)
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = (start + self.below(64)).min(length);
        start..end
    }
}

/// Bytes that mean something to one reader or another.
const TELLING: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b":",
    b": ",
    b"\n",
    b"\n\n",
    b"- ",
    b"---\n",
    b"\t",
    b"\0",
    b"\x1b[",
    b"\xff",
    b"\xe2\x80\xae",
    b"$ kubectl get pods\n",
    b"Name: ",
    b"Events:\n",
    b"Error from server (",
    b"==> ",
    b"__CURSOR=",
    b"=<\n",
    b"&a ",
    b"*a",
    b"!!",
    b"|\n",
    b"[pod/a/b] ",
    b" stdout P ",
    b"apiVersion: v1\n",
    b"\"kind\":",
];

fn mutate(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(8) {
        let at = numbers.below(bytes.len() + 1);
        match numbers.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(numbers.range(bytes.len()))),
            3 => {
                let part = other[numbers.range(other.len())].to_vec();
                drop(bytes.splice(at..at, part));
            }
            4 => drop(bytes.splice(at..at, TELLING[numbers.below(TELLING.len())].iter().copied())),
            _ => {
                let part = bytes[numbers.range(bytes.len())].repeat(1 + numbers.below(4));
                drop(bytes.splice(at..at, part));
            }
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

/// The built-in incidents, and captures beside the project where they are there.
fn samples() -> Vec<(String, Vec<u8>)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&here.join("../cli/demo"), &mut found);
    if let Some(shared) = here.ancestors().map(|above| above.join("shared/samples")).find(|dir| dir.is_dir())
    {
        files(&shared.join("cluster-captures/oom"), &mut found);
        files(&shared.join("support-bundle-pods/pods"), &mut found);
    }
    found.sort();
    let mut samples: Vec<(String, Vec<u8>)> = Vec::new();
    for path in found {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        samples.push((name, std::fs::read(&path).expect("a sample")));
    }
    let journal = "{\"__CURSOR\":\"a\",\"__REALTIME_TIMESTAMP\":\"1795409450773000\",\"_HOSTNAME\":\"n1\",\"MESSAGE\":[72,105]}\n";
    samples.push(("journal.json".into(), journal.repeat(20).into_bytes()));
    let export = "__CURSOR=a\n__REALTIME_TIMESTAMP=1\nMESSAGE\n\u{2}\0\0\0\0\0\0\0Hi\n_HOSTNAME=n1\n\n";
    samples.push(("export".into(), export.repeat(20).into_bytes()));
    let log = "2026-11-23T04:50:50.1Z stderr P panic: \n2026-11-23T04:50:50.1Z stderr F no route\n";
    samples.push(("0.log".into(), log.repeat(20).into_bytes()));
    samples
}

#[test]
fn nothing_panics_and_everything_ends() {
    let samples = samples();
    assert!(samples.len() > 5, "{}", samples.len());
    let mut numbers = Numbers(11);
    let began = Instant::now();
    let mut runs = 0;
    // The same inputs in every run; a slow machine does fewer of them.
    while runs < 2000 && began.elapsed() < Duration::from_secs(5) {
        let (name, sample) = &samples[numbers.below(samples.len())];
        let (_, other) = &samples[numbers.below(samples.len())];
        let start = numbers.below(sample.len());
        let start = if numbers.below(2) == 0 { 0 } else { start };
        let mut bytes = sample[start..(start + 6000).min(sample.len())].to_vec();
        mutate(&mut bytes, other, &mut numbers);
        let mut out = Intake::default();
        intake::read(RawRecord { path: name, bytes: &bytes }, &mut out);
        let (evidence, _) = out.finish();
        let report = engine::diagnose(&evidence, &Options::default());
        engine::report::json::render(&report);
        runs += 1;
    }
    assert!(runs > 20, "only {runs} inputs in {:?}", began.elapsed());
}
