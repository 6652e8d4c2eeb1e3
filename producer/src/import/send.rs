//! Orders on their way out: made into events, checked against the contract, paced, handed to Kafka, entered in the books.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use event_contract::judge::{self, Verdict};
use event_contract::{Limits, encode};
use service_kit::{Failure, Shutdown};

use super::orders::{Order, SeenCustomers, event_of};
use super::refusal::{Refusal, RefusalReason};
use super::rejects::Rejects;
use crate::disturb::{Outgoing, RecordKind};
use crate::outlet::Outlet;
use crate::publish::Handover;
use crate::truth_ledger::Tally;

/// Somebody who asked for the end waits at most so long.
const LONGEST_NAP: Duration = Duration::from_millis(50);

/// Why sending stopped.
#[derive(Debug)]
pub enum Stop {
    /// Somebody asked for the end, or Kafka gave up on a record.
    Abandoned,
    /// Something is wrong.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

/// Sends orders.
pub struct Sender {
    /// Where they go.
    pub outlet: Outlet,
    /// The books.
    pub tally: Tally,
    /// What was refused.
    pub rejects: Rejects,
    /// Events that are a further part of an order.
    pub further_parts: u64,
    source: String,
    replay: Option<Replay>,
    seen: SeenCustomers,
    now: DateTime<Utc>,
    payload: Vec<u8>,
    shutdown: Shutdown,
}

impl Sender {
    /// Orders of a source, as many times as fast as they happened, or as fast as possible.
    pub fn new(
        outlet: Outlet,
        rejects: Rejects,
        source: String,
        speed: Option<f64>,
        now: DateTime<Utc>,
        shutdown: Shutdown,
    ) -> Self {
        Sender {
            outlet,
            tally: Tally::default(),
            rejects,
            further_parts: 0,
            source,
            replay: speed.map(Replay::new),
            seen: SeenCustomers::default(),
            now,
            payload: Vec::new(),
            shutdown,
        }
    }

    /// Whether there is no use in going on.
    pub fn is_over(&self) -> bool {
        self.shutdown.is_requested() || self.outlet.has_failed()
    }

    /// Sends an order, or refuses its rows where the pipeline would quarantine it.
    ///
    /// # Errors
    /// Where no more can be sent.
    pub fn send(&mut self, order: &Order) -> Result<(), Stop> {
        let customer_id = order.head.customer_id.as_deref();
        let event = event_of(order, self.seen.see(customer_id), &self.source);
        self.payload.clear();
        encode::single_object(&event, &mut self.payload);
        // The rows were judged one by one; this is the contract's own word on the whole.
        if let Verdict::Quarantined(quarantine) =
            judge::judge(Some(&self.payload), self.now, &Limits::default())
        {
            let detail = format!("{}: {}", quarantine.reason.as_str(), quarantine.detail);
            let refusal = Refusal::new(RefusalReason::Contract, detail);
            for line in &order.lines {
                self.rejects.add(*line, &[], &refusal)?;
            }
            return Ok(());
        }
        if let Some(replay) = &mut self.replay {
            let (outlet, shutdown) = (&self.outlet, &self.shutdown);
            replay.wait_for(order.head.at, || {
                shutdown.is_requested() || outlet.has_failed()
            });
        }
        if self.is_over() {
            return Err(Stop::Abandoned);
        }
        let key = event
            .customer
            .id
            .as_deref()
            .unwrap_or(&event.transaction_id);
        let outgoing = Outgoing {
            kind: RecordKind::Good,
            key,
            payload: Some(&self.payload),
            event: Some(&event),
        };
        match self.outlet.send(&outgoing, &self.shutdown)? {
            Handover::Abandoned => Err(Stop::Abandoned),
            Handover::Accepted => {
                self.tally.add(&event);
                self.further_parts += u64::from(order.part > 1);
                Ok(())
            }
        }
    }
}

/// Holds orders back until their time, counted from the first one.
#[derive(Debug)]
struct Replay {
    speed: f64,
    begun: Option<(DateTime<Utc>, Instant)>,
}

impl Replay {
    fn new(speed: f64) -> Self {
        Replay { speed, begun: None }
    }

    fn wait_for(&mut self, at: DateTime<Utc>, is_over: impl Fn() -> bool) {
        let (first_at, begun) = *self.begun.get_or_insert_with(|| (at, Instant::now()));
        let due = due_after(at, first_at, self.speed);
        while !is_over() {
            let remaining = due.saturating_sub(begun.elapsed());
            if remaining.is_zero() {
                return;
            }
            std::thread::sleep(remaining.min(LONGEST_NAP));
        }
    }
}

/// How long after the first order one is due; at once where it happened before.
fn due_after(at: DateTime<Utc>, first_at: DateTime<Utc>, speed: f64) -> Duration {
    let after = at
        .signed_duration_since(first_at)
        .to_std()
        .unwrap_or_default();
    Duration::try_from_secs_f64(after.as_secs_f64() / speed).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_due_at_their_time_divided_by_the_speed() {
        let first = DateTime::<Utc>::UNIX_EPOCH;
        let hour = chrono::TimeDelta::hours(1);
        assert_eq!(
            due_after(first + hour, first, 60.0),
            Duration::from_secs(60)
        );
        assert_eq!(due_after(first - hour, first, 60.0), Duration::ZERO);
        assert_eq!(
            due_after(first + hour, first, 0.5),
            Duration::from_secs(7_200)
        );
    }
}
