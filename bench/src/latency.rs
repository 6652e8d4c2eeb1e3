//! How long an event takes until a reader of gold can see it.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use local_stack::Stack;

use crate::room::Room;
use crate::{Figure, Target};

/// The beginning is left out: empty caches and first plans are not the steady state.
const WARM_UP: chrono::TimeDelta = chrono::TimeDelta::seconds(5);
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub(crate) async fn measure(
    stack: &Stack,
    rate: u64,
    seconds: u64,
    statements: bool,
) -> Result<Vec<Figure>> {
    eprintln!("latency: {rate} events/s for {seconds} s …");
    let room = Room::open(stack, "latency").await?;
    room.count_statements(statements).await?;
    room.checkpoint().await?;
    let (rate_text, duration) = (rate.to_string(), format!("{seconds}s"));
    let mut consumer = room.pipeline.start("consumer", "consumer", &["run"])?;
    let mut transformer = room
        .pipeline
        .start("transformer", "transformer", &["run"])?;
    std::thread::sleep(Duration::from_secs(3));
    let began: DateTime<Utc> = Utc::now();
    let produce = [
        "run",
        "--orders-only",
        "--rate",
        &rate_text,
        "--duration",
        &duration,
    ];
    let mut producer = room.pipeline.start("producer", "producer", &produce)?;
    let seen = watch_gold(&room, &mut producer).await?;
    consumer.stop()?;
    transformer.stop()?;
    room.show_statements(statements).await?;
    let mut latencies = latencies(&room, &seen, began + WARM_UP).await?;
    latencies.sort_by(f64::total_cmp);
    let at = |per_mille: usize| -> f64 {
        let index = (latencies.len() * per_mille / 1_000).min(latencies.len().saturating_sub(1));
        latencies.get(index).copied().unwrap_or(f64::NAN)
    };
    Ok(vec![
        Figure::new(
            "latency_events_measured",
            latencies.len() as f64,
            "events",
            None,
        ),
        Figure::new("latency_ms_p50", at(500), "ms", Some(Target::AtMost(300.0))),
        Figure::new("latency_ms_p95", at(950), "ms", None),
        Figure::new(
            "latency_ms_p99",
            at(990),
            "ms",
            Some(Target::AtMost(1_000.0)),
        ),
        Figure::new("latency_ms_max", at(1_000), "ms", None),
    ])
}

/// When each gold batch was first seen by a reader, until the producer has ended and everything is in gold.
async fn watch_gold(
    room: &Room,
    producer: &mut demo::fleet::Service,
) -> Result<HashMap<i64, DateTime<Utc>>> {
    let newest = room
        .client
        .prepare("SELECT gold_batch_id FROM ops.gold_batches WHERE gold_batch_id > $1")
        .await?;
    let mut seen = HashMap::new();
    let mut last = 0i64;
    let mut quiet_looks = 0;
    while quiet_looks < 400 {
        let rows = room.client.query(&newest, &[&last]).await?;
        let now = Utc::now();
        for row in &rows {
            let id: i64 = row.get(0);
            seen.insert(id, now);
            last = last.max(id);
        }
        match producer.ended()? {
            Some(status) if !status.success() => bail!("the producer failed: {}", producer.log()?),
            Some(_) if rows.is_empty() => quiet_looks += 1,
            _ => quiet_looks = 0,
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(seen)
}

/// Milliseconds from event time to the moment when the event's gold batch was seen.
async fn latencies(
    room: &Room,
    seen: &HashMap<i64, DateTime<Utc>>,
    from: DateTime<Utc>,
) -> Result<Vec<f64>> {
    let rows = room
        .client
        .query(
            "SELECT s.gold_batch_id, e.event_at
             FROM ops.silver_batches AS s
             JOIN silver.fct_order_events AS e
                 ON e.order_event_key BETWEEN s.first_order_event_key AND s.last_order_event_key
             WHERE e.event_at >= $1",
            &[&from],
        )
        .await?;
    let mut latencies = Vec::with_capacity(rows.len());
    for row in &rows {
        let (batch, event_at): (Option<i64>, DateTime<Utc>) = (row.get(0), row.get(1));
        let Some(seen_at) = batch.and_then(|batch| seen.get(&batch)) else {
            bail!("an event is in silver, but its gold batch was never seen");
        };
        let micros = (*seen_at - event_at).num_microseconds().unwrap_or(i64::MAX);
        latencies.push(micros as f64 / 1_000.0);
    }
    Ok(latencies)
}
