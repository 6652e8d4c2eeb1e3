//! One function a path.

pub(crate) mod customers;
pub(crate) mod drill;
pub(crate) mod pipeline;
pub(crate) mod runs;
pub(crate) mod sales;

use axum::http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::IntoResponses;

use crate::answer::Page;
use crate::cursor;
use crate::problem::ProblemDetails;

/// The query of a path that takes none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// What any reading path may answer instead.
#[derive(IntoResponses)]
#[allow(dead_code)] // for the description alone
pub(crate) enum ReadingProblems {
    /// The query cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemDetails),
    /// Neither JSON nor CSV is accepted
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(ProblemDetails),
    /// The query cannot be answered
    #[response(status = 422, content_type = "application/problem+json")]
    Unanswerable(ProblemDetails),
    /// The warehouse is away
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDetails),
}

/// A list that is given whole.
fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}

/// A page of at most `limit` rows out of one row more, if there is one, which tells that another page follows.
fn page_of<T, K: Serialize>(
    uri: &Uri,
    limit: u32,
    mut items: Vec<T>,
    key: impl FnOnce(&T) -> K,
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| has_more)
        .map(|last| cursor::next_path(uri, &cursor::write(uri, key(last))));
    Page { items, next }
}
