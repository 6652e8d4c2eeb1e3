//! From a mart's cell to the raw bytes, as those who read dashboards may go; and a payload as JSON, held against the
//! contract's own encoder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod support;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use event_contract::judge::{Verdict, judge};
use event_contract::schema::SchemaVersion;
use event_contract::{
    Channel, Customer, CustomerType, EventType, Item, Limits, Money, Order, TransactionEvent,
    encode,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use support::stages::{drain, text_of};
use support::{Bronze, event, placed, returned};
use test_warehouse::TestWarehouse;

/// Text that PostgreSQL can hold: anything but U+0000.
fn any_text() -> impl Strategy<Value = String> {
    vec(any::<char>().prop_filter("no NUL", |c| *c != '\0'), 0..40)
        .prop_map(|chars| chars.into_iter().collect())
}

fn any_money() -> impl Strategy<Value = Money> {
    prop_oneof![
        any::<i64>(),
        -200_000i64..200_000,
        select(vec![
            0,
            -1,
            1,
            127,
            128,
            -128,
            -129,
            255,
            256,
            i64::MIN,
            i64::MAX
        ])
    ]
    .prop_map(Money::from_cents)
}

fn any_item() -> impl Strategy<Value = Item> {
    (
        any_text(),
        any_text(),
        any_text(),
        [any_money(), any_money(), any_money()],
        any::<i32>(),
    )
        .prop_map(
            |(id, name, category, [unit_price, discount, cost], quantity)| Item {
                id,
                name,
                category,
                unit_price,
                quantity,
                discount,
                cost,
            },
        )
}

fn any_customer() -> impl Strategy<Value = Customer> {
    (
        option::of(any_text()),
        select(CustomerType::ALL),
        any_text(),
        any_text(),
        option::of(any_text()),
    )
        .prop_map(|(id, customer_type, country, city, segment)| Customer {
            id,
            customer_type,
            country,
            city,
            segment,
        })
}

fn any_event() -> impl Strategy<Value = TransactionEvent> {
    let amounts = [
        any_money(),
        any_money(),
        any_money(),
        any_money(),
        any_money(),
    ];
    let order = ([any_text(), any_text(), any_text()], amounts).prop_map(
        |(
            [status, payment_method, currency],
            [
                subtotal,
                tax_amount,
                shipping_amount,
                discount_amount,
                total_amount,
            ],
        )| Order {
            status,
            payment_method,
            currency,
            subtotal,
            tax_amount,
            shipping_amount,
            discount_amount,
            total_amount,
        },
    );
    // Years 1 to 9999: what every reader of ISO 8601 understands.
    let head = (
        any::<u128>(),
        select(EventType::ALL),
        any_text(),
        -62_135_596_800_000_000i64..253_402_300_800_000_000,
        any_text(),
        select(Channel::ALL),
    );
    let tail = (vec(any_item(), 0..5), option::of(any_text()));
    (head, any_customer(), order, tail).prop_map(|(head, customer, order, (items, coupon_code))| {
        let (id, event_type, event_version, micros, transaction_id, channel) = head;
        TransactionEvent {
            event_id: uuid::Uuid::from_u128(id),
            event_type,
            event_version,
            event_timestamp: DateTime::from_timestamp_micros(micros).unwrap(),
            transaction_id,
            channel,
            customer,
            order,
            items,
            coupon_code,
        }
    })
}

fn expected_json(event: &TransactionEvent) -> Value {
    let order = &event.order;
    let items: Vec<Value> = event
        .items
        .iter()
        .map(|item| {
            json!({
                "id": item.id, "name": item.name, "category": item.category,
                "unit_price": item.unit_price.to_string(), "quantity": item.quantity,
                "discount": item.discount.to_string(), "cost": item.cost.to_string(),
            })
        })
        .collect();
    let at = event.event_timestamp;
    assert!(at.year() > 0);
    json!({
        "event_id": event.event_id.to_string(), "event_type": event.event_type.as_str(),
        "event_version": event.event_version, "event_timestamp": at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "transaction_id": event.transaction_id, "channel": event.channel.as_str(),
        "customer": {
            "id": event.customer.id, "type": event.customer.customer_type.as_str(),
            "country": event.customer.country, "city": event.customer.city,
        },
        "order": {
            "status": order.status, "payment_method": order.payment_method, "currency": order.currency,
            "subtotal": order.subtotal.to_string(), "tax_amount": order.tax_amount.to_string(),
            "shipping_amount": order.shipping_amount.to_string(), "discount_amount": order.discount_amount.to_string(),
            "total_amount": order.total_amount.to_string(),
        },
        "items": items,
    })
}

/// With what version 2 of the contract adds.
fn expected_json_v2(event: &TransactionEvent) -> Value {
    let mut expected = expected_json(event);
    expected["customer"]["segment"] = json!(event.customer.segment);
    expected["coupon_code"] = json!(event.coupon_code);
    expected
}

fn encoded(event: &TransactionEvent) -> Vec<u8> {
    let mut payload = Vec::new();
    encode::single_object(event, &mut payload);
    payload
}

async fn decode_in_database(test: &TestWarehouse, payloads: &[Vec<u8>]) -> Vec<Value> {
    let client = test.inspector().await;
    let rows = client
        .query(
            "SELECT bronze.payload_as_json(p) FROM unnest($1::bytea[]) WITH ORDINALITY AS u (p, n) ORDER BY n",
            &[&payloads],
        )
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_reads_what_the_encoder_writes() {
    let test = TestWarehouse::fresh().await;
    let mut runner = TestRunner::deterministic();
    let events: Vec<TransactionEvent> = (0..4_000)
        .map(|_| any_event().new_tree(&mut runner).unwrap().current())
        .collect();
    for &version in SchemaVersion::ALL {
        let expected = match version {
            SchemaVersion::V1 => expected_json,
            SchemaVersion::V2 => expected_json_v2,
        };
        let encoded = |event: &TransactionEvent| {
            let mut payload = Vec::new();
            encode::single_object_as(version, event, &mut payload);
            payload
        };
        let payloads: Vec<Vec<u8>> = events.iter().map(encoded).collect();
        let decoded = decode_in_database(&test, &payloads).await;
        assert_eq!(decoded.len(), events.len());
        for (event, decoded) in events.iter().zip(decoded) {
            assert_eq!(decoded, expected(event));
        }
    }
}

fn spoilt_payloads() -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let mut payloads: Vec<Vec<u8>> = Vec::new();
    let whole = encoded(&placed("o-1", 2));
    // Every way to cut it, every byte changed in several ways, bytes after it, and bytes that are nothing at all.
    payloads.extend((0..whole.len()).map(|length| whole[..length].to_vec()));
    for at in 0..whole.len() {
        for bit in [0x01, 0x02, 0x40, 0x80, 0xFF] {
            let mut spoilt = whole.clone();
            spoilt[at] ^= bit;
            payloads.push(spoilt);
        }
    }
    payloads.push([whole.as_slice(), &[0]].concat());
    for _ in 0..1_000 {
        let mut random = vec(any::<u8>(), 0..200)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        payloads.push(random.clone());
        let mut framed = whole[..10].to_vec();
        framed.append(&mut random);
        payloads.push(framed);
    }
    payloads.extend([
        b"{".to_vec(),
        b"{\"a\":1}".to_vec(),
        b"{\"a\":\"\\u0000\"}".to_vec(),
        [b"{\"a\":".repeat(20_000), b"1".to_vec()].concat(),
    ]);
    payloads
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bytes_make_it_fail_and_it_never_reads_what_the_judge_would_not() {
    let test = TestWarehouse::fresh().await;
    let now = Utc::now();
    let payloads = spoilt_payloads();
    let decoded = decode_in_database(&test, &payloads).await;
    let (mut accepted, mut undecoded) = (0, 0);
    for (payload, decoded) in payloads.iter().zip(&decoded) {
        let is_decoded = decoded.get("undecoded").is_none();
        undecoded += usize::from(!is_decoded);
        match judge(Some(payload), now, &Limits::default()) {
            Verdict::Accepted(event) => {
                accepted += 1;
                assert!(is_decoded, "accepted, but {decoded}");
                let mut expected = expected_json(&event.event);
                // The judge makes ids canonical; for show they stay as they were sent.
                expected["event_id"] = decoded["event_id"].clone();
                assert_eq!(*decoded, expected);
            }
            Verdict::Quarantined(refusal) => {
                let is_wire_fault = matches!(
                    refusal.reason.as_str(),
                    "truncated"
                        | "trailing_bytes"
                        | "bad_length"
                        | "bad_varint"
                        | "int_overflow"
                        | "bad_union"
                        | "bad_enum"
                        | "bad_utf8"
                        | "bad_decimal"
                        | "empty"
                        | "bad_magic"
                        | "unknown_schema"
                        | "short_header"
                );
                assert!(
                    !is_decoded || !is_wire_fault,
                    "{}: {decoded}",
                    refusal.reason
                );
            }
        }
    }
    assert!(
        accepted > 100 && undecoded > 1_000,
        "{accepted} accepted, {undecoded} undecoded"
    );
    assert_eq!(decoded[decoded.len() - 3], json!({"a": 1}));
    let hex = decoded[0]["undecoded"].as_str().unwrap();
    assert_eq!(hex, "");
    let null = text_of(&test, "SELECT bronze.payload_as_json(NULL)::text").await;
    assert!(null.contains("the value is null"), "{null}");
}

struct Cells {
    day: String,
}

async fn drilled(test: &TestWarehouse, call: &str) -> Vec<Value> {
    let (client, connection) =
        tokio_postgres::connect(&test.url_of("dashboard_reader"), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    let statement = format!("SELECT to_jsonb(d) FROM {call} AS d");
    let rows = client.query(&statement, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Two orders of two customers, one of them partly returned, the other cancelled; some bytes that are nothing.
async fn filled(test: &TestWarehouse) -> Cells {
    let mut bronze = Bronze::open(test).await;
    let first = placed("o-1", 3);
    let back = returned(&first, 1);
    let mut other = placed("o-2", 2);
    other.customer.id = Some("C2".into());
    other.customer.city = "Lyon".into();
    other.order.payment_method = "paypal".into();
    other.channel = Channel::Mobile;
    let mut yesterday = placed("o-3", 1);
    yesterday.event_timestamp -= chrono::TimeDelta::days(1);
    bronze
        .write(0, &[Some(&first), Some(&back), Some(&yesterday)])
        .await;
    bronze
        .write(
            1,
            &[Some(&other), Some(&event("o-2", EventType::OrderCancelled))],
        )
        .await;
    bronze.write_raw(2, &[Some(b"plain text"), None]).await;
    drain(test).await;
    Cells {
        day: first.event_timestamp.format("%Y-%m-%d").to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_leads_to_its_events_and_their_bytes() {
    let test = TestWarehouse::fresh().await;
    let Cells { day } = filled(&test).await;
    let web = drilled(&test, &format!("gold.drill_sales('{day}', 'EUR', 'web')")).await;
    let kinds: Vec<&str> = web
        .iter()
        .map(|row| row["event_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 3, "{web:?}");
    assert!(kinds.contains(&"order_returned") && kinds.contains(&"order_cancelled"));
    for row in &web {
        assert_eq!(row["payload"]["event_id"], row["event_id"]);
        assert_eq!(row["topic_name"], "test");
        assert!(row["kafka_offset"].is_i64() && row["kafka_partition"].is_i64());
    }
    // The rows add up to the cell.
    let total: f64 = web
        .iter()
        .filter(|row| row["event_type"] == "order_placed")
        .map(|row| row["total_amount"].as_f64().unwrap())
        .sum();
    let cell = text_of(&test, &format!("SELECT total_amount::text FROM gold.sales_performance WHERE sales_date = '{day}' AND channel = 'web'")).await;
    assert_eq!(format!("{total:.2}"), cell);

    let quantities = |rows: &[Value]| {
        rows.iter()
            .map(|row| row["quantity"].as_i64().unwrap())
            .sum::<i64>()
    };
    let category = drilled(
        &test,
        &format!("gold.drill_category('{day}', 'Kitchen', 'EUR')"),
    )
    .await;
    let cell = text_of(
        &test,
        &format!(
            "SELECT quantity::text FROM gold.item_category_performance WHERE sales_date = '{day}'"
        ),
    )
    .await;
    assert_eq!(quantities(&category).to_string(), cell);
    let product = drilled(
        &test,
        &format!("gold.drill_product('{day}', 'P1', 'EUR', 1000)"),
    )
    .await;
    assert_eq!(quantities(&product).to_string(), cell);
    assert_eq!(product[0]["payload"]["items"][0]["name"], "Kettle");

    let refused = drilled(&test, "gold.drill_quarantine('test', 2, 0)").await;
    assert_eq!(refused[0]["reason"], "bad_magic");
    assert_eq!(refused[0]["payload"]["undecoded"], "706c61696e2074657874");
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_steps_and_lines_taken_back_are_found_by_their_own_time() {
    let test = TestWarehouse::fresh().await;
    let Cells { day } = filled(&test).await;
    let hours = drilled(
        &test,
        &format!("generate_series('{day}'::timestamp AT TIME ZONE 'UTC', '{day}'::timestamp AT TIME ZONE 'UTC' + interval '23 hours', '1 hour') AS h, gold.drill_hour(h, 'EUR', 'web')"),
    )
    .await;
    assert_eq!(hours.len(), 3);
    // As the silver stage writes them where a cancellation comes before its placing: under an event of another day.
    test.inspector()
        .await
        .batch_execute(
            "INSERT INTO silver.fct_order_lines (order_event_key, product_key, category_key, currency_key, event_date, quantity, line_no, unit_price, gross_amount, discount_amount, cost_amount)
             SELECT l.order_event_key, l.product_key, l.category_key, l.currency_key, '2031-05-05', -l.quantity, -98 - l.line_no, l.unit_price, -l.gross_amount, -l.discount_amount, -l.cost_amount
             FROM silver.fct_order_lines AS l JOIN silver.fct_order_events AS e USING (order_event_key) WHERE e.order_id = 'o-2' AND l.line_no = 1;
             INSERT INTO silver.fct_order_steps (order_event_key, step_date, step_no, orders, step)
             SELECT order_event_key, '2031-05-05', 99, 1, 'placed' FROM silver.fct_order_events WHERE order_id = 'o-2' LIMIT 1;",
        )
        .await
        .unwrap();
    let lines = drilled(&test, "gold.drill_category('2031-05-05', 'Kitchen', 'EUR')").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["line_no"], &lines[0]["quantity"]),
        (&json!(-99), &json!(-1))
    );
    let steps = drilled(&test, "gold.drill_step('2031-05-05', 'placed')").await;
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0]["payload"]["transaction_id"], "o-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_answers_its_cell_and_no_more() {
    let test = TestWarehouse::fresh().await;
    let Cells { day } = filled(&test).await;
    for (call, expected) in [
        ("gold.drill_sales('{day}', 'EUR', 'mobile')", 1),
        ("gold.drill_sales('{day}', 'USD', 'web')", 0),
        ("gold.drill_sales('{day}', 'EUR', 'nowhere')", 0),
        ("gold.drill_sales('{day}'::date - 1, 'EUR', 'web')", 1),
        ("gold.drill_sales('{day}', 'EUR', 'web', 2)", 2),
        ("gold.drill_sales('{day}', 'EUR', 'web', -5)", 0),
        ("gold.drill_payment('{day}', 'EUR', 'paypal')", 1),
        ("gold.drill_location('{day}', 'EUR', 'FR', 'Lyon')", 1),
        ("gold.drill_location('{day}', 'EUR', 'FR')", 4),
        ("gold.drill_location('{day}', 'EUR', 'XX')", 0),
        ("gold.drill_customer('C2', 'EUR')", 1),
        ("gold.drill_customer('C1', 'EUR')", 4),
        ("gold.drill_customer('nobody', 'EUR')", 0),
        ("gold.drill_category('{day}', 'Kitchen', 'EUR', 2)", 2),
        ("gold.drill_category('{day}', 'Nothing', 'EUR')", 0),
        ("gold.drill_quarantine('test', 2, 0)", 1),
        ("gold.drill_quarantine('test', 2, 7)", 0),
    ] {
        let rows = drilled(&test, &call.replace("{day}", &day)).await;
        assert_eq!(rows.len(), expected, "{call}: {rows:?}");
    }
}
