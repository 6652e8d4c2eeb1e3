//! Against a real Kafka: what the truth file swears is what the topic holds.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "where these panic, the test has failed"
)]

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::Utc;
use event_contract::judge::{self, Verdict};
use event_contract::{EventType, Limits, TransactionEvent};
use local_stack::testing::{fresh_topic, shared};
use nix::sys::signal::Signal;
use support::{Received, Running, digest_of, read_topic, read_truth, run, stderr};
use tempfile::TempDir;

/// What a reader of the topic makes of it, by the contract alone.
#[derive(Default)]
struct Judged {
    events: Vec<TransactionEvent>,
    duplicates: u64,
    bad: BTreeMap<String, u64>,
}

fn judge_all(received: &[Received]) -> Judged {
    let mut judged = Judged::default();
    let mut seen = HashSet::new();
    for record in received {
        match judge::judge(record.payload.as_deref(), Utc::now(), &Limits::default()) {
            Verdict::Accepted(accepted) if seen.insert(accepted.event.event_id) => {
                judged.events.push(accepted.event)
            }
            Verdict::Accepted(_) => judged.duplicates += 1,
            Verdict::Quarantined(quarantine) => {
                *judged
                    .bad
                    .entry(quarantine.reason.as_str().to_owned())
                    .or_default() += 1;
            }
        }
    }
    judged
}

fn count(number: usize) -> u64 {
    u64::try_from(number).expect("small")
}

#[test]
fn the_truth_is_what_the_topic_holds() {
    let directory = TempDir::new().expect("a directory");
    let truth_file = directory.path().join("truth.json");
    let servers = shared().kafka_bootstrap_servers();
    let topic = fresh_topic(6);
    let output = run(&[
        "run",
        "--count",
        "20000",
        "--backfill",
        "30d",
        "--duplicate-pct",
        "5",
        "--late-pct",
        "5",
        "--bad-pct",
        "5",
        "--truth",
        truth_file.to_str().expect("text"),
        "--json",
        "--kafka-bootstrap-servers",
        servers,
        "--kafka-topic",
        &topic,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let truth = read_truth(&truth_file);
    let received = read_topic(servers, &topic);

    assert_eq!(truth.records, count(received.len()));
    assert_eq!(truth.payload_digest, digest_of(&received));
    let judged = judge_all(&received);
    assert_eq!(
        (truth.events, truth.events),
        (20_000, count(judged.events.len()))
    );
    assert_eq!(truth.duplicates, judged.duplicates);
    assert_eq!(truth.bad, judged.bad);
    assert!(truth.duplicates > 700 && truth.bad.len() > 20, "{truth:?}");
    let placed = judged
        .events
        .iter()
        .filter(|event| event.event_type == EventType::OrderPlaced);
    assert_eq!(truth.orders, count(placed.count()));
    assert_eq!(
        truth.lines,
        count(judged.events.iter().map(|event| event.items.len()).sum())
    );

    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["records"], truth.records);
    assert_eq!(summary["events"], truth.events);
    assert!(
        summary["seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds > 0.0)
    );
    assert!(
        summary["events_per_s"]
            .as_f64()
            .is_some_and(|rate| rate > 0.0)
    );
}

#[test]
fn one_customers_records_share_a_partition() {
    let servers = shared().kafka_bootstrap_servers();
    let topic = fresh_topic(6);
    let output = run(&[
        "run",
        "--count",
        "5000",
        "--kafka-bootstrap-servers",
        servers,
        "--kafka-topic",
        &topic,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let received = read_topic(servers, &topic);
    let mut partition_of: HashMap<&str, i32> = HashMap::new();
    for record in &received {
        assert_eq!(
            *partition_of.entry(&record.key).or_insert(record.partition),
            record.partition
        );
    }
    let used: HashSet<i32> = partition_of.values().copied().collect();
    assert_eq!(used.len(), 6);
    for event in judge_all(&received).events {
        let key = event.customer.id.unwrap_or(event.transaction_id);
        assert!(partition_of.contains_key(key.as_str()), "{key}");
    }
}

#[test]
fn the_same_command_gives_the_same_records_and_creates_its_topic() {
    let servers = shared().kafka_bootstrap_servers();
    let name = fresh_topic(1);
    let contents = ["once", "twice"].map(|suffix| {
        let topic = format!("{name}-{suffix}");
        let output = run(&[
            "run",
            "--count",
            "6000",
            "--backfill",
            "10d",
            "--backfill-events",
            "5000",
            "--start",
            "2026-01-01T00:00:00Z",
            "--seed",
            "7",
            "--duplicate-pct",
            "3",
            "--late-pct",
            "3",
            "--bad-pct",
            "3",
            "--bad-mix",
            "tombstone=1,empty=1",
            "--partitions",
            "3",
            "--kafka-bootstrap-servers",
            servers,
            "--kafka-topic",
            &topic,
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        let mut by_partition: BTreeMap<i32, Vec<Received>> = BTreeMap::new();
        for record in read_topic(servers, &topic) {
            by_partition
                .entry(record.partition)
                .or_default()
                .push(record);
        }
        by_partition
    });
    let [once, twice] = contents;
    assert_eq!(
        once.len(),
        3,
        "the topic has the partitions that were asked for"
    );
    assert!(
        once == twice,
        "in each partition the same records in the same order"
    );
    let payloads = || {
        once.values()
            .flatten()
            .map(|record| record.payload.as_deref())
    };
    assert!(
        payloads().any(|payload| payload.is_none()),
        "tombstones arrive as null"
    );
    assert!(
        payloads().any(|payload| payload == Some(&[])),
        "and empty values as empty"
    );
}

#[test]
fn an_interrupted_run_seals_what_it_sent() {
    let servers = shared().kafka_bootstrap_servers();
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 0)] {
        let directory = TempDir::new().expect("a directory");
        let truth_file = directory.path().join("truth.json");
        let topic = fresh_topic(2);
        let mut running = Running::start(&[
            "run",
            "--late-pct",
            "5",
            "--duplicate-pct",
            "5",
            "--truth",
            truth_file.to_str().expect("text"),
            "--kafka-bootstrap-servers",
            servers,
            "--kafka-topic",
            &topic,
        ]);
        running.wait_for("publishing");
        running.signal(signal);
        let (ended_with, log) = running.end();
        assert_eq!(ended_with, Some(code), "{log}");
        let truth = read_truth(&truth_file);
        let received = read_topic(servers, &topic);
        assert_eq!(truth.records, count(received.len()));
        assert_eq!(truth.payload_digest, digest_of(&received));
    }
}

#[test]
fn a_rate_is_held_and_live_events_carry_the_time_of_their_sending() {
    let servers = shared().kafka_bootstrap_servers();
    let topic = fresh_topic(3);
    let before = Utc::now();
    let output = run(&[
        "run",
        "--rate",
        "500",
        "--duration",
        "4s",
        "--json",
        "--kafka-bootstrap-servers",
        servers,
        "--kafka-topic",
        &topic,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let events = judge_all(&read_topic(servers, &topic)).events;
    // The time counts from the first event on, which is itself due after one interval; and whatever else runs on this
    // machine may take the processor away just before the end.
    assert!((1_900..=2_005).contains(&events.len()), "{}", events.len());
    let after = Utc::now();
    assert!(
        events
            .iter()
            .all(|event| (before..=after).contains(&event.event_timestamp))
    );
}
