//! The task that writes sets to PostgreSQL, each in one transaction, exactly once.
//!
//! A transaction that got no answer is never written again blindly: first the ledger is asked where the partitions
//! stand. While PostgreSQL is away, the task tries without end; whoever reads Kafka meanwhile holds still.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use service_kit::{Backoff, Failure};
use warehouse::bronze::{ensure_storage, read_positions, write_batches};
use warehouse::{ErrorClass, Session, Warehouse, WarehouseError};

use crate::assembly::WriteSet;
use crate::happenings;
use crate::health::{Dependency, Health};
use crate::landing::{Landing, judge_landing};
use crate::link::SetSource;

/// A transaction that takes longer than this is given up: its connection is taken for dead. PostgreSQL itself ends each
/// statement earlier.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(120);
const STORAGE_CHECK_INTERVAL: Duration = Duration::from_secs(3600);
/// How often a refusal sends us to the ledger before it is taken as final.
const MOST_REFUSALS: u32 = 3;
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);
const LONGEST_RETRY_DELAY: Duration = Duration::from_secs(5);

/// What became of a set.
#[derive(Debug)]
pub enum WriteEnd {
    /// It is in bronze.
    Committed {
        /// What it brought.
        batches: Vec<CommittedBatch>,
        /// From BEGIN to the answer to COMMIT.
        duration: Duration,
    },
    /// Another consumer has claimed one of its partitions; nothing of it is in bronze.
    Fenced(String),
    /// It cannot be written, and trying again is no way out.
    Failed(Failure),
    /// The task ended without saying anything.
    WriterGone,
}

/// What a committed transaction brought of one partition.
#[derive(Debug, Clone, Copy)]
pub struct CommittedBatch {
    /// Kafka partition.
    pub partition: i32,
    /// The claim it was written under.
    pub fence: i64,
    /// Where bronze stands now.
    pub next_offset: i64,
    /// Records.
    pub row_count: u64,
    /// Bytes of their keys, headers and payloads.
    pub byte_count: u64,
    /// The newest of their timestamps.
    pub newest_record_at: Option<DateTime<Utc>>,
}

/// Writes the sets that come in, until the other end is gone.
pub async fn run_writer(warehouse: Warehouse, health: Arc<Health>, mut source: SetSource) {
    let mut writer = Writer {
        warehouse,
        health,
        session: None,
        storage_checked_at: None,
    };
    while let Some(set) = source.sets.recv().await {
        let end = writer.write(&set).await;
        if source.ends.send(end).is_err() {
            return;
        }
    }
}

struct Writer {
    warehouse: Warehouse,
    health: Arc<Health>,
    session: Option<Session>,
    storage_checked_at: Option<Instant>,
}

/// What a try found out, where it found out anything.
enum Attempt {
    Landed,
    Lost(String),
}

impl Writer {
    async fn write(&mut self, set: &WriteSet) -> WriteEnd {
        let mut backoff = Backoff::new(FIRST_RETRY_DELAY, LONGEST_RETRY_DELAY);
        let mut is_in_doubt = false;
        let mut refusals = 0;
        loop {
            let begun = Instant::now();
            let error = match self.attempt(set, is_in_doubt).await {
                Ok(Attempt::Landed) => {
                    self.health.back(Dependency::Postgres);
                    return committed(set, begun.elapsed());
                }
                Ok(Attempt::Lost(why)) => return WriteEnd::Fenced(why),
                Err(error) => error,
            };
            // Whatever went wrong, the connection may be in any state.
            self.session = None;
            is_in_doubt = true;
            match error.class() {
                ErrorClass::Retry => {
                    self.health.away(Dependency::Postgres, &error);
                    tokio::time::sleep(backoff.next_delay()).await;
                }
                // An earlier try of ours, taken for dead, may have landed at this very moment and moved the
                // partitions: the next round asks the ledger.
                ErrorClass::Fenced if refusals < MOST_REFUSALS => refusals += 1,
                ErrorClass::Fenced => return WriteEnd::Fenced(error.to_string()),
                _ => return WriteEnd::Failed(error.into()),
            }
        }
    }

    async fn attempt(
        &mut self,
        set: &WriteSet,
        is_in_doubt: bool,
    ) -> Result<Attempt, WarehouseError> {
        let attempt = self.attempt_without_limit(set, is_in_doubt);
        match tokio::time::timeout(TRANSACTION_LIMIT, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => Err(WarehouseError::Unreachable {
                target: self.warehouse.settings().target(),
                cause: format!("no answer within {TRANSACTION_LIMIT:?}"),
            }),
        }
    }

    async fn attempt_without_limit(
        &mut self,
        set: &WriteSet,
        is_in_doubt: bool,
    ) -> Result<Attempt, WarehouseError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.warehouse.connect().await?,
        };
        if is_in_doubt {
            match look_up_landing(&session, set).await? {
                Landing::Landed => {
                    self.session = Some(session);
                    return Ok(Attempt::Landed);
                }
                Landing::Lost => return Ok(Attempt::Lost(describe_loss(set))),
                Landing::NotLanded => {}
            }
        }
        if self
            .storage_checked_at
            .is_none_or(|at| at.elapsed() > STORAGE_CHECK_INTERVAL)
        {
            ensure_storage(&session).await?;
            self.storage_checked_at = Some(Instant::now());
        }
        let written =
            write_batches(&mut session, set.topic_id, set.ingested_at, &set.batches).await;
        if let Err(error) = &written
            && error.class() == ErrorClass::Retry
        {
            happenings::commit_answer_lost(&error.to_string());
        }
        written?;
        self.session = Some(session);
        Ok(Attempt::Landed)
    }
}

fn partitions_of(set: &WriteSet) -> Vec<i32> {
    set.batches
        .iter()
        .map(|batch| batch.kafka_partition)
        .collect()
}

/// What became of the earlier tries of the set.
async fn look_up_landing(session: &Session, set: &WriteSet) -> Result<Landing, WarehouseError> {
    let positions = read_positions(session, set.topic_id, &partitions_of(set)).await?;
    Ok(judge_landing(&set.batches, &positions))
}

fn describe_loss(set: &WriteSet) -> String {
    format!(
        "another consumer has claimed one of the partitions {:?} of topic {}",
        partitions_of(set),
        set.topic_id
    )
}

fn committed(set: &WriteSet, duration: Duration) -> WriteEnd {
    let batches = set
        .batches
        .iter()
        .map(|batch| CommittedBatch {
            partition: batch.kafka_partition,
            fence: batch.fence,
            next_offset: batch.next_offset,
            row_count: batch.rows.row_count(),
            byte_count: batch
                .records
                .map_or(0, |span| u64::try_from(span.byte_count).unwrap_or(0)),
            newest_record_at: batch.records.and_then(|span| span.newest_record_at),
        })
        .collect();
    WriteEnd::Committed { batches, duration }
}
