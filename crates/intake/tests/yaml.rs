//! The YAML that the engine writes is the JSON that it writes, to a reader that is not its own.

use engine::evidence::Evidence;
use engine::report::{Unread, json, yaml};
use serde_json::Value;

#[test]
fn a_yaml_reader_reads_what_json_says() {
    let evidence = Evidence::assemble(Vec::new(), Vec::new());
    let mut report = engine::diagnose(&evidence, &Default::default());
    report.remarks = [
        "",
        " ",
        "plain words, with (marks) and it's",
        "yes",
        "No",
        "on",
        "null",
        "~",
        "1",
        "-1",
        "1e3",
        "0x1f",
        "0o7",
        ".inf",
        "2026-11-23",
        "03:12:40",
        "a: b",
        "a:",
        "a #b",
        "- a",
        "? a",
        "*a",
        "&a",
        "!!str a",
        "%a",
        "@a",
        "`a",
        "{a: b}",
        "[a",
        "#a",
        "|",
        ">",
        "'a'",
        "\"a\"",
        "a\\b",
        "a\tb",
        "Grüße 世界 🦀",
        "---",
        "...",
        "<<",
        "=",
        "a, b",
        "key=value",
        "http://a:80/b?c",
    ]
    .map(str::to_owned)
    .to_vec();
    report.unread = Unread { files: vec!["a b.txt".into()], lines: 7 };
    let text = yaml::render(&report);
    let read: Value = serde_saphyr::from_str(&text).unwrap();
    let written: Value = serde_json::from_str(&json::render(&report)).unwrap();
    assert_eq!(read, written, "{text}");
}
