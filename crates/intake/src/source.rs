//! What a file is by its name: whose log, which node's journal, what a collector could not get.
//!
//! One table of paths, read from their end, so that a layout is known wherever its root lies. What a file holds wins
//! over its name where the two differ: that is decided where the file is read.

use engine::Text;
use engine::evidence::{Instance, LogSource};
use engine::subject::{Kind, Subject};
use memchr::{memchr, memrchr};

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A container's log.
    Log {
        /// Whose.
        source: LogSource,
        /// Of which instance.
        instance: Instance,
    },
    /// The journal of a unit.
    Journal {
        /// The node, where the name tells.
        node: Option<Text>,
        /// The unit, `kernel` for the ring buffer.
        unit: Text,
    },
    /// Anything that was printed on that node.
    Node {
        /// The node.
        node: Text,
    },
    /// The tags of a repository.
    Tags,
    /// What a collector was told instead of what it asked for.
    Errors {
        /// What it asked for.
        of: Asked,
    },
}

/// What a collector asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A container's log.
    Log(Subject),
    /// All objects of a kind, by the name of the folder or file.
    Kind(Text),
    /// Nothing tells.
    Unknown,
}

/// What the rows of the table stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Log,
    Previous,
    Journal,
    Kernel,
    Node,
    Tags,
    LogErrors,
    KindErrors,
    Errors,
}

/// Paths, the more telling first. `{…}` stands for a name, of any length but within one part of the path.
const PATHS: &[(&str, Is)] = &[
    // The kubelet's own folders (pkg/kubelet/kuberuntime/helpers.go, all versions since 1.14).
    ("pods/{namespace}_{pod}_{uid}/{container}/{number}.log", Is::Log),
    ("pods/{namespace}_{pod}_{uid}/{container}/{number}.log.{rest}", Is::Log),
    ("containers/{pod}_{namespace}_{container}-{id}.log", Is::Log),
    // Troubleshoot (pkg/collect/cluster_resources.go, logs.go).
    ("pods/logs/{namespace}/{pod}/{container}-logs-errors.log", Is::LogErrors),
    ("pods/logs/{namespace}/{pod}/{container}-previous.log", Is::Previous),
    ("pods/logs/{namespace}/{pod}/{container}.log", Is::Log),
    ("all-logs/{pod}/{container}-previous.log", Is::Previous),
    ("all-logs/{pod}/{container}.log", Is::Log),
    ("cluster-resources/{kind}-errors.json", Is::KindErrors),
    ("cluster-resources/{kind}/{rest}-errors.json", Is::KindErrors),
    // `oc adm must-gather` and `oc adm inspect`.
    ("namespaces/{namespace}/pods/{pod}/{container}/{rest}/logs/current.log", Is::Log),
    ("namespaces/{namespace}/pods/{pod}/{container}/{rest}/logs/previous.log", Is::Previous),
    ("namespaces/{namespace}/pods/{pod}/{container}/{rest}/logs/previous.insecure.log", Is::Previous),
    ("host_service_logs/{rest}/{unit}_service.log", Is::Journal),
    // Our own bundles.
    ("logs/{namespace}/{pod}/{container}.previous.log", Is::Previous),
    ("logs/{namespace}/{pod}/{container}.log", Is::Log),
    ("journals/{node}/{unit}.log", Is::Journal),
    ("registry/{rest}.json", Is::Tags),
    // Folders filled by hand or by a script.
    ("logs/{pod}.{container}.previous.log", Is::Previous),
    ("logs/{pod}.{container}.log", Is::Log),
    ("dmesg.{rest}", Is::Kernel),
    ("nodes/{node}.{known}.log", Is::Journal),
    ("nodes/{node}.{known}.txt", Is::Journal),
    ("nodes/{node}/{known}.log", Is::Journal),
    ("nodes/{node}/{known}.txt", Is::Journal),
    ("nodes/{node}.log", Is::Node),
    ("nodes/{node}.journal", Is::Node),
    ("nodes/{node}.txt", Is::Node),
    ("{rest}.err", Is::Errors),
    ("{rest}-errors.json", Is::Errors),
    ("{rest}-errors.log", Is::Errors),
];

/// Units that a name behind a node's name is taken for.
const UNITS: &[&str] = &[
    "kubelet",
    "containerd",
    "crio",
    "docker",
    "dockerd",
    "cri-dockerd",
    "kernel",
    "dmesg",
    "kube-proxy",
    "k3s",
    "k3s-agent",
    "rke2-server",
    "rke2-agent",
    "etcd",
    "systemd",
    "NetworkManager",
];

/// What a path says of the file; none where it says nothing.
pub(crate) fn of(path: &str) -> Option<Named> {
    PATHS.iter().find_map(|(pattern, is)| named(&captures(pattern, path)?, *is))
}

/// The node that a path names.
pub(crate) fn node(path: &str) -> Option<Text> {
    match of(path)? {
        Named::Journal { node, .. } => node,
        Named::Node { node } => Some(node),
        Named::Log { .. } | Named::Tags | Named::Errors { .. } => None,
    }
}

/// The placeholders of a pattern and what stands in their places.
type Captures<'p> = Vec<(&'static str, &'p str)>;

fn named(found: &Captures<'_>, is: Is) -> Option<Named> {
    let get = |key: &str| found.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let pod = || {
        let pod = Subject::new(Kind::Pod, get("namespace"), get("pod")?);
        Some(get("container").map_or(pod.clone(), |container| pod.container(container)))
    };
    let unit = get("unit").or(get("known"));
    Some(match is {
        Is::Log | Is::Previous => {
            let number = get("number").and_then(|number| number.parse().ok()).map(Instance::Number);
            let newest = if is == Is::Previous { Instance::Previous } else { Instance::Newest };
            Named::Log { source: LogSource::Container { pod: pod()? }, instance: number.unwrap_or(newest) }
        }
        Is::Journal => {
            let unit = if unit == Some("dmesg") { "kernel" } else { unit? };
            Named::Journal { node: get("node").map(Text::from), unit: unit.into() }
        }
        Is::Kernel => Named::Journal { node: None, unit: "kernel".into() },
        Is::Tags => Named::Tags,
        Is::Node => Named::Node { node: get("node")?.into() },
        Is::LogErrors => Named::Errors { of: Asked::Log(pod()?) },
        Is::KindErrors => Named::Errors { of: Asked::Kind(get("kind")?.into()) },
        Is::Errors => Named::Errors { of: Asked::Unknown },
    })
}

/// Whether the words of a pattern that stand outside its placeholders are in their places: most paths fit no pattern,
/// and thousands of files are asked for.
fn may_match(pattern: &str, path: &str) -> bool {
    let mut parts = path.rsplit('/');
    pattern.rsplit('/').all(|wanted| {
        let Some(text) = parts.next() else { return false };
        let (Some(open), Some(close)) = (memchr(b'{', wanted.as_bytes()), memrchr(b'}', wanted.as_bytes()))
        else {
            return wanted == text;
        };
        text.starts_with(&wanted[..open]) && text.ends_with(&wanted[close + 1..])
    })
}

/// Matches a pattern with the last parts of a path.
fn captures<'p>(pattern: &'static str, path: &'p str) -> Option<Captures<'p>> {
    may_match(pattern, path).then_some(())?;
    let mut parts = path.rsplit('/');
    let mut found = Captures::new();
    for wanted in pattern.rsplit('/') {
        // No file system takes longer names.
        let text = parts.next().filter(|part| part.len() <= 255)?;
        part(wanted, text, &mut found).then_some(())?;
    }
    Some(found)
}

/// Matches one part; a placeholder takes as much as it can.
fn part<'p>(wanted: &'static str, text: &'p str, found: &mut Captures<'p>) -> bool {
    let Some(open) = wanted.find('{') else { return wanted == text };
    let (before, rest) = wanted.split_at(open);
    let Some(text) = text.strip_prefix(before) else { return false };
    let Some((key, rest)) = rest[1..].split_once('}') else { return false };
    for end in (1..=text.len()).rev().filter(|end| text.is_char_boundary(*end)) {
        let known = found.len();
        if fits(key, &text[..end]) {
            found.push((key, &text[..end]));
            if part(rest, &text[end..], found) {
                return true;
            }
        }
        found.truncate(known);
    }
    false
}

/// Whether a value is one that Kubernetes, or the host, would let be called so.
fn fits(key: &str, value: &str) -> bool {
    let made_of = |more: &[u8]| {
        !value.is_empty()
            && value.len() <= 253
            && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || more.contains(&b))
            && value.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
    };
    match key {
        "pod" | "node" | "kind" => made_of(b"-."),
        "namespace" | "container" => made_of(b"-"),
        "uid" | "id" => value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') && value.len() >= 32,
        "number" => value.len() <= 9 && value.bytes().all(|b| b.is_ascii_digit()),
        "unit" => {
            value.len() <= 80 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b))
        }
        "known" => UNITS.contains(&value),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(path: &str) -> Option<(Option<String>, String, Option<String>, Instance)> {
        match of(path)? {
            Named::Log { source: LogSource::Container { pod }, instance } => Some((
                pod.namespace.as_deref().map(str::to_owned),
                pod.name.to_string(),
                pod.part.as_ref().map(|part| part.name().to_string()),
                instance,
            )),
            _ => None,
        }
    }

    #[test]
    fn names_of_container_logs() {
        let uid = "4e60a221-5671-40cf-9d4c-1f4d3ad3a1aa";
        let id = "0123456789abcdef".repeat(4);
        for (path, namespace, pod, container, instance) in [
            (format!("var/log/pods/shop_web-0_{uid}/app/3.log"), "shop", "web-0", "app", Instance::Number(3)),
            (
                format!(
                    "pods/kube-system_etcd-n1.local_{}/etcd/0.log.20261123-045050",
                    "0123456789abcdef".repeat(2)
                ),
                "kube-system",
                "etcd-n1.local",
                "etcd",
                Instance::Number(0),
            ),
            (
                format!("var/log/containers/web-0_shop_my-app-{id}.log"),
                "shop",
                "web-0",
                "my-app",
                Instance::Newest,
            ),
            ("x/logs/shop/web-0/app.log".into(), "shop", "web-0", "app", Instance::Newest),
            ("logs/shop/web-0/app.previous.log".into(), "shop", "web-0", "app", Instance::Previous),
            (
                "cluster-resources/pods/logs/shop/web-0/app.log".into(),
                "shop",
                "web-0",
                "app",
                Instance::Newest,
            ),
            (
                "cluster-resources/pods/logs/shop/web-0/my-app-previous.log".into(),
                "shop",
                "web-0",
                "my-app",
                Instance::Previous,
            ),
            (
                "a/namespaces/shop/pods/web-0/app/app/logs/current.log".into(),
                "shop",
                "web-0",
                "app",
                Instance::Newest,
            ),
            (
                "namespaces/shop/pods/web-0/app/app/logs/previous.insecure.log".into(),
                "shop",
                "web-0",
                "app",
                Instance::Previous,
            ),
            ("logs/web.0.app.previous.log".into(), "", "web.0", "app", Instance::Previous),
        ] {
            let namespace = Some(namespace.to_owned()).filter(|n| !n.is_empty());
            let want = (namespace, pod.to_owned(), Some(container.to_owned()), instance);
            assert_eq!(log(&path), Some(want), "{path}");
        }
    }

    #[test]
    fn names_of_journals() {
        let journal = |node: Option<&str>, unit: &str| {
            Some(Named::Journal { node: node.map(Text::from), unit: unit.into() })
        };
        assert_eq!(of("journals/n1.example/kubelet.log"), journal(Some("n1.example"), "kubelet"));
        assert_eq!(of("host_service_logs/masters/crio_service.log"), journal(None, "crio"));
        assert_eq!(
            of("nodes/ip-10-0-0-1.internal.containerd.log"),
            journal(Some("ip-10-0-0-1.internal"), "containerd")
        );
        assert_eq!(of("nodes/dmesg.txt"), journal(None, "kernel"));
        assert_eq!(node("nodes/worker-1.internal.txt").as_deref(), Some("worker-1.internal"));
    }

    #[test]
    fn names_of_errors() {
        assert_eq!(
            of("b/cluster-resources/pods-errors.json"),
            Some(Named::Errors { of: Asked::Kind("pods".into()) })
        );
        let of_log = of("cluster-resources/pods/logs/shop/web-0/app-logs-errors.log");
        let pod = Subject::new(Kind::Pod, Some("shop"), "web-0").container("app");
        assert_eq!(of_log, Some(Named::Errors { of: Asked::Log(pod) }));
        assert_eq!(of("kubectl-get-pods.err"), Some(Named::Errors { of: Asked::Unknown }));
    }

    #[test]
    fn what_no_layout_calls_so_says_nothing() {
        for path in [
            "-",
            "",
            "kubectl.txt",
            "logs.txt",
            "app.log",
            "logs/$(reboot)/web-0/app.log",
            "logs/shop/WEB/app.log",
            "pods/shop_web-0_1/app/0.log",
            "logs/a/b/c/d/e.log/",
            "nodes/n1.exe",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
        of(&"a.".repeat(50_000));
        of(&format!("pods/{}/{}", "_".repeat(500), "-".repeat(500)));
    }
}
