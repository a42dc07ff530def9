//! `coroner demo`: incidents whose evidence is built into the binary.

use super::diagnose;
use crate::failure::Failure;
use crate::options::Demo;
use crate::terminal;
use intake::{Intake, RawRecord};
use std::process::ExitCode;

/// A built-in incident.
struct Case {
    name: &'static str,
    about: &'static str,
    /// Path and text of each record.
    records: &'static [(&'static str, &'static str)],
}

macro_rules! records {
    ($folder:literal: $($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../demo/", $folder, "/", $file)))),*]
    };
}

/// The list; the first one is the default.
const CASES: &[Case] = &[
    Case {
        name: "cascade",
        about: "A Job takes all pod addresses of a node; a service is left short, and its callers' pools run dry",
        records: records!("cascade": "kubectl.txt", "batch.json", "shop.json", "logs.txt", "nodes/worker-2.kubelet.log"),
    },
    Case {
        name: "opening",
        about: "Fifty pods of one service: ten crash-looping, fifteen in ImagePullBackOff, twenty OOMKilled, a node lost",
        records: records!("opening": "kubectl.txt", "logs.txt"),
    },
];

/// Runs one, or lists them.
pub fn run(options: &Demo) -> Result<ExitCode, Failure> {
    if options.list {
        let text: String = CASES.iter().map(|case| format!("{:<10} {}\n", case.name, case.about)).collect();
        terminal::print(&text);
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = options.name.as_deref().unwrap_or("cascade");
    let Some(case) = CASES.iter().find(|case| case.name == wanted) else {
        return Err(
            Failure::usage(format!("there is no demo {wanted}")).hint("coroner demo --list names them")
        );
    };
    let mut out = Intake::default();
    for (path, text) in case.records {
        intake::read(RawRecord { path, bytes: text.as_bytes() }, &mut out);
    }
    let (evidence, _) = out.finish();
    Ok(diagnose::built_in(&evidence, &format!("demo {}", case.name), &options.print))
}
