//! How fast text is read, each input beside a rival on the same bytes.

mod inputs;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use intake::redact::{Mask, record};
use intake::{Intake, RawRecord};
use serde_json::{Value, json};
use std::hint::black_box;

criterion_group!(benches, reading, redacting);
criterion_main!(benches);

fn reading(criterion: &mut Criterion) {
    let pods: Vec<Value> = (0..1_000).map(inputs::pod).collect();
    let list = json!({"apiVersion": "v1", "kind": "PodList", "items": pods}).to_string();
    let yaml = inputs::block_yaml(&pods);
    let value = |text: &str| drop(black_box(serde_json::from_str::<Value>(text)));
    let saphyr = |text: &str| drop(black_box(serde_saphyr::from_str::<Value>(text)));
    beside(criterion, "JSON", &list, "serde_json::Value", value);
    beside(criterion, "YAML", &yaml, "serde-saphyr", saphyr);
    let count = |text: &str| {
        black_box(memchr::memchr_iter(b'\n', text.as_bytes()).count());
    };
    beside(criterion, "describe", &inputs::described(0..1_000), "counting lines", count);
    beside(criterion, "log", &inputs::log(), "counting lines", count);
    beside(criterion, "journal", &inputs::journal(), "counting lines", count);
}

/// What has no secret in it, as nearly all has none.
fn redacting(criterion: &mut Criterion) {
    let pods: Vec<Value> = (0..1_000).map(inputs::pod).collect();
    let list = json!({"apiVersion": "v1", "kind": "PodList", "items": pods}).to_string();
    let mut group = criterion.benchmark_group("redact");
    for (what, text) in [
        ("JSON", list),
        ("YAML", inputs::block_yaml(&pods)),
        ("log", inputs::log()),
        ("journal", inputs::journal()),
    ] {
        group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(what, |bench| {
            bench.iter(|| record(text.as_bytes(), &Mask::Fixed).map(|kept| kept.bytes.len()));
        });
    }
    group.finish();
}

fn beside(criterion: &mut Criterion, what: &str, text: &str, rival: &str, work: impl Fn(&str)) {
    let mut group = criterion.benchmark_group(what);
    group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("coroner", |bench| {
        bench.iter(|| {
            let mut out = Intake::default();
            intake::read(RawRecord { path: "input", bytes: text.as_bytes() }, &mut out);
            out
        });
    });
    group.bench_function(rival, |bench| bench.iter(|| work(text)));
    group.finish();
}
