//! A mart row by row, with the kinds of its columns, for whoever carries it elsewhere.

use std::pin::Pin;

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::StreamExt;
use futures_util::stream::Fuse;
use rust_decimal::Decimal;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Row, RowStream};

use crate::{Session, WarehouseError};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Integer,
    /// Words.
    Text,
    /// A day.
    Date,
    /// A point in time, to the microsecond.
    Time,
    /// An exact decimal.
    Decimal,
}

/// A column of a mart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A value of a mart.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing is known.
    Null,
    /// See [`Kind::Integer`].
    Integer(i64),
    /// See [`Kind::Text`].
    Text(String),
    /// See [`Kind::Date`].
    Date(NaiveDate),
    /// See [`Kind::Time`].
    Time(DateTime<Utc>),
    /// See [`Kind::Decimal`].
    Decimal(Decimal),
}

macro_rules! marts {
    ($($name:literal),+) => {
        /// The marts that can be carried elsewhere.
        pub const MARTS: &[&str] = &[$($name),+];

        fn query_of(mart: &str) -> Option<&'static str> {
            match mart {
                $($name => Some(concat!("SELECT * FROM gold.", $name)),)+
                _ => None,
            }
        }
    };
}
marts!(
    "sales_performance",
    "sales_hourly",
    "sales_summary",
    "item_category_performance",
    "product_performance",
    "payment_mix",
    "geography_sales",
    "customer_value",
    "customer_segments",
    "cohort_retention",
    "new_customers",
    "order_funnel"
);

/// The rows of a mart as they stood at one moment, read as they are taken.
pub struct MartRows {
    columns: Vec<Column>,
    // Fused: the driver takes a question after the end for a closed connection.
    rows: Pin<Box<Fuse<RowStream>>>,
}

/// Begins to read a mart, one of [`MARTS`].
///
/// # Errors
/// [`WarehouseError::Configuration`] where there is no such mart; otherwise see [`WarehouseError::class`].
pub async fn open(session: &Session, mart: &str) -> Result<MartRows, WarehouseError> {
    let doing = "reading a mart";
    let query = query_of(mart).ok_or_else(|| {
        WarehouseError::Configuration(format!(
            "there is no mart {mart}: there are {}",
            MARTS.join(", ")
        ))
    })?;
    let statement = session
        .prepare(query)
        .await
        .map_err(WarehouseError::database(doing))?;
    let columns = statement
        .columns()
        .iter()
        .map(|column| {
            Ok(Column {
                name: column.name().to_owned(),
                kind: kind_of(column.type_())?,
            })
        })
        .collect::<Result<_, WarehouseError>>()?;
    let none: [&str; 0] = [];
    let rows = session
        .query_raw(&statement, none)
        .await
        .map_err(WarehouseError::database(doing))?;
    Ok(MartRows {
        columns,
        rows: Box::pin(rows.fuse()),
    })
}

impl MartRows {
    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next row, a value for each column; nothing at the end.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, WarehouseError> {
        let Some(row) = self.rows.next().await else {
            return Ok(None);
        };
        let doing = "reading a mart";
        let row = row.map_err(WarehouseError::database(doing))?;
        let columns = row.columns().iter().enumerate();
        columns
            .map(|(index, column)| value(&row, index, column.type_()))
            .collect::<Result<_, _>>()
            .map(Some)
            .map_err(WarehouseError::database(doing))
    }
}

fn kind_of(column: &Type) -> Result<Kind, WarehouseError> {
    match *column {
        Type::INT2 | Type::INT4 | Type::INT8 => Ok(Kind::Integer),
        Type::TEXT => Ok(Kind::Text),
        Type::DATE => Ok(Kind::Date),
        Type::TIMESTAMPTZ => Ok(Kind::Time),
        Type::NUMERIC => Ok(Kind::Decimal),
        ref other => Err(WarehouseError::Inconsistent(format!(
            "a mart has a column of type {other}, which cannot be carried elsewhere"
        ))),
    }
}

fn value(row: &Row, index: usize, column: &Type) -> Result<Value, tokio_postgres::Error> {
    match *column {
        Type::INT2 => read(row, index, |number: i16| Value::Integer(number.into())),
        Type::INT4 => read(row, index, |number: i32| Value::Integer(number.into())),
        Type::INT8 => read(row, index, Value::Integer),
        Type::DATE => read(row, index, Value::Date),
        Type::TIMESTAMPTZ => read(row, index, Value::Time),
        Type::NUMERIC => read(row, index, Value::Decimal),
        _ => read(row, index, Value::Text),
    }
}

fn read<'a, T: FromSql<'a>>(
    row: &'a Row,
    index: usize,
    make: impl FnOnce(T) -> Value,
) -> Result<Value, tokio_postgres::Error> {
    Ok(row
        .try_get::<_, Option<T>>(index)?
        .map_or(Value::Null, make))
}
