//! Figures that were published and changed afterwards.

use warehouse::gold::CloseOutcome;

use super::given::{Batching, Given, findings};

/// One line of an order, with the key of its event, its time and customer.
fn order(event_key: i64, event_at: &str, customer: &str) -> String {
    format!(
        "INSERT INTO given.events (event_key, event_type, event_at, order_id, customer, units, subtotal, discount, cost)
         VALUES ({event_key}, 'order_placed', {event_at}, 'o{event_key}', '{customer}', 2, 30, 5, 10);
         INSERT INTO given.lines (event_key, quantity, gross, discount, cost) VALUES ({event_key}, 2, 30, 5, 10);
         INSERT INTO given.steps (event_key, step, step_date)
         VALUES ({event_key}, 'placed', (({event_at}) AT TIME ZONE 'UTC')::date);"
    )
}

/// How many days could be closed.
async fn close(given: &Given) -> u64 {
    let mut closed = 0;
    while let CloseOutcome::Closed { days, is_more_due } = given.close_days().await {
        closed += days;
        if !is_more_due {
            return closed;
        }
    }
    panic!("nobody else writes gold");
}

async fn restatements(given: &Given) -> Vec<String> {
    given
        .rows(
            "SELECT concat_ws(' ', mart, measure, day, cell, old_value, new_value) FROM ops.restatements
             ORDER BY restatement_id",
        )
        .await
}

const LONG_AGO: &str = "timestamptz '2025-11-20 12:00Z'";

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_restates_its_day_and_tells_from_what_to_what() {
    let given = Given::nothing().await;
    let today = order(102, "now()", "c1");
    given
        .fold(&(order(101, LONG_AGO, "c1") + &today), Batching::Together)
        .await;
    assert!(close(&given).await > 300);
    assert_eq!(close(&given).await, 0);

    // Today is open: nothing is restated.
    given
        .fold(&order(201, "now()", "c1"), Batching::Together)
        .await;
    assert_eq!(restatements(&given).await, Vec::<String>::new());

    given
        .fold(&order(301, LONG_AGO, "c2"), Batching::Together)
        .await;
    let sales = r#"2025-11-20 {"channel": "web", "currency": "EUR"}"#;
    let lines = r#"{"category": "toys", "currency": "EUR"}"#;
    let product = r#"{"currency": "EUR", "product_id": "p1"}"#;
    let expected = [
        format!("sales_performance cost_amount {sales} 10.00 20.00"),
        format!("sales_performance discount_amount {sales} 5.00 10.00"),
        format!("sales_performance gross_amount {sales} 30.00 60.00"),
        format!("sales_performance orders {sales} 1 2"),
        format!("sales_performance total_amount {sales} 25.00 50.00"),
        format!("sales_performance units_sold {sales} 2 4"),
        format!("sales_performance customers {sales} 1 2"),
        format!("item_category_performance cost_amount 2025-11-20 {lines} 10.00 20.00"),
        format!("item_category_performance discount_amount 2025-11-20 {lines} 5.00 10.00"),
        format!("item_category_performance gross_amount 2025-11-20 {lines} 30.00 60.00"),
        format!("item_category_performance lines 2025-11-20 {lines} 1 2"),
        format!("item_category_performance quantity 2025-11-20 {lines} 2 4"),
        format!("product_performance cost_amount 2025-11-20 {product} 10.00 20.00"),
        format!("product_performance discount_amount 2025-11-20 {product} 5.00 10.00"),
        format!("product_performance gross_amount 2025-11-20 {product} 30.00 60.00"),
        format!("product_performance lines 2025-11-20 {product} 1 2"),
        format!("product_performance quantity 2025-11-20 {product} 2 4"),
        r#"payment_mix orders 2025-11-20 {"currency": "EUR", "payment_method": "card"} 1 2"#.to_owned(),
        r#"payment_mix total_amount 2025-11-20 {"currency": "EUR", "payment_method": "card"} 25.00 50.00"#.to_owned(),
        r#"geography_sales orders 2025-11-20 {"city": "Paris", "country": "FR", "currency": "EUR"} 1 2"#.to_owned(),
        r#"geography_sales total_amount 2025-11-20 {"city": "Paris", "country": "FR", "currency": "EUR"} 25.00 50.00"#.to_owned(),
        r#"geography_sales units_sold 2025-11-20 {"city": "Paris", "country": "FR", "currency": "EUR"} 2 4"#.to_owned(),
        r#"order_funnel orders 2025-11-20 {"step": "placed"} 1 2"#.to_owned(),
    ];
    assert_eq!(restatements(&given).await, expected);
    let lineage = given
        .rows(
            "SELECT DISTINCT format('%s %s', s.first_order_event_key, r.cause)
             FROM ops.restatements AS r JOIN ops.silver_batches AS s USING (gold_batch_id)",
        )
        .await;
    assert_eq!(lineage, ["301 late_data"]);
    assert_eq!(findings(&given.client).await, Vec::<String>::new());
}

/// Two late batches chain, also for a cell that was not there before, and their steps sum up to the whole change.
#[tokio::test(flavor = "multi_thread")]
async fn restatements_chain_and_add_up() {
    let given = Given::nothing().await;
    given
        .fold(&order(101, LONG_AGO, "c1"), Batching::Together)
        .await;
    close(&given).await;
    for (key, at) in [
        (201, LONG_AGO),
        (301, "timestamptz '2025-12-24 12:00Z'"),
        (401, LONG_AGO),
    ] {
        given.fold(&order(key, at, "c1"), Batching::Together).await;
    }
    let chains = given
        .rows(
            "SELECT concat_ws(' ', day, string_agg(format('%s to %s', old_value, new_value), ', ' ORDER BY restatement_id))
             FROM ops.restatements WHERE mart = 'sales_performance' AND measure = 'total_amount' GROUP BY day ORDER BY day",
        )
        .await;
    assert_eq!(
        chains,
        [
            "2025-11-20 25.00 to 50.00, 50.00 to 75.00",
            "2025-12-24 0 to 25.00"
        ]
    );
    // The same customer came again: no customer was gained on the first day.
    let customers = given
        .rows("SELECT concat_ws(' ', day, old_value, new_value) FROM ops.restatements WHERE measure = 'customers'")
        .await;
    assert_eq!(customers, ["2025-12-24 0 1"]);
    let sums = given
        .rows(
            "SELECT format('%s of %s', sum(new_value - old_value),
                           (SELECT sum(total_amount) - 25 FROM gold.sales_performance))
             FROM ops.restatements WHERE mart = 'sales_performance' AND measure = 'total_amount'",
        )
        .await;
    assert_eq!(sums, ["75.00 of 75.00"]);
}

/// An order of today whose cancellation, of a day that is closed, came first: today's batch takes lines of a closed day
/// back, though none of its events is old.
#[tokio::test(flavor = "multi_thread")]
async fn lines_and_steps_taken_back_on_a_closed_day_are_restated() {
    let given = Given::nothing().await;
    given
        .fold(&order(101, LONG_AGO, "c1"), Batching::Together)
        .await;
    close(&given).await;
    let facts = order(201, "now()", "c1")
        + "INSERT INTO given.lines (event_key, line_no, event_date, quantity, gross, discount, cost)
           VALUES (201, -1, '2025-11-20', -2, -30, -5, -10);
           INSERT INTO given.steps (event_key, step_no, step, step_date, orders)
           VALUES (201, 2, 'placed', '2025-11-20', -1);";
    given.fold(&facts, Batching::Together).await;
    let marts = given
        .rows("SELECT DISTINCT concat_ws(' ', mart, day) FROM ops.restatements ORDER BY 1")
        .await;
    assert_eq!(
        marts,
        [
            "item_category_performance 2025-11-20",
            "order_funnel 2025-11-20",
            "product_performance 2025-11-20",
            "sales_performance 2025-11-20"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn days_close_without_holes_and_only_when_everything_known_is_in_gold() {
    let given = Given::nothing().await;
    let days = "SELECT concat_ws(' ', count(*), min(day), max(day) - ((now() AT TIME ZONE 'UTC')::date - 2)) FROM ops.closed_days";
    assert_eq!(close(&given).await, 0);
    let four_days_ago = "now() - interval '4 days'";
    given
        .fold(&order(101, four_days_ago, "c1"), Batching::Together)
        .await;

    // Something waits before gold, in bronze, in Kafka.
    let waiting = [
        (
            "UPDATE ops.silver_batches SET gold_batch_id = NULL",
            "UPDATE ops.silver_batches SET gold_batch_id = (SELECT max(gold_batch_id) FROM ops.gold_batches)",
        ),
        (
            "UPDATE ops.partitions SET record_count = 1",
            "UPDATE ops.partitions SET record_count = 0",
        ),
        (
            "UPDATE ops.partitions SET high_watermark = 1",
            "UPDATE ops.partitions SET updated_at = now() - interval '2 days'",
        ),
    ];
    for (statement, undo) in waiting {
        given.client.batch_execute(statement).await.unwrap();
        assert_eq!(close(&given).await, 0, "{statement}");
        given.client.batch_execute(undo).await.unwrap();
    }
    assert_eq!(close(&given).await, 3);
    assert!(given.rows(days).await[0].starts_with("3 "));
    assert!(given.rows(days).await[0].ends_with(" 0"));

    // An import of older days restates nothing, since nothing of them was published; then they close as well.
    given
        .fold(
            &order(201, "now() - interval '9 days'", "c1"),
            Batching::Together,
        )
        .await;
    assert_eq!(restatements(&given).await, Vec::<String>::new());
    assert_eq!(close(&given).await, 5);
    assert!(given.rows(days).await[0].starts_with("8 "));
}

/// All time is what was summed up and the days since; a late fact goes into the sums, today's does not.
#[tokio::test(flavor = "multi_thread")]
async fn the_summary_of_all_time_does_not_depend_on_what_is_summed_up() {
    let given = Given::nothing().await;
    let facts = order(101, LONG_AGO, "c1") + &order(102, "now()", "c1");
    given.fold(&facts, Batching::Together).await;
    let summary =
        "SELECT concat_ws(' ', lines, quantity, gross_amount, cost_amount) FROM gold.sales_summary";
    let summed_up = "SELECT concat_ws(' ', lines, quantity, gross_amount, cost_amount) FROM gold.sales_summary_sums";
    assert_eq!(given.rows(summary).await, ["2 4 60.00 20.00"]);
    assert_eq!(given.rows(summed_up).await, Vec::<String>::new());
    close(&given).await;
    assert_eq!(given.rows(summary).await, ["2 4 60.00 20.00"]);
    assert_eq!(given.rows(summed_up).await, ["1 2 30.00 10.00"]);
    let facts = order(201, LONG_AGO, "c1") + &order(202, "now()", "c1");
    given.fold(&facts, Batching::Together).await;
    assert_eq!(given.rows(summary).await, ["4 8 120.00 40.00"]);
    assert_eq!(given.rows(summed_up).await, ["2 4 60.00 20.00"]);
    close(&given).await;
    assert_eq!(given.rows(summary).await, ["4 8 120.00 40.00"]);
    assert_eq!(findings(&given.client).await, Vec::<String>::new());
}
