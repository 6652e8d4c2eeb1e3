//! What the producer swears to, held against every mart: green after each scenario, after a producer that was killed and
//! run again, and for several producers; red for any one cell that is not as it was sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use demo::pipeline::Pipeline;
use local_stack::testing::{TestDatabase, shared};
use serde_json::Value;
use support::{block_on, inspector, succeed};

const LONGEST: Duration = Duration::from_secs(300);
const SUBJECTS: usize = 22;

/// A warehouse and a topic of its own.
struct Place {
    pipeline: Pipeline,
    database: TestDatabase,
    files: tempfile::TempDir,
}

impl Place {
    fn fresh(name: &str) -> Place {
        let stack = shared();
        let database = stack.fresh_database(name).unwrap();
        let topic = stack.fresh_topic(3).unwrap();
        let files = tempfile::tempdir().unwrap();
        let logs = files.path().join("logs");
        let pipeline = Pipeline::prepare_on(stack, &database.migrator_url, &topic, logs).unwrap();
        Place {
            pipeline,
            database,
            files,
        }
    }

    /// Runs a producer to its end; answers its truth.
    fn produce(&self, name: &str, arguments: &str) -> String {
        let truth: PathBuf = self.files.path().join(format!("{name}.json"));
        let truth = truth.display().to_string();
        let mut all: Vec<&str> = vec!["run", "--truth", &truth];
        all.extend(arguments.split_whitespace());
        let mut producer = self.pipeline.start("producer", name, &all).unwrap();
        succeed(&mut producer, LONGEST);
        truth
    }

    /// Moves everything that is in the topic into gold.
    fn load(&self) {
        let consume = ["run", "--group-id", self.pipeline.topic(), "--exit-at-end"];
        let mut consumer = self
            .pipeline
            .start("consumer", "consumer", &consume)
            .unwrap();
        succeed(&mut consumer, LONGEST);
        let mut transformer = self
            .pipeline
            .start("transformer", "transformer", &["once"])
            .unwrap();
        succeed(&mut transformer, LONGEST);
    }

    /// The exit code of `transformer verify --json`, and what each check found.
    fn verify(
        &self,
        name: &str,
        arguments: &[&str],
    ) -> (Option<i32>, BTreeMap<String, Vec<String>>) {
        let all: Vec<&str> = ["verify", "--json"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let mut verification = self.pipeline.start("transformer", name, &all).unwrap();
        let status = verification.wait(LONGEST).unwrap();
        let printed = verification.output().unwrap();
        let report: Value = serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("{error}: {printed} {}", verification.log().unwrap()));
        let checks = report["checks"].as_array().unwrap().iter();
        let findings = checks.map(|check| {
            let findings = check["findings"].as_array().unwrap().iter();
            let findings = findings.map(|finding| finding.as_str().unwrap().to_owned());
            let statement = check["statement"].as_str().unwrap();
            let invariant = check["invariant"].as_str().unwrap();
            (format!("{invariant}: {statement}"), findings.collect())
        });
        (status.code(), findings.collect())
    }

    fn assert_green(&self, name: &str, arguments: &[&str]) -> BTreeMap<String, Vec<String>> {
        let (code, findings) = self.verify(name, arguments);
        let red: BTreeMap<_, _> = findings
            .iter()
            .filter(|(_, found)| !found.is_empty())
            .collect();
        assert_eq!((code, red.len()), (Some(0), 0), "{name}: {red:#?}");
        findings
    }

    fn execute(&self, statement: &str) {
        let rows = block_on(async {
            let client = inspector(&self.database.superuser_url).await;
            client.execute(statement, &[]).await.expect(statement)
        });
        assert!(rows > 0, "nothing to tamper with: {statement}");
    }
}

fn held(findings: &BTreeMap<String, Vec<String>>) -> usize {
    let told = findings.keys();
    told.filter(|statement| statement.starts_with("truth: ") && statement.ends_with(" cells"))
        .count()
}

#[test]
fn every_scenario_is_proven_to_the_cent() {
    for scenario in [
        "normal",
        "black-friday",
        "outage-catchup",
        "dirty",
        "schema-upgrade",
    ] {
        let place = Place::fresh("scenario");
        let arguments =
            format!("--scenario {scenario} --seed 5 --backfill 70d --count 8000 --customers 900");
        let truth = place.produce("producer", &arguments);
        place.load();
        let findings = place.assert_green(scenario, &["--truth", &truth]);
        assert_eq!(held(&findings), SUBJECTS, "{findings:#?}");
    }
}

/// One cell of each table that truths tell of, changed; and what the check of that table is called.
const TAMPERING: [(&str, &str); 24] = [
    ("gold.sales_performance ", "UPDATE gold.sales_performance_sums SET tax_amount = tax_amount + 0.01
        WHERE (sales_date, currency, channel) = (SELECT sales_date, currency, channel FROM gold.sales_performance_sums LIMIT 1)"),
    ("gold.sales_hourly ", "UPDATE gold.sales_hourly_sums SET sales_hour = sales_hour + interval '1 hour'
        WHERE (sales_hour, currency, channel) = (SELECT max(sales_hour), currency, channel FROM gold.sales_hourly_sums
        GROUP BY 2, 3 HAVING extract(hour FROM max(sales_hour) AT TIME ZONE 'UTC') < 23 LIMIT 1)"),
    ("gold.sales_hourly by day", "UPDATE gold.sales_hourly_sums SET cost_amount = cost_amount + 0.01
        WHERE (sales_hour, currency, channel) = (SELECT sales_hour, currency, channel FROM gold.sales_hourly_sums LIMIT 1)"),
    ("gold.item_category_performance", "UPDATE gold.item_category_performance_sums SET quantity = quantity - 1
        WHERE (sales_date, category, currency) = (SELECT sales_date, category, currency FROM gold.item_category_performance_sums LIMIT 1)"),
    ("gold.sales_summary", "UPDATE gold.sales_summary_sums SET gross_amount = gross_amount + 0.01
        WHERE (currency, product_id) = (SELECT currency, product_id FROM gold.sales_summary_sums LIMIT 1)"),
    ("gold.product_performance over all days", "UPDATE gold.product_performance_sums SET cost_amount = cost_amount + 0.01
        WHERE (sales_date, product_id, currency) = (SELECT sales_date, product_id, currency FROM gold.product_performance_sums LIMIT 1)"),
    ("gold.product_performance by day", "UPDATE gold.product_performance_sums SET discount_amount = discount_amount + 0.01
        WHERE (sales_date, product_id, currency) = (SELECT sales_date, product_id, currency FROM gold.product_performance_sums OFFSET 5 LIMIT 1)"),
    ("gold.payment_mix", "UPDATE gold.payment_mix_sums SET orders = orders + 1
        WHERE (sales_date, currency, payment_method) = (SELECT sales_date, currency, payment_method FROM gold.payment_mix_sums LIMIT 1)"),
    ("gold.geography_sales", "UPDATE gold.geography_sales_sums SET city = 'Atlantis'
        WHERE (sales_date, currency, country, city) = (SELECT sales_date, currency, country, city FROM gold.geography_sales_sums LIMIT 1)"),
    ("gold.order_funnel", "UPDATE gold.order_funnel_minutes SET orders = orders + 1
        WHERE (step_date, step, minutes) = (SELECT step_date, step, minutes FROM gold.order_funnel_minutes LIMIT 1)"),
    ("gold.order_funnel", "UPDATE gold.order_funnel_hours SET orders = orders + 1
        WHERE (step_date, step, hours) = (SELECT step_date, step, hours FROM gold.order_funnel_hours LIMIT 1)"),
    ("gold.sales_customers", "UPDATE gold.sales_customers SET customer_key = (SELECT max(customer_key) + 0 FROM silver.dim_customers)
        WHERE (sales_date, currency_key, channel_key, customer_key) = (SELECT sales_date, currency_key, channel_key, customer_key
        FROM gold.sales_customers ORDER BY customer_key LIMIT 1)"),
    ("gold.sales_customers", "UPDATE gold.sales_customer_counts SET customers = customers + 1
        WHERE (sales_date, currency, channel) = (SELECT sales_date, currency, channel FROM gold.sales_customer_counts LIMIT 1)"),
    ("gold.customer_months", "UPDATE gold.customer_months SET last_order_at = last_order_at + interval '1 microsecond'
        WHERE (customer_key, currency_key, month) = (SELECT customer_key, currency_key, month FROM gold.customer_months WHERE orders > 0 LIMIT 1)"),
    ("gold.customer_value ", "UPDATE gold.customer_value_sums SET first_order_at = first_order_at - interval '1 microsecond'
        WHERE (customer_id, currency) = (SELECT customer_id, currency FROM gold.customer_value_sums WHERE orders > 0 LIMIT 1)"),
    ("gold.customer_segments_sums", "UPDATE gold.customer_segments_sums SET net_amount = net_amount + 0.01
        WHERE (currency, last_order_date, frequency_score, monetary_score) = (SELECT currency, last_order_date, frequency_score,
        monetary_score FROM gold.customer_segments_sums WHERE customers > 0 LIMIT 1)"),
    ("gold.customer_segments ", "UPDATE gold.rfm_segments SET segment = 'champions' WHERE segment = 'new'"),
    ("gold.customer_value by segment", "UPDATE gold.rfm_segments SET segment = 'champions' WHERE segment = 'loyal'"),
    ("gold.cohort_retention", "UPDATE gold.cohort_retention_sums SET customers = customers + 1
        WHERE (currency, cohort_month, months_since) = (SELECT currency, cohort_month, months_since FROM gold.cohort_retention_sums
        WHERE months_since = 1 LIMIT 1)"),
    ("gold.new_customers", "UPDATE gold.new_customers_sums SET customers = customers + 1
        WHERE (sales_date, currency) = (SELECT sales_date, currency FROM gold.new_customers_sums LIMIT 1)"),
    ("silver.dim_customers_history", "UPDATE silver.dim_customers_history SET customer_version_key = customer_version_key + 1
        WHERE (customer_key, valid_from) = (SELECT customer_key, valid_from FROM silver.dim_customers_history ORDER BY 1 LIMIT 1)"),
    ("silver.dim_customers ", "UPDATE silver.dim_customers SET city = 'Atlantis'
        WHERE customer_key = (SELECT max(customer_key) FROM silver.dim_customers)"),
    ("silver.dim_products_history", "UPDATE silver.dim_products_history SET product_version_key = product_version_key + 1
        WHERE (product_key, valid_from) = (SELECT product_key, valid_from FROM silver.dim_products_history ORDER BY 1 LIMIT 1)"),
    ("silver.dim_products ", "UPDATE silver.dim_products SET product_name = 'Snake oil'
        WHERE product_key = (SELECT max(product_key) FROM silver.dim_products)"),
];

#[test]
fn one_changed_cell_of_any_mart_is_found() {
    let place = Place::fresh("tampering");
    let truth = place.produce(
        "producer",
        "--scenario dirty --seed 6 --backfill 70d --count 5000 --customers 400",
    );
    place.load();
    let findings = place.assert_green("green", &["--truth", &truth]);
    assert_eq!(held(&findings), SUBJECTS);
    for (_, statement) in TAMPERING {
        place.execute(statement);
    }
    let (code, findings) = place.verify("red", &["--truth", &truth]);
    assert_eq!(code, Some(5));
    for (subject, statement) in TAMPERING {
        let of_subject = findings
            .iter()
            .find(|(check, _)| check.starts_with(&format!("truth: {subject}")));
        let (check, found) = of_subject.unwrap_or_else(|| panic!("nothing holds {subject}"));
        assert!(!found.is_empty(), "{check} did not find out: {statement}");
    }
}

#[test]
fn a_producer_that_was_killed_and_run_again_is_proven() {
    let place = Place::fresh("killed");
    let run = "--seed 7 --start 2026-06-01T00:00:00Z --backfill 40d --count 6000 --customers 500 \
               --bad-pct 2 --duplicate-pct 2 --late-pct 5";
    let slow: Vec<&str> = ["run"]
        .into_iter()
        .chain(run.split_whitespace())
        .chain(["--rate", "4000"])
        .collect();
    let mut killed = place.pipeline.start("producer", "killed", &slow).unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1_200) {
        assert!(
            killed.ended().unwrap().is_none(),
            "{}",
            killed.log().unwrap()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    killed.kill();
    let truth = place.produce("again", run);
    place.load();
    let (code, _) = place.verify("strict", &["--truth", &truth]);
    assert_eq!(code, Some(5), "there is more than was sworn to");
    let findings = place.assert_green("repeats", &["--truth", &truth, "--allow-repeats"]);
    assert_eq!(held(&findings), SUBJECTS);

    place.execute("DELETE FROM silver.duplicate_events WHERE kafka_partition >= 0");
    let (code, findings) = place.verify("fewer", &["--truth", &truth, "--allow-repeats"]);
    let duplicates = &findings["truth: silver holds the events, orders, lines and duplicates sent"];
    assert_eq!((code, duplicates.len()), (Some(5), 1), "{findings:#?}");
}

#[test]
fn the_truths_of_two_producers_add_up() {
    let place = Place::fresh("two");
    let first = place.produce("first", "--seed 8 --backfill 40d --count 3000");
    let second = place.produce("second", "--seed 9 --duration 1s --rate 1500 --bad-pct 1");
    place.load();
    let both = ["--truth", &first, "--truth", &second];
    let findings = place.assert_green("both", &both);
    let not_compared = findings
        .keys()
        .filter(|check| check.contains("not compared"));
    assert_eq!((not_compared.count(), held(&findings)), (13, SUBJECTS - 13));

    place.execute(
        "UPDATE gold.geography_sales_sums SET units_sold = units_sold + 1 WHERE units_sold > 0",
    );
    let (code, findings) = place.verify("red", &both);
    assert_eq!(code, Some(5));
    let red = findings
        .iter()
        .filter(|(check, found)| check.starts_with("truth: ") && !found.is_empty());
    assert_eq!(red.count(), 1, "{findings:#?}");
}
