//! The program as a whole: what outsiders write into evidence reaches no terminal, no command and no reader who must not
//! see it.

#[path = "program/bundles.rs"]
mod bundles;
#[path = "program/hostile.rs"]
mod hostile;
#[path = "program/nothing.rs"]
mod nothing;
#[path = "program/planted.rs"]
mod planted;
#[path = "program/secrets.rs"]
mod secrets;
#[path = "program/ways.rs"]
mod ways;

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Every way to print.
const OUTPUTS: [&[&str]; 5] = [
    &["-o", "text"],
    &["-o", "text", "-v", "--all"],
    &["-o", "json", "--all"],
    &["-o", "yaml", "--all"],
    &["-o", "markdown", "-v", "--all"],
];

/// Runs `coroner diagnose --from -` on an input.
fn diagnose(input: &[u8], more: &[&str]) -> Output {
    of_stdin(&[&["diagnose", "--from", "-"], more].concat(), input)
}

/// Runs the program on what it reads from standard input.
fn of_stdin(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_coroner"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the program ends");
    let _ = writer.join();
    output
}

/// Both streams as text.
fn printed(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).expect("what is printed is text")
}
