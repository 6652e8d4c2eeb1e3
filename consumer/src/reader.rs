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
use rdkafka::{Offset, TopicPartitionList};
use service_kit::Shutdown;

use crate::assembly::{Acceptance, Assembly};
use crate::end_watch::EndWatch;
use crate::group::{GroupContext, GroupEvent, lock};
use crate::handover::Handover;
use crate::happenings;
use crate::health::Dependency;
use crate::native::{IdentityProbe, read_headers};
use crate::opening::OpenTopic;
use crate::outcome::{Again, SessionEnd, end_by_client_error};
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
/// How long the end of the service may wait for what is in hand.
const DRAIN_LIMIT: Duration = Duration::from_secs(6);

/// Where compaction has taken the overlap record and no other follows, it never comes.
const LONGEST_WAIT_FOR_OVERLAP: Duration = Duration::from_secs(5);

/// The reading loop's state.
pub struct Reader<'session> {
    consumer: &'session BaseConsumer<GroupContext>,
    settings: &'session ConsumerSettings,
    shutdown: &'session Shutdown,
    assembly: Assembly,
    pacing: Pacing,
    handover: Handover<'session>,
    committed: BTreeMap<i32, i64>,
    log_ends: BTreeMap<i32, i64>,
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
            handover: Handover::new(probe, topic.kafka_topic_id, settings.topic_check_interval),
            consumer,
            settings,
            shutdown,
            committed: BTreeMap::new(),
            log_ends: BTreeMap::new(),
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
        if let Some(log_ends) = self.consumer.context().take_log_ends() {
            self.log_ends = log_ends;
            self.show_lag();
        }
        if let Some(set) = self.handover.take_confirmed()? {
            // Sets are closed only while the writer is idle, so a writer that refuses one is gone.
            let sent = self.consumer.context().link().send(set);
            sent.map_err(|_| writer_gone())?;
        }
        Ok(())
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
                self.handover.revoke(&partitions);
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
            let offset = Offset::Offset(batch.next_offset);
            if let Err(error) =
                list.add_partition_offset(&self.settings.topic, batch.partition, offset)
            {
                tracing::debug!(%error, "an offset cannot be reported to the group");
            }
        }
        self.show_lag();
        if list.count() == 0 {
            return;
        }
        // For lag tools alone: PostgreSQL knows where to go on.
        if let Err(error) = self.consumer.commit(&list, CommitMode::Async) {
            tracing::debug!(%error, "the group's offsets, which only lag tools read, were not updated");
        }
    }

    fn show_lag(&self) {
        for (partition, end) in &self.log_ends {
            if let Some(next_offset) = self.committed.get(partition) {
                happenings::lag(*partition, (end - next_offset).max(0));
            }
        }
    }

    /// Closes the set being filled, if the one before it is out of the way.
    fn close_set(&mut self) {
        if !self.handover.is_empty() || !self.consumer.context().link().is_idle() {
            return;
        }
        let log_ends = &self.log_ends;
        if let Some(set) = self
            .assembly
            .close(|partition| log_ends.get(&partition).copied())
        {
            self.handover.put(set);
        }
        self.pacing.emptied();
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
        let is_answer_expected = !self.handover.is_empty();
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

    fn on_client_error(&self, error: &KafkaError) -> Result<(), SessionEnd> {
        match end_by_client_error(error, || self.unreadable()) {
            Some(end) => Err(end),
            None => Ok(()),
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
        let now = Instant::now();
        let quiet = self
            .tail_watch
            .pick_quiet(&self.assembly, &self.log_ends, now);
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
            if is_idle && self.handover.is_empty() && self.assembly.is_empty() {
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
