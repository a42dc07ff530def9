//! Which form a text has: table, outline, YAML, journal, …; and where one ends and the next begins.

use super::lines::{Line, Lines, Passage};
use super::outline::{key_of, lost_pod};
use super::reindent;
use super::table::{self, Header};
use super::times::{self, Basis};
use crate::journal;

/// The form of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A table of `kubectl get`, or rows of events without their header.
    Table,
    /// Text of `kubectl describe`, of one object or several, or a piece of one.
    Outline,
    /// YAML documents.
    Yaml,
    /// One JSON value.
    Json,
    /// A JSON object on each line.
    JsonLines,
    /// Journal lines: `Dec 05 15:12:12 n1 kubelet[1]: …`, also with an ISO time or weekday and zone.
    Journal,
    /// A journal as `-o export` writes it.
    JournalExport,
    /// A journal as `-o json` and its kin write it.
    JournalJson,
    /// What `systemctl status` prints, the journal lines below included.
    Systemctl,
    /// Lines with a klog header.
    Klog,
    /// Lines of the kernel ring buffer.
    Dmesg,
    /// Container log files as the runtime writes them: `2025-11-14T13:02:56.1Z stdout F …`.
    Cri,
    /// What kubectl itself says: errors, warnings, `No resources found`.
    Message,
    /// A comment, a heading between parts of a paste.
    Note,
    /// Anything else: what a container printed.
    Logs,
}

/// Lines of one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The form.
    pub form: Form,
    /// The lines.
    pub lines: Passage<'a>,
}

/// The blocks of a text that no command announces, in order; blank lines between them belong to none.
pub fn blocks(text: Passage<'_>) -> Blocks<'_> {
    Blocks { rest: text }
}

/// The blocks of a text.
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    rest: Passage<'a>,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let first = self.rest.lines().find(|l| !l.is_blank())?;
        self.rest = self.rest.from(&first);
        let mut lines = self.rest.lines();
        let first = lines.next()?;
        let form = starts(first.text, lines.clone()).unwrap_or(Form::Logs);
        let end = self.end(form, &first, lines);
        let block = Block { form, lines: self.rest.until(end) };
        let breaks = memchr::memchr_iter(b'\n', block.lines.text.as_bytes()).count();
        self.rest = Passage { text: &self.rest.text[end..], first_line: first.number + breaks };
        Some(block)
    }
}

impl<'a> Blocks<'a> {
    /// Where the block ends in the rest.
    fn end(&self, form: Form, first: &Line<'a>, mut lines: Lines<'a>) -> usize {
        match form {
            Form::Note => return lines.offset(),
            Form::Json => return json_end(self.rest.text),
            _ => {}
        }
        let headless = form == Form::Table && Header::read(first.text, false).is_none();
        let mut blank = false;
        let mut events = first.text.trim() == "Events:";
        loop {
            let at = lines.offset();
            let Some(line) = lines.next() else { return self.rest.text.len() };
            if line.is_blank() {
                if form == Form::Table {
                    return at;
                }
                blank = true;
                continue;
            }
            events |= form == Form::Outline && line.text.trim() == "Events:";
            let row = (events || headless) && table::is_event_row(line.text);
            if !row && (headless || ends(form, &line, blank, lines.clone())) {
                return at;
            }
            blank = false;
        }
    }
}

/// Whether a line is no longer part of a block.
fn ends<'a>(form: Form, line: &Line<'a>, blank: bool, rest: Lines<'a>) -> bool {
    let text = line.text;
    match form {
        Form::Message => !(is_message(text) || text.starts_with("* ")),
        // Its fields may look like anything.
        Form::JournalExport => !text.contains('=') && starts(text, rest).is_some(),
        Form::JournalJson => !text.starts_with([' ', '\t', '{', '}']) && starts(text, rest).is_some(),
        Form::Table => begins_with_time(text) || starts(text, rest).is_some(),
        Form::Outline => {
            let edge = !text.starts_with([' ', '\t']);
            let other = || starts(text, rest).is_some_and(|f| f != Form::Outline && f != Form::Yaml);
            let prose = blank && key_of(text).is_none() && !matches!(text, "Data" | "BinaryData");
            edge && (prose || begins_with_time(text) || other())
        }
        Form::Yaml => {
            let edge = !text.starts_with([' ', '\t', '-', '#', '.', '}', ']', '"', '\'']);
            edge && (key_of(text).is_none_or(|(k, _)| k.contains(' ')) || is_note(text))
        }
        Form::Systemctl => {
            starts(text, rest).is_some_and(|f| !matches!(f, Form::Systemctl | Form::Journal | Form::Note))
        }
        _ => starts(text, rest).is_some_and(|f| f != form),
    }
}

/// The form of a block that this line opens, if it shows one.
fn starts<'a>(text: &'a str, mut rest: Lines<'a>) -> Option<Form> {
    if is_message(text) {
        return Some(Form::Message);
    }
    if let Some(form) = line_form(text) {
        return Some(form);
    }
    if Header::read(text, false).is_some() || table::is_event_row(text) {
        return Some(Form::Table);
    }
    if is_note(text) {
        return Some(Form::Note);
    }
    let first = *text.as_bytes().first()?;
    if first == b'{' {
        let next = rest.find(|l| !l.is_blank());
        let second = next.as_ref().map_or("", |line| line.text);
        if journal::is_json(text) || (text.trim_end() == "{" && second.trim_start().starts_with("\"__")) {
            return Some(Form::JournalJson);
        }
        return Some(if !text.trim_end().ends_with('}') {
            if text.trim_end().len() > 1 { return None } else { Form::Json }
        } else if next.is_some_and(|n| n.text.starts_with('{')) {
            Form::JsonLines
        } else {
            Form::Json
        });
    }
    if text.trim_end() == "[" {
        return Some(Form::Json);
    }
    if text.starts_with("apiVersion: ") || text.starts_with("- apiVersion: ") || text.trim_end() == "---" {
        return Some(Form::Yaml);
    }
    let trimmed = text.trim_start();
    let (key, value) = key_of(trimmed)?;
    if reindent::is_telling(key, value) || lost_pod(text).is_some() {
        return Some(Form::Outline);
    }
    if first == b'k' && key == "kind" {
        return Some(Form::Yaml);
    }
    // One known key may stand in any log; two on lines after each other hardly do.
    let next = rest.find(|l| !l.is_blank())?;
    let (following, _) = key_of(next.text.trim_start())?;
    (reindent::is_known(key) && reindent::is_known(following)).then_some(Form::Outline)
}

/// The form of lines that each show it.
fn line_form(text: &str) -> Option<Form> {
    let first = *text.as_bytes().first()?;
    if !first.is_ascii() || first == b'*' {
        return opens_unit(text).then_some(Form::Systemctl);
    }
    if text.starts_with("__CURSOR=") || text.starts_with("__REALTIME_TIMESTAMP=") {
        return Some(Form::JournalExport);
    }
    if text.starts_with("-- ") && (text.ends_with(" --") || text.ends_with('.')) {
        return Some(Form::Journal);
    }
    if !matches!(first, b'0'..=b'9' | b'[' | b'A'..=b'Z') {
        return None;
    }
    let (stamp, used) = times::leading(text)?;
    let rest = text.get(used..)?;
    if first == b'[' {
        let kernel = stamp.basis == Basis::Boot || text.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase);
        let form = if is_of_process(rest.trim_start(), stamp.basis) { Form::Journal } else { Form::Dmesg };
        return (kernel && rest.starts_with(' ')).then_some(form);
    }
    if stamp.basis == Basis::NoYear && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
        return klog(text).then_some(Form::Klog);
    }
    let rest = rest.strip_prefix(' ')?;
    if rest.starts_with("stdout ") || rest.starts_with("stderr ") {
        return matches!(rest.get(7..9), Some("F " | "P "))
            .then_some(Form::Cri)
            .or_else(|| matches!(rest.get(7..), Some("F" | "P")).then_some(Form::Cri));
    }
    is_of_process(rest, stamp.basis).then_some(Form::Journal)
}

/// Whether a text behind a time is of a journal: the host, then the program with its process in brackets or a colon.
fn is_of_process(text: &str, basis: Basis) -> bool {
    let mut words = text.splitn(3, ' ');
    let (Some(host), Some(program)) = (words.next(), words.next()) else { return false };
    let Some(tag) = program.strip_suffix(':').filter(|_| !host.is_empty()) else { return false };
    match tag.split_once('[') {
        Some((name, pid)) => {
            let pid = pid.strip_suffix(']').unwrap_or("-");
            // The kernel names processes, too, but no host before them.
            !name.is_empty() && !host.ends_with(':') && pid.bytes().all(|b| b.is_ascii_digit())
        }
        None => tag == "kernel" || (basis == Basis::NoYear && !tag.is_empty()),
    }
}

/// The host that a line of a journal names, and where its name begins.
pub(crate) fn journal_host(text: &str) -> Option<(usize, &str)> {
    let (stamp, used) = times::leading(text)?;
    let klog = text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) && stamp.basis == Basis::NoYear;
    let rest = text.get(used..)?.strip_prefix(' ').filter(|_| !klog)?;
    is_of_process(rest, stamp.basis).then(|| (used + 1, rest.split(' ').next().unwrap_or(rest)))
}

/// Whether a line opens a unit's status: `● kubelet.service - kubelet: The Kubernetes Node Agent`.
fn opens_unit(text: &str) -> bool {
    let name = ["● ", "○ ", "× ", "↻ ", "* "].iter().find_map(|bullet| text.strip_prefix(bullet));
    let name = name.and_then(|rest| rest.split(' ').next()).unwrap_or("");
    let kinds = [".service", ".socket", ".timer", ".mount", ".slice", ".scope", ".target"];
    kinds.iter().any(|kind| name.ends_with(kind))
}

/// Whether a line has a klog header: `I1114 21:04:55.000000    1771 kubelet.go:2528] …`.
fn klog(text: &str) -> bool {
    if !matches!(text.as_bytes(), [b'I' | b'W' | b'E' | b'F', b'0'..=b'9', ..]) {
        return false;
    }
    let Some((_, used)) = times::leading(text) else { return false };
    let mut words = text[used..].split_ascii_whitespace();
    words.next().is_some_and(|pid| pid.bytes().all(|b| b.is_ascii_digit()))
        && words.next().is_some_and(|place| place.contains(':') && place.ends_with(']'))
}

fn is_note(text: &str) -> bool {
    let text = text.trim_end();
    text.starts_with("# ")
        || text.starts_with("```")
        || (text.starts_with("--- ") && text.ends_with(" ---"))
        || (text.starts_with("==> ") && text.ends_with(" <=="))
        || (text.starts_with("=== ") && text.ends_with(" ==="))
        || text.starts_with("Hint: Some lines were ellipsized")
        || text.starts_with("Notice: journal has been rotated")
}

/// How lines begin that kubectl prints on its own behalf (k8s.io/kubectl pkg/cmd/util/helpers.go and the commands).
const MESSAGES: &[&str] = &[
    "Error from server (",
    "Error from server: ",
    "No resources found",
    "The connection to the server ",
    "Unable to connect to the server",
    "Unable to use a TTY",
    "Unable to retrieve ",
    "Error in configuration",
    "Server returned an unexpected response",
    "The request is invalid",
    "error: ",
    "Defaulted container ",
    "Defaulting container name to ",
    "Defaulting debug container name to ",
    "Targeting container ",
    "If you don't see a command prompt",
    "Use 'kubectl describe ",
    "command terminated with exit code ",
    "Flag --",
];

fn is_message(text: &str) -> bool {
    // Every message begins with one of these.
    matches!(text.as_bytes().first(), Some(b'A'..=b'Z' | b'c' | b'e' | b'u' | b'f'))
        && (MESSAGES.iter().any(|m| text.starts_with(m))
            || (text.starts_with("The ") && text.contains(" is invalid"))
            || (text.starts_with("Unit ") && text.ends_with(" could not be found."))
            || (text.starts_with("Warning: ") && !text.starts_with("Warning:  ")))
}

/// Whether a line begins with a time, as log lines do.
pub(super) fn begins_with_time(text: &str) -> bool {
    text.starts_with(['[', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        && times::leading(text).is_some()
}

/// The end of the line on which the JSON value at the start closes.
fn json_end(text: &str) -> usize {
    let (mut depth, mut string, mut escaped) = (0u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            _ if string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |p| at + p + 1);
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &str) -> Vec<(Form, usize, usize)> {
        blocks(Passage::whole(text))
            .map(|b| (b.form, b.lines.first_line, b.lines.lines().filter(|l| !l.is_blank()).count()))
            .collect()
    }

    #[test]
    fn a_mixed_paste() {
        let text = "\
NAME READY STATUS RESTARTS AGE
web-0 0/1 ImagePullBackOff 0 15m

--- KUBECTL DESCRIBE POD EVENTS ---
Warning Failed 15m (x12 over 15m) kubelet Failed to pull image \"a\": not found
Warning Failed 15m (x12 over 15m) kubelet Error: ErrImagePull
# FATAL: Pod stuck
Name: web
Namespace: default
Events:
Type Reason Age From Message
---- ------ ---- ---- -------
Warning BackOff 2m (x30 over 1h) kubelet Back-off restarting
[2026-06-28T12:04:55Z] INFO: starting
[2026-06-28T12:04:59Z] ERROR: x
Jun 28 12:01:15 n1 kubelet[1234]: E0628 12:01:15.123456 1234 kubelet.go:2456] \"x\"
Last State: Terminated
Reason: OOMKilled
Exit Code: 137
Error from server (NotFound): pods \"x\" not found
● kubelet.service - x
     Loaded: loaded

Dec 05 15:12:12 n1 kubelet[1]: a
NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE
web    ClusterIP   10.0.0.1     <none>        80/TCP    5m
NAME   DATA   AGE
c      1      5m
apiVersion: v1

kind: Pod
";
        use Form::*;
        assert_eq!(
            forms(text),
            [
                (Table, 1, 2),
                (Note, 4, 1),
                (Table, 5, 2),
                (Note, 7, 1),
                (Outline, 8, 6),
                (Logs, 14, 2),
                (Journal, 16, 1),
                (Outline, 17, 3),
                (Message, 20, 1),
                (Systemctl, 21, 3),
                (Table, 25, 2),
                (Table, 27, 2),
                (Yaml, 29, 2),
            ]
        );
    }

    #[test]
    fn by_the_line() {
        for (text, form) in [
            ("I1114 21:04:55.000000    1771 kubelet.go:2528] \"SyncLoop\"", Form::Klog),
            ("2025-11-14T13:02:56.123456789Z stdout F hello", Form::Cri),
            ("2025-11-14T13:02:56+0000 n1 kubelet[1]: x", Form::Journal),
            ("2025-11-14T13:02:56Z INFO main: x", Form::Logs),
            ("[ 3654.650053] oom-kill:constraint=x", Form::Dmesg),
            ("[Fri Dec  5 15:12:12 2025] oom-kill", Form::Dmesg),
            ("-- No entries --", Form::Journal),
            ("__CURSOR=s=1", Form::JournalExport),
            ("{\"a\":1}\n{\"b\":2}", Form::JsonLines),
            ("{\n \"a\": 1\n}", Form::Json),
            ("apiVersion: v1\nkind: Pod", Form::Yaml),
            ("Unable to connect to the server: dial tcp: i/o timeout", Form::Message),
            (
                "The connection to the server a:6443 was refused - did you specify the right host or port?",
                Form::Message,
            ),
            ("Status: 500", Form::Logs),
            ("shop   3m15s   Warning   Failed   pod/web-0   Error: x", Form::Table),
            ("No resources found in shop namespace.", Form::Message),
            ("* a list.service of", Form::Logs),
        ] {
            assert_eq!(blocks(Passage::whole(text)).next().map(|b| b.form), Some(form), "{text}");
        }
        assert_eq!(forms("\n \n"), []);
    }

    #[test]
    fn every_line_is_in_one_block() {
        for text in [
            "error: a\nx\n\n{\nopen\nNAME  A\n\n",
            "{\"a\": \"}\\\"\"\n}",
            "NAME  AGE\n\nx",
            "- \n*\n\u{2028}é: x\n--- ---",
        ] {
            let lines: usize = forms(text).iter().map(|(_, _, n)| n).sum();
            assert_eq!(lines, Passage::whole(text).lines().filter(|l| !l.is_blank()).count(), "{text}");
        }
    }
}
