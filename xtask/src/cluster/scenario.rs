//! Scenarios as data: what is played on the cluster, what has to become visible, and what has to be said about it.
//!
//! A folder below `tests/cluster/scenarios` holds manifests and a file `scenario` with one step a line; its name is the
//! namespace. `#` begins a remark.
//!
//! ```text
//! serial                                has the whole cluster to itself
//! apply FILE                            applies a manifest
//! kubectl WORD…                         runs kubectl in the namespace
//! node N start|stop|signal UNIT …       a daemon of a node
//! node N pod-bits BITS                  another range of pod addresses for what starts from now on
//! node N evict-memory SIZE              evicts when less memory is left; `-SIZE` is so much less than is left now
//! sleep SECONDS
//! wait RESOURCE[/NAME] PATH VALUE [SECONDS]    until such an object has that value
//! undo STEP…                            at the end, the last one first
//! expect CODE KIND/NAME [ASPECT=VALUE…] an incident that has to be told; the first of them as the first
//! expect nothing                        no incident
//! allow CODE [KIND/NAME]                an incident that may be told as well
//! calls KIND/NAME MOST                  to diagnose this alone takes no more requests than that
//! whole                                 `-A` lists each kind once, and reads nothing else but logs
//! registry IMAGE                        asked on a node with `--registry`, it names that image as the remedy
//! without RESOURCE CODE CERTAINTY       what is told first by a reader who lacks that right
//! closed NAMESPACE                      `-A` tells the same to a reader of all namespaces but that one, and names the rights
//! ```

use crate::{Failure, place};
use std::fs;
use std::path::PathBuf;

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Applies a manifest.
    Apply(PathBuf),
    /// Runs kubectl in the namespace.
    Kubectl(Vec<String>),
    /// Does something to a node.
    Node(u8, Vec<String>),
    /// Waits so many seconds.
    Sleep(u64),
    /// Waits until something is visible.
    Wait(Sight),
}

/// Something that becomes visible in the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The resource, as in `pods`.
    pub resource: String,
    /// The object's name; a prefix where it ends in `*`; any where it is empty.
    pub name: String,
    /// Names and numbers with dots between them; `*` is every item of a list.
    pub path: String,
    /// What has to stand there; a part of it where it begins with `~`, at least so much where it begins with `>=`.
    pub value: String,
    /// How long it may take.
    pub seconds: u64,
}

/// An incident that is expected or allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The code of its root.
    pub code: String,
    /// The kind of its subject or of that one's owner, in small letters; any where it is empty.
    pub kind: String,
    /// The name; a prefix where it ends in `*`.
    pub name: String,
    /// Aspects that it has to have.
    pub aspects: Vec<(String, String)>,
}

/// A scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, and its namespace.
    pub name: String,
    /// Whether nothing may be played beside it.
    pub serial: bool,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What is done at the end, in order.
    pub undo: Vec<Step>,
    /// What has to be told.
    pub expect: Vec<Told>,
    /// What may be told.
    pub allow: Vec<Told>,
    /// What is asked about alone, and how many requests that may take.
    pub calls: Vec<(String, usize)>,
    /// Whether the requests of a look at everything are checked.
    pub whole: bool,
    /// The image that a remedy names once the registry was asked.
    pub registry: Option<String>,
    /// What is told where a right is missing.
    pub without: Vec<Lack>,
    /// Namespaces that may not be read.
    pub closed: Vec<String>,
}

/// A right that is missing, and the first root that is told without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// As roles name it: `pods/log`.
    pub resource: String,
    /// The code of the root.
    pub code: String,
    /// How sure it is.
    pub certainty: String,
}

/// How long something may take to become visible where the scenario does not say.
const PATIENCE: u64 = 60;

/// All scenarios, or those that are named.
pub fn read(names: &[String]) -> Result<Vec<Scenario>, Failure> {
    let folder = place::at("tests/cluster/scenarios");
    let mut all: Vec<String> =
        fs::read_dir(&folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    all.sort();
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(format!("no scenario {unknown}; there are {}", all.join(", ")).into());
    }
    all.retain(|name| names.is_empty() || names.contains(name));
    let read = |name: &String| {
        let folder = folder.join(name);
        let text = fs::read_to_string(folder.join("scenario"))?;
        parse(name, &text, &folder).map_err(|why| format!("scenario {name}: {why}").into())
    };
    all.iter().map(read).collect()
}

fn parse(name: &str, text: &str, folder: &std::path::Path) -> Result<Scenario, String> {
    let mut scenario = Scenario { name: name.to_owned(), ..Scenario::default() };
    let mut nothing = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words = words(line);
        let mut rest = words.iter().map(String::as_str);
        let first = rest.next().unwrap_or_default();
        let rest: Vec<&str> = rest.collect();
        match (first, &rest[..]) {
            ("serial", []) => scenario.serial = true,
            ("expect", ["nothing"]) => nothing = true,
            ("expect", told) => scenario.expect.push(parse_told(told).ok_or(line)?),
            ("allow", told) => scenario.allow.push(parse_told(told).ok_or(line)?),
            ("calls", [subject, most]) => {
                scenario.calls.push(((*subject).to_owned(), most.parse().map_err(|_| line)?));
            }
            ("whole", []) => scenario.whole = true,
            ("registry", [image]) => scenario.registry = Some((*image).to_owned()),
            ("without", [resource, code, certainty]) => {
                let [resource, code, certainty] = [resource, code, certainty].map(|&word| word.to_owned());
                scenario.without.push(Lack { resource, code, certainty });
            }
            ("closed", [namespace]) => scenario.closed.push((*namespace).to_owned()),
            ("undo", step) => scenario.undo.insert(0, parse_step(step, folder).ok_or(line)?),
            _ => {
                let all: Vec<&str> = words.iter().map(String::as_str).collect();
                scenario.steps.push(parse_step(&all, folder).ok_or(line)?);
            }
        }
    }
    if nothing == scenario.expect.is_empty() {
        Ok(scenario)
    } else {
        Err("expects nothing, or something".to_owned())
    }
}

fn parse_step(words: &[&str], folder: &std::path::Path) -> Option<Step> {
    Some(match words {
        ["apply", file] => Step::Apply(folder.join(file)),
        ["kubectl", words @ ..] => Step::Kubectl(owned(words)),
        ["node", number, what @ ..] if !what.is_empty() => Step::Node(number.parse().ok()?, owned(what)),
        ["sleep", seconds] => Step::Sleep(seconds.parse().ok()?),
        ["wait", object, path, value, rest @ ..] => {
            let (resource, name) = object.split_once('/').unwrap_or((object, ""));
            let seconds = match rest {
                [] => PATIENCE,
                [seconds] => seconds.parse().ok()?,
                _ => return None,
            };
            let [resource, name, path, value] = [resource, name, path, value].map(str::to_owned);
            Step::Wait(Sight { resource, name, path, value, seconds })
        }
        _ => return None,
    })
}

fn parse_told(words: &[&str]) -> Option<Told> {
    let (code, rest) = words.split_first()?;
    let (subject, aspects) = match rest {
        [subject, aspects @ ..] if !subject.contains('=') => (*subject, aspects),
        aspects => ("", aspects),
    };
    let (kind, name) = if subject.is_empty() { ("", "") } else { subject.split_once('/')? };
    let aspects = aspects.iter().map(|word| word.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
    Some(Told {
        code: (*code).to_owned(),
        kind: kind.to_lowercase(),
        name: name.to_owned(),
        aspects: aspects.collect::<Option<_>>()?,
    })
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The words of a line; what stands between double quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_can_be_read() {
        let all = read(&[]).unwrap();
        assert!(!all.is_empty());
        for scenario in all {
            for step in scenario.steps.iter().chain(&scenario.undo) {
                if let Step::Apply(file) = step {
                    assert!(file.is_file(), "{}", file.display());
                }
            }
        }
    }

    #[test]
    fn a_scenario_says_what_it_expects() {
        let text = "apply a.yaml\nwait pods/web* status.phase \"Not Running\" 5\nexpect oom-killed Pod/web scope=node\nundo node 2 start kubelet\nundo sleep 1\n";
        let read = parse("x", text, std::path::Path::new("f")).unwrap();
        assert_eq!(
            read.undo,
            [Step::Sleep(1), Step::Node(2, vec!["start".to_owned(), "kubelet".to_owned()])]
        );
        assert_eq!(read.expect[0].aspects, [("scope".to_owned(), "node".to_owned())]);
        assert!(
            matches!(&read.steps[1], Step::Wait(sight) if sight.value == "Not Running" && sight.seconds == 5)
        );
        for wrong in ["", "expect nothing\nexpect a b/c", "expect a\nsleep long", "expect a b", "fly"] {
            assert!(parse("x", wrong, std::path::Path::new("f")).is_err(), "{wrong}");
        }
    }
}
