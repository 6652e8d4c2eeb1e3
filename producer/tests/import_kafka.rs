//! `producer import` against a real Kafka and a real PostgreSQL: what arrives is what the source holds, once, however
//! often and however rudely the import is run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use chrono::Utc;
use event_contract::judge::{self, Verdict};
use event_contract::{Channel, EventType, Limits, TransactionEvent};
use local_stack::testing::{TestDatabase, fresh_topic, shared};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use support::{Received, Running, digest_of, producer, read_topic, read_truth, run, stderr};

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/online_retail_sample.csv"
);
const ONLINE_SQL: &str = include_str!("../../examples/online_orders.sql");
const ONLINE_MAPPING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/online_mapping.toml"
);
const PYTHON_SUMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/uci_sums.py");
const LINES: &str = "SELECT l.line_id, o.order_no, o.ordered_at, o.customer_no, o.country, o.city, o.currency, \
    o.paid_with, o.device, l.sku, l.title, l.department, l.quantity, l.price \
    FROM shop.orders AS o JOIN shop.order_lines AS l USING (order_no); ";

fn uci(topic: &str, more: &[&str]) -> Vec<String> {
    let servers = shared().kafka_bootstrap_servers();
    let fixed = [
        "import",
        "uci",
        SAMPLE,
        "--date-order",
        "mdy",
        "--json",
        "--kafka-bootstrap-servers",
        servers,
        "--kafka-topic",
        topic,
    ];
    fixed
        .iter()
        .chain(more)
        .map(|text| (*text).to_owned())
        .collect()
}

fn borrowed(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

fn received(topic: &str) -> Vec<Received> {
    read_topic(shared().kafka_bootstrap_servers(), topic)
}

/// Each event once, in no order; all must be acceptable, and copies the same to the byte.
fn events(received: &[Received]) -> Vec<TransactionEvent> {
    let mut payloads = BTreeMap::new();
    for record in received {
        let verdict = judge::judge(record.payload.as_deref(), Utc::now(), &Limits::default());
        let Verdict::Accepted(accepted) = verdict else {
            panic!("{verdict:?}");
        };
        let event = accepted.event;
        let (payload, _) = payloads
            .entry(event.event_id)
            .or_insert((record.payload.clone(), event));
        assert_eq!(*payload, record.payload, "one id, one content");
    }
    payloads.into_values().map(|(_, event)| event).collect()
}

fn payloads(received: &[Received]) -> BTreeSet<Vec<u8>> {
    received
        .iter()
        .map(|record| record.payload.clone().unwrap())
        .collect()
}

fn succeeded(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the events come to, laid out as the script does.
fn sums(events: &[TransactionEvent]) -> Value {
    let mut groups: BTreeMap<&str, BTreeMap<String, [i64; 4]>> = BTreeMap::new();
    for event in events {
        let offset = if event.event_type == EventType::OrderReturned {
            2
        } else {
            0
        };
        for item in &event.items {
            let pence = item.unit_price.cents() * i64::from(item.quantity) - item.discount.cents();
            let cells = [
                ("month", event.event_timestamp.format("%Y-%m").to_string()),
                ("country", event.customer.country.clone()),
                ("product", item.id.clone()),
                ("category", item.category.clone()),
                ("total", event.order.currency.clone()),
            ];
            for (group, name) in cells {
                let sums = groups.entry(group).or_default().entry(name).or_default();
                sums[offset] += pence;
                sums[offset + 1] += i64::from(item.quantity);
            }
        }
    }
    let cell = |[sold, pieces, returned, back]: [i64; 4]| json!({"sold_pence": sold, "sold_pieces": pieces, "returned_pence": returned, "returned_pieces": back});
    let groups = groups.into_iter().map(|(group, cells)| {
        let cells: serde_json::Map<String, Value> = cells
            .into_iter()
            .map(|(name, sums)| (name, cell(sums)))
            .collect();
        (group.to_owned(), Value::Object(cells))
    });
    Value::Object(groups.collect())
}

#[test]
fn what_arrives_is_what_an_independent_computation_takes_from_the_file() {
    let topic = fresh_topic(3);
    let files = tempfile::tempdir().unwrap();
    let truth_file = files.path().join("truth.json");
    let args = uci(&topic, &["--truth", truth_file.to_str().unwrap()]);
    let summary = succeeded(&run(&borrowed(&args)));
    let received = received(&topic);
    let events = events(&received);
    assert_eq!(events.len(), received.len(), "nothing twice");

    let python = Command::new("python3")
        .args([PYTHON_SUMS, SAMPLE, "mdy"])
        .output()
        .unwrap();
    let expected: Value = serde_json::from_slice(&python.stdout).unwrap();
    let found = sums(&events);
    for group in ["month", "country", "product", "category", "total"] {
        assert_eq!(found[group], expected[group], "{group}");
    }
    let of_type = |kind| {
        events
            .iter()
            .filter(|event| event.event_type == kind)
            .count()
    };
    assert_eq!(json!(of_type(EventType::OrderPlaced)), expected["orders"]);
    assert_eq!(
        json!(of_type(EventType::OrderReturned)),
        expected["returns"]
    );
    assert!(
        events
            .iter()
            .all(|event| event.channel == Channel::Import && event.event_id.get_version_num() == 5)
    );
    assert!(
        events.iter().any(|event| event.customer.id.is_none()),
        "guests"
    );

    let truth = read_truth(&truth_file);
    assert_eq!(truth.payload_digest, digest_of(&received));
    assert_eq!(
        (truth.events, truth.duplicates),
        (u64::try_from(events.len()).unwrap(), 0)
    );
    assert_eq!(json!(truth.orders), summary["orders"]);
}

#[test]
fn killed_in_the_middle_and_run_again_it_is_as_if_run_once() {
    let straight = fresh_topic(2);
    succeeded(&run(&borrowed(&uci(&straight, &[]))));
    let expected = payloads(&received(&straight));

    let topic = fresh_topic(2);
    // Two days and a half within about twenty seconds.
    let running = Running::start(&borrowed(&uci(&topic, &["--speed", "10000x"])));
    let begun = Instant::now();
    while received(&topic).len() < 20 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing was sent:\n{}",
            running.log()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    running.signal(Signal::SIGKILL);
    let (code, _) = running.end();
    assert_eq!(code, None, "killed");
    let sent = received(&topic).len();
    assert!(
        (20..expected.len()).contains(&sent),
        "{sent} of {}: not in the middle",
        expected.len()
    );

    succeeded(&run(&borrowed(&uci(&topic, &[]))));
    succeeded(&run(&borrowed(&uci(&topic, &[]))));
    let all = received(&topic);
    assert_eq!(all.len(), sent + 2 * expected.len());
    assert_eq!(payloads(&all), expected);
    assert_eq!(events(&all).len(), expected.len());
}

#[test]
fn asked_to_stop_it_says_so_and_sends_no_half_order() {
    let straight = fresh_topic(1);
    succeeded(&run(&borrowed(&uci(&straight, &[]))));
    let expected = payloads(&received(&straight));
    let topic = fresh_topic(1);
    let running = Running::start(&borrowed(&uci(&topic, &["--speed", "1000x"])));
    let begun = Instant::now();
    while received(&topic).len() < 3 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing was sent:\n{}",
            running.log()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    running.signal(Signal::SIGTERM);
    let (code, log) = running.end();
    assert_eq!(code, Some(130), "the work is not done: {log}");
    assert!(payloads(&received(&topic)).is_subset(&expected));
}

/// A web shop's database, as the example makes it.
fn web_shop() -> TestDatabase {
    let database = shared().fresh_database("web_shop").unwrap();
    execute(&database.superuser_url, ONLINE_SQL);
    database
}

fn execute(url: &str, sql: &str) -> Vec<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        let mut rows = Vec::new();
        for message in client.simple_query(sql).await.unwrap() {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                rows.push(
                    (0..row.len())
                        .map(|column| row.get(column).unwrap_or("").to_owned())
                        .collect(),
                );
            }
        }
        rows
    })
}

fn import_query(url: &str, topic: &str, query: &str, key: &str, more: &[&str]) -> Output {
    let servers = shared().kafka_bootstrap_servers();
    let mut args = vec![
        "import",
        "postgres",
        "--query",
        query,
        "--key",
        key,
        "--mapping",
        ONLINE_MAPPING,
        "--json",
        "--kafka-bootstrap-servers",
        servers,
        "--kafka-topic",
        topic,
    ];
    args.extend(more);
    producer(&args)
        .env("SOURCE_DATABASE_URL", url)
        .output()
        .unwrap()
}

#[test]
fn a_databases_orders_arrive_whatever_the_pages() {
    let database = web_shop();
    let url = &database.superuser_url;
    let truth = execute(
        url,
        "SELECT sum(quantity * price)::text, count(*)::text, count(DISTINCT order_no)::text FROM shop.order_lines",
    );
    let mut contents = Vec::new();
    for page_rows in ["1", "7", "500", "5000"] {
        let topic = fresh_topic(1);
        let summary = succeeded(&import_query(
            url,
            &topic,
            LINES,
            "line_id",
            &["--page-rows", page_rows],
        ));
        assert_eq!(summary["amounts"]["EUR"]["net"], truth[0][0]);
        assert_eq!(summary["lines"].to_string(), truth[0][1]);
        assert_eq!(summary["rows_refused"], 0, "{summary}");
        contents.push(payloads(&received(&topic)));
    }
    assert!(
        contents.windows(2).all(|pair| pair[0] == pair[1]),
        "pages change nothing"
    );
    let topic = fresh_topic(1);
    succeeded(&import_query(url, &topic, LINES, "line_id", &[]));
    let events = events(&received(&topic));
    let channels: BTreeSet<&str> = events.iter().map(|event| event.channel.as_str()).collect();
    assert_eq!(channels, BTreeSet::from(["mobile", "web"]));
    assert!(
        events
            .iter()
            .any(|event| event.event_type == EventType::OrderReturned)
    );
    assert!(
        events
            .iter()
            .any(|event| event.customer.country == "FR" && event.customer.city == "Lyon")
    );
    let orders: BTreeSet<&str> = events
        .iter()
        .map(|event| event.transaction_id.as_str())
        .collect();
    assert_eq!(orders.len().to_string(), truth[0][2]);
}

#[test]
fn a_database_is_only_read_and_what_is_wrong_is_told() {
    let database = web_shop();
    let url = &database.superuser_url;
    let topic = fresh_topic(1);
    let null_key = LINES.replacen("l.line_id", "NULL::int AS line_id", 1);
    let cases: &[(&str, &str, i32, &str)] = &[
        (
            "SELECT * FROM shop.no_such_table",
            "line_id",
            2,
            "no_such_table",
        ),
        (LINES, "no_such_column", 2, "yields no such column"),
        (
            "SELECT row(1, 2) AS line_id",
            "line_id",
            2,
            "cannot be paged by",
        ),
        (LINES, "order_no", 5, "not unique"),
        (&null_key, "line_id", 5, "is null in some rows"),
        (
            "SELECT 1 AS line_id) AS s; DROP TABLE shop.order_lines; --",
            "line_id",
            2,
            "cannot be run",
        ),
        (
            "SELECT line_id, order_no FROM shop.order_lines",
            "line_id",
            5,
            "column `price` is missing",
        ),
    ];
    for (query, key, code, says) in cases {
        let output = import_query(url, &topic, query, key, &["--page-rows", "1"]);
        assert_eq!(
            output.status.code(),
            Some(*code),
            "{query}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(says),
            "{query}: {}",
            stderr(&output)
        );
    }
    let writing = LINES.replacen(
        "l.line_id",
        "nextval('shop.order_lines_line_id_seq') AS line_id",
        1,
    );
    let output = import_query(url, &topic, &writing, "line_id", &[]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("read-only transaction"),
        "{}",
        stderr(&output)
    );
    assert_eq!(
        execute(url, "SELECT count(*)::text FROM shop.order_lines").len(),
        1,
        "the table is still there"
    );
    assert_eq!(received(&topic).len(), 0, "nothing was sent");
}

#[test]
fn a_database_that_cannot_be_reached_is_named_and_its_password_is_not() {
    let url = &web_shop().superuser_url;
    let topic = fresh_topic(1);
    let password = "wrong-secret";
    let (head, rest) = url.split_once('@').unwrap();
    let user = head.rsplit_once(':').unwrap().0;
    for (url, code) in [
        (format!("{user}:{password}@{rest}"), 3),
        (format!("postgres://u:{password}@127.0.0.1:1/shop"), 4),
        (format!("{password} is no URL"), 3),
    ] {
        let output = import_query(&url, &topic, LINES, "line_id", &[]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(
            said.contains("SOURCE_DATABASE_URL") && !said.contains(password),
            "{said}"
        );
    }
}
