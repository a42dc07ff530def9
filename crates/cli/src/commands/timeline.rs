//! `coroner timeline`.

use crate::failure::Failure;
use crate::history::{Form, Timeline};
use crate::terminal;
use engine::report::timeline::{self, Options};
use std::process::ExitCode;

/// Reads, orders, prints.
pub fn run(options: &Timeline) -> Result<ExitCode, Failure> {
    let words: Vec<&str> = options.subjects.iter().map(String::as_str).collect();
    let seen = options.input.gather(|home| options.namespaces.scope(&words, home), |_| Vec::new())?;
    let wanted =
        Options { source: seen.name, scope: seen.scope, since: options.since.map(|length| length.0) };
    let told = timeline::timeline(&seen.evidence, &wanted);
    terminal::print(&match options.print.output {
        Form::Text => timeline::text::render(&told, &terminal::style(options.print.verbose)),
        Form::Json => timeline::json::render(&told),
    });
    Ok(ExitCode::SUCCESS)
}
