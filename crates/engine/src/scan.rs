//! Text is matched once, here: messages of events and statuses, lines of logs and journals, into typed sayings.

mod literals;
pub mod log;
pub mod message;
pub mod node;
pub mod template;
