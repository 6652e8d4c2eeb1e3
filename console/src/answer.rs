//! Lists as JSON or CSV.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;
use warehouse::console::{Cell, Columns};

use crate::ask::Form;
use crate::problem::Problem;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The path of the next page; null on the last one.
    pub next: Option<String>,
}

/// An answer that is written out, and may be given several times.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) form: Form,
    pub(crate) body: Bytes,
    pub(crate) next: Option<String>,
}

impl<T: Serialize + Columns> Page<T> {
    pub(crate) fn write(&self, form: Form) -> Result<Written, Problem> {
        let body = match form {
            Form::Json => serde_json::to_vec(self).map_err(|error| unwritable(&error))?,
            Form::Csv => write_csv(&self.items).map_err(|error| unwritable(&error))?,
        };
        Ok(Written {
            form,
            body: body.into(),
            next: self.next.clone(),
        })
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        let content_type = match self.form {
            Form::Json => "application/json",
            Form::Csv => "text/csv; charset=utf-8; header=present",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        let link = self.next.map(|next| format!("<{next}>; rel=\"next\""));
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            headers.insert(header::LINK, link);
        }
        (headers, self.body).into_response()
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "an answer cannot be written");
    Problem::new(
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        "the answer cannot be written: its operator finds the reason in the console's log",
    )
}

fn write_csv<T: Columns>(rows: &[T]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(T::NAMES)?;
    for row in rows {
        writer.write_record(row.cells().into_iter().map(written_cell))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// Spreadsheets run what begins like a formula, also when it came from a product's name.
fn written_cell(cell: Cell) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Cell::Text(text) | Cell::Plain(text) => text,
        Cell::Empty => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_numbers_are_left_alone() {
        assert_eq!(
            written_cell(Cell::Text("=cmd|' /C calc'!A0".into())),
            "'=cmd|' /C calc'!A0"
        );
        assert_eq!(written_cell(Cell::Text("Kettle".into())), "Kettle");
        assert_eq!(written_cell(Cell::Plain("-1.50".into())), "-1.50");
        assert_eq!(written_cell(Cell::Empty), "");
    }
}
