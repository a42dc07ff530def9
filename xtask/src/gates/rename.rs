//! The rename gate: with other names and addresses, the same everywhere, the verdict is the same about the renamed
//! object. A rule that knows somebody's objects, images or namespaces does not follow.

use super::{Capture, diagnose, verdict};
use crate::place;
use engine::evidence::Evidence;
use engine::subject::Kind;
use intake::{Intake, RawRecord};
use std::collections::BTreeSet;

/// Words that Kubernetes, the kernel or programs use themselves: a name that is one of them stays.
const WORDS: &[&str] = &[
    "default",
    "server",
    "worker",
    "master",
    "liveness",
    "readiness",
    "startup",
    "config",
    "service",
    "system",
    "network",
    "storage",
    "memory",
    "volume",
    "volumes",
    "standard",
    "leader",
    "kubernetes",
    "containerd",
    "kubelet",
];
/// What belongs to Kubernetes and its add-ons, by how it begins.
const OWN: &[&str] = &["kube-", "system:", "istio", "calico", "coredns", "pause", "k8s"];
/// A single word this short may stand for anything.
const SHORT: usize = 6;

pub(super) fn holds(capture: &Capture) -> Result<(), String> {
    let (evidence, _) = capture.read.clone().finish();
    let names = Names::of(&evidence);
    let mut read = Intake::default();
    for file in place::files(&capture.folder, "") {
        let path = file.strip_prefix(&capture.folder).unwrap_or(&file).to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let text = names.renamed(&String::from_utf8_lossy(&bytes));
        intake::read(RawRecord { path: &names.renamed(&path), bytes: text.as_bytes() }, &mut read);
    }
    let expected = names.renamed(&verdict(&capture.report));
    let found = verdict(&diagnose(&read.finish().0));
    if expected == found { Ok(()) } else { Err(format!("`{expected}` became `{found}`")) }
}

/// The names of a capture's objects.
struct Names {
    all: BTreeSet<String>,
    /// The same without separators: `order_svc` and `OrderSvc` are how others write `order-svc`.
    squeezed: BTreeSet<String>,
    /// The last words of a name written together, as in paths of URLs: `orderservice` for `shop-order-service`.
    joined: BTreeSet<String>,
}

impl Names {
    fn of(evidence: &Evidence) -> Names {
        let mut all = BTreeSet::new();
        let mut add = |name: &str| {
            let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            let telling = name.contains('-') && name.len() > 3 || name.len() >= SHORT;
            let own = OWN.iter().any(|own| name.starts_with(own)) || WORDS.contains(&name);
            if plain && telling && !own {
                all.insert(name.to_owned());
            }
        };
        for object in evidence.objects().iter().filter(|o| o.subject.kind != Kind::StorageClass) {
            add(&object.subject.name);
            object.subject.namespace.iter().for_each(|namespace| add(namespace));
            for container in object.pod().iter().flat_map(|pod| &pod.containers) {
                add_hyphenated(&container.name, &mut add);
                let image = container.image.as_deref().unwrap_or("");
                let parts = image.split('/').filter(|part| !part.contains('.'));
                parts.for_each(|part| add_hyphenated(part.split([':', '@']).next().unwrap_or(""), &mut add));
            }
        }
        evidence.units().iter().filter_map(|unit| unit.node.as_deref()).for_each(&mut add);
        Names::from(all)
    }

    fn from(all: BTreeSet<String>) -> Names {
        let mut joined = BTreeSet::new();
        for name in &all {
            let words: Vec<&str> = name.split('-').collect();
            joined.extend((0..words.len().saturating_sub(1)).map(|from| words[from..].concat()));
        }
        let squeezed = all.iter().map(|name| squeezed(name)).filter(|name| name.len() >= SHORT).collect();
        Names { all, squeezed, joined }
    }

    fn renamed(&self, text: &str) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            match out.ends_with('/') && self.joined.contains(&squeezed(word)) {
                true => out.push_str(&turned(word)),
                false => self.word(word, &mut out),
            }
            let next = behind.find(is_word).unwrap_or(behind.len());
            let (between, behind) = behind.split_at(next);
            out.push_str(between);
            rest = behind;
        }
        out
    }

    fn has(&self, word: &str) -> bool {
        let is_plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        self.all.contains(word) || (!is_plain && self.squeezed.contains(&squeezed(word)))
    }

    /// A word, with every name in it that stands between separators turned into another.
    fn word(&self, word: &str, out: &mut String) {
        if let Some(address) = moved(word) {
            out.push_str(&address);
            return;
        }
        let separators: Vec<usize> = word.match_indices(['-', '_', '.']).map(|(at, _)| at).collect();
        let mut at = 0;
        while at < word.len() {
            let ends = separators.iter().rev().copied().filter(|end| *end > at);
            let name = std::iter::once(word.len()).chain(ends).find(|end| self.has(&word[at..*end]));
            let end = match name {
                Some(end) => {
                    out.push_str(&turned(&word[at..end]));
                    end
                }
                None => {
                    let end = separators.iter().copied().find(|end| *end >= at).unwrap_or(word.len());
                    out.push_str(&word[at..end]);
                    end
                }
            };
            out.push_str(word.get(end..end + 1).unwrap_or(""));
            at = end + 1;
        }
    }
}

/// A name's letters and digits, whatever stands between them.
fn squeezed(name: &str) -> String {
    name.chars().filter(|c| !"-_".contains(*c)).map(|c| c.to_ascii_lowercase()).collect()
}

fn add_hyphenated(name: &str, add: &mut impl FnMut(&str)) {
    if name.contains('-') {
        add(name);
    }
}

/// Each letter as another of its case: vowels stay vowels and consonants consonants, so that a name has the same length, and a
/// generated suffix is still of the letters that Kubernetes takes for those.
fn turned(name: &str) -> String {
    let turn = |c: char, letters: &str, by: usize| {
        letters.find(c).and_then(|at| letters.chars().nth((at + by) % letters.len()))
    };
    let lower = |c| turn(c, "aeiou", 2).or_else(|| turn(c, "bcdfghjklmnpqrstvwxz", 7)).unwrap_or(c);
    let same_case = |c: char| match c.is_ascii_uppercase() {
        true => lower(c.to_ascii_lowercase()).to_ascii_uppercase(),
        false => lower(c),
    };
    name.chars().map(same_case).collect()
}

/// An address of a private network, in another one of the same length.
fn moved(word: &str) -> Option<String> {
    let parts: Vec<u8> = word.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let other = |octet: u8| octet - octet % 10 + (octet + 3) % 10;
    match parts.as_slice() {
        [10, b, c, d] if (10..250).contains(b) => Some(format!("10.{}.{c}.{d}", other(*b))),
        [172, b, c, d] if (16..32).contains(b) => Some(format!("172.{}.{c}.{d}", 16 + (b - 16 + 5) % 16)),
        [192, 168, c, d] if *c < 10 => Some(format!("192.168.{}.{d}", (c + 3) % 10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> Names {
        Names::from(of.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn names_are_turned_wherever_they_stand_by_themselves() {
        let names = names(&["order-svc", "worker-1", "shop-order-service"]);
        let turned = |text: &str| names.renamed(text);
        assert_eq!(turned("order-svc"), super::turned("order-svc"));
        assert_eq!(turned("order-svc").len(), "order-svc".len());
        assert!(
            turned("pod order-svc-7c9d-x2k4p on worker-1.")
                .ends_with(&format!("on {}.", super::turned("worker-1")))
        );
        assert_eq!(turned("data-order-svc-0"), format!("data-{}-0", super::turned("order-svc")));
        for same in ["preorder-svc", "order-svcs", "Order", "a worker", "é→ok -", "orderservice"] {
            assert_eq!(turned(same), same);
        }
        for other in ["order_svc", "ORDER_SVC", "OrderSvc", "order-svc"] {
            assert_eq!(turned(other), super::turned(other));
        }
        let path = turned("GET /orderService/a");
        assert_eq!(path, format!("GET /{}/a", super::turned("orderService")));
        assert_eq!(path.to_lowercase(), turned("get /order_service/a").replace('_', ""));
    }

    #[test]
    fn addresses_move_and_keep_their_length() {
        assert_eq!(moved("172.20.3.4").as_deref(), Some("172.25.3.4"));
        assert_eq!(moved("10.244.1.9").as_deref(), Some("10.247.1.9"));
        assert_eq!(moved("192.168.0.1").as_deref(), Some("192.168.3.1"));
        for same in ["1.2.3.4", "10.0.0.1", "1.28.3", "10.300.1.1", "v1.31"] {
            assert_eq!(moved(same), None, "{same}");
        }
    }
}
