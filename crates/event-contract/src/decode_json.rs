//! Reads an event from JSON, which comes in two forms: our own, and the envelope that older shop systems send
//! ([`crate::decode_envelope`]). The first is
//!
//! ```json
//! {"event_id": "0190b2f0-7c1e-7a3b-9d4c-2f6e8a1b3c5d", "event_type": "order_placed", "event_version": "2.0",
//!  "event_timestamp": "2026-06-01T11:59:58.123456Z", "transaction_id": "K7Q2ZD-0000000042", "channel": "web",
//!  "customer": {"id": "C0000123", "type": "returning", "country": "DE", "city": "Köln", "segment": "loyal"},
//!  "order": {"status": "placed", "payment_method": "credit_card", "currency": "EUR", "subtotal": "12.50",
//!            "tax_amount": "2.38", "shipping_amount": 4.90, "discount_amount": "0.00", "total_amount": "19.78"},
//!  "items": [{"id": "P001001", "name": "Cup", "category": "Kitchen", "unit_price": "12.50", "quantity": 1,
//!             "discount": "0.00", "cost": 5}],
//!  "coupon_code": "SPRING"}
//! ```
//!
//! - Amounts are numbers, or text with a number in it; either is read digit by digit, so `4.90` is 4.90 and `4.901` is
//!   refused (`decimal_scale`).
//! - Times are RFC 3339 with a zone, or whole microseconds since 1970. Digits beyond the microsecond are cut.
//! - Names of event types, channels and customer types are the schema's symbols.
//! - Optional, where absent, null and (for the labels) empty are the same: `customer.id`, `customer.city`,
//!   `customer.segment`, an item's `name`, `coupon_code`, and `items` of an event that carries none.
//! - Fields that nobody here knows are skipped, as Avro's schema resolution skips them; but the whole document must be
//!   JSON, and no key may stand twice.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::decode::{Decoded, Undecodable};
use crate::decode_envelope;
use crate::fault::{Fault, quoted};
use crate::json_values::{JsonObject, JsonValue};
use crate::validate::Identities;
use crate::{
    Channel, Customer, CustomerType, EventType, Item, Limits, Money, Order, Reason,
    TransactionEvent, decimal_text,
};

const EVENT_FIELDS: &[&str] = &[
    "event_id",
    "event_type",
    "event_version",
    "event_timestamp",
    "transaction_id",
    "channel",
    "customer",
    "order",
    "items",
    "coupon_code",
    decode_envelope::ENVELOPE_FIELD,
];
const CUSTOMER_FIELDS: &[&str] = &["id", "type", "country", "city", "segment"];
pub(crate) const ORDER_FIELDS: &[&str] = &[
    "status",
    "payment_method",
    "currency",
    "subtotal",
    "tax_amount",
    "shipping_amount",
    "discount_amount",
    "total_amount",
];
pub(crate) const ITEM_FIELDS: &[&str] = &[
    "id",
    "name",
    "category",
    "unit_price",
    "quantity",
    "discount",
    "cost",
];

/// Reads the one event of a document that [`crate::json_syntax::check`] has accepted.
pub(crate) fn decode(document: &str, limits: &Limits) -> Result<Decoded, Undecodable> {
    let anonymous = |fault| Undecodable {
        fault,
        event_id: None,
    };
    let object = JsonValue::document(document)
        .object(EVENT_FIELDS)
        .map_err(anonymous)?;
    if object.get("event_id").is_none()
        && let Some(envelope) = object.get(decode_envelope::ENVELOPE_FIELD)
    {
        return decode_envelope::decode(envelope, limits);
    }
    let event_id = read(&object, "event_id", "event_id", event_id).map_err(anonymous)?;
    let event = decode_after_event_id(&object, event_id, limits).map_err(|fault| Undecodable {
        fault,
        event_id: Some(event_id),
    })?;
    Ok(Decoded {
        event,
        identities: Identities::Exact,
        is_canonical: false,
    })
}

fn decode_after_event_id(
    object: &JsonObject<'_>,
    event_id: Uuid,
    limits: &Limits,
) -> Result<TransactionEvent, Fault> {
    Ok(TransactionEvent {
        event_id,
        event_type: read(object, "event_type", "event_type", |value| {
            symbol(value, Reason::UnknownType, EventType::from_symbol)
        })?,
        event_version: read(object, "event_version", "event_version", JsonValue::text)?,
        event_timestamp: read(object, "event_timestamp", "event_timestamp", timestamp)?,
        transaction_id: read(object, "transaction_id", "transaction_id", JsonValue::text)?,
        channel: read(object, "channel", "channel", |value| {
            symbol(value, Reason::BadEnum, Channel::from_symbol)
        })?,
        customer: customer(read(object, "customer", "customer", |value| {
            value.object(CUSTOMER_FIELDS)
        })?)?,
        order: order(read(object, "order", "order", |value| {
            value.object(ORDER_FIELDS)
        })?)?,
        items: items(object.get("items"), limits, item)?,
        coupon_code: read_optional(object, "coupon_code", "coupon_code", JsonValue::text)?,
    })
}

fn customer(object: JsonObject<'_>) -> Result<Customer, Fault> {
    Ok(Customer {
        id: read_optional(&object, "id", "customer.id", JsonValue::text)?,
        customer_type: read(&object, "type", "customer.type", customer_type)?,
        country: read(&object, "country", "customer.country", JsonValue::text)?,
        city: read_optional(&object, "city", "customer.city", JsonValue::text)?.unwrap_or_default(),
        segment: read_optional(&object, "segment", "customer.segment", JsonValue::text)?,
    })
}

fn order(object: JsonObject<'_>) -> Result<Order, Fault> {
    Ok(Order {
        status: read(&object, "status", "order.status", JsonValue::text)?,
        payment_method: read(
            &object,
            "payment_method",
            "order.payment_method",
            JsonValue::text,
        )?,
        currency: read(&object, "currency", "order.currency", JsonValue::text)?,
        subtotal: read(&object, "subtotal", "order.subtotal", amount)?,
        tax_amount: read(&object, "tax_amount", "order.tax_amount", amount)?,
        shipping_amount: read(&object, "shipping_amount", "order.shipping_amount", amount)?,
        discount_amount: read(&object, "discount_amount", "order.discount_amount", amount)?,
        total_amount: read(&object, "total_amount", "order.total_amount", amount)?,
    })
}

fn item(object: &JsonObject<'_>) -> Result<Item, Fault> {
    Ok(Item {
        id: read(object, "id", "id", JsonValue::text)?,
        name: read_optional(object, "name", "name", JsonValue::text)?.unwrap_or_default(),
        category: read(object, "category", "category", JsonValue::text)?,
        unit_price: read(object, "unit_price", "unit_price", amount)?,
        quantity: read(object, "quantity", "quantity", quantity)?,
        discount: read(object, "discount", "discount", amount)?,
        cost: read(object, "cost", "cost", amount)?,
    })
}

/// The lines, each an object that `read_item` reads; none where there is no list.
pub(crate) fn items(
    list: Option<JsonValue<'_>>,
    limits: &Limits,
    read_item: fn(&JsonObject<'_>) -> Result<Item, Fault>,
) -> Result<Vec<Item>, Fault> {
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    let lines = list
        .list(limits.max_lines)
        .map_err(|fault| fault.in_field("items"))?;
    let Some(lines) = lines else {
        let detail = format!(
            "more lines than the {} that an order can have",
            limits.max_lines
        );
        return Err(Fault::new(Reason::AllocLimit, detail).in_field("items"));
    };
    // Not as many at once as there are values: a value can be a single byte, an item takes a hundred.
    let mut items = Vec::new();
    for (line, value) in lines.into_iter().enumerate() {
        let object = value
            .object(ITEM_FIELDS)
            .map_err(|fault| fault.in_field(&format!("items[{line}]")))?;
        items.push(read_item(&object).map_err(|fault| fault.in_line(line))?);
    }
    Ok(items)
}

/// The value of a field that must be there. `path` names it in the detail.
pub(crate) fn read<'a, T>(
    object: &JsonObject<'a>,
    name: &str,
    path: &str,
    read_value: impl FnOnce(JsonValue<'a>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    object
        .require(name)
        .and_then(read_value)
        .map_err(|fault| fault.in_field(path))
}

/// As [`read`], of a field that may be absent or null.
pub(crate) fn read_optional<'a, T>(
    object: &JsonObject<'a>,
    name: &str,
    path: &str,
    read_value: impl FnOnce(JsonValue<'a>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    object
        .get(name)
        .map(read_value)
        .transpose()
        .map_err(|fault| fault.in_field(path))
}

fn event_id(value: JsonValue<'_>) -> Result<Uuid, Fault> {
    let text = value.text()?;
    let is_hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    is_hyphenated
        .then(|| Uuid::try_parse(&text).ok())
        .flatten()
        .ok_or_else(|| {
            Fault::new(
                Reason::BadUuid,
                format!("{} is not a hyphenated UUID", quoted(&text)),
            )
        })
}

pub(crate) fn symbol<Symbol>(
    value: JsonValue<'_>,
    unknown: Reason,
    by_name: fn(&str) -> Option<Symbol>,
) -> Result<Symbol, Fault> {
    let name = value.text()?;
    by_name(&name)
        .ok_or_else(|| Fault::new(unknown, format!("{} is not in the contract", quoted(&name))))
}

pub(crate) fn customer_type(value: JsonValue<'_>) -> Result<CustomerType, Fault> {
    symbol(value, Reason::BadEnum, CustomerType::from_symbol)
}

fn timestamp(value: JsonValue<'_>) -> Result<DateTime<Utc>, Fault> {
    if value.number().is_some() {
        let micros = value.whole_number()?;
        return micros
            .and_then(DateTime::from_timestamp_micros)
            .ok_or_else(|| {
                Fault::new(
                    Reason::TsRange,
                    "no whole number of microseconds that a calendar reaches",
                )
            });
    }
    let text = value.text()?;
    match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => whole_micros(time.to_utc()),
        Err(error) => Err(Fault::new(
            Reason::TsRange,
            format!("{} is no RFC 3339 time with a zone: {error}", quoted(&text)),
        )),
    }
}

/// Cuts what a microsecond does not hold, a leap second's mark among it.
pub(crate) fn whole_micros(time: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_micros(time.timestamp_micros())
        .ok_or_else(|| Fault::new(Reason::TsRange, "beyond any calendar"))
}

fn amount(value: JsonValue<'_>) -> Result<Money, Fault> {
    match value.number() {
        Some(digits) => decimal_text::exact_amount(digits),
        None => decimal_text::exact_amount(&value.text()?),
    }
}

pub(crate) fn quantity(value: JsonValue<'_>) -> Result<i32, Fault> {
    let pieces = value.whole_number()?;
    pieces
        .and_then(|pieces| i32::try_from(pieces).ok())
        .ok_or_else(|| {
            Fault::new(
                Reason::QuantityRange,
                "no whole number of pieces that fits 32 bits",
            )
        })
}
