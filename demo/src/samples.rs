//! A few rows of each mart, as a person would ask for them.

use std::fmt::Write;

use anyhow::Result;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Each question with the query that answers it; the same ones stand in the README.
pub const SAMPLES: [(&str, &str); 3] = [
    (
        "Sales of the last days, by channel",
        include_str!("samples/sales.sql"),
    ),
    (
        "Which categories earn the most?",
        include_str!("samples/categories.sql"),
    ),
    ("Best sellers", include_str!("samples/products.sql")),
];

/// The same for the UCI Online Retail data.
pub const UCI_SAMPLES: [(&str, &str); 3] = [
    (
        "Top products, charges left out",
        include_str!("samples/uci_products.sql"),
    ),
    (
        "Sales by country",
        include_str!("samples/uci_countries.sql"),
    ),
    ("Revenue by month", include_str!("samples/uci_months.sql")),
];

/// Runs a query and lays its rows out as a table.
///
/// # Errors
/// Where the query fails.
pub async fn table(client: &Client, query: &str) -> Result<String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for message in client.simple_query(query).await? {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                rows.push(
                    columns
                        .iter()
                        .map(|column| column.name().to_owned())
                        .collect(),
                );
            }
            SimpleQueryMessage::Row(row) => {
                let cells = (0..row.len()).map(|index| row.get(index).unwrap_or("").to_owned());
                rows.push(cells.collect());
            }
            _ => {}
        }
    }
    Ok(layout(&rows))
}

/// The first row is the heading; numbers are set to the right.
fn layout(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let is_numeric = |column: usize| {
        let cells = rows.iter().skip(1).filter_map(|row| row.get(column));
        cells.clone().count() > 0 && cells.clone().all(|cell| cell.parse::<f64>().is_ok())
    };
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            // Writing to a String does not fail.
            let _ = if is_numeric(column) {
                write!(text, " {cell:>width$} ")
            } else {
                write!(text, " {cell:<width$} ")
            };
            if column + 1 < columns {
                text.push('│');
            }
        }
        text.push('\n');
        if index == 0 {
            let rules: Vec<String> = (0..columns)
                .map(|column| "─".repeat(width(column) + 2))
                .collect();
            text.push_str(&rules.join("┼"));
            text.push('\n');
        }
    }
    text
}
