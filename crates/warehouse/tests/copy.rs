//! The binary COPY encoding, read back by PostgreSQL itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use test_warehouse::TestWarehouse;
use warehouse::silver::{
    FactBuffers, OrderEventRow, OrderLine, OrderLineRow, OrderStepRow, RecordPosition,
    SilverTransaction,
};
use warehouse::{Session, Warehouse};

fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let (whole, part) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    format!("{sign}{whole}.{part:02}")
}

async fn session(test: &TestWarehouse) -> Session {
    let warehouse = Warehouse::new(test.settings_of("transformer"), 1).unwrap();
    warehouse.connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_and_dates_come_back_as_they_were() {
    let test = TestWarehouse::fresh().await;
    let mut lines: Vec<(i64, NaiveDate)> = Vec::new();
    let mut runner = TestRunner::deterministic();
    let strategy = (
        prop_oneof![
            Just(0i64),
            -100_000..100_000i64,
            -999_999_999_999_999_999..=999_999_999_999_999_999i64
        ],
        0..36_524i32,
    );
    for _ in 0..2_000 {
        let (cents, day) = strategy.new_tree(&mut runner).unwrap().current();
        let date =
            NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::TimeDelta::days(i64::from(day));
        lines.push((cents, date));
    }
    for edge in [
        0,
        1,
        -1,
        99,
        100,
        9_999,
        10_000,
        999_999,
        1_000_000,
        100_000_000,
        -100_000_000,
    ] {
        lines.push((edge, NaiveDate::from_ymd_opt(2000, 1, 1).unwrap()));
    }
    let mut buffers = FactBuffers::default();
    for (key, (cents, event_date)) in (0i64..).zip(&lines) {
        buffers.push_line(&OrderLineRow {
            order_event_key: key,
            line_no: i16::MAX,
            event_date: *event_date,
            line: OrderLine {
                product_key: i64::MAX,
                product_version_key: i32::MAX,
                category_key: i32::MIN,
                currency_key: 0,
                quantity: -1,
                unit_price_cents: *cents,
                gross_cents: -*cents,
                discount_cents: 0,
                cost_cents: *cents,
            },
        });
    }
    let mut session = session(&test).await;
    let transaction = SilverTransaction::begin(&mut session).await.unwrap();
    transaction.copy_facts(buffers).await.unwrap();
    transaction.commit().await.unwrap();
    let query = "SELECT unit_price::text, gross_amount::text, event_date, product_key, category_key, quantity, line_no,
                        product_version_key
                 FROM silver.fct_order_lines ORDER BY order_event_key";
    let rows = test.inspector().await.query(query, &[]).await.unwrap();
    assert_eq!(rows.len(), lines.len());
    for (row, (cents, date)) in rows.iter().zip(&lines) {
        assert_eq!(row.get::<_, String>(0), money(*cents));
        assert_eq!(row.get::<_, String>(1), money(-*cents));
        assert_eq!(row.get::<_, NaiveDate>(2), *date);
        let rest: (i64, i32, i32, i16) = (row.get(3), row.get(4), row.get(5), row.get(6));
        assert_eq!(rest, (i64::MAX, i32::MIN, -1, i16::MAX));
        assert_eq!(row.get::<_, i32>(7), i32::MAX);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_back_as_they_were() {
    let test = TestWarehouse::fresh().await;
    let at: DateTime<Utc> = "1999-12-31T23:59:59.999999Z".parse().unwrap();
    let id = "0198c0de-0000-7000-8000-00000000002a".parse().unwrap();
    let mut buffers = FactBuffers::default();
    buffers.push_event(&OrderEventRow {
        order_event_key: 7,
        event_id: id,
        order_id: "'; DROP TABLE gold; -- ✓ مرحبا",
        position: RecordPosition {
            topic_id: 1,
            kafka_partition: 2,
            kafka_offset: 3,
        },
        customer_key: 0,
        customer_version_key: 8,
        location_key: 1,
        channel_key: 2,
        currency_key: 3,
        payment_method_key: 4,
        order_status_key: 5,
        line_count: 6,
        units: 7,
        event_at: at,
        event_type: "order_placed",
        event_version: "1.0",
        coupon_code: Some("Ünion 10 %"),
        content_hash: &[255; 16],
        subtotal_cents: 1,
        tax_cents: 2,
        shipping_cents: 3,
        discount_cents: 4,
        total_cents: 2,
        cost_cents: 5,
    });
    for (step_no, seconds) in [(1, None), (2, Some(i64::MAX))] {
        buffers.push_step(&OrderStepRow {
            order_event_key: 7,
            step_no,
            step: "cancelled",
            step_date: at.date_naive(),
            seconds_since_previous: seconds,
            orders: -1,
        });
    }
    let mut session = session(&test).await;
    let transaction = SilverTransaction::begin(&mut session).await.unwrap();
    transaction.copy_facts(buffers).await.unwrap();
    transaction.commit().await.unwrap();
    let query =
        "SELECT order_id, event_at, event_date::text, content_hash, cost_amount::text, coupon_code,
                        customer_version_key
                 FROM silver.fct_order_events";
    let row = test.inspector().await.query_one(query, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "'; DROP TABLE gold; -- ✓ مرحبا");
    assert_eq!(row.get::<_, DateTime<Utc>>(1), at);
    assert_eq!(row.get::<_, String>(2), "1999-12-31");
    assert_eq!(row.get::<_, Vec<u8>>(3), vec![255; 16]);
    assert_eq!(row.get::<_, String>(4), "0.05");
    assert_eq!(row.get::<_, &str>(5), "Ünion 10 %");
    assert_eq!(row.get::<_, i32>(6), 8);
    let query =
        "SELECT format('%s %s %s %s %s', step_no, step, step_date, seconds_since_previous, orders)
                 FROM silver.fct_order_steps ORDER BY order_event_key, step_no";
    let rows = test.inspector().await.query(query, &[]).await.unwrap();
    let steps: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    let expected = [
        "1 cancelled 1999-12-31  -1",
        "2 cancelled 1999-12-31 9223372036854775807 -1",
    ];
    assert_eq!(steps, expected);
}
