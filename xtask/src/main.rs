//! The project's own commands: tests, rules, generated files, measurements.

use std::process::{Command, ExitCode};

/// Everything that has to pass, in the order that fails fastest.
const TEST: &[&[&str]] = &[
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    &["test", "--workspace", "--quiet"],
];

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("test") => {
            for step in TEST {
                let ran = Command::new(env!("CARGO")).args(*step).status();
                if !ran.is_ok_and(|status| status.success()) {
                    return ExitCode::FAILURE;
                }
            }
            ExitCode::SUCCESS
        }
        _ => ExitCode::from(2),
    }
}
