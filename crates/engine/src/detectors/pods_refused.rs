//! See `pods_refused.md` for what this means and the cases it must pass.

use super::quota_pool::holders;
use super::refusal_words::finding;
use crate::facts::{Facts, Statement};
use crate::finding::{Code, Finding};
use crate::scan::message::{Refusal, Saying};
use crate::subject::Subject;
use std::collections::BTreeMap;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let mut refusals: BTreeMap<&Subject, Vec<(&Statement, &Refusal)>> = BTreeMap::new();
    for statement in facts.statements() {
        let Saying::CreateRefused { cause, .. } = &statement.saying else { continue };
        let gone = statement.overtaken || is_scaled_down(facts, &statement.subject);
        if !gone && statement.subject.kind.is_workload() {
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
        finding = finding.hits([owner.clone()]).since(last.first.clone()).shown_by(last.proof());
        if finding.code == Code::QuotaExceeded {
            finding = holders(facts, finding, &owner);
        }
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

/// An owner that wants no pods was refused once and is past it.
fn is_scaled_down(facts: &Facts, subject: &Subject) -> bool {
    facts.workload(subject).is_some_and(|w| w.workload.desired == Some(0))
}
