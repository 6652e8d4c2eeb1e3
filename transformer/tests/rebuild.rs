//! `transformer rebuild` beside a live warehouse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::process::{Command, Output};

use event_contract::EventType;
use support::stages::{drain, findings, text_of};
use support::{Bronze, event, placed, returned};
use test_warehouse::TestWarehouse;

fn rebuild(url: &str, arguments: &[&str]) -> Output {
    tokio::task::block_in_place(|| {
        Command::new(env!("CARGO_BIN_EXE_transformer"))
            .arg("rebuild")
            .args(arguments)
            .env("DATABASE_URL", url)
            .output()
            .unwrap()
    })
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A warehouse with orders, a return, a duplicate and a record that is not an event, worked off.
async fn filled() -> (TestWarehouse, Bronze) {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let (first, second) = (placed("o-1", 3), placed("o-2", 2));
    let back = returned(&first, 1);
    bronze
        .write(0, &[Some(&first), Some(&back), Some(&first), None])
        .await;
    bronze
        .write(
            1,
            &[Some(&second), Some(&event("o-2", EventType::OrderPaid))],
        )
        .await;
    drain(&test).await;
    (test, bronze)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_right_is_found_right_and_left_alone() {
    let (test, _bronze) = filled().await;
    let inspector = test.inspector().await;
    let oid = "SELECT 'gold.sales_performance_sums'::regclass::oid::text";
    let before: String = inspector.query_one(oid, &[]).await.unwrap().get(0);

    let output = rebuild(test.owner_url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let words = text(&output);
    assert!(
        words.contains("records                   6              6"),
        "{words}"
    );
    assert!(
        words.contains("no figure differs; the live tables are as they were"),
        "{words}"
    );

    let after: String = inspector.query_one(oid, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    let leftovers = "SELECT count(*) FROM pg_namespace WHERE nspname ~ '_(next|old)$'";
    assert_eq!(
        inspector
            .query_one(leftovers, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        0
    );
    let run = "SELECT kind || ' ' || status || ' ' || row_count FROM ops.pipeline_runs";
    assert_eq!(
        inspector
            .query_one(run, &[])
            .await
            .unwrap()
            .get::<_, String>(0),
        "rebuild succeeded 6"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_that_is_wrong_is_shown_and_put_right_by_the_swap() {
    let (test, mut bronze) = filled().await;
    let inspector = test.inspector().await;
    inspector
        .execute(
            "UPDATE gold.sales_performance_sums SET orders = orders + 40",
            &[],
        )
        .await
        .unwrap();

    let shown = rebuild(test.owner_url(), &[]);
    assert_eq!(shown.status.code(), Some(5), "{}", text(&shown));
    assert!(text(&shown).contains("orders: 42 → 2"), "{}", text(&shown));
    let orders = "SELECT sum(orders)::bigint FROM gold.sales_performance";
    assert_eq!(
        inspector
            .query_one(orders, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        42
    );

    let swapped = rebuild(test.owner_url(), &["--swap"]);
    assert_eq!(swapped.status.code(), Some(0), "{}", text(&swapped));
    assert_eq!(
        inspector
            .query_one(orders, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        2
    );
    assert_eq!(findings(&test).await, Vec::<String>::new());

    // The pipeline goes on with the new tables, and so do their readers.
    bronze.write(0, &[Some(&placed("o-3", 1))]).await;
    drain(&test).await;
    assert_eq!(findings(&test).await, Vec::<String>::new());
    let (reader, connection) =
        tokio_postgres::connect(&test.url_of("dashboard_reader"), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    assert_eq!(
        reader
            .query_one(orders, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        3
    );
    let green = "SELECT bool_and(is_balanced) AND sum(pending) = 0 FROM ops.ledger";
    assert!(
        reader
            .query_one(green, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    assert_eq!(rebuild(test.owner_url(), &[]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_swap_restates_closed_days_and_keeps_what_people_decided() {
    let (test, _bronze) = filled().await;
    let inspector = test.inspector().await;
    inspector
        .batch_execute(
            "INSERT INTO ops.closed_days (day) SELECT DISTINCT sales_date FROM gold.sales_performance_sums;
             UPDATE gold.sales_performance_sums SET units_sold = units_sold - 1;
             DELETE FROM gold.payment_mix_sums;
             UPDATE silver.dim_customers SET city = 'Atlantis' WHERE customer_id = 'C1';
             UPDATE silver.quarantined_events SET state = 'discarded', resolved_at = now(), resolution_note = 'noise'",
        )
        .await
        .unwrap();
    let swapped = rebuild(test.owner_url(), &["--swap"]);
    assert_eq!(swapped.status.code(), Some(0), "{}", text(&swapped));

    let restated: Vec<String> = inspector
        .query(
            "SELECT concat_ws(' ', mart, measure, cause, old_value, new_value, run_id IS NOT NULL, cell ->> 'currency')
             FROM ops.restatements WHERE measure <> 'total_amount' ORDER BY mart, measure",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(
        restated,
        [
            "payment_mix orders rebuild 0 2 t EUR",
            "sales_performance units_sold rebuild 4 5 t EUR"
        ]
    );
    let decided = "SELECT state || ' ' || resolution_note FROM silver.quarantined_events";
    assert_eq!(text_of(&test, decided).await, "discarded noise");
    let city = "SELECT city FROM silver.dim_customers WHERE customer_id = 'C1'";
    assert_eq!(text_of(&test, city).await, "Paris");
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pipeline_goes_on_meanwhile() {
    let (test, mut bronze) = filled().await;
    let url = test.owner_url().to_owned();
    let rebuilding = tokio::task::spawn_blocking(move || rebuild(&url, &["--swap"]));
    let mut number = 100;
    while !rebuilding.is_finished() {
        let orders = [
            placed(&format!("o-{number}"), 2),
            placed(&format!("o-{number}b"), 1),
        ];
        bronze
            .write(number % 3, &[Some(&orders[0]), Some(&orders[1])])
            .await;
        drain(&test).await;
        number += 1;
    }
    let output = rebuilding.await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(number > 101, "nothing came in meanwhile");
    drain(&test).await;
    assert_eq!(findings(&test).await, Vec::<String>::new());
    let orders = "SELECT sum(orders)::bigint FROM gold.sales_performance";
    let counted: i64 = test
        .inspector()
        .await
        .query_one(orders, &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(counted, 2 + 2 * i64::from(number - 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_may_and_only_one_at_a_time() {
    let (test, _bronze) = filled().await;
    let output = rebuild(&test.url_of("transformer"), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).contains("owner"), "{}", text(&output));

    let inspector = test.inspector().await;
    let lock = "SELECT pg_advisory_lock(x'6173736179726562'::bigint)";
    inspector.batch_execute(lock).await.unwrap();
    let output = rebuild(test.owner_url(), &[]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(
        text(&output).contains("another rebuild"),
        "{}",
        text(&output)
    );
}
