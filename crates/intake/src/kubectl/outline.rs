//! The indented text of `kubectl describe`, as a tree.

use super::lines::{Line, Passage, join};
use super::{form, reindent};
use memchr::memmem;

/// A line, and the lines indented below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item<'a> {
    /// The line without indentation and trailing blanks; with the further lines of its message, if it has some.
    pub text: &'a str,
    /// Columns before it; where the text has lost them, as many as its place in the outline needs.
    pub indent: usize,
    /// Its number in the input.
    pub line: usize,
    /// What is indented below it.
    pub children: Vec<Item<'a>>,
}

/// Deepest nesting that is kept; deeper lines are siblings.
const DEPTH: usize = 32;

/// A line and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub(super) line: Line<'a>,
    pub(super) indent: usize,
    /// The line without indentation and trailing blanks.
    pub(super) text: &'a str,
}

/// Reads a passage as a tree. Blank lines are nothing. An outline that has lost its indentation gets it back.
pub fn parse(passage: Passage<'_>) -> Vec<Item<'_>> {
    let placed = passage.lines().map(|l| Placed { line: l, indent: l.indent(), text: l.text.trim() });
    let mut lines: Vec<Placed> = placed.filter(|l| !l.text.is_empty()).collect();
    if lines.len() > 1 && lines.iter().all(|l| l.indent == 0) {
        reindent::place(&mut lines);
    }
    let mut roots: Vec<Item> = Vec::new();
    let mut open: Vec<Item> = Vec::new();
    let mut events: Option<usize> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(last) = events
            && last + 1 == line.line.number
            && let Some(row) = open.last_mut().filter(|row| is_event(row.text))
            && !(is_event(line.text) && line.indent == row.indent)
            && !form::begins_with_time(line.line.text)
        {
            // A message of several lines goes on at the left edge or wherever its own text stands. Lines of a log that
            // was pasted below have a time.
            row.text = join(passage.text, row.text, line.text);
            events = Some(line.line.number);
            continue;
        }
        while open.last().is_some_and(|item| item.indent >= line.indent) || open.len() >= DEPTH {
            close(&mut open, &mut roots);
        }
        if events.is_some() || (line.indent == 0 && line.text == "Events:") {
            events = Some(line.line.number);
        }
        let mut item =
            Item { text: line.text, indent: line.indent, line: line.line.number, children: Vec::new() };
        let more = message(&lines, at - 1, open.last());
        if let Some(last) = lines.get(at..at + more).and_then(|l| l.last()) {
            item.text = join(passage.text, line.text, last.text);
            at += more;
        }
        open.push(item);
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

fn is_event(text: &str) -> bool {
    text.starts_with("Normal ") || text.starts_with("Warning ")
}

/// How many lines after a `Message:` still are of it: kubectl prints a message as it is, its further lines at the
/// left edge, up to the key that always follows.
fn message(lines: &[Placed<'_>], at: usize, parent: Option<&Item<'_>>) -> usize {
    let Some(line) = lines.get(at).filter(|l| l.text.starts_with("Message: ")) else { return 0 };
    let next: &[&str] = match parent.map(Item::key) {
        Some(Some("State" | "Last State")) => &["Exit Code:"],
        Some(_) => return 0,
        None => &["IP:", "SeccompProfile:"],
    };
    let ahead = lines.get(at + 1..).unwrap_or(&[]).iter().take(MESSAGE);
    ahead
        .enumerate()
        .find(|(_, l)| l.indent == line.indent && next.iter().any(|key| l.text.starts_with(key)))
        .map_or(0, |(count, _)| count)
}

/// Most lines that one message may have.
const MESSAGE: usize = 200;

fn close<'a>(open: &mut Vec<Item<'a>>, roots: &mut Vec<Item<'a>>) {
    let Some(item) = open.pop() else { return };
    match open.last_mut() {
        Some(parent) => parent.children.push(item),
        None => roots.push(item),
    }
}

impl<'a> Item<'a> {
    /// The part before the first colon that ends a word; none for a line without one.
    pub fn key(&self) -> Option<&'a str> {
        self.split().map(|(key, _)| key)
    }

    /// What follows the key; the whole line where there is no key.
    pub fn value(&self) -> &'a str {
        self.split().map_or(self.text, |(_, value)| value)
    }

    fn split(&self) -> Option<(&'a str, &'a str)> {
        key_of(self.text)
    }

    /// The child of that key.
    pub fn child(&self, key: &str) -> Option<&Item<'a>> {
        find(&self.children, key)
    }

    /// The value of the child of that key, where it is not empty or `<none>`.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.child(key).and_then(Item::some)
    }

    /// The value, where it is not empty or `<none>`.
    pub fn some(&self) -> Option<&'a str> {
        Some(self.value()).filter(|value| !is_none(value))
    }

    /// The value and every line below it: `Labels:` and its continuation lines.
    pub fn values(&self) -> impl Iterator<Item = &'a str> {
        let own = Some(self.value()).filter(|value| self.key().is_some() && !is_none(value));
        own.into_iter().chain(self.children.iter().map(|child| child.text))
    }

    /// Lines of this item and of all below it.
    pub fn count(&self) -> usize {
        1 + self.children.iter().map(Item::count).sum::<usize>()
    }
}

/// Splits a line at the first colon that ends a word.
pub(crate) fn key_of(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let at = memchr::memchr_iter(b':', bytes)
        .find(|at| bytes.get(at + 1).is_none_or(|b| matches!(b, b' ' | b'\t' | b'\n')))?;
    Some((&text[..at], text[at + 1..].trim()))
}

/// The item of that key.
pub fn find<'i, 'a>(items: &'i [Item<'a>], key: &str) -> Option<&'i Item<'a>> {
    let may_be = |text: &str| text.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    items.iter().find(|item| may_be(item.text) && item.key() == Some(key))
}

/// Whether kubectl prints that for nothing.
pub fn is_none(value: &str) -> bool {
    matches!(value, "" | "<none>" | "<nil>" | "<unset>" | "<unknown>" | "n/a" | "N/A")
}

/// The pod of which a line says that only its events are left: `Pod 'web-0': error '…', but found events.`
/// (k8s.io/kubectl pkg/describe/describe.go, all versions).
pub(super) fn lost_pod(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix("Pod '")?.split_once("': error '")?;
    rest.trim_end().ends_with(FOUND_EVENTS).then_some(name)
}

const FOUND_EVENTS: &str = "', but found events.";

/// Cuts the output of one `kubectl describe` into objects: each begins with its name at the left edge, or with the line
/// that says that it is lost.
pub fn objects(passage: Passage<'_>) -> impl Iterator<Item = Passage<'_>> {
    let mut rest = passage;
    let mut named = 0;
    std::iter::from_fn(move || {
        if rest.text.trim_ascii().is_empty() {
            return None;
        }
        if named == 0 {
            named = next_object(rest.text);
        }
        let end = next_lost(&rest.text[..named]).unwrap_or(named);
        named -= end;
        let object = rest.until(end);
        let lines = memchr::memchr_iter(b'\n', object.text.as_bytes()).count();
        rest = Passage { text: &rest.text[end..], first_line: rest.first_line + lines };
        Some(object)
    })
}

/// Where a lost pod begins behind something else.
fn next_lost(text: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), FOUND_EVENTS).find_map(|hit| {
        let start = memchr::memrchr(b'\n', &text.as_bytes()[..hit])? + 1;
        (lost_pod(&text[start..hit + FOUND_EVENTS.len()]).is_some() && !text[..start].trim_ascii().is_empty())
            .then_some(start)
    })
}

fn next_object(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut checked, mut data, mut ended) = (0, false, false);
    for hit in memmem::find_iter(bytes, b"\nName:") {
        data |= memmem::find(&bytes[checked..hit], b"\n====").is_some();
        ended |= memmem::find(&bytes[checked..hit], b"\nEvents:").is_some();
        checked = hit;
        let name = bytes[hit + 6..].iter().copied().take_while(|b| *b != b'\n');
        if !matches!(bytes.get(hit + 6), Some(b' ' | b'\t'))
            || name.into_iter().all(|b| b.is_ascii_whitespace())
        {
            continue;
        }
        let gap = bytes[..hit].iter().rev().take_while(|b| b.is_ascii_whitespace());
        let empty = gap.take(8).filter(|b| **b == b'\n').count();
        // Data of a ConfigMap may hold such a line after one empty line.
        let parts = match empty {
            0 => ended,
            1 => ended || !data,
            _ => true,
        };
        if parts && !text[..hit].trim_ascii().is_empty() {
            return hit + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Name:         web-0\nLabels:       app=web\n              tier=front\nContainers:\n  app:\n    State:          Waiting\n      Reason:       CrashLoopBackOff\n    Liveness:       http-get http://:8080/ delay=0s\nEvents:         <none>\n\nName:  web-1\n";

    fn all(text: &str) -> Vec<Vec<Item<'_>>> {
        objects(Passage::whole(text)).map(parse).collect()
    }

    fn at<'i, 'a>(items: &'i [Item<'a>], path: &[&str]) -> &'i Item<'a> {
        let (first, rest) = path.split_first().unwrap();
        rest.iter().fold(find(items, first).unwrap(), |item, key| item.child(key).unwrap())
    }

    #[test]
    fn a_describe_is_a_tree() {
        let objects = all(TEXT);
        assert_eq!(objects.len(), 2);
        let web = &objects[0];
        assert_eq!(at(web, &["Labels"]).values().collect::<Vec<_>>(), ["app=web", "tier=front"]);
        let app = at(web, &["Containers", "app"]);
        assert_eq!(app.child("State").and_then(|s| s.get("Reason")), Some("CrashLoopBackOff"));
        assert_eq!(app.get("Liveness"), Some("http-get http://:8080/ delay=0s"));
        assert_eq!(find(web, "Events").and_then(Item::some), None);
        assert_eq!(objects[1][0].line, 11);
    }

    #[test]
    fn depth_is_bounded() {
        let deep: String = (0..2000).map(|n| format!("{}x\n", " ".repeat(n))).collect();
        let items = parse(Passage::whole(&deep));
        assert_eq!(items.iter().map(Item::count).sum::<usize>(), 2000);
    }

    #[test]
    fn where_objects_begin() {
        let text = "Name:  a\nEvents:  <none>\n\n\nName:  b\nLabels:  x\n\n\nName:  c\n\nData\n====\nk:\n----\n\nName: inside\n\n";
        let found: Vec<_> = objects(Passage::whole(text)).map(|p| (p.first_line, p.text.len())).collect();
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 5, 9]);
        assert_eq!(found.iter().map(|(_, len)| len).sum::<usize>(), text.len());
        assert_eq!(all("Name: a\nEvents: <none>\nName: b\n").len(), 2);
        assert_eq!(all("\n\n").len(), 0);
    }

    #[test]
    fn a_lost_pod_is_an_object() {
        let lost = "Pod 'b': error 'pods \"b\" not found', but found events.\nEvents:\n  Type  Reason\n";
        let text = format!("{lost}\n\nName:  a\nEvents:  <none>\n\n\n{lost}\n\n{lost}\n\nName:  c\n");
        let found: Vec<_> = objects(Passage::whole(&text)).map(|p| p.first_line).collect();
        assert_eq!(found, [1, 6, 10, 15, 20]);
        assert_eq!(lost_pod(lost.lines().next().unwrap()), Some("b"));
        assert_eq!(lost_pod("Pod 'b': error 'x'"), None);
    }

    #[test]
    fn messages_of_several_lines() {
        let text = "\
Name:    web-0
Message: evicted:
 x: y
IP:      1.2.3.4
Containers:
  app:
    Last State:     Terminated
      Reason:       Error
      Message:      panic: no
  thing: here
goroutine 1
      Exit Code:    2
Events:
  Type     Reason   Age               From     Message
  ----     ------   ----              ----     -------
  Warning  Failed   3s (x3 over 81s)  kubelet  mount failed: exit status 32
Output: mount: bad
    Warning: deeper
  Warning  BackOff  3s                kubelet  Back-off

stray
";
        let objects = all(text);
        let pod = &objects[0];
        assert_eq!(at(pod, &["Message"]).value(), "evicted:\n x: y");
        let last = at(pod, &["Containers", "app", "Last State"]);
        assert_eq!(last.get("Message"), Some("panic: no\n  thing: here\ngoroutine 1"));
        assert_eq!(last.get("Exit Code"), Some("2"));
        let events = &at(pod, &["Events"]).children;
        assert_eq!(events.len(), 4);
        assert!(events[2].text.ends_with("exit status 32\nOutput: mount: bad\n    Warning: deeper"));
        assert_eq!(pod.last().map(|i| i.text), Some("stray"));
    }

    #[test]
    fn lost_indentation() {
        let text = "Name: web\nNamespace: default\nLabels: app=web\ntier=x\nStatus: Running\nContainers:\nauth:\nState: Waiting\nReason: CrashLoopBackOff\nLast State: Terminated\nReason: OOMKilled\nExit Code: 137\nReady: False\nLimits:\nmemory: 256Mi\nRequests:\nmemory: 128Mi\nside:\nImage: x\nMounts:\n/a from b (ro)\nConditions:\nType Status\nReady False\nVolumes:\napi:\nType: Projected (a volume)\nQoS Class: Burstable\nEvents:\nType Reason Age From Message\n---- ------ ---- ---- -------\nWarning OOMKilled 5m (x12 over 1h) kubelet Memory cgroup out of memory: Kill process\nWarning BackOff 2m (x30 over 1h) kubelet Back-off restarting\n";
        let objects = all(text);
        let pod = &objects[0];
        assert_eq!(at(pod, &["Containers", "auth", "Last State", "Exit Code"]).value(), "137");
        assert_eq!(at(pod, &["Containers", "auth", "State", "Reason"]).value(), "CrashLoopBackOff");
        assert_eq!(at(pod, &["Containers", "auth", "Limits", "memory"]).value(), "256Mi");
        assert_eq!(at(pod, &["Containers", "auth", "Ready"]).value(), "False");
        assert_eq!(at(pod, &["Containers", "side", "Mounts"]).children[0].text, "/a from b (ro)");
        assert_eq!(at(pod, &["Labels"]).values().count(), 2);
        assert_eq!(at(pod, &["Conditions"]).children[1].text, "Ready False");
        assert_eq!(at(pod, &["Volumes", "api", "Type"]).value(), "Projected (a volume)");
        assert_eq!(at(pod, &["QoS Class"]).value(), "Burstable");
        assert_eq!(at(pod, &["Events"]).children.len(), 4);
    }

    #[test]
    fn lost_indentation_of_a_deployment() {
        let text = "Name: web\nReplicas: 1 desired | 0 available\nPod Template:\nLabels: app=web\nContainers:\nweb:\nImage: x\nLimits:\ncpu: 1\nVolumes: <none>\nConditions:\nType Status Reason\n---- ------ ------\nAvailable False MinimumReplicasUnavailable\nOldReplicaSets: <none>\n";
        let objects = all(text);
        let deployment = &objects[0];
        assert_eq!(at(deployment, &["Pod Template", "Containers", "web", "Image"]).value(), "x");
        assert_eq!(at(deployment, &["Pod Template", "Volumes"]).value(), "<none>");
        assert_eq!(at(deployment, &["Conditions"]).children.len(), 3);
        assert_eq!(at(deployment, &["OldReplicaSets"]).value(), "<none>");
    }

    #[test]
    fn pieces() {
        for text in [
            "Last State: Terminated\nReason: OOMKilled\nExit Code: 137\n",
            "    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137\n",
        ] {
            let items = parse(Passage::whole(text));
            assert_eq!(items.len(), 1, "{text}");
            assert_eq!(items[0].get("Exit Code"), Some("137"), "{text}");
        }
        for text in [
            "",
            ":",
            "----",
            "a:\n----",
            "Data\n====\na:\n----",
            "é:é\n é: é",
            "Message: x\nExit Code: 1",
            "Events:",
        ] {
            assert!(parse(Passage::whole(text)).iter().map(Item::count).sum::<usize>() <= 4, "{text}");
        }
    }
}
