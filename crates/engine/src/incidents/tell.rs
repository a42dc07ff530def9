//! One incident, told: its root, what came together with it, the steps in their order.

use super::graph::Graph;
use super::{changed, check, course, id, impact, loops, remedies, rivals};
use crate::facts::{Facts, Family};
use crate::finding::{Certainty, Code, Finding};
use crate::moment::Moment;
use crate::report::{Incident, Root, Step};
use crate::subject::{Kind, Subject};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// All that incidents are told from.
pub(super) struct Teller<'t, 'e> {
    pub findings: &'t [Finding],
    pub graph: &'t Graph,
    pub families: &'t BTreeMap<Subject, Family<'t, 'e>>,
    pub thrown: &'t loops::ThrownOut,
    pub facts: &'t Facts<'e>,
}

impl Teller<'_, '_> {
    pub(super) fn incident(&self, root: usize) -> Option<Incident> {
        let first = self.findings.get(root)?;
        let order = self.graph.tree(root, self.findings);
        let mut tree: Vec<&Finding> = vec![first];
        tree.extend(order.iter().filter(|&&index| index != root).filter_map(|&i| self.findings.get(i)));
        let (because, contributing) = self.steps(&order);

        let facts = self.facts;
        let members: BTreeSet<Subject> =
            tree.iter().flat_map(|f| f.members.iter().map(Subject::whole)).collect();
        let impact = impact::of(&tree, facts);
        let severity = impact::severity(&tree, &impact, facts);
        let since = tree.iter().fold(None, |since, f| Moment::first(since, f.since.clone()));
        let weakest = order.iter().filter_map(|&i| Some(self.certainty(i, self.findings.get(i)?))).min();
        let changes = changed::changes(first, first.since.as_ref().or(since.as_ref()), self.families, facts);
        // What a symptom asks for is answered once its cause is known.
        let asking: Vec<&Finding> =
            tree.iter().copied().filter(|f| f.code == first.code || !is_symptom(f.code)).collect();
        let mut not_seen = changed::authors(&changes);
        not_seen.extend(collect(&asking, |f| &f.not_seen));
        not_seen.extend(rivals::unseen(&tree, facts));
        let mut ruled_out = rivals::rollouts(&tree, self.families);
        ruled_out.extend(collect(&tree, |f| &f.ruled_out));
        // A rival is ruled out once, by what is nearest to the root.
        let mut rivals = BTreeSet::new();
        ruled_out.retain(|rival| rivals.insert(rival.what.clone()));
        let course = course::of(&tree, &impact, facts);
        let mut remarks = collect(&tree, |f| &f.remarks);
        remarks.extend(course::remark(first, course));
        let mut remedies = match first.remedies.is_empty() {
            true => remedies::usual(first, facts),
            false => first.remedies.clone(),
        };
        check::revert(&mut remedies, &changes, facts);
        Some(Incident {
            id: id(first, facts),
            severity,
            course,
            since,
            title: impact::title(&tree, &impact, facts),
            certainty: weakest.unwrap_or(Certainty::Undetermined).min(first.certainty),
            root: told(first, facts),
            contributing: contributing.iter().map(|finding| told(finding, facts)).collect(),
            changes,
            loops: loops::of(&tree, &because, self.thrown, facts),
            because,
            members: members.into_iter().collect(),
            ruled_out,
            not_seen,
            remedies,
            check: Some(check::check(&impact, &tree, facts)),
            remarks,
            impact,
        })
    }

    /// The steps of a tree, and the findings that came together with others in it.
    fn steps(&self, order: &[usize]) -> (Vec<Step>, Vec<&Finding>) {
        let mut steps = Vec::new();
        let mut contributing: Vec<&Finding> = Vec::new();
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for &index in order {
            let Some(finding) = self.findings.get(index) else { continue };
            let causes = self.graph.causes(index);
            let beside = self.graph.together(index).iter().chain(self.graph.shared(index));
            for &(other, _) in beside {
                let Some(enabler) = self.findings.get(other) else { continue };
                if let Entry::Vacant(place) = last.entry(other) {
                    contributing.push(enabler);
                    self.step(other, enabler, &[], None, &mut steps);
                    place.insert(steps.len());
                }
            }
            let of = |edges: &[super::graph::Edge]| -> Vec<usize> {
                edges.iter().filter_map(|(cause, _)| last.get(cause).copied()).collect()
            };
            let mut caused_by = of(causes);
            caused_by.extend(of(self.graph.together(index)));
            caused_by.extend(of(self.graph.shared(index)));
            caused_by.sort_unstable();
            caused_by.dedup();
            let mechanism = causes.first().map(|(_, row)| row.mechanism);
            self.step(index, finding, &caused_by, mechanism, &mut steps);
            last.insert(index, steps.len());
        }
        (steps, contributing)
    }

    /// A symptom by itself explains nothing; as the effect of a known cause it is a fact. The link to it is as sure as
    /// the causes where they hit every pod that the symptom is of, and else likely.
    fn certainty(&self, index: usize, finding: &Finding) -> Certainty {
        let causes = self.graph.causes(index);
        if causes.is_empty() || !is_symptom(finding.code) {
            return finding.certainty;
        }
        let causes: Vec<&Finding> =
            causes.iter().filter_map(|(cause, _)| self.findings.get(*cause)).collect();
        let hit = |pod: &Subject| causes.iter().any(|cause| cause.members.iter().any(|m| m.whole() == *pod));
        let mut pods = finding.members.iter().filter(|m| m.kind == Kind::Pod).peekable();
        let surest = causes.iter().map(|cause| cause.certainty).min().unwrap_or(Certainty::Likely);
        let link = if pods.peek().is_some() && pods.all(hit) { surest } else { Certainty::Likely };
        finding.certainty.max(link).max(Certainty::Likely)
    }

    /// A finding as the steps that it consists of: as a rule one.
    fn step(
        &self,
        index: usize,
        finding: &Finding,
        caused_by: &[usize],
        mechanism: Option<&'static str>,
        steps: &mut Vec<Step>,
    ) {
        let certainty = self.certainty(index, finding);
        let step = |id: usize| Step {
            id,
            caused_by: caused_by.to_vec(),
            at: finding.since.clone(),
            code: finding.code,
            subject: finding.subject.clone(),
            summary: finding.summary.clone(),
            mechanism,
            certainty,
            evidence: finding.proofs.clone(),
        };
        let [acts @ .., last] = finding.acts.as_slice() else {
            return steps.push(step(steps.len() + 1));
        };
        let mut before = Vec::new();
        for act in acts {
            let id = steps.len() + 1;
            let first = Step {
                caused_by: std::mem::take(&mut before),
                at: act.at.clone(),
                summary: act.summary.clone(),
                mechanism: None,
                evidence: act.proofs.clone(),
                ..step(id)
            };
            steps.push(first);
            before.push(id);
        }
        let mut all = step(steps.len() + 1);
        all.caused_by.extend(before);
        all.at.clone_from(&last.at);
        all.summary.clone_from(&last.summary);
        // What the act shows comes first; what else the finding rests on stands behind it.
        let mut evidence = last.proofs.clone();
        evidence.extend(finding.proofs.iter().filter(|p| !last.proofs.contains(p)).cloned());
        all.evidence = evidence;
        // The act tells how it came about.
        all.mechanism = None;
        steps.push(all);
    }
}

fn told(finding: &Finding, facts: &Facts) -> Root {
    Root {
        code: finding.code,
        aspect: finding.aspect.clone(),
        subject: finding.subject.clone(),
        owner: Some(facts.top(&finding.subject)).filter(|top| *top != finding.subject.whole()),
        certainty: finding.certainty,
        summary: finding.summary.clone(),
    }
}

/// Codes that only say that something is not as it should be.
pub(super) fn is_symptom(code: Code) -> bool {
    matches!(
        code,
        Code::WorkloadUnavailable
            | Code::ServiceWithoutEndpoints
            | Code::ServiceShort
            | Code::PodNotReady
            | Code::NodeNotReady
    )
}

fn collect<'f, T: Clone + PartialEq + 'f>(
    tree: &[&'f Finding],
    of: impl Fn(&'f Finding) -> &'f Vec<T>,
) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for item in tree.iter().flat_map(|f| of(f)) {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all
}
