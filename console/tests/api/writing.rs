//! Asking for runs.

use crate::client::Console;
use crate::given::{one_text, warehouse};

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_at_once_are_one_run() {
    let test = warehouse().await;
    let console = std::sync::Arc::new(Console::open(&test).await);
    let second = std::sync::Arc::new(Console::open(&test).await);
    let requests: Vec<_> = (0..100)
        .map(|number| {
            let console = if number % 2 == 0 {
                console.clone()
            } else {
                second.clone()
            };
            tokio::spawn(async move { console.post("/run-etl", r#"{"mode":"drain"}"#).await })
        })
        .collect();
    let mut places = std::collections::BTreeSet::new();
    for request in requests {
        let answer = request.await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        places.insert(answer.header("location").unwrap().to_owned());
        assert_eq!(answer.json()["status"], "requested");
    }
    assert_eq!(
        one_text(&test, "SELECT count(*)::text FROM ops.pipeline_runs").await,
        "1"
    );
    assert_eq!(places.len(), 1, "{places:?}");
    // Another kind is another run; a finished one makes room.
    let rebuild = console.post("/run-etl", r#"{"mode":"rebuild"}"#).await;
    assert_eq!(
        (rebuild.status, rebuild.json()["kind"].as_str()),
        (202, Some("rebuild"))
    );
    let end = "UPDATE ops.pipeline_runs SET status = 'succeeded', started_at = now(), ended_at = now() WHERE kind = 'manual'";
    test.inspector().await.batch_execute(end).await.unwrap();
    let next = console.send("POST", "/run-etl", &[], b"").await;
    assert_eq!(next.status, 202);
    let place = next.header("location").unwrap().to_owned();
    assert!(!places.contains(&place));
    let run = console.get(&place).await.json();
    assert_eq!(
        (run["kind"].as_str(), run["requested_by"].as_str()),
        (Some("manual"), Some("console"))
    );
    let runs = console.items("/runs?limit=2").await;
    assert_eq!(runs[0], run);
    let own_page = [("Origin", &*format!("http://{}", console.address))];
    assert_eq!(
        console
            .send("POST", "/run-etl", &own_page, b"")
            .await
            .status,
        202
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_says_what_it_offers() {
    let test = warehouse().await;
    let local = Console::open(&test).await.get("/session").await.json();
    assert_eq!(
        (local["can_write"].as_bool(), local["needs_token"].as_bool()),
        (Some(true), Some(false))
    );
    let guarded = Console::with(&test, Some("t"), "0.0.0.0:80")
        .await
        .get("/session")
        .await
        .json();
    assert_eq!(
        (
            guarded["can_write"].as_bool(),
            guarded["needs_token"].as_bool()
        ),
        (Some(true), Some(true))
    );
    let open = Console::with(&test, None, "0.0.0.0:80")
        .await
        .get("/session")
        .await
        .json();
    assert_eq!(open["can_write"], false);
    assert!(
        open["why_not"]
            .as_str()
            .unwrap()
            .contains("ASSAY_API_TOKEN")
    );
}
