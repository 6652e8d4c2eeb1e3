//! Every query of every dashboard, as Grafana would send it, asked by the role that Grafana has, of a warehouse with a
//! million order lines: no error, rows to show, the columns that the panel counts on, and within a tenth of a second.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use chrono::Duration;
use dashboards::board::{self, Board, Purpose, Query};
use dashboards::macros::{TimeRange, expand};
use dashboards::variables::{Chosen, put_in, references};
use serde_json::Value;
use support::{connect, filled_with, opening, range_of};
use test_warehouse::TestWarehouse;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

const LINES: i64 = 1_000_000;
/// Of PostgreSQL's own time, planning and execution.
const LONGEST_MS: f64 = 100.0;
const RUNS: usize = 5;
/// More of what one may choose, to be sure of an answer: days, hours.
const OTHER_RANGES: [i64; 3] = [24 * 90, 24 * 7, 6];

/// What people might type, and what they might try.
const VALUES: [&str; 9] = [
    "it's",
    "Robert'); DROP TABLE students; --",
    "'; DROP TABLE gold.sales_hourly_sums; --",
    "\\",
    "\\'; SELECT 1; --",
    "${channel}",
    "5\" pipe",
    "",
    "\u{202e}ünï 🛒 %_*",
];

fn queries_of_sql() -> Vec<(Board, Query)> {
    let boards = board::all().unwrap();
    let queries = boards.into_iter().flat_map(|board| {
        let queries = board.queries();
        queries.into_iter().map(move |query| (board.clone(), query))
    });
    queries
        .filter(|(_, query)| query.datasource_uid == "assay-warehouse")
        .collect()
}

fn sql_of(query: &Query, variables: &BTreeMap<String, Chosen>, range: TimeRange) -> String {
    let text = put_in(&query.text, variables)
        .unwrap_or_else(|name| panic!("{}: ${name} in another form", query.place));
    expand(&text, range).unwrap_or_else(|error| panic!("{}: {error}", query.place))
}

async fn rows(client: &Client, sql: &str, place: &str) -> Vec<SimpleQueryRow> {
    let messages = client
        .simple_query(sql)
        .await
        .unwrap_or_else(|error| panic!("{place}: {error:?}\n{sql}"));
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.collect()
}

/// One filled warehouse for all of it: filling takes longer than asking.
#[tokio::test(flavor = "multi_thread")]
async fn dashboards_on_a_million_order_lines() {
    let began = Instant::now();
    let test = filled_with(LINES).await;
    println!("filled in {:.0} s", began.elapsed().as_secs_f64());
    let lines: i64 = test
        .inspector()
        .await
        .query_one(
            "SELECT count(*) FROM silver.fct_order_lines WHERE line_no > 0 AND quantity > 0",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert!(lines > LINES * 99 / 100, "{lines} lines");
    let reader = connect(&test.url_of("dashboard_reader")).await;
    // All of a query's time is then the time of one process.
    reader
        .batch_execute("SET max_parallel_workers_per_gather = 0")
        .await
        .unwrap();
    let counts = counts(&test).await;
    what_one_sees_at_first(&test, &reader).await;
    whatever_is_chosen_is_answered(&reader).await;
    what_is_chosen_is_shown(&reader).await;
    macros_in_values_do_no_harm(&reader).await;
    assert_eq!(counts, self::counts(&test).await, "a dashboard wrote");
    println!("all in {:.0} s", began.elapsed().as_secs_f64());
}

async fn what_one_sees_at_first(test: &TestWarehouse, reader: &Client) {
    // Freshness is about the last minute.
    let batches = "UPDATE ops.gold_batches SET committed_at = now()";
    let mut problems = Vec::new();
    let mut times = Vec::new();
    for (board, query) in queries_of_sql() {
        test.inspector().await.batch_execute(batches).await.unwrap();
        let sql = sql_of(&query, &opening(&board), range_of(&board));
        let found = rows(reader, &sql, &query.place).await;
        let columns = columns(reader, &sql).await;
        problems.extend(
            problems_of_rows(&board, &query, &columns, &found)
                .into_iter()
                .map(|problem| format!("{}: {problem}", query.place)),
        );
        let milliseconds = best_time(reader, &sql).await;
        if milliseconds > LONGEST_MS {
            problems.push(format!("{}: took {milliseconds:.0} ms", query.place));
        }
        times.push((milliseconds, query.place));
    }
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (milliseconds, place) in times.iter().take(12) {
        println!("{milliseconds:6.1} ms  {place}");
    }
    assert!(times.len() > 80, "{} queries", times.len());
    assert!(problems.is_empty(), "{problems:#?}");
}

async fn columns(reader: &Client, sql: &str) -> Vec<(String, Type)> {
    let statement = reader.prepare(sql).await.unwrap();
    let columns = statement.columns().iter();
    columns
        .map(|column| (column.name().to_owned(), column.type_().clone()))
        .collect()
}

/// The processor time that PostgreSQL spends, in the best of several runs: a busy machine or a slow wire is not the query's
/// fault. Where its process cannot be looked at, the time that it tells of itself.
async fn best_time(reader: &Client, sql: &str) -> f64 {
    let pid = rows(reader, "SELECT pg_backend_pid()", "pid").await;
    let pid = pid[0].get(0).unwrap().to_owned();
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let explain = format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}");
        let before = processor_ms(&pid);
        let rows = rows(reader, &explain, "EXPLAIN").await;
        let spent = processor_ms(&pid)
            .zip(before)
            .map(|(after, before)| after - before);
        let plan: Value = serde_json::from_str(rows[0].get(0).unwrap()).unwrap();
        let of = |key: &str| plan[0][key].as_f64().unwrap();
        best = best.min(spent.unwrap_or(of("Planning Time") + of("Execution Time")));
        if best < LONGEST_MS / 4.0 {
            break;
        }
    }
    best
}

/// What a process of this machine has spent so far (Linux tells it in nanoseconds).
fn processor_ms(pid: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e6)
}

fn is_number(kind: &Type) -> bool {
    [
        Type::INT2,
        Type::INT4,
        Type::INT8,
        Type::FLOAT4,
        Type::FLOAT8,
        Type::NUMERIC,
    ]
    .contains(kind)
}

/// What Grafana or the panel would not be content with.
fn problems_of_rows(
    board: &Board,
    query: &Query,
    columns: &[(String, Type)],
    rows: &[SimpleQueryRow],
) -> Vec<String> {
    let mut problems = Vec::new();
    if rows.is_empty() {
        problems.push("no rows".to_owned());
    }
    let others = [
        Type::TEXT,
        Type::VARCHAR,
        Type::TIMESTAMPTZ,
        Type::DATE,
        Type::BOOL,
    ];
    for (name, kind) in columns {
        if !is_number(kind) && !others.contains(kind) {
            problems.push(format!(
                "{name}: Grafana would show a {kind} in its own way"
            ));
        }
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    match query.purpose {
        Purpose::Annotation => {
            for wanted in ["time", "text"] {
                if !names.contains(&wanted) {
                    problems.push(format!("an annotation without {wanted}"));
                }
            }
        }
        Purpose::Variable => {
            if names != ["__text", "__value"] && names.len() != 1 {
                problems.push(format!("a variable of {names:?}"));
            }
        }
        Purpose::Panel(position) => {
            if query.format == "time_series" {
                problems.extend(problems_of_series(columns, rows));
            }
            problems.extend(problems_of_panel(
                &board.panels()[position],
                query,
                &names,
                rows,
            ));
        }
    }
    problems
}

fn problems_of_series(columns: &[(String, Type)], rows: &[SimpleQueryRow]) -> Vec<String> {
    let mut problems = Vec::new();
    let (time, values) = columns.split_first().unwrap();
    if time.0 != "time" || !is_number(&time.1) {
        problems.push("does not begin with the time".to_owned());
    }
    let is_long = values[0].0 == "metric";
    // Only so does Grafana name the series by what stands in `metric`.
    if is_long && (columns.len() != 3 || values[0].1 != Type::TEXT) {
        problems.push("a metric goes with one value".to_owned());
    }
    for (name, kind) in values {
        if name != "metric" && !is_number(kind) {
            problems.push(format!("{name} is no number but {kind}"));
        }
    }
    let times: Vec<f64> = rows
        .iter()
        .map(|row| row.get(0).unwrap().parse().unwrap())
        .collect();
    if !times.is_sorted() {
        problems.push("times are not in order, which Grafana refuses".to_owned());
    }
    problems
}

fn problems_of_panel(
    panel: &Value,
    query: &Query,
    names: &[&str],
    rows: &[SimpleQueryRow],
) -> Vec<String> {
    let mut problems = Vec::new();
    let is_main = panel["targets"][0]["rawSql"] == query.text.as_str();
    let is_long = query.format == "time_series" && names.get(1) == Some(&"metric");
    let mut named: BTreeSet<String> = BTreeSet::new();
    for entry in panel["fieldConfig"]["overrides"].as_array().unwrap() {
        assert_eq!(entry["matcher"]["id"], "byName");
        named.insert(entry["matcher"]["options"].as_str().unwrap().to_owned());
    }
    for pointer in ["/options/xField", "/options/sortBy/0/displayName"] {
        named.extend(
            panel
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned),
        );
    }
    for reference in references(&panel.to_string()) {
        named.extend(
            reference
                .name
                .strip_prefix("__data.fields.")
                .map(str::to_owned),
        );
    }
    if is_main {
        for name in named {
            if is_long || !names.contains(&name.as_str()) {
                problems.push(format!(
                    "the panel speaks of {name}, which is none of {names:?}"
                ));
            }
        }
    } else {
        // Then its columns set the fields of the main query's.
        let mappings = &panel["transformations"][0]["options"]["mappings"];
        let is_used = mappings.as_array().is_some_and(|list| {
            list.iter()
                .any(|m| names.contains(&m["fieldName"].as_str().unwrap()))
        });
        if !is_used {
            problems.push(format!("nothing reads {names:?}"));
        }
    }
    if panel["type"] == "stat" {
        for (index, name) in names.iter().enumerate() {
            if rows.iter().any(|row| row.get(index).is_none()) {
                problems.push(format!("{name} is null"));
            }
        }
    }
    problems
}

/// Whatever is chosen, typed or put into the URL: an answer, be it empty, and no error.
async fn whatever_is_chosen_is_answered(reader: &Client) {
    let mut asked = 0;
    for (board, query) in queries_of_sql() {
        let range = range_of(&board);
        for hours in OTHER_RANGES {
            let range = TimeRange {
                from: range.to - Duration::hours(hours),
                to: range.to,
            };
            rows(
                reader,
                &sql_of(&query, &opening(&board), range),
                &query.place,
            )
            .await;
            asked += 1;
        }
        let used: BTreeSet<String> = references(&query.text)
            .into_iter()
            .map(|r| r.name)
            .collect();
        for variable in board.variables() {
            let name = variable["name"].as_str().unwrap();
            if !used.contains(name) || variable["type"] == "custom" {
                continue;
            }
            let mut choices: Vec<Chosen> = VALUES
                .iter()
                .map(|value| Chosen::One((*value).to_owned()))
                .collect();
            if variable["multi"] == true {
                choices.push(Chosen::Many(
                    VALUES.iter().map(|value| (*value).to_owned()).collect(),
                ));
                choices.push(Chosen::Many(vec!["web".to_owned(), "DE".to_owned()]));
            }
            for choice in choices {
                let mut variables = opening(&board);
                variables.insert(name.to_owned(), choice);
                rows(reader, &sql_of(&query, &variables, range), &query.place).await;
                asked += 1;
            }
        }
        for variable in board.variables() {
            let name = variable["name"].as_str().unwrap();
            for option in variable["options"].as_array().into_iter().flatten() {
                let mut variables = opening(&board);
                variables.insert(
                    name.to_owned(),
                    Chosen::One(option["value"].as_str().unwrap().to_owned()),
                );
                rows(reader, &sql_of(&query, &variables, range), &query.place).await;
                asked += 1;
            }
        }
    }
    println!("{asked} choices");
    assert!(asked > 1_000, "{asked}");
}

/// File | panel | variable | what is chosen | column | how each of its values begins. P1's name would like to be SQL.
const CHOICES: &str = "
sales.json | by channel | channel | web | metric | web
sales.json | Sales by country | country | FR | place | FR City
products.json | Quantity by category | category | Category 3 | metric | Category 3
products.json | Categories | category | Category 3 | category | Category 3
products.json | Quantity by product | product | P1 | metric | Robert'); DROP
products.json | Products | product | P1 | product | Robert'); DROP
customers.json | Average ticket per customer by | channel | mobile | metric | mobile
customers.json | Latest events | customer | C4242 | event_type | order_
data-quality.json | The record | record | bench:0:77 | what |
";

/// A choice narrows what is shown, and leaves something of it.
async fn what_is_chosen_is_shown(reader: &Client) {
    let queries = queries_of_sql();
    for line in CHOICES.lines().filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [file, title, name, value, column, expected] = cells[..] else {
            panic!("{line}");
        };
        let (board, query) = queries
            .iter()
            .find(|(board, query)| board.file == file && query.place.contains(title))
            .unwrap_or_else(|| panic!("{file}: {title}"));
        let mut range = range_of(board);
        range.from = range.to - Duration::days(30);
        let mut variables = opening(board);
        variables.insert(name.to_owned(), Chosen::Many(vec![value.to_owned()]));
        let found = rows(reader, &sql_of(query, &variables, range), &query.place).await;
        assert!(!found.is_empty(), "{}: nothing of {value}", query.place);
        for row in found {
            let shown = row.get(column).unwrap();
            assert!(
                shown.starts_with(expected),
                "{}: shows {shown}",
                query.place
            );
        }
    }
}

/// Grafana expands macros within values as well, which can break a query, but not more: it ends as an error of syntax.
async fn macros_in_values_do_no_harm(reader: &Client) {
    let mut broken = 0;
    for (board, query) in queries_of_sql() {
        if !query.text.contains("${currency:sqlstring}") {
            continue;
        }
        for value in [
            "$__timeFrom()",
            "$__timeFilter(; DELETE FROM gold.sales_hourly_sums; --",
            "x') OR $__timeTo()",
        ] {
            let mut variables = opening(&board);
            variables.insert("currency".to_owned(), Chosen::One(value.to_owned()));
            let text = put_in(&query.text, &variables).unwrap();
            let Ok(sql) = expand(&text, range_of(&board)) else {
                broken += 1;
                continue;
            };
            if let Err(error) = reader.simple_query(&sql).await {
                let state = error.code().map_or("", |state| state.code());
                assert_eq!(state, "42601", "{}: {error:?}", query.place);
                broken += 1;
            }
        }
    }
    assert!(
        broken > 50,
        "{broken}: does Grafana's way of expanding macros no longer hold?"
    );
}

async fn counts(test: &TestWarehouse) -> Vec<(String, i64)> {
    let inspector = test.inspector().await;
    let mut counts = Vec::new();
    for table in [
        "gold.sales_hourly_sums",
        "gold.sales_performance_sums",
        "silver.fct_order_events",
        "silver.quarantined_events",
        "ops.restatements",
    ] {
        let count = inspector
            .query_one(&format!("SELECT count(*) FROM {table}"), &[])
            .await
            .unwrap();
        counts.push((table.to_owned(), count.get(0)));
    }
    counts
}

/// The first minute: nothing has arrived, nothing can be chosen.
#[tokio::test(flavor = "multi_thread")]
async fn dashboards_on_an_empty_warehouse() {
    let test = TestWarehouse::fresh().await;
    let reader = connect(&test.url_of("dashboard_reader")).await;
    for (board, query) in queries_of_sql() {
        let mut variables = opening(&board);
        variables.insert("currency".to_owned(), Chosen::One(String::new()));
        let sql = sql_of(&query, &variables, range_of(&board));
        rows(&reader, &sql, &query.place).await;
    }
}
