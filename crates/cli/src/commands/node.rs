//! `coroner node`.

use crate::failure::Failure;
use crate::history::{Form, Node};
use crate::terminal;
use engine::report::Scope;
use engine::report::node::{self, Options};
use engine::subject::Subject;
use std::process::ExitCode;

/// Reads, and tells what the node went through.
pub fn run(options: &Node) -> Result<ExitCode, Failure> {
    let name = options.node.strip_prefix("node/").unwrap_or(&options.node);
    let scope = Scope { subjects: vec![Subject::node(name)], ..Scope::default() };
    let mut seen = options.input.gather(|_| Ok(scope), |_| Vec::new())?;
    let wanted = |source: &str| Options {
        source: source.to_owned(),
        node: name.into(),
        since: options.since.map(|length| length.0),
    };
    // What its console would tell, a kubelet that answers tells, too, to those who may ask it.
    let console = node::history(&seen.evidence, &wanted("")).map_or_else(Vec::new, |told| told.console);
    if options.input.connection.node_logs && !console.is_empty() {
        seen.read(&console)?;
    }
    let wanted = wanted(&seen.name);
    let Some(told) = node::history(&seen.evidence, &wanted) else {
        let names = node::names(&seen.evidence);
        let failure = Failure::own(format!("nothing of node {name} was seen"));
        return Err(match names.is_empty() {
            true => failure.hint("no node was seen at all"),
            false => failure.hint(format!("seen were {}", names.join(", "))),
        });
    };
    let context = seen.context.as_ref();
    terminal::print(&match options.print.output {
        Form::Text => node::text::render(&told, &wanted, context, &terminal::style(options.print.verbose)),
        Form::Json => node::json::render(&told, &wanted, context),
    });
    Ok(ExitCode::SUCCESS)
}
