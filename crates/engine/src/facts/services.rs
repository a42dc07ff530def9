//! Services: the pods that each selects, and its endpoints.

use super::PodFact;
use crate::Text;
use crate::evidence::{Body, Endpoints, Evidence, Object, Selector, Service};
use crate::moment::Moment;
use crate::subject::Kind;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A Service, the pods that it selects, and its endpoints.
pub struct ServiceFact<'e> {
    /// The object.
    pub object: &'e Object,
    /// Its body.
    pub service: &'e Service,
    /// Pods that its selector matches, as indices; none where labels were not seen.
    pub pods: Option<Vec<usize>>,
    /// Ready endpoints (addresses), where any view shows them.
    pub ready: Option<Vec<Text>>,
    /// Endpoints that are not ready.
    pub not_ready: Option<Vec<Text>>,
    /// When they last changed, where any view shows it.
    pub changed: Option<Moment>,
}

/// Joins Services to pods and endpoints.
pub(super) fn of<'e>(evidence: &'e Evidence, pods: &[PodFact<'e>]) -> Vec<ServiceFact<'e>> {
    let mut services = Vec::new();
    // Objects stand in the order of their subjects: those of one kind and namespace stand together.
    for together in evidence.of(&Kind::Service).chunk_by(|a, b| a.subject.namespace == b.subject.namespace) {
        let Some(namespace) = together.first().map(|object| &object.subject.namespace) else { continue };
        let labelled = Labelled::of(Some(namespace), pods);
        let endpoints = endpoints_of(evidence, namespace);
        services.extend(together.iter().filter_map(|object| {
            let Body::Service(service) = &object.body else { return None };
            if object.views.is_past() {
                return None;
            }
            let endpoints = endpoints.get(&*object.subject.name).map_or(&[][..], Vec::as_slice);
            let selector = service.selector.as_ref().filter(|selector| !selector.is_empty());
            let pods = selector.filter(|_| labelled.all_seen).map(|labels| {
                let mut selected =
                    labelled.selected(&Selector { labels: labels.clone(), ..Selector::default() });
                selected.retain(|at| pods.get(*at).is_some_and(|pod| !pod.gone));
                selected
            });
            Some(service_fact(object, service, pods, endpoints))
        }));
    }
    services
}

/// The pods of one namespace, or of all, by their labels: ten thousand pods have as many Services that ask for them.
pub(super) struct Labelled<'p, 'e> {
    pods: &'p [PodFact<'e>],
    by_label: BTreeMap<(&'e str, &'e str), Vec<usize>>,
    /// Where the namespace begins among all pods.
    first: usize,
    /// Whether the labels of every pod were seen.
    all_seen: bool,
}

impl<'p, 'e> Labelled<'p, 'e> {
    pub(super) fn of(namespace: Option<&Option<Text>>, pods: &'p [PodFact<'e>]) -> Self {
        let of = |pod: &PodFact| namespace.map_or(Ordering::Equal, |ns| pod.object.subject.namespace.cmp(ns));
        let first = pods.partition_point(|pod| of(pod).is_lt());
        let end = pods.partition_point(|pod| of(pod).is_le());
        let near = pods.get(first..end).unwrap_or(&[]);
        let mut by_label: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        let mut all_seen = true;
        for (at, pod) in near.iter().enumerate() {
            let Some(labels) = &pod.object.labels else {
                all_seen &= pod.gone;
                continue;
            };
            for (key, value) in labels.iter() {
                by_label.entry((key, value)).or_default().push(at);
            }
        }
        Labelled { pods: near, by_label, first, all_seen }
    }

    /// The pods that a selector matches, as indices among all. One without known labels is none of them.
    pub(super) fn selected(&self, selector: &Selector) -> Vec<usize> {
        let holds = |at: usize| {
            let labels = self.pods.get(at).and_then(|pod| pod.object.labels.as_ref());
            labels.is_some_and(|labels| selector.matches(labels))
        };
        let with = selector.labels.iter().map(|(key, value)| self.by_label.get(&(&**key, &**value)));
        let fewest = with.map(|pods| pods.map_or(&[][..], Vec::as_slice)).min_by_key(|pods| pods.len());
        match fewest {
            Some(few) => few.iter().copied().filter(|at| holds(*at)).map(|at| self.first + at).collect(),
            None => (0..self.pods.len()).filter(|at| holds(*at)).map(|at| self.first + at).collect(),
        }
    }
}

/// The endpoints of a namespace by the name of their Service.
fn endpoints_of<'e>(
    evidence: &'e Evidence,
    namespace: &Option<Text>,
) -> BTreeMap<&'e str, Vec<&'e Endpoints>> {
    let mut by_service: BTreeMap<&str, Vec<&Endpoints>> = BTreeMap::new();
    for kind in [Kind::Endpoints, Kind::EndpointSlice] {
        let all = evidence.of(&kind);
        let first = all.partition_point(|o| o.subject.namespace < *namespace);
        for object in all.iter().skip(first).take_while(|o| o.subject.namespace == *namespace) {
            let Body::Endpoints(endpoints) = &object.body else { continue };
            let of = endpoints.service.as_deref().unwrap_or(&object.subject.name);
            by_service.entry(of).or_default().push(endpoints);
        }
    }
    by_service
}

fn service_fact<'e>(
    object: &'e Object,
    service: &'e Service,
    pods: Option<Vec<usize>>,
    endpoints: &[&Endpoints],
) -> ServiceFact<'e> {
    let (mut ready, mut not_ready) = (None::<Vec<Text>>, None::<Vec<Text>>);
    let mut changed = None;
    for endpoints in endpoints {
        changed = Moment::last(changed.take(), endpoints.changed.clone());
        if let Some(addresses) = &endpoints.ready {
            ready.get_or_insert_default().extend(addresses.iter().cloned());
        }
        if let Some(addresses) = &endpoints.not_ready {
            not_ready.get_or_insert_default().extend(addresses.iter().cloned());
        }
    }
    if ready.is_none()
        && let Some(listed) = &service.endpoints
    {
        let address = |e: &Text| e.rsplit_once(':').map_or_else(|| e.clone(), |(ip, _)| ip.into());
        ready = Some(listed.iter().map(address).collect());
    }
    for list in [&mut ready, &mut not_ready].into_iter().flatten() {
        list.sort();
        list.dedup();
    }
    ServiceFact { object, service, pods, ready, not_ready, changed }
}
