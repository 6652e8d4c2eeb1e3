//! What must hold of whatever a fuzzer comes up with; the targets differ only in what they make of its bytes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use event_contract::judge::{MAX_DETAIL_CHARS, Verdict, judge_with_schemas, schema_id};
use event_contract::schema::SchemaVersion;
use event_contract::{Limits, Reason, RegisteredSchema, SchemaBook, WriterSchema, encode};

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller's promises about the layout are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the block came from this allocator, which is the system's.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Bytes of memory for each byte of a payload, and for none; see crates/event-contract/tests/allocation.rs.
const FACTOR: usize = 16;
const CONSTANT: usize = 4_096;

/// Ids 1 and 2 are our own schemas, 3 has a field that nests behind ours, 4 is of something else.
pub static BOOK: LazyLock<SchemaBook> = LazyLock::new(|| {
    let more = SchemaVersion::V2.text().trim_end();
    let more = more.strip_suffix("]\n}").expect("the schema ends with its fields");
    let more = format!(
        r#"{more}, {{"name": "flag", "type": "boolean"}},
            {{"name": "nest", "type": {{"type": "record", "name": "Nest", "fields": [
                {{"name": "inner", "type": ["null", "Nest", {{"type": "array", "items": "null"}}]}}]}}}}]}}"#
    );
    let mut book = SchemaBook::default();
    let texts = [SchemaVersion::V1.text(), SchemaVersion::V2.text(), &more, "\"string\""];
    for (id, text) in (1..).zip(texts) {
        book.insert(id, registered(text));
    }
    assert!(matches!(book.get(3), Some(RegisteredSchema::Readable(_))));
    book
});

pub fn registered(text: &str) -> RegisteredSchema {
    match WriterSchema::parse(text) {
        Ok(schema) => RegisteredSchema::Readable(Arc::new(schema)),
        Err(unusable) => RegisteredSchema::Unusable(unusable.to_string().into()),
    }
}

/// Judges a payload and holds the verdict against what is promised of all verdicts.
pub fn check(payload: &[u8], book: &SchemaBook) {
    let received_at = DateTime::<Utc>::from_timestamp(1_780_315_200, 0).expect("a time");
    let limits = Limits::default();
    let judge = |payload| judge_with_schemas(Some(payload), received_at, &limits, book);
    // Tables that are built once are not the payload's.
    static WARM: LazyLock<()> = LazyLock::new(|| check_tables());
    LazyLock::force(&WARM);

    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let verdict = judge(payload);
    let used = PEAK.load(Ordering::Relaxed) - before;
    assert!(used <= FACTOR * payload.len() + CONSTANT, "{} bytes make {used}", payload.len());
    schema_id(Some(payload), &limits);

    match &verdict {
        Verdict::Quarantined(quarantine) => {
            assert!(!quarantine.detail.is_empty());
            assert!(quarantine.detail.chars().count() <= MAX_DETAIL_CHARS);
            assert!(!quarantine.detail.chars().any(char::is_control), "{:?}", quarantine.detail);
        }
        Verdict::Accepted(accepted) => {
            assert_eq!(accepted.content_hash, encode::content_hash(&accepted.event));
            let mut canonical = Vec::new();
            encode::single_object(&accepted.event, &mut canonical);
            match judge(&canonical) {
                again @ Verdict::Accepted(_) => assert_eq!(again, verdict),
                // Only an older shop's envelope may break the identities that its canonical form is held against.
                Verdict::Quarantined(refused) => {
                    assert_eq!(payload[0], b'{');
                    assert_eq!(refused.reason, Reason::AmountIdentity);
                }
            }
            let mut json = Vec::new();
            encode::json(&accepted.event, &mut json);
            if let Verdict::Accepted(from_json) = judge(&json) {
                assert_eq!(from_json.content_hash, accepted.content_hash);
            }
        }
    }
}

/// Judges one good event, so that every table is there.
fn check_tables() {
    let good = include_bytes!("../seeds/judge/single_object_v1");
    let received_at = DateTime::<Utc>::from_timestamp(1_780_315_200, 0).expect("a time");
    let verdict = judge_with_schemas(Some(good), received_at, &Limits::default(), &BOOK);
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    judge_with_schemas(Some(b"{}"), received_at, &Limits::default(), &BOOK);
}
