//! Questions about sales and customers.

use chrono::NaiveDate;

use super::columns::{Amount, Columns};
use super::{
    CategorySales, Cohort, CountrySales, CurrencySummary, DailySales, FunnelStep, HourSales,
    PaymentSales, ProductSales, SalesTotals, Segment, read,
};
use crate::{Session, WarehouseError, sql};

/// A stretch of days, both ends included; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductOrder {
    /// The highest revenue.
    Revenue,
    /// The most pieces.
    Quantity,
    /// The first id.
    Product,
}

impl ProductOrder {
    fn name(self) -> &'static str {
        match self {
            ProductOrder::Revenue => "revenue",
            ProductOrder::Quantity => "quantity",
            ProductOrder::Product => "product",
        }
    }
}

/// The last product of a page: where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductKey {
    /// What it is sorted by, a decimal.
    pub sort_value: String,
    /// Its currency.
    pub currency: String,
    /// Its id.
    pub product_id: String,
}

/// The last day of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyKey {
    /// The day.
    pub sales_date: NaiveDate,
    /// The currency.
    pub currency: String,
    /// The channel.
    pub channel: String,
}

/// The last cohort of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortKey {
    /// The currency.
    pub currency: String,
    /// The cohort.
    pub cohort_month: NaiveDate,
    /// Months since.
    pub months_since: i32,
}

/// How products sold, of all time where no day is given; each with what it is sorted by.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn product_sales(
    session: &Session,
    days: Days,
    category: Option<&str>,
    currency: Option<&str>,
    order: ProductOrder,
    after: Option<&ProductKey>,
    rows: i64,
) -> Result<Vec<(ProductSales, Amount)>, WarehouseError> {
    let doing = "reading sales by product";
    let after_value = after.map(|key| key.sort_value.as_str());
    let after_currency = after.map(|key| key.currency.as_str());
    let after_product = after.map(|key| key.product_id.as_str());
    let found = if days == Days::default() {
        let statement = session
            .prepare_cached(sql!("console/sales_all_time.sql"))
            .await
            .map_err(WarehouseError::database(doing))?;
        session
            .query(
                &statement,
                &[
                    &category,
                    &currency,
                    &order.name(),
                    &after_value,
                    &after_currency,
                    &after_product,
                    &rows,
                ],
            )
            .await
    } else {
        let statement = session
            .prepare_cached(sql!("console/sales_of_days.sql"))
            .await
            .map_err(WarehouseError::database(doing))?;
        session
            .query(
                &statement,
                &[
                    &days.from,
                    &days.to,
                    &category,
                    &currency,
                    &order.name(),
                    &after_value,
                    &after_currency,
                    &after_product,
                    &rows,
                ],
            )
            .await
    };
    found
        .map_err(WarehouseError::database(doing))?
        .iter()
        .map(|row| Ok((ProductSales::read(row)?, row.try_get("sort_value")?)))
        .collect::<Result<_, tokio_postgres::Error>>()
        .map_err(WarehouseError::database(doing))
}

/// Sales by day, currency and channel.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn daily_sales(
    session: &Session,
    days: Days,
    channel: Option<&str>,
    currency: Option<&str>,
    after: Option<&DailyKey>,
    rows: i64,
) -> Result<Vec<DailySales>, WarehouseError> {
    let after_date = after.map(|key| key.sales_date);
    let after_currency = after.map(|key| key.currency.as_str());
    let after_channel = after.map(|key| key.channel.as_str());
    read(
        session,
        "reading sales by day",
        sql!("console/sales_daily.sql"),
        &[
            &days.from,
            &days.to,
            &channel,
            &currency,
            &after_date,
            &after_currency,
            &after_channel,
            &rows,
        ],
    )
    .await
}

/// Sales by weekday and hour.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn hour_sales(
    session: &Session,
    days: Days,
    channel: Option<&str>,
    currency: Option<&str>,
) -> Result<Vec<HourSales>, WarehouseError> {
    let query = sql!("console/sales_hours.sql");
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&days.from, &days.to, &channel, &currency];
    read(session, "reading sales by hour", query, &parameters).await
}

/// Sales of the whole stretch and of the one before it.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn sales_totals(
    session: &Session,
    days: Days,
    channel: Option<&str>,
    currency: Option<&str>,
) -> Result<Vec<SalesTotals>, WarehouseError> {
    let query = sql!("console/sales_totals.sql");
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&days.from, &days.to, &channel, &currency];
    read(session, "adding up sales", query, &parameters).await
}

/// Sales by category.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn categories(
    session: &Session,
    days: Days,
    category: Option<&str>,
    currency: Option<&str>,
) -> Result<Vec<CategorySales>, WarehouseError> {
    let query = sql!("console/categories.sql");
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&days.from, &days.to, &category, &currency];
    read(session, "reading sales by category", query, &parameters).await
}

/// Sales by country.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn countries(
    session: &Session,
    days: Days,
    currency: Option<&str>,
) -> Result<Vec<CountrySales>, WarehouseError> {
    let query = sql!("console/countries.sql");
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&days.from, &days.to, &currency];
    read(session, "reading sales by country", query, &parameters).await
}

/// Orders by payment method.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn payments(
    session: &Session,
    days: Days,
    currency: Option<&str>,
) -> Result<Vec<PaymentSales>, WarehouseError> {
    let query = sql!("console/payments.sql");
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&days.from, &days.to, &currency];
    read(session, "reading payments", query, &parameters).await
}

/// Orders by step.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn funnel(session: &Session, days: Days) -> Result<Vec<FunnelStep>, WarehouseError> {
    let query = sql!("console/funnel.sql");
    read(
        session,
        "reading the funnel",
        query,
        &[&days.from, &days.to],
    )
    .await
}

/// Customers by segment.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn segments(
    session: &Session,
    currency: Option<&str>,
) -> Result<Vec<Segment>, WarehouseError> {
    let query = sql!("console/segments.sql");
    read(session, "reading segments", query, &[&currency]).await
}

/// Who came back; `months` bounds the month of the first order.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn cohorts(
    session: &Session,
    months: Days,
    currency: Option<&str>,
    after: Option<&CohortKey>,
    rows: i64,
) -> Result<Vec<Cohort>, WarehouseError> {
    let after_currency = after.map(|key| key.currency.as_str());
    let after_month = after.map(|key| key.cohort_month);
    let after_since = after.map(|key| key.months_since);
    read(
        session,
        "reading cohorts",
        sql!("console/cohorts.sql"),
        &[
            &months.from,
            &months.to,
            &currency,
            &after_currency,
            &after_month,
            &after_since,
            &rows,
        ],
    )
    .await
}

/// The currencies in use, most orders first.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn currencies(session: &Session) -> Result<Vec<CurrencySummary>, WarehouseError> {
    let query = sql!("console/currencies.sql");
    read(session, "reading currencies", query, &[]).await
}
