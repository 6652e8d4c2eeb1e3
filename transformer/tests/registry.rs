//! Confluent frames and JSON through the silver stage, with a schema registry that comes and goes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_contract::encode;
use event_contract::schema::{SchemaVersion, TRANSACTION_EVENT_V2};
use schema_registry::{RegistrySettings, SchemaRegistry};
use support::{Bronze, placed};
use test_warehouse::TestWarehouse;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use transformer::judging::EventJudge;
use transformer::silver::{LoadBudget, SilverStage};
use transformer::stage::{Stage, Step};
use warehouse::Warehouse;

const BUDGET: LoadBudget = LoadBudget {
    max_records: 1_000,
    max_bytes: 1 << 20,
};

/// A registry that knows id 7 (version 2 of our schema) and nothing else, while it is up.
async fn start_registry(is_up: Arc<AtomicBool>) -> EventJudge {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4_096];
            let length = stream.read(&mut request).await.unwrap();
            let is_known = request[..length].starts_with(b"GET /schemas/ids/7 ");
            let (status, body) = match (is_up.load(Ordering::SeqCst), is_known) {
                (false, _) => (503, String::new()),
                (true, true) => (
                    200,
                    serde_json::json!({"schema": TRANSACTION_EVENT_V2}).to_string(),
                ),
                (true, false) => (404, r#"{"error_code":40403,"message":"x"}"#.to_owned()),
            };
            let answer = format!(
                "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let settings = RegistrySettings::new(&url, None, None).unwrap();
    EventJudge::new(Some(Arc::new(SchemaRegistry::new(settings).unwrap())))
}

fn silver(test: &TestWarehouse, judge: EventJudge) -> SilverStage {
    let settings = test.settings_of("transformer").for_hot_path();
    SilverStage::new(Warehouse::new(settings, 1).unwrap(), BUDGET, judge)
}

fn confluent(id: u32, datum: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], datum].concat()
}

async fn ledger(test: &TestWarehouse) -> String {
    let query = "SELECT format('%s accepted, %s duplicate, %s quarantined, %s pending', sum(accepted), \
                 sum(duplicate), sum(quarantined), sum(pending)) FROM ops.ledger";
    let row = test.inspector().await.query_one(query, &[]).await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_registry_stalls_and_refuses_nothing() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let is_up = Arc::new(AtomicBool::new(false));
    let mut silver = silver(&test, start_registry(Arc::clone(&is_up)).await);

    let mut event = placed("o-1", 2);
    event.coupon_code = Some("SPRING".into());
    let (mut datum, mut single_object, mut json) = (Vec::new(), Vec::new(), Vec::new());
    encode::datum_as(SchemaVersion::V2, &event, &mut datum);
    encode::single_object(&event, &mut single_object);
    encode::json(&event, &mut json);
    let known = confluent(7, &datum);
    let unknown = confluent(8, &datum);
    bronze
        .write_raw(
            0,
            &[
                Some(&known),
                Some(&unknown),
                Some(&single_object),
                Some(&json),
            ],
        )
        .await;

    for _ in 0..3 {
        assert_eq!(silver.step().await.unwrap(), Step::Stalled);
    }
    assert_eq!(
        ledger(&test).await,
        "0 accepted, 0 duplicate, 0 quarantined, 4 pending"
    );

    is_up.store(true, Ordering::SeqCst);
    while silver.step().await.unwrap() == Step::Worked {}
    // The same event in three frames is one event and two copies; the id that nobody knows is refused.
    assert_eq!(
        ledger(&test).await,
        "1 accepted, 2 duplicate, 1 quarantined, 0 pending"
    );

    // What is known needs no registry.
    is_up.store(false, Ordering::SeqCst);
    let mut later = placed("o-2", 1);
    later.customer.segment = Some("loyal".into());
    let mut datum = Vec::new();
    encode::datum_as(SchemaVersion::V2, &later, &mut datum);
    bronze.write_raw(0, &[Some(&confluent(7, &datum))]).await;
    while silver.step().await.unwrap() == Step::Worked {}
    assert_eq!(
        ledger(&test).await,
        "2 accepted, 2 duplicate, 1 quarantined, 0 pending"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_registry_confluent_frames_are_refused_and_say_what_to_set() {
    let test = TestWarehouse::fresh().await;
    let mut bronze = Bronze::open(&test).await;
    let mut silver = silver(&test, EventJudge::default());
    bronze.write_raw(0, &[Some(&confluent(7, b"datum"))]).await;
    while silver.step().await.unwrap() == Step::Worked {}
    let query = "SELECT format('%s: %s', reason, detail) FROM silver.quarantined_events";
    let row = test.inspector().await.query_one(query, &[]).await.unwrap();
    let refusal: String = row.get(0);
    assert!(refusal.starts_with("unknown_schema: "), "{refusal}");
    assert!(refusal.contains("SCHEMA_REGISTRY_URL"), "{refusal}");
}
