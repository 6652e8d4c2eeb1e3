//! Verification finds what is tampered with, in every table of gold.

use super::given::{Batching, Given, findings, findings_in};

const FACTS: &str = "
INSERT INTO given.events (event_key, event_type, event_at, order_id, customer, units, subtotal, cost) VALUES
    (101, 'order_placed',    '2026-01-10 10:00Z', 'o1', 'c1', 2, 100, 40),
    (102, 'order_placed',    '2026-01-10 11:00Z', 'o2', 'c2', 2, 100, 40),
    (201, 'order_placed',    '2026-02-10 10:00Z', 'o3', 'c1', 2, 100, 40),
    (202, 'order_cancelled', '2026-02-10 11:00Z', 'o3', 'c1', 2, 100, 40);
INSERT INTO given.lines (event_key, line_no, quantity, gross, cost) VALUES
    (101, 1, 2, 100, 40), (102, 1, 2, 100, 40), (201, 1, 2, 100, 40), (202, -1, -2, -100, -40);
INSERT INTO given.steps (event_key, step_no, step, step_date, seconds) VALUES
    (201, 1, 'placed', '2026-02-10', NULL), (202, 1, 'cancelled', '2026-02-10', 3600);
";

/// The tables of gold that hold no figures but say how they are made. Cut points are found out by the scores they make,
/// and how far the sums of all time go by those sums.
const SETTINGS: [(&str, &str, &str); 3] = [
    (
        "gold.rfm_cuts",
        "UPDATE gold.rfm_cuts SET orders = '{1, 2, 3, 4}'",
        "gold.customer_segments_sums",
    ),
    (
        "gold.sales_summary_days",
        "UPDATE gold.sales_summary_days SET summed_until = '2026-01-01'",
        "gold.sales_summary_sums",
    ),
    // A name for a combination of scores; nothing stored follows from it.
    ("gold.rfm_segments", "", ""),
];

/// Changes one column after the other, and takes the rows away. So a new table or column is covered without being named here.
#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_every_table_of_gold_is_verified() {
    let mut given = Given::nothing().await;
    given.fold(FACTS, Batching::OneByOne).await;
    given.close_days().await;
    assert_eq!(findings(&given.client).await, Vec::<String>::new());
    let columns = given
        .client
        .query(
            "SELECT 'gold.' || c.relname, a.attname::text, format_type(a.atttypid, NULL)
             FROM pg_class AS c
             JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace = 'gold'::regnamespace AND c.relkind = 'r'
             ORDER BY 1, a.attnum",
            &[],
        )
        .await
        .unwrap();
    assert!(columns.len() > 100, "{} columns", columns.len());
    let mut tampering: Vec<(String, String)> = Vec::new();
    for row in &columns {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        if SETTINGS.iter().any(|(settings, ..)| *settings == table) {
            continue;
        }
        let other = match kind.as_str() {
            "bigint" | "integer" => "+ 1000",
            "numeric" => "+ 0.01",
            "date" => "+ 1000",
            "timestamp with time zone" => "+ interval '1 second'",
            "text" => "|| 'x'",
            "bigint[]" | "integer[]" | "numeric[]" => continue,
            _ => panic!("how to tamper with {table}.{column} of type {kind}?"),
        };
        // One row, and far away, so that no key comes to stand where another one is.
        let statement = format!(
            "UPDATE {table} SET {column} = {column} {other}
             WHERE ctid = (SELECT max(ctid) FROM {table} WHERE {column} IS NOT NULL)"
        );
        tampering.push((table.clone(), statement));
        tampering.push((table.clone(), format!("DELETE FROM {table}")));
    }
    tampering.dedup();
    for (_, statement, found_in) in SETTINGS {
        if !statement.is_empty() {
            tampering.push((found_in.to_owned(), statement.to_owned()));
        }
    }
    for (table, statement) in tampering {
        // Tampered with inside a transaction that the checks run in too, and undone afterwards.
        let transaction = given.client.transaction().await.unwrap();
        let changed = transaction.execute(&statement, &[]).await.unwrap();
        assert!(changed > 0, "{statement} changed nothing");
        let found = findings_in(&transaction, &table).await;
        assert!(!found.is_empty(), "{statement} was not found out");
        transaction.rollback().await.unwrap();
    }
}
