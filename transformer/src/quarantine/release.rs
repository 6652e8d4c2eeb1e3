//! Judges quarantined records again and loads those that pass, one transaction a batch.
//!
//! What passes is loaded as the silver stage loads it, with the position and the time of receipt that the record always
//! had, so that the warehouse ends as if it had never been refused. The rows stay locked from the judgement to the commit:
//! of two releases at once each takes a record once.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use event_contract::judge::RULE_VERSION;
use warehouse::quarantine::{Filter, LockedRecord, RefusedAgain, ReleaseBatch};
use warehouse::silver::{RecordPosition, SilverTransaction};
use warehouse::{ErrorClass, Session, WarehouseError};

use crate::judging::{EventJudge, Judgeable};
use crate::silver::keys::DimensionKeys;
use crate::silver::load::{COLLISIONS, MAX_COLLISIONS, WrittenFacts, isolate, write_facts};
use crate::silver::verdicts::{JudgedRecord, SortedRecords, acceptable_ids, sort_out};

/// Bytes of values held at once; a single larger value is taken alone.
const MAX_BATCH_BYTES: i64 = 32 * 1024 * 1024;

/// Before every record there is.
pub const BEGINNING: RecordPosition = RecordPosition {
    topic_id: i32::MIN,
    kafka_partition: i32::MIN,
    kafka_offset: i64::MIN,
};

/// What became of the records of a release.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Released {
    /// Now facts.
    pub accepted: u64,
    /// Copies of events that had been accepted already.
    pub duplicate: u64,
    /// Refused again; they stay open, with the reason brought up to date.
    pub refused_again: u64,
    /// Not judged, since retention has dropped their bytes; they stay open.
    pub bytes_gone: u64,
}

impl Released {
    /// Records looked at.
    pub fn records(&self) -> u64 {
        self.accepted + self.duplicate + self.refused_again + self.bytes_gone
    }

    /// Adds the outcome of another batch.
    pub fn add(&mut self, other: Released) {
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.refused_again += other.refused_again;
        self.bytes_gone += other.bytes_gone;
    }
}

/// What to release, and how.
#[derive(Debug, Clone, Default)]
pub struct ReleaseOrder {
    /// Which records; only open ones are ever taken.
    pub filter: Filter,
    /// Why, for those who look later.
    pub note: Option<String>,
    /// Do everything but the commit.
    pub dry_run: bool,
    /// Who judges.
    pub judge: EventJudge,
}

/// One batch of a release: what became of it, and where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasedBatch {
    /// What became of its records.
    pub outcome: Released,
    /// The last record looked at.
    pub last: RecordPosition,
}

/// Releases the next batch after the given position; nothing where no open record is left there.
///
/// # Errors
/// See [`WarehouseError::class`]. After an error nothing of the batch has happened, or, if it was the commit's answer that
/// got lost, all of it; either way the call may be made again.
pub async fn release_batch(
    session: &mut Session,
    order: &ReleaseOrder,
    after: RecordPosition,
) -> Result<Option<ReleasedBatch>, WarehouseError> {
    let started_at = Utc::now();
    let mut transaction = SilverTransaction::begin(session).await?;
    let locked = transaction.lock_quarantined(&order.filter, after).await?;
    let locked = within_budget(&transaction, locked).await?;
    let Some(last) = locked.last().map(|record| record.position) else {
        return Ok(None);
    };
    let positions: Vec<RecordPosition> = locked.iter().map(|record| record.position).collect();
    transaction.lock_cursors(&positions).await?;
    let judged = judge_again(&transaction, &locked, &order.judge).await?;
    let gone = locked.len() - judged.len();
    let mut outcome = load(&mut transaction, &judged, order, started_at).await?;
    outcome.bytes_gone = count(gone);
    if order.dry_run {
        transaction.undo().await?;
    } else {
        transaction.commit().await?;
    }
    Ok(Some(ReleasedBatch { outcome, last }))
}

/// As many of the locked records as may be held at once, and at least one.
async fn within_budget(
    transaction: &SilverTransaction<'_>,
    mut locked: Vec<LockedRecord>,
) -> Result<Vec<LockedRecord>, WarehouseError> {
    let lengths = transaction.payload_lengths(&locked).await?;
    let mut bytes = 0;
    let fitting = lengths
        .iter()
        .take_while(|length| {
            bytes += length.unwrap_or(0);
            bytes <= MAX_BATCH_BYTES
        })
        .count();
    locked.truncate(fitting.max(1));
    Ok(locked)
}

/// The verdicts of today on the bytes of then; records whose bytes are gone are left out.
async fn judge_again(
    transaction: &SilverTransaction<'_>,
    locked: &[LockedRecord],
    judge: &EventJudge,
) -> Result<Vec<JudgedRecord>, WarehouseError> {
    let payloads = transaction.payloads(locked).await?;
    let there: Vec<(&LockedRecord, Option<Vec<u8>>)> = locked
        .iter()
        .zip(payloads)
        .filter_map(|(record, payload)| Some((record, payload?)))
        .collect();
    let judgeable = there.iter().map(|(record, payload)| Judgeable {
        payload: payload.as_deref(),
        received_at: record.ingested_at,
    });
    let verdicts =
        judge
            .judge_all(judgeable)
            .await
            .map_err(|away| WarehouseError::Unreachable {
                target: "the schema registry".into(),
                cause: away.to_string(),
            })?;
    Ok(there
        .iter()
        .zip(verdicts)
        .map(|((record, _), verdict)| JudgedRecord {
            position: record.position,
            ingested_at: record.ingested_at,
            verdict,
        })
        .collect())
}

/// Everything but the commit, as the silver stage does it: ask which events are known, write, and where another load or
/// a single record is in the way, go back and try again.
async fn load(
    transaction: &mut SilverTransaction<'_>,
    judged: &[JudgedRecord],
    order: &ReleaseOrder,
    started_at: DateTime<Utc>,
) -> Result<Released, WarehouseError> {
    let event_ids = acceptable_ids(judged);
    let mut keys = DimensionKeys::default();
    let mut refused: HashMap<RecordPosition, String> = HashMap::new();
    let mut collisions = 0;
    loop {
        let known = transaction.known_events(&event_ids).await?;
        let sorted = tokio::task::block_in_place(|| sort_out(judged, &known, &refused));
        let attempt = transaction.attempt().await?;
        let error = match write(&attempt, &mut keys, &sorted, judged, order, started_at).await {
            Ok(()) => {
                attempt.commit().await?;
                return Ok(Released {
                    accepted: count(sorted.accepted.len()),
                    duplicate: count(sorted.duplicates.len()),
                    refused_again: count(sorted.quarantined.len()),
                    bytes_gone: 0,
                });
            }
            Err(error) => error,
        };
        if error.class() != ErrorClass::Refused {
            return Err(error);
        }
        attempt.undo().await?;
        keys.settle(false);
        let is_collision = error
            .constraint()
            .is_some_and(|constraint| COLLISIONS.contains(&constraint));
        if is_collision && collisions < MAX_COLLISIONS {
            collisions += 1;
            continue;
        }
        let Some((position, words)) = isolate(transaction, &mut keys, &sorted.accepted).await?
        else {
            return Err(error);
        };
        refused.insert(position, words);
    }
}

async fn write(
    attempt: &SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    sorted: &SortedRecords<'_>,
    judged: &[JudgedRecord],
    order: &ReleaseOrder,
    started_at: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    let refused_again: Vec<RefusedAgain<'_>> = sorted
        .quarantined
        .iter()
        .map(|record| RefusedAgain {
            position: record.position,
            event_id: record.event_id,
            reason: record.reason.as_str(),
            detail: &record.detail,
        })
        .collect();
    attempt
        .record_refused_again(&refused_again, RULE_VERSION)
        .await?;
    let released = released_positions(sorted);
    if released.is_empty() {
        return Ok(());
    }
    // What is refused again has its row already.
    let passed = SortedRecords {
        accepted: sorted.accepted.clone(),
        duplicates: sorted.duplicates.clone(),
        quarantined: Vec::new(),
    };
    let written = write_facts(attempt, keys, &passed).await?;
    let batches = summarise(sorted, judged, &released, &written);
    attempt
        .record_release(
            &released,
            &batches,
            RULE_VERSION,
            order.note.as_deref(),
            started_at,
        )
        .await
}

/// What leaves quarantine, in order of position.
fn released_positions(sorted: &SortedRecords<'_>) -> Vec<RecordPosition> {
    let accepted = sorted.accepted.iter().map(|loadable| loadable.position);
    let duplicates = sorted.duplicates.iter().map(|row| row.position);
    let mut released: Vec<RecordPosition> = accepted.chain(duplicates).collect();
    released.sort_unstable();
    released
}

/// One ledger row a partition that something is released of.
fn summarise(
    sorted: &SortedRecords<'_>,
    judged: &[JudgedRecord],
    released: &[RecordPosition],
    written: &WrittenFacts,
) -> Vec<ReleaseBatch> {
    let is_released: HashSet<RecordPosition> = released.iter().copied().collect();
    let mut batches = Vec::new();
    for of_partition in released.chunk_by(|left, right| partition_of(left) == partition_of(right)) {
        let (Some(first), Some(last)) = (of_partition.first(), of_partition.last()) else {
            continue;
        };
        let is_here = |position: &RecordPosition| partition_of(position) == partition_of(first);
        let facts = written.of_partition(&sorted.accepted, first.topic_id, first.kafka_partition);
        let accepted_count = usize::try_from(facts.accepted_count).unwrap_or(0);
        let ingested_at = judged
            .iter()
            .filter(|record| is_here(&record.position) && is_released.contains(&record.position))
            .map(|record| record.ingested_at)
            .max();
        batches.push(ReleaseBatch {
            first: *first,
            last_offset: last.kafka_offset,
            order_event_keys: facts.order_event_keys,
            accepted_count: facts.accepted_count,
            duplicate_count: i32::try_from(of_partition.len().saturating_sub(accepted_count))
                .unwrap_or(i32::MAX),
            line_count: facts.line_count,
            oldest_event_at: facts.oldest_event_at,
            newest_event_at: facts.newest_event_at,
            ingested_at: ingested_at.unwrap_or_default(),
        });
    }
    batches
}

fn partition_of(position: &RecordPosition) -> (i32, i32) {
    (position.topic_id, position.kafka_partition)
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
