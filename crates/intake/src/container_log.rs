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
pub(crate) struct Read {
    /// Pod and container that the lines name, where they do.
    pub whose: Option<(String, String)>,
    /// What was in it.
    pub summary: LogSummary,
}

/// Reads a log, or the logs that are mixed in one.
pub(crate) fn read(body: Passage<'_>) -> Vec<Read> {
    let mut logs = Logs::open(body);
    logs.push(body.text);
    logs.finish()
}

/// Who keeps a log, and how.
#[derive(Clone, Copy)]
enum Form {
    Plain,
    /// In records of a runtime.
    Runtime(fn(&str) -> Option<Kept<'_>>),
    /// Several, their names before the lines.
    Mixed,
}

/// Reads a log, as many lines at a time as there are.
pub(crate) struct Logs {
    form: Form,
    logs: Vec<One>,
    /// The log of the line before.
    last: usize,
    /// The number of the next line, from 0.
    number: u32,
    /// Lines of a runtime of which only parts were there so far.
    parts: Vec<Part>,
}

/// The parts of a line: the stream they are of, the first one's number and time.
struct Part {
    stream: String,
    text: String,
    number: u32,
    at: Option<i64>,
}

impl Logs {
    /// Begins with what the first line tells of all.
    pub(crate) fn open(head: Passage<'_>) -> Logs {
        let first = head.lines().find(|line| !line.is_blank()).map_or("", |line| line.text);
        let form = if prefixed(first).is_some() {
            Form::Mixed
        } else if cri(first).is_some() {
            Form::Runtime(cri)
        } else if docker(first).is_some() {
            Form::Runtime(docker)
        } else {
            Form::Plain
        };
        let logs = if matches!(form, Form::Mixed) { Vec::new() } else { vec![One::new(None)] };
        Logs { form, logs, last: 0, number: 0, parts: Vec::new() }
    }

    /// Reads the next lines.
    pub(crate) fn push(&mut self, text: &str) {
        let keys = redact::Keys::may_be_in(text);
        self.logs.iter_mut().for_each(|one| one.look = keys || one.keys.is_open());
        match self.form {
            Form::Plain => self.plain(text),
            Form::Runtime(record) => self.runtime(text, record),
            Form::Mixed => self.mixed(text, keys),
        }
    }

    /// The last line was longer by so many bytes.
    pub(crate) fn passed(&mut self, bytes: u64) {
        if let Some(one) = self.logs.get_mut(self.last) {
            one.scan.passed(bytes);
        }
    }

    fn plain(&mut self, text: &str) {
        let Some(one) = self.logs.first_mut() else { return };
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            one.push(&rest[..end], self.number, None);
            self.number = self.number.saturating_add(1);
            rest = rest.get(end + 1..).unwrap_or("");
        }
    }

    /// Reads the records of a runtime, parts of a line put together.
    fn runtime(&mut self, text: &str, record: fn(&str) -> Option<Kept<'_>>) {
        let Some(one) = self.logs.first_mut() else { return };
        for line in Passage::whole(text).lines() {
            let number = self.number;
            self.number = number.saturating_add(1);
            let Some(kept) = record(line.text) else {
                one.push(line.text, number, None);
                continue;
            };
            let part = self.parts.iter().position(|part| part.stream == *kept.stream);
            if let Some(at) = part {
                let part = &mut self.parts[at];
                if part.text.len() < LONGEST {
                    part.text.push_str(&kept.text);
                }
                if !kept.partial {
                    let part = self.parts.swap_remove(at);
                    one.push(&part.text, part.number, part.at);
                }
            } else if kept.partial && self.parts.len() < 8 {
                let (stream, text) = (kept.stream.into_owned(), kept.text.into_owned());
                self.parts.push(Part { stream, text, number, at: kept.at });
            } else {
                one.push(&kept.text, number, kept.at);
            }
        }
    }

    fn mixed(&mut self, text: &str, keys: bool) {
        for line in Passage::whole(text).lines() {
            let mut text = line.text;
            if let Some((pod, container, start)) = prefixed(line.text) {
                text = &line.text[start..];
                let is_of = |one: &One| {
                    one.whose.as_ref().is_some_and(|(known, part)| known == pod && part == container)
                };
                if !self.logs.get(self.last).is_some_and(is_of) {
                    self.last = self.logs.iter().position(is_of).unwrap_or_else(|| {
                        if self.logs.len() < CONTAINERS {
                            let mut one = One::new(Some((pod.to_owned(), container.to_owned())));
                            one.look = keys;
                            self.logs.push(one);
                        }
                        self.logs.len() - 1
                    });
                }
            }
            if let Some(one) = self.logs.get_mut(self.last) {
                one.push(text, self.number, None);
            }
            self.number = self.number.saturating_add(1);
        }
    }

    /// What was read.
    pub(crate) fn finish(mut self) -> Vec<Read> {
        if let Some(one) = self.logs.first_mut() {
            one.look = true;
            for part in std::mem::take(&mut self.parts) {
                one.push(&part.text, part.number, part.at);
            }
        }
        self.logs.into_iter().map(One::finish).collect()
    }
}

/// One container's log.
struct One {
    whose: Option<(String, String)>,
    scan: LogScan,
    /// Private keys may stand in it, whose lines tell nothing by themselves.
    keys: redact::Keys,
    /// Whether any line at hand may be of a key.
    look: bool,
}

impl One {
    fn new(whose: Option<(String, String)>) -> One {
        One { whose, scan: LogScan::redacting(redact::text), keys: redact::Keys::default(), look: false }
    }

    fn push(&mut self, text: &str, number: u32, at: Option<i64>) {
        if self.look && self.keys.hold(text) {
            return;
        }
        self.scan.seek(number);
        self.scan.push(text, at);
    }

    fn finish(self) -> Read {
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
            .map(|r| (r.whose.clone(), r.summary.errors, r.summary.fatal.as_ref().map(|f| f.head.line)))
            .collect();
        let whose = |pod: &str| Some((pod.to_owned(), "app".to_owned()));
        assert_eq!(told, [(whose("a-0"), 1, None), (whose("b-0"), 1, Some(1))]);
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
