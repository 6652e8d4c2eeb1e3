//! Promises about the schema as it stands after all migrations, read from PostgreSQL's catalogue.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use test_warehouse::TestWarehouse;
use warehouse::DatabaseSettings;

async fn rows(test: &TestWarehouse, query: &str) -> Vec<String> {
    let rows = test.inspector().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_view_and_column_has_a_comment() {
    let test = TestWarehouse::fresh().await;
    let missing = rows(
        &test,
        "SELECT format('%s.%s%s', n.nspname, c.relname, coalesce('.' || a.attname, ''))
         FROM pg_class AS c
         JOIN pg_namespace AS n ON n.oid = c.relnamespace
         LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE n.nspname IN ('bronze', 'silver', 'gold', 'ops') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
           AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)
         ORDER BY 1",
    )
    .await;
    assert_eq!(missing, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comment_of_a_table_begins_with_its_grain() {
    let test = TestWarehouse::fresh().await;
    let others = rows(
        &test,
        "SELECT format('%s.%s', n.nspname, c.relname)
         FROM pg_class AS c
         JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('bronze', 'silver', 'gold', 'ops') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
           AND obj_description(c.oid, 'pg_class') NOT LIKE 'One row%'",
    )
    .await;
    assert_eq!(others, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_facts_refuses_nan() {
    let test = TestWarehouse::fresh().await;
    let unchecked = rows(
        &test,
        "SELECT format('%s.%s', c.relname, a.attname)
         FROM pg_class AS c
         JOIN pg_namespace AS n ON n.oid = c.relnamespace
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE n.nspname = 'silver' AND c.relkind = 'r' AND a.atttypid = 'numeric'::regtype
           AND NOT EXISTS (
               SELECT FROM pg_constraint AS k
               WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
                 AND pg_get_constraintdef(k.oid) LIKE '%NaN%'
           )",
    )
    .await;
    assert_eq!(unchecked, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_again_changes_nothing() {
    let test = TestWarehouse::fresh().await;
    let settings = DatabaseSettings::parse(test.owner_url(), "test").unwrap();
    let migrated = warehouse::migrate::run(&settings, &[]).await.unwrap();
    assert_eq!(migrated.applied, Vec::<String>::new());
}

/// Each service can do its work and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn roles_are_refused_what_is_not_theirs() {
    let test = TestWarehouse::fresh().await;
    let refused = [
        ("bronze_writer", "SELECT payload FROM bronze.events"),
        ("bronze_writer", "DELETE FROM bronze.events"),
        ("bronze_writer", "SELECT * FROM silver.fct_orders"),
        (
            "bronze_writer",
            "INSERT INTO ops.silver_cursors VALUES (1, 1, 1)",
        ),
        (
            "transformer",
            "INSERT INTO bronze.events (topic_id) VALUES (1)",
        ),
        ("transformer", "UPDATE ops.partitions SET next_offset = 0"),
        ("transformer", "DELETE FROM silver.fct_order_events"),
        ("transformer", "DELETE FROM gold.sales_performance_sums"),
        ("transformer", "CREATE TABLE silver.mine (x integer)"),
        ("dashboard_reader", "SELECT payload FROM bronze.events"),
        ("dashboard_reader", "SELECT * FROM silver.dim_customers"),
        ("dashboard_reader", "SELECT * FROM ops.partitions"),
        (
            "dashboard_reader",
            "DELETE FROM gold.sales_performance_sums",
        ),
        (
            "dashboard_reader",
            "SET default_transaction_read_only = off; UPDATE gold.sales_performance_sums SET orders = 0",
        ),
        ("dashboard_reader", "SELECT ops.ensure_bronze_partitions()"),
    ];
    for (role, statement) in refused {
        let (client, connection) =
            tokio_postgres::connect(&test.url_of(role), tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        let error = client.batch_execute(statement).await.expect_err(statement);
        // Insufficient privilege; or, for the reader, a transaction that is read-only in the first place.
        let state = error.code().map_or("", |state| state.code());
        assert!(
            ["42501", "25006"].contains(&state),
            "{role}: {statement}: {error:?}"
        );
    }
    let allowed = [
        ("dashboard_reader", "SELECT * FROM gold.sales_performance"),
        ("dashboard_reader", "SELECT * FROM gold.product_performance"),
        ("dashboard_reader", "SELECT * FROM ops.ledger"),
        ("dashboard_reader", "SELECT * FROM ops.lag"),
        ("dashboard_reader", "SELECT * FROM ops.freshness"),
    ];
    for (role, statement) in allowed {
        let (client, connection) =
            tokio_postgres::connect(&test.url_of(role), tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        client.batch_execute(statement).await.expect(statement);
    }
}
