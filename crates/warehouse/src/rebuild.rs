//! Silver and gold derived anew from bronze beside the live ones, compared with them, and swapped in.
//!
//! The work itself is done by the ordinary stages on [`Layers::Rebuilt`](crate::Layers); here are its beginning, the
//! moment at which both stand at the same offsets, and the end. Everything here runs as the owner of the warehouse.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use crate::gold::writer_lock;
use crate::retention::MAINTENANCE_LOCK;
use crate::{Layers, Session, WarehouseError, sql};

/// One rebuild at a time; "assayreb" in ASCII.
const REBUILD_LOCK: i64 = 0x6173_7361_7972_6562;

/// A figure that the rebuilt tables have otherwise than the live ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The gold table.
    pub mart: String,
    /// The key of the row, as JSON.
    pub cell: String,
    /// The column.
    pub figure: String,
    /// What the live table has; absent where it has no such row.
    pub live: Option<String>,
    /// What the rebuilt table has; absent where it has no such row.
    pub rebuilt: Option<String>,
}

/// What a rebuild found, in counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdicts {
    /// Records judged.
    pub records: i64,
    /// Of these, accepted.
    pub accepted: i64,
    /// Of these, copies.
    pub duplicates: i64,
    /// Of these, quarantined.
    pub quarantined: i64,
}

/// A rebuild in progress. It holds its session, and with it the right to be the only one, until it is dropped.
pub struct Rebuild {
    session: Session,
    run_id: i64,
}

impl Rebuild {
    /// Makes the tables beside, empty. `asked_for` is the run of [`crate::runs`] that this does; without one, a run is
    /// recorded of its own.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where another rebuild is going on, or where bronze no longer holds
    /// everything; [`WarehouseError::Configuration`] where the session is not the owner's.
    pub async fn begin(
        session: Session,
        asked_for: Option<i64>,
    ) -> Result<Rebuild, WarehouseError> {
        let doing = "beginning a rebuild";
        let row = session
            .query_one(
                sql!("rebuild/begin.sql"),
                &[&REBUILD_LOCK, &MAINTENANCE_LOCK],
            )
            .await
            .map_err(WarehouseError::database(doing))?;
        if !row.get::<_, bool>("is_owner") {
            return Err(WarehouseError::Configuration(
                "a rebuild makes tables: set DATABASE_URL to the owner of the warehouse, as for `transformer migrate`"
                    .into(),
            ));
        }
        if !row.get::<_, bool>("is_alone") {
            return Err(WarehouseError::Inconsistent(
                "another rebuild is going on: wait for it, or stop it".into(),
            ));
        }
        if !row.get::<_, bool>("is_unmaintained") {
            return Err(WarehouseError::Inconsistent(
                "bronze is being maintained at this moment: try again when that is done".into(),
            ));
        }
        let missing: i64 = row.get("missing_records");
        if missing > 0 {
            return Err(WarehouseError::Inconsistent(format!(
                "bronze no longer holds {missing} records that silver was made of, for its retention has passed: a \
                 rebuild would lose them"
            )));
        }
        session
            .execute("SELECT ops.prepare_rebuild()", &[])
            .await
            .map_err(WarehouseError::database("making the tables of a rebuild"))?;
        let run = session
            .query_one(sql!("rebuild/record_begin.sql"), &[&asked_for])
            .await
            .map_err(WarehouseError::database(doing))?;
        Ok(Rebuild {
            session,
            run_id: run.get(0),
        })
    }

    /// Records that live silver has judged, and of these what the rebuild has judged.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn progress(&self) -> Result<(i64, i64), WarehouseError> {
        let row = self
            .session
            .query_one(sql!("rebuild/progress.sql"), &[])
            .await
            .map_err(WarehouseError::database("looking at a rebuild's progress"))?;
        Ok((row.get("live_records"), row.get("rebuilt_records")))
    }

    /// Stops live silver, so that the rebuild can come to stand at the same offsets. Bronze goes on.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn hold(&mut self) -> Result<HeldRebuild<'_>, WarehouseError> {
        let run_id = self.run_id;
        let doing = "holding silver for the comparison";
        let transaction = self
            .session
            .transaction()
            .await
            .map_err(WarehouseError::database(doing))?;
        transaction
            .batch_execute(sql!("rebuild/hold.sql"))
            .await
            .map_err(WarehouseError::database(doing))?;
        Ok(HeldRebuild {
            transaction,
            run_id,
        })
    }

    /// Records how the rebuild ended, and drops what is not live.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn end(self, outcome: Result<(i64, &str), &str>) -> Result<(), WarehouseError> {
        let (status, rows, words) = match outcome {
            Ok((rows, words)) => ("succeeded", Some(rows), words),
            Err(words) => ("failed", None, words),
        };
        let doing = "ending a rebuild";
        self.session
            .execute(
                sql!("rebuild/record_end.sql"),
                &[&self.run_id, &status, &rows, &words],
            )
            .await
            .map_err(WarehouseError::database(doing))?;
        self.session
            .batch_execute(sql!("rebuild/drop_leftovers.sql"))
            .await
            .map_err(WarehouseError::database(doing))
    }
}

/// A rebuild while live silver is held: nobody writes to silver until this is dropped or committed.
pub struct HeldRebuild<'a> {
    transaction: Transaction<'a>,
    run_id: i64,
}

impl HeldRebuild<'_> {
    /// Silver batches that live gold has yet to fold. It comes to none by itself while a transformer runs.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn unfolded_batches(&self) -> Result<i64, WarehouseError> {
        let row = self
            .transaction
            .query_one(sql!("rebuild/unfolded_batches.sql"), &[])
            .await
            .map_err(WarehouseError::database("waiting for gold"))?;
        Ok(row.get(0))
    }

    /// Stops live gold as well; call it once nothing is left to fold.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn hold_gold(&self) -> Result<(), WarehouseError> {
        self.transaction
            .execute(
                "SELECT pg_advisory_xact_lock($1)",
                &[&writer_lock(Layers::Live)],
            )
            .await
            .map_err(WarehouseError::database("holding gold for the comparison"))?;
        self.transaction
            .execute(sql!("rebuild/align_summary.sql"), &[])
            .await
            .map_err(WarehouseError::database("summing up days in a rebuild"))?;
        Ok(())
    }

    /// Whether the rebuilt tables stand at the same offsets as the live ones, and what became of the records in
    /// each: live, then rebuilt.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where they do not stand at the same offsets.
    pub async fn verdicts(&self) -> Result<(Verdicts, Verdicts), WarehouseError> {
        let row = self
            .transaction
            .query_one(sql!("rebuild/verdicts.sql"), &[])
            .await
            .map_err(WarehouseError::database("comparing the ledgers"))?;
        let apart: i64 = row.get("partitions_apart");
        if apart > 0 {
            return Err(WarehouseError::Inconsistent(format!(
                "in {apart} partitions the rebuilt silver does not stand where the live one does"
            )));
        }
        Ok((verdicts_of(&row, "live"), verdicts_of(&row, "rebuilt")))
    }

    /// The first `limit` figures that differ, by mart and cell, and how many there are in all.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn differences(&self, limit: i64) -> Result<(i64, Vec<Difference>), WarehouseError> {
        // The count of all comes with each row, so one is always asked for.
        let rows = self
            .transaction
            .query(sql!("rebuild/differences.sql"), &[&limit.max(1)])
            .await
            .map_err(WarehouseError::database("comparing the marts"))?;
        let total = rows.first().map_or(0, |row| row.get("total"));
        let differences = rows
            .iter()
            .take(usize::try_from(limit).unwrap_or(0))
            .map(|row| Difference {
                mart: row.get("mart"),
                cell: row.get("cell"),
                figure: row.get("figure"),
                live: row.get("live_value"),
                rebuilt: row.get("rebuilt_value"),
            })
            .collect();
        Ok((total, differences))
    }

    /// Puts the rebuilt tables in the place of the live ones and commits. Figures of closed days that change are
    /// recorded as restatements; answers how many.
    ///
    /// # Errors
    /// See [`WarehouseError::class`]; the live tables are as they were then.
    pub async fn swap(self) -> Result<u64, WarehouseError> {
        let doing = "swapping the rebuilt tables in";
        self.transaction
            .batch_execute(sql!("rebuild/carry_over.sql"))
            .await
            .map_err(WarehouseError::database(doing))?;
        let restated = self
            .transaction
            .execute(sql!("rebuild/restate.sql"), &[&self.run_id])
            .await
            .map_err(WarehouseError::database("recording restatements"))?;
        self.transaction
            .batch_execute("SELECT ops.swap_rebuild()")
            .await
            .map_err(WarehouseError::database(doing))?;
        self.transaction
            .commit()
            .await
            .map_err(WarehouseError::database(doing))?;
        Ok(restated)
    }
}

fn verdicts_of(row: &Row, side: &str) -> Verdicts {
    let count = |what: &str| row.get::<_, i64>(format!("{side}_{what}").as_str());
    Verdicts {
        records: count("records"),
        accepted: count("accepted"),
        duplicates: count("duplicates"),
        quarantined: count("quarantined"),
    }
}
