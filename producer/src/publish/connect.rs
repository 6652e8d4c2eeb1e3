//! Getting to a topic that can be published to: client settings, waiting for Kafka, making the topic.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer;
use rdkafka::types::RDKafkaErrorCode as ErrorCode;
use service_kit::{Backoff, Failure, KafkaArgs, Shutdown};

use super::context::Context;
use super::{Publisher, is_refusal_of_credentials};
use crate::truth_ledger::Receipts;

/// How one request for metadata may take; the wait as a whole is the user's to choose.
const METADATA_TIMEOUT: Duration = Duration::from_secs(3);
const SHORTEST_METADATA_TIMEOUT: Duration = Duration::from_millis(500);
const ADMIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Lets the broker choose: its `default.replication.factor`.
const BROKERS_REPLICATION: i32 = -1;

/// How batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// Not at all
    None,
    /// Fast
    Lz4,
    /// Small
    Zstd,
}

impl Compression {
    const fn property_value(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

/// How to publish.
#[derive(Debug, Clone)]
pub struct PublishSettings {
    /// Where to.
    pub kafka: KafkaArgs,
    /// How batches are compressed.
    pub compression: Compression,
    /// Partitions of the topic, where it has to be made.
    pub partitions: i32,
    /// How long Kafka may be away at the start.
    pub patience: Duration,
}

impl PublishSettings {
    /// Connects, waits until Kafka answers, and makes the topic where it is missing. Blocks; the runtime of the calling
    /// thread runs the administrative request.
    ///
    /// # Errors
    /// [`Failure::Configuration`] for settings or credentials that cannot work, [`Failure::Unreachable`] where Kafka stays
    /// away for longer than the patience lasts, [`Failure::Interrupted`] where somebody asked for the end meanwhile.
    pub fn connect(&self, receipts: Receipts, shutdown: &Shutdown) -> Result<Publisher, Failure> {
        let config = self.client_config()?;
        let context = Context::new(&self.kafka.bootstrap_servers, receipts);
        let publisher = Publisher {
            producer: config
                .create_with_context(context)
                .map_err(|error| unusable_settings(&error))?,
            topic: self.kafka.topic.clone(),
        };
        if !self.wait_for_kafka(&publisher, shutdown)? {
            self.create_topic(&config)?;
        }
        Ok(publisher)
    }

    fn client_config(&self) -> Result<ClientConfig, Failure> {
        let mut config = ClientConfig::new();
        for (key, value) in [
            ("client.id", "assay-producer"),
            ("enable.idempotence", "true"),
            ("acks", "all"),
            ("compression.type", self.compression.property_value()),
            // A short wait fills batches without being seen in the latency.
            ("linger.ms", "5"),
            ("batch.size", "262144"),
            // Bounds the memory of what waits for the broker: both the count and the bytes.
            ("queue.buffering.max.messages", "50000"),
            ("queue.buffering.max.kbytes", "65536"),
            // A record that fails ends the run, so a broker may restart in peace.
            ("message.timeout.ms", "600000"),
            // The default of 10 s would add that much to every outage.
            ("reconnect.backoff.max.ms", "1000"),
            // As the other Kafka clients do, so that a customer's events meet in one partition whoever sends them.
            ("partitioner", "murmur2_random"),
        ] {
            config.set(key, value);
        }
        for (key, value) in self.kafka.client_properties()? {
            config.set(key, value);
        }
        Ok(config)
    }

    /// Waits until Kafka answers; whether it has the topic.
    fn wait_for_kafka(&self, publisher: &Publisher, shutdown: &Shutdown) -> Result<bool, Failure> {
        let begun = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        loop {
            let remaining = self.patience.saturating_sub(begun.elapsed());
            let timeout = METADATA_TIMEOUT
                .min(remaining)
                .max(SHORTEST_METADATA_TIMEOUT);
            // All topics are asked for: a request for one that is missing might create it with the broker's defaults.
            let answer = publisher.producer.client().fetch_metadata(None, timeout);
            let context = publisher.context();
            let error = match answer {
                Ok(metadata) => {
                    context.back();
                    let mut names = metadata.topics().iter().map(|topic| topic.name());
                    return Ok(names.any(|name| name == self.kafka.topic));
                }
                Err(error) => error,
            };
            if let Some(reason) = credentials_complaint(context, &error) {
                return Err(refused_credentials(&self.kafka.bootstrap_servers, &reason));
            }
            let reason = context
                .connection_error()
                .unwrap_or_else(|| error.to_string());
            context.away(&reason);
            if shutdown.is_requested() {
                return Err(Failure::Interrupted);
            }
            if begun.elapsed() >= self.patience {
                return Err(self.out_of_patience(&reason));
            }
            std::thread::sleep(backoff.next_delay());
        }
    }

    fn out_of_patience(&self, reason: &str) -> Failure {
        Failure::Unreachable(format!(
            "cannot reach Kafka at {} within {}: {reason}: start it, or set KAFKA_BOOTSTRAP_SERVERS to where it runs",
            self.kafka.bootstrap_servers,
            humantime::format_duration(self.patience),
        ))
    }

    fn create_topic(&self, config: &ClientConfig) -> Result<(), Failure> {
        let admin: AdminClient<DefaultClientContext> =
            config.create().map_err(|error| unusable_settings(&error))?;
        let topic = NewTopic::new(
            &self.kafka.topic,
            self.partitions,
            TopicReplication::Fixed(BROKERS_REPLICATION),
        );
        let options = AdminOptions::new().operation_timeout(Some(ADMIN_TIMEOUT));
        let request = admin.create_topics([&topic], &options);
        let answer = tokio::runtime::Handle::current().block_on(request);
        let problem = match answer {
            Ok(results) => match results.into_iter().next() {
                None | Some(Ok(_) | Err((_, ErrorCode::TopicAlreadyExists))) => None,
                Some(Err((_, code))) => Some(code.to_string()),
            },
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = problem {
            return Err(Failure::Configuration(format!(
                "cannot create the topic {} with {} partitions: {reason}: create it by hand, or choose another with KAFKA_TOPIC",
                self.kafka.topic, self.partitions
            )));
        }
        tracing::info!(
            topic = self.kafka.topic,
            partitions = self.partitions,
            "created the topic"
        );
        Ok(())
    }
}

fn credentials_complaint(context: &Context, error: &KafkaError) -> Option<String> {
    let is_refusal = is_refusal_of_credentials(error);
    context
        .credentials_error()
        .or_else(|| is_refusal.then(|| error.to_string()))
}

fn refused_credentials(servers: &str, reason: &str) -> Failure {
    Failure::Configuration(format!(
        "Kafka at {servers} refuses the credentials: {reason}: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and \
         KAFKA_SASL_MECHANISM"
    ))
}

fn unusable_settings(error: &KafkaError) -> Failure {
    Failure::Configuration(format!(
        "the settings for Kafka cannot be used: {error}: check the KAFKA_ variables and --kafka-option"
    ))
}
