//! The pipeline itself: ledger, freshness, quarantine, and the live status.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::Uri;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use warehouse::console::{
    self, FreshnessOfStage, LedgerOfPartition, QuarantineAsked, QuarantineKey, QuarantineReason,
    QuarantinedRecord,
};

use super::{NoQuery, ReadingProblems, page_of, whole};
use crate::answer::{Page, Written};
use crate::app::App;
use crate::ask::{Asked, Form, Limit, Words};
use crate::cursor;
use crate::live::Happening;
use crate::problem::Problem;

/// The ledger of every Kafka partition
#[utoipa::path(get, path = "/ledger", tag = "pipeline", responses(
    (status = 200, description = "Partitions", content((Page<LedgerOfPartition> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn ledger(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    _: Asked<NoQuery>,
) -> Result<Written, Problem> {
    app.list(&uri, form, |session| async move {
        let found: Vec<LedgerOfPartition> = console::ledger(&session).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

/// How long the last minute's batches took
#[utoipa::path(get, path = "/freshness", tag = "pipeline", responses(
    (status = 200, description = "Parts of the way", content((Page<FreshnessOfStage> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn freshness(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    _: Asked<NoQuery>,
) -> Result<Written, Problem> {
    app.list(&uri, form, |session| async move {
        let found: Vec<FreshnessOfStage> = console::freshness(&session).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

/// Why records are in quarantine
#[utoipa::path(get, path = "/quarantine", tag = "pipeline", responses(
    (status = 200, description = "Reasons", content((Page<QuarantineReason> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn quarantine(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    _: Asked<NoQuery>,
) -> Result<Written, Problem> {
    app.list(&uri, form, |session| async move {
        let found: Vec<QuarantineReason> = console::quarantine_reasons(&session).await?;
        session.release();
        Ok(whole(found))
    })
    .await
}

/// What a person has decided about a record in quarantine.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    Open,
    Released,
    Discarded,
}

impl Decision {
    fn name(self) -> &'static str {
        match self {
            Decision::Open => "open",
            Decision::Released => "released",
            Decision::Discarded => "discarded",
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuarantineQuery {
    /// A reason code
    #[param(value_type = Option<String>, min_length = 1, max_length = 64)]
    reason: Option<Words>,
    /// What was decided
    #[param(inline)]
    state: Option<Decision>,
    /// Rows of a page
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Limit,
    /// Where the page before ended, as its `next` has it
    #[param(value_type = Option<String>)]
    after: Option<String>,
}

/// Records in quarantine, newest first
#[utoipa::path(get, path = "/quarantine/events", tag = "pipeline", params(QuarantineQuery), responses(
    (status = 200, description = "A page of records", content((Page<QuarantinedRecord> = "application/json"), (String = "text/csv"))),
    ReadingProblems))]
pub(crate) async fn quarantine_events(
    State(app): State<Arc<App>>,
    uri: Uri,
    form: Form,
    Asked(asked): Asked<QuarantineQuery>,
) -> Result<Written, Problem> {
    let before = cursor::read(&uri, asked.after.as_deref())?;
    let before = before.map(
        |(quarantined_at, topic_id, kafka_partition, kafka_offset)| QuarantineKey {
            quarantined_at,
            topic_id,
            kafka_partition,
            kafka_offset,
        },
    );
    let page_uri = uri.clone();
    app.list(&uri, form, move |session| async move {
        let filter = QuarantineAsked {
            reason: asked.reason.as_ref().map(|reason| reason.0.as_str()),
            state: asked.state.map(Decision::name),
        };
        let rows = i64::from(asked.limit.0) + 1;
        let found = console::quarantine_events(&session, filter, before.as_ref(), rows).await?;
        session.release();
        Ok(page_of(
            &page_uri,
            asked.limit.0,
            found,
            |row: &QuarantinedRecord| {
                (
                    row.quarantined_at,
                    row.topic_id,
                    row.kafka_partition,
                    row.kafka_offset,
                )
            },
        ))
    })
    .await
}

/// The live status, as server-sent events
#[utoipa::path(get, path = "/events", tag = "pipeline", responses(
    (status = 200, description = "A stream that does not end", content_type = "text/event-stream", body = String),
    ReadingProblems))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    _: Asked<NoQuery>,
) -> Result<Response, Problem> {
    let listener = app.live.listen().ok_or_else(|| {
        Problem::unavailable(
            "too many listen already: read /ledger and /freshness now and then instead",
        )
        .retry_after(30)
    })?;
    let happenings = futures_util::stream::unfold(listener, |mut listener| async move {
        let event = match listener.next().await? {
            Happening::Status(data) => Event::default().event("status").data(data),
            Happening::Outage(data) => Event::default().event("outage").data(data),
        };
        Some((Ok::<_, Infallible>(event), listener))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(happenings).keep_alive(keep_alive).into_response())
}
