//! Container logs as whoever keeps them writes them: the bare lines, the CRI's files, Docker's JSON files, and lines that
//! `kubectl logs --prefix` puts the container's name before.

use crate::kubectl::lines::Passage;
use crate::kubectl::times::{self, Basis};
use crate::redact;
use engine::scan::log::{LogScan, LogSummary};
use serde::Deserialize;
use std::borrow::Cow;

/// Longest line that is put together of its parts, in bytes; the scanner looks at no more.
const LONGEST: usize = 64 * 1024;

/// Containers told apart by their prefix in one log.
const CONTAINERS: usize = 1024;

/// A log, read.
pub(crate) struct Read<'a> {
    /// Pod and container that the lines name, where they do.
    pub whose: Option<(&'a str, &'a str)>,
    /// What was in it.
    pub summary: LogSummary,
}

/// Reads a log, or the logs that are mixed in one.
pub(crate) fn read(body: Passage<'_>) -> Vec<Read<'_>> {
    let first = body.lines().find(|line| !line.is_blank()).map_or("", |line| line.text);
    if prefixed(first).is_some() {
        return mixed(body);
    }
    let mut one = One::new(None, body.text);
    if cri(first).is_some() {
        lines_of_runtime(body, &mut one, cri);
    } else if docker(first).is_some() {
        lines_of_runtime(body, &mut one, docker);
    } else if one.keys.is_some() {
        (0..).zip(body.lines()).for_each(|(number, line)| one.push(line.text, number, None));
    } else {
        one.scan.push_text(body.text);
    }
    vec![one.finish()]
}

/// One container's log.
struct One<'a> {
    whose: Option<(&'a str, &'a str)>,
    scan: LogScan,
    /// Private keys may stand in it, whose lines tell nothing by themselves.
    keys: Option<redact::Keys>,
}

impl<'a> One<'a> {
    fn new(whose: Option<(&'a str, &'a str)>, text: &str) -> One<'a> {
        One { whose, scan: LogScan::redacting(redact::text), keys: redact::Keys::of(text) }
    }

    fn push(&mut self, text: &str, number: u32, at: Option<i64>) {
        if self.keys.as_mut().is_some_and(|keys| keys.hold(text)) {
            return;
        }
        self.scan.seek(number);
        self.scan.push(text, at);
    }

    fn finish(self) -> Read<'a> {
        Read { whose: self.whose, summary: self.scan.finish() }
    }
}

/// A line as a runtime keeps it.
struct Kept<'a> {
    text: Cow<'a, str>,
    stream: Cow<'a, str>,
    at: Option<i64>,
    /// The line goes on in the next record of its stream.
    partial: bool,
}

/// Reads the records of a runtime, parts of a line put together.
fn lines_of_runtime(body: Passage<'_>, one: &mut One<'_>, record: fn(&str) -> Option<Kept<'_>>) {
    let mut open: Vec<(String, String, u32, Option<i64>)> = Vec::new();
    for (number, line) in (0..).zip(body.lines()) {
        let Some(kept) = record(line.text) else {
            one.push(line.text, number, None);
            continue;
        };
        let part = open.iter().position(|(stream, ..)| *stream == *kept.stream);
        if let Some(part) = part {
            let (_, text, ..) = &mut open[part];
            if text.len() < LONGEST {
                text.push_str(&kept.text);
            }
            if !kept.partial {
                let (_, text, first, at) = open.swap_remove(part);
                one.push(&text, first, at);
            }
        } else if kept.partial && open.len() < 8 {
            open.push((kept.stream.into_owned(), kept.text.into_owned(), number, kept.at));
        } else {
            one.push(&kept.text, number, kept.at);
        }
    }
    for (_, text, first, at) in open {
        one.push(&text, first, at);
    }
}

/// `2026-11-23T04:50:50.1Z stdout F message` (Kubernetes CRI logging, all versions).
fn cri(line: &str) -> Option<Kept<'_>> {
    if !line.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (stamp, used) = times::leading(line)?;
    let rest = line.get(used..)?.strip_prefix(' ')?;
    let (stream, rest) = rest.split_once(' ')?;
    let (tags, text) = rest.split_once(' ').unwrap_or((rest, ""));
    // Tags are parted by colons; the first says whether the line ends here.
    let partial = match tags.split(':').next()? {
        "F" => false,
        "P" => true,
        _ => return None,
    };
    let at = (stamp.basis == Basis::Utc).then_some(stamp.span.earliest);
    matches!(stream, "stdout" | "stderr").then_some(Kept {
        text: Cow::Borrowed(text),
        stream: Cow::Borrowed(stream),
        at,
        partial,
    })
}

/// A record of Docker's `json-file` driver (moby `daemon/logger/jsonfilelog`, all versions).
#[derive(Deserialize)]
struct Docker<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

fn docker(line: &str) -> Option<Kept<'_>> {
    if !line.starts_with("{\"log\":") {
        return None;
    }
    let record: Docker = serde_json::from_str(line).ok()?;
    let at = times::stamp(&record.time).filter(|s| s.basis == Basis::Utc).map(|s| s.span.earliest);
    let (text, partial) = match record.log {
        Cow::Borrowed(text) => {
            let line = text.strip_suffix('\n');
            (Cow::Borrowed(line.unwrap_or(text)), line.is_none())
        }
        Cow::Owned(mut text) => {
            let partial = !text.ends_with('\n');
            text.truncate(text.len() - usize::from(!partial));
            (Cow::Owned(text), partial)
        }
    };
    Some(Kept { text, stream: record.stream, at, partial })
}

/// `[pod/web-0/app] message` (kubectl logs --prefix, 1.17 and newer): pod, container and where the message begins.
fn prefixed(line: &str) -> Option<(&str, &str, usize)> {
    let rest = line.strip_prefix("[pod/")?;
    let (name, _) = crate::clip(rest, 600).split_once("] ")?;
    let (pod, container) = name.split_once('/')?;
    let named = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    };
    (named(pod) && named(container)).then_some((pod, container, "[pod/".len() + name.len() + 2))
}

fn mixed(body: Passage<'_>) -> Vec<Read<'_>> {
    let mut found: Vec<One<'_>> = Vec::new();
    let mut last = 0;
    for (number, line) in (0..).zip(body.lines()) {
        let mut text = line.text;
        if let Some((pod, container, start)) = prefixed(line.text) {
            text = &line.text[start..];
            let whose = Some((pod, container));
            let known = found.iter().position(|one| one.whose == whose);
            last = known.unwrap_or_else(|| {
                if found.len() < CONTAINERS {
                    found.push(One::new(whose, body.text));
                }
                found.len() - 1
            });
        }
        if let Some(one) = found.get_mut(last) {
            one.push(text, number, None);
        }
    }
    found.into_iter().map(One::finish).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANIC: &str = "panic: no \"route\" to db";

    fn only(text: &str) -> LogSummary {
        let mut all = read(Passage::whole(text));
        assert_eq!(all.len(), 1);
        all.remove(0).summary
    }

    #[test]
    fn a_runtime_s_files_say_what_the_container_said() {
        let bare = only(&format!("ready\n{PANIC}\n"));
        let (start, end) = PANIC.split_at(9);
        let time = "2026-11-23T04:50:50.773428000Z";
        let cri = format!(
            "{time} stdout F ready\n{time} stderr P {start}\n{time} stdout F between\n{time} stderr F {end}\n{time} stdout F\n"
        );
        let line = |stream: &str, text: &str| {
            let log = serde_json::to_string(text).unwrap();
            format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n")
        };
        let docker = [
            line("stdout", "ready\n"),
            line("stderr", start),
            line("stdout", "between\n"),
            line("stderr", &format!("{end}\n")),
        ]
        .concat();
        let want = &bare.fatal.as_ref().unwrap().head;
        for (text, first) in [(&cri, 1), (&docker, 1)] {
            let read = only(text);
            let head = &read.fatal.as_ref().unwrap().head;
            assert_eq!(
                (&head.text, head.line, head.at),
                (&want.text, first, Some(1_795_409_450_773_428)),
                "{text}"
            );
            assert_eq!(read.first.map(|first| first.at), Some(1_795_409_450_773_428));
        }
        assert_eq!(
            only(&format!("{time} stdout P {PANIC}")).fatal.map(|f| f.head.text),
            Some(want.text.clone())
        );
    }

    #[test]
    fn mixed_logs_are_told_apart() {
        let text = format!(
            "[pod/a-0/app] ready\n[pod/b-0/app] {PANIC}\n\ngoroutine 1 [running]:\n[pod/a-0/app] ERROR x\n[odd] y\n"
        );
        let all = read(Passage::whole(&text));
        let told: Vec<_> = all
            .iter()
            .map(|r| (r.whose, r.summary.errors, r.summary.fatal.as_ref().map(|f| f.head.line)))
            .collect();
        assert_eq!(told, [(Some(("a-0", "app")), 1, None), (Some(("b-0", "app")), 1, Some(1))]);
        assert_eq!(read(Passage::whole("[pod/$(x)/app] y")).len(), 1);
    }

    #[test]
    fn json_records_are_read_as_they_are() {
        let read = only("{\"level\":\"fatal\",\"ts\":\"2026-11-23T04:50:50Z\",\"msg\":\"cannot bind\"}\n");
        assert_eq!(&*read.fatal.unwrap().says, "cannot bind");
    }

    #[test]
    fn no_secret_is_kept() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEsecretsecret\n-----END RSA PRIVATE KEY-----";
        let padding = "x".repeat(600);
        for text in [
            "ERROR cannot reach postgres://app:hunter2@db:5432/orders: connection refused".to_owned(),
            format!("FATAL {padding} DB_PASSWORD=hunter2 connection refused to db:5432"),
            format!("ERROR {padding} dial tcp: lookup postgres://app:hunter2@db: no such host {padding}"),
            format!("FATAL bad key {key}"),
            "just a tail with Authorization: Bearer hunter2hunter2hunter2".to_owned(),
        ] {
            for shown in
                [text.clone(), format!("2026-11-23T04:50:50Z stderr F {text}"), format!("[pod/a/b] {text}")]
            {
                let kept = format!("{:?}", only(&shown));
                assert!(!kept.contains("hunter2") && !kept.contains("MIIEsecret"), "{kept}");
            }
        }
        let kept = only("ERROR cannot reach postgres://app:hunter2@db:5432/orders: connection refused");
        assert!(format!("{:?}", kept.sightings).contains("5432"), "{kept:?}");
    }
}
