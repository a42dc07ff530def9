//! The report as JSON: `coroner/v1alpha1`, described by `docs/schema/diagnosis.v1alpha1.json` and additive within the
//! version. Fields keep their order, what is not known is `null`, and times are RFC 3339 in UTC.

use super::time::{Now, rfc3339};
use super::told::place;
use super::{
    Change, Check, Coverage, Impact, Incident, Loop, Report, Root, Scope, Step, shell, text, unlock,
};
use crate::Text;
use crate::clean::clean;
use crate::evidence::Gap;
use crate::finding::{NotSeen, Proof, Ref, Remedy, RuledOut};
use crate::moment::Moment;
use crate::subject::Subject;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The report, indented, with a line end.
pub fn render(report: &Report) -> String {
    let wire = Writer { now: Now(text::reference(report)), context: report.context.as_ref() };
    document(&wire.diagnosis(report))
}

/// A document, indented, with a line end.
pub(super) fn document(wire: &impl Serialize) -> String {
    // Only a failing writer or a map with keys that are no strings could fail.
    let mut text = serde_json::to_string_pretty(wire).unwrap_or_default();
    text.push('\n');
    text
}

/// Text from the evidence; written clean.
#[derive(Clone, Copy)]
pub(super) struct Said<'a>(pub &'a str);

impl Serialize for Said<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&clean(self.0))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiagnosisWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    captured_at: Option<String>,
    source: Said<'a>,
    version: Option<Said<'a>>,
    scope: ScopeWire<'a>,
    coverage: Vec<CoverageWire<'a>>,
    incidents: Vec<IncidentWire<'a>>,
    folded: usize,
    gaps: Vec<GapWire>,
    remarks: Vec<Said<'a>>,
    unread: UnreadWire<'a>,
}

#[derive(Serialize)]
pub(super) struct ScopeWire<'a> {
    namespaces: Vec<Said<'a>>,
    subjects: Vec<SubjectWire<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoverageWire<'a> {
    source: Said<'a>,
    count: usize,
    from: Option<String>,
    from_text: Option<String>,
    to: Option<String>,
    to_text: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IncidentWire<'a> {
    id: Said<'a>,
    severity: &'static str,
    state: &'static str,
    since: Option<String>,
    since_text: Option<String>,
    title: Said<'a>,
    impact: ImpactWire<'a>,
    certainty: &'static str,
    root: RootWire<'a>,
    contributing: Vec<RootWire<'a>>,
    changes: Vec<ChangeWire<'a>>,
    because: Vec<StepWire<'a>>,
    loops: Vec<LoopWire<'a>>,
    members: Vec<SubjectWire<'a>>,
    ruled_out: Vec<RuledOutWire<'a>>,
    not_seen: Vec<NotSeenWire<'a>>,
    remedies: Vec<RemedyWire<'a>>,
    check: Option<CheckWire<'a>>,
    remarks: Vec<Said<'a>>,
}

#[derive(Serialize)]
struct ImpactWire<'a> {
    nodes: Vec<SubjectWire<'a>>,
    services: Vec<SubjectWire<'a>>,
    workloads: Vec<WorkloadWire<'a>>,
    pods: usize,
}

#[derive(Serialize)]
struct WorkloadWire<'a> {
    subject: SubjectWire<'a>,
    ready: Option<u32>,
    desired: Option<u32>,
}

#[derive(Serialize)]
struct RootWire<'a> {
    code: &'static str,
    aspect: BTreeMap<&'static str, Said<'a>>,
    certainty: &'static str,
    summary: Said<'a>,
    subject: SubjectWire<'a>,
}

#[derive(Serialize)]
pub(super) struct SubjectWire<'a> {
    group: Said<'a>,
    kind: Said<'a>,
    namespace: Option<Said<'a>>,
    name: Said<'a>,
    part: Option<Said<'a>>,
    owner: Option<OwnerWire<'a>>,
}

#[derive(Serialize)]
struct OwnerWire<'a> {
    group: Said<'a>,
    kind: Said<'a>,
    name: Said<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeWire<'a> {
    at: Option<String>,
    at_text: Option<String>,
    subject: SubjectWire<'a>,
    field: Said<'a>,
    from: Option<Said<'a>>,
    to: Option<Said<'a>>,
    by: Option<Said<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepWire<'a> {
    id: usize,
    caused_by: &'a [usize],
    at: Option<String>,
    at_text: Option<String>,
    code: &'static str,
    subject: SubjectWire<'a>,
    summary: Said<'a>,
    mechanism: Option<&'static str>,
    certainty: &'static str,
    evidence: Vec<ProofWire<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofWire<'a> {
    source: &'static str,
    #[serde(rename = "ref")]
    identity: String,
    locator: Option<String>,
    text: Said<'a>,
    at: Option<String>,
    at_text: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoopWire<'a> {
    subject: SubjectWire<'a>,
    steps: &'a [usize],
    turns: usize,
    edges: Vec<Said<'a>>,
    break_at: Said<'a>,
}

#[derive(Serialize)]
struct RuledOutWire<'a> {
    code: String,
    what: Said<'a>,
    because: Said<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotSeenWire<'a> {
    what: Said<'a>,
    unlocked_by: Option<String>,
}

#[derive(Serialize)]
struct RemedyWire<'a> {
    summary: Said<'a>,
    command: Option<Vec<String>>,
    honesty: String,
    effect: Option<Said<'a>>,
}

#[derive(Serialize)]
struct CheckWire<'a> {
    text: Said<'a>,
    command: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GapWire {
    what: String,
    reason: &'static str,
    detail: Option<String>,
    unlocked_by: String,
    locator: Option<String>,
}

#[derive(Serialize)]
struct UnreadWire<'a> {
    files: Vec<Said<'a>>,
    lines: u64,
}

/// The sources of a report.
pub(super) fn coverage(report: &Report) -> Vec<CoverageWire<'_>> {
    let wire = Writer { now: Now(text::reference(report)), context: None };
    report.coverage.iter().map(|source| wire.coverage(source)).collect()
}

/// What was missing.
pub(super) fn gaps(gaps: &[Gap], context: Option<&Text>) -> Vec<GapWire> {
    gaps.iter().map(|one| gap(one, context)).collect()
}

/// What the parts need of the whole.
#[derive(Clone, Copy)]
struct Writer<'a> {
    now: Now,
    context: Option<&'a Text>,
}

impl<'a> Writer<'a> {
    fn diagnosis(self, report: &'a Report) -> DiagnosisWire<'a> {
        DiagnosisWire {
            api_version: "coroner/v1alpha1",
            kind: "Diagnosis",
            captured_at: report.captured.as_ref().and_then(rfc3339),
            source: Said(&report.source),
            version: report.version.as_deref().map(Said),
            scope: scope(&report.scope),
            coverage: report.coverage.iter().map(|source| self.coverage(source)).collect(),
            incidents: report.incidents.iter().map(|incident| self.incident(incident)).collect(),
            folded: report.folded,
            gaps: report.gaps.iter().map(|one| gap(one, self.context)).collect(),
            remarks: said(&report.remarks),
            unread: UnreadWire {
                files: report.unread.files.iter().map(|file| Said(file)).collect(),
                lines: report.unread.lines,
            },
        }
    }

    /// The calendar's time and what the text report prints; the first is null where nothing ties it to the calendar.
    fn at(self, moment: Option<&Moment>) -> (Option<String>, Option<String>) {
        (moment.and_then(rfc3339), moment.map(|moment| self.now.stamp(moment)))
    }

    fn coverage(self, source: &'a Coverage) -> CoverageWire<'a> {
        let ((from, from_text), (to, to_text)) = (self.at(source.from.as_ref()), self.at(source.to.as_ref()));
        CoverageWire { source: Said(&source.source), count: source.count, from, from_text, to, to_text }
    }

    fn incident(self, incident: &'a Incident) -> IncidentWire<'a> {
        let (since, since_text) = self.at(incident.since.as_ref());
        IncidentWire {
            id: Said(&incident.id),
            severity: incident.severity.as_str(),
            state: incident.course.as_str(),
            since,
            since_text,
            title: Said(&incident.title),
            impact: impact(&incident.impact),
            certainty: incident.certainty.as_str(),
            root: root(&incident.root),
            contributing: incident.contributing.iter().map(root).collect(),
            changes: incident.changes.iter().map(|change| self.change(change)).collect(),
            because: incident.because.iter().map(|step| self.step(step)).collect(),
            loops: incident.loops.iter().map(looped).collect(),
            members: subjects(&incident.members),
            ruled_out: incident.ruled_out.iter().map(ruled_out).collect(),
            not_seen: incident.not_seen.iter().map(|item| self.not_seen(item)).collect(),
            remedies: incident.remedies.iter().map(|remedy| self.remedy(remedy)).collect(),
            check: incident.check.as_ref().map(|check| self.check(check)),
            remarks: said(&incident.remarks),
        }
    }

    fn change(self, change: &'a Change) -> ChangeWire<'a> {
        let (at, at_text) = self.at(change.at.as_ref());
        ChangeWire {
            at,
            at_text,
            subject: subject(&change.subject, None),
            field: Said(&change.field),
            from: change.from.as_deref().map(Said),
            to: change.to.as_deref().map(Said),
            by: change.by.as_deref().map(Said),
        }
    }

    fn step(self, step: &'a Step) -> StepWire<'a> {
        let (at, at_text) = self.at(step.at.as_ref());
        StepWire {
            id: step.id,
            caused_by: &step.caused_by,
            at,
            at_text,
            code: step.code.as_str(),
            subject: subject(&step.subject, None),
            summary: Said(&step.summary),
            mechanism: step.mechanism,
            certainty: step.certainty.as_str(),
            evidence: step.evidence.iter().map(|proof| self.proof(proof)).collect(),
        }
    }

    fn proof(self, proof: &'a Proof) -> ProofWire<'a> {
        let (at, at_text) = self.at(proof.at.as_ref());
        let (source, identity) = identity(proof);
        let locator = place(&proof.locator).map(|place| clean(&place).into_owned());
        ProofWire { source, identity, locator, text: Said(&proof.text), at, at_text }
    }

    fn not_seen(self, item: &'a NotSeen) -> NotSeenWire<'a> {
        let unlocked_by = item.read.as_ref().map(|read| unlock::unlock(read, self.context).line());
        NotSeenWire { what: Said(&item.what), unlocked_by: unlocked_by.map(|line| clean(&line).into_owned()) }
    }

    fn remedy(self, remedy: &'a Remedy) -> RemedyWire<'a> {
        RemedyWire {
            summary: Said(&remedy.summary),
            command: shell::remedy(remedy, self.context),
            honesty: remedy.honesty.as_str().replace(' ', "-"),
            effect: remedy.effect.as_deref().map(Said),
        }
    }

    fn check(self, check: &'a Check) -> CheckWire<'a> {
        CheckWire { text: Said(&check.text), command: shell::coroner(&check.command, self.context) }
    }
}

/// What was asked for and not seen, and what would get it.
pub(super) fn gap(gap: &Gap, context: Option<&Text>) -> GapWire {
    let (_, detail) = unlock::why(&gap.why);
    let owned = |text: &str| clean(text).into_owned();
    GapWire {
        what: owned(&unlock::what(&gap.read)),
        reason: unlock::reason(&gap.why),
        detail: (!detail.is_empty()).then(|| owned(&detail)),
        unlocked_by: owned(&unlock::unlock(&gap.read, context).line()),
        locator: place(&gap.locator).map(|place| owned(&place)),
    }
}

/// What was asked for.
pub(super) fn scope(scope: &Scope) -> ScopeWire<'_> {
    ScopeWire {
        namespaces: scope.namespaces.iter().map(|namespace| Said(namespace)).collect(),
        subjects: subjects(&scope.subjects),
    }
}

fn said(texts: &[String]) -> Vec<Said<'_>> {
    texts.iter().map(|text| Said(text)).collect()
}

pub(super) fn subject<'a>(subject: &'a Subject, owner: Option<&'a Subject>) -> SubjectWire<'a> {
    SubjectWire {
        group: Said(subject.kind.group()),
        kind: Said(subject.kind.as_str()),
        namespace: subject.namespace.as_deref().map(Said),
        name: Said(&subject.name),
        part: subject.part.as_ref().map(|part| Said(part.name())),
        owner: owner.map(|owner| OwnerWire {
            group: Said(owner.kind.group()),
            kind: Said(owner.kind.as_str()),
            name: Said(&owner.name),
        }),
    }
}

fn subjects(all: &[Subject]) -> Vec<SubjectWire<'_>> {
    all.iter().map(|one| subject(one, None)).collect()
}

fn impact(impact: &Impact) -> ImpactWire<'_> {
    ImpactWire {
        nodes: subjects(&impact.nodes),
        services: subjects(&impact.services),
        workloads: impact
            .workloads
            .iter()
            .map(|(of, ready, desired)| WorkloadWire {
                subject: subject(of, None),
                ready: *ready,
                desired: *desired,
            })
            .collect(),
        pods: impact.pods,
    }
}

fn root(root: &Root) -> RootWire<'_> {
    RootWire {
        code: root.code.as_str(),
        aspect: root.aspect.iter().map(|(name, value)| (*name, Said(value))).collect(),
        certainty: root.certainty.as_str(),
        summary: Said(&root.summary),
        subject: subject(&root.subject, root.owner.as_ref()),
    }
}

fn looped(told: &Loop) -> LoopWire<'_> {
    LoopWire {
        subject: subject(&told.subject, None),
        steps: &told.steps,
        turns: told.turns,
        edges: said(&told.edges),
        break_at: Said(&told.break_at),
    }
}

fn ruled_out(rival: &RuledOut) -> RuledOutWire<'_> {
    RuledOutWire { code: rival.code(), what: Said(&rival.what), because: Said(&rival.because) }
}

/// What kind of record a proof is of, and a hash of the record's content (FNV-1a, 64 bit): the same wherever it stood.
fn identity(proof: &Proof) -> (&'static str, String) {
    let hash = |parts: &[&str]| {
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{hash:016x}")
    };
    match &proof.record {
        Ref::Object(subject) => ("object", hash(&["object", &subject.to_string()])),
        Ref::Event(subject, reason, message) => {
            ("event", hash(&["event", &subject.to_string(), reason, message]))
        }
        // Lines of logs are known by what they say.
        Ref::Log(_) => ("log", hash(&["log", &proof.text])),
        Ref::NodeLog(_) => ("journal", hash(&["journal", &proof.text])),
        Ref::Unit(node, unit) => ("unit", hash(&["unit", node.as_deref().unwrap_or(""), unit])),
    }
}
