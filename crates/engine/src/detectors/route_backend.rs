//! See `route_backend.md` for what this means and the cases it must pass.

use super::route_names::Names;
use crate::evidence::Body;
use crate::facts::{Facts, RouteFact, RouteTable};
use crate::finding::{Certainty, Code, Finding, Proof, Remedy};
use crate::subject::Kind;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for table in facts.route_tables() {
        let named = Names::of(&table, facts);
        for route in &table.routes {
            let finding =
                missing(facts, &table, route, &named).or_else(|| misdirected(facts, &table, route, &named));
            found.extend(finding);
        }
    }
}

/// A backend that is no Service, or a port that the Service does not have.
fn missing(facts: &Facts, table: &RouteTable, route: &RouteFact, named: &Names) -> Option<Finding> {
    let ingress = table.object.subject.kind == Kind::Ingress;
    let mut certainty = if ingress { Certainty::Certain } else { Certainty::Likely };
    let (aspect, why) = match facts.object(&route.service).map(|object| &object.body) {
        Some(Body::Service(service)) => {
            let port = route.port.as_ref()?;
            let ports = service.ports.as_ref().filter(|ports| !ports.is_empty())?;
            // A configured port of a headless Service is the pods' own; an Ingress names a Service's port always.
            let headless = !ingress && service.cluster_ip.as_deref() == Some("None");
            let is_it = |p: &crate::evidence::ServicePort| {
                port.parse() == Ok(p.port) || p.name.as_ref() == Some(port)
            };
            // A table prints numbers, and no names of ports.
            let unnamed = port.parse::<u16>().is_err() && ports.iter().all(|p| p.name.is_none());
            if headless || unnamed || ports.iter().any(is_it) {
                return None;
            }
            let have: Vec<String> = ports.iter().map(|p| p.port.to_string()).collect();
            (
                "port",
                format!("Service {} has no port {port}; it has {}", route.service.path(), have.join(", ")),
            )
        }
        None if facts.is_missing(&route.service) => {
            let there_is = match named.unrouted(table, &route.path) {
                _ if ingress => String::new(),
                Some(meant) => {
                    format!("; Service {}, after which the path is called, gets nothing", meant.path())
                }
                // A part of the application that is not deployed here is in its configuration all the same.
                None if named.is_regular || !is_only_gap(facts, table) => return None,
                None => {
                    certainty = Certainty::Possible;
                    String::new()
                }
            };
            ("service", format!("there is no Service {}{there_is}", route.service.path()))
        }
        _ => return None,
    };
    let summary = format!("{} sends {} to {}, and {why}.", who(table), route.path, route.service.name);
    Some(
        finding(Code::RouteBackendMissing, facts, table, route, summary)
            .aspect("missing", aspect)
            .at_most(certainty),
    )
}

/// Whether all backends of a table are Services but one.
fn is_only_gap(facts: &Facts, table: &RouteTable) -> bool {
    let gaps = table.routes.iter().filter(|route| facts.object(&route.service).is_none()).count();
    gaps == 1 && table.routes.len() >= 3
}

/// A path named like a Service that gets no request, sent to another Service that has a path of its own.
fn misdirected(facts: &Facts, table: &RouteTable, route: &RouteFact, named: &Names) -> Option<Finding> {
    let meant = named.unrouted(table, &route.path)?;
    let own = table
        .routes
        .iter()
        .find(|r| r.service == route.service && named.meant(&r.path) == Some(&r.service))?;
    let summary = format!(
        "{} sends {} to Service {}, which has {} as well, and nothing to Service {}.",
        who(table),
        route.path,
        route.service.path(),
        own.path,
        meant.path()
    );
    let mut finding = finding(Code::RouteMisdirected, facts, table, route, summary).shown_by(Proof::object(
        facts.object(meant)?,
        format!("Service {} exists; no route leads to it", meant.path()),
    ));
    // Names alone are a convention; that the backend knows nothing of the path is a fact.
    finding = match facts.not_found_below(&route.service, &route.path) {
        Some((log, count)) => {
            let line = log.log.summary.tail.last()?;
            let mut proof = log.proof(line);
            proof.text = format!(
                "access log of {}: {count} requests below {} answered with 404",
                route.service.path(),
                route.path
            );
            finding.at_most(Certainty::Likely).shown_by(proof)
        }
        None => finding.at_most(Certainty::Possible).not_seen(
            format!(
                "whether Service {} answers {} with 404: its access log",
                route.service.path(),
                route.path
            ),
            None,
        ),
    };
    Some(finding)
}

fn finding(code: Code, facts: &Facts, table: &RouteTable, route: &RouteFact, summary: String) -> Finding {
    let text = format!("route {} → {}", route.path, route.service.name);
    let hits = facts.pods_of(&table.owner).map(|pod| pod.subject().clone()).chain([table.owner.clone()]);
    Finding::new(code, table.owner.clone(), summary)
        .aspect("path", route.path.clone())
        .hits(hits)
        .shown_by(Proof::object(table.object, text))
        .remedy(Remedy::advice("Let the route lead to the Service that serves its path; restart what reads its configuration only at start"))
}

fn who(table: &RouteTable) -> String {
    format!("{} {}", table.owner.kind.as_str(), table.owner.path())
}
