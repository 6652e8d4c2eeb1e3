//! Reading questions: every parameter is known and sound, or the question is refused with a sentence.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use warehouse::console::Days;

use crate::problem::Problem;

/// The longest text that a filter may be.
const LONGEST_TEXT: usize = 256;
const MOST_ROWS: u32 = 1_000;
const CHANNELS: [&str; 4] = ["web", "mobile", "in_store", "import"];

/// The query of a request. Types say `deny_unknown_fields`, so that a misspelt filter is not taken for no filter.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Asked(asked)),
            Err(rejection) => {
                use std::error::Error as _;
                let why = rejection
                    .source()
                    .map_or_else(|| rejection.to_string(), |source| source.to_string());
                Err(Problem::bad_request(format!(
                    "the query cannot be read: {why}"
                )))
            }
        }
    }
}

/// A day from 1900 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub NaiveDate);

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let has_form = text.len() == 10
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-');
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
        day.filter(|day| has_form && (1900..2200).contains(&day.year()))
            .map(Day)
            .ok_or_else(|| "a day is written YYYY-MM-DD, for instance 2026-11-21".to_owned())
    }
}

/// A currency's code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Currency(pub String);

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code.then_some(Currency(text)).ok_or_else(|| {
            "a currency is a code of three capital letters, for instance EUR".to_owned()
        })
    }
}

/// A sales channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Channel(pub String);

impl TryFrom<String> for Channel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        CHANNELS
            .contains(&text.as_str())
            .then_some(Channel(text))
            .ok_or_else(|| format!("a channel is one of {}", CHANNELS.join(", ")))
    }
}

/// A text to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Words(pub String);

impl TryFrom<String> for Words {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.len() > LONGEST_TEXT || text.chars().any(is_never_meant) {
            return Err(format!(
                "a text to filter by has 1 to {LONGEST_TEXT} bytes of UTF-8 and no control characters"
            ));
        }
        Ok(Words(text))
    }
}

/// Bytes that are not UTF-8 come as the replacement character.
fn is_never_meant(character: char) -> bool {
    character.is_control() || character == char::REPLACEMENT_CHARACTER
}

/// The length of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Limit(pub u32);

impl Default for Limit {
    fn default() -> Self {
        Limit(100)
    }
}

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|rows| (1..=MOST_ROWS).contains(rows))
            .map(Limit)
            .ok_or_else(|| {
                format!("limit is a number from 1 to {MOST_ROWS}: follow `next` for more rows")
            })
    }
}

/// The days asked for.
///
/// # Errors
/// Where they end before they begin.
pub(crate) fn days(from: Option<Day>, to: Option<Day>) -> Result<Days, Problem> {
    let days = Days {
        from: from.map(|day| day.0),
        to: to.map(|day| day.0),
    };
    match (days.from, days.to) {
        (Some(from), Some(to)) if from > to => Err(Problem::unanswerable(format!(
            "from ({from}) is after to ({to}): swap them"
        ))),
        _ => Ok(days),
    }
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `application/json`
    Json,
    /// `text/csv`
    Csv,
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        accepted_form(&parts.headers)
    }
}

/// The form that the `Accept` header weighs most; JSON where it says nothing or weighs both the same.
pub(crate) fn accepted_form(headers: &HeaderMap) -> Result<Form, Problem> {
    let mut weights = [None::<f32>; 2];
    let mut is_said = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or("*/*").split(',') {
            is_said = true;
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
            let [json, csv] = &mut weights;
            let raise = |held: &mut Option<f32>| *held = Some(held.unwrap_or(0.0).max(weight));
            match name.as_str() {
                "*/*" | "" => {
                    raise(json);
                }
                "application/json" | "application/*" => raise(json),
                "text/csv" | "text/*" => raise(csv),
                _ => {}
            }
        }
    }
    let [json, csv] = weights.map(|weight| weight.unwrap_or(0.0));
    if !is_said || (json > 0.0 && json >= csv) {
        Ok(Form::Json)
    } else if csv > 0.0 {
        Ok(Form::Csv)
    } else {
        Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "lists are answered as application/json or text/csv: say so in Accept",
        ))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn form(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        accepted_form(&headers).ok()
    }

    #[test]
    fn json_unless_csv_is_wanted() {
        assert_eq!(accepted_form(&HeaderMap::new()).ok(), Some(Form::Json));
        assert_eq!(form("*/*"), Some(Form::Json));
        assert_eq!(form("text/csv"), Some(Form::Csv));
        assert_eq!(
            form("text/csv;q=0.5, application/json;q=0.4"),
            Some(Form::Csv)
        );
        assert_eq!(
            form("text/html,application/xhtml+xml,*/*;q=0.8"),
            Some(Form::Json)
        );
        assert_eq!(form("text/csv, */*;q=0.1"), Some(Form::Csv));
        assert_eq!(form("image/png"), None);
        assert_eq!(form("application/json;q=0"), None);
    }

    #[test]
    fn values_are_sound_or_refused() {
        for good in ["2026-11-21", "1900-01-01", "2199-12-31", "2024-02-29"] {
            assert!(Day::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026-02-30",
            "2026-1-1",
            "12026-01-01",
            "-026-01-01",
            "2026-11-21 ",
            "1899-12-31",
            "today",
        ] {
            assert!(Day::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        for bad in [
            "",
            "0",
            "1001",
            "1000000000",
            "-1",
            "1e3",
            "99999999999999999999",
        ] {
            assert!(Limit::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(Limit::try_from("1000".to_owned()).unwrap(), Limit(1000));
        for bad in ["eur", "EURO", "", "EU'", "ＥＵＲ"] {
            assert!(Currency::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(Words::try_from("'; DROP TABLE".to_owned()).is_ok());
        assert!(Words::try_from("a\0b".to_owned()).is_err());
        assert!(Words::try_from("x".repeat(257)).is_err());
    }
}
