//! The paths put together, and what they share.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;
use service_kit::{Outcome, Shutdown};
use tokio::sync::Semaphore;
use warehouse::console::Columns;
use warehouse::{Session, Warehouse};

use crate::answer::{Page, Written};
use crate::ask::Form;
use crate::cache::Cache;
use crate::guard::Guard;
use crate::live::LiveFeed;
use crate::problem::Problem;
use crate::{assets, openapi, paths};

/// How long a question may take in all; PostgreSQL itself gives up a second earlier.
const PATIENCE: Duration = Duration::from_secs(6);
/// Questions that may wait for a connection; more are turned away at once instead of growing a queue.
const MOST_WAITING: usize = 256;

/// Scripts and styles come from the console itself or not at all, so that a hostile product name stays a name.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What the paths share.
pub struct App {
    reader: Warehouse,
    writer: Option<Warehouse>,
    pub(crate) guard: Guard,
    pub(crate) live: LiveFeed,
    cache: Cache,
    waiting: Semaphore,
}

impl App {
    /// `reader` connects as `dashboard_reader`, `writer` as `console`; without it nobody can ask for a run.
    pub fn new(
        reader: Warehouse,
        writer: Option<Warehouse>,
        guard: Guard,
        shutdown: Shutdown,
    ) -> Arc<App> {
        Arc::new(App {
            live: LiveFeed::new(reader.clone(), shutdown),
            reader,
            writer,
            guard,
            cache: Cache::default(),
            waiting: Semaphore::new(MOST_WAITING),
        })
    }

    /// Looks at the warehouse for those who listen to the live status, until shutdown.
    ///
    /// # Errors
    /// None at present: an outage is told and waited out.
    pub async fn watch(&self) -> Outcome {
        self.live.drive().await
    }

    /// Answers a list, from the last second's answers where it was asked then.
    pub(crate) async fn list<T, F>(
        &self,
        uri: &Uri,
        form: Form,
        find: impl FnOnce(Session) -> F + Send,
    ) -> Result<Written, Problem>
    where
        T: Serialize + Columns + Send,
        F: Future<Output = Result<Page<T>, Problem>> + Send,
    {
        let question = uri.path_and_query().map_or("/", |whole| whole.as_str());
        let find = async { self.ask(find).await?.write(form) };
        self.cache.answer(form, question, find).await
    }

    /// Asks the warehouse.
    pub(crate) async fn ask<T, F>(
        &self,
        find: impl FnOnce(Session) -> F + Send,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>> + Send,
    {
        let _place = self.waiting.try_acquire().map_err(|_| {
            Problem::unavailable("too many questions wait for the warehouse: try again in a second")
        })?;
        let answered = async { find(self.reader.connect().await?).await };
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(answer) => answer,
            Err(_) => Err(Problem::unavailable(
                "the warehouse did not answer in time: try again, or ask for fewer days",
            )),
        }
    }

    /// The connection that may ask for a run.
    pub(crate) async fn writing_session(&self) -> Result<Session, Problem> {
        let writer = self
            .writer
            .as_ref()
            .ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, NO_WRITER))?;
        match tokio::time::timeout(PATIENCE, writer.connect()).await {
            Ok(session) => Ok(session?),
            Err(_) => Err(Problem::unavailable(
                "the warehouse did not answer in time: try again",
            )),
        }
    }

    /// Why nobody can write here, where that is so.
    pub(crate) fn why_not_write(&self) -> Option<&'static str> {
        let no_writer = self.writer.is_none().then_some(NO_WRITER);
        self.guard.is_off().or(no_writer)
    }
}

const NO_WRITER: &str = "writing is off: this console has no connection that may ask for runs; set CONSOLE_DATABASE_URL \
    (of the role `console`) where it is started";

/// All paths.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/sales", get(paths::sales::by_product))
        .route("/sales/daily", get(paths::sales::daily))
        .route("/sales/hours", get(paths::sales::hours))
        .route("/sales/totals", get(paths::sales::totals))
        .route("/categories", get(paths::sales::categories))
        .route("/countries", get(paths::sales::countries))
        .route("/payments", get(paths::sales::payments))
        .route("/currencies", get(paths::sales::currencies))
        .route("/customers/segments", get(paths::customers::segments))
        .route("/cohorts", get(paths::customers::cohorts))
        .route("/funnel", get(paths::customers::funnel))
        .route("/ledger", get(paths::pipeline::ledger))
        .route("/freshness", get(paths::pipeline::freshness))
        .route("/quarantine", get(paths::pipeline::quarantine))
        .route(
            "/quarantine/events",
            get(paths::pipeline::quarantine_events),
        )
        .route("/drill", get(paths::drill::drill))
        .route("/events", get(paths::pipeline::events))
        .route("/runs", get(paths::runs::list))
        .route("/runs/{id}", get(paths::runs::one))
        .route("/run-etl", post(paths::runs::request))
        .route("/session", get(paths::runs::session))
        .route("/openapi.json", get(openapi::serve))
        .fallback(assets::serve)
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path does not take this method: /openapi.json says which it takes",
            )
        })
        .layer(from_fn(measured_and_guarded))
        .with_state(app)
}

/// Every answer is counted, and says what a browser must not do with it.
async fn measured_and_guarded(request: Request, next: Next) -> Response {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "page".to_owned(), |path| path.as_str().to_owned());
    let is_head = request.method() == Method::HEAD;
    let began = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    if !is_head {
        metrics::histogram!("assay_console_request_seconds", "path" => path.clone())
            .record(began.elapsed().as_secs_f64());
    }
    metrics::counter!("assay_console_requests_total", "path" => path, "status" => status)
        .increment(1);
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
