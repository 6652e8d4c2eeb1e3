//! Kafka goes away in the middle of a run, for a while and for good. On a Kafka of its own, which is killed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "where these panic, the test has failed"
)]

mod support;

use std::thread;
use std::time::Duration;

use local_stack::{Stack, StackOptions};
use support::{Running, digest_of, read_topic, read_truth};
use tempfile::TempDir;

/// One test, since both parts need the private stack, whose start takes seconds.
#[test]
fn a_broker_that_dies() {
    let stack = Stack::start(StackOptions::private()).expect("a stack");
    survives_a_restart(&stack);
    ends_with_an_honest_truth_when_it_stays_away(&stack);
}

fn survives_a_restart(stack: &Stack) {
    let directory = TempDir::new().expect("a directory");
    let truth_file = directory.path().join("truth.json");
    let topic = stack.fresh_topic(3).expect("a topic");
    let servers = stack.kafka_bootstrap_servers();
    let mut running = Running::start(&[
        "run",
        "--rate",
        "1000",
        "--count",
        "6000",
        "--truth",
        truth_file.to_str().expect("text"),
        "--kafka-bootstrap-servers",
        servers,
        "--kafka-topic",
        &topic,
    ]);
    running.wait_for("publishing");
    // So that records are in flight and on disk when it dies.
    thread::sleep(Duration::from_secs(1));
    stack.kill_kafka().expect("killed");
    running.wait_for("is away");
    stack.start_kafka().expect("started again");
    let (code, log) = running.end();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(log.matches("is away").count(), 1, "{log}");
    assert_eq!(log.matches("is back after").count(), 1, "{log}");

    let truth = read_truth(&truth_file);
    let received = read_topic(servers, &topic);
    assert_eq!((truth.records, truth.events), (6_000, 6_000));
    assert_eq!(received.len(), 6_000, "nothing lost, nothing doubled");
    assert_eq!(truth.payload_digest, digest_of(&received));
}

fn ends_with_an_honest_truth_when_it_stays_away(stack: &Stack) {
    let directory = TempDir::new().expect("a directory");
    let truth_file = directory.path().join("truth.json");
    let topic = stack.fresh_topic(3).expect("a topic");
    let servers = stack.kafka_bootstrap_servers();
    let mut running = Running::start(&[
        "run",
        "--rate",
        "1000",
        "--duplicate-pct",
        "10",
        "--truth",
        truth_file.to_str().expect("text"),
        "--kafka-option",
        "message.timeout.ms=3000",
        "--kafka-bootstrap-servers",
        servers,
        "--kafka-topic",
        &topic,
    ]);
    running.wait_for("publishing");
    // So that records are in flight and on disk when it dies.
    thread::sleep(Duration::from_secs(1));
    stack.kill_kafka().expect("killed");
    let (code, log) = running.end();
    assert_eq!(code, Some(4), "{log}");
    assert!(
        log.contains("records were not acknowledged by Kafka"),
        "{log}"
    );

    let truth = read_truth(&truth_file);
    stack.start_kafka().expect("started again");
    let received = read_topic(servers, &topic);
    assert!(truth.records > 0);
    assert_eq!(truth.records, truth.events + truth.duplicates);
    let orders: i64 = truth.sales.iter().map(|cell| cell.orders).sum();
    let lines: i64 = truth.categories.iter().map(|cell| cell.lines).sum();
    assert_eq!(truth.orders, u64::try_from(orders).expect("positive"));
    assert_eq!(
        truth.lines + truth.cancelled_lines,
        u64::try_from(lines).expect("positive")
    );
    // What the broker wrote before it died without saying so is in the topic, but was never acknowledged.
    let unacknowledged = u64::try_from(received.len()).expect("small") - truth.records;
    assert!(unacknowledged <= 5_000, "{unacknowledged}");
}
