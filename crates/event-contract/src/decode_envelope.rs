//! Reads the envelope that older shop systems send:
//!
//! ```json
//! {"data": {"transaction_details": {
//!     "transaction_id": "txn_0b0f3c1e-5f0a-4c8e-9a55-0d0c3f1f7b7e_20260601115958", "event_type": "purchase",
//!     "event_version": "1.0", "event_timestamp": "2026-06-01T11:59:58",
//!     "customer": {"id": "C1", "type": "new", "country": "DE", "city": "Köln"},
//!     "order": {"status": 1, "payment_method": 2, "currency": 1, "subtotal": 25.0, "tax_amount": 4.75,
//!               "shipping_amount": 4.9, "discount_amount": 1.5, "total_amount": 33.15},
//!     "items": [{"id": "P1", "category": "Kitchen", "unit_price": 12.5, "quantity": 2, "discount": 0.5, "cost": 5.0}]},
//!   "processed_status": "to_process"}}
//! ```
//!
//! - `purchase`, the only event type, is `order_placed`. There is no event id: it is the UUID v5 of transaction id and
//!   event type, so that the same purchase sent again is a duplicate.
//! - A time without a zone is UTC.
//! - status 1 to 5: placed, to_ship, shipped, returned, completed. payment_method 1 to 3: credit_card, paypal, cash.
//!   currency 1 and 2: EUR, USD.
//! - Amounts are floats: each goes to cents by its shortest decimal form, a tie to the even cent. A line's discount is per
//!   piece there and per line here, so it is multiplied by the quantity. Of the money identities only that of the total
//!   is checked, with a cent's tolerance for each line.
//! - Ids of customers and products may be whole numbers. A customer without one is a guest. Products have no name. The
//!   channel is `import`, since the envelope does not tell it.

use chrono::{DateTime, NaiveDateTime, Utc};
use uuid::Uuid;

use crate::decode::{Decoded, Undecodable};
use crate::decode_json::{
    ORDER_FIELDS, customer_type, items, quantity, read, read_optional, whole_micros,
};
use crate::fault::{Fault, quoted};
use crate::json_values::{JsonObject, JsonValue};
use crate::validate::Identities;
use crate::{
    Channel, Customer, EventType, Item, Limits, Money, Order, Reason, TransactionEvent,
    decimal_text,
};

/// The field by which an envelope is known.
pub(crate) const ENVELOPE_FIELD: &str = "data";

/// Under which event ids are derived. Never to be changed: the same purchase would become another event.
const EVENT_ID_NAMESPACE: Uuid = Uuid::from_u128(0x8c1f_7f0e_52c4_5a43_9d2b_6f2a_7be3_90d1);

const PURCHASE: &str = "purchase";
const STATUSES: &[&str] = &["placed", "to_ship", "shipped", "returned", "completed"];
const PAYMENT_METHODS: &[&str] = &["credit_card", "paypal", "cash"];
const CURRENCIES: &[&str] = &["EUR", "USD"];

const DETAILS_FIELD: &str = "transaction_details";
const DETAILS_FIELDS: &[&str] = &[
    "transaction_id",
    "event_type",
    "event_version",
    "event_timestamp",
    "customer",
    "order",
    "items",
];
const CUSTOMER_FIELDS: &[&str] = &["id", "type", "country", "city"];

/// Reads the event within the envelope's `data`.
pub(crate) fn decode(data: JsonValue<'_>, limits: &Limits) -> Result<Decoded, Undecodable> {
    let anonymous = |fault: Fault| Undecodable {
        fault: fault.in_field(ENVELOPE_FIELD),
        event_id: None,
    };
    let data = data.object(&[DETAILS_FIELD]).map_err(anonymous)?;
    let details = read(&data, DETAILS_FIELD, DETAILS_FIELD, |value| {
        value.object(DETAILS_FIELDS)
    })
    .map_err(anonymous)?;
    let transaction_id = read(
        &details,
        "transaction_id",
        "transaction_id",
        JsonValue::text,
    )
    .map_err(anonymous)?;
    read(&details, "event_type", "event_type", check_is_purchase).map_err(anonymous)?;
    let event_id = derive_event_id(&transaction_id);
    let event = decode_details(&details, event_id, transaction_id, limits).map_err(|fault| {
        Undecodable {
            fault,
            event_id: Some(event_id),
        }
    })?;
    Ok(Decoded {
        event,
        identities: Identities::TotalWithinACentPerLine,
        is_canonical: false,
    })
}

fn derive_event_id(transaction_id: &str) -> Uuid {
    Uuid::new_v5(
        &EVENT_ID_NAMESPACE,
        format!("{transaction_id}/{PURCHASE}").as_bytes(),
    )
}

fn decode_details(
    details: &JsonObject<'_>,
    event_id: Uuid,
    transaction_id: String,
    limits: &Limits,
) -> Result<TransactionEvent, Fault> {
    Ok(TransactionEvent {
        event_id,
        event_type: EventType::OrderPlaced,
        event_version: read(details, "event_version", "event_version", JsonValue::text)?,
        event_timestamp: read(details, "event_timestamp", "event_timestamp", timestamp)?,
        transaction_id,
        channel: Channel::Import,
        customer: customer(read(details, "customer", "customer", |value| {
            value.object(CUSTOMER_FIELDS)
        })?)?,
        order: order(read(details, "order", "order", |value| {
            value.object(ORDER_FIELDS)
        })?)?,
        items: items(details.get("items"), limits, item)?,
        coupon_code: None,
    })
}

fn customer(object: JsonObject<'_>) -> Result<Customer, Fault> {
    Ok(Customer {
        id: read_optional(&object, "id", "customer.id", id)?,
        customer_type: read(&object, "type", "customer.type", customer_type)?,
        country: read(&object, "country", "customer.country", JsonValue::text)?,
        city: read_optional(&object, "city", "customer.city", JsonValue::text)?.unwrap_or_default(),
        segment: None,
    })
}

fn order(object: JsonObject<'_>) -> Result<Order, Fault> {
    let code = |value, names, unknown| numbered(value, names, unknown).map(str::to_owned);
    Ok(Order {
        status: read(&object, "status", "order.status", |value| {
            code(value, STATUSES, Reason::BadEnum)
        })?,
        payment_method: read(&object, "payment_method", "order.payment_method", |value| {
            code(value, PAYMENT_METHODS, Reason::BadEnum)
        })?,
        currency: read(&object, "currency", "order.currency", |value| {
            code(value, CURRENCIES, Reason::BadCurrency)
        })?,
        subtotal: read(&object, "subtotal", "order.subtotal", amount)?,
        tax_amount: read(&object, "tax_amount", "order.tax_amount", amount)?,
        shipping_amount: read(&object, "shipping_amount", "order.shipping_amount", amount)?,
        discount_amount: read(&object, "discount_amount", "order.discount_amount", amount)?,
        total_amount: read(&object, "total_amount", "order.total_amount", amount)?,
    })
}

fn item(object: &JsonObject<'_>) -> Result<Item, Fault> {
    let quantity = read(object, "quantity", "quantity", quantity)?;
    Ok(Item {
        id: read(object, "id", "id", id)?,
        name: read_optional(object, "name", "name", JsonValue::text)?.unwrap_or_default(),
        category: read(object, "category", "category", JsonValue::text)?,
        unit_price: read(object, "unit_price", "unit_price", amount)?,
        quantity,
        discount: read(object, "discount", "discount", |value| {
            line_discount(value, quantity)
        })?,
        cost: read(object, "cost", "cost", amount)?,
    })
}

fn line_discount(per_piece: JsonValue<'_>, quantity: i32) -> Result<Money, Fault> {
    let per_piece = amount(per_piece)?;
    per_piece.checked_times(quantity).ok_or_else(|| {
        Fault::new(
            Reason::AmountRange,
            format!("{per_piece} times {quantity} is beyond decimal(18,2)"),
        )
    })
}

fn check_is_purchase(value: JsonValue<'_>) -> Result<(), Fault> {
    let event_type = value.text()?;
    if event_type == PURCHASE {
        return Ok(());
    }
    Err(Fault::new(
        Reason::UnknownType,
        format!(
            "{} is no event type of the older shops' envelope",
            quoted(&event_type)
        ),
    ))
}

/// Text, or a whole number for the text of its digits.
fn id(value: JsonValue<'_>) -> Result<String, Fault> {
    if value.number().is_none() {
        return value.text();
    }
    value
        .whole_number()?
        .map(|number| number.to_string())
        .ok_or_else(|| {
            Fault::new(
                Reason::BadJson,
                "a number that is neither whole nor text where an id must stand",
            )
        })
}

/// A name by its number, counted from 1.
fn numbered(
    value: JsonValue<'_>,
    names: &[&'static str],
    unknown: Reason,
) -> Result<&'static str, Fault> {
    let number = value.whole_number()?;
    let position = number.and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
    position
        .and_then(|position| names.get(position))
        .copied()
        .ok_or_else(|| Fault::new(unknown, format!("no number from 1 to {}", names.len())))
}

fn timestamp(value: JsonValue<'_>) -> Result<DateTime<Utc>, Fault> {
    let text = value.text()?;
    let time = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f")
        .map(|time| time.and_utc())
        .or_else(|_| DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()));
    match time {
        Ok(time) => whole_micros(time),
        Err(error) => Err(Fault::new(
            Reason::TsRange,
            format!("{} is no time: {error}", quoted(&text)),
        )),
    }
}

/// A float, by its shortest decimal form; see [`decimal_text::amount_of_float`].
fn amount(value: JsonValue<'_>) -> Result<Money, Fault> {
    let Some(digits) = value.number() else {
        return decimal_text::exact_amount(&value.text()?);
    };
    match digits.parse::<f64>() {
        Ok(float) => decimal_text::amount_of_float(float),
        Err(error) => Err(Fault::new(Reason::BadDecimal, error.to_string())),
    }
}
