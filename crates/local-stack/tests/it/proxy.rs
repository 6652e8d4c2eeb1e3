//! The proxy against a real PostgreSQL.

use std::time::Duration;

use local_stack::proxy::{Direction, TcpProxy};
use local_stack::testing;

use crate::support::{ask, connect};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_commit_happens_and_its_answer_is_lost() {
    let database = testing::fresh_database("lost_answer");
    let proxy = TcpProxy::start_for_url(&database.superuser_url).unwrap();
    let url = proxy.through(&database.superuser_url).unwrap();
    let mut client = connect(&url).await.unwrap();
    let bystander = connect(&url).await.unwrap();
    client
        .batch_execute("CREATE TABLE t (n int)")
        .await
        .unwrap();

    proxy.lose_answer_to("COMMIT");
    let transaction = client.transaction().await.unwrap();
    transaction
        .batch_execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    bystander.batch_execute("SELECT 1").await.unwrap();
    let committed = transaction.commit().await;
    assert!(committed.is_err_and(|error| error.is_closed() || error.code().is_none()));
    assert_eq!(proxy.cuts(), 1);
    bystander.batch_execute("SELECT 1").await.unwrap();
    let client = connect(&url).await.unwrap();
    let rows: i64 = client
        .query_one("SELECT count(*) FROM t", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(rows, 1, "committed, though its client never heard of it");
}

#[tokio::test]
async fn a_request_cut_half_way_is_not_executed() {
    let database = testing::fresh_database("half_request");
    let proxy = TcpProxy::start_for_url(&database.superuser_url).unwrap();
    let client = connect(&proxy.through(&database.superuser_url).unwrap())
        .await
        .unwrap();
    client
        .batch_execute("CREATE TABLE t (n int)")
        .await
        .unwrap();

    proxy.cut_after_bytes(Direction::ClientToServer, 10);
    assert!(
        client
            .batch_execute("INSERT INTO t VALUES (1)")
            .await
            .is_err()
    );
    assert!(proxy.wait_for_cuts(1, SOON));
    drop(proxy);
    let rows = tokio::task::spawn_blocking(move || {
        ask(&database.superuser_url, "SELECT count(*)::text FROM t")
    });
    assert_eq!(rows.await.unwrap(), "0");
}

#[tokio::test]
async fn cutting_now_closes_all_and_refusing_lets_nobody_in() {
    let database = testing::fresh_database("cut_now");
    let proxy = TcpProxy::start_for_url(&database.superuser_url).unwrap();
    let url = proxy.through(&database.superuser_url).unwrap();
    let clients = [connect(&url).await.unwrap(), connect(&url).await.unwrap()];
    proxy.cut_now();
    for client in &clients {
        assert!(client.batch_execute("SELECT 1").await.is_err());
    }
    proxy.refuse_connections(true);
    assert!(connect(&url).await.is_err());
    proxy.refuse_connections(false);
    let client = connect(&url).await.unwrap();

    proxy.cut_after_bytes(Direction::ServerToClient, 0);
    proxy.disarm();
    client.batch_execute("SELECT 1").await.unwrap();
    // Larger than any buffer on the way, in both directions.
    let megabytes = "x".repeat(5_000_000);
    let echoed: String = client
        .query_one("SELECT $1::text", &[&megabytes])
        .await
        .unwrap()
        .get(0);
    assert_eq!(echoed, megabytes);
}
