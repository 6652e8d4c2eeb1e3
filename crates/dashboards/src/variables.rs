//! Variables of a dashboard, put into its SQL as Grafana's front end does (`@grafana/scenes` 6.29, `sceneInterpolator` and
//! `formatRegistry`), before the macros are expanded.

use std::collections::BTreeMap;

/// What a variable stands for at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// One value.
    One(String),
    /// Several, of a variable that takes several.
    Many(Vec<String>),
    /// All, of a variable with an `allValue`: Grafana puts that in as it stands, whatever the format.
    All(String),
}

/// A place in a text where Grafana puts in a variable, if it knows one of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The variable's name.
    pub name: String,
    /// After the colon; empty where there is none.
    pub format: String,
    /// Of the reference in the text, in bytes.
    pub place: std::ops::Range<usize>,
}

/// Every `$name`, `${name}`, `${name:format}` and `[[name]]`, in order; a macro such as `$__timeFrom()` looks like one, too.
pub fn references(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
        match reference_at(rest) {
            Some((name, format, length)) => {
                found.push(Reference {
                    name: name.to_owned(),
                    format: format.to_owned(),
                    place: position..position + length,
                });
                position += length;
            }
            None => position += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

fn reference_at(text: &str) -> Option<(&str, &str, usize)> {
    for (open, close) in [("${", "}"), ("[[", "]]")] {
        if let Some((inside, _)) = text.strip_prefix(open).and_then(|t| t.split_once(close)) {
            let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
            return Some((name, format, open.len() + inside.len() + close.len()));
        }
    }
    let name = text.strip_prefix('$')?;
    let end = name
        .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .unwrap_or(name.len());
    let (name, _) = name.split_at(end);
    (!name.is_empty()).then_some((name, "", 1 + end))
}

/// The text with the variables put in, once: what comes with a value is not looked at again. References to what is not
/// among the variables stay as they are.
///
/// # Errors
/// The name of a variable that is asked for in another form than `sqlstring`: SQL takes no other.
pub fn put_in(text: &str, variables: &BTreeMap<String, Chosen>) -> Result<String, String> {
    let mut result = String::new();
    let mut position = 0;
    for reference in references(text) {
        let Some(chosen) = variables.get(&reference.name) else {
            continue;
        };
        result.push_str(
            text.get(position..reference.place.start)
                .unwrap_or_default(),
        );
        // Made by Grafana, not by people.
        let is_grafanas_own = reference.name.starts_with("__");
        match chosen {
            Chosen::One(value) if is_grafanas_own => result.push_str(value),
            _ if reference.format != "sqlstring" => return Err(reference.name),
            Chosen::All(all) => result.push_str(all),
            Chosen::One(value) => result.push_str(&sql_string(value)),
            Chosen::Many(values) => {
                let values: Vec<String> = values.iter().map(|value| sql_string(value)).collect();
                result.push_str(&values.join(","));
            }
        }
        position = reference.place.end;
    }
    result.push_str(text.get(position..).unwrap_or_default());
    Ok(result)
}

/// Grafana's `sqlstring`. The backslash before a double quote is its own: the value is another one then, but stays a value.
fn sql_string(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn variables() -> BTreeMap<String, Chosen> {
        [
            ("one", Chosen::One("it's ${many}".to_owned())),
            (
                "many",
                Chosen::Many(vec!["a".to_owned(), "b'\"\\".to_owned()]),
            ),
            ("all", Chosen::All("'*'".to_owned())),
            ("__interval", Chosen::One("5m".to_owned())),
        ]
        .map(|(name, chosen)| (name.to_owned(), chosen))
        .into()
    }

    #[test]
    fn values_are_quoted_and_not_looked_at_again() {
        for (text, expected) in [
            ("x = ${one:sqlstring};", "x = 'it''s ${many}';"),
            ("x IN (${many:sqlstring})", "x IN ('a','b''\\\"\\')"),
            ("x IN (${all:sqlstring})", "x IN ('*')"),
            ("$__timeGroup(at, $__interval)", "$__timeGroup(at, 5m)"),
            ("$unknown ${unknown} $1 é$", "$unknown ${unknown} $1 é$"),
        ] {
            assert_eq!(put_in(text, &variables()).unwrap(), expected);
        }
    }

    #[test]
    fn other_forms_are_refused_since_sql_takes_no_other() {
        for text in ["$one", "${one}", "[[one]]", "${many:csv}", "${all:raw}"] {
            assert!(put_in(text, &variables()).is_err(), "{text}");
        }
    }
}
