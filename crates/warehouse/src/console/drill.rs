//! From a cell of a mart to the events behind it, by the functions that the warehouse has for that.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::value::RawValue;
use tokio_postgres::types::ToSql;

use crate::{Session, WarehouseError, sql};

/// A cell of a mart, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the fields are the key's columns
pub enum Drill {
    /// Of sales by day.
    Sales {
        date: NaiveDate,
        currency: String,
        channel: String,
    },
    /// Of sales by hour.
    Hour {
        hour: DateTime<Utc>,
        currency: String,
        channel: String,
    },
    /// Of payments.
    Payment {
        date: NaiveDate,
        currency: String,
        payment_method: String,
    },
    /// Of sales by place; a whole country without a city.
    Location {
        date: NaiveDate,
        currency: String,
        country: String,
        city: Option<String>,
    },
    /// A customer in a currency.
    Customer { customer: String, currency: String },
    /// Of sales by category.
    Category {
        date: NaiveDate,
        category: String,
        currency: String,
    },
    /// Of sales by product.
    Product {
        date: NaiveDate,
        product: String,
        currency: String,
    },
    /// Of the funnel.
    Step { date: NaiveDate, step: String },
    /// A record in quarantine.
    Quarantine {
        topic: String,
        partition: i32,
        offset: i64,
    },
}

/// The facts behind the cell, each as the JSON object that PostgreSQL makes of it: kept as text, since a payload can hold
/// numbers that no machine number holds.
///
/// # Errors
/// [`ErrorClass::Configuration`](crate::ErrorClass::Configuration) where the warehouse has no such function yet.
pub async fn drill(
    session: &Session,
    cell: &Drill,
    rows: i32,
) -> Result<Vec<Box<RawValue>>, WarehouseError> {
    match cell {
        Drill::Sales {
            date,
            currency,
            channel,
        } => {
            let query = sql!("console/drill_sales.sql");
            facts(session, query, &[date, currency, channel, &rows]).await
        }
        Drill::Hour {
            hour,
            currency,
            channel,
        } => {
            let query = sql!("console/drill_hour.sql");
            facts(session, query, &[hour, currency, channel, &rows]).await
        }
        Drill::Payment {
            date,
            currency,
            payment_method,
        } => {
            let query = sql!("console/drill_payment.sql");
            facts(session, query, &[date, currency, payment_method, &rows]).await
        }
        Drill::Location {
            date,
            currency,
            country,
            city,
        } => {
            let query = sql!("console/drill_location.sql");
            facts(session, query, &[date, currency, country, city, &rows]).await
        }
        Drill::Customer { customer, currency } => {
            let query = sql!("console/drill_customer.sql");
            facts(session, query, &[customer, currency, &rows]).await
        }
        Drill::Category {
            date,
            category,
            currency,
        } => {
            let query = sql!("console/drill_category.sql");
            facts(session, query, &[date, category, currency, &rows]).await
        }
        Drill::Product {
            date,
            product,
            currency,
        } => {
            let query = sql!("console/drill_product.sql");
            facts(session, query, &[date, product, currency, &rows]).await
        }
        Drill::Step { date, step } => {
            let query = sql!("console/drill_step.sql");
            facts(session, query, &[date, step, &rows]).await
        }
        Drill::Quarantine {
            topic,
            partition,
            offset,
        } => {
            let query = sql!("console/drill_quarantine.sql");
            facts(session, query, &[topic, partition, offset]).await
        }
    }
}

async fn facts(
    session: &Session,
    query: &'static str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Box<RawValue>>, WarehouseError> {
    let doing = "looking behind a cell";
    let statement = session
        .prepare_cached(query)
        .await
        .map_err(WarehouseError::database(doing))?;
    let rows = session
        .query(&statement, parameters)
        .await
        .map_err(WarehouseError::database(doing))?;
    rows.iter()
        .map(|row| {
            let text: String = row
                .try_get("fact")
                .map_err(WarehouseError::database(doing))?;
            RawValue::from_string(text).map_err(|error| {
                WarehouseError::Inconsistent(format!("PostgreSQL's JSON cannot be read: {error}"))
            })
        })
        .collect()
}
