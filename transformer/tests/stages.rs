//! Both stages on a real PostgreSQL, with bronze filled as the consumer fills it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use event_contract::{EventType, Money};
use support::{Bronze, event, placed, returned};
use test_warehouse::TestWarehouse;
use transformer::gold::GoldStage;
use transformer::judging::EventJudge;
use transformer::silver::{LoadBudget, SilverStage};
use transformer::stage::{Stage, Step};
use warehouse::Warehouse;

const BUDGET: LoadBudget = LoadBudget {
    max_records: 1_000,
    max_bytes: 1 << 20,
};

fn stages(test: &TestWarehouse) -> (SilverStage, GoldStage) {
    let settings = test.settings_of("transformer").for_hot_path();
    let warehouse = Warehouse::new(settings, 3).unwrap();
    (
        SilverStage::new(warehouse.clone(), BUDGET, EventJudge::default()),
        GoldStage::new(warehouse),
    )
}

async fn drain(test: &TestWarehouse) {
    let (mut silver, mut gold) = stages(test);
    while silver.step().await.unwrap() == Step::Worked {}
    while gold.step().await.unwrap() == Step::Worked {}
}

/// What `transformer verify` finds, as text; empty where all is well.
async fn findings(test: &TestWarehouse) -> Vec<String> {
    let warehouse = Warehouse::new(test.settings_of("transformer"), 1).unwrap();
    let mut session = warehouse.connect().await.unwrap();
    let verification = warehouse::verify::Verification::begin(&mut session)
        .await
        .unwrap();
    let results = verification.run_checks(|_| ()).await.unwrap();
    results
        .into_iter()
        .flat_map(|result| {
            let statement = result.statement;
            result
                .findings
                .into_iter()
                .map(move |finding| format!("{statement}: {finding}"))
        })
        .collect()
}

async fn one_row(test: &TestWarehouse, query: &str) -> String {
    let row = test.inspector().await.query_one(query, &[]).await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_become_facts_and_marts() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let order = placed("o-1", 3);
    let back = returned(&order, 1);
    let paid = event("o-1", EventType::OrderPaid);
    bronze
        .write(0, &[Some(&order), Some(&paid), Some(&back)])
        .await;
    drain(&test).await;

    let sums = one_row(
        &test,
        "SELECT format('%s %s %s %s %s %s', orders, units_sold, total_amount, returns, returned_amount, customers)
         FROM gold.sales_performance",
    )
    .await;
    let total = order.order.total_amount;
    assert_eq!(sums, format!("1 3 {total} 1 {} 1", back.order.total_amount));
    let category = one_row(
        &test,
        "SELECT format('%s %s %s', lines, quantity, revenue_amount) FROM gold.item_category_performance",
    )
    .await;
    let goods = |event: &event_contract::TransactionEvent| {
        event.order.subtotal - event.order.discount_amount
    };
    assert_eq!(category, format!("4 2 {}", goods(&order) - goods(&back)));
    let snapshot = one_row(
        &test,
        "SELECT format('%s %s %s', event_count, placed_at IS NOT NULL, order_status_name)
         FROM silver.fct_orders JOIN silver.dim_order_statuses USING (order_status_key)",
    )
    .await;
    assert_eq!(snapshot, "3 t order_returned");
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_conflicts_and_bad_bytes_are_told_apart() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let first = placed("o-1", 1);
    let mut other_content = first.clone();
    other_content.order.payment_method = "barter".into();
    // The same id again: in the same batch, in a later batch, in another partition; and with other content.
    bronze.write(0, &[Some(&first), Some(&first), None]).await;
    drain(&test).await;
    bronze.write(1, &[Some(&first)]).await;
    bronze.write(0, &[Some(&other_content)]).await;
    bronze.write_raw(0, &[Some(b"plain text".as_slice())]).await;
    drain(&test).await;

    let ledger = one_row(
        &test,
        "SELECT format('%s %s %s %s %s', sum(bronze_records), sum(accepted), sum(duplicate), sum(quarantined),
                       bool_and(is_balanced)) FROM ops.ledger",
    )
    .await;
    assert_eq!(ledger, "6 1 2 3 t");
    let reasons = one_row(
        &test,
        "SELECT string_agg(reason, ' ' ORDER BY reason) FROM silver.quarantined_events",
    )
    .await;
    assert_eq!(reasons, "bad_magic id_conflict tombstone");
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_refuses_is_isolated() {
    let test = TestWarehouse::fresh().await;
    test.inspector()
        .await
        .batch_execute(
            "ALTER TABLE silver.fct_order_events ADD CHECK (order_id NOT IN ('poison-1', 'poison-2'));",
        )
        .await
        .unwrap();
    let mut bronze = Bronze::open(&test).await;
    let mut events: Vec<_> = (0..37).map(|n| placed(&format!("o-{n}"), 2)).collect();
    events.insert(11, placed("poison-1", 1));
    events.insert(30, placed("poison-2", 1));
    let all: Vec<_> = events.iter().map(Some).collect();
    bronze.write(0, &all).await;
    drain(&test).await;

    let found = one_row(
        &test,
        "SELECT string_agg(format('%s %s', kafka_offset, reason), ', ' ORDER BY kafka_offset)
         FROM silver.quarantined_events",
    )
    .await;
    assert_eq!(found, "11 db_reject, 30 db_reject");
    let loaded = one_row(&test, "SELECT count(*)::text FROM silver.fct_order_events").await;
    assert_eq!(loaded, "37");
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn several_workers_share_the_partitions_and_meet_the_same_events() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let events: Vec<_> = (0..300).map(|n| placed(&format!("o-{n}"), 1)).collect();
    let all: Vec<_> = events.iter().map(Some).collect();
    // Every event in every partition: whoever comes second must find a duplicate.
    for partition in 0..4 {
        for part in all.chunks(50) {
            bronze.write(partition, part).await;
        }
    }
    let workers = (0..4).map(|_| {
        let (mut silver, _) = stages(&test);
        tokio::spawn(async move {
            let mut rounds_without_work = 0;
            while rounds_without_work < 3 {
                match silver.step().await {
                    Ok(Step::Worked) => rounds_without_work = 0,
                    Ok(Step::Idle | Step::Stalled) => rounds_without_work += 1,
                    Err(error) if error.is_conflict() => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    drain(&test).await;
    let ledger = one_row(
        &test,
        "SELECT format('%s %s %s %s', sum(accepted), sum(duplicate), sum(quarantined), sum(pending)) FROM ops.ledger",
    )
    .await;
    assert_eq!(ledger, "300 900 0 0");
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_attributes_win_whatever_the_order_of_arrival() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let mut old = placed("o-1", 1);
    let mut new = placed("o-2", 1);
    let mut oldest = placed("o-3", 1);
    old.event_timestamp -= chrono::TimeDelta::days(2);
    oldest.event_timestamp -= chrono::TimeDelta::days(3);
    new.customer.city = "Lyon".into();
    new.items[0].name = "New name".into();
    bronze.write(0, &[Some(&old)]).await;
    drain(&test).await;
    bronze.write(0, &[Some(&new)]).await;
    drain(&test).await;
    bronze.write(0, &[Some(&oldest)]).await;
    drain(&test).await;
    let city = one_row(
        &test,
        "SELECT city FROM silver.dim_customers WHERE customer_key <> 0",
    )
    .await;
    assert_eq!(city, "Lyon");
    let name = one_row(
        &test,
        "SELECT product_name FROM silver.dim_products WHERE product_key <> 0",
    )
    .await;
    assert_eq!(name, "New name");
}

/// What somebody might do to the warehouse, and a part of the check's statement that finds it out.
const TAMPERING: &[(&str, &str)] = &[
    (
        "DELETE FROM bronze.events WHERE kafka_offset = 1",
        "rows of every batch",
    ),
    (
        "UPDATE bronze.events SET payload = payload || '\\x00' WHERE kafka_offset = 1",
        "every byte",
    ),
    (
        "DELETE FROM ops.bronze_batches WHERE first_offset = 0",
        "contiguous",
    ),
    (
        "DELETE FROM silver.fct_order_lines WHERE line_no = 2",
        "add up to them",
    ),
    (
        "UPDATE silver.fct_order_events SET kafka_offset = 99 WHERE kafka_offset = 0",
        "one verdict",
    ),
    (
        "DELETE FROM silver.duplicate_events",
        "accepted + duplicate",
    ),
    (
        "UPDATE gold.sales_performance_sums SET total_amount = total_amount + 0.01",
        "sales_performance_sums",
    ),
    (
        "UPDATE gold.product_performance_sums SET quantity = quantity + 1",
        "product_performance_sums",
    ),
    (
        "DELETE FROM gold.item_category_performance_sums",
        "item_category_performance_sums",
    ),
    ("DELETE FROM gold.sales_customers", "gold.sales_customers:"),
    (
        "UPDATE gold.sales_customer_counts SET customers = customers + 1",
        "sales_customer_counts",
    ),
    (
        "DELETE FROM silver.dim_products WHERE product_key <> 0",
        "dimension rows",
    ),
    ("UPDATE silver.fct_orders SET paid_at = now()", "snapshot"),
    (
        "UPDATE silver.fct_orders SET placed_event_key = placed_event_key + 1",
        "snapshot",
    ),
    (
        "DELETE FROM silver.fct_order_steps WHERE step = 'placed'",
        "steps follow",
    ),
    (
        "UPDATE silver.fct_order_steps SET seconds_since_previous = 1 WHERE step = 'cancelled'",
        "steps follow",
    ),
    (
        "UPDATE silver.fct_order_steps SET orders = -1",
        "steps follow",
    ),
    (
        "DELETE FROM silver.fct_order_lines WHERE line_no < 0",
        "take back",
    ),
    (
        "UPDATE silver.fct_order_lines SET event_date = event_date - 1 WHERE line_no < 0",
        "take back",
    ),
    (
        "UPDATE silver.fct_order_lines SET cost_amount = 0 WHERE line_no = -1",
        "take back",
    ),
    (
        "UPDATE silver.fct_order_lines SET cost_amount = 0 WHERE line_no = 1",
        "add up to them",
    ),
    (
        "UPDATE silver.fct_order_events SET customer_version_key = 0",
        "dimension rows",
    ),
    (
        "DELETE FROM silver.dim_product_versions WHERE product_version_key <> 0",
        "dimension rows",
    ),
    (
        "UPDATE silver.dim_customers_history SET valid_to = valid_to - interval '1 microsecond' WHERE valid_to < 'infinity'",
        "leave holes",
    ),
    (
        "DELETE FROM silver.dim_customers_history WHERE valid_to = 'infinity'",
        "leave holes",
    ),
    (
        "UPDATE silver.dim_customers_history SET valid_from = valid_from - interval '1 second' WHERE valid_to < 'infinity'",
        "states at its time",
    ),
    (
        "DELETE FROM silver.dim_products_history",
        "states at its time",
    ),
    (
        "DELETE FROM silver.dim_customers_history",
        "derivation from the facts",
    ),
    (
        "UPDATE silver.dim_products_history SET product_version_key = product_version_key + 1",
        "derivation from sightings",
    ),
    (
        "UPDATE silver.product_sightings SET first_seen_at = first_seen_at - interval '1 second'",
        "sightings of products",
    ),
    (
        "UPDATE silver.dim_customers SET city = 'Elsewhere' WHERE customer_key <> 0",
        "hold now",
    ),
    (
        "UPDATE silver.dim_products SET category = 'Garden' WHERE product_key <> 0",
        "hold now",
    ),
];

/// What is given must never be compared with itself pair by pair, whatever a planner without statistics believes
/// (docs/decisions/0012).
#[tokio::test(flavor = "multi_thread")]
async fn marts_are_folded_without_nested_loops() {
    let test = TestWarehouse::fresh().await;
    let watch = "CREATE TABLE public.planned_with (nested_loops text);
                 CREATE FUNCTION public.note_planning() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                 BEGIN
                     INSERT INTO public.planned_with VALUES (current_setting('enable_nestloop'));
                     RETURN NULL;
                 END
                 $$;
                 CREATE TRIGGER note AFTER INSERT ON gold.product_performance_sums EXECUTE FUNCTION public.note_planning();
                 CREATE TRIGGER note AFTER INSERT ON gold.customer_months EXECUTE FUNCTION public.note_planning();";
    test.inspector().await.batch_execute(watch).await.unwrap();
    let mut bronze = Bronze::open(&test).await;
    bronze.write(0, &[Some(&placed("o-1", 2))]).await;
    drain(&test).await;
    let planned = "SELECT string_agg(nested_loops, ' ') FROM public.planned_with";
    assert_eq!(one_row(&test, planned).await, "off off");
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_sees_what_is_tampered_with() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    // Some moments apart: a stretch of a single microsecond could not be shortened.
    let [mut order, mut second, mut cancelled] =
        ["o-1", "o-2", "o-3"].map(|order_id| placed(order_id, 2));
    let mut call_off = event("o-3", EventType::OrderCancelled);
    cancelled.customer.city = "Lyon".into();
    let events = [&mut order, &mut second, &mut cancelled, &mut call_off];
    for (moment, event) in (0..).zip(events) {
        event.event_timestamp += chrono::TimeDelta::milliseconds(moment);
    }
    bronze
        .write(0, &[Some(&order), Some(&order), Some(&second)])
        .await;
    bronze.write(1, &[Some(&cancelled), Some(&call_off)]).await;
    drain(&test).await;
    assert_eq!(findings(&test).await, Vec::<String>::new());
    let mut inspector = test.inspector().await;
    for (statement, expected) in TAMPERING {
        // Tampered with inside a transaction that the checks run in too, and undone afterwards.
        let transaction = inspector.transaction().await.unwrap();
        let changed = transaction.execute(*statement, &[]).await.unwrap();
        assert!(changed > 0, "{statement} changed nothing");
        let found = support::findings_within(&transaction).await;
        assert!(
            found.iter().any(|finding| finding.contains(expected)),
            "{statement} was not found out; found: {found:?}"
        );
        transaction.rollback().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_survives_at_its_limits() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let mut huge = placed("o-1", 1);
    huge.items[0].unit_price = Money::MAX;
    huge.items[0].discount = Money::ZERO;
    huge.items[0].cost = Money::MAX;
    huge.order.subtotal = Money::MAX;
    huge.order.tax_amount = Money::ZERO;
    huge.order.shipping_amount = Money::ZERO;
    huge.order.discount_amount = Money::ZERO;
    huge.order.total_amount = Money::MAX;
    let mut free = placed("o-2", 1);
    free.items[0].unit_price = Money::ZERO;
    free.items[0].discount = Money::ZERO;
    free.order.subtotal = Money::ZERO;
    free.order.tax_amount = Money::from_cents(1);
    free.order.shipping_amount = Money::ZERO;
    free.order.discount_amount = Money::ZERO;
    free.order.total_amount = Money::from_cents(1);
    bronze.write(0, &[Some(&huge), Some(&free)]).await;
    drain(&test).await;
    let total = one_row(
        &test,
        "SELECT total_amount::text FROM gold.sales_performance",
    )
    .await;
    assert_eq!(total, "10000000000000000.00");
    assert_eq!(findings(&test).await, Vec::<String>::new());
}
