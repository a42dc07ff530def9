//! The sentences of the kubelet's eviction manager.

use super::text::{after, between, keep, quoted, some, until, word};
use crate::Text;

/// An eviction (pkg/kubelet/eviction/helpers.go, 1.13 to 1.36).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Eviction {
    /// `memory`, `ephemeral-storage`, `inodes`, `pids`.
    pub resource: Option<Text>,
    /// What the threshold was.
    pub threshold: Option<Text>,
    /// What was left.
    pub available: Option<Text>,
    /// Containers, what they used and requested.
    pub containers: Vec<(Text, Text, Text)>,
    /// The pod passed a limit of its own: which.
    pub own_limit: Option<Text>,
    /// How much that limit is.
    pub limit: Option<Text>,
    /// The container or emptyDir volume that passed it.
    pub of: Option<Text>,
}

/// Reads the sentences of an eviction.
///
/// `The node was low on resource: <r>. [Threshold quantity: <q>, available: <q>. ]{Container <c> was using <q>, request is
/// <q>, has larger consumption of <r>. }` (1.26+); `Container <c> was using <q>, which exceeds its request of <q>. `
/// (≤1.25); `Pod <p> was using …` (1.34+ with pod-level resources).
pub fn eviction(text: &str) -> Eviction {
    let amount = |literal: &str| {
        let rest = after(text, literal)?;
        some(until(until(rest, ". "), ",").trim_end_matches('.'))
    };
    let mut found = Eviction {
        resource: after(text, "low on resource: ").and_then(|rest| some(word(rest.trim_start_matches('[')))),
        threshold: amount("Threshold quantity: "),
        available: amount("available: "),
        ..Eviction::default()
    };
    for sentence in text.split(". ") {
        let Some((subject, used)) = sentence.split_once(" was using ") else { continue };
        let name = subject.rsplit(' ').next().unwrap_or(subject);
        let request = after(used, "request is ").or_else(|| after(used, "its request of ")).unwrap_or("");
        found.containers.push((
            keep(name),
            keep(until(used, ",")),
            keep(until(request, ",").trim_end_matches('.')),
        ));
    }
    limit(text, &mut found);
    if found.resource.is_none() {
        // pkg/kubelet/eviction/eviction_manager.go `Admit`: `The node had condition: [MemoryPressure]. `
        found.resource = between(text, "The node had condition: [", "]").and_then(some);
    }
    found
}

/// A limit of the pod's own: `Container <c> exceeded its local ephemeral storage limit "<q>". `, `Pod ephemeral local storage
/// usage exceeds the total limit of containers <q>. `, `Usage of EmptyDir volume "<v>" exceeds the limit "<q>". `
fn limit(text: &str, found: &mut Eviction) {
    let (name, limit, of) = if let Some(rest) = after(text, "exceeded its local ephemeral storage limit ") {
        let container = until(text, " exceeded its local").rsplit(' ').next().unwrap_or("");
        ("container ephemeral-storage limit", rest, some(container))
    } else if let Some(rest) = after(text, "usage exceeds the total limit of containers ") {
        ("pod ephemeral-storage limit", rest, None)
    } else if let Some((volume, rest)) = after(text, "Usage of EmptyDir volume ").and_then(quoted) {
        ("emptyDir size limit", after(rest, "exceeds the limit ").unwrap_or(""), some(&volume))
    } else {
        return;
    };
    found.own_limit = Some(name.into());
    found.limit = some(word(limit.trim_start_matches('"')));
    found.of = of;
    found.resource.get_or_insert_with(|| "ephemeral-storage".into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eviction_names_resource_and_usage() {
        let read = eviction(
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi. Container app was using 3653196Ki, request is 0, has larger consumption of memory. Container side was using 1Mi, request is 2Mi, has larger consumption of memory.",
        );
        assert_eq!(read.resource.as_deref(), Some("memory"));
        assert_eq!((read.threshold.as_deref(), read.available.as_deref()), (Some("100Mi"), Some("92Mi")));
        assert_eq!(
            read.containers,
            vec![("app".into(), "3653196Ki".into(), "0".into()), ("side".into(), "1Mi".into(), "2Mi".into())]
        );
        let old = eviction(
            "The node was low on resource: ephemeral-storage. Container app was using 12Gi, which exceeds its request of 0. ",
        );
        assert_eq!(old.resource.as_deref(), Some("ephemeral-storage"));
        assert_eq!(old.containers, vec![("app".into(), "12Gi".into(), "0".into())]);
        assert_eq!(
            eviction("The node was low on resource: pids. Threshold quantity: 10, available: 3.")
                .available
                .as_deref(),
            Some("3")
        );
        assert_eq!(
            eviction("The node had condition: [DiskPressure]. ").resource.as_deref(),
            Some("DiskPressure")
        );
    }

    #[test]
    fn an_eviction_by_a_limit_names_it() {
        for (text, own_limit, limit, of) in [
            (
                "Usage of EmptyDir volume \"cache\" exceeds the limit \"20Mi\". ",
                "emptyDir size limit",
                "20Mi",
                Some("cache"),
            ),
            (
                "Container app exceeded its local ephemeral storage limit \"1Gi\". ",
                "container ephemeral-storage limit",
                "1Gi",
                Some("app"),
            ),
            (
                "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
                "pod ephemeral-storage limit",
                "1Gi",
                None,
            ),
        ] {
            let read = eviction(text);
            assert_eq!(read.own_limit.as_deref(), Some(own_limit));
            assert_eq!(read.limit.as_deref(), Some(limit));
            assert_eq!(read.of.as_deref(), of);
            assert_eq!(read.resource.as_deref(), Some("ephemeral-storage"));
        }
    }
}
