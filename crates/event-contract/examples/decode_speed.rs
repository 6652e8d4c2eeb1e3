//! Prints how many events a second one core encodes and judges, and how many apache-avro decodes for comparison.
//!
//! `cargo run --release -p event-contract --example decode_speed [seconds for each measurement]`

use std::hint::black_box;
use std::time::{Duration, Instant};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use chrono::{DateTime, TimeDelta, Utc};
use event_contract::encode::{self, SINGLE_OBJECT_HEADER_BYTES};
use event_contract::judge::{Verdict, judge};
use event_contract::schema::TRANSACTION_EVENT_V1;
use event_contract::{
    Channel, Customer, CustomerType, EventType, Item, Limits, Money, Order, TransactionEvent,
};
use uuid::Uuid;

const SAMPLE_EVENTS: u32 = 2_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(2), |text| text.parse())?;
    let measured_for = Duration::from_secs(seconds);
    let received_at: DateTime<Utc> = "2026-06-01T12:00:00Z".parse()?;
    let events: Vec<_> = (0..SAMPLE_EVENTS)
        .map(|number| sample_event(number, received_at))
        .collect();
    let payloads: Vec<_> = events.iter().map(encoded).collect();

    let lines: usize = events.iter().map(|event| event.items.len()).sum();
    let bytes: usize = payloads.iter().map(Vec::len).sum();
    let per_event = |total: usize| total as f64 / f64::from(SAMPLE_EVENTS);
    println!(
        "sample: {:.1} lines and {:.0} bytes an event",
        per_event(lines),
        per_event(bytes)
    );

    let mut output = Vec::new();
    let encode_rate = events_per_second(measured_for, &events, |event| {
        output.clear();
        encode::single_object(event, &mut output);
        Ok(output.len())
    })?;
    print_rate("encode", encode_rate);

    let hash_rate = events_per_second(measured_for, &events, |event| {
        Ok(encode::content_hash(event))
    })?;
    print_rate("encode and hash", hash_rate);

    let limits = Limits::default();
    let judge_rate = events_per_second(measured_for, &payloads, |payload| {
        match judge(Some(payload), received_at, &limits) {
            Verdict::Accepted(accepted) => Ok(accepted),
            Verdict::Quarantined(quarantine) => Err(quarantine.detail.into()),
        }
    })?;
    print_rate("judge (decode, validate, hash)", judge_rate);

    let schema = Schema::parse_str(TRANSACTION_EVENT_V1)?;
    let reader = GenericDatumReader::builder(&schema).build()?;
    let library_rate = events_per_second(measured_for, &payloads, |payload| {
        let mut datum = payload.get(SINGLE_OBJECT_HEADER_BYTES..).unwrap_or(&[]);
        Ok(reader.read_value(&mut datum)?)
    })?;
    print_rate("apache-avro (decode to its Value only)", library_rate);

    println!("judge / apache-avro: {:.1}", judge_rate / library_rate);
    Ok(())
}

fn print_rate(what: &str, rate: f64) {
    println!("{what}: {rate:.0} events/s");
}

/// Repeats `work` over the sample for `measured_for`; the fastest of 40 short windows, since others share the core.
fn events_per_second<Sample, Product>(
    measured_for: Duration,
    samples: &[Sample],
    mut work: impl FnMut(&Sample) -> Outcome<Product>,
) -> Outcome<f64> {
    const WINDOWS: u32 = 40;
    let mut best_rate: f64 = 0.0;
    for _ in 0..WINDOWS {
        let started_at = Instant::now();
        let mut events: f64 = 0.0;
        while started_at.elapsed() < measured_for / WINDOWS {
            for sample in samples {
                black_box(work(black_box(sample))?);
            }
            events += samples.len() as f64;
        }
        best_rate = best_rate.max(events / started_at.elapsed().as_secs_f64());
    }
    Ok(best_rate)
}

fn encoded(event: &TransactionEvent) -> Vec<u8> {
    let mut payload = Vec::new();
    encode::single_object(event, &mut payload);
    payload
}

/// An order with 1 to 5 lines, 3 on average.
fn sample_event(number: u32, received_at: DateTime<Utc>) -> TransactionEvent {
    let items: Vec<_> = (0..=number % 5)
        .map(|line| sample_item(number, line))
        .collect();
    let sum = |amounts: &mut dyn Iterator<Item = i64>| Money::from_cents(amounts.sum());
    let subtotal = sum(&mut items
        .iter()
        .map(|item| item.unit_price.cents() * i64::from(item.quantity)));
    let discount_amount = sum(&mut items.iter().map(|item| item.discount.cents()));
    let tax_amount = Money::from_cents(subtotal.cents() / 5);
    let shipping_amount = Money::from_cents(490);
    TransactionEvent {
        event_id: Uuid::from_u128(0x0190_3b5e_7c00_7000_8000_0000_0000_0000 + u128::from(number)),
        event_type: EventType::OrderPlaced,
        event_version: "1.0".to_owned(),
        event_timestamp: received_at - TimeDelta::milliseconds(i64::from(number)),
        transaction_id: format!("K7Q2ZD-{number:010}"),
        channel: Channel::Web,
        customer: Customer {
            id: Some(format!("C{number:07}")),
            customer_type: CustomerType::Returning,
            country: "DE".to_owned(),
            city: "Düsseldorf".to_owned(),
            segment: None,
        },
        order: Order {
            status: "placed".to_owned(),
            payment_method: "credit_card".to_owned(),
            currency: "EUR".to_owned(),
            subtotal,
            tax_amount,
            shipping_amount,
            discount_amount,
            total_amount: subtotal + tax_amount + shipping_amount - discount_amount,
        },
        items,
        coupon_code: None,
    }
}

fn sample_item(number: u32, line: u32) -> Item {
    let cents = i64::from(number % 9_000 + 500 + line * 77);
    Item {
        id: format!("P{:06}", number * 7 % 2_000 + line),
        name: format!("Enamel mug No. {}", number % 97),
        category: "Kitchen & Dining".to_owned(),
        unit_price: Money::from_cents(cents),
        quantity: 1 + i32::from(number.is_multiple_of(3)),
        discount: Money::from_cents(cents / 10),
        cost: Money::from_cents(cents / 2),
    }
}
