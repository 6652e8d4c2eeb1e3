//! The ledger in a glance, for people who watch.

use crate::{Session, WarehouseError, sql};

/// Sums over all partitions, and how fresh gold is.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Records in Kafka that bronze does not hold yet.
    pub kafka_pending: i64,
    /// Records in bronze.
    pub bronze: i64,
    /// Bytes in bronze.
    pub bronze_bytes: i64,
    /// Records in bronze that silver has not judged yet.
    pub bronze_pending: i64,
    /// Records whose event is in silver.
    pub accepted: i64,
    /// Copies of accepted events.
    pub duplicate: i64,
    /// Records in quarantine.
    pub quarantined: i64,
    /// Accepted events that gold has not folded yet.
    pub silver_pending: i64,
    /// Whether every partition of the ledger adds up.
    pub is_balanced: bool,
    /// Median, 95th and 99th percentile of the last minute, from event to gold, in seconds.
    pub freshness: Option<[f64; 3]>,
}

/// Reads the ledger's views; any role that may read `ops.ledger` will do.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn read(session: &Session) -> Result<Status, WarehouseError> {
    let doing = "reading the ledger";
    let statement = session
        .prepare_cached(sql!("status/ledger.sql"))
        .await
        .map_err(WarehouseError::database(doing))?;
    let row = session
        .query_one(&statement, &[])
        .await
        .map_err(WarehouseError::database(doing))?;
    let statement = session
        .prepare_cached(sql!("status/freshness.sql"))
        .await
        .map_err(WarehouseError::database(doing))?;
    let freshness = session
        .query_opt(&statement, &[])
        .await
        .map_err(WarehouseError::database(doing))?
        .map(|row| [row.get(0), row.get(1), row.get(2)]);
    Ok(Status {
        kafka_pending: row.get("kafka_pending"),
        bronze: row.get("bronze"),
        bronze_bytes: row.get("bronze_bytes"),
        bronze_pending: row.get("bronze_pending"),
        accepted: row.get("accepted"),
        duplicate: row.get("duplicate"),
        quarantined: row.get("quarantined"),
        silver_pending: row.get("silver_pending"),
        is_balanced: row.get("is_balanced"),
        freshness,
    })
}

/// One step of the way through the pipeline, as `ops.freshness` names it, and how long the last minute's batches took.
#[derive(Debug, Clone, PartialEq)]
pub struct StageFreshness {
    /// `event_to_bronze`, `bronze_to_silver`, `silver_to_gold` or `event_to_gold`.
    pub stage: String,
    /// Median, 95th and 99th percentile in seconds; absent where no batch of the last minute had an accepted event.
    pub percentiles: [Option<f64>; 3],
}

/// How fresh each layer is; a step that no batch took within the last minute is left out.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn freshness_by_stage(session: &Session) -> Result<Vec<StageFreshness>, WarehouseError> {
    let doing = "reading how fresh the layers are";
    let statement = session
        .prepare_cached(sql!("status/freshness_by_stage.sql"))
        .await
        .map_err(WarehouseError::database(doing))?;
    let rows = session
        .query(&statement, &[])
        .await
        .map_err(WarehouseError::database(doing))?;
    let to_stage = |row: tokio_postgres::Row| StageFreshness {
        stage: row.get("stage"),
        percentiles: [
            row.get("p50_seconds"),
            row.get("p95_seconds"),
            row.get("p99_seconds"),
        ],
    };
    Ok(rows.into_iter().map(to_stage).collect())
}

/// Seconds since the oldest bronze batch was committed that gold does not hold yet; 0 where gold holds everything.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn waiting_seconds(session: &Session) -> Result<f64, WarehouseError> {
    let doing = "reading how long the oldest batch has been waiting";
    let statement = session
        .prepare_cached(sql!("status/waiting.sql"))
        .await
        .map_err(WarehouseError::database(doing))?;
    let row = session
        .query_one(&statement, &[])
        .await
        .map_err(WarehouseError::database(doing))?;
    Ok(row.get("waiting_seconds"))
}
