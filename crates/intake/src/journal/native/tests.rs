//! Files of systemd 252 against what its journalctl prints of them. Those packed with LZ4 and XZ are one of them, packed
//! again as older versions pack, with their shorter header; journalctl prints the same of them.

use super::*;
use engine::evidence::What;
use engine::scan::node::NodeSummary;

macro_rules! samples {
    ($($name:literal),*) => {
        &[$(($name, include_bytes!(concat!("../samples/", $name, ".zst")))),*]
    };
}

const SAMPLES: &[(&str, &[u8])] = samples![
    "compact.journal",
    "plain.journal",
    "lz4.journal",
    "xz.journal",
    "remote.journal",
    "node.export",
    "remote.export"
];

/// Entries of `compact.journal` and its kin.
const ENTRIES: u64 = 73;

/// A sample, as far as something is in it.
fn sample(name: &str) -> Vec<u8> {
    let (_, packed) = SAMPLES.iter().find(|(known, _)| *known == name).unwrap();
    let mut bytes = zstd::decode_all(*packed).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes.truncate(end + 8);
    bytes
}

fn intake(bytes: &[u8]) -> Intake {
    let mut out = Intake::default();
    crate::read(crate::RawRecord { path: "system.journal", bytes }, &mut out);
    out
}

/// The tables before the entries are long and empty; they end here in all samples.
const FIRST: usize = 3_733_880;

/// What is seen; the places of a file and of its print differ.
fn seen(out: &Intake) -> Vec<What> {
    let mut all: Vec<What> = out.observations.iter().map(|observation| observation.what.clone()).collect();
    for what in &mut all {
        if let What::NodeLog(log) = what {
            log.locator = Default::default();
            log.summary.sightings.iter_mut().for_each(|sighting| sighting.line = 0);
            log.summary.oom_kills.iter_mut().for_each(|kill| kill.line = 0);
        }
    }
    all
}

fn summaries(out: &Intake) -> Vec<&NodeSummary> {
    let all = out.observations.iter().filter_map(|observation| match &observation.what {
        What::NodeLog(log) => Some(&log.summary),
        _ => None,
    });
    all.collect()
}

/// Entries that are handed over, and why not all are.
fn entries(bytes: &[u8]) -> (u64, Option<String>) {
    let Ok(file) = File::open(bytes) else { return (0, None) };
    let mut reader = Reader::new(file, MOST);
    let mut count = 0;
    reader.each(&mut |_, _| count += 1);
    let why = reader.missed().map(|why| match why {
        Why::Truncated(why) => why.to_string(),
        other => panic!("{other:?}"),
    });
    (count, why)
}

/// Entries read, and why not all were.
fn told(bytes: &[u8]) -> (u64, Option<String>) {
    let out = intake(bytes);
    let why = out.gaps.iter().map(|gap| match &gap.why {
        Why::Truncated(why) | Why::Unparsable(why) => why.to_string(),
        other => panic!("{other:?}"),
    });
    let read = summaries(&out).iter().map(|summary| summary.lines).sum();
    (read, why.reduce(|all, why| format!("{all}; {why}")))
}

#[test]
fn a_file_and_what_journalctl_prints_of_it_are_the_same_evidence() {
    for (name, export) in [
        ("compact.journal", "node.export"),
        ("plain.journal", "node.export"),
        ("lz4.journal", "node.export"),
        ("xz.journal", "node.export"),
        ("remote.journal", "remote.export"),
    ] {
        let (native, printed) = (intake(&sample(name)), intake(&sample(export)));
        assert_eq!(native.gaps, [], "{name}");
        assert_eq!(seen(&native), seen(&printed), "{name}");
        let nodes = if name == "remote.journal" { 2 } else { 1 };
        let kills: Vec<_> = summaries(&native).iter().map(|summary| summary.oom_kills.len()).collect();
        assert_eq!(kills, vec![1; nodes], "{name}");
        // The kill of a message that is too long is not seen, and what stands at the end of a packed one is.
        let all = summaries(&native);
        assert!(all.iter().all(|s| s.sightings.len() >= 4 && s.breaks.iter().any(|b| b.boot)), "{all:?}");
    }
}

#[test]
fn entries_keep_their_numbers() {
    let out = intake(&sample("compact.journal"));
    let kill = &summaries(&out)[0].oom_kills[0];
    let printed = intake(&sample("node.export"));
    assert_eq!(kill.text, summaries(&printed)[0].oom_kills[0].text);
    assert_eq!((kill.line, out.unread.of), (32, ENTRIES));
}

#[test]
fn a_file_that_is_written_to_is_read_as_far_as_it_goes() {
    let mut bytes = sample("compact.journal");
    bytes[16] = 1;
    assert_eq!(told(&bytes), (ENTRIES, None));
    // The header may be behind what was written.
    let last = usize::try_from(u64::from_le_bytes(*bytes[136..].first_chunk().unwrap())).unwrap();
    bytes[136..144].copy_from_slice(&(last as u64 - 1024).to_le_bytes());
    bytes[152..160].copy_from_slice(&(ENTRIES - 2).to_le_bytes());
    assert_eq!(told(&bytes).0, ENTRIES);
}

#[test]
fn a_file_that_is_cut_off_gives_what_precedes_the_cut() {
    for name in ["compact.journal", "xz.journal"] {
        let bytes = sample(name);
        let mut before = 0;
        for cut in (208..300).chain((FIRST..bytes.len() - 80).step_by(211)) {
            let (read, why) = entries(&bytes[..cut]);
            assert!(read >= before && read <= ENTRIES, "{name} {cut}: {read}");
            let why = why.unwrap();
            assert!(
                read == ENTRIES || why == format!("cut off: {read} of 73 entries could be read"),
                "{why}"
            );
            before = read;
        }
        assert!(before > ENTRIES - 5, "{name}: {before}");
        let (read, why) = told(&bytes[..FIRST + 9000]);
        assert!(read > 5 && why.unwrap().starts_with("cut off: "), "{name}: {read}");
    }
    for cut in 8..208 {
        let why = told(&SIGNATURE.repeat(26)[..cut]).1;
        assert_eq!(why.as_deref(), Some("a journal of systemd, cut off within its header"));
    }
}

#[test]
fn what_is_damaged_costs_itself() {
    let mut bytes = sample("compact.journal");
    let from = FIRST + 9000;
    bytes[from..from + 2048].fill(0);
    let (read, why) = told(&bytes);
    let why = why.unwrap();
    assert!(read < ENTRIES && read > ENTRIES / 2, "{read}");
    assert!(why.starts_with(&format!("damaged: {read} of 73 entries could be read")), "{why}");
    let whole = intake(&sample("compact.journal"));
    let last = |out: &Intake| summaries(out)[0].heard.iter().map(|heard| heard.last).max();
    assert_eq!(last(&intake(&bytes)), last(&whole));
}

#[test]
fn a_changed_byte_costs_no_more_than_two_entries() {
    for name in ["compact.journal", "lz4.journal", "xz.journal"] {
        let mut bytes = sample(name);
        // Of the header the flags and what is of all entries; then everything behind the tables.
        for (count, at) in (8..272).chain((FIRST..bytes.len()).step_by(151)).enumerate() {
            let was = bytes[at];
            bytes[at] = [was ^ 1 << (count % 8), 0, 0xff][count % 3];
            let (read, _) = entries(&bytes);
            bytes[at] = was;
            assert!(read <= ENTRIES && (at < 272 || read >= ENTRIES - 2), "{name} {at}: {read}");
        }
    }
}

#[test]
fn a_form_that_is_not_known_is_named() {
    let mut bytes = sample("compact.journal");
    bytes[12] |= 0x20;
    let (read, why) = told(&bytes);
    assert_eq!(read, 0);
    assert!(why.unwrap().contains("flags 0x20"));
}

#[test]
fn a_small_file_cannot_say_more_than_is_read() {
    let bytes = sample("compact.journal");
    let mut out = Intake::default();
    read_within(&bytes, 20_000, Whose::default(), &Place::file("-"), &mut out);
    let Why::Truncated(why) = &out.gaps[0].why else { panic!("{:?}", out.gaps) };
    assert!(why.starts_with("only its first ") && summaries(&out)[0].lines < ENTRIES, "{why}");
}

#[test]
fn what_is_kept_of_it_in_a_bundle_says_the_same() {
    for name in ["compact.journal", "remote.journal", "xz.journal"] {
        let bytes = sample(name);
        let kept = crate::redact::record(&bytes, &crate::redact::Mask::Fixed).unwrap();
        assert!(crate::journal::is_export(&kept.bytes), "{name}");
        assert_eq!(seen(&intake(&kept.bytes)), seen(&intake(&bytes)), "{name}");
    }
}
