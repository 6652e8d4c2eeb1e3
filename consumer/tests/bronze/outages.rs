//! PostgreSQL and Kafka going away at the worst moments.

use std::time::{Duration, Instant};

use consumer::settings::ConsumerSettings;
use local_stack::proxy::TcpProxy;
use local_stack::testing::{TestDatabase, fresh_topic};
use local_stack::{Stack, StackOptions};
use nix::sys::signal::Signal;

use crate::command_line::signal;
use crate::support::kafka::{Sent, producer, producer_at, send, send_with};
use crate::support::ledger::Ledger;
use crate::support::{
    LONGEST_WAIT, Running, endless, migrate_database, migrated_database, run_to_end, settings,
    wait_until, writer_url,
};

fn numbered(partitions: i32, count: i32, text: &str) -> Vec<Sent> {
    (0..count)
        .map(|n| Sent::plain(n % partitions, format!("{text} {n}")))
        .collect()
}

/// A proxy before PostgreSQL, and the URL that leads through it.
fn proxied(database: &TestDatabase) -> (TcpProxy, String) {
    let url = writer_url(&database.superuser_url);
    let proxy = TcpProxy::start_for_url(&url).unwrap();
    let through = proxy.through(&url).unwrap();
    (proxy, through)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_looked_up_and_not_repeated() {
    let topic = fresh_topic(2);
    let database = migrated_database("lost_answer");
    let (proxy, url) = proxied(&database);
    let ledger = Ledger::open(&database.superuser_url).await;
    let running = Running::start(endless(&topic), &url);
    let mut sent = send(&topic, numbered(2, 10, "before"));
    wait_until("the first records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    for round in 0..5 {
        let cuts = proxy.cuts();
        proxy.lose_answer_to("COMMIT");
        sent.extend(send(&topic, numbered(2, 10, &format!("round {round}"))));
        assert!(
            proxy.wait_for_cuts(cuts + 1, LONGEST_WAIT),
            "no COMMIT came by"
        );
        let expected = i64::try_from(sent.len()).unwrap();
        wait_until("the records land", || async {
            ledger.record_count().await >= expected
        })
        .await;
    }
    running.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
    assert_eq!(
        ledger.number("SELECT max(fence) FROM ops.partitions").await,
        1,
        "a lost answer is no reason to claim anew"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_anywhere_in_a_transaction_loses_and_doubles_nothing() {
    let topic = fresh_topic(1);
    let database = migrated_database("broken");
    let (proxy, url) = proxied(&database);
    let ledger = Ledger::open(&database.superuser_url).await;
    let running = Running::start(endless(&topic), &url);
    let mut sent = send(&topic, numbered(1, 10, "before"));
    wait_until("the first records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    for round in 0..20u64 {
        // A different place in the conversation each time, from the first request to behind the last answer.
        let direction = match round % 2 {
            0 => local_stack::proxy::Direction::ClientToServer,
            _ => local_stack::proxy::Direction::ServerToClient,
        };
        proxy.cut_after_bytes(direction, round * 37);
        sent.extend(send(&topic, numbered(1, 20, &format!("round {round}"))));
        let expected = i64::try_from(sent.len()).unwrap();
        wait_until("the records land", || async {
            ledger.record_count().await >= expected
        })
        .await;
    }
    running.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgresql_is_away_it_stays_in_the_group_and_goes_on_afterwards() {
    let topic = fresh_topic(2);
    let database = migrated_database("away");
    let (proxy, url) = proxied(&database);
    let ledger = Ledger::open(&database.superuser_url).await;
    let small = ConsumerSettings {
        limits: consumer::assembly::Limits {
            max_rows: 100,
            max_bytes: 1 << 20,
        },
        session_timeout: Duration::from_secs(6),
        ..endless(&topic)
    };
    let running = Running::start(small, &url);
    let mut sent = send(&topic, numbered(2, 10, "before"));
    wait_until("the first records land", || async {
        ledger.record_count().await == 10
    })
    .await;

    proxy.refuse_connections(true);
    proxy.cut_now();
    // More than both sets hold, so that reading must pause; and for longer than the session's timeout.
    sent.extend(send(&topic, numbered(2, 5_000, "meanwhile")));
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(!running.has_ended());
    proxy.refuse_connections(false);

    wait_until("all records land", || async {
        ledger.record_count().await >= 5_010
    })
    .await;
    assert_eq!(
        ledger.number("SELECT max(fence) FROM ops.partitions").await,
        1,
        "it has left the group"
    );
    running.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}

/// A member that cannot write must not keep the others from sharing its partitions.
#[tokio::test(flavor = "multi_thread")]
async fn another_consumer_can_join_while_postgresql_is_away_for_the_first() {
    let topic = fresh_topic(2);
    let database = migrated_database("one_away");
    let (proxy, url) = proxied(&database);
    let ledger = Ledger::open(&database.superuser_url).await;
    let small = ConsumerSettings {
        limits: consumer::assembly::Limits {
            max_rows: 100,
            max_bytes: 1 << 20,
        },
        session_timeout: Duration::from_secs(6),
        ..endless(&topic)
    };
    let first = Running::start(small, &url);
    let mut sent = send(&topic, numbered(2, 10, "before"));
    wait_until("the first records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    proxy.refuse_connections(true);
    proxy.cut_now();
    sent.extend(send(&topic, numbered(2, 2_000, "meanwhile")));
    tokio::time::sleep(Duration::from_secs(3)).await;

    let second = Running::start(endless(&topic), &writer_url(&database.superuser_url));
    wait_until("the second one has its share", || async {
        ledger.record_count().await >= 1_010
    })
    .await;
    assert_eq!(
        ledger
            .number("SELECT count(*) FROM ops.partitions WHERE fence > 1")
            .await,
        1
    );
    proxy.refuse_connections(false);
    wait_until("all records land", || async {
        ledger.record_count().await >= 2_010
    })
    .await;
    first.stop().await.unwrap();
    second.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}

/// A process that sleeps for longer than the group waits, and wakes up with records in hand that are not its to write.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_was_taken_for_dead_writes_nothing_when_it_wakes_up() {
    let topic = fresh_topic(2);
    let database = migrated_database("asleep");
    let url = writer_url(&database.superuser_url);
    let ledger = Ledger::open(&database.superuser_url).await;
    let mut sleeper = crate::command_line::consumer_process(&topic, &url)
        .args(["--session-timeout=6s", "--batch-max-delay=500ms"])
        .spawn()
        .unwrap();
    let mut sent = send(&topic, numbered(2, 10, "before"));
    wait_until("the first records land", || async {
        ledger.record_count().await == 10
    })
    .await;

    sent.extend(send(&topic, numbered(2, 500, "in hand")));
    tokio::time::sleep(Duration::from_millis(200)).await;
    signal(&sleeper, Signal::SIGSTOP);
    let awake = Running::start(endless(&topic), &url);
    sent.extend(send(&topic, numbered(2, 500, "while it sleeps")));
    wait_until("the other one lands all", || async {
        ledger.record_count().await >= 1_010
    })
    .await;
    signal(&sleeper, Signal::SIGCONT);
    sent.extend(send(&topic, numbered(2, 500, "when it is awake")));
    wait_until("all records land", || async {
        ledger.record_count().await >= 1_510
    })
    .await;
    // Long enough for the sleeper to try what it had in hand.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(
        sleeper.try_wait().unwrap().is_none(),
        "the sleeper must join again"
    );
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    awake.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_cannot_be_claimed_are_given_back_and_claimed_later() {
    let topic = fresh_topic(2);
    let database = migrated_database("no_claim");
    let url = writer_url(&database.superuser_url);
    let (proxy, proxied_url) = proxied(&database);
    let ledger = Ledger::open(&database.superuser_url).await;
    let sent = send(&topic, numbered(2, 100, "x"));
    // Somebody holds the rows that a claim must change, for longer than the group waits.
    run_to_end(settings(&topic), &url).await.unwrap();
    let mut blocker = Ledger::open(&database.superuser_url).await.client;
    let transaction = blocker.transaction().await.unwrap();
    transaction
        .batch_execute("SELECT * FROM ops.partitions FOR UPDATE")
        .await
        .unwrap();
    let quick = ConsumerSettings {
        session_timeout: Duration::from_secs(6),
        ..endless(&topic)
    };
    let running = Running::start(quick, &proxied_url);
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(!running.has_ended());
    transaction.rollback().await.unwrap();
    drop(proxy);

    let later = send(&topic, numbered(2, 50, "later"));
    // The proxy is gone as well: the running one waits, and one with a straight way takes over.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let straight = Running::start(endless(&topic), &url);
    wait_until("all records land", || async {
        ledger.record_count().await >= 150
    })
    .await;
    straight.stop().await.unwrap();
    running.stop().await.unwrap();
    ledger.assert_holds_exactly([sent, later].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_while_postgresql_is_away_is_bounded_and_loses_nothing() {
    let topic = fresh_topic(1);
    let database = migrated_database("stop_away");
    let (proxy, url) = proxied(&database);
    let ledger = Ledger::open(&database.superuser_url).await;
    let running = Running::start(endless(&topic), &url);
    let mut sent = send(&topic, numbered(1, 10, "before"));
    wait_until("the first records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    proxy.refuse_connections(true);
    proxy.cut_now();
    sent.extend(send(&topic, numbered(1, 10, "in hand")));
    tokio::time::sleep(Duration::from_millis(500)).await;
    running.stop().await.unwrap();
    assert_eq!(ledger.record_count().await, 10);
    run_to_end(settings(&topic), &writer_url(&database.superuser_url))
        .await
        .unwrap();
    ledger.assert_holds_exactly(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_writes_what_is_in_hand() {
    let topic = fresh_topic(1);
    let database = migrated_database("in_hand");
    let ledger = Ledger::open(&database.superuser_url).await;
    let slow = ConsumerSettings {
        max_delay: Duration::from_secs(30),
        ..endless(&topic)
    };
    let running = Running::start(slow, &writer_url(&database.superuser_url));
    // The first claim shows that reading has begun; nothing can be due for half a minute.
    wait_until("it has claimed", || async {
        ledger.number("SELECT count(*) FROM ops.partitions").await == 1
    })
    .await;
    let sent = send(&topic, numbered(1, 10, "in hand"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ledger.record_count().await, 0);
    running.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}

/// A stack of its own, because its servers are killed.
#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_killed_and_come_back_lose_nothing() {
    let stack = tokio::task::spawn_blocking(|| Stack::start(StackOptions::private()))
        .await
        .unwrap()
        .unwrap();
    migrate_database(stack.migrator_url().to_owned()).await;
    let topic = stack.fresh_topic(2).unwrap();
    let url = writer_url(stack.superuser_url());
    let servers = stack.kafka_bootstrap_servers().to_owned();
    let to_this_stack = |settings: ConsumerSettings| ConsumerSettings {
        kafka_properties: vec![("bootstrap.servers".into(), servers.clone())],
        kafka_address: servers.clone(),
        ..settings
    };
    let producer = producer_at(&servers, &[]);
    let running = Running::start(to_this_stack(endless(&topic)), &url);
    let mut sent = send_with(&producer, &topic, numbered(2, 100, "before"));

    stack.kill_postgres().unwrap();
    sent.extend(send_with(
        &producer,
        &topic,
        numbered(2, 100, "without postgresql"),
    ));
    stack.start_postgres().unwrap();
    stack.kill_kafka().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    stack.start_kafka().unwrap();
    sent.extend(send_with(
        &producer,
        &topic,
        numbered(2, 100, "after the broker came back"),
    ));
    stack.pause_kafka().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    stack.resume_kafka().unwrap();
    sent.extend(send_with(
        &producer,
        &topic,
        numbered(2, 100, "after the broker woke up"),
    ));
    stack.restart_postgres_immediately().unwrap();

    let ledger = Ledger::open(stack.superuser_url()).await;
    wait_until("all records land", || async {
        ledger.record_count().await >= 400
    })
    .await;
    ledger.assert_holds_exactly(sent).await;

    // Leaving a group that cannot be reached must not take for ever either.
    stack.kill_kafka().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    running.stop().await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(11));
    drop(producer);
    tokio::task::spawn_blocking(move || drop(stack))
        .await
        .unwrap();
}

/// What was sent before it starts and what comes in while it is killed again and again ends up the same as in one quiet
/// run: each life of the consumer is a process of its own, and each ends by SIGKILL.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_again_and_again_equals_a_quiet_one() {
    let topic = fresh_topic(3);
    let database = migrated_database("killed");
    let ledger = Ledger::open(&database.superuser_url).await;
    let producer = producer(&[]);
    let mut sent = send_with(&producer, &topic, numbered(3, 3_000, "before"));
    for life in 0..10u64 {
        let mut child =
            crate::command_line::consumer_process(&topic, &writer_url(&database.superuser_url))
                .args([
                    "--batch-max-rows=200",
                    "--batch-max-delay=5ms",
                    "--session-timeout=6s",
                ])
                .spawn()
                .unwrap();
        sent.extend(send_with(
            &producer,
            &topic,
            numbered(3, 300, &format!("life {life}")),
        ));
        tokio::time::sleep(Duration::from_millis(300 + life * 130)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        ledger.assert_adds_up().await;
    }
    run_to_end(settings(&topic), &writer_url(&database.superuser_url))
        .await
        .unwrap();
    ledger.assert_holds_exactly(sent).await;
}
