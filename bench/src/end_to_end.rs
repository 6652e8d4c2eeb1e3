//! Everything at once on this machine, until gold is drained.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use demo::fleet::Service;
use local_stack::Stack;

use crate::copy_limit::{BRONZE_EVENTS, FACTS, time_copies};
use crate::ingest::mebibytes;
use crate::room::{LONGEST, Room};
use crate::{Figure, Target};

pub(crate) async fn measure(stack: &Stack, events: u64, statements: bool) -> Result<Vec<Figure>> {
    eprintln!("end_to_end: {events} events …");
    let room = Room::open(stack, "end_to_end").await?;
    room.count_statements(statements).await?;
    room.checkpoint().await?;
    let mut fleet = [
        room.pipeline.start("consumer", "consumer", &["run"])?,
        room.pipeline
            .start("transformer", "transformer", &["run"])?,
    ];
    // The services are up and waiting; the measurement begins with the first event.
    std::thread::sleep(Duration::from_secs(3));
    let count = events.to_string();
    let produce = ["run", "--orders-only", "--lines-mean", "3", "--count"];
    let produce = [produce.as_slice(), &[count.as_str()]].concat();
    let began = Instant::now();
    let mut producer = room.pipeline.start("producer", "producer", &produce)?;
    wait_for_gold(&room, i64::try_from(events)?, &mut producer, &mut fleet).await?;
    let seconds = began.elapsed().as_secs_f64();
    let rate = events as f64 / seconds;
    let asked = Some(Target::AtLeast(20_000.0));
    let mut figures = vec![Figure::new(
        "end_to_end_events_per_s",
        rate,
        "events/s",
        asked,
    )];
    let [consumer, transformer] = &mut fleet;
    let names = [
        ("producer_peak_rss_mib", "producer_cpu_us_per_event"),
        ("consumer_peak_rss_mib", "consumer_cpu_us_per_event"),
        ("transformer_peak_rss_mib", "transformer_cpu_us_per_event"),
    ];
    for ((memory, cpu), service) in names
        .into_iter()
        .zip([&mut producer, consumer, transformer])
    {
        figures.extend(usage(memory, cpu, service, events));
    }
    for service in &mut fleet {
        service.stop()?;
    }
    room.show_statements(statements).await?;
    figures.extend(against_the_limit(stack, &room, events, seconds).await?);
    figures.extend(crate::rebuild::measure(&room, events, rate)?);
    Ok(figures)
}

/// Until gold has folded so many events; nobody may fail on the way.
async fn wait_for_gold(
    room: &Room,
    events: i64,
    producer: &mut Service,
    fleet: &mut [Service],
) -> Result<()> {
    let began = Instant::now();
    while gold_events(room).await? < events {
        if began.elapsed() > LONGEST {
            bail!("not drained after {LONGEST:?}");
        }
        if producer.ended()?.is_some_and(|status| !status.success()) {
            bail!("the producer failed: {}", producer.log()?);
        }
        for service in &mut *fleet {
            if service.ended()?.is_some() {
                bail!("{} ended: {}", service.name(), service.log()?);
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn usage(
    name: &'static str,
    cpu_name: &'static str,
    service: &mut Service,
    events: u64,
) -> Vec<Figure> {
    let peak = mebibytes(service.peak_rss_bytes());
    let mut figures = vec![Figure::new(name, peak, "MiB", Some(Target::AtMost(256.0)))];
    // A process that has ended tells no more.
    if let Some(seconds) = service.cpu_seconds() {
        figures.push(Figure::new(
            cpu_name,
            seconds * 1e6 / events as f64,
            "µs",
            None,
        ));
    }
    figures
}

async fn gold_events(room: &Room) -> Result<i64> {
    let row = room
        .client
        .query_one(
            "SELECT coalesce(sum(event_count), 0)::bigint FROM ops.gold_batches",
            &[],
        )
        .await
        .context("counting gold")?;
    Ok(row.get(0))
}

async fn against_the_limit(
    stack: &Stack,
    room: &Room,
    events: u64,
    seconds: f64,
) -> Result<Vec<Figure>> {
    eprintln!("end_to_end_vs_limit: COPY of the same rows …");
    let [order_events, lines, orders] = &FACTS;
    let tables = [&BRONZE_EVENTS, order_events, lines, orders];
    let limit = time_copies(stack, room, &tables).await?.as_secs_f64();
    let rows = room
        .client
        .query_one("SELECT count(*)::float8 FROM silver.fct_order_lines", &[])
        .await?;
    let lines: f64 = rows.get(0);
    Ok(vec![
        Figure::new("lines_per_event", lines / events as f64, "lines", None),
        Figure::new(
            "copy_limit_events_per_s",
            events as f64 / limit,
            "events/s",
            None,
        ),
        Figure::new(
            "end_to_end_vs_limit",
            limit / seconds,
            "ratio",
            Some(Target::AtLeast(0.30)),
        ),
    ])
}
