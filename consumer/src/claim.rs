//! Claiming partitions in PostgreSQL and finding out where to start reading each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use service_kit::{Backoff, Failure};
use warehouse::bronze::{
    GapReason, OffsetGap, PartitionBatch, PartitionClaim, begin_partition, claim_partitions,
    record_buffer, write_batches,
};
use warehouse::{ErrorClass, Warehouse, WarehouseError};

use crate::happenings;
use crate::outcome::{Again, SessionEnd, end_by_warehouse};
use crate::positions::Cursor;
use crate::settings::RetentionLossPolicy;
use crate::starting::{LogSpan, Start, decide_start};
use crate::suspicion::{Sign, Suspicions};

const FIRST_RETRY_DELAY: Duration = Duration::from_millis(50);
const LONGEST_RETRY_DELAY: Duration = Duration::from_millis(500);

/// A partition that only we can write from now on.
#[derive(Debug)]
pub struct ClaimedPartition {
    /// Kafka partition.
    pub partition: i32,
    /// Where to read from: one record before the cursor where that record can be compared.
    pub read_from: i64,
    /// Where bronze stands.
    pub cursor: Cursor,
}

/// What claims are made for and how.
#[derive(Debug)]
pub struct ClaimTerms<'a> {
    /// The topic's name in Kafka.
    pub topic: &'a str,
    /// Its life in the ledger.
    pub topic_id: i32,
    /// What to do where Kafka has deleted unread records.
    pub on_retention_loss: RetentionLossPolicy,
    /// What has looked wrong before.
    pub suspicions: &'a Suspicions,
}

/// The logs' spans of these partitions, as Kafka tells them now. Blocks.
///
/// # Errors
/// Where a broker does not answer in time.
pub fn read_log_spans<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partitions: &[i32],
    deadline: Instant,
) -> Result<BTreeMap<i32, LogSpan>, SessionEnd> {
    let mut spans = BTreeMap::new();
    for partition in partitions {
        let left = deadline.saturating_duration_since(Instant::now());
        let (first_offset, end_offset) = consumer
            .fetch_watermarks(topic, *partition, left.max(Duration::from_millis(100)))
            .map_err(|error| {
                SessionEnd::Again(Again::Kafka(format!(
                    "cannot read the span of partition {partition}: {error}"
                )))
            })?;
        let span = LogSpan {
            first_offset,
            end_offset,
        };
        spans.insert(*partition, span);
    }
    Ok(spans)
}

/// Claims partitions and decides where to start, trying until `deadline` while PostgreSQL is away.
///
/// # Errors
/// How the session must end, where it cannot have the partitions or must not read them.
pub async fn claim(
    warehouse: &Warehouse,
    terms: &ClaimTerms<'_>,
    spans: &BTreeMap<i32, LogSpan>,
    deadline: Instant,
) -> Result<Vec<ClaimedPartition>, SessionEnd> {
    let mut backoff = Backoff::new(FIRST_RETRY_DELAY, LONGEST_RETRY_DELAY);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let attempt = tokio::time::timeout(left, claim_once(warehouse, terms, spans)).await;
        match attempt {
            Ok(Ok(claimed)) => return Ok(claimed),
            Ok(Err(ClaimError::Session(end))) => return Err(end),
            Ok(Err(ClaimError::Warehouse(error))) if error.class() != ErrorClass::Retry => {
                return Err(end_by_warehouse(error));
            }
            Ok(Err(ClaimError::Warehouse(error))) => {
                let delay = backoff.next_delay();
                if Instant::now() + delay >= deadline {
                    return Err(end_by_warehouse(error));
                }
                tokio::time::sleep(delay).await;
            }
            Err(_) => {
                let why = "claiming partitions in PostgreSQL takes longer than the group may wait";
                return Err(SessionEnd::Again(Again::Database(why.to_owned())));
            }
        }
    }
}

enum ClaimError {
    Warehouse(WarehouseError),
    Session(SessionEnd),
}

impl From<WarehouseError> for ClaimError {
    fn from(error: WarehouseError) -> Self {
        ClaimError::Warehouse(error)
    }
}

async fn claim_once(
    warehouse: &Warehouse,
    terms: &ClaimTerms<'_>,
    spans: &BTreeMap<i32, LogSpan>,
) -> Result<Vec<ClaimedPartition>, ClaimError> {
    let partitions: Vec<i32> = spans.keys().copied().collect();
    let mut session = warehouse.connect().await?;
    let claims = claim_partitions(&session, terms.topic_id, &partitions).await?;
    let mut claimed = Vec::with_capacity(claims.len());
    let mut losses = Vec::new();
    for claim in &claims {
        let Some(span) = spans.get(&claim.kafka_partition) else {
            continue;
        };
        let start = decide_start(claim, *span);
        if let Start::BeginAt { first_offset } = start {
            begin_partition(&session, terms.topic_id, claim, first_offset).await?;
            tracing::info!(
                partition = claim.kafka_partition,
                first_offset,
                "the log begins behind offset 0: so does bronze"
            );
        }
        claimed.push(locate(claim, start, terms, &mut losses).map_err(ClaimError::Session)?);
    }
    if !losses.is_empty() {
        write_batches(&mut session, terms.topic_id, Utc::now(), &losses).await?;
        for (batch, gap) in losses
            .iter()
            .flat_map(|batch| batch.gaps.iter().map(move |gap| (batch, gap)))
        {
            happenings::gap(batch.kafka_partition, gap);
        }
    }
    session.release();
    Ok(claimed)
}

/// Turns the decision into a cursor; a loss that may be recorded is added to `losses`.
fn locate(
    claim: &PartitionClaim,
    start: Start,
    terms: &ClaimTerms<'_>,
    losses: &mut Vec<PartitionBatch>,
) -> Result<ClaimedPartition, SessionEnd> {
    let (next_offset, read_from, overlap) = match start {
        Start::At {
            next_offset,
            read_from,
            overlap,
        } => (next_offset, read_from, overlap),
        Start::BeginAt { first_offset } => (first_offset, first_offset, None),
        Start::RetentionLoss {
            first_lost,
            last_lost,
        } => {
            if terms.on_retention_loss == RetentionLossPolicy::Stop {
                return Err(retention_failure(terms.topic, claim, first_lost, last_lost).into());
            }
            losses.push(loss_batch(claim, first_lost, last_lost));
            (last_lost + 1, last_lost + 1, None)
        }
        Start::LogTooShort => {
            return Err(SessionEnd::Again(Again::Suspicious {
                sign: Sign::LogTooShort,
                partition: claim.kafka_partition,
                offset: claim.next_offset,
            }));
        }
    };
    let is_second_look =
        terms
            .suspicions
            .is_second_look(Sign::Jump, claim.kafka_partition, next_offset);
    Ok(ClaimedPartition {
        partition: claim.kafka_partition,
        read_from,
        cursor: Cursor::new(claim.fence, next_offset, overlap, is_second_look),
    })
}

fn retention_failure(
    topic: &str,
    claim: &PartitionClaim,
    first_lost: i64,
    last_lost: i64,
) -> Failure {
    Failure::DataNotInOrder(format!(
        "Kafka deleted records of {topic} partition {} before they were read: offsets {first_lost} to {last_lost} are \
         lost; to record them as lost and go on behind them, start with --on-retention-loss=record",
        claim.kafka_partition
    ))
}

fn loss_batch(claim: &PartitionClaim, first_lost: i64, last_lost: i64) -> PartitionBatch {
    PartitionBatch {
        kafka_partition: claim.kafka_partition,
        fence: claim.fence,
        from_offset: first_lost,
        next_offset: last_lost + 1,
        records: None,
        gaps: vec![OffsetGap {
            first_offset: first_lost,
            last_offset: last_lost,
            reason: GapReason::RetentionLoss,
        }],
        high_watermark: None,
        rows: record_buffer().freeze(),
    }
}
