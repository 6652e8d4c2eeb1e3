//! A stream with as many bad records as good ones: each ends in quarantine with its reason, and memory stays flat.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use demo::pipeline::Pipeline;
use local_stack::testing::shared;
use support::{block_on, inspector, records_sent, succeed, wait_until_drained};

const MEBIBYTE: u64 = 1024 * 1024;

#[test]
fn bad_records_are_quarantined_and_memory_stays_flat() {
    let stack = shared();
    let database = stack.fresh_database("bad_stream").unwrap();
    let topic = stack.fresh_topic(3).unwrap();
    let files = tempfile::tempdir().unwrap();
    let logs = files.path().join("logs");
    let pipeline = Pipeline::prepare_on(stack, &database.migrator_url, &topic, logs).unwrap();
    let mut consumer = pipeline.start("consumer", "consumer", &["run"]).unwrap();
    let mut transformer = pipeline
        .start("transformer", "transformer", &["run"])
        .unwrap();
    let mut records = 0;
    let mut peaks = Vec::new();
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for round in 1..=4 {
        let truth = files.path().join(format!("truth-{round}.json"));
        let (truth_text, seed) = (truth.display().to_string(), round.to_string());
        let produce = [
            "run",
            "--seed",
            &seed,
            "--count",
            "15000",
            "--bad-pct",
            "100",
            "--truth",
            &truth_text,
        ];
        let mut producer = pipeline.start("producer", "producer", &produce).unwrap();
        succeed(&mut producer, Duration::from_secs(120));
        let text = std::fs::read_to_string(&truth).unwrap();
        let sealed = event_contract::truth::Truth::from_sealed_json(&text).unwrap();
        for (reason, count) in sealed.bad {
            *expected.entry(reason).or_default() += i64::try_from(count).unwrap();
        }
        records += records_sent(&truth);
        block_on(wait_until_drained(
            &database.superuser_url,
            records,
            Duration::from_secs(120),
        ));
        peaks.push([consumer.peak_rss_bytes(), transformer.peak_rss_bytes()]);
    }
    let found: BTreeMap<String, i64> = block_on(async {
        let client = inspector(&database.superuser_url).await;
        let query = "SELECT reason, count(*) FROM silver.quarantined_events GROUP BY reason";
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    });
    assert_eq!(found, expected);
    assert!(
        found.len() >= 12,
        "only {} kinds of bad records: {found:?}",
        found.len()
    );
    for (first, last) in peaks[0].into_iter().zip(peaks[3]) {
        assert!(
            last < first + 48 * MEBIBYTE && last < 256 * MEBIBYTE,
            "memory grows: {:?} MiB",
            peaks
                .iter()
                .map(|peak| peak.map(|bytes| bytes / MEBIBYTE))
                .collect::<Vec<_>>()
        );
    }
}
