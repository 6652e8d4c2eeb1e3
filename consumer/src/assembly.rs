//! The set of batches being filled: one batch per claimed partition, together one transaction. Pure: no I/O, no clock.
//!
//! Records go straight into PostgreSQL's COPY format, so that what is counted as memory is what will be sent. What an
//! arriving offset means is decided by [`Cursor`]; this module acts on it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use warehouse::bronze::{
    GapReason, OffsetGap, PartitionBatch, RecordRow, RecordSpan, push_record, record_buffer,
};
use warehouse::copy::CopyBuffer;

use crate::positions::{Cursor, Verdict};
use crate::record::{Record, hash_image};

/// When a set is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records of all partitions together.
    pub max_rows: u64,
    /// Bytes of all COPY buffers together; one record more may exceed it.
    pub max_bytes: usize,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// It is in the set now.
    Appended,
    /// It is in the set now, and so is the gap before it.
    AppendedAfterGap(OffsetGap),
    /// It is the overlap record, and it is what it was.
    OverlapConfirmed,
    /// It is the overlap record, and it is another one than bronze has.
    OverlapDiffers,
    /// Bronze or this set has it already.
    Repeated,
    /// It is not what must come first after a start; nothing was taken.
    UnbelievedJump {
        /// What was expected.
        expected: i64,
    },
    /// Its partition is not ours, or not any more.
    NotOurs,
}

/// A set that is ready to be written.
#[derive(Debug)]
pub struct WriteSet {
    /// The topic's life in the ledger.
    pub topic_id: i32,
    /// The time that all its rows carry.
    pub ingested_at: DateTime<Utc>,
    /// At most one batch a partition, in order of the partitions.
    pub batches: Vec<PartitionBatch>,
}

impl WriteSet {
    /// Records of all batches.
    pub fn row_count(&self) -> u64 {
        self.batches
            .iter()
            .map(|batch| batch.rows.row_count())
            .sum()
    }
}

/// The set being filled.
#[derive(Debug)]
pub struct Assembly {
    topic_id: i32,
    limits: Limits,
    lanes: BTreeMap<i32, Lane>,
    ingested_at: Option<DateTime<Utc>>,
    // Sums over the lanes, kept here because they are asked for at every record.
    row_count: u64,
    byte_len: usize,
}

#[derive(Debug)]
struct Lane {
    cursor: Cursor,
    from_offset: i64,
    rows: CopyBuffer,
    span: Option<OpenSpan>,
    gaps: Vec<OffsetGap>,
    last_image: Vec<u8>,
}

#[derive(Debug)]
struct OpenSpan {
    first_offset: i64,
    last_offset: i64,
    byte_count: usize,
    oldest: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
}

impl Assembly {
    /// An empty set without partitions.
    pub fn new(topic_id: i32, limits: Limits) -> Self {
        Assembly {
            topic_id,
            limits,
            lanes: BTreeMap::new(),
            ingested_at: None,
            row_count: 0,
            byte_len: 0,
        }
    }

    /// Takes up a partition, from where its cursor stands. What the set held of it before is dropped.
    pub fn assign(&mut self, partition: i32, cursor: Cursor) {
        self.lanes.insert(partition, Lane::new(cursor));
        self.recount();
    }

    /// Gives up a partition, and drops what the set holds of it.
    pub fn revoke(&mut self, partition: i32) {
        self.lanes.remove(&partition);
        self.recount();
    }

    /// The partitions taken up, in order.
    pub fn partitions(&self) -> impl Iterator<Item = i32> + '_ {
        self.lanes.keys().copied()
    }

    /// Where a partition stands; nothing for one that is not ours.
    pub fn cursor(&self, partition: i32) -> Option<&Cursor> {
        self.lanes.get(&partition).map(|lane| &lane.cursor)
    }

    /// Whether an overlap record is still to come.
    pub fn awaits_overlap(&self) -> bool {
        self.lanes.values().any(|lane| lane.cursor.awaits_overlap())
    }

    /// Tells all partitions that the client was paused, see [`Cursor::resumed`].
    pub fn resumed(&mut self) {
        for lane in self.lanes.values_mut() {
            lane.cursor.resumed();
        }
    }

    /// Offers a record. `now` becomes the time of the set if this is its first content.
    pub fn accept(&mut self, record: &Record<'_>, now: DateTime<Utc>) -> Acceptance {
        let Some(lane) = self.lanes.get_mut(&record.partition) else {
            return Acceptance::NotOurs;
        };
        let acceptance = match lane.cursor.judge(record.offset) {
            Verdict::UnbelievedJump { expected } => return Acceptance::UnbelievedJump { expected },
            Verdict::Repeated => Acceptance::Repeated,
            Verdict::CompareOverlap { hash } => lane.compare_overlap(record, hash),
            Verdict::Append => Acceptance::Appended,
            Verdict::AppendAfterGap {
                first_missing,
                last_missing,
            } => Acceptance::AppendedAfterGap(lane.note_gap(first_missing, last_missing)),
        };
        lane.cursor.arrived();
        if matches!(
            acceptance,
            Acceptance::Appended | Acceptance::AppendedAfterGap(_)
        ) {
            let ingested_at = *self.ingested_at.get_or_insert(now);
            let before = lane.rows.byte_len();
            lane.append(self.topic_id, ingested_at, record);
            self.row_count += 1;
            self.byte_len += lane.rows.byte_len() - before;
        }
        acceptance
    }

    /// Notes that a partition's log has nothing between the expected offset and `end_offset`, where it goes on. Answers
    /// the gap, or nothing where there is none or the partition is not ours.
    pub fn note_tail_gap(
        &mut self,
        partition: i32,
        end_offset: i64,
        now: DateTime<Utc>,
    ) -> Option<OffsetGap> {
        let lane = self.lanes.get_mut(&partition)?;
        let expected = lane.cursor.expected();
        if end_offset <= expected {
            return None;
        }
        self.ingested_at.get_or_insert(now);
        Some(lane.note_gap(expected, end_offset - 1))
    }

    /// Whether there is anything to write.
    pub fn is_empty(&self) -> bool {
        self.lanes.values().all(Lane::is_empty)
    }

    /// Whether the set should take no more.
    pub fn is_full(&self) -> bool {
        self.row_count >= self.limits.max_rows || self.byte_len >= self.limits.max_bytes
    }

    /// Records in the set.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Bytes of the COPY buffers.
    pub fn byte_len(&self) -> usize {
        self.byte_len
    }

    /// Takes the set out, to be written, and begins the next one. `end_of` tells the end of a partition's log, where it
    /// is known.
    pub fn close(&mut self, end_of: impl Fn(i32) -> Option<i64>) -> Option<WriteSet> {
        let ingested_at = self.ingested_at.take()?;
        let batches: Vec<PartitionBatch> = self
            .lanes
            .iter_mut()
            .filter(|(_, lane)| !lane.is_empty())
            .map(|(partition, lane)| lane.close(*partition, end_of(*partition)))
            .collect();
        self.row_count = 0;
        self.byte_len = 0;
        Some(WriteSet {
            topic_id: self.topic_id,
            ingested_at,
            batches,
        })
    }

    fn recount(&mut self) {
        self.row_count = self.lanes.values().map(|lane| lane.rows.row_count()).sum();
        self.byte_len = self.lanes.values().map(|lane| lane.rows.byte_len()).sum();
        if self.is_empty() {
            self.ingested_at = None;
        }
    }
}

impl Lane {
    fn new(cursor: Cursor) -> Self {
        Lane {
            from_offset: cursor.expected(),
            cursor,
            rows: record_buffer(),
            span: None,
            gaps: Vec::new(),
            last_image: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.span.is_none() && self.gaps.is_empty()
    }

    fn compare_overlap(&mut self, record: &Record<'_>, hash: [u8; 32]) -> Acceptance {
        // A buffer of its own: the lane's image may be the one of the last record taken.
        let mut image = Vec::new();
        record.write_image(&mut image);
        if hash_image(&image) == hash {
            Acceptance::OverlapConfirmed
        } else {
            Acceptance::OverlapDiffers
        }
    }

    fn note_gap(&mut self, first_offset: i64, last_offset: i64) -> OffsetGap {
        let gap = OffsetGap {
            first_offset,
            last_offset,
            reason: GapReason::NotInLog,
        };
        self.gaps.push(gap);
        self.cursor.advance(last_offset.saturating_add(1));
        gap
    }

    fn append(&mut self, topic_id: i32, ingested_at: DateTime<Utc>, record: &Record<'_>) {
        let row = RecordRow {
            kafka_partition: record.partition,
            kafka_offset: record.offset,
            kafka_timestamp: record.timestamp,
            key: record.key,
            headers: record.headers,
            payload: record.payload,
        };
        push_record(&mut self.rows, topic_id, ingested_at, &row);
        // Only the last record's hash is stored. Keeping its bytes is cheaper than hashing every record.
        record.write_image(&mut self.last_image);
        let span = self.span.get_or_insert(OpenSpan {
            first_offset: record.offset,
            last_offset: record.offset,
            byte_count: 0,
            oldest: None,
            newest: None,
        });
        span.last_offset = record.offset;
        span.byte_count += record.content_length();
        // An absent time is smaller than any other, so only the oldest needs care.
        span.newest = span.newest.max(record.timestamp);
        span.oldest = [span.oldest, record.timestamp].into_iter().flatten().min();
        self.cursor.advance(record.offset.saturating_add(1));
    }

    fn close(&mut self, partition: i32, end: Option<i64>) -> PartitionBatch {
        let next_offset = self.cursor.expected();
        let records = self.span.take().map(|span| RecordSpan {
            first_offset: span.first_offset,
            last_offset: span.last_offset,
            byte_count: i64::try_from(span.byte_count).unwrap_or(i64::MAX),
            oldest_record_at: span.oldest,
            newest_record_at: span.newest,
            last_record_hash: hash_image(&self.last_image),
        });
        PartitionBatch {
            kafka_partition: partition,
            fence: self.cursor.fence(),
            from_offset: std::mem::replace(&mut self.from_offset, next_offset),
            next_offset,
            records,
            gaps: std::mem::take(&mut self.gaps),
            // What the broker said a second ago may lie behind what it has sent since.
            high_watermark: end.map(|end| end.max(next_offset)),
            rows: std::mem::replace(&mut self.rows, record_buffer()).freeze(),
        }
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
mod tests;
