//! Customers, and the way of their orders.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;
use warehouse::console::{self, Cohort, CohortKey, FunnelStep, Segment};

use super::{ReadingProblems, page_of, whole};
use crate::answer::{Page, Written};
use crate::app::App;
use crate::ask::{Asked, Currency, Day, Form, Limit, days};
use crate::cursor;
use crate::problem::Problem;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SegmentsQuery {
    /// ISO 4217
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
}

/// Customers by segment
#[utoipa::path(get, path = "/customers/segments", tag = "customers", params(SegmentsQuery), responses(
    (status = 200, description = "Segments", content((Page<Segment> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn segments(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<SegmentsQuery>,
) -> Result<Written, Problem> {
    app.list(&uri, form, move |session| async move {
        let currency = asked.currency.as_ref().map(|currency| currency.0.as_str());
        let found: Vec<Segment> = console::segments(&session, currency).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CohortsQuery {
    /// The first month of cohorts, as its first day
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<Day>,
    /// The last month of cohorts
    #[param(value_type = Option<chrono::NaiveDate>)]
    to: Option<Day>,
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

/// Who came back, by the month of the first order
#[utoipa::path(get, path = "/cohorts", tag = "customers", params(CohortsQuery), responses(
    (status = 200, description = "A page of cohorts", content((Page<Cohort> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn cohorts(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<CohortsQuery>,
) -> Result<Written, Problem> {
    let months = days(asked.from, asked.to)?;
    let after = cursor::read(&uri, asked.after.as_deref())?;
    let after = after.map(|(currency, cohort_month, months_since)| CohortKey {
        currency,
        cohort_month,
        months_since,
    });
    let page_uri = uri.clone();
    app.list(&uri, form, move |session| async move {
        let currency = asked.currency.as_ref().map(|currency| currency.0.as_str());
        let rows = i64::from(asked.limit.0) + 1;
        let found = console::cohorts(&session, months, currency, after.as_ref(), rows).await?;
        session.release();
        Ok(page_of(&page_uri, asked.limit.0, found, |row: &Cohort| {
            (row.currency.clone(), row.cohort_month, row.months_since)
        }))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FunnelQuery {
    /// The first day
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<Day>,
    /// The last day
    #[param(value_type = Option<chrono::NaiveDate>)]
    to: Option<Day>,
}

/// Orders by the steps of their life
#[utoipa::path(get, path = "/funnel", tag = "customers", params(FunnelQuery), responses(
    (status = 200, description = "Steps", content((Page<FunnelStep> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn funnel(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<FunnelQuery>,
) -> Result<Written, Problem> {
    let days = days(asked.from, asked.to)?;
    app.list(&uri, form, move |session| async move {
        let found: Vec<FunnelStep> = console::funnel(&session, days).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}
