//! The gate of missing sources: without one kind of source the verdict stays, weakens, becomes the general form of what
//! it was, or is one of its own steps, of the same object; it never becomes another one that is told as likely or certain.

use super::{Capture, diagnose, verdict};
use crate::place;
use engine::finding::{Certainty, Code};
use engine::report::Report;
use intake::{Intake, RawRecord};

/// A kind of source: its name, and what is left of a file without it.
type Source = (&'static str, fn(&str, &str) -> Option<String>);

const SOURCES: &[Source] = &[
    ("logs", |path, text| keep(!path.starts_with("logs"), text)),
    ("node text", |path, text| keep(!path.starts_with("nodes/"), text)),
    ("manifests", |path, text| keep(!path.starts_with("manifests/"), text)),
    ("describe", |path, text| {
        keep(!path.starts_with("describe"), text).map(|text| commands(&text, |c| !c.contains(" describe ")))
    }),
    ("whole objects", |path, text| {
        keep(!path.ends_with(".json"), text)
            .map(|text| commands(&text, |c| !c.contains(" -o yaml") && !c.contains(" -o json")))
    }),
    ("events", |path, text| keep(!path.starts_with("events"), text).map(|text| eventless(&text))),
];

/// What a code says where the words that told it apart are not there.
const GENERAL: &[(Code, &[Code])] = &[(
    Code::ImagePullFailed,
    &[
        Code::ImageNotFound,
        Code::ImagePullDenied,
        Code::RegistryNameUnresolved,
        Code::RegistryUnreachable,
        Code::RegistryTlsFailed,
        Code::RegistryRateLimited,
        Code::ImageDiskFull,
        Code::ImagePlatformMissing,
    ],
)];

pub(super) fn holds(capture: &Capture) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (name, left) in SOURCES {
        let mut read = Intake::default();
        let mut all = true;
        for file in place::files(&capture.folder, "") {
            let path = file.strip_prefix(&capture.folder).unwrap_or(&file).to_string_lossy().into_owned();
            let bytes = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let text = String::from_utf8_lossy(&bytes);
            let kept = left(&path, &text);
            all &= kept.as_deref() == Some(&*text);
            if let Some(kept) = kept {
                intake::read(RawRecord { path: &path, bytes: kept.as_bytes() }, &mut read);
            }
        }
        if all {
            continue;
        }
        let after = diagnose(&read.finish().0);
        if !follows(&capture.report, &after) {
            wrong.push(format!("without {name} `{}` became `{}`", verdict(&capture.report), verdict(&after)));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// Whether the first incident is one of what was told before, or says itself that it is unsure.
fn follows(before: &Report, after: &Report) -> bool {
    let Some(first) = after.incidents.first() else { return true };
    let is_same = |code: Code| {
        code == first.root.code
            || GENERAL.iter().any(|(general, of)| *general == first.root.code && of.contains(&code))
    };
    let mut steps = before.incidents.iter().flat_map(|incident| &incident.because);
    // Which container it is may be what was left out: its owner stands for it then.
    first.certainty.min(first.root.certainty) <= Certainty::Possible
        || steps.any(|step| is_same(step.code) && step.subject.whole() == first.root.subject.whole())
}

fn keep(wanted: bool, text: &str) -> Option<String> {
    wanted.then(|| text.to_owned())
}

/// A transcript without some commands; any other text as it is.
fn commands(text: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut kept = true;
    for line in text.split_inclusive('\n') {
        if line.starts_with("$ kubectl ") || line.starts_with("$ systemctl ") {
            kept = wanted(line);
        }
        if kept {
            out.push_str(line);
        }
    }
    out
}

/// A transcript without `get events`, and without the events of `describe`.
fn eventless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut skips = false;
    for line in commands(text, |c| !c.contains(" events")).split_inclusive('\n') {
        skips = (skips && !line.trim().is_empty() && !line.starts_with("$ ")) || line.starts_with("Events:");
        if !skips {
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "$ kubectl get pods\nNAME\na\n\n$ kubectl describe pod a\nName: a\nEvents:\n  Type  Reason\n  x  y\n\n$ kubectl get events\nLAST\n";

    #[test]
    fn commands_are_left_out_with_their_output() {
        let left = commands(TEXT, |c| !c.contains(" describe "));
        assert_eq!(left, "$ kubectl get pods\nNAME\na\n\n$ kubectl get events\nLAST\n");
    }

    #[test]
    fn events_are_left_out_of_descriptions() {
        assert_eq!(eventless(TEXT), "$ kubectl get pods\nNAME\na\n\n$ kubectl describe pod a\nName: a\n\n");
    }
}
