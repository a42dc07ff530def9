//! `coroner`, also `kubectl coroner`: names the root cause of a Kubernetes crash.

mod commands;
mod failure;
mod history;
mod options;
mod plugin;
mod terminal;

use clap::FromArgMatches;
use failure::Failure;
use options::{Args, Command};
use plugin::Called;
use std::process::ExitCode;

/// A capture of a large cluster is millions of small texts, made by two threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let called = Called::by(std::env::args_os().next().as_ref());
    if called == Called::Completes {
        let words: Vec<String> =
            std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        terminal::print(&plugin::candidates(called.command(), &words));
        return ExitCode::SUCCESS;
    }
    let parsed = called.command().try_get_matches().and_then(|found| Args::from_arg_matches(&found));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => {
            // clap prints help and version to standard output, and errors to standard error, with a hint.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 });
        }
    };
    let done = match &args.command {
        Command::Diagnose(options) => commands::diagnose::run(options),
        Command::Collect(options) => commands::collect::run(options),
        Command::Bundle(options) => commands::bundle::run(options),
        Command::Demo(options) => commands::demo::run(options),
        Command::Events(options) => commands::events::run(options),
        Command::Timeline(options) => commands::timeline::run(options),
        Command::Logs(options) => commands::logs::run(options),
        Command::Node(options) => commands::node::run(options),
        Command::Explain(options) => commands::explain::run(options),
        Command::Completion(options) => commands::completion::run(options),
    };
    done.unwrap_or_else(Failure::report)
}
