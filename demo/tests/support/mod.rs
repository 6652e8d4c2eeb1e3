//! What the end-to-end tests have in common.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use demo::fleet::Service;
use demo::pipeline::Pipeline;
use local_stack::testing::TestDatabase;
use local_stack::{Stack, StackOptions};
use tokio_postgres::{Client, NoTls};

pub(crate) const TOPIC: &str = "ecommerce.transactions";

/// A stack, a database and a pipeline that a test may break as it likes.
pub(crate) struct Playground {
    // Fields are dropped in order: the database before the stack that holds it.
    pub(crate) pipeline: Pipeline,
    pub(crate) database: TestDatabase,
    pub(crate) stack: Stack,
    pub(crate) files: tempfile::TempDir,
}

impl Playground {
    pub(crate) fn open() -> Playground {
        let stack = Stack::start(StackOptions::private()).expect("starting a stack");
        let database = stack
            .fresh_database("playground")
            .expect("creating a database");
        let files = tempfile::tempdir().expect("making a directory");
        let logs = files.path().join("logs");
        let pipeline = Pipeline::prepare_on(&stack, &database.migrator_url, TOPIC, logs)
            .expect("preparing the pipeline");
        Playground {
            pipeline,
            database,
            stack,
            files,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Runs `transformer verify --truth`; answers its exit code and what it printed.
    pub(crate) fn verify(&self, truth: &Path) -> (Option<i32>, String) {
        let truth = truth.display().to_string();
        let arguments = ["verify", "--truth", &truth];
        let mut verification = self
            .pipeline
            .start("transformer", "verify", &arguments)
            .expect("starting the verification");
        let status = verification
            .wait(Duration::from_secs(600))
            .expect("verifying");
        let printed = verification.output().unwrap() + &verification.log().unwrap();
        (status.code(), printed)
    }
}

/// A client of the superuser.
pub(crate) async fn inspector(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("connecting to look at the tables");
    tokio::spawn(connection);
    client
}

/// Records that the producer's truth says were sent.
pub(crate) fn records_sent(truth: &Path) -> i64 {
    let text = std::fs::read_to_string(truth).expect("reading the truth");
    let truth = event_contract::truth::Truth::from_sealed_json(&text).expect("a sealed truth");
    i64::try_from(truth.records).expect("a count")
}

/// Waits until bronze holds so many records and nothing waits behind it.
pub(crate) async fn wait_until_drained(url: &str, records: i64, longest: Duration) {
    let began = Instant::now();
    let mut state = String::new();
    while began.elapsed() < longest {
        if let Ok((client, connection)) = tokio_postgres::connect(url, NoTls).await {
            let driver = tokio::spawn(connection);
            let query = "SELECT coalesce(sum(l.bronze_records), 0)::bigint, coalesce(sum(l.pending), 0)::bigint,
                                (SELECT silver_pending FROM ops.lag)
                         FROM ops.ledger AS l";
            if let Ok(row) = client.query_one(query, &[]).await {
                let counts: (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
                if counts == (records, 0, 0) {
                    return;
                }
                state = format!("{counts:?}");
            }
            driver.abort();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!(
        "not drained after {longest:?}: bronze, pending, silver pending are {state} of {records}"
    );
}

/// Waits for the end of a service that must succeed.
pub(crate) fn succeed(service: &mut Service, longest: Duration) {
    let status = service.wait(longest).expect("waiting for a service");
    assert!(
        status.success(),
        "{} ended with {status}: {}",
        service.name(),
        service.log().unwrap_or_default()
    );
}

/// Asserts that a service is still there.
pub(crate) fn assert_running(service: &mut Service) {
    if let Some(status) = service.ended().expect("looking at a service") {
        panic!(
            "{} ended with {status}: {}",
            service.name(),
            service.log().unwrap_or_default()
        );
    }
}

/// Runs a future to its end on a runtime of this thread, to which the services that a test starts are tied.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("starting a runtime")
        .block_on(future)
}
