//! JSON: what stands behind the brace that opens it.
#![no_main]

libfuzzer_sys::fuzz_target!(|rest: &[u8]| {
    assay_fuzz::check(&[b"{", rest].concat(), &assay_fuzz::BOOK);
});
