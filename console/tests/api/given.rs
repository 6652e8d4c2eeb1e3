//! A warehouse with figures in its marts.

use serde_json::Value;
use test_warehouse::TestWarehouse;

pub(crate) async fn warehouse() -> TestWarehouse {
    let test = TestWarehouse::fresh().await;
    test.inspector()
        .await
        .batch_execute(include_str!("given.sql"))
        .await
        .unwrap();
    test
}

/// The rows of a query as JSON objects whose numerics are text, as the API has them.
pub(crate) async fn rows(test: &TestWarehouse, query: &str) -> Vec<Value> {
    let rows = test
        .inspector()
        .await
        .query(
            &format!("SELECT to_jsonb(q)::text FROM ({query}) AS q"),
            &[],
        )
        .await
        .unwrap();
    rows.iter()
        .map(|row| serde_json::from_str(row.get(0)).unwrap())
        .collect()
}

pub(crate) async fn one_text(test: &TestWarehouse, query: &str) -> String {
    test.inspector()
        .await
        .query_one(query, &[])
        .await
        .unwrap()
        .get(0)
}
