//! What the dashboards tell: each its whole story, and no sum over several currencies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;

use dashboards::board::{self, Purpose};

#[test]
fn every_story_has_its_figures() {
    let titles: BTreeMap<String, Vec<String>> = board::all()
        .unwrap()
        .iter()
        .map(|board| {
            let titles = board
                .panels()
                .iter()
                .map(|panel| panel["title"].as_str().unwrap().to_lowercase());
            (board.file.clone(), titles.collect())
        })
        .collect();
    for (file, wanted) in [
        (
            "sales.json",
            "revenue,orders,average ticket,units,margin,by channel,weekday and hour,top products,top categories,returns,payment mix,by country",
        ),
        (
            "products.json",
            "quantity by category,revenue by category,discount by category,margin by category,quantity by product,revenue by product,discount by product,margin by product",
        ),
        (
            "customers.json",
            "new and returning,segments,retention,average ticket per customer,lifetime value",
        ),
        (
            "data-quality.json",
            "ledger by partition,quarantine by reason,quarantine over time,the record,duplicates,late events,restatements,truth against gold",
        ),
        (
            "pipeline.json",
            "events a second,lag,freshness,batch size,duration,errors,memory,cpu,run history",
        ),
    ] {
        for title in wanted.split(',') {
            assert!(
                titles[file].iter().any(|t| t.contains(title)),
                "{file}: nothing on {title}"
            );
        }
    }
}

#[test]
fn panels_of_sql_ask_for_one_currency_where_they_show_money() {
    let mut checked = 0;
    for board in board::all().unwrap() {
        for query in board.queries() {
            let is_panel = matches!(query.purpose, Purpose::Panel(_));
            if is_panel && query.text.contains("_amount") {
                checked += 1;
                assert!(
                    query.text.contains("currency = ${currency:sqlstring}")
                        || query.text.contains("gold.drill_customer("),
                    "{}: adds up amounts of several currencies",
                    query.place
                );
                let Purpose::Panel(position) = query.purpose else {
                    continue;
                };
                let panel = board.panels()[position].to_string();
                let shows_rate_only =
                    panel.contains("\"unit\":\"percentunit\"") && !panel.contains("\"locale\"");
                assert!(
                    panel.contains("${currency}") || shows_rate_only,
                    "{}: does not say in which currency",
                    query.place
                );
            }
        }
    }
    assert!(checked > 20, "{checked}");
}
