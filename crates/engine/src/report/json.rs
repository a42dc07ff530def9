//! The report as JSON: `coroner/v1alpha1`, additive within the version. Times are RFC 3339 in UTC.

use super::{Change, Check, Incident, Report, Root, Step, shell, time, unlock};
use crate::evidence::Locator;
use crate::finding::{Proof, Ref};
use crate::moment::Moment;
use crate::subject::Subject;
use serde_json::{Value, json};

/// The report, indented.
pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&value(report)).unwrap_or_default();
    text.push('\n');
    text
}

/// The report as a document.
pub fn value(report: &Report) -> Value {
    let context = report.context.as_deref();
    json!({
        "apiVersion": "coroner/v1alpha1",
        "kind": "Diagnosis",
        "capturedAt": report.captured.as_ref().map(at),
        "source": report.source,
        "scope": {
            "namespaces": report.scope.namespaces.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "subjects": report.scope.subjects.iter().map(|s| subject(s, None)).collect::<Vec<_>>(),
        },
        "coverage": report.coverage.iter().map(|c| json!({
            "source": c.source, "count": c.count, "from": c.from.as_ref().map(at), "to": c.to.as_ref().map(at),
        })).collect::<Vec<_>>(),
        "incidents": report.incidents.iter().map(|i| incident(i, context)).collect::<Vec<_>>(),
        "folded": report.folded,
        "gaps": report.gaps.iter().map(|gap| json!({
            "what": unlock::words(&gap.read),
            "why": unlock::gaps(std::slice::from_ref(gap)).pop(),
            "locator": locator(&gap.locator),
        })).collect::<Vec<_>>(),
        "remarks": report.remarks,
        "unread": {
            "files": report.unread.files.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "lines": report.unread.lines,
        },
    })
}

/// RFC 3339 where the clock is tied to the calendar; else seconds from the capture, or nothing.
fn at(moment: &Moment) -> Value {
    if moment.clock.is_absolute() {
        return Value::String(time::rfc3339(moment.earliest));
    }
    match moment.clock {
        crate::moment::Clock::Capture(_) => {
            json!({ "secondsBeforeCapture": moment.latest.saturating_neg() / 1_000_000 })
        }
        _ => Value::Null,
    }
}

fn subject(subject: &Subject, owner: Option<&Subject>) -> Value {
    json!({
        "group": subject.kind.group(),
        "kind": subject.kind.as_str(),
        "namespace": subject.namespace.as_deref(),
        "name": &*subject.name,
        "part": subject.part.as_ref().map(|part| part.name().to_string()),
        "owner": owner.map(|o| json!({ "kind": o.kind.as_str(), "name": &*o.name })),
    })
}

fn locator(locator: &Locator) -> String {
    match locator.line {
        Some(line) => format!("{}:{line}", locator.file),
        None => locator.file.to_string(),
    }
}

fn root(root: &Root) -> Value {
    let aspect: serde_json::Map<String, Value> = root
        .aspect
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::String(value.to_string())))
        .collect();
    json!({
        "code": root.code.as_str(),
        "aspect": aspect,
        "certainty": root.certainty.as_str(),
        "summary": root.summary,
        "subject": subject(&root.subject, root.owner.as_ref()),
    })
}

fn incident(incident: &Incident, context: Option<&str>) -> Value {
    json!({
        "id": incident.id,
        "severity": incident.severity.as_str(),
        "state": incident.course.as_str(),
        "since": incident.since.as_ref().map(at),
        "title": incident.title,
        "impact": {
            "pods": incident.impact.pods,
            "workloads": incident.impact.workloads.iter().map(|(s, ready, desired)| json!({
                "subject": subject(s, None), "ready": ready, "desired": desired,
            })).collect::<Vec<_>>(),
            "services": incident.impact.services.iter().map(|s| subject(s, None)).collect::<Vec<_>>(),
            "nodes": incident.impact.nodes.iter().map(|s| subject(s, None)).collect::<Vec<_>>(),
        },
        "certainty": incident.certainty.as_str(),
        "root": root(&incident.root),
        "contributing": incident.contributing.iter().map(root).collect::<Vec<_>>(),
        "changes": incident.changes.iter().map(change).collect::<Vec<_>>(),
        "because": incident.because.iter().map(step).collect::<Vec<_>>(),
        "members": incident.members.iter().map(|s| subject(s, None)).collect::<Vec<_>>(),
        "ruledOut": incident.ruled_out.iter().map(|r| json!({ "what": r.what, "because": r.because })).collect::<Vec<_>>(),
        "notSeen": incident.not_seen.iter().map(|n| json!({
            "what": n.what, "unlockedBy": n.read.as_ref().map(unlock::words),
        })).collect::<Vec<_>>(),
        "remedies": incident.remedies.iter().map(|r| json!({
            "summary": r.summary,
            "command": shell::command(r, context),
            "honesty": r.honesty.as_str().replace(' ', "-"),
        })).collect::<Vec<_>>(),
        "check": incident.check.as_ref().map(check),
        "remarks": incident.remarks,
    })
}

fn change(change: &Change) -> Value {
    json!({
        "at": change.at.as_ref().map(at),
        "subject": subject(&change.subject, None),
        "field": change.field,
        "from": change.from,
        "to": change.to,
        "by": change.by.as_deref(),
    })
}

fn step(step: &Step) -> Value {
    json!({
        "id": step.id,
        "causedBy": step.caused_by,
        "at": step.at.as_ref().map(at),
        "code": step.code.as_str(),
        "subject": subject(&step.subject, None),
        "summary": step.summary,
        "mechanism": step.mechanism,
        "certainty": step.certainty.as_str(),
        "evidence": step.evidence.iter().map(proof).collect::<Vec<_>>(),
    })
}

fn proof(proof: &Proof) -> Value {
    let source = match &proof.record {
        Ref::Object(_) => "object",
        Ref::Event(..) => "event",
        Ref::Log(_) => "log",
        Ref::NodeLog(_) => "journal",
        Ref::Unit(..) => "unit",
    };
    json!({
        "source": source,
        "ref": identity(&proof.record),
        "locator": locator(&proof.locator),
        "text": proof.text,
        "at": proof.at.as_ref().map(at),
    })
}

/// A record by its content, wherever it stood: FNV-1a of what names it, 64 bit.
fn identity(record: &Ref) -> String {
    let text = match record {
        Ref::Object(subject) => format!("object {subject}"),
        Ref::Event(subject, reason, message) => format!("event {subject} {reason} {message}"),
        Ref::Log(place) => format!("log {}", locator(place)),
        Ref::NodeLog(place) => format!("journal {}", locator(place)),
        Ref::Unit(node, unit) => format!("unit {} {unit}", node.as_deref().unwrap_or("")),
    };
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

fn check(check: &Check) -> Value {
    json!({ "text": check.text, "command": check.command })
}
