//! `coroner diagnose`.

use super::live::{Live, Manner};
use crate::failure::{FOUND, Failure, INCONCLUSIVE, TIMEOUT};
use crate::history::called;
use crate::options::{Diagnose, Looked, Output, Print};
use crate::terminal;
use engine::evidence::Evidence;
use engine::finding::{Certainty, Course};
use engine::report::{self, Options, Report, Scope, Unread};
use engine::subject::{Kind, Subject};
use intake::Intake;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Reads, diagnoses, prints.
pub fn run(options: &Diagnose) -> Result<ExitCode, Failure> {
    if options.from.is_empty() { live(options) } else { offline(options) }
}

fn offline(options: &Diagnose) -> Result<ExitCode, Failure> {
    let scope = scope(&options.what, None)?;
    let mut intake = bundle::read_all(&options.from)?;
    intake.absorb(with(options)?);
    let (evidence, unread) = intake.finish();
    if evidence.is_empty() {
        return Err(nothing_known(&called(&options.from), &evidence));
    }
    let unread = Unread { files: unread.files, lines: unread.lines };
    let report = diagnose(&evidence, &settings(&options.print, called(&options.from), scope, unread));
    print(&report, &options.print);
    let verdict = verdict(&report, options);
    leave(evidence);
    Ok(verdict)
}

/// Diagnoses a large cluster on several threads.
pub fn diagnose(evidence: &Evidence, options: &Options) -> Report {
    let things = evidence.objects().len() + evidence.events().len();
    engine::diagnose_with(intake::work::hands_for(things), evidence, options)
}

/// Leaves evidence to the end of the program, which gives back all at once: that of 150,000 pods, piece by piece, takes
/// seconds.
fn leave(evidence: Evidence) {
    std::mem::forget(evidence);
}

/// How long to wait between two looks.
const BETWEEN: Duration = Duration::from_secs(5);

fn live(options: &Diagnose) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let manner = Manner { all: options.print.all, verbose: options.print.verbose };
    let context = options.print.context.as_deref();
    let mut live =
        Live::connect(&options.connection, context, manner, |home| scope(&options.what, Some(home)))?;
    live.end_on_interrupt(|| {});
    let look = |live: &mut Live| live.diagnose(with(options)?, &mut |_, _| {});
    let mut seen = look(&mut live)?;
    print(&seen.report, &options.print);
    while options.watch && seen.cut.is_none() {
        if options.timeout.is_some_and(|most| began.elapsed() + BETWEEN > most) {
            terminal::complain("the verdict did not change in the time that was given");
            return Ok(ExitCode::from(TIMEOUT));
        }
        live.pause(BETWEEN);
        live.renew();
        let before = std::mem::replace(&mut seen, look(&mut live)?);
        if outcome(&seen.report) != outcome(&before.report) {
            print(&seen.report, &options.print);
            break;
        }
    }
    match seen.cut {
        // The report says what was seen; that it is not all is no success.
        Some(error) => Err(error.into()),
        None => {
            let verdict = verdict(&seen.report, options);
            leave(seen.evidence);
            Ok(verdict)
        }
    }
}

/// What has to differ for a verdict to have changed.
fn outcome(report: &Report) -> Vec<(&str, Course, Certainty)> {
    report.incidents.iter().map(|it| (it.id.as_str(), it.course, it.certainty)).collect()
}

/// Evidence from beside.
fn with(options: &Diagnose) -> Result<Intake, Failure> {
    let mut all = Intake::default();
    for path in &options.with {
        all.absorb(bundle::read(path)?);
    }
    Ok(all)
}

fn verdict(report: &Report, options: &Diagnose) -> ExitCode {
    let worst = report.incidents.iter().map(|i| i.severity).max();
    if options.fail_on.severity().is_some_and(|least| worst >= Some(least)) {
        return ExitCode::from(FOUND);
    }
    let unsure = match report.incidents.first() {
        Some(first) => first.certainty == Certainty::Undetermined,
        None => !report.gaps.is_empty(),
    };
    if options.strict && unsure { ExitCode::from(INCONCLUSIVE) } else { ExitCode::SUCCESS }
}

/// The options of the engine.
pub fn settings(print: &Print, source: String, scope: Scope, unread: Unread) -> Options {
    Options { source, scope, all: print.all, unread, context: print.context.as_deref().map(Into::into) }
}

/// Prints a report as asked.
pub fn print(report: &Report, print: &Print) {
    let text = match print.output {
        Output::Text => report::text::render(report, &terminal::style(print.verbose)),
        Output::Json => report::json::render(report),
        Output::Yaml => report::yaml::render(report),
        Output::Markdown => report::markdown::render(report),
    };
    terminal::print(&text);
}

/// Why there is no report: what came was empty, refused, or nothing that we know.
fn nothing_known(source: &str, evidence: &Evidence) -> Failure {
    match evidence.gaps() {
        [] => Failure::own(format!("nothing in {source} is known to coroner")).hint(
            "it reads Kubernetes objects (JSON, YAML), what kubectl prints (get, describe, events, logs), and node journals",
        ),
        gaps => {
            let told = report::gap_lines(gaps);
            let more = match gaps.len() {
                1 => String::new(),
                count => format!(" ({count} such)"),
            };
            let first = told.first().map_or("", String::as_str);
            Failure::own(format!("{source} shows nothing of a cluster, only what could not be read: {first}{more}"))
        }
    }
}

/// What is looked at; `home` is the namespace where none is named.
pub fn scope(what: &Looked, home: Option<&str>) -> Result<Scope, Failure> {
    let namespace = what.namespace.as_deref().or(home.filter(|_| !what.all_namespaces));
    let subjects = what.subjects.iter().map(|word| {
        let (kind, name) = word.split_once('/').ok_or_else(|| {
            Failure::usage(format!("{word} names no object"))
                .hint("write TYPE/NAME, such as pod/web-0 or deploy/web")
        })?;
        let kind = Kind::parse(kind);
        if matches!(kind, Kind::Other(_)) || name.is_empty() {
            return Err(
                Failure::usage(format!("{word} names no object")).hint("write TYPE/NAME, such as pod/web-0")
            );
        }
        Ok(Subject::new(kind, namespace, name))
    });
    let subjects = subjects.collect::<Result<Vec<_>, _>>()?;
    // What hits a node is told wherever it hits.
    let is_narrow = what.namespace.is_some() || subjects.iter().all(|subject| subject.kind.is_namespaced());
    let namespaces = namespace.filter(|_| is_narrow).map(Into::into).into_iter().collect();
    Ok(Scope { namespaces, subjects })
}

/// What is looked at, as it was written.
pub fn words(what: &Looked) -> String {
    let mut words = what.subjects.clone();
    words.extend(what.namespace.iter().map(|namespace| format!("-n {namespace}")));
    if what.all_namespaces {
        words.push("-A".to_owned());
    }
    words.join(" ")
}

/// Diagnoses evidence that is built in.
pub fn built_in(evidence: &Evidence, source: &str, options: &Print) -> ExitCode {
    let report =
        diagnose(evidence, &settings(options, source.to_owned(), Scope::default(), Unread::default()));
    print(&report, options);
    ExitCode::SUCCESS
}
