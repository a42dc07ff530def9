//! Where findings are: what they share with each other.

use crate::facts::Facts;
use crate::finding::{Code, Finding};
use crate::subject::{Kind, Subject};
use std::collections::BTreeMap;

/// What findings may have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Common {
    /// Pods hit, and the subject if it is one.
    Pods,
    /// Topmost owners, and every owner below.
    Owners,
    /// Nodes from which it can act: the subject if it is one, else those of its pods and members.
    ActsOn,
    /// Nodes that it hits: the subject if it is one, else those of its pods.
    HitsNodes,
    /// Services that select the pods, and the subject if it is one.
    Services,
    /// Services that the pods' environment names.
    DependsOn,
}

/// The places of all findings. Things are numbered, for thousands of findings are asked what they share.
#[derive(Default)]
pub(super) struct Places {
    /// By [`Subject::hash`] first.
    numbers: BTreeMap<(u64, Subject), usize>,
    places: Vec<BTreeMap<Common, Vec<usize>>>,
    /// The findings of a code that have to do with a thing.
    findings: BTreeMap<(Code, Common), BTreeMap<usize, Vec<usize>>>,
}

impl Places {
    pub(super) fn of(findings: &[Finding], facts: &Facts) -> Places {
        let mut places = Places::default();
        for (index, finding) in findings.iter().enumerate() {
            let mut place = Place { numbers: &mut places.numbers, all: BTreeMap::new() };
            place.fill(finding, facts);
            let mut all = place.all;
            for (&common, things) in &mut all {
                things.sort_unstable();
                things.dedup();
                let of_code = places.findings.entry((finding.code, common)).or_default();
                things.iter().for_each(|&thing| of_code.entry(thing).or_default().push(index));
            }
            places.places.push(all);
        }
        places
    }

    /// What a finding has to do with, in order.
    pub(super) fn of_finding(&self, finding: usize, common: Common) -> &[usize] {
        self.places.get(finding).and_then(|place| place.get(&common)).map_or(&[], Vec::as_slice)
    }

    /// Adds the findings of a code to which one thing is `theirs` that is `ours` to this finding.
    pub(super) fn sharing(
        &self,
        finding: usize,
        ours: Common,
        code: Code,
        theirs: Common,
        into: &mut Vec<usize>,
    ) {
        let Some(by_thing) = self.findings.get(&(code, theirs)) else { return };
        let things = self.of_finding(finding, ours).iter();
        into.extend(things.filter_map(|thing| by_thing.get(thing)).flatten());
    }
}

/// The place of one finding, as it is filled.
struct Place<'n> {
    numbers: &'n mut BTreeMap<(u64, Subject), usize>,
    all: BTreeMap<Common, Vec<usize>>,
}

impl Place<'_> {
    fn fill(&mut self, finding: &Finding, facts: &Facts) {
        for service in &finding.depends_on {
            self.put(Common::DependsOn, service);
        }
        for subject in finding.members.iter().chain([&finding.subject]) {
            self.add(&subject.as_whole(), facts);
        }
        if finding.subject.kind == Kind::Node {
            for common in [Common::ActsOn, Common::HitsNodes] {
                self.all.remove(&common);
                self.put(common, &finding.subject.as_whole());
            }
        }
    }

    fn put(&mut self, common: Common, thing: &Subject) {
        let next = self.numbers.len();
        let number = *self.numbers.entry((thing.hash(), thing.clone())).or_insert(next);
        self.all.entry(common).or_default().push(number);
    }

    fn add(&mut self, subject: &Subject, facts: &Facts) {
        match subject.kind {
            Kind::Pod => self.add_pod(subject, facts),
            Kind::Node => self.put(Common::ActsOn, subject),
            Kind::Service => self.put(Common::Services, subject),
            // A claim is in no relation of its own.
            Kind::PersistentVolumeClaim => {}
            _ if subject.kind.is_namespaced() => {
                self.put(Common::Owners, subject);
                self.put(Common::Owners, &facts.top(subject));
                for pod in facts.pods_of(subject) {
                    // A workload's pods give it its services and dependencies, not its nodes: a fault of one pod's
                    // node is not one of the workload.
                    self.add_links(pod.subject(), facts);
                }
            }
            _ => {}
        }
    }

    fn add_pod(&mut self, subject: &Subject, facts: &Facts) {
        self.put(Common::Pods, subject);
        let Some(pod) = facts.pod(subject) else { return };
        if let Some(node) = &pod.pod.node {
            let node = Subject { kind: Kind::Node, namespace: None, name: node.clone(), part: None };
            self.put(Common::ActsOn, &node);
            self.put(Common::HitsNodes, &node);
        }
        pod.owners.iter().for_each(|owner| self.put(Common::Owners, &owner.subject));
        self.add_links(subject, facts);
    }

    fn add_links(&mut self, subject: &Subject, facts: &Facts) {
        let Some(index) = facts.pod_at(subject) else { return };
        let Some(pod) = facts.pods.get(index) else { return };
        for service in facts.services_of(index) {
            self.put(Common::Services, &service.object.subject);
        }
        facts.named_services(pod).iter().for_each(|service| self.put(Common::DependsOn, service));
    }
}
