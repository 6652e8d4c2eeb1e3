//! Writes one load, and isolates the row that the database refuses.

mod consequences;
mod rows;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use warehouse::silver::{RecordPosition, SilverBatch, SilverTransaction};
use warehouse::{ErrorClass, WarehouseError};

use super::ClaimedRange;
use super::keys::DimensionKeys;
use super::verdicts::{JudgedRecord, LoadableEvent, SortedRecords, acceptable_ids, sort_out};
use consequences::{Consequence, change_orders, write_consequences, write_orders};
use rows::{count, fill};

/// The unique constraints that concurrent loads of the same event, or of events of the same new order, run into.
pub(crate) const COLLISIONS: [&str; 2] = ["fct_order_events_event_id_key", "fct_orders_pkey"];
/// How often a load may meet events that others have just accepted before the whole transaction is tried again.
pub(crate) const MAX_COLLISIONS: usize = 20;

/// Gives every record its verdict and writes all of them, with the ledger's rows; everything but the commit.
pub(super) async fn load(
    transaction: &mut SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    judged: Vec<JudgedRecord>,
    ranges: &[ClaimedRange<'_>],
    started_at: DateTime<Utc>,
) -> Result<Vec<SilverBatch>, WarehouseError> {
    let event_ids = acceptable_ids(&judged);
    let mut refused: HashMap<RecordPosition, String> = HashMap::new();
    let mut collisions = 0;
    loop {
        let known = transaction.known_events(&event_ids).await?;
        let sorted = tokio::task::block_in_place(|| sort_out(&judged, &known, &refused));
        let attempt = transaction.attempt().await?;
        let error = match write(&attempt, keys, &sorted, ranges, started_at).await {
            Ok(batches) => {
                attempt.commit().await?;
                return Ok(batches);
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
            // Another load has accepted one of these events, or begun one of these orders, since we asked: ask again.
            collisions += 1;
            continue;
        }
        let Some((position, words)) = isolate(transaction, keys, &sorted.accepted).await? else {
            return Err(error);
        };
        tracing::warn!(
            ?position,
            words,
            "the database refuses an event: quarantined"
        );
        refused.insert(position, words);
    }
}

/// Finds an event that the database refuses, by halves. Nothing where each half alone is accepted.
pub(crate) async fn isolate(
    transaction: &mut SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    accepted: &[LoadableEvent<'_>],
) -> Result<Option<(RecordPosition, String)>, WarehouseError> {
    let mut suspects = accepted;
    while suspects.len() > 1 {
        let (left, right) = suspects.split_at(suspects.len() / 2);
        suspects = match probe(transaction, keys, left).await? {
            Some(_) => left,
            None => right,
        };
    }
    let Some(suspect) = suspects.first() else {
        return Ok(None);
    };
    let refusal = probe(transaction, keys, suspects).await?;
    Ok(refusal.map(|words| (suspect.position, words)))
}

/// Tries to write events without keeping them; answers the database's words where it refuses.
async fn probe(
    transaction: &mut SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    events: &[LoadableEvent<'_>],
) -> Result<Option<String>, WarehouseError> {
    let sorted = SortedRecords {
        accepted: events.to_vec(),
        ..SortedRecords::default()
    };
    let attempt = transaction.attempt().await?;
    let outcome = write_facts(&attempt, keys, &sorted).await;
    attempt.undo().await?;
    keys.settle(false);
    match outcome {
        Ok(_) => Ok(None),
        Err(error) if error.class() == ErrorClass::Refused => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

async fn write(
    attempt: &SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    sorted: &SortedRecords<'_>,
    ranges: &[ClaimedRange<'_>],
    started_at: DateTime<Utc>,
) -> Result<Vec<SilverBatch>, WarehouseError> {
    let written = write_facts(attempt, keys, sorted).await?;
    let batches = summarise(ranges, sorted, &written);
    attempt.record(&batches, started_at).await?;
    Ok(batches)
}

/// What [`write_facts`] has written.
pub(crate) struct WrittenFacts {
    /// The key of the first event; the others follow it in the order of the accepted events.
    first_key: i64,
    /// What the events brought about beyond their own lines.
    consequences: Vec<Consequence>,
}

/// What was written of the events of one partition, for its row in the ledger.
pub(crate) struct PartitionFacts {
    /// The first and the last key, where there is any.
    pub(crate) order_event_keys: Option<(i64, i64)>,
    /// Events.
    pub(crate) accepted_count: i32,
    /// Lines, those that a cancellation takes back included.
    pub(crate) line_count: i32,
    /// The oldest time that something was written for.
    pub(crate) oldest_event_at: Option<DateTime<Utc>>,
    /// The newest likewise.
    pub(crate) newest_event_at: Option<DateTime<Utc>>,
}

impl WrittenFacts {
    /// `accepted` are the events that were written; those of a partition follow each other.
    pub(crate) fn of_partition(
        &self,
        accepted: &[LoadableEvent<'_>],
        topic_id: i32,
        kafka_partition: i32,
    ) -> PartitionFacts {
        let here: Vec<(i64, &LoadableEvent<'_>)> = (self.first_key..)
            .zip(accepted)
            .filter(|(_, loadable)| {
                let position = loadable.position;
                (position.topic_id, position.kafka_partition) == (topic_id, kafka_partition)
            })
            .collect();
        let order_event_keys = here
            .first()
            .zip(here.last())
            .map(|(first, last)| (first.0, last.0));
        let consequences = || {
            self.consequences.iter().filter(|consequence| {
                order_event_keys.is_some_and(|(first, last)| {
                    (first..=last).contains(&consequence.order_event_key)
                })
            })
        };
        let times = || {
            let own = here
                .iter()
                .map(|(_, loadable)| loadable.event.event_timestamp);
            own.chain(
                consequences().flat_map(|consequence| [consequence.oldest, consequence.newest]),
            )
        };
        let own_lines = here.iter().map(|(_, loadable)| loadable.event.items.len());
        let lines = own_lines.chain(consequences().map(|consequence| consequence.line_count));
        PartitionFacts {
            order_event_keys,
            accepted_count: count(here.len()),
            line_count: count(lines.sum()),
            oldest_event_at: times().min(),
            newest_event_at: times().max(),
        }
    }
}

/// Writes dimensions, facts and refusals.
pub(crate) async fn write_facts(
    attempt: &SilverTransaction<'_>,
    keys: &mut DimensionKeys,
    sorted: &SortedRecords<'_>,
) -> Result<WrittenFacts, WarehouseError> {
    keys.learn(attempt, &sorted.accepted).await?;
    let first_key = attempt.take_event_keys().await?;
    let mut facts = tokio::task::block_in_place(|| fill(sorted, keys, first_key))?;
    attempt.copy_events(&mut facts.buffers).await?;
    let changes = change_orders(attempt, &sorted.accepted, &facts).await?;
    let consequences = write_consequences(attempt, &changes, &mut facts).await?;
    attempt.copy_facts(facts.buffers).await?;
    write_orders(attempt, &changes).await?;
    Ok(WrittenFacts {
        first_key,
        consequences,
    })
}

/// One ledger row a partition. `sorted.accepted` is in order of partition, and so are the keys.
fn summarise(
    ranges: &[ClaimedRange<'_>],
    sorted: &SortedRecords<'_>,
    written: &WrittenFacts,
) -> Vec<SilverBatch> {
    let mut batches = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (Some(last), Some(committed_at)) = (
            range.batches.last(),
            range.batches.iter().map(|batch| batch.committed_at).max(),
        ) else {
            continue;
        };
        let is_here = |position: &RecordPosition| {
            position.topic_id == range.cursor.topic_id
                && position.kafka_partition == range.cursor.kafka_partition
        };
        let facts = written.of_partition(
            &sorted.accepted,
            range.cursor.topic_id,
            range.cursor.kafka_partition,
        );
        let duplicates = sorted
            .duplicates
            .iter()
            .filter(|row| is_here(&row.position));
        let quarantined = sorted
            .quarantined
            .iter()
            .filter(|row| is_here(&row.position));
        batches.push(SilverBatch {
            cursor: range.cursor,
            last_offset: last.last_offset,
            order_event_keys: facts.order_event_keys,
            bronze_batch_count: count(range.batches.len()),
            accepted_count: facts.accepted_count,
            duplicate_count: count(duplicates.count()),
            quarantined_count: count(quarantined.count()),
            line_count: facts.line_count,
            oldest_event_at: facts.oldest_event_at,
            newest_event_at: facts.newest_event_at,
            bronze_committed_at: committed_at,
        });
    }
    batches
}

/// Counts what was committed.
pub(super) fn count_outcomes(batches: &[SilverBatch]) {
    for (outcome, sum) in [
        (
            "accepted",
            batches
                .iter()
                .map(|batch| batch.accepted_count)
                .sum::<i32>(),
        ),
        (
            "duplicate",
            batches.iter().map(|batch| batch.duplicate_count).sum(),
        ),
        (
            "quarantined",
            batches.iter().map(|batch| batch.quarantined_count).sum(),
        ),
    ] {
        metrics::counter!("assay_transformer_records_total", "outcome" => outcome)
            .increment(u64::from(sum.unsigned_abs()));
    }
}
