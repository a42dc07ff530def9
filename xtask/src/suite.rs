//! `cargo xtask test`: everything that continuous integration demands of the code itself. The tests come last, so that
//! the test runner has the last word.

use crate::run::{cargo, shown};
use crate::{Failure, Outcome};

pub fn run(args: &[String]) -> Outcome {
    if let Some(unknown) = args.first() {
        return Err(Failure::from(format!("no argument {unknown}")));
    }
    shown(&mut cargo(&["fmt", "--all", "--check"]))?;
    shown(&mut cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    shown(cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    shown(&mut cargo(&["test", "--workspace"]))
}
