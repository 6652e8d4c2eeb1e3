//! Writes the seeds that fuzzing begins with: `cargo run -p event-contract --example fuzz_seeds -- fuzz/seeds`.

use std::fs;
use std::io::Result;
use std::path::Path;

use chrono::DateTime;
use event_contract::schema::SchemaVersion;
use event_contract::{
    Channel, Customer, CustomerType, EventType, Item, Money, Order, TransactionEvent, encode,
};
use uuid::Uuid;

fn main() -> Result<()> {
    let directory = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "fuzz/seeds".to_owned());
    let directory = Path::new(&directory);
    let event = event();
    let mut json = Vec::new();
    encode::json(&event, &mut json);
    let envelope = envelope();
    for version in SchemaVersion::ALL {
        let number = *version as u8 + 1;
        let (mut single_object, mut datum) = (Vec::new(), Vec::new());
        encode::single_object_as(*version, &event, &mut single_object);
        encode::datum_as(*version, &event, &mut datum);
        write(
            directory,
            "judge",
            &format!("single_object_v{number}"),
            &single_object,
        )?;
        let confluent = [&[0, 0, 0, 0, number], &datum[..]].concat();
        write(
            directory,
            "judge",
            &format!("confluent_v{number}"),
            &confluent,
        )?;
        let with_schema = [minified(version.text()).as_bytes(), &[0], &datum].concat();
        write(
            directory,
            "resolving_reader",
            &format!("v{number}"),
            &with_schema,
        )?;
        let answer = serde_json::json!({"schema": minified(version.text()), "references": []});
        let answer = [&200_u16.to_be_bytes()[..], answer.to_string().as_bytes()].concat();
        write(directory, "registry_answer", &format!("v{number}"), &answer)?;
        if number == 2 {
            let more = [&[0, 0, 0, 0, 3], &datum[..], &[1, 2, 2, 0]].concat();
            write(directory, "judge", "confluent_more_fields", &more)?;
            let foreign = [foreign_schema().as_bytes(), &[0], &datum, &[1, 0]].concat();
            write(directory, "resolving_reader", "foreign", &foreign)?;
        }
    }
    write(directory, "judge", "json", &json)?;
    write(directory, "judge", "envelope", envelope.as_bytes())?;
    write(
        directory,
        "json",
        "own",
        json.strip_prefix(b"{").unwrap_or(&json),
    )?;
    write(
        directory,
        "json",
        "envelope",
        envelope.strip_prefix('{').unwrap_or(&envelope).as_bytes(),
    )?;
    let unknown = [
        &404_u16.to_be_bytes()[..],
        br#"{"error_code":40403,"message":"Schema not found"}"#,
    ]
    .concat();
    write(directory, "registry_answer", "unknown", &unknown)
}

fn write(directory: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let directory = directory.join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)
}

fn minified(schema: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(schema).unwrap_or_default();
    without_docs(document).to_string()
}

fn without_docs(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| name != "doc");
            Value::Object(
                kept.map(|(name, value)| (name, without_docs(value)))
                    .collect(),
            )
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_docs).collect()),
        other => other,
    }
}

fn foreign_schema() -> String {
    let text = minified(SchemaVersion::V2.text());
    let mut schema: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(fields) = schema
        .get_mut("fields")
        .and_then(|fields| fields.as_array_mut())
    {
        fields.push(serde_json::json!({"name": "flag", "type": "boolean"}));
        fields.push(serde_json::json!({"name": "more", "type": {"type": "map", "values": ["null", "double"]}}));
    }
    schema.to_string()
}

fn envelope() -> String {
    serde_json::json!({"data": {"transaction_details": {
        "transaction_id": "txn_0b0f3c1e-5f0a-4c8e-9a55-0d0c3f1f7b7e_20260601115958",
        "event_type": "purchase", "event_version": "1.0", "event_timestamp": "2026-06-01T11:59:58",
        "customer": {"id": "C1", "type": "new", "country": "DE", "city": "X"},
        "order": {"status": 1, "payment_method": 2, "currency": 1, "subtotal": 25.0, "tax_amount": 4.75,
            "shipping_amount": 4.9, "discount_amount": 1.5, "total_amount": 33.15},
        "items": [{"id": "P1", "category": "K", "unit_price": 12.5, "quantity": 2, "discount": 0.5, "cost": 5.0}]},
        "processed_status": "to_process"}})
    .to_string()
}

fn event() -> TransactionEvent {
    let amount = Money::from_cents(1_250);
    TransactionEvent {
        event_id: Uuid::from_u128(0x0190_b2f0_7c1e_7a3b_9d4c_2f6e_8a1b_3c5d),
        event_type: EventType::OrderPlaced,
        event_version: "2.0".to_owned(),
        event_timestamp: DateTime::from_timestamp_nanos(1_780_315_198_123_456_000),
        transaction_id: "T1".to_owned(),
        channel: Channel::Web,
        customer: Customer {
            id: Some("C1".to_owned()),
            customer_type: CustomerType::New,
            country: "DE".to_owned(),
            city: "Köln".to_owned(),
            segment: Some("loyal".to_owned()),
        },
        order: Order {
            status: "placed".to_owned(),
            payment_method: "cash".to_owned(),
            currency: "EUR".to_owned(),
            subtotal: amount,
            tax_amount: Money::ZERO,
            shipping_amount: Money::ZERO,
            discount_amount: Money::ZERO,
            total_amount: amount,
        },
        items: vec![Item {
            id: "P1".to_owned(),
            name: "Cup".to_owned(),
            category: "K".to_owned(),
            unit_price: amount,
            quantity: 1,
            discount: Money::ZERO,
            cost: Money::ZERO,
        }],
        coupon_code: Some("SPRING".to_owned()),
    }
}
