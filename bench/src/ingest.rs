//! Kafka → bronze alone, against COPY of the same rows.

use anyhow::{Result, bail};
use local_stack::Stack;

use crate::copy_limit::{BRONZE_EVENTS, time_copies};
use crate::room::{LONGEST, Room};
use crate::{Figure, Target};

pub(crate) async fn measure(stack: &Stack, events: u64) -> Result<Vec<Figure>> {
    eprintln!("bronze_vs_copy: preloading {events} events …");
    let room = Room::open(stack, "ingest").await?;
    room.produce(&["run", "--orders-only", "--count", &events.to_string()])?;
    room.checkpoint().await?;
    eprintln!("bronze_vs_copy: draining …");
    let mut consumer = room
        .pipeline
        .start("consumer", "consumer", &["run", "--exit-at-end"])?;
    let status = consumer.wait(LONGEST)?;
    if !status.success() {
        bail!("the consumer failed: {}", consumer.log()?);
    }
    // From the first record in hand to the last commit: the group's assembling at the start is not ingest.
    let row = room
        .client
        .query_one(
            "SELECT extract(epoch FROM max(committed_at) - min(ingested_at))::float8, sum(row_count)::bigint
             FROM ops.bronze_batches",
            &[],
        )
        .await?;
    let (seconds, rows): (f64, i64) = (row.get(0), row.get(1));
    if u64::try_from(rows)? != events {
        bail!("{rows} rows in bronze after {events} events");
    }
    eprintln!("bronze_vs_copy: COPY of the same rows …");
    let copy = time_copies(stack, &room, &[&BRONZE_EVENTS])
        .await?
        .as_secs_f64();
    let peak = consumer.peak_rss_bytes();
    Ok(vec![
        Figure::new(
            "bronze_events_per_s",
            events as f64 / seconds,
            "events/s",
            None,
        ),
        Figure::new("copy_events_per_s", events as f64 / copy, "events/s", None),
        Figure::new(
            "bronze_vs_copy",
            copy / seconds,
            "ratio",
            Some(Target::AtLeast(0.7)),
        ),
        Figure::new(
            "consumer_alone_peak_rss_mib",
            mebibytes(peak),
            "MiB",
            Some(Target::AtMost(256.0)),
        ),
    ])
}

pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
