//! What Kafka's client reports from its own thread: receipts, outages, fatal errors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_contract::Reason;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::types::RDKafkaErrorCode as ErrorCode;
use service_kit::Outage;

use super::is_refusal_of_credentials;
use crate::disturb::RecordKind;
use crate::truth_ledger::Receipts;

pub(super) struct Context {
    receipts: Mutex<Receipts>,
    outage: Mutex<Outage>,
    is_away: AtomicBool,
    has_failed: AtomicBool,
    complaints: Mutex<Complaints>,
}

/// The last thing that was wrong, of each kind.
#[derive(Default)]
struct Complaints {
    connection: Option<String>,
    credentials: Option<String>,
    fatal: Option<String>,
}

impl Context {
    pub(super) fn new(servers: &str, receipts: Receipts) -> Self {
        Context {
            receipts: Mutex::new(receipts),
            outage: Mutex::new(Outage::new(format!("Kafka at {servers}"))),
            is_away: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            complaints: Mutex::new(Complaints::default()),
        }
    }

    pub(super) fn receipts(&self) -> MutexGuard<'_, Receipts> {
        lock(&self.receipts)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    pub(super) fn away(&self, reason: &str) {
        self.is_away.store(true, Ordering::Relaxed);
        lock(&self.outage).away(&reason);
    }

    pub(super) fn back(&self) {
        if self.is_away.swap(false, Ordering::Relaxed) {
            lock(&self.outage).back();
        }
    }

    /// Why the last attempt to connect failed.
    pub(super) fn connection_error(&self) -> Option<String> {
        lock(&self.complaints).connection.clone()
    }

    /// Why Kafka refused the credentials.
    pub(super) fn credentials_error(&self) -> Option<String> {
        lock(&self.complaints).credentials.clone()
    }

    /// Why the client cannot go on.
    pub(super) fn fatal_error(&self) -> Option<String> {
        lock(&self.complaints).fatal.clone()
    }
}

/// A thread that panicked while it held one of these locks left whole values behind: they are counters and texts.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for Context {
    /// The client's own lines are for those who look for a fault in it; outages are reported once, by [`Outage`].
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", ?level, facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, "{reason}");
        match error.rdkafka_error_code() {
            Some(ErrorCode::AllBrokersDown) => {
                // "1/1 brokers are down" says less than why the last connection broke.
                self.away(self.connection_error().as_deref().unwrap_or(reason));
            }
            Some(ErrorCode::Fatal) => lock(&self.complaints).fatal = Some(reason.to_owned()),
            _ if is_refusal_of_credentials(&error) => {
                lock(&self.complaints).credentials = Some(reason.to_owned());
            }
            _ => lock(&self.complaints).connection = Some(reason.to_owned()),
        }
    }
}

impl ProducerContext for Context {
    /// [`code_of`] the record's kind.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, code: usize) {
        let kind = kind_of(code);
        match result {
            Ok(message) => {
                self.back();
                self.receipts().acknowledge(kind, message.payload());
            }
            Err((error, message)) => {
                self.has_failed.store(true, Ordering::Relaxed);
                self.receipts()
                    .fail(kind, message.payload(), &error.to_string());
            }
        }
    }
}

const GOOD: usize = 0;
const DUPLICATE: usize = 1;
const FIRST_BAD: usize = 2;

/// The kind as a number that travels with the record through the client, and back with its receipt.
pub(super) fn code_of(kind: RecordKind) -> usize {
    match kind {
        RecordKind::Good => GOOD,
        RecordKind::Duplicate => DUPLICATE,
        RecordKind::Bad(reason) => {
            let position = Reason::ALL.iter().position(|other| *other == reason);
            FIRST_BAD + position.unwrap_or(0)
        }
    }
}

fn kind_of(code: usize) -> RecordKind {
    match code {
        GOOD => RecordKind::Good,
        DUPLICATE => RecordKind::Duplicate,
        bad => {
            let reason = Reason::ALL.get(bad - FIRST_BAD);
            RecordKind::Bad(reason.copied().unwrap_or(Reason::Empty))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_as_itself() {
        let bad = Reason::ALL.iter().map(|reason| RecordKind::Bad(*reason));
        for kind in [RecordKind::Good, RecordKind::Duplicate]
            .into_iter()
            .chain(bad)
        {
            assert_eq!(kind_of(code_of(kind)), kind);
        }
    }
}
