//! The project's own commands: `cargo xtask NAME`. What continuous integration demands can be run here by hand.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool that talks to whoever runs it")]

mod accuracy;
mod bench;
mod cluster;
mod docs;
mod fuzz;
mod gates;
mod new_detector;
mod pages;
mod place;
mod run;
mod samples;
mod suite;
mod templates;
mod tidy;
mod unread;

use std::process::ExitCode;

/// Why a command failed, as it is printed.
type Failure = Box<dyn std::error::Error>;
/// How a command ends.
type Outcome = Result<(), Failure>;

/// A command: its name, its arguments, what it does, and its function.
type Command = (&'static str, &'static str, &'static str, fn(&[String]) -> Outcome);

const COMMANDS: &[Command] = &[
    ("test", "", "what continuous integration demands of the code itself", suite::run),
    ("tidy", "", "the rules of the project that no compiler holds", tidy::run),
    ("pages", "[--accept] [NAME…]", "runs the detectors' pages, or rewrites their findings", pages::run),
    ("docs", "[--check]", "writes the documents that are made from the code", docs::run),
    ("new-detector", "NAME", "the two files and two lines of a detector", new_detector::run),
    (
        "accuracy",
        "[--cases DIR] [--where COLUMN=VALUE] [--misses] [--check] [--accept]",
        "the verdicts on the labelled cases; --accept writes docs/accuracy.md",
        accuracy::run,
    ),
    ("gates", "[--cases DIR] [--only NAME]", "laws and gates over every capture that is there", gates::run),
    (
        "samples",
        "",
        "what is told of the real captures beside the project, against what should be",
        samples::run,
    ),
    ("bench", "", "how fast is read, beside rivals on the same bytes", bench::run),
    ("cluster", cluster::USAGE, "a real Kubernetes for the tests, on this machine", cluster::run_command),
    (
        "templates",
        "FILE [--truth FILE]",
        "how lines are put together by template, and how fast",
        templates::run,
    ),
    ("fuzz", "[TARGET…] [--minutes N]", "gives inputs of chance to all that reads", fuzz::run),
    ("unread", "[--cases DIR]", "how much of the cases nothing claimed; fails above 1 %", unread::run),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((_, _, _, run)) = args.first().and_then(|name| COMMANDS.iter().find(|c| c.0 == name)) else {
        eprintln!("usage: cargo xtask COMMAND\n");
        for (name, args, what, _) in COMMANDS {
            eprintln!("  {name} {args}\n      {what}");
        }
        return ExitCode::from(2);
    };
    match run(args.get(1..).unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
