//! `coroner events`.

use crate::failure::Failure;
use crate::history::{self, By, Form, Types};
use crate::terminal;
use engine::Text;
use engine::evidence::Read;
use engine::report::Scope;
use engine::report::events::{self, Events, Options, Order};
use engine::subject::Kind;
use std::process::ExitCode;

/// Reads, orders, folds, prints.
pub fn run(options: &history::Events) -> Result<ExitCode, Failure> {
    let order = order(options)?;
    let words: Vec<&str> = options.subject.iter().map(String::as_str).collect();
    let mut reads = Vec::new();
    let mut seen = options.input.gather(
        |home| options.namespaces.scope(&words, home),
        |scope| {
            reads = lists(scope);
            reads.clone()
        },
    )?;
    let wanted = Options {
        source: seen.name.clone(),
        scope: seen.scope.clone(),
        warnings: match options.types.as_slice() {
            [Types::Warning] => Some(true),
            [Types::Normal] => Some(false),
            _ => None,
        },
        since: options.since.map(|length| length.0),
        order,
        raw: options.raw || options.watch,
        context: seen.context.clone(),
    };
    let mut told = events::events(&seen.evidence, &wanted);
    let style = terminal::style(options.print.verbose);
    terminal::print(&match options.print.output {
        Form::Text => events::text::render(&told, &style),
        Form::Json => events::json::render(&told),
    });
    if !options.watch {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        seen.renew(&reads)?;
        let now = events::events(&seen.evidence, &wanted);
        let fresh = Events {
            rows: now.rows.iter().filter(|row| !told.rows.contains(row)).cloned().collect(),
            ..now.clone()
        };
        if !fresh.rows.is_empty() {
            terminal::print(&match options.print.output {
                Form::Text => events::text::more(&fresh, &style),
                Form::Json => events::json::render(&fresh),
            });
        }
        told = now;
    }
}

/// What is listed of a cluster: events, and nothing else. Whose a pod is, its name tells as well.
fn lists(scope: &Scope) -> Vec<Read> {
    let list = |namespace: Option<&Text>| Read::List { kind: Kind::Event, namespace: namespace.cloned() };
    match scope.namespaces.as_slice() {
        [] => vec![list(None)],
        namespaces => namespaces.iter().map(|namespace| list(Some(namespace))).collect(),
    }
}

/// The order that is asked for. What `kubectl get events --sort-by` takes is understood, and what it means is said once.
fn order(options: &history::Events) -> Result<Order, Failure> {
    let Some(path) = &options.sort_by else {
        return Ok(match options.by {
            By::LastSeen => Order::LastSeen,
            By::Onset => Order::Onset,
        });
    };
    let bare = path.trim_matches(|c| matches!(c, '{' | '}' | '\'' | '"')).trim_start_matches('.');
    let (order, remark) = match bare {
        "metadata.creationTimestamp" => (
            Order::Onset,
            "creationTimestamp is when an event was first written. Repeated events keep it, so it is close to the order of onsets, and hides how long each went on; shown --by onset, with both ends. Without --sort-by, events are ordered by when they were last seen",
        ),
        "firstTimestamp" => (
            Order::Onset,
            "firstTimestamp is empty in events of the newer API (the scheduler's); shown --by onset, which takes eventTime for these",
        ),
        "lastTimestamp" => (
            Order::LastSeen,
            "lastTimestamp is empty in events of the newer API (the scheduler's), and kubectl puts these first; shown by last seen, which takes series.lastObservedTime and eventTime for these",
        ),
        "eventTime" | "series.lastObservedTime" | "deprecatedLastTimestamp" => (
            Order::LastSeen,
            "that field is empty in most events; shown by last seen, which takes series.lastObservedTime, lastTimestamp, eventTime, whichever is there first",
        ),
        _ => {
            return Err(Failure::usage(format!("events are not ordered by {path}"))
                .hint("--by last-seen (the default) or --by onset"));
        }
    };
    terminal::complain(&format!("note: {remark}"));
    Ok(order)
}
