//! `coroner bundle`, and a support engineer's day: what was converted tells what it told before, and no secret stays.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A place for one test, taken away at its end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let root = std::env::temp_dir().join(format!("coroner-program-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).expect("a folder");
        Place(root)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn coroner(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coroner")).args(args).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The report, without the name of what was read and the places in it.
fn incidents(path: &Path) -> serde_json::Value {
    let out = coroner(&["diagnose", "--from", path.to_str().expect("a path of text"), "-o", "json"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let mut report: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    report["incidents"].take()
}

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/cascade");

#[test]
fn what_was_converted_tells_what_it_told_before() {
    let place = Place::new("convert");
    let to = place.0.join("x.tar.zst");
    let out = coroner(&["bundle", "convert", DEMO, "-o", to.to_str().unwrap()]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(incidents(&to), incidents(Path::new(DEMO)));
    let again = coroner(&["bundle", "convert", DEMO, "-o", to.to_str().unwrap()]);
    assert!(!again.status.success() && text(&again.stderr).contains("is already there"));
    let listed = text(&coroner(&["bundle", "ls", "-l", to.to_str().unwrap()]).stdout);
    for want in ["bundle of coroner", "nodes/worker-2.kubelet.log  journal"] {
        assert!(listed.contains(want), "{want}: {listed}");
    }
    let record = coroner(&["bundle", "cat", to.to_str().unwrap(), "nodes/worker-2.kubelet.log"]);
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    let there = std::fs::read(Path::new(DEMO).join("nodes/worker-2.kubelet.log")).unwrap();
    assert_eq!(lines(&record.stdout), lines(&there));
    let nothing = coroner(&["bundle", "cat", to.to_str().unwrap(), "no/such"]);
    assert!(text(&nothing.stderr).contains("has no record no/such"), "{}", text(&nothing.stderr));
}

#[test]
fn what_was_masked_is_told_and_one_key_names_a_secret_alike() {
    let place = Place::new("redact");
    let input = place.0.join("in");
    std::fs::create_dir_all(input.join("logs/shop")).unwrap();
    std::fs::write(input.join("logs/shop/a.log"), "starting\nDB_PASSWORD=hunter2hunter2 refused\n").unwrap();
    std::fs::write(input.join("b.log"), "password=hunter2hunter2\n").unwrap();
    let key = place.0.join("key");
    std::fs::write(&key, [7; 16]).unwrap();
    let to = |name: &str| place.0.join(name).to_str().unwrap().to_owned();
    let redact = |more: &[&str]| coroner(&[&["bundle", "redact", input.to_str().unwrap()], more].concat());
    let plain = redact(&["-o", &to("plain.tar.zst")]);
    assert_eq!(text(&plain.stdout), "b.log: 1 × password, line 1\nlogs/shop/a.log: 1 × password, line 2\n");
    let mut names = Vec::new();
    for name in ["one.tar.zst", "two.tar.zst"] {
        assert!(redact(&["-o", &to(name), "--pseudonyms", "--key", key.to_str().unwrap()]).status.success());
        for record in ["b.log", "logs/shop/a.log"] {
            let shown = text(&coroner(&["bundle", "cat", &to(name), record]).stdout);
            assert!(!shown.contains("hunter2"), "{shown}");
            let start = shown.find("<password-").unwrap_or_else(|| panic!("{shown}"));
            names.push(shown[start..].split('>').next().unwrap().to_owned());
        }
    }
    names.dedup();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn several_inputs_are_one_evidence() {
    let place = Place::new("several");
    let (objects, rest) = (place.0.join("objects"), place.0.join("rest"));
    std::fs::create_dir_all(rest.join("nodes")).unwrap();
    std::fs::create_dir_all(&objects).unwrap();
    for entry in ["shop.json", "batch.json"] {
        std::fs::copy(Path::new(DEMO).join(entry), objects.join(entry)).unwrap();
    }
    for entry in ["kubectl.txt", "logs.txt", "nodes/worker-2.kubelet.log"] {
        std::fs::copy(Path::new(DEMO).join(entry), rest.join(entry)).unwrap();
    }
    let told = |args: &[&str]| {
        let out = coroner(&[&["diagnose", "-o", "json"], args].concat());
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        report["incidents"][0]["root"].clone()
    };
    let both = told(&["--from", objects.to_str().unwrap(), "--from", rest.to_str().unwrap()]);
    assert_eq!(both, told(&["--from", DEMO]));
}
