//! What kubectl prints: transcripts, tables, describe outlines.

pub mod age;
mod columns;
pub mod command;
pub mod form;
pub mod lines;
pub mod observe;
pub mod outline;
mod reindent;
pub mod resources;
mod shell;
pub mod table;
pub mod times;
pub mod transcript;
