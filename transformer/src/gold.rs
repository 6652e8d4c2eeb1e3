//! The gold stage: folds committed silver batches into the marts. One writer at a time; others stand by.

use std::time::{Duration, Instant};

use warehouse::gold::{CloseOutcome, FoldOutcome, close_days, fold_next};
use warehouse::listen::SILVER_CHANNEL;
use warehouse::{Warehouse, WarehouseError};

use crate::stage::{Stage, Step};

/// Lines folded in one gold transaction: bounds its memory and the time that readers wait for the next figures.
const MAX_LINES_PER_BATCH: i64 = 200_000;

/// How often to look for days that can be closed, while there is nothing to fold. One comes due a day.
const LOOK_FOR_DAYS_TO_CLOSE: Duration = Duration::from_secs(60);

/// The gold stage.
pub struct GoldStage {
    warehouse: Warehouse,
    looked_for_days_to_close: Option<Instant>,
}

impl GoldStage {
    /// A stage on its own connection of the pool.
    pub fn new(warehouse: Warehouse) -> Self {
        GoldStage {
            warehouse,
            looked_for_days_to_close: None,
        }
    }

    /// With nothing left to fold, the figures of days that are over count as published.
    async fn close_days(&mut self) -> Result<Step, WarehouseError> {
        let is_due = self
            .looked_for_days_to_close
            .is_none_or(|looked| looked.elapsed() >= LOOK_FOR_DAYS_TO_CLOSE);
        if !is_due {
            return Ok(Step::Idle);
        }
        let mut session = self.warehouse.connect().await?;
        let outcome = close_days(&mut session).await?;
        session.release();
        let CloseOutcome::Closed { days, is_more_due } = outcome else {
            return Ok(Step::Idle);
        };
        if days > 0 {
            tracing::info!(
                days,
                "closed days: what changes their figures is noted from now on"
            );
        }
        if is_more_due {
            // Facts first: days are closed a piece at a time, in between.
            return Ok(Step::Worked);
        }
        self.looked_for_days_to_close = Some(Instant::now());
        Ok(Step::Idle)
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
            FoldOutcome::Idle => self.close_days().await,
            FoldOutcome::Standby => Ok(Step::Idle),
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
}
