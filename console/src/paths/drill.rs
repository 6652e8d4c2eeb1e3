//! From a cell to the events behind it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use warehouse::console::{self, Drill};

use super::ReadingProblems;
use crate::app::App;
use crate::ask::{Asked, Channel, Currency, Day, Limit, Words};
use crate::problem::Problem;

/// A mart whose cells can be looked behind.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mart {
    Sales,
    Hour,
    Payment,
    Location,
    Customer,
    Category,
    Product,
    Step,
    Quarantine,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DrillQuery {
    /// Whose cell it is
    #[param(inline)]
    mart: Mart,
    /// The day
    #[param(value_type = Option<chrono::NaiveDate>)]
    date: Option<Day>,
    /// The hour, for `hour`
    hour: Option<DateTime<Utc>>,
    /// ISO 4217
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$")]
    currency: Option<Currency>,
    /// A sales channel
    #[param(value_type = Option<String>)]
    channel: Option<Channel>,
    /// A payment method
    #[param(value_type = Option<String>)]
    payment_method: Option<Words>,
    /// A country's code
    #[param(value_type = Option<String>)]
    country: Option<Words>,
    /// A city
    #[param(value_type = Option<String>)]
    city: Option<Words>,
    /// The shop's number of a customer
    #[param(value_type = Option<String>)]
    customer: Option<Words>,
    /// A category
    #[param(value_type = Option<String>)]
    category: Option<Words>,
    /// The shop's number of a product
    #[param(value_type = Option<String>)]
    product: Option<Words>,
    /// A step of an order's life
    #[param(value_type = Option<String>)]
    step: Option<Words>,
    /// A topic, for `quarantine`
    #[param(value_type = Option<String>)]
    topic: Option<Words>,
    /// A Kafka partition, for `quarantine`
    partition: Option<i32>,
    /// A Kafka offset, for `quarantine`
    offset: Option<i64>,
    /// Rows at most
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// The facts behind a cell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facts {
    /// Events or lines, each with its place in Kafka and its decoded payload.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Box<RawValue>>,
    /// Always null: a cell has no further pages.
    next: Option<String>,
}

/// The events behind a cell of a mart
#[utoipa::path(get, path = "/drill", tag = "pipeline", params(DrillQuery), responses(
    (status = 200, description = "Events or lines with their raw payload", body = Facts),
    ReadingProblems))]
pub(crate) async fn drill(
    State(app): State<Arc<App>>,
    uri: Uri,
    Asked(asked): Asked<DrillQuery>,
) -> Result<Response, Problem> {
    let rows = i32::try_from(asked.limit.0).unwrap_or(100);
    let cell = cell(asked, &uri)?;
    let items = app
        .ask(move |session| async move {
            let facts = console::drill(&session, &cell, rows).await?;
            session.release();
            Ok(facts)
        })
        .await?;
    Ok(Json(Facts { items, next: None }).into_response())
}

/// The cell that a key names, which has all of its parts and no others.
fn cell(asked: DrillQuery, uri: &Uri) -> Result<Drill, Problem> {
    let parts = key_of(asked.mart);
    let names = uri.query().unwrap_or_default().split('&');
    let mut names = names.map(|part| part.split('=').next().unwrap_or_default());
    let has_stranger =
        names.any(|name| !["", "mart", "limit"].contains(&name) && !parts.contains(&name));
    let cell = if has_stranger {
        None
    } else {
        named_cell(asked)
    };
    cell.ok_or_else(|| {
        Problem::bad_request(format!(
            "a cell of this mart is named by {}: give these and no others (city may be left out)",
            parts.join(", ")
        ))
    })
}

fn key_of(mart: Mart) -> &'static [&'static str] {
    match mart {
        Mart::Sales => &["date", "currency", "channel"],
        Mart::Hour => &["hour", "currency", "channel"],
        Mart::Payment => &["date", "currency", "payment_method"],
        Mart::Location => &["date", "currency", "country", "city"],
        Mart::Customer => &["customer", "currency"],
        Mart::Category => &["date", "category", "currency"],
        Mart::Product => &["date", "product", "currency"],
        Mart::Step => &["date", "step"],
        Mart::Quarantine => &["topic", "partition", "offset"],
    }
}

/// Nothing where a part is missing.
fn named_cell(asked: DrillQuery) -> Option<Drill> {
    Some(match asked.mart {
        Mart::Sales => Drill::Sales {
            date: asked.date?.0,
            currency: asked.currency?.0,
            channel: asked.channel?.0,
        },
        Mart::Hour => Drill::Hour {
            hour: asked.hour?,
            currency: asked.currency?.0,
            channel: asked.channel?.0,
        },
        Mart::Payment => Drill::Payment {
            date: asked.date?.0,
            currency: asked.currency?.0,
            payment_method: asked.payment_method?.0,
        },
        Mart::Location => Drill::Location {
            date: asked.date?.0,
            currency: asked.currency?.0,
            country: asked.country?.0,
            city: asked.city.map(|city| city.0),
        },
        Mart::Customer => Drill::Customer {
            customer: asked.customer?.0,
            currency: asked.currency?.0,
        },
        Mart::Category => Drill::Category {
            date: asked.date?.0,
            category: asked.category?.0,
            currency: asked.currency?.0,
        },
        Mart::Product => Drill::Product {
            date: asked.date?.0,
            product: asked.product?.0,
            currency: asked.currency?.0,
        },
        Mart::Step => Drill::Step {
            date: asked.date?.0,
            step: asked.step?.0,
        },
        Mart::Quarantine => Drill::Quarantine {
            topic: asked.topic?.0,
            partition: asked.partition?,
            offset: asked.offset?,
        },
    })
}
