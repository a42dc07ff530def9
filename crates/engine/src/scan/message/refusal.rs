//! Why the API server refuses to create a pod for its owner.

use super::text::{after, between, has, keep, quoted_after, until, word};
use crate::Text;

/// A refusal. Amounts are as written, by resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// A quota is used up.
    QuotaExceeded {
        /// The ResourceQuota.
        quota: Text,
        /// What the pod asks for, of the resources that are exceeded.
        requested: Vec<(Text, Text)>,
        /// What is used.
        used: Vec<(Text, Text)>,
        /// What is allowed.
        limited: Vec<(Text, Text)>,
    },
    /// A quota counts something that the pod does not set.
    QuotaMustSpecify {
        /// The ResourceQuota.
        quota: Text,
    },
    /// Pod Security Admission.
    PodSecurity {
        /// `baseline:latest`.
        level: Text,
    },
    /// The service account does not exist.
    ServiceAccountMissing {
        /// Its namespace.
        namespace: Option<Text>,
        /// Its name.
        name: Text,
    },
    /// A LimitRange.
    LimitRange,
    /// The priority class does not exist.
    PriorityClassMissing {
        /// Its name.
        name: Text,
    },
    /// A webhook said no.
    WebhookDenied {
        /// Its name.
        webhook: Text,
    },
    /// A webhook could not be called.
    WebhookFailed {
        /// Its name.
        webhook: Text,
    },
    /// A ValidatingAdmissionPolicy said no.
    PolicyDenied {
        /// Its name.
        policy: Text,
    },
    /// The pod itself is not valid.
    Invalid,
    /// Anything else.
    Other(Text),
}

/// Reads the error of a create request (k8s.io/apiserver admission plugins, 1.13 to 1.36).
pub fn read(text: &str) -> Refusal {
    if let Some(rest) = after(text, "exceeded quota: ") {
        let list = |name: &str| after(rest, name).map_or_else(Vec::new, amounts);
        return Refusal::QuotaExceeded {
            quota: keep(until(rest, ", ")),
            requested: list("requested: "),
            used: list("used: "),
            limited: list("limited: "),
        };
    }
    if let Some(rest) = after(text, "failed quota: ") {
        return Refusal::QuotaMustSpecify { quota: keep(until(rest, ": ")) };
    }
    if let Some(level) = quoted_after(text, "violates PodSecurity ") {
        return Refusal::PodSecurity { level };
    }
    if let Some(rest) = after(text, "error looking up service account ") {
        let path = until(word(rest), ":");
        let (namespace, name) =
            path.split_once('/').map_or((None, path), |(ns, name)| (Some(keep(ns)), name));
        return Refusal::ServiceAccountMissing { namespace, name: keep(name) };
    }
    if has(text, "serviceaccount \"") && has(text, "not found") {
        let name = between(text, "serviceaccount \"", "\"").unwrap_or("");
        return Refusal::ServiceAccountMissing { namespace: None, name: keep(name) };
    }
    if let Some(rest) = after(text, "no PriorityClass with name ") {
        return Refusal::PriorityClassMissing { name: keep(word(rest)) };
    }
    if has(text, "failed calling webhook") {
        return Refusal::WebhookFailed {
            webhook: quoted_after(text, "failed calling webhook ").unwrap_or_default(),
        };
    }
    if has(text, "admission webhook ") && has(text, "denied the request") {
        return Refusal::WebhookDenied {
            webhook: quoted_after(text, "admission webhook ").unwrap_or_default(),
        };
    }
    if let Some(policy) = between(text, "ValidatingAdmissionPolicy '", "'") {
        return Refusal::PolicyDenied { policy: keep(policy) };
    }
    if (has(text, "maximum ") || has(text, "minimum ")) && has(text, " usage per ")
        || has(text, "limit to request ratio")
    {
        return Refusal::LimitRange;
    }
    if has(text, " is invalid: ") {
        return Refusal::Invalid;
    }
    Refusal::Other(keep(text))
}

/// `requests.cpu=2,pods=1, used: …`: a list ends where the next word begins.
fn amounts(text: &str) -> Vec<(Text, Text)> {
    let list = until(text, ", ");
    list.split(',').filter_map(|pair| pair.trim().split_once('=')).map(|(r, q)| (keep(r), keep(q))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_names_what_is_exceeded() {
        let text = "pods \"worker-1\" is forbidden: exceeded quota: team-quota, requested: pods=1,requests.cpu=2, used: pods=2,requests.cpu=3, limited: pods=2,requests.cpu=4";
        let pair = |r: &str, q: &str| (Text::from(r), Text::from(q));
        assert_eq!(
            read(text),
            Refusal::QuotaExceeded {
                quota: "team-quota".into(),
                requested: vec![pair("pods", "1"), pair("requests.cpu", "2")],
                used: vec![pair("pods", "2"), pair("requests.cpu", "3")],
                limited: vec![pair("pods", "2"), pair("requests.cpu", "4")],
            }
        );
    }

    #[test]
    fn refusals_are_told_apart() {
        assert_eq!(
            read(
                "pods \"a-\" is forbidden: error looking up service account shop/robot: serviceaccount \"robot\" not found"
            ),
            Refusal::ServiceAccountMissing { namespace: Some("shop".into()), name: "robot".into() }
        );
        assert_eq!(
            read(
                "is forbidden: ValidatingAdmissionPolicy 'require-team-label' with binding 'b' denied request: every pod needs a team label"
            ),
            Refusal::PolicyDenied { policy: "require-team-label".into() }
        );
        assert_eq!(
            read(
                "Internal error occurred: failed calling webhook \"x.example.com\": failed to call webhook: Post \"https://x.svc:443\": dial tcp 10.0.0.1:443: connect: connection refused"
            ),
            Refusal::WebhookFailed { webhook: "x.example.com".into() }
        );
    }
}
