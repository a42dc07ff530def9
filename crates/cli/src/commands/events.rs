//! `coroner events`.

use crate::failure::Failure;
use crate::history::{By, Events, Form, Types};
use crate::terminal;
use engine::report::events::{self, Options, Order};
use std::process::ExitCode;

/// Reads, orders, folds, prints.
pub fn run(options: &Events) -> Result<ExitCode, Failure> {
    let order = order(options)?;
    let words: Vec<&str> = options.subject.iter().map(String::as_str).collect();
    let scope = options.namespaces.scope(&words)?;
    let (evidence, _) = options.input.open()?.intake()?.finish();
    if evidence.is_empty() && evidence.gaps().is_empty() {
        return Err(options.input.nothing_known());
    }
    let wanted = Options {
        source: options.input.name(),
        scope,
        warnings: match options.types.as_slice() {
            [Types::Warning] => Some(true),
            [Types::Normal] => Some(false),
            _ => None,
        },
        since: options.since.map(|length| length.0),
        order,
        raw: options.raw,
        context: None,
    };
    let told = events::events(&evidence, &wanted);
    terminal::print(&match options.print.output {
        Form::Text => events::text::render(&told, &terminal::style(options.print.verbose)),
        Form::Json => events::json::render(&told),
    });
    Ok(ExitCode::SUCCESS)
}

/// The order that is asked for. What `kubectl get events --sort-by` takes is understood, and what it means is said once.
fn order(options: &Events) -> Result<Order, Failure> {
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
