//! The documented answers of a registry, and whatever else may answer in its place.

use std::collections::BTreeSet;
use std::time::Instant;

use event_contract::schema::{SchemaVersion, TRANSACTION_EVENT_V1, TRANSACTION_EVENT_V2};
use event_contract::{RegisteredSchema, SchemaBook};
use schema_registry::{MAX_ANSWER_BYTES, REQUEST_TIMEOUT, RegistrySettings, SchemaRegistry};
use service_kit::Secret;

use crate::server::{Reply, Server};

const NOT_FOUND: &str = r#"{"error_code":40403,"message":"Schema 9 not found"}"#;

fn found(schema: &str) -> Reply {
    Reply::Answer(200, serde_json::json!({"schema": schema}).to_string())
}

fn path(id: u32) -> String {
    format!("/schemas/ids/{id}")
}

fn registry(server: &Server) -> SchemaRegistry {
    SchemaRegistry::new(RegistrySettings::new(&server.url(), None, None).unwrap()).unwrap()
}

fn ids<const N: usize>(ids: [u32; N]) -> BTreeSet<u32> {
    ids.into()
}

fn why(book: &SchemaBook, id: u32) -> String {
    match book.get(id) {
        Some(RegisteredSchema::Unusable(why)) => why.to_string(),
        other => panic!("{other:?}"),
    }
}

fn version(book: &SchemaBook, id: u32) -> Option<SchemaVersion> {
    match book.get(id) {
        Some(RegisteredSchema::Readable(schema)) => schema.own_version(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_id_is_asked_for_once() {
    let server = Server::start().await;
    server.reply(&path(1), [found(TRANSACTION_EVENT_V1)]);
    server.reply(&path(2), [found(TRANSACTION_EVENT_V2)]);
    server.reply(&path(3), [found("\"string\"")]);
    server.reply(&path(9), [Reply::Answer(404, NOT_FOUND.into())]);
    let registry = registry(&server);
    for _ in 0..3 {
        let book = registry.book_for(&ids([1, 2, 3, 9])).await.unwrap();
        assert_eq!(version(&book, 1), Some(SchemaVersion::V1));
        assert_eq!(version(&book, 2), Some(SchemaVersion::V2));
        assert!(why(&book, 3).contains("is a string"), "{}", why(&book, 3));
        assert!(why(&book, 9).contains("no such schema"));
    }
    assert_eq!(server.requests().len(), 4);
    let subset = registry.book_for(&ids([2])).await.unwrap();
    assert!(subset.get(1).is_none(), "a book has what was asked for");
}

#[tokio::test]
async fn ids_beyond_31_bits_are_not_asked_for() {
    let server = Server::start().await;
    let book = registry(&server)
        .book_for(&ids([1 << 31, u32::MAX]))
        .await
        .unwrap();
    assert!(why(&book, u32::MAX).contains("no such schema"));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_outage_is_no_verdict_and_ends_by_itself() {
    let server = Server::start().await;
    let down = Reply::Answer(500, r#"{"error_code":50001,"message":"Error"}"#.into());
    server.reply(&path(1), [down.clone(), down, found(TRANSACTION_EVENT_V1)]);
    server.reply(&path(2), [found(TRANSACTION_EVENT_V2)]);
    let registry = registry(&server);
    assert!(registry.check_is_back().await.is_ok(), "it was never away");
    let away = registry.book_for(&ids([1])).await.unwrap_err().to_string();
    assert_eq!(
        away,
        format!(
            "cannot look up schema id 1 at {}: it answers 500",
            server.url()
        )
    );
    // Another id is answered meanwhile; the first is still what is waited for.
    registry.book_for(&ids([2])).await.unwrap();
    assert!(registry.check_is_back().await.is_err());
    assert!(registry.check_is_back().await.is_ok());
    let requests = server.requests().len();
    let book = registry.book_for(&ids([1])).await.unwrap();
    assert_eq!(version(&book, 1), Some(SchemaVersion::V1));
    assert_eq!(
        server.requests().len(),
        requests,
        "the check's answer was kept"
    );
}

#[tokio::test]
async fn whatever_is_no_registrys_answer_means_that_it_is_away() {
    let server = Server::start().await;
    let replies = [
        Reply::Answer(200, "<html>Welcome</html>".into()),
        Reply::Answer(200, String::new()),
        Reply::Answer(404, "<html>not here</html>".into()),
        Reply::Answer(301, String::new()),
        Reply::Answer(
            401,
            r#"{"error_code":40101,"message":"Unauthorized"}"#.into(),
        ),
        Reply::Answer(429, String::new()),
        Reply::Answer(503, String::new()),
        Reply::Cut(r#"{"schema":"#.into()),
        Reply::Endless(500, 4 * MAX_ANSWER_BYTES),
        Reply::Garbage,
    ];
    let registry = registry(&server);
    for reply in replies {
        server.reply(&path(1), [reply]);
        assert!(registry.book_for(&ids([1])).await.is_err());
    }
    server.reply(&path(1), [found(TRANSACTION_EVENT_V1)]);
    assert!(
        registry.book_for(&ids([1])).await.is_ok(),
        "nothing of it was kept"
    );
}

#[tokio::test]
async fn a_schema_that_is_too_large_is_unusable_and_not_waited_for() {
    let server = Server::start().await;
    server.reply(&path(1), [Reply::Endless(200, 64 * MAX_ANSWER_BYTES)]);
    let book = registry(&server).book_for(&ids([1])).await.unwrap();
    assert!(why(&book, 1).contains("larger than"));
}

#[tokio::test]
async fn a_registry_that_is_silent_or_not_there_is_away_in_time() {
    let server = Server::start().await;
    server.reply(&path(1), [Reply::Silence]);
    let began = Instant::now();
    let away = registry(&server).book_for(&ids([1])).await.unwrap_err();
    assert!(
        away.to_string().contains("no whole answer within"),
        "{away}"
    );
    assert!(began.elapsed() < 2 * REQUEST_TIMEOUT);

    let url = server.url();
    drop(server);
    tokio::task::yield_now().await;
    let settings = RegistrySettings::new(&url, None, None).unwrap();
    let gone = SchemaRegistry::new(settings)
        .unwrap()
        .book_for(&ids([1]))
        .await
        .unwrap_err();
    assert!(gone.to_string().contains("refused"), "{gone}");
}

#[tokio::test]
async fn user_and_password_are_sent_and_not_shown() {
    let server = Server::start().await;
    server.reply("/base/schemas/ids/1", [found(TRANSACTION_EVENT_V1)]);
    let url = format!("{}/base/", server.url());
    let settings =
        RegistrySettings::new(&url, Some("user".into()), Some(Secret::new("pass"))).unwrap();
    let registry = SchemaRegistry::new(settings).unwrap();
    registry.book_for(&ids([1])).await.unwrap();
    let request = server.requests().remove(0).to_ascii_lowercase();
    assert!(
        request.contains("authorization: basic dxnlcjpwyxnz\r\n"),
        "{request}"
    );
    assert!(!format!("{registry:?}").contains("pass\""));
    assert!(!format!("{registry:?}").contains("dXNlcjpwYXNz"));
}

#[tokio::test]
async fn a_thousand_ids_are_asked_for_a_few_at_a_time() {
    let server = Server::start().await;
    for id in 0..1_000 {
        server.reply(&path(id), [Reply::Answer(404, NOT_FOUND.into())]);
    }
    let registry = registry(&server);
    registry.book_for(&(0..1_000).collect()).await.unwrap();
    registry.book_for(&(0..1_000).collect()).await.unwrap();
    assert_eq!(server.requests().len(), 1_000);
}
