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
    if statements {
        room.client
            .batch_execute("CREATE EXTENSION pg_stat_statements")
            .await?;
    }
    room.checkpoint().await?;
    let count = events.to_string();
    let produce = [
        "run",
        "--orders-only",
        "--lines-mean",
        "3",
        "--count",
        &count,
    ];
    let mut services = [
        room.pipeline.start("consumer", "consumer", &["run"])?,
        room.pipeline
            .start("transformer", "transformer", &["run"])?,
    ];
    // The services are up and waiting; the measurement begins with the first event.
    std::thread::sleep(Duration::from_secs(3));
    let began = Instant::now();
    let mut producer = room.pipeline.start("producer", "producer", &produce)?;
    let mut producer_seconds = None;
    while gold_events(&room).await? < i64::try_from(events)? {
        if began.elapsed() > LONGEST {
            bail!("not drained after {LONGEST:?}");
        }
        if producer_seconds.is_none()
            && let Some(status) = producer.ended()?
        {
            if !status.success() {
                bail!("the producer failed: {}", producer.log()?);
            }
            producer_seconds = Some(began.elapsed().as_secs_f64());
        }
        for service in &mut services {
            if service.ended()?.is_some() {
                bail!("{} ended: {}", service.name(), service.log()?);
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let seconds = began.elapsed().as_secs_f64();
    let mut figures = vec![Figure::new(
        "end_to_end_events_per_s",
        events as f64 / seconds,
        "events/s",
        Some(Target::AtLeast(20_000.0)),
    )];
    let [consumer, transformer] = &mut services;
    for (name, cpu_name, service) in [
        (
            "producer_peak_rss_mib",
            "producer_cpu_us_per_event",
            &mut producer,
        ),
        (
            "consumer_peak_rss_mib",
            "consumer_cpu_us_per_event",
            consumer,
        ),
        (
            "transformer_peak_rss_mib",
            "transformer_cpu_us_per_event",
            transformer,
        ),
    ] {
        figures.extend(usage(name, cpu_name, service, events));
    }
    for service in &mut services {
        service.stop()?;
    }
    if statements {
        let query = include_str!("statements.sql");
        println!("{}", demo::samples::table(&room.client, query).await?);
    }
    figures.extend(against_the_limit(stack, &room, events, seconds).await?);
    Ok(figures)
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
