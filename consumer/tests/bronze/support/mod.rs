//! What the tests share: a migrated database each, a consumer running in this process, and the invariants.

pub(crate) mod kafka;
pub(crate) mod ledger;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use consumer::assembly::Limits;
use consumer::settings::{ConsumerSettings, RetentionLossPolicy};
use local_stack::testing::{TestDatabase, fresh_database, fresh_database_from, shared};
use service_kit::{HttpArgs, Outcome, Shutdown};
use tokio::task::JoinHandle;
use warehouse::DatabaseSettings;
use warehouse::migrate::{RolePassword, run as migrate};

const WRITER_PASSWORD: &str = "bronze-writer-in-tests";
/// Far more than any wait in a test should take, on a slow machine too.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A migrated database of one's own.
pub(crate) fn migrated_database(hint: &str) -> TestDatabase {
    static TEMPLATE: OnceLock<TestDatabase> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let database = fresh_database("consumer_template");
        block_on_fresh_runtime(migrate_database(database.migrator_url.clone()));
        database
    });
    let copy = fresh_database_from(template);
    assert!(copy.name.len() > hint.len());
    copy
}

pub(crate) async fn migrate_database(migrator_url: String) {
    let settings = DatabaseSettings::parse(&migrator_url, "test").unwrap();
    let password = RolePassword {
        role: "bronze_writer",
        password: WRITER_PASSWORD.to_owned(),
    };
    migrate(&settings, &[password]).await.unwrap();
}

fn block_on_fresh_runtime(work: impl Future<Output = ()> + Send) {
    // Tests call this from inside of their own runtime, which must not be blocked on.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(work);
        });
    });
}

/// The URL with which the consumer connects, given one of another user.
pub(crate) fn writer_url(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{scheme}://bronze_writer:{WRITER_PASSWORD}@{place}")
}

/// Settings for a test: quick, and finished when all is read.
pub(crate) fn settings(topic: &str) -> ConsumerSettings {
    let servers = shared().kafka_bootstrap_servers();
    ConsumerSettings {
        kafka_properties: vec![
            ("bootstrap.servers".into(), servers.into()),
            ("topic.metadata.refresh.interval.ms".into(), "1000".into()),
        ],
        kafka_address: servers.into(),
        topic: topic.into(),
        group_id: format!("group-of-{topic}"),
        limits: Limits {
            max_rows: 5_000,
            max_bytes: 4 << 20,
        },
        max_delay: Duration::from_millis(20),
        session_timeout: Duration::from_secs(10),
        topic_check_interval: Duration::from_secs(1),
        on_retention_loss: RetentionLossPolicy::Stop,
        exit_at_end: true,
        patience: Duration::from_secs(20),
    }
}

/// The same, but running until told to stop.
pub(crate) fn endless(topic: &str) -> ConsumerSettings {
    ConsumerSettings {
        exit_at_end: false,
        ..settings(topic)
    }
}

/// A consumer running in this process.
pub(crate) struct Running {
    shutdown: Shutdown,
    task: JoinHandle<Outcome>,
}

impl Running {
    pub(crate) fn start(settings: ConsumerSettings, database_url: &str) -> Self {
        service_kit::telemetry::init("test");
        // One recorder for all consumers of this process; the tests do not look at figures.
        let metrics = service_kit::endpoint::install_metrics();
        let database = DatabaseSettings::parse(database_url, "assay-consumer").unwrap();
        let shutdown = Shutdown::new();
        let stop = shutdown.clone();
        let task = tokio::spawn(consumer::service::run(
            settings,
            database,
            HttpArgs::default(),
            metrics,
            stop,
        ));
        Running { shutdown, task }
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(self) -> Outcome {
        let ended = tokio::time::timeout(LONGEST_WAIT, self.task).await;
        ended.expect("the consumer did not end by itself").unwrap()
    }

    /// Tells it to stop, and waits.
    pub(crate) async fn stop(self) -> Outcome {
        self.shutdown.request();
        let begin = Instant::now();
        let outcome = self.ended().await;
        assert!(
            begin.elapsed() < Duration::from_secs(12),
            "stopping took {:?}",
            begin.elapsed()
        );
        outcome
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

/// Lands all that the topic holds now.
pub(crate) async fn run_to_end(settings: ConsumerSettings, database_url: &str) -> Outcome {
    Running::start(settings, database_url).ended().await
}

/// Waits for a condition that something else brings about.
pub(crate) async fn wait_until<Condition, Check>(what: &str, mut check: Check)
where
    Condition: Future<Output = bool>,
    Check: FnMut() -> Condition,
{
    let deadline = Instant::now() + LONGEST_WAIT;
    while !check().await {
        assert!(
            Instant::now() < deadline,
            "waited {LONGEST_WAIT:?} in vain: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
