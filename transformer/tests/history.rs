//! Cancellations, steps and histories: what comes of events does not depend on the order in which they come, nor on how
//! they are batched, nor on who loads them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use chrono::{DateTime, TimeDelta, Utc};
use event_contract::{Channel, CustomerType, EventType, Item, Money, TransactionEvent};
use support::{Bronze, amounts, event, placed, returned};
use test_warehouse::TestWarehouse;
use transformer::judging::EventJudge;
use transformer::silver::{LoadBudget, SilverStage};
use transformer::stage::{Stage, Step};
use uuid::Uuid;
use warehouse::Warehouse;
use warehouse::gold::{FoldOutcome, fold_next};

fn warehouse_of(test: &TestWarehouse) -> Warehouse {
    Warehouse::new(test.settings_of("transformer").for_hot_path(), 4).unwrap()
}

fn silver(warehouse: &Warehouse, max_records: usize) -> SilverStage {
    let max_bytes = 1 << 20;
    SilverStage::new(
        warehouse.clone(),
        LoadBudget {
            max_records,
            max_bytes,
        },
        EventJudge::default(),
    )
}

async fn load_all(warehouse: &Warehouse) {
    let mut silver = silver(warehouse, 1_000);
    while silver.step().await.unwrap() == Step::Worked {}
}

/// Folds until nothing waits, about `max_lines` lines at a time.
async fn fold_all(warehouse: &Warehouse, max_lines: i64) {
    let mut session = warehouse.connect().await.unwrap();
    while fold_next(&mut session, max_lines).await.unwrap() != FoldOutcome::Idle {}
    session.release();
}

async fn drain(test: &TestWarehouse) {
    let warehouse = warehouse_of(test);
    load_all(&warehouse).await;
    fold_all(&warehouse, 1_000).await;
}

async fn findings(test: &TestWarehouse) -> Vec<String> {
    let mut client = test.inspector().await;
    let transaction = client.transaction().await.unwrap();
    support::findings_within(&transaction).await
}

async fn rows(test: &TestWarehouse, query: &str) -> Vec<String> {
    let query = format!("SELECT t::text FROM ({query}) AS t ORDER BY 1");
    let rows = test.inspector().await.query(&query, &[]).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error:?}: {query}"));
    rows.iter().map(|row| row.get(0)).collect()
}

const LINES_BY_DAY: &str = "SELECT event_date, sum(quantity) AS quantity, sum(gross_amount) AS gross, \
     sum(discount_amount) AS discount, sum(cost_amount) AS cost FROM silver.fct_order_lines GROUP BY event_date";

fn at(mut event: TransactionEvent, day: &str, time: &str) -> TransactionEvent {
    event.event_timestamp = format!("{day}T{time}Z").parse().unwrap();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_takes_the_lines_back_whichever_comes_first() {
    let order = at(placed("o-1", 2), "2026-03-01", "10:00:00");
    let call_off = at(
        event("o-1", EventType::OrderCancelled),
        "2026-03-03",
        "09:00:00",
    );
    for batches in [
        vec![vec![&order, &call_off]],
        vec![vec![&order], vec![&call_off]],
        vec![vec![&call_off], vec![&order]],
    ] {
        let test = TestWarehouse::fresh().await;
        let mut bronze = Bronze::open(&test).await;
        for batch in batches {
            let batch: Vec<_> = batch.into_iter().map(Some).collect();
            bronze.write(0, &batch).await;
            drain(&test).await;
            assert_eq!(findings(&test).await, Vec::<String>::new());
        }
        assert_eq!(
            rows(&test, LINES_BY_DAY).await,
            [
                "(2026-03-01,2,39.98,2.00,19.00)",
                "(2026-03-03,-2,-39.98,-2.00,-19.00)"
            ]
        );
        let sold = "SELECT sum(quantity), sum(gross_amount), sum(cost_amount) FROM gold.product_performance_sums";
        assert_eq!(rows(&test, sold).await, ["(0,0.00,0.00)"]);
        let lines = "SELECT sum(line_count) FROM ops.silver_batches";
        assert_eq!(rows(&test, lines).await, ["(4)"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_cancellation_or_placing_puts_right_what_was_taken_back() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let order = at(placed("o-1", 1), "2026-03-02", "10:00:00");
    let smaller = at(placed("o-1", 2), "2026-03-01", "10:00:00");
    let late = at(
        event("o-1", EventType::OrderCancelled),
        "2026-03-05",
        "09:00:00",
    );
    let earlier = at(
        event("o-1", EventType::OrderCancelled),
        "2026-03-04",
        "09:00:00",
    );
    for event in [&order, &late, &earlier, &smaller] {
        bronze.write(0, &[Some(event)]).await;
        drain(&test).await;
        assert_eq!(findings(&test).await, Vec::<String>::new());
    }
    assert_eq!(
        rows(&test, LINES_BY_DAY).await,
        [
            "(2026-03-01,2,39.98,2.00,19.00)",
            "(2026-03-02,1,19.99,1.00,9.50)",
            "(2026-03-04,-2,-39.98,-2.00,-19.00)",
            "(2026-03-05,0,0.00,0.00,0.00)",
        ]
    );
    // A fold finds what it restates by these times.
    let last = "SELECT (oldest_event_at AT TIME ZONE 'UTC')::date AS oldest, (newest_event_at AT TIME ZONE 'UTC')::date
                FROM ops.silver_batches ORDER BY silver_batch_id DESC LIMIT 1";
    assert_eq!(rows(&test, last).await, ["(2026-03-01,2026-03-04)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_before_its_placing_is_accepted_and_settles() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let order = at(placed("o-1", 3), "2026-03-01", "10:00:00");
    let back = at(returned(&order, 1), "2026-03-02", "10:00:00");
    bronze.write(0, &[Some(&back)]).await;
    drain(&test).await;
    let state = "SELECT event_count, line_count, placed_at, returned_at IS NOT NULL AS is_returned FROM silver.fct_orders";
    assert_eq!(rows(&test, state).await, ["(1,,,t)"]);
    assert_eq!(findings(&test).await, Vec::<String>::new());
    bronze.write(1, &[Some(&order)]).await;
    drain(&test).await;
    let steps =
        "SELECT step, step_date, seconds_since_previous, sum(orders) FROM silver.fct_order_steps
                 GROUP BY 1, 2, 3 HAVING sum(orders) <> 0";
    assert_eq!(
        rows(&test, steps).await,
        ["(placed,2026-03-01,,1)", "(returned,2026-03-02,86400,1)"]
    );
    let sold = "SELECT sum(quantity) FROM gold.product_performance_sums";
    assert_eq!(rows(&test, sold).await, ["(2)"]);
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_splits_a_stretch_of_history() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let living_in = |city: &str, order_id: &str, day: &str| {
        let mut event = at(placed(order_id, 1), day, "12:00:00");
        event.customer.city = city.into();
        event.items[0].name = format!("Kettle of {city}");
        event
    };
    let events = [
        living_in("Paris", "o-1", "2026-01-01"),
        living_in("Paris", "o-2", "2026-01-05"),
        // In the middle of the stretch, which goes on after it.
        living_in("Lyon", "o-3", "2026-01-03"),
        // Before all that is known.
        living_in("Lyon", "o-4", "2025-12-30"),
    ];
    for event in &events {
        bronze.write(0, &[Some(event)]).await;
        drain(&test).await;
    }
    let dated = "to_char(valid_from AT TIME ZONE 'UTC', 'MMDD'), to_char(valid_to AT TIME ZONE 'UTC', 'MMDD')";
    let customers = format!(
        "SELECT {dated}, city FROM silver.dim_customers_history JOIN silver.dim_customer_versions USING (customer_version_key)"
    );
    assert_eq!(
        rows(&test, &customers).await,
        [
            "(0101,0103,Paris)",
            "(0103,0105,Lyon)",
            "(0105,,Paris)",
            "(1230,0101,Lyon)"
        ]
    );
    let products = format!(
        "SELECT {dated}, product_name FROM silver.dim_products_history JOIN silver.dim_product_versions USING (product_version_key)"
    );
    assert_eq!(
        rows(&test, &products).await,
        [
            "(0101,0103,\"Kettle of Paris\")",
            "(0103,0105,\"Kettle of Lyon\")",
            "(0105,,\"Kettle of Paris\")",
            "(1230,0101,\"Kettle of Lyon\")"
        ]
    );
    let now = "SELECT city, product_name FROM silver.dim_customers, silver.dim_products WHERE customer_key * product_key <> 0";
    assert_eq!(rows(&test, now).await, ["(Paris,\"Kettle of Paris\")"]);
    assert_eq!(findings(&test).await, Vec::<String>::new());
}

/// The one case in which a statement disappears: the first sighting of a day moves to an earlier time, at which the version
/// held anyway, and leaves the time at which a stretch began.
#[tokio::test(flavor = "multi_thread")]
async fn a_sighting_that_moves_is_told_anew() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    for (order_id, name, day, time) in [
        ("o-1", "Kettle", "2026-01-01", "12:00:00"),
        ("o-2", "Pot", "2026-01-02", "10:00:00"),
        ("o-3", "Kettle", "2026-01-02", "12:00:00"),
        ("o-4", "Kettle", "2026-01-02", "09:00:00"),
    ] {
        let mut event = at(placed(order_id, 1), day, time);
        event.items[0].name = name.into();
        bronze.write(0, &[Some(&event)]).await;
        drain(&test).await;
        assert_eq!(findings(&test).await, Vec::<String>::new(), "{order_id}");
    }
    let products = "SELECT to_char(valid_from AT TIME ZONE 'UTC', 'DDHH24') AS since, product_name
         FROM silver.dim_products_history JOIN silver.dim_product_versions USING (product_version_key)";
    assert_eq!(rows(&test, products).await, ["(0112,Kettle)", "(0210,Pot)"]);
}

/// A small generator of its own, so that a printed seed is all it takes to see the same again (Steele and others,
/// "Fast splittable pseudorandom number generators", 2014).
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.bits() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }
}

/// One of a few moments of a few days, so that ties are common; now and then of a year before.
fn moment(dice: &mut Dice) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-02-10T00:00:00Z".parse().unwrap();
    let days = dice.below(5) as i64 - if dice.below(12) == 0 { 365 } else { 0 };
    let micros = dice.one_of(&[0, 36_000_000_000, 36_000_500_000, 86_399_999_999]);
    start + TimeDelta::days(days) + TimeDelta::microseconds(micros)
}

fn items(dice: &mut Dice) -> Vec<Item> {
    (0..1 + dice.below(3))
        .map(|_| Item {
            id: dice.one_of(&["P1", "P2", "P3"]).into(),
            name: dice.one_of(&["Kettle", "Pot"]).into(),
            category: dice.one_of(&["Kitchen", "Garden"]).into(),
            unit_price: Money::from_cents(dice.one_of(&[100, 250])),
            quantity: dice.one_of(&[1, 2]),
            discount: Money::from_cents(dice.one_of(&[0, 10])),
            cost: Money::from_cents(50),
        })
        .collect()
}

/// Customers who move and flip back, products that change their names, orders with any events at any time: also such as
/// no shop would send, two placings or three cancellations of an order.
fn events_of(dice: &mut Dice) -> Vec<TransactionEvent> {
    let mut events = Vec::new();
    for order in 0..25 {
        let customer = dice.one_of(&[Some("C1"), Some("C2"), Some("C3"), None]);
        let channel = dice.one_of(&[Channel::Web, Channel::Mobile]);
        let kinds = [
            EventType::OrderPlaced,
            EventType::OrderPlaced,
            EventType::OrderPaid,
            EventType::OrderShipped,
            EventType::OrderCompleted,
            EventType::OrderReturned,
            EventType::OrderCancelled,
            EventType::OrderCancelled,
            EventType::OrderCancelled,
        ];
        for kind in kinds {
            if dice.below(10) < 4 {
                continue;
            }
            let mut event = event(&format!("o-{order:02}"), kind);
            event.event_id = Uuid::from_u64_pair(dice.bits(), dice.bits() | 1 << 63);
            event.event_timestamp = moment(dice);
            event.channel = channel;
            event.customer.id = customer.map(Into::into);
            event.customer.customer_type = dice.one_of(CustomerType::ALL);
            event.customer.city = dice.one_of(&["Paris", "Lyon"]).into();
            if kind.carries_items() {
                event.items = items(dice);
                event.order = amounts(kind.as_str(), &event.items, 5, 0);
            }
            events.push(event);
        }
    }
    events
}

/// Everything that comes of events, with business ids in place of keys, and sums where rows depend on the batches.
const OUTCOMES: [&str; 11] = [
    "SELECT customer_id, customer_type, country, city, segment FROM silver.dim_customers",
    "SELECT product_id, product_name, category FROM silver.dim_products",
    "SELECT d.customer_id, v.customer_type, v.country, v.city, v.segment, h.valid_from, h.valid_to
     FROM silver.dim_customers_history AS h JOIN silver.dim_customers AS d USING (customer_key)
     JOIN silver.dim_customer_versions AS v USING (customer_version_key)",
    "SELECT d.product_id, v.product_name, v.category, h.valid_from, h.valid_to
     FROM silver.dim_products_history AS h JOIN silver.dim_products AS d USING (product_key)
     JOIN silver.dim_product_versions AS v USING (product_version_key)",
    "SELECT d.product_id, v.product_name, v.category, s.seen_on, s.first_seen_at
     FROM silver.product_sightings AS s JOIN silver.dim_products AS d USING (product_key)
     JOIN silver.dim_product_versions AS v USING (product_version_key)",
    "SELECT o.order_id, d.customer_id, c.channel_name, s.order_status_name, o.event_count, o.line_count, o.status_at,
            o.status_event_id, o.placed_at, o.paid_at, o.shipped_at, o.completed_at, o.returned_at, o.cancelled_at,
            o.placed_event_id, o.total_amount
     FROM silver.fct_orders AS o JOIN silver.dim_customers AS d USING (customer_key)
     JOIN silver.dim_channels AS c USING (channel_key) JOIN silver.dim_order_statuses AS s USING (order_status_key)",
    "SELECT e.order_id, s.step, s.step_date, s.seconds_since_previous, sum(s.orders)
     FROM silver.fct_order_steps AS s JOIN silver.fct_order_events AS e USING (order_event_key)
     GROUP BY 1, 2, 3, 4 HAVING sum(s.orders) <> 0",
    "SELECT e.order_id, l.line_no > 0, l.event_date, p.product_id, v.product_name, v.category, c.category_name,
            l.unit_price, sum(CASE WHEN l.line_no < 0 AND l.quantity > 0 THEN -1 ELSE 1 END) AS lines, sum(l.quantity),
            sum(l.gross_amount), sum(l.discount_amount), sum(l.cost_amount)
     FROM silver.fct_order_lines AS l JOIN silver.fct_order_events AS e USING (order_event_key)
     JOIN silver.dim_products AS p USING (product_key) JOIN silver.dim_categories AS c USING (category_key)
     JOIN silver.dim_product_versions AS v USING (product_version_key)
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
     HAVING sum(CASE WHEN l.line_no < 0 AND l.quantity > 0 THEN -1 ELSE 1 END) <> 0",
    "SELECT e.event_id, a.customer_type, a.country, a.city, a.segment
     FROM silver.order_events_as_of AS a JOIN silver.fct_order_events AS e USING (order_event_key)",
    "SELECT e.order_id, l.event_date, p.product_id, a.product_name, a.category, a.event_at, sum(l.quantity)
     FROM silver.order_lines_as_of AS a JOIN silver.fct_order_lines AS l USING (order_event_key, line_no)
     JOIN silver.fct_order_events AS e USING (order_event_key)
     JOIN silver.dim_products AS p ON p.product_key = l.product_key
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(l.quantity) <> 0",
    "SELECT sales_date, product_id, currency, quantity, gross_amount, discount_amount, cost_amount
     FROM gold.product_performance_sums
     WHERE (quantity, gross_amount, discount_amount, cost_amount) <> (0, 0, 0, 0)",
];

async fn outcome(test: &TestWarehouse) -> Vec<Vec<String>> {
    let mut outcome = Vec::new();
    for query in OUTCOMES {
        outcome.push(rows(test, query).await);
    }
    outcome
}

/// Loads and folds in small random portions, while more is written; sometimes with several loaders at once.
async fn run_disturbed(test: &TestWarehouse, events: &[TransactionEvent], dice: &mut Dice) {
    let warehouse = warehouse_of(test);
    let mut bronze = Bronze::open(test).await;
    let mut shuffled: Vec<&TransactionEvent> = events.iter().collect();
    shuffled.extend((0..10).map(|_| &events[dice.below(events.len())])); // some twice
    dice.shuffle(&mut shuffled);
    while !shuffled.is_empty() {
        let rest = shuffled.split_off(shuffled.len().min(1 + dice.below(12)));
        let batch: Vec<_> = shuffled.into_iter().map(Some).collect();
        bronze.write(dice.one_of(&[0, 1, 2, 3]), &batch).await;
        shuffled = rest;
        if dice.below(3) == 0 {
            let loader = || {
                let mut silver = silver(&warehouse, 1);
                tokio::spawn(async move { silver.step().await })
            };
            let loaders: Vec<_> = (0..1 + dice.below(3)).map(|_| loader()).collect();
            for loader in loaders {
                match loader.await.unwrap() {
                    Ok(_) => {}
                    Err(error) if error.is_conflict() => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
        if dice.below(3) == 0 {
            let mut session = warehouse.connect().await.unwrap();
            fold_next(&mut session, 1 + dice.below(20) as i64)
                .await
                .unwrap();
            session.release();
            if dice.below(3) == 0 {
                // In the middle of it all, with facts that wait for gold.
                assert_eq!(findings(test).await, Vec::<String>::new());
            }
        }
    }
    load_all(&warehouse).await;
    fold_all(&warehouse, 1 + dice.below(50) as i64).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_order_nor_batches_nor_loaders_matter() {
    let seed: u64 = match std::env::var("ASSAY_TEST_SEED") {
        Ok(seed) => seed.parse().expect("ASSAY_TEST_SEED is a number"),
        Err(_) => Uuid::now_v7().as_u64_pair().1,
    };
    println!("seed {seed}: repeat with ASSAY_TEST_SEED={seed}");
    let mut dice = Dice(seed);
    let rounds = std::env::var("ASSAY_TEST_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let events = events_of(&mut dice);
        let straight = TestWarehouse::fresh().await;
        let mut bronze = Bronze::open(&straight).await;
        let all: Vec<_> = events.iter().map(Some).collect();
        bronze.write(0, &all).await;
        drain(&straight).await;
        assert_eq!(findings(&straight).await, Vec::<String>::new());
        let expected = outcome(&straight).await;
        for query in expected.iter().zip(OUTCOMES) {
            assert!(!query.0.is_empty(), "nothing comes of {}", query.1);
        }
        for _ in 0..2 {
            let test = TestWarehouse::fresh().await;
            run_disturbed(&test, &events, &mut dice).await;
            assert_eq!(
                findings(&test).await,
                Vec::<String>::new(),
                "seed {seed}, round {round}"
            );
            for ((found, wanted), query) in outcome(&test).await.iter().zip(&expected).zip(OUTCOMES)
            {
                assert_eq!(found, wanted, "seed {seed}, round {round}: {query}");
            }
        }
    }
}
