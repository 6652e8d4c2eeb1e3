//! The books that depend on the order of events: entered in the order of event time, once nothing can change them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::Duration;
use event_contract::TransactionEvent;
use event_contract::truth::Table;

use super::customers::Customers;
use super::in_order::{Attributes, Entry, InOrder, Statement};
use super::names::Names;
use super::products::Products;
use super::steps::Steps;

/// What the warehouse calls the segment of customers of whom none is stated.
const UNKNOWN_SEGMENT: &str = "Unknown";

/// It is looked for settled events once for so many.
const EVENTS_PER_LOOK: u32 = 1_024;

/// See the module's description.
#[derive(Debug, Default)]
pub(super) struct OrderedBooks {
    in_order: InOrder,
    customers: Customers,
    products: Products,
    steps: Steps,
    since_look: u32,
}

impl OrderedBooks {
    /// For the mock shop's events, each sent at most so long after newer ones, with at most so many sent meanwhile until
    /// it is known whether it arrived.
    pub(super) fn of_shop(lateness: Duration, in_flight: u64) -> Self {
        OrderedBooks {
            in_order: InOrder::new(lateness, in_flight),
            steps: Steps::of_shop(),
            ..OrderedBooks::default()
        }
    }

    /// Takes an event that was sent.
    pub(super) fn push(&mut self, event: &TransactionEvent, names: &mut Names) {
        let entry = self.entry_of(event, names);
        self.in_order.push(entry);
        self.since_look += 1;
        if self.since_look < EVENTS_PER_LOOK {
            return;
        }
        self.since_look = 0;
        while let Some(settled) = self.in_order.next_settled() {
            self.enter(settled, names);
        }
    }

    /// Takes out an event that is not in Kafka after all.
    pub(super) fn remove(&mut self, event: &TransactionEvent) {
        let at = event.event_timestamp.timestamp_micros();
        self.in_order.remove(at, event.event_id);
    }

    /// Enters what still waits, and writes the tables; none where the order of events is not known.
    pub(super) fn tables(mut self, names: &mut Names, tables: &mut BTreeMap<String, Table>) {
        while let Some(settled) = self.in_order.next() {
            self.enter(settled, names);
        }
        if self.in_order.has_lost_order() {
            tracing::warn!(
                "some events came too late to be brought into their order: the truth tells no customers, histories and steps"
            );
            return;
        }
        self.customers.tables(names, tables);
        self.products.tables(names, tables);
        self.steps.table(tables);
    }

    /// `settled` is in the order of time and event id.
    fn enter(&mut self, mut settled: Vec<Entry>, names: &mut Names) {
        for entry in &settled {
            self.customers.enter(entry, names);
            self.products.enter(entry, names);
        }
        settled.sort_by_key(|entry| (entry.at, entry.event_type));
        for entry in &settled {
            self.steps.enter(entry);
        }
    }

    fn entry_of(&mut self, event: &TransactionEvent, names: &mut Names) -> Entry {
        let customer = &event.customer;
        let statement = customer.id.as_deref().map(|id| Statement {
            customer: names.number(id),
            attributes: Attributes {
                customer_type: customer.customer_type,
                country: names.number(&customer.country),
                city: names.number(&customer.city),
                segment: names.number(customer.segment.as_deref().unwrap_or(UNKNOWN_SEGMENT)),
            },
        });
        let mut order = DefaultHasher::new();
        event.transaction_id.hash(&mut order);
        let items = event.items.iter();
        Entry {
            at: event.event_timestamp.timestamp_micros(),
            event_id: event.event_id,
            event_type: event.event_type,
            channel: event.channel,
            order: order.finish(),
            currency: names.number(&event.order.currency),
            customer: statement,
            total_cents: event.order.total_amount.cents(),
            products: items
                .map(|item| self.products.version(item, names))
                .collect(),
        }
    }
}
