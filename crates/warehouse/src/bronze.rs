//! Kafka → bronze: claiming partitions, and writing a set of batches exactly once.
//!
//! The truth about progress is `ops.partitions.next_offset`, which moves in the same transaction as the rows. Each claim
//! raises the partition's fence; a writer whose fence is older is refused and writes nothing.

use chrono::{DateTime, Utc};

use crate::copy::{CopyBuffer, CopyRows};
use crate::{Session, WarehouseError, sql};

/// The most rows of one partition in one transaction; the ledger and the keys of silver rely on it.
pub const MAX_BATCH_ROWS: usize = 65_536;

const EVENT_FIELDS: i16 = 8;

/// One Kafka record on its way to bronze.
#[derive(Debug, Clone, Copy)]
pub struct RecordRow<'a> {
    /// Kafka partition.
    pub kafka_partition: i32,
    /// Kafka offset.
    pub kafka_offset: i64,
    /// The record's own timestamp.
    pub kafka_timestamp: Option<DateTime<Utc>>,
    /// The record's key.
    pub key: Option<&'a [u8]>,
    /// Names and values of the record's headers, in order.
    pub headers: &'a [(&'a [u8], Option<&'a [u8]>)],
    /// The record's value; absent in a tombstone.
    pub payload: Option<&'a [u8]>,
}

/// An empty buffer for [`push_record`].
pub fn record_buffer() -> CopyBuffer {
    CopyBuffer::new(EVENT_FIELDS)
}

/// Appends one record. All records of one transaction carry the same `ingested_at`.
pub fn push_record(
    buffer: &mut CopyBuffer,
    topic_id: i32,
    ingested_at: DateTime<Utc>,
    record: &RecordRow<'_>,
) {
    let mut row = buffer.row();
    row.int4(topic_id)
        .int4(record.kafka_partition)
        .int8(record.kafka_offset);
    match record.kafka_timestamp {
        Some(timestamp) => row.timestamptz(timestamp),
        None => row.null(),
    };
    row.timestamptz(ingested_at).optional_bytea(record.key);
    if record.headers.is_empty() {
        row.null();
    } else {
        let names_and_values = record
            .headers
            .iter()
            .flat_map(|(name, value)| [Some(*name), *value]);
        row.bytea_array(names_and_values);
    }
    row.optional_bytea(record.payload);
}

/// This life of a topic in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicRef {
    /// `ops.topics.topic_id`.
    pub topic_id: i32,
    /// Whether the ledger knows earlier lives of a topic of this name: it was deleted and created again.
    pub is_recreated: bool,
}

/// Finds or makes the ledger's row for this life of a topic.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn register_topic(
    session: &Session,
    topic_name: &str,
    kafka_topic_id: &str,
) -> Result<TopicRef, WarehouseError> {
    let doing = "registering the topic";
    // Twice at most: a row that someone else makes at this moment shows only to the next statement.
    for _ in 0..2 {
        let row = session
            .query_opt(
                sql!("bronze/register_topic.sql"),
                &[&topic_name, &kafka_topic_id],
            )
            .await
            .map_err(WarehouseError::database(doing))?;
        let Some(row) = row else { continue };
        let others: i64 = session
            .query_one(
                sql!("bronze/earlier_lives.sql"),
                &[&topic_name, &kafka_topic_id],
            )
            .await
            .map_err(WarehouseError::database(doing))?
            .get(0);
        return Ok(TopicRef {
            topic_id: row.get(0),
            is_recreated: others > 0,
        });
    }
    Err(WarehouseError::Inconsistent(format!(
        "topic {topic_name} can neither be found nor registered"
    )))
}

/// Makes the partitions of `bronze.events` for the days to come. Call it at start and every few hours.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn ensure_storage(session: &Session) -> Result<(), WarehouseError> {
    session
        .execute("SELECT ops.ensure_bronze_partitions()", &[])
        .await
        .map_err(WarehouseError::database("making bronze partitions"))?;
    Ok(())
}

/// A claimed partition: ours until someone else claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionClaim {
    /// Kafka partition.
    pub kafka_partition: i32,
    /// The fence to write with.
    pub fence: i64,
    /// Where to go on.
    pub next_offset: i64,
    /// Whether bronze has neither a record nor a gap of it.
    pub is_untouched: bool,
    /// SHA-256 of the record before `next_offset`, or of the last one before a gap that ends there.
    pub last_record_hash: Option<[u8; 32]>,
}

/// Claims partitions: from now on only the caller can write them.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn claim_partitions(
    session: &Session,
    topic_id: i32,
    partitions: &[i32],
) -> Result<Vec<PartitionClaim>, WarehouseError> {
    let rows = session
        .query(
            sql!("bronze/claim_partitions.sql"),
            &[&topic_id, &partitions],
        )
        .await
        .map_err(WarehouseError::database("claiming partitions"))?;
    let claims = rows
        .iter()
        .map(|row| {
            let (records, gaps): (i64, i64) = (row.get("record_count"), row.get("gap_count"));
            let hash: Option<&[u8]> = row.get("last_record_hash");
            PartitionClaim {
                kafka_partition: row.get("kafka_partition"),
                fence: row.get("fence"),
                next_offset: row.get("next_offset"),
                is_untouched: records == 0 && gaps == 0,
                last_record_hash: hash.and_then(|bytes| bytes.try_into().ok()),
            }
        })
        .collect();
    Ok(claims)
}

/// Lets an untouched partition begin at Kafka's first available offset instead of 0.
///
/// # Errors
/// [`WarehouseError::Fenced`] where it was claimed by someone else or is not untouched.
pub async fn begin_partition(
    session: &Session,
    topic_id: i32,
    claim: &PartitionClaim,
    first_offset: i64,
) -> Result<(), WarehouseError> {
    let updated = session
        .execute(
            sql!("bronze/begin_partition.sql"),
            &[
                &topic_id,
                &claim.kafka_partition,
                &claim.fence,
                &first_offset,
            ],
        )
        .await
        .map_err(WarehouseError::database("beginning a partition"))?;
    if updated == 1 {
        return Ok(());
    }
    Err(WarehouseError::Fenced(format!(
        "partition {} of topic {topic_id}",
        claim.kafka_partition
    )))
}

/// Why offsets hold no record for bronze.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// The log never showed a record there: a transaction marker, or compaction.
    NotInLog,
    /// Kafka deleted records before they were read.
    RetentionLoss,
}

impl GapReason {
    const fn as_str(self) -> &'static str {
        match self {
            GapReason::NotInLog => "not_in_log",
            GapReason::RetentionLoss => "retention_loss",
        }
    }
}

/// A run of offsets without records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetGap {
    /// First missing offset.
    pub first_offset: i64,
    /// Last missing offset.
    pub last_offset: i64,
    /// Why.
    pub reason: GapReason,
}

/// What one transaction brings of one partition.
#[derive(Debug, Clone)]
pub struct PartitionBatch {
    /// Kafka partition.
    pub kafka_partition: i32,
    /// The fence of our claim.
    pub fence: i64,
    /// Where bronze must stand for the batch to fit.
    pub from_offset: i64,
    /// Where bronze stands afterwards.
    pub next_offset: i64,
    /// Offsets of the first and last record; absent where the batch holds only gaps.
    pub records: Option<RecordSpan>,
    /// Gaps between `from_offset` and `next_offset`.
    pub gaps: Vec<OffsetGap>,
    /// The end of the Kafka partition, where the broker has told it.
    pub high_watermark: Option<i64>,
    /// The records, as [`push_record`] made them.
    pub rows: CopyRows,
}

/// The records of a batch in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordSpan {
    /// Offset of the first record.
    pub first_offset: i64,
    /// Offset of the last record.
    pub last_offset: i64,
    /// Bytes of keys, headers and payloads.
    pub byte_count: i64,
    /// The oldest of their timestamps.
    pub oldest_record_at: Option<DateTime<Utc>>,
    /// The newest of their timestamps.
    pub newest_record_at: Option<DateTime<Utc>>,
    /// SHA-256 of the last record.
    pub last_record_hash: [u8; 32],
}

/// Writes a set of batches, at most one a partition, in one transaction: all or nothing.
///
/// # Errors
/// [`WarehouseError::Fenced`] where any of the partitions is not ours or not where the batch begins. After an error of
/// class `Retry` the transaction may have been committed all the same: read the positions before writing again.
pub async fn write_batches(
    session: &mut Session,
    topic_id: i32,
    ingested_at: DateTime<Utc>,
    batches: &[PartitionBatch],
) -> Result<(), WarehouseError> {
    let transaction = session
        .transaction()
        .await
        .map_err(WarehouseError::database("beginning a bronze transaction"))?;
    advance_partitions(&transaction, topic_id, batches).await?;
    for batch in batches {
        let doing = "copying records into bronze";
        batch
            .rows
            .copy(&transaction, sql!("bronze/copy_events.sql"), doing)
            .await?;
    }
    record_batches(&transaction, topic_id, ingested_at, batches).await?;
    record_gaps(&transaction, topic_id, batches).await?;
    transaction
        .batch_execute("NOTIFY assay_bronze")
        .await
        .map_err(WarehouseError::database("waking the silver stage"))?;
    transaction
        .commit()
        .await
        .map_err(WarehouseError::database("committing a bronze transaction"))
}

async fn advance_partitions(
    transaction: &deadpool_postgres::Transaction<'_>,
    topic_id: i32,
    batches: &[PartitionBatch],
) -> Result<(), WarehouseError> {
    let doing = "moving the partitions' offsets";
    let statement = transaction
        .prepare_cached(sql!("bronze/advance_partitions.sql"))
        .await
        .map_err(WarehouseError::database(doing))?;
    let span = |batch: &PartitionBatch| batch.records;
    let gap_offsets = |batch: &PartitionBatch| -> i64 {
        batch
            .gaps
            .iter()
            .map(|gap| gap.last_offset - gap.first_offset + 1)
            .sum()
    };
    let moved = transaction
        .execute(
            &statement,
            &[
                &topic_id,
                &column(batches, |batch| batch.kafka_partition),
                &column(batches, |batch| batch.fence),
                &column(batches, |batch| batch.from_offset),
                &column(batches, |batch| batch.next_offset),
                &column(batches, row_count),
                &column(batches, |batch| {
                    span(batch).map_or(0, |span| span.byte_count)
                }),
                &column(batches, gap_offsets),
                &column(batches, |batch| {
                    span(batch).map(|span| span.last_record_hash.to_vec())
                }),
                &column(batches, |batch| batch.high_watermark),
            ],
        )
        .await
        .map_err(WarehouseError::database(doing))?;
    if usize::try_from(moved) == Ok(batches.len()) {
        return Ok(());
    }
    Err(WarehouseError::Fenced(format!(
        "{} of {} partitions of topic {topic_id} are claimed by another consumer or stand at another offset",
        batches.len() - usize::try_from(moved).unwrap_or(0),
        batches.len()
    )))
}

async fn record_batches(
    transaction: &deadpool_postgres::Transaction<'_>,
    topic_id: i32,
    ingested_at: DateTime<Utc>,
    batches: &[PartitionBatch],
) -> Result<(), WarehouseError> {
    let doing = "recording bronze batches";
    let statement = transaction
        .prepare_cached(sql!("bronze/record_batches.sql"))
        .await
        .map_err(WarehouseError::database(doing))?;
    let filled: Vec<(&PartitionBatch, RecordSpan)> = batches
        .iter()
        .filter_map(|batch| Some((batch, batch.records?)))
        .collect();
    let row_counts = column(&filled, |(batch, _)| {
        i32::try_from(batch.rows.row_count()).unwrap_or(i32::MAX)
    });
    transaction
        .execute(
            &statement,
            &[
                &topic_id,
                &ingested_at,
                &column(&filled, |(batch, _)| batch.kafka_partition),
                &column(&filled, |(_, span)| span.first_offset),
                &column(&filled, |(_, span)| span.last_offset),
                &row_counts,
                &column(&filled, |(_, span)| span.byte_count),
                &column(&filled, |(_, span)| span.oldest_record_at),
                &column(&filled, |(_, span)| span.newest_record_at),
            ],
        )
        .await
        .map_err(WarehouseError::database(doing))?;
    Ok(())
}

async fn record_gaps(
    transaction: &deadpool_postgres::Transaction<'_>,
    topic_id: i32,
    batches: &[PartitionBatch],
) -> Result<(), WarehouseError> {
    let gaps: Vec<(i32, OffsetGap)> = batches
        .iter()
        .flat_map(|batch| batch.gaps.iter().map(|gap| (batch.kafka_partition, *gap)))
        .collect();
    if gaps.is_empty() {
        return Ok(());
    }
    transaction
        .execute(
            sql!("bronze/record_gaps.sql"),
            &[
                &topic_id,
                &column(&gaps, |(partition, _)| *partition),
                &column(&gaps, |(_, gap)| gap.first_offset),
                &column(&gaps, |(_, gap)| gap.last_offset),
                &column(&gaps, |(_, gap)| gap.reason.as_str()),
            ],
        )
        .await
        .map_err(WarehouseError::database("recording gaps in the offsets"))?;
    Ok(())
}

fn row_count(batch: &PartitionBatch) -> i64 {
    i64::try_from(batch.rows.row_count()).unwrap_or(i64::MAX)
}

/// One column of a table that travels as arrays.
pub(crate) fn column<Row, Value>(rows: &[Row], value: impl Fn(&Row) -> Value) -> Vec<Value> {
    rows.iter().map(value).collect()
}

/// Where a partition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Kafka partition.
    pub kafka_partition: i32,
    /// The fence of the latest claim.
    pub fence: i64,
    /// Where bronze stands.
    pub next_offset: i64,
}

/// Reads where partitions stand, in order of their number; after a COMMIT without an answer it tells what happened.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn read_positions(
    session: &Session,
    topic_id: i32,
    partitions: &[i32],
) -> Result<Vec<Position>, WarehouseError> {
    let rows = session
        .query(sql!("bronze/read_positions.sql"), &[&topic_id, &partitions])
        .await
        .map_err(WarehouseError::database("reading the partitions' offsets"))?;
    let positions = rows
        .iter()
        .map(|row| Position {
            kafka_partition: row.get("kafka_partition"),
            fence: row.get("fence"),
            next_offset: row.get("next_offset"),
        })
        .collect();
    Ok(positions)
}
