//! Whether all that Kafka held when the service started is in bronze, for `--exit-at-end`. Asks the ledger, not our own
//! memory: partitions may be with other members of the group.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use warehouse::bronze::{Position, read_positions};
use warehouse::{Warehouse, WarehouseError};

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
const LOOK_LIMIT: Duration = Duration::from_secs(2);

/// The ends that must be reached.
pub struct EndWatch {
    handle: Handle,
    warehouse: Warehouse,
    topic_id: i32,
    ends: BTreeMap<i32, i64>,
    next_look: Instant,
}

impl EndWatch {
    /// Watches for these ends, by partition.
    pub fn new(
        handle: Handle,
        warehouse: Warehouse,
        topic_id: i32,
        ends: BTreeMap<i32, i64>,
    ) -> Self {
        EndWatch {
            handle,
            warehouse,
            topic_id,
            ends,
            next_look: Instant::now(),
        }
    }

    /// Whether they are reached, as far as the ledger can be asked. Blocks for a moment, now and then.
    pub fn is_reached(&mut self) -> bool {
        if Instant::now() < self.next_look {
            return false;
        }
        let look = async { tokio::time::timeout(LOOK_LIMIT, self.read()).await };
        let is_reached = match self.handle.block_on(look) {
            Ok(Ok(positions)) => are_reached(&self.ends, &positions),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the ledger cannot be asked for the end now");
                false
            }
            Err(_) => false,
        };
        self.next_look = Instant::now() + BETWEEN_LOOKS;
        is_reached
    }

    async fn read(&self) -> Result<Vec<Position>, WarehouseError> {
        let partitions: Vec<i32> = self.ends.keys().copied().collect();
        let session = self.warehouse.connect().await?;
        let positions = read_positions(&session, self.topic_id, &partitions).await?;
        session.release();
        Ok(positions)
    }
}

fn are_reached(ends: &BTreeMap<i32, i64>, positions: &[Position]) -> bool {
    let stands_at = |partition: i32| {
        positions
            .iter()
            .find(|position| position.kafka_partition == partition)
            .map_or(0, |position| position.next_offset)
    };
    ends.iter()
        .all(|(partition, end)| stands_at(*partition) >= *end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_must_have_come_to_its_end() {
        let position = |kafka_partition, next_offset| Position {
            kafka_partition,
            fence: 1,
            next_offset,
        };
        let ends = BTreeMap::from([(0, 10), (1, 0), (2, 5)]);
        assert!(!are_reached(&ends, &[]));
        assert!(!are_reached(&ends, &[position(0, 10)]));
        assert!(!are_reached(&ends, &[position(0, 9), position(2, 5)]));
        assert!(are_reached(&ends, &[position(0, 10), position(2, 7)]));
        assert!(are_reached(&BTreeMap::new(), &[]));
    }
}
