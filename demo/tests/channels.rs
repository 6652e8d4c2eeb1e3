//! A web shop's database, tills' receipts and an invoice file meet in the same marts: what `gold.sales_summary` and
//! `gold.sales_performance` hold of them is what SQL over the shop's tables and Python over the files come to.
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
use local_stack::testing::shared;
use serde_json::Value;
use support::{block_on, inspector, succeed};

const LONGEST: Duration = Duration::from_secs(300);

/// Reads the tills' receipts: pieces and cents by product.
const RECEIPTS: &str = "
import csv, decimal, json, sys
sums = {}
for row in csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8-sig')):
    cell = sums.setdefault(row['product_id'], [0, 0])
    cell[0] += int(decimal.Decimal(row['sale_amount']) * 100)
    cell[1] += int(row['quantity'])
print(json.dumps(sums))
";

const WEB_BY_PRODUCT: &str =
    "SELECT sku || ' EUR', (100 * sum(quantity * price))::bigint, sum(quantity)::bigint
     FROM shop.order_lines GROUP BY 1";
const WEB_BY_CHANNEL: &str =
    "SELECT o.device, (100 * sum(l.quantity * l.price))::bigint, sum(l.quantity)::bigint
     FROM shop.order_lines AS l JOIN shop.orders AS o USING (order_no) GROUP BY 1";
const GOLD_BY_PRODUCT: &str = "SELECT product_id || ' ' || currency, (100 * revenue_amount)::bigint, quantity FROM gold.sales_summary";
const GOLD_BY_CHANNEL: &str =
    "SELECT channel, (100 * sum(net_amount))::bigint, sum(units_sold - units_returned)::bigint
     FROM gold.sales_performance GROUP BY 1";

/// Name, hundredths, pieces.
type Sums = BTreeMap<String, (i64, i64)>;

fn example(name: &str) -> String {
    format!("{}/../examples/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn python(arguments: &[&str]) -> Value {
    let output = Command::new("python3").args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
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

fn total<'a>(sums: impl Iterator<Item = &'a (i64, i64)>) -> (i64, i64) {
    sums.fold((0, 0), |(money, pieces), sum| {
        (money + sum.0, pieces + sum.1)
    })
}

/// What the sources hold by product, and by channel.
fn expected(shop_url: &str) -> (Sums, Sums) {
    let receipts = python(&["-c", RECEIPTS, &example("store_sales.csv")]);
    let receipts = receipts.as_object().unwrap().iter();
    let in_store: Sums = receipts
        .map(|(product, cell)| {
            let number = |place: usize| cell[place].as_i64().unwrap();
            (format!("{product} EUR"), (number(0), number(1)))
        })
        .collect();
    let script = example("../producer/tests/uci_sums.py");
    let invoices = python(&[&script, &example("online_retail_sample.csv"), "mdy"]);
    let invoices = invoices["product"].as_object().unwrap().iter();
    let imported: Sums = invoices
        .map(|(product, cell)| {
            let net = |what: &str| {
                let number = |kind: &str| cell[format!("{kind}_{what}")].as_i64().unwrap();
                number("sold") - number("returned")
            };
            (format!("{product} GBP"), (net("pence"), net("pieces")))
        })
        .collect();
    let mut by_channel = queried(shop_url, WEB_BY_CHANNEL);
    by_channel.insert("in_store".to_owned(), total(in_store.values()));
    by_channel.insert("import".to_owned(), total(imported.values()));
    let mut by_product = queried(shop_url, WEB_BY_PRODUCT);
    by_product.extend(in_store);
    by_product.extend(imported);
    (by_product, by_channel)
}

fn run(pipeline: &Pipeline, service: &str, name: &str, arguments: &[&str], shop_url: &str) {
    let environment = [("SOURCE_DATABASE_URL", shop_url)];
    let mut running = pipeline
        .start_with(service, name, arguments, &environment)
        .unwrap();
    succeed(&mut running, LONGEST);
}

#[test]
fn sales_of_all_channels_meet_to_the_cent() {
    let stack = shared();
    let warehouse = stack.fresh_database("channels").unwrap();
    let shop = stack.fresh_database("shop").unwrap();
    let topic = stack.fresh_topic(3).unwrap();
    let files = tempfile::tempdir().unwrap();
    let logs = files.path().join("logs");
    let pipeline = Pipeline::prepare_on(stack, &warehouse.migrator_url, &topic, logs).unwrap();
    block_on(async {
        let tables = std::fs::read_to_string(example("online_orders.sql")).unwrap();
        let client = inspector(&shop.superuser_url).await;
        client.batch_execute(&tables).await.unwrap();
    });
    let url = shop.superuser_url.as_str();
    let query = "SELECT l.line_id, o.order_no, o.ordered_at, o.customer_no, o.country, o.city, o.currency, o.paid_with, \
                        o.device, l.sku, l.title, l.department, l.quantity, l.price \
                 FROM shop.orders AS o JOIN shop.order_lines AS l USING (order_no)";
    let online = example("online_mapping.toml");
    let web = [
        "import",
        "postgres",
        "--query",
        query,
        "--key",
        "line_id",
        "--mapping",
        &online,
    ];
    let (receipts, stores) = (example("store_sales.csv"), example("store_mapping.toml"));
    let tills = ["import", "store", &receipts, "--mapping", &stores];
    let invoices = example("online_retail_sample.csv");
    let invoices = ["import", "uci", &invoices, "--date-order", "mdy"];
    for (name, arguments) in [
        ("web", &web[..]),
        ("tills", &tills),
        ("invoices", &invoices),
    ] {
        run(&pipeline, "producer", name, arguments, url);
    }
    run(
        &pipeline,
        "consumer",
        "consumer",
        &["run", "--exit-at-end"],
        url,
    );
    run(&pipeline, "transformer", "transformer", &["once"], url);

    let (by_product, by_channel) = expected(url);
    assert!(
        by_channel.len() == 4 && by_product.len() > 100,
        "{by_channel:?}"
    );
    let gold = &warehouse.superuser_url;
    assert_eq!(queried(gold, GOLD_BY_CHANNEL), by_channel);
    assert_eq!(queried(gold, GOLD_BY_PRODUCT), by_product);
    run(&pipeline, "transformer", "verify", &["verify"], url);
}
