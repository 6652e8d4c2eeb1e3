//! What goes wrong on the way: events that are sent late, sent twice, or arrive spoiled.
//!
//! A [`Disturber`] takes the shop's events one by one and emits the records to send. It only ever delays, copies and
//! adds: every good event is emitted exactly once, at the latest by [`Disturber::finish`]. Its dice are its own, so the
//! good events of a seed are the same with and without disturbances. Memory is bounded by [`MOST_HELD_EVENTS`],
//! [`MOST_HELD_IN_OUTAGE`] and [`COPY_WINDOW`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Duration, Utc};
use event_contract::{Reason, TransactionEvent, encode, spoil};

use crate::shop::random::{Chance, Dice, Domain, unit};
use crate::shop::{RunKey, Shop};

/// At most so many events are held back at a time; beyond that the earliest goes out before its time.
pub const MOST_HELD_EVENTS: usize = 20_000;

/// During an outage so many are: about 600 bytes each.
pub const MOST_HELD_IN_OUTAGE: usize = 100_000;

/// A duplicate follows at most so many records after its original.
pub const COPY_WINDOW: u32 = 1_000;

/// What a record is, as the sender knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// An event of the shop, sent for the first time.
    Good,
    /// The same bytes as a good record before it.
    Duplicate,
    /// A record that must be quarantined with this reason.
    Bad(Reason),
}

/// One record on its way out.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// What it is.
    pub kind: RecordKind,
    /// The record's key.
    pub key: &'a str,
    /// The record's value; nothing for a null one.
    pub payload: Option<&'a [u8]>,
    /// The event, for [`RecordKind::Good`] only.
    pub event: Option<&'a TransactionEvent>,
}

/// A stretch of time in which nothing can be sent. Everything of it is sent at once, later, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// The first moment of it.
    pub from: DateTime<Utc>,
    /// Newer events can be sent again.
    pub until: DateTime<Utc>,
    /// What was held back is sent now, after what is newer.
    pub caught_up: DateTime<Utc>,
}

/// How much goes wrong, in per cent of the good events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Disturbances {
    /// Events that are sent late.
    pub late_percent: f64,
    /// Events that are sent twice.
    pub duplicate_percent: f64,
    /// Spoiled copies, on top of the good events.
    pub bad_percent: f64,
    /// In which proportions spoiled copies are bad; evenly over [`spoil::KINDS`] when empty.
    pub bad_mix: Vec<(Reason, u32)>,
    /// When nothing can be sent.
    pub outage: Option<Outage>,
}

/// Takes good events, emits records. See the module's description.
#[derive(Debug)]
pub struct Disturber {
    late: Chance,
    duplicate: Chance,
    bad: Chance,
    outage: Option<Outage>,
    rotation: Rotation,
    dice: Dice,
    bad_ids: RunKey,
    held: BinaryHeap<Reverse<HeldEvent>>,
    copies: BinaryHeap<Reverse<HeldCopy>>,
    events_seen: u64,
    records_sent: u64,
    bad_made: u64,
    payload: Vec<u8>,
}

impl Disturber {
    /// For the events of a shop: as reproducible as they are.
    pub fn for_shop(shop: &Shop, disturbances: &Disturbances) -> Self {
        Disturber {
            late: Chance::percent(disturbances.late_percent),
            duplicate: Chance::percent(disturbances.duplicate_percent),
            bad: Chance::percent(disturbances.bad_percent),
            outage: disturbances.outage,
            rotation: Rotation::new(&disturbances.bad_mix),
            dice: Dice::new(shop.seed(), Domain::Disturbances, 0),
            bad_ids: shop.run_key().other(),
            held: BinaryHeap::new(),
            copies: BinaryHeap::new(),
            events_seen: 0,
            records_sent: 0,
            bad_made: 0,
            payload: Vec::new(),
        }
    }

    /// Takes the shop's next event. Emits it, or holds it back for up to `latest` of event time; then whatever is due.
    ///
    /// # Errors
    /// The first error of `emit`. What was not emitted by then is not counted as sent by anyone.
    pub fn take<E>(
        &mut self,
        event: &TransactionEvent,
        latest: Duration,
        emit: &mut impl FnMut(Outgoing<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.events_seen += 1;
        let now = event.event_timestamp.timestamp_micros();
        if let Some(outage) = self.outage_at(event.event_timestamp) {
            self.hold_until(event, outage.caught_up.timestamp_micros());
        } else if self.late.is_possible() && self.dice.happens(self.late) {
            self.hold(event, now, latest);
        } else {
            self.deliver(event, emit)?;
        }
        while self.is_held_event_due(now) {
            let Some(Reverse(held)) = self.held.pop() else {
                break;
            };
            self.deliver(&held.event, emit)?;
        }
        Ok(())
    }

    /// Emits everything that is still held back.
    ///
    /// # Errors
    /// The first error of `emit`.
    pub fn finish<E>(
        &mut self,
        emit: &mut impl FnMut(Outgoing<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(Reverse(held)) = self.held.pop() {
            self.deliver(&held.event, emit)?;
        }
        while let Some(Reverse(copy)) = self.copies.pop() {
            self.emit_copy(&copy, emit)?;
        }
        Ok(())
    }

    fn is_held_event_due(&self, now: i64) -> bool {
        let most = match self.outage {
            Some(_) => MOST_HELD_IN_OUTAGE,
            None => MOST_HELD_EVENTS,
        };
        self.held.len() > most
            || self
                .held
                .peek()
                .is_some_and(|Reverse(held)| held.release_at <= now)
    }

    fn outage_at(&self, at: DateTime<Utc>) -> Option<Outage> {
        self.outage
            .filter(|outage| (outage.from..outage.until).contains(&at))
    }

    fn hold(&mut self, event: &TransactionEvent, now: i64, latest: Duration) {
        // The cube makes short delays common and the longest rare.
        let share = unit(self.dice.bits());
        let delay = scale_micros(latest, share * share * share);
        self.hold_until(event, now.saturating_add(delay));
    }

    fn hold_until(&mut self, event: &TransactionEvent, release_at: i64) {
        self.held.push(Reverse(HeldEvent {
            release_at,
            sequence: self.events_seen,
            event: Box::new(event.clone()),
        }));
    }

    fn deliver<E>(
        &mut self,
        event: &TransactionEvent,
        emit: &mut impl FnMut(Outgoing<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        encode::single_object(event, &mut payload);
        let good = Outgoing {
            kind: RecordKind::Good,
            key: record_key(event),
            payload: Some(&payload),
            event: Some(event),
        };
        emit(good)?;
        self.records_sent += 1;
        if self.duplicate.is_possible() && self.dice.happens(self.duplicate) {
            self.copies.push(Reverse(HeldCopy {
                release_at: self.records_sent + u64::from(self.dice.below(COPY_WINDOW)),
                sequence: self.records_sent,
                key: good.key.to_owned(),
                payload: payload.clone(),
            }));
        }
        self.payload = payload;
        if self.bad.is_possible() && self.dice.happens(self.bad) {
            self.emit_spoiled(event, emit)?;
        }
        while self
            .copies
            .peek()
            .is_some_and(|Reverse(copy)| copy.release_at <= self.records_sent)
        {
            let Some(Reverse(copy)) = self.copies.pop() else {
                break;
            };
            self.emit_copy(&copy, emit)?;
        }
        Ok(())
    }

    fn emit_copy<E>(
        &mut self,
        copy: &HeldCopy,
        emit: &mut impl FnMut(Outgoing<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        emit(Outgoing {
            kind: RecordKind::Duplicate,
            key: &copy.key,
            payload: Some(&copy.payload),
            event: None,
        })?;
        self.records_sent += 1;
        Ok(())
    }

    /// Emits a spoiled copy under an id of its own: where the id can still be read, it must not be taken for the good
    /// event.
    fn emit_spoiled<E>(
        &mut self,
        event: &TransactionEvent,
        emit: &mut impl FnMut(Outgoing<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(reason) = self.rotation.next() else {
            return Ok(());
        };
        let mut copy = event.clone();
        let at = event.event_timestamp.timestamp_micros();
        copy.event_id = self.bad_ids.event_id(at, self.bad_made, 0);
        let mut encoded = Vec::new();
        encode::single_object(&copy, &mut encoded);
        let spoiled = if reason == Reason::Tombstone {
            None
        } else {
            let Some(bytes) = spoil::spoil(reason, &copy, &encoded) else {
                return Ok(());
            };
            Some(bytes)
        };
        emit(Outgoing {
            kind: RecordKind::Bad(reason),
            key: record_key(&copy),
            payload: spoiled.as_deref(),
            event: None,
        })?;
        self.bad_made += 1;
        self.records_sent += 1;
        Ok(())
    }
}

/// Whether a payload can be made bad in this way.
pub fn can_spoil(reason: Reason) -> bool {
    reason == Reason::Tombstone || spoil::KINDS.contains(&reason)
}

/// What keeps the events that belong together in order: the customer, or for a guest the order.
pub fn record_key(event: &TransactionEvent) -> &str {
    event
        .customer
        .id
        .as_deref()
        .unwrap_or(&event.transaction_id)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the share is between 0 and 1, and nobody counts the microseconds of a delay"
)]
fn scale_micros(length: Duration, share: f64) -> i64 {
    (length.num_microseconds().unwrap_or(i64::MAX) as f64 * share) as i64
}

/// Ordered by when it goes out; the sequence makes the order unambiguous.
#[derive(Debug)]
struct HeldEvent {
    release_at: i64,
    sequence: u64,
    event: Box<TransactionEvent>,
}

#[derive(Debug)]
struct HeldCopy {
    release_at: u64,
    sequence: u64,
    key: String,
    payload: Vec<u8>,
}

macro_rules! order_by_release {
    ($held:ty) => {
        impl PartialEq for $held {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }
        impl Eq for $held {}
        impl PartialOrd for $held {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $held {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                (self.release_at, self.sequence).cmp(&(other.release_at, other.sequence))
            }
        }
    };
}

order_by_release!(HeldEvent);
order_by_release!(HeldCopy);

/// Gives reasons in their proportions, as evenly as can be: a short run has some of each, too.
#[derive(Debug)]
struct Rotation {
    shares: Vec<Share>,
    total: i64,
}

#[derive(Debug)]
struct Share {
    reason: Reason,
    weight: i64,
    credit: i64,
}

impl Rotation {
    fn new(mix: &[(Reason, u32)]) -> Self {
        let even: Vec<(Reason, u32)> = spoil::KINDS.iter().map(|reason| (*reason, 1)).collect();
        let shares: Vec<Share> = if mix.is_empty() { &even } else { mix }
            .iter()
            .filter(|(_, weight)| *weight > 0)
            .map(|(reason, weight)| Share {
                reason: *reason,
                weight: i64::from(*weight),
                credit: 0,
            })
            .collect();
        Rotation {
            total: shares.iter().map(|share| share.weight).sum(),
            shares,
        }
    }

    /// Smooth weighted round robin: everyone earns their weight, the richest pays the total.
    fn next(&mut self) -> Option<Reason> {
        for share in &mut self.shares {
            share.credit += share.weight;
        }
        // `rev`, so that of equals the first in the list comes first.
        let richest = self
            .shares
            .iter_mut()
            .rev()
            .max_by_key(|share| share.credit)?;
        richest.credit -= self.total;
        Some(richest.reason)
    }
}

#[cfg(test)]
#[path = "disturb_tests.rs"]
mod tests;
