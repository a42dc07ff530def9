//! `coroner logs`.

use crate::failure::Failure;
use crate::history::{Form, Gathered, Logs, subject};
use crate::terminal;
use engine::clean::clean;
use engine::evidence::Log;
use engine::facts;
use engine::report::Scope;
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
    let mut seen = options.input.gather(
        |home| {
            let pod = match (&wanted.namespace, home) {
                (None, Some(home)) => Subject::new(wanted.kind.clone(), Some(home), &wanted.name),
                _ => wanted.clone(),
            };
            Ok(Scope { subjects: vec![pod], ..Scope::default() })
        },
        |_| Vec::new(),
    )?;
    let container = options.container.as_deref();
    // Of a container that did not die, the plan of a diagnosis reads no log.
    let more = {
        let facts = facts::read(&seen.evidence);
        let choice = logs::choose(&facts, &wanted, container, instance).map_err(Failure::own)?;
        (choice.log.is_none() && seen.may_read(&choice.read)).then_some(choice.read)
    };
    if let Some(read) = more {
        seen.read(&[read])?;
    }
    let (evidence, context) = (&seen.evidence, seen.context.as_ref());
    let facts = facts::read(evidence);
    let choice = logs::choose(&facts, &wanted, container, instance).map_err(Failure::own)?;
    let text = match choice.log {
        Some(log) => passage(&seen, log)?,
        None => String::new(),
    };
    if options.raw {
        for why in &choice.blank {
            terminal::complain(&format!("note: {why}"));
        }
        text.lines().for_each(|line| terminal::print(&format!("{}\n", clean(line))));
        return Ok(ExitCode::SUCCESS);
    }
    let page = logs::page(choice, &intake::redact::lines(&text));
    terminal::print(&match options.print.output {
        Form::Text => {
            logs::text::render(&page, evidence.captured(), context, &terminal::style(options.print.verbose))
        }
        Form::Json => logs::json::render(&page, evidence.captured(), context),
    });
    Ok(ExitCode::SUCCESS)
}

/// The lines of a log, from the record that it was read from.
fn passage(seen: &Gathered, log: &Log) -> Result<String, Failure> {
    let from = log.locator.line.map_or(0, |line| (line as usize).saturating_sub(1));
    let most =
        usize::try_from(log.summary.lines).unwrap_or(usize::MAX).saturating_add(log.summary.notes.len());
    let mut text = String::new();
    seen.each(&mut |record| {
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
