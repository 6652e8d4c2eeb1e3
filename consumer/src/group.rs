//! Our side of the consumer group: what happens when partitions are assigned and taken away.
//!
//! The Kafka client calls back inside of `poll`, on the thread that reads, which is ours to block. What the callbacks find
//! out waits in an inbox, which the reading loop empties before it touches the next record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};
use service_kit::{Failure, Shutdown};
use tokio::runtime::Handle;
use warehouse::Warehouse;

use crate::claim::{ClaimTerms, ClaimedPartition, claim, read_log_spans};
use crate::health::{Dependency, Health};
use crate::link::WriterLink;
use crate::outcome::{Again, SessionEnd, code_of, configuration_failure};
use crate::settings::RetentionLossPolicy;
use crate::statistics::Report;
use crate::suspicion::Suspicions;

/// What the group, or the client, has done to us.
#[derive(Debug)]
pub enum GroupEvent {
    /// These are ours now, and are being read.
    Assigned(Vec<ClaimedPartition>),
    /// These are not ours any more.
    Revoked(Vec<i32>),
    /// The session cannot go on.
    Broken(SessionEnd),
}

/// What is waiting to be looked at.
#[derive(Debug, Default)]
struct Inbox {
    events: Vec<GroupEvent>,
    log_ends: Option<BTreeMap<i32, i64>>,
    refused: Option<Failure>,
}

/// What the callbacks need from outside.
pub struct GroupEnvironment {
    /// Where asynchronous work runs while the reading thread waits for it.
    pub handle: Handle,
    /// Where partitions are claimed.
    pub warehouse: Warehouse,
    /// Whether Kafka and PostgreSQL answer.
    pub health: Arc<Health>,
    /// Whether the end is near, so that waiting must be short.
    pub shutdown: Shutdown,
    /// The topic's name.
    pub topic: String,
    /// How long an answer to the group may take.
    pub budget: Duration,
    /// What to do where Kafka has deleted unread records.
    pub on_retention_loss: RetentionLossPolicy,
    /// What has looked wrong before.
    pub suspicions: Arc<Mutex<Suspicions>>,
}

/// The state that the client's callbacks work on.
pub struct GroupContext {
    environment: GroupEnvironment,
    link: Mutex<WriterLink>,
    topic_id: OnceLock<i32>,
    inbox: Mutex<Inbox>,
}

/// Locks what only one thread uses at a time anyway. Every value under these locks is whole at any moment, so a panic
/// while one is held does no harm.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GroupContext {
    /// The state of a session that begins.
    pub fn new(environment: GroupEnvironment, link: WriterLink) -> Self {
        GroupContext {
            environment,
            link: Mutex::new(link),
            topic_id: OnceLock::new(),
            inbox: Mutex::new(Inbox::default()),
        }
    }

    /// Tells which life of the topic partitions are claimed for; before the group is joined.
    pub fn set_topic_id(&self, topic_id: i32) {
        // The session sets it once; a second value would be a defect that the first claim shows.
        let _ = self.topic_id.set(topic_id);
    }

    /// The way to the writer. Do not hold it while polling: the callbacks use it.
    pub fn link(&self) -> MutexGuard<'_, WriterLink> {
        lock(&self.link)
    }

    /// Whether Kafka and PostgreSQL answer.
    pub fn health(&self) -> &Health {
        &self.environment.health
    }

    /// What has looked wrong before.
    pub fn suspicions(&self) -> &Mutex<Suspicions> {
        &self.environment.suspicions
    }

    /// What has happened since the last call.
    pub fn take_events(&self) -> Vec<GroupEvent> {
        std::mem::take(&mut lock(&self.inbox).events)
    }

    /// That Kafka refuses us for good, if it does.
    pub fn take_refusal(&self) -> Option<Failure> {
        lock(&self.inbox).refused.take()
    }

    /// The ends of the partitions' logs, where they were reported since the last call.
    pub fn take_log_ends(&self) -> Option<BTreeMap<i32, i64>> {
        lock(&self.inbox).log_ends.take()
    }

    fn tell(&self, event: GroupEvent) {
        lock(&self.inbox).events.push(event);
    }

    fn on_assign(&self, consumer: &BaseConsumer<Self>, partitions: &[i32]) {
        let assigned = self
            .claim(consumer, partitions)
            .and_then(|claimed| self.start_reading(consumer, claimed));
        match assigned {
            // No partitions is an answer too: all are with other members.
            Ok(claimed) => self.tell(GroupEvent::Assigned(claimed)),
            // The group is left at once instead of being answered; the client does not mind (tested).
            Err(end) => self.tell(GroupEvent::Broken(end)),
        }
    }

    fn claim(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &[i32],
    ) -> Result<Vec<ClaimedPartition>, SessionEnd> {
        if partitions.is_empty() {
            return Ok(Vec::new());
        }
        let Some(topic_id) = self.topic_id.get().copied() else {
            let why = "partitions were assigned before the topic was known";
            return Err(SessionEnd::Again(Again::Kafka(why.to_owned())));
        };
        let environment = &self.environment;
        let deadline = Instant::now() + environment.budget;
        let spans = read_log_spans(consumer, &environment.topic, partitions, deadline)?;
        let suspicions = lock(&environment.suspicions).clone();
        let terms = ClaimTerms {
            topic: &environment.topic,
            topic_id,
            on_retention_loss: environment.on_retention_loss,
            suspicions: &suspicions,
        };
        let claimed =
            environment
                .handle
                .block_on(claim(&environment.warehouse, &terms, &spans, deadline))?;
        environment.health.back(Dependency::Postgres);
        Ok(claimed)
    }

    /// Assigns exactly once, with PostgreSQL's offsets. (A seek afterwards would fail, because reading has not begun.)
    fn start_reading(
        &self,
        consumer: &BaseConsumer<Self>,
        claimed: Vec<ClaimedPartition>,
    ) -> Result<Vec<ClaimedPartition>, SessionEnd> {
        let list = self
            .list(
                claimed
                    .iter()
                    .map(|claim| (claim.partition, Offset::Offset(claim.read_from))),
            )
            .and_then(|list| consumer.incremental_assign(&list));
        match list {
            Ok(()) => Ok(claimed),
            Err(error) => Err(broken(
                "cannot start reading the assigned partitions",
                &error,
            )),
        }
    }

    fn on_revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = self.partitions_in(list);
        // The records in hand are dropped by the reading loop; what is on its way may land, so that the next owner goes
        // on behind it. If it does not end in time, the next owner's claim makes PostgreSQL refuse it.
        let limit = match self.environment.shutdown.is_requested() {
            true => self.environment.budget.min(Duration::from_secs(1)),
            false => self.environment.budget,
        };
        if !self.link().settle(limit) {
            tracing::warn!(
                ?partitions,
                "giving partitions back while a write is still on its way"
            );
        }
        if let Err(error) = consumer.incremental_unassign(list) {
            self.tell(GroupEvent::Broken(broken(
                "cannot give partitions back",
                &error,
            )));
        }
        if !partitions.is_empty() {
            self.tell(GroupEvent::Revoked(partitions));
        }
    }

    fn list(
        &self,
        offsets: impl Iterator<Item = (i32, Offset)>,
    ) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets {
            list.add_partition_offset(&self.environment.topic, partition, offset)?;
        }
        Ok(list)
    }

    fn partitions_in(&self, list: &TopicPartitionList) -> Vec<i32> {
        let elements = list.elements_for_topic(&self.environment.topic);
        elements.iter().map(|element| element.partition()).collect()
    }
}

fn broken(what: &str, error: &KafkaError) -> SessionEnd {
    SessionEnd::Again(Again::Kafka(format!("{what}: {error}")))
}

impl ConsumerContext for GroupContext {
    /// Overrides the default, which ignores whether the assignment succeeded.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        error: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        if error == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let partitions = self.partitions_in(list);
            self.on_assign(consumer, &partitions);
        } else {
            self.on_revoke(consumer, list);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(%error, "the group's offsets, which only lag tools read, were not updated");
        }
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_client_line(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        match Report::parse(statistics, &self.environment.topic) {
            Ok(report) => {
                lock(&self.inbox).log_ends = Some(report.log_ends);
                if report.is_connected {
                    self.environment.health.back(Dependency::Kafka);
                }
            }
            Err(error) => tracing::debug!(%error, "the client's statistics cannot be read"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let Some(code) = code_of(&error) else {
            return;
        };
        tracing::debug!(?code, reason, "the client reports an error");
        if let Some(failure) = configuration_failure(code, reason) {
            lock(&self.inbox).refused = Some(failure);
        }
        if code == RDKafkaErrorCode::AllBrokersDown {
            self.environment.health.away(Dependency::Kafka, &reason);
        }
    }
}

/// The client's own lines. While brokers are away it writes several a second, so only what is grave is shown; what
/// matters of the rest is said once by [`Health`].
pub(crate) fn log_client_line(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(target: "librdkafka", facility, "{message}");
        }
        _ => tracing::debug!(target: "librdkafka", facility, "{message}"),
    }
}
