//! Writing bronze exactly once: the guards, each tried by breaking what it guards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use chrono::{DateTime, Utc};
use test_warehouse::TestWarehouse;
use warehouse::bronze::{
    GapReason, OffsetGap, PartitionBatch, PartitionClaim, RecordRow, RecordSpan, begin_partition,
    claim_partitions, push_record, read_positions, record_buffer, register_topic, write_batches,
};
use warehouse::{ErrorClass, Session, Warehouse, WarehouseError};

async fn writer(test: &TestWarehouse) -> Session {
    let warehouse = Warehouse::new(test.settings_of("bronze_writer"), 4).unwrap();
    warehouse.connect().await.unwrap()
}

async fn claimed(session: &Session, partition: i32) -> (i32, PartitionClaim) {
    let topic = register_topic(session, "orders", "life-1").await.unwrap();
    let claims = claim_partitions(session, topic.topic_id, &[partition])
        .await
        .unwrap();
    (topic.topic_id, claims[0].clone())
}

/// A batch of so many one-byte records from an offset on.
fn batch(
    topic_id: i32,
    claim: &PartitionClaim,
    from: i64,
    rows: i64,
    at: DateTime<Utc>,
) -> PartitionBatch {
    let mut buffer = record_buffer();
    for kafka_offset in from..from + rows {
        let row = RecordRow {
            kafka_partition: claim.kafka_partition,
            kafka_offset,
            kafka_timestamp: None,
            key: None,
            headers: &[],
            payload: Some(b"x"),
        };
        push_record(&mut buffer, topic_id, at, &row);
    }
    PartitionBatch {
        kafka_partition: claim.kafka_partition,
        fence: claim.fence,
        from_offset: from,
        next_offset: from + rows,
        records: Some(RecordSpan {
            first_offset: from,
            last_offset: from + rows - 1,
            byte_count: rows,
            oldest_record_at: None,
            newest_record_at: None,
            last_record_hash: [9; 32],
        }),
        gaps: Vec::new(),
        high_watermark: None,
        rows: buffer.freeze(),
    }
}

async fn rows_in_bronze(test: &TestWarehouse) -> i64 {
    let row = test
        .inspector()
        .await
        .query_one("SELECT count(*) FROM bronze.events", &[])
        .await
        .unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_moves_the_offset_with_its_rows() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, claim) = claimed(&session, 3).await;
    assert!(claim.is_untouched && claim.next_offset == 0 && claim.fence == 1);
    let at = Utc::now();
    write_batches(
        &mut session,
        topic_id,
        at,
        &[batch(topic_id, &claim, 0, 5, at)],
    )
    .await
    .unwrap();
    let positions = read_positions(&session, topic_id, &[3]).await.unwrap();
    assert_eq!((positions[0].fence, positions[0].next_offset), (1, 5));
    assert_eq!(rows_in_bronze(&test).await, 5);
    let again = claim_partitions(&session, topic_id, &[3]).await.unwrap();
    assert_eq!(
        (
            again[0].fence,
            again[0].next_offset,
            again[0].last_record_hash
        ),
        (2, 5, Some([9; 32]))
    );
    assert!(!again[0].is_untouched);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_never_behind_the_end_of_the_log_as_told_before() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, claim) = claimed(&session, 0).await;
    let at = Utc::now();
    let told = |from, rows, high_watermark| PartitionBatch {
        high_watermark,
        ..batch(topic_id, &claim, from, rows, at)
    };
    let query = "SELECT high_watermark FROM ops.partitions";
    let inspector = test.inspector().await;
    for (written, expected) in [
        (told(0, 2, None), None),
        (told(2, 2, Some(6)), Some(6)),
        // Not told: the one from before holds as long as it can.
        (told(4, 1, None), Some(6)),
        (told(5, 5, None), Some(10)),
        (told(10, 2, Some(11)), Some(12)),
        (told(12, 1, Some(20)), Some(20)),
    ] {
        write_batches(&mut session, topic_id, at, &[written])
            .await
            .unwrap();
        let row = inspector.query_one(query, &[]).await.unwrap();
        assert_eq!(row.get::<_, Option<i64>>(0), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_claim_is_refused_and_leaves_nothing() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, old) = claimed(&session, 0).await;
    let (_, new) = claimed(&session, 0).await;
    let at = Utc::now();
    let error = write_batches(
        &mut session,
        topic_id,
        at,
        &[batch(topic_id, &old, 0, 5, at)],
    )
    .await
    .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fenced, "{error}");
    drop(session);
    assert_eq!(rows_in_bronze(&test).await, 0);
    let mut session = writer(&test).await;
    write_batches(
        &mut session,
        topic_id,
        at,
        &[batch(topic_id, &new, 0, 5, at)],
    )
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fenced_partition_refuses_the_whole_set() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, left) = claimed(&session, 0).await;
    let (_, right) = claimed(&session, 1).await;
    let (_, _) = claimed(&session, 1).await;
    let at = Utc::now();
    let set = [
        batch(topic_id, &left, 0, 5, at),
        batch(topic_id, &right, 0, 5, at),
    ];
    let error = write_batches(&mut session, topic_id, at, &set)
        .await
        .unwrap_err();
    assert!(matches!(error, WarehouseError::Fenced(_)), "{error}");
    drop(session);
    assert_eq!(rows_in_bronze(&test).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_batch_twice_is_refused() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, claim) = claimed(&session, 0).await;
    let at = Utc::now();
    let batch = batch(topic_id, &claim, 0, 5, at);
    write_batches(&mut session, topic_id, at, std::slice::from_ref(&batch))
        .await
        .unwrap();
    let error = write_batches(&mut session, topic_id, at, &[batch])
        .await
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fenced, "{error}");
    assert_eq!(rows_in_bronze(&test).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_overlapping_ranges() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, claim) = claimed(&session, 0).await;
    let at = Utc::now();
    write_batches(
        &mut session,
        topic_id,
        at,
        &[batch(topic_id, &claim, 0, 5, at)],
    )
    .await
    .unwrap();
    // As if the compare-and-set were broken: the ledger's constraint is the second line.
    let inspector = test.inspector().await;
    inspector
        .execute("UPDATE ops.partitions SET next_offset = 3", &[])
        .await
        .unwrap();
    let error = write_batches(
        &mut session,
        topic_id,
        at,
        &[batch(topic_id, &claim, 3, 5, at)],
    )
    .await
    .unwrap_err();
    assert_eq!(
        error.constraint(),
        Some("bronze_batches_never_overlap"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_recorded_and_close_the_ledger() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, claim) = claimed(&session, 0).await;
    let at = Utc::now();
    let mut with_gap = batch(topic_id, &claim, 4, 2, at);
    with_gap.from_offset = 0;
    with_gap.gaps = vec![OffsetGap {
        first_offset: 0,
        last_offset: 3,
        reason: GapReason::RetentionLoss,
    }];
    write_batches(&mut session, topic_id, at, &[with_gap])
        .await
        .unwrap();
    let only_gap = PartitionBatch {
        records: None,
        gaps: vec![OffsetGap {
            first_offset: 6,
            last_offset: 7,
            reason: GapReason::NotInLog,
        }],
        rows: record_buffer().freeze(),
        next_offset: 8,
        ..batch(topic_id, &claim, 6, 1, at)
    };
    write_batches(&mut session, topic_id, at, &[only_gap])
        .await
        .unwrap();
    let row = test
        .inspector()
        .await
        .query_one("SELECT format('%s %s %s %s', next_offset, bronze_records, gap_offsets, is_balanced) FROM ops.ledger", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>(0), "8 2 6 t");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_partition_may_begin_later_but_no_other() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, claim) = claimed(&session, 0).await;
    begin_partition(&session, topic_id, &claim, 100)
        .await
        .unwrap();
    let at = Utc::now();
    write_batches(
        &mut session,
        topic_id,
        at,
        &[batch(topic_id, &claim, 100, 1, at)],
    )
    .await
    .unwrap();
    let error = begin_partition(&session, topic_id, &claim, 200)
        .await
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fenced, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recreated_topic_is_another_topic() {
    let test = TestWarehouse::fresh().await;
    let session = writer(&test).await;
    let first = register_topic(&session, "orders", "life-1").await.unwrap();
    let again = register_topic(&session, "orders", "life-1").await.unwrap();
    let second = register_topic(&session, "orders", "life-2").await.unwrap();
    assert_eq!(
        (first.topic_id, first.is_recreated),
        (again.topic_id, again.is_recreated)
    );
    assert!(!first.is_recreated && second.is_recreated && second.topic_id != first.topic_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_of_a_record_comes_back() {
    let test = TestWarehouse::fresh().await;
    let mut session = writer(&test).await;
    let (topic_id, claim) = claimed(&session, 0).await;
    let at = Utc::now();
    let headers: [(&[u8], Option<&[u8]>); 3] = [
        (b"name", Some(b"value")),
        (b"\xff\xfe", None),
        (b"", Some(b"")),
    ];
    let row = RecordRow {
        kafka_partition: 0,
        kafka_offset: 0,
        kafka_timestamp: Some(at),
        key: Some(b"\x00\xff"),
        headers: &headers,
        payload: None,
    };
    let mut buffer = record_buffer();
    push_record(&mut buffer, topic_id, at, &row);
    let batch = PartitionBatch {
        rows: buffer.freeze(),
        ..batch(topic_id, &claim, 0, 1, at)
    };
    write_batches(&mut session, topic_id, at, &[batch])
        .await
        .unwrap();
    let found = test
        .inspector()
        .await
        .query_one(
            "SELECT key, headers, payload, kafka_timestamp, ingested_at FROM bronze.events",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(found.get::<_, Option<Vec<u8>>>("key"), Some(vec![0, 255]));
    assert_eq!(found.get::<_, Option<Vec<u8>>>("payload"), None);
    let names_and_values: Vec<Option<Vec<u8>>> = found.get("headers");
    let expected: Vec<Option<Vec<u8>>> = headers
        .iter()
        .flat_map(|(name, value)| [Some(name.to_vec()), value.map(<[u8]>::to_vec)])
        .collect();
    assert_eq!(names_and_values, expected);
    let micros = |column: &str| found.get::<_, DateTime<Utc>>(column).timestamp_micros();
    assert_eq!(
        (micros("kafka_timestamp"), micros("ingested_at")),
        (at.timestamp_micros(), at.timestamp_micros())
    );
}
