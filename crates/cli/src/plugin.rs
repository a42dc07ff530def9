//! The names that the program goes by: `coroner`, `kubectl coroner`, and what kubectl asks for completions.

use crate::options::Args;
use clap::{ArgAction, Command, CommandFactory};
use std::ffi::OsString;
use std::path::Path;

/// What kubectl calls a plugin's completion: `_complete` stands before the first hyphen of the plugin's own name
/// (kubectl `pkg/cmd/plugin/plugin_completion.go`, 1.26+).
const COMPLETES: &str = "kubectl_complete-coroner";
/// What kubectl looks for when `kubectl coroner` is typed.
const PLUGIN: &str = "kubectl-coroner";

/// What the program was called as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// By its own name.
    Coroner,
    /// As a plugin.
    Plugin,
    /// For completions.
    Completes,
}

impl Called {
    /// By the first argument, which is the path that was called.
    pub fn by(path: Option<&OsString>) -> Called {
        let name = path.and_then(|path| Path::new(path).file_stem()).unwrap_or_default();
        match name.to_str() {
            Some(PLUGIN) => Called::Plugin,
            Some(COMPLETES) => Called::Completes,
            _ => Called::Coroner,
        }
    }

    /// The command line, under the name that the caller typed.
    pub fn command(self) -> Command {
        match self {
            Called::Coroner => Args::command(),
            Called::Plugin | Called::Completes => Args::command().bin_name("kubectl coroner"),
        }
    }
}

/// No file names, in cobra's numbers (`ShellCompDirectiveNoFileComp`); 0 lets the shell complete files.
const NO_FILES: u8 = 4;

/// What may stand in the place of the last word, one a line, and the directive that kubectl expects behind.
pub fn candidates(mut command: Command, words: &[String]) -> String {
    command.build();
    let (last, before) = match words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", words),
    };
    let (mut at, mut value_of) = (&command, None);
    for word in before {
        value_of = None;
        if let Some(found) = at.find_subcommand(word) {
            at = found;
        } else if word.starts_with('-') && !word.contains('=') {
            value_of = option(at, word).filter(|arg| takes_value(arg));
        }
    }
    let mut found: Vec<String> = Vec::new();
    let mut files = false;
    if let Some(arg) = value_of {
        found.extend(arg.get_possible_values().iter().map(|value| value.get_name().to_owned()));
        files = found.is_empty();
    } else if last.starts_with('-') {
        found.extend(at.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
    } else {
        found.extend(at.get_subcommands().map(|command| command.get_name().to_owned()));
        let first = at.get_positionals().next();
        found.extend(first.iter().flat_map(|arg| arg.get_possible_values()).map(|v| v.get_name().to_owned()));
    }
    found.retain(|word| word.starts_with(last));
    found.sort();
    found.dedup();
    let directive = if files { 0 } else { NO_FILES };
    found.iter().map(|word| format!("{word}\n")).collect::<String>() + &format!(":{directive}\n")
}

fn option<'c>(command: &'c Command, word: &str) -> Option<&'c clap::Arg> {
    command.get_arguments().find(|arg| {
        let long = arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        let short = arg.get_short().is_some_and(|short| *word == format!("-{short}"));
        long || short
    })
}

fn takes_value(arg: &clap::Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        candidates(Args::command(), &words)
    }

    #[test]
    fn the_name_decides() {
        let by = |path: &str| Called::by(Some(&OsString::from(path)));
        assert_eq!(by("/usr/bin/coroner"), Called::Coroner);
        assert_eq!(by("/home/me/.krew/bin/kubectl-coroner"), Called::Plugin);
        assert_eq!(by("kubectl-coroner.exe"), Called::Plugin);
        assert_eq!(by("kubectl_complete-coroner"), Called::Completes);
        assert_eq!(Called::by(None), Called::Coroner);
        assert_eq!(Called::Plugin.command().get_bin_name(), Some("kubectl coroner"));
    }

    #[test]
    fn commands_flags_and_values_are_completed() {
        assert_eq!(answer(&["ev"]), "events\n:4\n");
        assert!(answer(&[""]).contains("diagnose\n") && answer(&[]).contains("timeline\n"));
        assert_eq!(answer(&["events", "--sort"]), "--sort-by\n:4\n");
        assert_eq!(answer(&["events", "-o", ""]), "json\ntext\n:4\n");
        assert_eq!(answer(&["events", "--from", "ti"]), ":0\n");
        assert_eq!(answer(&["completion", "b"]), "bash\n:4\n");
        assert_eq!(answer(&["nonsense", "--what"]), ":4\n");
    }
}
