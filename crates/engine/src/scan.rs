//! Text is matched once, here: messages of events and statuses, lines of logs and journals, into typed sayings.

mod literals;
pub mod log;
pub mod message;
pub mod node;
pub mod template;

/// Takes out of a text what must not be kept: a scanner calls it before it keeps anything of a line.
pub type Hide = fn(&str) -> std::borrow::Cow<'_, str>;
