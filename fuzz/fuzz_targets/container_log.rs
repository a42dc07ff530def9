//! Fuzzes `fuzz::container_log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::container_log(bytes));
