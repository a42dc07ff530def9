//! Reads in words: what would close a gap.

use crate::evidence::{Gap, Read, Why};
use std::collections::BTreeMap;

/// How to get what a read asks for, from a cluster.
pub fn words(read: &Read) -> String {
    match read {
        Read::Object(subject) => {
            let kind = subject.kind.as_str().to_lowercase();
            match &subject.namespace {
                Some(ns) => format!("kubectl -n {ns} get {kind} {} -o yaml", subject.name),
                None => format!("kubectl get {kind} {} -o yaml", subject.name),
            }
        }
        Read::List { kind, namespace } => match namespace {
            Some(ns) => format!("kubectl -n {ns} get {} -o yaml", kind.plural()),
            None => format!("kubectl get {} -A -o yaml", kind.plural()),
        },
        Read::Events(subject) => match &subject.namespace {
            Some(ns) => {
                format!("kubectl -n {ns} describe {} {}", subject.kind.as_str().to_lowercase(), subject.name)
            }
            None => format!("kubectl describe {} {}", subject.kind.as_str().to_lowercase(), subject.name),
        },
        Read::Log { container, previous } => {
            let ns = container.namespace.as_ref().map_or_else(String::new, |ns| format!("-n {ns} "));
            let of = container.part.as_ref().map_or_else(String::new, |part| format!(" -c {}", part.name()));
            let previous = if *previous { " --previous" } else { "" };
            format!("kubectl {ns}logs {}{of}{previous}", container.name)
        }
        Read::Journal { node, unit, .. } if &**unit == "kernel" => {
            format!("on {node}: journalctl -k -o short-iso --no-pager")
        }
        Read::Journal { node, unit, .. } => {
            format!("on {node}: journalctl -u {unit} -o short-iso --no-pager")
        }
        Read::Tags { image } => format!("the tags that the registry has of {image}"),
        Read::File { path } => format!("file {path}"),
    }
}

/// Gaps by reason, counted.
pub fn gaps(gaps: &[Gap]) -> Vec<String> {
    let mut by: BTreeMap<String, usize> = BTreeMap::new();
    for gap in gaps {
        let text = match &gap.why {
            Why::Forbidden { verb, resource } => format!("forbidden: {verb} {resource}"),
            Why::NotFound => format!("does not exist: {}", what(&gap.read)),
            Why::Unreachable(text) => format!("not reached: {text}"),
            Why::Gone(text) => format!("gone: {} ({text})", what(&gap.read)),
            Why::Truncated(text) => format!("cut off: {} ({text})", what(&gap.read)),
            Why::Unparsable(text) => format!("not understood: {} ({text})", what(&gap.read)),
            Why::NotCollected => format!("not collected: {}", what(&gap.read)),
        };
        *by.entry(text).or_default() += 1;
    }
    by.into_iter()
        .map(|(text, count)| if count > 1 { format!("{text} ({count} times)") } else { text })
        .collect()
}

fn what(read: &Read) -> String {
    match read {
        Read::Object(subject) | Read::Events(subject) => subject.to_string(),
        Read::List { kind, namespace } => {
            let of = namespace.as_ref().map_or_else(String::new, |ns| format!(" of {ns}"));
            format!("{}{of}", kind.plural())
        }
        Read::Log { container, previous } => {
            format!("{}log of {}", if *previous { "previous " } else { "" }, container.path())
        }
        Read::Journal { node, unit, .. } => format!("journal of {unit} on {node}"),
        Read::Tags { image } => format!("tags of {image}"),
        Read::File { path } => path.to_string(),
    }
}
