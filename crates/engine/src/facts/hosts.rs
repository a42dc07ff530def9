//! What a host name means inside a cluster.

use super::{Facts, PodFact};
use crate::Text;
use crate::evidence::{Address, Body, Dns, EnvSource, Object};
use crate::subject::{Kind, Subject};
use std::collections::BTreeSet;

/// The Service that a host name means, seen from a namespace: `name`, `name.ns`, `name.ns.svc`, `name.ns.svc.<zone>`, and
/// for a pod of a headless one `pod.name.ns.svc`.
pub fn service_of(host: &str, from: Option<&str>) -> Option<Subject> {
    let parts: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let (name, namespace) = match parts.as_slice() {
        [name] => (*name, from),
        [name, namespace] | [name, namespace, "svc", ..] => (*name, Some(*namespace)),
        [_, name, namespace, "svc", ..] => (*name, Some(*namespace)),
        _ => return None,
    };
    let named = !name.is_empty() && !name.bytes().all(|b| b.is_ascii_digit());
    named.then(|| Subject::new(Kind::Service, namespace, name))
}

impl<'e> Facts<'e> {
    /// Whom a pod asks for names, where it is not the cluster's way: the objects that say so, and what they say.
    pub fn dns_of<'a>(&'a self, pod: &'a PodFact<'e>) -> Vec<(&'e Object, &'e Dns)> {
        let own = pod.pod.dns.as_ref().map(|dns| (pod.object, dns));
        let owners = pod.owners.iter().filter_map(|owner| {
            let workload = self.workload(&owner.subject)?;
            Some((workload.object, workload.workload.template.as_ref()?.pod.dns.as_ref()?))
        });
        own.into_iter().chain(owners).collect()
    }

    /// The Services that a pod's environment names, itself or by the ConfigMaps that it takes values from.
    pub fn named_services(&self, pod: &PodFact) -> BTreeSet<Subject> {
        let namespace = pod.subject().namespace.as_deref();
        let mut services = BTreeSet::new();
        let mut add = |address: &Address| services.extend(service_of(&address.host, namespace));
        let addresses = |map: &Text| {
            let object = self.object(&Subject::new(Kind::ConfigMap, namespace, map));
            match object.map(|object| &object.body) {
                Some(Body::Config(config)) => config.addresses.as_slice(),
                _ => &[],
            }
        };
        for env in pod.pod.containers.iter().flat_map(|c| c.env.iter().flatten()) {
            match &env.from {
                EnvSource::Address(address) => add(address),
                EnvSource::ConfigMapKey { name, key, .. } => {
                    addresses(name).iter().filter(|(k, _)| k == key).for_each(|(_, address)| add(address));
                }
                EnvSource::ConfigMap { name, .. } => {
                    addresses(name).iter().for_each(|(_, address)| add(address));
                }
                _ => {}
            }
        }
        services
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_mean_services_by_the_rules_of_cluster_dns() {
        let orders = Subject::new(Kind::Service, Some("shop"), "orders");
        for host in [
            "orders",
            "orders.shop",
            "orders.shop.svc",
            "orders.shop.svc.cluster.local",
            "orders.shop.svc.",
            "orders-0.orders.shop.svc.cluster.local",
        ] {
            assert_eq!(service_of(host, Some("shop")).as_ref(), Some(&orders), "{host}");
        }
        assert_eq!(service_of("api.example.com", Some("shop")), None);
        assert_eq!(service_of("10.0.0.1", Some("shop")), None);
    }
}
