//! The binary as its supervisor sees it: exit codes, signals, the HTTP port.

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use local_stack::testing::{fresh_database, fresh_topic, shared};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::kafka::{Sent, create_topic, delete_topic, send};
use crate::support::ledger::Ledger;
use crate::support::{migrate_database, migrated_database, wait_until, writer_url};

/// The consumer's process, with an environment of its own.
pub(crate) fn consumer_process(topic: &str, database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consumer"));
    command
        .arg("run")
        .env_clear()
        .env(
            "KAFKA_BOOTSTRAP_SERVERS",
            shared().kafka_bootstrap_servers(),
        )
        .env("KAFKA_TOPIC", topic)
        .env("KAFKA_GROUP_ID", format!("group-of-{topic}"))
        .env("DATABASE_URL", database_url)
        .env("RUST_LOG", "info");
    command
}

/// Sends a signal to a child process.
pub(crate) fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

fn assert_ends(command: &mut Command, code: i32, hints: &[&str]) {
    let output = output(command);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    let last = stderr.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("error: "), "{stderr}");
    for hint in hints {
        assert!(last.contains(hint), "no `{hint}` in: {last}");
    }
    assert!(
        !stderr.contains("hunter2"),
        "a password in the log: {stderr}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_end_with_3_and_say_what_to_do() {
    let topic = fresh_topic(1);
    let database = migrated_database("wrong");
    let url = writer_url(&database.superuser_url);
    let (_, place) = url.split_once('@').unwrap();
    let wrong_password = format!("postgres://bronze_writer:hunter2@{place}");
    let no_database = format!("{}_not_there", url);
    assert_ends(
        &mut consumer_process(&topic, &wrong_password),
        3,
        &["password", "DATABASE_URL"],
    );
    assert_ends(
        &mut consumer_process(&topic, &no_database),
        3,
        &["does not exist", "DATABASE_URL"],
    );
    assert_ends(
        &mut consumer_process(&topic, "localhost hunter2"),
        3,
        &["DATABASE_URL", "postgres://"],
    );
    assert_ends(
        consumer_process(&topic, &url).env_remove("DATABASE_URL"),
        3,
        &["DATABASE_URL_FILE"],
    );
    assert_ends(
        consumer_process(&topic, &url).arg("--kafka-bootstrap-servers=kafka://a"),
        3,
        &["host:port"],
    );
    assert_ends(
        consumer_process("a b", &url).arg("--exit-at-end"),
        3,
        &["topic"],
    );
    assert_ends(
        consumer_process(&topic, &url).arg("--kafka-option=no.such.option=1"),
        3,
        &["no.such.option"],
    );
    assert_ends(
        consumer_process(&topic, &url).arg("--kafka-option=enable.auto.commit=true"),
        3,
        &["depends"],
    );
    assert_ends(
        consumer_process("a b", &url).env("ASSAY_EXIT_AT_END", "1"),
        3,
        &["topic"],
    );
    assert_ends(
        consumer_process(&topic, &url).env("ASSAY_HTTP_ADDR", "192.0.2.1:1"),
        3,
        &["--http-addr"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependency_that_stays_away_ends_with_4_when_patience_is_over() {
    let topic = fresh_topic(1);
    let database = migrated_database("unreachable");
    let url = writer_url(&database.superuser_url);
    let begin = Instant::now();
    let impatient = |url: &str| {
        let mut command = consumer_process(&topic, url);
        command.arg("--wait-for-dependencies=2s");
        command
    };
    assert_ends(
        impatient(&url).env("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        4,
        &["KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"],
    );
    assert_ends(
        impatient(&url).env("KAFKA_BOOTSTRAP_SERVERS", "no.such.host:9092"),
        4,
        &["no.such.host"],
    );
    assert_ends(
        &mut impatient("postgres://a:hunter2@127.0.0.1:1/x"),
        4,
        &["PostgreSQL", "127.0.0.1:1"],
    );
    assert!(
        begin.elapsed() >= Duration::from_secs(6),
        "patience was not used up: {:?}",
        begin.elapsed()
    );
    assert!(begin.elapsed() < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_errors_end_with_2_and_help_with_0() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consumer"));
        output(command.args(arguments)).status.code()
    };
    assert_eq!(run(&[]), Some(2));
    assert_eq!(run(&["run", "--no-such-flag"]), Some(2));
    assert_eq!(run(&["run", "--batch-max-rows", "0"]), Some(2));
    assert_eq!(run(&["--help"]), Some(0));
    assert_eq!(run(&["completions", "bash"]), Some(0));
    assert_eq!(run(&["healthcheck", "--http-addr", "127.0.0.1:1"]), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_topic_and_for_a_migration_and_serves_its_state_and_stops_at_sigterm() {
    let topic = fresh_topic(1);
    delete_topic(&topic).await;
    let database = fresh_database("not_migrated");
    let address = free_address();
    // The role must exist before somebody can be refused tables.
    migrated_database("makes_the_role");
    let mut child = consumer_process(&topic, &writer_url(&database.superuser_url))
        .env("ASSAY_HTTP_ADDR", &address)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    wait_until("it answers", || async {
        page(&address, "/healthz").await.contains("alive")
    })
    .await;
    assert!(page(&address, "/readyz").await.contains("503"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    create_topic(&topic, 2).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    migrate_database(database.migrator_url.clone()).await;

    let sent = send(
        &topic,
        (0..10)
            .map(|n| Sent::plain(n % 2, format!("{n}")))
            .collect(),
    );
    let ledger = Ledger::open(&database.superuser_url).await;
    wait_until("the records land", || async {
        ledger.record_count().await == 10
    })
    .await;
    wait_until("it is ready", || async {
        page(&address, "/readyz").await.contains("200 OK")
    })
    .await;
    let health = Command::new(env!("CARGO_BIN_EXE_consumer"))
        .args(["healthcheck", "--http-addr", &address])
        .status();
    assert_eq!(health.unwrap().code(), Some(0));
    for line in [
        "assay_consumer_records_total 10",
        "assay_consumer_fenced_total 0",
        "assay_consumer_sessions_total 1",
        "assay_consumer_lag_records{partition=\"1\"} 0",
    ] {
        // Figures follow the commit; the lag follows the client's next report.
        wait_until(line, || async {
            page(&address, "/metrics").await.contains(line)
        })
        .await;
    }

    signal(&child, Signal::SIGTERM);
    let begin = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(10));
    let mut log = String::new();
    std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut log).unwrap();
    assert_eq!(log.matches("does not exist at").count(), 1, "{log}");
    ledger.assert_holds_exactly(sent).await;
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn page(address: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else {
        return String::new();
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}
