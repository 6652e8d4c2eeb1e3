//! What tests of other crates rely on.

use std::time::Duration;

use local_stack::testing;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};

use crate::support::{ask, connect, execute, runtime};

#[test]
fn databases_are_fresh_and_go_with_their_test() {
    let one = testing::fresh_database("library");
    let two = testing::fresh_database("library");
    assert_ne!(one.name, two.name);
    execute(&one.migrator_url, "CREATE TABLE t AS SELECT 7 AS n").unwrap();
    let copy = testing::fresh_database_from(&one);
    assert_eq!(ask(&copy.superuser_url, "SELECT n::text FROM t"), "7");
    assert_eq!(
        ask(
            &two.superuser_url,
            "SELECT (to_regclass('t') IS NULL)::text"
        ),
        "true"
    );

    let name = copy.name.clone();
    let held = runtime();
    let client = held.block_on(connect(&copy.superuser_url)).unwrap();
    drop(copy);
    drop(client);
    let left = format!("SELECT count(*)::text FROM pg_database WHERE datname = '{name}'");
    assert_eq!(
        ask(testing::shared().superuser_url(), &left),
        "0",
        "dropped although a client was connected"
    );
}

#[tokio::test]
async fn the_functions_can_be_called_within_a_runtime() {
    let database = testing::fresh_database("async");
    let client = connect(&database.migrator_url).await.unwrap();
    client.batch_execute("SELECT 1").await.unwrap();
    assert!(!testing::fresh_topic(2).is_empty());
}

#[test]
fn the_migrator_owns_its_database_and_is_no_superuser() {
    let database = testing::fresh_database("roles");
    let url = &database.migrator_url;
    let about_me = "SELECT concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb) FROM pg_roles WHERE rolname = current_user";
    assert_eq!(ask(url, about_me), "f t f");
    let role = format!("reader_of_{}", database.name);
    execute(url, &format!("CREATE EXTENSION btree_gist; CREATE SCHEMA bronze; CREATE ROLE {role}; DROP ROLE {role}")).unwrap();
    let refused = execute(url, "ALTER SYSTEM SET work_mem = '1GB'").unwrap_err();
    assert!(refused.contains("permission denied"), "{refused}");
}

#[test]
fn passwords_are_asked_for_and_checked() {
    let url = testing::shared().superuser_url();
    let (start, rest) = url.split_once("postgres:").unwrap();
    let (password, end) = rest.split_once('@').unwrap();
    assert_eq!(password.len(), 32);
    let wrong = format!("{start}postgres:wrong@{end}");
    assert!(
        execute(&wrong, "SELECT 1")
            .unwrap_err()
            .contains("password authentication failed")
    );
    assert_eq!(ask(url, "SHOW password_encryption"), "scram-sha-256");
}

#[test]
fn postgres_is_safe_and_sized_for_a_pipeline() {
    let url = testing::shared().superuser_url();
    for (setting, expected) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "15min"),
        ("jit", "off"),
        ("max_connections", "100"),
        ("listen_addresses", "127.0.0.1"),
        ("TimeZone", "UTC"),
    ] {
        assert_eq!(ask(url, &format!("SHOW {setting}")), expected, "{setting}");
    }
}

#[test]
fn topics_have_their_partitions_and_forget_nothing() {
    let servers = testing::shared().kafka_bootstrap_servers();
    let topic = testing::fresh_topic(6);
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .create()
        .unwrap();
    let metadata = consumer
        .fetch_metadata(Some(&topic), Duration::from_secs(10))
        .unwrap();
    assert_eq!(metadata.topics()[0].partitions().len(), 6);

    let admin: AdminClient<_> = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .create()
        .unwrap();
    let described = runtime()
        .block_on(admin.describe_configs(&[ResourceSpecifier::Topic(&topic)], &AdminOptions::new()))
        .unwrap();
    let settings = described.into_iter().next().unwrap().unwrap();
    for (name, expected) in [
        ("retention.ms", "-1"),
        ("retention.bytes", "-1"),
        ("max.message.bytes", "2097152"),
    ] {
        let value = settings.get(name).unwrap().value.as_deref();
        assert_eq!(value, Some(expected), "{name}");
    }
    let leftovers: Vec<String> = consumer
        .fetch_metadata(None, Duration::from_secs(10))
        .unwrap()
        .topics()
        .iter()
        .map(|topic| topic.name().to_owned())
        .filter(|name| name.starts_with("assay-ready-"))
        .collect();
    assert!(
        leftovers.is_empty(),
        "the topic that proved readiness is deleted: {leftovers:?}"
    );
}

struct Outcomes(std::sync::Mutex<Vec<Option<RDKafkaErrorCode>>>);
impl rdkafka::ClientContext for Outcomes {}
impl ProducerContext for Outcomes {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &DeliveryResult<'_>, _opaque: ()) {
        let error = result
            .as_ref()
            .err()
            .and_then(|(error, _)| error.rdkafka_error_code());
        self.0.lock().unwrap().push(error);
    }
}

#[test]
fn a_topic_that_nobody_created_does_not_come_into_being() {
    let producer: BaseProducer<Outcomes> = ClientConfig::new()
        .set(
            "bootstrap.servers",
            testing::shared().kafka_bootstrap_servers(),
        )
        .set("message.timeout.ms", "3000")
        .set("allow.auto.create.topics", "true")
        .create_with_context(Outcomes(std::sync::Mutex::default()))
        .unwrap();
    producer
        .send(BaseRecord::<(), [u8]>::to("never-created").payload(b"x"))
        .unwrap();
    producer.flush(Duration::from_secs(20)).unwrap();
    let outcomes = producer.context().0.lock().unwrap();
    assert!(matches!(outcomes.as_slice(), [Some(_)]), "{outcomes:?}");
}
