//! A table of MySQL or MariaDB.

use chrono::{Datelike, Timelike};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, Params, Value as Cell};
use rust_decimal::Decimal;
use warehouse::export::{Column, Kind, MartRows, Value};

use crate::{DECIMAL_PRECISION, DECIMAL_SCALE, ExportError, in_ten_thousandths};

const MOST_ROWS_A_STATEMENT: usize = 500;
/// The protocol counts parameters in 16 bits.
const MOST_PARAMETERS: usize = 60_000;

/// Replaces the table `mart` by the rows; answers how many. The table is filled beside, under the name `<mart>__next`, and
/// both are renamed in one statement, which readers see happen at once or not at all.
///
/// `url` is `mysql://user:password@host:port/database`; the user may CREATE, DROP, ALTER, INSERT and SELECT there.
///
/// # Errors
/// See [`ExportError`].
pub async fn write(mut rows: MartRows, url: &str, mart: &str) -> Result<u64, ExportError> {
    // The parser's error repeats the URL, and with it the password.
    let options = Opts::from_url(url).map_err(|_| {
        ExportError::Configuration(
            "MYSQL_URL is malformed: it should look like mysql://user:password@localhost:3306/marts".into(),
        )
    })?;
    let mut connection = Conn::new(options).await?;
    let name = table_name(mart)?;
    lock(&mut connection, &name).await?;
    let columns = rows.columns().to_vec();
    connection
        .query_drop(format!("DROP TABLE IF EXISTS `{name}__next`"))
        .await?;
    connection
        .query_drop(create_statement(&name, &columns)?)
        .await?;
    let count = fill(&mut connection, &name, &columns, &mut rows).await?;
    swap(&mut connection, &name).await?;
    connection.disconnect().await?;
    Ok(count)
}

/// Two at once would fill one table; the lock ends with the connection.
async fn lock(connection: &mut Conn, name: &str) -> Result<(), ExportError> {
    let taken: Option<Option<i64>> = connection
        .exec_first("SELECT GET_LOCK(CONCAT('assay_export_', ?), 0)", (name,))
        .await?;
    if taken.flatten() == Some(1) {
        return Ok(());
    }
    Err(ExportError::MySql(format!(
        "another export of {name} is going on, wait for it"
    )))
}

async fn fill(
    connection: &mut Conn,
    name: &str,
    columns: &[Column],
    rows: &mut MartRows,
) -> Result<u64, ExportError> {
    let at_once = (MOST_PARAMETERS / columns.len().max(1)).clamp(1, MOST_ROWS_A_STATEMENT);
    let mut count = 0;
    loop {
        let mut cells = Vec::with_capacity(at_once * columns.len());
        let mut taken = 0;
        while taken < at_once {
            let Some(row) = rows.next().await? else { break };
            for value in row {
                cells.push(cell(value)?);
            }
            taken += 1;
        }
        if taken == 0 {
            return Ok(count);
        }
        let insert = insert_statement(name, columns.len(), taken);
        connection
            .exec_drop(insert, Params::Positional(cells))
            .await?;
        count += u64::try_from(taken).unwrap_or(u64::MAX);
    }
}

async fn swap(connection: &mut Conn, name: &str) -> Result<(), ExportError> {
    connection
        .query_drop(format!("DROP TABLE IF EXISTS `{name}__old`"))
        .await?;
    let is_there: Option<i64> = connection
        .exec_first(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
            (name,),
        )
        .await?;
    let rename = match is_there {
        Some(_) => format!("RENAME TABLE `{name}` TO `{name}__old`, `{name}__next` TO `{name}`"),
        None => format!("RENAME TABLE `{name}__next` TO `{name}`"),
    };
    connection.query_drop(rename).await?;
    connection
        .query_drop(format!("DROP TABLE IF EXISTS `{name}__old`"))
        .await?;
    Ok(())
}

/// Names cannot be parameters; ours are plain words, and others are refused.
fn table_name(name: &str) -> Result<String, ExportError> {
    let is_plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if is_plain {
        return Ok(name.to_owned());
    }
    Err(ExportError::Configuration(format!(
        "{name} cannot be the name of a table"
    )))
}

fn create_statement(name: &str, columns: &[Column]) -> Result<String, ExportError> {
    let columns = columns
        .iter()
        .map(|column| {
            let kind = match column.kind {
                Kind::Integer => "BIGINT".to_owned(),
                Kind::Text => "TEXT".to_owned(),
                Kind::Date => "DATE".to_owned(),
                Kind::Time => "DATETIME(6)".to_owned(),
                Kind::Decimal => format!("DECIMAL({DECIMAL_PRECISION}, {DECIMAL_SCALE})"),
            };
            Ok(format!("`{}` {kind}", table_name(&column.name)?))
        })
        .collect::<Result<Vec<_>, ExportError>>()?;
    Ok(format!(
        "CREATE TABLE `{name}__next` ({}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        columns.join(", ")
    ))
}

fn insert_statement(name: &str, width: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(","));
    format!(
        "INSERT INTO `{name}__next` VALUES {}",
        vec![row; rows].join(",")
    )
}

fn cell(value: Value) -> Result<Cell, ExportError> {
    let narrow = |number: u32| u8::try_from(number).unwrap_or_default();
    let year =
        |year: i32| u16::try_from(year).map_err(|_| ExportError::Value(format!("the year {year}")));
    Ok(match value {
        Value::Null => Cell::NULL,
        Value::Integer(number) => Cell::Int(number),
        Value::Text(text) => Cell::Bytes(text.into_bytes()),
        Value::Date(day) => Cell::Date(
            year(day.year())?,
            narrow(day.month()),
            narrow(day.day()),
            0,
            0,
            0,
            0,
        ),
        Value::Time(time) => Cell::Date(
            year(time.year())?,
            narrow(time.month()),
            narrow(time.day()),
            narrow(time.hour()),
            narrow(time.minute()),
            narrow(time.second()),
            time.timestamp_subsec_micros().min(999_999),
        ),
        Value::Decimal(decimal) => Cell::Bytes(exactly(decimal)?.into_bytes()),
    })
}

/// The decimal as text, provided that the column holds all of its digits.
fn exactly(decimal: Decimal) -> Result<String, ExportError> {
    in_ten_thousandths(decimal).map(|_| decimal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_plain_words_are_refused() {
        assert!(table_name("sales_performance").is_ok());
        for bad in ["", "a`b", "a b", "A", "ä"] {
            assert!(table_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn statements_have_a_mark_for_every_value() {
        assert_eq!(
            insert_statement("m", 2, 2),
            "INSERT INTO `m__next` VALUES (?,?),(?,?)"
        );
    }
}
