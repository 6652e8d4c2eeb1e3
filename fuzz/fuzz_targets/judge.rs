//! Any payload, in any frame.
#![no_main]

libfuzzer_sys::fuzz_target!(|payload: &[u8]| assay_fuzz::check(payload, &assay_fuzz::BOOK));
