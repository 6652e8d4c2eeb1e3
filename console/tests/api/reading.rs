//! What the API answers is what SQL says, page by page, in either form.

use serde_json::Value;

use crate::client::Console;
use crate::given::{rows, warehouse};

/// Follows `next` to the end.
async fn all_pages(console: &Console, path: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let answer = console.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let page = answer.json();
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
        assert!(found.len() < 5_000, "pages without end");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_sql() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let products = "SELECT product_id, product_name, category, currency, lines, quantity, gross_amount::text,
        discount_amount::text, revenue_amount::text, cost_amount::text, margin_amount::text FROM gold.sales_summary";
    let of_days = "SELECT product_id, product_name, category, currency, sum(lines)::bigint AS lines, sum(quantity)::bigint AS quantity,
        sum(gross_amount)::text AS gross_amount, sum(discount_amount)::text AS discount_amount, sum(revenue_amount)::text AS revenue_amount,
        sum(cost_amount)::text AS cost_amount, sum(margin_amount)::text AS margin_amount FROM gold.product_performance";
    let cases = [
        ("/sales?limit=7".to_owned(), format!("{products} ORDER BY gross_amount - discount_amount DESC, product_id COLLATE \"C\", currency")),
        ("/sales?sort=quantity&limit=9&currency=EUR".to_owned(), format!("{products} WHERE currency = 'EUR' ORDER BY quantity DESC, product_id COLLATE \"C\"")),
        ("/sales?sort=product&limit=11&category=toys".to_owned(), format!("{products} WHERE category = 'toys' ORDER BY product_id COLLATE \"C\", currency")),
        ("/sales?category=it%27s%3B+DROP+TABLE+x".to_owned(), format!("{products} WHERE category LIKE 'it%' ORDER BY gross_amount - discount_amount DESC, product_id COLLATE \"C\", currency")),
        ("/sales?from=2026-03-02&to=2026-03-04&limit=13".to_owned(), format!("{of_days} WHERE sales_date BETWEEN '2026-03-02' AND '2026-03-04'
            GROUP BY 1, 2, 3, 4 ORDER BY sum(revenue_amount) DESC, product_id COLLATE \"C\", currency")),
        ("/sales?from=2026-03-09&currency=USD&sort=quantity&limit=10&category=books".to_owned(), format!("{of_days} WHERE sales_date >= '2026-03-09'
            AND currency = 'USD' AND category = 'books' GROUP BY 1, 2, 3, 4 ORDER BY sum(quantity) DESC, product_id COLLATE \"C\"")),
        ("/sales/daily?limit=8".to_owned(), "SELECT sales_date, currency, channel, orders, units_sold, gross_amount::text, discount_amount::text, tax_amount::text,
            shipping_amount::text, total_amount::text, returns, returned_amount::text, cancellations, cancelled_amount::text, net_amount::text,
            cost_amount::text, margin_amount::text, customers, average_ticket::text FROM gold.sales_performance ORDER BY 1, 2, 3".to_owned()),
        ("/sales/daily?channel=web&currency=USD&from=2026-03-03&to=2026-03-03".to_owned(), "SELECT sales_date, currency, channel, orders, units_sold, gross_amount::text, discount_amount::text, tax_amount::text,
            shipping_amount::text, total_amount::text, returns, returned_amount::text, cancellations, cancelled_amount::text, net_amount::text,
            cost_amount::text, margin_amount::text, customers, average_ticket::text FROM gold.sales_performance
            WHERE channel = 'web' AND currency = 'USD' AND sales_date = '2026-03-03'".to_owned()),
        ("/sales/hours?currency=EUR&from=2026-03-02".to_owned(), "SELECT extract(isodow FROM sales_hour AT TIME ZONE 'UTC')::integer AS weekday,
            extract(hour FROM sales_hour AT TIME ZONE 'UTC')::integer AS hour, currency, sum(orders)::bigint AS orders, sum(total_amount)::text AS total_amount,
            sum(net_amount)::text AS net_amount FROM gold.sales_hourly WHERE currency = 'EUR' AND sales_hour >= '2026-03-02Z' GROUP BY 1, 2, 3 ORDER BY 1, 2".to_owned()),
        ("/categories?currency=EUR&to=2026-03-05".to_owned(), "SELECT category, currency, sum(lines)::bigint AS lines, sum(quantity)::bigint AS quantity, sum(gross_amount)::text AS gross_amount,
            sum(discount_amount)::text AS discount_amount, sum(revenue_amount)::text AS revenue_amount, sum(cost_amount)::text AS cost_amount,
            sum(margin_amount)::text AS margin_amount FROM gold.item_category_performance WHERE currency = 'EUR' AND sales_date <= '2026-03-05'
            GROUP BY 1, 2 ORDER BY sum(revenue_amount) DESC".to_owned()),
        ("/countries".to_owned(), "SELECT country, currency, sum(orders)::bigint AS orders, sum(units_sold)::bigint AS units_sold, sum(total_amount)::text AS total_amount,
            sum(net_amount)::text AS net_amount FROM gold.geography_sales GROUP BY 1, 2 ORDER BY 1".to_owned()),
        ("/payments".to_owned(), "SELECT payment_method, currency, sum(orders)::bigint AS orders, sum(total_amount)::text AS total_amount
            FROM gold.payment_mix GROUP BY 1, 2 ORDER BY 1".to_owned()),
        ("/funnel?from=2026-03-02".to_owned(), "SELECT step, sum(orders)::bigint AS orders, sum(timed_orders)::bigint AS timed_orders FROM gold.order_funnel
            WHERE step_date >= '2026-03-02' GROUP BY 1 ORDER BY 2 DESC".to_owned()),
        ("/customers/segments?currency=EUR".to_owned(), "SELECT currency, segment, customers, orders, net_amount::text, share_of_customers::text,
            share_of_net_amount::text FROM gold.customer_segments ORDER BY customers DESC".to_owned()),
        ("/cohorts?limit=2".to_owned(), "SELECT currency, cohort_month, months_since, cohort_customers, customers, orders, net_amount::text, retention::text
            FROM gold.cohort_retention ORDER BY 1, 2, 3".to_owned()),
        ("/currencies".to_owned(), "SELECT currency, sum(orders)::bigint AS orders, min(sales_date) AS first_date, max(sales_date) AS last_date
            FROM gold.sales_performance GROUP BY 1 ORDER BY 1".to_owned()),
        ("/quarantine".to_owned(), "SELECT reason, state, count(*) AS events, replace(min(quarantined_at)::text, ' ', 'T') AS first_at, max(quarantined_at)::text AS last_at
            FROM ops.quarantine GROUP BY 1, 2 ORDER BY 3 DESC".to_owned()),
    ];
    for (path, query) in cases {
        let mut answered = all_pages(&console, &path).await;
        let mut expected = rows(&test, &query).await;
        assert!(!expected.is_empty(), "{path}: nothing to compare with");
        if path == "/quarantine" {
            // Times are written otherwise by PostgreSQL.
            for row in answered.iter_mut().chain(&mut expected) {
                row.as_object_mut()
                    .unwrap()
                    .retain(|name, _| !name.ends_with("_at"));
            }
        }
        assert_eq!(answered, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_have_the_stretch_before_beside_them() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let found = console
        .items("/sales/totals?from=2026-03-04&to=2026-03-06&currency=EUR")
        .await;
    let expected = rows(
        &test,
        "SELECT currency, sum(orders) FILTER (WHERE is_now)::bigint AS orders, sum(units_sold) FILTER (WHERE is_now)::bigint AS units_sold,
            (sum(total_amount) FILTER (WHERE is_now))::text AS total_amount, (sum(net_amount) FILTER (WHERE is_now))::text AS net_amount,
            (sum(margin_amount) FILTER (WHERE is_now))::text AS margin_amount,
            round(sum(total_amount) FILTER (WHERE is_now) / sum(orders) FILTER (WHERE is_now), 2)::text AS average_ticket,
            sum(orders) FILTER (WHERE NOT is_now)::bigint AS previous_orders, (sum(net_amount) FILTER (WHERE NOT is_now))::text AS previous_net_amount,
            (sum(margin_amount) FILTER (WHERE NOT is_now))::text AS previous_margin_amount,
            round(sum(total_amount) FILTER (WHERE NOT is_now) / sum(orders) FILTER (WHERE NOT is_now), 2)::text AS previous_average_ticket
         FROM (SELECT *, sales_date >= '2026-03-04' AS is_now FROM gold.sales_performance WHERE currency = 'EUR' AND sales_date BETWEEN '2026-03-01' AND '2026-03-06') AS d
         GROUP BY 1",
    )
    .await;
    assert_eq!(found, expected);
    let open = console
        .items("/sales/totals?currency=EUR&from=2026-03-04")
        .await;
    assert!(open[0]["previous_orders"].is_null() && open[0]["previous_net_amount"].is_null());
    let from_there_on = rows(&test, "SELECT sum(orders)::bigint AS n FROM gold.sales_performance WHERE currency = 'EUR' AND sales_date >= '2026-03-04'").await;
    assert_eq!(open[0]["orders"], from_there_on[0]["n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_has_the_same_rows_and_defuses_formulas() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let accept = [("Accept", "text/csv")];
    let answer = console
        .send(
            "GET",
            "/sales?sort=product&limit=30&currency=EUR",
            &accept,
            b"",
        )
        .await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/csv")
    );
    let link = answer.header("link").unwrap();
    assert!(
        link.starts_with("</sales?") && link.ends_with(">; rel=\"next\""),
        "{link}"
    );
    let mut reader = csv::Reader::from_reader(answer.body.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let json = console
        .items("/sales?sort=product&limit=30&currency=EUR")
        .await;
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 30);
    for (record, row) in records.iter().zip(&json) {
        for (name, cell) in names.iter().zip(record) {
            let expected = match &row[name] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            let expected = if expected.starts_with('=') {
                format!("'{expected}")
            } else {
                expected
            };
            assert_eq!(cell, expected, "{name}");
        }
    }
    assert!(answer.body.contains("'=cmd|"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pipeline_is_shown_as_it_is() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let ledger = console.items("/ledger").await;
    assert_eq!(ledger.len(), 2);
    assert_eq!(ledger[0]["kafka_pending"], 20);
    assert_eq!(ledger[0]["pending"], 10);
    assert_eq!(ledger[0]["is_balanced"], true);
    assert_eq!(console.items("/freshness").await, Vec::<Value>::new());
    let quarantined = all_pages(&console, "/quarantine/events?limit=4").await;
    let offsets: Vec<i64> = quarantined
        .iter()
        .map(|row| row["kafka_offset"].as_i64().unwrap())
        .collect();
    assert_eq!(offsets, (1..=25).rev().collect::<Vec<i64>>());
    let truncated = all_pages(
        &console,
        "/quarantine/events?limit=4&reason=truncated&state=open",
    )
    .await;
    assert_eq!(truncated.len(), 13);
    assert_eq!(
        console
            .items("/quarantine/events?state=released")
            .await
            .len(),
        0
    );
}

/// The functions behind it belong to another migration: where it is there, the cell opens; where it is not, the answer says
/// so.
#[tokio::test(flavor = "multi_thread")]
async fn a_cell_opens_where_the_warehouse_can() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let can = rows(
        &test,
        "SELECT count(*) AS n FROM pg_proc WHERE proname = 'drill_sales'",
    )
    .await[0]["n"]
        != 0;
    for path in [
        "/drill?mart=sales&date=2026-03-01&currency=EUR&channel=web",
        "/drill?mart=hour&hour=2026-03-01T05:00:00Z&currency=EUR&channel=web",
        "/drill?mart=payment&date=2026-03-01&currency=EUR&payment_method=card",
        "/drill?mart=location&date=2026-03-01&currency=EUR&country=FR",
        "/drill?mart=customer&customer=C1&currency=EUR",
        "/drill?mart=category&date=2026-03-01&category=toys&currency=EUR",
        "/drill?mart=product&date=2026-03-01&product=p1&currency=EUR&limit=5",
        "/drill?mart=step&date=2026-03-01&step=placed",
        "/drill?mart=quarantine&topic=shop&partition=0&offset=3",
    ] {
        let answer = console.get(path).await;
        let expected = if can { 200 } else { 503 };
        assert_eq!(answer.status, expected, "{path}: {}", answer.body);
        if can && path.contains("quarantine") {
            assert_eq!(answer.json()["items"][0]["reason"], "truncated");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_description_are_served() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let docs = console.get("/docs").await;
    assert_eq!(docs.status, 200);
    assert!(
        docs.header("content-security-policy")
            .unwrap()
            .contains("script-src 'self';")
    );
    assert!(
        docs.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let tag = docs.header("etag").unwrap().to_owned();
    let again = console
        .send("GET", "/docs", &[("If-None-Match", &tag)], b"")
        .await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let compressed = console
        .send("GET", "/docs.js", &[("Accept-Encoding", "br, gzip")], b"")
        .await;
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert_ne!(
        compressed.header("etag"),
        console.get("/docs.js").await.header("etag")
    );
    let description = console.get("/openapi.json").await.json();
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 21);
    for (path, operations) in paths {
        if operations.get("get").is_some()
            && !path.contains('{')
            && path != "/events"
            && path != "/drill"
        {
            assert_eq!(console.get(path).await.status, 200, "{path}");
        }
    }
}
