//! Errors, and the exit codes that they lead to. The one table; the manual is made from it.

use crate::terminal;
use std::process::ExitCode;

/// Own or connection error.
pub const ERROR: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// There are incidents at or above `--fail-on`.
pub const FOUND: u8 = 3;
/// Nothing certain could be said; only with `--strict`.
pub const INCONCLUSIVE: u8 = 4;
/// The time that `--timeout` gave is over.
pub const TIMEOUT: u8 = 124;
/// Interrupted.
pub const INTERRUPTED: u8 = 130;

/// What went wrong, in a sentence, and what may help.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    text: String,
    hint: Option<String>,
}

impl Failure {
    /// An own error: a file that cannot be read, input that is nothing we know.
    pub fn own(text: impl Into<String>) -> Failure {
        Failure { code: ERROR, text: text.into(), hint: None }
    }

    /// A command line that cannot be followed.
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure { code: USAGE, text: text.into(), hint: None }
    }

    /// What the reader may try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// With something more to say of what went wrong.
    #[must_use]
    pub fn and(mut self, more: &str) -> Failure {
        self.text = format!("{}; {more}", self.text);
        self
    }

    /// Tells it on standard error.
    pub fn report(self) -> ExitCode {
        terminal::complain(&format!("error: {}", self.text));
        if let Some(hint) = &self.hint {
            terminal::complain(&format!("hint:  {hint}"));
        }
        ExitCode::from(self.code)
    }
}

impl From<cluster::Error> for Failure {
    fn from(error: cluster::Error) -> Failure {
        let hint = error.hint();
        Failure { code: ERROR, text: error.to_string(), hint }
    }
}

impl From<bundle::Error> for Failure {
    fn from(error: bundle::Error) -> Failure {
        let cause =
            std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
        Failure::own(format!("{error}{cause}"))
    }
}
