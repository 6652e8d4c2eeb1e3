//! docs/DATA-DICTIONARY.md says what the migrated warehouse says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;

use test_warehouse::TestWarehouse;
use warehouse::{DatabaseSettings, Warehouse};

/// `make dictionary` sets it.
const WRITE: &str = "ASSAY_WRITE_DICTIONARY";

#[tokio::test(flavor = "multi_thread")]
async fn the_data_dictionary_is_up_to_date() {
    let test = TestWarehouse::fresh().await;
    let settings = DatabaseSettings::parse(test.owner_url(), "test").unwrap();
    let warehouse = Warehouse::new(settings, 1).unwrap();
    let session = warehouse.connect().await.unwrap();
    let rendered = warehouse::dictionary::render(&session).await.unwrap();
    assert_eq!(
        warehouse::dictionary::render(&session).await.unwrap(),
        rendered,
        "the same schema gave two texts"
    );
    let unexplained: Vec<&str> = rendered
        .lines()
        .filter(|line| line.ends_with("|  |"))
        .collect();
    assert_eq!(unexplained, Vec::<&str>::new(), "a COMMENT ON is missing");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/DATA-DICTIONARY.md");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &rendered).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = written
        .lines()
        .zip(rendered.lines())
        .position(|(written, rendered)| written != rendered)
        .map_or_else(
            || "at its end".into(),
            |line| format!("from line {}", line + 1),
        );
    assert!(
        written == rendered,
        "docs/DATA-DICTIONARY.md is stale {differs}: run `make dictionary`"
    );
}
