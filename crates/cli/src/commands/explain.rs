//! `coroner explain`.

use crate::failure::{ERROR, Failure};
use crate::options::{Explain, Output};
use crate::terminal;
use engine::detectors::DETECTORS;
use engine::explain::{self, Page};
use engine::finding::Code;
use std::process::ExitCode;

/// Explains words, or lists them all.
pub fn run(options: &Explain) -> Result<ExitCode, Failure> {
    let pages: Vec<Page> = Code::ALL
        .iter()
        .map(|code| {
            let text = DETECTORS.iter().find(|d| d.codes.contains(code)).map_or("", |d| d.page);
            Page { code: code.as_str(), title: code.title(), text }
        })
        .collect();
    let style = terminal::style(false);
    if options.words.is_empty() {
        let words = explain::words(&pages);
        terminal::print(&match options.output {
            Output::Text | Output::Markdown => explain::render_words(&words, style.width, style.colour),
            Output::Json | Output::Yaml => json(&words)?,
        });
        return Ok(ExitCode::SUCCESS);
    }
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    let answer = explain::explain(&words, &pages);
    terminal::print(&match options.output {
        Output::Text | Output::Markdown => explain::render(&answer, style.width, style.colour),
        Output::Json | Output::Yaml => json(&answer)?,
    });
    Ok(if answer.answers.iter().all(|a| a.is_known()) { ExitCode::SUCCESS } else { ExitCode::from(ERROR) })
}

/// JSON is YAML, too.
fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Failure::own(error.to_string()))
}
