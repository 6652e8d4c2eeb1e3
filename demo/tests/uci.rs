//! Real sales through the whole pipeline: what gold holds is what an independent computation takes from the file, to the
//! penny, although the import was killed in the middle and run again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use demo::pipeline::Pipeline;
use demo::samples;
use local_stack::testing::shared;
use serde_json::Value;
use support::{block_on, inspector, succeed};

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/online_retail_sample.csv"
);
const PYTHON_SUMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../producer/tests/uci_sums.py");
const LONGEST: Duration = Duration::from_secs(300);

/// Name, net pence, net pieces: in gold, and by country in silver, which every warehouse has.
const CHECKS: [(&str, &str); 4] = [
    (
        "month",
        "SELECT to_char(sales_date, 'YYYY-MM'), (100 * sum(net_amount))::bigint, \
                sum(units_sold - units_returned)::bigint FROM gold.sales_performance GROUP BY 1",
    ),
    (
        "product",
        "SELECT product_id, (100 * sum(revenue_amount))::bigint, sum(quantity)::bigint \
         FROM gold.product_performance GROUP BY 1",
    ),
    (
        "category",
        "SELECT category, (100 * sum(revenue_amount))::bigint, sum(quantity)::bigint \
         FROM gold.item_category_performance GROUP BY 1",
    ),
    (
        "country",
        "SELECT l.country, sum(100 * CASE e.event_type WHEN 'order_placed' THEN e.total_amount \
                    WHEN 'order_returned' THEN -e.total_amount END)::bigint, \
                sum(CASE e.event_type WHEN 'order_placed' THEN e.units WHEN 'order_returned' THEN -e.units END)::bigint \
         FROM silver.fct_order_events AS e JOIN silver.dim_locations AS l USING (location_key) GROUP BY 1",
    ),
];

/// Country, net pence, pieces sold: the mart by place does not count pieces that came back.
const GOLD_BY_COUNTRY: &str = "SELECT country, (100 * sum(net_amount))::bigint, sum(units_sold)::bigint \
     FROM gold.geography_sales GROUP BY 1";

/// Name, pence sold less pence that came back, pieces likewise.
type Sums = BTreeMap<String, (i64, i64)>;

fn expected(group: &Value) -> Sums {
    let number = |cell: &Value, key: &str| cell[key].as_i64().unwrap();
    let cells = group.as_object().unwrap().iter();
    cells
        .map(|(name, cell)| {
            let pence = number(cell, "sold_pence") - number(cell, "returned_pence");
            let pieces = number(cell, "sold_pieces") - number(cell, "returned_pieces");
            (name.clone(), (pence, pieces))
        })
        .collect()
}

fn sold_by_country(countries: &Value) -> Sums {
    let number = |cell: &Value, key: &str| cell[key].as_i64().unwrap();
    let cells = countries.as_object().unwrap().iter();
    let sums = cells.map(|(name, cell)| {
        let pence = number(cell, "sold_pence") - number(cell, "returned_pence");
        (name.clone(), (pence, number(cell, "sold_pieces")))
    });
    sums.collect()
}

fn queried(url: &str, query: &str) -> Sums {
    block_on(async {
        let client = inspector(url).await;
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))))
            .collect()
    })
}

fn wait_until_all_is_in_gold(url: &str, events: i64) {
    let began = std::time::Instant::now();
    let query = "SELECT (SELECT count(*) FROM silver.fct_order_events), \
                        (SELECT coalesce(sum(pending), 0)::bigint FROM ops.ledger), \
                        (SELECT silver_pending::bigint FROM ops.lag)";
    loop {
        let counts: (i64, i64, i64) = block_on(async {
            let row = inspector(url).await.query_one(query, &[]).await.unwrap();
            (row.get(0), row.get(1), row.get(2))
        });
        if counts == (events, 0, 0) {
            return;
        }
        assert!(
            began.elapsed() < LONGEST,
            "silver, pending, silver pending are {counts:?} of {events}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Kills an import once a few of its events have arrived, and runs it again.
fn import_killed_and_again(pipeline: &Pipeline, url: &str) {
    let import = ["import", "uci", SAMPLE, "--date-order", "mdy"];
    let slowly: Vec<&str> = import
        .iter()
        .copied()
        .chain(["--speed", "20000x"])
        .collect();
    let mut killed = pipeline.start("producer", "killed", &slowly).unwrap();
    let began = std::time::Instant::now();
    while queried(
        url,
        "SELECT 'events', count(*), 0::bigint FROM bronze.events",
    )["events"]
        .0
        < 10
    {
        assert!(
            began.elapsed() < LONGEST,
            "nothing arrives: {}",
            killed.log().unwrap()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    killed.kill();
    let mut again = pipeline.start("producer", "again", &import).unwrap();
    succeed(&mut again, LONGEST);
}

/// What `make demo-uci` shows.
fn show_figures(url: &str) {
    for (_, query) in samples::UCI_SAMPLES {
        let table = block_on(async { samples::table(&inspector(url).await, query).await.unwrap() });
        assert!(table.lines().count() > 2, "{table}");
    }
    let countries = samples::UCI_SAMPLES[1].1;
    let table = block_on(async {
        samples::table(&inspector(url).await, countries)
            .await
            .unwrap()
    });
    assert!(table.contains("GB"), "{table}");
}

#[test]
fn gold_holds_what_the_file_holds_to_the_penny() {
    let python = Command::new("python3")
        .args([PYTHON_SUMS, SAMPLE, "mdy"])
        .output()
        .unwrap();
    let file: Value = serde_json::from_slice(&python.stdout).unwrap();
    let stack = shared();
    let database = stack.fresh_database("uci").unwrap();
    let topic = stack.fresh_topic(3).unwrap();
    let files = tempfile::tempdir().unwrap();
    let pipeline = Pipeline::prepare_on(
        stack,
        &database.migrator_url,
        &topic,
        files.path().join("logs"),
    )
    .unwrap();
    let _consumer = pipeline.start("consumer", "consumer", &["run"]).unwrap();
    let _transformer = pipeline
        .start("transformer", "transformer", &["run"])
        .unwrap();
    let url = &database.superuser_url;

    import_killed_and_again(&pipeline, url);
    let orders = file["orders"].as_i64().unwrap();
    let returns = file["returns"].as_i64().unwrap();
    wait_until_all_is_in_gold(url, orders + returns);

    for (group, query) in CHECKS {
        assert_eq!(queried(url, query), expected(&file[group]), "{group}");
    }
    assert_eq!(
        queried(url, GOLD_BY_COUNTRY),
        sold_by_country(&file["country"]),
        "gold by country"
    );
    let counts =
        "SELECT 'counts', sum(orders)::bigint, sum(returns)::bigint FROM gold.sales_performance";
    assert_eq!(queried(url, counts)["counts"], (orders, returns));
    let refused = "SELECT 'quarantined', count(*), 0::bigint FROM silver.quarantined_events";
    assert_eq!(
        queried(url, refused)["quarantined"].0,
        0,
        "what is imported is in order"
    );

    show_figures(url);
    let mut verification = pipeline
        .start("transformer", "verify", &["verify"])
        .unwrap();
    succeed(&mut verification, LONGEST);
}
