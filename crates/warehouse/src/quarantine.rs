//! Quarantine as a workflow: look at what was refused, judge it again, or give it up.
//!
//! What a release loads is decided by the transformer; here is that each record leaves quarantine once (its row is locked
//! from the judgement to the commit), and that the ledger goes on adding up: a release is a row of `ops.silver_batches`
//! without records of its own, which moves counts from quarantined to accepted and duplicate.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::bronze::column;
use crate::silver::{RecordPosition, SilverTransaction};
use crate::{Session, WarehouseError, sql};

/// Records of one transaction, at most.
pub const MAX_RECORDS: i64 = 10_000;

/// Which records are meant; all of them where nothing is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Reason code.
    pub reason: Option<String>,
    /// Quarantined at or after.
    pub from: Option<DateTime<Utc>>,
    /// Quarantined before.
    pub to: Option<DateTime<Utc>>,
    /// The event's id, as far as it could be read.
    pub event_id: Option<Uuid>,
    /// Topic name, Kafka partition and offset.
    pub at: Option<(String, i32, i64)>,
    /// `open`, `released` or `discarded`.
    pub state: Option<&'static str>,
}

/// The filter's values as `quarantine/filter.sql` numbers them.
struct Bound {
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
}

impl Filter {
    fn bound(&self) -> Bound {
        let at = self.at.clone();
        Bound {
            partition: at.as_ref().map(|at| at.1),
            offset: at.as_ref().map(|at| at.2),
            topic: at.map(|at| at.0),
        }
    }

    fn parameters<'a>(&'a self, bound: &'a Bound) -> Vec<&'a (dyn ToSql + Sync)> {
        vec![
            &self.reason,
            &self.from,
            &self.to,
            &self.event_id,
            &bound.topic,
            &bound.partition,
            &bound.offset,
            &self.state,
        ]
    }
}

macro_rules! filtered {
    ($head:literal, $tail:expr) => {
        concat!(
            sql!("quarantine/", $head, ".sql"),
            sql!("quarantine/filter.sql"),
            $tail
        )
    };
}

/// What is in quarantine for one reason and in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonSummary {
    /// Reason code.
    pub reason: String,
    /// `open`, `released` or `discarded`.
    pub state: String,
    /// How many records.
    pub records: i64,
    /// When the first was quarantined.
    pub first_at: DateTime<Utc>,
    /// When the last was quarantined.
    pub last_at: DateTime<Utc>,
    /// The last one, as `topic/partition/offset`.
    pub example: String,
    /// Its detail.
    pub example_detail: String,
}

/// One record in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Its topic.
    pub topic_name: String,
    /// Its record.
    pub position: RecordPosition,
    /// The event's id, where it could be read.
    pub event_id: Option<Uuid>,
    /// Version of the rules that judged it last.
    pub rule_version: i32,
    /// Reason code.
    pub reason: String,
    /// What was found.
    pub detail: String,
    /// `open`, `released` or `discarded`.
    pub state: String,
    /// When bronze took it.
    pub ingested_at: DateTime<Utc>,
    /// When it was first judged.
    pub quarantined_at: DateTime<Utc>,
    /// When it was last judged again.
    pub rejudged_at: Option<DateTime<Utc>>,
    /// When it was released or discarded.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Why.
    pub resolution_note: Option<String>,
}

/// A record as bronze has it, for showing.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRecord {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its headers: name, value, name, value, …
    pub headers: Option<Vec<Option<Vec<u8>>>>,
    /// How long its value is; nothing for a tombstone.
    pub byte_count: Option<i32>,
    /// Its value, at most the first MiB.
    pub payload: Option<Vec<u8>>,
    /// Its value decoded, or why it could not be.
    pub decoded: serde_json::Value,
}

/// The records of a filter by reason and state, the most frequent first.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn reasons(
    session: &Session,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<ReasonSummary>, WarehouseError> {
    let bound = filter.bound();
    let mut parameters = filter.parameters(&bound);
    parameters.push(&limit);
    let statement = filtered!("reasons", sql!("quarantine/reasons.tail.sql"));
    let rows = query(session, statement, &parameters).await?;
    Ok(rows
        .iter()
        .map(|row| ReasonSummary {
            reason: row.get("reason"),
            state: row.get("state"),
            records: row.get("records"),
            first_at: row.get("first_at"),
            last_at: row.get("last_at"),
            example: row.get("example"),
            example_detail: row.get("example_detail"),
        })
        .collect())
}

/// The records of a filter, the newest first.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn rows(
    session: &Session,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<QuarantinedRow>, WarehouseError> {
    let bound = filter.bound();
    let mut parameters = filter.parameters(&bound);
    parameters.push(&limit);
    let statement = filtered!("rows", sql!("quarantine/rows.tail.sql"));
    let rows = query(session, statement, &parameters).await?;
    Ok(rows.iter().map(quarantined_row).collect())
}

/// How many records the filter means.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn count(session: &Session, filter: &Filter) -> Result<i64, WarehouseError> {
    let bound = filter.bound();
    let statement = filtered!("count", "");
    let rows = query(session, statement, &filter.parameters(&bound)).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

/// What bronze has of a record; nothing where retention has dropped it.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn raw(
    session: &Session,
    row: &QuarantinedRow,
) -> Result<Option<RawRecord>, WarehouseError> {
    let position = row.position;
    let rows = query(
        session,
        sql!("quarantine/show.sql"),
        &[
            &position.topic_id,
            &position.kafka_partition,
            &position.kafka_offset,
            &row.ingested_at,
        ],
    )
    .await?;
    Ok(rows.first().map(|row| RawRecord {
        key: row.get("key"),
        headers: row.get("headers"),
        byte_count: row.get("byte_count"),
        payload: row.get("payload"),
        decoded: row.get("decoded"),
    }))
}

fn quarantined_row(row: &Row) -> QuarantinedRow {
    QuarantinedRow {
        topic_name: row.get("topic_name"),
        position: position(row),
        event_id: row.get("event_id"),
        rule_version: row.get("rule_version"),
        reason: row.get("reason"),
        detail: row.get("detail"),
        state: row.get("state"),
        ingested_at: row.get("ingested_at"),
        quarantined_at: row.get("quarantined_at"),
        rejudged_at: row.get("rejudged_at"),
        resolved_at: row.get("resolved_at"),
        resolution_note: row.get("resolution_note"),
    }
}

fn position(row: &Row) -> RecordPosition {
    RecordPosition {
        topic_id: row.get("topic_id"),
        kafka_partition: row.get("kafka_partition"),
        kafka_offset: row.get("kafka_offset"),
    }
}

async fn query(
    session: &Session,
    statement: &'static str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, WarehouseError> {
    session
        .query(statement, parameters)
        .await
        .map_err(WarehouseError::database("reading quarantine"))
}

/// A quarantined record that is ours until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockedRecord {
    /// The record.
    pub position: RecordPosition,
    /// `bronze.events.ingested_at`
    pub ingested_at: DateTime<Utc>,
}

/// A record that was judged again and refused again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedAgain<'a> {
    /// The record.
    pub position: RecordPosition,
    /// The event's id, where it could be read.
    pub event_id: Option<Uuid>,
    /// Reason code.
    pub reason: &'a str,
    /// For a person; without control characters.
    pub detail: &'a str,
}

/// What a release made of one Kafka partition: a row of `ops.silver_batches`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseBatch {
    /// The first record released.
    pub first: RecordPosition,
    /// Offset of the last one.
    pub last_offset: i64,
    /// First and last key of its events, where it has any.
    pub order_event_keys: Option<(i64, i64)>,
    /// Events accepted.
    pub accepted_count: i32,
    /// Copies of accepted events.
    pub duplicate_count: i32,
    /// Lines written.
    pub line_count: i32,
    /// Oldest event time among the accepted.
    pub oldest_event_at: Option<DateTime<Utc>>,
    /// Newest event time among the accepted.
    pub newest_event_at: Option<DateTime<Utc>>,
    /// When bronze took the last of them.
    pub ingested_at: DateTime<Utc>,
}

fn topics(records: &[RecordPosition]) -> Vec<i32> {
    column(records, |record| record.topic_id)
}

fn partitions(records: &[RecordPosition]) -> Vec<i32> {
    column(records, |record| record.kafka_partition)
}

fn offsets(records: &[RecordPosition]) -> Vec<i64> {
    column(records, |record| record.kafka_offset)
}

impl SilverTransaction<'_> {
    /// Locks the next open records of a filter, in order of their position, at most [`MAX_RECORDS`] after the given one.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn lock_quarantined(
        &self,
        filter: &Filter,
        after: RecordPosition,
    ) -> Result<Vec<LockedRecord>, WarehouseError> {
        let open = Filter {
            state: Some("open"),
            ..filter.clone()
        };
        let bound = open.bound();
        let mut parameters = open.parameters(&bound);
        let limit = MAX_RECORDS;
        let keyset: [&(dyn ToSql + Sync); 4] = [
            &after.topic_id,
            &after.kafka_partition,
            &after.kafka_offset,
            &limit,
        ];
        parameters.extend(keyset);
        let statement = filtered!("lock", sql!("quarantine/lock.tail.sql"));
        let rows = self
            .query(statement, &parameters, "locking quarantined records")
            .await?;
        Ok(rows
            .iter()
            .map(|row| LockedRecord {
                position: position(row),
                ingested_at: row.get("ingested_at"),
            })
            .collect())
    }

    /// Locks the cursors of these records' partitions, before anything of theirs is loaded.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn lock_cursors(&self, records: &[RecordPosition]) -> Result<(), WarehouseError> {
        let mut of_partitions: Vec<RecordPosition> = records.to_vec();
        of_partitions.dedup_by_key(|record| (record.topic_id, record.kafka_partition));
        self.query(
            sql!("quarantine/lock_cursors.sql"),
            &[&topics(&of_partitions), &partitions(&of_partitions)],
            "locking silver's cursors",
        )
        .await?;
        Ok(())
    }

    /// How many bytes the value of each record has, in the order given; nothing for one that bronze no longer has.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn payload_lengths(
        &self,
        records: &[LockedRecord],
    ) -> Result<Vec<Option<i64>>, WarehouseError> {
        let statement = sql!("quarantine/lengths.sql");
        let mut lengths = vec![None; records.len()];
        for row in self.of_records(statement, records).await? {
            if let Some(length) = slot(&mut lengths, &row) {
                *length = Some(row.get("byte_count"));
            }
        }
        Ok(lengths)
    }

    /// The value of each record, in the order given; nothing for one that bronze no longer has.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn payloads(
        &self,
        records: &[LockedRecord],
    ) -> Result<Vec<Option<Option<Vec<u8>>>>, WarehouseError> {
        let statement = sql!("quarantine/payloads.sql");
        let mut payloads = vec![None; records.len()];
        for row in self.of_records(statement, records).await? {
            if let Some(payload) = slot(&mut payloads, &row) {
                *payload = Some(row.get("payload"));
            }
        }
        Ok(payloads)
    }

    async fn of_records(
        &self,
        statement: &'static str,
        records: &[LockedRecord],
    ) -> Result<Vec<Row>, WarehouseError> {
        let positions = column(records, |record| record.position);
        self.query(
            statement,
            &[
                &topics(&positions),
                &partitions(&positions),
                &offsets(&positions),
                &column(records, |record| record.ingested_at),
            ],
            "reading quarantined records from bronze",
        )
        .await
    }

    /// Takes records out of quarantine, writes the ledger's rows and wakes the gold stage; the last thing before the
    /// commit. The records' facts or duplicates must have been written in this transaction.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where a record was not open, though it was locked.
    pub async fn record_release(
        &self,
        released: &[RecordPosition],
        batches: &[ReleaseBatch],
        rule_version: i32,
        note: Option<&str>,
        started_at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        let marked = self
            .execute(
                sql!("quarantine/mark_released.sql"),
                &[
                    &topics(released),
                    &partitions(released),
                    &offsets(released),
                    &rule_version,
                    &note,
                ],
                "releasing records",
            )
            .await?;
        expect_all(marked, released.len())?;
        self.record_release_batches(batches, started_at).await?;
        self.execute("NOTIFY assay_silver", &[], "waking the gold stage")
            .await?;
        Ok(())
    }

    async fn record_release_batches(
        &self,
        batches: &[ReleaseBatch],
        started_at: DateTime<Utc>,
    ) -> Result<(), WarehouseError> {
        let topics = column(batches, |batch| batch.first.topic_id);
        let partitions = column(batches, |batch| batch.first.kafka_partition);
        let accepted = column(batches, |batch| batch.accepted_count);
        let duplicate = column(batches, |batch| batch.duplicate_count);
        self.execute(
            sql!("quarantine/record_release.sql"),
            &[
                &topics,
                &partitions,
                &column(batches, |batch| batch.first.kafka_offset),
                &column(batches, |batch| batch.last_offset),
                &column(batches, |batch| batch.order_event_keys.map(|keys| keys.0)),
                &column(batches, |batch| batch.order_event_keys.map(|keys| keys.1)),
                &accepted,
                &duplicate,
                &column(batches, |batch| batch.line_count),
                &column(batches, |batch| batch.oldest_event_at),
                &column(batches, |batch| batch.newest_event_at),
                &column(batches, |batch| batch.ingested_at),
                &started_at,
            ],
            "recording a release",
        )
        .await?;
        let moved = self
            .execute(
                sql!("quarantine/move_counts.sql"),
                &[&topics, &partitions, &accepted, &duplicate],
                "moving silver's counts",
            )
            .await?;
        expect_all(moved, batches.len())
    }

    /// Notes of records that were refused again why that is so by the rules of today.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where a record was not open, though it was locked.
    pub async fn record_refused_again(
        &self,
        refused: &[RefusedAgain<'_>],
        rule_version: i32,
    ) -> Result<(), WarehouseError> {
        if refused.is_empty() {
            return Ok(());
        }
        let positions = column(refused, |record| record.position);
        let marked = self
            .execute(
                sql!("quarantine/mark_rejudged.sql"),
                &[
                    &topics(&positions),
                    &partitions(&positions),
                    &offsets(&positions),
                    &column(refused, |record| record.event_id),
                    &column(refused, |record| record.reason),
                    &column(refused, |record| record.detail),
                    &rule_version,
                ],
                "noting refusals",
            )
            .await?;
        expect_all(marked, refused.len())
    }

    /// Gives records up for good, with the reason why. The ledger goes on counting them as quarantined.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where a record was not open, though it was locked.
    pub async fn discard(
        &self,
        records: &[RecordPosition],
        note: &str,
    ) -> Result<(), WarehouseError> {
        let marked = self
            .execute(
                sql!("quarantine/mark_discarded.sql"),
                &[
                    &topics(records),
                    &partitions(records),
                    &offsets(records),
                    &note,
                ],
                "discarding records",
            )
            .await?;
        expect_all(marked, records.len())
    }
}

/// The place of a row's record among those that were asked for; PostgreSQL counts from 1.
fn slot<'a, Value>(values: &'a mut [Value], row: &Row) -> Option<&'a mut Value> {
    let position: i64 = row.get("position");
    let index = usize::try_from(position).ok()?.checked_sub(1)?;
    values.get_mut(index)
}

fn expect_all(marked: u64, expected: usize) -> Result<(), WarehouseError> {
    if usize::try_from(marked) == Ok(expected) {
        return Ok(());
    }
    Err(WarehouseError::Inconsistent(format!(
        "changed {marked} of {expected} rows, though they are locked: run `transformer verify`"
    )))
}
