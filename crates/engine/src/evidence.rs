//! What was seen, where, when, by whom; never changed. [`Evidence::assemble`] is its only constructor.

#[macro_use]
mod shared;

mod assemble;
mod kinds;
mod moments;
mod pairs;
mod pod;
mod quantity;
mod read;
mod view;

pub use kinds::*;
pub use pairs::Pairs;
pub use pod::*;
pub use quantity::{Quantity, Resources};
pub use read::{By, Gap, Read, Why};
pub use shared::Shared;
pub use view::{Group, View, Views};

use crate::Text;
use crate::by_hash::ByHash;
use crate::moment::Moment;
use crate::scan::log::LogSummary;
use crate::scan::node::NodeSummary;
use crate::subject::{Kind, Subject};

/// Where a piece of evidence stands: a file as the reader named it, and a line (counted from 1) in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locator {
    /// The file's path inside what was read, or `-` for standard input.
    pub file: Text,
    /// The line where it begins.
    pub line: Option<u32>,
}

/// One statement of one view: what `intake` makes of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observation {
    /// The capture: records taken together by one hand. Ages count from its end.
    pub capture: Text,
    /// The place inside a transcript, counted from 0; 0 for records that have no order among them.
    pub sequence: u32,
    /// Where it stands.
    pub locator: Locator,
    /// What was seen.
    pub what: What,
}

/// What an observation holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An object, or a part of what can be known of one.
    Object(Box<Object>),
    /// An event.
    Event(Box<Event>),
    /// A container's log.
    Log(Box<Log>),
    /// A node's journal, or one unit of it.
    NodeLog(Box<NodeLog>),
    /// What `systemctl status` says of a unit.
    Unit(Box<Unit>),
    /// What a registry has of a repository.
    Tags(Box<Tags>),
    /// All objects of a kind in a namespace (or everywhere) were listed.
    Listed {
        /// The kind.
        kind: Kind,
        /// The namespace; none for all.
        namespace: Option<Text>,
    },
    /// What a clock showed at a known time.
    ClockPair(Box<ClockPair>),
}

/// A clock's reading and the true time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockPair {
    /// What the clock showed.
    pub shown: Moment,
    /// What it was.
    pub truth: Moment,
}

/// The tags of a repository, as its registry lists them (OCI distribution specification 1.1, `/v2/<name>/tags/list`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tags {
    /// The repository as an image names it, without tag and digest.
    pub repository: Text,
    /// Its tags.
    pub tags: Vec<Text>,
    /// Where they stand.
    pub locator: Locator,
}

/// A Kubernetes object: identity, what every object has, and its body. A field that is `None` was not shown by any
/// contributing view, or is absent; [`Object::shows`] tells which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Kind, namespace and name.
    pub subject: Subject,
    /// `metadata.uid`.
    pub uid: Option<Text>,
    /// The views that contributed.
    pub views: Views,
    /// `metadata.creationTimestamp`, or the AGE column.
    pub created: Option<Moment>,
    /// `metadata.deletionTimestamp`: when it should be gone.
    pub deleting: Option<Box<Moment>>,
    /// Whether it is being deleted, where the time is not shown.
    pub is_deleting: Option<bool>,
    /// `metadata.labels`.
    pub labels: Option<Shared<Pairs<Text>>>,
    /// `metadata.annotations` that a diagnosis reads.
    pub annotations: Option<Pairs<Text>>,
    /// `metadata.ownerReferences`, or `Controlled By`.
    pub owners: Option<Shared<Vec<Owner>>>,
    /// Who wrote which fields when, reduced.
    pub managers: Vec<Manager>,
    /// The rest.
    pub body: Body,
    /// Where it was first seen, by text order.
    pub locator: Locator,
}

/// An entry of `metadata.managedFields`, reduced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Manager {
    /// When.
    pub at: Option<Moment>,
    /// Who, as `kubectl-edit` or `kube-controller-manager`.
    pub name: Text,
    /// `Apply` or `Update`.
    pub operation: Text,
    /// `status`, `scale`, or empty.
    pub subresource: Text,
    /// The fields written, as dotted paths, at most 32; none of the status.
    pub paths: Vec<Text>,
}

/// What is particular to a kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::large_enum_variant)] // Pods are nearly all objects of a large capture: a box each would cost more.
#[allow(missing_docs)]
pub enum Body {
    Pod(Pod),
    Node(Box<Node>),
    Workload(Workload),
    Service(Service),
    Endpoints(Endpoints),
    Claim(Claim),
    PersistentVolume(PersistentVolume),
    StorageClass(StorageClass),
    Quota(Quota),
    Config(Config),
    Autoscaler(Autoscaler),
    Budget(Budget),
    Lease(Lease),
    ServiceAccount(ServiceAccount),
    NetworkPolicy(NetworkPolicy),
    Ingress(Ingress),
    /// Kept as a name.
    Name,
}

impl Body {
    /// The empty body of a kind.
    pub fn of(kind: &Kind) -> Body {
        match kind {
            Kind::Pod => Body::Pod(Pod::default()),
            Kind::Node => Body::Node(Box::default()),
            kind if kind.is_workload() => Body::Workload(Workload::default()),
            Kind::Service => Body::Service(Service::default()),
            Kind::Endpoints | Kind::EndpointSlice => Body::Endpoints(Endpoints::default()),
            Kind::PersistentVolumeClaim => Body::Claim(Claim::default()),
            Kind::PersistentVolume => Body::PersistentVolume(PersistentVolume::default()),
            Kind::StorageClass => Body::StorageClass(StorageClass::default()),
            Kind::ResourceQuota => Body::Quota(Quota::default()),
            Kind::ConfigMap | Kind::Secret => Body::Config(Config::default()),
            Kind::HorizontalPodAutoscaler => Body::Autoscaler(Autoscaler::default()),
            Kind::PodDisruptionBudget => Body::Budget(Budget::default()),
            Kind::Lease => Body::Lease(Lease::default()),
            Kind::ServiceAccount => Body::ServiceAccount(ServiceAccount::default()),
            Kind::NetworkPolicy => Body::NetworkPolicy(NetworkPolicy::default()),
            Kind::Ingress => Body::Ingress(Ingress::default()),
            _ => Body::Name,
        }
    }
}

impl Object {
    /// An object of which a view shows nothing yet but the name.
    pub fn new(subject: Subject, view: View) -> Self {
        let body = Body::of(&subject.kind);
        Object {
            subject,
            uid: None,
            views: Views::of(view),
            created: None,
            deleting: None,
            is_deleting: None,
            labels: None,
            annotations: None,
            owners: None,
            managers: Vec::new(),
            body,
            locator: Locator::default(),
        }
    }

    /// Whether some contributing view shows that group of fields: then a field of it that is `None` is absent.
    pub fn shows(&self, group: Group) -> bool {
        self.views.show(group)
    }

    /// The pod, if it is one.
    pub fn pod(&self) -> Option<&Pod> {
        if let Body::Pod(pod) = &self.body { Some(pod) } else { None }
    }

    /// The node, if it is one.
    pub fn node(&self) -> Option<&Node> {
        if let Body::Node(node) = &self.body { Some(node) } else { None }
    }

    /// The workload, if it is one.
    pub fn workload(&self) -> Option<&Workload> {
        if let Body::Workload(workload) = &self.body { Some(workload) } else { None }
    }
}

/// A condition of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// What it says.
    pub said: Shared<Said>,
    /// `lastTransitionTime`.
    pub since: Option<Moment>,
    /// `lastHeartbeatTime` of nodes. Pods have four conditions and no such time.
    pub heartbeat: Option<Box<Moment>>,
}

/// What a condition says: of ten thousand pods nearly all say the same. It is read and written through the condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// Its type.
    pub kind: Text,
    /// `True`, `False`, `Unknown`.
    pub status: Text,
    /// CamelCase word, where shown.
    pub reason: Option<Text>,
    /// Sentence, where shown.
    pub message: Option<Text>,
}

reads_through!(Condition, said: Said);

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector {
    /// `matchLabels`.
    pub labels: Pairs<Text>,
    /// `matchExpressions`.
    pub expressions: Vec<Requirement>,
}

impl Selector {
    /// Whether these labels satisfy it. An empty selector is satisfied by all.
    pub fn matches(&self, labels: &Pairs<Text>) -> bool {
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.expressions.iter().all(|requirement| requirement.holds(labels))
    }
}

/// As the API and `kubectl -l` write it: `app=web,tier in (a,b),!canary`. The API knows no `Gt` and `Lt` here.
impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let equal = self.labels.iter().map(|(key, value)| format!("{key}={value}"));
        let others = self.expressions.iter().map(|requirement| {
            let (key, values) = (&requirement.key, requirement.values.join(","));
            match &*requirement.operator {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "DoesNotExist" => format!("!{key}"),
                _ => key.to_string(),
            }
        });
        f.write_str(&equal.chain(others).collect::<Vec<_>>().join(","))
    }
}

impl Requirement {
    /// Whether these labels satisfy it.
    pub fn holds(&self, labels: &Pairs<Text>) -> bool {
        let value = labels.get(&self.key);
        let number = |text: &Text| text.parse::<i64>().ok();
        match &*self.operator {
            "In" => value.is_some_and(|v| self.values.contains(v)),
            "NotIn" => value.is_none_or(|v| !self.values.contains(v)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => {
                value.and_then(number).zip(self.values.first().and_then(number)).is_some_and(|(v, w)| v > w)
            }
            "Lt" => {
                value.and_then(number).zip(self.values.first().and_then(number)).is_some_and(|(v, w)| v < w)
            }
            _ => false,
        }
    }
}

/// An event, from either API or from a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// What it is about; a container as a part.
    pub about: Subject,
    /// The uid of what it is about, where shown.
    pub about_uid: Option<Text>,
    /// CamelCase word.
    pub reason: Text,
    /// Whether its type is `Warning`; a type is not a severity.
    pub warning: bool,
    /// The message as written.
    pub message: Text,
    /// The component that wrote it, where shown.
    pub component: Option<Text>,
    /// The node it was written on, where shown.
    pub host: Option<Text>,
    /// How often, as far as Kubernetes counted; at least this.
    pub count: u64,
    /// First seen.
    pub first: Option<Moment>,
    /// Last seen.
    pub last: Option<Moment>,
    /// Where it stands.
    pub locator: Locator,
}

/// Where a log comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogSource {
    /// One container of one pod; the container may not be named.
    Container {
        /// The pod, with the container as a part where it is named.
        pod: Subject,
    },
    /// All pods that a selector matches, mixed (`kubectl logs -l`).
    Selector {
        /// The namespace, where named.
        namespace: Option<Text>,
        /// The labels.
        selector: Selector,
        /// The container, where named.
        container: Option<Text>,
    },
    /// A workload (`kubectl logs deploy/x`).
    Workload {
        /// The workload.
        subject: Subject,
        /// The container, where named.
        container: Option<Text>,
    },
    /// Nothing tells.
    Unknown,
}

/// Which instance of a container a log is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instance {
    /// Asked without `--previous`: the newest instance, running or dead.
    Newest,
    /// Asked with `--previous`: the one before the newest.
    Previous,
    /// The instance of that restart count (its file is called `N.log`).
    Number(u32),
}

/// A container's log, scanned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Log {
    /// Whose it is.
    pub source: LogSource,
    /// Which instance.
    pub instance: Instance,
    /// Whether lines were left out by whoever took it (a sample, a tail).
    pub partial: bool,
    /// What was in it.
    pub summary: LogSummary,
    /// Where it stands.
    pub locator: Locator,
}

/// A node's journal or kernel log, scanned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeLog {
    /// The node, where any line or the file's name tells.
    pub node: Option<Text>,
    /// The clock that the summary's times were read from.
    pub clock: crate::moment::Clock,
    /// How far (least, greatest, microseconds) its times lie from true ones.
    pub shift: (i64, i64),
    /// What was in it.
    pub summary: NodeSummary,
    /// Where it stands.
    pub locator: Locator,
}

impl NodeLog {
    /// A time of the summary as a moment.
    pub fn moment(&self, at: i64) -> Moment {
        Moment {
            earliest: at.saturating_add(self.shift.0),
            latest: at.saturating_add(self.shift.1),
            clock: self.clock.clone(),
        }
    }
}

/// What `systemctl status` says of a unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// The node, where the journal lines below or the file's name tell.
    pub node: Option<Text>,
    /// The unit's name without `.service`.
    pub name: Text,
    /// `loaded`, `not-found`, `masked`, …
    pub loaded: Option<Text>,
    /// `active`, `inactive`, `failed`, `activating`, …
    pub active: Text,
    /// `running`, `dead`, `auto-restart`, …
    pub sub: Option<Text>,
    /// Since when it is so.
    pub since: Option<Moment>,
    /// `exit-code`, `signal`, `oom-kill`, … where it failed.
    pub result: Option<Text>,
    /// The main process's exit: `code=exited, status=1/FAILURE`.
    pub exit: Option<Text>,
    /// Where it stands.
    pub locator: Locator,
}

/// All that was seen, in text order, and all that was asked for and not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    // Boxed where they were read, and never moved again: a copy of all would double what a large cluster takes.
    #[allow(clippy::vec_box)]
    pub(crate) objects: Vec<Box<Object>>,
    /// Where each object stands, by [`Subject::hash`].
    places: ByHash,
    #[allow(clippy::vec_box)]
    pub(crate) events: Vec<Box<Event>>,
    pub(crate) logs: Vec<Log>,
    pub(crate) node_logs: Vec<NodeLog>,
    pub(crate) units: Vec<Unit>,
    pub(crate) tags: Vec<Tags>,
    pub(crate) listed: Vec<(Kind, Option<Text>)>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) captured: Option<Moment>,
}

/// An image's reference without its tag and digest.
pub fn repository(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    // A colon before the last slash is that of the registry's port.
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

impl Evidence {
    /// Every object, by subject, then by age.
    pub fn objects(&self) -> &[Box<Object>] {
        &self.objects
    }

    /// Objects of one kind.
    pub fn of(&self, kind: &Kind) -> &[Box<Object>] {
        let start = self.objects.partition_point(|o| o.subject.kind < *kind);
        let end = self.objects.partition_point(|o| o.subject.kind <= *kind);
        self.objects.get(start..end).unwrap_or(&[])
    }

    /// The newest incarnation of an object.
    pub fn get(&self, subject: &Subject) -> Option<&Object> {
        self.objects.get(self.place(subject)?).map(|o| &**o)
    }

    /// Where the newest incarnation of an object stands among all.
    pub(crate) fn place(&self, subject: &Subject) -> Option<usize> {
        let mut same = self.places.places(subject.hash()).rev();
        same.find(|at| self.objects.get(*at).is_some_and(|o| o.subject == *subject))
    }

    /// Every event.
    pub fn events(&self) -> &[Box<Event>] {
        &self.events
    }

    /// What the registry has of the repository of an image; none where it was not asked.
    pub fn tags_of(&self, image: &str) -> Option<&Tags> {
        let repository = repository(image);
        self.tags.iter().find(|tags| *tags.repository == *repository)
    }

    /// Every log.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// Every node's journal.
    pub fn node_logs(&self) -> &[NodeLog] {
        &self.node_logs
    }

    /// Every unit.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// What was asked for and could not be seen.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Whether all objects of a kind in a namespace were listed, so that one that is not here does not exist.
    pub fn is_listed(&self, kind: &Kind, namespace: Option<&str>) -> bool {
        // In the order of kinds and namespaces: thousands of lists may have been read, and every pod asks for one.
        let has = |of: Option<&str>| {
            let order = |(k, ns): &(Kind, Option<Text>)| k.cmp(kind).then_with(|| ns.as_deref().cmp(&of));
            self.listed.binary_search_by(order).is_ok()
        };
        has(None) || namespace.is_some_and(|namespace| has(Some(namespace)))
    }

    /// When the evidence was taken: the newest time that any view of the API shows is its lower bound.
    pub fn captured(&self) -> Option<&Moment> {
        self.captured.as_ref()
    }

    /// Whether nothing in it was recognised: no object, event, list or unit, no journal with a writer, and no log that is
    /// named for its container or in which a line tells a time, an error or anything else that is known.
    pub fn is_empty(&self) -> bool {
        let silent = |log: &Log| {
            log.source == LogSource::Unknown && log.summary.first.is_none() && log.summary.is_silent()
        };
        let unheard = |log: &NodeLog| {
            let NodeSummary { heard, sightings, oom_kills, .. } = &log.summary;
            heard.is_empty() && sightings.is_empty() && oom_kills.is_empty()
        };
        self.objects.is_empty()
            && self.events.is_empty()
            && self.listed.is_empty()
            && self.units.is_empty()
            && self.logs.iter().all(silent)
            && self.node_logs.iter().all(unheard)
    }
}
