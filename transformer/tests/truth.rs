//! The warehouse against the truth of a cancelled order: green as it is, red where what was taken back is tampered with.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::BTreeMap;

use event_contract::truth::{
    CategoryCell, PayloadDigest, ProductCell, SalesCell, TRUTH_FORMAT, Truth,
};
use event_contract::{EventType, TransactionEvent, encode};
use support::{Bronze, event, placed};
use test_warehouse::TestWarehouse;
use transformer::gold::GoldStage;
use transformer::judging::EventJudge;
use transformer::report::truth::compare;
use transformer::silver::{LoadBudget, SilverStage};
use transformer::stage::{Stage, Step};
use warehouse::Warehouse;
use warehouse::verify::Verification;

const DAYS: [&str; 2] = ["2026-03-01", "2026-03-04"];

/// Two pieces at 19.99 less 1.00 each, that cost the shop 9.50 each: placed on one day, cancelled on another.
fn events() -> [TransactionEvent; 2] {
    let at = |mut event: TransactionEvent, day: &str| {
        event.event_timestamp = format!("{day}T12:00:00Z").parse().unwrap();
        event
    };
    [
        at(placed("o-1", 2), DAYS[0]),
        at(event("o-1", EventType::OrderCancelled), DAYS[1]),
    ]
}

fn truth_of(events: &[TransactionEvent]) -> Truth {
    let mut digest = PayloadDigest::default();
    for event in events {
        let mut payload = Vec::new();
        encode::single_object(event, &mut payload);
        digest.add(&payload);
    }
    let sales = |day: &str| SalesCell {
        day: day.parse().unwrap(),
        currency: "EUR".into(),
        channel: "web".into(),
        ..SalesCell::default()
    };
    let category = |day: &str, sign: i64| CategoryCell {
        day: day.parse().unwrap(),
        category: "Kitchen".into(),
        currency: "EUR".into(),
        lines: 2,
        quantity: 2 * sign,
        gross_cents: 3_998 * sign,
        discount_cents: 200 * sign,
        cost_cents: 1_900 * sign,
    };
    Truth {
        format: TRUTH_FORMAT,
        topic: "test".into(),
        seed: 1,
        records: 2,
        payload_digest: digest.to_hex(),
        event_digest: digest.to_hex(),
        events: 2,
        orders: 1,
        lines: 2,
        cancelled_lines: 2,
        duplicates: 0,
        bad: BTreeMap::new(),
        sales: vec![
            SalesCell {
                orders: 1,
                units_sold: 2,
                gross_cents: 3_998,
                discount_cents: 200,
                tax_cents: 250,
                shipping_cents: 495,
                total_cents: 4_543,
                cost_cents: 1_900,
                ..sales(DAYS[0])
            },
            SalesCell {
                cancellations: 1,
                cancelled_goods_cents: 3_798,
                cancelled_cost_cents: 1_900,
                ..sales(DAYS[1])
            },
        ],
        categories: vec![category(DAYS[0], 1), category(DAYS[1], -1)],
        products: vec![ProductCell {
            product_id: "P1".into(),
            currency: "EUR".into(),
            lines: 4,
            ..ProductCell::default()
        }],
        // What the producer tells of the other marts is held against them in demo/tests/truth.rs.
        tables: BTreeMap::new(),
        seal: String::new(),
    }
}

/// The findings of the comparison with a truth, without the warehouse's own checks.
async fn findings(warehouse: &Warehouse, truth: &Truth) -> Vec<String> {
    let mut session = warehouse.connect().await.unwrap();
    let verification = Verification::begin(&mut session).await.unwrap();
    let results = compare(&verification, std::slice::from_ref(truth), false).await;
    let found = results.unwrap().into_iter().flat_map(|result| {
        let statement = result.statement;
        result
            .findings
            .into_iter()
            .map(move |finding| format!("{statement}: {finding}"))
    });
    found.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truth_with_a_cancellation_is_green_until_it_is_tampered_with() {
    let test = TestWarehouse::fresh().await;
    let events = events();
    let mut bronze = Bronze::open(&test).await;
    for event in &events {
        bronze.write(0, &[Some(event)]).await;
    }
    let warehouse = Warehouse::new(test.settings_of("transformer"), 3).unwrap();
    let budget = LoadBudget {
        max_records: 1,
        max_bytes: 1 << 20,
    };
    let mut silver = SilverStage::new(warehouse.clone(), budget, EventJudge::default());
    let mut gold = GoldStage::new(warehouse.clone());
    while silver.step().await.unwrap() == Step::Worked {}
    while gold.step().await.unwrap() == Step::Worked {}
    let truth = truth_of(&events);
    assert_eq!(findings(&warehouse, &truth).await, Vec::<String>::new());

    let tampering = [
        (
            "DELETE FROM silver.fct_order_lines WHERE line_no = -1",
            "\"cancelled lines\": sent 2, found 1",
        ),
        (
            "UPDATE gold.item_category_performance_sums SET sales_date = sales_date - 1 WHERE quantity < 0",
            "item_category_performance",
        ),
        (
            "UPDATE gold.product_performance_sums SET gross_amount = gross_amount + 0.01 WHERE quantity < 0",
            "product_performance",
        ),
    ];
    let owner = test.inspector().await;
    for (number, (statement, expected)) in tampering.into_iter().enumerate() {
        assert_eq!(owner.execute(statement, &[]).await.unwrap(), 1);
        let found = findings(&warehouse, &truth).await;
        assert!(
            found.iter().any(|finding| finding.contains(expected)),
            "tampering {number} was not found out; found: {found:?}"
        );
    }
}
