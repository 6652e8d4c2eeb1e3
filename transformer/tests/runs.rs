//! Runs that are asked for, done by a transformer process as it is started in production.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Bronze, placed};
use test_warehouse::TestWarehouse;

/// A transformer of its own; killed when dropped.
struct Transformer(Child);

impl Transformer {
    fn start(test: &TestWarehouse, arguments: &[&str]) -> Transformer {
        Transformer::start_with(test, arguments, &[])
    }

    fn start_with(
        test: &TestWarehouse,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Transformer {
        let child = Command::new(env!("CARGO_BIN_EXE_transformer"))
            .args(arguments)
            .envs(environment.iter().copied())
            .env_remove("DATABASE_URL_FILE")
            .env("DATABASE_URL", test.url_of("transformer"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Transformer(child)
    }
}

impl Drop for Transformer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn ask(test: &TestWarehouse, kind: &str) -> i64 {
    let (client, connection) =
        tokio_postgres::connect(&test.url_of("console"), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    let row = client
        .query_one("SELECT ops.request_run($1, 'test')", &[&kind])
        .await
        .unwrap();
    row.get(0)
}

async fn text(test: &TestWarehouse, query: &str) -> String {
    test.inspector()
        .await
        .query_one(query, &[])
        .await
        .unwrap()
        .get(0)
}

/// Waits until the run's line reads so.
async fn wait_for(test: &TestWarehouse, run: i64, expected: &str) {
    let query = format!(
        "SELECT format('%s %s %s %s', status, row_count, attempts, outcome) FROM ops.pipeline_runs WHERE run_id = {run}"
    );
    let began = Instant::now();
    loop {
        let found = text(test, &query).await;
        if found.starts_with(expected) {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "still `{found}`, not `{expected}`"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const IN_GOLD: &str = "SELECT coalesce(sum(orders), 0)::text FROM gold.sales_performance";
/// A schedule that does not come during a test.
const NEVER: &str = "0 0 29 2 *";

async fn write_orders(bronze: &mut Bronze, partition: i32, orders: i32) {
    for number in 0..orders {
        bronze
            .write(
                partition,
                &[Some(&placed(&format!("o-{partition}-{number}"), 2))],
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_takes_everything_to_gold_and_without_one_nothing_moves() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    write_orders(&mut bronze, 0, 20).await;
    write_orders(&mut bronze, 1, 10).await;
    let _transformer = Transformer::start(&test, &["run", "--schedule", NEVER]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        text(&test, IN_GOLD).await,
        "0",
        "with a schedule nothing runs by itself"
    );
    let first = ask(&test, "manual").await;
    wait_for(&test, first, "succeeded 30 1").await;
    assert_eq!(text(&test, IN_GOLD).await, "30");
    write_orders(&mut bronze, 2, 5).await;
    let second = ask(&test, "manual").await;
    assert_ne!(first, second);
    wait_for(&test, second, "succeeded 5 1").await;
    assert_eq!(text(&test, IN_GOLD).await, "35");
    let empty = ask(&test, "manual").await;
    wait_for(&test, empty, "succeeded 0 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_the_continuous_stages_a_run_ends_too() {
    let test = TestWarehouse::fresh().await;
    let _transformer = Transformer::start(&test, &["run"]);
    let mut bronze = Bronze::open(&test).await;
    write_orders(&mut bronze, 0, 50).await;
    let run = ask(&test, "manual").await;
    wait_for(&test, run, "succeeded ").await;
    assert_eq!(text(&test, IN_GOLD).await, "50");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_without_the_owners_rights_says_what_to_do() {
    let test = TestWarehouse::fresh().await;
    let _transformer = Transformer::start(&test, &["run", "--schedule", NEVER]);
    let run = ask(&test, "rebuild").await;
    wait_for(&test, run, "failed  1 a rebuild makes tables").await;
    let outcome = text(&test, "SELECT outcome FROM ops.pipeline_runs").await;
    assert!(
        outcome.contains("as the owner of the warehouse"),
        "{outcome}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_with_the_owners_rights_compares_and_leaves_the_live_tables() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    write_orders(&mut bronze, 0, 5).await;
    let owner = [("OWNER_DATABASE_URL", test.owner_url())];
    let _transformer = Transformer::start_with(&test, &["run", "--schedule", NEVER], &owner);
    let run = ask(&test, "manual").await;
    wait_for(&test, run, "succeeded 5 1").await;
    let run = ask(&test, "rebuild").await;
    wait_for(
        &test,
        run,
        "succeeded 5 1 no figure differs; the live tables are",
    )
    .await;
    let superuser = test.inspector().await;
    superuser
        .batch_execute("UPDATE gold.sales_performance_sums SET orders = orders + 1")
        .await
        .unwrap();
    let run = ask(&test, "rebuild").await;
    wait_for(
        &test,
        run,
        "succeeded 5 1 1 figure differs; the live tables are",
    )
    .await;
    assert_eq!(text(&test, IN_GOLD).await, "6", "nobody asked for a swap");
    let rows = "SELECT count(*)::text FROM ops.pipeline_runs";
    assert_eq!(text(&test, rows).await, "3", "a run is one row");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_is_repeated_and_then_says_so() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    write_orders(&mut bronze, 0, 3).await;
    let superuser = test.inspector().await;
    superuser
        .batch_execute("REVOKE INSERT ON silver.fct_order_events FROM transformer")
        .await
        .unwrap();
    let _transformer = Transformer::start(&test, &["run", "--schedule", NEVER]);
    let run = ask(&test, "manual").await;
    wait_for(&test, run, "failed  4 failed 4 times, at last: ").await;
    assert_eq!(text(&test, IN_GOLD).await, "0");
    superuser
        .batch_execute("GRANT INSERT ON silver.fct_order_events TO transformer")
        .await
        .unwrap();
    let run = ask(&test, "manual").await;
    wait_for(&test, run, "succeeded 3 1").await;
    assert_eq!(text(&test, IN_GOLD).await, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_process_died_is_taken_up_by_another() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    write_orders(&mut bronze, 0, 4).await;
    let superuser = test.inspector().await;
    let run = ask(&test, "manual").await;
    let set_silent = |seconds: i32| {
        format!(
            "UPDATE ops.pipeline_runs SET status = 'running', started_at = now(), attempts = 1,
                    heartbeat_at = now() - interval '{seconds} seconds'"
        )
    };
    superuser.batch_execute(&set_silent(30)).await.unwrap();
    let _transformer = Transformer::start(&test, &["run", "--schedule", NEVER]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        text(&test, "SELECT attempts::text FROM ops.pipeline_runs").await,
        "1",
        "it may be alive"
    );
    superuser.batch_execute(&set_silent(120)).await.unwrap();
    wait_for(&test, run, "succeeded 4 2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_makes_one_run_a_time_for_all_transformers() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    write_orders(&mut bronze, 0, 2).await;
    let every_minute = ["run", "--schedule", "* * * * *"];
    let _both = [
        Transformer::start(&test, &every_minute),
        Transformer::start(&test, &every_minute),
    ];
    let began = Instant::now();
    let done = "SELECT count(*)::text FROM ops.pipeline_runs WHERE status = 'succeeded' AND kind = 'scheduled'";
    while text(&test, done).await == "0" {
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "no scheduled run"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let times =
        "SELECT format('%s %s', count(*), count(DISTINCT scheduled_for)) FROM ops.pipeline_runs";
    let times = text(&test, times).await;
    assert!(["1 1", "2 2"].contains(&times.as_str()), "{times}");
    assert_eq!(text(&test, IN_GOLD).await, "2");
}
