//! A line of a journal in its parts: who wrote it, and the fields of its message.

use crate::scan::message::text::quoted;
use memchr::{memchr, memchr_iter, memchr2, memrchr};
use std::borrow::Cow;
use std::cell::OnceCell;

/// Who wrote a line, and its message. Known are `short`, `short-precise`, `short-iso`, `short-full`, `short-monotonic` and
/// `with-unit` journals, syslog files, the kernel's ring buffer as dmesg prints it, and bare klog lines.
pub(super) fn split(line: &str) -> (&str, &str) {
    let bytes = line.as_bytes();
    // dmesg: `[  123.456789] message`, `[Sun Nov 23 04:50:50 2025] message`; a monotonic journal names host and process.
    if bytes.first() == Some(&b'[') {
        return match line.split_once("] ") {
            Some((_, message)) => behind_host(message)
                .filter(|_| of_process(message))
                .and_then(writer)
                .unwrap_or(("kernel", message)),
            None => ("", line),
        };
    }
    let Some(rest) = behind_time(line) else { return ("", line) };
    let Some(rest) = behind_host(rest) else { return ("", rest) };
    writer(rest).unwrap_or(("", rest))
}

/// What stands behind the host's name.
fn behind_host(text: &str) -> Option<&str> {
    text.get(memchr(b' ', text.as_bytes())? + 1..)
}

/// Whether `host ident[pid]: ` or `host kernel: ` opens a text: the kernel's own messages do not.
fn of_process(text: &str) -> bool {
    let mut words = text.splitn(3, ' ');
    let (Some(host), Some(ident)) = (words.next(), words.next()) else { return false };
    let process =
        ident.strip_suffix("]:").and_then(|ident| ident.split_once('[')).is_some_and(|(name, pid)| {
            !name.is_empty() && !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())
        });
    !host.ends_with(':') && (process || ident == "kernel:")
}

/// `ident[pid]: message`, `unit.service[pid]: message`.
fn writer(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut name = None;
    for (at, byte) in bytes.iter().enumerate().take(81) {
        match byte {
            b' ' => return None,
            b'[' => name = name.or(Some(at)),
            b':' if matches!(bytes.get(at + 1), None | Some(b' ')) => {
                let name = text.get(..name.unwrap_or(at))?;
                return Some((
                    name.strip_suffix(".service").unwrap_or(name),
                    text.get(at + 2..).unwrap_or(""),
                ));
            }
            _ => {}
        }
    }
    None
}

/// What stands behind the time of a journal's line.
fn behind_time(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    let clock = |at: usize| bytes.get(at + 2) == Some(&b':') && bytes.get(at + 5) == Some(&b':');
    // `Nov 23 04:50:50[.123456] `
    let start = if bytes.first()?.is_ascii_uppercase() && bytes.get(3) == Some(&b' ') && clock(7) {
        7
    // `2025-11-23T04:50:50+0000 `
    } else if bytes.get(10) == Some(&b'T') && clock(11) {
        11
    // `Sun 2025-11-23 04:50:50 UTC `
    } else if bytes.get(14) == Some(&b' ') && clock(15) {
        let (_, rest) = line.get(15..)?.split_once(' ')?;
        return rest.split_once(' ').map(|(_, rest)| rest);
    } else {
        return None;
    };
    behind_host(line.get(start..)?)
}

/// A message with its fields: klog text or JSON (klog v2, component-base/logs/json), logfmt (containerd, CRI-O, docker).
pub(super) struct Record<'t> {
    /// Who wrote it; empty where the line does not tell.
    pub component: &'t str,
    /// The message as it stands.
    pub text: &'t str,
    json: Option<serde_json::Map<String, serde_json::Value>>,
    /// The keys of text, and what stands behind each; found when first asked for.
    fields: OnceCell<Vec<(&'t str, &'t str)>>,
}

impl<'t> Record<'t> {
    pub fn new(component: &'t str, text: &'t str) -> Self {
        let json = if text.starts_with('{') { serde_json::from_str(text).ok() } else { None };
        Record { component, text, json, fields: OnceCell::new() }
    }

    /// Whether the writer may be `name`: it is, or nobody is named.
    pub fn may_be(&self, name: &str) -> bool {
        self.component.is_empty() || self.component == name
    }

    /// The value of a field: `key="value"` with Go's quoting, `key=value`, or of a JSON object.
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        if let Some(json) = &self.json {
            return match json.get(key)? {
                serde_json::Value::String(text) => Some(Cow::Borrowed(text)),
                serde_json::Value::Object(object) => {
                    // An object's reference: {"name": …, "namespace": …}.
                    let part = |name: &str| object.get(name).and_then(serde_json::Value::as_str);
                    Some(Cow::Owned(format!("{}/{}", part("namespace")?, part("name")?)))
                }
                other => Some(Cow::Owned(other.to_string())),
            };
        }
        let value = self.value(key)?;
        match quoted(value) {
            Some((value, _)) => Some(value),
            None if value.starts_with('"') => Some(Cow::Borrowed(value.get(1..)?)),
            // More than one line: `<`, the lines, ` >`.
            None if value.starts_with('<') => {
                Some(Cow::Borrowed(value.get(1..)?.trim().trim_end_matches('>').trim()))
            }
            None => value.split(' ').next().map(Cow::Borrowed),
        }
    }

    /// What stands behind `key=`, outside of quotation marks: errors quote fields of their own.
    fn value(&self, key: &str) -> Option<&'t str> {
        let fields = self.fields.get_or_init(|| fields(self.text));
        fields.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// The error that is told: `err` of klog, `error` of logfmt; else the text itself.
    pub fn error(&self) -> Cow<'_, str> {
        self.get("err").or_else(|| self.get("error")).unwrap_or(Cow::Borrowed(self.text))
    }
}

/// The fields of a text: each key, and all that stands behind it.
fn fields(text: &str) -> Vec<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let bare = rest.get(..memchr(b'"', rest).unwrap_or(rest.len())).unwrap_or(rest);
        for sign in memchr_iter(b'=', bare) {
            let blank = memrchr(b' ', bare.get(..sign).unwrap_or_default());
            // What follows a quotation mark at once is no key.
            let Some(start) = blank.map(|blank| blank + 1).or((at == 0).then_some(0)) else { continue };
            if let (Some(key), Some(value)) = (text.get(at + start..at + sign), text.get(at + sign + 1..)) {
                found.push((key, value));
            }
        }
        // What is quoted.
        at += bare.len() + 1;
        loop {
            let end = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest));
            let Some(end) = end else { return found };
            at += end + 1;
            if bytes.get(at - 1) == Some(&b'"') {
                break;
            }
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wrote_a_line() {
        for (line, want) in [
            ("Nov 23 04:50:50.773428 worker-2 kernel: memory: usage 1kB", ("kernel", "memory: usage 1kB")),
            (
                "Nov  3 04:50:50 w kubelet[11556]: I1123 04:50:50.1 1 x.go:1] \"a: b\"",
                ("kubelet", "I1123 04:50:50.1 1 x.go:1] \"a: b\""),
            ),
            ("2025-11-23T04:50:50+0000 w systemd[1]: Started X.", ("systemd", "Started X.")),
            ("Sun 2025-11-23 04:50:50 UTC w systemd[1]: Started X.", ("systemd", "Started X.")),
            ("[ 1234.567890] oom_reaper: reaped", ("kernel", "oom_reaper: reaped")),
            ("[ 1234.567890] w kubelet[115]: I1123 x", ("kubelet", "I1123 x")),
            ("[ 1234.567890] w kernel: oom_reaper: reaped", ("kernel", "oom_reaper: reaped")),
            ("[ 1234.567890] app[12]: segfault at 0", ("kernel", "app[12]: segfault at 0")),
            ("Sun 2025-11-23 04:50:50 UTC w kubelet.service[1]: x", ("kubelet", "x")),
            ("[Sun Nov 23 04:50:50 2025] oom_reaper: reaped", ("kernel", "oom_reaper: reaped")),
            ("E1123 04:50:50.1 1 x.go:1] \"a\"", ("", "E1123 04:50:50.1 1 x.go:1] \"a\"")),
            ("-- No entries --", ("", "-- No entries --")),
            ("Nov 23 04:50:50", ("", "Nov 23 04:50:50")),
            ("Nov 23 04:50:50 w a::b:c: d: e", ("a::b:c", "d: e")),
            ("Nov 23 04:50:50 w ended:", ("ended", "")),
            ("Nov 23 04:50:50 w a sentence: x", ("", "a sentence: x")),
        ] {
            assert_eq!(split(line), want, "{line}");
        }
    }

    #[test]
    fn fields_of_every_format() {
        let klog = Record::new(
            "kubelet",
            r#"E1123 1 x.go:1] "Error syncing pod, skipping" err="failed to \"StartContainer\"" pod="shop/web-1" graceperiod=30"#,
        );
        assert_eq!(klog.error(), r#"failed to "StartContainer""#);
        assert_eq!(klog.get("pod").as_deref(), Some("shop/web-1"));
        assert_eq!(klog.get("graceperiod").as_deref(), Some("30"));
        assert_eq!(klog.get("period"), None);
        let json = Record::new(
            "",
            r#"{"ts":1.5,"msg":"Killing container","pod":{"name":"web-1","namespace":"shop"},"gracePeriod":30}"#,
        );
        assert_eq!(json.get("pod").as_deref(), Some("shop/web-1"));
        assert_eq!(json.get("gracePeriod").as_deref(), Some("30"));
        let block = Record::new("kubelet", "\"Probe failed\" output=<\n\tno file\n >");
        assert_eq!(block.get("output").as_deref(), Some("no file"));
        let odd = Record::new("", r#"a=1 "b"c=2 "d=3" \" e=4 "\"" f="a=b \" g=5" g=6=7"#);
        for (key, value) in
            [("a", Some("1")), ("c", None), ("d", None), ("f", Some("a=b \" g=5")), ("g", Some("6=7"))]
        {
            assert_eq!(odd.get(key).as_deref(), value, "{key}");
        }
        let cut = Record::new("kubelet", r#""x" err="not closed a=1"#);
        assert_eq!((&*cut.error(), cut.get("a")), ("not closed a=1", None));
    }
}
