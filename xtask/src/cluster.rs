//! `cargo xtask cluster up|down|status|test`: a real Kubernetes for the tests, on this machine alone: two nodes in
//! namespaces, their traffic on a bridge that leads nowhere. All of it lies in one folder under `target`.

mod api;
mod ask;
mod audit;
mod build;
mod cases;
mod keys;
mod node;
mod plane;
mod play;
mod process;
mod scenario;
mod settings;
mod verdict;

use crate::run::Options;
use crate::{Failure, Outcome, place};
use node::Node;
use play::How;
use process::{Processes, run, wait_for};
use settings::{SETTINGS, Settings};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How it is called.
pub const USAGE: &str = "up [SETTING…]|down [--purge]|status|test [--keep] [--coroner PATH] [NAME…]|cases";

/// A cluster, up or down.
pub struct Cluster {
    settings: Settings,
    processes: Processes,
    /// The programs of Kubernetes.
    bin: PathBuf,
    /// The archives of images.
    images: PathBuf,
}

pub fn run_command(args: &[String]) -> Outcome {
    let (command, args) = args.split_first().map_or(("", args), |(first, rest)| (first.as_str(), rest));
    let names: Vec<&str> = SETTINGS.iter().map(|(name, ..)| *name).collect();
    match command {
        "up" => {
            let options = Options::parse(args, &[], &names)?;
            up(Settings::of(&options)?, args.is_empty()).map(|_| ())
        }
        "down" => down(&Settings::kept()?, Options::parse(args, &["--purge"], &[])?.has("--purge")),
        "status" => status(&Settings::kept()?),
        "test" => test(args),
        "cases" => cases::check(),
        _ => Err(format!("usage: cargo xtask cluster {USAGE}\n{}", settings_help()).into()),
    }
}

fn settings_help() -> String {
    let lines = SETTINGS.iter().map(|(name, default, what)| format!("  {name} {default:<6} {what}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Brings the cluster up, as far as it is not.
fn up(settings: Settings, as_it_is: bool) -> Result<Cluster, Failure> {
    if let Some(why) = build::cannot_run_here() {
        return Err(format!("cannot run here, because {why}").into());
    }
    let start = Instant::now();
    build::packages()?;
    let mut cluster = Cluster {
        bin: build::kubernetes(&settings)?,
        images: build::images(&settings)?,
        processes: processes(&settings),
        settings,
    };
    let runs = cluster.processes.alive("etcd").is_some();
    if runs {
        let kept = Settings::kept()?;
        if kept != cluster.settings && !as_it_is {
            return Err("a cluster with other settings is up; take it down first".into());
        }
        cluster.settings = kept;
    } else {
        forget(&cluster)?;
    }
    fs::create_dir_all(&cluster.processes.run)?;
    fs::create_dir_all(&cluster.processes.log)?;
    plane::bridge(&cluster)?;
    cluster.settings.keep()?;
    keys::make(&cluster.settings)?;
    plane::start(&cluster)?;
    let numbers = 1..=cluster.settings.nodes();
    std::thread::scope(|scope| {
        let started: Vec<_> = numbers
            .clone()
            .map(|n| {
                scope.spawn({
                    let cluster = &cluster;
                    move || Node::of(cluster, n).up().map_err(|why| why.to_string())
                })
            })
            .collect();
        started
            .into_iter()
            .try_for_each(|node| node.join().unwrap_or_else(|_| Err("a thread broke off".to_owned())))
    })?;
    plane::fill_registries(&cluster)?;
    for n in numbers {
        let name = Node::of(&cluster, n).name;
        wait_for(120, &format!("node {name}, ready"), || cluster.is_ready(&name))?;
    }
    let account = ["get", "serviceaccount", "default", "-n", "default"];
    wait_for(60, "default service account", || cluster.kubectl(&account).is_ok())?;
    let taken = start.elapsed().as_secs_f32();
    eprintln!("{} after {taken:.1} s", if runs { "was up, and is complete" } else { "up" });
    cluster.print_places();
    Ok(cluster)
}

/// Ends everything that was started, and forgets what was in the cluster.
fn down(settings: &Settings, purge: bool) -> Outcome {
    if !settings.folder.exists() {
        return Ok(());
    }
    let cluster = Cluster {
        settings: settings.clone(),
        processes: processes(settings),
        bin: build::kubernetes_if_built(settings).unwrap_or_default(),
        images: PathBuf::new(),
    };
    cluster.stop()?;
    forget(&cluster)?;
    if purge {
        fs::remove_dir_all(&settings.folder)?;
    }
    eprintln!("down");
    Ok(())
}

/// Plays scenarios, all of them or those that are named. A cluster that was not up is taken down again.
fn test(args: &[String]) -> Outcome {
    let options = Options::parse(args, &["--keep"], &["--coroner"])?;
    let how = How { keep: options.has("--keep"), coroner: options.value("--coroner").map(PathBuf::from) };
    let scenarios = scenario::read(&options.rest)?;
    if let Some(why) = build::cannot_run_here() {
        println!("the scenarios cannot run here, because {why}");
        return Ok(());
    }
    let settings = Settings::kept()?;
    let was_up = processes(&settings).alive("etcd").is_some();
    let cluster = up(settings.clone(), true)?;
    let outcome = play::all(&cluster, &scenarios, how);
    if !was_up {
        down(&settings, false)?;
    }
    outcome
}

fn status(settings: &Settings) -> Outcome {
    let processes = processes(settings);
    let names = processes.names();
    for name in &names {
        let state = processes.alive(name).map_or("dead".to_owned(), |pid| format!("runs, pid {pid}"));
        println!("{name:24} {state}");
    }
    if processes.alive("kube-apiserver").is_none() {
        println!("the cluster is down");
        return Ok(());
    }
    let bin = build::kubernetes_if_built(settings).ok_or("its programs are not in the cache")?;
    let cluster = Cluster { settings: settings.clone(), processes, bin, images: PathBuf::new() };
    println!("{}", cluster.kubectl(&["get", "nodes", "-o", "wide"])?.trim_end());
    cluster.print_places();
    Ok(())
}

fn processes(settings: &Settings) -> Processes {
    Processes { run: settings.at("run"), log: settings.at("log") }
}

/// Removes what a cluster leaves behind that is not up. Keys, registries and logs of its daemons stay.
fn forget(cluster: &Cluster) -> Outcome {
    let settings = &cluster.settings;
    for name in cluster.processes.names() {
        if cluster.processes.alive(&name).is_some() {
            return Err(format!("{name} still runs: `cargo xtask cluster down` first").into());
        }
    }
    let nodes = (1..=9).map(|n| format!("node-{n}"));
    for name in nodes.chain(["etcd".to_owned(), "run".to_owned()]) {
        let folder = settings.at(&name);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

impl Cluster {
    /// Runs kubectl as the administrator, and gives what it printed.
    fn kubectl(&self, words: &[&str]) -> Result<String, Failure> {
        let program = self.bin.join("kubectl").display().to_string();
        let access = format!("--kubeconfig={}", self.settings.kubeconfig().display());
        run(&[&[&*program, &*access][..], words].concat())
    }

    fn is_ready(&self, node: &str) -> bool {
        let path = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}";
        self.kubectl(&["get", "node", node, "-o", path]).is_ok_and(|ready| ready == "True")
    }

    fn print_places(&self) {
        println!("KUBECONFIG={}", self.settings.kubeconfig().display());
        println!("kubectl     {}", self.bin.join("kubectl").display());
        println!("audit log   {}", self.settings.audit_log().display());
    }

    fn stop(&self) -> Outcome {
        let nodes = self.settings.nodes();
        for n in 1..=nodes {
            Node::of(self, n).down()?;
        }
        for name in self.processes.names() {
            self.processes.stop(&name, Duration::from_secs(10))?;
        }
        plane::remove_bridge(self);
        node::remove_cgroups(nodes);
        Ok(())
    }
}

/// A configuration of ours, with values in the places of their `@NAMES@`.
fn config(name: &str, values: &[(&str, &str)]) -> Result<String, Failure> {
    let path = place::at("tests/cluster/config").join(name);
    let mut text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    for (key, value) in values {
        text = text.replace(&format!("@{key}@"), value);
    }
    Ok(text)
}
