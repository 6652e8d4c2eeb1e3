//! How fast the mock shop is: alone, with encoding, and up to Kafka's acknowledgement.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use chrono::{Duration, Utc};
use demo::fleet::Fleet;
use event_contract::encode;
use event_contract::truth::PayloadDigest;
use local_stack::Stack;
use producer::shop::{Shop, ShopSettings, blank_event};
use producer::truth_ledger::Tally;
use serde::Deserialize;

use crate::room::LONGEST;
use crate::{Figure, Target};

const PAST_DAYS: i64 = 30;

/// What is asked of the shop alone, on one core.
const GENERATED_AT_LEAST: Target = Target::AtLeast(300_000.0);

/// What is asked of it with Kafka on the same two cores.
const PUBLISHED_AT_LEAST: Target = Target::AtLeast(100_000.0);

/// Generates without publishing; needs no services.
pub(crate) fn measure_alone(events: u64) -> Result<Vec<Figure>> {
    eprintln!("generator: {events} events, alone …");
    let generated = events_per_s(events, |_| {})?;
    eprintln!("generator: {events} events, encoded …");
    let mut payload = Vec::new();
    let encoded = events_per_s(events, |event| {
        payload.clear();
        encode::single_object(event, &mut payload);
        std::hint::black_box(&payload);
    })?;
    eprintln!("generator: {events} events, encoded, and entered in the books of a truth …");
    let (mut tally, mut digest) = (Tally::of_shop(Duration::hours(1)), PayloadDigest::default());
    let sworn_to = events_per_s(events, |event| {
        payload.clear();
        encode::single_object(event, &mut payload);
        tally.add(event);
        digest.add(&payload);
    })?;
    std::hint::black_box((tally.tables(), digest));
    Ok(vec![
        Figure::new(
            "generated_events_per_s",
            generated,
            "events/s",
            Some(GENERATED_AT_LEAST),
        ),
        Figure::new("encoded_events_per_s", encoded, "events/s", None),
        Figure::new("sworn_to_events_per_s", sworn_to, "events/s", None),
    ])
}

/// What a producer's summary says.
#[derive(Deserialize)]
struct Summary {
    events: u64,
    failed: u64,
    events_per_s: f64,
}

/// Publishes to a topic of its own, by the producer as users run it.
pub(crate) fn measure_published(stack: &Stack, events: u64) -> Result<Vec<Figure>> {
    eprintln!("generator: {events} events, published …");
    let topic = stack.fresh_topic(6)?;
    let fleet = Fleet::new(stack.dir().join("logs").join("generator"))?;
    let environment = [
        (
            "KAFKA_BOOTSTRAP_SERVERS".to_owned(),
            stack.kafka_bootstrap_servers().to_owned(),
        ),
        ("KAFKA_TOPIC".to_owned(), topic),
    ];
    let (count, past) = (events.to_string(), format!("{PAST_DAYS}d"));
    let arguments = ["run", "--count", &count, "--backfill", &past, "--json"];
    let mut producer = fleet.spawn("producer", "generator", &arguments, &environment)?;
    let status = producer.wait(LONGEST)?;
    if !status.success() {
        bail!("the producer failed: {}", producer.log()?);
    }
    let output = producer.output()?;
    let last_line = output.lines().last().unwrap_or_default();
    let summary: Summary =
        serde_json::from_str(last_line).context("reading the producer's summary")?;
    if (summary.events, summary.failed) != (events, 0) {
        bail!(
            "{} of {events} events published, {} failed",
            summary.events,
            summary.failed
        );
    }
    Ok(vec![Figure::new(
        "published_events_per_s",
        summary.events_per_s,
        "events/s",
        Some(PUBLISHED_AT_LEAST),
    )])
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 events")]
fn events_per_s(
    events: u64,
    mut with: impl FnMut(&event_contract::TransactionEvent),
) -> Result<f64> {
    let mut shop = Shop::new(ShopSettings::new(42, Utc::now()))?;
    let began = Instant::now();
    shop.plan_past(Duration::days(PAST_DAYS), events)?;
    let mut event = blank_event();
    let mut count = 0_u64;
    while shop.next_past(&mut event) {
        with(std::hint::black_box(&event));
        count += 1;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}
