//! Asks coroner about a scenario, as somebody who has the published rights and no others.

use super::audit::{self, Audit, Call};
use super::node::Node;
use super::scenario::{Lack, Scenario};
use super::{Cluster, verdict};
use crate::run::output;
use crate::{Failure, Outcome, place};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Whoever is in this group may read what `docs/coroner-reader.yaml` names.
const READERS: &str = "coroner-readers";
/// Whoever is in this group may have journals of nodes.
const NODE_LOGS: &str = "coroner-node-logs";
/// How long a remedy may take to show.
const HEALING: Duration = Duration::from_secs(120);

/// Coroner, and the cluster that it is asked about.
pub struct Asker<'c> {
    cluster: &'c Cluster,
    coroner: PathBuf,
    /// Where bundles and reports are kept.
    captures: PathBuf,
    audit: Audit,
}

/// What coroner said, and how long that took.
pub struct Answer {
    /// The report.
    pub report: Value,
    /// From the command to its end.
    pub took: Duration,
}

impl<'c> Asker<'c> {
    /// Gives the readers their rights.
    pub fn open(cluster: &'c Cluster, coroner: PathBuf) -> Result<Asker<'c>, Failure> {
        let captures = cluster.settings.at("captures");
        fs::create_dir_all(&captures)?;
        let asker = Asker { cluster, coroner, captures, audit: Audit::begin(cluster)? };
        let proxy = json!({"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]});
        asker.grant(READERS, &published()?)?;
        asker.grant(NODE_LOGS, &json!([proxy]))?;
        Ok(asker)
    }

    /// Binds a role with these rules to a group, both of one name.
    fn grant(&self, name: &str, rules: &Value) -> Outcome {
        self.grant_in(name, rules, &[None])
    }

    /// The same in each of these namespaces; none for the whole cluster.
    fn grant_in(&self, name: &str, rules: &Value, namespaces: &[Option<&str>]) -> Outcome {
        let api = "rbac.authorization.k8s.io";
        let version = format!("{api}/v1");
        let role =
            json!({"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules});
        let mut items = vec![role];
        for namespace in namespaces {
            let (kind, metadata) = match namespace {
                Some(namespace) => ("RoleBinding", json!({"name": name, "namespace": namespace})),
                None => ("ClusterRoleBinding", json!({"name": name})),
            };
            items.push(json!({"apiVersion": version, "kind": kind, "metadata": metadata,
                "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": name},
                "subjects": [{"apiGroup": api, "kind": "Group", "name": name}]}));
        }
        let file = self.captures.join(format!("{name}.role.json"));
        fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())?;
        self.cluster.kubectl(&["apply", "-f", &file.display().to_string()]).map(|_| ())
    }

    /// Coroner as somebody of these groups.
    fn command(&self, user: &str, groups: &[&str], words: &[&str]) -> Command {
        let mut command = Command::new(&self.coroner);
        command.args(words).args(["--as", user]).env("KUBECONFIG", self.cluster.settings.kubeconfig());
        for group in groups {
            command.args(["--as-group", group]);
        }
        command
    }

    /// Coroner as somebody who may read what a scenario needs.
    fn reader(&self, scenario: &Scenario, words: &[&str]) -> Command {
        let groups: &[&str] = if scenario.serial { &[READERS, NODE_LOGS] } else { &[READERS] };
        let mut command = self.command(&scenario.name, groups, words);
        if scenario.serial {
            command.arg("--node-logs");
        }
        command
    }

    /// What it says about the scenario's namespace. The report stays beside the bundle.
    pub fn live(&self, scenario: &Scenario) -> Result<Answer, Failure> {
        let start = Instant::now();
        let text = output(&mut self.reader(scenario, &["diagnose", "-n", &scenario.name, "-o", "json"]))?;
        let took = start.elapsed();
        fs::write(self.captures.join(format!("{}.json", scenario.name)), &text)?;
        Ok(Answer { report: serde_json::from_str(&text)?, took })
    }

    /// What it says about the scenario's namespace, as somebody would read it; or why it says nothing.
    pub fn words(&self, scenario: &Scenario) -> String {
        let mut command = self.reader(scenario, &["diagnose", "-n", &scenario.name, "--all"]);
        output(&mut command).unwrap_or_else(|why| why.to_string())
    }

    /// Collects a bundle, and asks what it says about that.
    pub fn bundle(&self, scenario: &Scenario) -> Result<(PathBuf, Value), Failure> {
        let name = &scenario.name;
        let bundle = self.captures.join(format!("{name}.tar.zst"));
        let _ = fs::remove_file(&bundle);
        let path = bundle.display().to_string();
        output(&mut self.reader(scenario, &["collect", "-n", name, "-o", &path]))?;
        let report = diagnose(&self.coroner, &bundle, name)?;
        Ok((bundle, report))
    }

    /// Holds that one question takes no more requests than it may.
    pub fn calls(&self, scenario: &Scenario, subject: &str, most: usize) -> Outcome {
        let user = format!("{}-calls", scenario.name);
        let words = ["diagnose", subject, "-n", &scenario.name, "-o", "json"];
        output(&mut self.command(&user, &[READERS], &words))?;
        let calls = self.of(&user)?;
        if calls.is_empty() || calls.len() > most {
            return Err(
                format!("{subject} took {} requests, not {most}:\n{}", calls.len(), listed(&calls)).into()
            );
        }
        Ok(())
    }

    /// Holds that a look at the whole cluster lists each kind once, and reads nothing else but logs.
    pub fn whole(&self, scenario: &Scenario) -> Outcome {
        let user = format!("{}-whole", scenario.name);
        output(&mut self.command(&user, &[READERS], &["diagnose", "-A", "-o", "json"]))?;
        let calls = self.of(&user)?;
        match audit::beside_lists(&calls) {
            Some(call) => Err(format!("-A also asks for {}", call.uri).into()),
            None if calls.is_empty() => Err("the audit log knows nothing of -A".into()),
            None => Ok(()),
        }
    }

    /// Holds that a remedy names an image that the registry has. Its name leads to it on the nodes alone.
    pub fn registry(&self, scenario: &Scenario, image: &str) -> Outcome {
        let access = format!("KUBECONFIG={}", self.cluster.settings.kubeconfig().display());
        let coroner = self.coroner.display().to_string();
        let user = format!("{}-registry", scenario.name);
        let words = ["env", &access, &coroner, "diagnose", "-n", &scenario.name, "--registry", "-o", "json"];
        let text =
            Node::of(self.cluster, 1).run(&[&words[..], &["--as", &user, "--as-group", READERS]].concat())?;
        let report: Value = serde_json::from_str(&text)?;
        let remedies = list(&report["incidents"]).iter().flat_map(|incident| list(&incident["remedies"]));
        let words = remedies.flat_map(|remedy| list(&remedy["command"])).filter_map(Value::as_str);
        if words.into_iter().any(|word| word.ends_with(&format!("={image}"))) {
            Ok(())
        } else {
            Err(format!("no remedy names {image}; gaps: {}", report["gaps"]).into())
        }
    }

    /// Holds that without a right the report still comes, names the right, and is as sure as it may be.
    pub fn without(&self, scenario: &Scenario, lack: &Lack) -> Outcome {
        let mut rules = published()?;
        for rule in rules.as_array_mut().into_iter().flatten() {
            if let Some(resources) = rule["resources"].as_array_mut() {
                resources.retain(|resource| *resource != *lack.resource);
            }
        }
        if let Some(rules) = rules.as_array_mut() {
            rules.retain(|rule| !list(&rule["resources"]).is_empty());
        }
        let group = format!("coroner-without-{}", lack.resource.replace('/', "-"));
        self.grant(&group, &rules)?;
        let words = ["diagnose", "-n", &scenario.name, "-o", "json"];
        let text = output(&mut self.command(&format!("{}-without", scenario.name), &[&group], &words))?;
        let report: Value = serde_json::from_str(&text)?;
        let root = &report["incidents"][0]["root"];
        let told =
            format!("{} {}", root["code"].as_str().unwrap_or("-"), root["certainty"].as_str().unwrap_or("-"));
        let named = report["gaps"].as_array().into_iter().flatten().any(|gap| {
            let word = |key: &str| gap[key].as_str().unwrap_or_default();
            word("reason") == "forbidden" && word("detail").ends_with(&format!(" on {}", lack.resource))
        });
        if told != format!("{} {}", lack.code, lack.certainty) {
            return Err(format!("without {}: {told}", lack.resource).into());
        }
        if named { Ok(()) } else { Err(format!("no gap names {}: {}", lack.resource, report["gaps"]).into()) }
    }

    /// Holds that a reader of all namespaces but one is told the same of the whole cluster, and which rights are missing
    /// there; and that nothing else was refused than the lists of all namespaces.
    pub fn closed(&self, scenario: &Scenario, closed: &str) -> Outcome {
        const CLUSTER: &[&str] = &["nodes", "persistentvolumes", "namespaces", "storageclasses"];
        let (mut wide, mut narrow) = (published()?, published()?);
        for (rules, is_wide) in [(&mut wide, true), (&mut narrow, false)] {
            for rule in rules.as_array_mut().into_iter().flatten() {
                if let Some(resources) = rule["resources"].as_array_mut() {
                    resources.retain(|it| CLUSTER.contains(&it.as_str().unwrap_or_default()) == is_wide);
                }
            }
            if let Some(rules) = rules.as_array_mut() {
                rules.retain(|rule| !list(&rule["resources"]).is_empty());
            }
        }
        let names = self.cluster.kubectl(&[
            "get",
            "namespaces",
            "--field-selector=status.phase=Active",
            "-o",
            "name",
        ])?;
        let names = names.lines().map(|line| line.trim_start_matches("namespace/"));
        let open: Vec<Option<&str>> = names.filter(|name| *name != closed).map(Some).collect();
        let groups = ["coroner-of-cluster", "coroner-of-namespaces"];
        self.grant(groups[0], &wide)?;
        self.grant_in(groups[1], &narrow, &open)?;
        // Of whoever ends so, refusals are expected.
        let user = format!("{}-closed-without", scenario.name);
        let text = output(&mut self.command(&user, &groups, &["diagnose", "-A", "-o", "json"]))?;
        let report: Value = serde_json::from_str(&text)?;
        if let Some(why) = verdict::wrong(scenario, &report) {
            return Err(format!("without namespace {closed}: {why}").into());
        }
        for resource in ["pods", "events", "deployments.apps"] {
            let what = format!("{} of {closed}", resource.trim_end_matches(".apps"));
            let named = list(&report["gaps"]).iter().any(|gap| {
                let detail = gap["detail"].as_str().unwrap_or_default();
                gap["reason"] == "forbidden"
                    && gap["what"] == *what
                    && detail.ends_with(&format!(" on {resource}"))
            });
            if !named {
                return Err(format!("no gap names {what}: {}", report["gaps"]).into());
            }
        }
        let is_open = |call: &Call| {
            open.iter().flatten().any(|name| call.uri.contains(&format!("/namespaces/{name}/")))
        };
        let mut calls = self.of(&user)?;
        calls.retain(|call| !call.allowed && is_open(call));
        match calls.first() {
            Some(call) => Err(format!("refused, though it may be read: {}", call.uri).into()),
            None => Ok(()),
        }
    }

    /// Runs every command of a report that can be run as it stands. What only reads has to succeed; after what changes
    /// something, the check of its incident has to tell that it goes over.
    pub fn remedies(&self, report: &Value) -> Outcome {
        let all = list(&report["incidents"]).iter();
        let all =
            all.flat_map(|incident| list(&incident["remedies"]).iter().map(move |remedy| (incident, remedy)));
        let (looks, acts): (Vec<_>, Vec<_>) = all.partition(|(_, remedy)| remedy["honesty"] == "safe");
        for (incident, remedy) in looks.into_iter().chain(acts) {
            let words: Vec<&str> = list(&remedy["command"]).iter().filter_map(Value::as_str).collect();
            let Some((&"kubectl", args)) = words.split_first() else { continue };
            if args.iter().any(|word| word.contains('<')) {
                continue;
            }
            self.cluster.kubectl(args).map_err(|why| format!("the remedy `{}`: {why}", words.join(" ")))?;
            if remedy["honesty"] != "safe" {
                self.healed(incident).map_err(|why| format!("after `{}`: {why}", words.join(" ")))?;
            }
        }
        Ok(())
    }

    fn healed(&self, incident: &Value) -> Outcome {
        let words: Vec<&str> = list(&incident["check"]["command"]).iter().filter_map(Value::as_str).collect();
        let Some((&"coroner", args)) = words.split_first() else {
            return Err("the incident has no check".into());
        };
        let end = Instant::now() + HEALING;
        loop {
            let text = output(&mut self.command("healed", &[READERS], &[args, &["-o", "json"]].concat()))?;
            let report: Value = serde_json::from_str(&text)?;
            let ongoing = list(&report["incidents"]).iter().find(|incident| incident["state"] == "ongoing");
            match ongoing {
                None => return Ok(()),
                Some(incident) if Instant::now() > end => {
                    return Err(format!("still ongoing: {}", verdict::said(incident)).into());
                }
                Some(_) => std::thread::sleep(Duration::from_secs(2)),
            }
        }
    }

    /// What was asked for as somebody.
    fn of(&self, user: &str) -> Result<Vec<Call>, Failure> {
        let mut calls = self.audit.calls()?;
        calls.retain(|call| call.user == user);
        Ok(calls)
    }

    /// Holds that over all that was asked nothing was sent that must never be, and nothing that the published rights do
    /// not cover.
    pub fn close(&self) -> Outcome {
        let calls = self.audit.calls()?;
        if let Some(call) = audit::foreign(&calls) {
            return Err(format!("coroner sent {} {}", call.verb, call.uri).into());
        }
        let refused = calls.iter().find(|call| !call.allowed && !call.user.ends_with("-without"));
        if let Some(call) = refused {
            return Err(format!("the published rights do not cover {} {}", call.verb, call.uri).into());
        }
        eprintln!("{} requests of coroner's, none but those that are allowed", calls.len());
        Ok(())
    }
}

/// What coroner says about a bundle.
pub fn diagnose(coroner: &Path, bundle: &Path, namespace: &str) -> Result<Value, Failure> {
    let mut command = Command::new(coroner);
    command.args(["diagnose", "-n", namespace, "-o", "json", "--from"]).arg(bundle);
    Ok(serde_json::from_str(&output(&mut command)?)?)
}

/// The rules of the role that the documents publish.
fn published() -> Result<Value, Failure> {
    let file = place::at("docs/coroner-reader.yaml");
    let role: Value = serde_saphyr::from_str(&fs::read_to_string(file)?)?;
    Ok(role["rules"].clone())
}

fn listed(calls: &[Call]) -> String {
    calls.iter().map(|call| format!("  {} {}\n", call.verb, call.uri)).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
