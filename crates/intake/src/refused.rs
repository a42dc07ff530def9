//! What is said in place of what was asked for: errors of the API server, of kubectl, of collectors.

use crate::kubectl::resources::Resource;
use crate::source::Asked;
use crate::{Intake, Place, clip, redact};
use engine::Text;
use engine::evidence::{Gap, Read, Why};
use engine::subject::{Kind, Subject};
use serde_json::Value;

/// Longest reason that is kept, in bytes.
const LONGEST: usize = 400;

/// Errors kept of one file.
const MOST: usize = 1000;

/// Why a message says that nothing came, and what it says was asked for.
///
/// `pods "x" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "y"`
/// (k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go, all versions); `pods "x" not found`.
pub(crate) fn read(message: &str) -> (Option<Read>, Why) {
    let kept = || -> Text { clip(&redact::text(message), LONGEST).into() };
    let has = |part: &str| message.contains(part);
    if let Some((verb, rest)) =
        between(message, "cannot ", " resource \"").zip(message.split_once(" resource \"").map(|p| p.1))
    {
        let resource = rest.split('"').next().unwrap_or("");
        let namespace = between(rest, "in the namespace \"", "\"");
        let read = of(resource, name_before(message, " is forbidden"), namespace, verb == "list");
        return (read, Why::Forbidden { verb: word(verb), resource: word(resource) });
    }
    if has(" is forbidden") || has("Forbidden") {
        let resource = message.split(' ').next().unwrap_or("").trim_end_matches(':');
        return (None, Why::Forbidden { verb: "get".into(), resource: word(resource) });
    }
    if has("not found") && !has("container") {
        let resource = message.split(' ').next().unwrap_or("");
        return (of(resource, name_before(message, " not found"), None, false), Why::NotFound);
    }
    let unreached = [
        "connection refused",
        "Unable to connect",
        "The connection to the server",
        "i/o timeout",
        "no such host",
        "deadline exceeded",
        "TLS handshake timeout",
        "Unauthorized",
        "ServiceUnavailable",
        "InternalError",
        "TooManyRequests",
        "Timeout",
        "unable to return a response in the time allotted",
        "x509:",
    ];
    let why =
        if unreached.iter().any(|part| has(part)) { Why::Unreachable(kept()) } else { Why::Gone(kept()) };
    (None, why)
}

/// A read of that resource.
fn of(resource: &str, name: Option<&str>, namespace: Option<&str>, list: bool) -> Option<Read> {
    let (plural, sub) = resource.split_once('/').map_or((resource, ""), |(plural, sub)| (plural, sub));
    let kind = kind(plural)?;
    Some(match name {
        Some(name) if sub == "log" => {
            Read::Log { container: Subject::new(Kind::Pod, namespace, name), previous: false }
        }
        Some(name) if !list => Read::Object(Subject::new(kind, namespace, name)),
        _ => Read::List { kind, namespace: namespace.map(Text::from) },
    })
}

/// The kind of a resource as the API, people and collectors call it.
fn kind(plural: &str) -> Option<Kind> {
    let bare: String = plural.split('.').next().unwrap_or("").chars().filter(|c| *c != '-').collect();
    if bare.is_empty() || bare.len() > 63 || !bare.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let known = Resource::named(&bare).or_else(|| Resource::named(bare.strip_suffix('s')?));
    Some(known.map_or_else(|| Kind::parse(&bare), |resource| Kind::parse(resource.kind)))
}

/// The quoted name before a phrase: `pods "x" is forbidden`.
fn name_before<'t>(message: &'t str, phrase: &str) -> Option<&'t str> {
    let (before, _) = message.split_once(phrase)?;
    before.strip_suffix('"')?.rsplit_once('"').map(|(_, name)| name).filter(|name| !name.is_empty())
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// A word of the API: nothing that could be more than a word.
fn word(text: &str) -> Text {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-./*".contains(c)))
        .unwrap_or(text.len())
        .min(100);
    text[..end].into()
}

/// Reads a file in which a collector keeps the errors that it met, as JSON or as text.
pub(crate) fn file(text: &str, asked: &Asked, place: &Place, out: &mut Intake) {
    let mut told: Vec<(Option<String>, String)> = Vec::new();
    match serde_json::from_str::<Value>(text) {
        Ok(value) => strings(None, value, &mut told),
        Err(_) => told.extend(
            text.lines().filter(|line| !line.trim().is_empty()).map(|line| (None, line.trim().to_owned())),
        ),
    }
    out.unread.of += told.len() as u64;
    for (namespace, message) in told.into_iter().take(MOST) {
        let message = message.strip_prefix("Error from server ").unwrap_or(&message);
        let (read, why) = self::read(message);
        let read = match asked {
            Asked::Log(container) => {
                Some(Read::Log { container: container.clone(), previous: message.contains("previous") })
            }
            Asked::Kind(plural) => {
                kind(plural).map(|kind| Read::List { kind, namespace: namespace.as_deref().map(Text::from) })
            }
            Asked::Unknown => None,
        }
        .or(read)
        .unwrap_or_else(|| Read::File { path: place.file.clone() });
        out.gaps.push(Gap { read, why, locator: place.line(1) });
    }
}

/// Every string of a value, with the name that it stands under.
fn strings(under: Option<String>, value: Value, told: &mut Vec<(Option<String>, String)>) {
    match value {
        Value::String(text) if !text.trim().is_empty() => told.push((under, text)),
        Value::Array(items) => items.into_iter().for_each(|item| strings(under.clone(), item, told)),
        Value::Object(fields) => {
            fields.into_iter().for_each(|(key, value)| strings(Some(key), value, told));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(kind: Kind, namespace: Option<&str>) -> Option<Read> {
        Some(Read::List { kind, namespace: namespace.map(Text::from) })
    }

    #[test]
    fn a_refusal_names_verb_resource_and_place() {
        let refused =
            |verb: &str, resource: &str| Why::Forbidden { verb: verb.into(), resource: resource.into() };
        for (message, read, why) in [
            (
                r#"pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "shop""#,
                list(Kind::Pod, Some("shop")),
                refused("list", "pods"),
            ),
            (
                r#"nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope"#,
                list(Kind::Node, None),
                refused("list", "nodes"),
            ),
            (
                r#"pods "web-0" is forbidden: User "x" cannot get resource "pods/log" in API group "" in the namespace "shop""#,
                Some(Read::Log {
                    container: Subject::new(Kind::Pod, Some("shop"), "web-0"),
                    previous: false,
                }),
                refused("get", "pods/log"),
            ),
            (
                r#"deployments.apps "web" is forbidden: User "x" cannot get resource "deployments" in API group "apps" in the namespace "shop""#,
                Some(Read::Object(Subject::new(Kind::Deployment, Some("shop"), "web"))),
                refused("get", "deployments"),
            ),
            (
                r#"deployments.apps "web" not found"#,
                Some(Read::Object(Subject::new(Kind::Deployment, None, "web"))),
                Why::NotFound,
            ),
            ("Get \"https://10.0.0.1\": dial tcp 10.0.0.1:443: connect: connection refused", None, {
                Why::Unreachable(
                    "Get \"https://10.0.0.1\": dial tcp 10.0.0.1:443: connect: connection refused".into(),
                )
            }),
        ] {
            assert_eq!(super::read(message), (read, why), "{message}");
        }
    }

    #[test]
    fn what_a_collector_met_is_a_gap_each() {
        let mut out = Intake::default();
        let place = Place::file("cluster-resources/pvcs-errors.json");
        let text = r#"{"shop":"persistentvolumeclaims is forbidden: User \"x\" cannot list resource \"persistentvolumeclaims\" in API group \"\" in the namespace \"shop\"","b":""}"#;
        file(text, &Asked::Kind("pvcs".into()), &place, &mut out);
        file("[]", &Asked::Kind("pods".into()), &place, &mut out);
        file("null", &Asked::Unknown, &place, &mut out);
        let reads: Vec<_> = out.gaps.into_iter().map(|gap| gap.read).collect();
        assert_eq!(reads, [list(Kind::PersistentVolumeClaim, Some("shop")).unwrap()]);
    }

    #[test]
    fn nothing_hostile_becomes_a_verb() {
        let (_, why) = super::read("x is forbidden: User \"u\" cannot $(reboot)\u{1b}[2J resource \"po`ds\"");
        assert_eq!(why, Why::Forbidden { verb: "".into(), resource: "po".into() });
    }
}
