//! No payload makes the judge allocate more than its own size warrants, whatever it announces.
//!
//! A test binary of its own, with a single test: the counting allocator sees every allocation of the process.

// Implementing GlobalAlloc is unsafe by definition; this one only counts and passes on to the system's.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use event_contract::judge::{Verdict, judge};
use event_contract::schema::FINGERPRINT_V1;
use event_contract::{
    Channel, Customer, CustomerType, EventType, Item, Limits, Money, Order, TransactionEvent,
    encode,
};
use uuid::Uuid;

/// Bytes in use, and the most that were in use at once.
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

/// A line takes at least 10 bytes on the wire and 104 in memory, and a growing list holds old and new for a moment;
/// a JSON document's keys are kept to find one that stands twice.
const FACTOR: usize = 16;
const CONSTANT: usize = 4_096;

#[test]
fn memory_follows_the_payload_and_not_what_it_announces() {
    let received_at = "2026-06-01T12:00:00Z".parse().unwrap();
    // Tables that are built once are not the payload's.
    let verdict = judge(Some(&good_payload()), received_at, &Limits::default());
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    judge(Some(b"{}"), received_at, &Limits::default());

    for (name, payload) in payloads() {
        let peak_bytes = peak_while_judging(&payload, received_at);
        let allowed_bytes = FACTOR * payload.len() + CONSTANT;
        println!("{name}: {} bytes make {peak_bytes}", payload.len());
        assert!(
            peak_bytes <= allowed_bytes,
            "{name}: {} bytes make {peak_bytes}, at most {allowed_bytes} are warranted",
            payload.len()
        );
    }
}

/// The most bytes in use at once, beyond those in use before.
fn peak_while_judging(payload: &[u8], received_at: DateTime<Utc>) -> usize {
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let verdict = judge(Some(payload), received_at, &Limits::default());
    let peak = PEAK.load(Ordering::Relaxed);
    drop(verdict);
    peak - before
}

fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let longest = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
    let half_a_gigabyte = [0x80, 0x94, 0xEB, 0xDC, 0x03, b'x'];
    vec![
        ("a good event", good_payload()),
        ("500 MB announced in 6 bytes", framed(&half_a_gigabyte)),
        ("a string of i64::MAX", framed(&longest)),
        ("a decimal of i64::MAX", up_to_amounts(&longest)),
        ("a decimal of 500 MB", up_to_amounts(&half_a_gigabyte)),
        ("i64::MAX lines", up_to_lines(&longest)),
        (
            "1,000 lines announced, none there",
            up_to_lines(&[0xD0, 0x0F]),
        ),
        (
            "1,000 lines in a block that claims 1 MiB",
            up_to_lines(&[0xCF, 0x0F, 0x80, 0x80, 0x80, 0x01]),
        ),
        (
            "1,000 smallest lines",
            up_to_lines(&[&[0xD0, 0x0F][..], &smallest_line().repeat(1_000), &[0]].concat()),
        ),
        (
            "1,000 blocks of one smallest line",
            up_to_lines(&[&[2][..], &smallest_line()].concat().repeat(1_000)),
        ),
        (
            "1 MB of text where a frame should be",
            b"x".repeat(1_000_000),
        ),
        (
            "1 MB of one JSON array",
            [&b"{\"a\":["[..], &b"0,".repeat(500_000)].concat(),
        ),
        ("1 MB of JSON nesting", b"{\"a\":".repeat(200_000)),
        ("1 MB of JSON keys", json_of_many_keys()),
        (
            "1 MB of one JSON string, escaped",
            [
                &b"{\"event_id\":\""[..],
                &b"\\u00e9".repeat(170_000),
                b"\"}",
            ]
            .concat(),
        ),
        ("a JSON event of 1,000 lines", json_of_lines(1_000)),
        ("a JSON event of 400,000 lines", json_of_lines(400_000)),
        (
            "1 MB of NaN",
            [&b"{\"a\":["[..], &b"NaN,".repeat(250_000)].concat(),
        ),
        ("more than is judged", b"{".repeat(100_000_000)),
    ]
}

fn json_of_many_keys() -> Vec<u8> {
    let keys: Vec<_> = (0..90_000)
        .map(|number| format!("\"{number:x}\":0"))
        .collect();
    format!("{{{}}}", keys.join(",")).into_bytes()
}

/// As small as a line can be, though it lacks fields: those are found missing only after all lines are at hand.
fn json_of_lines(lines: usize) -> Vec<u8> {
    let mut event = good_event();
    event.items.clear();
    let mut document = Vec::new();
    encode::json(&event, &mut document);
    let text = String::from_utf8_lossy(&document);
    let items = format!("\"items\":[{}{{}}]", "0,".repeat(lines - 1));
    text.replace("\"items\":[]", &items).into_bytes()
}

fn framed(datum: &[u8]) -> Vec<u8> {
    [&encode::SINGLE_OBJECT_MAGIC[..], &FINGERPRINT_V1, datum].concat()
}

/// Three empty texts, price, quantity, discount and cost of one byte each.
fn smallest_line() -> Vec<u8> {
    vec![0, 0, 0, 2, 0, 2, 2, 0, 2, 0]
}

fn up_to_amounts(rest: &[u8]) -> Vec<u8> {
    let id = b"\x480190b2f0-7c1e-7a3b-9d4c-2f6e8a1b3c5d";
    let head = b"\x00\x061.0\x00\x02x\x00\x00\x00\x04DE\x00\x02s\x02p\x06EUR";
    framed(&[&id[..], head, rest].concat())
}

fn up_to_lines(rest: &[u8]) -> Vec<u8> {
    up_to_amounts(&[&[2, 0].repeat(5), rest].concat())
}

fn good_payload() -> Vec<u8> {
    let mut payload = Vec::new();
    encode::single_object(&good_event(), &mut payload);
    payload
}

fn good_event() -> TransactionEvent {
    let amount = Money::from_cents(1);
    TransactionEvent {
        event_id: Uuid::from_u128(1),
        event_type: EventType::OrderPlaced,
        event_version: "1.0".to_owned(),
        event_timestamp: DateTime::from_timestamp_nanos(1_767_225_600_000_000_000),
        transaction_id: "order".to_owned(),
        channel: Channel::Web,
        customer: Customer {
            id: None,
            customer_type: CustomerType::New,
            country: "DE".to_owned(),
            city: String::new(),
            segment: None,
        },
        order: Order {
            status: "placed".to_owned(),
            payment_method: "cash".to_owned(),
            currency: "EUR".to_owned(),
            subtotal: amount,
            tax_amount: Money::ZERO,
            shipping_amount: Money::ZERO,
            discount_amount: Money::ZERO,
            total_amount: amount,
        },
        items: vec![Item {
            id: "product".to_owned(),
            name: String::new(),
            category: "category".to_owned(),
            unit_price: amount,
            quantity: 1,
            discount: Money::ZERO,
            cost: Money::ZERO,
        }],
        coupon_code: None,
    }
}
