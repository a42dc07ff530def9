//! The report as YAML: the document of [`super::json`], block style.

use super::{Report, json};
use serde_json::Value;

/// The report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    block(&json::value(report), 0, &mut out);
    out
}

/// A value that begins on its own line.
fn block(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                out.push_str(&format!("{pad}{}:", scalar(key)));
                nested(value, indent, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inner = String::new();
                block(item, indent + 2, &mut inner);
                // The first line of the item stands behind its dash.
                out.push_str(&format!("{pad}- {}", inner.trim_start_matches(' ')));
            }
        }
        other => out.push_str(&format!("{pad}{}\n", plain(other))),
    }
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(value, indent + 2, out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            block(value, indent, out);
        }
        other => out.push_str(&format!(" {}\n", plain(other))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

/// A text as a plain scalar where no reader can take it for anything else, else as JSON writes it, which YAML reads.
fn scalar(text: &str) -> String {
    let safe = !text.is_empty()
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if safe { text.to_owned() } else { Value::String(text.to_owned()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_that_mean_something_else_are_quoted() {
        let mut out = String::new();
        block(
            &json!({"a": "yes", "b": [{"c": 1, "d": []}, "x: y"], "e": {"f": null}, "g": "plain-word"}),
            0,
            &mut out,
        );
        assert_eq!(out, "a: \"yes\"\nb:\n- c: 1\n  d: []\n- \"x: y\"\ne:\n  f: null\ng: plain-word\n");
    }
}
