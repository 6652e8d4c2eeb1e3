//! What the services export on /metrics is what docs/METRICS.md says, both ways: names, types, labels.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use support::{Playground, block_on, records_sent, succeed, wait_until_drained};

/// A metric as it is exported: its type, and its labels.
type Exported = BTreeMap<String, (String, BTreeSet<String>)>;

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// The body of /metrics; nothing while nobody answers.
fn scrape(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.starts_with("HTTP/1.1 200").then_some(answer)
}

/// Scrapes until the answer has every one of `awaited`.
fn scrape_until(address: SocketAddr, awaited: &[&str]) -> String {
    let began = Instant::now();
    let mut last = String::new();
    while began.elapsed() < Duration::from_secs(60) {
        if let Some(answer) = scrape(address) {
            if awaited.iter().all(|text| answer.contains(text)) {
                return answer;
            }
            last = answer;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{awaited:?} is not exported: {last}");
}

fn exported(text: &str) -> Exported {
    let mut found = Exported::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            found.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        }
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, labels)) = line.split_once('{') else {
            continue;
        };
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| series.strip_suffix(suffix))
            .filter(|base| found.contains_key(*base))
            .unwrap_or(series);
        let (labels, _) = labels.rsplit_once('}').unwrap();
        let Some((_, known)) = found.get_mut(name) else {
            continue;
        };
        let names = labels
            .split("\",")
            .filter_map(|label| label.split_once('='));
        known.extend(
            names
                .map(|(name, _)| name.to_owned())
                .filter(|name| name != "le"),
        );
    }
    found
}

/// The rows of the table that name `service`.
fn documented(service: &str) -> Exported {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/METRICS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Exported::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if cells[5].split(", ").any(|named| named == service) {
            let labels = cells[3].split(", ").map(|label| label.trim_matches('`'));
            let labels = labels
                .filter(|label| !label.is_empty())
                .map(str::to_owned)
                .collect();
            found.insert(
                cells[1].trim_matches('`').to_owned(),
                (cells[2].to_owned(), labels),
            );
        }
    }
    found
}

/// What a transformer exports once everything is in gold.
const DRAINED: [&str; 7] = [
    "assay_warehouse_ledger_balanced 1\n",
    "assay_warehouse_waiting_seconds 0\n",
    "assay_warehouse_pending_records{layer=\"kafka\"} 0\n",
    "assay_warehouse_pending_records{layer=\"bronze\"} 0\n",
    "assay_warehouse_pending_records{layer=\"silver\"} 0\n",
    "assay_transformer_gold_batch_seconds_sum",
    "assay_transformer_silver_batch_seconds_sum",
];

/// As somebody would who changes `ops` by hand: it turns the metric, and with it the alert.
async fn damage_the_ledger(url: &str) {
    let damage = "UPDATE ops.partitions SET record_count = record_count + 1
                  WHERE kafka_partition = (SELECT min(kafka_partition) FROM ops.partitions)";
    support::inspector(url)
        .await
        .execute(damage, &[])
        .await
        .unwrap();
}

#[test]
fn services_export_what_the_table_says() {
    let playground = Playground::open();
    let pipeline = &playground.pipeline;
    let [producing, consuming, transforming] = [free_address(), free_address(), free_address()];
    let start = |service: &str, arguments: &[&str], address: SocketAddr| {
        let listens = address.to_string();
        pipeline
            .start_with(
                service,
                service,
                arguments,
                &[("ASSAY_HTTP_ADDR", &listens)],
            )
            .unwrap()
    };
    let _consumer = start("consumer", &["run"], consuming);
    let _transformer = start("transformer", &["run"], transforming);
    let truth = playground.file("truth.json");
    let sworn = truth.display().to_string();
    let settings = [
        "run",
        "--rate",
        "500",
        "--duration",
        "4s",
        "--bad-pct",
        "5",
        "--truth",
        &sworn,
    ];
    let mut producer = start("producer", &settings, producing);
    let by_producer = scrape_until(producing, &["assay_producer_events_sent_total"]);
    succeed(&mut producer, Duration::from_secs(60));
    block_on(wait_until_drained(
        &playground.database.superuser_url,
        records_sent(&truth),
        Duration::from_secs(60),
    ));
    let by_consumer = scrape_until(consuming, &["assay_consumer_commit_seconds_sum"]);
    let by_transformer = scrape_until(transforming, &DRAINED);

    for (service, text) in [
        ("producer", &by_producer),
        ("consumer", &by_consumer),
        ("transformer", &by_transformer),
    ] {
        assert_eq!(
            exported(text),
            documented(service),
            "{service}: left is exported, right is in docs/METRICS.md"
        );
        let described = text
            .lines()
            .filter(|line| line.starts_with("# HELP "))
            .count();
        assert_eq!(
            described,
            exported(text).len(),
            "{service}: a metric has no description"
        );
    }
    let refused = "assay_transformer_records_total{outcome=\"quarantined\"} ";
    let line = by_transformer
        .lines()
        .find_map(|line| line.strip_prefix(refused))
        .unwrap();
    assert!(
        line.parse::<f64>().unwrap() > 0.0,
        "bad records were sent, and none is counted"
    );

    block_on(damage_the_ledger(&playground.database.superuser_url));
    scrape_until(transforming, &["assay_warehouse_ledger_balanced 0\n"]);
}
