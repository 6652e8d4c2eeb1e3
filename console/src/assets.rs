//! The page's files, which are part of the program: no other place to fetch them from, nothing to install.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use include_dir::{Dir, include_dir};
use ring::digest::{SHA256, digest};

use crate::problem::Problem;

static WEB: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/web");
static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/pages");

struct Asset {
    plain: Bytes,
    compressed: Option<Bytes>,
    content_type: &'static str,
    entity_tag: String,
}

/// The files by path, compressed once.
fn assets() -> &'static HashMap<String, Asset> {
    static ASSETS: OnceLock<HashMap<String, Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let mut assets = HashMap::new();
        for directory in [&PAGES, &WEB] {
            collect(directory, &mut assets);
        }
        assets
    })
}

fn collect(directory: &Dir<'static>, assets: &mut HashMap<String, Asset>) {
    for file in directory.files() {
        let path = file.path().to_string_lossy();
        let is_hidden = path.split('/').any(|part| part.starts_with('.'));
        if is_hidden {
            continue;
        }
        let hash: String = digest(&SHA256, file.contents())
            .as_ref()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let asset = Asset {
            plain: Bytes::from_static(file.contents()),
            compressed: compress(file.contents()),
            content_type: content_type(&path),
            entity_tag: hash,
        };
        assets.insert(format!("/{path}"), asset);
    }
    for below in directory.dirs() {
        collect(below, assets);
    }
}

/// Nothing where it does not make the file smaller.
fn compress(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    let compressed = encoder.finish().ok()?;
    (compressed.len() < plain.len()).then(|| compressed.into())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "LICENSE" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Answers a file of the page; the way for every path that is not of the API.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let assets = assets();
    let path = match uri.path() {
        "/" if assets.contains_key("/index.html") => "/index.html",
        "/" => return Redirect::temporary("/docs").into_response(),
        "/docs" => "/docs.html",
        other => other,
    };
    let Some(asset) = assets.get(path) else {
        return Problem::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this path: /docs shows what there is",
        )
        .into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        let problem = Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this file can only be read: use GET",
        );
        return ([(header::ALLOW, "GET, HEAD")], problem).into_response();
    }
    asset.answer(&headers)
}

impl Asset {
    fn answer(&self, asked: &HeaderMap) -> Response {
        let mentions = |name: header::HeaderName, word: &str| {
            asked.get_all(name).iter().any(|value| {
                value.to_str().unwrap_or_default().split(',').any(|part| {
                    let part = part.trim();
                    part.strip_prefix("W/").unwrap_or(part).split(';').next() == Some(word)
                })
            })
        };
        let compressed = self
            .compressed
            .as_ref()
            .filter(|_| mentions(header::ACCEPT_ENCODING, "gzip"));
        // The two forms are different bytes, so they have different tags.
        let form = if compressed.is_some() { "-gzip" } else { "" };
        let entity_tag = format!("\"{}{form}\"", self.entity_tag);
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Ok(value) = HeaderValue::from_str(&entity_tag) {
            headers.insert(header::ETAG, value);
        }
        if mentions(header::IF_NONE_MATCH, &entity_tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        match compressed {
            Some(compressed) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                (headers, compressed.clone()).into_response()
            }
            None => (headers, self.plain.clone()).into_response(),
        }
    }
}
