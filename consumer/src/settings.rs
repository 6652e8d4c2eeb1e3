//! What the consumer is told, checked, and ready to be used.

use std::time::Duration;

use clap::ValueEnum;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use service_kit::Failure;

use crate::assembly::Limits;

/// Properties that exactly-once hangs on, or that have a flag of their own.
const OWN_PROPERTIES: &[&str] = &[
    "auto.offset.reset",
    "bootstrap.servers",
    "check.crcs",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "group.id",
    "group.protocol",
    "isolation.level",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "statistics.interval.ms",
];

/// What to do where Kafka has deleted records that bronze does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RetentionLossPolicy {
    /// Stop with exit code 5
    Stop,
    /// Record the lost offsets as a gap and go on behind them
    Record,
}

/// How to read Kafka and how to batch.
#[derive(Debug, Clone)]
pub struct ConsumerSettings {
    /// The client's properties from the command line, in librdkafka's spelling.
    pub kafka_properties: Vec<(String, String)>,
    /// The brokers as given, for messages.
    pub kafka_address: String,
    /// The topic.
    pub topic: String,
    /// The consumer group.
    pub group_id: String,
    /// When a set is full.
    pub limits: Limits,
    /// How long a set may wait for more, once it has something.
    pub max_delay: Duration,
    /// How long the group waits for a sign of life.
    pub session_timeout: Duration,
    /// How often the topic's id is looked at while nothing is written; it is looked at before each write as well.
    pub topic_check_interval: Duration,
    /// What to do where Kafka has deleted records that bronze does not have.
    pub on_retention_loss: RetentionLossPolicy,
    /// Whether to end when all that Kafka held at the start is in bronze.
    pub exit_at_end: bool,
    /// How long to wait at the start for Kafka and PostgreSQL.
    pub patience: Duration,
}

impl ConsumerSettings {
    /// The configuration of the client that joins the group.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where a free option would change what exactly-once hangs on.
    pub fn group_client(&self) -> Result<ClientConfig, Failure> {
        let mut config = self.plain_client()?;
        let session_timeout = self.session_timeout.as_millis().to_string();
        let heartbeat_interval = (self.session_timeout / 5).as_millis().to_string();
        config
            .set("group.id", &self.group_id)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session_timeout)
            .set("heartbeat.interval.ms", heartbeat_interval)
            .set("statistics.interval.ms", "1000");
        Ok(config)
    }

    /// The configuration of a client that reads single partitions on its own, and reports their ends.
    ///
    /// # Errors
    /// As [`ConsumerSettings::group_client`].
    pub fn plain_client(&self) -> Result<ClientConfig, Failure> {
        let mut config = ClientConfig::new();
        config.set("client.id", "assay-consumer");
        // Bounds on memory. The queue may exceed its limit by one response; responses are small, because they are
        // counted as they travel, and compressed records grow several times over on arrival.
        config
            .set("queued.max.messages.kbytes", "16384")
            .set("queued.min.messages", "20000")
            .set("fetch.max.bytes", "2097152")
            .set("fetch.message.max.bytes", "262144")
            // How long to hold still when the queue is full; the default of a second would starve the writer.
            .set("fetch.queue.backoff.ms", "20")
            // How soon a broker that came back is noticed, at most.
            .set("reconnect.backoff.max.ms", "2000")
            // How soon partitions that are added to the topic are noticed.
            .set("topic.metadata.refresh.interval.ms", "30000");
        for (key, value) in &self.kafka_properties {
            if OWN_PROPERTIES.contains(&key.as_str()) && key != "bootstrap.servers" {
                return Err(Failure::Configuration(format!(
                    "the Kafka option {key} cannot be set: the consumer depends on its own value of it"
                )));
            }
            config.set(key, value);
        }
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // The default would silently skip to the end.
            .set("auto.offset.reset", "error")
            .set("check.crcs", "true")
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "false")
            .set_log_level(RDKafkaLogLevel::Notice);
        Ok(config)
    }

    /// How long the group's answer to a change of assignment may take at most: PostgreSQL is waited for that long.
    pub fn rebalance_budget(&self) -> Duration {
        self.session_timeout / 2
    }
}

#[cfg(test)]
pub(crate) fn example_settings() -> ConsumerSettings {
    ConsumerSettings {
        kafka_properties: vec![("bootstrap.servers".into(), "localhost:9092".into())],
        kafka_address: "localhost:9092".into(),
        topic: "shop".into(),
        group_id: "assay-bronze".into(),
        limits: Limits {
            max_rows: 20_000,
            max_bytes: 16 << 20,
        },
        max_delay: Duration::from_millis(100),
        session_timeout: Duration::from_secs(15),
        topic_check_interval: Duration::from_secs(30),
        on_retention_loss: RetentionLossPolicy::Stop,
        exit_at_end: false,
        patience: Duration::from_secs(60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exactly_once_hangs_on_is_set_and_stays_so() {
        let config = example_settings().group_client().unwrap();
        for (key, value) in [
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"),
            ("check.crcs", "true"),
            ("isolation.level", "read_committed"),
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("queued.max.messages.kbytes", "16384"),
            ("session.timeout.ms", "15000"),
        ] {
            assert_eq!(config.get(key), Some(value), "{key}");
        }
        for key in OWN_PROPERTIES
            .iter()
            .filter(|key| **key != "bootstrap.servers")
        {
            let mut settings = example_settings();
            settings
                .kafka_properties
                .push(((*key).to_owned(), "x".to_owned()));
            let failure = settings.group_client().unwrap_err();
            assert_eq!(failure.exit_code(), 3);
            assert!(failure.to_string().contains(key), "{failure}");
        }
    }

    #[test]
    fn free_options_reach_the_client_and_may_change_the_bounds() {
        let mut settings = example_settings();
        settings
            .kafka_properties
            .push(("client.rack".into(), "a".into()));
        settings
            .kafka_properties
            .push(("fetch.max.bytes".into(), "1048576".into()));
        let config = settings.group_client().unwrap();
        assert_eq!(config.get("client.rack"), Some("a"));
        assert_eq!(config.get("fetch.max.bytes"), Some("1048576"));
    }
}
