//! What happens in the consumer, each happening with its log line and its metrics under fixed names, so that dashboards
//! and alerts have a contract to lean on.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use warehouse::bronze::{GapReason, OffsetGap};

use crate::writer::CommittedBatch;

const RECORDS: &str = "assay_consumer_records_total";
const BYTES: &str = "assay_consumer_bytes_total";
const BATCHES: &str = "assay_consumer_batches_total";
const BATCH_ROWS: &str = "assay_consumer_batch_rows";
const COMMIT_SECONDS: &str = "assay_consumer_commit_seconds";
const DELAY_SECONDS: &str = "assay_consumer_delay_seconds";
const LAG: &str = "assay_consumer_lag_records";
const FENCED: &str = "assay_consumer_fenced_total";
const REBALANCES: &str = "assay_consumer_rebalances_total";
const RECREATED: &str = "assay_consumer_topic_recreated_total";
const GAPS: &str = "assay_consumer_gaps_total";
const OUTAGES: &str = "assay_consumer_outages_total";
const SESSIONS: &str = "assay_consumer_sessions_total";
const LOST_ANSWERS: &str = "assay_consumer_lost_commit_answers_total";

/// Names and zeroes the metrics, so that "never happened" and "not measured" look different.
pub fn describe() {
    describe_counter!(RECORDS, "Records committed to bronze.");
    describe_counter!(
        BYTES,
        "Bytes of keys, headers and payloads committed to bronze."
    );
    describe_counter!(
        BATCHES,
        "Batches committed to bronze, one per partition and transaction."
    );
    describe_histogram!(BATCH_ROWS, "Records per transaction.");
    describe_histogram!(
        COMMIT_SECONDS,
        "Duration of a bronze transaction, from BEGIN to the answer to COMMIT."
    );
    describe_histogram!(
        DELAY_SECONDS,
        "From a batch's newest Kafka timestamp to its commit."
    );
    describe_gauge!(LAG, "Records of a partition that bronze does not have yet.");
    describe_counter!(
        FENCED,
        "Transactions refused because another consumer had claimed a partition."
    );
    describe_counter!(
        REBALANCES,
        "Changes of the partitions assigned to this consumer."
    );
    describe_counter!(
        RECREATED,
        "Times that the topic turned out to have been deleted and created again."
    );
    describe_counter!(GAPS, "Runs of offsets that hold no record, by reason.");
    describe_counter!(OUTAGES, "Times that a dependency went away.");
    describe_counter!(SESSIONS, "Times that this consumer joined the group.");
    describe_counter!(LOST_ANSWERS, "Transactions whose COMMIT got no answer.");
    for name in [
        RECORDS,
        BYTES,
        BATCHES,
        FENCED,
        RECREATED,
        SESSIONS,
        LOST_ANSWERS,
    ] {
        counter!(name).absolute(0);
    }
    for dependency in ["kafka", "postgresql"] {
        counter!(OUTAGES, "dependency" => dependency).absolute(0);
    }
    for reason in ["not_in_log", "retention_loss"] {
        counter!(GAPS, "reason" => reason).absolute(0);
    }
    for kind in ["assigned", "revoked"] {
        counter!(REBALANCES, "kind" => kind).absolute(0);
    }
}

/// A transaction was committed.
pub fn committed(batches: &[CommittedBatch], duration: Duration) {
    let rows: u64 = batches.iter().map(|batch| batch.row_count).sum();
    counter!(RECORDS).increment(rows);
    counter!(BYTES).increment(batches.iter().map(|batch| batch.byte_count).sum());
    counter!(BATCHES).increment(batches.iter().filter(|batch| batch.row_count > 0).count() as u64);
    #[allow(clippy::cast_precision_loss)] // a metric; batches are far below 2^52 rows
    histogram!(BATCH_ROWS).record(rows as f64);
    histogram!(COMMIT_SECONDS).record(duration.as_secs_f64());
    let now = chrono::Utc::now();
    for newest in batches.iter().filter_map(|batch| batch.newest_record_at) {
        // Senders' clocks may run ahead of ours.
        let delay = (now - newest).to_std().unwrap_or_default();
        histogram!(DELAY_SECONDS).record(delay.as_secs_f64());
    }
    tracing::debug!(
        rows,
        batches = batches.len(),
        ?duration,
        "committed to bronze"
    );
}

/// A partition's end became known, or bronze moved towards it.
pub fn lag(partition: i32, records: i64) {
    #[allow(clippy::cast_precision_loss)] // a metric
    gauge!(LAG, "partition" => partition.to_string()).set(records as f64);
}

/// The log has nothing at these offsets.
pub fn gap(partition: i32, gap: &OffsetGap) {
    let (first, last) = (gap.first_offset, gap.last_offset);
    match gap.reason {
        GapReason::NotInLog => {
            counter!(GAPS, "reason" => "not_in_log").increment(1);
            tracing::debug!(
                partition,
                first,
                last,
                "the log holds no record at these offsets"
            );
        }
        GapReason::RetentionLoss => {
            counter!(GAPS, "reason" => "retention_loss").increment(1);
            tracing::error!(
                partition,
                first,
                last,
                "Kafka deleted {} records before they were read: recorded as lost, going on behind them",
                last - first + 1
            );
        }
    }
}

/// Partitions were assigned.
pub fn assigned(partitions: &[i32]) {
    counter!(REBALANCES, "kind" => "assigned").increment(1);
    tracing::info!(?partitions, "claimed partitions");
}

/// Partitions were taken away.
pub fn revoked(partitions: &[i32]) {
    counter!(REBALANCES, "kind" => "revoked").increment(1);
    tracing::info!(?partitions, "gave partitions back");
    for partition in partitions {
        lag(*partition, 0);
    }
}

/// Another consumer has claimed what we were writing.
pub fn fenced(why: &str) {
    counter!(FENCED).increment(1);
    tracing::warn!(
        why,
        "our write was refused and nothing of it is in bronze: claiming anew"
    );
}

/// A COMMIT got no answer.
pub fn commit_answer_lost(reason: &str) {
    counter!(LOST_ANSWERS).increment(1);
    tracing::debug!(
        reason,
        "a transaction got no answer: its fate will be read from the ledger"
    );
}

/// The topic is another one than before.
pub fn topic_recreated(topic: &str, kafka_topic_id: &str) {
    counter!(RECREATED).increment(1);
    tracing::error!(
        topic,
        kafka_topic_id,
        "the topic was deleted and created again: what was not read before is lost; reading the new one from its beginning"
    );
}

/// A dependency went away; the log line is [`service_kit::Outage`]'s.
pub fn outage(dependency: &'static str) {
    counter!(OUTAGES, "dependency" => dependency).increment(1);
}

/// The consumer joins the group.
pub fn session_begins(topic: &str, topic_id: i32, group: &str) {
    counter!(SESSIONS).increment(1);
    tracing::info!(topic, topic_id, group, "joining the consumer group");
}
