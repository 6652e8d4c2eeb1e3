//! How fast the marts answer a dashboard, over a year of a shop whose facts were folded by the real fold.
//!
//! The facts are written straight into silver (`marts_fill.sql`), since the way there is measured elsewhere. Each query is
//! what a panel asks for: 30 days of one currency, or a table of everything where the mart has no day.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_stack::Stack;
use tokio_postgres::{Client, NoTls};
use warehouse::gold::{CloseOutcome, FoldOutcome, close_days, fold_next};
use warehouse::{DatabaseSettings, Warehouse};

use crate::{Figure, Target};

const LINES_PER_ORDER: u64 = 3;
/// Their events fit into one block of fact keys.
const ORDERS_PER_BATCH: u64 = 10_000;
const DAYS: i32 = 365;
const RUNS: usize = 50;
const LONGEST_MS: f64 = 20.0;
/// Lines of one fold, as the transformer has it.
const MAX_LINES_PER_FOLD: i64 = 200_000;

/// The names of a mart's figures, and a dashboard's query.
const QUERIES: [(&str, &str, &str); 13] = [
    (
        "sales_performance_ms_p50",
        "sales_performance_ms_p99",
        "SELECT sales_date, sum(orders), sum(net_amount), sum(margin_amount), sum(total_amount) / nullif(sum(orders), 0)
         FROM gold.sales_performance WHERE sales_date > current_date - 30 AND currency = 'EUR'
         GROUP BY sales_date ORDER BY sales_date",
    ),
    (
        "sales_hourly_ms_p50",
        "sales_hourly_ms_p99",
        "SELECT extract(isodow FROM sales_hour AT TIME ZONE 'UTC') AS weekday,
                extract(hour FROM sales_hour AT TIME ZONE 'UTC') AS hour, sum(orders), sum(net_amount)
         FROM gold.sales_hourly WHERE sales_hour > now() - interval '30 days' AND currency = 'EUR' GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    (
        "item_category_performance_ms_p50",
        "item_category_performance_ms_p99",
        "SELECT category, sum(quantity), sum(revenue_amount), sum(margin_amount)
         FROM gold.item_category_performance WHERE sales_date > current_date - 30 AND currency = 'EUR'
         GROUP BY category ORDER BY 3 DESC",
    ),
    (
        "product_performance_ms_p50",
        "product_performance_ms_p99",
        "SELECT product_id, sum(quantity), sum(revenue_amount), sum(margin_amount)
         FROM gold.product_performance WHERE sales_date > current_date - 30 AND currency = 'EUR'
         GROUP BY product_id ORDER BY 3 DESC LIMIT 20",
    ),
    (
        "sales_summary_ms_p50",
        "sales_summary_ms_p99",
        "SELECT product_id, product_name, quantity, revenue_amount, margin_amount
         FROM gold.sales_summary WHERE currency = 'EUR' ORDER BY revenue_amount DESC LIMIT 20",
    ),
    (
        "customer_months_ms_p50",
        "customer_months_ms_p99",
        "SELECT month, orders, placed_amount FROM gold.customer_months WHERE customer_key = 4242 ORDER BY month",
    ),
    (
        "customer_value_ms_p50",
        "customer_value_ms_p99",
        "SELECT customer_id, last_order_at, orders, net_amount, segment
         FROM gold.customer_value WHERE currency = 'EUR' ORDER BY monetary_score DESC, net_amount DESC LIMIT 20",
    ),
    (
        "customer_segments_ms_p50",
        "customer_segments_ms_p99",
        "SELECT segment, customers, net_amount, share_of_customers FROM gold.customer_segments WHERE currency = 'EUR'
         ORDER BY net_amount DESC",
    ),
    (
        "cohort_retention_ms_p50",
        "cohort_retention_ms_p99",
        "SELECT cohort_month, months_since, customers, retention FROM gold.cohort_retention WHERE currency = 'EUR'
         ORDER BY cohort_month, months_since",
    ),
    (
        "new_customers_ms_p50",
        "new_customers_ms_p99",
        "SELECT sales_date, customers FROM gold.new_customers WHERE sales_date > current_date - 30 AND currency = 'EUR'
         ORDER BY sales_date",
    ),
    (
        "payment_mix_ms_p50",
        "payment_mix_ms_p99",
        "SELECT sales_date, payment_method, orders, share_of_orders
         FROM gold.payment_mix WHERE sales_date > current_date - 30 AND currency = 'EUR' ORDER BY sales_date, payment_method",
    ),
    (
        "geography_sales_ms_p50",
        "geography_sales_ms_p99",
        "SELECT country, city, sum(orders), sum(net_amount)
         FROM gold.geography_sales WHERE sales_date > current_date - 30 AND currency = 'EUR'
         GROUP BY country, city ORDER BY 4 DESC",
    ),
    (
        "order_funnel_ms_p50",
        "order_funnel_ms_p99",
        "SELECT step_date, step, orders, median_minutes FROM gold.order_funnel WHERE step_date > current_date - 30
         ORDER BY step_date, step",
    ),
];

pub(crate) async fn measure(stack: &Stack, lines: u64) -> Result<Vec<Figure>> {
    let database = stack.fresh_database("marts")?;
    let settings = DatabaseSettings::parse(&database.migrator_url, "bench")?;
    warehouse::migrate::run(&settings, &[]).await?;
    let (client, connection) = tokio_postgres::connect(&database.superuser_url, NoTls).await?;
    tokio::spawn(connection);
    let orders = lines / LINES_PER_ORDER;
    eprintln!("marts: {orders} orders over {DAYS} days into silver, folded into gold …");
    let mut figures = fill(&client, settings, orders).await?;
    // Each by itself: a VACUUM refuses to share a transaction.
    client.batch_execute("VACUUM ANALYZE").await?;
    client.batch_execute("CHECKPOINT").await?;
    // What a dashboard may do, and nothing else.
    client
        .batch_execute("SET ROLE dashboard_reader; SET default_transaction_read_only = on")
        .await?;
    for (p50, p99, query) in QUERIES {
        let mut times = Vec::with_capacity(RUNS);
        for _ in 0..RUNS {
            let began = Instant::now();
            let rows = client.query(query, &[]).await.context(query)?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            if rows.is_empty() {
                bail!("nothing in gold to measure with: {query}");
            }
        }
        times.sort_by(f64::total_cmp);
        let at = |per_cent: usize| {
            let index = (times.len() * per_cent / 100).min(times.len().saturating_sub(1));
            times.get(index).copied().unwrap_or(f64::NAN)
        };
        let target = Some(Target::AtMost(LONGEST_MS));
        figures.push(Figure::new(p50, at(50), "ms", target));
        figures.push(Figure::new(p99, at(99), "ms", target));
    }
    Ok(figures)
}

/// Writes the facts batch by batch and folds them as the transformer does.
async fn fill(client: &Client, settings: DatabaseSettings, orders: u64) -> Result<Vec<Figure>> {
    client
        .batch_execute(include_str!("marts_fill.sql"))
        .await
        .context("preparing the facts")?;
    client.batch_execute("SELECT setseed(0.5)").await?;
    let gold = Warehouse::new(settings, 1)?;
    let (mut filling, mut folding) = (Duration::ZERO, Duration::ZERO);
    let mut events = 0;
    let fill = client
        .prepare("SELECT bench.fill($1, $2, $3, $4, false)")
        .await?;
    let all = i64::try_from(orders)?;
    for first in (1..=orders).step_by(usize::try_from(ORDERS_PER_BATCH)?) {
        let last = i64::try_from(orders.min(first + ORDERS_PER_BATCH - 1))?;
        let began = Instant::now();
        client
            .execute(&fill, &[&i64::try_from(first)?, &last, &all, &DAYS])
            .await?;
        filling += began.elapsed();
        let began = Instant::now();
        let mut session = gold.connect().await?;
        while let FoldOutcome::Folded { events: folded, .. } =
            fold_next(&mut session, MAX_LINES_PER_FOLD).await?
        {
            events += folded;
        }
        session.release();
        folding += began.elapsed();
    }
    let mut session = gold.connect().await?;
    while let CloseOutcome::Closed {
        is_more_due: true, ..
    } = close_days(&mut session).await?
    {}
    session.release();
    let lines: i64 = client
        .query_one("SELECT count(*) FROM silver.fct_order_lines", &[])
        .await?
        .get(0);
    Ok(vec![
        Figure::new("marts_lines", lines as f64, "lines", None),
        Figure::new("marts_events", events as f64, "events", None),
        Figure::new("marts_filling_s", filling.as_secs_f64(), "s", None),
        Figure::new("marts_folding_s", folding.as_secs_f64(), "s", None),
    ])
}
