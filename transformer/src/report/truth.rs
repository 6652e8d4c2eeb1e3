//! The warehouse against the sealed truth of its producers.
//!
//! What several truths tell adds up, but for two things: a customer of one run may be a customer of another, so nobody can
//! tell from two truths how many customers there are, or what becomes of their histories; and medians do not add up. With
//! several truths these tables are named, and not compared.

mod derived;
mod expected;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Instant;

use event_contract::truth::Truth;
use warehouse::WarehouseError;
use warehouse::verify::{CheckResult, FINDINGS_KEPT, TRUTH_TABLES, TruthTable, Verification};

use expected::{Knowledge, Sent, Tables};

const NAME: &str = "truth";

/// One result for each thing that a truth tells. With `allows_repeats`, records may be there more often than the truths
/// say, as they are after a producer was killed and run again.
///
/// # Errors
/// Where a comparison could not be made; one that finds something is no error.
pub async fn compare(
    verification: &Verification<'_>,
    truths: &[Truth],
    allows_repeats: bool,
) -> Result<Vec<CheckResult>, WarehouseError> {
    let sent = Sent::of(truths);
    let mut results = Vec::with_capacity(TRUTH_TABLES.len() + 4);
    results.push(records(verification, &sent, allows_repeats).await?);
    results.push(events(verification, &sent).await?);
    results.push(totals(verification, &sent, allows_repeats).await?);
    results.push(quarantine(verification, &sent, allows_repeats).await?);
    let tables = Tables::of(truths);
    for table in TRUTH_TABLES {
        results.push(compare_table(verification, table, tables.get(table.name)).await?);
    }
    Ok(results)
}

async fn records(
    verification: &Verification<'_>,
    sent: &Sent,
    allows_repeats: bool,
) -> Result<CheckResult, WarehouseError> {
    let began = Instant::now();
    let mut found = BTreeMap::new();
    for topic in sent.records.keys() {
        found.insert(topic.clone(), verification.payloads(topic).await?);
    }
    if !allows_repeats {
        let statement = "bronze holds every acknowledged record, byte for byte";
        return Ok(check(statement, began, differences(&sent.records, &found)));
    }
    let missing = sent.records.iter().filter_map(|(topic, (records, _))| {
        let (found, _) = found.get(topic)?;
        (found < records).then(|| format!("{topic}: sent {records}, found {found}"))
    });
    let statement = "bronze holds at least as many records as were acknowledged";
    Ok(check(statement, began, missing.collect()))
}

async fn events(
    verification: &Verification<'_>,
    sent: &Sent,
) -> Result<CheckResult, WarehouseError> {
    let began = Instant::now();
    let as_map = |(events, digest): (i64, u64)| {
        BTreeMap::from([
            ("events", events.to_string()),
            ("digest of their bytes", format!("{digest:016x}")),
        ])
    };
    let found = as_map(verification.event_payloads().await?);
    let statement = "silver accepted the events sent, byte for byte";
    Ok(check(
        statement,
        began,
        differences(&as_map(sent.events), &found),
    ))
}

async fn totals(
    verification: &Verification<'_>,
    sent: &Sent,
    allows_repeats: bool,
) -> Result<CheckResult, WarehouseError> {
    let began = Instant::now();
    let names = ["events", "orders", "lines", "cancelled lines", "duplicates"];
    let named = |values: [i64; 5]| names.into_iter().zip(values).collect::<BTreeMap<_, _>>();
    let (mut expected, found) = (named(sent.totals), named(verification.totals().await?));
    if allows_repeats {
        tolerate_more(&mut expected, &found, |name| *name == "duplicates");
    }
    let statement = "silver holds the events, orders, lines and duplicates sent";
    Ok(check(statement, began, differences(&expected, &found)))
}

async fn quarantine(
    verification: &Verification<'_>,
    sent: &Sent,
    allows_repeats: bool,
) -> Result<CheckResult, WarehouseError> {
    let began = Instant::now();
    let found = verification.quarantine().await?.into_iter().collect();
    let mut expected = sent.bad.clone();
    if allows_repeats {
        tolerate_more(&mut expected, &found, |_| true);
    }
    let statement = "quarantine holds the bad events sent, by reason";
    Ok(check(statement, began, differences(&expected, &found)))
}

/// Expects what was found where that is more than was expected of the same.
fn tolerate_more<Key: Ord>(
    expected: &mut BTreeMap<Key, i64>,
    found: &BTreeMap<Key, i64>,
    is_tolerated: impl Fn(&Key) -> bool,
) {
    for (name, count) in expected {
        if let Some(found) = found.get(name).filter(|_| is_tolerated(name)) {
            *count = (*count).max(*found);
        }
    }
}

async fn compare_table(
    verification: &Verification<'_>,
    table: &TruthTable,
    knowledge: Option<&Knowledge>,
) -> Result<CheckResult, WarehouseError> {
    let began = Instant::now();
    let subject = table.subject;
    let expected = match knowledge {
        Some(Knowledge::Told(expected)) => expected,
        Some(Knowledge::NotAddable) => {
            let statement = format!("{subject} not compared: truths do not add up to it");
            return Ok(check(&statement, began, Vec::new()));
        }
        None => {
            let statement = format!("{subject} not compared: the truth does not tell");
            return Ok(check(&statement, began, Vec::new()));
        }
    };
    let found = verification.truth_cells(table).await?;
    let (cells, differences) = expected.differences(found);
    let statement = format!("{subject} is the truth: {cells} cells");
    Ok(check(&statement, began, differences))
}

fn check(statement: &str, began: Instant, differences: Vec<String>) -> CheckResult {
    CheckResult {
        invariant: NAME,
        statement: statement.to_owned(),
        violations: differences.len(),
        findings: differences.into_iter().take(FINDINGS_KEPT).collect(),
        took: began.elapsed(),
    }
}

fn differences<Key: Ord + Debug, Value: PartialEq + Debug>(
    expected: &BTreeMap<Key, Value>,
    found: &BTreeMap<Key, Value>,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (key, value) in expected {
        match found.get(key) {
            Some(other) if other == value => {}
            Some(other) => {
                differences.push(format!("{key:?}: sent {value:?}, found {other:?}"));
            }
            None => differences.push(format!("{key:?}: sent {value:?}, found nothing")),
        }
    }
    for (key, value) in found {
        if !expected.contains_key(key) {
            differences.push(format!("{key:?}: sent nothing, found {value:?}"));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_tell_what_is_missing_extra_and_wrong() {
        let expected = BTreeMap::from([("a", 1), ("b", 2), ("c", 3)]);
        let found = BTreeMap::from([("a", 1), ("b", 5), ("d", 4)]);
        assert_eq!(
            differences(&expected, &found),
            vec![
                "\"b\": sent 2, found 5",
                "\"c\": sent 3, found nothing",
                "\"d\": sent nothing, found 4",
            ]
        );
        assert!(differences(&expected, &expected).is_empty());
    }

    #[test]
    fn more_of_the_same_is_tolerated_and_less_is_not() {
        let mut expected = BTreeMap::from([("a", 1), ("b", 2)]);
        let found = BTreeMap::from([("a", 3), ("b", 1), ("c", 1)]);
        tolerate_more(&mut expected, &found, |_| true);
        assert_eq!(
            differences(&expected, &found),
            vec!["\"b\": sent 2, found 1", "\"c\": sent nothing, found 1"]
        );
    }
}
