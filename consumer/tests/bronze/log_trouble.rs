//! Trouble with Kafka's log itself: topics created anew, records deleted before they were read, gaps, other contents.

use std::time::Duration;

use consumer::assembly::Limits;
use consumer::settings::{ConsumerSettings, RetentionLossPolicy};
use local_stack::proxy::TcpProxy;
use local_stack::testing::fresh_topic;
use nix::sys::signal::Signal;
use rdkafka::producer::Producer;
use service_kit::Failure;

use crate::command_line::{consumer_process, signal};
use crate::support::kafka::{
    Sent, WAIT, create_topic, delete_records_before, delete_topic, producer, send, send_with,
};
use crate::support::ledger::Ledger;
use crate::support::{
    Running, endless, migrated_database, run_to_end, settings, wait_until, writer_url,
};

fn numbered(count: i32, text: &str) -> Vec<Sent> {
    (0..count)
        .map(|n| Sent::plain(0, format!("{text} {n}")))
        .collect()
}

fn recording(topic: &str) -> ConsumerSettings {
    ConsumerSettings {
        on_retention_loss: RetentionLossPolicy::Record,
        ..settings(topic)
    }
}

async fn assert_both_lives(ledger: &Ledger, old: Vec<Sent>, new: Vec<Sent>) {
    ledger.assert_adds_up().await;
    assert_eq!(ledger.number("SELECT count(*) FROM ops.topics").await, 2);
    let first = i32::try_from(
        ledger
            .number("SELECT min(topic_id)::bigint FROM ops.topics")
            .await,
    )
    .unwrap();
    let second = i32::try_from(
        ledger
            .number("SELECT max(topic_id)::bigint FROM ops.topics")
            .await,
    )
    .unwrap();
    assert_eq!(ledger.records(first).await, old);
    assert_eq!(ledger.records(second).await, new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_created_anew_between_two_runs_is_another_life() {
    let topic = fresh_topic(1);
    let database = migrated_database("recreated");
    let url = writer_url(&database.superuser_url);
    let old = send(&topic, numbered(10, "old"));
    run_to_end(settings(&topic), &url).await.unwrap();
    delete_topic(&topic).await;
    create_topic(&topic, 1).await;
    let new = send(&topic, numbered(3, "new"));
    run_to_end(settings(&topic), &url).await.unwrap();
    assert_both_lives(&Ledger::open(&database.superuser_url).await, old, new).await;
}

/// The new life has more records than the old one had, so that the old offset is a valid place in it; and it is there
/// before the consumer, which sleeps meanwhile, can see that the old one is gone. The client goes on there without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_longer_topic_created_anew_under_a_running_consumer_is_another_life() {
    let topic = fresh_topic(1);
    let database = migrated_database("recreated_live");
    let ledger = Ledger::open(&database.superuser_url).await;
    let old = send(&topic, numbered(10, "old"));
    // Only the look before each write may save us.
    let mut consumer = consumer_process(&topic, &writer_url(&database.superuser_url))
        .args(["--topic-check-interval=1h", "--session-timeout=30s"])
        .spawn()
        .unwrap();
    wait_until("the old records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    // Until no question and no answer is on its way.
    tokio::time::sleep(Duration::from_secs(1)).await;
    signal(&consumer, Signal::SIGSTOP);
    delete_topic(&topic).await;
    create_topic(&topic, 1).await;
    let new = send(&topic, numbered(500, "new"));
    signal(&consumer, Signal::SIGCONT);
    wait_until("the new records land", || async {
        ledger.record_count().await >= 510
    })
    .await;
    consumer.kill().unwrap();
    consumer.wait().unwrap();
    assert_both_lives(&ledger, old, new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_topic_created_anew_is_noticed_by_looking_now_and_then() {
    let topic = fresh_topic(1);
    let database = migrated_database("recreated_quiet");
    let ledger = Ledger::open(&database.superuser_url).await;
    send(&topic, numbered(10, "old"));
    let running = Running::start(endless(&topic), &writer_url(&database.superuser_url));
    wait_until("the old records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    delete_topic(&topic).await;
    create_topic(&topic, 1).await;
    let lives = "SELECT count(*) FROM ops.topics";
    wait_until("the new life is known", || async {
        ledger.number(lives).await == 2
    })
    .await;
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn records_deleted_before_they_were_read_stop_the_consumer() {
    let topic = fresh_topic(1);
    let database = migrated_database("loss_stop");
    let url = writer_url(&database.superuser_url);
    let first = send(&topic, numbered(10, "first"));
    run_to_end(settings(&topic), &url).await.unwrap();
    send(&topic, numbered(10, "second"));
    delete_records_before(&topic, &[(0, 15)]).await;
    let failure = run_to_end(settings(&topic), &url).await.unwrap_err();
    assert_eq!(failure.exit_code(), 5, "{failure}");
    let text = failure.to_string();
    assert!(
        text.contains("offsets 10 to 14") && text.contains("--on-retention-loss=record"),
        "{text}"
    );
    Ledger::open(&database.superuser_url)
        .await
        .assert_holds_exactly(first)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_deleted_before_they_were_read_are_recorded_where_that_is_wanted() {
    let topic = fresh_topic(1);
    let database = migrated_database("loss_record");
    let url = writer_url(&database.superuser_url);
    let mut kept = send(&topic, numbered(10, "first"));
    run_to_end(settings(&topic), &url).await.unwrap();
    let second = send(&topic, numbered(10, "second"));
    delete_records_before(&topic, &[(0, 15)]).await;
    run_to_end(recording(&topic), &url).await.unwrap();
    kept.extend(second.into_iter().filter(|record| record.offset >= 15));
    let ledger = Ledger::open(&database.superuser_url).await;
    ledger.assert_holds_exactly(kept).await;
    let losses = "SELECT count(*) FROM ops.offset_gaps
                  WHERE reason = 'retention_loss' AND first_offset = 10 AND last_offset = 14";
    assert_eq!(ledger.number(losses).await, 1);
    // And a run that finds nothing new leaves it at that.
    run_to_end(settings(&topic), &url).await.unwrap();
    assert_eq!(
        ledger.number("SELECT count(*) FROM ops.offset_gaps").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_emptied_completely_is_recorded_too() {
    let topic = fresh_topic(1);
    let database = migrated_database("loss_all");
    let url = writer_url(&database.superuser_url);
    let kept = send(&topic, numbered(2, "first"));
    run_to_end(settings(&topic), &url).await.unwrap();
    send(&topic, numbered(5, "second"));
    delete_records_before(&topic, &[(0, 7)]).await;
    run_to_end(recording(&topic), &url).await.unwrap();
    Ledger::open(&database.superuser_url)
        .await
        .assert_holds_exactly(kept)
        .await;
}

/// While PostgreSQL keeps the consumer waiting, Kafka deletes what it would have read next.
#[tokio::test(flavor = "multi_thread")]
async fn records_deleted_under_a_running_consumer_are_noticed() {
    let topic = fresh_topic(1);
    let database = migrated_database("loss_live");
    let url = writer_url(&database.superuser_url);
    let proxy = TcpProxy::start_for_url(&url).unwrap();
    let ledger = Ledger::open(&database.superuser_url).await;
    let small = ConsumerSettings {
        exit_at_end: false,
        limits: Limits {
            max_rows: 50,
            max_bytes: 1 << 20,
        },
        ..recording(&topic)
    };
    let running = Running::start(small, &proxy.through(&url).unwrap());
    let mut kept = send(&topic, numbered(10, "before"));
    wait_until("the first records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    proxy.refuse_connections(true);
    proxy.cut_now();
    let meanwhile = send(&topic, numbered(2_000, "meanwhile"));
    // Long enough for reading to be paused, which makes the client forget what it has queued.
    tokio::time::sleep(Duration::from_secs(3)).await;
    delete_records_before(&topic, &[(0, 1_500)]).await;
    proxy.refuse_connections(false);
    let arrived = "SELECT count(*) FROM bronze.events WHERE kafka_offset >= 1500";
    wait_until("the rest lands", || async {
        ledger.number(arrived).await == 510
    })
    .await;
    running.stop().await.unwrap();

    let lost_from = ledger
        .number("SELECT first_offset FROM ops.offset_gaps WHERE reason = 'retention_loss'")
        .await;
    assert!((10..1_500).contains(&lost_from), "lost from {lost_from}");
    let is_kept = |record: &Sent| !(lost_from..1_500).contains(&record.offset);
    kept.extend(meanwhile.into_iter().filter(is_kept));
    ledger.assert_holds_exactly(kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_before_the_first_claim_was_never_ours() {
    let topic = fresh_topic(1);
    let database = migrated_database("late_start");
    let sent = send(&topic, numbered(10, "x"));
    delete_records_before(&topic, &[(0, 6)]).await;
    run_to_end(settings(&topic), &writer_url(&database.superuser_url))
        .await
        .unwrap();
    let ledger = Ledger::open(&database.superuser_url).await;
    ledger.assert_holds_exactly(sent[6..].to_vec()).await;
    assert_eq!(
        ledger
            .number("SELECT start_offset FROM ops.partitions")
            .await,
        6
    );
    assert_eq!(
        ledger.number("SELECT count(*) FROM ops.offset_gaps").await,
        0
    );
}

/// Committed transactions leave a marker behind each, aborted ones records that must not be read. The last marker has no
/// record behind it, and still belongs to the log.
#[tokio::test(flavor = "multi_thread")]
async fn offsets_without_records_are_gaps_at_the_end_of_the_log_too() {
    let topic = fresh_topic(1);
    let database = migrated_database("transactions");
    let producer = producer(&[("transactional.id", &topic)]);
    producer.init_transactions(WAIT).unwrap();
    let mut kept = Vec::new();
    for round in 0..3 {
        producer.begin_transaction().unwrap();
        kept.extend(send_with(
            &producer,
            &topic,
            numbered(4, &format!("kept {round}")),
        ));
        producer.commit_transaction(WAIT).unwrap();
        producer.begin_transaction().unwrap();
        send_with(&producer, &topic, numbered(2, "aborted"));
        producer.abort_transaction(WAIT).unwrap();
    }
    let url = writer_url(&database.superuser_url);
    run_to_end(settings(&topic), &url).await.unwrap();
    let ledger = Ledger::open(&database.superuser_url).await;
    ledger.assert_holds_exactly(kept.clone()).await;
    // Three times 4 records, a marker, 2 records, a marker.
    assert_eq!(
        ledger
            .number("SELECT next_offset FROM ops.partitions")
            .await,
        24
    );
    let others = "SELECT count(*) FROM ops.offset_gaps WHERE reason <> 'not_in_log'";
    assert_eq!(ledger.number(others).await, 0);

    producer.begin_transaction().unwrap();
    kept.extend(send_with(&producer, &topic, numbered(1, "after")));
    producer.commit_transaction(WAIT).unwrap();
    run_to_end(settings(&topic), &url).await.unwrap();
    ledger.assert_holds_exactly(kept).await;
}

async fn expect_not_in_order(damage: &str, hint: &str) {
    let topic = fresh_topic(1);
    let database = migrated_database("damaged");
    let url = writer_url(&database.superuser_url);
    send(&topic, numbered(10, "x"));
    run_to_end(settings(&topic), &url).await.unwrap();
    let ledger = Ledger::open(&database.superuser_url).await;
    ledger.client.batch_execute(damage).await.unwrap();
    let failure = run_to_end(settings(&topic), &url).await.unwrap_err();
    assert!(matches!(failure, Failure::DataNotInOrder(_)), "{failure:?}");
    assert_eq!(failure.exit_code(), 5);
    assert!(failure.to_string().contains(hint), "{failure}");
    assert_eq!(
        ledger.record_count().await,
        10,
        "nothing may be written on top of a log that is another one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_another_content_than_bronze_is_refused() {
    let other_hash = "UPDATE ops.partitions SET last_record_hash = sha256('another record')";
    expect_not_in_order(other_hash, "another record than bronze").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_shorter_than_bronze_is_refused() {
    let further = "UPDATE ops.partitions SET next_offset = 500";
    expect_not_in_order(further, "ends before the place where bronze stands").await;
}
