//! Starts other programs, and says so.

use crate::{Failure, Outcome, place};
use std::process::Command;

/// A command in the project's root.
pub fn program(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(place::root());
    command
}

/// Cargo, the one that runs us.
pub fn cargo(args: &[&str]) -> Command {
    program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), args)
}

/// Prints a command and runs it.
pub fn shown(command: &mut Command) -> Outcome {
    eprintln!("$ {}", words(command));
    let status = command.status().map_err(|e| format!("cannot start {}: {e}", words(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", words(command)).into()) }
}

/// Runs a command and gives what it printed; its errors go to ours.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let out = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|e| format!("cannot start {}: {e}", words(command)))?;
    if !out.status.success() {
        return Err(format!("{} ended with {}", words(command), out.status).into());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Runs this very command again as a release build, where it is not one: a debug build takes ten times as long.
pub fn in_release(name: &str, args: &[String]) -> Option<Outcome> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "xtask", "--", name]);
    Some(shown(command.args(args)))
}

fn words(command: &Command) -> String {
    let name = std::path::Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let args = command.get_args().map(|a| a.to_string_lossy());
    std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
}

/// Options of our commands: flags, and options with a value, in any order.
pub struct Options {
    flags: Vec<String>,
    values: Vec<(String, String)>,
    /// What is neither.
    pub rest: Vec<String>,
}

impl Options {
    /// Reads them; an option that is not named is refused.
    pub fn parse(args: &[String], flags: &[&str], values: &[&str]) -> Result<Options, Failure> {
        let mut options = Options { flags: Vec::new(), values: Vec::new(), rest: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if flags.contains(&arg.as_str()) {
                options.flags.push(arg.clone());
            } else if values.contains(&arg.as_str()) {
                let value = args.next().ok_or_else(|| format!("{arg} needs a value"))?;
                options.values.push((arg.clone(), value.clone()));
            } else if arg.starts_with('-') {
                return Err(format!("no option {arg}").into());
            } else {
                options.rest.push(arg.clone());
            }
        }
        Ok(options)
    }

    /// Whether a flag was given.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }

    /// The values of an option.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The last value of an option.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }
}
