//! Facts given by hand, and what becomes of them.

use test_warehouse::TestWarehouse;
use tokio_postgres::Client;
use warehouse::Warehouse;
use warehouse::gold::{CloseOutcome, FoldOutcome, close_days, fold_next};

/// In which order and how many at a time the silver batches of some facts are folded.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Batching {
    Together,
    OneByOne,
    OneByOneBackwards,
}

pub(crate) const BATCHINGS: [Batching; 3] = [
    Batching::Together,
    Batching::OneByOne,
    Batching::OneByOneBackwards,
];

/// A warehouse that facts can be given to.
pub(crate) struct Given {
    pub(crate) test: TestWarehouse,
    pub(crate) client: Client,
}

impl Given {
    pub(crate) async fn nothing() -> Given {
        let test = TestWarehouse::fresh().await;
        let client = test.inspector().await;
        client
            .batch_execute(include_str!("given.sql"))
            .await
            .unwrap();
        client
            .batch_execute(include_str!("load.sql"))
            .await
            .unwrap();
        Given { test, client }
    }

    /// Writes the facts into silver and folds them as the transformer does.
    pub(crate) async fn fold(&self, facts: &str, batching: Batching) {
        self.client
            .batch_execute(facts)
            .await
            .unwrap_or_else(|error| panic!("{facts}: {error:?}"));
        let direction = match batching {
            Batching::Together | Batching::OneByOne => 1,
            Batching::OneByOneBackwards => -1,
        };
        let load = format!("SELECT given.load({direction})");
        self.client.batch_execute(&load).await.unwrap();
        let max_lines = match batching {
            Batching::Together => i64::MAX,
            Batching::OneByOne | Batching::OneByOneBackwards => 1,
        };
        let warehouse = Warehouse::new(self.test.settings_of("transformer"), 1).unwrap();
        let mut session = warehouse.connect().await.unwrap();
        while fold_next(&mut session, max_lines).await.unwrap() != FoldOutcome::Idle {}
        session.release();
    }

    /// What the transformer does when there is nothing to fold.
    pub(crate) async fn close_days(&self) -> CloseOutcome {
        let warehouse = Warehouse::new(self.test.settings_of("transformer"), 1).unwrap();
        let mut session = warehouse.connect().await.unwrap();
        let outcome = close_days(&mut session).await.unwrap();
        session.release();
        outcome
    }

    /// The first column of a query's rows.
    pub(crate) async fn rows(&self, query: &str) -> Vec<String> {
        let rows = self
            .client
            .query(query, &[])
            .await
            .unwrap_or_else(|error| panic!("{query}: {error:?}"));
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// What verification finds in the marts.
pub(crate) async fn findings(client: &impl tokio_postgres::GenericClient) -> Vec<String> {
    findings_in(client, "gold.").await
}

/// What verification finds in the tables of this name or prefix.
pub(crate) async fn findings_in(
    client: &impl tokio_postgres::GenericClient,
    table: &str,
) -> Vec<String> {
    let mut findings = Vec::new();
    for (statement, query) in warehouse::verify::queries() {
        if statement.starts_with(table) {
            for row in client.query(query, &[]).await.unwrap() {
                let (side, row): (String, String) = (row.get(0), row.get(1));
                findings.push(format!("{statement}: {side}: {row}"));
            }
        }
    }
    findings
}
