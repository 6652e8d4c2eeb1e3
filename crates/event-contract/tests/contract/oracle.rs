//! apache-avro as the judge of what our schema's encoding is.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Decimal, Schema};
use event_contract::schema::SchemaVersion;
use event_contract::{Customer, Item, Money, Order, TransactionEvent, encode};
use proptest::prelude::*;

use crate::generate::{any_event, good_event};

fn schema(version: SchemaVersion) -> Schema {
    Schema::parse_str(version.text()).unwrap()
}

fn our_datum(version: SchemaVersion, event: &TransactionEvent) -> Vec<u8> {
    let mut datum = Vec::new();
    encode::datum_as(version, event, &mut datum);
    datum
}

/// The event without what the version has no field for.
fn cut_to(version: SchemaVersion, event: &TransactionEvent) -> TransactionEvent {
    let mut event = event.clone();
    if version == SchemaVersion::V1 {
        event.coupon_code = None;
        event.customer.segment = None;
    }
    event
}

proptest! {
    #[test]
    fn any_event_is_encoded_as_apache_avro_encodes_it(event in any_event()) {
        for version in SchemaVersion::ALL {
            let schema = schema(*version);
            let writer = GenericDatumWriter::builder(&schema).build().unwrap();
            let value = value_of(&event, *version);
            let their_datum = writer.write_value_to_vec(value).unwrap();
            prop_assert_eq!(our_datum(*version, &event), their_datum);
        }
    }

    #[test]
    fn apache_avro_reads_what_we_write(event in any_event()) {
        for version in SchemaVersion::ALL {
            let schema = schema(*version);
            let reader = GenericDatumReader::builder(&schema).build().unwrap();
            let datum = our_datum(*version, &event);
            let mut rest = &datum[..];
            prop_assert_eq!(reader.read_value(&mut rest).unwrap(), value_of(&event, *version));
            prop_assert!(rest.is_empty());
        }
    }

    #[test]
    fn we_read_what_apache_avro_writes(event in good_event()) {
        for version in SchemaVersion::ALL {
            let event = cut_to(*version, &event);
            let schema = schema(*version);
            let writer = GenericDatumWriter::builder(&schema).build().unwrap();
            let datum = writer.write_value_to_vec(value_of(&event, *version)).unwrap();
            let payload = [&[0xC3, 0x01], &version.fingerprint()[..], &datum].concat();
            match crate::soundness::sound_verdict(Some(&payload)) {
                event_contract::judge::Verdict::Accepted(accepted) => prop_assert_eq!(accepted.event, event),
                refused => prop_assert!(false, "{refused:?}"),
            }
        }
    }
}

/// The facts that docs/decisions/0001-strict-avro-reader.md rests on. If this fails after an update of apache-avro,
/// read it again.
#[test]
fn apache_avro_still_takes_truncated_records_for_whole_ones() {
    let schema = Schema::parse_str(
        r#"{"type": "record", "name": "R", "fields": [
            {"name": "note", "type": "string"},
            {"name": "coupon", "type": ["null", "string"]}
        ]}"#,
    )
    .unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let whole = [4, b'a', b'b', 2, 4, b'c', b'd'];
    let taken: Vec<_> = (0..whole.len())
        .filter(|cut| reader.read_value(&mut &whole[..*cut]).is_ok())
        .collect();
    assert_eq!(taken, [1, 2, 3, 5, 6], "cut after so many bytes");

    let mut with_surplus = &[&whole[..], b"surplus"].concat()[..];
    assert!(reader.read_value(&mut with_surplus).is_ok());
}

pub(crate) fn value_of(event: &TransactionEvent, version: SchemaVersion) -> Value {
    let mut fields = vec![
        ("event_id", Value::Uuid(event.event_id)),
        (
            "event_type",
            symbol(event.event_type as u32, event.event_type.as_str()),
        ),
        ("event_version", text(&event.event_version)),
        (
            "event_timestamp",
            Value::TimestampMicros(event.event_timestamp.timestamp_micros()),
        ),
        ("transaction_id", text(&event.transaction_id)),
        (
            "channel",
            symbol(event.channel as u32, event.channel.as_str()),
        ),
        ("customer", value_of_customer(&event.customer, version)),
        ("order", value_of_order(&event.order)),
        (
            "items",
            Value::Array(event.items.iter().map(value_of_item).collect()),
        ),
    ];
    if version == SchemaVersion::V2 {
        fields.push(("coupon_code", optional_text(&event.coupon_code)));
    }
    record(fields)
}

fn value_of_customer(customer: &Customer, version: SchemaVersion) -> Value {
    let customer_type = customer.customer_type;
    let mut fields = vec![
        ("id", optional_text(&customer.id)),
        ("type", symbol(customer_type as u32, customer_type.as_str())),
        ("country", text(&customer.country)),
        ("city", text(&customer.city)),
    ];
    if version == SchemaVersion::V2 {
        fields.push(("segment", optional_text(&customer.segment)));
    }
    record(fields)
}

fn optional_text(value: &Option<String>) -> Value {
    match value {
        None => Value::Union(0, Box::new(Value::Null)),
        Some(value) => Value::Union(1, Box::new(text(value))),
    }
}

fn value_of_order(order: &Order) -> Value {
    record([
        ("status", text(&order.status)),
        ("payment_method", text(&order.payment_method)),
        ("currency", text(&order.currency)),
        ("subtotal", decimal(order.subtotal)),
        ("tax_amount", decimal(order.tax_amount)),
        ("shipping_amount", decimal(order.shipping_amount)),
        ("discount_amount", decimal(order.discount_amount)),
        ("total_amount", decimal(order.total_amount)),
    ])
}

fn value_of_item(item: &Item) -> Value {
    record([
        ("id", text(&item.id)),
        ("name", text(&item.name)),
        ("category", text(&item.category)),
        ("unit_price", decimal(item.unit_price)),
        ("quantity", Value::Int(item.quantity)),
        ("discount", decimal(item.discount)),
        ("cost", decimal(item.cost)),
    ])
}

fn record<'name>(fields: impl IntoIterator<Item = (&'name str, Value)>) -> Value {
    let named = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Value::Record(named.collect())
}

fn symbol(ordinal: u32, symbol: &str) -> Value {
    Value::Enum(ordinal, symbol.to_owned())
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// The library writes a decimal with the bytes it was made of, so these must be the fewest.
fn decimal(amount: Money) -> Value {
    let cents = i128::from(amount.cents());
    let length = (1..=8)
        .find(|length| {
            let half_range = 1_i128 << (8 * length - 1);
            (-half_range..half_range).contains(&cents)
        })
        .unwrap();
    Value::Decimal(Decimal::from(&cents.to_be_bytes()[16 - length..]))
}
