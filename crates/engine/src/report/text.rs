//! The report for a terminal.

use super::layout::{Ink, Page};
use super::time::Now;
use super::unlock;
use super::{Coverage, Incident, Report, Scope, incident, time};
use crate::Text;
use crate::clean::clean;
use crate::evidence::{Gap, Read, Why};
use crate::moment::{Clock, Moment};
use std::collections::{BTreeMap, BTreeSet};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; taken as at least 40 and at most 160.
    pub width: usize,
    /// Whether to colour (SGR, 16 colours).
    pub colour: bool,
    /// Whether to print everything, with places and commands that show each step by hand.
    pub verbose: bool,
}

/// Incidents told in full; the others are told in a few lines each, unless everything is printed.
const IN_FULL: usize = 3;

/// Incidents told one by one; those behind them are counted by their cause, unless everything is printed.
const ONE_BY_ONE: usize = 10;

/// Prints a report.
pub fn render(report: &Report, style: &Style) -> String {
    let style = Style { width: style.width.clamp(40, 160), ..*style };
    let mut page = Page::new(style.width, style.colour);
    let now = Now(reference(report));
    head(&mut page, report, now, Some(&report.scope));
    let singly = if style.verbose { report.incidents.len() } else { report.incidents.len().min(ONE_BY_ONE) };
    let (one_by_one, others) = report.incidents.split_at(singly);
    for (index, told) in one_by_one.iter().enumerate() {
        page.blank();
        if index > 0 {
            page.line(&[(Ink::Quiet, "─".repeat(style.width))]);
            page.blank();
        }
        let short = index >= IN_FULL && !style.verbose;
        page.append(incident::tell(told, report, now, &style, short));
    }
    if report.incidents.is_empty() {
        nothing(&mut page, report, now);
    }
    if !others.is_empty() {
        counted_by_cause(&mut page, others);
    }
    foot(&mut page, report, &style);
    page.finish()
}

/// Incidents by severity and cause, in the order in which the first of each would be told, with whom they are of.
fn counted_by_cause(page: &mut Page, incidents: &[Incident]) {
    let mut groups: Vec<Vec<&Incident>> = Vec::new();
    for incident in incidents {
        let alike = |group: &&mut Vec<&Incident>| {
            group
                .first()
                .is_some_and(|f| (f.severity, f.root.code) == (incident.severity, incident.root.code))
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(incident),
            None => groups.push(vec![incident]),
        }
    }
    page.blank();
    page.line(&[(Ink::Quiet, "─".repeat(page.width))]);
    page.blank();
    page.line(&[(Ink::Heading, format!("{} MORE", thousands(incidents.len() as u64)))]);
    for group in groups {
        let Some(first) = group.first() else { continue };
        let word = first.severity.as_str().to_uppercase();
        let count = thousands(group.len() as u64);
        let lead = [(incident::ink(first.severity), format!("{word:<10}"))];
        page.text(
            &lead,
            Ink::Plain,
            &format!("{count} × {}: {}", first.root.code.as_str(), first.root.code.title()),
        );
        let named = group.iter().take(NAMED).map(|incident| incident.root.subject.whole().path());
        let names = named.collect::<Vec<_>>().join(", ");
        let more = group.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {} more", thousands(more as u64)) } else { String::new() };
        page.text(&[(Ink::Plain, " ".repeat(10))], Ink::Quiet, &format!("{names}{more}"));
    }
}

/// Subjects that are named of incidents that are counted only.
const NAMED: usize = 6;

/// The time that others are told against: the capture, or else the newest that the evidence shows.
pub(super) fn reference(report: &Report) -> Option<i64> {
    let Now(captured) = Now::of(report.captured.as_ref());
    captured.or_else(|| {
        let coverage = report.coverage.iter().filter_map(|c| c.to.as_ref());
        let steps = report.incidents.iter().flat_map(|i| i.because.iter().filter_map(|s| s.at.as_ref()));
        coverage.chain(steps).filter(|m| m.clock.is_absolute()).map(|m| m.latest).max()
    })
}

pub(super) fn head(page: &mut Page, report: &Report, now: Now, looked: Option<&Scope>) {
    let mut parts = vec![report.source.clone()];
    parts.extend(report.version.as_ref().map(|version| format!("Kubernetes {version}")));
    parts.extend(looked.map(scope));
    if now.0.is_some() {
        parts.push("times are UTC".to_owned());
    }
    page.parts(Ink::Quiet, &parts);
    let mut parts = vec![match (Now::of(report.captured.as_ref()).0, now.0) {
        (Some(at), _) => format!("captured {}", time::full(at)),
        (None, Some(newest)) => format!("the newest record is of {}", time::full(newest)),
        (None, None) => "when it was captured is not known".to_owned(),
    }];
    let events = report.coverage.iter().find(|c| c.source == "events");
    match events.and_then(|events| events.from.as_ref()) {
        Some(from) if from.clock.is_absolute() => {
            parts.push(format!("events reach back to {}", now.minute(from)))
        }
        Some(from) => parts.extend(now.age(from).map(|age| format!("events reach back {age}"))),
        None if events.is_none() && !report.coverage.is_empty() => {
            parts.push("no events were seen".to_owned())
        }
        None => {}
    }
    page.parts(Ink::Quiet, &parts);
}

/// The scope as options of the command.
pub(super) fn scope(scope: &Scope) -> String {
    let mut words: Vec<String> = Vec::new();
    for subject in &scope.subjects {
        words.push(format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name));
    }
    for namespace in &scope.namespaces {
        words.push(format!("-n {namespace}"));
    }
    if scope.namespaces.is_empty() {
        words.push("-A".to_owned());
    }
    words.join(" ")
}

/// What a diagnosis would look at, if it were there.
const USUAL: [&str; 5] = ["pods", "nodes", "events", "logs", "journals"];

fn nothing(page: &mut Page, report: &Report, now: Now) {
    page.blank();
    page.line(&[(Ink::Good, "NO INCIDENT".to_owned())]);
    let rows = coverage_rows(report, now);
    page.columns(&rows, Ink::Plain);
}

/// What was looked at, and what was not there to look at.
pub(super) fn coverage_rows(report: &Report, now: Now) -> Vec<(String, String)> {
    let looked: Vec<String> = report.coverage.iter().map(|source| counted(source, now)).collect();
    let absent: Vec<&str> =
        USUAL.into_iter().filter(|name| !report.coverage.iter().any(|c| c.source == *name)).collect();
    let mut rows = Vec::new();
    match looked.is_empty() {
        true => {
            rows.push(("looked at".to_owned(), "nothing: no record that coroner knows was there".to_owned()))
        }
        false => rows.push(("looked at".to_owned(), looked.join(", "))),
    }
    if !absent.is_empty() {
        rows.push(("not seen".to_owned(), absent.join(", ")));
    }
    rows
}

fn counted(source: &Coverage, now: Now) -> String {
    let name = if source.count == 1 { source.source.trim_end_matches('s') } else { &source.source };
    let known = |m: &&Moment| !matches!(m.clock, Clock::Yearless(_));
    let span = match (source.from.as_ref().filter(known), source.to.as_ref().filter(known)) {
        (Some(from), Some(to)) => format!(" ({} to {})", now.minute(from), now.minute(to)),
        (Some(from), None) => format!(" (from {} on)", now.minute(from)),
        _ => String::new(),
    };
    format!("{} {name}{span}", thousands(source.count as u64))
}

pub(super) fn foot(page: &mut Page, report: &Report, style: &Style) {
    for remark in &report.remarks {
        page.blank();
        page.text(&[(Ink::Heading, "NOTE".to_owned()), (Ink::Plain, "   ".to_owned())], Ink::Plain, remark);
    }
    let short = report.incidents.len().saturating_sub(IN_FULL);
    if short > 0 && !style.verbose {
        page.blank();
        let verb = if short == 1 { "is" } else { "are" };
        page.text(
            &[],
            Ink::Quiet,
            &format!("{} {verb} told in short: -v tells all", plural(short, "incident")),
        );
    }
    if report.folded > 0 {
        page.blank();
        page.text(&[], Ink::Quiet, &folded(report));
    }
    gaps(page, &report.gaps, style);
    if let Some(text) = unread(report, style.verbose) {
        page.blank();
        page.text(&[], Ink::Quiet, &text);
    }
}

/// Incidents that were left out, and how to see them.
pub(super) fn folded(report: &Report) -> String {
    let how = match &report.context {
        Some(_) => format!("coroner diagnose {} --all", scope(&report.scope)),
        None => "--all tells them".to_owned(),
    };
    let noun = if report.incidents.is_empty() { "incident" } else { "more incident" };
    format!("{}, old or over: {how}", plural(report.folded, noun))
}

/// What was read and understood in no part, if anything. Lines are told of where they may matter: where no incident is
/// found, or everything is told.
pub(super) fn unread(report: &Report, verbose: bool) -> Option<String> {
    let files = report.unread.files.len();
    let lines = if verbose || report.incidents.is_empty() { report.unread.lines } else { 0 };
    let lines_noun = if lines == 1 { "line" } else { "lines" };
    let what = match (files, lines) {
        (0, 0) => return None,
        (0, lines) => format!("{} {lines_noun}", thousands(lines)),
        (files, 0) => plural(files, "file"),
        (files, lines) => {
            format!("{} and {} {lines_noun} of others", plural(files, "file"), thousands(lines))
        }
    };
    Some(format!("{what} held nothing that coroner knows"))
}

/// What was missing: counted by reason, the first few by name.
fn gaps(page: &mut Page, gaps: &[Gap], style: &Style) {
    if gaps.is_empty() {
        return;
    }
    page.blank();
    let counts: Vec<String> = unlock::reasons(gaps)
        .iter()
        .map(|(reason, count)| format!("{} {reason}", thousands(*count as u64)))
        .collect();
    let lead = [(Ink::Heading, "GAPS".to_owned()), (Ink::Plain, "   ".to_owned())];
    page.text(&lead, Ink::Plain, &counts.join(", "));
    let rows = gap_rows(gaps, style.verbose);
    let shown = if style.verbose { rows.len() } else { rows.len().min(4) };
    page.columns(rows.get(..shown).unwrap_or_default(), Ink::Quiet);
    if rows.len() > shown {
        page.line(&[(Ink::Quiet, format!("  and {} more: -v", rows.len() - shown))]);
    }
}

/// What is missing and why, in a stable order; reads that failed alike, names aside, in one row.
pub(super) fn gap_rows(gaps: &[Gap], verbose: bool) -> Vec<(String, String)> {
    let mut alike: BTreeMap<String, BTreeMap<String, (String, usize)>> = BTreeMap::new();
    let closed = if verbose { BTreeMap::new() } else { closed(gaps) };
    let of_namespaces = closed.iter().map(|(name, lists)| (format!("namespace {name}"), missing(lists)));
    let is_told = |gap: &&Gap| refusal(gap).is_none_or(|(name, _)| !closed.contains_key(name));
    let told = gaps.iter().filter(is_told).map(|gap| (unlock::what(&gap.read), unlock::why(&gap.why)));
    for (what, (reason, detail)) in of_namespaces.chain(told) {
        let why = if detail.is_empty() { reason.to_owned() } else { format!("{reason}: {detail}") };
        let what = clean(&what).into_owned();
        let key = if verbose { format!("{why}\n{what}") } else { unquoted(&why) };
        let row = alike.entry(key).or_default();
        row.entry(what).or_insert((why, 0)).1 += 1;
    }
    let mut rows = Vec::new();
    for row in alike.into_values() {
        let (reads, times) = (row.len(), row.values().map(|(_, times)| times).sum::<usize>());
        let Some((what, (why, _))) = row.into_iter().next() else { continue };
        let what = if reads > 1 { format!("{what}, and {} more", thousands(reads as u64 - 1)) } else { what };
        let why = if times > reads { format!("{why} ({times} times)") } else { why };
        rows.push((what, why));
    }
    rows.sort();
    rows
}

/// Namespaces of which more than one list was refused, with the resources.
fn closed(gaps: &[Gap]) -> BTreeMap<&Text, BTreeSet<&Text>> {
    let mut closed: BTreeMap<&Text, BTreeSet<&Text>> = BTreeMap::new();
    for (namespace, resource) in gaps.iter().filter_map(refusal) {
        closed.entry(namespace).or_default().insert(resource);
    }
    closed.retain(|_, resources| resources.len() > 1);
    closed
}

/// The namespace and the resource of a list that was refused.
fn refusal(gap: &Gap) -> Option<(&Text, &Text)> {
    match (&gap.read, &gap.why) {
        (Read::List { namespace: Some(namespace), .. }, Why::Forbidden { resource, .. }) => {
            Some((namespace, resource))
        }
        _ => None,
    }
}

/// Resources of a closed namespace that are named.
const RESOURCES: usize = 4;

/// Why of a namespace nothing was read: the most telling resources first, as roles need them most.
fn missing(resources: &BTreeSet<&Text>) -> (&'static str, String) {
    let first = ["pods", "events"];
    let mut names: Vec<&str> = resources.iter().map(|resource| &***resource).collect();
    names.sort_by_key(|name| first.iter().position(|it| it == name).unwrap_or(first.len()));
    let more = match names.len().saturating_sub(RESOURCES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(RESOURCES);
    ("forbidden", format!("it needs list on {}{more}", names.join(", ")))
}

/// A text without what stands in quotes: the names in an error that is the same for many objects.
fn unquoted(text: &str) -> String {
    text.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// `1 pod`, `2,034 pods`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(count as u64))
}

/// A number with its thousands apart: `2,034`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Kind;

    #[test]
    fn a_closed_namespace_is_one_row_and_each_of_its_lists_where_all_is_told() {
        let gap = |namespace: &str, kind: Kind| Gap {
            why: Why::Forbidden { verb: "list".into(), resource: kind.plural().into() },
            read: Read::List { kind, namespace: Some(namespace.into()) },
            locator: Default::default(),
        };
        let kinds = [Kind::Event, Kind::Pod, Kind::Service, Kind::ConfigMap, Kind::Job];
        let of = |namespace: &'static str| kinds.clone().map(|kind| gap(namespace, kind));
        let mut gaps = of("vault").to_vec();
        let row = |what: &str, why: &str| (what.to_owned(), why.to_owned());
        let why = "forbidden: it needs list on pods, events, configmaps, jobs and 1 more";
        assert_eq!(gap_rows(&gaps, false), [row("namespace vault", why)]);
        assert_eq!(gap_rows(&gaps, true).len(), 5);
        gaps.extend(of("audit"));
        gaps.push(gap("shop", Kind::Service));
        assert_eq!(
            gap_rows(&gaps, false),
            [
                row("namespace audit, and 1 more", why),
                row("services of shop", "forbidden: it needs list on services")
            ]
        );
    }
}
