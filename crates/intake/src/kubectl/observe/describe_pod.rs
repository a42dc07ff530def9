//! `kubectl describe pod`, and the pod templates of workloads.

use super::describe::conditions;
use super::{Context, values};
use crate::kubectl::outline::{Item, find, is_none};
use engine::Text;
use engine::evidence::{
    Action, Body, Container, Ended, EnvSource, EnvVar, Mount, Object, Phase, Pod, Port, Probe, Role, Shared,
    State, Template, Toleration, Volume, VolumeSource,
};

/// Reads the keys of a pod.
pub(super) fn read(context: &Context, items: &[Item], object: &mut Object) {
    let some = |key: &str| find(items, key).and_then(Item::some);
    let Body::Pod(pod) = &mut object.body else { return };
    pod.node = some("Node").map(|node| node.split('/').next().unwrap_or(node).into());
    pod.started = some("Start Time").and_then(values::time);
    pod.ip = some("IP").map(Text::from);
    pod.reason = some("Reason").map(Text::from);
    pod.message = some("Message").map(Text::from);
    pod.priority_class = some("Priority Class Name").map(Text::from);
    if let Some(status) = some("Status") {
        let word = status.split(' ').next().unwrap_or(status);
        pod.phase = phase(word);
        // `Terminating (lasts 3m)` stands in place of the phase.
        object.is_deleting = Some(word == "Terminating").filter(|d| *d);
    }
    pod.grace_seconds = some("Termination Grace Period").and_then(|g| g.trim_end_matches('s').parse().ok());
    pod.conditions = conditions(items);
    spec(items, pod);
    if object.is_deleting == Some(true) && pod.phase.is_none() {
        pod.phase = pod
            .containers
            .iter()
            .any(|c| matches!(c.state, Some(State::Running { .. })))
            .then_some(Phase::Running);
    }
    let _ = context;
}

fn phase(word: &str) -> Option<Phase> {
    Some(match word {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        "Unknown" => Phase::Unknown,
        _ => return None,
    })
}

/// Reads what a pod and a template have in common.
fn spec(items: &[Item], pod: &mut Pod) {
    for (key, role) in [
        ("Init Containers", Role::Init),
        ("Containers", Role::App),
        ("Ephemeral Containers", Role::Ephemeral),
    ] {
        for item in find(items, key).map_or(&[][..], |i| &i.children) {
            if let Some(name) = item.key() {
                pod.containers.push(container(name, role, item));
            }
        }
    }
    let some = |key: &str| find(items, key).and_then(Item::some);
    pod.service_account = some("Service Account").or_else(|| some("ServiceAccount")).map(Text::from);
    pod.qos = some("QoS Class").map(Text::from);
    pod.node_selector = find(items, "Node-Selectors").map(|item| values::pairs(item.values()));
    pod.tolerations = find(items, "Tolerations").map(|item| item.values().filter_map(toleration).collect());
    pod.volumes = find(items, "Volumes").map(|item| item.children.iter().filter_map(volume).collect());
}

/// A pod template.
pub(super) fn template(item: &Item) -> Template {
    let mut template =
        Template { labels: item.child("Labels").map(|l| values::pairs(l.values())), pod: Pod::default() };
    spec(&item.children, &mut template.pod);
    template
}

fn container(name: &str, role: Role, item: &Item) -> Container {
    let mut c = Container::new(name.into(), role);
    c.id = item.get("Container ID").map(Text::from);
    c.image = item.get("Image").map(Text::from);
    c.ports = item.child("Port").or_else(|| item.child("Ports")).map(|i| ports(i.value()));
    c.command = item.child("Command").map(|i| i.children.iter().map(|l| clip(l.text)).collect());
    c.args = item.child("Args").map(|i| i.children.iter().map(|l| clip(l.text)).collect());
    c.state = item.child("State").and_then(state);
    c.last = item.child("Last State").and_then(state);
    c.ready = item.get("Ready").map(|r| r == "True");
    c.restarts = item.get("Restart Count").and_then(values::count);
    let amounts = |key: &str| {
        item.child(key)
            .map(|i| values::resources(i.children.iter().filter_map(|l| Some((l.key()?, l.value())))))
    };
    // A container without limits has no such key: describe leaves it out.
    c.limits = amounts("Limits").or_else(|| Some(Default::default()));
    c.requests = amounts("Requests").or_else(|| Some(Default::default()));
    c.liveness = item.get("Liveness").and_then(probe).map(Shared::from);
    c.readiness = item.get("Readiness").and_then(probe).map(Shared::from);
    c.startup = item.get("Startup").and_then(probe).map(Shared::from);
    c.env = Some(environment(item));
    c.mounts = item.child("Mounts").map(|i| i.children.iter().filter_map(|l| mount(l.text)).collect());
    c
}

/// The first bytes of a word of a command: enough to see what runs.
fn clip(text: &str) -> Text {
    let end = text
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|end| *end <= 160)
        .last()
        .unwrap_or(0);
    text.get(..end).unwrap_or("").into()
}

fn state(item: &Item) -> Option<State> {
    let reason = item.get("Reason").map(Text::from);
    let message = item.get("Message").map(Text::from);
    Some(match item.value() {
        "Waiting" => State::Waiting { reason, message },
        "Running" => State::Running { started: item.get("Started").and_then(values::time) },
        "Terminated" => State::Terminated(Box::new(Ended {
            exit_code: item.get("Exit Code").and_then(|code| code.parse().ok()),
            reason,
            message,
            // The runtime writes the epoch for an instance that never started.
            started: item.get("Started").and_then(values::time).filter(|m| m.latest > 86_400_000_000),
            finished: item.get("Finished").and_then(values::time).filter(|m| m.latest > 86_400_000_000),
            id: None,
        })),
        _ => return None,
    })
}

/// `80/TCP, 443/TCP`, with names in front since 1.31 (`http (80/TCP)` is not printed: only `80/TCP (http)`).
fn ports(text: &str) -> Vec<Port> {
    text.split(',')
        .filter_map(|port| {
            let port = port.trim();
            let (number, rest) = port.split_once('/')?;
            let (protocol, name) = rest.split_once(' ').unwrap_or((rest, ""));
            let name = name.trim_matches(['(', ')', ' ']);
            Some(Port {
                name: (!name.is_empty()).then(|| name.into()),
                port: number.parse().ok()?,
                protocol: protocol.into(),
                host_port: None,
            })
        })
        .collect()
}

/// `http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3` (describe.go DescribeProbe).
pub(super) fn probe(text: &str) -> Option<Probe> {
    let seconds = |key: &str| {
        let at = text.rfind(key)? + key.len();
        text.get(at..)?.split([' ', 's']).next()?.parse::<i64>().ok()
    };
    let (kind, rest) = text.split_once(' ')?;
    let rest = rest.trim_start();
    let target = rest.split(" delay=").next().unwrap_or(rest).trim();
    let action = match kind {
        "http-get" => {
            let (scheme, rest) = target.split_once("://").unwrap_or(("http", target));
            let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
            let port = authority.rsplit_once(':').map_or(authority, |(_, port)| port);
            Action::Http { scheme: scheme.into(), port: port.into(), path: path.into() }
        }
        "tcp-socket" => Action::Tcp { port: target.rsplit_once(':').map_or(target, |(_, port)| port).into() },
        "grpc" => {
            let (address, service) = target.split_once(' ').unwrap_or((target, ""));
            let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
            Action::Grpc { port: port.into(), service: service.trim().into() }
        }
        "exec" => Action::Exec { command: clip(target) },
        _ => return None,
    };
    Some(Probe {
        action,
        delay: seconds("delay=").unwrap_or(0),
        timeout: seconds("timeout=").unwrap_or(1),
        period: seconds("period=").unwrap_or(10),
        success: seconds("#success=").unwrap_or(1),
        failure: seconds("#failure=").unwrap_or(3),
    })
}

fn environment(item: &Item) -> Vec<EnvVar> {
    let mut all = Vec::new();
    for line in item.child("Environment Variables from").map_or(&[][..], |i| &i.children) {
        let mut words = line.text.split_whitespace();
        let (Some(name), Some(kind)) = (words.next(), words.next()) else { continue };
        let (name, optional) = (Text::from(name), line.text.contains("Optional: true"));
        let from = match kind {
            "ConfigMap" => EnvSource::ConfigMap { name, optional },
            "Secret" => EnvSource::Secret { name, optional },
            _ => continue,
        };
        all.push(EnvVar { name: "".into(), from });
    }
    for line in item.child("Environment").map_or(&[][..], |i| &i.children) {
        let Some(name) = line.key() else { continue };
        all.push(EnvVar { name: name.into(), from: env_source(line.value()) });
    }
    all
}

/// `<set to the key 'k' in secret 's'>  Optional: false`, `(v1:status.podIP)`, or a literal.
fn env_source(value: &str) -> EnvSource {
    if let Some(rest) = value.strip_prefix("<set to the key '")
        && let Some((key, rest)) = rest.split_once("' ")
    {
        let optional = value.contains("Optional: true");
        let name = |rest: &str| -> Text { rest.split('\'').nth(1).unwrap_or("").into() };
        if rest.starts_with("in secret") {
            return EnvSource::SecretKey { name: name(rest), key: key.into(), optional };
        }
        if rest.starts_with("of config map") {
            return EnvSource::ConfigMapKey { name: name(rest), key: key.into(), optional };
        }
    }
    if value.starts_with("(v1:") {
        return EnvSource::Field;
    }
    values::address(value).map_or(EnvSource::Literal, EnvSource::Address)
}

/// `/path from volume (ro,path="sub")`.
fn mount(text: &str) -> Option<Mount> {
    let (path, rest) = text.split_once(" from ")?;
    let (volume, flags) = rest.split_once(" (").unwrap_or((rest, ""));
    let flags = flags.trim_end_matches(')');
    Some(Mount {
        volume: volume.trim().into(),
        path: path.trim().into(),
        sub_path: flags.split("path=\"").nth(1).and_then(|p| p.split('"').next()).map(Text::from),
        read_only: flags.split(',').any(|f| f == "ro"),
    })
}

fn volume(item: &Item) -> Option<Volume> {
    let name = item.key()?;
    let kind = item.get("Type").unwrap_or("");
    let optional = item.get("Optional") == Some("true");
    let word = kind.split(' ').next().unwrap_or("");
    let source = match word {
        "ConfigMap" => VolumeSource::ConfigMap { name: item.get("Name")?.into(), optional, keys: Vec::new() },
        "Secret" => VolumeSource::Secret { name: item.get("SecretName")?.into(), optional, keys: Vec::new() },
        "PersistentVolumeClaim" => VolumeSource::Claim { name: item.get("ClaimName")?.into() },
        "EmptyDir" => VolumeSource::EmptyDir {
            limit: item.get("SizeLimit").and_then(values::quantity),
            memory: item.get("Medium") == Some("Memory"),
        },
        "HostPath" => VolumeSource::HostPath { path: item.get("Path").unwrap_or("").into() },
        other => VolumeSource::Other(other.into()),
    };
    Some(Volume { name: name.into(), source })
}

/// `key=value:Effect op=Exists for 300s` (describe.go printPodTolerationsMultiline).
fn toleration(text: &str) -> Option<Toleration> {
    if is_none(text) {
        return None;
    }
    let mut toleration = Toleration { key: None, value: None, effect: None, seconds: None, exists: false };
    let mut words = text.split_whitespace().peekable();
    let first = words.peek().copied().unwrap_or("");
    if !first.starts_with("op=") {
        words.next();
        let (key, effect) = first.rsplit_once(':').map_or((first, None), |(k, e)| (k, Some(e)));
        let (key, value) = key.split_once('=').map_or((key, None), |(k, v)| (k, Some(v)));
        toleration.key = Some(key).filter(|k| !k.is_empty()).map(Text::from);
        toleration.value = value.map(Text::from);
        toleration.effect = effect.filter(|e| !e.is_empty()).map(Text::from);
    }
    while let Some(word) = words.next() {
        match word {
            "op=Exists" => toleration.exists = true,
            "for" => toleration.seconds = words.next().and_then(|s| s.trim_end_matches('s').parse().ok()),
            _ => {}
        }
    }
    Some(toleration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_read() {
        let read =
            probe("http-get http://:8080/healthz delay=5s timeout=1s period=10s #success=1 #failure=3");
        let read = read.expect("a probe");
        assert_eq!(read.action.port(), Some("8080"));
        assert_eq!((read.delay, read.period, read.failure), (5, 10, 3));
        assert_eq!(read.budget_seconds(), 26);
        let grpc =
            probe("grpc <pod>:9556  delay=0s timeout=1s period=10s #success=1 #failure=3").expect("a probe");
        assert_eq!((grpc.action.protocol(), grpc.action.port()), ("grpc", Some("9556")));
    }

    #[test]
    fn tolerations_and_env_are_read() {
        let read = toleration("node.kubernetes.io/not-ready:NoExecute op=Exists for 300s").expect("one");
        assert_eq!(read.key.as_deref(), Some("node.kubernetes.io/not-ready"));
        assert!(read.exists && read.seconds == Some(300));
        assert_eq!(
            env_source("<set to the key 'password' in secret 'db'>  Optional: false"),
            EnvSource::SecretKey { name: "db".into(), key: "password".into(), optional: false }
        );
        assert!(matches!(env_source("redis:6379"), EnvSource::Address(_)));
    }
}
