//! Kafka from the tests' side: records of any content, and the administrator's hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_stack::testing::shared;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{ClientConfig, ClientContext, Message, Offset, TopicPartitionList};

pub(crate) const WAIT: Duration = Duration::from_secs(30);

/// A record as it was sent, and as it must be found in bronze.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sent {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) payload: Option<Vec<u8>>,
}

impl Sent {
    pub(crate) fn plain(partition: i32, payload: impl Into<Vec<u8>>) -> Self {
        Sent {
            partition,
            key: Some(b"key".to_vec()),
            payload: Some(payload.into()),
            ..Sent::default()
        }
    }
}

/// What Kafka acknowledged, by the order of sending.
#[derive(Clone, Default)]
pub(crate) struct Acknowledged(Arc<Mutex<Vec<(usize, i64)>>>);

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = Box<usize>;
    fn delivery(&self, result: &DeliveryResult<'_>, index: Box<usize>) {
        let message = result.as_ref().expect("Kafka refused a record of the test");
        self.0.lock().unwrap().push((*index, message.offset()));
    }
}

pub(crate) type TestProducer = BaseProducer<Acknowledged>;

pub(crate) fn producer(more: &[(&str, &str)]) -> TestProducer {
    producer_at(shared().kafka_bootstrap_servers(), more)
}

pub(crate) fn producer_at(servers: &str, more: &[(&str, &str)]) -> TestProducer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", servers)
        .set("acks", "all")
        .set("linger.ms", "5")
        .set("message.max.bytes", "2000000")
        .set("queue.buffering.max.kbytes", "500000");
    for (key, value) in more {
        config.set(*key, *value);
    }
    config.create_with_context(Acknowledged::default()).unwrap()
}

/// Sends records and answers them with the offsets that Kafka gave them.
pub(crate) fn send(topic: &str, records: Vec<Sent>) -> Vec<Sent> {
    let producer = producer(&[]);
    send_with(&producer, topic, records)
}

pub(crate) fn send_with(producer: &TestProducer, topic: &str, mut records: Vec<Sent>) -> Vec<Sent> {
    producer.context().0.lock().unwrap().clear();
    for (index, record) in records.iter().enumerate() {
        let mut message =
            BaseRecord::with_opaque_to(topic, Box::new(index)).partition(record.partition);
        if let Some(key) = &record.key {
            message = message.key(key);
        }
        if let Some(payload) = &record.payload {
            message = message.payload(payload);
        }
        if !record.headers.is_empty() {
            message = message.headers(headers(&record.headers));
        }
        while let Err((_, refused)) = producer.send(message) {
            producer.poll(Duration::from_millis(10));
            message = refused;
        }
    }
    producer.flush(WAIT).unwrap();
    for (index, offset) in producer.context().0.lock().unwrap().iter() {
        records[*index].offset = *offset;
    }
    records
}

/// Headers with any bytes as names.
#[allow(unsafe_code)]
fn headers(list: &[(Vec<u8>, Option<Vec<u8>>)]) -> OwnedHeaders {
    let mut owned = OwnedHeaders::new_with_capacity(list.len());
    for (name, value) in list {
        // SAFETY: not UTF-8 perhaps, but `insert` only hands pointer and length to the C library, which copies them.
        // There is no other way to send such a name.
        let key = unsafe { std::str::from_utf8_unchecked(name) };
        let value = value.as_ref();
        owned = owned.insert(Header { key, value });
    }
    owned
}

fn admin() -> AdminClient<DefaultClientContext> {
    let servers = shared().kafka_bootstrap_servers();
    ClientConfig::new()
        .set("bootstrap.servers", servers)
        .create()
        .unwrap()
}

/// Deletes all records below these offsets.
pub(crate) async fn delete_records_before(topic: &str, offsets: &[(i32, i64)]) {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
            .unwrap();
    }
    admin()
        .delete_records(&list, &AdminOptions::new())
        .await
        .unwrap();
}

pub(crate) async fn delete_topic(topic: &str) {
    let results = admin()
        .delete_topics(&[topic], &AdminOptions::new())
        .await
        .unwrap();
    results[0].as_ref().unwrap();
}

pub(crate) async fn create_topic(topic: &str, partitions: i32) {
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    // The broker may still be busy with deleting the one before.
    super::wait_until("the topic can be created", || async {
        let options = AdminOptions::new().operation_timeout(Some(WAIT));
        let results = admin().create_topics([&new], &options).await.unwrap();
        results[0].is_ok()
    })
    .await;
}

pub(crate) async fn add_partitions(topic: &str, total: usize) {
    let results = admin()
        .create_partitions(&[NewPartitions::new(topic, total)], &AdminOptions::new())
        .await
        .unwrap();
    results[0].as_ref().unwrap();
}
