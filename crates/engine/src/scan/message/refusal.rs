//! Why the API server refused to create or change an object, as controllers and kubectl repeat it.

use super::network::{self, Unreached};
use super::text::{after, between, has, has_any, keep, list, quoted, quoted_after, some, until, word};
use crate::Text;

/// Why the API server refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// A quota has too little left.
    QuotaExceeded {
        /// The ResourceQuota.
        quota: Text,
        /// What was asked for: resource and quantity.
        requested: Vec<(Text, Text)>,
        /// What is in use.
        used: Vec<(Text, Text)>,
        /// What the quota allows.
        limited: Vec<(Text, Text)>,
    },
    /// A quota demands that a resource be stated.
    QuotaMustSpecify {
        /// The ResourceQuota.
        quota: Text,
        /// The resources, such as `limits.memory`.
        resources: Vec<Text>,
        /// The containers that do not state them; given since 1.25.
        containers: Vec<Text>,
    },
    /// A quota whose usage has not been counted yet.
    QuotaUnknown {
        /// The ResourceQuota.
        quota: Text,
    },
    /// Pod Security admission.
    PodSecurity {
        /// `baseline` or `restricted`, with the version: `restricted:latest`.
        level: Text,
        /// Which fields, in words.
        details: Text,
    },
    /// PodSecurityPolicy (≤1.24) or OpenShift's security context constraints.
    SecurityConstraint(Text),
    /// The ServiceAccount does not exist.
    ServiceAccountMissing {
        /// Its namespace, where given.
        namespace: Option<Text>,
        /// Its name.
        name: Text,
    },
    /// A LimitRange.
    LimitRange {
        /// `cpu`, `memory`, …
        resource: Text,
        /// `Container`, `Pod` or `PersistentVolumeClaim`.
        of: Text,
        /// Whether it is too much, not too little.
        above: bool,
        /// All that is wrong, in words.
        text: Text,
    },
    /// The PriorityClass does not exist.
    PriorityClassMissing {
        /// Its name.
        name: Text,
    },
    /// The RuntimeClass does not exist.
    RuntimeClassMissing {
        /// Its name.
        name: Text,
    },
    /// A webhook denied it: policy.
    WebhookDenied {
        /// The webhook.
        webhook: Text,
        /// What it says, if anything.
        message: Option<Text>,
    },
    /// A webhook was not reached or did not answer properly: infrastructure.
    WebhookFailed {
        /// The webhook.
        webhook: Text,
        /// The Service that serves it: namespace and name, where its URL names one.
        service: Option<(Text, Text)>,
        /// Why.
        how: WebhookFailure,
    },
    /// A ValidatingAdmissionPolicy denied it.
    PolicyDenied {
        /// The policy.
        policy: Text,
        /// Its binding.
        binding: Option<Text>,
        /// What it says.
        message: Text,
    },
    /// The namespace is being deleted.
    NamespaceTerminating,
    /// The object does not pass validation.
    Invalid {
        /// What is wrong.
        text: Text,
    },
    /// It exists already.
    AlreadyExists,
    /// It changed in between; the next attempt will do.
    Conflict,
    /// The controller itself may not do it: `User "…" cannot create resource …`.
    NotAllowed {
        /// The user.
        user: Text,
    },
    /// The API server, or etcd behind it, did not answer.
    Unreached(Option<Unreached>),
    /// Forbidden by another admission plugin.
    Forbidden(Text),
    /// Anything else.
    Other(Text),
}

/// Why a webhook was not reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WebhookFailure {
    /// The connection did not work.
    Unreached(Unreached),
    /// Its Service does not exist.
    ServiceMissing,
    /// Its Service has no endpoint.
    NoEndpoints,
    /// Anything else.
    Other(Text),
}

/// The name of the object that was refused, and why.
pub fn read(text: &str) -> (Option<Text>, Refusal) {
    let text = text.trim();
    // apimachinery/pkg/api/errors: `pods "<name>" is forbidden: …`, `Pod "<name>" is invalid: …`
    let (name, rest) = match text.split_once(' ').and_then(|(_, rest)| quoted(rest)) {
        Some((name, rest)) if rest.starts_with(" is ") || rest.starts_with(" already exists") => {
            (some(&name), rest)
        }
        _ => (None, text),
    };
    (name, cause(text, rest))
}

fn cause(text: &str, rest: &str) -> Refusal {
    // A webhook's words may say anything, so what they could be taken for comes after.
    if let Some(refusal) = webhook(text).or_else(|| policy(text)) {
        return refusal;
    }
    if let Some(body) = after(rest, "is forbidden: ") {
        return forbidden(body);
    }
    if let Some(body) = after(rest, "is invalid: ") {
        return Refusal::Invalid { text: keep(body) };
    }
    if rest.starts_with(" already exists") {
        return Refusal::AlreadyExists;
    }
    if has(text, "Operation cannot be fulfilled on") || has(text, "the object has been modified") {
        return Refusal::Conflict;
    }
    if has_any(
        text,
        &["etcdserver: ", "request did not complete within", "unable to complete in the allotted time"],
    ) {
        return Refusal::Unreached(None);
    }
    match network::read(text) {
        Some(unreached) => Refusal::Unreached(Some(unreached)),
        None => Refusal::Other(keep(text)),
    }
}

/// apiserver/pkg/admission/plugin/webhook: errors/statuserror.go (denials), generic/webhook.go (failures).
fn webhook(text: &str) -> Option<Refusal> {
    if let Some((webhook, rest)) = after(text, "admission webhook ").and_then(quoted)
        && let Some(message) = after(rest, "denied the request")
    {
        let message = message.trim_start_matches([':', ' ']);
        let message = (message != "without explanation").then(|| some(message)).flatten();
        return Some(Refusal::WebhookDenied { webhook: keep(&webhook), message });
    }
    let (webhook, rest) = quoted(
        after(text, "failed calling webhook ")
            .or_else(|| after(text, "failed calling admission webhook "))?,
    )?;
    let how = if has(rest, "no endpoints available for service") {
        WebhookFailure::NoEndpoints
    } else if has(rest, "service ") && has(rest, "not found") {
        WebhookFailure::ServiceMissing
    } else {
        match network::read(rest) {
            Some(unreached) => WebhookFailure::Unreached(unreached),
            None => WebhookFailure::Other(keep(rest.trim_start_matches([':', ' ']))),
        }
    };
    // `https://<service>.<namespace>.svc:443/…`; `service "<service>" not found`, `… for service "<service>"`
    let service = network::url(rest).and_then(|url| {
        let (name, rest) = until(url.host, ":").split_once('.')?;
        let (namespace, rest) = rest.split_once('.')?;
        (rest == "svc" || rest.starts_with("svc.")).then(|| (keep(namespace), keep(name)))
    });
    Some(Refusal::WebhookFailed { webhook: keep(&webhook), service, how })
}

/// apiserver/pkg/admission/plugin/policy/validating/dispatcher.go, 1.26+:
/// `ValidatingAdmissionPolicy '<p>' with binding '<b>' denied request: <message>`
fn policy(text: &str) -> Option<Refusal> {
    let rest = after(text, "ValidatingAdmissionPolicy '")?;
    let message = after(rest, "denied request: ")?;
    Some(Refusal::PolicyDenied {
        policy: keep(until(rest, "'")),
        binding: between(rest, "with binding '", "'").and_then(some),
        message: keep(message),
    })
}

/// What stands after `is forbidden: `: plugins under `plugin/pkg/admission` and apiserver's own.
fn forbidden(text: &str) -> Refusal {
    quota(text).or_else(|| limit_range(text)).or_else(|| names(text)).unwrap_or_else(|| {
        // pod-security-admission/admission: `violates PodSecurity "<level>:<version>": <details>`, 1.22+
        if let Some((level, details)) = after(text, "violates PodSecurity ").and_then(quoted) {
            let details = keep(details.trim_start_matches([':', ' ']));
            return Refusal::PodSecurity { level: keep(&level), details };
        }
        if has_any(
            text,
            &[
                "security context constraint",
                "pod security policy",
                "PodSecurityPolicy",
                "no providers available to validate pod",
            ],
        ) {
            return Refusal::SecurityConstraint(keep(text));
        }
        // namespace/lifecycle
        if has(text, "because it is being terminated") {
            return Refusal::NamespaceTerminating;
        }
        // endpoints/handlers/responsewriters/errors.go
        match after(text, "User ").and_then(quoted) {
            Some((user, rest)) if rest.starts_with(" cannot ") => Refusal::NotAllowed { user: keep(&user) },
            _ => Refusal::Forbidden(keep(text)),
        }
    })
}

/// apiserver/pkg/admission/plugin/resourcequota/controller.go
fn quota(text: &str) -> Option<Refusal> {
    if let Some(rest) = after(text, "exceeded quota: ") {
        let field = |name: &str| pairs(between_or_end(rest, name));
        return Some(Refusal::QuotaExceeded {
            quota: some(until(rest, ","))?,
            requested: field(", requested: "),
            used: field(", used: "),
            limited: field(", limited: "),
        });
    }
    // ≥1.25 `must specify limits.cpu for: a,b; limits.memory for: a`; before `must specify limits.cpu,limits.memory`
    if let Some(rest) = after(text, "failed quota: ") {
        let mut resources: Vec<Text> = Vec::new();
        let mut containers: Vec<Text> = Vec::new();
        for part in after(rest, "must specify ")?.split(';') {
            let (what, of) = part.split_once(" for: ").unwrap_or((part, ""));
            resources.extend(list(what));
            containers.extend(list(of));
        }
        containers.sort();
        containers.dedup();
        return Some(Refusal::QuotaMustSpecify { quota: some(until(rest, ":"))?, resources, containers });
    }
    if let Some(rest) = after(text, "status unknown for quota: ") {
        return Some(Refusal::QuotaUnknown { quota: some(until(rest, ","))? });
    }
    // a resource for which a quota must exist (`limitedResources` of the admission configuration)
    has(text, "insufficient quota to consume").then(|| Refusal::Forbidden(keep(text)))
}

/// From after `start` to the next field, or the end. A list has no space within it.
fn between_or_end<'a>(text: &'a str, start: &str) -> &'a str {
    let rest = after(text, start).unwrap_or("");
    until(rest, ", ")
}

/// `cpu=1,memory=2Gi`
fn pairs(text: &str) -> Vec<(Text, Text)> {
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (keep(name), keep(value)))
        .collect()
}

/// plugin/pkg/admission/limitranger/admission.go: `maximum cpu usage per Container is 2, but limit is 4`, several as
/// `[…, …]`; `cpu max limit to request ratio per Container is 2, but provided ratio is 4`
fn limit_range(text: &str) -> Option<Refusal> {
    let start = text.trim_start_matches('[');
    let (above, resource, rest) = if let Some(rest) = start.strip_prefix("maximum ") {
        (true, until(rest, " usage per "), after(rest, " usage per ")?)
    } else if let Some(rest) = start.strip_prefix("minimum ") {
        (false, until(rest, " usage per "), after(rest, " usage per ")?)
    } else {
        (true, until(start, " max limit to request ratio"), after(start, " max limit to request ratio per ")?)
    };
    Some(Refusal::LimitRange { resource: keep(resource), of: keep(word(rest)), above, text: keep(text) })
}

/// Objects that are named and not there.
fn names(text: &str) -> Option<Refusal> {
    // serviceaccount/admission.go: `error looking up service account <ns>/<name>: serviceaccount "<name>" not found`
    if let Some(name) = quoted_after(text, "serviceaccount ").filter(|_| has(text, "not found")) {
        let path = after(text, "service account ").map_or("", word);
        let namespace = path.split_once('/').and_then(|(namespace, _)| some(namespace));
        return Some(Refusal::ServiceAccountMissing { namespace, name });
    }
    // priority/admission.go
    if let Some(name) = between(text, "no PriorityClass with name ", " was found") {
        return Some(Refusal::PriorityClassMissing { name: keep(name) });
    }
    // runtimeclass/admission.go: `pod rejected: RuntimeClass "<name>" not found`
    if has(text, "pod rejected: RuntimeClass ") {
        return Some(Refusal::RuntimeClassMissing { name: quoted_after(text, "RuntimeClass ")? });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Refusal as R, *};
    use crate::scan::message::network::NetworkError;

    fn pairs_of(pairs: &[(&str, &str)]) -> Vec<(Text, Text)> {
        pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect()
    }

    #[test]
    fn quotas() {
        assert_eq!(
            read(
                r#"pods "web-5f-x2" is forbidden: exceeded quota: compute, requested: limits.cpu=1,requests.memory=1Gi, used: limits.cpu=4,requests.memory=3Gi, limited: limits.cpu=4,requests.memory=3500Mi"#
            ),
            (
                Some("web-5f-x2".into()),
                R::QuotaExceeded {
                    quota: "compute".into(),
                    requested: pairs_of(&[("limits.cpu", "1"), ("requests.memory", "1Gi")]),
                    used: pairs_of(&[("limits.cpu", "4"), ("requests.memory", "3Gi")]),
                    limited: pairs_of(&[("limits.cpu", "4"), ("requests.memory", "3500Mi")]),
                }
            )
        );
        assert_eq!(
            read(r#"pods "a" is forbidden: failed quota: compute: must specify limits.cpu for: web; limits.memory for: web,side"#).1,
            R::QuotaMustSpecify {
                quota: "compute".into(),
                resources: vec!["limits.cpu".into(), "limits.memory".into()],
                containers: vec!["side".into(), "web".into()],
            }
        );
        assert_eq!(
            read(r#"pods "a" is forbidden: failed quota: compute: must specify limits.cpu,limits.memory"#).1,
            R::QuotaMustSpecify {
                quota: "compute".into(),
                resources: vec!["limits.cpu".into(), "limits.memory".into()],
                containers: vec![],
            }
        );
        assert_eq!(
            read(r#"pods "a" is forbidden: status unknown for quota: compute, resources: pods"#).1,
            R::QuotaUnknown { quota: "compute".into() }
        );
    }

    #[test]
    fn webhooks() {
        assert_eq!(
            read(
                r#"admission webhook "w.io" denied the request: pods "x" is forbidden: exceeded quota: q, no"#
            )
            .1,
            R::WebhookDenied {
                webhook: "w.io".into(),
                message: Some(r#"pods "x" is forbidden: exceeded quota: q, no"#.into())
            }
        );
        assert_eq!(
            read(r#"admission webhook "w.io" denied the request without explanation"#).1,
            R::WebhookDenied { webhook: "w.io".into(), message: None }
        );
        assert_eq!(
            read(
                r#"Internal error occurred: failed calling webhook "w.io": failed to call webhook: Post "https://hook.sys.svc:443/mutate?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused"#
            )
            .1,
            R::WebhookFailed {
                webhook: "w.io".into(),
                service: Some(("sys".into(), "hook".into())),
                how: WebhookFailure::Unreached(Unreached {
                    how: NetworkError::Refused,
                    address: Some("10.96.1.2:443".into()),
                    path: Some("/mutate".into()),
                    proxy: false
                }),
            }
        );
        let failed = |text: &str| match read(text).1 {
            R::WebhookFailed { how, .. } => how,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            failed(
                r#"Internal error occurred: failed calling webhook "w.io": failed to call webhook: Post "https://hook.sys.svc:443/?timeout=10s": no endpoints available for service "hook""#
            ),
            WebhookFailure::NoEndpoints
        );
        assert_eq!(
            failed(
                r#"Internal error occurred: failed calling webhook "w.io": failed to call webhook: Post "https://hook.sys.svc:443/?timeout=10s": service "hook" not found"#
            ),
            WebhookFailure::ServiceMissing
        );
    }

    #[test]
    fn admission() {
        for (text, expected) in [
            (
                r#"pods "a" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false)"#,
                R::PodSecurity {
                    level: "restricted:latest".into(),
                    details: r#"allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false)"#.into(),
                },
            ),
            (
                r#"pods "a" is forbidden: error looking up service account shop/robot: serviceaccount "robot" not found"#,
                R::ServiceAccountMissing { namespace: Some("shop".into()), name: "robot".into() },
            ),
            (
                r#"pods "a" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi"#,
                R::LimitRange {
                    resource: "memory".into(),
                    of: "Container".into(),
                    above: true,
                    text: "maximum memory usage per Container is 1Gi, but limit is 2Gi".into(),
                },
            ),
            (
                r#"pods "a" is forbidden: [minimum cpu usage per Pod is 1, but request is 500m, minimum memory usage per Pod is 1Gi, but request is 1Mi]"#,
                R::LimitRange {
                    resource: "cpu".into(),
                    of: "Pod".into(),
                    above: false,
                    text: "[minimum cpu usage per Pod is 1, but request is 500m, minimum memory usage per Pod is 1Gi, but request is 1Mi]".into(),
                },
            ),
            (
                r#"pods "a" is forbidden: no PriorityClass with name urgent was found"#,
                R::PriorityClassMissing { name: "urgent".into() },
            ),
            (
                r#"pods "a" is forbidden: pod rejected: RuntimeClass "gvisor" not found"#,
                R::RuntimeClassMissing { name: "gvisor".into() },
            ),
            (
                r#"pods "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: replicas no"#,
                R::PolicyDenied { policy: "p".into(), binding: Some("b".into()), message: "replicas no".into() },
            ),
            (
                r#"pods "a" is forbidden: unable to create new content in namespace shop because it is being terminated"#,
                R::NamespaceTerminating,
            ),
            (
                r#"pods "a" is forbidden: User "system:serviceaccount:kube-system:x" cannot create resource "pods" in API group """#,
                R::NotAllowed { user: "system:serviceaccount:kube-system:x".into() },
            ),
            (
                r#"pods "a" is forbidden: unable to validate against any security context constraint: []"#,
                R::SecurityConstraint("unable to validate against any security context constraint: []".into()),
            ),
            (r#"pods "a" is forbidden: because"#, R::Forbidden("because".into())),
            (
                r#"Pod "a" is invalid: spec.containers[0].image: Required value"#,
                R::Invalid { text: "spec.containers[0].image: Required value".into() },
            ),
            (r#"pods "a" already exists"#, R::AlreadyExists),
            (r#"Operation cannot be fulfilled on replicasets.apps "a": the object has been modified"#, R::Conflict),
            ("etcdserver: request timed out", R::Unreached(None)),
            ("a horse", R::Other("a horse".into())),
        ] {
            assert_eq!(read(text).1, expected, "{text}");
        }
        assert_eq!(read(r#"Pod "a" is invalid: x"#).0.as_deref(), Some("a"));
    }
}
