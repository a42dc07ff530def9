//! How stack traces begin and what their lines look like, in each language.

use super::level::Level;
use super::time;
use super::unit::{Language, State};
use crate::scan::message::text::{after, between, has, has_any, until};

/// The beginning of a unit.
pub(super) struct Start<'t> {
    pub language: Option<Language>,
    pub level: Level,
    pub state: State,
    /// Type and message, where the line has them.
    pub exception: Option<(&'t str, &'t str)>,
    pub says: &'t str,
}

impl<'t> Start<'t> {
    fn new(language: Language, level: Level, state: State, says: &'t str) -> Self {
        Start { language: Some(language), level, state, exception: None, says }
    }

    fn with(mut self, kind: &'t str, message: &'t str) -> Self {
        self.exception = Some((kind, message));
        self
    }
}

/// Reads a line that begins a stack trace or tells of an end that nobody caught.
pub(super) fn start(line: &str) -> Option<Start<'_>> {
    let text = line.trim();
    go(text)
        .or_else(|| python(text))
        .or_else(|| rust(text))
        .or_else(|| cpp(text))
        .or_else(|| java(text))
        .or_else(|| dot_net(text))
        .or_else(|| node(text))
        .or_else(|| ruby(text))
        .or_else(|| php(text))
        .or_else(|| shell(text))
        .or_else(|| {
            // An exception's own line, as printStackTrace writes it.
            if line.starts_with([' ', '\t']) {
                return None;
            }
            let (kind, message) = exception(text)?;
            Some(Start {
                language: None,
                level: Level::Error,
                state: State::Header(0),
                exception: Some((kind, message)),
                says: text,
            })
        })
}

/// runtime/panic.go.
fn go(text: &str) -> Option<Start<'_>> {
    if let Some(message) = text.strip_prefix("panic: ") {
        let kind = if message.starts_with("runtime error: ") { "runtime error" } else { "panic" };
        let message = message.strip_prefix("runtime error: ").unwrap_or(message);
        return Some(Start::new(Language::Go, Level::Fatal, State::Go, text).with(kind, message));
    }
    if let Some(message) = text.strip_prefix("fatal error: ") {
        return Some(Start::new(Language::Go, Level::Fatal, State::Go, text).with("fatal error", message));
    }
    // net/http catches the panic of a handler.
    if let Some(rest) = after(text, "http: panic serving ") {
        let message = rest.split_once(": ").map_or("", |(_, message)| message);
        return Some(Start::new(Language::Go, Level::Error, State::Go, text).with("panic", message));
    }
    None
}

/// Whether a line belongs to a dump of goroutines.
pub(super) fn is_go(line: &str) -> bool {
    let text = line.trim_end();
    text.starts_with('\t')
        || text.starts_with("goroutine ")
        || text.starts_with("created by ")
        || text.starts_with("[signal ")
        || text.starts_with("exit status ")
        || text.starts_with("panic: ")
        || text.starts_with("...")
        || text.starts_with("runtime stack:")
        || (text.ends_with(')') && text.contains('(') && !text.contains(' '))
        // main.(*T).f({0x1, 0x2}, 0x3), and the registers.
        || (text.ends_with(')') && !is_new(text) && text.contains('.'))
        || text.split_once("    0x").is_some_and(|(register, _)| register.len() <= 6)
}

/// Lib/traceback.py.
fn python(text: &str) -> Option<Start<'_>> {
    let text = text.trim_start_matches(['+', '|', ' ']);
    (text.starts_with("Traceback (most recent call last)")
        || text.starts_with("Exception Group Traceback (most recent call last)"))
    .then(|| Start::new(Language::Python, Level::Fatal, State::Python, ""))
}

/// library/std/src/panicking.rs: `thread 'main' panicked at src/main.rs:4:5:` since 1.73, `… panicked at 'message', src/…` before.
fn rust(text: &str) -> Option<Start<'_>> {
    if let Some((thread, rest)) = text.split_once(" panicked at ")
        && let Some(at) = thread.rfind("thread '")
    {
        let level = if thread.get(at..)?.starts_with("thread 'main'") { Level::Fatal } else { Level::Error };
        let message = rest.strip_prefix('\'').and_then(|rest| rest.rsplit_once("', ")).map_or("", |(m, _)| m);
        return Some(Start::new(Language::Rust, level, State::Rust, text).with("panic", message));
    }
    if text.starts_with("memory allocation of ") && text.ends_with(" failed") {
        return Some(Start::new(Language::Rust, Level::Fatal, State::Line, text));
    }
    text.starts_with("fatal runtime error: ")
        .then(|| Start::new(Language::Rust, Level::Fatal, State::Line, text))
}

/// libstdc++ `vterminate.cc`, libc++abi `cxa_default_handlers.cpp`, glog `signalhandler.cc`.
fn cpp(text: &str) -> Option<Start<'_>> {
    if let Some(rest) = text.strip_prefix("terminate called ") {
        let kind = between(rest, "instance of '", "'").unwrap_or("terminate");
        return Some(Start::new(Language::Cpp, Level::Fatal, State::Cpp, text).with(kind, ""));
    }
    if let Some((_, rest)) = text.split_once("uncaught exception of type ").filter(|_| has(text, "c++abi")) {
        let (kind, message) = rest.split_once(": ").unwrap_or((rest, ""));
        return Some(Start::new(Language::Cpp, Level::Fatal, State::Cpp, text).with(kind, message));
    }
    if has(text, "c++abi") && has(text, "terminating") {
        return Some(Start::new(Language::Cpp, Level::Fatal, State::Cpp, text).with("terminate", ""));
    }
    if let Some(rest) = after(text, "Check failed: ").filter(|_| Level::of(text) == Some(Level::Fatal)) {
        return Some(Start::new(Language::Cpp, Level::Fatal, State::Cpp, text).with("Check failed", rest));
    }
    (text.starts_with("*** SIG") || text.starts_with("*** Aborted at "))
        .then(|| Start::new(Language::Cpp, Level::Fatal, State::Cpp, text))
}

fn java(text: &str) -> Option<Start<'_>> {
    if let Some(rest) = after(text, "Exception in thread \"") {
        let (thread, rest) = rest.split_once('"')?;
        let level = if thread == "main" { Level::Fatal } else { Level::Error };
        let start = Start::new(Language::Java, level, State::Header(0), text);
        return Some(match exception(rest.trim()) {
            Some((kind, message)) => start.with(kind, message),
            None => start,
        });
    }
    if text == "APPLICATION FAILED TO START" {
        return Some(
            Start::new(Language::Java, Level::Fatal, State::Spring, text)
                .with("APPLICATION FAILED TO START", ""),
        );
    }
    for literal in ["Terminating due to java.lang.", "Aborting due to java.lang."] {
        if let Some(rest) = text.strip_prefix(literal) {
            let (kind, message) = rest.split_once(": ").unwrap_or((rest, ""));
            return Some(Start::new(Language::Java, Level::Fatal, State::Hash, text).with(kind, message));
        }
    }
    if text.starts_with("# A fatal error has been detected by the Java Runtime")
        || text.starts_with("# There is insufficient memory for the Java Runtime")
    {
        return Some(
            Start::new(Language::Java, Level::Fatal, State::Hash, text.trim_start_matches("# "))
                .with("JVM crash", ""),
        );
    }
    None
}

/// coreclr `excep.cpp`: `Unhandled exception. T: m` since .NET Core 3.0, `Unhandled Exception: T: m` before.
fn dot_net(text: &str) -> Option<Start<'_>> {
    let rest = text
        .strip_prefix("Unhandled exception. ")
        .or_else(|| text.strip_prefix("Unhandled Exception: "))
        .or_else(|| text.strip_prefix("Unhandled exception: "))?;
    let start = Start::new(Language::DotNet, Level::Fatal, State::Header(0), text);
    Some(match exception(rest) {
        Some((kind, message)) => start.with(kind, message),
        None => start.with("", rest),
    })
}

fn node(text: &str) -> Option<Start<'_>> {
    if has(text, "triggerUncaughtException") {
        return Some(Start::new(Language::Node, Level::Fatal, State::Header(0), ""));
    }
    for literal in ["Uncaught Exception: ", "Uncaught exception: ", "Uncaught ", "uncaughtException: "] {
        if let Some(rest) = text.strip_prefix(literal)
            && let Some((kind, message)) = exception(rest)
        {
            return Some(
                Start::new(Language::Node, Level::Fatal, State::Header(0), text).with(kind, message),
            );
        }
    }
    if has_any(text, &["UnhandledPromiseRejectionWarning: ", "[UnhandledPromiseRejection: "]) {
        // A warning up to Node 14, the end of the process since.
        let level = if has(text, "RejectionWarning") { Level::Error } else { Level::Fatal };
        let rest = after(text, "RejectionWarning: ").unwrap_or(text);
        let start = Start::new(Language::Node, level, State::Header(0), text);
        return Some(match exception(rest) {
            Some((kind, message)) => start.with(kind, message),
            None => start.with("UnhandledPromiseRejection", rest),
        });
    }
    if has(text, "FATAL ERROR: ") && has_any(text, &["heap", "Allocation failed", "v8::", "node::"]) {
        let message = after(text, "FATAL ERROR: ").unwrap_or("");
        return Some(
            Start::new(Language::Node, Level::Fatal, State::Header(0), text).with("FATAL ERROR", message),
        );
    }
    None
}

/// error.c of CRuby: `file:line:in 'method': message (Class)`.
fn ruby(text: &str) -> Option<Start<'_>> {
    let rest = after(text, ":in ")?;
    let (place, kind) = rest.rsplit_once(" (")?;
    let kind = kind.strip_suffix(')')?;
    let (_, message) = place.split_once(": ")?;
    (is_type(kind) && (kind.ends_with("Error") || kind.ends_with("Exception") || kind.contains("::")))
        .then(|| Start::new(Language::Ruby, Level::Fatal, State::Frames, text).with(kind, message))
}

/// main.c of PHP.
fn php(text: &str) -> Option<Start<'_>> {
    let rest = after(text, "PHP Fatal error:  ").or_else(|| text.strip_prefix("Fatal error: "))?.trim_start();
    let start = Start::new(Language::Php, Level::Fatal, State::Frames, text);
    let (kind, message) = match rest.strip_prefix("Uncaught ").and_then(exception) {
        Some(found) => found,
        // `Fatal error: ` is also what others write.
        None if has(text, "PHP Fatal") || has(rest, " on line ") => ("Fatal error", rest),
        None => return None,
    };
    Some(start.with(kind, message))
}

/// What shells say of a child, and libc of its own.
fn shell(text: &str) -> Option<Start<'_>> {
    const ALONE: &[&str] = &[
        "Killed",
        "Segmentation fault",
        "Segmentation fault (core dumped)",
        "Aborted",
        "Aborted (core dumped)",
        "Bus error",
        "Bus error (core dumped)",
        "Illegal instruction",
        "Illegal instruction (core dumped)",
        "Trace/breakpoint trap (core dumped)",
        "Floating point exception (core dumped)",
    ];
    let by_bash = has(text, ": line ")
        && has_any(text, &[" Segmentation fault ", " Aborted ", " Killed ", "(core dumped)"]);
    (ALONE.contains(&text) || by_bash).then(|| Start::new(Language::Shell, Level::Fatal, State::Line, text))
}

/// An exception at the beginning of a text: its type and message. The type is a name that ends as types of errors do.
pub(super) fn exception(text: &str) -> Option<(&str, &str)> {
    // A logger's time and level before it, or what quotes it.
    let end =
        text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b"._$:".contains(&b))).unwrap_or(text.len());
    let name = text.get(..end)?;
    let colon = name.strip_suffix(':');
    let kind = colon.unwrap_or(name);
    if !is_type(kind) || kind.len() < 5 {
        return None;
    }
    if let Some(message) = text.get(end..).and_then(|rest| rest.strip_prefix(" [Error]: ")) {
        // Node, for an error of another name.
        return Some((kind, message));
    }
    let simple = kind.rsplit(['.', ':', '$']).next().unwrap_or(kind);
    let named = ["Exception", "Error", "Throwable", "Failure", "Rejection", "Exit", "Interrupt", "Timeout"]
        .iter()
        .any(|ending| simple.ends_with(ending));
    // `java.lang.OutOfMemoryError$X`, `HttpServerErrorException$InternalServerError`, `HTTPError`.
    let named = named || (kind.contains('$') && kind.contains("Exception"));
    let rest = text.get(end..)?;
    let message = match (colon, rest) {
        (Some(_), rest) => rest.trim_start(),
        (None, "") => "",
        // Node: `Error [ERR_X]: message`; .NET: `SocketException (111): Connection refused`.
        (None, rest) => {
            let (code, message) = rest.split_once(": ")?;
            let code = code.trim();
            let enclosed = (code.starts_with('[') && code.ends_with(']'))
                || (code.starts_with('(') && code.ends_with(')'));
            if !enclosed || code.contains(' ') {
                return None;
            }
            message
        }
    };
    let dotted = kind.contains('.') || kind.contains("::");
    // One word alone on a line is no exception, unless it has a package.
    (named && (dotted || colon.is_some() || !message.is_empty() || simple.len() > 9))
        .then_some((kind, message))
}

/// Whether it may be the name of a type: letters, digits, `.`, `::`, `_`, `$`.
pub(super) fn is_type(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._$:".contains(&b))
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.bytes().any(|b| b.is_ascii_uppercase())
}

/// Whether a line is a frame of Java, .NET or Node.
pub(super) fn is_frame(line: &str) -> bool {
    let bytes = line.as_bytes();
    if !matches!(bytes.first(), Some(b' ' | b'\t')) {
        return false;
    }
    let text = line.trim_start();
    text.starts_with("at ") || text.starts_with("from ") || text.starts_with("... ")
}

pub(super) fn language_of_frame(line: &str) -> Option<Language> {
    let text = line.trim_start();
    if text.starts_with("from ") {
        return Some(Language::Ruby);
    }
    let frame = text.strip_prefix("at ")?;
    if has_any(frame, &[".java:", ".kt:", ".scala:", "(Native Method)", "(Unknown Source)", ".groovy:"]) {
        Some(Language::Java)
    } else if has_any(
        frame,
        &[".js:", ".ts:", ".mjs:", ".cjs:", "node:internal", "(node:", "<anonymous>", "native)"],
    ) {
        Some(Language::Node)
    } else if has(frame, ":line ") || line.starts_with("   at ") {
        Some(Language::DotNet)
    } else {
        None
    }
}

/// Whether a line is the beginning of something new: a time, a level, a structured line, a trace.
pub(super) fn is_new(line: &str) -> bool {
    let text = line.trim_start();
    time::leading(text).is_some()
        || text.starts_with('{')
        || clock(text)
        || Level::of(text).is_some()
        || python(text).is_some()
        || go(text).is_some()
        || (!line.starts_with([' ', '\t']) && exception(text).is_some())
}

/// `12:00:00.123 …`, and the same in brackets.
fn clock(text: &str) -> bool {
    let bytes = text.strip_prefix('[').unwrap_or(text).as_bytes();
    bytes.get(2) == Some(&b':')
        && bytes.get(5) == Some(&b':')
        && bytes.first().is_some_and(u8::is_ascii_digit)
}

/// What a line says behind its level and logger.
pub(super) fn message(own: &str) -> &str {
    let own = own.trim();
    // Spring Boot and logback: ` ERROR 1 --- [main] c.z.h.p.HikariPool : message`.
    if let Some(rest) = after(own, " --- [")
        && let Some((_, message)) = rest.split_once(" : ")
    {
        return message.trim();
    }
    // klog: `E1124 12:00:00.1 1 file.go:12] message`.
    if own.as_bytes().get(1..5).is_some_and(|d| d.iter().all(u8::is_ascii_digit))
        && let Some((head, message)) = own.split_once("] ")
        && head.len() < 100
    {
        return message;
    }
    // zap and istio: `\terror\tlogger\tmessage`.
    if let Some((level, message)) = own.split_once('\t')
        && Level::word(level).is_some()
    {
        return message.trim();
    }
    // MySQL: `0 [ERROR] message`; nginx: `[error] 7#7: *1 message`.
    if let Some((before, behind)) = own.split_once("] ")
        && let Some((thread, level)) = before.split_once('[')
        && thread.len() < 12
        && Level::word(level).is_some()
        && !behind.is_empty()
    {
        return behind.trim();
    }
    // `ERROR: message`, `[ERROR] message`, `ERROR message`.
    let first = until(own, " ");
    let bare = first.trim_matches(['[', ']', ':', '<', '>', '|', '\t']);
    if Level::word(bare).is_some()
        && let Some(rest) = own.get(first.len()..)
    {
        let rest = rest.trim_start_matches([' ', ':', '-', '|']);
        // `Error: message` keeps its name: it is the type of Node's errors.
        if !rest.is_empty() && bare != "Error" {
            return rest;
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_exceptions() {
        for (text, want) in [
            ("java.lang.IllegalStateException: no", Some(("java.lang.IllegalStateException", "no"))),
            ("java.lang.NullPointerException", Some(("java.lang.NullPointerException", ""))),
            ("TypeError: x is not a function", Some(("TypeError", "x is not a function"))),
            ("Error: connect ECONNREFUSED 10.0.0.1:80", Some(("Error", "connect ECONNREFUSED 10.0.0.1:80"))),
            ("Error [ERR_MODULE_NOT_FOUND]: Cannot find package", Some(("Error", "Cannot find package"))),
            (
                "System.Net.Sockets.SocketException (111): Connection refused",
                Some(("System.Net.Sockets.SocketException", "Connection refused")),
            ),
            (
                "org.x.HttpServerErrorException$InternalServerError: 500 : x",
                Some(("org.x.HttpServerErrorException$InternalServerError", "500 : x")),
            ),
            ("CardRefused [Error]: Sorry", Some(("CardRefused", "Sorry"))),
            ("Error starting ApplicationContext. To display", None),
            ("ErrorHandler: ready", None),
            ("No error", None),
            ("SQL Error: 1040, SQLState: 08004", None),
        ] {
            assert_eq!(exception(text), want, "{text}");
        }
    }
}
