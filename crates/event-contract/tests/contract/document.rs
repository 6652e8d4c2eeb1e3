//! Events as JSON documents, and their encoding field by field: a third encoder, apart from the crate's and the
//! library's, that can also write what neither would.

use std::collections::BTreeMap;

use event_contract::schema::SchemaVersion;
use serde_json::Value;

/// The encoded fields of an event in the order of the schema, each under its JSON pointer.
pub(crate) struct EncodedFields(Vec<(String, Vec<u8>)>);

impl EncodedFields {
    pub(crate) fn of(event: &Value, version: SchemaVersion) -> EncodedFields {
        let mut fields = EncodedFields(Vec::new());
        fields.text(event, "/event_id");
        fields.symbol(
            event,
            "/event_type",
            &[
                "order_placed",
                "order_paid",
                "order_shipped",
                "order_completed",
                "order_returned",
                "order_cancelled",
            ],
        );
        fields.text(event, "/event_version");
        fields.timestamp(event, "/event_timestamp");
        fields.text(event, "/transaction_id");
        fields.symbol(event, "/channel", &["web", "mobile", "in_store", "import"]);
        fields.optional_text(event, "/customer/id");
        fields.symbol(event, "/customer/type", &["new", "returning"]);
        for field in ["/customer/country", "/customer/city"] {
            fields.text(event, field);
        }
        if version == SchemaVersion::V2 {
            fields.optional_text(event, "/customer/segment");
        }
        for field in ["/order/status", "/order/payment_method", "/order/currency"] {
            fields.text(event, field);
        }
        for amount in [
            "subtotal",
            "tax_amount",
            "shipping_amount",
            "discount_amount",
            "total_amount",
        ] {
            fields.amount(event, &format!("/order/{amount}"));
        }
        fields.items(event);
        if version == SchemaVersion::V2 {
            fields.optional_text(event, "/coupon_code");
        }
        fields
    }

    /// The datum, with some fields' bytes replaced, up to the field where it is to end.
    pub(crate) fn join(
        &self,
        raw: &BTreeMap<String, Vec<u8>>,
        cut_before: Option<&str>,
    ) -> Vec<u8> {
        for pointer in raw.keys().map(String::as_str).chain(cut_before) {
            let is_known = self.0.iter().any(|(field, _)| field == pointer);
            assert!(is_known, "no field {pointer}");
        }
        self.0
            .iter()
            .take_while(|(field, _)| Some(field.as_str()) != cut_before)
            .flat_map(|(field, bytes)| raw.get(field).unwrap_or(bytes).clone())
            .collect()
    }

    fn items(&mut self, event: &Value) {
        let line_count = event["items"].as_array().unwrap().len();
        if line_count > 0 {
            self.push("/items", long(i64::try_from(line_count).unwrap()));
        }
        for line in 0..line_count {
            for field in ["id", "name", "category"] {
                self.text(event, &format!("/items/{line}/{field}"));
            }
            self.amount(event, &format!("/items/{line}/unit_price"));
            let quantity = format!("/items/{line}/quantity");
            let pieces = at(event, &quantity).as_i64().unwrap();
            self.push(&quantity, long(pieces));
            self.amount(event, &format!("/items/{line}/discount"));
            self.amount(event, &format!("/items/{line}/cost"));
        }
        self.push("/items_end", long(0));
    }

    fn text(&mut self, event: &Value, pointer: &str) {
        self.push(
            pointer,
            bytes(at(event, pointer).as_str().unwrap().as_bytes()),
        );
    }

    fn optional_text(&mut self, event: &Value, pointer: &str) {
        let field = match at(event, pointer) {
            Value::Null => long(0),
            text => [long(1), bytes(text.as_str().unwrap().as_bytes())].concat(),
        };
        self.push(pointer, field);
    }

    fn symbol(&mut self, event: &Value, pointer: &str, symbols: &[&str]) {
        let symbol = at(event, pointer).as_str().unwrap();
        let ordinal = symbols.iter().position(|known| *known == symbol).unwrap();
        self.push(pointer, long(i64::try_from(ordinal).unwrap()));
    }

    fn timestamp(&mut self, event: &Value, pointer: &str) {
        let micros = match at(event, pointer) {
            Value::String(text) => {
                let time = chrono::DateTime::parse_from_rfc3339(text).unwrap();
                time.timestamp_micros()
            }
            number => number.as_i64().unwrap(),
        };
        self.push(pointer, long(micros));
    }

    fn amount(&mut self, event: &Value, pointer: &str) {
        self.push(
            pointer,
            bytes(&unscaled(at(event, pointer).as_str().unwrap())),
        );
    }

    fn push(&mut self, pointer: &str, encoded: Vec<u8>) {
        self.0.push((pointer.to_owned(), encoded));
    }
}

fn at<'a>(event: &'a Value, pointer: &str) -> &'a Value {
    event
        .pointer(pointer)
        .unwrap_or_else(|| panic!("no field {pointer}"))
}

fn long(value: i64) -> Vec<u8> {
    let doubled = i128::from(value) * 2;
    let mut rest = if doubled < 0 { -doubled - 1 } else { doubled };
    let mut encoded = Vec::new();
    while rest >= 128 {
        encoded.push(u8::try_from(rest % 128 + 128).unwrap());
        rest /= 128;
    }
    encoded.push(u8::try_from(rest).unwrap());
    encoded
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [&long(i64::try_from(content.len()).unwrap()), content].concat()
}

/// Decimal text with two places to the shortest two's complement.
fn unscaled(text: &str) -> Vec<u8> {
    let (units, hundredths) = text.split_once('.').unwrap();
    assert_eq!(hundredths.len(), 2, "{text}");
    let value: i128 = format!("{units}{hundredths}").parse().unwrap();
    let length = (1..16_u32)
        .find(|length| (-(1_i128 << (8 * length - 1))..1 << (8 * length - 1)).contains(&value))
        .unwrap();
    value.to_be_bytes()[16 - length as usize..].to_vec()
}
