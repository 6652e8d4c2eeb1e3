//! What people read beside the sums: net amounts, averages, shares and segments, worked out from what truths tell.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use event_contract::truth::scores;

use super::expected::ExpectedTable;

/// The measures of sales by day.
pub(super) const SALES: [&str; 17] = [
    "orders",
    "units_sold",
    "gross",
    "discount",
    "tax",
    "shipping",
    "total",
    "returns",
    "units_returned",
    "returned",
    "returned_goods",
    "cancellations",
    "cancelled",
    "cost",
    "cancelled_goods",
    "net",
    "margin",
];

/// The measures of categories and products.
pub(super) const LINES: [&str; 7] = [
    "lines", "quantity", "gross", "discount", "cost", "revenue", "margin",
];

/// Shares are told in so many parts.
const PARTS: i64 = 10_000;

/// Lines, quantity, gross, discount and cost, with the revenue and margin that they come to.
pub(super) fn line_measures(sums: [i64; 5]) -> Vec<i64> {
    let [_, _, gross, discount, cost] = sums;
    let revenue = gross - discount;
    let mut measures = sums.to_vec();
    measures.extend([revenue, revenue - cost]);
    measures
}

/// Sales with the average ticket.
pub(super) fn with_tickets(sales: ExpectedTable) -> ExpectedTable {
    with_measures(sales, &["average_ticket"], |_, measures| {
        let [orders, total] = [0, 6].map(|place| measure(measures, place));
        vec![rounded_ratio(total, orders)]
    })
}

/// Payment methods with their shares of the day's orders and amounts in a currency.
pub(super) fn with_shares(payments: ExpectedTable) -> ExpectedTable {
    let mut of_the_day: BTreeMap<Vec<String>, [i64; 2]> = BTreeMap::new();
    for (key, measures) in &payments.cells {
        let sums = of_the_day.entry(group(key, 2)).or_default();
        for (sum, measure) in sums.iter_mut().zip(measures) {
            *sum += measure;
        }
    }
    with_measures(
        payments,
        &["share_of_orders", "share_of_total"],
        |key, measures| {
            let all = of_the_day.get(&group(key, 2)).copied().unwrap_or_default();
            let shares = all.into_iter().zip(measures);
            shares.map(|(all, part)| share(*part, all)).collect()
        },
    )
}

/// Places with the net amount.
pub(super) fn with_net(places: ExpectedTable) -> ExpectedTable {
    with_measures(places, &["net"], |_, measures| {
        let [total, returned, cancelled] = [2, 3, 4].map(|place| measure(measures, place));
        vec![total - returned - cancelled]
    })
}

/// Customers of a day, as they are counted and as they are members.
pub(super) fn with_members(customers: ExpectedTable) -> ExpectedTable {
    let rows = customers.cells.into_iter().map(|(key, measures)| {
        let [count, digest] = [0, 1].map(|place| measure(&measures, place));
        (key, vec![count, count, digest])
    });
    ExpectedTable::new(&["customers", "members", "members_digest"], rows)
}

/// Customers by the day of their first order, out of what they are worth by that day.
pub(super) fn new_customers(value: &ExpectedTable) -> ExpectedTable {
    let rows = value
        .cells
        .iter()
        .filter(|(key, _)| key.get(1).is_some_and(|day| is_day(day)))
        .map(|(key, measures)| (key.clone(), vec![measure(measures, 0)]));
    ExpectedTable::new(&["customers"], rows)
}

/// Segments by currency, out of the days of last orders and the scores.
pub(super) fn segments(by_score: &ExpectedTable) -> ExpectedTable {
    let day_of = |key: &[String]| -> Option<NaiveDate> { key.get(1)?.parse().ok() };
    let mut newest: BTreeMap<&str, NaiveDate> = BTreeMap::new();
    for key in by_score.cells.keys() {
        if let (Some(currency), Some(day)) = (key.first(), day_of(key)) {
            let known = newest.entry(currency).or_insert(day);
            *known = (*known).max(day);
        }
    }
    let rows = by_score.cells.iter().filter_map(|(key, measures)| {
        let currency = key.first()?;
        let days = (*newest.get(currency.as_str())? - day_of(key)?).num_days();
        let score = |place: usize| -> Option<i64> { key.get(place)?.parse().ok() };
        let segment = scores::segment(scores::recency_score(days), score(2)?, score(3)?);
        Some((vec![currency.clone(), segment.to_owned()], measures.clone()))
    });
    ExpectedTable::new(&["customers", "orders", "net"], rows)
}

/// Cohorts with how many they are in all, and how many of them came back.
pub(super) fn with_retention(cohorts: ExpectedTable) -> ExpectedTable {
    let first_months: BTreeMap<Vec<String>, i64> = cohorts
        .cells
        .iter()
        .filter(|(key, _)| key.get(2).is_some_and(|since| since == "0"))
        .map(|(key, measures)| (group(key, 2), measure(measures, 0)))
        .collect();
    with_measures(
        cohorts,
        &["cohort_customers", "retention"],
        |key, measures| {
            let all = first_months.get(&group(key, 2)).copied().unwrap_or(0);
            vec![all, share(measure(measures, 0), all)]
        },
    )
}

fn with_measures(
    mut table: ExpectedTable,
    names: &[&str],
    of_cell: impl Fn(&[String], &[i64]) -> Vec<i64>,
) -> ExpectedTable {
    for (key, measures) in &mut table.cells {
        // A cell in which nothing happened is in no mart, and has no shares.
        if measures.iter().any(|measure| *measure != 0) {
            let more = of_cell(key, measures);
            measures.extend(more);
        }
    }
    let names = names.iter().map(|name| (*name).to_owned());
    table.measures.extend(names);
    table
}

fn measure(measures: &[i64], place: usize) -> i64 {
    measures.get(place).copied().unwrap_or(0)
}

fn group(key: &[String], parts: usize) -> Vec<String> {
    key.iter().take(parts).cloned().collect()
}

fn is_day(text: &str) -> bool {
    text.parse::<NaiveDate>().is_ok()
}

/// In ten thousandths.
fn share(part: i64, all: i64) -> i64 {
    rounded_ratio(part.saturating_mul(PARTS), all)
}

/// Rounded half away from zero, as PostgreSQL rounds decimals; 0 where there is nothing to divide by.
fn rounded_ratio(part: i64, all: i64) -> i64 {
    if all == 0 {
        return 0;
    }
    let (part, all) = (i128::from(part), i128::from(all));
    let twice = 2 * part.abs() + all.abs();
    let rounded = twice / (2 * all.abs());
    i64::try_from(rounded * part.signum() * all.signum()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(measures: &[&str], rows: &[(&[&str], &[i64])]) -> ExpectedTable {
        let rows = rows.iter().map(|(key, measures)| {
            let key = key.iter().map(|part| (*part).to_owned()).collect();
            (key, measures.to_vec())
        });
        ExpectedTable::new(measures, rows)
    }

    #[test]
    fn ratios_round_half_away_from_zero() {
        let ratios = [(5, 2), (-5, 2), (7, 3), (8, 3), (1, 0), (0, 5)];
        assert_eq!(
            ratios.map(|(part, all)| rounded_ratio(part, all)),
            [3, -3, 2, 3, 0, 0]
        );
    }

    #[test]
    fn shares_are_of_the_day_and_currency() {
        let shares = with_shares(table(
            &["orders", "total"],
            &[
                (&["d", "EUR", "card"], &[2, 100]),
                (&["d", "EUR", "cash"], &[1, 20]),
                (&["d", "USD", "cash"], &[1, 20]),
            ],
        ));
        let measures: Vec<_> = shares.cells.into_values().collect();
        assert_eq!(
            measures,
            vec![
                vec![2, 100, 6_667, 8_333],
                vec![1, 20, 3_333, 1_667],
                vec![1, 20, 10_000, 10_000]
            ]
        );
    }

    #[test]
    fn recency_counts_from_the_newest_order_of_the_currency() {
        let by_score = table(
            &["customers", "orders", "net"],
            &[
                (&["EUR", "2026-03-01", "1", "1"], &[1, 1, 5]),
                (&["EUR", "2025-03-01", "1", "1"], &[2, 2, 7]),
                (&["USD", "2025-03-01", "1", "1"], &[3, 3, 9]),
            ],
        );
        let expected = table(
            &["customers", "orders", "net"],
            &[
                (&["EUR", "lost"], &[2, 2, 7]),
                (&["EUR", "new"], &[1, 1, 5]),
                (&["USD", "new"], &[3, 3, 9]),
            ],
        );
        assert_eq!(segments(&by_score), expected);
    }

    #[test]
    fn cells_are_compared_measure_by_measure() {
        let expected = table(
            &["n", "digest"],
            &[(&["a"], &[1, -1]), (&["b"], &[0, 0]), (&["c"], &[3, 4])],
        );
        let cell = |key: &str, measures: [i64; 2]| (vec![key.to_owned()], measures.to_vec());
        let found = vec![cell("a", [1, 255]), cell("d", [7, 0]), cell("e", [0, 0])];
        let (count, differences) = expected.differences(found);
        assert_eq!(count, 3);
        assert_eq!(
            differences,
            vec![
                "a: digest sent ffffffffffffffff, found 00000000000000ff",
                "c (n 3, digest 0000000000000004): found nothing",
                "d (n 7): found, and never sent",
            ]
        );
    }
}
