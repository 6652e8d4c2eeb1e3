//! What keeps the warehouse from growing for ever: partitions made ahead, days of bronze dropped, the ledger merged by
//! hour. Each is a function of the database that checks its own conditions; here is who may call them at a time.

use std::time::Duration;

use chrono::NaiveDate;
use deadpool_postgres::Transaction;

use crate::{Session, WarehouseError, sql};

/// One transformer at a time does maintenance; "assaymnt" in ASCII.
pub(crate) const MAINTENANCE_LOCK: i64 = 0x6173_7361_796d_6e74;

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maintained<T> {
    /// It was done; with what came of it.
    Done(T),
    /// Another transformer does maintenance at this moment.
    Standby,
}

/// A day of bronze that is older than the retention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredDay {
    /// UTC day of `bronze.events.ingested_at`.
    pub day: NaiveDate,
    /// Why it was kept nevertheless; nothing where it was dropped.
    pub kept_because: Option<String>,
    /// Records dropped.
    pub records: i64,
    /// Bytes of their keys, headers and payloads.
    pub bytes: i64,
    /// Of the records dropped, those that are open in quarantine: they can only be discarded from now on.
    pub open_quarantine: i64,
}

/// Makes the daily partitions of bronze ahead; answers how many it made.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn ensure_partitions(session: &mut Session) -> Result<Maintained<i32>, WarehouseError> {
    let doing = "making partitions of bronze";
    let Some(transaction) = begin(session, doing).await? else {
        return Ok(Maintained::Standby);
    };
    let row = transaction
        .query_one("SELECT ops.ensure_bronze_partitions()", &[])
        .await
        .map_err(WarehouseError::database(doing))?;
    commit(transaction, doing).await?;
    Ok(Maintained::Done(row.get(0)))
}

/// Looks at the oldest day of bronze after `after` that is wholly older than `keep`, and drops it if silver has judged and
/// gold folded all of it; nothing where no day is due.
///
/// # Errors
/// [`WarehouseError::is_conflict`] where bronze is too busy to drop anything: try again later. `keep` below one day is
/// refused.
pub async fn retire_next_day(
    session: &mut Session,
    keep: Duration,
    after: Option<NaiveDate>,
) -> Result<Maintained<Option<RetiredDay>>, WarehouseError> {
    let doing = "retiring a day of bronze";
    let Some(transaction) = begin(session, doing).await? else {
        return Ok(Maintained::Standby);
    };
    let row = transaction
        .query_opt(
            sql!("retention/retire_bronze.sql"),
            &[&keep.as_secs_f64(), &after],
        )
        .await
        .map_err(WarehouseError::database(doing))?;
    commit(transaction, doing).await?;
    Ok(Maintained::Done(row.map(|row| {
        let outcome: &str = row.get("outcome");
        RetiredDay {
            day: row.get("retired_day"),
            kept_because: (outcome != "retired").then(|| row.get("detail")),
            records: row.get("record_count"),
            bytes: row.get("byte_count"),
            open_quarantine: row.get("open_quarantine_count"),
        }
    })))
}

/// Merges some of the ledger's rows that are older than a day; answers 0 when nothing is left to do.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn compact_ledger(session: &mut Session) -> Result<Maintained<i64>, WarehouseError> {
    let doing = "compacting the ledger";
    let Some(transaction) = begin(session, doing).await? else {
        return Ok(Maintained::Standby);
    };
    let row = transaction
        .query_one("SELECT ops.compact_ledger()", &[])
        .await
        .map_err(WarehouseError::database(doing))?;
    commit(transaction, doing).await?;
    Ok(Maintained::Done(row.get(0)))
}

async fn begin<'a>(
    session: &'a mut Session,
    doing: &'static str,
) -> Result<Option<Transaction<'a>>, WarehouseError> {
    let transaction = session
        .transaction()
        .await
        .map_err(WarehouseError::database(doing))?;
    let is_ours: bool = transaction
        .query_one("SELECT pg_try_advisory_xact_lock($1)", &[&MAINTENANCE_LOCK])
        .await
        .map_err(WarehouseError::database(doing))?
        .get(0);
    Ok(is_ours.then_some(transaction))
}

async fn commit(transaction: Transaction<'_>, doing: &'static str) -> Result<(), WarehouseError> {
    transaction
        .commit()
        .await
        .map_err(WarehouseError::database(doing))
}
