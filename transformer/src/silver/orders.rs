//! What the events of an order come to: its snapshot, its steps, and what its cancellation takes back. Pure.
//!
//! All of it is a function of which events there are, not of the order in which they came or how they were batched:
//! milestones are the earliest of their kind, the rest is as of the latest event, and ids break ties of event time. What
//! a load changes is the difference between what the order came to before and after it, so that the rows written for
//! all loads together add up to what the order comes to.

use chrono::{DateTime, NaiveDate, Utc};
use event_contract::EventType;
use uuid::Uuid;
use warehouse::silver::OrderSnapshot;

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

/// What an event tells of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderEvent {
    /// `fct_order_events`
    pub order_event_key: i64,
    /// The event's own id.
    pub event_id: Uuid,
    /// What happened.
    pub event_type: EventType,
    /// Event time.
    pub at: DateTime<Utc>,
    /// Keys of its dimensions.
    pub keys: OrderKeys,
    /// Lines that it carries.
    pub line_count: i32,
    /// Total, in hundredths.
    pub total_cents: i64,
}

/// A step of an order's life, as the order funnel counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderStep {
    /// `placed`, `paid` and so on.
    pub step: &'static str,
    /// When the order took it.
    pub at: DateTime<Utc>,
    /// Whole seconds since the latest earlier step that is known.
    pub seconds_since_previous: Option<i64>,
}

/// The lines that a cancellation takes back: those of a placing, on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBack {
    /// `fct_order_events`: the placing.
    pub placed_event_key: i64,
    /// When the order was cancelled.
    pub at: DateTime<Utc>,
}

impl TakenBack {
    /// The UTC day on which the lines count.
    pub fn day(&self) -> NaiveDate {
        self.at.date_naive()
    }
}

/// What an order comes to with these events more. Nothing only where there was nothing and no event comes.
pub fn merge(before: Option<OrderSnapshot>, events: &[OrderEvent]) -> Option<OrderSnapshot> {
    events.iter().fold(before, |order, event| {
        Some(with_event(order.unwrap_or_else(|| begun_by(event)), event))
    })
}

/// A snapshot without an event yet, for its first.
fn begun_by(event: &OrderEvent) -> OrderSnapshot {
    OrderSnapshot {
        customer_key: event.keys.customer_key,
        channel_key: event.keys.channel_key,
        currency_key: event.keys.currency_key,
        order_status_key: event.keys.order_status_key,
        event_count: 0,
        line_count: None,
        status_at: event.at,
        status_event_id: Some(event.event_id),
        placed_at: None,
        paid_at: None,
        shipped_at: None,
        completed_at: None,
        returned_at: None,
        cancelled_at: None,
        placed_event_id: None,
        placed_event_key: None,
        total_cents: None,
    }
}

fn with_event(mut order: OrderSnapshot, event: &OrderEvent) -> OrderSnapshot {
    order.event_count += 1;
    if (event.at, Some(event.event_id)) > (order.status_at, order.status_event_id) {
        order.status_at = event.at;
        order.status_event_id = Some(event.event_id);
        order.customer_key = event.keys.customer_key;
        order.channel_key = event.keys.channel_key;
        order.currency_key = event.keys.currency_key;
        order.order_status_key = event.keys.order_status_key;
    }
    let is_earliest_placing = event.event_type == EventType::OrderPlaced
        && order.placed_at.is_none_or(|placed_at| {
            (event.at, Some(event.event_id)) < (placed_at, order.placed_event_id)
        });
    if is_earliest_placing {
        order.placed_event_id = Some(event.event_id);
        order.placed_event_key = Some(event.order_event_key);
        order.total_cents = Some(event.total_cents);
        order.line_count = Some(event.line_count);
    }
    let milestone = match event.event_type {
        EventType::OrderPlaced => &mut order.placed_at,
        EventType::OrderPaid => &mut order.paid_at,
        EventType::OrderShipped => &mut order.shipped_at,
        EventType::OrderCompleted => &mut order.completed_at,
        EventType::OrderReturned => &mut order.returned_at,
        EventType::OrderCancelled => &mut order.cancelled_at,
    };
    *milestone = Some(milestone.map_or(event.at, |known| known.min(event.at)));
    order
}

/// The steps that an order has taken as far as is known, earliest first. Of several at the same time, that comes first
/// which orders usually go through first.
pub fn steps(order: &OrderSnapshot) -> Vec<OrderStep> {
    let mut reached: Vec<(DateTime<Utc>, &'static str)> = [
        ("placed", order.placed_at),
        ("paid", order.paid_at),
        ("shipped", order.shipped_at),
        ("completed", order.completed_at),
        ("returned", order.returned_at),
        ("cancelled", order.cancelled_at),
    ]
    .into_iter()
    .filter_map(|(step, at)| Some((at?, step)))
    .collect();
    reached.sort_by_key(|(at, _)| *at); // stable
    let mut previous: Option<DateTime<Utc>> = None;
    reached
        .into_iter()
        .map(|(at, step)| OrderStep {
            step,
            at,
            seconds_since_previous: previous
                .replace(at)
                .map(|previous| (at - previous).num_seconds()),
        })
        .collect()
}

/// The rows that bring the steps of `before` to those of `after`: steps taken back with -1, then steps taken with 1.
pub fn step_changes(
    before: Option<&OrderSnapshot>,
    after: &OrderSnapshot,
) -> Vec<(OrderStep, i16)> {
    let (old, new) = (before.map(steps).unwrap_or_default(), steps(after));
    let gone = old.iter().filter(|step| !new.contains(step));
    let come = new.iter().filter(|step| !old.contains(step));
    gone.map(|step| (*step, -1))
        .chain(come.map(|step| (*step, 1)))
        .collect()
}

/// What the cancellation of an order takes back, once both it and the placing are known.
pub fn taken_back(order: &OrderSnapshot) -> Option<TakenBack> {
    Some(TakenBack {
        placed_event_key: order.placed_event_key?,
        at: order.cancelled_at?,
    })
}

/// What to undo and what to take back: normally nothing, or nothing and all; both where an earlier placing or an earlier
/// day of cancellation has come to light.
pub fn taken_back_changes(
    before: Option<&OrderSnapshot>,
    after: &OrderSnapshot,
) -> (Option<TakenBack>, Option<TakenBack>) {
    let (old, new) = (before.and_then(taken_back), taken_back(after));
    let what = |taken: &TakenBack| (taken.placed_event_key, taken.day());
    if old.as_ref().map(what) == new.as_ref().map(what) {
        return (None, None);
    }
    (old, new)
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
