//! Prints the rows that each panel, annotation and variable of the dashboards gets from a warehouse, as Grafana would
//! ask for them; how long each took is in the heading.
//!
//!     cargo run -p dashboards --example show -- postgresql://dashboard_reader:…@localhost/assay [FILE [TITLE]]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{Duration, NaiveTime, Utc};
use dashboards::board;
use dashboards::macros::{TimeRange, expand};
use dashboards::variables::{Chosen, put_in};
use tokio_postgres::SimpleQueryMessage;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("the URL of a warehouse");
    let (file, title) = (
        arguments.next().unwrap_or_default(),
        arguments.next().unwrap_or_default(),
    );
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    for board in board::all().unwrap() {
        if !board.file.contains(&file) {
            continue;
        }
        let days = board.json["time"]["from"] == "now-13d/d";
        let from = if days {
            (Utc::now() - Duration::days(13))
                .date_naive()
                .and_time(NaiveTime::MIN)
                .and_utc()
        } else {
            Utc::now() - Duration::hours(1)
        };
        let range = TimeRange {
            from,
            to: Utc::now(),
        };
        let mut variables = BTreeMap::from([("__interval".into(), Chosen::One("5m".into()))]);
        for name in ["channel", "country", "category", "product"] {
            variables.insert(name.into(), Chosen::All("'*'".into()));
        }
        for (name, value) in [
            ("currency", "EUR"),
            ("grain", "1d"),
            ("customer", ""),
            ("record", ""),
        ] {
            variables.insert(name.into(), Chosen::One(value.into()));
        }
        for query in board.queries() {
            if query.datasource_uid != "assay-warehouse" || !query.place.contains(&title) {
                continue;
            }
            let sql = expand(&put_in(&query.text, &variables).unwrap(), range).unwrap();
            let began = Instant::now();
            let rows = match client.simple_query(&sql).await {
                Ok(rows) => rows,
                Err(error) => {
                    println!("\n## {}: {error:?}\n{sql}", query.place);
                    continue;
                }
            };
            println!(
                "\n## {} ({:.0} ms)",
                query.place,
                began.elapsed().as_secs_f64() * 1e3
            );
            print_rows(&rows);
        }
    }
}

fn print_rows(rows: &[SimpleQueryMessage]) {
    let mut count = 0;
    for message in rows {
        let SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        if count == 0 {
            let names: Vec<&str> = row.columns().iter().map(|column| column.name()).collect();
            println!("{}", names.join(" | "));
        }
        count += 1;
        if count <= 15 {
            let cells: Vec<&str> = (0..row.len()).map(|i| row.get(i).unwrap_or("∅")).collect();
            println!("{}", cells.join(" | "));
        }
    }
    println!("({count} rows)");
}
