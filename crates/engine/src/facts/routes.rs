//! Tables of routes: which path an Ingress, or a gateway configured by a ConfigMap, sends to which Service.

use super::{Facts, LogFact, service_of};
use crate::Text;
use crate::evidence::{Body, Object, Pod, VolumeSource};
use crate::scan::log::Side;
use crate::subject::{Kind, Subject};
use std::collections::BTreeSet;

/// The routes of one object.
pub struct RouteTable<'e> {
    /// The Ingress or ConfigMap.
    pub object: &'e Object,
    /// What is at fault where a route is wrong: the Ingress, or the one workload that mounts the ConfigMap.
    pub owner: Subject,
    /// Its routes.
    pub routes: Vec<RouteFact>,
}

/// One route.
pub struct RouteFact {
    /// The path, without a host.
    pub path: Text,
    /// The Service that the host means.
    pub service: Subject,
    /// The Service's port, where written: a number or a name.
    pub port: Option<Text>,
}

impl<'e> Facts<'e> {
    /// Every table of routes.
    pub fn route_tables(&self) -> Vec<RouteTable<'e>> {
        let ingresses = self.evidence.of(&Kind::Ingress).iter();
        ingresses.chain(self.evidence.of(&Kind::ConfigMap)).filter_map(|object| self.table(object)).collect()
    }

    fn table(&self, object: &'e Object) -> Option<RouteTable<'e>> {
        let namespace = object.subject.namespace.as_deref();
        let (owner, routes) = match &object.body {
            Body::Ingress(ingress) => {
                let routes = ingress.backends.iter().map(|(place, service, port)| RouteFact {
                    path: place.find('/').and_then(|at| place.get(at..)).unwrap_or("/").into(),
                    service: Subject::new(Kind::Service, namespace, service),
                    port: Some(port.clone()).filter(|port| !port.is_empty()),
                });
                (object.subject.clone(), routes.collect::<Vec<_>>())
            }
            Body::Config(config) => {
                let routes = config.routes.iter().filter_map(|route| {
                    Some(RouteFact {
                        path: route.path.clone(),
                        service: service_of(&route.host, namespace)?,
                        port: route.port.map(|port| port.to_string().into()),
                    })
                });
                let routes: Vec<RouteFact> = routes.collect();
                // Most ConfigMaps route nothing, and to find their readers takes a look at every pod.
                if routes.is_empty() {
                    return None;
                }
                (self.reader_of(&object.subject)?, routes)
            }
            _ => return None,
        };
        (!routes.is_empty()).then_some(RouteTable { object, owner, routes })
    }

    /// The one workload that mounts a ConfigMap; the ConfigMap itself where several do. What none mounts routes nothing.
    fn reader_of(&self, map: &Subject) -> Option<Subject> {
        let here = |subject: &Subject| subject.namespace == map.namespace;
        let by_pods =
            self.pods().filter(|p| here(p.subject()) && mounts(p.pod, map)).map(|p| p.top().clone());
        let by_templates = self
            .workloads
            .iter()
            .filter(|w| {
                here(w.subject()) && w.workload.template.as_ref().is_some_and(|t| mounts(&t.pod, map))
            })
            .map(|w| self.top(w.subject()));
        let readers: BTreeSet<Subject> = by_pods.chain(by_templates).collect();
        let mut readers = readers.into_iter();
        match (readers.next(), readers.next()) {
            (Some(only), None) => Some(only),
            (Some(_), Some(_)) => Some(map.clone()),
            (None, _) => None,
        }
    }

    /// The log of a Service's pods that counts requests below a path which were answered with 404.
    pub fn not_found_below(&self, service: &Subject, path: &str) -> Option<(&LogFact<'e>, u64)> {
        let pods = self.services.iter().find(|s| s.object.subject == *service)?.pods.as_ref()?;
        let prefix = path.trim_end_matches(['*', '/']);
        self.logs.iter().filter(|log| log.pods.iter().any(|pod| pods.contains(pod))).find_map(|log| {
            let served = log.log.summary.traffic.iter().filter(|t| {
                t.side == Side::Served
                    && t.target
                        .strip_prefix(prefix)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            let count: u64 = served.map(|t| t.not_found).sum();
            (count > 0).then_some((log, count))
        })
    }
}

fn mounts(pod: &Pod, map: &Subject) -> bool {
    pod.volumes
        .iter()
        .flatten()
        .any(|volume| matches!(&volume.source, VolumeSource::ConfigMap { name, .. } if *name == map.name))
}
