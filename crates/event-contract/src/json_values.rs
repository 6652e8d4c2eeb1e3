//! Reads single values out of JSON that [`crate::json_syntax`] has checked: each stays text until its field is known, so
//! that no number passes through a float unasked.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Reason;
use crate::decimal_text;
use crate::fault::Fault;

/// A JSON value as it stands in the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonValue<'a>(&'a str);

/// The fields of one object that were asked for. Others are skipped, as Avro skips what only the writer knows; `null` and
/// absent are the same.
#[derive(Debug)]
pub(crate) struct JsonObject<'a>(Vec<(&'static str, JsonValue<'a>)>);

impl<'a> JsonValue<'a> {
    /// The whole document.
    pub(crate) fn document(text: &'a str) -> JsonValue<'a> {
        JsonValue(text.trim_ascii())
    }

    /// The object's fields of these names.
    pub(crate) fn object(self, names: &'static [&'static str]) -> Result<JsonObject<'a>, Fault> {
        if !self.0.starts_with('{') {
            return Err(self.not_a("an object"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        match deserializer.deserialize_map(FieldsVisitor { names }) {
            Ok(fields) => Ok(JsonObject(fields)),
            Err(error) => Err(Fault::new(Reason::BadJson, error.to_string())),
        }
    }

    /// The list's values: nothing where they are more than `at_most`.
    pub(crate) fn list(self, at_most: usize) -> Result<Option<Vec<JsonValue<'a>>>, Fault> {
        if !self.0.starts_with('[') {
            return Err(self.not_a("a list"));
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        match deserializer.deserialize_seq(ListVisitor { at_most }) {
            Ok(values) => Ok(values),
            Err(error) => Err(Fault::new(Reason::BadJson, error.to_string())),
        }
    }

    pub(crate) fn text(self) -> Result<String, Fault> {
        if !self.0.starts_with('"') {
            return Err(self.not_a("text"));
        }
        serde_json::from_str(self.0).map_err(|error| Fault::new(Reason::BadJson, error.to_string()))
    }

    /// A number's digits; nothing for anything else.
    pub(crate) fn number(self) -> Option<&'a str> {
        self.0
            .starts_with(|first: char| first == '-' || first.is_ascii_digit())
            .then_some(self.0)
    }

    /// A whole number that fits 64 bits.
    pub(crate) fn whole_number(self) -> Result<Option<i64>, Fault> {
        let digits = self.number().ok_or_else(|| self.not_a("a number"))?;
        Ok(decimal_text::whole_number(digits))
    }

    #[cold]
    fn not_a(self, expected: &str) -> Fault {
        let found = match self.0.as_bytes().first() {
            Some(b'"') => "text",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        };
        Fault::new(
            Reason::BadJson,
            format!("{found} where {expected} must stand"),
        )
    }
}

impl<'a> JsonObject<'a> {
    /// A field's value, unless it is absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<JsonValue<'a>> {
        let (_, value) = self.0.iter().find(|(found, _)| *found == name)?;
        (value.0 != "null").then_some(*value)
    }

    /// As [`JsonObject::get`], of a field that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<JsonValue<'a>, Fault> {
        self.get(name)
            .ok_or_else(|| Fault::new(Reason::MissingField, "absent or null"))
    }
}

struct FieldsVisitor {
    names: &'static [&'static str],
}

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Vec<(&'static str, JsonValue<'de>)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::with_capacity(self.names.len());
        while let Some(known) = entries.next_key_seed(KeySeed { names: self.names })? {
            match known {
                Some(name) => {
                    let value: &RawValue = entries.next_value()?;
                    found.push((name, JsonValue(value.get())));
                }
                None => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Finds a key among those that were asked for, without keeping the others.
struct KeySeed {
    names: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Option<&'static str>;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        let key: Cow<'de, str> = serde::Deserialize::deserialize(deserializer)?;
        Ok(self.names.iter().copied().find(|name| *name == key))
    }
}

struct ListVisitor {
    at_most: usize,
}

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Option<Vec<JsonValue<'de>>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        let mut count = 0_usize;
        while let Some(value) = values.next_element::<&RawValue>()? {
            count += 1;
            if count <= self.at_most {
                found.push(JsonValue(value.get()));
            }
        }
        Ok((count <= self.at_most).then_some(found))
    }
}
