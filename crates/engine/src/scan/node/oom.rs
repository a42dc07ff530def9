//! Kills of the kernel for memory, put together from the lines of a report.

use crate::Text;
use crate::scan::message::text::{after, between, keep, number};

/// A kill of the kernel for memory, from its `oom-kill:` line (kernel 4.19 and later; `mm/oom_kill.c`), or from the older
/// `Task in … killed as a result of limit of …` and `Killed process` lines.
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
    /// Whether the limit was the pod's or of pods together, not the container's.
    pub pod_limit: bool,
    /// The process, at most 15 letters.
    pub process: Text,
    /// Its ID on the node.
    pub pid: Option<u32>,
    /// The memory that it held when it was killed, in KiB.
    pub rss: Option<u64>,
    /// The limit of the cgroup that was full, in KiB.
    pub limit: Option<u64>,
    /// How many processes were killed with it (`memory.oom.group`).
    pub others: u32,
    /// The line, shortened.
    pub text: Text,
    /// Its place in the passage, counted from 0.
    pub line: u32,
}

/// Most kills kept of one journal.
const KILLS: usize = 1000;

/// Puts kills together.
#[derive(Default)]
pub(super) struct Kills {
    pub list: Vec<OomKill>,
    limit: Option<u64>,
    grouped: bool,
}

impl Kills {
    /// Reads a line of the kernel that holds one of [`super::kernel::OOM`].
    pub fn line(&mut self, text: &str, number_of: u32, at: Option<i64>) {
        if let Some(rest) = after(text, "oom-kill:") {
            self.push(kill(rest, number_of, at));
        } else if let Some(rest) = after(text, "memory: usage ") {
            self.limit = after(rest, "limit ").and_then(number).map(|(kib, _)| u64::from(kib));
        } else if text.contains("invoked oom-killer") {
            // A new report begins.
            self.limit = None;
            self.grouped = false;
        } else if let Some(rest) = after(text, "Task in ")
            && let Some((task, limit)) = rest.split_once(" killed as a result of limit of ")
        {
            self.push(old(text, task, limit, number_of, at));
        } else if text.contains("are going to be killed due to memory.oom.group set") {
            self.grouped = true;
        } else if let Some(rest) = after(text, "Killed process ") {
            self.killed(text, rest, number_of, at);
        }
    }

    fn push(&mut self, mut kill: OomKill) {
        self.grouped = false;
        kill.limit = self.limit.take().filter(|_| !kill.global);
        if self.list.len() < KILLS {
            self.list.push(kill);
        }
    }

    /// `Killed process 123 (name) total-vm:1kB, anon-rss:1kB, file-rss:1kB, shmem-rss:1kB, …`; since 5.3 with
    /// `Memory cgroup out of memory: ` or `Out of memory: ` before it.
    fn killed(&mut self, text: &str, rest: &str, line: u32, at: Option<i64>) {
        let Some((pid, rest)) = number(rest) else { return };
        let process =
            rest.split_once(" (").and_then(|(_, rest)| rest.split_once(") ")).map_or("", |(name, _)| name);
        let size = |field: &str| after(rest, field).and_then(number).map(|(kib, _)| u64::from(kib));
        let rss = size("anon-rss:")
            .map(|anon| anon + size("file-rss:").unwrap_or(0) + size("shmem-rss:").unwrap_or(0));
        if let Some(last) = self.list.last_mut() {
            if last.pid == Some(pid) || (last.pid.is_none() && last.rss.is_none()) {
                last.pid = Some(pid);
                last.rss = rss;
                if last.process.is_empty() {
                    last.process = keep(process);
                }
                return;
            }
            if self.grouped {
                last.others = last.others.saturating_add(1);
                return;
            }
        }
        // Its report is not there: cut off, or the kernel's rate limit took it.
        let kill = OomKill {
            at,
            global: !text.contains("emory cgroup out of memory"),
            pod_uid: None,
            container_id: None,
            pod_limit: false,
            process: keep(process),
            pid: Some(pid),
            rss,
            limit: None,
            others: 0,
            text: keep(text),
            line,
        };
        // Without any prefix the scope is unknown; before 5.3 a line before it told, and is not here.
        if text.contains("ut of memory") {
            self.push(kill);
        }
    }
}

/// `constraint=…,oom_memcg=/kubepods/burstable/pod<uid>,task_memcg=/kubepods/…/<id>,task=tail,pid=3352,uid=0`.
fn kill(facts: &str, line: u32, at: Option<i64>) -> OomKill {
    let field = |name: &str| after(facts, name).map(|rest| rest.split(',').next().unwrap_or(rest));
    let global = facts.contains(",global_oom,");
    let (pod_uid, container_id) = cgroup(field("task_memcg=").unwrap_or(""));
    let limit = field("oom_memcg=").unwrap_or("");
    // A process may have commas in its name.
    let process = between(facts, ",task=", ",pid=").or_else(|| field(",task=")).unwrap_or("");
    OomKill {
        at,
        global,
        pod_limit: !global && cgroup(limit).1.is_none(),
        pod_uid,
        container_id,
        process: keep(process),
        pid: after(facts, ",pid=").and_then(number).map(|(pid, _)| pid),
        rss: None,
        limit: None,
        others: 0,
        text: super::clip(&format!("oom-kill:{facts}")),
        line,
    }
}

/// Before 4.19: `Task in /kubepods/pod<uid>/<id> killed as a result of limit of /kubepods/pod<uid>`.
fn old(text: &str, task: &str, limit: &str, line: u32, at: Option<i64>) -> OomKill {
    let (pod_uid, container_id) = cgroup(task);
    OomKill {
        at,
        global: false,
        pod_limit: cgroup(limit).1.is_none(),
        pod_uid,
        container_id,
        process: "".into(),
        pid: None,
        rss: None,
        limit: None,
        others: 0,
        text: super::clip(text),
        line,
    }
}

/// Pod uid and container ID in a cgroup's path, of either driver (`pkg/kubelet/cm`, `cri-containerd-<id>.scope`).
pub(super) fn cgroup(path: &str) -> (Option<Text>, Option<Text>) {
    let mut uid = None;
    let mut id = None;
    for part in path.split('/') {
        let bare = part.trim_end_matches(".slice").trim_end_matches(".scope");
        let pod = bare.rsplit_once("-pod").map_or_else(|| bare.strip_prefix("pod"), |(_, uid)| Some(uid));
        if let Some(found) = pod.filter(|u| u.len() >= 32) {
            uid = Some(found.replace('_', "-").into());
        } else if uid.is_some() {
            let last = bare.rsplit(['-', ':']).next().unwrap_or(bare);
            if last.len() == 64 && last.bytes().all(|b| b.is_ascii_hexdigit()) {
                id = Some(last.into());
            }
        }
    }
    (uid, id)
}
