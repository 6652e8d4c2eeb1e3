//! Datums of schemas that are not ours: whatever apache-avro writes with a schema that is compatible with ours is read as
//! the event it was made of.

use apache_avro::Schema;
use apache_avro::schema::{RecordSchema, SchemaKind};
use apache_avro::schema_compatibility::SchemaCompatibility;
use apache_avro::types::Value as Datum;
use apache_avro::writer::datum::GenericDatumWriter;
use event_contract::judge::{Verdict, schema_id};
use event_contract::schema::{SchemaVersion, TRANSACTION_EVENT_V2};
use event_contract::{Limits, Reason, RegisteredSchema, SchemaBook, WriterSchema};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::generate::good_event;
use crate::oracle::value_of;
use crate::registered::{confluent_header, registered};
use crate::soundness::sound_verdict_with;

const ID: u32 = 77;

/// One way in which a writer's schema may differ from ours and still be read.
#[derive(Debug, Clone)]
enum Change {
    /// A field of some record moves elsewhere.
    Move {
        record: Index,
        from: Index,
        to: Index,
    },
    /// A record gets a field that only the writer has.
    Add {
        record: Index,
        at: Index,
        kind: Index,
    },
    /// The branches of the optional fields change places.
    TurnUnions,
    /// The optional fields are plain strings, where the event has them.
    DropOptional,
    /// A required text may be null.
    MakeNullable { record: Index, field: Index },
    /// Symbols in another order, and more of them.
    OtherSymbols,
    /// Another namespace.
    Rename,
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), place(), place()).prop_map(|(record, from, to)| Change::Move {
            record,
            from,
            to
        }),
        (place(), place(), place()).prop_map(|(record, at, kind)| Change::Add { record, at, kind }),
        Just(Change::TurnUnions),
        Just(Change::DropOptional),
        (place(), place()).prop_map(|(record, field)| Change::MakeNullable { record, field }),
        Just(Change::OtherSymbols),
        Just(Change::Rename),
    ]
}

/// The records of the schema, as places in its document.
const RECORDS: [&str; 4] = [
    "",
    "/fields/customer/type",
    "/fields/order/type",
    "/fields/items/type/items",
];

fn fields_of<'s>(schema: &'s mut Value, record: &str) -> &'s mut Vec<Value> {
    let mut place = schema;
    for step in record.split('/').skip(1) {
        place = match place {
            Value::Array(fields) => fields
                .iter_mut()
                .find(|field| field["name"] == step)
                .unwrap(),
            other => &mut other[step],
        };
    }
    place["fields"].as_array_mut().unwrap()
}

fn unknown_types(number: usize) -> Vec<Value> {
    let named = |kind: &str| format!("{kind}{number}");
    vec![
        json!("null"),
        json!("boolean"),
        json!("int"),
        json!("long"),
        json!("float"),
        json!("double"),
        json!("bytes"),
        json!("string"),
        json!({"type": "int", "logicalType": "date"}),
        json!({"type": "long", "logicalType": "timestamp-millis"}),
        json!({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 4}),
        json!({"type": "fixed", "name": named("Fixed"), "size": 3}),
        json!({"type": "enum", "name": named("Enum"), "symbols": ["A", "B"]}),
        json!({"type": "array", "items": ["null", "long"]}),
        json!({"type": "map", "values": {"type": "array", "items": "double"}}),
        json!({"type": "record", "name": named("Tree"), "fields": [
            {"name": "leaf", "type": "string"},
            {"name": "branches", "type": {"type": "array", "items": named("Tree")}}]}),
        json!(["string", "null", "boolean", {"type": "array", "items": "string"}]),
    ]
}

fn apply(change: &Change, number: usize, schema: &mut Value) {
    match change {
        Change::Move { record, from, to } => {
            let fields = fields_of(schema, RECORDS[record.index(RECORDS.len())]);
            let field = fields.remove(from.index(fields.len()));
            fields.insert(to.index(fields.len() + 1), field);
        }
        Change::Add { record, at, kind } => {
            let types = unknown_types(number);
            let field =
                json!({"name": format!("unknown{number}"), "type": types[kind.index(types.len())]});
            let fields = fields_of(schema, RECORDS[record.index(RECORDS.len())]);
            fields.insert(at.index(fields.len() + 1), field);
        }
        Change::TurnUnions => each_optional(schema, |field| {
            if let Some(branches) = field["type"].as_array_mut() {
                branches.reverse();
            }
            field.as_object_mut().unwrap().remove("default");
        }),
        Change::DropOptional => {
            fields_of(schema, "").retain(|field| field["name"] != "coupon_code");
            fields_of(schema, RECORDS[1]).retain(|field| field["name"] != "segment");
        }
        Change::MakeNullable { record, field } => {
            let fields = fields_of(schema, RECORDS[record.index(RECORDS.len())]);
            let field = field.index(fields.len());
            // A union may hold neither a union nor null twice.
            if !fields[field]["type"].is_array() && fields[field]["type"] != "null" {
                fields[field]["type"] = json!(["null", fields[field]["type"].clone()]);
            }
        }
        Change::OtherSymbols => {
            for field in fields_of(schema, "") {
                if let Some(symbols) = field["type"]
                    .get_mut("symbols")
                    .and_then(Value::as_array_mut)
                {
                    symbols.reverse();
                    symbols.insert(0, json!(format!("only_the_writer_knows{number}")));
                }
            }
        }
        Change::Rename => schema["namespace"] = json!(format!("com.shop{number}")),
    }
}

fn each_optional(schema: &mut Value, mut change: impl FnMut(&mut Value)) {
    for (record, name) in [
        ("", "coupon_code"),
        (RECORDS[1], "segment"),
        (RECORDS[1], "id"),
    ] {
        let field = fields_of(schema, record)
            .iter_mut()
            .find(|field| field["name"] == name);
        if let Some(field) = field {
            change(field);
        }
    }
}

/// The changed schema. A change can come too late, where an earlier one put a union in its way.
fn changed_schema(changes: &[Change]) -> String {
    let mut schema: Value = serde_json::from_str(TRANSACTION_EVENT_V2).unwrap();
    // The records must still be found, so what hides them comes last.
    let (hiding, plain): (Vec<_>, Vec<_>) = changes
        .iter()
        .enumerate()
        .partition(|(_, change)| matches!(change, Change::MakeNullable { .. }));
    for (number, change) in plain {
        apply(change, number, &mut schema);
    }
    for (number, change) in hiding.into_iter().take(1) {
        apply(change, number, &mut schema);
    }
    schema.to_string()
}

/// A value of any schema: taken from `source` where that has it, else made up.
fn value_for(schema: &Schema, source: Option<&Datum>, root: &Schema) -> Datum {
    match (schema, source) {
        (Schema::Union(union), Some(Datum::Union(_, inner))) => {
            let inner_kind = SchemaKind::from(&**inner);
            let branch = union
                .variants()
                .iter()
                .position(|variant| SchemaKind::from(variant) == inner_kind);
            let branch = branch.unwrap();
            Datum::Union(u32::try_from(branch).unwrap(), inner.clone())
        }
        (Schema::Union(union), source) => {
            let is_wanted =
                |variant: &&Schema| source.is_none() || !matches!(variant, Schema::Null);
            let (branch, variant) = union
                .variants()
                .iter()
                .enumerate()
                .find(|(_, variant)| is_wanted(variant))
                .unwrap();
            Datum::Union(
                u32::try_from(branch).unwrap(),
                Box::new(value_for(variant, source, root)),
            )
        }
        (Schema::Record(record), source) => record_for(record, source, root),
        (Schema::Array(array), Some(Datum::Array(items))) => Datum::Array(
            items
                .iter()
                .map(|item| value_for(&array.items, Some(item), root))
                .collect(),
        ),
        (Schema::Enum(symbols), Some(Datum::Enum(_, symbol))) => {
            let ordinal = symbols
                .symbols
                .iter()
                .position(|known| known == symbol)
                .unwrap();
            Datum::Enum(u32::try_from(ordinal).unwrap(), symbol.clone())
        }
        (_, Some(value)) => value.clone(),
        (schema, None) => made_up(schema, root),
    }
}

fn record_for(record: &RecordSchema, source: Option<&Datum>, root: &Schema) -> Datum {
    let source_field = |name: &str| match source {
        Some(Datum::Record(fields)) => fields
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value),
        _ => None,
    };
    let fields = record.fields.iter();
    Datum::Record(
        fields
            .map(|field| {
                (
                    field.name.clone(),
                    value_for(&field.schema, source_field(&field.name), root),
                )
            })
            .collect(),
    )
}

fn made_up(schema: &Schema, root: &Schema) -> Datum {
    match schema {
        Schema::Null => Datum::Null,
        Schema::Boolean => Datum::Boolean(true),
        Schema::Int => Datum::Int(-7),
        Schema::Long => Datum::Long(i64::MIN),
        Schema::Float => Datum::Float(1.5),
        Schema::Double => Datum::Double(-2.5),
        Schema::Bytes => Datum::Bytes(vec![0xC3, 0x28]),
        Schema::String => Datum::String("ü".to_owned()),
        Schema::Date => Datum::Date(20_000),
        Schema::TimestampMillis => Datum::TimestampMillis(1_780_315_198_123),
        Schema::Decimal(_) => Datum::Decimal(vec![1, 2, 3].into()),
        Schema::Fixed(fixed) => Datum::Fixed(fixed.size, vec![9; fixed.size]),
        Schema::Enum(symbols) => Datum::Enum(1, symbols.symbols[1].clone()),
        Schema::Array(array) if matches!(*array.items, Schema::Ref { .. }) => {
            Datum::Array(Vec::new())
        }
        Schema::Array(array) => Datum::Array(vec![
            made_up(&array.items, root),
            made_up(&array.items, root),
        ]),
        Schema::Map(map) => Datum::Map([("key".to_owned(), made_up(&map.types, root))].into()),
        Schema::Record(record) => record_for(record, None, root),
        Schema::Union(_) => value_for(schema, None, root),
        other => panic!("nothing made up for {other:?}"),
    }
}

proptest! {
    #[test]
    fn whatever_apache_avro_writes_with_a_compatible_schema_is_the_same_event(
        event in good_event(),
        changes in proptest::collection::vec(change(), 0..7),
    ) {
        let mut event = event;
        if changes.iter().any(|change| matches!(change, Change::DropOptional)) {
            event.coupon_code = None;
            event.customer.segment = None;
        }
        let text = changed_schema(&changes);
        let writer_schema = Schema::parse_str(&text).unwrap();
        let ours = Schema::parse_str(TRANSACTION_EVENT_V2).unwrap();
        prop_assert!(SchemaCompatibility::can_read(&writer_schema, &ours).is_ok());

        let value = value_for(&writer_schema, Some(&value_of(&event, SchemaVersion::V2)), &writer_schema);
        let writer = GenericDatumWriter::builder(&writer_schema).build().unwrap();
        let datum = writer.write_value_to_vec(value).unwrap();
        let payload = [confluent_header(ID), datum].concat();
        let mut book = SchemaBook::default();
        book.insert(ID, registered(&text));
        prop_assert_eq!(schema_id(Some(&payload), &Limits::default()), Some(ID));
        match sound_verdict_with(Some(&payload), &book) {
            Verdict::Accepted(accepted) => prop_assert_eq!(accepted.event, event),
            refused => prop_assert!(false, "{refused:?}\n{text}"),
        }
        // Cut anywhere, it is refused; never read as something else.
        for cut in 5..payload.len() {
            match sound_verdict_with(Some(&payload[..cut]), &book) {
                Verdict::Quarantined(quarantine) => prop_assert_eq!(quarantine.reason, Reason::Truncated),
                accepted => prop_assert!(false, "cut at {}: {:?}", cut, accepted),
            }
        }
    }
}

fn schema_with(record: &str, name: &str, field_type: Value) -> String {
    let mut schema: Value = serde_json::from_str(TRANSACTION_EVENT_V2).unwrap();
    let field = fields_of(&mut schema, record)
        .iter_mut()
        .find(|field| field["name"] == name)
        .unwrap();
    field["type"] = field_type;
    field.as_object_mut().unwrap().remove("default");
    schema.to_string()
}

const ORDER: &str = RECORDS[2];
const ITEM: &str = RECORDS[3];

/// A field's record, its name, a type that does not fit, and what is said.
#[rustfmt::skip]
const MISFITS: [(&str, &str, &str, &str); 11] = [
    ("", "event_id", r#""int""#, "event_id is an int, ours is a string"),
    ("", "transaction_id", r#""bytes""#, "transaction_id is plain bytes, ours is a string"),
    ("", "event_timestamp", r#""string""#, "event_timestamp is a string, ours is a timestamp-micros"),
    ("", "items", r#"{"type": "map", "values": "string"}"#, "items is a map, ours is an array"),
    ("", "items", r#"{"type": "array", "items": "string"}"#, "items[] is a string, ours is a record"),
    ("", "channel", r#""string""#, "channel is a string, ours is an enum"),
    ("", "channel", r#"{"type": "enum", "name": "Path", "symbols": ["web"]}"#,
        "channel is an enum called Path, ours is Channel"),
    ("", "coupon_code", r#"["null", "long"]"#, "coupon_code is a long, ours is a string"),
    (ORDER, "subtotal", r#""double""#, "order.subtotal is a double, ours is a decimal in bytes"),
    (ORDER, "subtotal",
        r#"{"type": "fixed", "name": "F", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 2}"#,
        "order.subtotal is a decimal in a fixed, ours is a decimal in bytes"),
    (ITEM, "quantity", r#""long""#, "items[].quantity is a long, ours is an int"),
];

#[test]
fn types_that_do_not_fit_are_refused_with_the_field_named() {
    for (record, name, field_type, expected) in MISFITS {
        let field_type = serde_json::from_str(field_type).unwrap();
        let text = schema_with(record, name, field_type);
        let why = WriterSchema::parse(&text).unwrap_err().to_string();
        assert_eq!(why, expected);
    }
    let accepted = schema_with("", "event_timestamp", json!("long"));
    assert!(WriterSchema::parse(&accepted).is_ok());
}

#[test]
fn a_null_where_ours_has_none_is_a_missing_field() {
    let text = schema_with("", "event_version", json!(["null", "string"]));
    let mut book = SchemaBook::default();
    book.insert(ID, registered(&text));
    assert!(matches!(book.get(ID), Some(RegisteredSchema::Readable(_))));
    let payload = [
        &confluent_header(ID)[..],
        b"\x480190b2f0-7c1e-7a3b-9d4c-2f6e8a1b3c5d",
        &[0, 0],
    ]
    .concat();
    match sound_verdict_with(Some(&payload), &book) {
        Verdict::Quarantined(quarantine) => {
            assert_eq!(quarantine.reason, Reason::MissingField);
            assert!(
                quarantine.detail.starts_with("event_version: "),
                "{}",
                quarantine.detail
            );
            assert!(quarantine.event_id.is_some());
        }
        accepted => panic!("{accepted:?}"),
    }
}

#[test]
fn without_a_registry_the_detail_says_what_to_set() {
    let payload = confluent_header(ID);
    match sound_verdict_with(Some(&payload), &SchemaBook::default()) {
        Verdict::Quarantined(quarantine) => {
            assert_eq!(quarantine.reason, Reason::UnknownSchema);
            assert!(
                quarantine.detail.contains("SCHEMA_REGISTRY_URL"),
                "{}",
                quarantine.detail
            );
        }
        accepted => panic!("{accepted:?}"),
    }
}

/// Types that take no bytes, two of a kind in each, 30 levels deep: 2^30 of them in an empty datum.
#[test]
fn values_that_take_no_bytes_cannot_take_time_without_end() {
    let mut nothing = json!("null");
    for level in 0..30 {
        let name = format!("Level{level}");
        nothing = json!({"type": "record", "name": name, "fields": [
            {"name": "a", "type": nothing},
            {"name": "b", "type": if level == 0 { json!("null") } else { json!(format!("Level{}", level - 1)) }},
        ]});
    }
    let mut schema: Value = serde_json::from_str(TRANSACTION_EVENT_V2).unwrap();
    fields_of(&mut schema, "").insert(0, json!({"name": "nothing", "type": nothing}));
    let mut book = SchemaBook::default();
    book.insert(ID, registered(&schema.to_string()));
    let began = std::time::Instant::now();
    match sound_verdict_with(Some(&confluent_header(ID)), &book) {
        Verdict::Quarantined(quarantine) => assert_eq!(quarantine.reason, Reason::AllocLimit),
        accepted => panic!("{accepted:?}"),
    }
    assert!(began.elapsed().as_secs() < 5);
}
