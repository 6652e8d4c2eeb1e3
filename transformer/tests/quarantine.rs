//! Quarantine as a workflow, on a real PostgreSQL: what is released ends as if it had never been refused, and once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use event_contract::{EventType, TransactionEvent};
use support::stages::{drain, drain_silver, findings, text_of};
use support::{Bronze, event, placed, returned};
use test_warehouse::TestWarehouse;
use transformer::quarantine::{BEGINNING, ReleaseOrder, Released, discard_batch, release_batch};
use warehouse::quarantine::{Filter, count, raw, rows};
use warehouse::{ErrorClass, Session, Warehouse};

const SALES: &str = "SELECT coalesce(string_agg(to_jsonb(s)::text, E'\\n' ORDER BY sales_date, currency, channel), '')
    FROM gold.sales_performance AS s";
const PRODUCTS: &str = "SELECT coalesce(string_agg(to_jsonb(s)::text, E'\\n' ORDER BY sales_date, product_id, currency), '')
    FROM gold.product_performance AS s";
const LEDGER: &str =
    "SELECT format('%s %s %s %s %s', sum(accepted), sum(duplicate), sum(quarantined), sum(pending),
    bool_and(is_balanced)) FROM ops.ledger";

/// Makes quarantined records of everything that silver has accepted and gold has not seen, consistently, as if other
/// rules had refused it.
const REFUSE_EVERYTHING: &str = "
    INSERT INTO silver.quarantined_events (topic_id, kafka_partition, kafka_offset, event_id, rule_version, reason, detail, ingested_at)
    SELECT topic_id, kafka_partition, kafka_offset, e.event_id, 0, 'bad_country', 'by the rules of then', b.ingested_at
    FROM silver.fct_order_events AS e JOIN bronze.events AS b USING (topic_id, kafka_partition, kafka_offset);
    TRUNCATE silver.fct_order_events, silver.fct_order_lines, silver.fct_orders, silver.fct_order_steps, silver.product_sightings;
    UPDATE ops.silver_batches SET quarantined_count = quarantined_count + accepted_count, accepted_count = 0, line_count = 0,
        first_order_event_key = NULL, last_order_event_key = NULL, oldest_event_at = NULL, newest_event_at = NULL;
    UPDATE ops.silver_cursors SET quarantined_count = quarantined_count + accepted_count, accepted_count = 0;";

async fn transformer(test: &TestWarehouse, connections: usize) -> Warehouse {
    Warehouse::new(test.settings_of("transformer"), connections).unwrap()
}

async fn release_all(session: &mut Session, order: &ReleaseOrder) -> Released {
    let mut sum = Released::default();
    let mut after = BEGINNING;
    while let Some(batch) = release_batch(session, order, after).await.unwrap() {
        sum.add(batch.outcome);
        after = batch.last;
    }
    sum
}

/// A day in the life of a few orders, over two partitions.
fn story() -> [Vec<TransactionEvent>; 2] {
    let first = placed("o-1", 3);
    let back = returned(&first, 1);
    let mut other = placed("o-2", 2);
    other.customer.id = Some("C2".into());
    [
        vec![first, event("o-1", EventType::OrderPaid), back],
        vec![other, event("o-2", EventType::OrderCancelled)],
    ]
}

async fn write(bronze: &mut Bronze, story: &[Vec<TransactionEvent>; 2]) {
    for (partition, events) in story.iter().enumerate() {
        let all: Vec<_> = events.iter().map(Some).collect();
        bronze.write(i32::try_from(partition).unwrap(), &all).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_ends_as_if_it_had_never_been_refused() {
    let story = story();
    let straight = TestWarehouse::fresh().await;
    write(&mut Bronze::open(&straight).await, &story).await;
    drain(&straight).await;

    let test = TestWarehouse::fresh().await;
    write(&mut Bronze::open(&test).await, &story).await;
    drain_silver(&test).await;
    let inspector = test.inspector().await;
    inspector.batch_execute(REFUSE_EVERYTHING).await.unwrap();
    drain(&test).await;
    assert_eq!(text_of(&test, LEDGER).await, "0 0 5 0 t");
    assert_eq!(text_of(&test, SALES).await, "");
    assert_eq!(findings(&test).await, Vec::<String>::new());

    let warehouse = transformer(&test, 1).await;
    let mut session = warehouse.connect().await.unwrap();
    let dry = ReleaseOrder {
        dry_run: true,
        ..ReleaseOrder::default()
    };
    assert_eq!(release_all(&mut session, &dry).await.accepted, 5);
    assert_eq!(text_of(&test, LEDGER).await, "0 0 5 0 t");

    let order = ReleaseOrder {
        note: Some("rules were wrong".into()),
        ..ReleaseOrder::default()
    };
    let sum = release_all(&mut session, &order).await;
    assert_eq!((sum.accepted, sum.duplicate, sum.refused_again), (5, 0, 0));
    assert_eq!(findings(&test).await, Vec::<String>::new(), "before gold");
    drain(&test).await;
    assert_eq!(text_of(&test, LEDGER).await, "5 0 0 0 t");
    for figures in [SALES, PRODUCTS] {
        assert_eq!(
            text_of(&test, figures).await,
            text_of(&straight, figures).await
        );
    }
    assert_ne!(text_of(&test, SALES).await, "");
    assert_eq!(findings(&test).await, Vec::<String>::new());
    let resolved = text_of(
        &test,
        "SELECT format('%s %s %s', count(*), min(state), min(resolution_note)) FROM silver.quarantined_events
         WHERE resolved_at IS NOT NULL AND rule_version > 0",
    )
    .await;
    assert_eq!(resolved, "5 released rules were wrong");

    // Once released is released.
    assert_eq!(release_all(&mut session, &order).await.records(), 0);
    assert_eq!(text_of(&test, LEDGER).await, "5 0 0 0 t");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refused_is_released_once_it_takes_it() {
    let test = TestWarehouse::fresh().await;
    let inspector = test.inspector().await;
    inspector
        .batch_execute("ALTER TABLE silver.fct_order_events ADD CONSTRAINT poison CHECK (order_id NOT LIKE 'poison%')")
        .await
        .unwrap();
    let mut bronze = Bronze::open(&test).await;
    let (poisoned, twin) = (placed("poison-1", 1), placed("poison-2", 1));
    bronze
        .write(
            0,
            &[Some(&placed("o-1", 1)), Some(&poisoned), None, Some(&twin)],
        )
        .await;
    bronze.write(1, &[Some(&poisoned)]).await;
    drain(&test).await;
    assert_eq!(text_of(&test, LEDGER).await, "1 0 4 0 t");

    let warehouse = transformer(&test, 1).await;
    let mut session = warehouse.connect().await.unwrap();
    let order = ReleaseOrder::default();
    // The database still refuses: all stays as it is, and open.
    let sum = release_all(&mut session, &order).await;
    assert_eq!((sum.accepted, sum.refused_again), (0, 4));
    inspector
        .batch_execute("ALTER TABLE silver.fct_order_events DROP CONSTRAINT poison")
        .await
        .unwrap();
    let sum = release_all(&mut session, &order).await;
    assert_eq!((sum.accepted, sum.duplicate, sum.refused_again), (2, 1, 1));
    drain(&test).await;
    assert_eq!(text_of(&test, LEDGER).await, "3 1 1 0 t");
    assert_eq!(findings(&test).await, Vec::<String>::new());

    // What no rule will ever take is given up; it stays in the count, as quarantined.
    let tombstones = Filter {
        reason: Some("tombstone".into()),
        ..Filter::default()
    };
    assert_eq!(count(&session, &tombstones).await.unwrap(), 1);
    assert_eq!(
        discard_batch(&mut session, &tombstones, "a test's")
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        discard_batch(&mut session, &tombstones, "a test's")
            .await
            .unwrap(),
        0
    );
    assert_eq!(release_all(&mut session, &order).await.records(), 0);
    assert_eq!(text_of(&test, LEDGER).await, "3 1 1 0 t");
    assert_eq!(findings(&test).await, Vec::<String>::new());
    let discarded = Filter {
        state: Some("discarded"),
        ..Filter::default()
    };
    let row = rows(&session, &discarded, 10).await.unwrap().remove(0);
    assert_eq!(row.resolution_note.as_deref(), Some("a test's"));
    assert!(
        raw(&session, &row)
            .await
            .unwrap()
            .unwrap()
            .payload
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_takes_what_it_says_and_a_refusal_is_brought_up_to_date() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let text: Option<&[u8]> = Some(b"plain text");
    bronze.write_raw(0, &[text, None, text]).await;
    drain(&test).await;
    test.inspector()
        .await
        .batch_execute("UPDATE silver.quarantined_events SET rule_version = 0, reason = 'empty', detail = 'of old' WHERE kafka_offset <> 1")
        .await
        .unwrap();
    let warehouse = transformer(&test, 1).await;
    let mut session = warehouse.connect().await.unwrap();
    let one = ReleaseOrder {
        filter: Filter {
            at: Some(("test".into(), 0, 2)),
            ..Filter::default()
        },
        ..ReleaseOrder::default()
    };
    let sum = release_all(&mut session, &one).await;
    assert_eq!((sum.records(), sum.refused_again), (1, 1));
    let reasons = text_of(
        &test,
        "SELECT string_agg(format('%s %s %s', reason, rule_version > 0, rejudged_at IS NOT NULL), ', ' ORDER BY kafka_offset)
         FROM silver.quarantined_events",
    )
    .await;
    assert_eq!(reasons, "empty f f, tombstone t f, bad_magic t t");
    every_filter_counts_what_it_says(&session).await;
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

/// Of three records of the topic `test`, two of them as `empty`.
async fn every_filter_counts_what_it_says(session: &Session) {
    for (filter, expected) in [
        (
            Filter {
                reason: Some("empty".into()),
                ..Filter::default()
            },
            1,
        ),
        (
            Filter {
                from: Some(chrono::Utc::now() + chrono::TimeDelta::hours(1)),
                ..Filter::default()
            },
            0,
        ),
        (
            Filter {
                to: Some(chrono::Utc::now() + chrono::TimeDelta::hours(1)),
                ..Filter::default()
            },
            3,
        ),
        (
            Filter {
                event_id: Some(uuid::Uuid::now_v7()),
                ..Filter::default()
            },
            0,
        ),
        (
            Filter {
                at: Some(("other".into(), 0, 2)),
                ..Filter::default()
            },
            0,
        ),
        (
            Filter {
                state: Some("released"),
                ..Filter::default()
            },
            0,
        ),
    ] {
        assert_eq!(
            count(session, &filter).await.unwrap(),
            expected,
            "{filter:?}"
        );
    }
}

/// Several releases at once, while the silver and gold stages go on: every record leaves quarantine once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_releases_at_once_take_each_record_once() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let events: Vec<_> = (0..400).map(|n| placed(&format!("o-{n}"), 2)).collect();
    for (partition, part) in (0..).zip(events.chunks(100)) {
        let all: Vec<_> = part.iter().map(Some).collect();
        bronze.write(partition, &all).await;
    }
    drain_silver(&test).await;
    let inspector = test.inspector().await;
    inspector.batch_execute(REFUSE_EVERYTHING).await.unwrap();
    // More of the same comes in meanwhile: copies of what is being released.
    for (partition, part) in (0..).zip(events.chunks(100)) {
        bronze
            .write(
                partition,
                &[
                    Some(&part[0]),
                    Some(&placed(&format!("new-{partition}"), 1)),
                ],
            )
            .await;
    }
    let warehouse = transformer(&test, 8).await;
    let releases = (0..8).map(|_| {
        let warehouse = warehouse.clone();
        tokio::spawn(async move {
            let (mut sum, mut after) = (Released::default(), BEGINNING);
            loop {
                let mut session = warehouse.connect().await.unwrap();
                match release_batch(&mut session, &ReleaseOrder::default(), after).await {
                    Ok(Some(batch)) => {
                        sum.add(batch.outcome);
                        after = batch.last;
                        session.release();
                    }
                    Ok(None) => return sum,
                    Err(error) => assert_eq!(error.class(), ErrorClass::Retry, "{error}"),
                }
            }
        })
    });
    let releases: Vec<_> = releases.collect();
    drain(&test).await;
    let mut sum = Released::default();
    for release in releases {
        sum.add(release.await.unwrap());
    }
    drain(&test).await;
    assert_eq!(sum.records(), 400);
    assert_eq!(sum.refused_again, 0);
    assert_eq!(text_of(&test, LEDGER).await, "404 4 0 0 t");
    let orders = text_of(
        &test,
        "SELECT sum(orders)::text FROM gold.sales_performance",
    )
    .await;
    assert_eq!(orders, "404");
    assert_eq!(findings(&test).await, Vec::<String>::new());
}
