//! Lines of node journals: kubelet, runtime, kernel, systemd.

use crate::Text;

/// What a journal held.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSummary {
    /// Lines read.
    pub lines: u64,
    /// Processes that the kernel killed for memory.
    pub oom_kills: Vec<OomKill>,
    /// What else lines say, each with how often and an example.
    pub sightings: Vec<NodeSighting>,
}

/// A kill of the kernel for memory, from its `oom-kill:` line (kernel 4.19+; `mm/oom_kill.c`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OomKill {
    /// When, in microseconds of the journal's clock.
    pub at: Option<i64>,
    /// Whether no cgroup's limit was hit, but the node's memory was used up.
    pub global: bool,
    /// The victim's pod, by uid.
    pub pod_uid: Option<Text>,
    /// The victim's container, by ID without runtime.
    pub container_id: Option<Text>,
    /// Whether the limit was the pod's, not the container's.
    pub pod_limit: bool,
    /// The process, at most 15 letters.
    pub process: Text,
    /// The line, shortened.
    pub text: Text,
    /// Its place in the passage, counted from 0.
    pub line: u32,
}

/// Something that lines of a journal say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeClaim {
    /// The kubelet cannot reach the runtime.
    RuntimeUnreachable {
        /// `missing` socket, `refused`, or `timeout`.
        how: &'static str,
    },
    /// The runtime was told to stop.
    RuntimeStopping,
    /// A process crashed with a segmentation fault.
    Segfault {
        /// The process, at most 15 letters.
        process: Text,
    },
    /// The kubelet cannot reach the API server.
    ApiUnreachable,
    /// A certificate is not valid.
    CertificateInvalid,
    /// The kernel panicked.
    Panic,
    /// A file system was made read-only, or a disk fails.
    DiskFailing,
    /// No pod address is left.
    AddressesExhausted,
    /// The kubelet ended with an error.
    KubeletFailed,
    /// PLEG is not healthy.
    PlegUnhealthy,
}

/// Something that lines say, and how often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSighting {
    /// What they say.
    pub claim: NodeClaim,
    /// How many lines.
    pub count: u64,
    /// When first, in microseconds of the journal's clock.
    pub first: Option<i64>,
    /// The first of them, clipped.
    pub text: Text,
    /// Its place in the passage, counted from 0.
    pub line: u32,
}

/// Reads a line that holds the literal of its pattern.
type Extract = fn(&str) -> Option<NodeClaim>;

/// Literals, and what reads their lines. Sources: pkg/kubelet (1.22 to 1.36), containerd `internal/cri`, CRI-O, Linux
/// `mm/oom_kill.c`, `arch/*/mm/fault.c`, `kernel/panic.c`, `fs/ext4`, `fs/xfs`.
const PATTERNS: &[(&str, Extract)] = &[
    ("containerd.sock", socket),
    ("crio.sock", socket),
    ("dockershim.sock", socket),
    ("Stop CRI service", |_| Some(NodeClaim::RuntimeStopping)),
    (" segfault at ", segfault),
    ("Error updating node status", |_| Some(NodeClaim::ApiUnreachable)),
    ("Failed to update lease", |_| Some(NodeClaim::ApiUnreachable)),
    ("Failed to ensure lease exists", |_| Some(NodeClaim::ApiUnreachable)),
    ("certificate has expired", |_| Some(NodeClaim::CertificateInvalid)),
    ("Kernel panic - not syncing", |_| Some(NodeClaim::Panic)),
    ("Remounting filesystem read-only", |_| Some(NodeClaim::DiskFailing)),
    ("EXT4-fs error", |_| Some(NodeClaim::DiskFailing)),
    ("Buffer I/O error", |_| Some(NodeClaim::DiskFailing)),
    ("no IP addresses available in range set", |_| Some(NodeClaim::AddressesExhausted)),
    ("failed to run Kubelet", |_| Some(NodeClaim::KubeletFailed)),
    ("Container runtime socket completely unresponsive", |_| {
        Some(NodeClaim::RuntimeUnreachable { how: "timeout" })
    }),
    ("PLEG is not healthy", |_| Some(NodeClaim::PlegUnhealthy)),
    ("oom-kill:constraint=", |_| None),
];

fn socket(line: &str) -> Option<NodeClaim> {
    let how = if line.contains("no such file or directory") {
        "missing"
    } else if line.contains("connection refused") {
        "refused"
    } else if line.contains("timed out")
        || line.contains("DeadlineExceeded")
        || line.contains("deadline exceeded")
    {
        "timeout"
    } else {
        return None;
    };
    Some(NodeClaim::RuntimeUnreachable { how })
}

fn segfault(line: &str) -> Option<NodeClaim> {
    let before = line.split(" segfault at ").next()?;
    let process = before.rsplit(' ').next()?.split('[').next()?;
    Some(NodeClaim::Segfault { process: process.into() })
}

/// Longest excerpt, in bytes.
const CLIP: usize = 300;
/// Most kills kept of one journal.
const KILLS: usize = 1000;

impl NodeSummary {
    /// Reads lines; `at` tells a line's time in microseconds, and is asked only for lines that say something.
    pub fn read<'t>(lines: impl Iterator<Item = &'t str>, at: impl Fn(&str) -> Option<i64>) -> NodeSummary {
        let mut summary = NodeSummary::default();
        let Some(search) = automaton() else { return summary };
        let mut seen = std::collections::BTreeMap::new();
        for (number, line) in lines.enumerate() {
            summary.lines += 1;
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for found in search.find_iter(line) {
                let Some((literal, extract)) = PATTERNS.get(found.pattern().as_usize()) else { continue };
                if literal.starts_with("oom-kill") {
                    if summary.oom_kills.len() < KILLS {
                        summary.oom_kills.extend(oom_kill(line, number, at(line)));
                    }
                } else if let Some(claim) = extract(line) {
                    seen.entry(claim.clone()).and_modify(|s: &mut NodeSighting| s.count += 1).or_insert_with(
                        || NodeSighting { claim, count: 1, first: at(line), text: clip(line), line: number },
                    );
                }
            }
        }
        summary.sightings = seen.into_values().collect();
        summary
    }

    /// The sighting that a test picks.
    pub fn seen(&self, wanted: impl Fn(&NodeClaim) -> bool) -> Option<&NodeSighting> {
        self.sightings.iter().find(|s| wanted(&s.claim))
    }
}

fn automaton() -> Option<&'static aho_corasick::AhoCorasick> {
    static BUILT: std::sync::OnceLock<Option<aho_corasick::AhoCorasick>> = std::sync::OnceLock::new();
    BUILT
        .get_or_init(|| aho_corasick::AhoCorasick::new(PATTERNS.iter().map(|(literal, _)| literal)).ok())
        .as_ref()
}

fn clip(line: &str) -> Text {
    let line = line.trim();
    let mut end = line.len().min(CLIP);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.get(..end).unwrap_or("").into()
}

/// `oom-kill:constraint=…,oom_memcg=/kubepods/burstable/pod<uid>,task_memcg=/kubepods/…/<id>,task=tail,pid=3352,uid=0`.
fn oom_kill(line: &str, number: u32, at: Option<i64>) -> Option<OomKill> {
    let (_, facts) = line.split_once("oom-kill:")?;
    let field = |name: &str| {
        let (_, rest) = facts.split_once(name)?;
        Some(rest.split(',').next().unwrap_or(rest))
    };
    let global = facts.contains(",global_oom,");
    let task = field("task_memcg=").unwrap_or("");
    let (pod_uid, container_id) = cgroup(task);
    let limit = field("oom_memcg=").unwrap_or("");
    let (_, limited) = cgroup(limit);
    let process = field(",task=").unwrap_or("").into();
    let text = format!("oom-kill:{facts}");
    Some(OomKill {
        at,
        global,
        pod_limit: !global && limited.is_none(),
        pod_uid,
        container_id,
        process,
        text: clip(&text),
        line: number,
    })
}

/// Pod uid and container ID in a cgroup's path, of either driver (`pkg/kubelet/cm`, `cri-containerd-<id>.scope`).
fn cgroup(path: &str) -> (Option<Text>, Option<Text>) {
    let mut uid = None;
    let mut id = None;
    for part in path.split('/') {
        let bare = part.trim_end_matches(".slice").trim_end_matches(".scope");
        let pod = bare.rsplit_once("-pod").map_or_else(|| bare.strip_prefix("pod"), |(_, uid)| Some(uid));
        if let Some(found) = pod.filter(|u| u.len() >= 32) {
            uid = Some(found.replace('_', "-").into());
        } else if uid.is_some() {
            let last = bare.rsplit('-').next().unwrap_or(bare);
            if last.len() == 64 && last.bytes().all(|b| b.is_ascii_hexdigit()) {
                id = Some(last.into());
            }
        }
    }
    (uid, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "22c6b609-694a-4ad9-99ae-87cc599d8ca1";

    #[test]
    fn a_kill_names_pod_and_container() {
        let id = "b1".repeat(32);
        let line = format!(
            "Nov 23 04:51:06.1 w kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/worker-2/kubepods/burstable/pod{UID},task_memcg=/worker-2/kubepods/burstable/pod{UID}/{id},task=tail,pid=3352,uid=0"
        );
        let read = NodeSummary::read([&*line].into_iter(), |_| Some(7));
        let [kill] = read.oom_kills.as_slice() else { panic!("{read:?}") };
        assert_eq!((kill.pod_uid.as_deref(), kill.container_id.as_deref()), (Some(UID), Some(&*id)));
        assert!(kill.pod_limit && !kill.global);
        assert_eq!((&*kill.process, kill.at), ("tail", Some(7)));
    }

    #[test]
    fn both_cgroup_drivers_are_read() {
        let id = "0c".repeat(32);
        let systemd = format!(
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice/cri-containerd-{id}.scope",
            UID.replace('-', "_")
        );
        assert_eq!(cgroup(&systemd), (Some(UID.into()), Some(id.into())));
    }

    #[test]
    fn a_missing_socket_is_told_from_a_hung_one() {
        let line = |why: &str| {
            format!(
                "E1123 04:40:55.4 1 log.go:32] \"x\" err=\"dial unix /run/containerd/containerd.sock: {why}\""
            )
        };
        let how = |why: &str| {
            NodeSummary::read([&*line(why)].into_iter(), |_| None).sightings.first().map(|s| s.claim.clone())
        };
        assert_eq!(
            how("connect: no such file or directory"),
            Some(NodeClaim::RuntimeUnreachable { how: "missing" })
        );
        assert_eq!(
            how("connect: connection refused"),
            Some(NodeClaim::RuntimeUnreachable { how: "refused" })
        );
        assert_eq!(how("fine"), None);
    }
}
