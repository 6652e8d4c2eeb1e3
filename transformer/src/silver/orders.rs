//! Folds the events of a load into the snapshots of their orders. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use event_contract::EventType;
use warehouse::silver::OrderSnapshot;

use super::verdicts::LoadableEvent;

/// The dimension keys of an event that an order's snapshot carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderKeys {
    /// `dim_customers`
    pub customer_key: i64,
    /// `dim_channels`
    pub channel_key: i32,
    /// `dim_currencies`
    pub currency_key: i32,
    /// `dim_order_statuses`
    pub order_status_key: i32,
}

/// One snapshot an order, sorted by order id. The outcome does not depend on the order of the events: milestones are the
/// earliest, everything else is as of the latest event by event time, partition and offset.
pub fn fold_orders<'a>(
    events: impl Iterator<Item = (&'a LoadableEvent<'a>, OrderKeys)>,
) -> Vec<OrderSnapshot<'a>> {
    let mut orders: HashMap<&str, OrderSnapshot<'a>> = HashMap::new();
    for (loadable, keys) in events {
        let order = orders
            .entry(loadable.event.transaction_id.as_str())
            .or_insert_with(|| empty_snapshot(loadable, keys));
        fold(order, loadable, keys);
    }
    let mut orders: Vec<OrderSnapshot<'a>> = orders.into_values().collect();
    orders.sort_unstable_by_key(|order| order.order_id);
    orders
}

fn empty_snapshot<'a>(loadable: &LoadableEvent<'a>, keys: OrderKeys) -> OrderSnapshot<'a> {
    OrderSnapshot {
        order_id: &loadable.event.transaction_id,
        customer_key: keys.customer_key,
        channel_key: keys.channel_key,
        currency_key: keys.currency_key,
        order_status_key: keys.order_status_key,
        event_count: 0,
        line_count: None,
        status_at: loadable.event.event_timestamp,
        status_position: loadable.position,
        placed_at: None,
        paid_at: None,
        shipped_at: None,
        completed_at: None,
        returned_at: None,
        cancelled_at: None,
        total_cents: None,
    }
}

fn fold(order: &mut OrderSnapshot<'_>, loadable: &LoadableEvent<'_>, keys: OrderKeys) {
    let event = &loadable.event;
    let at = event.event_timestamp;
    order.event_count += 1;
    if (at, loadable.position) > (order.status_at, order.status_position) {
        order.status_at = at;
        order.status_position = loadable.position;
        order.customer_key = keys.customer_key;
        order.channel_key = keys.channel_key;
        order.currency_key = keys.currency_key;
        order.order_status_key = keys.order_status_key;
    }
    let is_first_placing = event.event_type == EventType::OrderPlaced
        && order.placed_at.is_none_or(|earlier| at < earlier);
    if is_first_placing {
        order.total_cents = Some(event.order.total_amount.cents());
        order.line_count = i32::try_from(event.items.len()).ok();
    }
    let milestone = match event.event_type {
        EventType::OrderPlaced => &mut order.placed_at,
        EventType::OrderPaid => &mut order.paid_at,
        EventType::OrderShipped => &mut order.shipped_at,
        EventType::OrderCompleted => &mut order.completed_at,
        EventType::OrderReturned => &mut order.returned_at,
        EventType::OrderCancelled => &mut order.cancelled_at,
    };
    *milestone = Some(earlier(*milestone, at));
}

fn earlier(known: Option<DateTime<Utc>>, at: DateTime<Utc>) -> DateTime<Utc> {
    known.map_or(at, |known| known.min(at))
}
