//! A registry's answer: two bytes of HTTP status and the body; and the schema in it.
#![no_main]

use event_contract::WriterSchema;
use schema_registry::{Answer, understand};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((status, body)) = input.split_first_chunk::<2>() else {
        return;
    };
    match understand(u16::from_be_bytes(*status), body) {
        Ok(Answer::Schema(text)) => {
            if let Err(unusable) = WriterSchema::parse(&text) {
                assert!(!unusable.to_string().chars().any(char::is_control));
            }
        }
        Ok(Answer::Unusable(why)) | Err(why) => assert!(!why.is_empty()),
        Ok(Answer::Unknown) => {}
    }
});
