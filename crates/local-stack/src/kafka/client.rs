//! What a stack asks of a Kafka: does it answer, does a record come back, topics. Errors are plain text.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::{blocking, secret};

const POLL: Duration = Duration::from_millis(20);
const ADMIN_LONGEST: Duration = Duration::from_secs(30);

/// While a broker starts, refused connections are no news.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}
    fn error(&self, _error: KafkaError, _reason: &str) {}
}
impl ConsumerContext for Quiet {}
impl ProducerContext for Quiet {
    type DeliveryOpaque = ();
    fn delivery(&self, _result: &rdkafka::producer::DeliveryResult<'_>, _opaque: ()) {}
}

fn client(servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", servers)
        .set("client.id", "local-stack")
        .set("broker.address.family", "v4")
        .set("reconnect.backoff.ms", "20")
        .set("reconnect.backoff.max.ms", "200");
    config
}

/// Whether a broker tells its metadata.
pub(crate) fn check(servers: &str, longest: Duration) -> Result<(), String> {
    let mut config = client(servers);
    // A broker of the environment may live anywhere.
    config.set("broker.address.family", "any");
    let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet).map_err(describe)?;
    consumer.fetch_metadata(None, longest).map_err(describe)?;
    Ok(())
}

/// Whether a record that is produced can be consumed: on a topic of its own, which is removed again.
pub(crate) fn round_trip(servers: &str, longest: Duration) -> Result<(), String> {
    let topic = format!(
        "assay-ready-{}",
        secret::random_hex().map_err(|error| error.to_string())?
    );
    create_topic(servers, &topic, 1)?;
    let came_back = produce_and_consume(servers, &topic, longest);
    let deleted = delete_topic(servers, &topic);
    came_back.and(deleted)
}

fn produce_and_consume(servers: &str, topic: &str, longest: Duration) -> Result<(), String> {
    let sent = topic.as_bytes();
    let producer: BaseProducer<Quiet> = client(servers)
        .set("linger.ms", "0")
        .create_with_context(Quiet)
        .map_err(describe)?;
    producer
        .send(BaseRecord::<(), [u8]>::to(topic).payload(sent))
        .map_err(|(error, _)| describe(error))?;
    producer.flush(longest).map_err(describe)?;

    let consumer: BaseConsumer<Quiet> = client(servers)
        .set("group.id", "local-stack")
        .set("enable.auto.commit", "false")
        .create_with_context(Quiet)
        .map_err(describe)?;
    let mut assignment = TopicPartitionList::new();
    assignment
        .add_partition_offset(topic, 0, Offset::Beginning)
        .map_err(describe)?;
    consumer.assign(&assignment).map_err(describe)?;

    let deadline = Instant::now() + longest;
    let mut last_error = String::from("nothing was consumed");
    while Instant::now() < deadline {
        match consumer.poll(POLL) {
            Some(Ok(message)) if message.payload() == Some(sent) => return Ok(()),
            Some(Ok(_)) => return Err("another record than the one produced came back".to_owned()),
            Some(Err(error)) => last_error = describe(error),
            None => {}
        }
    }
    Err(last_error)
}

/// Creates a topic with the broker's default replication, and waits until every partition has a leader.
pub(crate) fn create_topic(servers: &str, name: &str, partitions: i32) -> Result<(), String> {
    blocking::run(ADMIN_LONGEST, || async {
        let admin: AdminClient<Quiet> = client(servers)
            .create_with_context(Quiet)
            .map_err(describe)?;
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
        let results = admin
            .create_topics([&topic], &admin_options())
            .await
            .map_err(describe)?;
        for result in results {
            result.map_err(|(topic, code)| format!("topic {topic}: {code}"))?;
        }
        let wanted = usize::try_from(partitions).unwrap_or_default();
        while !has_leaders(&admin, name, wanted)? {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    })
}

/// Deletes a topic.
pub(crate) fn delete_topic(servers: &str, name: &str) -> Result<(), String> {
    blocking::run(ADMIN_LONGEST, || async {
        let admin: AdminClient<Quiet> = client(servers)
            .create_with_context(Quiet)
            .map_err(describe)?;
        let results = admin
            .delete_topics(&[name], &admin_options())
            .await
            .map_err(describe)?;
        for result in results {
            result.map_err(|(topic, code)| format!("topic {topic}: {code}"))?;
        }
        Ok(())
    })
}

fn has_leaders(admin: &AdminClient<Quiet>, topic: &str, wanted: usize) -> Result<bool, String> {
    let metadata = admin
        .inner()
        .fetch_metadata(Some(topic), ADMIN_LONGEST)
        .map_err(describe)?;
    let led = metadata
        .topics()
        .iter()
        .filter(|found| found.name() == topic)
        .flat_map(|found| found.partitions())
        .filter(|partition| partition.leader() >= 0)
        .count();
    Ok(led == wanted)
}

fn admin_options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(ADMIN_LONGEST))
        .operation_timeout(Some(ADMIN_LONGEST))
}

fn describe(error: KafkaError) -> String {
    error.to_string()
}
