//! The macros of Grafana's PostgreSQL data source, expanded as its back end does
//! (grafana/pkg/tsdb/grafana-postgresql-datasource/macros.go of Grafana 12.1).

use chrono::{DateTime, SecondsFormat, Utc};

/// A dashboard's time range.
#[derive(Debug, Clone, Copy)]
pub struct TimeRange {
    /// Where it begins.
    pub from: DateTime<Utc>,
    /// Where it ends.
    pub to: DateTime<Utc>,
}

/// Why a macro cannot be expanded.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MacroError {
    /// There is none of this name.
    #[error("unknown macro ${0}")]
    Unknown(String),
    /// It takes other arguments.
    #[error("${name} does not take {arguments:?}")]
    Arguments {
        /// The macro.
        name: String,
        /// What it was given.
        arguments: Vec<String>,
    },
}

/// The SQL with every `$macro(arguments)` expanded. As in Grafana an argument cannot hold a closing parenthesis, and
/// quotes and comments mean nothing.
///
/// # Errors
/// Where a macro is unknown, or its arguments are not what it takes.
pub fn expand(sql: &str, range: TimeRange) -> Result<String, MacroError> {
    let mut expanded = String::new();
    let mut rest = sql;
    while let Some(begin) = rest.find('$') {
        let (before, tail) = rest.split_at(begin);
        expanded.push_str(before);
        let Some((name, arguments, after)) = call(tail) else {
            expanded.push('$');
            rest = tail.strip_prefix('$').unwrap_or_default();
            continue;
        };
        let arguments: Vec<&str> = arguments.split(',').map(|a| a.trim_matches(' ')).collect();
        // An old way of calling it, which Grafana still understands.
        let name = match name {
            "__timeGroup" if after.starts_with(',') => "__timeGroupAlias",
            other => other,
        };
        expanded.push_str(&evaluate(name, &arguments, range)?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The name, the arguments and what follows, where a text that begins with `$` begins with a call.
fn call(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix('$')?;
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
    let (name, tail) = text.split_at(end);
    let (arguments, after) = tail.strip_prefix('(')?.split_once(')')?;
    (!name.is_empty()).then_some((name, arguments, after))
}

fn evaluate(name: &str, arguments: &[&str], range: TimeRange) -> Result<String, MacroError> {
    let time = |at: DateTime<Utc>| format!("'{}'", at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let wrong = || MacroError::Arguments {
        name: name.to_owned(),
        arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
    };
    let column = match arguments {
        [column, ..] if !column.is_empty() => Some(*column),
        _ => None,
    };
    Ok(match name {
        "__time" => format!("{} AS \"time\"", column.ok_or_else(wrong)?),
        "__timeFilter" => format!(
            "{} BETWEEN {} AND {}",
            column.ok_or_else(wrong)?,
            time(range.from),
            time(range.to)
        ),
        "__timeFrom" => time(range.from),
        "__timeTo" => time(range.to),
        "__timeGroup" | "__timeGroupAlias" => {
            let interval = arguments.get(1).ok_or_else(wrong)?;
            let seconds = interval_seconds(interval.trim_matches('\'')).ok_or_else(wrong)?;
            let group = format!(
                "floor(extract(epoch from {})/{seconds})*{seconds}",
                column.ok_or_else(wrong)?
            );
            match name {
                "__timeGroup" => group,
                _ => format!("{group} AS \"time\""),
            }
        }
        other => return Err(MacroError::Unknown(other.to_owned())),
    })
}

/// Whole seconds of an interval such as `30s`, `5m` or `1d`.
fn interval_seconds(interval: &str) -> Option<u64> {
    let unit = interval.chars().last()?;
    let count: u64 = interval.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        'w' => 7 * 86400,
        _ => return None,
    };
    count.checked_mul(seconds).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn range() -> TimeRange {
        TimeRange {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T12:30:00.5Z".parse().unwrap(),
        }
    }

    #[test]
    fn macros_become_what_grafana_makes_of_them() {
        for (sql, expected) in [
            (
                "WHERE $__timeFilter(a.day) AND b",
                "WHERE a.day BETWEEN '2026-11-01T00:00:00Z' AND '2026-11-02T12:30:00.500Z' AND b",
            ),
            ("$__timeFrom()::date", "'2026-11-01T00:00:00Z'::date"),
            ("$__timeTo()", "'2026-11-02T12:30:00.500Z'"),
            (
                "$__timeGroup(at, '5m')",
                "floor(extract(epoch from at)/300)*300",
            ),
            (
                "$__timeGroup(at,1h), x",
                "floor(extract(epoch from at)/3600)*3600 AS \"time\", x",
            ),
            (
                "$__timeGroupAlias(at, '1d')",
                "floor(extract(epoch from at)/86400)*86400 AS \"time\"",
            ),
            ("costs $5 (net)", "costs $5 (net)"),
            ("a $ b", "a $ b"),
        ] {
            assert_eq!(expand(sql, range()).unwrap(), expected);
        }
    }

    #[test]
    fn what_grafana_refuses_is_refused() {
        for sql in [
            "$__timeFliter(at)",
            "$__timeFilter()",
            "$__timeGroup(at)",
            "$__timeGroup(at, 'a day')",
            "$__timeGroup(at, '0s')",
        ] {
            assert!(expand(sql, range()).is_err(), "{sql}");
        }
    }
}
