//! What the head of a list says: where it continues. Read without its items.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default, rename = "continue")]
    token: String,
}

/// The `continue` token of a page; empty on the last one, none where the page is no list.
pub fn token(page: &[u8]) -> Option<String> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(page);
    // The head comes first and is all that is read: that the rest is left over is no error here.
    let _ = reader.deserialize_map(Head(&mut found));
    found
}

struct Head<'f>(&'f mut Option<String>);

impl<'de> Visitor<'de> for Head<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "metadata" {
                *self.0 = Some(map.next_value::<Metadata>()?.token);
                return Ok(());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn the_token_is_found_wherever_the_head_stands() {
        let first = br#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":"abc"},"items":[{}, "#;
        assert_eq!(token(first).as_deref(), Some("abc"));
        let last = br#"{"items":[{"metadata":{"name":"x"}}],"metadata":{"resourceVersion":"1"}}"#;
        assert_eq!(token(last).as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_list_has_none() {
        for text in ["", "<html>", "{\"kind\":", "[1]", "{}"] {
            assert_eq!(token(text.as_bytes()), None, "{text}");
        }
    }
}
