//! Whatever is killed whenever: nothing is lost, doubled or made up, and the outcome is that of an undisturbed run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::time::Duration;

use demo::fleet::Service;
use demo::pipeline::Pipeline;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::{Playground, block_on, inspector, records_sent, succeed, wait_until_drained};
use tokio_postgres::Client;

const EVENTS: &str = "300000";
/// Slow enough for the kills to fall into the stream.
const RATE: &str = "10000";
const KILLS: usize = 34;

#[derive(Debug)]
enum Victim {
    Service(usize),
    Backend,
    Server,
}

/// Two consumers and two transformers.
struct Workers<'a> {
    pipeline: &'a Pipeline,
    services: Vec<Service>,
}

impl<'a> Workers<'a> {
    const ALL: [(&'static str, &'static str); 4] = [
        ("consumer", "consumer-1"),
        ("consumer", "consumer-2"),
        ("transformer", "transformer-1"),
        ("transformer", "transformer-2"),
    ];

    fn start(pipeline: &'a Pipeline) -> Workers<'a> {
        let services = (0..4)
            .map(|index| Workers::start_one(pipeline, index))
            .collect();
        Workers { pipeline, services }
    }

    fn start_one(pipeline: &Pipeline, index: usize) -> Service {
        let (service, name) = Workers::ALL[index];
        pipeline
            .start(service, name, &["run"])
            .expect("starting a service")
    }

    fn kill_and_start_again(&mut self, index: usize) {
        self.services[index].kill();
        self.services[index] = Workers::start_one(self.pipeline, index);
    }
}

#[test]
fn thirty_kills_change_nothing() {
    let seed: u64 = match std::env::var("ASSAY_TEST_SEED") {
        Ok(seed) => seed.parse().expect("ASSAY_TEST_SEED is a number"),
        Err(_) => rand::random(),
    };
    println!("seed {seed}: repeat with ASSAY_TEST_SEED={seed}");
    let playground = Playground::open();
    let truth = playground.file("truth.json");
    let (truth_text, seed_text) = (truth.display().to_string(), seed.to_string());
    let mut workers = Workers::start(&playground.pipeline);
    let produce = [
        "run",
        "--seed",
        &seed_text,
        "--count",
        EVENTS,
        "--rate",
        RATE,
        "--backfill",
        "30d",
        "--duplicate-pct",
        "1",
        "--bad-pct",
        "1",
        "--late-pct",
        "5",
        "--truth",
        &truth_text,
    ];
    let mut producer = playground
        .pipeline
        .start("producer", "producer", &produce)
        .unwrap();
    let kills = disturb(&playground, &mut workers, seed);
    succeed(&mut producer, Duration::from_secs(300));
    let records = records_sent(&truth);
    println!("{kills} kills, {records} records");
    let url = playground.database.superuser_url.clone();
    block_on(wait_until_drained(&url, records, Duration::from_secs(300)));
    drop(workers);

    let (code, printed) = playground.verify(&truth);
    assert_eq!(code, Some(0), "seed {seed}: {printed}");

    let undisturbed = run_straight_through(&playground);
    let (left, right) = block_on(async {
        let disturbed = inspector(&url).await;
        let straight = inspector(&undisturbed.superuser_url).await;
        (
            fingerprints(&disturbed).await,
            fingerprints(&straight).await,
        )
    });
    assert_eq!(
        left, right,
        "seed {seed}: an interrupted run differs from one straight through"
    );
    assert!(
        left.iter().all(|(_, rows, _)| *rows > 0),
        "something is empty: {left:?}"
    );
}

/// Kills at random; answers how often.
fn disturb(playground: &Playground, workers: &mut Workers<'_>, seed: u64) -> usize {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut kills = 0;
    for round in 0..KILLS {
        std::thread::sleep(Duration::from_millis(random.random_range(200..1_400)));
        let victim = match random.random_range(0..10) {
            _ if round == KILLS / 2 => Victim::Server,
            0 => Victim::Backend,
            other => Victim::Service((other - 1) % 4),
        };
        println!("kill {round}: {victim:?}");
        kills += match victim {
            Victim::Service(index) => {
                workers.kill_and_start_again(index);
                1
            }
            Victim::Backend => kill_a_backend(playground, &mut random),
            Victim::Server => {
                playground
                    .stack
                    .restart_postgres_immediately()
                    .expect("restarting PostgreSQL");
                1
            }
        };
    }
    assert!(kills >= 30, "only {kills} kills took place");
    kills
}

/// kill -9 of a server process that works for one of our services. PostgreSQL then restarts all of them.
fn kill_a_backend(playground: &Playground, random: &mut ChaCha8Rng) -> usize {
    let url = playground.database.superuser_url.clone();
    let pids: Vec<i32> = block_on(async {
        let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await
        else {
            return Vec::new(); // still recovering from the last one
        };
        tokio::spawn(connection);
        let query = "SELECT pid FROM pg_stat_activity
                     WHERE usename IN ('bronze_writer', 'transformer') AND datname = current_database()";
        let rows = client.query(query, &[]).await.unwrap_or_default();
        rows.iter().map(|row| row.get(0)).collect()
    });
    if pids.is_empty() {
        return 0;
    }
    let pid = pids[random.random_range(0..pids.len())];
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGKILL,
    )
    .map_or(0, |()| 1)
}

/// The same topic once more, by one consumer and one transformer, into a database of its own.
fn run_straight_through(playground: &Playground) -> local_stack::testing::TestDatabase {
    let database = playground.stack.fresh_database("straight").unwrap();
    let logs = playground.file("straight");
    let pipeline = Pipeline::prepare_on(
        &playground.stack,
        &database.migrator_url,
        support::TOPIC,
        logs,
    )
    .unwrap();
    let consume = ["run", "--group-id", "straight", "--exit-at-end"];
    let mut consumer = pipeline.start("consumer", "consumer", &consume).unwrap();
    succeed(&mut consumer, Duration::from_secs(300));
    let mut transformer = pipeline
        .start("transformer", "transformer", &["once"])
        .unwrap();
    succeed(&mut transformer, Duration::from_secs(300));
    database
}

/// Count and hash of the rows of every table of silver and gold, with business ids in place of surrogate keys, and
/// without the times of processing.
async fn fingerprints(client: &Client) -> Vec<(&'static str, i64, String)> {
    let tables = [
        (
            "fct_order_events",
            include_str!("support/fct_order_events.sql"),
        ),
        (
            "fct_order_lines",
            include_str!("support/fct_order_lines.sql"),
        ),
        ("fct_orders", include_str!("support/fct_orders.sql")),
        (
            "fct_order_steps",
            include_str!("support/fct_order_steps.sql"),
        ),
        (
            "dim_customers",
            "SELECT customer_id, customer_type, country, city, segment FROM silver.dim_customers",
        ),
        (
            "dim_products",
            "SELECT product_id, product_name, category FROM silver.dim_products",
        ),
        (
            "dim_customers_history",
            include_str!("support/dim_customers_history.sql"),
        ),
        (
            "dim_products_history",
            include_str!("support/dim_products_history.sql"),
        ),
        (
            "product_sightings",
            include_str!("support/product_sightings.sql"),
        ),
        (
            "quarantined_events",
            include_str!("support/quarantined_events.sql"),
        ),
        (
            "duplicate_events",
            "SELECT kafka_partition, kafka_offset, event_id, kept_kafka_partition, kept_kafka_offset FROM silver.duplicate_events",
        ),
        ("sales_performance", "SELECT * FROM gold.sales_performance"),
        (
            "item_category_performance",
            "SELECT * FROM gold.item_category_performance",
        ),
        (
            "product_performance",
            "SELECT * FROM gold.product_performance",
        ),
        (
            "sales_customers",
            "SELECT sales_date, currency_code, channel_name, customer_id FROM gold.sales_customers JOIN silver.dim_customers USING (customer_key) JOIN silver.dim_currencies USING (currency_key) JOIN silver.dim_channels USING (channel_key)",
        ),
    ];
    let mut prints = Vec::new();
    for (name, query) in tables {
        let query = format!(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM ({query}) AS t"
        );
        let row = client.query_one(&query, &[]).await.expect(name);
        prints.push((name, row.get(0), row.get(1)));
    }
    prints
}
