//! Fuzzes `fuzz::yaml_objects`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::yaml_objects(bytes));
