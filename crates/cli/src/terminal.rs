//! What is known of the terminal, and the only places that write to it.

use engine::report::text::Style;
use std::io::{IsTerminal, Write};

/// How to print to standard output: colour only on a terminal and without `NO_COLOR`, the terminal's width or 80.
pub fn style(verbose: bool) -> Style {
    let terminal = std::io::stdout().is_terminal();
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let colour = set("CLICOLOR_FORCE") || terminal && !set("NO_COLOR") && !dumb;
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let size = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    Style { width: columns.or(size.filter(|_| terminal)).unwrap_or(80).clamp(40, 120), colour, verbose }
}

/// Writes a result. A reader that went away is no error.
pub fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Writes a record as it is; on a terminal without what would steer it.
pub fn print_record(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    if !std::io::stdout().is_terminal() {
        let _ = out.write_all(bytes);
        return;
    }
    for line in String::from_utf8_lossy(bytes).lines() {
        let _ = writeln!(out, "{}", engine::clean::clean(line));
    }
}

/// Writes a line to standard error.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", engine::clean::clean(text));
}

/// Whether somebody sees what standard error says while it is said.
pub fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Shows what is going on in the last line of the terminal, in the place of what was shown before; nothing elsewhere.
pub fn progress(text: &str) {
    if is_watched() {
        let _ = write!(std::io::stderr(), "\r\x1b[K{}", engine::clean::clean(text));
    }
}
