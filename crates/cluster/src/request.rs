//! From a read to a request, and the one table of what may be asked.

use engine::evidence::{By, Read};
use engine::subject::{Kind, Subject};
use std::fmt::Write;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// One object is read.
    Get,
    /// Objects are listed.
    List,
}

impl Verb {
    /// As roles name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::List => "list",
        }
    }
}

/// A resource that may be asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Its kind.
    pub kind: Kind,
    /// The version that is asked for.
    pub version: &'static str,
    /// A subresource; empty for the resource itself.
    pub subresource: &'static str,
    /// What may be done.
    pub verbs: &'static [Verb],
}

const READ: &[Verb] = &[Verb::Get, Verb::List];

const fn whole(kind: Kind, version: &'static str) -> Allowed {
    Allowed { kind, version, subresource: "", verbs: READ }
}

/// All that is ever asked of a cluster. Secrets are not in it: their values would come along. Neither is `pods/exec`,
/// `pods/attach` or `pods/portforward`, which are GETs over WebSocket, nor an access review, which is a create.
pub const ALLOWED: &[Allowed] = &[
    whole(Kind::Pod, "v1"),
    whole(Kind::Node, "v1"),
    whole(Kind::Event, "v1"),
    whole(Kind::Namespace, "v1"),
    whole(Kind::Service, "v1"),
    whole(Kind::Endpoints, "v1"),
    whole(Kind::ConfigMap, "v1"),
    whole(Kind::ServiceAccount, "v1"),
    whole(Kind::PersistentVolumeClaim, "v1"),
    whole(Kind::PersistentVolume, "v1"),
    whole(Kind::ReplicationController, "v1"),
    whole(Kind::ResourceQuota, "v1"),
    whole(Kind::LimitRange, "v1"),
    whole(Kind::Deployment, "v1"),
    whole(Kind::ReplicaSet, "v1"),
    whole(Kind::StatefulSet, "v1"),
    whole(Kind::DaemonSet, "v1"),
    whole(Kind::Job, "v1"),
    whole(Kind::CronJob, "v1"),
    whole(Kind::EndpointSlice, "v1"),
    whole(Kind::Ingress, "v1"),
    whole(Kind::NetworkPolicy, "v1"),
    whole(Kind::StorageClass, "v1"),
    whole(Kind::VolumeAttachment, "v1"),
    whole(Kind::HorizontalPodAutoscaler, "v2"),
    whole(Kind::PodDisruptionBudget, "v1"),
    whole(Kind::Lease, "v1"),
    whole(Kind::PriorityClass, "v1"),
    Allowed { kind: Kind::Pod, version: "v1", subresource: "log", verbs: &[Verb::Get] },
    // Only with `--node-logs`.
    Allowed { kind: Kind::Node, version: "v1", subresource: "proxy", verbs: &[Verb::Get] },
];

/// Objects on one page of a list.
pub const PAGE: usize = 500;
/// The last lines of a log that are read, and the most bytes of them.
const LOG_LINES: usize = 2_000;
const LOG_BYTES: usize = 4 << 20;
/// The last lines of a journal that are read.
const JOURNAL_LINES: usize = 50_000;

/// A request that passed the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is done.
    pub verb: Verb,
    /// The resource as roles name it, with its group and subresource: `deployments.apps`, `pods/log`.
    pub resource: String,
    /// Path and query.
    pub target: String,
    /// The path of its record, without page and ending.
    pub record: String,
    /// The record's ending.
    pub ending: &'static str,
    /// Whether an error of the server (5xx) is the kubelet's, whom the server asks.
    pub asks_kubelet: bool,
}

impl Request {
    /// The path of the record of a page, counted from 0.
    pub fn record(&self, page: usize) -> String {
        match page {
            0 => format!("{}.{}", self.record, self.ending),
            page => format!("{}.{page}.{}", self.record, self.ending),
        }
    }

    /// The target of the page behind a `continue` token.
    pub fn page(&self, token: &str) -> String {
        if token.is_empty() {
            return self.target.clone();
        }
        format!("{}&continue={}", self.target, encode(token))
    }
}

/// Renders a read; none where it is nothing that a cluster may be asked for, or names what no name can be.
pub fn render(read: &Read) -> Option<Request> {
    match read {
        Read::Object(subject) => {
            let mut request = resource(Verb::Get, &subject.kind, subject.namespace.as_deref(), "")?;
            let name = name(&subject.name)?;
            write!(request.target, "/{name}").ok()?;
            request.record = format!("{}/{name}", request.record);
            Some(request)
        }
        Read::List { kind, namespace } => {
            let mut request = resource(Verb::List, kind, namespace.as_deref(), "")?;
            write!(request.target, "?limit={PAGE}").ok()?;
            Some(request)
        }
        Read::Selected { kind, namespace, by } => {
            let mut request = resource(Verb::List, kind, namespace.as_deref(), "")?;
            let (parameter, value) = match by {
                By::Labels(selector) => ("labelSelector", selector.to_string()),
                By::Node(node) => ("fieldSelector", format!("spec.nodeName={}", name(node)?)),
                By::About(kind) => ("fieldSelector", format!("involvedObject.kind={}", kind.as_str())),
            };
            write!(request.target, "?limit={PAGE}&{parameter}={}", encode(&value)).ok()?;
            request.record = format!("{}/selected-{:016x}", request.record, digest(&value));
            Some(request)
        }
        Read::Events(subject) => events(subject),
        Read::Log { container, previous } => {
            let namespace = container.namespace.as_deref()?;
            let mut request = resource(Verb::Get, &Kind::Pod, Some(namespace), "log")?;
            let (pod, part) = (name(&container.name)?, name(container.part.as_ref()?.name())?);
            write!(
                request.target,
                "/{pod}/log?container={part}&timestamps=true&tailLines={LOG_LINES}&limitBytes={LOG_BYTES}"
            )
            .ok()?;
            if *previous {
                request.target.push_str("&previous=true");
            }
            request.record = format!("logs/{namespace}/{pod}/{part}");
            request.ending = if *previous { "previous.log" } else { "log" };
            Some(request)
        }
        Read::Journal { node, unit, .. } => {
            let mut request = resource(Verb::Get, &Kind::Node, None, "proxy")?;
            let (node, unit) = (name(node)?, name(unit)?);
            // The kubelet asks journald for units only; of the kernel it can give the file that a log daemon writes.
            match unit {
                "kernel" => write!(request.target, "/{node}/proxy/logs/kern.log").ok()?,
                unit => write!(request.target, "/{node}/proxy/logs/?query={unit}&tailLines={JOURNAL_LINES}")
                    .ok()?,
            }
            request.record = format!("journals/{node}/{unit}");
            request.ending = "log";
            Some(request)
        }
        Read::Tags { .. } | Read::File { .. } => None,
    }
}

/// Events about an object. Those of what has no namespace are kept in `default`.
fn events(about: &Subject) -> Option<Request> {
    let mut request =
        resource(Verb::List, &Kind::Event, Some(about.namespace.as_deref().unwrap_or("default")), "")?;
    let (kind, about) = (about.kind.as_str(), name(&about.name)?);
    let selector = format!("involvedObject.kind={kind},involvedObject.name={about}");
    write!(request.target, "?limit={PAGE}&fieldSelector={}", encode(&selector)).ok()?;
    request.record = format!("{}/{}.{about}", request.record, kind.to_lowercase());
    Some(request)
}

/// A request for a resource, if the table has it.
fn resource(verb: Verb, kind: &Kind, namespace: Option<&str>, subresource: &'static str) -> Option<Request> {
    let allowed = ALLOWED
        .iter()
        .find(|it| it.kind == *kind && it.subresource == subresource && it.verbs.contains(&verb))?;
    let (group, plural) = (kind.group(), kind.plural());
    let mut target = match group {
        "" => format!("/api/{}", allowed.version),
        group => format!("/apis/{group}/{}", allowed.version),
    };
    let namespace = match namespace.filter(|_| kind.is_namespaced()) {
        Some(namespace) => Some(name(namespace)?),
        None => None,
    };
    if let Some(namespace) = namespace {
        write!(target, "/namespaces/{namespace}").ok()?;
    }
    write!(target, "/{plural}").ok()?;
    let of_group = if group.is_empty() { String::new() } else { format!(".{group}") };
    let of_part = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
    Some(Request {
        verb,
        resource: format!("{plural}{of_group}{of_part}"),
        target,
        record: format!("objects/{plural}{of_group}/{}", namespace.unwrap_or("_cluster")),
        ending: "json",
        asks_kubelet: !subresource.is_empty(),
    })
}

/// A name that may stand in a path, of a URL as of a file: names of evidence come from anywhere.
fn name(text: &str) -> Option<&str> {
    let is_name = !text.is_empty()
        && text.len() <= 253
        && !text.starts_with(['.', '-'])
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':'));
    is_name.then_some(text)
}

/// A value of a query.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// FNV-1a, 64 bit.
pub fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::evidence::Selector;

    fn pod() -> Subject {
        Subject::new(Kind::Pod, Some("shop"), "cart-0")
    }

    #[test]
    fn a_read_is_a_request() {
        let of =
            |read: Read| render(&read).map(|r| (r.verb, r.resource.clone(), r.target.clone(), r.record(0)));
        let text = |verb, resource: &str, target: &str, record: &str| {
            Some((verb, resource.to_owned(), target.to_owned(), record.to_owned()))
        };
        assert_eq!(
            of(Read::Object(pod())),
            text(Verb::Get, "pods", "/api/v1/namespaces/shop/pods/cart-0", "objects/pods/shop/cart-0.json")
        );
        assert_eq!(
            of(Read::List { kind: Kind::Deployment, namespace: None }),
            text(
                Verb::List,
                "deployments.apps",
                "/apis/apps/v1/deployments?limit=500",
                "objects/deployments.apps/_cluster.json"
            )
        );
        assert_eq!(
            of(Read::Events(pod())),
            text(
                Verb::List,
                "events",
                "/api/v1/namespaces/shop/events?limit=500&fieldSelector=involvedObject.kind%3DPod%2CinvolvedObject.name%3Dcart-0",
                "objects/events/shop/pod.cart-0.json"
            )
        );
        assert_eq!(
            of(Read::Log { container: pod().container("app"), previous: true }),
            text(
                Verb::Get,
                "pods/log",
                "/api/v1/namespaces/shop/pods/cart-0/log?container=app&timestamps=true&tailLines=2000&limitBytes=4194304&previous=true",
                "logs/shop/cart-0/app.previous.log"
            )
        );
        let node = of(Read::Journal { node: "n1".into(), unit: "kubelet".into(), since: None });
        assert_eq!(
            node,
            text(
                Verb::Get,
                "nodes/proxy",
                "/api/v1/nodes/n1/proxy/logs/?query=kubelet&tailLines=50000",
                "journals/n1/kubelet.log"
            )
        );
    }

    #[test]
    fn pages_continue_where_the_last_one_ended() {
        let request = render(&Read::List { kind: Kind::Pod, namespace: Some("shop".into()) }).unwrap();
        assert_eq!(request.page("a=b"), "/api/v1/namespaces/shop/pods?limit=500&continue=a%3Db");
        assert_eq!(request.record(2), "objects/pods/shop.2.json");
    }

    #[test]
    fn a_selector_is_sent_as_the_api_writes_it() {
        let selector = Selector {
            labels: [("app".into(), "web".into())].into(),
            expressions: vec![engine::evidence::Requirement {
                key: "tier".into(),
                operator: "In".into(),
                values: vec!["a".into(), "b".into()],
            }],
        };
        let read =
            Read::Selected { kind: Kind::Pod, namespace: Some("shop".into()), by: By::Labels(selector) };
        let request = render(&read).unwrap();
        assert_eq!(
            request.target,
            "/api/v1/namespaces/shop/pods?limit=500&labelSelector=app%3Dweb%2Ctier%20in%20%28a%2Cb%29"
        );
        // What a selector picks must not be taken for all there is.
        assert!(request.record.starts_with("objects/pods/shop/selected-"), "{}", request.record);
    }

    #[test]
    fn secrets_and_what_is_unknown_are_never_asked_for() {
        for kind in [Kind::Secret, Kind::Role, Kind::ClusterRoleBinding, Kind::Other("Widget".into())] {
            assert_eq!(render(&Read::List { kind: kind.clone(), namespace: None }), None);
            assert_eq!(render(&Read::Object(Subject::new(kind, Some("shop"), "x"))), None);
        }
        assert!(ALLOWED.iter().all(|it| it.kind != Kind::Secret));
    }

    #[test]
    fn a_hostile_name_leads_nowhere() {
        for name in ["../secrets/x", "a/b", "", "..", "x?watch=true", "x%2f..", "-rf", "ä"] {
            assert_eq!(render(&Read::Object(Subject::new(Kind::Pod, Some("shop"), name))), None, "{name}");
            if !name.is_empty() {
                assert_eq!(render(&Read::Object(Subject::new(Kind::Pod, Some(name), "x"))), None, "{name}");
            }
        }
    }
}
