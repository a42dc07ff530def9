//! How fast evidence is assembled and diagnosed, beside sorting the same observations, and how fast lines are scanned,
//! beside counting them.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engine::evidence::{Body, Container, Evidence, Locator, Object, Observation, Role, State, View, What};
use engine::report::Options;
use engine::scan::log::LogSummary;
use engine::subject::{Kind, Subject};
use std::hint::black_box;

criterion_group!(benches, diagnosis, scanning);
criterion_main!(benches);

const PODS: usize = 10_000;

fn diagnosis(criterion: &mut Criterion) {
    let seen: Vec<Observation> = (0..PODS).map(pod).collect();
    let mut group = criterion.benchmark_group("pods");
    group.sample_size(10).throughput(Throughput::Elements(PODS as u64));
    let copy = || seen.clone();
    group.bench_function("assemble", |bench| {
        bench.iter_batched(copy, |seen| Evidence::assemble(seen, Vec::new()), BatchSize::LargeInput);
    });
    let sort = |mut seen: Vec<Observation>| {
        seen.sort();
        seen
    };
    group.bench_function("sort", |bench| bench.iter_batched(copy, sort, BatchSize::LargeInput));
    let evidence = Evidence::assemble(seen.clone(), Vec::new());
    group.bench_function("diagnose", |bench| {
        bench.iter(|| engine::diagnose(&evidence, &Options::default()));
    });
    group.finish();
}

fn scanning(criterion: &mut Criterion) {
    let log: String = (0..20_000).map(line).collect();
    let mut group = criterion.benchmark_group("log");
    group.sample_size(10).throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("scan", |bench| bench.iter(|| LogSummary::read(&log)));
    let count = || black_box(memchr::memchr_iter(b'\n', log.as_bytes()).count());
    group.bench_function("counting lines", |bench| bench.iter(count));
    group.finish();
}

/// A pod of ten replicas; one in fifty is in a crash loop.
fn pod(n: usize) -> Observation {
    let namespace = format!("team-{:02}", n / 100 % 40);
    let subject = Subject::new(Kind::Pod, Some(&namespace), &format!("app-{:04}-7c9d8b6f4d-{n:05}", n / 10));
    let mut object = Object::new(subject, View::Whole);
    if let Body::Pod(pod) = &mut object.body {
        let mut app = Container::new("app".into(), Role::App);
        let crashes = n.is_multiple_of(50);
        app.state = Some(if crashes {
            State::Waiting { reason: Some("CrashLoopBackOff".into()), message: None }
        } else {
            State::Running { started: None }
        });
        app.ready = Some(!crashes);
        pod.node = Some(format!("node-{:03}", n % 200).into());
        pod.containers.push(app);
    }
    let locator = Locator { file: "pods.json".into(), line: u32::try_from(n).ok() };
    Observation { capture: "pods.json".into(), sequence: 0, locator, what: What::Object(Box::new(object)) }
}

/// A line of a log; one in a hundred tells of an error.
fn line(n: usize) -> String {
    if n.is_multiple_of(100) {
        format!("2026-11-23T03:12:40Z ERROR dial tcp 10.0.0.{}:5432: connect: connection refused\n", n % 250)
    } else {
        format!("2026-11-23T03:12:40Z INFO GET /cart/{n} 200 {} bytes in {} ms\n", n % 9000, n % 80)
    }
}
