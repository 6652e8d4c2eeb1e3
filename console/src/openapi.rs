//! The API's description, made from the code that answers.

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::paths;

#[derive(OpenApi)]
#[openapi(
    info(title = "Assay", description = "Sales, customers and the pipeline's own ledger. See docs/API.md."),
    paths(
        paths::sales::by_product, paths::sales::daily, paths::sales::hours, paths::sales::totals,
        paths::sales::categories, paths::sales::countries, paths::sales::payments, paths::sales::currencies,
        paths::customers::segments, paths::customers::cohorts, paths::customers::funnel,
        paths::pipeline::ledger, paths::pipeline::freshness, paths::pipeline::quarantine,
        paths::pipeline::quarantine_events, paths::pipeline::events, paths::drill::drill,
        paths::runs::list, paths::runs::one, paths::runs::request, paths::runs::session,
    ),
    modifiers(&Token)
)]
struct Description;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// Answers the description.
pub(crate) async fn serve() -> impl IntoResponse {
    let text = Description::openapi().to_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text)
}
