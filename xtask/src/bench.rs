//! `cargo xtask bench`: how fast is read, each input beside a rival on the same bytes.
//!
//! Prints the best of a few runs; the ratio to the rival means more than the rate, which depends on the machine.

use super::{Failure, Outcome, place, run};
use engine::report::Options;
use inputs::{block_yaml, described, journal, log, pod};
use intake::{Intake, RawRecord};
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

mod bundles;
#[path = "../../crates/intake/benches/inputs.rs"]
mod inputs;
mod logs;

const RUNS: usize = 5;

/// Measures everything.
pub fn run(args: &[String]) -> Outcome {
    if let Some(outcome) = run::in_release("bench", args) {
        return outcome;
    }
    match args {
        [first, sizes @ ..] if first == "bundles" => return bundles::run(sizes),
        [first, journal @ ..] if first == "logs" => return logs::run(journal),
        _ => {}
    }
    let pods: Vec<Value> = (0..4_000).map(pod).collect();
    let list = json!({"apiVersion": "v1", "kind": "PodList", "items": pods}).to_string();
    let lines: String = pods.iter().map(|pod| format!("{pod}\n")).collect();
    let yaml = block_yaml(&pods);
    let values = |text: &str| drop(black_box(serde_json::from_str::<Value>(text)));
    measure("pods, a JSON list", &list, "serde_json::Value", values);
    measure("pods, JSON lines", &lines, "serde_json::Value", |text| text.lines().for_each(values));
    let saphyr = |text: &str| drop(black_box(serde_saphyr::from_str::<Value>(text)));
    measure("pods, YAML as kubectl prints it", &yaml, "serde-saphyr", saphyr);
    let count = |text: &str| {
        black_box(memchr::memchr_iter(b'\n', text.as_bytes()).count());
    };
    measure("pods, as kubectl describes them", &described(0..4_000), "counting lines", count);
    measure("a container's log", &log(), "counting lines", count);
    measure("a node's journal", &journal(), "counting lines", count);

    let evidence = read(&list).finish().0;
    let best = best(RUNS, || drop(black_box(engine::diagnose(&evidence, &Options::default()))));
    println!("{:<34}{:>8.1} ms for {} pods", "diagnosis", best * 1e3, pods.len());
    folder()?;
    logs::run(&[])
}

/// A folder of all that there is, a quarter each, from its files to its report.
fn folder() -> Outcome {
    let folder = place::target().join("bench");
    let pods: Vec<Value> = (0..9_000).map(pod).collect();
    let list = json!({"apiVersion": "v1", "kind": "PodList", "items": pods}).to_string();
    let mut size = write(&folder, "pods.json", &list)?;
    for n in 0..13 {
        size += write(&folder, &format!("describe-{n:02}.txt"), &described(n * 1_000..(n + 1) * 1_000))?;
    }
    let (log, journal) = (log(), journal());
    for n in 0..3 {
        size += write(&folder, &format!("logs/app-{n}.log"), &log)?;
    }
    for n in 0..2 {
        size += write(&folder, &format!("worker-{n}/kubelet.log"), &journal)?;
    }
    if bundle::read(&folder)?.observations.is_empty() {
        return Err("nothing was read of the folder".into());
    }
    let report = |evidence| engine::diagnose(&evidence, &Options::default());
    let best = best(RUNS, || drop(black_box(bundle::read(&folder).map(|read| report(read.finish().0)))));
    println!("{:<34}{best:>8.2} s for {} MB", "a folder of all these", size / 1_000_000);
    Ok(())
}

/// Writes a file, and gives its size.
fn write(folder: &Path, name: &str, text: &str) -> Result<usize, Failure> {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
    std::fs::write(path, text)?;
    Ok(text.len())
}

fn read(text: &str) -> Intake {
    let mut out = Intake::default();
    intake::read(RawRecord { path: "input", bytes: text.as_bytes() }, &mut out);
    out
}

fn measure(what: &str, text: &str, rival: &str, work: impl Fn(&str)) {
    assert!(!read(text).observations.is_empty(), "{what}: nothing was read");
    let rate = |seconds: f64| text.len() as f64 / 1e6 / seconds;
    let (ours, theirs) = (rate(best(RUNS, || drop(black_box(read(text))))), rate(best(RUNS, || work(text))));
    println!("{what:<34}{ours:>8.0} MB/s   {rival}: {theirs:.0} MB/s   ({:.2})", ours / theirs);
}

/// Seconds of the fastest of so many runs.
fn best(runs: usize, mut work: impl FnMut()) -> f64 {
    let mut run = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..runs).map(|_| run()).fold(f64::INFINITY, f64::min)
}
