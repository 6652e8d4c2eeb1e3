//! Publishing to Kafka: idempotent, acknowledged by all replicas, with bounded memory.
//!
//! [`Publisher::send`] hands a record over and returns; Kafka's word on it comes later, on the client's own thread, and
//! is written into the [`Receipts`]. When the client's queue is full, `send` waits: that is how a slow broker slows the
//! shop down.

mod connect;
mod context;

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, PurgeConfig, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode as ErrorCode;
use service_kit::{Failure, Shutdown};

use crate::disturb::Outgoing;
use crate::truth_ledger::Receipts;

pub use connect::{Compression, PublishSettings};
use context::{Context, code_of};

/// How long the records in flight may take once somebody asked for the end, or the run has failed.
const FLUSH_GRACE: Duration = Duration::from_secs(20);

/// While the last records are under way, so often it is looked whether they have arrived.
const FLUSH_LOOK: Duration = Duration::from_millis(5);

/// A full queue is looked at again after so long.
const FULL_QUEUE_NAP: Duration = Duration::from_millis(1);

/// A connection to Kafka, for one topic.
pub struct Publisher {
    producer: ThreadedProducer<Context>,
    topic: String,
}

/// How a record was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// Kafka's client has it, and will say what became of it.
    Accepted,
    /// The queue stayed full until somebody asked for the end, or a record failed meanwhile. It was not sent.
    Abandoned,
}

impl Publisher {
    /// Hands a record to Kafka's client; waits while its queue is full.
    ///
    /// # Errors
    /// Where the client refuses the record for good, as it does after a fatal error.
    pub fn send(&self, outgoing: &Outgoing<'_>, shutdown: &Shutdown) -> Result<Handover, Failure> {
        loop {
            let mut record: BaseRecord<'_, str, [u8], usize> =
                BaseRecord::with_opaque_to(&self.topic, code_of(outgoing.kind)).key(outgoing.key);
            if let Some(payload) = outgoing.payload {
                record = record.payload(payload);
            }
            let Err((error, _)) = self.producer.send(record) else {
                return Ok(Handover::Accepted);
            };
            if error != KafkaError::MessageProduction(ErrorCode::QueueFull) {
                return Err(self.refusal(&error));
            }
            if shutdown.is_requested() || self.has_failed() {
                return Ok(Handover::Abandoned);
            }
            std::thread::sleep(FULL_QUEUE_NAP);
        }
    }

    fn refusal(&self, error: &KafkaError) -> Failure {
        let cause = self
            .context()
            .fatal_error()
            .unwrap_or_else(|| error.to_string());
        Failure::Unreachable(format!(
            "Kafka's client takes no more records for {}: {cause}: see the broker's log, then run again",
            self.topic
        ))
    }

    /// Whether Kafka gave up on a record.
    pub fn has_failed(&self) -> bool {
        self.context().has_failed()
    }

    /// Records that wait for being sent or acknowledged.
    pub fn queued(&self) -> usize {
        usize::try_from(self.producer.in_flight_count()).unwrap_or(0)
    }

    /// Waits until Kafka has spoken on every record. Once `shutdown` is requested or a record has failed, for a short
    /// while only; what is left then counts as failed.
    pub fn flush(&self, shutdown: &Shutdown) {
        let mut deadline: Option<Instant> = None;
        loop {
            if self.producer.flush(FLUSH_LOOK).is_ok() {
                return;
            }
            if shutdown.is_requested() || self.has_failed() {
                deadline.get_or_insert_with(|| Instant::now() + FLUSH_GRACE);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.give_up_on_the_rest();
                return;
            }
        }
    }

    fn give_up_on_the_rest(&self) {
        tracing::warn!(
            records = self.queued(),
            "Kafka has not acknowledged everything within {FLUSH_GRACE:?}: giving up on the rest"
        );
        self.producer
            .purge(PurgeConfig::default().queue().inflight());
        if let Err(error) = self.producer.flush(Duration::from_secs(5)) {
            tracing::warn!(%error, "some records are unaccounted for");
        }
    }

    /// What Kafka said so far.
    pub fn receipts(&self) -> MutexGuard<'_, Receipts> {
        self.context().receipts()
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    fn context(&self) -> &Context {
        self.producer.context()
    }
}

/// Whether an error says that the credentials are wrong, so that waiting is of no use.
fn is_refusal_of_credentials(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed)
    )
}
