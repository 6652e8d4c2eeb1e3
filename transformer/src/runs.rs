//! Runs: what was asked for through the console or by a schedule, done, and recorded.
//!
//! A drain takes to gold what bronze holds at its beginning. Beside the continuous stages it does the same work as they
//! do, by the same steps, so it needs no agreement with them; with a schedule it is all the work there is.

use std::time::Duration;

use service_kit::{Backoff, Failure, Outage, Outcome, Shutdown};
use tokio::task::JoinSet;
use warehouse::listen::{Listener, RUNS_CHANNEL};
use warehouse::runs::{self, TakenRun, Targets};
use warehouse::{DatabaseSettings, ErrorClass, Session, Warehouse, WarehouseError};

use crate::gold::GoldStage;
use crate::judging::EventJudge;
use crate::rebuild::{RebuildOrder, carry_out};
use crate::schedule::Schedule;
use crate::silver::{LoadBudget, SilverStage};
use crate::stage::{Stage, Step};

/// How often to look for runs when no notification comes.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// An attempt that failed is repeated so often.
const RETRIES: i32 = 3;

const NO_REBUILD_HERE: &str = "a rebuild makes tables, which the role of a running transformer may not do: run \
    `transformer rebuild` (or `transformer rebuild --swap`) as the owner of the warehouse, or give the transformer \
    OWNER_DATABASE_URL, see docs/OPERATIONS.md";
/// Silver workers of a rebuild: few, since the live path goes on beside it.
const REBUILD_WORKERS: u8 = 2;
const PATIENCE_OF_A_REBUILD: Duration = Duration::from_secs(60);

/// Does the runs that are asked for.
pub(crate) struct Runner {
    /// With connections for two more than there are workers.
    pub(crate) warehouse: Warehouse,
    pub(crate) settings: DatabaseSettings,
    /// Of the owner of the warehouse, for rebuilds; most transformers have none.
    pub(crate) owner: Option<DatabaseSettings>,
    pub(crate) budget: LoadBudget,
    pub(crate) judge: EventJudge,
    pub(crate) silver_workers: u8,
    /// How long to wait before the first retry; the next ones wait longer.
    pub(crate) retry_after: Duration,
}

impl Runner {
    /// Takes up runs until shutdown.
    ///
    /// # Errors
    /// What cannot be waited out: wrong settings, a damaged warehouse.
    pub(crate) async fn drive(self, shutdown: Shutdown) -> Outcome {
        let mut outage = Outage::new(format!("PostgreSQL at {} (runs)", self.settings.target()));
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        let mut listener = None;
        while !shutdown.is_requested() {
            match self.take_and_do(&shutdown).await {
                Ok(true) => continue,
                Ok(false) => {
                    outage.back();
                    backoff.reset();
                    tokio::select! {
                        () = self.wait(&mut listener) => {}
                        () = shutdown.requested() => {}
                    }
                }
                Err(error) if error.class() == ErrorClass::Retry => {
                    outage.away(&error);
                    tokio::select! {
                        () = tokio::time::sleep(backoff.next_delay()) => {}
                        () = shutdown.requested() => {}
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn wait(&self, listener: &mut Option<Listener>) {
        if listener.as_ref().is_none_or(Listener::is_closed) {
            *listener = Listener::open(&self.settings, RUNS_CHANNEL).await.ok();
            if listener.is_some() {
                return; // what was asked for before we listened is not told
            }
        }
        let poll = tokio::time::sleep(LOOK_EVERY);
        match listener {
            Some(listener) => tokio::select! {
                () = listener.notified() => {}
                () = poll => {}
            },
            None => poll.await,
        }
    }

    /// Does one run, if one waits.
    async fn take_and_do(&self, shutdown: &Shutdown) -> Result<bool, WarehouseError> {
        let session = self.warehouse.connect().await?;
        let taken = runs::take(&session).await?;
        session.release();
        let Some(run) = taken else { return Ok(false) };
        tracing::info!(
            run = run.run_id,
            kind = run.kind,
            attempt = run.attempt,
            "a run begins"
        );
        if run.kind == "rebuild" {
            self.rebuild(&run, shutdown).await?;
        } else {
            self.drain_with_retries(run, shutdown).await?;
        }
        Ok(true)
    }

    /// Derives everything anew beside the live tables and says in the run what differs; swapping is left to a person.
    async fn rebuild(&self, run: &TakenRun, shutdown: &Shutdown) -> Result<(), WarehouseError> {
        let Some(owner) = &self.owner else {
            return self.end(run, None, NO_REBUILD_HERE).await;
        };
        let order = RebuildOrder {
            owner: owner.clone(),
            run_id: Some(run.run_id),
            judge: self.judge.clone(),
            silver_workers: REBUILD_WORKERS,
            swap: false,
            show: 0,
            patience: PATIENCE_OF_A_REBUILD,
        };
        match carry_out(&order, shutdown).await {
            Ok(_) => {
                ended("succeeded");
                Ok(())
            }
            // Where it had begun, it has recorded its end itself, and this changes nothing.
            Err(failure) => self.end(run, None, &failure.to_line()).await,
        }
    }

    async fn drain_with_retries(
        &self,
        mut run: TakenRun,
        shutdown: &Shutdown,
    ) -> Result<(), WarehouseError> {
        let mut backoff = Backoff::new(self.retry_after, self.retry_after * 30);
        loop {
            let why = match self.attempt(&run, shutdown).await {
                Ok(records) => {
                    let outcome = format!("{records} records of bronze were taken to gold");
                    return self.end(&run, Some(records), &outcome).await;
                }
                // Left as it is: the next process takes it up when this one has been silent for long enough.
                Err(Failure::Interrupted) => return Ok(()),
                Err(failure) => failure.to_line(),
            };
            tracing::warn!(
                run = run.run_id,
                attempt = run.attempt,
                why,
                "an attempt at a run failed"
            );
            if run.attempt > RETRIES {
                let outcome = format!("failed {} times, at last: {why}", run.attempt);
                return self.end(&run, None, &outcome).await;
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.next_delay()) => {}
                () = shutdown.requested() => return Ok(()),
            }
            let session = self.warehouse.connect().await?;
            let again = runs::again(&session, &run, &why).await?;
            session.release();
            let Some(next) = again else { return Ok(()) };
            run = next;
        }
    }

    /// One attempt, with a heartbeat beside it; records that were taken to gold.
    async fn attempt(&self, run: &TakenRun, shutdown: &Shutdown) -> Result<i64, Failure> {
        let work = self.drain();
        tokio::pin!(work);
        loop {
            tokio::select! {
                records = &mut work => return records,
                () = shutdown.requested() => return Err(Failure::Interrupted),
                () = tokio::time::sleep(HEARTBEAT_EVERY) => {
                    let session = self.warehouse.connect().await?;
                    let is_ours = runs::heartbeat(&session, run).await?;
                    session.release();
                    if !is_ours {
                        tracing::warn!(run = run.run_id, "another process has taken this run up");
                        return Err(Failure::Interrupted);
                    }
                }
            }
        }
    }

    async fn drain(&self) -> Result<i64, Failure> {
        let session = self.warehouse.connect().await?;
        let targets = runs::targets(&session).await?;
        session.release();
        let mut workers = JoinSet::new();
        for _ in 0..self.silver_workers {
            let stage = SilverStage::new(self.warehouse.clone(), self.budget, self.judge.clone());
            workers.spawn(judge_up_to(stage, self.warehouse.clone(), targets.clone()));
        }
        while let Some(ended) = workers.join_next().await {
            ended.map_err(|error| Failure::Internal(error.into()))??;
        }
        let session = self.warehouse.connect().await?;
        let newest = runs::newest_silver_batch(&session).await?;
        let mut gold = GoldStage::new(self.warehouse.clone());
        while !runs::is_folded(&session, newest).await? {
            step(&mut gold).await?;
        }
        session.release();
        Ok(targets.pending)
    }

    async fn end(
        &self,
        run: &TakenRun,
        records: Option<i64>,
        outcome: &str,
    ) -> Result<(), WarehouseError> {
        let session = self.warehouse.connect().await?;
        runs::end(&session, run, records, outcome).await?;
        session.release();
        tracing::info!(run = run.run_id, outcome, "a run has ended");
        let status = if records.is_some() {
            "succeeded"
        } else {
            "failed"
        };
        ended(status);
        Ok(())
    }
}

fn ended(status: &'static str) {
    metrics::counter!("assay_transformer_runs_total", "status" => status).increment(1);
}

async fn judge_up_to(mut silver: SilverStage, warehouse: Warehouse, targets: Targets) -> Outcome {
    let session: Session = warehouse.connect().await?;
    while !runs::is_judged(&session, &targets).await? {
        step(&mut silver).await?;
    }
    session.release();
    Ok(())
}

/// One step; where there is nothing to do, others do it, so wait for them a little.
async fn step<S: Stage>(stage: &mut S) -> Result<(), WarehouseError> {
    match stage.step().await {
        Ok(Step::Worked) => Ok(()),
        Ok(Step::Idle | Step::Stalled) => {
            tokio::time::sleep(LOOK_AGAIN).await;
            Ok(())
        }
        Err(error) if error.is_conflict() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Asks for a run whenever the schedule says so, until shutdown. A time at which no transformer runs is passed over.
///
/// # Errors
/// What cannot be waited out.
pub(crate) async fn drive_schedule(
    schedule: Schedule,
    warehouse: Warehouse,
    shutdown: Shutdown,
) -> Outcome {
    let mut outage = Outage::new(format!(
        "PostgreSQL at {} (schedule)",
        warehouse.settings().target()
    ));
    let mut after = chrono::Utc::now();
    while let Some(due) = schedule.next_after(after) {
        tracing::info!(at = %due.to_rfc3339(), "the next scheduled run");
        let pause = (due - chrono::Utc::now()).to_std().unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.requested() => return Ok(()),
        }
        // Late by an outage is better than never.
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        loop {
            match ask_for(&warehouse, due).await {
                Ok(Some(run)) => {
                    outage.back();
                    tracing::info!(run, "a scheduled run is due");
                    break;
                }
                Ok(None) => {
                    tracing::info!("a run of this time is there already, or one is under way");
                    break;
                }
                Err(error) if error.class() == ErrorClass::Retry => {
                    outage.away(&error);
                    tokio::select! {
                        () = tokio::time::sleep(backoff.next_delay()) => {}
                        () = shutdown.requested() => return Ok(()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        after = chrono::Utc::now().max(due);
    }
    Ok(())
}

async fn ask_for(
    warehouse: &Warehouse,
    due: chrono::DateTime<chrono::Utc>,
) -> Result<Option<i64>, WarehouseError> {
    let session = warehouse.connect().await?;
    let run = runs::schedule(&session, due).await?;
    session.release();
    Ok(run)
}
