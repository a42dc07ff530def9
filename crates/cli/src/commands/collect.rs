//! `coroner collect`: what a diagnosis reads, as a bundle.

use super::diagnose;
use super::live::{Live, Manner};
use crate::failure::Failure;
use crate::options::Collect;
use crate::terminal;
use bundle::{About, Archive};
use engine::evidence::Locator;
use intake::Intake;
use intake::redact::Mask;
use std::process::ExitCode;

/// Reads as a diagnosis does, and keeps the records.
pub fn run(options: &Collect) -> Result<ExitCode, Failure> {
    super::bundle::free(&options.output)?;
    let manner = Manner { all: false, verbose: options.verbose };
    let scope = |home: &str| diagnose::scope(&options.what, Some(home));
    let mut live = Live::connect(&options.connection, options.context.as_deref(), manner, scope)?;
    let mut archive = Archive::create(&options.output, Mask::Fixed)?;
    let part = archive.part().to_owned();
    live.end_on_interrupt(move || _ = std::fs::remove_file(part));

    let mut failed = None;
    let seen = live.diagnose(Intake::default(), &mut |path, bytes| {
        if failed.is_none() {
            failed = archive.add(path, bytes).err();
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    // What broke off is no bundle: it would read as if all were there.
    if let Some(error) = seen.cut {
        return Err(Failure::from(error).and("no bundle was written"));
    }
    let records = archive.len();
    let report = seen.report;
    let about = About {
        captured: report.captured.clone(),
        version: report.version.as_deref().map(str::to_owned),
        context: live.context().map(str::to_owned),
        scope: Some(diagnose::words(&options.what)),
        // What cannot be understood of a record cannot be understood there either.
        gaps: report.gaps.into_iter().filter(|gap| gap.locator == Locator::default()).collect(),
    };
    archive.finish(&about)?;
    let gaps = match about.gaps.len() {
        0 => String::new(),
        count => format!(", {count} reads gave nothing"),
    };
    let to = options.output.display();
    terminal::complain(&format!("{to}: {records} records{gaps}; coroner diagnose --from {to}"));
    Ok(ExitCode::SUCCESS)
}
