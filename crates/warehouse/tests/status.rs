//! What the ledger's metrics are made of, where the last minute held nothing but refused records.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use test_warehouse::TestWarehouse;
use warehouse::{Warehouse, status};

/// One partition with three bronze batches of ten records: gold has the first, of which all records were quarantined;
/// silver the second; bronze alone the third. They are 30, 20 and 10 seconds old.
const THREE_BATCHES: &str = "
    INSERT INTO ops.topics (topic_name, kafka_topic_id) VALUES ('t', 'id');
    INSERT INTO ops.partitions (topic_id, kafka_partition, next_offset, record_count, high_watermark)
        SELECT topic_id, 0, 30, 30, 35 FROM ops.topics;
    INSERT INTO ops.bronze_batches (topic_id, kafka_partition, first_offset, last_offset, row_count, byte_count,
                                    ingested_at, committed_at)
        SELECT topic_id, 0, n * 10, n * 10 + 9, 10, 100, now(), now() - (30 - n * 10) * interval '1 second'
        FROM ops.topics, generate_series(0, 2) AS n;
    INSERT INTO ops.silver_cursors (topic_id, kafka_partition, next_offset, record_count, accepted_count, quarantined_count)
        SELECT topic_id, 0, 20, 20, 10, 10 FROM ops.topics;
    INSERT INTO ops.gold_batches (silver_batch_count, event_count, line_count) VALUES (1, 0, 0);
    INSERT INTO ops.silver_batches (topic_id, kafka_partition, first_offset, last_offset, gold_batch_id,
                                    bronze_batch_count, record_count, accepted_count, duplicate_count,
                                    quarantined_count, line_count, bronze_committed_at, started_at)
        SELECT topic_id, 0, 0, 9, gold_batch_id, 1, 10, 0, 0, 10, 0, now() - interval '30 seconds', now()
        FROM ops.topics, ops.gold_batches
        UNION ALL
        SELECT topic_id, 0, 10, 19, NULL, 1, 10, 10, 0, 0, 0, now() - interval '20 seconds', now() FROM ops.topics;";

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_of_refused_records_has_no_freshness_and_the_oldest_waiting_batch_is_found() {
    let database = TestWarehouse::fresh().await;
    let settings = database.settings_of("transformer");
    let session = Warehouse::new(settings, 1)
        .unwrap()
        .connect()
        .await
        .unwrap();
    assert_eq!(status::waiting_seconds(&session).await.unwrap(), 0.0);

    let inspector = database.inspector().await;
    inspector.batch_execute(THREE_BATCHES).await.unwrap();
    let ledger = status::read(&session).await.unwrap();
    assert_eq!(ledger.freshness, None);
    assert!(ledger.is_balanced);
    assert_eq!(
        (
            ledger.kafka_pending,
            ledger.bronze_pending,
            ledger.silver_pending
        ),
        (5, 10, 10)
    );
    let stages = status::freshness_by_stage(&session).await.unwrap();
    let of_stage = |name: &str| stages.iter().find(|stage| stage.stage == name).unwrap();
    assert_eq!(of_stage("event_to_gold").percentiles, [None; 3]);
    assert!(of_stage("silver_to_gold").percentiles[0].is_some());

    let waiting = status::waiting_seconds(&session).await.unwrap();
    assert!(
        (20.0..25.0).contains(&waiting),
        "silver's batch waits: {waiting} s"
    );
    let taken = "UPDATE ops.silver_batches SET gold_batch_id = (SELECT gold_batch_id FROM ops.gold_batches)";
    inspector.batch_execute(taken).await.unwrap();
    let waiting = status::waiting_seconds(&session).await.unwrap();
    assert!(
        (10.0..19.0).contains(&waiting),
        "bronze's batch waits: {waiting} s"
    );
    let judged = "UPDATE ops.silver_cursors SET next_offset = 30";
    inspector.batch_execute(judged).await.unwrap();
    assert_eq!(status::waiting_seconds(&session).await.unwrap(), 0.0);
}
