//! The service: one session after the other until nothing is left to do, beside the HTTP port.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use service_kit::endpoint::{self, Metrics};
use service_kit::{Backoff, Failure, HttpArgs, Outcome, Readiness, Shutdown, supervise};
use tokio::runtime::Handle;
use warehouse::service::first_session;
use warehouse::{DatabaseSettings, Warehouse};

use crate::end_watch::EndWatch;
use crate::group::{GroupContext, GroupEnvironment, lock};
use crate::happenings;
use crate::health::{Dependency, Health};
use crate::link::link;
use crate::native::IdentityProbe;
use crate::opening::{OpenTopic, Opening, sleep_unless_shutdown};
use crate::outcome::{Again, SessionEnd};
use crate::reader::Reader;
use crate::settings::ConsumerSettings;
use crate::suspicion::{Sign, Suspicions};
use crate::writer::run_writer;

/// One connection for the writer, one for claims, one to spare for `--exit-at-end`.
const CONNECTIONS: usize = 3;
/// From the wish for the end to the end: 6 s for what is in hand, the rest for leaving the group.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
const LONGEST_LEAVE_AT_SHUTDOWN: Duration = Duration::from_secs(3);
/// Long enough to keep two clients of one process from being members at once; the fence would keep them apart too.
const LONGEST_LEAVE: Duration = Duration::from_secs(30);
const FIRST_RESTART_DELAY: Duration = Duration::from_millis(200);
const LONGEST_RESTART_DELAY: Duration = Duration::from_secs(5);

/// Runs the consumer until it is told to end, or, with `exit_at_end`, has nothing left to do.
///
/// # Errors
/// See [`Failure`]; each names what to do.
pub async fn run(
    settings: ConsumerSettings,
    database: DatabaseSettings,
    http: HttpArgs,
    metrics: Metrics,
    shutdown: Shutdown,
) -> Outcome {
    happenings::describe();
    let readiness = Readiness::new();
    let health = Health::new(
        readiness.clone(),
        &settings.kafka_address,
        &database.target(),
    );
    let warehouse = Warehouse::new(database, CONNECTIONS)?;
    // Made once here only so that wrong settings show at once, and not first when the topic exists.
    settings.group_client()?;
    match first_session(&warehouse, settings.patience, &shutdown).await {
        Ok(session) => session.release(),
        Err(Failure::Interrupted) => return Ok(()),
        Err(failure) => return Err(failure),
    }
    health.back(Dependency::Postgres);
    let sessions = Sessions {
        patience_ends: Some(Instant::now() + settings.patience),
        settings,
        warehouse,
        handle: Handle::current(),
        shutdown: shutdown.clone(),
        health: Arc::new(health),
        suspicions: Arc::new(Mutex::new(Suspicions::default())),
        open_topic: None,
        ends: None,
        backoff: Backoff::new(FIRST_RESTART_DELAY, LONGEST_RESTART_DELAY),
    };
    let stop = shutdown.clone();
    let server_stop = shutdown.clone();
    supervise(
        vec![
            (
                "consumer",
                Box::pin(async move {
                    let outcome = run_on_own_thread(sessions).await;
                    stop.request();
                    outcome
                }),
            ),
            (
                "http",
                Box::pin(
                    async move { endpoint::serve(&http, metrics, readiness, server_stop).await },
                ),
            ),
        ],
        shutdown,
        SHUTDOWN_GRACE,
    )
    .await
}

/// Reading blocks, and so does answering to the group; the runtime's threads must not.
async fn run_on_own_thread(mut sessions: Sessions) -> Outcome {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let started = std::thread::Builder::new()
        .name("kafka-reader".to_owned())
        .spawn(move || {
            let outcome = sessions.run();
            // Nobody listens any more where the service was too slow to end.
            let _ = sender.send(outcome);
        });
    if let Err(error) = started {
        return Err(anyhow::Error::new(error)
            .context("cannot start the reading thread")
            .into());
    }
    match receiver.await {
        Ok(outcome) => outcome,
        Err(_) => {
            Err(anyhow::anyhow!("the reading thread stopped unexpectedly: this is a defect").into())
        }
    }
}

/// Leaves the group, which gives the partitions back by a last callback. While no broker answers the client takes its
/// time, so it is left to itself when `limit` is over: the group will notice without being told.
fn leave_group(consumer: BaseConsumer<GroupContext>, limit: Duration) {
    let (sender, receiver) = mpsc::channel();
    let started = std::thread::Builder::new()
        .name("kafka-leaver".to_owned())
        .spawn(move || {
            drop(consumer);
            // Nobody listens any more where it took too long.
            let _ = sender.send(());
        });
    let has_left = started.is_ok() && receiver.recv_timeout(limit).is_ok();
    if !has_left {
        tracing::warn!("Kafka did not answer to our leaving the group within {limit:?}");
    }
}

/// What outlives a session.
struct Sessions {
    settings: ConsumerSettings,
    warehouse: Warehouse,
    handle: Handle,
    shutdown: Shutdown,
    health: Arc<Health>,
    suspicions: Arc<Mutex<Suspicions>>,
    patience_ends: Option<Instant>,
    open_topic: Option<OpenTopic>,
    ends: Option<BTreeMap<i32, i64>>,
    backoff: Backoff,
}

impl Sessions {
    fn run(&mut self) -> Outcome {
        loop {
            let why = match self.run_session() {
                SessionEnd::Finished => return Ok(()),
                SessionEnd::Failed(failure) => return Err(failure),
                SessionEnd::Again(why) => why,
            };
            if let Again::Suspicious {
                sign,
                partition,
                offset,
            } = why
            {
                self.suspect(sign, partition, offset)?;
            }
            let delay = self.backoff.next_delay();
            tracing::warn!(%why, "leaving the group, and joining it again from where bronze stands");
            if sleep_unless_shutdown(&self.handle, &self.shutdown, delay) {
                return Ok(());
            }
        }
    }

    fn suspect(&self, sign: Sign, partition: i32, offset: i64) -> Outcome {
        if !lock(&self.suspicions).note(sign, partition, offset) {
            return Ok(());
        }
        let topic = &self.settings.topic;
        Err(Failure::DataNotInOrder(match sign {
            Sign::Unreadable => format!(
                "a record batch of {topic} cannot be read, and skipping it would lose it: look for `record batch` in the \
                 log above, and repair or delete the batch in Kafka"
            ),
            _ => format!(
                "{topic} partition {partition} offset {offset}: {sign}, twice in a row: the topic was truncated, \
                 restored or overwritten. Nothing was written. Compare Kafka with ops.partitions; a topic that really \
                 is another one must be created anew, so that Kafka gives it a new id"
            ),
        }))
    }

    fn run_session(&mut self) -> SessionEnd {
        let (link, source) = link();
        let writer = self.handle.spawn(run_writer(
            self.warehouse.clone(),
            self.health.clone(),
            source,
        ));
        let end = self.run_client(GroupContext::new(self.environment(), link));
        writer.abort();
        end
    }

    fn environment(&self) -> GroupEnvironment {
        GroupEnvironment {
            handle: self.handle.clone(),
            warehouse: self.warehouse.clone(),
            health: self.health.clone(),
            shutdown: self.shutdown.clone(),
            topic: self.settings.topic.clone(),
            budget: self.settings.rebalance_budget(),
            on_retention_loss: self.settings.on_retention_loss,
            suspicions: self.suspicions.clone(),
        }
    }

    fn run_client(&mut self, context: GroupContext) -> SessionEnd {
        let config = match self.settings.group_client() {
            Ok(config) => config,
            Err(failure) => return failure.into(),
        };
        let consumer: BaseConsumer<GroupContext> = match config.create_with_context(context) {
            Ok(consumer) => consumer,
            Err(error) => {
                let failure = Failure::Configuration(format!(
                    "the Kafka client refuses its settings: {error}"
                ));
                return failure.into();
            }
        };
        let end = self.read_with(&consumer).unwrap_or_else(|end| end);
        let limit = match self.shutdown.is_requested() {
            true => LONGEST_LEAVE_AT_SHUTDOWN,
            false => LONGEST_LEAVE,
        };
        leave_group(consumer, limit);
        end
    }

    fn read_with(
        &mut self,
        consumer: &BaseConsumer<GroupContext>,
    ) -> Result<SessionEnd, SessionEnd> {
        let mut probe = IdentityProbe::new(consumer, &self.settings.topic)
            .map_err(|error| SessionEnd::Failed(Failure::Configuration(error.to_string())))?;
        let opening = Opening {
            handle: &self.handle,
            warehouse: &self.warehouse,
            health: &self.health,
            shutdown: &self.shutdown,
            topic: &self.settings.topic,
            kafka_address: &self.settings.kafka_address,
            patience_ends: self.patience_ends,
            earlier: self.open_topic.as_ref(),
        };
        let topic = opening.open(consumer, &mut probe)?;
        if self.settings.exit_at_end && self.ends.is_none() {
            self.ends = Some(opening.read_ends(consumer)?);
        }
        self.patience_ends = None;
        self.open_topic = Some(topic.clone());

        consumer.context().set_topic_id(topic.topic_id);
        self.health.is_at_work(true);
        happenings::session_begins(
            &self.settings.topic,
            topic.topic_id,
            &self.settings.group_id,
        );
        consumer
            .subscribe(&[&self.settings.topic])
            .map_err(|error| {
                SessionEnd::Again(Again::Kafka(format!("cannot join the group: {error}")))
            })?;
        let end_watch = self.ends.clone().map(|ends| {
            EndWatch::new(
                self.handle.clone(),
                self.warehouse.clone(),
                topic.topic_id,
                ends,
            )
        });
        let mut reader = Reader::new(
            consumer,
            &self.settings,
            &self.shutdown,
            topic,
            probe,
            end_watch,
        );
        let end = reader.run();
        if reader.has_committed {
            self.backoff.reset();
        }
        Ok(end)
    }
}
