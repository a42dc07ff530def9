//! What the words of Kubernetes mean: exit codes, signals, reasons, events, conditions, and our own codes.
//!
//! The texts are plain files, one block per entry (see `store.rs`); nothing else is needed to add one.

use std::borrow::Cow;

use serde::Serialize;

mod exit;
mod lookup;
mod page;
mod store;
mod text;

#[cfg(test)]
mod tests;

pub use exit::{Decoded, Signal, decode_exit, signal};
pub use text::{render, render_words};

/// The page of one of our own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Page<'a> {
    /// In kebab case: `oom-killed`.
    pub code: &'a str,
    /// One sentence without a full stop.
    pub title: &'a str,
    /// Markdown; may be empty.
    pub text: &'a str,
}

/// Everything known about one word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// As its component spells it: `OOMKilled`.
    pub word: Cow<'static, str>,
    /// What kind of word it is: `terminated reason`.
    pub topic: &'static str,
    /// For exit codes: the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// For signals, and for exit codes that name one: the number, 1 to 31.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<u8>,
    /// How the number is read: `137 = 128 + 9, SIGKILL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<String>,
    /// One to three sentences.
    pub meaning: Cow<'static, str>,
    /// Another reading of what was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aside: Option<String>,
    /// The component that writes it, and its versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says_it: Option<&'static str>,
    /// Rival causes, in the order in which to check them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<&'static str>,
    /// What it is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confused_with: Vec<&'static str>,
    /// Where to look now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub look_next: Vec<Look>,
    /// Other words that are known here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub see: Vec<&'static str>,
    /// What is often said of it, and the truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub myth: Option<&'static str>,
    /// Upstream files that it was read in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// Other names that lead here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<&'static str>,
}

/// A place to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    /// What is to be seen there.
    pub what: &'static str,
    /// A shell line; its placeholders are in capitals (NS, POD, CONTAINER, NODE, NAME).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<&'static str>,
}

/// What is known about one asked word, or near it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer<'a> {
    /// What was asked, made safe for a terminal and cut to 80 columns.
    pub asked: String,
    /// The word in each of its meanings; empty when unknown.
    pub entries: Vec<Entry>,
    /// Our own codes of that name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<Page<'a>>,
    /// For an unknown word: known names near it, at most five, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<&'a str>,
}

impl Answer<'_> {
    /// Whether anything was found.
    pub fn is_known(&self) -> bool {
        !self.entries.is_empty() || !self.pages.is_empty()
    }
}

/// The answers to one call, on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation<'a> {
    api_version: &'static str,
    kind: &'static str,
    /// In the order of the question.
    pub answers: Vec<Answer<'a>>,
}

/// All known words by topic, on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Words<'a> {
    api_version: &'static str,
    kind: &'static str,
    /// In reading order.
    pub topics: Vec<Topic<'a>>,
}

/// Words of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Topic<'a> {
    /// For a heading.
    pub title: &'a str,
    /// In reading order.
    pub words: Vec<&'a str>,
}

const API_VERSION: &str = "coroner/v1alpha1";

/// Explains each word, in turn; `pages` are those of our own codes.
///
/// Case, spaces and punctuation do not matter. Several words may be one name (`signal 9`), and a pasted log line
/// or event message leads to the words behind it.
pub fn explain<'a, S: AsRef<str>>(words: &[S], pages: &'a [Page<'a>]) -> Explanation<'a> {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let answers = lookup::Index::new(pages).answer(&words);
    Explanation { api_version: API_VERSION, kind: "Explanation", answers }
}

/// All words that have an entry or a page.
pub fn words<'a>(pages: &'a [Page<'a>]) -> Words<'a> {
    let mut topics: Vec<Topic<'a>> = Vec::new();
    for block in store::blocks() {
        match topics.last_mut() {
            Some(topic) if topic.title == block.heading => topic.words.push(block.word),
            _ => topics.push(Topic { title: block.heading, words: vec![block.word] }),
        }
    }
    if !pages.is_empty() {
        topics.push(Topic {
            title: "codes of coroner's own findings",
            words: pages.iter().map(|page| page.code).collect(),
        });
    }
    Words { api_version: API_VERSION, kind: "Words", topics }
}
