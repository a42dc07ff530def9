//! Units: an error's line and what belongs to it; a stack trace is one unit with the line above it.

use super::fields::Fields;
use super::level::Level;
use super::patterns::{Hits, LEVEL, TRACE};
use super::time::Stamp;
use super::trace::{self, Start};
use super::{Excerpt, excerpt};
use crate::Text;
use crate::scan::message::text::{after, has, keep};

/// What wrote a stack trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Go: a panic, or a fatal error of the runtime.
    Go,
    /// Java, Kotlin, Scala, Groovy.
    Java,
    /// Python.
    Python,
    /// JavaScript on Node.js.
    Node,
    /// Rust.
    Rust,
    /// C and C++.
    Cpp,
    /// .NET.
    DotNet,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// A shell, of its child.
    Shell,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    /// Its type as written: `java.net.ConnectException`, `KeyError`, `panic`.
    pub kind: Text,
    /// Its message; may be empty.
    pub message: Text,
}

/// An error: one line, or a line and its stack trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// The first line, as it stands.
    pub head: Excerpt,
    /// What it says, without time, level and quoting: the message of a structured line, the exception of a trace.
    pub says: Text,
    /// How bad.
    pub level: Level,
    /// What wrote the stack trace, if there is one.
    pub language: Option<Language>,
    /// The outermost exception.
    pub exception: Option<Exception>,
    /// The innermost cause, where the trace names one.
    pub root: Option<Exception>,
    /// When.
    pub at: Option<Stamp>,
    /// How many lines it has.
    pub lines: u32,
}

/// Where a unit stands that may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The line of a level; an exception may follow.
    Level,
    /// The header of an exception, and so many plain lines; frames may follow.
    Header(u8),
    /// Among frames of Java, .NET, Node, Ruby or PHP.
    Frames,
    /// A Go panic and its goroutines.
    Go,
    /// Among the frames of a Python traceback.
    Python,
    /// Behind the exception of a traceback; another one may follow.
    PythonEnd,
    /// Behind the first line of a Rust panic.
    Rust,
    /// Behind `terminate called`.
    Cpp,
    /// Spring Boot's analysis of a failed start.
    Spring,
    /// The JVM's report of its own crash, lines of `#`.
    Hash,
    /// One line and no more.
    Line,
}

/// A unit that may go on.
pub(super) struct Open {
    pub unit: Unit,
    state: State,
    blank: u8,
    /// Lines of a traceback that lost their indentation.
    odd: u8,
    /// What was claimed in it, so that one error counts once.
    pub claimed: Vec<super::Claim>,
}

/// What a shell says of a child that called `abort`; a line that no literal is looked for in.
pub(super) const ABORTED: &str = "Aborted";
/// Blank lines that a unit may have in a row.
const BLANK: u8 = 2;
/// Plain lines between an exception and its frames: messages of more than one line.
const PLAIN: u8 = 6;

impl Open {
    /// Opens a unit at a line that begins one. `line` has no time of kubectl's, `own` not its own either.
    pub fn start(own: &str, fields: Option<&Fields>, hits: Hits, number: u32, line: &str) -> Option<Open> {
        if let Some(fields) = fields {
            let level = fields.level.or_else(|| fields.error.as_ref().map(|_| Level::Error));
            let level = level.filter(|level| *level >= Level::Error)?;
            let mut open = Open::new(line, number, level);
            open.structured(fields);
            return Some(open);
        }
        if (hits & TRACE != 0 || own == ABORTED)
            && let Some(start) = trace::start(own)
        {
            let mut open = Open::new(line, number, Level::Error);
            open.begin(start);
            return Some(open);
        }
        let klog = matches!(own.as_bytes().first(), Some(b'E' | b'F'));
        if hits & (LEVEL | TRACE) == 0 && !klog {
            return None;
        }
        let level = Level::of(own).filter(|level| *level >= Level::Error)?;
        let mut open = Open::new(line, number, level);
        open.unit.says = keep(trace::message(own));
        open.state = State::Level;
        // An exception on the line itself: `ERROR … : java.lang.IllegalStateException: no`.
        if hits & TRACE != 0 {
            let says = open.unit.says.clone();
            if let Some((kind, message)) = trace::exception(&says) {
                open.except(kind, message);
            }
            if has(&says, "Application run failed") {
                open.unit.level = Level::Fatal;
            }
        }
        Some(open)
    }

    fn new(line: &str, number: u32, level: Level) -> Open {
        Open {
            unit: Unit {
                head: excerpt(line, number, None),
                says: "".into(),
                level,
                language: None,
                exception: None,
                root: None,
                at: None,
                lines: 1,
            },
            state: State::Line,
            blank: 0,
            odd: 0,
            claimed: Vec::new(),
        }
    }

    fn structured(&mut self, fields: &Fields) {
        self.unit.says = keep(&fields.says().unwrap_or_default());
        self.unit.at = fields.at;
        if let (Some(kind), Some(message)) = (&fields.kind, &fields.error) {
            self.except(kind, message);
        }
        // A stack trace in a field is a unit inside.
        let stack = fields.stack.as_deref().or(fields.error.as_deref().filter(|error| error.contains('\n')));
        if let Some(stack) = stack {
            let mut lines = stack.lines().take(200);
            let inner = lines.next().and_then(trace::start);
            if let Some(start) = inner {
                let (level, says) = (self.unit.level, self.unit.says.clone());
                self.begin(start);
                for line in lines {
                    if !self.goes_on(line) {
                        break;
                    }
                }
                self.unit.level = level;
                if !says.is_empty() {
                    self.unit.says = says;
                }
                self.unit.lines = 1;
            }
        }
        self.state = State::Level;
    }

    fn begin(&mut self, start: Start) {
        self.unit.language = start.language.or(self.unit.language);
        self.unit.level = self.unit.level.max(start.level);
        self.state = start.state;
        if let Some((kind, message)) = start.exception {
            self.except(kind, message);
        }
        if self.unit.says.is_empty() {
            self.unit.says = keep(start.says);
        }
    }

    fn except(&mut self, kind: &str, message: &str) {
        // An error of .NET or of a framework may quote its cause on the same line.
        for separator in [" ---> ", "nested exception is "] {
            if let Some((_, inner)) = message.rsplit_once(separator)
                && let Some((kind, message)) = trace::exception(inner)
            {
                self.unit.root = Some(Exception { kind: keep(kind), message: keep(message) });
            }
        }
        self.unit.exception = Some(Exception { kind: keep(kind), message: keep(message) });
    }

    /// Takes a line into the unit, if it belongs to it.
    pub fn goes_on(&mut self, text: &str) -> bool {
        let taken = if text.trim().is_empty() {
            self.blank += 1;
            self.state != State::Line && self.blank <= BLANK
        } else {
            let taken = self.line(text);
            self.blank = 0;
            taken
        };
        if taken {
            self.unit.lines = self.unit.lines.saturating_add(1);
        }
        taken
    }

    /// Counts a line that is known to be a frame.
    pub fn frame(&mut self) {
        self.blank = 0;
        self.unit.lines = self.unit.lines.saturating_add(1);
        if matches!(self.state, State::Level | State::Header(_)) {
            self.state = State::Frames;
        }
    }

    fn line(&mut self, text: &str) -> bool {
        let indented = text.starts_with([' ', '\t']);
        let bare = text.trim();
        match self.state {
            State::Line => false,
            State::Level => self.after_level(text, indented, bare),
            State::Header(plain) => self.after_header(text, indented, bare, plain),
            State::Frames => self.among_frames(text, indented, bare),
            State::Go => trace::is_go(text),
            State::Python => self.traceback(indented, bare),
            State::PythonEnd => self.after_traceback(bare),
            State::Rust => self.rust(text, indented, bare),
            State::Cpp => {
                if let Some(what) = after(bare, "what(): ") {
                    if let Some(exception) = &mut self.unit.exception {
                        exception.message = keep(what);
                    }
                    return true;
                }
                indented
                    || bare.starts_with("Aborted")
                    || bare.starts_with("***")
                    || bare.starts_with("PC: @")
            }
            State::Spring => self.spring(text, bare),
            State::Hash => {
                if !bare.starts_with('#') {
                    return false;
                }
                if let Some(exception) = self.unit.exception.as_mut().filter(|e| e.message.is_empty()) {
                    exception.message = keep(bare.trim_start_matches(['#', ' ']));
                }
                true
            }
        }
    }

    fn after_level(&mut self, text: &str, indented: bool, bare: &str) -> bool {
        if let Some(start) =
            trace::start(bare).filter(|_| !indented || has(bare, "Traceback (most recent call last)"))
        {
            // A logger that writes the exception below its line.
            let (level, says) = (self.unit.level, self.unit.says.clone());
            self.begin(start);
            self.unit.level = level;
            self.unit.says = says;
            return true;
        }
        if trace::is_frame(text) {
            self.language_of(text);
            self.state = State::Frames;
            return true;
        }
        // .NET's console logger writes the message below, indented.
        if indented {
            if self.unit.says.is_empty() || self.unit.says.ends_with(']') {
                self.unit.says = keep(bare);
            }
            return true;
        }
        matches!(bare, "{" | "}" | "]" | ")")
    }

    fn after_header(&mut self, text: &str, indented: bool, bare: &str, plain: u8) -> bool {
        if trace::is_frame(text) {
            self.language_of(text);
            self.state = State::Frames;
            return true;
        }
        if self.cause(bare) || (indented && !trace::is_new(bare)) {
            return true;
        }
        if bare.starts_with("Node.js v") {
            return self.node_ends();
        }
        if plain < PLAIN && !trace::is_new(text) {
            self.state = State::Header(plain + 1);
            return true;
        }
        false
    }

    fn among_frames(&mut self, text: &str, indented: bool, bare: &str) -> bool {
        if self.unit.language.is_none() {
            self.language_of(text);
        }
        if self.cause(bare) {
            return true;
        }
        if bare.starts_with("Node.js v") {
            return self.node_ends();
        }
        indented
            || matches!(bare, "{" | "}" | "]" | ")")
            || bare.starts_with("--- End of")
            || bare.starts_with("...")
            || bare.starts_with('#')
            || bare.starts_with("thrown in ")
            || bare.starts_with("Stack trace:")
            || bare.starts_with("[stack]")
            || bare.starts_with("Emitted 'error' event")
    }

    /// `Caused by: T: m`, ` ---> T: m`, `[cause]: T: m`, `Suppressed: …`.
    fn cause(&mut self, bare: &str) -> bool {
        for literal in
            ["Caused by: ", "---> ", "[cause]: ", "[errors]: ", "Wrapped by: ", "Inner Exception: "]
        {
            if let Some(rest) = bare.strip_prefix(literal) {
                let rest = rest.trim_start_matches("(Inner Exception #0) ");
                let (kind, message) = trace::exception(rest).unwrap_or((rest, ""));
                self.unit.root = Some(Exception { kind: keep(kind), message: keep(message) });
                self.state = State::Header(0);
                return true;
            }
        }
        bare.starts_with("Suppressed: ") || bare.starts_with("--- End of")
    }

    fn node_ends(&mut self) -> bool {
        self.unit.level = Level::Fatal;
        self.unit.language = Some(Language::Node);
        self.state = State::Line;
        true
    }

    fn language_of(&mut self, frame: &str) {
        if self.unit.language.is_none() {
            self.unit.language = trace::language_of_frame(frame);
        }
    }

    fn traceback(&mut self, indented: bool, bare: &str) -> bool {
        let bare = bare.trim_start_matches(['|', '+', ' ']);
        if indented && !bare.starts_with("Traceback") {
            return true;
        }
        let (kind, message) = bare.split_once(": ").unwrap_or((bare.trim_end_matches(':'), ""));
        if !trace::is_type(kind) {
            self.odd = if bare.starts_with("File \"") { 0 } else { self.odd + 1 };
            return self.odd <= 3 && !trace::is_new(bare);
        }
        if let Some(first) = self.unit.exception.take()
            && self.unit.root.is_none()
        {
            self.unit.root = Some(first);
        }
        self.unit.exception = Some(Exception { kind: keep(kind), message: keep(message) });
        self.state = State::PythonEnd;
        true
    }

    fn after_traceback(&mut self, bare: &str) -> bool {
        if bare.starts_with("Traceback (most recent call last)") {
            self.state = State::Python;
            return true;
        }
        self.blank > 0
            && (bare.starts_with("During handling of the above exception")
                || bare.starts_with("The above exception was the direct cause"))
    }

    fn rust(&mut self, text: &str, indented: bool, bare: &str) -> bool {
        if let Some(exception) = self.unit.exception.as_mut().filter(|e| e.message.is_empty()) {
            exception.message = keep(bare);
            return true;
        }
        indented
            || bare.starts_with("note: ")
            || bare.starts_with("stack backtrace:")
            || bare.starts_with("thread caused non-unwinding panic")
            || bare.starts_with("left: ")
            || (text.starts_with(|c: char| c.is_ascii_digit())
                && bare.split_once(':').is_some_and(|(n, _)| n.parse::<u32>().is_ok()))
    }

    fn spring(&mut self, text: &str, bare: &str) -> bool {
        if trace::is_new(text) && !bare.starts_with('*') {
            return false;
        }
        if let Some(exception) = self.unit.exception.as_mut().filter(|e| e.message.is_empty())
            && !bare.starts_with('*')
            && bare != "Description:"
        {
            exception.message = keep(bare);
            self.unit.says = keep(bare);
        }
        true
    }
}
