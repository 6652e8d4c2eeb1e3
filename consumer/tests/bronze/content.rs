//! Every record, byte for byte, in every form that Kafka allows.

use local_stack::testing::fresh_topic;

use crate::support::kafka::{Sent, producer, send, send_with};
use crate::support::ledger::Ledger;
use crate::support::{
    Running, endless, migrated_database, run_to_end, settings, wait_until, writer_url,
};

fn odd_records() -> Vec<Sent> {
    let every_byte: Vec<u8> = (0..=255).collect();
    let some = |bytes: &[u8]| Some(bytes.to_vec());
    let with = |key: Option<Vec<u8>>, payload: Option<Vec<u8>>| Sent {
        key,
        payload,
        ..Sent::default()
    };
    let with_headers = |headers: Vec<(Vec<u8>, Option<Vec<u8>>)>| Sent {
        headers,
        payload: some(b"with headers"),
        ..Sent::default()
    };
    vec![
        with(None, None),
        with(None, some(b"")),
        with(some(b""), None),
        with(some(b""), some(b"")),
        with(some(b"tombstone"), None),
        with(Some(every_byte.clone()), Some(every_byte.clone())),
        with(None, some(b"\0\0\0")),
        with(None, some(b"PGCOPY\n\xff\r\n\0 and \\. and \xff\xff")),
        with_headers(vec![(b"plain".to_vec(), some(b"value"))]),
        with_headers(vec![
            (b"null".to_vec(), None),
            (b"empty".to_vec(), some(b"")),
        ]),
        with_headers(vec![
            (b"same".to_vec(), some(b"1")),
            (b"same".to_vec(), some(b"2")),
        ]),
        with_headers(vec![(
            b"\xff\xfe not utf-8 \xc3\x28".to_vec(),
            Some(every_byte),
        )]),
        with_headers(vec![(b"".to_vec(), some(b"no name"))]),
        with_headers(
            (0..200)
                .map(|n: i32| (n.to_string().into_bytes(), Some(vec![7; 100])))
                .collect(),
        ),
        with(some(b"big"), Some(vec![0xAB; 1_000_000])),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_is_in_bronze_byte_for_byte() {
    let topic = fresh_topic(3);
    let database = migrated_database("content");
    let mut records = Vec::new();
    for partition in 0..3 {
        records.extend(odd_records().into_iter().map(|record| Sent {
            partition,
            ..record
        }));
    }
    let sent = send(&topic, records);
    run_to_end(settings(&topic), &writer_url(&database.superuser_url))
        .await
        .unwrap();
    Ledger::open(&database.superuser_url)
        .await
        .assert_holds_exactly(sent)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_compression_arrives() {
    let topic = fresh_topic(1);
    let database = migrated_database("compression");
    let mut sent = Vec::new();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let producer = producer(&[("compression.codec", codec)]);
        let records = (0..50)
            .map(|n| Sent::plain(0, format!("{codec} {n} {}", "x".repeat(500))))
            .collect();
        sent.extend(send_with(&producer, &topic, records));
    }
    run_to_end(settings(&topic), &writer_url(&database.superuser_url))
        .await
        .unwrap();
    Ledger::open(&database.superuser_url)
        .await
        .assert_holds_exactly(sent)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_topic_is_at_its_end_at_once() {
    let topic = fresh_topic(2);
    let database = migrated_database("empty");
    run_to_end(settings(&topic), &writer_url(&database.superuser_url))
        .await
        .unwrap();
    Ledger::open(&database.superuser_url)
        .await
        .assert_adds_up()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_goes_on_where_the_first_one_ended() {
    let topic = fresh_topic(2);
    let database = migrated_database("resume");
    let url = writer_url(&database.superuser_url);
    let mut sent = Vec::new();
    for round in 0..3 {
        let records = (0..100)
            .map(|n| Sent::plain(n % 2, format!("{round} {n}")))
            .collect();
        sent.extend(send(&topic, records));
        run_to_end(settings(&topic), &url).await.unwrap();
        let ledger = Ledger::open(&database.superuser_url).await;
        ledger.assert_holds_exactly(sent.clone()).await;
        let fences = ledger.number("SELECT min(fence) FROM ops.partitions").await;
        assert_eq!(fences, round + 1, "every run claims anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_batches_of_many_records_arrive_in_bounded_sets() {
    let topic = fresh_topic(4);
    let database = migrated_database("bulk");
    let records = (0..40_000)
        .map(|n: i32| Sent::plain(n % 4, n.to_be_bytes()))
        .collect();
    let sent = send(&topic, records);
    run_to_end(settings(&topic), &writer_url(&database.superuser_url))
        .await
        .unwrap();
    let ledger = Ledger::open(&database.superuser_url).await;
    ledger.assert_holds_exactly(sent).await;
    let largest = ledger
        .number("SELECT max(n)::bigint FROM (SELECT sum(row_count) n FROM ops.bronze_batches GROUP BY ingested_at) s")
        .await;
    assert!(
        largest <= 5_000,
        "a set of {largest} records exceeds its limit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_come_while_it_runs_arrive_soon() {
    let topic = fresh_topic(2);
    let database = migrated_database("live");
    let running = Running::start(endless(&topic), &writer_url(&database.superuser_url));
    let ledger = Ledger::open(&database.superuser_url).await;
    let mut sent = Vec::new();
    for round in 0..5 {
        sent.extend(send(
            &topic,
            vec![Sent::plain(round % 2, format!("{round}"))],
        ));
        wait_until("the record arrives", || async {
            ledger.record_count().await == i64::from(round) + 1
        })
        .await;
    }
    running.stop().await.unwrap();
    ledger.assert_holds_exactly(sent).await;
}
