//! `coroner explain`.

use crate::failure::Failure;
use crate::options::Explain;
use std::process::ExitCode;

/// Explains words.
pub fn run(_options: &Explain) -> Result<ExitCode, Failure> {
    Err(Failure::own("explain is not built yet"))
}
