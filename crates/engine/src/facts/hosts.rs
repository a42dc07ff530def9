//! What a host name means inside a cluster.

use crate::subject::{Kind, Subject};

/// The Service that a host name means, seen from a namespace: `name`, `name.ns`, `name.ns.svc`, `name.ns.svc.<zone>`.
pub fn service_of(host: &str, from: Option<&str>) -> Option<Subject> {
    let mut parts = host.trim_end_matches('.').split('.');
    let name = parts.next().filter(|name| !name.is_empty() && !name.bytes().all(|b| b.is_ascii_digit()))?;
    let namespace = match (parts.next(), parts.next()) {
        (None, _) => from,
        (Some(namespace), None | Some("svc")) => Some(namespace),
        _ => return None,
    };
    Some(Subject::new(Kind::Service, namespace, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_mean_services_by_the_rules_of_cluster_dns() {
        let orders = Subject::new(Kind::Service, Some("shop"), "orders");
        for host in
            ["orders", "orders.shop", "orders.shop.svc", "orders.shop.svc.cluster.local", "orders.shop.svc."]
        {
            assert_eq!(service_of(host, Some("shop")).as_ref(), Some(&orders), "{host}");
        }
        assert_eq!(service_of("api.example.com", Some("shop")), None);
        assert_eq!(service_of("10.0.0.1", Some("shop")), None);
    }
}
