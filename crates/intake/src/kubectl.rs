//! What kubectl prints: transcripts, tables, describe outlines.

pub mod outline;
pub mod table;
pub mod times;
pub mod transcript;
