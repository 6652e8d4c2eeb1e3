//! Offsets at the very end of a log that hold no record, such as the marker behind the last transaction.
//!
//! A gap shows when a later record arrives, but behind the last record none does. So where a partition has been quiet for
//! a while although its log goes on, the rest of it is read once more by a client of its own. If that one reaches the end
//! without meeting a record, there is none: nothing that the reading client may have queued, paused or discarded can
//! mislead it.

use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Offset, TopicPartitionList};

use crate::group::log_client_line;
use crate::settings::ConsumerSettings;

/// Finds the end of a partition's log if there is no record from `from` on; nothing where there is one, or where it
/// cannot be found out within `limit`. Blocks.
///
/// # Errors
/// Where the client cannot be made or started.
pub fn find_end_without_records(
    settings: &ConsumerSettings,
    partition: i32,
    from: i64,
    limit: Duration,
) -> KafkaResult<Option<i64>> {
    let deadline = Instant::now() + limit;
    let Ok(mut config) = settings.plain_client() else {
        return Ok(None);
    };
    // The client wants a group for any assignment; assigned by hand, it never joins it.
    config
        .set("group.id", &settings.group_id)
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer<QuietContext> = config.create_with_context(QuietContext)?;
    // Read before the reading starts: what is written later may be met, and then the answer is "nothing".
    let (_, end) = consumer.fetch_watermarks(&settings.topic, partition, limit)?;
    if end <= from {
        return Ok(None);
    }
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&settings.topic, partition, Offset::Offset(from))?;
    consumer.assign(&list)?;
    while Instant::now() < deadline {
        match consumer.poll(Duration::from_millis(50)) {
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(Some(end)),
            Some(_) => return Ok(None),
            None => {}
        }
    }
    Ok(None)
}

struct QuietContext;

impl ConsumerContext for QuietContext {}

impl ClientContext for QuietContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_client_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "while looking at the end of a log");
    }
}
