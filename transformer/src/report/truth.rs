//! The warehouse against the sealed truth of its producers.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Instant;

use chrono::NaiveDate;
use event_contract::truth::Truth;
use warehouse::WarehouseError;
use warehouse::verify::{CheckResult, FINDINGS_KEPT, Verification};

const NAME: &str = "truth";

type Cells<Key> = BTreeMap<Key, Vec<i64>>;

/// The truths of several producers, added up.
#[derive(Debug, Default)]
struct Expected {
    records: BTreeMap<String, (i64, u64)>,
    totals: [i64; 5],
    bad: BTreeMap<String, i64>,
    sales: Cells<(NaiveDate, String, String)>,
    categories: Cells<(NaiveDate, String, String)>,
    products: Cells<(String, String)>,
}

/// One result for each thing that a truth tells.
///
/// # Errors
/// Where a comparison could not be made; one that finds something is no error.
pub async fn compare(
    verification: &Verification<'_>,
    truths: &[Truth],
) -> Result<Vec<CheckResult>, WarehouseError> {
    let expected = add_up(truths);
    let mut results = Vec::new();
    let began = Instant::now();
    let mut found = BTreeMap::new();
    for topic in expected.records.keys() {
        found.insert(topic.clone(), verification.payloads(topic).await?);
    }
    results.push(check(
        "bronze holds every acknowledged record, byte for byte",
        began,
        differences(&expected.records, &found),
    ));
    let began = Instant::now();
    let names = ["events", "orders", "lines", "cancelled lines", "duplicates"];
    let totals = |values: [i64; 5]| names.into_iter().zip(values).collect::<BTreeMap<_, _>>();
    let found = totals(verification.totals().await?);
    results.push(check(
        "silver holds the events, orders, lines and duplicates sent",
        began,
        differences(&totals(expected.totals), &found),
    ));
    let began = Instant::now();
    let found = verification.quarantine().await?.into_iter().collect();
    results.push(check(
        "quarantine holds the bad events sent, by reason",
        began,
        differences(&expected.bad, &found),
    ));
    let began = Instant::now();
    let found = verification.sales().await?.into_iter().collect();
    results.push(check(
        "gold.sales_performance is the truth, to the cent",
        began,
        differences(&expected.sales, &found),
    ));
    let began = Instant::now();
    let found = verification.categories().await?.into_iter().collect();
    results.push(check(
        "gold.item_category_performance is the truth, to the cent",
        began,
        differences(&expected.categories, &found),
    ));
    let began = Instant::now();
    let found = verification.products().await?.into_iter().collect();
    results.push(check(
        "gold.product_performance is the truth, to the cent",
        began,
        differences(&expected.products, &found),
    ));
    Ok(results)
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

fn add_up(truths: &[Truth]) -> Expected {
    let mut expected = Expected::default();
    for truth in truths {
        let (records, digest) = expected.records.entry(truth.topic.clone()).or_default();
        *records += signed(truth.records);
        *digest = digest.wrapping_add(u64::from_str_radix(&truth.payload_digest, 16).unwrap_or(0));
        let totals = [
            truth.events,
            truth.orders,
            truth.lines,
            truth.cancelled_lines,
            truth.duplicates,
        ];
        for (sum, part) in expected.totals.iter_mut().zip(totals) {
            *sum += signed(part);
        }
        for (reason, count) in &truth.bad {
            if *count > 0 {
                *expected.bad.entry(reason.clone()).or_default() += signed(*count);
            }
        }
        add_cells(&mut expected, truth);
    }
    expected
}

fn add_cells(expected: &mut Expected, truth: &Truth) {
    for cell in &truth.sales {
        let key = (cell.day, cell.currency.clone(), cell.channel.clone());
        let measures = [
            cell.orders,
            cell.units_sold,
            cell.gross_cents,
            cell.discount_cents,
            cell.tax_cents,
            cell.shipping_cents,
            cell.total_cents,
            cell.returns,
            cell.units_returned,
            cell.returned_cents,
            cell.returned_goods_cents,
            cell.cancellations,
            cell.cancelled_cents,
            cell.cost_cents - cell.cancelled_cost_cents,
            cell.cancelled_goods_cents,
        ];
        add(&mut expected.sales, key, &measures);
    }
    for cell in &truth.categories {
        let key = (cell.day, cell.category.clone(), cell.currency.clone());
        let measures = [
            cell.lines,
            cell.quantity,
            cell.gross_cents,
            cell.discount_cents,
            cell.cost_cents,
        ];
        add(&mut expected.categories, key, &measures);
    }
    for cell in &truth.products {
        let key = (cell.product_id.clone(), cell.currency.clone());
        let measures = [
            cell.lines,
            cell.quantity,
            cell.gross_cents,
            cell.discount_cents,
            cell.cost_cents,
        ];
        add(&mut expected.products, key, &measures);
    }
}

fn add<Key: Ord>(cells: &mut Cells<Key>, key: Key, measures: &[i64]) {
    let sums = cells.entry(key).or_insert_with(|| vec![0; measures.len()]);
    for (sum, part) in sums.iter_mut().zip(measures) {
        *sum += part;
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
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
}
