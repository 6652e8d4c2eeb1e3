//! The reading loop of a session: polls Kafka, fills sets, hands them to the writer, and answers to the group.
//!
//! A set goes three steps: it is filled, it waits for Kafka's word that the topic is still the same, it is written. One
//! set can be filled while another one waits or is written; there are never more, which bounds the memory.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use service_kit::Shutdown;

use crate::assembly::{Acceptance, Assembly, WriteSet};
use crate::end_watch::EndWatch;
use crate::group::{GroupContext, GroupEvent, lock};
use crate::happenings;
use crate::health::Dependency;
use crate::native::{IdentityProbe, TopicIdentity, read_headers};
use crate::opening::OpenTopic;
use crate::outcome::{Again, SessionEnd, code_of, configuration_failure};
use crate::pacing::Pacing;
use crate::record::{Record, timestamp_from_millis};
use crate::settings::ConsumerSettings;
use crate::suspicion::Sign;
use crate::tail_watch::TailWatch;
use crate::writer::{CommittedBatch, WriteEnd};

/// How long polling waits while nothing is in hand.
const IDLE_WAIT: Duration = Duration::from_millis(100);
/// How long polling waits while an answer of Kafka or PostgreSQL is expected any moment.
const SHORT_WAIT: Duration = Duration::from_millis(2);
/// Records taken between two looks at everything else.
const RECORDS_PER_ROUND: usize = 500;
const IDENTITY_TIMEOUT: Duration = Duration::from_secs(5);
const IDENTITY_RETRY_DELAY: Duration = Duration::from_millis(500);
/// How long the end of the service may wait for what is in hand.
const DRAIN_LIMIT: Duration = Duration::from_secs(6);

/// Where compaction has taken the overlap record and no other follows, it never comes.
const LONGEST_WAIT_FOR_OVERLAP: Duration = Duration::from_secs(5);

/// A set that waits for Kafka's word that the topic is still the same.
struct ClosedSet {
    set: WriteSet,
    closed_at: Instant,
}

/// The reading loop's state.
pub struct Reader<'session> {
    consumer: &'session BaseConsumer<GroupContext>,
    settings: &'session ConsumerSettings,
    shutdown: &'session Shutdown,
    topic: OpenTopic,
    probe: IdentityProbe<'session>,
    ask_again_at: Instant,
    assembly: Assembly,
    pacing: Pacing,
    closed: Option<ClosedSet>,
    committed: BTreeMap<i32, i64>,
    tail_watch: TailWatch,
    end_watch: Option<EndWatch>,
    assigned_at: Option<Instant>,
    /// Whether anything was committed, which shows that beginning again was worth it.
    pub has_committed: bool,
}

impl<'session> Reader<'session> {
    /// A loop that has nothing yet. `probe` asks for the id of the topic; `end_watch` knows when to finish.
    pub fn new(
        consumer: &'session BaseConsumer<GroupContext>,
        settings: &'session ConsumerSettings,
        shutdown: &'session Shutdown,
        topic: OpenTopic,
        probe: IdentityProbe<'session>,
        end_watch: Option<EndWatch>,
    ) -> Self {
        Reader {
            assembly: Assembly::new(topic.topic_id, settings.limits),
            pacing: Pacing::new(settings.max_delay),
            ask_again_at: Instant::now() + settings.topic_check_interval,
            consumer,
            settings,
            shutdown,
            topic,
            probe,
            closed: None,
            committed: BTreeMap::new(),
            tail_watch: TailWatch::default(),
            end_watch,
            assigned_at: None,
            has_committed: false,
        }
    }

    /// Runs until the session ends.
    pub fn run(&mut self) -> SessionEnd {
        loop {
            if self.shutdown.is_requested() {
                return self.drain();
            }
            match self.round() {
                Ok(()) => {}
                Err(SessionEnd::Finished) => return self.drain(),
                Err(end) => return end,
            }
        }
    }

    fn round(&mut self) -> Result<(), SessionEnd> {
        self.look_after_the_rest(Duration::ZERO)?;
        if self.is_at_end() {
            tracing::info!("all that Kafka held at the start is in bronze");
            return Err(SessionEnd::Finished);
        }
        let now = Instant::now();
        if self.assembly.is_full() || self.pacing.is_due(now) {
            self.close_set();
        }
        if self.assembly.is_full() {
            return self.wait_for_room();
        }
        if self.pacing.unblocked() {
            self.resume()?;
        }
        self.read(self.poll_wait(now))
    }

    /// Everything but reading: the group, the writer's answers, the topic's identity. Waits for the writer's answer at
    /// most for `wait`.
    fn look_after_the_rest(&mut self, wait: Duration) -> Result<(), SessionEnd> {
        let context = self.consumer.context();
        if let Some(failure) = context.take_refusal() {
            return Err(failure.into());
        }
        for event in context.take_events() {
            self.on_group_event(event)?;
        }
        let end = self.consumer.context().link().take_end(wait);
        if let Some(end) = end {
            self.on_write_end(end)?;
        }
        self.look_after_identity()
    }

    /// Whether all that was wanted is done. Not before the group has answered and the logs have been held against
    /// bronze, or a topic with another past would be taken for one that brings nothing new.
    fn is_at_end(&mut self) -> bool {
        let Some(assigned_at) = self.assigned_at else {
            return false;
        };
        let is_compared =
            !self.assembly.awaits_overlap() || assigned_at.elapsed() > LONGEST_WAIT_FOR_OVERLAP;
        is_compared && self.end_watch.as_mut().is_some_and(EndWatch::is_reached)
    }

    fn on_group_event(&mut self, event: GroupEvent) -> Result<(), SessionEnd> {
        match event {
            GroupEvent::Broken(end) => return Err(end),
            GroupEvent::Assigned(claimed) => {
                self.assigned_at = Some(Instant::now());
                let partitions: Vec<i32> = claimed.iter().map(|claim| claim.partition).collect();
                for claim in claimed {
                    self.committed
                        .insert(claim.partition, claim.cursor.expected());
                    self.assembly.assign(claim.partition, claim.cursor);
                }
                if self.pacing.is_paused() {
                    self.pause(&partitions)?;
                }
                happenings::assigned(&partitions);
            }
            GroupEvent::Revoked(partitions) => {
                for partition in &partitions {
                    self.assembly.revoke(*partition);
                    self.committed.remove(partition);
                    self.tail_watch.forget(*partition);
                }
                if let Some(closed) = &mut self.closed {
                    closed
                        .set
                        .batches
                        .retain(|batch| !partitions.contains(&batch.kafka_partition));
                }
                self.closed.take_if(|closed| closed.set.batches.is_empty());
                happenings::revoked(&partitions);
            }
        }
        if self.assembly.is_empty() {
            self.pacing.emptied();
        }
        Ok(())
    }

    fn on_write_end(&mut self, end: WriteEnd) -> Result<(), SessionEnd> {
        match end {
            WriteEnd::Committed { batches, duration } => {
                self.has_committed = true;
                happenings::committed(&batches, duration);
                self.on_committed(&batches);
                Ok(())
            }
            WriteEnd::Fenced(why) => {
                happenings::fenced(&why);
                Err(SessionEnd::Again(Again::Fenced(why)))
            }
            WriteEnd::Failed(failure) => Err(failure.into()),
            WriteEnd::WriterGone => Err(writer_gone()),
        }
    }

    fn on_committed(&mut self, batches: &[CommittedBatch]) {
        let log_ends = self.consumer.context().log_ends();
        let suspicions = self.consumer.context().suspicions();
        let mut list = TopicPartitionList::new();
        for batch in batches {
            lock(suspicions).forget(batch.partition);
            // A partition that went back meanwhile, or even came again, is not ours to report on.
            let is_ours = self
                .assembly
                .cursor(batch.partition)
                .is_some_and(|cursor| cursor.fence() == batch.fence);
            if !is_ours {
                continue;
            }
            self.committed.insert(batch.partition, batch.next_offset);
            if let Some(end) = log_ends.get(&batch.partition) {
                happenings::lag(batch.partition, (end - batch.next_offset).max(0));
            }
            let offset = Offset::Offset(batch.next_offset);
            if let Err(error) =
                list.add_partition_offset(&self.settings.topic, batch.partition, offset)
            {
                tracing::debug!(%error, "an offset cannot be reported to the group");
            }
        }
        // For lag tools alone: PostgreSQL knows where to go on.
        if let Err(error) = self.consumer.commit(&list, CommitMode::Async) {
            tracing::debug!(%error, "the group's offsets, which only lag tools read, were not updated");
        }
    }

    /// Closes the set being filled, if the one before it is out of the way.
    fn close_set(&mut self) {
        if self.closed.is_some() || !self.consumer.context().link().is_idle() {
            return;
        }
        let log_ends = self.consumer.context().log_ends();
        if let Some(set) = self
            .assembly
            .close(|partition| log_ends.get(&partition).copied())
        {
            let closed_at = Instant::now();
            self.closed = Some(ClosedSet { set, closed_at });
            self.probe.ask(IDENTITY_TIMEOUT);
        }
        self.pacing.emptied();
    }

    /// Records may only be written as the topic's own if Kafka says, later than the last of them was read, that the
    /// topic still is the one it was: after a topic has been deleted and created again, the client silently goes on in
    /// the new one at the old offset.
    fn look_after_identity(&mut self) -> Result<(), SessionEnd> {
        if self.probe.asked_at().is_none() {
            if Instant::now() >= self.ask_again_at {
                self.probe.ask(IDENTITY_TIMEOUT);
            }
            return Ok(());
        }
        let asked_at = self.probe.asked_at();
        let Some(answer) = self.probe.answer(Duration::ZERO) else {
            return Ok(());
        };
        self.ask_again_at = Instant::now() + self.settings.topic_check_interval;
        match answer {
            Ok(TopicIdentity::Id(id)) if id == self.topic.kafka_topic_id => {
                let is_waiting = self.closed.as_ref().map(|closed| closed.closed_at);
                match (is_waiting, asked_at) {
                    (Some(closed_at), Some(asked_at)) if asked_at >= closed_at => {
                        self.send_closed_set()
                    }
                    (Some(_), _) => {
                        self.probe.ask(IDENTITY_TIMEOUT);
                        Ok(())
                    }
                    (None, _) => Ok(()),
                }
            }
            Ok(TopicIdentity::Id(_)) => Err(SessionEnd::Again(Again::TopicRecreated)),
            Ok(TopicIdentity::Missing) => Err(SessionEnd::Again(Again::TopicMissing)),
            Err(error) => {
                if let Some(failure) = error
                    .code
                    .and_then(|code| configuration_failure(code, &error.reason))
                {
                    return Err(failure.into());
                }
                tracing::debug!(%error, "asking again");
                self.ask_again_at = Instant::now() + IDENTITY_RETRY_DELAY;
                Ok(())
            }
        }
    }

    fn send_closed_set(&mut self) -> Result<(), SessionEnd> {
        let Some(closed) = self.closed.take() else {
            return Ok(());
        };
        // Sets are closed only while the writer is idle, so a writer that refuses one is gone.
        let sent = self.consumer.context().link().send(closed.set);
        sent.map_err(|_| writer_gone())
    }

    /// The set being filled is full and the one before it is not written yet: hold still.
    fn wait_for_room(&mut self) -> Result<(), SessionEnd> {
        if self.pacing.blocked(Instant::now()) {
            let partitions: Vec<i32> = self.assembly.partitions().collect();
            tracing::debug!(
                ?partitions,
                "PostgreSQL does not keep up: reading is paused"
            );
            self.pause(&partitions)?;
        }
        if self.pacing.is_paused() {
            // Polling keeps us in the group; paused partitions bring no records.
            return self.read(IDLE_WAIT);
        }
        self.look_after_the_rest(SHORT_WAIT)
    }

    fn poll_wait(&self, now: Instant) -> Duration {
        let is_answer_expected = self.closed.is_some();
        let wait = match self.pacing.until_due(now) {
            Some(until_due) => until_due.clamp(SHORT_WAIT, IDLE_WAIT),
            None => IDLE_WAIT,
        };
        if is_answer_expected { SHORT_WAIT } else { wait }
    }

    /// Takes what Kafka has, waiting at most for `wait` for the first record.
    fn read(&mut self, wait: Duration) -> Result<(), SessionEnd> {
        let mut wait = wait;
        for _ in 0..RECORDS_PER_ROUND {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => self.take(&message)?,
                Some(Err(error)) => self.on_client_error(&error)?,
                // Also after a change of the assignment, which must be looked at before the next record is.
                None => return self.look_at_tails(),
            }
            if self.assembly.is_full() {
                return Ok(());
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn take(&mut self, message: &BorrowedMessage<'_>) -> Result<(), SessionEnd> {
        let (partition, offset) = (message.partition(), message.offset());
        let headers = read_headers(message).unwrap_or_else(|error| {
            tracing::warn!(partition, offset, %error, "the record is kept without its headers");
            Vec::new()
        });
        let record = Record {
            partition,
            offset,
            timestamp: message
                .timestamp()
                .to_millis()
                .and_then(timestamp_from_millis),
            key: message.key(),
            headers: &headers,
            payload: message.payload(),
        };
        let suspicious = |sign, offset| {
            SessionEnd::Again(Again::Suspicious {
                sign,
                partition,
                offset,
            })
        };
        match self.assembly.accept(&record, Utc::now()) {
            Acceptance::Appended => {}
            Acceptance::AppendedAfterGap(gap) => happenings::gap(partition, &gap),
            Acceptance::OverlapDiffers => return Err(suspicious(Sign::OtherContent, offset)),
            Acceptance::UnbelievedJump { expected } => {
                return Err(suspicious(Sign::Jump, expected));
            }
            Acceptance::OverlapConfirmed | Acceptance::Repeated | Acceptance::NotOurs => {
                return Ok(());
            }
        }
        let now = Instant::now();
        self.pacing.filling(now);
        self.tail_watch.arrived(partition, now);
        Ok(())
    }

    fn on_client_error(&mut self, error: &KafkaError) -> Result<(), SessionEnd> {
        let Some(code) = code_of(error) else {
            return Err(SessionEnd::Again(Again::Kafka(error.to_string())));
        };
        match code {
            // The client reconnects by itself.
            RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::CoordinatorLoadInProgress
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::LeaderNotAvailable => Ok(()),
            // The client skips what it cannot read, which must not become a gap.
            RDKafkaErrorCode::BadMessage
            | RDKafkaErrorCode::NotImplemented
            | RDKafkaErrorCode::BadCompression => {
                tracing::error!(%error, "a record batch cannot be read");
                Err(SessionEnd::Again(self.unreadable()))
            }
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                Err(SessionEnd::Again(Again::TopicMissing))
            }
            _ => match configuration_failure(code, &error.to_string()) {
                Some(failure) => Err(failure.into()),
                // An offset out of range, among others: the next session compares the log with bronze.
                None => Err(SessionEnd::Again(Again::Kafka(error.to_string()))),
            },
        }
    }

    /// The wrapper does not tell which partition an error is about, so the sign is noted for all of them at the place
    /// where they all stand: the sum of their offsets.
    fn unreadable(&self) -> Again {
        let offset = self
            .committed
            .values()
            .fold(0i64, |sum, offset| sum.wrapping_add(*offset));
        Again::Suspicious {
            sign: Sign::Unreadable,
            partition: -1,
            offset,
        }
    }

    fn look_at_tails(&mut self) -> Result<(), SessionEnd> {
        if self.pacing.is_paused() || self.consumer.context().health().is_away(Dependency::Kafka) {
            return Ok(());
        }
        let log_ends = self.consumer.context().log_ends();
        let now = Instant::now();
        let quiet = self.tail_watch.pick_quiet(&self.assembly, &log_ends, now);
        let Some((partition, expected)) = quiet else {
            return Ok(());
        };
        if let Some(end) = TailWatch::examine(self.settings, partition, expected)
            && let Some(gap) = self.assembly.note_tail_gap(partition, end, Utc::now())
        {
            happenings::gap(partition, &gap);
            self.pacing.filling(Instant::now());
        }
        Ok(())
    }

    fn pause(&self, partitions: &[i32]) -> Result<(), SessionEnd> {
        let list = self.list_of(partitions);
        self.consumer.pause(&list).map_err(|error| {
            SessionEnd::Again(Again::Kafka(format!("cannot pause reading: {error}")))
        })
    }

    fn resume(&mut self) -> Result<(), SessionEnd> {
        let partitions: Vec<i32> = self.assembly.partitions().collect();
        self.assembly.resumed();
        let list = self.list_of(&partitions);
        self.consumer.resume(&list).map_err(|error| {
            SessionEnd::Again(Again::Kafka(format!("cannot resume reading: {error}")))
        })
    }

    fn list_of(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(&self.settings.topic, *partition);
        }
        list
    }

    /// Writes what is in hand, and ends. What cannot be written in time is read again by whoever comes next.
    fn drain(&mut self) -> SessionEnd {
        let deadline = Instant::now() + DRAIN_LIMIT;
        loop {
            if let Err(end) = self.look_after_the_rest(SHORT_WAIT) {
                return match end {
                    SessionEnd::Again(why) => {
                        tracing::info!(%why, "ended with records in hand: they will be read again");
                        SessionEnd::Finished
                    }
                    other => other,
                };
            }
            self.close_set();
            let is_idle = self.consumer.context().link().is_idle();
            if is_idle && self.closed.is_none() && self.assembly.is_empty() {
                return SessionEnd::Finished;
            }
            if Instant::now() >= deadline {
                tracing::warn!(
                    "PostgreSQL or Kafka did not answer in time: the records in hand will be read again"
                );
                return SessionEnd::Finished;
            }
        }
    }
}

fn writer_gone() -> SessionEnd {
    SessionEnd::Failed(
        anyhow::anyhow!("the task that writes to PostgreSQL ended unexpectedly").into(),
    )
}
