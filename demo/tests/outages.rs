//! Kafka or PostgreSQL away, at the start and in mid-stream: the services wait, say so once, go on, and lose nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::time::Duration;

use demo::fleet::Service;
use support::{Playground, assert_running, block_on, records_sent, succeed, wait_until_drained};

const AWAY: Duration = Duration::from_secs(20);

/// Lines of a service's log that say that something is away. Waiting is told once an outage, not once a second.
fn times_said(service: &Service, dependency: &str) -> usize {
    let log = service.log().expect("reading a log");
    log.lines()
        .filter(|line| line.contains(dependency) && line.contains("is away"))
        .count()
}

#[test]
fn services_wait_for_what_is_away() {
    let playground = Playground::open();
    let Playground {
        pipeline, stack, ..
    } = &playground;
    stack.stop_postgres().unwrap();
    stack.kill_kafka().unwrap();

    let truth = playground.file("truth.json");
    let truth_text = truth.display().to_string();
    let mut consumer = pipeline.start("consumer", "consumer", &["run"]).unwrap();
    let mut transformer = pipeline
        .start("transformer", "transformer", &["run"])
        .unwrap();
    let produce = [
        "run",
        "--rate",
        "500",
        "--duration",
        "75s",
        "--truth",
        &truth_text,
    ];
    let mut producer = pipeline.start("producer", "producer", &produce).unwrap();
    std::thread::sleep(Duration::from_secs(8));
    for service in [&mut consumer, &mut transformer, &mut producer] {
        assert_running(service);
    }
    assert_eq!(
        times_said(&transformer, "PostgreSQL"),
        1,
        "{}",
        transformer.log().unwrap()
    );
    assert_eq!(
        times_said(&producer, "Kafka"),
        1,
        "{}",
        producer.log().unwrap()
    );
    let waits = times_said(&consumer, "PostgreSQL") + times_said(&consumer, "Kafka");
    assert!((1..=2).contains(&waits), "{}", consumer.log().unwrap());

    stack.start_postgres().unwrap();
    stack.start_kafka().unwrap();
    std::thread::sleep(Duration::from_secs(15));
    stack.stop_postgres().unwrap();
    std::thread::sleep(AWAY);
    stack.start_postgres().unwrap();
    std::thread::sleep(Duration::from_secs(5));
    stack.pause_kafka().unwrap();
    std::thread::sleep(AWAY);
    stack.resume_kafka().unwrap();

    succeed(&mut producer, Duration::from_secs(120));
    let records = records_sent(&truth);
    assert!(records > 10_000, "only {records} records were sent");
    block_on(wait_until_drained(
        &playground.database.superuser_url,
        records,
        Duration::from_secs(120),
    ));
    for service in [&mut consumer, &mut transformer] {
        assert_running(service);
        let said = times_said(service, "PostgreSQL");
        // Each outage once a task that meets it: at the start, and in mid-stream for two silver workers, gold and the runs.
        assert!(
            (1..=5).contains(&said),
            "said {said} times: {}",
            service.log().unwrap()
        );
    }
    let (code, printed) = playground.verify(&truth);
    assert_eq!(code, Some(0), "{printed}");
}
