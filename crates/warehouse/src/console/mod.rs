//! What the console reads of gold and of the ledger, as `dashboard_reader`; and how it asks for a run, as `console`.
//!
//! One function a question, each answering rows whose columns are declared once: for JSON, for CSV and for the API's
//! description. The caller sees to it that texts hold no NUL and that days and times are ones that PostgreSQL knows.

mod columns;
mod drill;
mod pipeline;
mod rows;
mod sales;

use tokio_postgres::types::ToSql;

use crate::{Session, WarehouseError};

pub use columns::{Amount, Cell, Columns, IntoCell};
pub use drill::{Drill, drill};
pub use pipeline::{
    QuarantineAsked, QuarantineKey, freshness, ledger, quarantine_events, quarantine_reasons,
    request_run, run, runs,
};
pub use rows::{
    CategorySales, Cohort, CountrySales, CurrencySummary, DailySales, FreshnessOfStage, FunnelStep,
    HourSales, LedgerOfPartition, PaymentSales, ProductSales, QuarantineReason, QuarantinedRecord,
    Run, SalesTotals, Segment,
};
pub use sales::{
    CohortKey, DailyKey, Days, ProductKey, ProductOrder, categories, cohorts, countries,
    currencies, daily_sales, funnel, hour_sales, payments, product_sales, sales_totals, segments,
};

/// Runs a query and reads its rows.
async fn read<T: Columns>(
    session: &Session,
    doing: &'static str,
    query: &'static str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<T>, WarehouseError> {
    let statement = session
        .prepare_cached(query)
        .await
        .map_err(WarehouseError::database(doing))?;
    let rows = session
        .query(&statement, parameters)
        .await
        .map_err(WarehouseError::database(doing))?;
    rows.iter()
        .map(|row| T::read(row).map_err(WarehouseError::database(doing)))
        .collect()
}
