//! Whether a transaction landed whose COMMIT got no answer. Pure: compares what was written with where PostgreSQL stands.

use warehouse::bronze::{PartitionBatch, Position};

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landing {
    /// It was committed.
    Landed,
    /// It was not, and may be written again.
    NotLanded,
    /// It was not, or nobody can tell, and it must not be written: another consumer has claimed a partition of it, or
    /// one stands at an offset that is neither before nor behind the batch.
    Lost,
}

/// What the positions tell about a transaction that wrote these batches.
///
/// All batches of a transaction land together, and a partition can only be moved under the fence of its latest claim. So
/// a single partition that still has our fence tells for all: behind its batch, the transaction landed; before it, it
/// did not.
pub fn judge_landing(batches: &[PartitionBatch], positions: &[Position]) -> Landing {
    let position_of = |batch: &PartitionBatch| {
        positions
            .iter()
            .find(|position| position.kafka_partition == batch.kafka_partition)
    };
    let is_ours = |batch: &PartitionBatch, position: &Position| position.fence == batch.fence;
    let stands_at = |batch: &PartitionBatch, offset: i64| {
        position_of(batch)
            .is_some_and(|position| is_ours(batch, position) && position.next_offset == offset)
    };
    if batches
        .iter()
        .any(|batch| stands_at(batch, batch.next_offset))
    {
        return Landing::Landed;
    }
    if batches
        .iter()
        .all(|batch| stands_at(batch, batch.from_offset))
    {
        return Landing::NotLanded;
    }
    Landing::Lost
}

#[cfg(test)]
mod tests {
    use warehouse::bronze::record_buffer;

    use super::*;

    fn batch(
        kafka_partition: i32,
        fence: i64,
        from_offset: i64,
        next_offset: i64,
    ) -> PartitionBatch {
        PartitionBatch {
            kafka_partition,
            fence,
            from_offset,
            next_offset,
            records: None,
            gaps: Vec::new(),
            high_watermark: None,
            rows: record_buffer().freeze(),
        }
    }

    fn position(kafka_partition: i32, fence: i64, next_offset: i64) -> Position {
        Position {
            kafka_partition,
            fence,
            next_offset,
        }
    }

    #[test]
    fn the_positions_tell_what_happened() {
        let batches = [batch(0, 5, 10, 20), batch(1, 6, 100, 110)];
        let judged = |first: Position, second: Position| judge_landing(&batches, &[first, second]);
        assert_eq!(
            judged(position(0, 5, 20), position(1, 6, 110)),
            Landing::Landed
        );
        assert_eq!(
            judged(position(0, 5, 10), position(1, 6, 100)),
            Landing::NotLanded
        );

        // Partition 1 was claimed by another consumer after our commit, and has moved on.
        assert_eq!(
            judged(position(0, 5, 20), position(1, 7, 150)),
            Landing::Landed
        );
        // It was claimed instead of our commit.
        assert_eq!(
            judged(position(0, 5, 10), position(1, 7, 100)),
            Landing::Lost
        );
        // Both were claimed: nobody can tell, and it does not matter.
        assert_eq!(
            judged(position(0, 6, 20), position(1, 7, 110)),
            Landing::Lost
        );
        // A place that no writer with our fence can have made.
        assert_eq!(
            judged(position(0, 5, 15), position(1, 6, 100)),
            Landing::Lost
        );
    }

    #[test]
    fn a_partition_that_the_ledger_does_not_know_is_lost() {
        assert_eq!(judge_landing(&[batch(0, 5, 10, 20)], &[]), Landing::Lost);
    }
}
