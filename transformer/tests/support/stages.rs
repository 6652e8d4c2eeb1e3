//! Runs both stages until nothing is left to do, and asks what verification finds.

use test_warehouse::TestWarehouse;
use transformer::gold::GoldStage;
use transformer::judging::EventJudge;
use transformer::silver::{LoadBudget, SilverStage};
use transformer::stage::{Stage, Step};
use warehouse::Warehouse;

const BUDGET: LoadBudget = LoadBudget {
    max_records: 1_000,
    max_bytes: 1 << 20,
};

fn hot(test: &TestWarehouse) -> Warehouse {
    Warehouse::new(test.settings_of("transformer").for_hot_path(), 2).unwrap()
}

async fn until_idle<S: Stage>(mut stage: S) {
    loop {
        match stage.step().await {
            Ok(Step::Worked) => {}
            Ok(Step::Idle) => return,
            Ok(Step::Stalled) => panic!("stalled, though there is no registry"),
            Err(error) if error.is_conflict() => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// The silver stage alone.
pub(crate) async fn drain_silver(test: &TestWarehouse) {
    until_idle(SilverStage::new(hot(test), BUDGET, EventJudge::default())).await;
}

/// Both stages.
pub(crate) async fn drain(test: &TestWarehouse) {
    drain_silver(test).await;
    until_idle(GoldStage::new(hot(test))).await;
}

/// What `transformer verify` finds, as text; empty where all is well.
pub(crate) async fn findings(test: &TestWarehouse) -> Vec<String> {
    let warehouse = Warehouse::new(test.settings_of("transformer"), 1).unwrap();
    let mut session = warehouse.connect().await.unwrap();
    let verification = warehouse::verify::Verification::begin(&mut session)
        .await
        .unwrap();
    let results = verification.run_checks(|_| ()).await.unwrap();
    results
        .into_iter()
        .flat_map(|result| {
            let statement = result.statement;
            result
                .findings
                .into_iter()
                .map(move |finding| format!("{statement}: {finding}"))
        })
        .collect()
}

/// The one text that a query answers.
pub(crate) async fn text_of(test: &TestWarehouse, query: &str) -> String {
    let row = test.inspector().await.query_one(query, &[]).await.unwrap();
    row.get(0)
}
