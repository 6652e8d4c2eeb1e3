//! A registry's schemas, as the corpus knows them by their ids.

use std::sync::{Arc, LazyLock};

use event_contract::schema::{TRANSACTION_EVENT_V1, TRANSACTION_EVENT_V2};
use event_contract::{RegisteredSchema, SchemaBook, WriterSchema};
use serde_json::{Value, json};

static BOOK: LazyLock<SchemaBook> = LazyLock::new(|| {
    let mut book = SchemaBook::default();
    let texts = [
        TRANSACTION_EVENT_V1.to_owned(),
        TRANSACTION_EVENT_V2.to_owned(),
        with_more_fields(),
        r#"{"type": "record", "name": "Heartbeat", "fields": []}"#.to_owned(),
    ];
    for (id, text) in (1..).zip(texts) {
        book.insert(id, registered(&text));
    }
    book.insert(
        5,
        RegisteredSchema::Unusable("the registry does not know it".into()),
    );
    book
});

pub(crate) fn book() -> &'static SchemaBook {
    &BOOK
}

pub(crate) fn registered(text: &str) -> RegisteredSchema {
    match WriterSchema::parse(text) {
        Ok(schema) => RegisteredSchema::Readable(Arc::new(schema)),
        Err(unusable) => RegisteredSchema::Unusable(unusable.to_string().into()),
    }
}

pub(crate) fn confluent_header(id: u32) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..]].concat()
}

fn with_more_fields() -> String {
    let mut schema: Value = serde_json::from_str(TRANSACTION_EVENT_V2).unwrap();
    let fields = schema["fields"].as_array_mut().unwrap();
    fields[1]["type"]["symbols"]
        .as_array_mut()
        .unwrap()
        .push(json!("order_teleported"));
    fields[5]["type"]["symbols"]
        .as_array_mut()
        .unwrap()
        .push(json!("telepathy"));
    fields.push(json!({"name": "flag", "type": "boolean"}));
    fields.push(json!({"name": "nest", "type":
        {"type": "record", "name": "Nest", "fields": [{"name": "inner", "type": ["null", "Nest"]}]}}));
    fields.push(json!({"name": "nothings", "type": {"type": "array", "items": "null"}}));
    schema.to_string()
}
