//! Each mart's own small case: `warehouse-sql/gold/cases/<mart>.given.sql` and the rows that it must make, written by hand
//! in `<mart>.expect.csv`, whose first line names the columns of `gold.<mart>` that are compared.

use std::fs;
use std::path::PathBuf;

use super::given::{BATCHINGS, Batching, Given, findings};

fn gold() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../warehouse-sql/gold"
    ))
}

/// A file that says how a delta is folded makes a mart.
fn marts() -> Vec<String> {
    let files = fs::read_dir(gold()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut marts: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".fold.sql").map(str::to_owned))
        .collect();
    marts.sort();
    marts
}

fn case(mart: &str, part: &str) -> String {
    let path = gold().join("cases").join(format!("{mart}.{part}"));
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{mart} needs its case {}: {error}", path.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mart_makes_of_the_given_facts_what_is_expected() {
    let marts = marts();
    assert!(marts.len() >= 17, "found only {marts:?}");
    for mart in marts {
        let given = case(&mart, "given.sql");
        let expected = case(&mart, "expect.csv");
        for batching in BATCHINGS {
            assert_case(&mart, &given, &expected, batching).await;
        }
    }
}

async fn assert_case(mart: &str, facts: &str, expected: &str, batching: Batching) {
    let given = Given::nothing().await;
    given.fold(facts, batching).await;
    let (columns, expected) = expected.split_once('\n').unwrap();
    let texts: Vec<String> = columns
        .split(',')
        .map(|column| format!("coalesce({column}::text, '')"))
        .collect();
    let query = format!(
        "SELECT concat_ws(',', {}) FROM gold.{mart} ORDER BY {}",
        texts.join(", "),
        columns
    );
    let found = given.rows(&query).await;
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(
        found, expected,
        "gold.{mart} ({columns}), folded {batching:?}"
    );
    let findings = findings(&given.client).await;
    assert_eq!(
        findings,
        Vec::<String>::new(),
        "{mart}, folded {batching:?}"
    );
}
