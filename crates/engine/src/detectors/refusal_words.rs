//! What a refused pod is told as, and what to do about it.

use crate::Text;
use crate::facts::Statement;
use crate::finding::{Certainty, Code, Finding, Honesty, Remedy};
use crate::scan::message::{Refusal, WebhookFailure};
use crate::subject::{Kind, Subject};

pub(super) fn finding(cause: &Refusal, statement: &Statement, owner: &Subject) -> Option<Finding> {
    let who = format!("{} {}", owner.kind.as_str(), owner.path());
    let namespace = owner.namespace.as_deref();
    Some(match cause {
        Refusal::QuotaExceeded { quota, requested, used, limited } => {
            let subject = Subject::new(Kind::ResourceQuota, namespace, quota);
            let (resource, asked) = requested.first()?;
            let of = |list: &[(Text, Text)]| list.iter().find(|(r, _)| r == resource).map_or("?".into(), |(_, q)| q.clone());
            let summary = format!(
                "ResourceQuota {} is used up: {} of {} {resource} are taken, and one more pod of {who} asks for {asked}.",
                subject.path(),
                of(used),
                of(limited),
            );
            let quota_name = subject.name.to_string();
            Finding::new(Code::QuotaExceeded, subject.clone(), summary)
                .aspect("resource", plain_resource(resource))
                .remedy(Remedy::kubectl(
                    "See what uses it up",
                    &subject,
                    Honesty::Safe,
                    &["describe", "resourcequota", &quota_name],
                ))
                .remedy(Remedy::advice(format!(
                    "Raise the quota, or ask for less {} per pod, or for fewer pods; the controller tries again by itself",
                    plain_resource(resource)
                )))
        }
        Refusal::QuotaMustSpecify { quota, .. } => {
            let subject = Subject::new(Kind::ResourceQuota, namespace, quota);
            Finding::new(
                Code::AdmissionDenied,
                owner.clone(),
                format!("ResourceQuota {} demands requests or limits that the pods of {who} do not set.", subject.path()),
            )
            .aspect("by", "quota-must-specify")
            .remedy(Remedy::advice("Set the requests and limits that the quota counts, or a LimitRange with defaults"))
        }
        Refusal::ServiceAccountMissing { name, .. } => {
            let account = name.to_string();
            Finding::new(
                Code::ServiceAccountMissing,
                owner.clone(),
                format!("{who} names service account {account}, which does not exist: none of its pods can be created."),
            )
            .aspect("service-account", name.clone())
            .remedy(Remedy::kubectl(
                "Correct the name in the pod template, or create the account",
                owner,
                Honesty::NeedsJudgement,
                &["create", "serviceaccount", &account],
            ))
        }
        Refusal::PriorityClassMissing { name } => Finding::new(
            Code::PriorityClassMissing,
            owner.clone(),
            format!("{who} names priority class {name}, which does not exist: none of its pods can be created."),
        ),
        Refusal::WebhookFailed { webhook, service, how } => {
            let service = service.as_ref().map(|(ns, name)| Subject::new(Kind::Service, Some(ns), name));
            let at = service.as_ref().map_or_else(String::new, |s| format!(" at Service {}", s.path()));
            let why = match how {
                WebhookFailure::NoEndpoints => ", which has no endpoint,",
                WebhookFailure::ServiceMissing => ", which does not exist,",
                _ => "",
            };
            let mut finding = Finding::new(
                Code::WebhookUnreachable,
                owner.clone(),
                format!("Admission webhook {webhook}{at}{why} cannot be called, and pods of {who} are refused without it."),
            )
            .aspect("webhook", webhook.clone());
            finding.depends_on.extend(service);
            finding
        }
        Refusal::WebhookDenied { webhook, .. } => {
            Finding::new(
                Code::AdmissionDenied,
                owner.clone(),
                format!("Admission webhook {webhook} refuses the pods of {who}."),
            )
            .aspect("by", "webhook")
        }
        Refusal::PolicyDenied { policy, .. } => {
            Finding::new(
                Code::AdmissionDenied,
                owner.clone(),
                format!("ValidatingAdmissionPolicy {policy} refuses the pods of {who}."),
            )
            .aspect("by", "policy")
        }
        Refusal::PodSecurity { level, .. } => {
            Finding::new(
                Code::AdmissionDenied,
                owner.clone(),
                format!("Pod Security level {level} of the namespace refuses the pods of {who}."),
            )
            .aspect("by", "pod-security")
        }
        Refusal::LimitRange { .. } => {
            Finding::new(
                Code::AdmissionDenied,
                owner.clone(),
                format!("A LimitRange refuses the pods of {who}."),
            )
            .aspect("by", "limit-range")
        }
        _ => {
            Finding::new(
                Code::AdmissionDenied,
                owner.clone(),
                format!("The API server refuses to create pods of {who}."),
            )
            .aspect("by", "api-server")
        }
    })
    .map(|finding| if statement.count == 0 { finding.at_most(Certainty::Likely) } else { finding })
}

/// `requests.memory` → `memory`, `count/pods` → `pods`.
fn plain_resource(resource: &str) -> &str {
    ["requests.", "limits.", "count/"]
        .into_iter()
        .find_map(|prefix| resource.strip_prefix(prefix))
        .unwrap_or(resource)
}
