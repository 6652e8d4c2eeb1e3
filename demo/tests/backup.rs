//! A dump of a busy warehouse, restored elsewhere, is whole, and the consumer goes on where the dump stood. Passwords are
//! changed as docs/OPERATIONS.md says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use demo::fleet::Service;
use demo::pipeline::Pipeline;
use support::{Playground, TOPIC, block_on, inspector, records_sent, succeed, wait_until_drained};

/// Beside the newest server's programs, which are not on the PATH of every system.
fn postgres_program(name: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|version| version.unwrap().path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

fn run(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(postgres_program(name))
        .args(arguments)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until bronze holds some records.
async fn wait_for_records(url: &str, least: i64) {
    let client = inspector(url).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        let query = "SELECT coalesce(sum(record_count), 0)::bigint FROM ops.partitions";
        let held: i64 = client.query_one(query, &[]).await.unwrap().get(0);
        if held >= least {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {least} records in bronze");
}

async fn records(url: &str) -> i64 {
    let query = "SELECT sum(record_count)::bigint FROM ops.partitions";
    inspector(url)
        .await
        .query_one(query, &[])
        .await
        .unwrap()
        .get(0)
}

/// As docs/OPERATIONS.md says.
fn dump_database_and_roles(url: &str, dump: &str) {
    run(
        "pg_dump",
        &["--format=custom", "--file", dump, "--dbname", url],
    );
    let roles = run("pg_dumpall", &["--roles-only", "--dbname", url]);
    for expected in [
        "CREATE ROLE bronze_writer;",
        "CREATE ROLE transformer;",
        "ALTER ROLE dashboard_reader SET default_transaction_read_only TO 'on';",
    ] {
        assert!(roles.contains(expected), "the roles' dump lacks {expected}");
    }
}

fn start_services(pipeline: &Pipeline) -> [Service; 2] {
    ["consumer", "transformer"].map(|name| pipeline.start(name, name, &["run"]).unwrap())
}

#[test]
fn a_restored_dump_is_whole_and_the_consumer_goes_on_from_it() {
    let playground = Playground::open();
    let truth = playground.file("truth.json");
    let sworn = truth.display().to_string();
    let url = &playground.database.superuser_url;
    let mut services = start_services(&playground.pipeline);
    let settings = [
        "run",
        "--rate",
        "500",
        "--count",
        "6000",
        "--bad-pct",
        "2",
        "--truth",
        &sworn,
    ];
    let mut producer = playground
        .pipeline
        .start("producer", "producer", &settings)
        .unwrap();
    block_on(wait_for_records(url, 1_500));

    // In the midst of it: the dump is a snapshot, whatever goes on.
    let dump = playground.file("assay.dump").display().to_string();
    dump_database_and_roles(url, &dump);

    succeed(&mut producer, Duration::from_secs(120));
    for service in &mut services {
        service.stop().unwrap();
    }

    let restored = playground.stack.fresh_database("restored").unwrap();
    run(
        "pg_restore",
        &[
            "--exit-on-error",
            "--dbname",
            &restored.superuser_url,
            &dump,
        ],
    );
    let at_restore = block_on(records(&restored.superuser_url));
    let sent = records_sent(&truth);
    assert!(
        at_restore < sent,
        "the dump came too late to show anything: {at_restore} of {sent}"
    );

    // As upgraded: nothing to migrate, and the roles' passwords anew.
    let logs = playground.file("restored-logs");
    let pipeline =
        Pipeline::prepare_on(&playground.stack, &restored.migrator_url, TOPIC, logs).unwrap();
    let mut whole = pipeline
        .start("transformer", "verify-restored", &["verify"])
        .unwrap();
    succeed(&mut whole, Duration::from_secs(120));

    let _services = start_services(&pipeline);
    block_on(wait_until_drained(
        &restored.superuser_url,
        sent,
        Duration::from_secs(120),
    ));
    let arguments = ["verify", "--truth", &sworn];
    let mut verification = pipeline
        .start("transformer", "verify-all", &arguments)
        .unwrap();
    succeed(&mut verification, Duration::from_secs(120));
}

#[test]
fn a_password_is_changed_by_migrate_and_taken_from_a_file() {
    let playground = Playground::open();
    let fleet = playground.pipeline.fleet();
    let old_url = playground.pipeline.url_of("transformer").unwrap();
    let (_, host_and_database) = old_url.split_once('@').unwrap();
    let bare_url = format!("postgres://transformer@{host_and_database}");
    // What a URL could not hold as it is.
    let file = playground.file("transformer_password");
    std::fs::write(&file, "p@ss/w:rd %41#\n").unwrap();
    let file = file.display().to_string();

    let attempt = |name: &str, command: &str, environment: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment: Vec<(String, String)> = environment.iter().map(owned).collect();
        let mut service = fleet
            .spawn("transformer", name, &[command], &environment)
            .unwrap();
        let status = service.wait(Duration::from_secs(60)).unwrap();
        (status.code(), service.log().unwrap())
    };
    let migrator = playground.database.migrator_url.as_str();
    let (code, said) = attempt(
        "rotate",
        "migrate",
        &[
            ("DATABASE_URL", migrator),
            ("TRANSFORMER_PASSWORD_FILE", &file),
        ],
    );
    assert_eq!(code, Some(0), "{said}");

    let (code, said) = attempt("old", "verify", &[("DATABASE_URL", &old_url)]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("password authentication failed"), "{said}");

    let by_file = [
        ("DATABASE_URL", bare_url.as_str()),
        ("DATABASE_PASSWORD_FILE", &file),
    ];
    let (code, said) = attempt("new", "verify", &by_file);
    assert_eq!(code, Some(0), "{said}");

    let twice = [
        ("DATABASE_URL", old_url.as_str()),
        ("DATABASE_PASSWORD_FILE", &file),
    ];
    let (code, said) = attempt("twice", "verify", &twice);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("remove one of them"), "{said}");
    assert!(!said.contains("p@ss"), "a password in the log: {said}");
}
