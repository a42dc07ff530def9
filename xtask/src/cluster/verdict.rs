//! Compares what coroner says with what a scenario expects.

use super::api::named;
use super::scenario::{Scenario, Told};
use serde_json::Value;

/// What is wrong with a report, as one line; nothing where it is right.
pub fn wrong(scenario: &Scenario, report: &Value) -> Option<String> {
    let incidents = report["incidents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told = |asked: &Told| incidents.iter().position(|incident| is(asked, &incident["root"]));
    for (at, asked) in scenario.expect.iter().enumerate() {
        match told(asked) {
            Some(rank) if at > 0 || rank == 0 => {}
            Some(rank) => {
                return Some(format!("{} stands at rank {}: {}", asked.code, rank + 1, all(incidents)));
            }
            None => {
                return Some(format!("no {} {}/{}: {}", asked.code, asked.kind, asked.name, all(incidents)));
            }
        }
    }
    let known =
        |incident: &&Value| scenario.expect.iter().chain(&scenario.allow).any(|t| is(t, &incident["root"]));
    let foreign = incidents.iter().find(|incident| !known(incident));
    foreign.map(|incident| format!("also {}", said(incident)))
}

/// Whether a root is the one that is asked for.
fn is(asked: &Told, root: &Value) -> bool {
    let subject = &root["subject"];
    let is_of = |object: &Value| {
        let (kind, name) =
            (object["kind"].as_str().unwrap_or_default(), object["name"].as_str().unwrap_or_default());
        kind.eq_ignore_ascii_case(&asked.kind) && named(name, &asked.name)
    };
    let aspect = |key: &str| root["aspect"][key].as_str().unwrap_or_default();
    root["code"].as_str() == Some(&asked.code)
        && (asked.kind.is_empty() || is_of(subject) || is_of(&subject["owner"]))
        && asked.aspects.iter().all(|(key, value)| aspect(key) == value)
}

fn all(incidents: &[Value]) -> String {
    match incidents {
        [] => "nothing was told".to_owned(),
        _ => incidents.iter().map(said).collect::<Vec<_>>().join(", "),
    }
}

/// A root in a few words.
pub fn said(incident: &Value) -> String {
    let (root, subject) = (&incident["root"], &incident["root"]["subject"]);
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let aspects = root["aspect"].as_object().into_iter().flatten();
    let aspects: String = aspects.map(|(key, value)| format!(" {key}={}", word(value))).collect();
    format!(
        "{} {}/{}{aspects}",
        word(&root["code"]),
        word(&subject["kind"]).to_lowercase(),
        word(&subject["name"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str, kind: &str, name: &str) -> Told {
        let [code, kind, name] = [code, kind, name].map(str::to_owned);
        Told { code, kind, name, aspects: Vec::new() }
    }

    fn report(roots: &[(&str, &str)]) -> Value {
        let incident = |(code, pod): &(&str, &str)| {
            let subject = serde_json::json!({"kind": "Pod", "name": pod, "owner": {"kind": "Deployment", "name": "web"}});
            serde_json::json!({"root": {"code": code, "aspect": {"scope": "node"}, "subject": subject}})
        };
        serde_json::json!({"incidents": roots.iter().map(incident).collect::<Vec<_>>()})
    }

    #[test]
    fn the_first_one_expected_comes_first_and_no_stranger_stands_beside() {
        let mut scenario = Scenario { expect: vec![told("a", "pod", "x")], ..Scenario::default() };
        assert_eq!(wrong(&scenario, &report(&[("a", "x")])), None);
        assert!(wrong(&scenario, &report(&[])).is_some());
        assert!(wrong(&scenario, &report(&[("a", "y")])).is_some());
        assert!(wrong(&scenario, &report(&[("b", "x"), ("a", "x")])).is_some());
        assert!(wrong(&scenario, &report(&[("a", "x"), ("b", "x")])).is_some());
        scenario.allow.push(told("b", "", ""));
        assert_eq!(wrong(&scenario, &report(&[("a", "x"), ("b", "x")])), None);
        scenario.expect = vec![told("a", "deployment", "w*")];
        assert_eq!(wrong(&scenario, &report(&[("a", "x")])), None);
        scenario.expect[0].aspects.push(("scope".to_owned(), "pod".to_owned()));
        assert!(wrong(&scenario, &report(&[("a", "x")])).is_some());
    }
}
