//! From lines to orders, within bounded memory, and from orders to events.
//!
//! Rows of one order need not stand together. An order stays open until [`WINDOW`] rows have passed since its last one;
//! a row that comes later begins a further part of it, as does a row that no longer fits into one event. The first part
//! carries the order's own number, the others the number with `#2`, `#3` and so on. Rows that agree in the number but not
//! in the customer, country or currency are parts of their own as well, so that no amount moves from one to another.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_contract::{
    Channel, CustomerType, EventType, Item, Limits, Money, TransactionEvent, encode,
};
use uuid::Uuid;

use super::row::Position;
use crate::shop::blank_event;

/// An order is complete once so many rows have passed without one of it.
pub const WINDOW: u64 = 10_000;

/// Open orders take at most about so many bytes; beyond that the one that waits longest goes out before its time.
const MOST_OPEN_BYTES: usize = 32 << 20;

/// An event takes at most about so many bytes, well below what Kafka and the contract take.
const MOST_ORDER_BYTES: usize = 700_000;

/// So many orders are remembered after they went out, to number their further parts.
const MOST_REMEMBERED: usize = 1_000_000;

/// What a line takes beside its texts.
const LINE_BYTES: usize = 128;

/// The namespace of imported events' identifiers.
const EVENT_IDS: Uuid = Uuid::from_u128(0x0d2c_6f3a_5b0e_4f0c_9a54_8a1e_77c1_43b6);

/// Whether goods went out or came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Out.
    Sale,
    /// Back.
    Return,
}

/// What the lines of an order have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderHead {
    /// The order's number in its source.
    pub order_id: String,
    /// Out or back.
    pub kind: Kind,
    /// When; of the first line where they differ.
    pub at: DateTime<Utc>,
    /// The customer's number; nothing for a guest.
    pub customer_id: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// May be empty.
    pub city: String,
    /// Where it was sold.
    pub channel: Channel,
    /// ISO 4217.
    pub currency: String,
    /// How it was paid; of the first line where they differ.
    pub payment_method: String,
}

/// A line, and the order it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The order.
    pub head: OrderHead,
    /// The line, with a positive quantity.
    pub item: Item,
}

/// An order, or a part of one, that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What its lines have in common.
    pub head: OrderHead,
    /// Which part of the order it is, from 1.
    pub part: u32,
    /// The position of its first row.
    pub position: Position,
    /// Where its rows are.
    pub lines: Vec<u64>,
    /// Its lines, in the order of the source.
    pub items: Vec<Item>,
    bytes: usize,
}

impl Order {
    /// The number under which it is sent.
    pub fn transaction_id(&self) -> String {
        match self.part {
            1 => self.head.order_id.clone(),
            part => format!("{}#{part}", self.head.order_id),
        }
    }
}

/// Collects lines until their order is complete.
#[derive(Debug, Default)]
pub struct Grouping {
    open: HashMap<Arc<str>, (u64, Order)>,
    /// Open orders by the row that touched them last, which is one order's only.
    by_last_row: BTreeMap<u64, Arc<str>>,
    rows: u64,
    bytes: usize,
    parts: Parts,
}

impl Grouping {
    /// Takes a line; hands out the orders that are complete by now.
    ///
    /// # Errors
    /// The first error of `emit`.
    pub fn take<E>(
        &mut self,
        sale: Sale,
        line: u64,
        position: &Position,
        emit: &mut impl FnMut(Order) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pass_row(emit)?;
        let key = key_of(&sale.head);
        let bytes =
            LINE_BYTES + sale.item.id.len() + sale.item.name.len() + sale.item.category.len();
        let is_full = self.open.get(&key).is_some_and(|(_, order)| {
            order.items.len() >= Limits::default().max_lines
                || order.bytes + bytes > MOST_ORDER_BYTES
        });
        if is_full && let Some(order) = self.close(&key) {
            emit(order)?;
        }
        let row = self.rows;
        let Grouping {
            open,
            by_last_row,
            parts,
            ..
        } = self;
        let (last_row, order) = open.entry(key.clone()).or_insert_with(|| {
            let part = parts.next(&sale.head);
            (
                row,
                Order {
                    head: sale.head,
                    part,
                    position: position.clone(),
                    lines: Vec::new(),
                    items: Vec::new(),
                    bytes: 0,
                },
            )
        });
        by_last_row.remove(last_row);
        *last_row = row;
        by_last_row.insert(row, key);
        order.lines.push(line);
        order.items.push(sale.item);
        order.bytes += bytes;
        self.bytes += bytes;
        while self.bytes > MOST_OPEN_BYTES && self.emit_oldest(emit)? {}
        Ok(())
    }

    /// Counts a row of which no order takes anything, or that [`Grouping::take`] is about to; hands out what is complete.
    ///
    /// # Errors
    /// The first error of `emit`.
    pub fn pass_row<E>(&mut self, emit: &mut impl FnMut(Order) -> Result<(), E>) -> Result<(), E> {
        self.rows += 1;
        while self
            .by_last_row
            .first_key_value()
            .is_some_and(|(row, _)| row + WINDOW <= self.rows)
        {
            self.emit_oldest(emit)?;
        }
        Ok(())
    }

    /// Hands out all that is left.
    ///
    /// # Errors
    /// The first error of `emit`.
    pub fn finish<E>(&mut self, emit: &mut impl FnMut(Order) -> Result<(), E>) -> Result<(), E> {
        while self.emit_oldest(emit)? {}
        Ok(())
    }

    fn emit_oldest<E>(&mut self, emit: &mut impl FnMut(Order) -> Result<(), E>) -> Result<bool, E> {
        let Some((_, key)) = self.by_last_row.first_key_value() else {
            return Ok(false);
        };
        let key = key.clone();
        match self.close(&key) {
            Some(order) => emit(order).map(|()| true),
            None => Ok(false),
        }
    }

    fn close(&mut self, key: &Arc<str>) -> Option<Order> {
        let (last_row, order) = self.open.remove(key)?;
        self.by_last_row.remove(&last_row);
        self.bytes -= order.bytes;
        Some(order)
    }
}

/// Control characters separate the parts: rows that hold any are refused before.
fn key_of(head: &OrderHead) -> Arc<str> {
    let kind = match head.kind {
        Kind::Sale => "s",
        Kind::Return => "r",
    };
    let customer = head.customer_id.as_deref().unwrap_or("\u{1}");
    let parts = [
        head.order_id.as_str(),
        kind,
        customer,
        &head.country,
        &head.city,
        &head.currency,
        head.channel.as_str(),
    ];
    parts.join("\u{1f}").into()
}

/// How many parts of an order there were, for as many orders as are remembered.
#[derive(Debug, Default)]
struct Parts {
    counts: HashMap<u64, u32>,
    oldest_first: VecDeque<u64>,
}

impl Parts {
    fn next(&mut self, head: &OrderHead) -> u32 {
        let key = hash_of(&(&head.order_id, head.kind));
        if !self.counts.contains_key(&key) {
            if self.oldest_first.len() >= MOST_REMEMBERED
                && let Some(oldest) = self.oldest_first.pop_front()
            {
                self.counts.remove(&oldest);
            }
            self.oldest_first.push_back(key);
        }
        let count = self.counts.entry(key).or_default();
        *count += 1;
        *count
    }
}

/// The customers that were seen, by a hash of their number: eight bytes each, however long the numbers are.
#[derive(Debug, Default)]
pub struct SeenCustomers(HashSet<u64>);

impl SeenCustomers {
    /// Whether the customer is new, by first sight in the source; guests are.
    pub fn see(&mut self, customer_id: Option<&str>) -> CustomerType {
        match customer_id {
            Some(id) if !self.0.insert(hash_of(&id)) => CustomerType::Returning,
            _ => CustomerType::New,
        }
    }
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The event of an order. The same source, position and content give the same event, bit for bit.
pub fn event_of(order: &Order, customer_type: CustomerType, source: &str) -> TransactionEvent {
    let head = &order.head;
    let mut event = blank_event();
    let (event_type, status) = match head.kind {
        Kind::Sale => (EventType::OrderPlaced, "completed"),
        Kind::Return => (EventType::OrderReturned, "returned"),
    };
    event.event_id = Uuid::nil();
    event.event_type = event_type;
    event.event_version = "1.0".to_owned();
    event.event_timestamp = head.at;
    event.transaction_id = order.transaction_id();
    event.channel = head.channel;
    event.customer.id = head.customer_id.clone();
    event.customer.customer_type = customer_type;
    event.customer.country = head.country.clone();
    event.customer.city = head.city.clone();
    event.items = order.items.clone();
    let sum = |amount: fn(&Item) -> Money| {
        order
            .items
            .iter()
            .map(amount)
            .fold(Money::ZERO, |sum, amount| sum + amount)
    };
    let subtotal = sum(|item| {
        item.unit_price
            .checked_times(item.quantity)
            .unwrap_or(Money::MAX)
    });
    let discount = sum(|item| item.discount);
    event.order.status = status.to_owned();
    event.order.payment_method = head.payment_method.clone();
    event.order.currency = head.currency.clone();
    event.order.subtotal = subtotal;
    event.order.tax_amount = Money::ZERO;
    event.order.shipping_amount = Money::ZERO;
    event.order.discount_amount = discount;
    event.order.total_amount = subtotal - discount;
    event.event_id = event_id(source, &order.position, &event);
    event
}

fn event_id(source: &str, position: &Position, event: &TransactionEvent) -> Uuid {
    let mut name = source.as_bytes().to_vec();
    name.push(0);
    match position {
        Position::Number(number) => name.extend(number.to_be_bytes()),
        Position::Key(key) => name.extend(key.as_bytes()),
    }
    name.push(0);
    name.extend(encode::content_hash(event));
    Uuid::new_v5(&EVENT_IDS, &name)
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
