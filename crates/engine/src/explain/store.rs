//! The texts: one block per entry, separated by blank lines, in files by topic.
//!
//! ```text
//! = label | heading of a topic
//!
//! # word
//! also: alias, alias
//! One to three sentences of meaning.
//! says: who writes it, since when
//! ladder: an ordered rival cause (repeated)
//! not: what it is confused with (repeated)
//! look: what to look at $ command (repeated; or @name of a common one)
//! see: word, word
//! myth: what is wrongly said, and the truth
//! from: upstream file
//! text: a literal of a log line or message that leads here (repeated)
//! ```

use super::{Entry, Look};

const FILES: [&str; 15] = [
    include_str!("exit.txt"),
    include_str!("signal.txt"),
    include_str!("waiting.txt"),
    include_str!("terminated.txt"),
    include_str!("pod.txt"),
    include_str!("podcondition.txt"),
    include_str!("podevent.txt"),
    include_str!("scheduling.txt"),
    include_str!("workload.txt"),
    include_str!("storage.txt"),
    include_str!("api.txt"),
    include_str!("node.txt"),
    include_str!("runtime.txt"),
    include_str!("host.txt"),
    include_str!("concept.txt"),
];

/// Looks that many entries share, by the name behind `@`.
const LOOKS: [(&str, &str, &str); 23] = [
    (
        "state",
        "each container's state, and how its last instance ended",
        "kubectl -n NS get pod POD -o jsonpath-as-json='{..state} {..lastState}'",
    ),
    (
        "dead-log",
        "the last words of the instance that ended",
        "kubectl -n NS logs POD -c CONTAINER --previous --tail=50",
    ),
    ("log", "its log", "kubectl -n NS logs POD -c CONTAINER --tail=50"),
    (
        "termination",
        "what it left as its termination message",
        "kubectl -n NS get pod POD -o jsonpath='{..terminated.message}'",
    ),
    (
        "command",
        "what it runs, beyond the image's own entry point",
        "kubectl -n NS get pod POD -o jsonpath='{..command} {..args}'",
    ),
    ("events", "its events, by last seen", "kubectl -n NS events --for pod/POD"),
    ("conditions", "its conditions", "kubectl -n NS get pod POD -o jsonpath-as-json='{.status.conditions}'"),
    (
        "init",
        "the init containers, in order",
        "kubectl -n NS get pod POD -o jsonpath-as-json='{.status.initContainerStatuses}'",
    ),
    (
        "kernel",
        "the kernel's account, on the node",
        "journalctl -k --no-pager -o short-iso --grep 'oom-kill|Killed process'",
    ),
    ("kernelwarn", "the kernel's warnings, on the node", "journalctl -k --no-pager -o short-iso -p warning"),
    (
        "kubelet",
        "the kubelet's log, on the node",
        "journalctl -u kubelet --no-pager -o short-iso --since '1 hour ago'",
    ),
    (
        "runtime",
        "the runtime's log, on the node (crio for CRI-O)",
        "journalctl -u containerd --no-pager -o short-iso --since '1 hour ago'",
    ),
    ("node", "the node: conditions, taints, what is given away", "kubectl describe node NODE"),
    (
        "node-conditions",
        "the node's conditions",
        "kubectl get node NODE -o jsonpath-as-json='{.status.conditions}'",
    ),
    (
        "node-events",
        "the node's events",
        "kubectl get events -A --field-selector involvedObject.kind=Node,involvedObject.name=NODE",
    ),
    (
        "lease",
        "the node's last sign of life",
        "kubectl -n kube-node-lease get lease NODE -o jsonpath='{.spec.renewTime}'",
    ),
    ("pvc", "the claim and its events", "kubectl -n NS describe pvc NAME"),
    ("pods", "its pods", "kubectl -n NS get pods -o wide"),
    ("probes", "probes, hooks and times as configured", "kubectl -n NS get pod POD -o yaml"),
    ("finalizers", "who should act", "kubectl -n NS get KIND NAME -o jsonpath='{.metadata.finalizers}'"),
    ("limitrange", "the limits", "kubectl -n NS describe limitrange"),
    (
        "pullsecrets",
        "which secrets the pod may use",
        "kubectl -n NS get pod POD -o jsonpath='{.spec.imagePullSecrets} {.spec.serviceAccountName}'",
    ),
    ("service", "the service and its events", "kubectl -n NS describe service NAME"),
];

/// One entry as it stands in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Short name of the topic.
    pub topic: &'static str,
    /// Heading of the topic in the list of all words.
    pub heading: &'static str,
    pub word: &'static str,
    /// Every line below the word.
    body: &'static str,
}

/// All entries in the order of the files.
pub(super) fn blocks() -> impl Iterator<Item = Block> {
    FILES.iter().flat_map(|file| {
        let mut topic = "";
        let mut heading = "";
        file.split("\n\n").filter_map(move |chunk| {
            let chunk = chunk.trim_matches('\n');
            if let Some(title) = chunk.strip_prefix("= ") {
                (topic, heading) = title.split_once(" | ").unwrap_or((title, title));
                return None;
            }
            let (word, body) = chunk.strip_prefix("# ")?.split_once('\n')?;
            Some(Block { topic, heading, word, body })
        })
    })
}

impl Block {
    fn values(self, key: &'static str) -> impl Iterator<Item = &'static str> {
        self.body.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix(": "))
    }

    pub fn aliases(self) -> impl Iterator<Item = &'static str> {
        self.values("also").flat_map(|line| line.split(", "))
    }

    /// Literals that lead from a pasted line to this entry.
    pub fn texts(self) -> impl Iterator<Item = &'static str> {
        self.values("text")
    }

    /// The one line without a key.
    pub fn meaning(self) -> &'static str {
        self.body.lines().find(|line| key(line).is_none()).unwrap_or_default()
    }

    pub fn entry(self) -> Entry {
        Entry {
            word: self.word.into(),
            topic: self.topic,
            exit_code: None,
            signal: None,
            arithmetic: None,
            meaning: self.meaning().into(),
            aside: None,
            says_it: self.values("says").next(),
            ladder: self.values("ladder").collect(),
            confused_with: self.values("not").collect(),
            look_next: self.values("look").map(look).collect(),
            see: self.values("see").flat_map(|line| line.split(", ")).collect(),
            myth: self.values("myth").next(),
            source: self.values("from").next(),
            aliases: self.aliases().collect(),
        }
    }
}

/// The key of a line, if it has one.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(": ")?;
    ["also", "says", "ladder", "not", "look", "see", "myth", "from", "text"]
        .into_iter()
        .find(|&known| known == key)
}

fn look(line: &'static str) -> Look {
    if let Some(&(_, what, command)) =
        line.strip_prefix('@').and_then(|name| LOOKS.iter().find(|&&(known, ..)| known == name))
    {
        return Look { what, command: Some(command) };
    }
    match line.split_once(" $ ") {
        Some((what, command)) => Look { what, command: Some(command) },
        None => Look { what: line, command: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_is_understood() {
        for file in FILES {
            assert!(file.starts_with("= "), "a file begins with its topic: {:?}", &file[..20]);
            for chunk in file.trim_end().split("\n\n") {
                let mut lines = chunk.lines();
                let head = lines.next().unwrap();
                if head.starts_with("= ") {
                    assert!(head.contains(" | ") && lines.next().is_none(), "{chunk}");
                    continue;
                }
                assert!(head.starts_with("# "), "{chunk}");
                let keys: Vec<_> = lines.map(key).collect();
                assert_eq!(keys.iter().filter(|k| k.is_none()).count(), 1, "one line of meaning: {chunk}");
                let order = |k: &Option<&str>| match k {
                    Some("also") => 0,
                    None => 1,
                    Some("says") => 2,
                    Some("ladder") => 3,
                    Some("not") => 4,
                    Some("look") => 5,
                    Some("see") => 6,
                    Some("myth") => 7,
                    Some("from") => 8,
                    _ => 9,
                };
                assert!(keys.is_sorted_by_key(order), "order of keys: {chunk}");
                for single in ["also", "says", "see", "myth", "from"] {
                    assert!(
                        keys.iter().filter(|&&k| k == Some(single)).count() <= 1,
                        "{single} twice: {chunk}"
                    );
                }
            }
        }
    }

    #[test]
    fn common_looks_resolve_and_are_used() {
        let mut used = BTreeSet::new();
        for block in blocks() {
            for line in block.values("look") {
                if let Some(name) = line.strip_prefix('@') {
                    assert!(LOOKS.iter().any(|&(known, ..)| known == name), "{}: {line}", block.word);
                    used.insert(name);
                }
            }
        }
        for (name, ..) in LOOKS {
            assert!(used.contains(name), "@{name} is never used");
        }
    }

    #[test]
    fn meanings_are_whole_sentences_and_short() {
        for block in blocks() {
            let meaning = block.meaning();
            assert!(meaning.ends_with('.'), "{}: {meaning}", block.word);
            assert!(meaning.len() < 420, "{}: {} bytes", block.word, meaning.len());
        }
    }
}
