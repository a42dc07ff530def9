//! What every object has: metadata, owners, managers, conditions, selectors.

use super::wire::{At, Key, Map, Scalar, Str, Wire, unfit, wire};
use crate::pool::Pool;
use crate::{redact, time};
use engine::Text;
use engine::evidence::{Condition, Manager, Owner, Pairs, Quantity, Requirement, Resources, Said, Selector};
use engine::moment::Moment;
use engine::subject::{Kind, Subject};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

wire! {
    /// `metav1.ObjectMeta`.
    struct Metadata {
        name: Str<'a> = "name",
        generate_name: Str<'a> = "generateName",
        namespace: Str<'a> = "namespace",
        uid: Str<'a> = "uid",
        created: Str<'a> = "creationTimestamp",
        deleting: Str<'a> = "deletionTimestamp",
        labels: Map<'a, Str<'a>> = "labels",
        annotations: Map<'a, Str<'a>> = "annotations",
        owners: Vec<OwnerReference<'a>> = "ownerReferences",
        managed: Managed<'a> = "managedFields",
    }
    /// `metav1.OwnerReference`.
    struct OwnerReference {
        version: Str<'a> = "apiVersion",
        kind: Str<'a> = "kind",
        name: Str<'a> = "name",
        uid: Str<'a> = "uid",
        controller: bool = "controller",
    }
    /// `metav1.ManagedFieldsEntry`.
    struct ManagedFields {
        manager: Str<'a> = "manager",
        operation: Str<'a> = "operation",
        subresource: Str<'a> = "subresource",
        at: Str<'a> = "time",
        fields: FieldPaths = "fieldsV1",
    }
    /// A condition of any kind.
    struct WireCondition {
        kind: Str<'a> = "type",
        status: Str<'a> = "status",
        reason: Str<'a> = "reason",
        message: Str<'a> = "message",
        since: Str<'a> = "lastTransitionTime",
        heartbeat: Str<'a> = "lastHeartbeatTime",
    }
    /// `metav1.LabelSelector`, and `v1.NodeSelectorTerm`.
    struct WireSelector {
        labels: Map<'a, Str<'a>> = "matchLabels",
        expressions: Vec<WireRequirement<'a>> = "matchExpressions",
    }
    /// A requirement on a label.
    struct WireRequirement {
        key: Str<'a> = "key",
        operator: Str<'a> = "operator",
        values: Vec<Str<'a>> = "values",
    }
    /// `v1.ResourceRequirements`.
    struct Requirements {
        limits: Map<'a, Scalar<'a>> = "limits",
        requests: Map<'a, Scalar<'a>> = "requests",
    }
    /// `v1.LocalObjectReference`.
    struct Named {
        name: Str<'a> = "name",
    }
    /// A reference to an object of some kind.
    struct Reference {
        version: Str<'a> = "apiVersion",
        kind: Str<'a> = "kind",
        namespace: Str<'a> = "namespace",
        name: Str<'a> = "name",
        uid: Str<'a> = "uid",
        field_path: Str<'a> = "fieldPath",
    }
}

/// `metadata.managedFields`, passed over where nobody wants them.
#[derive(Clone, Debug, Default)]
pub(super) struct Managed<'a>(Vec<ManagedFields<'a>>);

impl<'a> Wire<'a> for Managed<'a> {
    fn wire<D: Deserializer<'a>>(from: D, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        if at.notes.is_brief() {
            from.deserialize_ignored_any(IgnoredAny)?;
            return Ok(None);
        }
        Ok(Vec::wire(from, at)?.map(Managed))
    }
}

/// Most paths that are kept of one manager.
pub(super) const MOST_PATHS: usize = 32;

/// Longest path that is kept, in bytes.
pub(super) const LONGEST_PATH: usize = 256;

/// The fields of a `fieldsV1`, as dotted paths; a list's item is named by its key's values in brackets.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldPaths(Vec<String>);

impl<'a> Wire<'a> for FieldPaths {
    fn wire<D: Deserializer<'a>>(from: D, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        let mut paths = Vec::new();
        let mut path = String::new();
        Branch { at, path: &mut path, paths: &mut paths }.deserialize(from)?;
        Ok(Some(FieldPaths(paths)))
    }
}

/// A level of `fieldsV1`: `f:` names a field, `k:` an item by its keys, `v:` by its value, `.` the level itself
/// (sigs.k8s.io/structured-merge-diff v4, `fieldpath/serialize-pe.go`).
struct Branch<'p> {
    at: &'p At<'p>,
    path: &'p mut String,
    paths: &'p mut Vec<String>,
}

impl Branch<'_> {
    fn wrong(&self) -> &'static str {
        "not a set of fields"
    }
}

impl<'de> DeserializeSeed<'de> for Branch<'_> {
    /// Whether a path was kept or a deeper one was.
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(BranchVisitor(self.at, self)).map(|_| ())
    }
}

struct BranchVisitor<'p>(&'p At<'p>, Branch<'p>);

impl BranchVisitor<'_> {
    fn wrong(&self) -> &'static str {
        self.1.wrong()
    }
}

impl<'de> Visitor<'de> for BranchVisitor<'_> {
    type Value = Option<()>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let Branch { at, path, paths } = self.1;
        let length = path.len();
        let mut leaf = true;
        while let Some(named) = entries.next_key_seed(Key(|key: &str| push_step(path, key)))? {
            if named && paths.len() < MOST_PATHS && path.len() <= LONGEST_PATH {
                leaf = false;
                entries.next_value_seed(Branch { at, path, paths })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
            path.truncate(length);
        }
        if leaf && length > 0 && paths.len() < MOST_PATHS {
            paths.push(path.clone());
        }
        Ok(Some(()))
    }

    unfit! { null bool number text seq }
}

/// Adds a step to a path. False for what is no step of its own.
pub(super) fn push_step(path: &mut String, key: &str) -> bool {
    match key.split_at_checked(2) {
        Some(("f:", name)) => {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
            true
        }
        Some(("k:", keys)) => {
            let keys: BTreeMap<String, serde_json::Value> = serde_json::from_str(keys).unwrap_or_default();
            path.push('[');
            for (n, value) in keys.values().enumerate() {
                if n > 0 {
                    path.push(',');
                }
                match value {
                    serde_json::Value::String(text) => path.push_str(text),
                    other => path.push_str(&other.to_string()),
                }
            }
            path.push(']');
            true
        }
        _ => false,
    }
}

/// All of them, without room for more: of a hundred thousand objects each keeps a few.
pub(super) fn exact<T>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.shrink_to_fit();
    all
}

/// Makes evidence of wire fields: owned, shared, redacted.
pub(super) struct Make<'p> {
    pub(super) pool: &'p Pool,
}

/// Longest message that is kept, in bytes: more than the API server lets an event have (1024) and a termination
/// message (4096; pkg/kubelet/kuberuntime, 1.36).
const LONGEST_MESSAGE: usize = 4096;

/// Longest value of an annotation that is kept, in bytes.
const LONGEST_ANNOTATION: usize = 256;

/// The longest text that is kept, in bytes: a whole object has at most 1.5 MiB in etcd, and no part of one so much.
const LONGEST: usize = 64 << 10;

impl Make<'_> {
    /// A name or word, as much of it as an API server would take.
    pub(super) fn text(&self, text: &str) -> Text {
        self.pool.text(crate::clip(text, LONGEST))
    }

    pub(super) fn opt(&self, text: &Option<Str<'_>>) -> Option<Text> {
        text.as_deref().map(|text| self.text(text))
    }

    /// The same, where the API writes an empty text for nothing.
    pub(super) fn some(&self, text: &Option<Str<'_>>) -> Option<Text> {
        text.as_deref().filter(|text| !text.is_empty()).map(|text| self.text(text))
    }

    /// A sentence.
    pub(super) fn message(&self, text: &Option<Str<'_>>) -> Option<Text> {
        let text = text.as_deref().filter(|text| !text.is_empty())?;
        // A secret that is cut in two is no longer known as one.
        Some(self.text(crate::clip(&redact::text(text), LONGEST_MESSAGE)))
    }

    pub(super) fn texts(&self, texts: &Option<Vec<Str<'_>>>) -> Option<Vec<Text>> {
        texts.as_ref().map(|texts| texts.iter().map(|text| self.text(text)).collect())
    }

    pub(super) fn names(&self, named: &Option<Vec<Named<'_>>>) -> Option<Vec<Text>> {
        named.as_ref().map(|named| named.iter().filter_map(|it| self.some(&it.name)).collect())
    }

    pub(super) fn time(&self, text: &Option<Str<'_>>) -> Option<Moment> {
        time::rfc3339(text.as_deref()?)
    }

    pub(super) fn map(&self, map: &Option<Map<'_, Str<'_>>>) -> Option<Pairs<Text>> {
        map.as_ref().map(|map| map.iter().map(|(key, value)| (self.text(key), self.text(value))).collect())
    }

    pub(super) fn resources(&self, map: &Option<Map<'_, Scalar<'_>>>) -> Option<Resources> {
        let map = map.as_ref()?;
        Some(map.iter().filter_map(|(key, value)| Some((self.text(key), self.quantity(value)?))).collect())
    }

    pub(super) fn quantity(&self, value: &Scalar<'_>) -> Option<Quantity> {
        let mut quantity = Quantity::parse(&value.0)?;
        quantity.text = self.text(&value.0);
        Some(quantity)
    }

    pub(super) fn conditions(&self, conditions: &Option<Vec<WireCondition<'_>>>) -> Option<Vec<Condition>> {
        let conditions = conditions.as_ref()?;
        let mut all: Vec<Condition> = conditions
            .iter()
            .filter_map(|it| {
                let said = Said {
                    kind: self.some(&it.kind)?,
                    status: self.some(&it.status)?,
                    reason: self.some(&it.reason),
                    message: self.message(&it.message),
                };
                Some(Condition {
                    said: self.pool.said.share(said),
                    since: self.time(&it.since),
                    heartbeat: self.time(&it.heartbeat).map(Box::new),
                })
            })
            .collect();
        all.sort_by(|a, b| a.kind.cmp(&b.kind));
        Some(all)
    }

    pub(super) fn selector(&self, selector: &WireSelector<'_>) -> Selector {
        Selector {
            labels: self.map(&selector.labels).unwrap_or_default(),
            expressions: self.requirements(&selector.expressions),
        }
    }

    pub(super) fn requirements(&self, wire: &Option<Vec<WireRequirement<'_>>>) -> Vec<Requirement> {
        let requirement = |it: &WireRequirement<'_>| {
            Some(Requirement {
                key: self.some(&it.key)?,
                operator: self.some(&it.operator)?,
                values: self.texts(&it.values).unwrap_or_default(),
            })
        };
        wire.iter().flatten().filter_map(requirement).collect()
    }

    /// Annotations of Kubernetes itself that are short: markers, revisions, hashes. Those of others may hold anything.
    pub(super) fn annotations(&self, map: &Option<Map<'_, Str<'_>>>) -> Option<Pairs<Text>> {
        let ours = |key: &str| {
            let domain = key.split_once('/').map_or("", |(domain, _)| domain);
            let of =
                |suffix: &str| domain.strip_suffix(suffix).is_some_and(|d| d.is_empty() || d.ends_with('.'));
            of("kubernetes.io") || of("k8s.io")
        };
        let kept = map.as_ref()?.iter().filter(|(key, value)| {
            value.len() <= LONGEST_ANNOTATION
                && (ours(key)
                    || matches!(
                        &**key,
                        "starved_resource" | "offending_containers" | "offending_containers_usage"
                    ))
                && !key.ends_with("/last-applied-configuration")
        });
        Some(kept.map(|(key, value)| (self.text(key), self.text(&redact::text(value)))).collect())
    }

    pub(super) fn owners(&self, owners: &[OwnerReference<'_>], namespace: Option<&str>) -> Vec<Owner> {
        let owner = |it: &OwnerReference<'_>| {
            let kind = kind_of(it.kind.as_deref()?, it.version.as_deref());
            Some(Owner {
                subject: self.subject(kind, namespace, it.name.as_deref()?),
                uid: self.some(&it.uid),
                controller: it.controller.unwrap_or(false),
                stated: true,
            })
        };
        exact(owners.iter().filter_map(owner))
    }

    pub(super) fn subject(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Subject {
        let namespace = namespace.filter(|ns| kind.is_namespaced() && !ns.is_empty()).map(|ns| self.text(ns));
        Subject { kind, namespace, name: self.text(name), part: None }
    }

    pub(super) fn managers(&self, managed: &Option<Managed<'_>>) -> Vec<Manager> {
        let manager = |it: &ManagedFields<'_>| {
            let subresource = self.opt(&it.subresource).unwrap_or_default();
            let fields = it.fields.iter().filter(|_| !is_only_status(&subresource));
            Some(Manager {
                at: self.time(&it.at),
                name: self.some(&it.manager)?,
                operation: self.opt(&it.operation).unwrap_or_default(),
                paths: fields.flat_map(|fields| &fields.0).map(|path| self.text(path)).collect(),
                subresource,
            })
        };
        managed.iter().flat_map(|managed| &managed.0).filter_map(manager).collect()
    }
}

/// Whether what is written through a subresource is the status alone, which is seen itself.
pub(super) fn is_only_status(subresource: &str) -> bool {
    subresource == "status"
}

/// A count of pods; negative ones are none.
pub(super) fn count(number: Option<i64>) -> Option<u32> {
    u32::try_from(number?).ok()
}

/// A port number.
pub(super) fn port(number: Option<i64>) -> Option<u16> {
    u16::try_from(number?).ok().filter(|port| *port > 0)
}

/// The kind that a `kind` and an `apiVersion` name. A kind of the same name in another group is another kind; the
/// groups that a kind had before its present one are not.
pub(super) fn kind_of(kind: &str, version: Option<&str>) -> Kind {
    let known = match kind {
        "Pod" => Kind::Pod,
        "Node" => Kind::Node,
        "ReplicaSet" => Kind::ReplicaSet,
        _ => Kind::ALL.iter().find(|known| known.as_str() == kind).cloned().unwrap_or(Kind::Other("".into())),
    };
    let group = version.map(|version| version.split_once('/').map_or("", |(group, _)| group));
    let other = |group: &str| {
        if group.is_empty() {
            Kind::Other(kind.into())
        } else {
            Kind::Other(format!("{kind}.{group}").into())
        }
    };
    match (known, group) {
        (Kind::Other(_), group) => other(group.unwrap_or("")),
        (known, None | Some("" | "extensions")) => known,
        (known, Some(group)) if known.group() == group => known,
        (_, Some(group)) => other(group),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::wire::{Notes, from_json};

    #[test]
    fn a_kind_of_another_group_is_another_kind() {
        assert_eq!(kind_of("Service", Some("v1")), Kind::Service);
        assert_eq!(
            kind_of("Service", Some("serving.knative.dev/v1")),
            Kind::Other("Service.serving.knative.dev".into())
        );
        assert_eq!(kind_of("Ingress", Some("extensions/v1beta1")), Kind::Ingress);
        assert_eq!(kind_of("Deployment", None), Kind::Deployment);
        assert_eq!(kind_of("Widget", Some("example.com/v1")), Kind::Other("Widget.example.com".into()));
    }

    #[test]
    fn managed_fields_become_paths() {
        let text = r#"{"managedFields":[{"manager":"kubectl-edit","operation":"Update","apiVersion":"apps/v1",
            "time":"2026-11-23T05:08:06Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},
            "f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{}}}}}}}}]}"#;
        let metadata: Metadata = from_json(text, &Notes::default()).unwrap().unwrap();
        let pool = Pool::default();
        let managers = Make { pool: &pool }.managers(&metadata.managed);
        let paths: Vec<&str> = managers[0].paths.iter().map(|path| &**path).collect();
        assert_eq!(
            paths,
            ["metadata.labels.app", "spec.replicas", "spec.template.spec.containers[web].image"]
        );
        assert_eq!(managers[0].at, Some(Moment::api_second(1_795_410_486)));

        let brief = Notes::new(true);
        let metadata: Metadata = from_json(text, &brief).unwrap().unwrap();
        assert!(metadata.managed.is_none());
    }

    #[test]
    fn a_wrong_field_costs_itself_and_is_told() {
        let notes = Notes::default();
        let text = r#"{"name":"a","namespace":7,"labels":{"x":"1","y":{"z":[2]},"x":"3","w":"4"},"uid":"u","uid":"v",
            "ownerReferences":[{"kind":"Job","name":"j"},"junk"]}"#;
        let metadata: Metadata = from_json(text, &notes).unwrap().unwrap();
        assert_eq!(metadata.name.as_deref(), Some("a"));
        assert_eq!(metadata.namespace, None);
        assert_eq!(metadata.uid, None);
        assert_eq!(metadata.owners.map(|owners| owners.len()), Some(1));
        let labels = metadata.labels.unwrap();
        assert_eq!(labels.iter().map(|(key, _)| &**key).collect::<Vec<_>>(), ["w"]);
        assert_eq!(
            notes.take(),
            [
                "namespace: not a text",
                "labels.y: not a text",
                "labels.x: given twice",
                "uid: given twice",
                "ownerReferences[1]: not a mapping"
            ]
        );
    }
}
