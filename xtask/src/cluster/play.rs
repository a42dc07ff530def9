//! Plays scenarios on the cluster, those of one namespace side by side, and asks coroner about each.

use super::api::{Api, path};
use super::ask::Asker;
use super::node::Node;
use super::scenario::{Scenario, Step};
use super::{Cluster, cases, verdict};
use crate::{Failure, Outcome};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many scenarios are played at once.
const AT_ONCE: usize = 6;
/// How long coroner may be wrong once the state is visible.
const PATIENCE: Duration = Duration::from_secs(10);

/// How one scenario went.
struct Played {
    name: String,
    /// What was wrong; nothing where it went right.
    wrong: Option<String>,
    /// From the state being visible to the right verdict, and how long coroner took for that one.
    verdict_after: Option<(Duration, Duration)>,
    took: Duration,
}

/// What all players share.
struct Stage<'c> {
    cluster: &'c Cluster,
    api: Api,
    asker: Asker<'c>,
    keep: bool,
}

/// How scenarios are played.
pub struct How {
    /// The coroner that is asked; built where none is given.
    pub coroner: Option<PathBuf>,
    /// Whether the bundles become cases of the project.
    pub keep: bool,
}

/// Plays scenarios and prints how they went.
pub fn all(cluster: &Cluster, scenarios: &[Scenario], how: How) -> Outcome {
    let coroner = how.coroner.map_or_else(cases::build, Ok)?;
    let stage =
        Stage { cluster, api: Api::open(cluster)?, asker: Asker::open(cluster, coroner)?, keep: how.keep };
    let (serial, beside): (Vec<_>, Vec<_>) = scenarios.iter().partition(|scenario| scenario.serial);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(scenario) = beside.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let played = stage.play(scenario);
                    if let Ok(mut done) = done.lock() {
                        done.push(played);
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a player broke off")?;
    done.extend(serial.into_iter().map(|scenario| stage.play(scenario)));
    done.sort_by(|a, b| a.name.cmp(&b.name));
    table(&done, scenarios.len())?;
    stage.asker.close()
}

fn table(done: &[Played], of: usize) -> Outcome {
    println!("{:32} {:>8} {:>8} {:>8}  verdict", "scenario", "took", "right", "asked");
    for played in done {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f32());
        let (after, asked) = match played.verdict_after {
            Some((after, asked)) => (seconds(after), seconds(asked)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let verdict = played.wrong.as_deref().unwrap_or("right");
        println!("{:32} {:>8} {after:>8} {asked:>8}  {verdict}", played.name, seconds(played.took));
    }
    let right = done.iter().filter(|played| played.wrong.is_none()).count();
    if right == of { Ok(()) } else { Err(format!("{right} of {of} scenarios went right").into()) }
}

impl Stage<'_> {
    /// Plays one, and cleans up after it whatever happened.
    fn play(&self, scenario: &Scenario) -> Played {
        let start = Instant::now();
        // What did not become visible on a busy machine says nothing of coroner.
        let visible = self.set_up(scenario).or_else(|why| {
            eprintln!("{}: {why}; it is played once more. Meanwhile coroner says:", scenario.name);
            eprintln!("{}", self.asker.words(scenario));
            self.clean(scenario)?;
            self.set_up(scenario)
        });
        let result = visible.and_then(|()| self.ask(scenario));
        let cleaned = self.clean(scenario);
        let name = scenario.name.clone();
        let (wrong, verdict_after) = match result {
            Ok(after) => (cleaned.err().map(|why| format!("cannot clean up: {why}")), Some(after)),
            Err(why) => (Some(why.to_string()), None),
        };
        eprintln!("{name}: {}", wrong.as_deref().unwrap_or("right"));
        Played { name, wrong, verdict_after, took: start.elapsed() }
    }

    /// Plays it until its state is visible.
    fn set_up(&self, scenario: &Scenario) -> Outcome {
        let name = &scenario.name;
        self.wait(120, "the namespace of the last run to be gone", || {
            Ok(self.api.get(&format!("/api/v1/namespaces/{name}")).is_err())
        })?;
        self.cluster.kubectl(&["create", "namespace", name])?;
        self.wait(60, "a service account", || {
            Ok(self.api.get(&path("serviceaccounts/default", Some(name))).is_ok())
        })?;
        for step in &scenario.steps {
            self.step(name, step)?;
        }
        Ok(())
    }

    /// Asks coroner; how long it took until the verdict was right, and how long coroner took for that one.
    fn ask(&self, scenario: &Scenario) -> Result<(Duration, Duration), Failure> {
        let name = &scenario.name;
        let visible = Instant::now();
        let answer = loop {
            let answer = self.asker.live(scenario)?;
            match verdict::wrong(scenario, &answer.report) {
                None => break answer,
                Some(why) if visible.elapsed() > PATIENCE => return Err(why.into()),
                Some(_) => std::thread::sleep(Duration::from_secs(1)),
            }
        };
        let after = visible.elapsed();
        let (bundle, offline) = self.asker.bundle(scenario)?;
        if let Some(why) = verdict::wrong(scenario, &offline) {
            return Err(format!("right live, and of its bundle: {why}").into());
        }
        if self.keep {
            cases::keep(name, &bundle)?;
        }
        for (subject, most) in &scenario.calls {
            self.asker.calls(scenario, subject, *most)?;
        }
        if scenario.whole {
            self.asker.whole(scenario)?;
        }
        if let Some(image) = &scenario.registry {
            self.asker.registry(scenario, image)?;
        }
        for lack in &scenario.without {
            self.asker.without(scenario, lack)?;
        }
        for namespace in &scenario.closed {
            self.asker.closed(scenario, namespace)?;
        }
        self.asker.remedies(&answer.report)?;
        Ok((after, answer.took))
    }

    fn step(&self, namespace: &str, step: &Step) -> Outcome {
        match step {
            Step::Apply(file) => {
                let file = file.display().to_string();
                self.cluster.kubectl(&["apply", "-n", namespace, "-f", &file])?;
            }
            Step::Kubectl(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                self.cluster.kubectl(&[&["-n", namespace][..], &words].concat())?;
            }
            Step::Node(number, what) => self.node(*number, what)?,
            Step::Sleep(seconds) => std::thread::sleep(Duration::from_secs(*seconds)),
            Step::Wait(sight) => {
                let what = format!("{} {} {} {}", sight.resource, sight.name, sight.path, sight.value);
                self.wait(sight.seconds, &what, || self.api.shows(namespace, sight))?;
            }
        }
        Ok(())
    }

    fn node(&self, number: u8, what: &[String]) -> Outcome {
        let node = Node::of(self.cluster, number);
        match what.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["start", unit] => node.start(unit),
            ["stop", unit] => node.stop(unit),
            ["signal", unit, signal] => node.signal(unit, signal),
            ["pod-bits", bits] => node.pod_bits(bits),
            ["evict-memory", size] => {
                let least = match size.strip_prefix('-').and_then(|less| less.strip_suffix("Mi")) {
                    Some(less) => {
                        let path = format!("/api/v1/nodes/{}/proxy/stats/summary", node.name);
                        let bytes = self.api.json(&path)?["node"]["memory"]["availableBytes"].as_u64();
                        let left = bytes.ok_or("the kubelet does not say how much memory is left")? >> 20;
                        format!("{}Mi", left.saturating_sub(less.parse::<u64>()?))
                    }
                    None => size.to_owned(),
                };
                node.evict_memory(&least)
            }
            _ => Err(format!("a node cannot {}", what.join(" ")).into()),
        }
    }

    fn clean(&self, scenario: &Scenario) -> Outcome {
        let undone: Vec<_> = scenario.undo.iter().map(|step| self.step(&scenario.name, step)).collect();
        let words = ["delete", "namespace", &scenario.name, "--wait=false", "--ignore-not-found"];
        self.cluster.kubectl(&words)?;
        undone.into_iter().collect::<Outcome>()?;
        if !scenario.serial {
            return Ok(());
        }
        self.wait(120, "the nodes to be ready", || {
            let nodes = self.api.json(&path("nodes", None))?;
            let condition = |c: &Value| c["type"] == "Ready" && c["status"] == "True";
            let ready = |node: &Value| {
                node["status"]["conditions"].as_array().is_some_and(|c| c.iter().any(condition))
            };
            Ok(nodes["items"].as_array().is_some_and(|nodes| nodes.iter().all(ready)))
        })?;
        self.wait(180, "the namespace to be gone", || {
            Ok(self.api.get(&format!("/api/v1/namespaces/{}", scenario.name)).is_err())
        })
    }

    fn wait(&self, seconds: u64, what: &str, mut holds: impl FnMut() -> Result<bool, Failure>) -> Outcome {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            // The API server may be slow for a moment while everything starts at once.
            match holds() {
                Ok(true) => return Ok(()),
                Err(why) if Instant::now() > end => return Err(why),
                Ok(false) if Instant::now() > end => {
                    return Err(format!("not there after {seconds} s: {what}").into());
                }
                _ => std::thread::sleep(Duration::from_millis(300)),
            }
        }
    }
}
