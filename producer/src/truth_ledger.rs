//! Keeps the books of a run, for the truth that is sealed at its end.
//!
//! Two hands write them. The sending thread enters each good event as it is handed to Kafka ([`Tally`]): its amounts by
//! day, currency, channel, category and product. Kafka's acknowledgements enter what really arrived ([`Receipts`]): how
//! many records of each kind, and the digest of their bytes. Failures are rare, so they are subtracted: a record that
//! Kafka gave up on is decoded from its own bytes and taken out of the tally again. What remains is what was
//! acknowledged, and only that. A cancellation takes back the lines of its order where both were acknowledged.
//!
//! What simply adds up is entered at once. What depends on the order of events (who was a customer on a day, histories, an
//! order's steps) is entered in the order of event time, a little later (`in_order`). Nothing here knows how the
//! warehouse comes to its figures; the two agree because both follow docs/MARTS.md.

mod additive;
mod cancellations;
mod cells;
mod customers;
mod history;
mod in_order;
mod names;
mod ordered;
mod products;
mod receipts;
mod steps;
mod tally;

use event_contract::truth::{TRUTH_FORMAT, Truth};
use thiserror::Error;

pub use receipts::Receipts;
pub use tally::{Tally, Totals};

/// Why the books cannot be closed.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// A record that Kafka refused cannot be read, so what it carried cannot be subtracted.
    #[error(
        "a record that Kafka did not take cannot be read again ({0}), so the books do not close: no truth is written"
    )]
    UnreadableFailure(String),
    /// Some records were neither acknowledged nor refused, so nobody knows whether they are in Kafka.
    #[error(
        "{entered} events were handed to Kafka and not refused, but {acknowledged} acknowledged, so the books do not close: no truth is written"
    )]
    Unbalanced {
        /// Good events in the tally, without those that failed.
        entered: u64,
        /// Good events that were acknowledged.
        acknowledged: u64,
    },
}

/// Closes the books.
///
/// # Errors
/// [`LedgerError`], where no truth can be told.
pub fn close(
    topic: &str,
    seed: u64,
    mut tally: Tally,
    receipts: &Receipts,
) -> Result<Truth, LedgerError> {
    for failed in receipts.failed_good() {
        tally.subtract(&failed.decode()?);
    }
    let totals = tally.totals();
    if totals.events != receipts.good() {
        return Err(LedgerError::Unbalanced {
            entered: totals.events,
            acknowledged: receipts.good(),
        });
    }
    Ok(Truth {
        format: TRUTH_FORMAT,
        topic: topic.to_owned(),
        seed,
        records: receipts.records(),
        payload_digest: receipts.digest().to_hex(),
        event_digest: receipts.event_digest().to_hex(),
        events: totals.events,
        orders: totals.orders,
        lines: totals.lines,
        cancelled_lines: totals.cancelled_lines,
        duplicates: receipts.duplicates(),
        bad: receipts.bad_by_reason(),
        sales: tally.sales(),
        categories: tally.categories(),
        products: tally.products(),
        tables: tally.tables(),
        seal: String::new(),
    })
}

#[cfg(test)]
#[path = "truth_ledger_tests.rs"]
mod tests;
