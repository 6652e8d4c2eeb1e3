//! A warehouse with a million order lines, shaped like the mock shop's.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::Utc;
use dashboards::board::Board;
use dashboards::macros::TimeRange;
use dashboards::opening;
use dashboards::variables::Chosen;
use test_warehouse::TestWarehouse;
use tokio_postgres::{Client, NoTls};
use warehouse::Warehouse;
use warehouse::gold::{CloseOutcome, FoldOutcome, close_days, fold_next};

const LINES_PER_ORDER: i64 = 3;
/// Their events fit into one block of fact keys.
const ORDERS_PER_BATCH: i64 = 10_000;
const DAYS: i32 = 90;
const MAX_LINES_PER_FOLD: i64 = 400_000;

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A warehouse with the sales of 90 days, folded by the real fold, and a ledger to go with them.
pub(crate) async fn filled_with(lines: i64) -> TestWarehouse {
    let began = Instant::now();
    let test = TestWarehouse::fresh().await;
    let orders = lines / LINES_PER_ORDER;
    let inspector = test.inspector().await;
    inspector
        .batch_execute(include_str!("../../../../bench/src/marts_fill.sql"))
        .await
        .unwrap();
    inspector
        .batch_execute(include_str!("names.sql"))
        .await
        .unwrap();
    // Two at a time, as many as small machines have cores.
    let batches = (orders + ORDERS_PER_BATCH - 1) / ORDERS_PER_BATCH;
    // What becomes of an order afterwards is told of the newest third, which is more than any dashboard opens with.
    let placed_only = batches * 2 / 3;
    let fill = |lane: i64, client: Client| async move {
        for batch in (lane..batches).step_by(2) {
            let first = 1 + batch * ORDERS_PER_BATCH;
            let last = orders.min(first + ORDERS_PER_BATCH - 1);
            client
                .execute(
                    "SELECT bench.fill($1, $2, $3, $4, $5)",
                    &[&first, &last, &orders, &DAYS, &(batch < placed_only)],
                )
                .await
                .unwrap();
        }
    };
    let other = test.inspector().await;
    let lane = tokio::spawn(fill(0, other));
    fill(1, test.inspector().await).await;
    lane.await.unwrap();
    println!("facts after {:.0} s", began.elapsed().as_secs_f64());
    let gold = Warehouse::new(test.settings_of("transformer"), 1).unwrap();
    let mut session = gold.connect().await.unwrap();
    while let FoldOutcome::Folded { .. } =
        fold_next(&mut session, MAX_LINES_PER_FOLD).await.unwrap()
    {}
    println!("folded after {:.0} s", began.elapsed().as_secs_f64());
    // Sums up the days that are over, as the transformer does.
    while let CloseOutcome::Closed {
        is_more_due: true, ..
    } = close_days(&mut session).await.unwrap()
    {}
    session.release();
    inspector
        .batch_execute(include_str!("ledger.sql"))
        .await
        .unwrap();
    // Each by itself: a VACUUM refuses to share a transaction.
    inspector.batch_execute("VACUUM").await.unwrap();
    inspector.batch_execute("CHECKPOINT").await.unwrap();
    test
}

/// The time range with which a dashboard opens.
pub(crate) fn range_of(board: &Board) -> TimeRange {
    opening::range(board, Utc::now()).unwrap()
}

/// What the variables are when a dashboard opens.
pub(crate) fn opening(board: &Board) -> BTreeMap<String, Chosen> {
    opening::variables(board, "EUR")
}
