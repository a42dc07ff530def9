//! Namespace by namespace, where a list of all of them is refused.

use super::{CONTROL_PLANE, NODE_LEASES};
use crate::Text;
use crate::evidence::{Gap, Observation, Read, What, Why};
use crate::subject::Kind;
use std::collections::BTreeSet;

/// The most namespaces that are asked one by one.
pub const MOST_NAMESPACES: usize = 1000;

/// The most namespaces that refuse one kind and are asked for the others all the same, so that each missing right is
/// named. Of more it is known what the reader is: a tenant, whose refusals nobody wants to read.
const FEW: usize = 4;

/// Kinds whose lists of all namespaces were refused, in the order in which they were asked for; none where the first
/// kind that was asked for is not among them, for then something else than the scope of the rights is amiss.
pub fn refused(reads: &[Read], gaps: &[Gap]) -> Vec<Kind> {
    let refused: BTreeSet<&Read> = gaps.iter().filter(|gap| is_refusal(gap)).map(|gap| &gap.read).collect();
    let everywhere = reads.iter().filter_map(|read| match read {
        Read::List { kind, namespace: None } if kind.is_namespaced() => Some((kind, read)),
        _ => None,
    });
    let mut kinds = everywhere.map(|(kind, read)| refused.contains(read).then(|| kind.clone())).peekable();
    if kinds.peek().is_none_or(Option::is_none) {
        return Vec::new();
    }
    kinds.flatten().collect()
}

/// The namespaces that were seen, in the order of their names, and how many more there are than are asked.
pub fn namespaces(seen: &[Observation]) -> (Vec<Text>, usize) {
    let objects = seen.iter().filter_map(super::object).map(|object| &object.subject);
    let names: BTreeSet<&Text> =
        objects.filter(|subject| subject.kind == Kind::Namespace).map(|subject| &subject.name).collect();
    let more = names.len().saturating_sub(MOST_NAMESPACES);
    (names.into_iter().take(MOST_NAMESPACES).cloned().collect(), more)
}

/// A kind in each namespace. Leases are read where nodes and the control plane have theirs, and nowhere else.
pub fn of_each(kind: &Kind, namespaces: &[Text]) -> Vec<Read> {
    let is_read = |name: &&Text| *kind != Kind::Lease || [NODE_LEASES, CONTROL_PLANE].contains(&&***name);
    let list = |name: &Text| Read::List { kind: kind.clone(), namespace: Some(name.clone()) };
    namespaces.iter().filter(is_read).map(list).collect()
}

/// Which of these lists were refused.
pub fn closed(lists: &[Read], gaps: &[Gap]) -> BTreeSet<Text> {
    let lists: BTreeSet<&Read> = lists.iter().collect();
    let refused = gaps.iter().filter(|gap| is_refusal(gap) && lists.contains(&gap.read));
    refused
        .filter_map(|gap| match &gap.read {
            Read::List { namespace, .. } => namespace.clone(),
            _ => None,
        })
        .collect()
}

/// The other kinds in each namespace, and apart from them those that are not asked for: the lists of closed namespaces,
/// where they are many.
pub fn others(kinds: &[Kind], namespaces: &[Text], closed: &BTreeSet<Text>) -> (Vec<Read>, Vec<Read>) {
    let all = kinds.iter().flat_map(|kind| of_each(kind, namespaces));
    all.partition(|read| match read {
        Read::List { kind, namespace: Some(name) } => {
            *kind == Kind::Lease || closed.len() <= FEW || !closed.contains(name)
        }
        _ => true,
    })
}

/// Whether an observation tells nothing but that a namespace is there.
pub fn is_of_namespaces(seen: &Observation) -> bool {
    match &seen.what {
        What::Object(object) => object.subject.kind == Kind::Namespace,
        What::Listed { kind, .. } => *kind == Kind::Namespace,
        _ => false,
    }
}

fn is_refusal(gap: &Gap) -> bool {
    matches!(gap.why, Why::Forbidden { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Locator, Object, View};
    use crate::plan::first;
    use crate::report::Scope;
    use crate::subject::Subject;

    fn gap(read: &Read) -> Gap {
        let why = Why::Forbidden { verb: "list".into(), resource: "x".into() };
        Gap { read: read.clone(), why, locator: Locator::default() }
    }

    fn list(kind: Kind, namespace: Option<&str>) -> Read {
        Read::List { kind, namespace: namespace.map(Into::into) }
    }

    #[test]
    fn pods_decide_whether_each_namespace_is_asked() {
        let reads = first(&Scope::default());
        let gaps: Vec<Gap> = reads.iter().map(gap).collect();
        let kinds = refused(&reads, &gaps);
        assert_eq!(kinds.first(), Some(&Kind::Pod));
        assert!(kinds.contains(&Kind::Lease) && !kinds.contains(&Kind::Node), "{kinds:?}");
        let but_pods = &gaps[1..];
        assert_eq!(refused(&reads, but_pods), []);
        assert_eq!(refused(&[], &gaps), []);
        let shop = [list(Kind::Pod, Some("shop"))];
        assert_eq!(refused(&shop, &[gap(&shop[0])]), []);
    }

    #[test]
    fn a_namespace_beyond_the_cap_is_counted() {
        let seen = |n: usize| Observation {
            capture: "".into(),
            sequence: 0,
            locator: Locator::default(),
            what: What::Object(Box::new(Object::new(
                Subject::new(Kind::Namespace, None, &format!("n{n:04}")),
                View::Whole,
            ))),
        };
        let seen: Vec<Observation> = (0..1003).rev().map(seen).collect();
        let (names, more) = namespaces(&seen);
        assert_eq!((names.len(), &*names[0], &*names[999], more), (1000, "n0000", "n0999", 3));
        assert!(seen.iter().all(is_of_namespaces));
    }

    #[test]
    fn few_closed_namespaces_are_asked_for_each_kind_and_many_are_not() {
        let names: Vec<Text> = ["a", "b", "c", "d", "e", "f", "kube-system"].map(Text::from).into();
        let pods = of_each(&Kind::Pod, &names);
        assert_eq!(pods.len(), 7);
        let refused: Vec<Gap> = pods[..5].iter().map(gap).collect();
        assert_eq!(closed(&pods, &refused[..1]), [Text::from("a")].into());
        let kinds = [Kind::Event, Kind::Lease];
        let (reads, left) = others(&kinds, &names, &closed(&pods, &refused[..4]));
        assert_eq!((reads.len(), left.len()), (8, 0));
        assert_eq!(reads[7], list(Kind::Lease, Some("kube-system")));
        let (reads, left) = others(&kinds, &names, &closed(&pods, &refused));
        assert_eq!(reads[0], list(Kind::Event, Some("f")));
        assert_eq!((reads.len(), left.len()), (3, 5));
        // A refusal of something else closes nothing.
        assert_eq!(closed(&pods, &[gap(&list(Kind::Event, Some("a")))]), [].into());
    }
}
