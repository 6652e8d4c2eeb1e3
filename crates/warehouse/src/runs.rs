//! Runs that were asked for: taking one up, saying that it goes on, and how it ended.
//!
//! A run belongs to an attempt. Whoever has fallen silent for too long finds, with the next word, that another process has
//! taken the run up, and that its word does not count any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::types::ToSql;

use crate::{Session, WarehouseError, sql};

/// After so long without a word the process of a run is taken for dead.
pub const SILENCE_THAT_IS_DEATH: Duration = Duration::from_secs(60);

/// A run that is ours to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenRun {
    /// Its number.
    pub run_id: i64,
    /// `manual`, `scheduled` or `rebuild`.
    pub kind: String,
    /// Which attempt at it this is, from 1.
    pub attempt: i32,
}

/// How far bronze had come when a run began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    topics: Vec<i32>,
    partitions: Vec<i32>,
    next_offsets: Vec<i64>,
    /// Records that silver had yet to judge.
    pub pending: i64,
}

/// Takes up the oldest run that waits, or whose process has died.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn take(session: &Session) -> Result<Option<TakenRun>, WarehouseError> {
    let doing = "taking up a run";
    let silence = SILENCE_THAT_IS_DEATH.as_secs_f64();
    let row = session
        .query_opt(sql!("runs/take.sql"), &[&silence])
        .await
        .map_err(WarehouseError::database(doing))?;
    Ok(row.map(|row| TakenRun {
        run_id: row.get("run_id"),
        kind: row.get("kind"),
        attempt: row.get("attempts"),
    }))
}

/// Says that a run goes on; false where it is somebody else's by now.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn heartbeat(session: &Session, run: &TakenRun) -> Result<bool, WarehouseError> {
    let query = sql!("runs/heartbeat.sql");
    is_ours(session, query, &[&run.run_id, &run.attempt]).await
}

/// Begins the next attempt at a run and says why the one before failed; nothing where it is somebody else's by now.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn again(
    session: &Session,
    run: &TakenRun,
    why: &str,
) -> Result<Option<TakenRun>, WarehouseError> {
    let query = sql!("runs/again.sql");
    let is_ours = is_ours(session, query, &[&run.run_id, &run.attempt, &why]).await?;
    Ok(is_ours.then(|| TakenRun {
        attempt: run.attempt + 1,
        ..run.clone()
    }))
}

/// Says how a run ended: with so many records, or not; false where it is somebody else's by now.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn end(
    session: &Session,
    run: &TakenRun,
    records: Option<i64>,
    outcome: &str,
) -> Result<bool, WarehouseError> {
    let status = if records.is_some() {
        "succeeded"
    } else {
        "failed"
    };
    let query = sql!("runs/end.sql");
    let parameters: [&(dyn ToSql + Sync); 5] =
        [&run.run_id, &run.attempt, &status, &records, &outcome];
    is_ours(session, query, &parameters).await
}

async fn is_ours(
    session: &Session,
    query: &'static str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<bool, WarehouseError> {
    let changed = session
        .execute(query, parameters)
        .await
        .map_err(WarehouseError::database("recording a run"))?;
    Ok(changed == 1)
}

/// Asks for the run of a schedule's time; nothing where it has one already, or where one is under way.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn schedule(
    session: &Session,
    time: DateTime<Utc>,
) -> Result<Option<i64>, WarehouseError> {
    let row = session
        .query_opt(sql!("runs/schedule.sql"), &[&time])
        .await
        .map_err(WarehouseError::database("scheduling a run"))?;
    Ok(row.map(|row| row.get(0)))
}

/// How far bronze has come.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn targets(session: &Session) -> Result<Targets, WarehouseError> {
    let rows = session
        .query(sql!("runs/targets.sql"), &[])
        .await
        .map_err(WarehouseError::database("looking how far bronze has come"))?;
    let mut targets = Targets::default();
    for row in rows {
        targets.topics.push(row.get("topic_id"));
        targets.partitions.push(row.get("kafka_partition"));
        targets.next_offsets.push(row.get("next_offset"));
        targets.pending += row.get::<_, i64>("pending");
    }
    Ok(targets)
}

/// Whether silver has judged everything up to the targets.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn is_judged(session: &Session, targets: &Targets) -> Result<bool, WarehouseError> {
    let row = session
        .query_one(
            sql!("runs/unjudged.sql"),
            &[&targets.topics, &targets.partitions, &targets.next_offsets],
        )
        .await
        .map_err(WarehouseError::database("looking how far silver has come"))?;
    Ok(row.get::<_, i64>(0) == 0)
}

/// The newest silver batch.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn newest_silver_batch(session: &Session) -> Result<i64, WarehouseError> {
    let row = session
        .query_one(sql!("runs/newest_silver_batch.sql"), &[])
        .await
        .map_err(WarehouseError::database("looking how far silver has come"))?;
    Ok(row.get(0))
}

/// Whether gold has taken every silver batch up to this one.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn is_folded(session: &Session, silver_batch_id: i64) -> Result<bool, WarehouseError> {
    let row = session
        .query_one(sql!("runs/unfolded.sql"), &[&silver_batch_id])
        .await
        .map_err(WarehouseError::database("looking how far gold has come"))?;
    Ok(!row.get::<_, bool>(0))
}
