//! The data dictionary: what the warehouse holds, from the comments in its own catalogue, as Markdown. The same schema
//! gives the same text.

use std::fmt::Write as _;

use tokio_postgres::Row;

use crate::{Session, WarehouseError, sql};

const INTRODUCTION: &str = "\
# Data dictionary

What the warehouse holds, made from the comments in the database itself: change those in a new migration, then run
`make dictionary`. Names of columns that make up the primary key are **bold**. A table's meaning begins with its grain.
";

/// A column, with the table and schema that it is in.
struct Column {
    schema: String,
    schema_meaning: String,
    table: String,
    kind: String,
    table_meaning: String,
    name: String,
    type_name: String,
    may_be_null: bool,
    is_key: bool,
    meaning: String,
}

struct Function {
    schema: String,
    name: String,
    arguments: String,
    result: String,
    meaning: String,
}

/// Reads the catalogue and writes the dictionary. Any role that may connect will do: catalogues are open to all.
///
/// # Errors
/// See [`WarehouseError::class`].
pub async fn render(session: &Session) -> Result<String, WarehouseError> {
    let read = async |query: &'static str| {
        session
            .query(query, &[])
            .await
            .map_err(WarehouseError::database("reading the catalogue"))
    };
    let columns = read(sql!("dictionary/columns.sql")).await?;
    let functions = read(sql!("dictionary/functions.sql")).await?;
    let columns: Vec<Column> = columns.iter().map(column).collect();
    let functions: Vec<Function> = functions.iter().map(function).collect();
    Ok(document(&columns, &functions))
}

fn column(row: &Row) -> Column {
    Column {
        schema: row.get("schema_name"),
        schema_meaning: row.get("schema_meaning"),
        table: row.get("table_name"),
        kind: row.get("kind"),
        table_meaning: row.get("table_meaning"),
        name: row.get("column_name"),
        type_name: row.get("type_name"),
        may_be_null: row.get("may_be_null"),
        is_key: row.get("is_key"),
        meaning: row.get("column_meaning"),
    }
}

fn function(row: &Row) -> Function {
    Function {
        schema: row.get("schema_name"),
        name: row.get("function_name"),
        arguments: row.get("arguments"),
        result: row.get("result"),
        meaning: row.get("meaning"),
    }
}

fn document(columns: &[Column], functions: &[Function]) -> String {
    let mut text = String::from(INTRODUCTION);
    for of_schema in columns.chunk_by(|left, right| left.schema == right.schema) {
        let Some(first) = of_schema.first() else {
            continue;
        };
        push(&mut text, format_args!("\n## {}\n\n", first.schema));
        push(
            &mut text,
            format_args!("{}\n", prose(&first.schema_meaning)),
        );
        for of_table in of_schema.chunk_by(|left, right| left.table == right.table) {
            push_table(&mut text, of_table);
        }
        let own: Vec<&Function> = functions
            .iter()
            .filter(|function| function.schema == first.schema)
            .collect();
        push_functions(&mut text, &own);
    }
    text
}

fn push_table(text: &mut String, columns: &[Column]) {
    let Some(first) = columns.first() else {
        return;
    };
    let (schema, table, kind) = (&first.schema, &first.table, &first.kind);
    push(text, format_args!("\n### {schema}.{table} ({kind})\n\n"));
    push(text, format_args!("{}\n\n", prose(&first.table_meaning)));
    text.push_str("| column | type | null? | meaning |\n|---|---|---|---|\n");
    for column in columns {
        let name = code(&column.name);
        let name = if column.is_key {
            format!("**{name}**")
        } else {
            name
        };
        let null = if column.may_be_null { "null" } else { "" };
        let (type_name, meaning) = (code(&column.type_name), prose(&column.meaning));
        push(
            text,
            format_args!("| {name} | {type_name} | {null} | {meaning} |\n"),
        );
    }
}

fn push_functions(text: &mut String, functions: &[&Function]) {
    let Some(first) = functions.first() else {
        return;
    };
    push(
        text,
        format_args!("\n### Functions of {}\n\n", first.schema),
    );
    text.push_str("| function | answers | meaning |\n|---|---|---|\n");
    for function in functions {
        let signature = format!(
            "{}.{}({})",
            function.schema, function.name, function.arguments
        );
        let (signature, result) = (code(&signature), code(&function.result));
        let meaning = prose(&function.meaning);
        push(
            text,
            format_args!("| {signature} | {result} | {meaning} |\n"),
        );
    }
}

/// Writing to a string cannot fail.
fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

/// A name or a type, which holds no backticks.
fn code(name: &str) -> String {
    format!("`{}`", name.replace('`', "'").replace('|', "\\|"))
}

/// A comment as one line of Markdown in which nothing but `code` is markup.
fn prose(comment: &str) -> String {
    let mut text = String::with_capacity(comment.len());
    let mut is_code = false;
    let mut follows_word = false;
    for character in comment.trim().chars() {
        let is_within_word = std::mem::replace(&mut follows_word, character.is_alphanumeric());
        match character {
            // Within a word it opens nothing.
            '_' if is_within_word => text.push('_'),
            '`' => {
                is_code = !is_code;
                text.push('`');
            }
            '\n' | '\r' | '\t' => text.push(' '),
            // A bar ends a table's cell even within code.
            '|' => text.push_str("\\|"),
            '\\' | '*' | '_' | '<' | '>' | '[' | ']' if !is_code => {
                text.push('\\');
                text.push(character);
            }
            _ => text.push(character),
        }
    }
    if is_code {
        text.push('`');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_comment_is_markup_but_code() {
        assert_eq!(prose("a | b\nc"), "a \\| b c");
        assert_eq!(
            prose("<b> *x* [y](z) fct_orders _sums"),
            "\\<b\\> \\*x\\* \\[y\\](z) fct_orders \\_sums"
        );
        assert_eq!(prose("run `a_b|c` now"), "run `a_b\\|c` now");
        assert_eq!(prose("left `open"), "left `open`");
        assert_eq!(code("numeric(18,2)"), "`numeric(18,2)`");
    }
}
