//! What led to what: a graph of findings without a way back, in which an effect may have several causes.

use super::causes::{self, Cause};
use super::place::{Common, Places};
use crate::facts::Facts;
use crate::finding::{Code, Finding};
use crate::moment::{Moment, SECOND, Tri};
use std::collections::{BTreeMap, BTreeSet};

/// A cause, and the row of the table by which it leads to its effect.
pub(super) type Edge = (usize, &'static Cause);

/// More causes of one effect than these are not looked for: what is told of them is one sentence.
const MOST_CAUSES: usize = 64;

/// Findings joined by cause. Every finding that has a cause has one that explains it best; these make trees, each with
/// one root. The other causes are further edges inside a tree, or what had to come together with a root.
pub(super) struct Graph {
    /// For each finding, the cause that explains it best.
    parents: Vec<Option<Edge>>,
    /// For each finding, every cause inside its tree, without those that act through another one.
    causes: Vec<Vec<Edge>>,
    /// For each finding, what had to come together with its causes: findings that explain nothing alone.
    together: Vec<Vec<Edge>>,
    /// For each finding of which nothing is left, roots of other trees that have a part in it.
    shared: Vec<Vec<Edge>>,
    effects: BTreeMap<usize, Vec<usize>>,
}

impl Graph {
    pub(super) fn of(findings: &[Finding], facts: &Facts) -> Graph {
        let places = Places::of(findings, facts);
        let mut by_code: BTreeMap<Code, Vec<usize>> = BTreeMap::new();
        for (index, finding) in findings.iter().enumerate() {
            by_code.entry(finding.code).or_default().push(index);
        }
        let candidates = |table: &'static [Cause], effect: usize| -> Vec<Edge> {
            let mut all = Vec::new();
            let Some(b) = findings.get(effect) else { return all };
            let mut near: Vec<usize> = Vec::new();
            for row in table.iter().filter(|row| b.code == row.effect) {
                near.clear();
                for &(theirs, ours) in row.share.common() {
                    places.sharing(effect, ours, row.cause, theirs, &mut near);
                }
                if row.share.common().is_empty() {
                    near.extend(by_code.get(&row.cause).into_iter().flatten());
                }
                near.sort_unstable();
                near.dedup();
                all.extend(near.iter().filter(|&&cause| cause != effect).filter_map(|&cause| {
                    let a = findings.get(cause)?;
                    (in_time(row, a, b) && row.share.holds(a, b, facts)).then_some((cause, row))
                }));
            }
            all
        };
        let mut parents: Vec<Option<Edge>> = vec![None; findings.len()];
        let mut possible: Vec<Vec<Edge>> = Vec::with_capacity(findings.len());
        for effect in 0..findings.len() {
            let mut edges = candidates(causes::table(), effect);
            let mut best: Option<Edge> = None;
            for &(cause, row) in &edges {
                if !leads_to(&parents, cause, effect)
                    && best.is_none_or(|(known, _)| better(findings, cause, known))
                {
                    best = Some((cause, row));
                }
            }
            edges.truncate(MOST_CAUSES);
            possible.push(edges);
            if let Some(slot) = parents.get_mut(effect) {
                *slot = best;
            }
        }
        let mut graph = Graph {
            causes: parents.iter().map(|parent| parent.iter().copied().collect()).collect(),
            together: (0..findings.len()).map(|effect| candidates(causes::together(), effect)).collect(),
            shared: vec![Vec::new(); findings.len()],
            effects: BTreeMap::new(),
            parents,
        };
        for (effect, edges) in possible.iter().enumerate() {
            graph.further(effect, edges);
        }
        for (effect, edges) in possible.iter().enumerate() {
            if findings.get(effect).is_some_and(|f| f.code == Code::ServiceWithoutEndpoints) {
                graph.share(effect, edges, &places);
            }
        }
        for (effect, parent) in graph.parents.iter().enumerate() {
            if let Some((cause, _)) = parent {
                graph.effects.entry(*cause).or_default().push(effect);
            }
        }
        graph
    }

    /// Findings that nothing explains, and that explain something by themselves.
    pub(super) fn roots(&self) -> Vec<usize> {
        let enablers: BTreeSet<usize> = self.together.iter().flatten().map(|(cause, _)| *cause).collect();
        (0..self.parents.len())
            .filter(|index| self.parent(*index).is_none() && !enablers.contains(index))
            .collect()
    }

    fn parent(&self, index: usize) -> Option<Edge> {
        self.parents.get(index).copied().flatten()
    }

    fn root(&self, index: usize) -> usize {
        let mut at = index;
        for _ in 0..self.parents.len() {
            let Some((parent, _)) = self.parent(at) else { break };
            at = parent;
        }
        at
    }

    /// The causes of a finding inside its tree.
    pub(super) fn causes(&self, index: usize) -> &[Edge] {
        self.causes.get(index).map_or(&[], Vec::as_slice)
    }

    /// What had to come together with a finding's causes, and explains nothing alone.
    pub(super) fn together(&self, index: usize) -> &[Edge] {
        self.together.get(index).map_or(&[], Vec::as_slice)
    }

    /// Roots of other trees without which something would be left.
    pub(super) fn shared(&self, index: usize) -> &[Edge] {
        self.shared.get(index).map_or(&[], Vec::as_slice)
    }

    /// A root and all that follows from it: causes before their effects, and else by time.
    pub(super) fn tree(&self, root: usize, findings: &[Finding]) -> Vec<usize> {
        let mut members = vec![root];
        let mut next = 0;
        while let Some(&index) = members.get(next) {
            members.extend(self.effects.get(&index).into_iter().flatten());
            next += 1;
        }
        let time = |index: usize| {
            let finding = findings.get(index);
            let at =
                finding.and_then(|f| f.acts.first().and_then(|act| act.at.as_ref()).or(f.since.as_ref()));
            (at.is_none(), at.map(Moment::print_key), index)
        };
        let inside: BTreeSet<usize> = members.iter().copied().collect();
        let mut waits: BTreeMap<usize, usize> = BTreeMap::new();
        let mut frees: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &index in &inside {
            let causes = self.causes(index).iter().map(|(cause, _)| *cause).filter(|c| inside.contains(c));
            for cause in causes {
                *waits.entry(index).or_default() += 1;
                frees.entry(cause).or_default().push(index);
            }
        }
        let mut ready: BTreeSet<_> =
            inside.iter().filter(|index| !waits.contains_key(index)).map(|&index| time(index)).collect();
        let mut order = Vec::with_capacity(inside.len());
        while let Some((_, _, index)) = ready.pop_first() {
            order.push(index);
            for &effect in frees.get(&index).into_iter().flatten() {
                let left = waits.entry(effect).or_default();
                *left = left.saturating_sub(1);
                if *left == 0 {
                    ready.insert(time(effect));
                }
            }
        }
        order
    }

    /// Adds the other causes of an effect inside its tree.
    fn further(&mut self, effect: usize, edges: &[Edge]) {
        let Some((best, _)) = self.parent(effect) else { return };
        let root = self.root(effect);
        for &(cause, row) in edges {
            let known = self.causes(effect).iter().any(|(known, _)| *known == cause);
            if !known
                && cause != best
                && self.root(cause) == root
                && !self.follows(cause, effect)
                && let Some(slot) = self.causes.get_mut(effect)
            {
                slot.push((cause, row));
            }
        }
        // A cause that acts through another one is not told twice.
        let all: Vec<Edge> = self.causes(effect).to_vec();
        let direct: Vec<Edge> = all
            .iter()
            .copied()
            .filter(|(cause, _)| !all.iter().any(|(other, _)| other != cause && self.follows(*other, *cause)))
            .collect();
        if let Some(slot) = self.causes.get_mut(effect).filter(|_| !direct.is_empty()) {
            *slot = direct;
        }
    }

    /// Whether a finding follows from another one, over however many steps.
    fn follows(&self, effect: usize, cause: usize) -> bool {
        let mut seen = BTreeSet::from([effect]);
        let mut open = vec![effect];
        while let Some(at) = open.pop() {
            for &(next, _) in self.causes(at) {
                if next == cause {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// Nothing is left only because all that could be is gone: whoever took a part that the own tree did not take has its
    /// share in it.
    fn share(&mut self, effect: usize, edges: &[Edge], places: &Places) {
        let root = self.root(effect);
        if root == effect {
            return;
        }
        let pods = |finding: usize| places.of_finding(finding, Common::Pods);
        let hit = pods(effect);
        let own = edges.iter().filter(|(cause, _)| self.root(*cause) == root);
        let covered: BTreeSet<usize> = own.flat_map(|(cause, _)| pods(*cause)).copied().collect();
        let mut others: Vec<Edge> = Vec::new();
        for &(cause, row) in edges {
            let other = self.root(cause);
            let takes = |pod: &usize| hit.binary_search(pod).is_ok() && !covered.contains(pod);
            if other != root
                && pods(cause).iter().any(takes)
                && !others.iter().any(|(known, _)| *known == other)
            {
                others.push((other, row));
            }
        }
        others.sort_by_key(|(root, _)| *root);
        if let Some(slot) = self.shared.get_mut(effect) {
            *slot = others;
        }
    }
}

/// The cause's onset does not lie after the effect's, and not longer before it than the mechanism takes.
fn in_time(row: &Cause, cause: &Finding, effect: &Finding) -> bool {
    match (&cause.since, &effect.since) {
        (Some(cause), Some(effect)) => {
            effect.before(cause) != Tri::Yes
                && row.within_seconds.is_none_or(|limit| {
                    cause.until(effect).is_none_or(|(least, _)| least <= limit.saturating_mul(SECOND))
                })
        }
        _ => true,
    }
}

/// Whether `from` is already an effect of `to`: an edge back would close a loop.
fn leads_to(parents: &[Option<Edge>], from: usize, to: usize) -> bool {
    let mut at = from;
    for _ in 0..parents.len() {
        match parents.get(at).copied().flatten() {
            Some((parent, _)) if parent == to => return true,
            Some((parent, _)) => at = parent,
            None => return false,
        }
    }
    true
}

/// Of two possible causes: the surer one, then the later one, for the nearest cause explains most.
fn better(findings: &[Finding], a: usize, b: usize) -> bool {
    let (Some(x), Some(y)) = (findings.get(a), findings.get(b)) else { return false };
    let time = |f: &Finding| f.since.as_ref().map_or(i64::MIN, |m| m.earliest);
    (x.certainty, time(x)) > (y.certainty, time(y))
}
