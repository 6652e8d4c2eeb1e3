//! Prints the rows that each panel, annotation and variable of the dashboards gets from a warehouse, as Grafana would
//! ask for them; how long each took is in the heading.
//!
//!     cargo run -p dashboards --example show -- postgresql://dashboard_reader:…@localhost/assay [FILE [TITLE]]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Instant;

use chrono::Utc;
use dashboards::board;
use dashboards::macros::expand;
use dashboards::opening;
use dashboards::variables::put_in;
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
    let largest =
        "SELECT currency FROM gold.sales_performance GROUP BY 1 ORDER BY sum(orders) DESC LIMIT 1";
    let currency = client.query_opt(largest, &[]).await.unwrap();
    let currency: String = currency.map_or_else(String::new, |row| row.get(0));
    for board in board::all().unwrap() {
        if !board.file.contains(&file) {
            continue;
        }
        let range = opening::range(&board, Utc::now()).expect("a time range");
        let variables = opening::variables(&board, &currency);
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
