//! `coroner completion`.

use crate::failure::Failure;
use crate::options::{Args, Completion};
use crate::terminal;
use clap::CommandFactory;
use std::process::ExitCode;

/// Prints a shell's completion script.
pub fn run(options: &Completion) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Args::command(), "coroner", &mut script);
    terminal::print(&String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
