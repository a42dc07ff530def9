//! See `pods_refused.md` for what this means and the cases it must pass.

use crate::Text;
use crate::facts::{Facts, Statement};
use crate::finding::{Certainty, Code, Finding, Honesty, Remedy};
use crate::scan::message::{Refusal, Saying};
use crate::subject::{Kind, Subject};
use std::collections::BTreeMap;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let mut refusals: BTreeMap<&Subject, Vec<(&Statement, &Refusal)>> = BTreeMap::new();
    for statement in facts.statements() {
        let Saying::CreateRefused { cause, .. } = &statement.saying else { continue };
        let gone = statement.overtaken || is_scaled_down(facts, &statement.subject);
        if !gone && is_owner(&statement.subject.kind) {
            refusals.entry(&statement.subject).or_default().push((statement, cause));
        }
    }
    for refusals in refusals.into_values() {
        // An owner is refused again and again, and for the reason of the last time only: the ones before are mended.
        let Some(&(last, cause)) = refusals.iter().max_by_key(|(statement, _)| time(statement)) else {
            continue;
        };
        let owner = facts.top(&last.subject);
        let Some(mut finding) = finding(cause, last, &owner) else { continue };
        finding = finding.hits([owner]).since(last.first.clone()).shown_by(last.proof());
        for (statement, _) in
            refusals.iter().filter(|(s, other)| !std::ptr::eq(*s, last) && alike(cause, other))
        {
            finding = finding.shown_by(statement.proof());
        }
        found.push(
            finding.ruled_out("image, node, application", "no pod was created that could reach any of them"),
        );
    }
}

/// Whether two refusals are for one reason, whatever numbers they tell.
fn alike(a: &Refusal, b: &Refusal) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

fn time(statement: &Statement) -> Option<i64> {
    statement.last.as_ref().or(statement.first.as_ref()).map(|m| m.latest)
}

fn is_owner(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob
            | Kind::ReplicationController
    )
}

/// An owner that wants no pods was refused once and is past it.
fn is_scaled_down(facts: &Facts, subject: &Subject) -> bool {
    facts.workload(subject).is_some_and(|w| w.workload.desired == Some(0))
}

fn finding(cause: &Refusal, statement: &Statement, owner: &Subject) -> Option<Finding> {
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
        Refusal::WebhookFailed { webhook, .. } => Finding::new(
            Code::WebhookUnreachable,
            owner.clone(),
            format!("Admission webhook {webhook} cannot be called, and pods of {who} are refused without it."),
        )
        .aspect("webhook", webhook.clone())
        .at_most(Certainty::Certain),
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
