//! Events of both APIs.

use super::meta::{Make, Metadata, Reference, kind_of};
use super::wire::{Str, wire};
use engine::evidence::{Event, Locator};
use engine::moment::Moment;
use engine::subject::{Kind, Subject};

wire! {
    /// `v1.Event` and `events.k8s.io/v1.Event`: their fields are told apart by their names.
    struct EventObject {
        metadata: Metadata<'a> = "metadata",
        involved: Reference<'a> = "involvedObject",
        regarding: Reference<'a> = "regarding",
        reason: Str<'a> = "reason",
        kind: Str<'a> = "type",
        message: Str<'a> = "message",
        note: Str<'a> = "note",
        source: Source<'a> = "source",
        old_source: Source<'a> = "deprecatedSource",
        component: Str<'a> = "reportingComponent",
        controller: Str<'a> = "reportingController",
        instance: Str<'a> = "reportingInstance",
        count: i64 = "count",
        old_count: i64 = "deprecatedCount",
        first: Str<'a> = "firstTimestamp",
        last: Str<'a> = "lastTimestamp",
        old_first: Str<'a> = "deprecatedFirstTimestamp",
        old_last: Str<'a> = "deprecatedLastTimestamp",
        at: Str<'a> = "eventTime",
        series: Series<'a> = "series",
    }
    /// `v1.EventSource`.
    struct Source {
        component: Str<'a> = "component",
        host: Str<'a> = "host",
    }
    /// `v1.EventSeries`.
    struct Series {
        count: i64 = "count",
        last: Str<'a> = "lastObservedTime",
    }
}

impl Make<'_> {
    pub(super) fn event(&self, wire: &EventObject<'_>) -> Option<Event> {
        let reference = wire.involved.as_ref().or(wire.regarding.as_ref())?;
        let about = self.about(reference, wire.metadata.as_ref()?.namespace.as_deref())?;
        let uid = self.some(&reference.uid).filter(|uid| is_uid(uid, &about));
        let source = wire.source.as_ref().or(wire.old_source.as_ref());
        let component = source.and_then(|source| self.some(&source.component));
        let component =
            component.or_else(|| self.some(&wire.component)).or_else(|| self.some(&wire.controller));
        let host = source.and_then(|source| self.some(&source.host));
        let by_kubelet = component.as_deref() == Some("kubelet");
        let count = [wire.count, wire.old_count, wire.series.as_ref().and_then(|series| series.count)];
        let (first, last) = self.times(wire);
        Some(Event {
            about,
            about_uid: uid,
            reason: self.some(&wire.reason)?,
            warning: wire.kind.as_deref() == Some("Warning"),
            message: self.message(&wire.message).or_else(|| self.message(&wire.note)).unwrap_or_default(),
            // The kubelet reports its node's name as the instance (client-go 0.28+).
            host: host.or_else(|| by_kubelet.then(|| self.some(&wire.instance)).flatten()),
            component,
            count: count
                .into_iter()
                .flatten()
                .filter_map(|n| u64::try_from(n).ok())
                .max()
                .unwrap_or(0)
                .max(1),
            first,
            last,
            locator: Locator::default(),
        })
    }

    /// First and last seen.
    fn times(&self, wire: &EventObject<'_>) -> (Option<Moment>, Option<Moment>) {
        let created = self.time(&wire.metadata.as_ref().and_then(|metadata| metadata.created.clone()));
        let at = self.time(&wire.at);
        let first = self.time(&wire.first).or_else(|| self.time(&wire.old_first));
        let last = self
            .time(&wire.series.as_ref().and_then(|series| series.last.clone()))
            .or_else(|| self.time(&wire.last))
            .or_else(|| self.time(&wire.old_last))
            .or_else(|| at.clone())
            .or_else(|| first.clone())
            .or_else(|| created.clone());
        (first.or(at).or(created).or_else(|| last.clone()), last)
    }

    fn about(&self, reference: &Reference<'_>, event_namespace: Option<&str>) -> Option<Subject> {
        let kind = kind_of(reference.kind.as_deref()?, reference.version.as_deref());
        // An event about an object that has a namespace lives in it.
        let namespace = reference
            .namespace
            .as_deref()
            .filter(|ns| !ns.is_empty())
            .or_else(|| (!matches!(kind, Kind::Other(_))).then_some(event_namespace).flatten());
        let name = reference.name.as_deref().filter(|name| !name.is_empty())?;
        let subject = self.subject(kind, namespace, name);
        Some(match reference.field_path.as_deref().and_then(container) {
            Some(container) => subject.part(engine::subject::Part::Container(self.text(container))),
            None => subject,
        })
    }
}

/// The container in `spec.containers{x}`, `spec.initContainers{x}` or `spec.ephemeralContainers{x}`
/// (pkg/kubelet/container/ref.go, all versions).
fn container(path: &str) -> Option<&str> {
    let (list, rest) = path.strip_prefix("spec.")?.split_once('{')?;
    let name = rest.strip_suffix('}')?;
    (matches!(list, "containers" | "initContainers" | "ephemeralContainers") && !name.is_empty())
        .then_some(name)
}

/// Kubelets up to 1.34 put the node's name where its uid belongs, and the hash of a static pod's manifest where that
/// of its mirror belongs.
fn is_uid(uid: &str, about: &Subject) -> bool {
    let hash = uid.len() == 32 && uid.bytes().all(|b| b.is_ascii_hexdigit());
    !(uid == &*about.name && about.kind == Kind::Node || hash && about.kind == Kind::Pod)
}
