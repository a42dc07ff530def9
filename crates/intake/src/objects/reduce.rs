//! Takes from raw JSON the part of `managedFields` that no evidence is made of: of small objects it is the larger half.

use super::meta::{LONGEST_PATH, MOST_PATHS, is_only_status, push_step};
use super::wire::Key;
use super::{is_brief, json};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The text with `managedFields` reduced to what is read of it, and without those of kinds of which none are read. The
/// same evidence is made of it, in the same lines. Borrowed where there is nothing to take.
pub fn reduced(text: &str) -> Cow<'_, str> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    if !is_json || memchr::memmem::find(text.as_bytes(), b"\"managedFields\"").is_none() {
        return Cow::Borrowed(text);
    }
    let Some((lists, _)) = json::lists(text) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    // Everything before `done` stands in `out`, or was taken.
    let mut done = 0;
    for list in &lists {
        let of = list.of();
        for piece in &list.pieces {
            let Some(kind) = piece.kind.or(of.map(|(kind, _)| kind)) else { continue };
            let Some(managed) = json::managed(piece.text) else { continue };
            let (range, instead) = match is_brief(kind) {
                true => (managed.entry, String::new()),
                // What is written otherwise than the API writes it is left to whoever reads it.
                false => match entries(&piece.text[managed.value.clone()]) {
                    Some(entries) => (managed.value, entries),
                    None => continue,
                },
            };
            out.push_str(&text[done..piece.start + range.start]);
            out.push_str(&instead);
            let ends = memchr::memchr_iter(b'\n', &piece.text.as_bytes()[range.clone()]).count();
            out.extend(std::iter::repeat_n('\n', ends));
            done = piece.start + range.end;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// A list of `metav1.ManagedFieldsEntry` with what is read of each.
fn entries(text: &str) -> Option<String> {
    let mut entries: Vec<Entry> = serde_json::from_str(text).ok()?;
    for entry in &mut entries {
        let of_status = entry.subresource.as_deref().is_some_and(is_only_status);
        entry.fields.take_if(|fields| of_status || fields.0.is_empty());
    }
    serde_json::to_string(&entries).ok()
}

#[derive(Deserialize, Serialize)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(rename = "fieldsV1", skip_serializing_if = "Option::is_none")]
    fields: Option<Fields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subresource: Option<String>,
}

/// The steps of a `fieldsV1` that lead to a path that is kept.
struct Fields(Vec<(String, Fields)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Branch { path: &mut String::new(), kept: &mut 0 }.deserialize(from)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(step, fields)| (step, fields)))
    }
}

/// A level of `fieldsV1`, of which the same is kept as is read.
struct Branch<'p> {
    path: &'p mut String,
    kept: &'p mut usize,
}

impl<'de> DeserializeSeed<'de> for Branch<'_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Fields, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Branch<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields, A::Error> {
        let Branch { path, kept } = self;
        let length = path.len();
        let mut fields = Vec::new();
        loop {
            let may_keep = *kept < MOST_PATHS;
            let step = entries.next_key_seed(Key(|key: &str| {
                let is_kept = push_step(path, key) && may_keep && path.len() <= LONGEST_PATH;
                is_kept.then(|| key.to_owned())
            }))?;
            match step {
                None => break,
                Some(Some(step)) => {
                    let below = entries.next_value_seed(Branch { path: &mut *path, kept: &mut *kept })?;
                    fields.push((step, below));
                }
                Some(None) => _ = entries.next_value::<IgnoredAny>()?,
            }
            path.truncate(length);
        }
        if fields.is_empty() && length > 0 && *kept < MOST_PATHS {
            *kept += 1;
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Intake, RawRecord};

    fn read(text: &str) -> Intake {
        let mut out = Intake::default();
        crate::read(RawRecord { path: "objects/x.json", bytes: text.as_bytes() }, &mut out);
        out
    }

    /// The same is read of the reduced text, and no more can be taken from it.
    fn same(text: &str) -> String {
        let small = reduced(text).into_owned();
        let (before, after) = (read(text), read(&small));
        assert_eq!(before.observations, after.observations, "{text}\n{small}");
        assert_eq!(before.gaps, after.gaps, "{text}\n{small}");
        assert_eq!(reduced(&small), small);
        small
    }

    fn object(kind: &str, metadata: &str) -> String {
        format!(r#"{{"kind":"{kind}","apiVersion":"v1","metadata":{{{metadata}}},"data":{{}}}}"#)
    }

    fn config(managed: &str) -> String {
        object("ConfigMap", &format!(r#""name":"a","managedFields":{managed}"#))
    }

    /// As kube-apiserver 1.34 writes it, indented or not.
    const ENTRIES: &str = r#"[{"manager":"kubectl-edit","operation":"Update","apiVersion":"v1","time":"2026-11-23T05:08:06Z",
        "fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a.b":{},"f:LEVEL":{}},"f:spec":{"f:containers":
        {"k:{\"name\":\"DB_PASSWORD\"}":{".":{},"f:value":{}}},"f:finalizers":{".":{},"v:\"x\"":{}}}}},
        {"manager":"kubelet","operation":"Update","time":"2026-11-23T05:08:07Z","fieldsV1":{"f:status":{"f:phase":{}}},"subresource":"status"}]"#;

    #[test]
    fn what_is_read_stays_and_nothing_else() {
        let small = same(&config(ENTRIES));
        let kept = r#"[{"manager":"kubectl-edit","operation":"Update","time":"2026-11-23T05:08:06Z","fieldsV1":{"f:data":{"f:a.b":{},"f:LEVEL":{}},"f:spec":{"f:containers":{"k:{\"name\":\"DB_PASSWORD\"}":{"f:value":{}}},"f:finalizers":{}}}},{"manager":"kubelet","operation":"Update","time":"2026-11-23T05:08:07Z","subresource":"status"}]"#;
        assert_eq!(small.replace('\n', ""), config(kept));
        assert_eq!(small.lines().count(), 4, "lines are counted as they were");
    }

    #[test]
    fn of_kinds_whose_managers_nobody_reads_none_stays() {
        for metadata in [
            &format!(r#""name":"a","managedFields":{ENTRIES}"#),
            &format!(r#""managedFields" : {ENTRIES} ,"name":"a""#),
            &format!(
                r#""name":"a","managedFields":{ENTRIES},"namespace":"b","labels":{{"managedFields":"x"}}"#
            ),
        ] {
            for kind in ["Pod", "Lease", "EndpointSlice"] {
                let small = same(&object(kind, metadata));
                assert!(!small.contains("kubelet"), "{small}");
                assert!(serde_json::from_str::<serde_json::Value>(&small).is_ok(), "{small}");
            }
            let list = format!(
                r#"{{"kind":"PodList","apiVersion":"v1","items":[{{"metadata":{{{metadata}}}}},{{"metadata":{{{metadata}}}}}]}}"#
            );
            assert!(!same(&list).contains("kubelet"));
        }
        assert_eq!(same(&object("Pod", r#""managedFields":[]"#)), object("Pod", ""));
    }

    #[test]
    fn long_sets_of_fields_end_where_reading_ends() {
        let fields: Vec<String> = (0..40).map(|n| format!(r#""f:a{n}":{{"f:b":{{}}}}"#)).collect();
        let long = "x".repeat(LONGEST_PATH);
        for fields in [
            fields.join(","),
            format!(r#""f:spec":{{{},"f:last":{{}}}}"#, fields[..32].join(",")),
            format!(r#""f:spec":{{"f:{long}":{{"f:b":{{}}}}}},"f:{long}":{{"f:b":{{}}}},"f:c":{{}}"#),
        ] {
            let all = config(&format!(r#"[{{"manager":"m","fieldsV1":{{{fields}}}}}]"#));
            let small = same(&all);
            assert!(small.len() < all.len(), "{small}");
        }
    }

    #[test]
    fn what_nobody_writes_is_left_as_it_stands() {
        let deep = format!("{}1{}", r#"{"f:a":"#.repeat(200), "}".repeat(200));
        for managed in [
            "null",
            "7",
            r#"[null]"#,
            r#"[{"manager":7}]"#,
            r#"[{"manager":"a","manager":"b"}]"#,
            r#"[{"manager":"a","fieldsV1":{"f:a":7}}]"#,
            &format!(r#"[{{"manager":"a","fieldsV1":{deep}}}]"#),
            &format!(r#"{ENTRIES},"managedFields":[]"#),
            "[{",
        ] {
            let text = config(managed);
            assert_eq!(same(&text), text);
        }
        for text in
            ["", "x", "{", "[]", r#"{"managedFields":[]}"#, "{\"level\":\"info\",\"managedFields\":[]}\n"]
        {
            assert_eq!(reduced(text), text);
        }
    }
}
