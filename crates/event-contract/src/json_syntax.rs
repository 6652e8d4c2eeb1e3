//! Whether bytes are JSON that can be trusted to mean one thing: UTF-8, well-formed, no key twice, not nested without
//! end, no number beyond a double. What it says is read by [`crate::decode_json`].

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::Reason;
use crate::fault::{Fault, quoted};

/// The document as text, where it is one trustworthy JSON document. Memory is bounded by the document's size, depth by
/// 127 levels.
pub(crate) fn check(document: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(document).map_err(|error| {
        Fault::new(
            Reason::BadUtf8,
            format!(
                "JSON that is not UTF-8 from byte {} on",
                error.valid_up_to()
            ),
        )
    })?;
    match serde_json::from_str::<Unambiguous>(text) {
        Ok(Unambiguous) => Ok(text),
        Err(error) => Err(why_not(text, &error)),
    }
}

/// `NaN` and `Infinity` are no JSON, but some writers of JSON write them: where they are all that is wrong, that is said.
#[cold]
fn why_not(text: &str, error: &serde_json::Error) -> Fault {
    let with_numbers = text_without_non_finite_numbers(text);
    let is_all = with_numbers != text && serde_json::from_str::<Unambiguous>(&with_numbers).is_ok();
    if is_all {
        return Fault::new(
            Reason::NonFinite,
            "NaN or Infinity stands where JSON has a number",
        );
    }
    Fault::new(Reason::BadJson, error.to_string())
}

/// The text with a 0 for each bare `NaN`, `Infinity` and `-Infinity`; what stands between quotation marks is left alone.
fn text_without_non_finite_numbers(text: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut is_string = false;
    for part in text.split_inclusive('"') {
        let is_escaped = is_string && ends_with_escaped_quote(part);
        if is_string {
            replaced.push_str(part);
        } else {
            let without_infinity = part.replace("-Infinity", "0").replace("Infinity", "0");
            replaced.push_str(&without_infinity.replace("NaN", "0"));
        }
        if part.ends_with('"') && !is_escaped {
            is_string = !is_string;
        }
    }
    replaced
}

/// Whether an odd number of backslashes stands before the quotation mark.
fn ends_with_escaped_quote(part: &str) -> bool {
    let before = part.strip_suffix('"').unwrap_or(part);
    let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\');
    backslashes.count() % 2 == 1
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
        assert!(!is_accepted("{\"a\":\"tab\there\"}"));
        assert!(!is_accepted(&format!(r#"{{"a":{}}}"#, "9".repeat(400))));
        assert!(check(b"{\"a\":\"\xC3\x28\"}").is_err());
        assert!(check(b"{\"\xED\xA0\x80\":1}").is_err());
    }

    #[test]
    fn only_non_finite_numbers_are_called_that() {
        let reason = |document: &str| check(document.as_bytes()).unwrap_err().into_parts().0;
        for document in [
            r#"{"a":NaN}"#,
            r#"{"a":[1,-Infinity],"b":Infinity}"#,
            r#"{"NaN\"":"Infinity","b":{"c":NaN}}"#,
        ] {
            assert_eq!(reason(document), Reason::NonFinite, "{document}");
        }
        for document in [
            r#"{"a":NaN"#,
            r#"{"a":NaN,"a":1}"#,
            r#"{"a":nan}"#,
            r#"{"a":NaNNaN}"#,
            r#"{"a":"NaN}"#,
            r#"{NaN:1}"#,
        ] {
            assert_eq!(reason(document), Reason::BadJson, "{document}");
        }
        assert!(is_accepted(r#"{"a":"NaN","b":"\\"}"#));
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
