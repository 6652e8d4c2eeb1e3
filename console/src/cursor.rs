//! Where a page ended, as a word that a client hands back as it is.
//!
//! It holds the last row's key and which question it belongs to. It is no secret and not signed: whoever writes one by hand
//! reaches rows that the filters reach anyway.

use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

const LONGEST: usize = 4_096;

#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    question: String,
    key: K,
}

/// The word for a key.
pub(crate) fn write<K: Serialize>(uri: &Uri, key: K) -> String {
    let cursor = Cursor {
        question: question(uri),
        key,
    };
    // Keys are tuples of texts and numbers, which JSON can always write.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// The key in a word.
///
/// # Errors
/// Where it is none of ours, or another question's.
pub(crate) fn read<K: DeserializeOwned>(
    uri: &Uri,
    word: Option<&str>,
) -> Result<Option<K>, Problem> {
    let Some(word) = word else { return Ok(None) };
    let cursor: Option<Cursor<K>> = (word.len() <= LONGEST)
        .then(|| URL_SAFE_NO_PAD.decode(word).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match cursor {
        Some(cursor) if cursor.question == question(uri) => Ok(Some(cursor.key)),
        Some(_) => Err(Problem::bad_request(
            "`after` belongs to another question: take `next` as it is, with the filters that it came with",
        )),
        None => Err(Problem::bad_request(
            "`after` cannot be read: take it from `next` as it is, or leave it out",
        )),
    }
}

/// The path of the next page.
pub(crate) fn next_path(uri: &Uri, word: &str) -> String {
    let mut query = without(uri, &["after"]);
    if !query.is_empty() {
        query.push('&');
    }
    format!("{}?{query}after={word}", uri.path())
}

/// What has to stay the same from page to page; how long a page is may change.
fn question(uri: &Uri) -> String {
    let query = without(uri, &["after", "limit"]);
    let mut parts: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    format!("{}?{}", uri.path(), parts.join("&"))
}

fn without(uri: &Uri, names: &[&str]) -> String {
    let parts = uri.query().unwrap_or_default().split('&').filter(|part| {
        let name = part.split('=').next().unwrap_or_default();
        !part.is_empty() && !names.contains(&name)
    });
    parts.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_to_its_own_question_only() {
        let asked: Uri = "/sales?currency=EUR&limit=2&category=a%20b"
            .parse()
            .unwrap();
        let word = write(&asked, ("1.50", "p1"));
        let next: Uri = next_path(&asked, &word).parse().unwrap();
        assert_eq!(next.path(), "/sales");
        let key: Option<(String, String)> = read(&next, Some(&word)).unwrap();
        assert_eq!(key, Some(("1.50".into(), "p1".into())));
        let other: Uri = "/sales?currency=USD".parse().unwrap();
        assert!(read::<(String, String)>(&other, Some(&word)).is_err());
        let longer_page: Uri = "/sales?category=a%20b&limit=9&currency=EUR"
            .parse()
            .unwrap();
        assert!(read::<(String, String)>(&longer_page, Some(&word)).is_ok());
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let asked: Uri = "/sales".parse().unwrap();
        for word in [
            "",
            "x",
            "AAAA",
            "e30",
            "'; DROP TABLE x",
            &"A".repeat(5_000),
        ] {
            assert!(
                read::<(String, String)>(&asked, Some(word)).is_err(),
                "{word}"
            );
        }
        assert_eq!(read::<i64>(&asked, None).unwrap(), None);
    }
}
