//! `coroner`, also `kubectl coroner`: names the root cause of a Kubernetes crash.

mod commands;
mod failure;
mod options;
mod terminal;

use clap::Parser;
use failure::Failure;
use options::{Args, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // clap prints help and version to standard output, and errors to standard error, with a hint.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 });
        }
    };
    let done = match &args.command {
        Command::Diagnose(options) => commands::diagnose::run(options),
        Command::Demo(options) => commands::demo::run(options),
        Command::Explain(options) => commands::explain::run(options),
    };
    done.unwrap_or_else(Failure::report)
}
