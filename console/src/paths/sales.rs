//! Sales.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;
use warehouse::console::{
    self, CategorySales, CountrySales, CurrencySummary, DailyKey, DailySales, HourSales,
    PaymentSales, ProductKey, ProductOrder, ProductSales, SalesTotals,
};

use super::{NoQuery, ReadingProblems, page_of, whole};
use crate::answer::{Page, Written};
use crate::app::App;
use crate::ask::{Asked, Channel, Currency, Day, Form, Limit, Words, days};
use crate::cursor;
use crate::problem::Problem;

/// What products are sorted by.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    #[default]
    Revenue,
    Quantity,
    Product,
}

impl From<Sort> for ProductOrder {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Revenue => ProductOrder::Revenue,
            Sort::Quantity => ProductOrder::Quantity,
            Sort::Product => ProductOrder::Product,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SalesQuery {
    /// The first day
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<Day>,
    /// The last day
    #[param(value_type = Option<chrono::NaiveDate>)]
    to: Option<Day>,
    /// A sales channel
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    /// A category's name
    #[param(value_type = Option<String>, min_length = 1, max_length = 64)]
    category: Option<Words>,
    /// ISO 4217
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
    /// What comes first
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// Rows of a page
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Limit,
    /// Where the page before ended, as its `next` has it
    #[param(value_type = Option<String>)]
    after: Option<String>,
}

/// Sales by product
#[utoipa::path(get, path = "/sales", tag = "sales", params(SalesQuery), responses(
    (status = 200, description = "A page of products", content((Page<ProductSales> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn by_product(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<SalesQuery>,
) -> Result<Written, Problem> {
    if asked.channel.is_some() {
        return Err(Problem::unanswerable(
            "products are not counted by channel: leave `channel` out, or ask /sales/daily, which counts by channel",
        ));
    }
    let days = days(asked.from, asked.to)?;
    let after = cursor::read::<(String, String, String)>(&uri, asked.after.as_deref())?;
    let after = after.map(|(sort_value, currency, product_id)| ProductKey {
        sort_value,
        currency,
        product_id,
    });
    let page_uri = uri.clone();
    app.list(&uri, form, move |session| async move {
        let found = console::product_sales(
            &session,
            days,
            asked.category.as_ref().map(|category| category.0.as_str()),
            asked.currency.as_ref().map(|currency| currency.0.as_str()),
            asked.sort.into(),
            after.as_ref(),
            i64::from(asked.limit.0) + 1,
        )
        .await?;
        session.release();
        let page = page_of(&page_uri, asked.limit.0, found, |(row, sort_value)| {
            (
                sort_value.0.clone(),
                row.currency.clone(),
                row.product_id.clone(),
            )
        });
        Ok(Page {
            items: page.items.into_iter().map(|(row, _)| row).collect(),
            next: page.next,
        })
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DailyQuery {
    /// The first day
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<Day>,
    /// The last day
    #[param(value_type = Option<chrono::NaiveDate>)]
    to: Option<Day>,
    /// A sales channel
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    /// ISO 4217
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
    /// Rows of a page
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Limit,
    /// Where the page before ended, as its `next` has it
    #[param(value_type = Option<String>)]
    after: Option<String>,
}

/// Sales by day, currency and channel
#[utoipa::path(get, path = "/sales/daily", tag = "sales", params(DailyQuery), responses(
    (status = 200, description = "A page of days", content((Page<DailySales> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn daily(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<DailyQuery>,
) -> Result<Written, Problem> {
    let days = days(asked.from, asked.to)?;
    let after = cursor::read(&uri, asked.after.as_deref())?;
    let after = after.map(|(sales_date, currency, channel)| DailyKey {
        sales_date,
        currency,
        channel,
    });
    let page_uri = uri.clone();
    app.list(&uri, form, move |session| async move {
        let found = console::daily_sales(
            &session,
            days,
            asked.channel.as_ref().map(|channel| channel.0.as_str()),
            asked.currency.as_ref().map(|currency| currency.0.as_str()),
            after.as_ref(),
            i64::from(asked.limit.0) + 1,
        )
        .await?;
        session.release();
        Ok(page_of(
            &page_uri,
            asked.limit.0,
            found,
            |row: &DailySales| (row.sales_date, row.currency.clone(), row.channel.clone()),
        ))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChannelQuery {
    /// The first day
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<Day>,
    /// The last day
    #[param(value_type = Option<chrono::NaiveDate>)]
    to: Option<Day>,
    /// A sales channel
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    /// ISO 4217
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
}

/// Sales by hour of the week
#[utoipa::path(get, path = "/sales/hours", tag = "sales", params(ChannelQuery), responses(
    (status = 200, description = "Hours", content((Page<HourSales> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn hours(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<ChannelQuery>,
) -> Result<Written, Problem> {
    let days = days(asked.from, asked.to)?;
    app.list(&uri, form, move |session| async move {
        let channel = asked.channel.as_ref().map(|channel| channel.0.as_str());
        let currency = asked.currency.as_ref().map(|currency| currency.0.as_str());
        let found: Vec<HourSales> = console::hour_sales(&session, days, channel, currency).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

/// Sales of the whole stretch, and of the one before it
#[utoipa::path(get, path = "/sales/totals", tag = "sales", params(ChannelQuery), responses(
    (status = 200, description = "A row a currency", content((Page<SalesTotals> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn totals(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<ChannelQuery>,
) -> Result<Written, Problem> {
    let days = days(asked.from, asked.to)?;
    app.list(&uri, form, move |session| async move {
        let channel = asked.channel.as_ref().map(|channel| channel.0.as_str());
        let currency = asked.currency.as_ref().map(|currency| currency.0.as_str());
        let found: Vec<SalesTotals> =
            console::sales_totals(&session, days, channel, currency).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CategoryQuery {
    /// The first day
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<Day>,
    /// The last day
    #[param(value_type = Option<chrono::NaiveDate>)]
    to: Option<Day>,
    /// A category's name
    #[param(value_type = Option<String>, min_length = 1, max_length = 64)]
    category: Option<Words>,
    /// ISO 4217
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
}

/// Sales by category
#[utoipa::path(get, path = "/categories", tag = "sales", params(CategoryQuery), responses(
    (status = 200, description = "Categories", content((Page<CategorySales> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn categories(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<CategoryQuery>,
) -> Result<Written, Problem> {
    let days = days(asked.from, asked.to)?;
    app.list(&uri, form, move |session| async move {
        let category = asked.category.as_ref().map(|category| category.0.as_str());
        let currency = asked.currency.as_ref().map(|currency| currency.0.as_str());
        let found: Vec<CategorySales> =
            console::categories(&session, days, category, currency).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DaysQuery {
    /// The first day
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<Day>,
    /// The last day
    #[param(value_type = Option<chrono::NaiveDate>)]
    to: Option<Day>,
    /// ISO 4217
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
}

/// Sales by country
#[utoipa::path(get, path = "/countries", tag = "sales", params(DaysQuery), responses(
    (status = 200, description = "Countries", content((Page<CountrySales> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn countries(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<DaysQuery>,
) -> Result<Written, Problem> {
    let days = days(asked.from, asked.to)?;
    app.list(&uri, form, move |session| async move {
        let currency = asked.currency.as_ref().map(|currency| currency.0.as_str());
        let found: Vec<CountrySales> = console::countries(&session, days, currency).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

/// Orders by payment method
#[utoipa::path(get, path = "/payments", tag = "sales", params(DaysQuery), responses(
    (status = 200, description = "Methods", content((Page<PaymentSales> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn payments(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<DaysQuery>,
) -> Result<Written, Problem> {
    let days = days(asked.from, asked.to)?;
    app.list(&uri, form, move |session| async move {
        let currency = asked.currency.as_ref().map(|currency| currency.0.as_str());
        let found: Vec<PaymentSales> = console::payments(&session, days, currency).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

/// The currencies in use
#[utoipa::path(get, path = "/currencies", tag = "sales", responses(
    (status = 200, description = "Currencies", content((Page<CurrencySummary> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn currencies(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    _: Asked<NoQuery>,
) -> Result<Written, Problem> {
    app.list(&uri, form, |session| async move {
        let found: Vec<CurrencySummary> = console::currencies(&session).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}
