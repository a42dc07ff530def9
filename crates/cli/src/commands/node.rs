//! `coroner node`.

use crate::failure::Failure;
use crate::history::{Form, Node};
use crate::terminal;
use engine::report::node::{self, Options};
use std::process::ExitCode;

/// Reads, and tells what the node went through.
pub fn run(options: &Node) -> Result<ExitCode, Failure> {
    let (evidence, _) = options.input.open()?.intake()?.finish();
    if evidence.is_empty() {
        return Err(options.input.nothing_known());
    }
    let name = options.node.strip_prefix("node/").unwrap_or(&options.node);
    let wanted = Options {
        source: options.input.name(),
        node: name.into(),
        since: options.since.map(|length| length.0),
    };
    let Some(told) = node::history(&evidence, &wanted) else {
        let names = node::names(&evidence);
        let failure = Failure::own(format!("nothing of node {name} was seen"));
        return Err(match names.is_empty() {
            true => failure.hint("no node was seen at all"),
            false => failure.hint(format!("seen were {}", names.join(", "))),
        });
    };
    terminal::print(&match options.print.output {
        Form::Text => node::text::render(&told, &wanted, None, &terminal::style(options.print.verbose)),
        Form::Json => node::json::render(&told, &wanted, None),
    });
    Ok(ExitCode::SUCCESS)
}
