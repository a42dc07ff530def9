//! Gaps as a manifest holds them. A word that a later version adds costs the gap that it stands in, and no other.

use engine::Text;
use engine::evidence::{By, Gap, Locator, Read, Requirement, Selector, Why};
use engine::moment::Moment;
use engine::subject::{Kind, Part, Subject};
use serde::{Deserialize, Serialize};

/// A gap.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GapWire {
    read: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<Vec<(String, String, Vec<String>)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl GapWire {
    pub(crate) fn of(gap: &Gap) -> GapWire {
        let mut wire = match &gap.read {
            Read::Object(subject) => GapWire::about("object", subject),
            Read::Events(subject) => GapWire::about("events", subject),
            Read::List { kind, namespace } => GapWire::list("list", kind, namespace.as_ref()),
            Read::Selected { kind, namespace, by } => {
                let mut wire = GapWire::list("selected", kind, namespace.as_ref());
                match by {
                    By::Labels(selector) => wire.selector = Some(rows(selector)),
                    By::Node(node) => wire.node = some(node),
                    By::About(kind) => wire.name = some(kind.as_str()),
                }
                wire
            }
            Read::Log { container, previous } => {
                let mut wire = GapWire::about(if *previous { "previous-log" } else { "log" }, container);
                wire.container = container.part.as_ref().map(|part| part.name().to_string());
                wire
            }
            Read::Journal { node, unit, since } => GapWire {
                read: "journal".to_owned(),
                node: some(node),
                unit: some(unit),
                since: since.as_ref().filter(|at| at.clock.is_absolute()).map(|at| at.earliest),
                ..GapWire::default()
            },
            Read::Tags { image } => {
                GapWire { read: "tags".to_owned(), name: some(image), ..GapWire::default() }
            }
            Read::File { path } => {
                GapWire { read: "file".to_owned(), name: some(path), ..GapWire::default() }
            }
        };
        let (why, text) = match &gap.why {
            Why::Forbidden { verb, resource } => {
                (wire.verb, wire.resource) = (some(verb), some(resource));
                ("forbidden", None)
            }
            Why::NotFound => ("not-found", None),
            Why::Unreachable(text) => ("unreachable", Some(text)),
            Why::Gone(text) => ("gone", Some(text)),
            Why::Truncated(text) => ("truncated", Some(text)),
            Why::Unparsable(text) => ("unparsable", Some(text)),
            Why::NotCollected => ("not-collected", None),
        };
        wire.why = why.to_owned();
        wire.text = text.map(|text| intake::redact::text(text).into_owned());
        wire
    }

    fn about(read: &str, subject: &Subject) -> GapWire {
        GapWire {
            name: some(&subject.name),
            ..GapWire::list(read, &subject.kind, subject.namespace.as_ref())
        }
    }

    fn list(read: &str, kind: &Kind, namespace: Option<&Text>) -> GapWire {
        let kind = match kind {
            Kind::Other(name) => some(name),
            known => some(known.as_str()),
        };
        GapWire {
            read: read.to_owned(),
            kind,
            namespace: namespace.map(Text::to_string),
            ..GapWire::default()
        }
    }

    pub(crate) fn gap(&self) -> Option<Gap> {
        let kind = || self.kind.as_deref().map(Kind::parse);
        let namespace = self.namespace.as_deref();
        let subject = || Some(Subject::new(kind()?, namespace, self.name.as_deref()?));
        let text = |text: &Option<String>| text.as_deref().map(Text::from);
        let read = match self.read.as_str() {
            "object" => Read::Object(subject()?),
            "events" => Read::Events(subject()?),
            "list" => Read::List { kind: kind()?, namespace: text(&self.namespace) },
            "selected" => Read::Selected { kind: kind()?, namespace: text(&self.namespace), by: self.by()? },
            "log" | "previous-log" => Read::Log {
                container: Subject {
                    part: self.container.as_deref().map(|name| Part::Container(name.into())),
                    ..subject()?
                },
                previous: self.read == "previous-log",
            },
            "journal" => Read::Journal {
                node: text(&self.node)?,
                unit: text(&self.unit)?,
                since: self.since.map(Moment::api),
            },
            "tags" => Read::Tags { image: text(&self.name)? },
            "file" => Read::File { path: text(&self.name)? },
            _ => return None,
        };
        let said = || text(&self.text).unwrap_or_else(|| "".into());
        let why = match self.why.as_str() {
            "forbidden" => Why::Forbidden { verb: text(&self.verb)?, resource: text(&self.resource)? },
            "not-found" => Why::NotFound,
            "unreachable" => Why::Unreachable(said()),
            "gone" => Why::Gone(said()),
            "truncated" => Why::Truncated(said()),
            "unparsable" => Why::Unparsable(said()),
            "not-collected" => Why::NotCollected,
            _ => return None,
        };
        Some(Gap { read, why, locator: Locator::default() })
    }

    fn by(&self) -> Option<By> {
        if let Some(rows) = &self.selector {
            let mut selector = Selector::default();
            for (key, operator, values) in rows {
                let mut values: Vec<Text> = values.iter().map(|value| value.as_str().into()).collect();
                if operator == "=" {
                    selector.labels.insert(key.as_str().into(), values.pop()?);
                } else {
                    let (key, operator) = (key.as_str().into(), operator.as_str().into());
                    selector.expressions.push(Requirement { key, operator, values });
                }
            }
            return Some(By::Labels(selector));
        }
        match (&self.node, &self.name) {
            (Some(node), _) => Some(By::Node(node.as_str().into())),
            (None, Some(kind)) => Some(By::About(Kind::parse(kind))),
            (None, None) => None,
        }
    }
}

/// Key, operator (`=` for a plain label) and values.
fn rows(selector: &Selector) -> Vec<(String, String, Vec<String>)> {
    let equal = selector.labels.iter().map(|(k, v)| (k.to_string(), "=".to_owned(), vec![v.to_string()]));
    let others = selector.expressions.iter().map(|requirement| {
        let values = requirement.values.iter().map(Text::to_string).collect();
        (requirement.key.to_string(), requirement.operator.to_string(), values)
    });
    equal.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_read_as_it_was_written() {
        let pod = Subject::new(Kind::Pod, Some("shop"), "cart-0");
        let selector = Selector {
            labels: [("app".into(), "web".into())].into(),
            expressions: vec![Requirement {
                key: "tier".into(),
                operator: "In".into(),
                values: vec!["a".into()],
            }],
        };
        let list = |by| Read::Selected { kind: Kind::Pod, namespace: Some("shop".into()), by };
        let reads = [
            Read::Object(pod.clone()),
            Read::Events(pod.clone()),
            Read::List { kind: Kind::Node, namespace: None },
            list(By::Labels(selector)),
            list(By::Node("n1".into())),
            list(By::About(Kind::Node)),
            Read::Log { container: pod.container("app"), previous: true },
            Read::Journal { node: "n1".into(), unit: "kubelet".into(), since: Some(Moment::api(7)) },
            Read::Tags { image: "a:1".into() },
            Read::File { path: "x/y".into() },
        ];
        let whys = [
            Why::Forbidden { verb: "list".into(), resource: "pods".into() },
            Why::NotFound,
            Why::Unreachable("refused".into()),
            Why::Truncated("3 pages".into()),
        ];
        for read in &reads {
            for why in &whys {
                let gap = Gap { read: read.clone(), why: why.clone(), locator: Locator::default() };
                let text = serde_json::to_string(&GapWire::of(&gap)).unwrap();
                let wire: GapWire = serde_json::from_str(&text).unwrap();
                assert_eq!(wire.gap(), Some(gap), "{text}");
            }
        }
        let later: GapWire = serde_json::from_str(r#"{"read": "smell", "why": "not-found"}"#).unwrap();
        assert_eq!(later.gap(), None);
    }
}
