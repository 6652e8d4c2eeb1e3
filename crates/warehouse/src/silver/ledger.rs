use chrono::{DateTime, Utc};

use super::{Cursor, SilverTransaction};
use crate::bronze::column;
use crate::{WarehouseError, sql};

/// What one silver transaction made of one partition: a row of `ops.silver_batches`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilverBatch {
    /// Where the partition stood.
    pub cursor: Cursor,
    /// Offset of the last record.
    pub last_offset: i64,
    /// First and last key of its events, where it has any.
    pub order_event_keys: Option<(i64, i64)>,
    /// Whole bronze batches taken.
    pub bronze_batch_count: i32,
    /// Events accepted.
    pub accepted_count: i32,
    /// Copies of accepted events.
    pub duplicate_count: i32,
    /// Records quarantined.
    pub quarantined_count: i32,
    /// Lines written.
    pub line_count: i32,
    /// Oldest event time among the accepted.
    pub oldest_event_at: Option<DateTime<Utc>>,
    /// Newest event time among the accepted.
    pub newest_event_at: Option<DateTime<Utc>>,
    /// When the last of the bronze batches was written.
    pub bronze_committed_at: DateTime<Utc>,
}

impl SilverBatch {
    /// Records judged.
    pub fn record_count(&self) -> i32 {
        self.accepted_count + self.duplicate_count + self.quarantined_count
    }
}

impl SilverTransaction<'_> {
    /// Writes the ledger's rows, moves the cursors and wakes the gold stage; the last thing before the commit.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where a cursor is not where it was when it was claimed.
    pub async fn record(
        &self,
        batches: &[SilverBatch],
        started_at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        self.execute(
            sql!("silver/record_batches.sql"),
            &[
                &column(batches, |batch| batch.cursor.topic_id),
                &column(batches, |batch| batch.cursor.kafka_partition),
                &column(batches, |batch| batch.cursor.next_offset),
                &column(batches, |batch| batch.last_offset),
                &column(batches, |batch| batch.order_event_keys.map(|keys| keys.0)),
                &column(batches, |batch| batch.order_event_keys.map(|keys| keys.1)),
                &column(batches, |batch| batch.bronze_batch_count),
                &column(batches, SilverBatch::record_count),
                &column(batches, |batch| batch.accepted_count),
                &column(batches, |batch| batch.duplicate_count),
                &column(batches, |batch| batch.quarantined_count),
                &column(batches, |batch| batch.line_count),
                &column(batches, |batch| batch.oldest_event_at),
                &column(batches, |batch| batch.newest_event_at),
                &column(batches, |batch| batch.bronze_committed_at),
                &started_at,
            ],
            "recording silver batches",
        )
        .await?;
        self.advance_cursors(batches).await?;
        self.execute("NOTIFY assay_silver", &[], "waking the gold stage")
            .await?;
        Ok(())
    }

    async fn advance_cursors(&self, batches: &[SilverBatch]) -> Result<(), WarehouseError> {
        let moved = self
            .execute(
                sql!("silver/advance_cursors.sql"),
                &[
                    &column(batches, |batch| batch.cursor.topic_id),
                    &column(batches, |batch| batch.cursor.kafka_partition),
                    &column(batches, |batch| batch.cursor.next_offset),
                    &column(batches, |batch| batch.last_offset + 1),
                    &column(batches, SilverBatch::record_count),
                    &column(batches, |batch| batch.accepted_count),
                    &column(batches, |batch| batch.duplicate_count),
                    &column(batches, |batch| batch.quarantined_count),
                ],
                "moving silver's cursors",
            )
            .await?;
        if usize::try_from(moved) == Ok(batches.len()) {
            return Ok(());
        }
        Err(WarehouseError::Inconsistent(format!(
            "moved {moved} of {} silver cursors, though their rows are locked",
            batches.len()
        )))
    }
}
