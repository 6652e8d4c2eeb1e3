//! Brings events into the order of their time, for the books that depend on it.
//!
//! Events are sent late and out of order, and some turn out not to be in Kafka after all. So each waits here, as a small
//! [`Entry`], until nothing older can still be sent and it can no longer fail. What waits are the events of that stretch of
//! event time, and the latest [`MOST_IN_FLIGHT`] ones.

use std::collections::BTreeMap;

use chrono::Duration;
use event_contract::{Channel, CustomerType, EventType};
use uuid::Uuid;

/// More records than can be on their way after an event was sent: those that Kafka's client holds on to
/// (`queue.buffering.max.messages`), and those that are held back for being late or by an outage.
pub(super) const MOST_IN_FLIGHT: u64 = 250_000;

/// Events are kept by stretches of event time of this length.
const STRETCH_MICROS: i64 = 600 * 1_000_000;

/// What the ordered books need to know of an event. Numbers are those of the tally's names.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Event time in microseconds since the epoch.
    pub(super) at: i64,
    pub(super) event_id: Uuid,
    pub(super) event_type: EventType,
    pub(super) channel: Channel,
    /// A hash of the order's number.
    pub(super) order: u64,
    pub(super) currency: u32,
    /// Nothing for a guest.
    pub(super) customer: Option<Statement>,
    pub(super) total_cents: i64,
    /// The versions of products that its lines name.
    pub(super) products: Box<[u32]>,
}

/// What an event states of its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) customer: u32,
    pub(super) attributes: Attributes,
}

/// The attributes of a customer that have a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) customer_type: CustomerType,
    pub(super) country: u32,
    pub(super) city: u32,
    pub(super) segment: u32,
}

#[derive(Debug, Default)]
struct Stretch {
    entries: Vec<Entry>,
    /// The number of the latest one among all entries.
    latest: u64,
}

/// See the module's description.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    /// How much older than the newest event an event can be; nothing where it can be any.
    lateness: Option<Duration>,
    /// An event can no longer fail once so many more were sent.
    in_flight: u64,
    waiting: BTreeMap<i64, Stretch>,
    entered: u64,
    newest: i64,
    /// Stretches before this one were let go.
    settled_before: Option<i64>,
    has_lost_order: bool,
}

impl InOrder {
    /// For events that are sent at most so long after newer ones, and that can fail while `in_flight` more are sent. Those
    /// of [`InOrder::default`] come in any order whatever, and are all kept.
    pub(super) fn new(lateness: Duration, in_flight: u64) -> Self {
        InOrder {
            lateness: Some(lateness),
            in_flight,
            newest: i64::MIN,
            ..InOrder::default()
        }
    }

    /// Takes an event that was sent.
    pub(super) fn push(&mut self, entry: Entry) {
        let number = stretch_of(entry.at);
        if self.settled_before.is_some_and(|settled| number < settled) {
            self.has_lost_order = true;
            return;
        }
        self.entered += 1;
        self.newest = self.newest.max(entry.at);
        let stretch = self.waiting.entry(number).or_default();
        stretch.entries.push(entry);
        stretch.latest = self.entered;
    }

    /// Takes out an event that is not in Kafka after all.
    pub(super) fn remove(&mut self, at: i64, event_id: Uuid) {
        let stretch = self.waiting.get_mut(&stretch_of(at));
        let found = stretch.and_then(|stretch| {
            let place = stretch
                .entries
                .iter()
                .position(|entry| entry.event_id == event_id)?;
            Some(stretch.entries.swap_remove(place))
        });
        self.has_lost_order |= found.is_none();
    }

    /// The oldest entries, by time and id, if they have settled; nothing while there may be older ones.
    pub(super) fn next_settled(&mut self) -> Option<Vec<Entry>> {
        let lateness = self.lateness?.num_microseconds()?;
        let oldest = self.waiting.first_entry()?;
        let ends_at = (oldest.key() + 1) * STRETCH_MICROS;
        let has_settled = ends_at <= self.newest.saturating_sub(lateness)
            && self.entered - oldest.get().latest > self.in_flight;
        if !has_settled {
            return None;
        }
        self.settled_before = Some(oldest.key() + 1);
        Some(sorted(oldest.remove()))
    }

    /// The oldest entries, whether they have settled or not: for the end.
    pub(super) fn next(&mut self) -> Option<Vec<Entry>> {
        let (number, stretch) = self.waiting.pop_first()?;
        self.settled_before = Some(number + 1);
        Some(sorted(stretch))
    }

    /// Whether something came, or went, when it could no longer be brought into its order.
    pub(super) fn has_lost_order(&self) -> bool {
        self.has_lost_order
    }
}

fn stretch_of(at: i64) -> i64 {
    at.div_euclid(STRETCH_MICROS)
}

fn sorted(stretch: Stretch) -> Vec<Entry> {
    let mut entries = stretch.entries;
    entries.sort_unstable_by_key(|entry| (entry.at, entry.event_id));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at_seconds: i64, id: u128) -> Entry {
        Entry {
            at: at_seconds * 1_000_000,
            event_id: Uuid::from_u128(id),
            event_type: EventType::OrderPaid,
            channel: Channel::Web,
            order: 1,
            currency: 0,
            customer: None,
            total_cents: 0,
            products: Box::default(),
        }
    }

    fn drained(books: &mut InOrder) -> Vec<u128> {
        std::iter::from_fn(|| books.next())
            .flatten()
            .map(|entry| entry.event_id.as_u128())
            .collect()
    }

    #[test]
    fn all_come_out_by_time_and_id_without_those_that_failed() {
        let mut books = InOrder::default();
        for (at, id) in [(5_000, 1), (10, 2), (5_000, 0), (700, 3), (10, 4)] {
            books.push(entry(at, id));
        }
        assert!(books.next_settled().is_none());
        books.remove(700_000_000, Uuid::from_u128(3));
        assert_eq!(drained(&mut books), vec![2, 4, 0, 1]);
        assert!(!books.has_lost_order());
    }

    #[test]
    fn a_stretch_settles_when_it_is_old_and_far_behind() {
        let mut books = InOrder::new(Duration::hours(1), 1_000);
        books.push(entry(0, 1));
        books.push(entry(3_600 + 600, 2));
        assert!(books.next_settled().is_none(), "may still fail");
        for id in 0..1_000 {
            books.push(entry(3_600 + 599, 10 + id));
        }
        let settled = books.next_settled().unwrap();
        assert_eq!(settled.len(), 1);
        assert!(books.next_settled().is_none());
        books.push(entry(599, 3));
        assert!(books.has_lost_order());
    }

    #[test]
    fn what_is_not_there_cannot_be_taken_out() {
        let mut books = InOrder::default();
        books.remove(7, Uuid::nil());
        assert!(books.has_lost_order());
    }
}
