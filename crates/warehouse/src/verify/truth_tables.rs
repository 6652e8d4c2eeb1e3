//! What truths tell of, and where the warehouse has it.

use crate::sql;

/// The parts of a key, and what is measured under it: amounts in hundredths, times in microseconds since the epoch, digests
/// as in `event_contract::truth::table`.
pub type Cell = (Vec<String>, Vec<i64>);

/// A table of cells to be held against truths.
#[derive(Debug, Clone, Copy)]
pub struct TruthTable {
    /// What it is called.
    pub name: &'static str,
    /// What of the warehouse it proves.
    pub subject: &'static str,
    pub(super) query: &'static str,
}

/// All of them.
pub const TRUTH_TABLES: &[TruthTable] = &[
    TruthTable {
        name: "sales_performance",
        subject: "gold.sales_performance",
        query: sql!("verify/truth_sales.sql"),
    },
    TruthTable {
        name: "sales_hourly",
        subject: "gold.sales_hourly",
        query: sql!("verify/truth_sales_hourly.sql"),
    },
    TruthTable {
        name: "sales_by_day",
        subject: "gold.sales_hourly by day",
        query: sql!("verify/truth_sales_by_day.sql"),
    },
    TruthTable {
        name: "item_category_performance",
        subject: "gold.item_category_performance",
        query: sql!("verify/truth_categories.sql"),
    },
    TruthTable {
        name: "sales_summary",
        subject: "gold.sales_summary",
        query: sql!("verify/truth_products.sql"),
    },
    TruthTable {
        name: "products_by_day",
        subject: "gold.product_performance over all days",
        query: sql!("verify/truth_products_by_day.sql"),
    },
    TruthTable {
        name: "product_performance",
        subject: "gold.product_performance by day",
        query: sql!("verify/truth_product_performance.sql"),
    },
    TruthTable {
        name: "payment_mix",
        subject: "gold.payment_mix",
        query: sql!("verify/truth_payment_mix.sql"),
    },
    TruthTable {
        name: "geography_sales",
        subject: "gold.geography_sales",
        query: sql!("verify/truth_geography_sales.sql"),
    },
    TruthTable {
        name: "order_funnel",
        subject: "gold.order_funnel",
        query: sql!("verify/truth_order_funnel.sql"),
    },
    TruthTable {
        name: "sales_customers",
        subject: "gold.sales_customers and their counts",
        query: sql!("verify/truth_sales_customers.sql"),
    },
    TruthTable {
        name: "customer_months",
        subject: "gold.customer_months",
        query: sql!("verify/truth_customer_months.sql"),
    },
    TruthTable {
        name: "customer_value",
        subject: "gold.customer_value",
        query: sql!("verify/truth_customer_value.sql"),
    },
    TruthTable {
        name: "customer_scores",
        subject: "gold.customer_segments_sums",
        query: sql!("verify/truth_customer_scores.sql"),
    },
    TruthTable {
        name: "customer_segments",
        subject: "gold.customer_segments",
        query: sql!("verify/truth_customer_segments.sql"),
    },
    TruthTable {
        name: "segments_of_customers",
        subject: "gold.customer_value by segment",
        query: sql!("verify/truth_segments_of_customers.sql"),
    },
    TruthTable {
        name: "cohort_retention",
        subject: "gold.cohort_retention",
        query: sql!("verify/truth_cohort_retention.sql"),
    },
    TruthTable {
        name: "new_customers",
        subject: "gold.new_customers",
        query: sql!("verify/truth_new_customers.sql"),
    },
    TruthTable {
        name: "customer_versions",
        subject: "silver.dim_customers_history",
        query: sql!("verify/truth_customer_versions.sql"),
    },
    TruthTable {
        name: "customers_by_versions",
        subject: "silver.dim_customers",
        query: sql!("verify/truth_customers_by_versions.sql"),
    },
    TruthTable {
        name: "product_versions",
        subject: "silver.dim_products_history",
        query: sql!("verify/truth_product_versions.sql"),
    },
    TruthTable {
        name: "products_by_versions",
        subject: "silver.dim_products",
        query: sql!("verify/truth_products_by_versions.sql"),
    },
];
