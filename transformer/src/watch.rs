//! The ledger as metrics: a look every few seconds, so that alerts know of it without a connection of their own.
//!
//! Every transformer exports the same figures of the one warehouse; take their maximum or minimum, never their sum.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use service_kit::{Outcome, Shutdown};
use warehouse::{Warehouse, WarehouseError, status};

const INTERVAL: Duration = Duration::from_secs(5);
/// A look that takes longer than this is given up, so that the next one is not late.
pub(crate) const LOOK_TIMEOUT: Duration = Duration::from_secs(4);

const BALANCED: &str = "assay_warehouse_ledger_balanced";
const PENDING: &str = "assay_warehouse_pending_records";
const WAITING: &str = "assay_warehouse_waiting_seconds";
const FRESHNESS: &str = "assay_warehouse_freshness_seconds";
const LOOKED_AT: &str = "assay_warehouse_looked_at_timestamp_seconds";

const STAGES: [&str; 4] = [
    "event_to_bronze",
    "bronze_to_silver",
    "silver_to_gold",
    "event_to_gold",
];
const QUANTILES: [&str; 3] = ["0.5", "0.95", "0.99"];

/// Names the transformer's metrics, and zeroes its counters, so that "never happened" and "not measured" look different
/// and a rate sees the first increment.
pub(crate) fn describe() {
    describe_counter!(
        "assay_transformer_records_total",
        "Records that silver judged, by outcome."
    );
    describe_counter!(
        "assay_transformer_conflicts_total",
        "Transactions that were undone because another writer was first."
    );
    describe_counter!(
        "assay_transformer_gold_events_total",
        "Accepted events that gold has folded."
    );
    describe_histogram!(
        "assay_transformer_silver_batch_seconds",
        "Duration of a silver transaction."
    );
    describe_histogram!(
        "assay_transformer_gold_batch_seconds",
        "Duration of a gold transaction."
    );
    describe_gauge!(
        "assay_transformer_bronze_pending_records",
        "Records in bronze that silver has yet to judge, as the last step found."
    );
    for outcome in ["accepted", "duplicate", "quarantined"] {
        counter!("assay_transformer_records_total", "outcome" => outcome).absolute(0);
    }
    for stage in ["silver", "gold"] {
        counter!("assay_transformer_conflicts_total", "stage" => stage).absolute(0);
    }
    counter!("assay_transformer_gold_events_total").absolute(0);
    describe_gauge!(
        BALANCED,
        "1 while every partition of the ledger adds up, 0 when one does not."
    );
    describe_gauge!(
        PENDING,
        "Records that the layer holds and the next one has yet to take."
    );
    describe_gauge!(
        WAITING,
        "Age of the oldest bronze batch that gold does not hold yet; 0 when gold holds everything."
    );
    describe_gauge!(
        FRESHNESS,
        "How long the batches of the last minute took, by the newest event in each; NaN without any."
    );
    describe_gauge!(LOOKED_AT, "When the ledger was last looked at.");
}

/// Looks at the ledger until shutdown. That PostgreSQL is away is not said here, for the stages say it: the time of the
/// last look then simply grows old.
pub(crate) async fn watch(warehouse: Warehouse, shutdown: Shutdown) -> Outcome {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.requested() => return Ok(()),
        }
        let looked = tokio::select! {
            looked = look(&warehouse) => looked,
            () = shutdown.requested() => return Ok(()),
        };
        if let Err(error) = looked {
            tracing::debug!(%error, "could not look at the ledger, trying again");
        }
    }
}

#[allow(clippy::cast_precision_loss)] // metrics: exact up to 2^53 records
async fn look(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    let session = warehouse.connect().await?;
    let ledger = status::read(&session).await?;
    let waiting = status::waiting_seconds(&session).await?;
    let freshness = status::freshness_by_stage(&session).await?;
    session.release();
    gauge!(BALANCED).set(if ledger.is_balanced { 1.0 } else { 0.0 });
    for (layer, records) in [
        ("kafka", ledger.kafka_pending),
        ("bronze", ledger.bronze_pending),
        ("silver", ledger.silver_pending),
    ] {
        gauge!(PENDING, "layer" => layer).set(records as f64);
    }
    gauge!(WAITING).set(waiting);
    for stage in STAGES {
        let found = freshness.iter().find(|found| found.stage == stage);
        let percentiles = found.map_or([None; 3], |found| found.percentiles);
        for (quantile, seconds) in QUANTILES.into_iter().zip(percentiles) {
            gauge!(FRESHNESS, "stage" => stage, "quantile" => quantile)
                .set(seconds.unwrap_or(f64::NAN));
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    gauge!(LOOKED_AT).set(now.unwrap_or_default().as_secs_f64());
    Ok(())
}
