//! The gold stage: folds committed silver batches into the marts. One writer at a time; others stand by.

use std::time::{Duration, Instant};

use warehouse::gold::{FoldOutcome, fold_next};
use warehouse::listen::SILVER_CHANNEL;
use warehouse::{Warehouse, WarehouseError};

use crate::stage::{Stage, Step};

/// Lines folded in one gold transaction: bounds its memory and the time that readers wait for the next figures.
const MAX_LINES_PER_BATCH: i64 = 200_000;

/// A fold pays for the cells it touches, which grow less than the facts do: under load, resting as long as the last fold
/// took makes for fewer and larger folds. Bounded, for the sake of freshness.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// The gold stage.
pub struct GoldStage {
    warehouse: Warehouse,
}

impl GoldStage {
    /// A stage on its own connection of the pool.
    pub fn new(warehouse: Warehouse) -> Self {
        GoldStage { warehouse }
    }
}

impl Stage for GoldStage {
    const NAME: &'static str = "gold";
    const WAKE_CHANNEL: &'static str = SILVER_CHANNEL;

    async fn step(&mut self) -> Result<Step, WarehouseError> {
        let began = Instant::now();
        let mut session = self.warehouse.connect().await?;
        let outcome = fold_next(&mut session, MAX_LINES_PER_BATCH).await?;
        session.release();
        match outcome {
            FoldOutcome::Idle | FoldOutcome::Standby => Ok(Step::Idle),
            FoldOutcome::Folded {
                gold_batch_id,
                silver_batches,
                events,
                lines,
            } => {
                metrics::counter!("assay_transformer_gold_events_total")
                    .increment(events.unsigned_abs());
                metrics::histogram!("assay_transformer_gold_batch_seconds")
                    .record(began.elapsed().as_secs_f64());
                tracing::debug!(gold_batch_id, silver_batches, events, lines, "folded");
                Ok(Step::Worked)
            }
        }
    }

    fn rest_after(&self, worked: Duration) -> Duration {
        worked.min(LONGEST_REST)
    }
}
