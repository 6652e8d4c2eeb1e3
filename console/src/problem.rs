//! What went wrong, as RFC 9457 has it: a status, and a sentence that says what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use warehouse::{ErrorClass, WarehouseError};

/// An answer that says why there is no other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    retry_after_seconds: Option<u64>,
}

/// The body of a problem.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemDetails {
    /// Always `about:blank`: the status says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What was wrong, and what to do.
    detail: String,
}

impl Problem {
    /// A problem with what was wrong and what to do about it.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            detail: detail.into(),
            retry_after_seconds: None,
        }
    }

    /// The question cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The question can be read, but not answered.
    pub fn unanswerable(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Not at this moment.
    pub fn unavailable(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(1)
    }

    /// Says when to try again.
    pub fn retry_after(mut self, seconds: u64) -> Problem {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<WarehouseError> for Problem {
    /// Whoever asks is not told where the warehouse is, nor what its tables are called: the log is.
    fn from(error: WarehouseError) -> Problem {
        match error.class() {
            ErrorClass::Configuration => {
                tracing::error!(%error, "the warehouse does not have what the console needs");
                Problem::unavailable(
                    "the warehouse does not have what this path needs, or refuses it: its operator finds the reason in the \
                     console's log; `transformer migrate` may be due",
                )
            }
            ErrorClass::Retry => {
                tracing::warn!(%error, "the warehouse is away or too slow");
                Problem::unavailable(
                    "the warehouse is away or did not answer in time: try again, or ask for fewer days",
                )
            }
            ErrorClass::Refused => {
                tracing::info!(%error, "a question that the warehouse cannot answer");
                Problem::unanswerable(
                    "the warehouse cannot take one of these values: see docs/API.md for what each has to be",
                )
            }
            ErrorClass::Fenced | ErrorClass::Stop => {
                tracing::error!(%error, "the warehouse failed");
                Problem::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the warehouse failed in a way that was not foreseen: its operator finds the reason in the console's log",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let details = ProblemDetails {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let body = serde_json::to_vec(&details).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
