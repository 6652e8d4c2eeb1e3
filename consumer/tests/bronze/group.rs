//! Several consumers in one group: whoever has a partition, every record lands once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use local_stack::testing::fresh_topic;
use warehouse::bronze::claim_partitions;
use warehouse::{DatabaseSettings, Warehouse};

use crate::support::kafka::{Sent, add_partitions, producer, send, send_with};
use crate::support::ledger::Ledger;
use crate::support::{Running, endless, migrated_database, wait_until, writer_url};

/// Sends small bundles of records to all partitions until told to stop, and answers with all that Kafka acknowledged.
fn keep_sending(
    topic: &str,
    partitions: i32,
    stop: &Arc<AtomicBool>,
) -> std::thread::JoinHandle<Vec<Sent>> {
    let (topic, stop) = (topic.to_owned(), stop.clone());
    std::thread::spawn(move || {
        let producer = producer(&[]);
        let mut sent = Vec::new();
        let mut round = 0u32;
        while !stop.load(Ordering::Relaxed) {
            let records = (0..20)
                .map(|n| Sent::plain(n % partitions, format!("{round} {n}")))
                .collect();
            sent.extend(send_with(&producer, &topic, records));
            round += 1;
        }
        sent
    })
}

async fn wait_for_all(ledger: &Ledger, sent: &[Sent]) {
    let expected = i64::try_from(sent.len()).unwrap();
    wait_until("all records are in bronze", || async {
        ledger.record_count().await >= expected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_share_the_partitions_and_take_over_from_each_other() {
    let topic = fresh_topic(6);
    let database = migrated_database("two_consumers");
    let url = writer_url(&database.superuser_url);
    let ledger = Ledger::open(&database.superuser_url).await;
    let stop = Arc::new(AtomicBool::new(false));
    let sending = keep_sending(&topic, 6, &stop);

    let first = Running::start(endless(&topic), &url);
    wait_until("the first consumer writes", || async {
        ledger.record_count().await > 0
    })
    .await;
    let second = Running::start(endless(&topic), &url);
    // The second one's claims raise the fence of the partitions that it takes over.
    let taken_over = "SELECT count(*) FROM ops.partitions WHERE fence >= 2";
    wait_until("the second consumer has half of it", || async {
        ledger.number(taken_over).await == 3
    })
    .await;
    let so_far = ledger.record_count().await;
    wait_until("both write", || async {
        ledger.record_count().await > so_far + 500
    })
    .await;
    first.stop().await.unwrap();
    let so_far = ledger.record_count().await;
    wait_until("the second one writes alone", || async {
        ledger.record_count().await > so_far + 500
    })
    .await;

    stop.store(true, Ordering::Relaxed);
    let sent = sending.join().unwrap();
    wait_for_all(&ledger, &sent).await;
    second.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
    // Each partition changed hands once. Had a write with a partition of the other been tried, it would have been
    // refused, and its sender would have claimed anew.
    let hands = "SELECT count(*) FROM ops.partitions WHERE fence = 2";
    assert_eq!(
        ledger.number(hands).await,
        6,
        "partitions were handed over with something still on its way"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_rebalances_loses_and_doubles_nothing() {
    let topic = fresh_topic(4);
    let database = migrated_database("storm");
    let url = writer_url(&database.superuser_url);
    let ledger = Ledger::open(&database.superuser_url).await;
    let stop = Arc::new(AtomicBool::new(false));
    let sending = keep_sending(&topic, 4, &stop);

    let steady = Running::start(endless(&topic), &url);
    for round in 0..8u64 {
        let guest = Running::start(endless(&topic), &url);
        tokio::time::sleep(Duration::from_millis(200 + 150 * round)).await;
        guest.stop().await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let sent = sending.join().unwrap();
    wait_for_all(&ledger, &sent).await;
    steady.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_partition_was_claimed_by_another_writes_nothing_and_joins_again() {
    let topic = fresh_topic(2);
    let database = migrated_database("zombie");
    let url = writer_url(&database.superuser_url);
    let ledger = Ledger::open(&database.superuser_url).await;
    let mut sent = send(&topic, vec![Sent::plain(0, "0"), Sent::plain(1, "1")]);
    let running = Running::start(endless(&topic), &url);
    wait_until("the first records land", || async {
        ledger.record_count().await == 2
    })
    .await;

    // Another consumer, which Kafka's group does not know of, claims partition 1, as one would that took ours for dead.
    let settings = DatabaseSettings::parse(&url, "another").unwrap();
    let session = Warehouse::new(settings, 1)
        .unwrap()
        .connect()
        .await
        .unwrap();
    let topic_id = ledger.topic_id().await;
    let claims = claim_partitions(&session, topic_id, &[1]).await.unwrap();
    let fence_of_other = claims[0].fence;

    sent.extend(send(
        &topic,
        (0..50)
            .map(|n| Sent::plain(n % 2, format!("later {n}")))
            .collect(),
    ));
    wait_until("the later records land", || async {
        ledger.record_count().await == 52
    })
    .await;
    let fence = ledger
        .number("SELECT fence FROM ops.partitions WHERE kafka_partition = 1")
        .await;
    assert!(
        fence > fence_of_other,
        "bronze was written under fence {fence}, which is not newer than the other's"
    );
    assert!(!running.has_ended());
    running.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_added_are_read_from_their_beginning() {
    let topic = fresh_topic(1);
    let database = migrated_database("added");
    let ledger = Ledger::open(&database.superuser_url).await;
    let mut sent = send(&topic, vec![Sent::plain(0, "0")]);
    let running = Running::start(endless(&topic), &writer_url(&database.superuser_url));
    wait_until("the first record lands", || async {
        ledger.record_count().await == 1
    })
    .await;
    add_partitions(&topic, 3).await;
    // With the default of `largest`, what is sent before the consumer notices would be skipped.
    sent.extend(send(&topic, vec![Sent::plain(1, "1"), Sent::plain(2, "2")]));
    wait_until("the new partitions' records land", || async {
        ledger.record_count().await == 3
    })
    .await;
    running.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}
