//! Services that the environment names are used as they are.

use std::time::Instant;

use local_stack::testing;

use crate::support::{local_stack, open_directory, stderr};

#[test]
fn services_of_the_environment_are_used_and_outlive_the_stack() {
    let outer = testing::shared();
    let home = open_directory();
    let inner = local_stack(home.path())
        .env("DATABASE_URL", outer.superuser_url())
        .env("KAFKA_BOOTSTRAP_SERVERS", outer.kafka_bootstrap_servers())
        .args([
            "run",
            "--",
            "sh",
            "-c",
            "echo $ASSAY_SUPERUSER_URL $ASSAY_MIGRATOR_URL $KAFKA_BOOTSTRAP_SERVERS $ASSAY_STACK",
        ])
        .output()
        .unwrap();
    assert_eq!(inner.status.code(), Some(0), "{}", stderr(&inner));
    let url = outer.superuser_url();
    let expected = format!("{url} {url} {} external\n", outer.kafka_bootstrap_servers());
    assert_eq!(String::from_utf8_lossy(&inner.stdout), expected);
    assert!(
        !home.path().join("local").exists(),
        "nothing was started, nothing stays"
    );

    // Both still answer.
    let database = testing::fresh_database("external");
    assert!(database.name.starts_with("external_"));
    let topic = testing::fresh_topic(1);
    assert!(topic.starts_with("test-"));
}

#[test]
fn services_of_the_environment_that_do_not_answer_are_told_by_name() {
    let home = open_directory();
    for (variable, value, told) in [
        (
            "DATABASE_URL",
            "postgres://u:secret@127.0.0.1:1/d",
            "cannot reach PostgreSQL at 127.0.0.1:1",
        ),
        (
            "KAFKA_BOOTSTRAP_SERVERS",
            "127.0.0.1:1",
            "cannot reach Kafka at 127.0.0.1:1",
        ),
    ] {
        let begun = Instant::now();
        let output = local_stack(home.path())
            .env(variable, value)
            .args(["run", "--", "true"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4));
        let error = stderr(&output);
        assert!(error.contains(told) && error.contains(variable), "{error}");
        assert!(!error.contains("secret"), "{error}");
        println!("{variable}: told after {:?}", begun.elapsed());
    }
}
