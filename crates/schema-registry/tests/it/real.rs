//! A real registry at SCHEMA_REGISTRY_URL: `make registry-test` starts one.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use event_contract::RegisteredSchema;
use event_contract::judge::{Verdict, judge_with_schemas};
use event_contract::schema::SchemaVersion;
use schema_registry::{RegistrySettings, SchemaRegistry};
use serde_json::{Value, json};

fn base_url() -> String {
    std::env::var("SCHEMA_REGISTRY_URL").expect("SCHEMA_REGISTRY_URL: run `make registry-test`")
}

/// Registers a schema as any producer's client does, and gives its id.
fn register(subject: &str, body: &Value) -> u32 {
    let url = base_url();
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap_or((&url[7..], ""));
    let body = body.to_string();
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    };
    let request = format!(
        "POST {prefix}/subjects/{subject}/versions HTTP/1.1\r\nHost: {host}\r\nContent-Type: \
         application/vnd.schemaregistry.v1+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let start = answer
        .find("{\"id\":")
        .unwrap_or_else(|| panic!("{answer}"))
        + 6;
    let digits: String = answer[start..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a schema registry: make registry-test"]
async fn events_behind_ids_of_a_real_registry_are_read() {
    let mut renamed: Value = serde_json::from_str(SchemaVersion::V2.text()).unwrap();
    renamed["fields"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "store", "type": "long"}));
    let v1 = register("v1-value", &json!({"schema": SchemaVersion::V1.text()}));
    let v2 = register(
        "v2-value",
        &json!({"schema": SchemaVersion::V2.text(), "schemaType": "AVRO"}),
    );
    let more = register("more-value", &json!({"schema": renamed.to_string()}));
    let protobuf = register(
        "protobuf-value",
        &json!({"schema": "syntax = \"proto3\"; message A { string a = 1; }", "schemaType": "PROTOBUF"}),
    );
    let unknown = 1_000_000;
    let settings = RegistrySettings::new(&base_url(), None, None).unwrap();
    let registry = SchemaRegistry::new(settings).unwrap();
    let ids = BTreeSet::from([v1, v2, more, protobuf, unknown, u32::MAX]);
    let book = registry.book_for(&ids).await.unwrap();
    let own_version = |id| match book.get(id) {
        Some(RegisteredSchema::Readable(schema)) => schema.own_version(),
        other => panic!("{other:?}"),
    };
    assert_eq!(own_version(v1), Some(SchemaVersion::V1));
    assert_eq!(own_version(v2), Some(SchemaVersion::V2));
    assert_eq!(own_version(more), None);
    for id in [protobuf, unknown, u32::MAX] {
        assert!(matches!(book.get(id), Some(RegisteredSchema::Unusable(_))));
        let payload = [&[0], &id.to_be_bytes()[..]].concat();
        let received_at = "2026-06-01T12:00:00Z".parse().unwrap();
        let limits = event_contract::Limits::default();
        match judge_with_schemas(Some(&payload), received_at, &limits, &book) {
            Verdict::Quarantined(quarantine) => {
                assert_eq!(quarantine.reason, event_contract::Reason::UnknownSchema);
            }
            accepted => panic!("{accepted:?}"),
        }
    }
}
