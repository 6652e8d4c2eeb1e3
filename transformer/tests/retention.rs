//! Days of bronze go only when nothing is lost by it, the ledger gets shorter and says the same, and verification goes on
//! seeing what is tampered with.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::time::Duration;

use service_kit::Shutdown;
use support::stages::{drain, drain_silver, findings, text_of};
use support::{Bronze, findings_within, placed};
use test_warehouse::TestWarehouse;
use transformer::maintenance::{Round, maintain};
use transformer::quarantine::{BEGINNING, ReleaseOrder, release_batch};
use warehouse::Warehouse;

const DAY: Duration = Duration::from_secs(86_400);

/// Makes everything in bronze and its ledger ten days older, within one hour of that day.
const AGE: &str = "
    DO $$
    DECLARE
        day date := (now() AT TIME ZONE 'UTC')::date - 10;
        leaf text := 'events_' || to_char(day, 'YYYYMMDD');
    BEGIN
        IF to_regclass('bronze.' || leaf) IS NULL THEN
            EXECUTE format('CREATE TABLE bronze.%I PARTITION OF bronze.events FOR VALUES FROM (%L) TO (%L)', leaf,
                day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
            EXECUTE format('ALTER TABLE bronze.%I OWNER TO %I', leaf,
                (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'bronze.events'::regclass));
        END IF;
    END $$;
    CREATE FUNCTION pg_temp.aged(t timestamptz) RETURNS timestamptz LANGUAGE sql AS
        $$ SELECT date_trunc('day', now(), 'UTC') - interval '235 hours' + (t - date_trunc('day', t, 'UTC')) / 100 $$;
    UPDATE bronze.events SET ingested_at = pg_temp.aged(ingested_at) WHERE ingested_at > now() - interval '2 days';
    UPDATE ops.bronze_batches SET ingested_at = pg_temp.aged(ingested_at), committed_at = pg_temp.aged(committed_at);
    UPDATE ops.silver_batches SET committed_at = pg_temp.aged(committed_at);
    UPDATE ops.gold_batches SET committed_at = pg_temp.aged(committed_at);
    UPDATE silver.quarantined_events SET ingested_at = pg_temp.aged(ingested_at);";

async fn round(test: &TestWarehouse, keep: Option<Duration>) -> Round {
    let warehouse = Warehouse::new(test.settings_of("transformer"), 1).unwrap();
    maintain(&warehouse, keep, &Shutdown::new()).await.unwrap()
}

async fn kept_because(test: &TestWarehouse) -> String {
    let round = round(test, Some(DAY * 5)).await;
    let day = round.days.into_iter().next().expect("a day that is due");
    day.kept_because.expect("a day that is kept")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_bronze_goes_when_gold_has_all_of_it_and_not_before() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    // As old as their receipt is going to be.
    let old = |order_id: &str| {
        let mut order = placed(order_id, 2);
        order.event_timestamp -= chrono::TimeDelta::days(11);
        order
    };
    let order = old("o-1");
    bronze.write(0, &[Some(&order), Some(&order), None]).await;
    bronze.write(1, &[Some(&old("o-2"))]).await;
    let inspector = test.inspector().await;
    inspector.batch_execute(AGE).await.unwrap();

    assert!(kept_because(&test).await.contains("is not judged yet"));
    drain_silver(&test).await;
    assert!(kept_because(&test).await.contains("is not in gold yet"));
    drain(&test).await;
    inspector
        .batch_execute("CREATE TABLE public.saved AS SELECT * FROM bronze.events WHERE kafka_partition = 1; DELETE FROM bronze.events WHERE kafka_partition = 1")
        .await
        .unwrap();
    assert!(kept_because(&test).await.contains("transformer verify"));
    inspector
        .batch_execute("INSERT INTO bronze.events SELECT * FROM public.saved")
        .await
        .unwrap();
    assert_eq!(round(&test, Some(DAY * 30)).await.days, vec![], "not due");
    assert_eq!(round(&test, None).await.days, vec![], "not asked for");

    // A reader goes first, and nobody waits behind us for long.
    inspector
        .batch_execute("BEGIN; SELECT count(*) FROM bronze.events")
        .await
        .unwrap();
    let busy = round(&test, Some(DAY * 5)).await;
    assert_eq!((busy.days, busy.is_incomplete), (vec![], true));
    inspector.batch_execute("COMMIT").await.unwrap();

    let dropped = round(&test, Some(DAY * 5)).await;
    let day = &dropped.days[0];
    assert_eq!((dropped.days.len(), &day.kept_because), (1, &None));
    assert_eq!((day.records, day.open_quarantine), (4, 1));
    assert!(!dropped.is_incomplete);
    assert_eq!(
        text_of(&test, "SELECT count(*)::text FROM bronze.events").await,
        "0"
    );
    assert_eq!(findings(&test).await, Vec::<String>::new());
    assert_eq!(round(&test, Some(DAY * 5)).await.days, vec![], "once");

    // The pipeline goes on, and what was dropped is still told of.
    bronze
        .write(0, &[Some(&order), Some(&placed("o-3", 1))])
        .await;
    drain(&test).await;
    assert_eq!(findings(&test).await, Vec::<String>::new());
    let raw = text_of(
        &test,
        "SELECT payload::text FROM gold.drill_customer('C1', 'EUR') WHERE order_id = 'o-1'",
    )
    .await;
    assert!(raw.contains("ops.retired_bronze"), "{raw}");
    let warehouse = Warehouse::new(test.settings_of("transformer"), 1).unwrap();
    let mut session = warehouse.connect().await.unwrap();
    let released = release_batch(&mut session, &ReleaseOrder::default(), BEGINNING).await;
    let outcome = released.unwrap().unwrap().outcome;
    assert_eq!((outcome.records(), outcome.bytes_gone), (1, 1));
    assert_eq!(
        text_of(&test, "SELECT state FROM silver.quarantined_events").await,
        "open"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_with_what_was_retired_or_merged_is_found() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let order = placed("o-1", 2);
    for _ in 0..3 {
        bronze.write(0, &[Some(&order), None]).await;
        bronze.write(1, &[Some(&placed("o-2", 1)), None]).await;
        drain(&test).await;
    }
    let mut inspector = test.inspector().await;
    inspector.batch_execute(AGE).await.unwrap();
    for after_retirement in [false, true] {
        let keep = after_retirement.then_some(DAY * 5);
        let round = round(&test, keep).await;
        assert_eq!(round.days.len(), usize::from(after_retirement));
        assert_eq!(findings(&test).await, Vec::<String>::new());
        let both = [
            "UPDATE ops.bronze_batches SET row_count = row_count - 1",
            "DELETE FROM ops.bronze_batches WHERE kafka_partition = 1",
            "DELETE FROM silver.duplicate_events WHERE kafka_offset = 2",
            "UPDATE silver.duplicate_events SET kafka_offset = 77 WHERE kafka_offset = 2",
            "UPDATE silver.duplicate_events SET kafka_offset = 1 WHERE kafka_offset = 2",
            "UPDATE silver.quarantined_events SET state = 'released', resolved_at = now() WHERE kafka_offset = 1",
            "UPDATE ops.silver_batches SET batch_count = batch_count + 1",
            "UPDATE ops.gold_batches SET event_count = event_count + 1",
        ];
        let before = [
            "DELETE FROM bronze.events WHERE kafka_offset = 1",
            "UPDATE bronze.events SET kafka_offset = 0 WHERE kafka_offset = 1",
            "UPDATE bronze.events SET payload = payload || '\\x00' WHERE kafka_offset = 0",
        ];
        let after = [
            "UPDATE ops.retired_bronze SET record_count = record_count + 1",
            "UPDATE ops.retired_bronze SET byte_count = byte_count - 1",
            "UPDATE ops.retired_bronze SET first_offset = first_offset + 1",
            "UPDATE ops.retired_bronze SET retired_day = retired_day - 1",
            "DELETE FROM ops.retired_bronze WHERE kafka_partition = 0",
        ];
        let of_now: &[&str] = if after_retirement { &after } else { &before };
        for statement in both.iter().chain(of_now) {
            let transaction = inspector.transaction().await.unwrap();
            let changed = transaction.execute(*statement, &[]).await.unwrap();
            assert!(changed > 0, "{statement} changed nothing");
            let found = findings_within(&transaction).await;
            assert!(!found.is_empty(), "{statement} was not found out");
            transaction.rollback().await.unwrap();
        }
    }
}

const SUMS: &str = "
    SELECT format('%s | %s | %s',
        (SELECT string_agg(to_jsonb(b)::text, ', ' ORDER BY kafka_partition) FROM (
            SELECT kafka_partition, sum(row_count) AS rows, sum(byte_count) AS bytes, sum(batch_count) AS batches,
                   min(first_offset) AS first_offset, max(last_offset) AS last_offset
            FROM ops.bronze_batches GROUP BY kafka_partition) AS b),
        (SELECT string_agg(to_jsonb(s)::text, ', ' ORDER BY kafka_partition) FROM (
            SELECT kafka_partition, sum(record_count) AS records, sum(accepted_count) AS accepted,
                   sum(duplicate_count) AS duplicate, sum(quarantined_count) AS quarantined, sum(line_count) AS lines,
                   sum(batch_count) AS batches, sum(bronze_batch_count) AS bronze_batches,
                   min(first_order_event_key) AS first_key, max(last_order_event_key) AS last_key,
                   min(first_offset) AS first_offset, max(last_offset) AS last_offset
            FROM ops.silver_batches GROUP BY kafka_partition) AS s),
        (SELECT to_jsonb(g)::text FROM (
            SELECT sum(batch_count) AS batches, sum(silver_batch_count) AS silver_batches, sum(event_count) AS events,
                   sum(line_count) AS lines
            FROM ops.gold_batches) AS g))";
const ROWS: &str = "
    SELECT format('%s %s %s', (SELECT count(*) FROM ops.bronze_batches), (SELECT count(*) FROM ops.silver_batches),
                  (SELECT count(*) FROM ops.gold_batches))";

/// Three small transactions of each stage a time, over two partitions.
async fn work(test: &TestWarehouse, bronze: &mut Bronze, times: usize) {
    for n in 0..times {
        for partition in 0..2 {
            bronze
                .write(partition, &[Some(&placed(&format!("o-{n}"), 2)), None])
                .await;
            bronze
                .write(partition, &[Some(&placed(&format!("p-{n}"), 1))])
                .await;
        }
        drain(test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_gets_shorter_and_says_the_same() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    work(&test, &mut bronze, 6).await;
    assert_eq!(text_of(&test, ROWS).await, "24 12 6");
    assert_eq!(round(&test, None).await.ledger_rows_merged, 0, "too young");

    let inspector = test.inspector().await;
    inspector.batch_execute(AGE).await.unwrap();
    assert_eq!(findings(&test).await, Vec::<String>::new());
    let sums = text_of(&test, SUMS).await;
    // A window smaller than an hour ends where a large one does, in more steps.
    let mut steps = 0;
    while text_of(&test, "SELECT ops.compact_ledger(3)::text").await != "0" {
        assert_eq!(
            findings(&test).await,
            Vec::<String>::new(),
            "after step {steps}"
        );
        steps += 1;
        assert!(steps < 100, "never ends");
    }
    assert!(steps > 5, "{steps} steps");
    assert_eq!(text_of(&test, ROWS).await, "2 2 1");
    assert_eq!(text_of(&test, SUMS).await, sums);
    assert_eq!(round(&test, None).await.ledger_rows_merged, 0, "done");
    let range = text_of(
        &test,
        "SELECT format('%s to %s', first_gold_batch_id, gold_batch_id) FROM ops.gold_batches",
    )
    .await;
    assert_eq!(range, "1 to 6");

    // The pipeline goes on behind it; younger rows and what gold has not taken stay as they are.
    work(&test, &mut bronze, 2).await;
    for order_id in ["late", "later"] {
        bronze.write(0, &[Some(&placed(order_id, 1))]).await;
        drain_silver(&test).await;
    }
    round(&test, None).await;
    assert_eq!(text_of(&test, ROWS).await, "12 8 3");
    inspector.batch_execute("UPDATE ops.silver_batches SET committed_at = committed_at - interval '3 days'; UPDATE ops.gold_batches SET committed_at = committed_at - interval '3 days'").await.unwrap();
    round(&test, None).await;
    let waiting = text_of(&test, "SELECT count(*)::text FROM ops.silver_batches WHERE gold_batch_id IS NULL AND batch_count = 1").await;
    assert_eq!(waiting, "2", "what waits for gold is not merged");
    drain(&test).await;
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_window_does_what_many_small_ones_do_and_one_transformer_at_a_time() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    work(&test, &mut bronze, 4).await;
    let inspector = test.inspector().await;
    inspector.batch_execute(AGE).await.unwrap();
    let sums = text_of(&test, SUMS).await;
    let rounds = (0..4).map(|_| {
        let settings = test.settings_of("transformer");
        tokio::spawn(async move {
            let warehouse = Warehouse::new(settings, 1).unwrap();
            maintain(&warehouse, Some(DAY * 5), &Shutdown::new())
                .await
                .unwrap()
        })
    });
    let mut retired = 0;
    for round in rounds.collect::<Vec<_>>() {
        let round = round.await.unwrap();
        retired += round
            .days
            .iter()
            .filter(|day| day.kept_because.is_none())
            .count();
    }
    let last = round(&test, Some(DAY * 5)).await;
    retired += last.days.len();
    assert_eq!(retired, 1);
    assert_eq!(text_of(&test, ROWS).await, "2 2 1");
    assert_eq!(text_of(&test, SUMS).await, sums);
    assert_eq!(findings(&test).await, Vec::<String>::new());
}
