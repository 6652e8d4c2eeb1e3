//! What is refused, with which status and a sentence; and that nothing changes by it.

use std::collections::BTreeMap;

use test_warehouse::TestWarehouse;

use crate::client::{Answer, Console};
use crate::given::{one_text, warehouse};

/// Questions that are refused, and with what.
const BAD_QUESTIONS: &[(&str, u16)] = &[
    ("/sales?colour=red", 400),
    ("/sales?From=2026-01-01", 400),
    ("/sales/daily?category=toys", 400),
    ("/ledger?limit=1", 400),
    ("/events?x=1", 400),
    ("/sales?from=yesterday", 400),
    ("/sales?from=2026-02-30", 400),
    ("/sales?from=2026-01-01&from=2026-01-02", 400),
    ("/sales?from=", 400),
    ("/sales?limit=0", 400),
    ("/sales?limit=1000000000", 400),
    ("/sales?limit=-1", 400),
    ("/sales?limit=1e3", 400),
    ("/sales?currency=euro", 400),
    ("/sales?currency=EUR%27+OR+1=1--", 400),
    ("/sales?category=%00", 400),
    ("/sales?category=", 400),
    ("/sales?category=%ff%fe", 400),
    ("/sales?sort=price", 400),
    ("/sales?sort=revenue;DROP+TABLE+gold.rfm_cuts", 400),
    ("/sales?after=nonsense", 400),
    ("/sales/daily?channel=web;DELETE+FROM+ops.topics", 400),
    ("/sales?from=2026-03-02&to=2026-03-01", 422),
    ("/sales?channel=web", 422),
    ("/drill", 400),
    ("/drill?mart=sales", 400),
    ("/drill?mart=ops.topics&date=2026-01-01", 400),
    (
        "/drill?mart=step&date=2026-01-01&step=placed&currency=EUR",
        400,
    ),
    (
        "/drill?mart=quarantine&topic=shop&partition=99999999999&offset=1",
        400,
    ),
    ("/runs/abc", 404),
    ("/runs/1", 404),
    ("/runs/99999999999999999999", 404),
    ("/nothing/here", 404),
    ("/../Cargo.toml", 404),
    ("/.gitkeep", 404),
];

/// A digest of every table of the warehouse's own schemas.
async fn everything(test: &TestWarehouse) -> BTreeMap<String, String> {
    let client = test.inspector().await;
    let tables = client
        .query(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
             WHERE schemaname IN ('bronze', 'silver', 'gold', 'ops') ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let mut digests = BTreeMap::new();
    for table in tables {
        let table: String = table.get(0);
        let query = format!(
            "SELECT coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM {table} AS t"
        );
        digests.insert(table, client.query_one(&query, &[]).await.unwrap().get(0));
    }
    digests
}

fn assert_problem(what: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{what}");
    assert_eq!(problem["type"], "about:blank");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.len() > 20 && detail.contains(' '),
        "{what}: {detail}"
    );
    for secret in ["SQLSTATE", "postgres", "password", "127.0.0.1:"] {
        assert!(!detail.contains(secret), "{what}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_are_refused_with_a_sentence_and_change_nothing() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let before = everything(&test).await;
    let known = BAD_QUESTIONS
        .iter()
        .map(|(path, status)| ((*path).to_owned(), *status));
    let long = [
        (format!("/sales?category={}", "x".repeat(300)), 400),
        (format!("/sales?after={}", "A".repeat(5_000)), 400),
    ];
    for (path, status) in known.chain(long) {
        assert_problem(&path, &console.get(&path).await, status);
    }
    let accept = [("Accept", "image/png")];
    assert_problem(
        "png",
        &console.send("GET", "/sales", &accept, b"").await,
        406,
    );
    for (method, path) in [
        ("POST", "/sales"),
        ("DELETE", "/runs/1"),
        ("GET", "/run-etl"),
        ("PUT", "/docs"),
    ] {
        let answer = console.send(method, path, &[], b"").await;
        assert_problem(path, &answer, 405);
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
    // SQL in a filter is a text that no row has.
    let answer = console
        .get("/sales?category=%27%3B+DROP+TABLE+gold.sales_summary_sums%3B--")
        .await;
    assert_eq!(
        (
            answer.status,
            answer.json()["items"].as_array().unwrap().len()
        ),
        (200, 0)
    );
    assert_eq!(everything(&test).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_written_by_hand_does_no_harm() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    use base64::Engine as _;
    for key in [
        r#"["NaN","EUR","p1"]"#,
        r#"["1e999999","EUR","p1"]"#,
        r#"["'; DROP TABLE x","EUR","p1"]"#,
        r#"["1","\u0000","p1"]"#,
        r#"[1,2,3]"#,
        r#"null"#,
    ] {
        let cursor = format!(r#"{{"question":"/sales?","key":{key}}}"#);
        let word = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(cursor);
        let answer = console.get(&format!("/sales?after={word}")).await;
        assert!(
            [200, 400, 422].contains(&answer.status),
            "{key}: {} {}",
            answer.status,
            answer.body
        );
    }
}

type Refusal<'a> = (&'a str, u16, Vec<(&'a str, &'a str)>, &'a [u8]);

#[tokio::test(flavor = "multi_thread")]
async fn a_writing_request_that_is_not_in_order_is_refused() {
    let test = warehouse().await;
    let before = everything(&test).await;
    let guarded = Console::with(&test, Some("sesame"), "0.0.0.0:8080").await;
    let json = ("Content-Type", "application/json");
    let token = ("Authorization", "Bearer sesame");
    let large = vec![b' '; 10 * 1024 * 1024];
    let cases: [Refusal<'_>; 12] = [
        ("no token", 401, vec![json], b"{}"),
        (
            "wrong token",
            401,
            vec![json, ("Authorization", "Bearer simsim")],
            b"{}",
        ),
        (
            "wrong token and 10 MB",
            401,
            vec![json, ("Authorization", "Bearer simsim")],
            &large,
        ),
        (
            "another page",
            403,
            vec![json, token, ("Origin", "https://evil.example")],
            b"{}",
        ),
        ("10 MB", 413, vec![json, token], &large),
        (
            "a form",
            415,
            vec![token, ("Content-Type", "application/x-www-form-urlencoded")],
            b"mode=drain",
        ),
        ("no type", 415, vec![token], b"{}"),
        ("broken JSON", 400, vec![json, token], b"{"),
        (
            "an unknown field",
            400,
            vec![json, token],
            br#"{"mode":"drain","force":true}"#,
        ),
        (
            "an unknown mode",
            400,
            vec![json, token],
            br#"{"mode":"drop"}"#,
        ),
        (
            "a rebuild from a day",
            422,
            vec![json, token],
            br#"{"mode":"rebuild","from":"2026-01-01"}"#,
        ),
        (
            "a drain from a day",
            422,
            vec![json, token],
            br#"{"from":"2026-01-01"}"#,
        ),
    ];
    for (what, status, headers, body) in cases {
        assert_problem(
            what,
            &guarded.send("POST", "/run-etl", &headers, body).await,
            status,
        );
    }
    assert_eq!(everything(&test).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_is_refused_to_whom_it_does_not_belong() {
    let test = warehouse().await;
    let before = everything(&test).await;
    let json = ("Content-Type", "application/json");
    let guarded = Console::with(&test, Some("sesame"), "0.0.0.0:8080").await;
    let open = Console::with(&test, None, "0.0.0.0:8080").await;
    assert_problem("no token at all", &open.post("/run-etl", "{}").await, 403);
    let local = Console::open(&test).await;
    let rebound = [json, ("Host", "evil.example")];
    assert_problem(
        "a foreign name",
        &local.send("POST", "/run-etl", &rebound, b"{}").await,
        403,
    );
    assert_problem("a query", &local.post("/run-etl?mode=drain", "").await, 400);
    assert_eq!(everything(&test).await, before);
    let mut statuses = Vec::new();
    for _ in 0..220 {
        statuses.push(guarded.send("POST", "/run-etl", &[], b"").await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(everything(&test).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consoles_roles_can_do_nothing_else() {
    let test = warehouse().await;
    for (role, statement) in [
        ("console", "SELECT * FROM gold.sales_performance"),
        ("console", "SELECT * FROM ops.pipeline_runs"),
        ("console", "SELECT * FROM ops.runs"),
        (
            "console",
            "INSERT INTO ops.pipeline_runs (kind) VALUES ('manual')",
        ),
        ("console", "SELECT ops.ensure_bronze_partitions()"),
        ("console", "CREATE TABLE ops.mine (x integer)"),
        ("console", "SELECT * FROM bronze.events"),
        ("dashboard_reader", "SELECT ops.request_run('manual', 'x')"),
        (
            "dashboard_reader",
            "SELECT * FROM silver.quarantined_events",
        ),
        ("transformer", "SELECT ops.request_run('manual', 'x')"),
        ("bronze_writer", "SELECT ops.request_run('manual', 'x')"),
    ] {
        let (client, connection) =
            tokio_postgres::connect(&test.url_of(role), tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        let error = client.batch_execute(statement).await.expect_err(statement);
        assert_eq!(
            error.code().map(|code| code.code()),
            Some("42501"),
            "{role}: {statement}"
        );
    }
    assert_eq!(
        one_text(&test, "SELECT count(*)::text FROM ops.pipeline_runs").await,
        "0"
    );
}
