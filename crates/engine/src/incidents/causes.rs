//! What leads to what. The table can be read aloud: *cause* leads to *effect* when they share *relation*.

use super::place::Place;
use crate::facts::Facts;
use crate::finding::{Code, Finding};
use crate::subject::Kind;

/// A row of the table.
#[derive(Debug)]
pub(super) struct Cause {
    pub cause: Code,
    pub effect: Code,
    pub share: Relation,
    /// The longest that the mechanism takes from onset to onset; none where it may take any time.
    pub within_seconds: Option<i64>,
    /// How one leads to the other, in words.
    pub mechanism: &'static str,
}

/// What cause and effect must share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// A pod.
    Pod,
    /// A workload: one owns the other, or both are of one.
    Owner,
    /// The cause is of a node, and the effect hits a pod there or the node itself.
    Node,
    /// The effect is of a Service that selects pods of the cause.
    ServedBy,
    /// The effect's pods name, in their environment, a Service that selects pods of the cause, or is the cause.
    DependsOn,
    /// A claim.
    Claim,
}

impl Relation {
    pub(super) fn holds(
        self,
        cause: &Finding,
        a: &Place,
        effect: &Finding,
        b: &Place,
        facts: &Facts,
    ) -> bool {
        match self {
            Relation::Pod => meet(&a.pods, &b.pods),
            Relation::Owner => meet(&a.owners, &b.owners) || meet(&a.pods, &b.pods),
            Relation::Node => {
                let of_node = |name: &crate::Text| match cause.subject.kind {
                    Kind::Node => cause.subject.name == *name,
                    _ => a.nodes.contains(name),
                };
                if effect.subject.kind == Kind::Node {
                    return of_node(&effect.subject.name);
                }
                b.pods.iter().any(|pod| facts.pod(pod).and_then(|p| p.pod.node.as_ref()).is_some_and(of_node))
            }
            Relation::ServedBy => meet(&a.services, &b.services),
            Relation::DependsOn => meet(&a.services, &b.depends_on),
            Relation::Claim => meet(&a.claims, &b.claims),
        }
    }
}

fn meet<T: Ord>(a: &std::collections::BTreeSet<T>, b: &std::collections::BTreeSet<T>) -> bool {
    a.intersection(b).next().is_some()
}

const fn cause(
    cause: Code,
    effect: Code,
    share: Relation,
    within_seconds: Option<i64>,
    mechanism: &'static str,
) -> Cause {
    Cause { cause, effect, share, within_seconds, mechanism }
}

use Code::*;

/// The table.
pub(super) static CAUSES: &[Cause] = &[cause(
    ServiceWithoutEndpoints,
    DependencyUnreachable,
    Relation::DependsOn,
    None,
    "callers find nobody behind the Service",
)];
