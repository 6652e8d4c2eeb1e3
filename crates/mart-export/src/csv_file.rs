//! CSV.

use std::io::BufWriter;
use std::path::Path;

use chrono::SecondsFormat;
use warehouse::export::{MartRows, Value};

use crate::ExportError;
use crate::replacing::Replacement;

/// Writes the rows to a file, in place of the one that is there; answers how many. The first line has the columns' names.
/// As in the console, text that a spreadsheet would take for a formula gets a `'` before it.
///
/// # Errors
/// See [`ExportError`].
pub async fn write(mut rows: MartRows, target: &Path) -> Result<u64, ExportError> {
    let wrong = |error: csv::Error| ExportError::file(target, error);
    let (replacement, file) = Replacement::begin(target)?;
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    writer
        .write_record(rows.columns().iter().map(|column| &column.name))
        .map_err(wrong)?;
    let mut count = 0;
    while let Some(row) = rows.next().await? {
        writer
            .write_record(row.into_iter().map(cell))
            .map_err(wrong)?;
        count += 1;
    }
    let buffered = writer
        .into_inner()
        .map_err(|error| ExportError::file(target, error))?;
    let file = buffered
        .into_inner()
        .map_err(|error| ExportError::file(target, error))?;
    replacement.finish(&file)?;
    Ok(count)
}

fn cell(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::Text(text) => text,
        Value::Date(day) => day.to_string(),
        Value::Time(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        Value::Decimal(decimal) => decimal.to_string(),
    }
}
