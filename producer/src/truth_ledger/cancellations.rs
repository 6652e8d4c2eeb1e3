//! Which lines a cancellation takes back. A cancellation carries none: they are those of its order's placing, and they
//! count on the day of the cancellation, once both were sent, whichever was sent first.
//!
//! What has to be remembered for that is the content of orders that can still be cancelled. The mock shop cancels no
//! order that was shipped or completed, and it keeps a bounded number of orders open; of those that were cancelled, only
//! the latest can still turn out not to be in Kafka. An order is placed once and cancelled at most once.

use std::collections::{HashMap, VecDeque};

use chrono::NaiveDate;
use event_contract::{Channel, EventType, TransactionEvent};

use super::tally::TallyLine;

/// More records than Kafka's client holds on to, waiting to be acknowledged (`queue.buffering.max.messages`): whatever
/// was completed by a record before these is settled.
const MOST_UNACKNOWLEDGED: usize = 100_000;

/// An order whose placing or cancellation was sent.
#[derive(Debug, Default)]
struct CancellableOrder {
    placed: Option<PlacedOrder>,
    cancelled_on: Option<NaiveDate>,
}

/// What was placed.
#[derive(Debug, Clone)]
pub(super) struct PlacedOrder {
    /// The number of the currency's name.
    pub(super) currency: u32,
    /// Where.
    pub(super) channel: Channel,
    /// The lines.
    pub(super) lines: Box<[TallyLine]>,
}

/// What a cancellation takes back.
#[derive(Debug, Clone)]
pub(super) struct TakenBack {
    /// The day on which it counts.
    pub(super) day: NaiveDate,
    /// What was placed.
    pub(super) order: PlacedOrder,
}

/// Brings placings and cancellations together.
#[derive(Debug, Default)]
pub(super) struct Cancellations {
    orders: HashMap<Box<str>, CancellableOrder>,
    /// Orders of which both are known, the latest last.
    completed: VecDeque<Box<str>>,
}

impl Cancellations {
    /// Notes an event that was sent, with what it places if it does. Answers what is taken back because of it.
    pub(super) fn add(
        &mut self,
        event: &TransactionEvent,
        placed: impl FnOnce() -> PlacedOrder,
    ) -> Option<TakenBack> {
        let order_id = event.transaction_id.as_str();
        match event.event_type {
            EventType::OrderPlaced => {
                let order = self.orders.entry(order_id.into()).or_default();
                order.placed = Some(placed());
            }
            EventType::OrderCancelled => {
                let order = self.orders.entry(order_id.into()).or_default();
                order.cancelled_on = Some(event.event_timestamp.date_naive());
            }
            EventType::OrderShipped | EventType::OrderCompleted | EventType::OrderReturned => {
                self.orders.remove(order_id);
                return None;
            }
            EventType::OrderPaid => return None,
        }
        let taken_back = self.taken_back(order_id)?;
        self.completed.push_back(order_id.into());
        if self.completed.len() > MOST_UNACKNOWLEDGED
            && let Some(settled) = self.completed.pop_front()
        {
            self.orders.remove(&settled);
        }
        Some(taken_back)
    }

    /// Forgets an event that is not in Kafka after all. Answers what was taken back because of it.
    pub(super) fn subtract(&mut self, event: &TransactionEvent) -> Option<TakenBack> {
        let order_id = event.transaction_id.as_str();
        let taken_back = self.taken_back(order_id);
        let order = self.orders.get_mut(order_id)?;
        match event.event_type {
            EventType::OrderPlaced => order.placed = None,
            EventType::OrderCancelled => order.cancelled_on = None,
            _ => return None,
        }
        taken_back
    }

    fn taken_back(&self, order_id: &str) -> Option<TakenBack> {
        let order = self.orders.get(order_id)?;
        Some(TakenBack {
            day: order.cancelled_on?,
            order: order.placed.clone()?,
        })
    }
}
