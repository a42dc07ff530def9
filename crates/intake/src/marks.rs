//! Texts in which several files stand one after another, each behind a line that names it.

use crate::kubectl::lines::Passage;
use crate::source::{self, Named};

/// A container's log in what `kubectl cluster-info dump` prints, and what stands between such.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Anything else.
    Other(Passage<'a>),
    /// A log: namespace, pod, container.
    Log([&'a str; 3], Passage<'a>),
}

const START: &str = "==== START logs for container ";
const END: &str = "==== END logs for container ";

/// Cuts a text at the marks of `kubectl cluster-info dump` (k8s.io/kubectl pkg/cmd/clusterinfo/clusterinfo_dump.go, all
/// versions); none where it has none.
pub(crate) fn dumped<'a>(body: Passage<'a>) -> Option<Vec<Part<'a>>> {
    memchr::memmem::find(body.text.as_bytes(), START.as_bytes())?;
    let mut parts = Vec::new();
    let mut start = body.lines().next()?;
    let mut open: Option<[&'a str; 3]> = None;
    let close = |from, end: usize, open: Option<[&'a str; 3]>, parts: &mut Vec<Part<'a>>| {
        let rest: Passage<'a> = body.from(&from);
        let passage = rest.until(end - from.start);
        match open {
            Some(whose) => parts.push(Part::Log(whose, passage)),
            None if !passage.text.trim().is_empty() => parts.push(Part::Other(passage)),
            None => {}
        }
    };
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        let whose = if open.is_none() { container(line.text, START) } else { None };
        let ends = open.is_some() && container(line.text, END) == open;
        if whose.is_some() || ends {
            close(start, line.start, open, &mut parts);
            open = whose;
            start = crate::kubectl::lines::Line { text: "", number: line.number + 1, start: lines.offset() };
        }
    }
    close(start, body.text.len(), open, &mut parts);
    Some(parts)
}

/// `container C of pod N/P ====`.
fn container<'a>(line: &'a str, mark: &str) -> Option<[&'a str; 3]> {
    let rest = line.strip_prefix(mark)?.trim_end().strip_suffix(" ====")?;
    let (container, pod) = rest.split_once(" of pod ")?;
    let (namespace, pod) = pod.split_once('/')?;
    Some([namespace, pod, container])
}

/// The files of a text that `tail` or `head` printed with their names, where a name tells of a log or a journal; what
/// stands before the first has no name.
pub(crate) fn files(body: Passage<'_>) -> Option<Vec<(Option<&str>, Passage<'_>)>> {
    memchr::memmem::find(body.text.as_bytes(), b"==> ")?;
    let named = |text: &str| matches!(source::of(text), Some(Named::Log { .. } | Named::Journal { .. }));
    let mut found = Vec::new();
    let mut start = body.lines().next()?;
    let mut name = None;
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        let path = line.text.strip_prefix("==> ").and_then(|rest| rest.trim_end().strip_suffix(" <=="));
        if let Some(path) = path.filter(|path| named(path)) {
            found.push((name, body.from(&start).until(line.start - start.start)));
            name = Some(path);
            start = crate::kubectl::lines::Line { text: "", number: line.number + 1, start: lines.offset() };
        }
    }
    name?;
    found.push((name, body.from(&start)));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_cut_at_its_marks() {
        let text = "{}\n==== START logs for container app of pod shop/web-0 ====\nline\n==== END logs for container other of pod shop/web-0 ====\n==== END logs for container app of pod shop/web-0 ====\n{}\n==== START logs for container b of pod shop/web-1 ====\nrest";
        let parts = dumped(Passage::whole(text)).unwrap();
        let told: Vec<_> = parts
            .iter()
            .map(|part| match part {
                Part::Other(passage) => ("", passage.text, passage.first_line),
                Part::Log([_, pod, _], passage) => (*pod, passage.text, passage.first_line),
            })
            .collect();
        let inside = "line\n==== END logs for container other of pod shop/web-0 ====\n";
        assert_eq!(told, [("", "{}\n", 1), ("web-0", inside, 3), ("", "{}\n", 6), ("web-1", "rest", 8)]);
        assert_eq!(dumped(Passage::whole("a\nb")), None);
    }

    #[test]
    fn files_behind_their_names() {
        let text =
            "x\n==> logs/shop/web-0/app.log <==\na\n\n==> Events <==\nb\n==> journals/n1/kubelet.log <==\nc";
        let found = files(Passage::whole(text)).unwrap();
        let told: Vec<_> = found.iter().map(|(name, p)| (*name, p.text, p.first_line)).collect();
        assert_eq!(
            told,
            [
                (None, "x\n", 1),
                (Some("logs/shop/web-0/app.log"), "a\n\n==> Events <==\nb\n", 3),
                (Some("journals/n1/kubelet.log"), "c", 8)
            ]
        );
        assert_eq!(files(Passage::whole("==> Events <==\nb")), None);
    }
}
