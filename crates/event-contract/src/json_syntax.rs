//! Whether bytes are JSON that can be trusted to mean one thing: well-formed, no key twice, not nested without end.
//!
//! What the JSON says is judged from contract version 2 on.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::Reason;
use crate::fault::{Fault, quoted};

/// Refuses what is not one trustworthy JSON document. Memory is bounded by the document's size, depth by 127 levels.
pub(crate) fn check(document: &[u8]) -> Result<(), Fault> {
    match serde_json::from_slice::<Unambiguous>(document) {
        Ok(Unambiguous) => Ok(()),
        Err(error) => Err(Fault::new(Reason::BadJson, error.to_string())),
    }
}

/// Any JSON value; keeps nothing of it.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnambiguousVisitor)
    }
}

struct UnambiguousVisitor;

impl<'de> Visitor<'de> for UnambiguousVisitor {
    type Value = Unambiguous;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Unambiguous, A::Error> {
        while values.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unambiguous, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                let message = format!("the key {} stands twice in one object", quoted(&key));
                return Err(A::Error::custom(message));
            }
            keys.insert(key);
            entries.next_value::<Unambiguous>()?;
        }
        Ok(Unambiguous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(document: &str) -> bool {
        check(document.as_bytes()).is_ok()
    }

    #[test]
    fn every_kind_of_value_is_json() {
        assert!(is_accepted(
            r#"{"a":[null,true,-1,18446744073709551615,1.5e3,"ü\u00fc"],"b":{"a":1}} "#
        ));
    }

    #[test]
    fn what_cannot_be_trusted_is_refused() {
        assert!(!is_accepted(r#"{"a":1"#));
        assert!(!is_accepted(r#"{"a":1}{"a":1}"#));
        assert!(!is_accepted(r#"{"a":1,"a":1}"#));
        assert!(!is_accepted(r#"{"a":1,"\u0061":1}"#));
        assert!(!is_accepted(r#"{"a":NaN}"#));
        assert!(!is_accepted("{\"a\":\"tab\there\"}"));
        assert!(!is_accepted(&format!(r#"{{"a":{}}}"#, "9".repeat(400))));
        assert!(check(b"{\"a\":\"\xC3\x28\"}").is_err());
        assert!(check(b"{\"\xED\xA0\x80\":1}").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| {
            let arrays = levels - 1;
            format!(r#"{{"a":{}1{}}}"#, "[".repeat(arrays), "]".repeat(arrays))
        };
        assert!(is_accepted(&nested(127)));
        assert!(!is_accepted(&nested(128)));
        assert!(!is_accepted(&nested(10_000)));
        assert!(check("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
