//! Whoever may open a dashboard may send SQL of their own through its data source. As `dashboard_reader` they read gold and
//! the ledger's views, and that is all, also after they have told the session not to be read-only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use test_warehouse::TestWarehouse;
use tokio_postgres::{Client, NoTls};

const WRITABLE: &str = "SET default_transaction_read_only = off; SET statement_timeout = 0";
/// PostgreSQL answers these with a warning, and does nothing.
const WITHOUT_EFFECT: &[&str] = &[
    "GRANT SELECT ON gold.rfm_cuts TO PUBLIC",
    "REVOKE ALL ON gold.rfm_cuts FROM transformer",
];
/// What stands between a statement and its want of a right: it asks for its own transaction or for one around it, or it is
/// about something that is not there to be had, an extension's function, a view that is no table.
const OTHER_OBSTACLES: [&str; 5] = ["25001", "25P01", "42809", "42883", "55000"];

/// What changes something, or would.
const WRITES: &[&str] = &[
    "INSERT INTO gold.rfm_cuts VALUES ('XXX', '{1,2,3,4}', '{1,2,3,4}', '{1,2,3,4}')",
    "INSERT INTO ops.closed_days VALUES ('2026-01-01')",
    "UPDATE gold.rfm_cuts SET orders = '{1,2,3,4}'",
    "UPDATE gold.sales_hourly SET orders = 0",
    "UPDATE ops.pipeline_runs SET status = 'succeeded'",
    "DELETE FROM gold.rfm_segments",
    "DELETE FROM ops.restatements",
    "DELETE FROM ops.quarantine",
    "TRUNCATE gold.rfm_cuts",
    "TRUNCATE ops.restatements, ops.closed_days",
    "MERGE INTO gold.rfm_cuts AS t USING (SELECT 'XXX' AS c) AS s ON t.currency = s.c WHEN NOT MATCHED THEN INSERT VALUES (s.c, '{1,2,3,4}', '{1,2,3,4}', '{1,2,3,4}')",
    "WITH gone AS (DELETE FROM gold.rfm_cuts RETURNING 1) SELECT count(*) FROM gone",
    "SELECT * FROM gold.rfm_cuts FOR UPDATE",
    "LOCK TABLE gold.rfm_cuts IN ACCESS EXCLUSIVE MODE",
    "CREATE TABLE gold.mine (x integer)",
    "CREATE TABLE public.mine AS SELECT 1 AS x",
    "CREATE TEMP TABLE mine AS SELECT * FROM generate_series(1, 10)",
    "SELECT 1 AS x INTO TEMP mine",
    "CREATE VIEW gold.mine AS SELECT 1 AS x",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION gold.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION dblink",
    "CREATE ROLE mine SUPERUSER",
    "CREATE DATABASE mine",
    "CREATE INDEX ON gold.rfm_cuts (orders)",
    "CREATE SUBSCRIPTION mine CONNECTION 'host=localhost' PUBLICATION p",
    "ALTER TABLE gold.rfm_cuts ADD COLUMN mine text",
    "ALTER ROLE dashboard_reader SUPERUSER",
    "ALTER ROLE transformer PASSWORD 'known'",
    "ALTER SYSTEM SET fsync = off",
    "DROP TABLE gold.rfm_cuts",
    "DROP VIEW ops.ledger",
    "DROP SCHEMA gold CASCADE",
    "COMMENT ON TABLE gold.rfm_cuts IS 'mine'",
    "COPY gold.rfm_cuts FROM PROGRAM 'echo 1'",
    "COPY gold.rfm_cuts TO PROGRAM 'cat > /tmp/assay-mine'",
    "COPY gold.rfm_cuts TO '/tmp/assay-mine'",
    "COPY gold.rfm_cuts FROM '/etc/passwd'",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_from_bytea(0, 'mine')",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_export(1, '/tmp/assay-mine')",
    "SELECT setval('silver.order_event_keys', 1)",
    "SELECT nextval('silver.order_event_keys')",
    "SELECT ops.compact_ledger()",
    "SELECT ops.swap_rebuild()",
    "SELECT * FROM ops.retire_bronze('30 days')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
    "SELECT pg_reload_conf()",
    "SELECT pg_switch_wal()",
    "SELECT pg_file_write('/tmp/assay-mine', 'x', false)",
];

/// What reads beyond gold and the ledger's views.
const READS: &[&str] = &[
    "SELECT payload FROM bronze.events",
    "SELECT count(*) FROM bronze.events",
    "TABLE bronze.events",
    "COPY bronze.events TO STDOUT",
    "COPY (SELECT * FROM bronze.events) TO STDOUT",
    "SELECT * FROM gold.products WHERE (SELECT count(*) FROM bronze.events) >= 0",
    "SELECT bronze.payload_as_json('\\x00')",
    "SELECT * FROM ops.raw_record(1, 0, 0)",
    "SELECT ops.raw_payload(1, 0, 0)",
    "SELECT * FROM silver.dim_customers",
    "SELECT * FROM silver.fct_order_events",
    "SELECT * FROM silver.quarantined_events",
    "SELECT * FROM ops.bronze_batches",
    "SELECT * FROM ops.silver_batches",
    "SELECT * FROM ops.partitions",
    "SELECT query_to_xml('SELECT * FROM bronze.events', true, false, '')",
    "SELECT database_to_xml(true, false, '') WHERE false OR (SELECT count(*) FROM silver.fct_orders) > 0",
    "SELECT rolpassword FROM pg_authid",
    "SELECT passwd FROM pg_shadow",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('postgresql.conf')",
    "SELECT * FROM pg_ls_dir('.')",
    "SELECT * FROM pg_hba_file_rules",
    "SET ROLE migrator",
    "SET ROLE transformer",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION migrator",
    "SET session_replication_role = replica",
    "DO $$ BEGIN PERFORM count(*) FROM bronze.events; END $$",
    "DO $$ BEGIN EXECUTE 'SELECT payload FROM bronze.events'; END $$",
];

async fn reader(test: &TestWarehouse) -> Client {
    let (client, connection) = tokio_postgres::connect(&test.url_of("dashboard_reader"), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

/// How PostgreSQL refuses a statement, in the forms in which one may send it; empty for what it did not refuse.
async fn refusals(test: &TestWarehouse, statement: &str) -> Vec<String> {
    let forms = [
        (None, statement.to_owned()),
        (Some(WRITABLE), statement.to_owned()),
        // Several at once, begun and ended by the sender; and behind a harmless one, the rest of its text a comment.
        (
            None,
            format!("SELECT 1; COMMIT; BEGIN READ WRITE; {statement}; COMMIT"),
        ),
        (
            None,
            format!("SELECT * FROM gold.products WHERE product_id = ''; {statement}; --'"),
        ),
    ];
    let mut refusals = Vec::new();
    for (first, text) in forms {
        // A session of its own each: what one has set must not stop the next.
        let reader = reader(test).await;
        if let Some(first) = first {
            reader.batch_execute(first).await.unwrap();
        }
        let refused = match reader.batch_execute(&text).await {
            Ok(()) => String::new(),
            Err(error) => error.code().map_or("", |state| state.code()).to_owned(),
        };
        refusals.push(refused);
    }
    refusals
}

/// A digest of every row of every table, and of every object's name and rights.
async fn state(test: &TestWarehouse) -> Vec<String> {
    let inspector = test.inspector().await;
    let tables = inspector
        .query(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
             WHERE schemaname IN ('bronze', 'silver', 'gold', 'ops', 'public') ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let mut state = Vec::new();
    for row in &tables {
        let table: String = row.get(0);
        let digest = format!(
            "SELECT '{table} ' || count(*) || ' ' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM {table} AS t"
        );
        state.push(inspector.query_one(&digest, &[]).await.unwrap().get(0));
    }
    let objects = "SELECT coalesce(string_agg(format('%s %s %s', c.oid, c.relname, c.relacl), ',' ORDER BY c.oid), '')
                   FROM pg_class AS c WHERE c.relnamespace::regnamespace::text IN ('bronze', 'silver', 'gold', 'ops', 'public')";
    let others = "SELECT format('%s roles, %s schemas, %s functions, %s large objects',
                      (SELECT count(*) FROM pg_roles), (SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_'),
                      (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_largeobject_metadata))";
    for query in [objects, others] {
        state.push(inspector.query_one(query, &[]).await.unwrap().get(0));
    }
    state
}

/// As `deploy/postgres/make-owner.sh` makes it: it takes rights from everyone that only a superuser can take.
async fn with_something_in_it() -> TestWarehouse {
    // Migrated itself: what a migration says of the database is not in a copy of it.
    let test = TestWarehouse::on(local_stack::testing::shared()).await;
    let script = packaging::read_text("deploy/postgres/make-owner.sh").unwrap();
    let revokes: Vec<&str> = script
        .lines()
        .filter(|line| line.starts_with("REVOKE"))
        .collect();
    test.inspector()
        .await
        .batch_execute(&revokes.join("\n"))
        .await
        .unwrap();
    test.inspector()
        .await
        .batch_execute(
            "INSERT INTO ops.topics (topic_name, kafka_topic_id) VALUES ('t', 'x');
             INSERT INTO ops.partitions (topic_id, kafka_partition) VALUES (1, 0);
             INSERT INTO bronze.events (topic_id, kafka_partition, kafka_offset, ingested_at, payload) VALUES (1, 0, 0, now(), 'secret');
             INSERT INTO gold.sales_hourly_sums SELECT now(), 'EUR', 'web', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1;
             INSERT INTO ops.closed_days (day) VALUES ('2026-02-02');
             INSERT INTO ops.pipeline_runs (kind) VALUES ('manual')",
        )
        .await
        .unwrap();
    test
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_and_nothing_else_is_read_whatever_is_sent() {
    let test = with_something_in_it().await;
    let before = state(&test).await;
    let mut allowed = Vec::new();
    for statement in WRITES.iter().chain(READS) {
        let refusals = refusals(&test, statement).await;
        let is_right_missing = |state: &String| ["42501", "25006"].contains(&state.as_str());
        let is_obstacle = |state: &String| OTHER_OBSTACLES.contains(&state.as_str());
        let is_never_there = refusals.iter().all(is_obstacle);
        let is_refused = refusals
            .iter()
            .all(|state| is_right_missing(state) || is_obstacle(state));
        // Also where the session may write, one of the forms must run into the missing right itself.
        if !is_refused || !(is_never_there || refusals.contains(&"42501".to_owned())) {
            allowed.push(format!("{statement}: {refusals:?}"));
        }
    }
    for statement in WITHOUT_EFFECT {
        let reader = reader(&test).await;
        reader.batch_execute(WRITABLE).await.unwrap();
        reader.batch_execute(statement).await.unwrap();
    }
    assert_eq!(state(&test).await, before, "something was written");
    assert!(allowed.is_empty(), "{allowed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_read_only_and_short_to_begin_with() {
    let test = TestWarehouse::fresh().await;
    let reader = reader(&test).await;
    for (setting, expected) in [("transaction_read_only", "on"), ("statement_timeout", "5s")] {
        let row = reader
            .query_one(&format!("SHOW {setting}"), &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, &str>(0), expected, "{setting}");
    }
    let error = reader
        .batch_execute("SELECT pg_sleep(6)")
        .await
        .expect_err("it ran for ever");
    assert_eq!(error.code().map(|state| state.code()), Some("57014"));
    // And it can do what it is for.
    for view in [
        "gold.sales_performance",
        "gold.products",
        "ops.ledger",
        "ops.quarantine",
        "ops.batches",
        "ops.lateness",
        "ops.proof",
    ] {
        reader
            .batch_execute(&format!("SELECT * FROM {view}"))
            .await
            .unwrap();
    }
}
