//! The tables of `kubectl get`.
//!
//! kubectl pads each column to its widest cell and three blanks more, counting characters
//! (k8s.io/cli-runtime pkg/printers/tabwriter.go), so the header says where cells begin. Rows that do not stand so
//! (another width after the first 500 objects or under `-w`, a paste that lost its blanks) are split at wide gaps,
//! else by what the cells of known columns look like.

use super::columns::{self, Shape};
use super::command::{Command, Output, Type};
use super::lines::{Line, Passage};
use super::resources::Resource;

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table<'a> {
    /// The column names as the header gives them, or as the command's type has them.
    pub columns: Vec<&'a str>,
    /// The number of the header's line, if there is one.
    pub header: Option<usize>,
    /// The type of the objects, where the command or the columns tell; a name such as `pod/web-0` overrides it.
    pub resource: Option<&'static Resource>,
    /// The lines that did not fit.
    pub unclaimed: Vec<Line<'a>>,
    cells: Vec<&'a str>,
    lines: Vec<usize>,
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row<'t, 'a> {
    /// The number of its line.
    pub line: usize,
    /// One cell for each column, empty where nothing stands.
    pub cells: &'t [&'a str],
    table: &'t Table<'a>,
}

impl<'a> Table<'a> {
    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_, 'a>> {
        let width = self.columns.len();
        self.lines.iter().enumerate().map(move |(i, line)| Row {
            line: *line,
            cells: self.cells.get(i * width..(i + 1) * width).unwrap_or(&[]),
            table: self,
        })
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| *c == name)
    }

    pub(super) fn with_columns(columns: Vec<&'a str>, header: Option<usize>) -> Table<'a> {
        Table { columns, header, ..Table::default() }
    }
}

impl<'a> Row<'_, 'a> {
    /// The cell of a column; `None` where the table has no such column, empty where the cell is.
    pub fn get(&self, column: &str) -> Option<&'a str> {
        self.cells.get(self.table.column(column)?).copied()
    }

    /// The object's type and name, from `web-0` or `pod/web-0`, without `(default)`.
    pub fn name(&self) -> Option<(Option<&'static Resource>, &'a str)> {
        let cell = self.get("NAME")?;
        let cell = cell.strip_suffix(" (default)").unwrap_or(cell);
        match cell.split_once('/') {
            Some((of, name)) => Some((Resource::named(of), name)),
            None => Some((self.table.resource, cell)),
        }
    }
}

/// Column names of two words, for headers that lost their wide gaps.
const TWO_WORDS: &[(&str, &str)] = &[
    ("LAST", "SEEN"),
    ("FIRST", "SEEN"),
    ("NOMINATED", "NODE"),
    ("READINESS", "GATES"),
    ("ACCESS", "MODES"),
    ("RECLAIM", "POLICY"),
    ("NODE", "SELECTOR"),
    ("LAST", "SCHEDULE"),
    ("MIN", "AVAILABLE"),
    ("MAX", "UNAVAILABLE"),
    ("ALLOWED", "DISRUPTIONS"),
    ("CREATED", "AT"),
    ("POD", "LABELS"),
    ("POD", "ID"),
    ("CPU", "Requests"),
    ("CPU", "Limits"),
    ("Memory", "Requests"),
    ("Memory", "Limits"),
];

/// Most columns of a table; a short row costs as much memory as a full one.
const COLUMNS: usize = 64;

/// First columns of the tables that we know, to tell a header where no command announces one.
const FIRST: &[&str] =
    &["NAME", "NAMESPACE", "LAST SEEN", "FIRST SEEN", "LASTSEEN", "FIRSTSEEN", "CONTAINER", "POD ID", "POD"];

/// A header: the columns and how to split rows under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Header<'a> {
    /// The column names.
    pub columns: Vec<&'a str>,
    /// Where the columns begin, in characters; empty where the header does not show it.
    starts: Vec<usize>,
    shapes: Vec<Shape>,
}

impl<'a> Header<'a> {
    /// Reads a line as a header. `announced` says that a command led to expect a table here; without it the first
    /// column must be a known one.
    pub fn read(text: &'a str, announced: bool) -> Option<Header<'a>> {
        if !looks_like_header(text) {
            return None;
        }
        let header = Header::split(text);
        if header.columns.len() > COLUMNS {
            return None;
        }
        let known = FIRST.contains(header.columns.first()?) && header.columns.len() > 1;
        (announced || known).then_some(header)
    }

    /// The columns of a line that is known to be a header.
    pub(super) fn split(text: &'a str) -> Header<'a> {
        let gaps = gaps(text);
        let aligned = gaps.len() > 1 && !text.contains('\t');
        let (columns, starts) = if gaps.len() > 1 {
            let starts = if aligned { gaps.iter().map(|(at, _)| *at).collect() } else { Vec::new() };
            (gaps.into_iter().map(|(_, cell)| cell).collect(), starts)
        } else {
            (words(text), Vec::new())
        };
        Header::with(columns, starts)
    }

    /// A header of these columns, beginning at these characters.
    pub(super) fn with(columns: Vec<&'a str>, starts: Vec<usize>) -> Header<'a> {
        let shapes = columns.iter().map(|c| Shape::of(c)).collect();
        Header { columns, starts, shapes }
    }

    /// Splits a row into one cell for each column, or gives it back.
    pub(super) fn cells<'r>(&self, row: &'r str, cells: &mut Vec<&'r str>) -> bool {
        let before = cells.len();
        let fits = if row.is_ascii() { self.aligned(row, cells) } else { self.aligned_wide(row, cells) };
        if fits && !cells[before].is_empty() {
            return true;
        }
        cells.truncate(before);
        if self.columns.len() == 1 {
            cells.push(row.trim());
            return !row.starts_with([' ', '\t']) && !row.trim().contains([' ', '\t']);
        }
        let wide = gaps(row);
        if wide.len() == self.columns.len() {
            cells.extend(wide.into_iter().map(|(_, cell)| cell));
            return true;
        }
        // The last column may hold wide gaps itself.
        if wide.len() > self.columns.len() && self.shapes.last() == Some(&Shape::Text) {
            let at = self.columns.len() - 1;
            let rest = super::lines::offset_in(row, wide[at].1);
            cells.extend(wide[..at].iter().map(|(_, cell)| *cell));
            cells.push(row[rest..].trim_end());
            return true;
        }
        match columns::split(row, &self.columns, &self.shapes) {
            Some(found) => {
                cells.extend(found);
                true
            }
            None => false,
        }
    }

    fn aligned<'r>(&self, row: &'r str, cells: &mut Vec<&'r str>) -> bool {
        if self.starts.is_empty() {
            return false;
        }
        let bytes = row.as_bytes();
        for (i, &start) in self.starts.iter().enumerate() {
            let end = self.starts.get(i + 1).copied().unwrap_or(usize::MAX).min(bytes.len());
            let Some(cell) = bytes.get(start..end) else {
                cells.push("");
                continue;
            };
            if start > 0 && !matches!(bytes[start - 1], b' ') {
                return false;
            }
            let width = cell.iter().rposition(|b| *b != b' ').map_or(0, |p| p + 1);
            if width > 0 && matches!(cell[0], b' ' | b'\t') {
                return false;
            }
            cells.push(&row[start..start + width]);
        }
        true
    }

    /// The same for rows with characters of several bytes: kubectl counts each as one.
    fn aligned_wide<'r>(&self, row: &'r str, cells: &mut Vec<&'r str>) -> bool {
        if self.starts.is_empty() {
            return false;
        }
        let mut starts = self.starts.iter().peekable();
        let mut at = Vec::with_capacity(self.starts.len() + 1);
        for (n, (byte, _)) in row.char_indices().enumerate() {
            if starts.next_if(|s| **s == n).is_some() {
                at.push(byte);
            }
        }
        at.resize(self.starts.len() + 1, row.len());
        for pair in at.windows(2) {
            let cell = &row[pair[0]..pair[1]];
            let blank = |text: &str| text.ends_with([' ', '\u{a0}']);
            if pair[0] > 0 && pair[0] < row.len() && !blank(&row[..pair[0]]) {
                return false;
            }
            let trimmed = cell.trim_end();
            if trimmed.starts_with([' ', '\u{a0}', '\t']) {
                return false;
            }
            cells.push(trimmed);
        }
        true
    }
}

fn looks_like_header(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|b| b.is_ascii_uppercase()) {
        return false;
    }
    let mut depth = 0;
    for byte in bytes {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'a'..=b'z' if depth == 1 => {}
            b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'/' | b'%' | b'_' | b'.' | b' ' | b'\t' => {}
            _ => return false,
        }
    }
    true
}

/// The pieces of a line between runs of two or more blanks, or of tabs, and the character at which each begins.
pub(super) fn gaps(text: &str) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let mut start: Option<(usize, usize)> = None;
    let mut end = 0;
    let mut blanks = 0;
    let mut tab = false;
    for (n, (at, c)) in text.char_indices().enumerate() {
        if c == ' ' || c == '\t' || c == '\u{a0}' {
            blanks += 1;
            tab |= c == '\t';
            continue;
        }
        if let Some((chars, from)) = start
            && (blanks > 1 || tab)
        {
            pieces.push((chars, &text[from..end]));
            start = None;
        }
        start.get_or_insert((n, at));
        blanks = 0;
        tab = false;
        end = at + c.len_utf8();
    }
    if let Some((chars, from)) = start {
        pieces.push((chars, &text[from..end]));
    }
    pieces
}

/// The column names of a header with single blanks.
fn words(text: &str) -> Vec<&str> {
    let mut columns: Vec<&str> = Vec::new();
    let mut joined = false;
    for word in text.split_whitespace() {
        if let Some(last) = columns.last_mut()
            && !joined
            && TWO_WORDS.contains(&(last, word))
        {
            *last = super::lines::join(text, last, word);
            joined = true;
        } else {
            columns.push(word);
            joined = false;
        }
    }
    columns
}

/// Reads a table: a header and its rows, or rows alone where the command tells their columns.
pub fn parse<'a>(passage: Passage<'a>, command: Option<&Command<'a>>) -> Table<'a> {
    let mut lines = passage.lines().peekable();
    while lines.next_if(|l| l.is_blank()).is_some() {}
    let Some(first) = lines.peek().copied() else { return Table::default() };
    let header = Header::read(first.text, true);
    let mut table = match &header {
        Some(header) => {
            lines.next();
            Table::with_columns(header.columns.clone(), Some(first.number))
        }
        None => Table::default(),
    };
    let header = match header {
        Some(header) => header,
        None => {
            let Some(header) = headers_without_line(command).into_iter().find(|h| h.fits(first.text)) else {
                table.unclaimed = lines.filter(|l| !l.is_blank()).collect();
                return table;
            };
            table.columns = header.columns.clone();
            header
        }
    };
    for line in lines {
        if header.cells(line.text, &mut table.cells) {
            table.lines.push(line.number);
        } else {
            table.cells.truncate(table.lines.len() * table.columns.len());
            if !line.is_blank() {
                table.unclaimed.push(line);
            }
        }
    }
    table.resource = resource_of(command).or_else(|| Resource::with_columns(table.columns.iter().copied()));
    table
}

impl Header<'_> {
    /// Whether a row without a header line can be of these columns.
    pub(super) fn fits(&self, row: &str) -> bool {
        let wide = gaps(row);
        if wide.len() == self.columns.len() {
            let words: Vec<&str> = wide.iter().map(|(_, cell)| *cell).collect();
            return words
                .iter()
                .zip(&self.columns)
                .zip(&self.shapes)
                .all(|((cell, column), shape)| columns::split(cell, &[column], &[*shape]).is_some());
        }
        columns::split(row, &self.columns, &self.shapes).is_some()
    }
}

/// The type that a command lists, if it is one.
fn resource_of(command: Option<&Command<'_>>) -> Option<&'static Resource> {
    let command = command.filter(|c| matches!(c.verb.as_ref(), "get" | "events"))?;
    let first = command.targets.first()?.of.known()?;
    command.targets.iter().all(|t| t.of.known() == Some(first)).then_some(first)
}

/// The headers that the output of a command would have, one for each version of kubectl that printed other columns.
fn headers_without_line(command: Option<&Command<'_>>) -> Vec<Header<'static>> {
    let mut headers = Vec::new();
    let Some(command) = command.filter(|c| matches!(c.verb.as_ref(), "get" | "events" | "top")) else {
        return event_headers();
    };
    let Some(Type::Known(resource)) = command.targets.first().map(|t| &t.of) else { return headers };
    let top: &[&str] = match resource.kind {
        "Pod" => &["NAME,CPU(cores),MEMORY(bytes)", "POD,NAME,CPU(cores),MEMORY(bytes)"],
        _ => &["NAME,CPU(cores),CPU%,MEMORY(bytes),MEMORY%"],
    };
    for columns in if command.verb == "top" { top } else { resource.columns } {
        let (narrow, wide) = columns.split_once('|').unwrap_or((columns, ""));
        let mut names: Vec<&'static str> = Vec::new();
        if command.all_namespaces {
            names.push("NAMESPACE");
        }
        names.extend(narrow.split(','));
        if command.output == Some(Output::Wide) {
            names.extend(wide.split(',').filter(|c| !c.is_empty()));
        }
        names.extend(command.label_columns.iter().map(|_| "LABEL"));
        if command.show_labels {
            names.push("LABELS");
        }
        headers.push(Header::with(names, Vec::new()));
    }
    headers
}

/// The columns of event rows that stand without header and command: of `kubectl get events`, of all namespaces, and
/// of the table inside `describe`. `TYPE` must be one of the two types that there are.
fn event_headers() -> Vec<Header<'static>> {
    let typed = |columns: &[&'static str]| {
        let mut header = Header::with(columns.to_vec(), Vec::new());
        for (column, shape) in header.columns.iter().zip(&mut header.shapes) {
            if matches!(*column, "TYPE" | "Type") {
                *shape = Shape::EventType;
            }
        }
        header
    };
    vec![
        typed(&["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]),
        typed(&["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]),
        typed(&["Type", "Reason", "Age", "From", "Message"]),
    ]
}

/// Whether a line is a row of events, without any header or command to say so.
pub fn is_event_row(text: &str) -> bool {
    (text.contains("Warning") || text.contains("Normal"))
        && event_headers().iter().any(|h| h.fits(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::super::command;
    use super::*;

    fn table<'a>(text: &'a str, command: &'a str) -> Table<'a> {
        parse(Passage::whole(text), command::parse(command, "", 1).as_ref())
    }

    fn column<'a>(table: &Table<'a>, name: &str) -> Vec<&'a str> {
        table.rows().map(|r| r.get(name).unwrap()).collect()
    }

    #[test]
    fn aligned() {
        let text = "\
NAME      CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS   CLAIM          STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE
cart-pv   1Gi        RWO            Retain           Bound    shop/cart                     <unset>                          96s
free-pv   1Gi        RWO            Retain           Failed                  standard       <unset>                 x        96s
";
        let t = table(text, "kubectl get pv");
        assert_eq!(t.resource.unwrap().kind, "PersistentVolume");
        assert_eq!(t.columns.len(), 10);
        assert_eq!(column(&t, "CLAIM"), ["shop/cart", ""]);
        assert_eq!(column(&t, "STORAGECLASS"), ["", "standard"]);
        assert_eq!(column(&t, "REASON"), ["", "x"]);
        assert_eq!(column(&t, "AGE"), ["96s", "96s"]);
        assert_eq!(t.rows().last().unwrap().line, 3);
        assert!(t.unclaimed.is_empty());
    }

    #[test]
    fn rows_of_another_width() {
        let text = "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          5m\n\
                    a-long-name   0/1   CrashLoopBackOff   3 (15s ago)   5m\ngarbage\nb 1/1 Running 0 7d\n";
        let t = table(text, "kubectl get pods");
        assert_eq!(column(&t, "STATUS"), ["Running", "CrashLoopBackOff", "Running"]);
        assert_eq!(column(&t, "RESTARTS")[1], "3 (15s ago)");
        assert_eq!(t.unclaimed[0].text, "garbage");
    }

    #[test]
    fn squeezed_and_tabbed() {
        for text in [
            "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES\nweb 0/1 OOMKilled 3 (15s ago) 45s 10.0.0.1 n1 <none> <none>",
            "NAME\t\tREADY\tSTATUS\tRESTARTS\tAGE\tIP\tNODE\tNOMINATED NODE\tREADINESS GATES\nweb\t0/1\tOOMKilled\t3 (15s ago)\t45s\t10.0.0.1\tn1\t<none>\t<none>",
        ] {
            let t = table(text, "");
            assert_eq!(t.columns.len(), 9, "{text}");
            assert_eq!(column(&t, "RESTARTS"), ["3 (15s ago)"], "{text}");
            assert_eq!(column(&t, "NOMINATED NODE"), ["<none>"], "{text}");
            assert_eq!(t.resource.unwrap().kind, "Pod");
        }
    }

    #[test]
    fn without_header() {
        let command = "kubectl get events -n shop --sort-by='.lastTimestamp' | tail -n 50";
        let text = "3m15s       Warning   Failed      pod/web-0   Error: ImagePullBackOff\n\
                    2m          Normal    Pulled      pod/web-0   Container  image present\n";
        let t = table(text, command);
        assert_eq!(column(&t, "REASON"), ["Failed", "Pulled"]);
        assert_eq!(column(&t, "MESSAGE"), ["Error: ImagePullBackOff", "Container  image present"]);
        assert_eq!(t.header, None);
        let t = table("shop  3m15s  Warning  Failed  pod/web-0  Error: x y", "kubectl get ev -A | tail");
        assert_eq!(column(&t, "NAMESPACE"), ["shop"]);
        let t = table("Warning OOMKilled 45s (x3 over 45s) kubelet Memory cgroup out of memory: x", "");
        assert_eq!(column(&t, "Message"), ["Memory cgroup out of memory: x"]);
        let t = table("web-0   1/1   Running   0     5d", "kubectl get pods | grep web");
        assert_eq!(column(&t, "STATUS"), ["Running"]);
        assert_eq!(table("what is this", "kubectl get pods | grep web").unclaimed.len(), 1);
    }

    #[test]
    fn names_with_types() {
        let text = "NAME                   READY   STATUS    RESTARTS   AGE\npod/web-0              1/1     Running   0          1h\n";
        let t = table(text, "kubectl get all");
        let (resource, name) = t.rows().next().unwrap().name().unwrap();
        assert_eq!((resource.unwrap().kind, name), ("Pod", "web-0"));
        let t =
            table("NAME            PROVISIONER   AGE\nfast (default)   x.io/local    5d", "kubectl get sc");
        assert_eq!(t.rows().next().unwrap().name().unwrap().1, "fast");
    }

    #[test]
    fn headers() {
        assert!(Header::read("NAME   CPU(cores)   CPU%   MEMORY(bytes)   MEMORY%", false).is_some());
        assert!(Header::read("ERROR  FAILED", false).is_none());
        assert!(Header::read("NAME", false).is_none());
        assert!(Header::read("NAME", true).is_some());
        assert!(Header::read("Name: x", true).is_none());
        assert!(Header::read(&"A  ".repeat(65), true).is_none());
    }

    #[test]
    fn wide_characters_count_as_one() {
        let text = "NAME   LABELS     AGE\nwéb    a=ü        5m\n";
        assert_eq!(column(&table(text, "kubectl get pods"), "LABELS"), ["a=ü"]);
        assert_eq!(table("NAME  AGE\n\u{a0}\u{a0}é é é\n é", "kubectl get x").rows().len(), 0);
    }
}
