//! Writes events in our own JSON form, which [`crate::decode_json`] describes.

use serde_json::{Map, Value, json};

use crate::{Customer, Item, Order, TransactionEvent};

/// The event as one JSON object: amounts as text with two decimals, the time as RFC 3339 in UTC with microseconds. What
/// the event does not have (a guest's id, a coupon, a segment) is left out.
pub(crate) fn document(event: &TransactionEvent) -> Value {
    let time = event.event_timestamp.format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let mut document = json!({
        "event_id": event.event_id.to_string(),
        "event_type": event.event_type.as_str(),
        "event_version": event.event_version,
        "event_timestamp": time.to_string(),
        "transaction_id": event.transaction_id,
        "channel": event.channel.as_str(),
        "customer": customer(&event.customer),
        "order": order(&event.order),
        "items": event.items.iter().map(item).collect::<Vec<_>>(),
    });
    if let Value::Object(fields) = &mut document {
        insert_where_present(fields, "coupon_code", &event.coupon_code);
    }
    document
}

fn customer(customer: &Customer) -> Value {
    let mut fields = Map::new();
    insert_where_present(&mut fields, "id", &customer.id);
    fields.insert("type".into(), customer.customer_type.as_str().into());
    fields.insert("country".into(), customer.country.as_str().into());
    fields.insert("city".into(), customer.city.as_str().into());
    insert_where_present(&mut fields, "segment", &customer.segment);
    Value::Object(fields)
}

fn insert_where_present(fields: &mut Map<String, Value>, name: &str, text: &Option<String>) {
    if let Some(text) = text {
        fields.insert(name.into(), text.as_str().into());
    }
}

fn order(order: &Order) -> Value {
    json!({
        "status": order.status,
        "payment_method": order.payment_method,
        "currency": order.currency,
        "subtotal": order.subtotal.to_string(),
        "tax_amount": order.tax_amount.to_string(),
        "shipping_amount": order.shipping_amount.to_string(),
        "discount_amount": order.discount_amount.to_string(),
        "total_amount": order.total_amount.to_string(),
    })
}

fn item(item: &Item) -> Value {
    json!({
        "id": item.id,
        "name": item.name,
        "category": item.category,
        "unit_price": item.unit_price.to_string(),
        "quantity": item.quantity,
        "discount": item.discount.to_string(),
        "cost": item.cost.to_string(),
    })
}
