use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use event_contract::judge::{self, Verdict};
use event_contract::truth::PayloadDigest;
use event_contract::{Limits, Reason, TransactionEvent};
use sha2::{Digest, Sha256};

use super::LedgerError;
use crate::disturb::RecordKind;

/// What Kafka said about the records it was given.
#[derive(Debug, Default)]
pub struct Receipts {
    good: u64,
    duplicates: u64,
    bad: BTreeMap<Reason, u64>,
    bytes: u64,
    digest: PayloadDigest,
    event_digest: PayloadDigest,
    skips_digest: bool,
    failures: u64,
    first_failure: Option<String>,
    /// Good records that failed, by the hash of their bytes: what the tally has too much.
    failed_good: HashMap<[u8; 32], Failed>,
}

/// A record that Kafka gave up on.
#[derive(Debug)]
pub(super) struct Failed {
    payload: Vec<u8>,
}

impl Failed {
    /// The event that the record carried.
    ///
    /// # Errors
    /// [`LedgerError::UnreadableFailure`] where the payload is not an acceptable event.
    pub(super) fn decode(&self) -> Result<TransactionEvent, LedgerError> {
        // Judged as if received in the far future: how far ahead of the clock an event lies does not matter here.
        let received_at = DateTime::<Utc>::MAX_UTC - Duration::days(366);
        match judge::judge(Some(&self.payload), received_at, &Limits::default()) {
            Verdict::Accepted(accepted) => Ok(accepted.event),
            Verdict::Quarantined(quarantine) => {
                Err(LedgerError::UnreadableFailure(quarantine.detail))
            }
        }
    }
}

impl Receipts {
    /// Receipts that leave out the digest, which takes a good part of the time: for runs without a truth file.
    pub fn without_digest() -> Self {
        Receipts {
            skips_digest: true,
            ..Receipts::default()
        }
    }

    /// A record is safely in Kafka.
    pub fn acknowledge(&mut self, kind: RecordKind, payload: Option<&[u8]>) {
        let payload = payload.unwrap_or_default();
        self.bytes += payload.len() as u64;
        let mut digest = PayloadDigest::default();
        if !self.skips_digest {
            digest.add(payload);
        }
        self.digest = self.digest.merge(digest);
        match kind {
            RecordKind::Good => {
                self.good += 1;
                self.event_digest = self.event_digest.merge(digest);
            }
            RecordKind::Duplicate => self.acknowledge_duplicate(payload, digest),
            RecordKind::Bad(reason) => *self.bad.entry(reason).or_default() += 1,
        }
    }

    fn acknowledge_duplicate(&mut self, payload: &[u8], digest: PayloadDigest) {
        // Where the original failed, its copy is the event and no duplicate. Records of one key are acknowledged in the
        // order in which they were sent, so the failure is known by now. Without failures, which is nearly always, this
        // must not cost a hash.
        if !self.failed_good.is_empty() && self.failed_good.remove(&hash(payload)).is_some() {
            self.good += 1;
            self.event_digest = self.event_digest.merge(digest);
            return;
        }
        self.duplicates += 1;
    }

    /// Kafka did not take a record, or nobody will ever know whether it did.
    pub fn fail(&mut self, kind: RecordKind, payload: Option<&[u8]>, why: &str) {
        self.failures += 1;
        self.first_failure.get_or_insert_with(|| why.to_owned());
        if kind == RecordKind::Good {
            let payload = payload.unwrap_or_default().to_vec();
            self.failed_good.insert(hash(&payload), Failed { payload });
        }
    }

    /// All records that were acknowledged.
    pub fn records(&self) -> u64 {
        self.good + self.duplicates + self.bad.values().sum::<u64>()
    }

    /// Distinct good events that were acknowledged.
    pub fn good(&self) -> u64 {
        self.good
    }

    /// Copies that were acknowledged beside their originals.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Acknowledged bad records by their reason's code.
    pub fn bad_by_reason(&self) -> BTreeMap<String, u64> {
        self.bad
            .iter()
            .map(|(reason, count)| (reason.as_str().to_owned(), *count))
            .collect()
    }

    /// Acknowledged bytes of payload.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest of all acknowledged payloads.
    pub fn digest(&self) -> PayloadDigest {
        self.digest
    }

    /// The digest of the good events' payloads, each counted once.
    pub fn event_digest(&self) -> PayloadDigest {
        self.event_digest
    }

    /// Records that were not acknowledged.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Why the first of them was not.
    pub fn first_failure(&self) -> Option<&str> {
        self.first_failure.as_deref()
    }

    /// Good records that are in the tally and not in Kafka.
    pub(super) fn failed_good(&self) -> impl Iterator<Item = &Failed> {
        self.failed_good.values()
    }
}

fn hash(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}
