//! Which tables the stages work on: the live ones, or those that a rebuild makes beside them.
//!
//! Every statement names its tables with their schema. For a rebuild the same statement is given other schemas, so that
//! there is one text of each and no way to write into the live tables by mistake.

use std::borrow::Cow;

/// The schemas that a rebuild has its own of; `bronze` is read by both.
const REBUILT_SCHEMAS: [&str; 3] = ["silver", "gold", "ops"];
const REBUILT_SUFFIX: &str = "_next";

/// The set of schemas that a session's statements mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layers {
    /// `silver`, `gold` and `ops`.
    #[default]
    Live,
    /// `silver_next`, `gold_next` and `ops_next`, as `ops.prepare_rebuild` makes them.
    Rebuilt,
}

impl Layers {
    /// The statement as it is meant here. `statement` is one of this program's own texts.
    pub fn place(self, statement: &'static str) -> Cow<'static, str> {
        match self {
            Layers::Live => Cow::Borrowed(statement),
            Layers::Rebuilt => Cow::Owned(with_rebuilt_schemas(statement)),
        }
    }
}

fn with_rebuilt_schemas(statement: &str) -> String {
    let mut placed = String::with_capacity(statement.len() + statement.len() / 16);
    let mut is_within_word = false;
    let mut rest = statement;
    while let Some(next) = rest.chars().next() {
        let schema = REBUILT_SCHEMAS.into_iter().find(|schema| {
            !is_within_word
                && rest
                    .strip_prefix(schema)
                    .is_some_and(|after| after.starts_with('.'))
        });
        let taken = match schema {
            Some(schema) => {
                placed.push_str(schema);
                placed.push_str(REBUILT_SUFFIX);
                schema.len()
            }
            None => {
                placed.push(next);
                next.len_utf8()
            }
        };
        is_within_word = next.is_alphanumeric() || next == '_' || next == '.';
        rest = rest.get(taken..).unwrap_or_default();
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_statements_stay_as_they_are() {
        let statement = "SELECT * FROM silver.fct_orders";
        assert!(matches!(
            Layers::Live.place(statement),
            Cow::Borrowed(text) if text == statement
        ));
    }

    #[test]
    fn rebuilt_statements_name_the_schemas_beside() {
        let placed = Layers::Rebuilt.place(
            "INSERT INTO gold.marts SELECT o.gold.x, nextval('silver.keys') FROM (ops.topics), bronze.events AS silver",
        );
        assert_eq!(
            placed,
            "INSERT INTO gold_next.marts SELECT o.gold.x, nextval('silver_next.keys') FROM (ops_next.topics), \
             bronze.events AS silver"
        );
    }

    #[test]
    fn names_that_only_end_like_a_schema_are_left_alone() {
        for text in [
            "quicksilver.x",
            "laptops.x",
            "_gold.x",
            "é.silver",
            "silver_x.y",
        ] {
            assert_eq!(Layers::Rebuilt.place(text), text);
        }
    }
}
