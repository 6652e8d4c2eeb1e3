//! Questions about the pipeline itself, and the one thing that the console may ask it to do.

use chrono::{DateTime, Utc};

use super::{FreshnessOfStage, LedgerOfPartition, QuarantineReason, QuarantinedRecord, Run, read};
use crate::{Session, WarehouseError, sql};

/// The last record of a page of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineKey {
    /// When it was judged.
    pub quarantined_at: DateTime<Utc>,
    /// Which life of which topic.
    pub topic_id: i32,
    /// The partition.
    pub kafka_partition: i32,
    /// The offset.
    pub kafka_offset: i64,
}

/// Which records of the quarantine are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuarantineAsked<'a> {
    /// Only those with this reason.
    pub reason: Option<&'a str>,
    /// Only those in this state.
    pub state: Option<&'a str>,
}

/// The ledger of every partition.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn ledger(session: &Session) -> Result<Vec<LedgerOfPartition>, WarehouseError> {
    read(
        session,
        "reading the ledger",
        sql!("console/ledger.sql"),
        &[],
    )
    .await
}

/// How fresh the last minute's batches were.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn freshness(session: &Session) -> Result<Vec<FreshnessOfStage>, WarehouseError> {
    read(
        session,
        "reading freshness",
        sql!("console/freshness.sql"),
        &[],
    )
    .await
}

/// Runs, newest first, older than `before`.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn runs(
    session: &Session,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<Run>, WarehouseError> {
    read(
        session,
        "reading runs",
        sql!("console/runs.sql"),
        &[&before, &rows],
    )
    .await
}

/// One run.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn run(session: &Session, run_id: i64) -> Result<Option<Run>, WarehouseError> {
    let found = read(
        session,
        "reading a run",
        sql!("console/run.sql"),
        &[&run_id],
    )
    .await?;
    Ok(found.into_iter().next())
}

/// Asks for a run, `manual` or `rebuild`, as the role `console`; answers its number, or that of the one that waits or runs.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn request_run(
    session: &Session,
    kind: &str,
    asked_by: &str,
) -> Result<i64, WarehouseError> {
    let doing = "asking for a run";
    let row = session
        .query_one(sql!("console/request_run.sql"), &[&kind, &asked_by])
        .await
        .map_err(WarehouseError::database(doing))?;
    row.try_get(0).map_err(WarehouseError::database(doing))
}

/// Why records are in quarantine.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn quarantine_reasons(
    session: &Session,
) -> Result<Vec<QuarantineReason>, WarehouseError> {
    let query = sql!("console/quarantine_reasons.sql");
    read(session, "reading the quarantine's reasons", query, &[]).await
}

/// Records in quarantine, newest first.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn quarantine_events(
    session: &Session,
    asked: QuarantineAsked<'_>,
    before: Option<&QuarantineKey>,
    rows: i64,
) -> Result<Vec<QuarantinedRecord>, WarehouseError> {
    let before_time = before.map(|key| key.quarantined_at);
    let before_topic = before.map(|key| key.topic_id);
    let before_partition = before.map(|key| key.kafka_partition);
    let before_offset = before.map(|key| key.kafka_offset);
    read(
        session,
        "reading the quarantine",
        sql!("console/quarantine_events.sql"),
        &[
            &asked.reason,
            &asked.state,
            &before_time,
            &before_topic,
            &before_partition,
            &before_offset,
            &rows,
        ],
    )
    .await
}
