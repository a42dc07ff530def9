//! `cargo xtask bench`: how fast is read, each input beside a rival on the same bytes.
//!
//! Prints the best of a few runs; the ratio to the rival means more than the rate, which depends on the machine.

use super::{Outcome, run};
use engine::report::Options;
use inputs::{block_yaml, journal, log, pod};
use intake::{Intake, RawRecord};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

#[path = "../../crates/intake/benches/inputs.rs"]
mod inputs;

const RUNS: usize = 5;

/// Measures everything.
pub fn run(args: &[String]) -> Outcome {
    if let Some(outcome) = run::in_release("bench", args) {
        return outcome;
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
    measure("a container's log", &log(), "counting lines", count);
    measure("a node's journal", &journal(), "counting lines", count);

    let evidence = read(&list).finish().0;
    let best = best(|| drop(black_box(engine::diagnose(&evidence, &Options::default()))));
    println!("{:<34}{:>8.1} ms for {} pods", "diagnosis", best * 1e3, pods.len());
    Ok(())
}

fn read(text: &str) -> Intake {
    let mut out = Intake::default();
    intake::read(RawRecord { path: "input", bytes: text.as_bytes() }, &mut out);
    out
}

fn measure(what: &str, text: &str, rival: &str, work: impl Fn(&str)) {
    assert!(!read(text).observations.is_empty(), "{what}: nothing was read");
    let rate = |seconds: f64| text.len() as f64 / 1e6 / seconds;
    let (ours, theirs) = (rate(best(|| drop(black_box(read(text))))), rate(best(|| work(text))));
    println!("{what:<34}{ours:>8.0} MB/s   {rival}: {theirs:.0} MB/s   ({:.2})", ours / theirs);
}

/// Seconds of the fastest run.
fn best(mut work: impl FnMut()) -> f64 {
    let mut run = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min)
}
