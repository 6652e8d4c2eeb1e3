//! The marts and their statements. A mart's SELECT is written once, in `warehouse-sql/gold/<mart>.sql`, over "the facts
//! given"; the statements here put what is given before it and what becomes of its rows behind it.

use crate::sql;

/// A mart: where it is stored, and how it is held against its recomputation.
pub(crate) struct Mart {
    /// The table, with its schema.
    pub(crate) table: &'static str,
    /// Rows that the table has and a recomputation has not, or the other way round, as (side, row).
    pub(crate) compare: &'static str,
}

/// A mart with a day in its key, whose figures are published once that day is closed.
pub(crate) struct Restated {
    /// The mart as people know it, without its schema.
    pub(crate) mart: &'static str,
    /// The columns of its key.
    pub(crate) key: &'static [&'static str],
    /// Notes what the facts of the silver batches in $1 change; to be run before they are folded in. Also $2 gold batch,
    /// $3 mart, $4 key.
    pub(crate) statement: &'static str,
}

/// Several marts in one statement: what is given is read and added up once for all of them.
macro_rules! fold {
    ($($name:literal),+) => {
        concat!(
            "WITH\n",
            sql!("gold/given_batches.sql"),
            sql!("gold/given_sums.sql"),
            $(
                $name, " AS (\n", sql!("gold/", $name, ".sql"), "),\n",
                "fold_", $name, " AS (\n", sql!("gold/", $name, ".fold.sql"), "),\n",
            )+
            "folded AS (SELECT)\nTABLE folded",
        )
    };
}

macro_rules! fold_customers {
    ($($name:literal),+) => {
        concat!(
            "WITH\n",
            sql!("gold/given_batches.sql"),
            "customer_months AS MATERIALIZED (\n",
            sql!("gold/customer_months.sql"),
            "),\nfold_customer_months AS (\n",
            sql!("gold/customer_months.fold.sql"),
            "),\n",
            sql!("gold/given_customers_of_batches.sql"),
            sql!("gold/given_customers.sql"),
            $(
                $name, " AS (\n", sql!("gold/", $name, ".sql"), "),\n",
                "fold_", $name, " AS (\n", sql!("gold/", $name, ".fold.sql"), "),\n",
            )+
            "folded AS (SELECT)\nTABLE folded",
        )
    };
}

/// What every gold transaction runs, in this order. $1 silver batch ids.
pub(crate) const FOLDS: &[&str] = &[
    fold!(
        "item_category_performance",
        "product_performance",
        "sales_summary"
    ),
    fold!("sales_customers", "sales_customer_counts"),
    fold!(
        "sales_performance",
        "sales_hourly",
        "payment_mix",
        "geography_sales"
    ),
    fold!("order_funnel", "order_funnel_hours", "order_funnel_minutes"),
    fold_customers!(
        "customer_value",
        "customer_segments",
        "cohort_retention",
        "new_customers"
    ),
];

macro_rules! mart {
    ($name:literal, $table:literal) => {
        mart!($name, $table, "")
    };
    // Cells that have become empty stay as rows of zeros, which a recomputation does not yield.
    ($name:literal, $table:literal, $not_empty:literal) => {
        Mart {
            table: $table,
            compare: concat!(
                "WITH\n",
                sql!("gold/given_everything.sql"),
                sql!("gold/given_sums.sql"),
                "customer_months AS (\n",
                sql!("gold/customer_months.sql"),
                "),\n",
                sql!("gold/given_customers_of_everything.sql"),
                sql!("gold/given_customers.sql"),
                "mart AS (\n",
                sql!("gold/", $name, ".sql"),
                "),\nstored AS (SELECT * FROM ",
                $table,
                " ",
                $not_empty,
                ")\nSELECT 'recomputed' AS side, to_jsonb(d)::text FROM (TABLE mart EXCEPT ALL TABLE stored) AS d",
                "\nUNION ALL\n",
                "SELECT 'stored', to_jsonb(d)::text FROM (TABLE stored EXCEPT ALL TABLE mart) AS d",
            ),
        }
    };
}

/// All marts.
pub(crate) const MARTS: &[Mart] = &[
    mart!(
        "item_category_performance",
        "gold.item_category_performance_sums"
    ),
    mart!("product_performance", "gold.product_performance_sums"),
    mart!("sales_summary", "gold.sales_summary_sums"),
    mart!("sales_customers", "gold.sales_customers"),
    mart!("sales_customer_counts", "gold.sales_customer_counts"),
    mart!("sales_performance", "gold.sales_performance_sums"),
    mart!("sales_hourly", "gold.sales_hourly_sums"),
    mart!("payment_mix", "gold.payment_mix_sums"),
    mart!("geography_sales", "gold.geography_sales_sums"),
    mart!("order_funnel", "gold.order_funnel_sums"),
    mart!("order_funnel_hours", "gold.order_funnel_hours"),
    mart!("order_funnel_minutes", "gold.order_funnel_minutes"),
    mart!("customer_months", "gold.customer_months"),
    mart!("customer_value", "gold.customer_value_sums"),
    mart!(
        "customer_segments",
        "gold.customer_segments_sums",
        "WHERE (customers, orders, net_amount) <> (0, 0, 0)"
    ),
    mart!(
        "cohort_retention",
        "gold.cohort_retention_sums",
        "WHERE (customers, orders, net_amount) <> (0, 0, 0)"
    ),
    mart!(
        "new_customers",
        "gold.new_customers_sums",
        "WHERE customers <> 0"
    ),
];

macro_rules! restated {
    ($mart:literal, [$($key:literal),+], $day:literal, $table:literal, $select:literal) => {
        Restated {
            mart: $mart,
            key: &[$($key),+],
            statement: concat!(
                "WITH\n",
                sql!("gold/given_batches.sql"),
                sql!("gold/given_sums.sql"),
                "sales_customers AS (\n",
                sql!("gold/sales_customers.sql"),
                "),\nmart AS (\n",
                sql!("gold/", $select, ".sql"),
                "),\nlate AS (\nSELECT d.", $day, " AS day, to_jsonb(d) AS delta, to_jsonb(m) AS stored\n",
                "FROM mart AS d\nJOIN ops.closed_days AS c ON c.day = d.", $day, "\nLEFT JOIN ", $table, " AS m ON (true",
                $(", m.", $key),+, ") = (true", $(", d.", $key),+, ")\n)\n",
                sql!("gold/restate.sql"),
            ),
        }
    };
}

/// All marts with a day in their key.
pub(crate) const RESTATED: &[Restated] = &[
    restated!(
        "sales_performance",
        ["sales_date", "currency", "channel"],
        "sales_date",
        "gold.sales_performance_sums",
        "sales_performance"
    ),
    restated!(
        "sales_performance",
        ["sales_date", "currency", "channel"],
        "sales_date",
        "gold.sales_customer_counts",
        "new_sales_customers"
    ),
    restated!(
        "item_category_performance",
        ["sales_date", "category", "currency"],
        "sales_date",
        "gold.item_category_performance_sums",
        "item_category_performance"
    ),
    restated!(
        "product_performance",
        ["sales_date", "product_id", "currency"],
        "sales_date",
        "gold.product_performance_sums",
        "product_performance"
    ),
    restated!(
        "payment_mix",
        ["sales_date", "currency", "payment_method"],
        "sales_date",
        "gold.payment_mix_sums",
        "payment_mix"
    ),
    restated!(
        "geography_sales",
        ["sales_date", "currency", "country", "city"],
        "sales_date",
        "gold.geography_sales_sums",
        "geography_sales"
    ),
    restated!(
        "order_funnel",
        ["step_date", "step"],
        "step_date",
        "gold.order_funnel_sums",
        "order_funnel"
    ),
];
