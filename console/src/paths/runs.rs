//! Runs: what became of them, and asking for one.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use warehouse::console::{self, Run};

use super::{NoQuery, ReadingProblems, page_of};
use crate::answer::{Page, Written};
use crate::app::App;
use crate::ask::{Asked, Form, Limit};
use crate::cursor;
use crate::problem::{Problem, ProblemDetails};

const LARGEST_BODY: usize = 4 * 1024;
/// A client that is still sending does not read an answer: so much more of its body is read and thrown away.
const MOST_THROWN_AWAY: usize = 16 * 1024 * 1024;
const PATIENCE_WITH_BODY: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Rows of a page
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Limit,
    /// Where the page before ended, as its `next` has it
    #[param(value_type = Option<String>)]
    after: Option<String>,
}

/// Runs, newest first
#[utoipa::path(get, path = "/runs", tag = "runs", params(RunsQuery), responses(
    (status = 200, description = "A page of runs", content((Page<Run> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<RunsQuery>,
) -> Result<Written, Problem> {
    let before: Option<i64> = cursor::read(&uri, asked.after.as_deref())?;
    let page_uri = uri.clone();
    app.list(&uri, form, move |session| async move {
        let found = console::runs(&session, before, i64::from(asked.limit.0) + 1).await?;
        session.release();
        Ok(page_of(&page_uri, asked.limit.0, found, |run: &Run| {
            run.run_id
        }))
    })
    .await
}

/// One run
#[utoipa::path(get, path = "/runs/{id}", tag = "runs", params(("id" = i64, Path, description = "Its number")), responses(
    (status = 200, description = "The run", body = Run),
    (status = 404, description = "There is no such run", body = ProblemDetails, content_type = "application/problem+json"),
    ReadingProblems))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    _: Asked<NoQuery>,
) -> Result<Json<Run>, Problem> {
    let no_such_run = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "there is no such run: /runs lists them",
        )
    };
    let run_id: i64 = id.parse().map_err(|_| no_such_run())?;
    find(&app, run_id).await?.map(Json).ok_or_else(no_such_run)
}

async fn find(app: &App, run_id: i64) -> Result<Option<Run>, Problem> {
    app.ask(move |session| async move {
        let run = console::run(&session, run_id).await?;
        session.release();
        Ok(run)
    })
    .await
}

/// What a run is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Take everything that bronze holds now to gold.
    #[default]
    Drain,
    /// Derive silver and gold anew; needs the owner's rights.
    Rebuild,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunRequest {
    #[serde(default)]
    mode: Mode,
    /// Not offered: a rebuild derives everything.
    from: Option<String>,
}

/// What asking for a run may be answered with instead.
#[derive(IntoResponses)]
#[allow(dead_code)] // for the description alone
pub(crate) enum WritingProblems {
    /// The body cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(ProblemDetails),
    /// No token or a wrong one
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(ProblemDetails),
    /// Writing is off, or the request comes from another page
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemDetails),
    /// The body took too long to come
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(ProblemDetails),
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemDetails),
    /// The body is no JSON
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedType(ProblemDetails),
    /// It is not offered
    #[response(status = 422, content_type = "application/problem+json")]
    Unanswerable(ProblemDetails),
    /// Too many requests
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(ProblemDetails),
    /// The warehouse is away
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDetails),
}

/// Ask for a run now
#[utoipa::path(post, path = "/run-etl", tag = "runs", request_body(content = Option<RunRequest>, content_type = "application/json"),
    security(("token" = [])), responses(
    (status = 202, description = "The run that was asked for, or the one that is waiting or running", body = Run,
     headers(("Location" = String, description = "Its path"))),
    WritingProblems))]
pub(crate) async fn request(
    State(app): State<Arc<App>>,
    _: Asked<NoQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let admitted = app.guard.admit(&parts.headers);
    // Read either way, so that a client that is refused while it sends gets to read why.
    let body = read_body(body).await;
    admitted?;
    let wanted = read_request(&parts.headers, &body?)?;
    let kind = match wanted.mode {
        Mode::Drain => "manual",
        Mode::Rebuild => "rebuild",
    };
    let session = app.writing_session().await?;
    let run_id = console::request_run(&session, kind, "console").await?;
    session.release();
    let run = find(&app, run_id).await?;
    let location = format!("/runs/{run_id}");
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(run),
    )
        .into_response())
}

async fn read_body(body: Body) -> Result<Vec<u8>, Problem> {
    let reading = async {
        let mut chunks = body.into_data_stream();
        let (mut read, mut length) = (Vec::new(), 0);
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|_| Problem::bad_request("the body broke off: send it again"))?;
            length += chunk.len();
            if length <= LARGEST_BODY {
                read.extend_from_slice(&chunk);
            } else if length > MOST_THROWN_AWAY {
                break;
            }
        }
        if length > LARGEST_BODY {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "a body of more than {LARGEST_BODY} bytes: {{\"mode\":\"drain\"}} is enough"
                ),
            ));
        }
        Ok(read)
    };
    tokio::time::timeout(PATIENCE_WITH_BODY, reading)
        .await
        .unwrap_or_else(|_| {
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not come within 5 s: send it again",
            ))
        })
}

fn read_request(headers: &HeaderMap, body: &[u8]) -> Result<RunRequest, Problem> {
    if body.is_empty() {
        return Ok(RunRequest::default());
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let is_json = content_type.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    });
    if !is_json {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "a body is JSON: send it with Content-Type: application/json, or send none",
        ));
    }
    let wanted: Option<RunRequest> = serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body cannot be read: {error}")))?;
    let wanted = wanted.unwrap_or_default();
    match (&wanted.from, wanted.mode) {
        (None, _) => Ok(wanted),
        (Some(_), Mode::Drain) => Err(Problem::unanswerable(
            "`from` belongs to a rebuild: leave it out, a drain takes everything that waits",
        )),
        (Some(_), Mode::Rebuild) => Err(Problem::unanswerable(
            "a rebuild derives everything anew and cannot begin at a day: leave `from` out",
        )),
    }
}

/// What a page may offer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionInfo {
    /// Of this program.
    version: &'static str,
    /// Whether a run can be asked for at all.
    can_write: bool,
    /// Whether that needs a token.
    needs_token: bool,
    /// Why nobody can, where that is so.
    why_not: Option<&'static str>,
}

/// What this console offers
#[utoipa::path(get, path = "/session", tag = "runs", responses(
    (status = 200, description = "What a page may offer", body = SessionInfo), ReadingProblems))]
pub(crate) async fn session(
    State(app): State<Arc<App>>,
    _: Asked<NoQuery>,
) -> Result<Json<SessionInfo>, Problem> {
    let why_not = app.why_not_write();
    Ok(Json(SessionInfo {
        version: env!("CARGO_PKG_VERSION"),
        can_write: why_not.is_none(),
        needs_token: app.guard.needs_token(),
        why_not,
    }))
}
