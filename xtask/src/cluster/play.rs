//! Plays scenarios on the cluster, those of one namespace side by side, and asks coroner about each.

use super::api::{Api, path};
use super::node::Node;
use super::scenario::{Scenario, Step};
use super::{Cluster, capture, verdict};
use crate::run::{cargo, output, shown};
use crate::{Failure, Outcome, place};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
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
    /// From the state being visible to the right verdict.
    verdict_after: Option<Duration>,
    took: Duration,
}

/// What all players share.
struct Stage<'c> {
    cluster: &'c Cluster,
    api: Api,
    coroner: PathBuf,
    live: bool,
    /// Where the bundles are kept.
    captures: PathBuf,
}

/// How scenarios are played.
pub struct How {
    /// The coroner that is asked; built where none is given.
    pub coroner: Option<PathBuf>,
    /// Asks it about the running cluster, and then about the bundle that it collects there. Otherwise about a bundle
    /// that is made here.
    pub live: bool,
}

/// Plays scenarios and prints how they went.
pub fn all(cluster: &Cluster, scenarios: &[Scenario], how: How) -> Outcome {
    let coroner = match how.coroner {
        Some(coroner) => coroner,
        None => {
            shown(&mut cargo(&["build", "--quiet", "--package", "coroner"]))?;
            place::target().join("debug/coroner")
        }
    };
    let captures = cluster.settings.at("captures");
    fs::create_dir_all(&captures)?;
    let stage = Stage { cluster, api: Api::open(cluster)?, coroner, live: how.live, captures };
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
    table(&done, scenarios.len())
}

fn table(done: &[Played], of: usize) -> Outcome {
    println!("{:32} {:>8} {:>8}  verdict", "scenario", "took", "verdict");
    for played in done {
        let after =
            played.verdict_after.map_or("-".to_owned(), |after| format!("{:.1} s", after.as_secs_f32()));
        let verdict = played.wrong.as_deref().unwrap_or("right");
        println!("{:32} {:>6.0} s {after:>8}  {verdict}", played.name, played.took.as_secs_f32());
    }
    let right = done.iter().filter(|played| played.wrong.is_none()).count();
    if right == of { Ok(()) } else { Err(format!("{right} of {of} scenarios went right").into()) }
}

impl Stage<'_> {
    /// Plays one, and cleans up after it whatever happened.
    fn play(&self, scenario: &Scenario) -> Played {
        let start = Instant::now();
        let result = self.perform(scenario);
        let cleaned = self.clean(scenario);
        let name = scenario.name.clone();
        let (wrong, verdict_after) = match result {
            Ok(after) => (cleaned.err().map(|why| format!("cannot clean up: {why}")), Some(after)),
            Err(why) => (Some(why.to_string()), None),
        };
        eprintln!("{name}: {}", wrong.as_deref().unwrap_or("right"));
        Played { name, wrong, verdict_after, took: start.elapsed() }
    }

    fn perform(&self, scenario: &Scenario) -> Result<Duration, Failure> {
        let name = &scenario.name;
        self.wait(120, "the namespace of the last run to be gone", || {
            Ok(self.api.get(&format!("/api/v1/namespaces/{name}")).is_err())
        })?;
        let since = output(Command::new("date").args(["-u", "+%FT%TZ"]))?;
        self.cluster.kubectl(&["create", "namespace", name])?;
        self.wait(60, "a service account", || {
            Ok(self.api.get(&path("serviceaccounts/default", Some(name))).is_ok())
        })?;
        for step in &scenario.steps {
            self.step(name, step)?;
        }
        let visible = Instant::now();
        let journals = scenario.serial.then_some(since.trim());
        loop {
            match self.judge(scenario, journals)? {
                None => break,
                Some(why) if visible.elapsed() > PATIENCE => return Err(why.into()),
                Some(_) => std::thread::sleep(Duration::from_secs(1)),
            }
        }
        let after = visible.elapsed();
        if self.live {
            // The same has to be said about what was collected of it.
            let bundle = self.captures.join(format!("{name}.tar.zst"));
            let _ = fs::remove_file(&bundle);
            output(self.coroner(&["collect", "-n", name, "-o"]).arg(&bundle))?;
            let report =
                output(self.coroner(&["diagnose", "-n", name, "-o", "json", "--from"]).arg(&bundle))?;
            if let Some(why) = verdict::wrong(scenario, &serde_json::from_str(&report)?) {
                return Err(format!("right live, and of its bundle: {why}").into());
            }
        }
        Ok(after)
    }

    /// What is wrong with what coroner says about the scenario's namespace; nothing where it is right. What it said
    /// stays beside what it read.
    fn judge(&self, scenario: &Scenario, journals: Option<&str>) -> Result<Option<String>, Failure> {
        let name = &scenario.name;
        let mut diagnose = self.coroner(&["diagnose", "-n", name, "-o", "json"]);
        if self.live {
            diagnose.args(journals.map(|_| "--node-logs"));
        } else {
            let folder = self.captures.join(name);
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            capture::write(&self.api, name, journals, &folder)?;
            diagnose.arg("--from").arg(folder);
        }
        let report = output(&mut diagnose)?;
        fs::write(self.captures.join(format!("{name}.json")), &report)?;
        Ok(verdict::wrong(scenario, &serde_json::from_str(&report)?))
    }

    fn coroner(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.coroner);
        command.args(words).env("KUBECONFIG", self.cluster.settings.kubeconfig());
        command
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
