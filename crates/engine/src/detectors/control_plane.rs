//! See `control_plane.md` for what this means and the cases it must pass.

use crate::evidence::Body;
use crate::facts::Facts;
use crate::finding::{Certainty, Code, Finding, Proof, Remedy};
use crate::moment::SECOND;
use crate::subject::Kind;

/// Leases that the control plane's leaders renew every two seconds (client-go `leaderelection`, defaults of 1.20 to 1.36).
const LEADERS: &[&str] = &["kube-scheduler", "kube-controller-manager", "cloud-controller-manager"];

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let Some(now) = facts.evidence.captured() else { return };
    for object in facts.evidence.of(&Kind::Lease) {
        let Body::Lease(lease) = &object.body else { continue };
        let leader = LEADERS.contains(&&*object.subject.name) && object.subject.namespace() == "kube-system";
        let Some(renewed) = lease.renewed.as_ref().filter(|_| leader) else { continue };
        let Some((silent, _)) = renewed.until(now) else { continue };
        // Four times the duration: a leader that changes is silent for one.
        if silent < lease.duration.unwrap_or(15).max(1).saturating_mul(4 * SECOND) {
            continue;
        }
        found.push(
            Finding::new(
                Code::ControlPlaneStale,
                object.subject.clone(),
                format!(
                    "{} has not renewed its lease for {} s: what it decides stands still, and what it reports is old.",
                    object.subject.name,
                    silent / SECOND
                ),
            )
            .at_most(Certainty::Likely)
            .since(Some(renewed.clone()))
            .shown_by(Proof::object(object, format!("lease {} last renewed", object.subject.path())))
            .remedy(Remedy::advice("Look at the static pods or units of the control plane's nodes, and at etcd")),
        );
    }
}
