//! What the answer to `GET /schemas/ids/{id}` means. Pure.

use serde::Deserialize;

/// The registry's word on an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The schema, as its text.
    Schema(String),
    /// There is no such schema.
    Unknown,
    /// There is one, but no event can be read with it: why, for people.
    Unusable(String),
}

/// `Schema not found`, in the error codes of the API.
const SCHEMA_NOT_FOUND: i64 = 40403;

#[derive(Deserialize)]
struct Found {
    schema: String,
    /// Absent for Avro.
    #[serde(rename = "schemaType")]
    schema_type: Option<String>,
    references: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
struct Refusal {
    error_code: i64,
}

/// Understands an HTTP status and body.
///
/// # Errors
/// What is no registry's answer to this question, as a half sentence for people: the registry is away, or what answers is
/// none. A bare 404 is among it: a wrong path in the address must not turn good events into refused ones.
pub fn understand(status: u16, body: &[u8]) -> Result<Answer, String> {
    match status {
        200 => understand_found(body),
        404 => match serde_json::from_slice::<Refusal>(body) {
            Ok(refusal) if refusal.error_code == SCHEMA_NOT_FOUND => Ok(Answer::Unknown),
            _ => Err(
                "it answers 404, but not that the schema is unknown: check the path in \
                      SCHEMA_REGISTRY_URL"
                    .into(),
            ),
        },
        401 | 403 => Err(format!(
            "it answers {status}: check SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD"
        )),
        300..=399 => Err(format!(
            "it answers {status} and points elsewhere: set SCHEMA_REGISTRY_URL to where it points"
        )),
        _ => Err(format!("it answers {status}")),
    }
}

fn understand_found(body: &[u8]) -> Result<Answer, String> {
    let found: Found = serde_json::from_slice(body).map_err(|error| {
        // The library's message cites the document at most by its kinds and numbers of lines.
        format!(
            "its answer is not that of a schema registry (line {}, column {})",
            error.line(),
            error.column()
        )
    })?;
    match found.schema_type.as_deref() {
        None | Some("AVRO") => {}
        Some("JSON" | "PROTOBUF") => {
            return Ok(Answer::Unusable("the schema is not an Avro schema".into()));
        }
        Some(_) => {
            return Ok(Answer::Unusable(
                "the schema is of a kind that nobody here knows".into(),
            ));
        }
    }
    if found
        .references
        .is_some_and(|references| !references.is_empty())
    {
        let why =
            "the schema refers to other subjects, which is not supported: register it in one piece";
        return Ok(Answer::Unusable(why.into()));
    }
    Ok(Answer::Schema(found.schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_registries() {
        let schema = |text: &str| Ok(Answer::Schema(text.into()));
        assert_eq!(
            understand(200, br#"{"schema": "\"string\""}"#),
            schema("\"string\"")
        );
        assert_eq!(
            understand(
                200,
                br#"{"schema":"x","schemaType":"AVRO","references":[],"id":1,"guid":"g"}"#
            ),
            schema("x")
        );
        assert!(matches!(
            understand(200, br#"{"schema":"syntax","schemaType":"PROTOBUF"}"#),
            Ok(Answer::Unusable(_))
        ));
        let with_references =
            br#"{"schema":"x","references":[{"name":"a","subject":"b","version":1}]}"#;
        assert!(matches!(
            understand(200, with_references),
            Ok(Answer::Unusable(_))
        ));
        let unknown = br#"{"error_code":40403,"message":"Schema 9 not found"}"#;
        assert_eq!(understand(404, unknown), Ok(Answer::Unknown));
    }

    #[test]
    fn all_else_means_that_it_is_away() {
        for (status, body) in [
            (200, &b""[..]),
            (200, b"<html>"),
            (200, br#"{"schema": 7}"#),
            (200, br#"{"schema": "x""#),
            (200, b"\xFF"),
            (204, b""),
            (404, b"not found"),
            (404, br#"{"error_code":404,"message":"HTTP 404 Not Found"}"#),
            (
                404,
                br#"{"error_code":40401,"message":"Subject not found"}"#,
            ),
            (302, b""),
            (401, b""),
            (403, b""),
            (429, b""),
            (
                500,
                br#"{"error_code":50001,"message":"Error in the backend datastore"}"#,
            ),
            (503, b""),
        ] {
            assert!(understand(status, body).is_err(), "{status}");
        }
    }
}
