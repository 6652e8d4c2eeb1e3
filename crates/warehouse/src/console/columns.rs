//! Rows whose columns are declared once.

use std::error::Error;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// An exact decimal as PostgreSQL writes it. It stays text all the way: a JSON number would be read as a float.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "1234.50"))]
pub struct Amount(pub String);

impl<'a> FromSql<'a> for Amount {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        String::from_sql(kind, raw).map(Amount)
    }

    fn accepts(kind: &Type) -> bool {
        <String as FromSql>::accepts(kind)
    }
}

/// A value on its way into a table of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words from outside, which may hold anything.
    Text(String),
    /// A number, a time, a truth value: made by this program.
    Plain(String),
    /// Nothing is known.
    Empty,
}

/// What can stand in a cell.
pub trait IntoCell {
    /// The value as text.
    fn cell(&self) -> Cell;
}

impl IntoCell for String {
    fn cell(&self) -> Cell {
        Cell::Text(self.clone())
    }
}

impl IntoCell for Amount {
    fn cell(&self) -> Cell {
        Cell::Plain(self.0.clone())
    }
}

impl IntoCell for NaiveDate {
    fn cell(&self) -> Cell {
        Cell::Plain(self.to_string())
    }
}

impl IntoCell for DateTime<Utc> {
    fn cell(&self) -> Cell {
        Cell::Plain(self.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

macro_rules! plain_cells {
    ($($kind:ty),+) => {
        $(impl IntoCell for $kind {
            fn cell(&self) -> Cell {
                Cell::Plain(self.to_string())
            }
        })+
    };
}
plain_cells!(i32, i64, f64, bool);

impl<T: IntoCell> IntoCell for Option<T> {
    fn cell(&self) -> Cell {
        self.as_ref().map_or(Cell::Empty, IntoCell::cell)
    }
}

/// A row with named columns.
pub trait Columns: Sized {
    /// The columns' names, in their order.
    const NAMES: &'static [&'static str];

    /// Reads the columns by name.
    ///
    /// # Errors
    /// Where the query has no such column, or one of another type.
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error>;

    /// The values, in the order of the names.
    fn cells(&self) -> Vec<Cell>;
}

/// Declares structs whose fields are the columns of a query.
macro_rules! rows {
    ($(
        $(#[$about:meta])*
        $name:ident { $( $(#[$of_field:meta])* $field:ident: $kind:ty, )+ }
    )+) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, PartialEq, serde::Serialize)]
            #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
            pub struct $name {
                $( $(#[$of_field])* pub $field: $kind, )+
            }

            impl $crate::console::Columns for $name {
                const NAMES: &'static [&'static str] = &[$(stringify!($field)),+];

                fn read(row: &tokio_postgres::Row) -> Result<Self, tokio_postgres::Error> {
                    Ok($name { $( $field: row.try_get(stringify!($field))?, )+ })
                }

                fn cells(&self) -> Vec<$crate::console::Cell> {
                    vec![$( $crate::console::IntoCell::cell(&self.$field) ),+]
                }
            }
        )+
    };
}
pub(crate) use rows;
