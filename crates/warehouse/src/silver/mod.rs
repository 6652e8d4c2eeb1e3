//! bronze → silver: one transaction claims partitions, reads their next bronze batches, loads what was judged, and moves
//! the cursors. What is loaded is decided by the transformer; that it happens once is decided by the cursor's row lock.

mod dimensions;
mod facts;
mod ledger;
mod orders;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

pub use dimensions::{CustomerAttributes, NamedDimension, ProductAttributes};
pub use facts::{
    DuplicateRow, FactBuffers, OrderEventRow, OrderLine, OrderLineRow, OrderStepRow, QuarantineRow,
};
pub use ledger::SilverBatch;
pub use orders::{OrderRow, OrderSnapshot};

use crate::bronze::column;
use crate::transaction::{LayeredTransaction, Parameters};
use crate::{Session, WarehouseError, sql};

/// The most events of one silver transaction: one block of fact keys.
pub const MAX_LOAD_EVENTS: usize = 65_536;

/// One record of one life of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPosition {
    /// `ops.topics.topic_id`.
    pub topic_id: i32,
    /// Kafka partition.
    pub kafka_partition: i32,
    /// Kafka offset.
    pub kafka_offset: i64,
}

/// What silver has yet to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Partitions that have something.
    pub partitions: i64,
    /// Records in them.
    pub records: i64,
}

/// Makes cursors for new partitions and counts what is to do.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn backlog(session: &Session) -> Result<Backlog, WarehouseError> {
    let doing = "reading the backlog of silver";
    let statement = session
        .prepare_cached(&session.layers().place(sql!("silver/backlog.sql")))
        .await
        .map_err(WarehouseError::database(doing))?;
    let row = session
        .query_one(&statement, &[])
        .await
        .map_err(WarehouseError::database(doing))?;
    Ok(Backlog {
        partitions: row.get("partitions"),
        records: row.get("records"),
    })
}

/// Makes cursors for partitions that bronze knows and silver does not.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn discover_cursors(session: &Session) -> Result<(), WarehouseError> {
    session
        .execute(
            &*session.layers().place(sql!("silver/discover_cursors.sql")),
            &[],
        )
        .await
        .map_err(WarehouseError::database("making silver cursors"))?;
    Ok(())
}

/// A claimed partition: ours until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// `ops.topics.topic_id`.
    pub topic_id: i32,
    /// Kafka partition.
    pub kafka_partition: i32,
    /// Where silver stands.
    pub next_offset: i64,
}

/// A bronze batch that waits to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingBatch {
    /// `ops.topics.topic_id`.
    pub topic_id: i32,
    /// Kafka partition.
    pub kafka_partition: i32,
    /// Offset of its first record.
    pub first_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Records in it.
    pub row_count: i32,
    /// Bytes in it.
    pub byte_count: i64,
    /// `bronze.events.ingested_at` of its records.
    pub ingested_at: DateTime<Utc>,
    /// When it was written.
    pub committed_at: DateTime<Utc>,
}

/// A record as bronze holds it.
#[derive(Debug)]
pub struct BronzeRecord {
    row: Row,
}

impl BronzeRecord {
    /// Its Kafka offset.
    pub fn kafka_offset(&self) -> i64 {
        self.row.get(0)
    }

    /// When the consumer took it.
    pub fn ingested_at(&self) -> DateTime<Utc> {
        self.row.get(1)
    }

    /// Its value; absent in a tombstone.
    pub fn payload(&self) -> Option<&[u8]> {
        self.row.get(2)
    }
}

/// An event that was accepted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownEvent {
    /// The record that it was accepted from.
    pub position: RecordPosition,
    /// The hash of its content.
    pub content_hash: [u8; 16],
}

/// A silver transaction in progress. Dropped without [`SilverTransaction::commit`] it leaves nothing behind.
pub struct SilverTransaction<'a> {
    transaction: LayeredTransaction<'a>,
}

impl<'a> SilverTransaction<'a> {
    /// Begins.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn begin(session: &'a mut Session) -> Result<SilverTransaction<'a>, WarehouseError> {
        let transaction =
            LayeredTransaction::begin(session, "beginning a silver transaction").await?;
        Ok(SilverTransaction { transaction })
    }

    /// A savepoint: what is done in it can be undone by dropping it, without giving up the claim.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn attempt(&mut self) -> Result<SilverTransaction<'_>, WarehouseError> {
        let transaction = self.transaction.savepoint().await?;
        Ok(SilverTransaction { transaction })
    }

    /// Ends well: the transaction, or the savepoint that [`SilverTransaction::attempt`] set.
    ///
    /// # Errors
    /// Of class `Retry`, where nobody knows whether the commit happened; the cursors tell.
    pub async fn commit(self) -> Result<(), WarehouseError> {
        self.transaction
            .commit("committing a silver transaction")
            .await
    }

    /// Undoes the transaction, or what was done since the savepoint.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn undo(self) -> Result<(), WarehouseError> {
        self.transaction
            .roll_back("undoing a silver transaction")
            .await
    }

    /// Claims up to `limit` partitions that have something to do and that nobody else works on.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn claim(&self, limit: i64) -> Result<Vec<Cursor>, WarehouseError> {
        let rows = self
            .query(
                sql!("silver/claim_cursors.sql"),
                &[&limit],
                "claiming partitions for silver",
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| Cursor {
                topic_id: row.get(0),
                kafka_partition: row.get(1),
                next_offset: row.get(2),
            })
            .collect())
    }

    /// The next bronze batches of the claimed partitions, at most `limit` each, in order of partition and offset.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn pending_batches(
        &self,
        cursors: &[Cursor],
        limit: i64,
    ) -> Result<Vec<PendingBatch>, WarehouseError> {
        let rows = self
            .query(
                sql!("silver/pending_batches.sql"),
                &[
                    &column(cursors, |cursor| cursor.topic_id),
                    &column(cursors, |cursor| cursor.kafka_partition),
                    &column(cursors, |cursor| cursor.next_offset),
                    &limit,
                ],
                "looking for bronze batches",
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| PendingBatch {
                topic_id: row.get("topic_id"),
                kafka_partition: row.get("kafka_partition"),
                first_offset: row.get("first_offset"),
                last_offset: row.get("last_offset"),
                row_count: row.get("row_count"),
                byte_count: row.get("byte_count"),
                ingested_at: row.get("ingested_at"),
                committed_at: row.get("committed_at"),
            })
            .collect())
    }

    /// The records of batches that follow each other in one partition, in order of their offsets.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where bronze does not hold as many as the ledger says.
    pub async fn read_events(
        &self,
        batches: &[PendingBatch],
    ) -> Result<Vec<BronzeRecord>, WarehouseError> {
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
            return Ok(Vec::new());
        };
        let oldest = batches.iter().map(|batch| batch.ingested_at).min();
        let newest = batches.iter().map(|batch| batch.ingested_at).max();
        let rows = self
            .query(
                sql!("silver/read_events.sql"),
                &[
                    &first.topic_id,
                    &first.kafka_partition,
                    &first.first_offset,
                    &last.last_offset,
                    &oldest,
                    &newest,
                ],
                "reading bronze",
            )
            .await?;
        let promised: i64 = batches.iter().map(|batch| i64::from(batch.row_count)).sum();
        if i64::try_from(rows.len()) != Ok(promised) {
            return Err(WarehouseError::Inconsistent(format!(
                "bronze holds {} records of topic {} partition {} from offset {} to {}, the ledger says {promised}: \
                 run `transformer verify`",
                rows.len(),
                first.topic_id,
                first.kafka_partition,
                first.first_offset,
                last.last_offset
            )));
        }
        Ok(rows.into_iter().map(|row| BronzeRecord { row }).collect())
    }

    /// Which of these events were accepted before.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn known_events(
        &self,
        event_ids: &[Uuid],
    ) -> Result<HashMap<Uuid, KnownEvent>, WarehouseError> {
        if event_ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = self
            .query(
                sql!("silver/known_events.sql"),
                &[&event_ids],
                "looking for duplicates",
            )
            .await?;
        rows.iter()
            .map(|row| {
                let hash: &[u8] = row.get("content_hash");
                let known = KnownEvent {
                    position: RecordPosition {
                        topic_id: row.get("topic_id"),
                        kafka_partition: row.get("kafka_partition"),
                        kafka_offset: row.get("kafka_offset"),
                    },
                    content_hash: hash.try_into().map_err(|_| {
                        WarehouseError::Inconsistent(
                            "a content hash in silver.fct_order_events is not 16 bytes long".into(),
                        )
                    })?,
                };
                Ok((row.get("event_id"), known))
            })
            .collect()
    }

    pub(crate) async fn query(
        &self,
        statement: &'static str,
        parameters: Parameters<'_>,
        doing: &'static str,
    ) -> Result<Vec<Row>, WarehouseError> {
        self.transaction.query(statement, parameters, doing).await
    }

    pub(crate) async fn execute(
        &self,
        statement: &'static str,
        parameters: Parameters<'_>,
        doing: &'static str,
    ) -> Result<u64, WarehouseError> {
        self.transaction.execute(statement, parameters, doing).await
    }
}
