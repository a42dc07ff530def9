//! What kubectl prints: transcripts, tables, describe outlines.

pub mod age;
mod columns;
pub mod command;
pub mod lines;
pub mod observe;
pub mod outline;
pub mod resources;
pub mod table;
pub mod times;
pub mod transcript;
