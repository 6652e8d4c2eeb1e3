//! From a Kafka client to a topic that the ledger knows: waits for the topic, learns its id, registers this life of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use service_kit::{Backoff, Failure, Shutdown};
use tokio::runtime::Handle;
use warehouse::bronze::{TopicRef, ensure_storage, read_positions, register_topic};
use warehouse::{ErrorClass, Warehouse, WarehouseError};

use crate::claim::read_log_spans;
use crate::group::GroupContext;
use crate::happenings;
use crate::health::{Dependency, Health};
use crate::native::{IdentityProbe, TopicIdentity};
use crate::outcome::{Again, SessionEnd, configuration_failure};

const ASK_TIMEOUT: Duration = Duration::from_secs(5);
const BETWEEN_LOOKS_FOR_TOPIC: Duration = Duration::from_secs(1);
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(200);
const LONGEST_RETRY_DELAY: Duration = Duration::from_secs(5);

/// The id of all topics where Kafka knows no ids: sixteen zero bytes in base64.
const NO_TOPIC_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The topic as this session reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTopic {
    /// Its life in the ledger.
    pub topic_id: i32,
    /// Kafka's id of this life.
    pub kafka_topic_id: String,
}

/// What opening needs from outside.
pub struct Opening<'a> {
    /// Where asynchronous work runs while this thread waits for it.
    pub handle: &'a Handle,
    /// The ledger.
    pub warehouse: &'a Warehouse,
    /// Whether Kafka and PostgreSQL answer.
    pub health: &'a Health,
    /// Whether somebody wants the end.
    pub shutdown: &'a Shutdown,
    /// The topic's name.
    pub topic: &'a str,
    /// The brokers as given, for messages.
    pub kafka_address: &'a str,
    /// Until when a dependency that is away is waited for; without limit once the service has been up.
    pub patience_ends: Option<Instant>,
    /// The life of the topic that the service read before.
    pub earlier: Option<&'a OpenTopic>,
}

impl Opening<'_> {
    /// Opens the topic. Waits without limit for a topic that does not exist, since whoever creates it may come later; for
    /// Kafka and PostgreSQL themselves only as long as patience lasts. Blocks.
    ///
    /// # Errors
    /// How the session ends instead.
    pub fn open(
        &self,
        consumer: &BaseConsumer<GroupContext>,
        probe: &mut IdentityProbe<'_>,
    ) -> Result<OpenTopic, SessionEnd> {
        let kafka_topic_id = self.wait_for_topic(consumer, probe)?;
        let partitions = self.read_partitions(consumer)?;
        let topic_id = self.register(&kafka_topic_id, &partitions)?;
        Ok(OpenTopic {
            topic_id,
            kafka_topic_id,
        })
    }

    fn wait_for_topic(
        &self,
        consumer: &BaseConsumer<GroupContext>,
        probe: &mut IdentityProbe<'_>,
    ) -> Result<String, SessionEnd> {
        let mut backoff = Backoff::new(FIRST_RETRY_DELAY, LONGEST_RETRY_DELAY);
        let mut has_said_missing = false;
        loop {
            probe.ask(ASK_TIMEOUT);
            match self.await_answer(consumer, probe)? {
                Ok(TopicIdentity::Id(id)) => {
                    self.health.back(Dependency::Kafka);
                    if id == NO_TOPIC_ID {
                        tracing::warn!(
                            "this Kafka gives topics no id (it is older than 2.8): a topic that is created anew can only be \
                             told from the one before by comparing records"
                        );
                    }
                    return Ok(id);
                }
                Ok(TopicIdentity::Missing) => {
                    self.health.back(Dependency::Kafka);
                    self.health.is_at_work(false);
                    if !std::mem::replace(&mut has_said_missing, true) {
                        tracing::warn!(
                            "topic {} does not exist at {}: waiting for it; start the producer or create it, or set \
                             KAFKA_TOPIC",
                            self.topic,
                            self.kafka_address
                        );
                    }
                    self.pause(BETWEEN_LOOKS_FOR_TOPIC)?;
                }
                Err(error) => {
                    if let Some(failure) = error
                        .code
                        .and_then(|code| configuration_failure(code, &error.reason))
                    {
                        return Err(failure.into());
                    }
                    self.kafka_is_away(&error.reason)?;
                    self.pause(backoff.next_delay())?;
                }
            }
        }
    }

    /// Waits for the answer that was asked for, and lets the client say what it has to say meanwhile.
    fn await_answer(
        &self,
        consumer: &BaseConsumer<GroupContext>,
        probe: &mut IdentityProbe<'_>,
    ) -> Result<Result<TopicIdentity, crate::native::IdentityUnknown>, SessionEnd> {
        loop {
            if let Some(answer) = probe.answer(Duration::from_millis(20)) {
                return Ok(answer);
            }
            // No partition is assigned yet, so no record can come.
            let _ = consumer.poll(Duration::ZERO);
            if let Some(failure) = consumer.context().take_refusal() {
                return Err(failure.into());
            }
            if self.shutdown.is_requested() {
                return Err(SessionEnd::Finished);
            }
        }
    }

    fn kafka_is_away(&self, reason: &str) -> Result<(), SessionEnd> {
        self.health.away(Dependency::Kafka, &reason);
        if self.is_patience_over() {
            return Err(SessionEnd::Failed(Failure::Unreachable(format!(
                "cannot reach Kafka at {}: {reason}: start it, or set KAFKA_BOOTSTRAP_SERVERS",
                self.kafka_address
            ))));
        }
        Ok(())
    }

    fn read_partitions(
        &self,
        consumer: &BaseConsumer<GroupContext>,
    ) -> Result<Vec<i32>, SessionEnd> {
        let metadata = consumer
            .fetch_metadata(Some(self.topic), ASK_TIMEOUT)
            .map_err(|error| {
                SessionEnd::Again(Again::Kafka(format!(
                    "cannot read the topic's partitions: {error}"
                )))
            })?;
        let topic = metadata
            .topics()
            .iter()
            .find(|topic| topic.name() == self.topic);
        Ok(topic
            .map(|topic| {
                topic
                    .partitions()
                    .iter()
                    .map(|partition| partition.id())
                    .collect()
            })
            .unwrap_or_default())
    }

    fn register(&self, kafka_topic_id: &str, partitions: &[i32]) -> Result<i32, SessionEnd> {
        let mut backoff = Backoff::new(FIRST_RETRY_DELAY, LONGEST_RETRY_DELAY);
        loop {
            let error = match self
                .handle
                .block_on(self.register_once(kafka_topic_id, partitions))
            {
                Ok((topic, is_new_life)) => {
                    self.health.back(Dependency::Postgres);
                    self.say_if_recreated(kafka_topic_id, topic, is_new_life);
                    return Ok(topic.topic_id);
                }
                Err(error) => error,
            };
            // A database that nobody has migrated yet is a dependency that is not up yet, as long as we are starting.
            let may_come = match error.class() {
                ErrorClass::Retry => true,
                ErrorClass::Configuration => {
                    self.patience_ends.is_some() && matches!(error, WarehouseError::Database { .. })
                }
                _ => false,
            };
            if !may_come || self.is_patience_over() {
                return Err(Failure::from(error).into());
            }
            self.health.away(Dependency::Postgres, &error);
            self.pause(backoff.next_delay())?;
        }
    }

    async fn register_once(
        &self,
        kafka_topic_id: &str,
        partitions: &[i32],
    ) -> Result<(TopicRef, bool), WarehouseError> {
        let session = self.warehouse.connect().await?;
        ensure_storage(&session).await?;
        let topic = register_topic(&session, self.topic, kafka_topic_id).await?;
        let positions = read_positions(&session, topic.topic_id, partitions).await?;
        session.release();
        Ok((topic, positions.is_empty()))
    }

    /// Says it loudly when this life of the topic is met for the first time, and others are known.
    fn say_if_recreated(&self, kafka_topic_id: &str, topic: TopicRef, is_new_life: bool) {
        let was_other = self
            .earlier
            .is_some_and(|earlier| earlier.kafka_topic_id != kafka_topic_id);
        if was_other || (self.earlier.is_none() && topic.is_recreated && is_new_life) {
            happenings::topic_recreated(self.topic, kafka_topic_id);
        }
    }

    /// The ends of all partitions' logs, for `--exit-at-end`.
    ///
    /// # Errors
    /// Where Kafka does not answer.
    pub fn read_ends(
        &self,
        consumer: &BaseConsumer<GroupContext>,
    ) -> Result<BTreeMap<i32, i64>, SessionEnd> {
        let partitions = self.read_partitions(consumer)?;
        let deadline = Instant::now() + ASK_TIMEOUT * 2;
        let spans = read_log_spans(consumer, self.topic, &partitions, deadline)?;
        Ok(spans
            .into_iter()
            .map(|(partition, span)| (partition, span.end_offset))
            .collect())
    }

    fn is_patience_over(&self) -> bool {
        self.patience_ends.is_some_and(|end| Instant::now() >= end)
    }

    fn pause(&self, duration: Duration) -> Result<(), SessionEnd> {
        if sleep_unless_shutdown(self.handle, self.shutdown, duration) {
            return Err(SessionEnd::Finished);
        }
        Ok(())
    }
}

/// Sleeps on this thread; true, and at once, where the end is wished for.
pub fn sleep_unless_shutdown(handle: &Handle, shutdown: &Shutdown, duration: Duration) -> bool {
    handle.block_on(async {
        tokio::select! {
            () = shutdown.requested() => true,
            () = tokio::time::sleep(duration) => false,
        }
    })
}
