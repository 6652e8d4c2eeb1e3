//! From the set that was filled to the writer: waits for Kafka's word that the topic is still the same.
//!
//! After a topic has been deleted and created again, the Kafka client silently goes on in the new one at the old offset,
//! if the new one is that long. So records may only be written as the topic's own if Kafka says, later than the last of
//! them was read, that the topic has the id that it had when the session began.

use std::time::{Duration, Instant};

use crate::assembly::WriteSet;
use crate::native::{IdentityProbe, IdentityUnknown, TopicIdentity};
use crate::outcome::{Again, SessionEnd, configuration_failure};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A set that waits.
struct ClosedSet {
    set: WriteSet,
    closed_at: Instant,
}

/// At most one set, on its way to the writer; and a look at the topic's id now and then while there is none.
pub struct Handover<'session> {
    probe: IdentityProbe<'session>,
    kafka_topic_id: String,
    check_interval: Duration,
    ask_again_at: Instant,
    closed: Option<ClosedSet>,
}

impl<'session> Handover<'session> {
    /// Nothing on its way. `kafka_topic_id` is the id that the topic must keep.
    pub fn new(
        probe: IdentityProbe<'session>,
        kafka_topic_id: String,
        check_interval: Duration,
    ) -> Self {
        Handover {
            probe,
            kafka_topic_id,
            check_interval,
            ask_again_at: Instant::now() + check_interval,
            closed: None,
        }
    }

    /// Whether no set is on its way.
    pub fn is_empty(&self) -> bool {
        self.closed.is_none()
    }

    /// Takes a set whose last record has been read. Only when empty.
    pub fn put(&mut self, set: WriteSet) {
        self.closed = Some(ClosedSet {
            set,
            closed_at: Instant::now(),
        });
        self.probe.ask(ANSWER_TIMEOUT);
    }

    /// Drops what the set holds of these partitions.
    pub fn revoke(&mut self, partitions: &[i32]) {
        if let Some(closed) = &mut self.closed {
            closed
                .set
                .batches
                .retain(|batch| !partitions.contains(&batch.kafka_partition));
        }
        self.closed.take_if(|closed| closed.set.batches.is_empty());
    }

    /// The set, once Kafka has given its word. Does not block.
    ///
    /// # Errors
    /// How the session ends, where the topic is another one, is gone, or may not be described.
    pub fn take_confirmed(&mut self) -> Result<Option<WriteSet>, SessionEnd> {
        let Some(asked_at) = self.probe.asked_at() else {
            if Instant::now() >= self.ask_again_at {
                self.probe.ask(ANSWER_TIMEOUT);
            }
            return Ok(None);
        };
        let Some(answer) = self.probe.answer(Duration::ZERO) else {
            return Ok(None);
        };
        match answer {
            Ok(TopicIdentity::Id(id)) if id == self.kafka_topic_id => {
                self.ask_again_at = Instant::now() + self.check_interval;
                Ok(self.confirm(asked_at))
            }
            Ok(TopicIdentity::Id(_)) => Err(SessionEnd::Again(Again::TopicRecreated)),
            Ok(TopicIdentity::Missing) => Err(SessionEnd::Again(Again::TopicMissing)),
            Err(error) => self.ask_later(&error),
        }
    }

    fn confirm(&mut self, asked_at: Instant) -> Option<WriteSet> {
        let is_meant = self
            .closed
            .as_ref()
            .is_some_and(|closed| asked_at >= closed.closed_at);
        if !is_meant && self.closed.is_some() {
            // The question was older than the set's last record.
            self.probe.ask(ANSWER_TIMEOUT);
        }
        self.closed.take_if(|_| is_meant).map(|closed| closed.set)
    }

    fn ask_later(&mut self, error: &IdentityUnknown) -> Result<Option<WriteSet>, SessionEnd> {
        let refusal = error
            .code
            .and_then(|code| configuration_failure(code, &error.reason));
        if let Some(failure) = refusal {
            return Err(failure.into());
        }
        tracing::debug!(%error, "asking again");
        self.ask_again_at = Instant::now() + RETRY_DELAY;
        Ok(None)
    }
}
