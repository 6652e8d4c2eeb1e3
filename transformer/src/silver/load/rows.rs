//! The rows of a load's own facts: what can be written without knowing what the warehouse holds of their orders.

use event_contract::judge::RULE_VERSION;
use event_contract::{EventType, Item, TransactionEvent};
use warehouse::WarehouseError;
use warehouse::silver::{FactBuffers, OrderEventRow, OrderLine, OrderLineRow, QuarantineRow};

use crate::silver::keys::{DimensionKeys, EventKeys, LineKeys};
use crate::silver::orders::OrderEvent;
use crate::silver::verdicts::{LoadableEvent, SortedRecords};

/// A load's own facts.
pub(super) struct FilledFacts {
    /// The rows.
    pub(super) buffers: FactBuffers,
    /// What each accepted event tells of its order; in the same order, so with ascending keys.
    pub(super) order_events: Vec<OrderEvent>,
    /// The lines of each accepted event, likewise.
    lines: Vec<OrderLine>,
    /// Where each event's lines begin in `lines`.
    line_starts: Vec<usize>,
    first_key: i64,
}

impl FilledFacts {
    /// The lines of an event of this load; nothing where the event is not of this load.
    pub(super) fn lines_of(&self, order_event_key: i64) -> Option<&[OrderLine]> {
        let place = usize::try_from(order_event_key.checked_sub(self.first_key)?).ok()?;
        let start = *self.line_starts.get(place)?;
        let end = self.line_starts.get(place + 1).copied();
        self.lines.get(start..end.unwrap_or(self.lines.len()))
    }
}

/// Makes the rows. The events get consecutive keys from `first_key`.
pub(super) fn fill(
    sorted: &SortedRecords<'_>,
    keys: &DimensionKeys,
    first_key: i64,
) -> Result<FilledFacts, WarehouseError> {
    let mut facts = FilledFacts {
        buffers: FactBuffers::default(),
        order_events: Vec::with_capacity(sorted.accepted.len()),
        lines: Vec::new(),
        line_starts: Vec::with_capacity(sorted.accepted.len()),
        first_key,
    };
    let mut name = String::new();
    for (loadable, order_event_key) in sorted.accepted.iter().zip(first_key..) {
        let keys_of_event = keys.of_event(loadable.event)?;
        push_event(
            &mut facts.buffers,
            loadable,
            &keys_of_event,
            order_event_key,
        );
        facts
            .order_events
            .push(order_event(loadable, &keys_of_event, order_event_key));
        facts.line_starts.push(facts.lines.len());
        for (item, line_no) in loadable.event.items.iter().zip(1i16..) {
            let keys_of_line = keys.of_line(item, &mut name)?;
            let line = order_line(loadable.event, &keys_of_event, &keys_of_line, item);
            facts.lines.push(line);
            facts.buffers.push_line(&OrderLineRow {
                order_event_key,
                line_no,
                event_date: loadable.event.event_timestamp.date_naive(),
                line,
            });
        }
    }
    push_refusals(&mut facts.buffers, sorted);
    Ok(facts)
}

fn push_refusals(buffers: &mut FactBuffers, sorted: &SortedRecords<'_>) {
    for refused in &sorted.quarantined {
        buffers.push_quarantined(&QuarantineRow {
            position: refused.position,
            event_id: refused.event_id,
            rule_version: RULE_VERSION,
            reason: refused.reason.as_str(),
            detail: &refused.detail,
            ingested_at: refused.ingested_at,
        });
    }
    for duplicate in &sorted.duplicates {
        buffers.push_duplicate(duplicate);
    }
}

/// The coupon that the event states.
fn coupon_of(event: &TransactionEvent) -> Option<&str> {
    event.coupon_code.as_deref()
}

fn push_event(
    buffers: &mut FactBuffers,
    loadable: &LoadableEvent<'_>,
    keys: &EventKeys,
    order_event_key: i64,
) {
    let event = loadable.event;
    buffers.push_event(&OrderEventRow {
        order_event_key,
        event_id: event.event_id,
        order_id: &event.transaction_id,
        position: loadable.position,
        customer_key: keys.order.customer_key,
        customer_version_key: keys.customer_version_key,
        location_key: keys.location_key,
        channel_key: keys.order.channel_key,
        currency_key: keys.order.currency_key,
        payment_method_key: keys.payment_method_key,
        order_status_key: keys.order.order_status_key,
        line_count: count(event.items.len()),
        units: loadable.units,
        event_at: event.event_timestamp,
        event_type: event.event_type.as_str(),
        event_version: &event.event_version,
        coupon_code: coupon_of(event),
        content_hash: &loadable.content_hash,
        subtotal_cents: event.order.subtotal.cents(),
        tax_cents: event.order.tax_amount.cents(),
        shipping_cents: event.order.shipping_amount.cents(),
        discount_cents: event.order.discount_amount.cents(),
        total_cents: event.order.total_amount.cents(),
        cost_cents: loadable.cost_cents,
    });
}

fn order_event(loadable: &LoadableEvent<'_>, keys: &EventKeys, order_event_key: i64) -> OrderEvent {
    let event = loadable.event;
    OrderEvent {
        order_event_key,
        event_id: event.event_id,
        event_type: event.event_type,
        at: event.event_timestamp,
        keys: keys.order,
        line_count: count(event.items.len()),
        total_cents: event.order.total_amount.cents(),
    }
}

/// Returned lines are negative, so that lines simply add.
fn order_line(
    event: &TransactionEvent,
    keys_of_event: &EventKeys,
    keys: &LineKeys,
    item: &Item,
) -> OrderLine {
    let times_quantity = |cents: i64| cents * i64::from(item.quantity);
    let line = OrderLine {
        product_key: keys.product_key,
        product_version_key: keys.product_version_key,
        category_key: keys.category_key,
        currency_key: keys_of_event.order.currency_key,
        quantity: item.quantity,
        unit_price_cents: item.unit_price.cents(),
        gross_cents: times_quantity(item.unit_price.cents()),
        discount_cents: item.discount.cents(),
        cost_cents: times_quantity(item.cost.cents()),
    };
    match event.event_type {
        EventType::OrderReturned => line.negated(),
        _ => line,
    }
}

/// A number of things as the warehouse counts them.
pub(super) fn count(items: usize) -> i32 {
    i32::try_from(items).unwrap_or(i32::MAX)
}
