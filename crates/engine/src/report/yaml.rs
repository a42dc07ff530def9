//! The report as YAML: the document of [`super::json`] in block style, fields in the same order.

use super::{Report, json};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The report.
pub fn render(report: &Report) -> String {
    from_json(&json::render(report))
}

/// A JSON document as YAML (1.2, and read alike by 1.1); empty for what is no JSON.
fn from_json(json: &str) -> String {
    let mut out = String::new();
    if let Ok(node) = serde_json::from_str::<Node>(json) {
        block(&node, 0, &mut out);
    }
    out
}

/// A JSON value whose fields keep their order.
enum Node {
    /// `null`, a boolean or a number, as both languages write it.
    Bare(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Nodes;
        impl<'de> Visitor<'de> for Nodes {
            type Value = Node;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Bare("null".to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bare(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Bare(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Bare(value.to_string()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
                let mut map = Vec::new();
                while let Some(field) = fields.next_entry()? {
                    map.push(field);
                }
                Ok(Node::Map(map))
            }
        }
        from.deserialize_any(Nodes)
    }
}

/// A value on lines of its own.
fn block(node: &Node, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match node {
        Node::Map(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                out.push_str(&format!("{pad}{}:", scalar(key)));
                match value {
                    Node::Map(inner) if !inner.is_empty() => {
                        out.push('\n');
                        block(value, indent + 2, out);
                    }
                    // A list may stand as deep as its key, as kubectl prints it.
                    Node::List(items) if !items.is_empty() => {
                        out.push('\n');
                        block(value, indent, out);
                    }
                    _ => out.push_str(&format!(" {}\n", flat(value))),
                }
            }
        }
        Node::List(items) if !items.is_empty() => {
            for item in items {
                // The first line of the item stands behind its dash.
                let mut inner = String::new();
                block(item, indent + 2, &mut inner);
                out.push_str(&format!("{pad}- {}", inner.trim_start_matches(' ')));
            }
        }
        _ => out.push_str(&format!("{pad}{}\n", flat(node))),
    }
}

/// A value on one line.
fn flat(node: &Node) -> String {
    match node {
        Node::Bare(text) => text.clone(),
        Node::Text(text) => scalar(text),
        Node::List(_) => "[]".to_owned(),
        Node::Map(_) => "{}".to_owned(),
    }
}

/// A text: plain where no reader can take it for anything else, otherwise as JSON writes it, which YAML reads.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 12] =
        ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "~"];
    let bytes = text.as_bytes();
    let plain = bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b" -_./()',;:=+%@".contains(b))
        && !bytes.ends_with(b" ")
        && !bytes.ends_with(b":")
        && !text.contains(": ")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_and_lists_are_blocks() {
        let json =
            r#"{"z":"last first","a":[{"c":1,"d":[]},"x: y",[true,null]],"e":{"f":null,"g":{}},"h":-2}"#;
        let yaml = "z: last first\na:\n- c: 1\n  d: []\n- \"x: y\"\n- - true\n  - null\ne:\n  f: null\n  g: {}\nh: -2\n";
        assert_eq!(from_json(json), yaml);
    }

    #[test]
    fn what_would_be_read_as_something_else_is_quoted() {
        for text in [
            "",
            "yes",
            "No",
            "null",
            "~",
            "1",
            "1e3",
            "0x1f",
            "2026-11-23",
            "- a",
            "a: b",
            "a:",
            "a ",
            " a",
            "a #b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "{a",
            "[a",
            "#a",
            "|",
            ">",
            "'a",
            "\"a",
            "a\nb",
            "é",
            "?",
            "a\u{1b}b",
            "a\\b",
            "03:12:40",
        ] {
            let got = scalar(text);
            assert!(got.starts_with('"'), "{text:?} became {got}");
            assert_eq!(serde_json::from_str::<String>(&got).unwrap(), text);
        }
        for text in ["a b", "shop/cart-0", "exit 137 (SIGKILL), OOMKilled", "http://a:80/b", "it's"] {
            assert_eq!(scalar(text), text);
        }
    }
}
