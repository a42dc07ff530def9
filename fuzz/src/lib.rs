//! What holds of whatever comes in: one function for each kind of input, called by the fuzz targets and by the test that
//! replays what they found.

mod told;

use engine::Hands;
use engine::evidence::{Evidence, What};
use engine::report::{Options, json};
use intake::objects;
use intake::{Intake, RawRecord};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an input is given to.
pub type Target = fn(&[u8]);

/// Every target, with the name of its folders.
pub const TARGETS: &[(&str, Target)] = &[
    ("archive", archive),
    ("container_log", container_log),
    ("journal", journal),
    ("json_objects", json_objects),
    ("kubectl_text", kubectl_text),
    ("record", record),
    ("report", report),
    ("yaml_objects", yaml_objects),
];

/// A file of any name: the first line is its path.
pub fn record(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (path, rest) = bytes.split_at(end);
    let rest = rest.get(1..).unwrap_or_default();
    diagnosed(read(&String::from_utf8_lossy(path), rest));
    redacted(&String::from_utf8_lossy(rest));
}

/// Objects in JSON: neither spaces nor the order of a list change what is told.
pub fn json_objects(bytes: &[u8]) {
    diagnosed(read("all.json", bytes));
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return };
    // A list of numbers may as well be a line of a log, in which spaces count. Of two views of one object in one file the
    // later one counts.
    if !value.is_object() || has_twins(&value) {
        return;
    }
    let one = placeless(&diagnosed(read("all.json", value.to_string().as_bytes())));
    if let Some(items) = value.get_mut("items").and_then(Value::as_array_mut) {
        items.reverse();
    }
    let other = placeless(&diagnosed(read("all.json", format!("{value:#}").as_bytes())));
    assert_eq!(one, other, "the order of items, or spaces between them, changed what is told");
}

/// Whether items have a name in common.
fn has_twins(list: &Value) -> bool {
    let items = list.get("items").and_then(Value::as_array);
    let name = |item: &Value| item.pointer("/metadata/name").map(Value::to_string);
    let mut names: Vec<String> = items.into_iter().flatten().filter_map(name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    names.len() < all
}

/// Objects in YAML: two readers, one result.
pub fn yaml_objects(bytes: &[u8]) {
    diagnosed(read("all.yaml", bytes));
    let text = String::from_utf8_lossy(bytes);
    for text in text.split("---\n") {
        if let [Some(block), whole] = objects::by_both_readers(text) {
            assert_eq!(Some(block), whole, "the readers of YAML differ");
        }
    }
}

/// What kubectl printed: transcripts, tables, descriptions.
pub fn kubectl_text(bytes: &[u8]) {
    diagnosed(read("-", bytes));
}

/// A node's journal in any form, of a node that the name tells, and of a unit.
pub fn journal(bytes: &[u8]) {
    diagnosed(read("nodes/n1.journal", bytes));
    read("nodes/n1/kubelet.log", bytes);
    read("-", bytes);
}

/// A container's log: plain, as a runtime wrote it, or as Docker did.
pub fn container_log(bytes: &[u8]) {
    let read = read("pods/shop_web-0_d4bfdc93/app/0.log", bytes);
    let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
    for observation in &read.observations {
        if let What::Log(log) = &observation.what {
            assert!(log.summary.lines <= lines, "{} lines of {lines}", log.summary.lines);
        }
    }
    let evidence = read.clone().finish().0;
    diagnosed(read);
    told::log(&evidence, &String::from_utf8_lossy(bytes));
}

/// An archive: packed or not, and by one reader or three, it holds the same.
pub fn archive(bytes: &[u8]) {
    let plain = unpacked(bytes);
    if bytes.get(257..262) == Some(b"ustar") && !bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() < 1 << 17 {
        assert_eq!(plain, unpacked(&stored(bytes)), "packed, it holds something else");
    }
}

/// Records behind lines of the form `#### path`: diagnosed and told in every form.
pub fn report(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut all = Intake::default();
    for part in text.split("#### ") {
        let (path, text) = part.split_once('\n').unwrap_or(("-", part));
        all.absorb(read(path, text.as_bytes()));
    }
    let evidence = all.clone().finish().0;
    diagnosed(all);
    told::everywhere(&evidence);
    told::explained(&text);
    redacted(&text);
}

/// Reads bytes, and looks whether what is read is bounded by them.
fn read(path: &str, bytes: &[u8]) -> Intake {
    let mut out = Intake::default();
    intake::read(RawRecord { path, bytes }, &mut out);
    bounded(&out, bytes.len());
    out
}

/// Nothing is made of nothing.
fn bounded(read: &Intake, bytes: usize) {
    let most = bytes + 8;
    assert!(read.observations.len() <= most, "{} observations of {bytes} bytes", read.observations.len());
    assert!(read.gaps.len() <= most, "{} gaps of {bytes} bytes", read.gaps.len());
    let unread = &read.unread;
    assert!(unread.lines <= unread.of && unread.of <= most as u64, "{} of {}", unread.lines, unread.of);
    assert!(unread.samples.len() as u64 <= unread.lines, "{} samples", unread.samples.len());
}

/// What is told of it, the same whatever the order in which it came.
fn diagnosed(read: Intake) -> String {
    let mut other = read.clone();
    other.observations.reverse();
    other.gaps.reverse();
    let half = other.observations.len() / 2;
    other.observations.rotate_left(half);
    let backwards: Hands = |parts, part| (0..parts).rev().for_each(part);
    let other = Evidence::assemble_with(backwards, other.observations, other.gaps);
    let (one, other) = (report_of(&read.finish().0), report_with(backwards, &other));
    assert_eq!(one, other, "the order of what was seen changed what is told");
    one
}

fn report_of(evidence: &Evidence) -> String {
    report_with(engine::alone, evidence)
}

fn report_with(hands: Hands, evidence: &Evidence) -> String {
    let options = Options { all: true, ..Options::default() };
    let report = engine::diagnose_with(hands, evidence, &options);
    let text = json::render(&report);
    told::document(&text);
    text
}

/// A report without the places where things stand. Gaps of one place and reason are one: on one line all are.
fn placeless(report: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(strip),
            Value::Object(fields) => {
                ["locator", "ref"].iter().for_each(|key| drop(fields.remove(*key)));
                fields.values_mut().for_each(strip);
            }
            _ => {}
        }
    }
    let mut value = serde_json::from_str(report).expect("a report is JSON");
    strip(&mut value);
    if let Some(gaps) = value.get_mut("gaps").and_then(Value::as_array_mut) {
        gaps.dedup();
    }
    value
}

/// Redaction finds nothing in what it left, and keeps every line.
fn redacted(text: &str) {
    let once = intake::redact::text(text);
    assert_eq!(intake::redact::text(&once), once, "redacted twice");
    let once = intake::redact::lines(text);
    assert_eq!(intake::redact::lines(&once), once, "lines redacted twice");
    assert_eq!(once.lines().count(), text.lines().count(), "lines were lost");
}

/// What is told of an archive.
fn unpacked(bytes: &[u8]) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = std::env::temp_dir().join(format!(
        "coroner-fuzz-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    ));
    // One name for all, for it is told.
    let path = folder.join("evidence");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(&path, bytes).expect("a file");
    let one = bundle::read_on(&path, 1);
    let three = bundle::read_on(&path, 3);
    let mut outside = None;
    let each = bundle::each(&path, &mut |record| {
        let odd = |part: &str| matches!(part, "" | "." | "..");
        if record.path.split('/').any(odd) {
            outside = Some(record.path.to_owned());
        }
    });
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(outside, None, "a path leads out of the archive");
    match (one, three, each) {
        (Ok(one), Ok(three), Ok(_)) => {
            let told = report_of(&one.finish().0);
            assert_eq!(told, report_of(&three.finish().0), "the number of readers shows");
            told
        }
        (Err(_), Err(_), Err(_)) => String::new(),
        (one, three, each) => {
            let failed = [
                one.err().map(|e| e.to_string()),
                three.err().map(|e| e.to_string()),
                each.err().map(|e| e.to_string()),
            ];
            assert_eq!(failed, [None, None, None], "only some readers fail");
            String::new()
        }
    }
}

/// The bytes in a frame of Zstandard that packs nothing (RFC 8878).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let last = u32::try_from(bytes.len()).unwrap_or(0) << 3 | 1;
    out.extend_from_slice(&last.to_le_bytes()[..3]);
    out.extend_from_slice(bytes);
    out
}
