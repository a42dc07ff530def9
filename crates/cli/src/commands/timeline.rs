//! `coroner timeline`.

use crate::failure::Failure;
use crate::history::{Form, Timeline};
use crate::terminal;
use engine::report::timeline::{self, Options};
use std::process::ExitCode;

/// Reads, orders, prints.
pub fn run(options: &Timeline) -> Result<ExitCode, Failure> {
    let words: Vec<&str> = options.subjects.iter().map(String::as_str).collect();
    let wanted = Options {
        source: options.input.name(),
        scope: options.namespaces.scope(&words)?,
        since: options.since.map(|length| length.0),
    };
    let (evidence, _) = options.input.open()?.intake()?.finish();
    if evidence.is_empty() {
        return Err(options.input.nothing_known());
    }
    let told = timeline::timeline(&evidence, &wanted);
    terminal::print(&match options.print.output {
        Form::Text => timeline::text::render(&told, &terminal::style(options.print.verbose)),
        Form::Json => timeline::json::render(&told),
    });
    Ok(ExitCode::SUCCESS)
}
