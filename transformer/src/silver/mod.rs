//! The silver stage: claim, read, judge, load, commit; one transaction a step.
//!
//! [`verdicts`] decides what becomes of each record, [`orders`] folds events into order snapshots (both pure);
//! `keys` knows the dimensions' keys, `load` writes one load and isolates the row that the database refuses.

pub(crate) mod keys;
pub(crate) mod load;
pub mod orders;
pub mod verdicts;

use std::time::Instant;

use chrono::Utc;
use warehouse::listen::BRONZE_CHANNEL;
use warehouse::silver::{
    BronzeRecord, Cursor, MAX_LOAD_EVENTS, PendingBatch, RecordPosition, SilverTransaction,
    backlog, discover_cursors,
};
use warehouse::{Warehouse, WarehouseError};

use crate::judging::{EventJudge, Judgeable};
use crate::stage::{Stage, Step};
use keys::DimensionKeys;
use verdicts::JudgedRecord;

/// Bronze batches of one partition looked at for one load.
const MAX_BATCHES_PER_PARTITION: i64 = 64;

/// How much one silver transaction takes.
#[derive(Debug, Clone, Copy)]
pub struct LoadBudget {
    /// Records, at most [`MAX_LOAD_EVENTS`]; the first bronze batch is taken whatever it holds.
    pub max_records: usize,
    /// Bytes of payload, likewise.
    pub max_bytes: usize,
}

/// One worker of the silver stage.
pub struct SilverStage {
    warehouse: Warehouse,
    budget: LoadBudget,
    judge: EventJudge,
    keys: DimensionKeys,
}

impl SilverStage {
    /// A worker on its own connection of the pool.
    pub fn new(warehouse: Warehouse, budget: LoadBudget, judge: EventJudge) -> Self {
        let budget = LoadBudget {
            max_records: budget.max_records.clamp(1, MAX_LOAD_EVENTS),
            ..budget
        };
        SilverStage {
            warehouse,
            budget,
            judge,
            keys: DimensionKeys::default(),
        }
    }
}

impl Stage for SilverStage {
    const NAME: &'static str = "silver";
    const WAKE_CHANNEL: &'static str = BRONZE_CHANNEL;

    async fn step(&mut self) -> Result<Step, WarehouseError> {
        // Asked before anything is claimed and read, so that waiting holds nothing up.
        if !self.judge.is_ready().await {
            return Ok(Step::Stalled);
        }
        let began = Instant::now();
        let mut session = self.warehouse.connect().await?;
        discover_cursors(&session).await?;
        let backlog = backlog(&session).await?;
        metrics::gauge!("assay_transformer_bronze_pending_records").set(backlog.records as f64);
        if backlog.records == 0 {
            session.release();
            return Ok(Step::Idle);
        }
        let transaction = SilverTransaction::begin(&mut session).await?;
        let outcome = self.load_next(transaction, backlog.records).await;
        // A key made in a transaction that failed does not exist: forget it.
        self.keys.settle(outcome.is_ok());
        let step = outcome?;
        session.release();
        if step == Step::Worked {
            metrics::histogram!("assay_transformer_silver_batch_seconds")
                .record(began.elapsed().as_secs_f64());
        }
        Ok(step)
    }
}

impl SilverStage {
    async fn load_next(
        &mut self,
        mut transaction: SilverTransaction<'_>,
        backlog_records: i64,
    ) -> Result<Step, WarehouseError> {
        let started_at = Utc::now();
        let fits_at_once = usize::try_from(backlog_records)
            .is_ok_and(|records| records <= self.budget.max_records);
        // What fits into one transaction is taken as one; a long backlog is shared out among the workers.
        let partitions = if fits_at_once { i64::MAX } else { 1 };
        let cursors = transaction.claim(partitions).await?;
        let pending = transaction
            .pending_batches(&cursors, MAX_BATCHES_PER_PARTITION)
            .await?;
        let ranges = share_budget(&cursors, &pending, self.budget);
        if ranges.is_empty() {
            return Ok(Step::Idle);
        }
        let mut judged = Vec::new();
        for range in &ranges {
            let records = transaction.read_events(range.batches).await?;
            let judgeable = records.iter().map(|record| Judgeable {
                payload: record.payload(),
                received_at: record.ingested_at(),
            });
            let Ok(verdicts) = self.judge.judge_all(judgeable).await else {
                return Ok(Step::Stalled);
            };
            let of_partition = |record: &BronzeRecord| RecordPosition {
                topic_id: range.cursor.topic_id,
                kafka_partition: range.cursor.kafka_partition,
                kafka_offset: record.kafka_offset(),
            };
            judged.extend(
                records
                    .iter()
                    .zip(verdicts)
                    .map(|(record, verdict)| JudgedRecord {
                        position: of_partition(record),
                        ingested_at: record.ingested_at(),
                        verdict,
                    }),
            );
        }
        let batches = load::load(
            &mut transaction,
            &mut self.keys,
            judged,
            &ranges,
            started_at,
        )
        .await?;
        transaction.commit().await?;
        load::count_outcomes(&batches);
        Ok(Step::Worked)
    }
}

/// The bronze batches that a load takes of one partition.
struct ClaimedRange<'a> {
    cursor: Cursor,
    batches: &'a [PendingBatch],
}

/// Takes whole batches, partition by partition, while the budget lasts, and at least one.
/// `pending` is in order of partition and offset.
fn share_budget<'a>(
    cursors: &[Cursor],
    pending: &'a [PendingBatch],
    budget: LoadBudget,
) -> Vec<ClaimedRange<'a>> {
    let mut ranges = Vec::new();
    let (mut records, mut bytes) = (0usize, 0usize);
    for of_partition in pending.chunk_by(|left, right| {
        (left.topic_id, left.kafka_partition) == (right.topic_id, right.kafka_partition)
    }) {
        let mut taken = 0;
        for batch in of_partition {
            let more_records = records + usize::try_from(batch.row_count).unwrap_or(usize::MAX);
            let more_bytes = bytes + usize::try_from(batch.byte_count).unwrap_or(usize::MAX);
            let is_first = records == 0;
            let fits = more_records <= budget.max_records && more_bytes <= budget.max_bytes;
            if !is_first && !fits {
                break;
            }
            (records, bytes, taken) = (more_records, more_bytes, taken + 1);
        }
        let (batches, _) = of_partition.split_at(taken);
        let cursor = batches.first().and_then(|first| {
            cursors.iter().find(|cursor| {
                (cursor.topic_id, cursor.kafka_partition) == (first.topic_id, first.kafka_partition)
            })
        });
        if let Some(cursor) = cursor {
            ranges.push(ClaimedRange {
                cursor: *cursor,
                batches,
            });
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(kafka_partition: i32, first_offset: i64, row_count: i32) -> PendingBatch {
        PendingBatch {
            topic_id: 1,
            kafka_partition,
            first_offset,
            last_offset: first_offset + i64::from(row_count) - 1,
            row_count,
            byte_count: i64::from(row_count) * 100,
            ingested_at: Utc::now(),
            committed_at: Utc::now(),
        }
    }

    fn cursors(partitions: &[i32]) -> Vec<Cursor> {
        partitions
            .iter()
            .map(|&kafka_partition| Cursor {
                topic_id: 1,
                kafka_partition,
                next_offset: 0,
            })
            .collect()
    }

    fn taken(budget: LoadBudget, pending: &[PendingBatch]) -> Vec<(i32, usize)> {
        share_budget(&cursors(&[0, 1, 2]), pending, budget)
            .iter()
            .map(|range| (range.cursor.kafka_partition, range.batches.len()))
            .collect()
    }

    const ROOMY: LoadBudget = LoadBudget {
        max_records: 1_000,
        max_bytes: 1_000_000,
    };

    #[test]
    fn takes_everything_that_fits() {
        let pending = [batch(0, 0, 10), batch(0, 10, 10), batch(2, 5, 7)];
        assert_eq!(taken(ROOMY, &pending), vec![(0, 2), (2, 1)]);
        assert!(taken(ROOMY, &[]).is_empty());
    }

    #[test]
    fn stops_at_whole_batches_when_the_records_run_out() {
        let tight = LoadBudget {
            max_records: 25,
            ..ROOMY
        };
        let pending = [
            batch(0, 0, 10),
            batch(0, 10, 10),
            batch(0, 20, 10),
            batch(1, 0, 5),
        ];
        assert_eq!(taken(tight, &pending), vec![(0, 2), (1, 1)]);
    }

    #[test]
    fn stops_when_the_bytes_run_out() {
        let tight = LoadBudget {
            max_bytes: 1_500,
            ..ROOMY
        };
        let pending = [batch(0, 0, 10), batch(1, 0, 10)];
        assert_eq!(taken(tight, &pending), vec![(0, 1)]);
    }

    #[test]
    fn takes_the_first_batch_whatever_its_size() {
        let tiny = LoadBudget {
            max_records: 1,
            max_bytes: 1,
        };
        let pending = [batch(0, 0, 10), batch(0, 10, 10), batch(1, 0, 1)];
        assert_eq!(taken(tiny, &pending), vec![(0, 1)]);
    }
}
