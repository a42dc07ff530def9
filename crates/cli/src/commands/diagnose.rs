//! `coroner diagnose`.

use crate::failure::{FOUND, Failure, INCONCLUSIVE};
use crate::options::{Diagnose, Output, Print};
use crate::terminal;
use engine::evidence::Evidence;
use engine::finding::Certainty;
use engine::report::{self, Options, Report, Scope, Unread};
use engine::subject::{Kind, Subject};
use std::path::Path;
use std::process::ExitCode;

/// Reads, diagnoses, prints.
pub fn run(options: &Diagnose) -> Result<ExitCode, Failure> {
    let scope = scope(options)?;
    let (evidence, unread) = bundle::read(&options.from)?.finish();
    if evidence.is_empty() {
        return Err(nothing_known(&options.from));
    }
    let unread = Unread { files: unread.files, lines: unread.lines };
    let report = engine::diagnose(&evidence, &settings(&options.print, source(&options.from), scope, unread));
    print(&report, &options.print);
    let worst = report.incidents.iter().map(|i| i.severity).max();
    if options.fail_on.severity().is_some_and(|least| worst >= Some(least)) {
        return Ok(ExitCode::from(FOUND));
    }
    let unsure = match report.incidents.first() {
        Some(first) => first.certainty == Certainty::Undetermined,
        None => !report.gaps.is_empty(),
    };
    Ok(if options.strict && unsure { ExitCode::from(INCONCLUSIVE) } else { ExitCode::SUCCESS })
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

fn source(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

fn nothing_known(path: &Path) -> Failure {
    Failure::own(format!("nothing in {} is known to coroner", source(path))).hint(
        "it reads Kubernetes objects (JSON, YAML), what kubectl prints (get, describe, events, logs), and node journals",
    )
}

fn scope(options: &Diagnose) -> Result<Scope, Failure> {
    let namespaces = options.namespace.iter().map(|n| n.as_str().into()).collect();
    let subjects = options.subjects.iter().map(|word| {
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
        Ok(Subject::new(kind, options.namespace.as_deref(), name))
    });
    Ok(Scope { namespaces, subjects: subjects.collect::<Result<_, _>>()? })
}

/// Diagnoses evidence that is built in.
pub fn built_in(evidence: &Evidence, source: &str, options: &Print) -> ExitCode {
    let report = engine::diagnose(
        evidence,
        &settings(options, source.to_owned(), Scope::default(), Unread::default()),
    );
    print(&report, options);
    ExitCode::SUCCESS
}
