//! The indented text of `kubectl describe`, as a tree.

use super::lines::Passage;

/// A line, and the lines indented below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item<'a> {
    /// The line without indentation and trailing blanks.
    pub text: &'a str,
    /// Columns before it.
    pub indent: usize,
    /// Its number in the input.
    pub line: usize,
    /// What is indented below it.
    pub children: Vec<Item<'a>>,
}

/// Deepest nesting that is kept; deeper lines are siblings.
const DEPTH: usize = 32;

/// Reads a passage as a tree. Blank lines are nothing.
pub fn parse(passage: Passage<'_>) -> Vec<Item<'_>> {
    let mut roots: Vec<Item> = Vec::new();
    let mut open: Vec<Item> = Vec::new();
    for line in passage.lines() {
        let text = line.text.trim();
        if text.is_empty() {
            continue;
        }
        let indent = line.indent();
        while open.last().is_some_and(|item| item.indent >= indent) || open.len() >= DEPTH {
            close(&mut open, &mut roots);
        }
        open.push(Item { text, indent, line: line.number, children: Vec::new() });
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

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
        let mut from = 0;
        while let Some(at) = self.text.get(from..)?.find(':').map(|at| at + from) {
            let rest = &self.text[at + 1..];
            if rest.is_empty() || rest.starts_with([' ', '\t']) {
                return Some((&self.text[..at], rest.trim()));
            }
            from = at + 1;
        }
        None
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

/// The item of that key.
pub fn find<'i, 'a>(items: &'i [Item<'a>], key: &str) -> Option<&'i Item<'a>> {
    items.iter().find(|item| item.key() == Some(key))
}

/// Whether kubectl prints that for nothing.
pub fn is_none(value: &str) -> bool {
    matches!(value, "" | "<none>" | "<nil>" | "<unset>" | "<unknown>" | "n/a" | "N/A")
}

/// Splits what `kubectl describe` printed into objects: each begins with `Name:` in the first column.
pub fn objects(items: Vec<Item<'_>>) -> Vec<Vec<Item<'_>>> {
    let mut all: Vec<Vec<Item>> = Vec::new();
    for item in items {
        let begins = item.indent == 0 && item.key() == Some("Name");
        match all.last_mut() {
            Some(object) if !begins => object.push(item),
            _ => all.push(vec![item]),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Name:         web-0\nLabels:       app=web\n              tier=front\nContainers:\n  app:\n    State:          Waiting\n      Reason:       CrashLoopBackOff\n    Liveness:       http-get http://:8080/ delay=0s\nEvents:         <none>\n\nName:  web-1\n";

    #[test]
    fn a_describe_is_a_tree() {
        let objects = objects(parse(Passage::whole(TEXT)));
        assert_eq!(objects.len(), 2);
        let web = &objects[0];
        let labels: Vec<_> = find(web, "Labels").map(|l| l.values().collect()).unwrap_or_default();
        assert_eq!(labels, ["app=web", "tier=front"]);
        let app = &find(web, "Containers").map(|c| &c.children[0]).cloned().unwrap_or_default();
        assert_eq!(app.key(), Some("app"));
        assert_eq!(app.child("State").and_then(|s| s.get("Reason")), Some("CrashLoopBackOff"));
        assert_eq!(app.get("Liveness"), Some("http-get http://:8080/ delay=0s"));
        assert_eq!(find(web, "Events").and_then(Item::some), None);
    }

    #[test]
    fn depth_is_bounded() {
        let deep: String = (0..2000).map(|n| format!("{}x\n", " ".repeat(n))).collect();
        let items = parse(Passage::whole(&deep));
        assert_eq!(items.iter().map(Item::count).sum::<usize>(), 2000);
    }
}
