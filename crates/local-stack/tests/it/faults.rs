//! What chaos tests do to a stack of their own.

use std::time::Duration;

use local_stack::{Stack, StackError, StackOptions, testing};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::{ask, execute, is_alive};

#[test]
fn postgres_and_kafka_survive_what_is_done_to_them() {
    let stack = Stack::start(StackOptions::private()).unwrap();
    postgres_keeps_what_it_committed(&stack);
    kafka_keeps_what_it_acknowledged(&stack);
}

fn postgres_keeps_what_it_committed(stack: &Stack) {
    let url = stack.migrator_url();
    let count = || ask(url, "SELECT count(*)::text FROM survivors");
    execute(
        url,
        "CREATE TABLE survivors AS SELECT generate_series(1, 1000) AS n",
    )
    .unwrap();
    let first = stack.postgres_pid().unwrap();

    stack.restart_postgres_immediately().unwrap();
    let second = stack.postgres_pid().unwrap();
    assert_ne!(first, second);
    assert!(!is_alive(first));
    assert_eq!(count(), "1000");

    stack.stop_postgres().unwrap();
    assert_eq!(stack.postgres_pid(), None);
    assert!(execute(url, "SELECT 1").unwrap_err().contains("refused"));
    stack.start_postgres().unwrap();
    assert_eq!(count(), "1000");

    execute(url, "INSERT INTO survivors SELECT generate_series(1, 500)").unwrap();
    stack.kill_postgres().unwrap();
    stack.start_postgres().unwrap();
    assert_eq!(count(), "1500");
    stack.start_postgres().unwrap();
    assert_eq!(count(), "1500", "starting what runs changes nothing");
}

fn kafka_keeps_what_it_acknowledged(stack: &Stack) {
    let topic = stack.fresh_topic(1).unwrap();
    produce(stack, &topic, 100);
    assert_eq!(high_watermark(stack, &topic), Ok(100));

    stack.pause_kafka().unwrap();
    assert!(
        high_watermark(stack, &topic).is_err(),
        "a frozen broker does not answer"
    );
    stack.resume_kafka().unwrap();
    assert_eq!(high_watermark(stack, &topic), Ok(100));

    stack.kill_kafka().unwrap();
    assert_eq!(stack.kafka_pid(), None);
    assert!(high_watermark(stack, &topic).is_err());
    stack.start_kafka().unwrap();
    assert_eq!(high_watermark(stack, &topic), Ok(100));

    stack.stop_kafka().unwrap();
    stack.start_kafka().unwrap();
    produce(stack, &topic, 1);
    assert_eq!(high_watermark(stack, &topic), Ok(101));

    // A frozen broker is stopped with the rest.
    stack.pause_kafka().unwrap();
}

fn produce(stack: &Stack, topic: &str, records: usize) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", stack.kafka_bootstrap_servers())
        .set("acks", "all")
        .create()
        .unwrap();
    for _ in 0..records {
        producer
            .send(BaseRecord::<(), [u8]>::to(topic).payload(b"x"))
            .unwrap();
    }
    producer.flush(Duration::from_secs(30)).unwrap();
    assert_eq!(producer.in_flight_count(), 0);
}

fn high_watermark(stack: &Stack, topic: &str) -> Result<i64, KafkaError> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", stack.kafka_bootstrap_servers())
        .create()
        .unwrap();
    consumer
        .fetch_watermarks(topic, 0, Duration::from_secs(5))
        .map(|(_, high)| high)
}

#[test]
fn services_of_somebody_else_are_not_ours_to_stop() {
    let outer = testing::shared();
    // Holds only where the shared stack is a surrounding one; otherwise it is ours, and must be left running.
    if outer.postgres_pid().is_some() {
        return;
    }
    assert!(matches!(
        outer.stop_postgres(),
        Err(StackError::NotOurs { .. })
    ));
    assert!(matches!(
        outer.kill_kafka(),
        Err(StackError::NotOurs { .. })
    ));
}
