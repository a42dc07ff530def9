//! What is talked about: kinds, subjects, and what a name alone says of an owner.

use crate::Text;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

macro_rules! kinds {
    ($($variant:ident $group:literal $plural:literal $namespaced:literal [$($short:literal),*];)*) => {
        /// The kind of a Kubernetes object.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", stringify!($variant), "`, group `", $group, "`.")] $variant,)*
            /// Any other kind, as written (`Kind` or `Kind.group`).
            Other(Text),
        }

        impl Kind {
            /// Every kind that has a variant of its own, in order.
            pub const ALL: &[Kind] = &[$(Kind::$variant),*];

            /// The name of the kind, as in `kind:`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Kind::$variant => stringify!($variant),)*
                    Kind::Other(name) => name.split('.').next().unwrap_or(name),
                }
            }

            /// The API group; empty for the core group.
            pub fn group(&self) -> &str {
                match self {
                    $(Kind::$variant => $group,)*
                    Kind::Other(name) => name.split_once('.').map_or("", |(_, group)| group),
                }
            }

            /// The resource name that kubectl takes, as in `kubectl get pods`.
            pub fn plural(&self) -> String {
                match self {
                    $(Kind::$variant => $plural.to_owned(),)*
                    Kind::Other(name) => name.to_lowercase(),
                }
            }

            /// Whether objects of the kind live in a namespace; kinds that are not known are taken to.
            pub fn is_namespaced(&self) -> bool {
                match self {
                    $(Kind::$variant => $namespaced,)*
                    Kind::Other(_) => true,
                }
            }

            /// Whether objects of the kind make pods, themselves or through others.
            pub fn is_workload(&self) -> bool {
                matches!(
                    self,
                    Kind::Deployment
                        | Kind::ReplicaSet
                        | Kind::ReplicationController
                        | Kind::StatefulSet
                        | Kind::DaemonSet
                        | Kind::Job
                        | Kind::CronJob
                )
            }

            /// Reads a kind as people and kubectl write it: any case, singular, plural, short, with or without `.group`.
            pub fn parse(word: &str) -> Kind {
                let bare = word.split('.').next().unwrap_or(word);
                let matches = |name: &str| bare.eq_ignore_ascii_case(name);
                $(if matches(stringify!($variant)) || matches($plural) $(|| matches($short))* {
                    return Kind::$variant;
                })*
                Kind::Other(word.into())
            }
        }
    };
}

kinds! {
    Pod "" "pods" true ["po"];
    Node "" "nodes" false ["no"];
    Namespace "" "namespaces" false ["ns"];
    Deployment "apps" "deployments" true ["deploy"];
    ReplicaSet "apps" "replicasets" true ["rs"];
    StatefulSet "apps" "statefulsets" true ["sts"];
    DaemonSet "apps" "daemonsets" true ["ds"];
    ReplicationController "" "replicationcontrollers" true ["rc"];
    Job "batch" "jobs" true [];
    CronJob "batch" "cronjobs" true ["cj"];
    Service "" "services" true ["svc"];
    Endpoints "" "endpoints" true ["ep"];
    EndpointSlice "discovery.k8s.io" "endpointslices" true [];
    Ingress "networking.k8s.io" "ingresses" true ["ing"];
    NetworkPolicy "networking.k8s.io" "networkpolicies" true ["netpol"];
    PersistentVolumeClaim "" "persistentvolumeclaims" true ["pvc"];
    PersistentVolume "" "persistentvolumes" false ["pv"];
    StorageClass "storage.k8s.io" "storageclasses" false ["sc"];
    VolumeAttachment "storage.k8s.io" "volumeattachments" false [];
    ResourceQuota "" "resourcequotas" true ["quota", "resourcequota"];
    LimitRange "" "limitranges" true ["limits"];
    HorizontalPodAutoscaler "autoscaling" "horizontalpodautoscalers" true ["hpa"];
    PodDisruptionBudget "policy" "poddisruptionbudgets" true ["pdb"];
    ServiceAccount "" "serviceaccounts" true ["sa"];
    ConfigMap "" "configmaps" true ["cm"];
    Secret "" "secrets" true [];
    Lease "coordination.k8s.io" "leases" true [];
    PriorityClass "scheduling.k8s.io" "priorityclasses" false ["pc"];
    Role "rbac.authorization.k8s.io" "roles" true [];
    RoleBinding "rbac.authorization.k8s.io" "rolebindings" true [];
    ClusterRole "rbac.authorization.k8s.io" "clusterroles" false [];
    ClusterRoleBinding "rbac.authorization.k8s.io" "clusterrolebindings" false [];
    Event "" "events" true ["ev"];
}

/// A part of an object, or of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A container of a pod.
    Container(Text),
    /// A systemd unit of a node, without `.service`.
    Unit(Text),
    /// A key of a ConfigMap or Secret.
    Key(Text),
}

impl Part {
    /// The part's name.
    pub fn name(&self) -> &Text {
        match self {
            Part::Container(name) | Part::Unit(name) | Part::Key(name) => name,
        }
    }
}

/// What a statement is about. A namespaced kind without a namespace was written without one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Its kind, and with it the API group.
    pub kind: Kind,
    /// Its namespace, where it has one and any view shows it.
    pub namespace: Option<Text>,
    /// Its name.
    pub name: Text,
    /// The part that is meant, if not the whole.
    pub part: Option<Part>,
}

impl Subject {
    /// An object as a whole. The namespace is dropped for kinds that have none.
    pub fn new(kind: Kind, namespace: Option<&str>, name: &str) -> Self {
        let namespace = namespace.filter(|ns| kind.is_namespaced() && !ns.is_empty()).map(Text::from);
        Subject { kind, namespace, name: name.into(), part: None }
    }

    /// A node.
    pub fn node(name: &str) -> Self {
        Subject::new(Kind::Node, None, name)
    }

    /// The same object, with that part of it.
    pub fn part(&self, part: Part) -> Self {
        Subject { part: Some(part), ..self.clone() }
    }

    /// The same object, that container of it.
    pub fn container(&self, name: &str) -> Self {
        self.part(Part::Container(name.into()))
    }

    /// The same object, without a part.
    pub fn whole(&self) -> Self {
        Subject { part: None, ..self.clone() }
    }

    /// The same, copied only where it names a part.
    pub fn as_whole(&self) -> Cow<'_, Self> {
        if self.part.is_some() { Cow::Owned(self.whole()) } else { Cow::Borrowed(self) }
    }

    /// The order of the objects, their parts left aside. What was read together has its texts in common, and is compared
    /// most often: the same text need not be read.
    pub fn cmp_whole(&self, other: &Self) -> Ordering {
        let text = |a: &Text, b: &Text| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        let namespace = || match (&self.namespace, &other.namespace) {
            (Some(a), Some(b)) => text(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        self.kind.cmp(&other.kind).then_with(namespace).then_with(|| text(&self.name, &other.name))
    }

    /// A hash of kind, namespace and name. Names of a cluster are alike and lie all over the memory: what is looked up
    /// by the hundred thousand is looked up by this, and compared once.
    pub(crate) fn hash(&self) -> u64 {
        [self.kind.as_str(), self.namespace(), &self.name].into_iter().fold(0, hash)
    }

    /// The namespace, or an empty text.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("")
    }

    /// `namespace/name`, or the name alone.
    pub fn path(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.to_string(),
        }
    }
}

/// Goes on with a hash, eight bytes at a time. It decides how fast things are found, never what is said.
pub fn hash(from: u64, text: &str) -> u64 {
    let mix = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(from, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(rest.len() as u64 + 1, |last, byte| (last << 8) | u64::from(*byte));
    mix(hash, last)
}

/// By kind, namespace, name and part.
impl Ord for Subject {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_whole(other).then_with(|| self.part.cmp(&other.part))
    }
}

impl PartialOrd for Subject {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `Kind/namespace/name`, and `/part` where there is one: the form that machines read.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.path())?;
        match &self.part {
            Some(part) => write!(f, "/{}", part.name()),
            None => Ok(()),
        }
    }
}

/// The letters of the suffixes that controllers add to names (k8s.io/apimachinery `util/rand`, all versions).
fn is_suffix(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b))
}

/// The name that a generated suffix of five letters was added to: a ReplicaSet's or a Job's name from its pod's.
pub fn without_pod_suffix(name: &str) -> Option<&str> {
    name.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 5 && is_suffix(suffix)).map(|(stem, _)| stem)
}

/// The Deployment's name in a ReplicaSet's: a template hash of up to ten letters was added to it.
pub fn without_template_hash(name: &str) -> Option<&str> {
    name.rsplit_once('-')
        .filter(|(_, hash)| (6..=10).contains(&hash.len()) && is_suffix(hash))
        .map(|(stem, _)| stem)
}

/// The CronJob's name in its Job's: the scheduled minute since 1970 was added to it (CronJob controller v2, 1.21+).
pub fn without_schedule(name: &str) -> Option<&str> {
    name.rsplit_once('-')
        .filter(|(_, minute)| (8..=10).contains(&minute.len()) && minute.bytes().all(|b| b.is_ascii_digit()))
        .map(|(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_in_every_form() {
        for word in ["pod", "Pod", "pods", "po", "PODS"] {
            assert_eq!(Kind::parse(word), Kind::Pod);
        }
        assert_eq!(Kind::parse("deployments.apps"), Kind::Deployment);
        assert_eq!(Kind::parse("Widget.example.com").group(), "example.com");
        assert_eq!(Kind::parse("Widget.example.com").as_str(), "Widget");
    }

    #[test]
    fn a_subject_prints_with_its_part() {
        let pod = Subject::new(Kind::Pod, Some("shop"), "cart-0");
        assert_eq!(pod.container("app").to_string(), "Pod/shop/cart-0/app");
        assert_eq!(Subject::node("n1").to_string(), "Node/n1");
    }

    #[test]
    fn the_same_texts_are_equal_wherever_they_lie() {
        let one = Subject::new(Kind::Pod, Some("shop"), "cart-0");
        let other = Subject::new(Kind::Pod, Some("shop"), "cart-0");
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), Ordering::Equal);
        let later = Subject { name: "cart-1".into(), ..one.clone() };
        assert!(one < later && one < one.container("app") && one.container("app") < later);
        assert!(Subject { namespace: None, ..one.clone() } < one);
        assert!(Subject::node("z") > one && one.container("app") != one.container("db"));
    }

    #[test]
    fn suffixes_are_taken_off_only_where_controllers_add_them() {
        assert_eq!(without_pod_suffix("orders-7c9d8b6f4d-x2k4p"), Some("orders-7c9d8b6f4d"));
        assert_eq!(without_template_hash("orders-7c9d8b6f4d"), Some("orders"));
        assert_eq!(without_pod_suffix("orders-api"), None);
        assert_eq!(without_template_hash("orders-api"), None);
        assert_eq!(without_schedule("rogue-indexer-29923378"), Some("rogue-indexer"));
        assert_eq!(without_schedule("batch-import"), None);
    }
}
