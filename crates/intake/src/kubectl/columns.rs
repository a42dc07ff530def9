//! What the cells of a known column look like, to split rows that lost their alignment.

use super::age;
use super::lines::join;

/// The form of a column's cells, in words of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One word.
    Word,
    /// A name, perhaps followed by `(default)`.
    Name,
    /// A number, `2/3`, `<none>` or `<unknown>`.
    Amount,
    /// `3`, `3 (15s ago)`.
    Restarts,
    /// `15s`, `15s (x3 over 81s)`, `<unknown>`.
    Age,
    /// The same, or nothing, or `<none>`.
    MaybeAge,
    /// `Normal` or `Warning`.
    EventType,
    /// `pod/web-0`.
    Object,
    /// `kubelet`, `kubelet, worker-1`.
    From,
    /// A size, or nothing.
    MaybeSize,
    /// `RWO`, `RWO,ROX`, or nothing.
    MaybeModes,
    /// One word or nothing.
    Maybe,
    /// `100m (1%)`.
    Share,
    /// `Tue, 11 Nov 2025 04:13:00 +0800`.
    Time,
    /// `80, 443`: words joined by commas.
    List,
    /// `10.0.0.1:80,10.0.0.2:80 + 3 more...`.
    More,
    /// `pods: 1/4, cpu: 2/4`, or nothing.
    Pairs,
    /// One word or more.
    Words,
    /// Any number of words.
    Text,
}

impl Shape {
    /// The shape of a column of that name, of a table or of a table inside `describe`.
    pub fn of(column: &str) -> Shape {
        match column {
            "NAME" => Shape::Name,
            "READY"
            | "DESIRED"
            | "CURRENT"
            | "UP-TO-DATE"
            | "AVAILABLE"
            | "DATA"
            | "SECRETS"
            | "COMPLETIONS"
            | "ACTIVE"
            | "REPLICAS"
            | "COUNT"
            | "REVISION"
            | "WEBHOOKS"
            | "ALLOWED DISRUPTIONS"
            | "Count" => Shape::Amount,
            "RESTARTS" => Shape::Restarts,
            "AGE" | "LAST SEEN" | "FIRST SEEN" | "Age" | "FirstSeen" | "LastSeen" => Shape::Age,
            "DURATION" | "LAST SCHEDULE" => Shape::MaybeAge,
            "OBJECT" => Shape::Object,
            "From" | "FROM" => Shape::From,
            "CAPACITY" => Shape::MaybeSize,
            "ACCESS MODES" => Shape::MaybeModes,
            "VOLUME" | "CLAIM" | "STORAGECLASS" | "ADDRESS" | "SUBOBJECT" | "SubObjectPath" | "HOLDER" => {
                Shape::Maybe
            }
            "CPU Requests" | "CPU Limits" | "Memory Requests" | "Memory Limits" | "Requests" | "Limits" => {
                Shape::Share
            }
            "LastHeartbeatTime" | "LastTransitionTime" | "LastProbeTime" => Shape::Time,
            "PORTS" | "SOURCE" => Shape::List,
            "ENDPOINTS" => Shape::More,
            "REQUEST" | "LIMIT" => Shape::Pairs,
            "OS-IMAGE" | "SCHEDULE" | "TARGETS" | "CREATED" => Shape::Words,
            "MESSAGE" | "Message" => Shape::Text,
            _ => Shape::Word,
        }
    }

    /// Whether these words can stand in such a cell.
    fn fits(self, words: &[&str]) -> bool {
        let one = |f: fn(&str) -> bool| matches!(words, [w] if f(w));
        match self {
            Shape::Word => words.len() == 1,
            Shape::Name => matches!(words, [_] | [_, "(default)"]),
            Shape::Amount => one(is_amount),
            Shape::Restarts => match words {
                [n] => is_number(n),
                [n, ago, "ago)"] => is_number(n) && ago.strip_prefix('(').is_some_and(is_age),
                _ => false,
            },
            Shape::Age => match words {
                [a] => is_age(a),
                [a, times, "over", first] => {
                    is_age(a)
                        && times.strip_prefix("(x").is_some_and(is_number)
                        && first.strip_suffix(')').is_some_and(is_age)
                }
                _ => false,
            },
            Shape::MaybeAge => words.is_empty() || one(|w| is_age(w) || w == "<none>"),
            Shape::EventType => one(|w| matches!(w, "Normal" | "Warning")),
            Shape::Object => one(|w| w.contains('/')),
            Shape::From => match words {
                [only] => !only.starts_with('('),
                [first, _] => first.ends_with(','),
                _ => false,
            },
            Shape::MaybeSize => {
                words.is_empty()
                    || one(|w| w.starts_with(|c: char| c.is_ascii_digit()) && !w.contains(['-', '/']))
            }
            Shape::MaybeModes => {
                words.is_empty()
                    || one(|w| w.split(',').all(|m| matches!(m, "RWO" | "ROX" | "RWX" | "RWOP" | "<unset>")))
            }
            Shape::Maybe => words.len() <= 1,
            Shape::Share => match words {
                [_] => true,
                [_, share] => share.starts_with('(') && share.ends_with(')'),
                _ => false,
            },
            Shape::Time => {
                matches!(words, [_])
                    || (words.len() == 6 && words[0].ends_with(',') && words[5].starts_with(['+', '-']))
            }
            Shape::List => match words.split_last() {
                Some((last, rest)) => !last.ends_with(',') && rest.iter().all(|w| w.ends_with(',')),
                None => false,
            },
            Shape::More => matches!(words, [_] | [_, "+", _, "more..."]),
            Shape::Pairs => {
                words.len().is_multiple_of(2)
                    && words.chunks(2).enumerate().all(|(i, pair)| {
                        pair[0].ends_with(':') && pair[1].ends_with(',') == ((i + 1) * 2 < words.len())
                    })
            }
            Shape::Words => !words.is_empty(),
            Shape::Text => true,
        }
    }

    /// The fewest and the most words of such a cell.
    fn words(self) -> (usize, usize) {
        match self {
            Shape::Word | Shape::Amount | Shape::EventType | Shape::Object => (1, 1),
            Shape::Name | Shape::From | Shape::Share => (1, 2),
            Shape::Restarts => (1, 3),
            Shape::Age | Shape::More => (1, 4),
            Shape::Time => (1, 6),
            Shape::MaybeAge | Shape::MaybeSize | Shape::MaybeModes | Shape::Maybe => (0, 1),
            Shape::List | Shape::Words => (1, usize::MAX),
            Shape::Pairs | Shape::Text => (0, usize::MAX),
        }
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.len() < 20 && word.bytes().all(|b| b.is_ascii_digit())
}

fn is_amount(word: &str) -> bool {
    matches!(word, "<none>" | "<unknown>" | "N/A")
        || word.strip_suffix('%').is_some_and(is_number)
        || word.split('/').all(is_number)
}

fn is_age(word: &str) -> bool {
    age::age(word).is_some()
}

/// How many steps one row may take; a row that needs more is given up.
const STEPS: usize = 600;

/// Splits a row whose alignment is gone into the cells of these columns, if there is exactly one way.
pub fn split<'a>(row: &'a str, columns: &[&str], shapes: &[Shape]) -> Option<Vec<&'a str>> {
    let words: Vec<&str> = row.split_whitespace().collect();
    if words.is_empty() {
        return None;
    }
    let mut search = Search {
        words: &words,
        columns,
        shapes,
        ends: Vec::with_capacity(shapes.len()),
        found: None,
        ways: 0,
        steps: 0,
    };
    search.column(0);
    if search.ways != 1 || search.steps > STEPS {
        return None;
    }
    let ends = search.found?;
    let mut from = 0;
    let cells = ends.into_iter().map(|end| {
        let cell = match words.get(from..end) {
            Some([first, .., last]) => join(row, first, last),
            Some([only]) => only,
            _ => "",
        };
        from = end;
        cell
    });
    Some(cells.collect())
}

struct Search<'s, 'a> {
    words: &'s [&'a str],
    columns: &'s [&'s str],
    shapes: &'s [Shape],
    ends: Vec<usize>,
    found: Option<Vec<usize>>,
    ways: usize,
    steps: usize,
}

impl Search<'_, '_> {
    fn column(&mut self, from: usize) {
        self.steps += 1;
        if self.ways > 1 || self.steps > STEPS {
            return;
        }
        let at = self.ends.len();
        let Some(shape) = self.shapes.get(at) else {
            if from == self.words.len() && self.consistent() {
                self.ways += 1;
                self.found = Some(self.ends.clone());
            }
            return;
        };
        let (least, most) = shape.words();
        let left = self.words.len() - from;
        let last = at + 1 == self.shapes.len();
        let least = if last { left.max(least) } else { least };
        for count in least..=most.min(left) {
            if shape.fits(&self.words[from..from + count]) {
                self.ends.push(from + count);
                self.column(from + count);
                self.ends.pop();
            }
        }
    }

    /// What one printer leaves empty only together: a claim's capacity and access modes are shown once it names its
    /// volume.
    fn consistent(&self) -> bool {
        let empty = |name: &str| {
            let at = self.columns.iter().position(|c| *c == name)?;
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            Some(self.ends[at] == start)
        };
        let Some(volume) = empty("VOLUME") else { return true };
        ["CAPACITY", "ACCESS MODES"].iter().all(|c| empty(c).is_none_or(|e| e == volume))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(columns: &str, row: &'a str) -> Option<Vec<&'a str>> {
        let columns: Vec<&str> = columns.split(',').collect();
        let shapes: Vec<Shape> = columns.iter().map(|c| Shape::of(c)).collect();
        split(row, &columns, &shapes)
    }

    const PODS: &str = "NAME,READY,STATUS,RESTARTS,AGE";
    const CLAIMS: &str = "NAME,STATUS,VOLUME,CAPACITY,ACCESS MODES,STORAGECLASS,AGE";

    #[test]
    fn one_way() {
        assert_eq!(
            row(PODS, "web-0 0/1 OOMKilled 3 (15s ago) 45s"),
            Some(vec!["web-0", "0/1", "OOMKilled", "3 (15s ago)", "45s"])
        );
        assert_eq!(row(PODS, "web-0 0/1 Running 3 45s").unwrap()[3], "3");
        let event =
            row("Type,Reason,Age,From,Message", "Warning BackOff 2m (x30 over 1h) kubelet Back-off  x")
                .unwrap();
        assert_eq!(event, ["Warning", "BackOff", "2m (x30 over 1h)", "kubelet", "Back-off  x"]);
        let quota =
            row("NAME,REQUEST,LIMIT,AGE", "q pods: 1/4, requests.cpu: 2/4 limits.cpu: 1/2 5d").unwrap();
        assert_eq!(quota, ["q", "pods: 1/4, requests.cpu: 2/4", "limits.cpu: 1/2", "5d"]);
        let node = row("NAME,OS-IMAGE,KERNEL-VERSION", "n1 Ubuntu 22.04.5 LTS 5.15.0").unwrap();
        assert_eq!(node, ["n1", "Ubuntu 22.04.5 LTS", "5.15.0"]);
        assert_eq!(row("NAME,ENDPOINTS,AGE", "a b,c,d + 9 more... 8d").unwrap()[1], "b,c,d + 9 more...");
    }

    #[test]
    fn empty_cells() {
        assert_eq!(
            row(CLAIMS, "data Pending standard 5m").unwrap(),
            ["data", "Pending", "", "", "", "standard", "5m"]
        );
        assert_eq!(row(CLAIMS, "data Bound pv-1 1Gi RWO 5m").unwrap()[5], "");
    }

    #[test]
    fn no_guess() {
        for text in ["web-0 Running 3 45s", "web-0 0/1 Running 3 45s more", "web-0 0/1 Running x 45s", ""] {
            assert_eq!(row(PODS, text), None, "{text}");
        }
        assert_eq!(row("NAME,OS-IMAGE,TARGETS", "a b c d"), None, "two ways");
        let long = "x ".repeat(5000);
        assert_eq!(row("A,TARGETS,SCHEDULE,OS-IMAGE,B", &long), None);
    }
}
