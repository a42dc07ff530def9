//! Whether the JSON is what the published schema says: every field described, every field there, every type right.

use super::example::{empty, hostile, report};
use super::*;
use crate::finding::Ref;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../../docs/schema/diagnosis.v1alpha1.json");

/// What of a value the schema does not allow, or does not know. Of JSON Schema it reads what ours uses.
fn faults(value: &Value, schema: &Value, whole: &Value, at: &str, out: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = whole.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null);
        return faults(value, definition, whole, at, out);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let tries = any.iter().map(|schema| {
            let mut found = Vec::new();
            faults(value, schema, whole, at, &mut found);
            found
        });
        // Of those that do not fit, the one nearest to fitting is told.
        let least = tries
            .min_by_key(|found| found.iter().map(|f| f.matches('/').count()).min().map_or(0, |n| 99 - n));
        return out.extend(least.unwrap_or_default());
    }
    if let Some(constant) = schema.get("const") {
        if value != constant {
            out.push(format!("{at}: is {value}, not {constant}"));
        }
        return;
    }
    let is = |word: &str| match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    let types = match &schema["type"] {
        Value::String(word) => vec![word.as_str()],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.into_iter().any(is) {
        out.push(format!("{at}: {value} is not {}", schema["type"]));
        return;
    }
    if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str())
        && !(text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T'))
    {
        out.push(format!("{at}: {text} is no time"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        faults(item, &schema["items"], whole, &format!("{at}/{index}"), out);
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        match known {
            Some(known) => faults(field, known, whole, &format!("{at}/{name}"), out),
            None => out.push(format!("{at}/{name}: not described")),
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(name).is_none() {
            out.push(format!("{at}/{name}: not there"));
        }
    }
}

fn check(document: &Value) -> Vec<String> {
    against(document, SCHEMA)
}

/// What of a document a schema does not allow, or does not know.
pub(super) fn against(document: &Value, schema: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let mut out = Vec::new();
    faults(document, &schema, &schema, "", &mut out);
    out
}

#[test]
fn every_report_is_as_the_schema_says() {
    for report in [report(), hostile(), empty()] {
        let document: Value = serde_json::from_str(&json::render(&report)).unwrap();
        assert_eq!(check(&document), Vec::<String>::new());
    }
}

#[test]
fn the_check_can_fail() {
    let document: Value = serde_json::from_str(&json::render(&report())).unwrap();
    let with = |pointer: &str, value: Value| {
        let mut document = document.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        check(&document)
    };
    assert_eq!(with("/kind", "Other".into()), ["/kind: is \"Other\", not \"Diagnosis\""]);
    assert_eq!(with("/folded", "2".into()), ["/folded: \"2\" is not \"integer\""]);
    assert_eq!(with("/capturedAt", "now".into()), ["/capturedAt: now is no time"]);
    assert_eq!(with("/incidents/0/root/subject", Value::Null).len(), 1);
    assert_eq!(with("/incidents/0/check/text", Value::Null).len(), 1);
    assert_eq!(with("/incidents/0/because/0/evidence/0", serde_json::json!({})).len(), 6);
    assert_eq!(
        with("/unread", serde_json::json!({"files": [], "lines": 0, "more": 1})),
        ["/unread/more: not described"]
    );
}

#[test]
fn the_json_of_the_example_says_what_its_text_says() {
    let document: Value = serde_json::from_str(&json::render(&report())).unwrap();
    let incident = &document["incidents"][0];
    assert_eq!(document["capturedAt"], "2026-11-23T03:12:40Z");
    assert_eq!(incident["since"], "2026-11-23T02:58:03Z");
    assert_eq!(incident["sinceText"], "02:58:03");
    assert_eq!(incident["root"]["code"], "pod-addresses-exhausted");
    assert_eq!(incident["root"]["subject"]["owner"]["kind"], "CronJob");
    assert_eq!(incident["because"][2]["causedBy"], serde_json::json!([2]));
    assert_eq!(incident["remedies"][0]["honesty"], "needs-judgement");
    let command = incident["remedies"][0]["command"].as_array().unwrap();
    assert_eq!(command.last().unwrap(), "{\"spec\":{\"parallelism\":4}}");
    assert_eq!(incident["check"]["command"][3], "--context");
}

#[test]
fn fields_keep_their_order() {
    let (json, yaml) = (json::render(&report()), yaml::render(&report()));
    for text in [&json, &yaml] {
        let mut last = 0;
        for field in
            ["apiVersion", "kind", "capturedAt", "scope", "coverage", "incidents", "folded", "gaps", "unread"]
        {
            let at = text
                .find(&format!("\n  \"{field}\""))
                .or_else(|| text.find(&format!("\n{field}:")))
                .unwrap_or(0);
            assert!(at > last || field == "apiVersion", "{field}");
            last = at;
        }
    }
}

#[test]
fn a_record_has_one_name_wherever_it_stood() {
    let mut moved = report();
    for proof in moved.incidents.iter_mut().flat_map(|i| &mut i.because).flat_map(|s| &mut s.evidence) {
        proof.locator = crate::evidence::Locator { file: "elsewhere".into(), line: Some(1) };
        if let Ref::Log(place) | Ref::NodeLog(place) = &mut proof.record {
            *place = proof.locator.clone();
        }
    }
    let names = |report: &Report| -> Vec<Value> {
        let document: Value = serde_json::from_str(&json::render(report)).unwrap();
        let steps = document["incidents"][0]["because"].as_array().unwrap();
        steps.iter().map(|step| step["evidence"][0]["ref"].clone()).collect()
    };
    assert_eq!(names(&report()), names(&moved));
    let distinct: std::collections::BTreeSet<String> = names(&moved).iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), 5);
}
