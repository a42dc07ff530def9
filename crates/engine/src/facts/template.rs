//! What differs between two templates of pods.

use crate::Text;
use crate::evidence::{Action, Container, EnvSource, Pod, Probe, ProbeKind, Resources, VolumeSource};
use std::collections::{BTreeMap, BTreeSet};

/// What a field is for: which mechanisms a change of it can produce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The image of a container.
    Image,
    /// Its command and arguments.
    Program,
    /// Its environment.
    Env,
    /// What it may use.
    Limits,
    /// What it asks the scheduler for.
    Requests,
    /// How it is probed.
    Probes,
    /// Its ports.
    Ports,
    /// Volumes and mounts.
    Volumes,
    /// Node selector, affinity, tolerations.
    Placement,
    /// Service account, pull secrets, priority.
    Identity,
    /// How many pods run at once.
    Size,
    /// Everything that makes the pods, without telling what of it.
    Template,
    /// The object came into being.
    Created,
    /// Values of a ConfigMap or Secret.
    Data,
    /// Whether a node takes new pods, and which.
    Schedulable,
    /// A quota's bounds.
    Quota,
    /// Which pods a Service selects.
    Selector,
    /// Where a Service sends to.
    ServicePorts,
    /// Anything else of the spec.
    Spec,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What the field is for.
    pub field: Field,
    /// The field, in words.
    pub name: String,
    /// The value before; none where there was none, or it is not to be told.
    pub from: Option<String>,
    /// The value after.
    pub to: Option<String>,
}

/// The longest value that is told, in characters.
const LONGEST: usize = 72;

/// What a later template has other than an earlier one. `whole` says that both were seen whole, so that what is not
/// there is absent.
pub(crate) fn differences(before: &Pod, after: &Pod, whole: bool) -> Vec<Difference> {
    let mut found = Comparison { whole, found: Vec::new() };
    for new in &after.containers {
        match before.containers.iter().find(|old| old.name == new.name) {
            Some(old) => found.container(old, new),
            None if whole => {
                let image = new.image.as_ref().map(|image| format!("there, with image {image}"));
                found.add(Field::Image, format!("container {}", new.name), None, image);
            }
            None => {}
        }
    }
    found.pod(before, after);
    found.found.sort();
    found.found
}

struct Comparison {
    whole: bool,
    found: Vec<Difference>,
}

impl Comparison {
    fn add(&mut self, field: Field, name: String, from: Option<String>, to: Option<String>) {
        let told = |value: Option<String>| value.filter(|value| !value.is_empty()).map(|v| clipped(&v));
        self.found.push(Difference { field, name, from: told(from), to: told(to) });
    }

    /// Two values of one field, as text: told where both are known and differ.
    fn value(&mut self, field: Field, name: String, before: Option<String>, after: Option<String>) {
        let known = self.whole || (before.is_some() && after.is_some());
        if known && before != after {
            self.add(field, name, before, after);
        }
    }

    fn container(&mut self, before: &Container, after: &Container) {
        let of = |what: &str| format!("{what} of container {}", after.name);
        let text = |text: &Option<Text>| text.as_deref().map(str::to_owned);
        self.value(Field::Image, of("image"), text(&before.image), text(&after.image));
        let words = |words: &Option<Vec<Text>>| words.as_ref().map(|words| words.join(" "));
        self.value(Field::Program, of("command"), words(&before.command), words(&after.command));
        self.value(Field::Program, of("arguments"), words(&before.args), words(&after.args));
        self.resources(Field::Limits, "limit", &before.limits, &after.limits, after);
        self.resources(Field::Requests, "request", &before.requests, &after.requests, after);
        self.environment(before, after);
        for kind in [ProbeKind::Liveness, ProbeKind::Readiness, ProbeKind::Startup] {
            let told = |container: &Container| container.probe(kind).map(probe);
            self.value(Field::Probes, of(&format!("{} probe", kind.as_str())), told(before), told(after));
        }
        let ports = |container: &Container| {
            let ports = container.ports.as_ref()?;
            Some(ports.iter().map(|p| format!("{}/{}", p.port, p.protocol)).collect::<Vec<_>>().join(", "))
        };
        self.value(Field::Ports, of("ports"), ports(before), ports(after));
        let mounts = |container: &Container| {
            let mounts = container.mounts.as_ref()?;
            // What the API server mounts for the service account is in pods and in no template.
            let own = mounts.iter().filter(|m| !m.path.starts_with("/var/run/secrets/kubernetes.io"));
            Some(own.map(|m| format!("{} at {}", m.volume, m.path)).collect::<Vec<_>>().join(", "))
        };
        self.value(Field::Volumes, of("mounts"), mounts(before), mounts(after));
    }

    fn resources(
        &mut self,
        field: Field,
        what: &str,
        before: &Option<Resources>,
        after: &Option<Resources>,
        of: &Container,
    ) {
        let (Some(before), Some(after)) = (
            before.clone().or_else(|| self.whole.then(Resources::new)),
            after.clone().or_else(|| self.whole.then(Resources::new)),
        ) else {
            return;
        };
        let names: BTreeSet<&Text> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (old, new) = (before.get(name), after.get(name));
            if old.map(|q| q.milli) != new.map(|q| q.milli) {
                let text = |q: Option<&crate::evidence::Quantity>| q.map(|q| q.text.to_string());
                self.add(field, format!("{name} {what} of container {}", of.name), text(old), text(new));
            }
        }
    }

    fn environment(&mut self, before: &Container, after: &Container) {
        let (Some(old), Some(new)) = (&before.env, &after.env) else { return };
        let by_name = |vars: &[crate::evidence::EnvVar]| -> BTreeMap<Text, Vec<EnvSource>> {
            let mut all: BTreeMap<Text, Vec<EnvSource>> = BTreeMap::new();
            for var in vars {
                all.entry(var.name.clone()).or_default().push(var.from.clone());
            }
            all
        };
        let (old, new) = (by_name(old), by_name(new));
        let names: BTreeSet<&Text> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (was, is) = (old.get(name), new.get(name));
            if was != is {
                let told = |sources: Option<&Vec<EnvSource>>| {
                    sources.map(|all| all.iter().map(source).collect::<Vec<_>>().join(", "))
                };
                let what = if name.is_empty() { "envFrom".to_owned() } else { format!("env {name}") };
                self.add(Field::Env, format!("{what} of container {}", after.name), told(was), told(is));
            }
        }
    }

    fn pod(&mut self, before: &Pod, after: &Pod) {
        let labels = |pod: &Pod| {
            let labels = pod.node_selector.as_ref()?;
            Some(labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(", "))
        };
        self.value(Field::Placement, "node selector".into(), labels(before), labels(after));
        if self.whole && before.affinity != after.affinity {
            self.add(Field::Placement, "affinity".into(), None, None);
        }
        let account =
            |pod: &Pod| pod.service_account.as_deref().filter(|name| *name != "default").map(str::to_owned);
        self.value(Field::Identity, "service account".into(), account(before), account(after));
        let secrets = |pod: &Pod| pod.pull_secrets.as_ref().map(|names| names.join(", "));
        self.value(Field::Identity, "image pull secrets".into(), secrets(before), secrets(after));
        let priority = |pod: &Pod| pod.priority_class.as_deref().map(str::to_owned);
        self.value(Field::Identity, "priority class".into(), priority(before), priority(after));
        let volumes = |pod: &Pod| {
            let volumes = pod.volumes.as_ref()?;
            let own = volumes.iter().filter(|v| !v.name.starts_with("kube-api-access-"));
            Some(own.map(|v| format!("{} ({})", v.name, volume(&v.source))).collect::<Vec<_>>().join(", "))
        };
        self.value(Field::Volumes, "volumes".into(), volumes(before), volumes(after));
    }
}

fn clipped(value: &str) -> String {
    match value.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or(value)),
        None => value.to_owned(),
    }
}

/// `http :8080/healthz, 3 × 10 s after 5 s`.
fn probe(probe: &Probe) -> String {
    let asked = match &probe.action {
        Action::Http { port, path, .. } => format!("http :{port}{path}"),
        Action::Tcp { port } => format!("tcp :{port}"),
        Action::Grpc { port, .. } => format!("grpc :{port}"),
        Action::Exec { command } => format!("exec {command}"),
    };
    format!("{asked}, {} × {} s after {} s", probe.failure, probe.period, probe.delay)
}

fn source(source: &EnvSource) -> String {
    match source {
        EnvSource::Literal => "set to a value".to_owned(),
        EnvSource::Address(address) => match address.port {
            Some(port) => format!("{}:{port}", address.host),
            None => address.host.to_string(),
        },
        EnvSource::ConfigMapKey { name, key, .. } => format!("key {key} of ConfigMap {name}"),
        EnvSource::SecretKey { name, key, .. } => format!("key {key} of Secret {name}"),
        EnvSource::ConfigMap { name, .. } => format!("all of ConfigMap {name}"),
        EnvSource::Secret { name, .. } => format!("all of Secret {name}"),
        EnvSource::Field => "a field of the pod".to_owned(),
    }
}

fn volume(source: &VolumeSource) -> String {
    match source {
        VolumeSource::ConfigMap { name, .. } => format!("ConfigMap {name}"),
        VolumeSource::Secret { name, .. } => format!("Secret {name}"),
        VolumeSource::Claim { name } => format!("claim {name}"),
        VolumeSource::EmptyDir { limit: Some(limit), .. } => format!("emptyDir of {}", limit.text),
        VolumeSource::EmptyDir { .. } => "emptyDir".to_owned(),
        VolumeSource::HostPath { path } => format!("host path {path}"),
        VolumeSource::Other(what) => what.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Quantity, Role};

    fn pod(change: impl FnOnce(&mut Container)) -> Pod {
        let mut container = Container::new("app".into(), Role::App);
        container.image = Some("shop/app:1".into());
        change(&mut container);
        Pod { containers: vec![container], ..Pod::default() }
    }

    #[test]
    fn a_changed_image_and_limit_are_told_with_both_values() {
        let limit = |text: &str| {
            let quantity = Quantity { text: text.into(), ..Quantity::parse(text).unwrap() };
            Some(Resources::from([("memory".into(), quantity)]))
        };
        let before = pod(|c| c.limits = limit("128Mi"));
        let after = pod(|c| {
            c.image = Some("shop/app:2".into());
            c.limits = limit("64Mi");
        });
        let found = differences(&before, &after, true);
        let told: Vec<_> =
            found.iter().map(|d| (d.name.as_str(), d.from.as_deref(), d.to.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("image of container app", Some("shop/app:1"), Some("shop/app:2")),
                ("memory limit of container app", Some("128Mi"), Some("64Mi")),
            ]
        );
    }

    #[test]
    fn what_was_not_seen_is_no_difference() {
        let before = pod(|c| c.args = Some(vec!["server".into()]));
        let after = pod(|_| {});
        assert!(differences(&before, &after, false).is_empty());
        assert_eq!(differences(&before, &after, true).len(), 1);
    }
}
