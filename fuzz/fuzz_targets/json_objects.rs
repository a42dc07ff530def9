//! Fuzzes `fuzz::json_objects`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::json_objects(bytes));
