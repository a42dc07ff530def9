//! `coroner logs`.

use crate::failure::Failure;
use crate::history::{Form, Logs, Source, subject};
use crate::terminal;
use engine::clean::clean;
use engine::evidence::Log;
use engine::facts;
use engine::report::logs::{self, Wanted};
use engine::subject::{Kind, Subject};
use std::process::ExitCode;

/// Reads, chooses the instance, shows its log.
pub fn run(options: &Logs) -> Result<ExitCode, Failure> {
    let namespace = options.namespace.as_deref();
    let wanted = match options.pod.contains('/') {
        true => subject(&options.pod, namespace)?,
        false => Subject::new(Kind::Pod, namespace, &options.pod),
    };
    let instance = match (options.previous, options.instance) {
        (true, _) => Wanted::Previous,
        (false, Some(number)) => Wanted::Number(number),
        (false, None) => Wanted::Dead,
    };
    let source = options.input.open()?;
    let (evidence, _) = source.intake()?.finish();
    if evidence.is_empty() {
        return Err(options.input.nothing_known());
    }
    let facts = facts::read(&evidence);
    let choice =
        logs::choose(&facts, &wanted, options.container.as_deref(), instance).map_err(Failure::own)?;
    let text = match choice.log {
        Some(log) => passage(&source, log)?,
        None => String::new(),
    };
    if options.raw {
        for why in &choice.blank {
            terminal::complain(&format!("note: {why}"));
        }
        text.lines().for_each(|line| terminal::print(&format!("{}\n", clean(line))));
        return Ok(ExitCode::SUCCESS);
    }
    let page = logs::page(choice, &text);
    terminal::print(&match options.print.output {
        Form::Text => {
            logs::text::render(&page, evidence.captured(), None, &terminal::style(options.print.verbose))
        }
        Form::Json => logs::json::render(&page, evidence.captured(), None),
    });
    Ok(ExitCode::SUCCESS)
}

/// The lines of a log, from the record that it was read from.
fn passage(source: &Source, log: &Log) -> Result<String, Failure> {
    let from = log.locator.line.map_or(0, |line| (line as usize).saturating_sub(1));
    let most =
        usize::try_from(log.summary.lines).unwrap_or(usize::MAX).saturating_add(log.summary.notes.len());
    let mut text = String::new();
    source.each(&mut |record| {
        if record.path == &*log.locator.file && text.is_empty() {
            let all = String::from_utf8_lossy(record.bytes);
            for line in all.lines().skip(from).take(most) {
                text.push_str(line);
                text.push('\n');
            }
        }
    })?;
    Ok(text)
}
