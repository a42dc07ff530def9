//! Where a finding is: what it shares with others.

use crate::Text;
use crate::evidence::VolumeSource;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::subject::{Kind, Subject};
use std::collections::BTreeSet;

/// Everything that a finding's subject and members belong to.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Pods hit, and the subject if it is one.
    pub pods: BTreeSet<Subject>,
    /// Topmost owners, and every owner below.
    pub owners: BTreeSet<Subject>,
    /// Nodes that the pods are on, and the subject if it is one.
    pub nodes: BTreeSet<Text>,
    /// Services that select the pods, and the subject if it is one.
    pub services: BTreeSet<Subject>,
    /// Services that the pods' environment names.
    pub depends_on: BTreeSet<Subject>,
    /// Claims that the pods mount, and the subject if it is one.
    pub claims: BTreeSet<Subject>,
    /// Namespaces.
    pub namespaces: BTreeSet<Text>,
}

impl Place {
    pub(super) fn of(finding: &Finding, facts: &Facts) -> Place {
        let mut place =
            Place { depends_on: finding.depends_on.iter().cloned().collect(), ..Place::default() };
        for subject in finding.members.iter().chain([&finding.subject]) {
            place.add(&subject.whole(), facts);
        }
        place
    }

    fn add(&mut self, subject: &Subject, facts: &Facts) {
        self.namespaces.extend(subject.namespace.clone());
        match subject.kind {
            Kind::Pod => self.add_pod(subject, facts),
            Kind::Node => {
                self.nodes.insert(subject.name.clone());
            }
            Kind::Service => {
                self.services.insert(subject.clone());
            }
            Kind::PersistentVolumeClaim => {
                self.claims.insert(subject.clone());
            }
            _ if subject.kind.is_namespaced() => {
                self.owners.insert(subject.clone());
                self.owners.insert(facts.top(subject));
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
        self.pods.insert(subject.clone());
        let Some(pod) = facts.pod(subject) else { return };
        self.nodes.extend(pod.pod.node.clone());
        self.owners.extend(pod.owners.iter().map(|o| o.subject.clone()));
        self.add_links(subject, facts);
    }

    fn add_links(&mut self, subject: &Subject, facts: &Facts) {
        let Some(index) = facts.pod_at(subject) else { return };
        let Some(pod) = facts.pods.get(index) else { return };
        for service in facts.services_of(index) {
            self.services.insert(service.object.subject.clone());
        }
        for volume in pod.pod.volumes.iter().flatten() {
            if let VolumeSource::Claim { name } = &volume.source {
                self.claims.insert(Subject::new(
                    Kind::PersistentVolumeClaim,
                    subject.namespace.as_deref(),
                    name,
                ));
            }
        }
        self.depends_on.extend(facts.named_services(pod));
    }
}
