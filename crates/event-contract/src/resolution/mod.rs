//! Reads datums that were written with a schema from a registry, by Avro's rules of schema resolution.
//!
//! [`compile`] holds the writer's schema against ours once and makes a [`plan`] of it: which of the writer's fields goes
//! where, and which are skipped. [`read`] follows the plan over the bytes, with the same strict reader and the same bounds
//! as for our own schemas. A schema that means the same as one of ours needs no plan: its datums take the fast way.

mod compile;
mod plan;
pub(crate) mod read;
mod skip;

use std::sync::LazyLock;

use thiserror::Error;

use crate::schema::SchemaVersion;
use plan::Plan;

/// A schema that events may have been written with, as one asks a registry for it.
#[derive(Debug)]
pub struct WriterSchema(pub(crate) Form);

#[derive(Debug)]
pub(crate) enum Form {
    /// The same as one of ours, in all that matters for reading.
    Own(SchemaVersion),
    /// Another, from which our events can be read.
    Foreign(Plan),
}

/// Why no event can be read from what a schema describes. For people; foreign text in it is escaped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct UnusableSchema(pub(crate) String);

/// The longest text of a schema that is looked at, in bytes. Ours take 8 KB.
pub const MAX_SCHEMA_BYTES: usize = 256 * 1024;

static OWN_PLANS: LazyLock<Vec<(SchemaVersion, Plan)>> = LazyLock::new(|| {
    let plan_of =
        |version: &SchemaVersion| Some((*version, compile::compile(version.text()).ok()?));
    SchemaVersion::ALL.iter().filter_map(plan_of).collect()
});

impl WriterSchema {
    /// Understands an Avro schema, as JSON text, from the point of view of a reader of our events.
    ///
    /// By Avro's rules: fields are found by name, those that only the writer has are skipped, those that it lacks must
    /// have a default. Stricter than these in what could change an amount or a moment: an amount must be a decimal of
    /// scale 2 in `bytes`, and a time must be in microseconds (or a plain number, which then counts as such).
    ///
    /// # Errors
    /// [`UnusableSchema`] says what does not fit.
    pub fn parse(text: &str) -> Result<WriterSchema, UnusableSchema> {
        if text.len() > MAX_SCHEMA_BYTES {
            return Err(UnusableSchema(format!(
                "a schema of {} bytes, at most {MAX_SCHEMA_BYTES} are read",
                text.len()
            )));
        }
        let plan = compile::compile(text)?;
        // Not by fingerprint: that leaves out the scale of decimals and the unit of times.
        let own = OWN_PLANS.iter().find(|(_, own)| *own == plan);
        Ok(WriterSchema(match own {
            Some((version, _)) => Form::Own(*version),
            None => Form::Foreign(plan),
        }))
    }

    /// The version of ours that it means the same as, if it does.
    pub fn own_version(&self) -> Option<SchemaVersion> {
        match self.0 {
            Form::Own(version) => Some(version),
            Form::Foreign(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_schemas_are_known_however_they_are_written() {
        for version in SchemaVersion::ALL {
            let schema = WriterSchema::parse(version.text()).unwrap();
            assert_eq!(schema.own_version(), Some(*version));
            let mut document: serde_json::Value = serde_json::from_str(version.text()).unwrap();
            document["doc"] = "other words".into();
            document["namespace"] = "com.shop".into();
            let reworded = WriterSchema::parse(&document.to_string()).unwrap();
            assert_eq!(reworded.own_version(), Some(*version));
        }
    }

    /// A schema with another scale has the fingerprint of ours, and would shift every amount.
    #[test]
    fn a_schema_with_another_scale_or_unit_is_not_ours() {
        let text = SchemaVersion::V1.text();
        let other_scale = text.replace("\"scale\": 2", "\"scale\": 4");
        let fault = WriterSchema::parse(&other_scale).unwrap_err().to_string();
        assert_eq!(
            fault,
            "order.subtotal is a decimal of scale 4, ours has scale 2"
        );
        let milliseconds = text.replace("timestamp-micros", "timestamp-millis");
        let fault = WriterSchema::parse(&milliseconds).unwrap_err().to_string();
        assert!(fault.starts_with("event_timestamp is "), "{fault}");
        let bare = text.replace("\"logicalType\": \"decimal\", ", "");
        let fault = WriterSchema::parse(&bare).unwrap_err().to_string();
        assert!(fault.starts_with("order.subtotal is "), "{fault}");
    }

    #[test]
    fn what_is_no_schema_of_events_is_refused_with_why() {
        let why = |text: &str| WriterSchema::parse(text).unwrap_err().to_string();
        assert!(why("").starts_with("not an Avro schema: "));
        assert!(why("{}").starts_with("not an Avro schema: "));
        assert!(
            why(
                r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "com.Other"}]}"#
            )
            .starts_with("not an Avro schema: ")
        );
        assert_eq!(
            why(r#""string""#),
            "the event is a string, ours is a record"
        );
        assert_eq!(
            why(r#"{"type": "record", "name": "Order", "fields": []}"#),
            "the event is a record called Order, ours is TransactionEvent"
        );
        assert_eq!(
            why(r#"{"type": "record", "name": "TransactionEvent", "fields": []}"#),
            "event_id is missing, and has no default"
        );
        assert!(why(&format!("\"{}\"", "x".repeat(MAX_SCHEMA_BYTES))).contains("bytes, at most"));
    }
}
