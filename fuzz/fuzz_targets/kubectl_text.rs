//! Fuzzes `fuzz::kubectl_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::kubectl_text(bytes));
