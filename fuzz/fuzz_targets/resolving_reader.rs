//! Any schema, up to the first byte 00, and any datum behind it.
#![no_main]

use event_contract::SchemaBook;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == 0) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(&input[..end]) else {
        return;
    };
    let mut book = SchemaBook::default();
    book.insert(1, assay_fuzz::registered(text));
    assay_fuzz::check(&[&[0, 0, 0, 0, 1], &input[end + 1..]].concat(), &book);
});
