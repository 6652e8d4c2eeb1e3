//! Identifiers: derived, so that a seed and a start give the same ones again, and unlike between runs that start at
//! different times.

use std::fmt::Write;

use uuid::Uuid;

use super::random::mix;

/// Sets the hash of runs apart from the other uses of the seed.
const RUNS: u64 = 0x7275_6e73_2172_756e;

/// What makes the identifiers of one run its own: its seed and its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunKey(u64);

impl RunKey {
    /// `start` in microseconds since the epoch.
    pub(crate) const fn new(seed: u64, start: i64) -> Self {
        RunKey(mix(RUNS, seed, start.cast_unsigned()))
    }

    /// A key for identifiers that must not collide with those of this one.
    pub(crate) const fn other(self) -> Self {
        RunKey(mix(self.0, RUNS, 1))
    }

    /// Six characters (Crockford's base 32) that name the run in the numbers of its orders.
    pub(crate) fn tag(self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        (0..6)
            .filter_map(|place| {
                let digit = usize::try_from(self.0 >> (5 * place) & 31).ok()?;
                ALPHABET.get(digit).map(|byte| char::from(*byte))
            })
            .collect()
    }

    /// A version 7 UUID: the time of the event in milliseconds, and 74 bits derived from the run and two numbers.
    pub(crate) fn event_id(self, at: i64, first: u64, second: u64) -> Uuid {
        let millis = u64::try_from(at / 1_000).unwrap_or(0);
        let head = mix(self.0, first, second).to_be_bytes();
        let tail = mix(!self.0, first, second).to_be_bytes();
        let mut derived = [0u8; 10];
        for (byte, value) in derived.iter_mut().zip(head.into_iter().chain(tail)) {
            *byte = value;
        }
        uuid::Builder::from_unix_timestamp_millis(millis, &derived).into_uuid()
    }
}

/// The number of an order: ascending as text within a run, and unlike that of any other run.
pub(crate) fn write_transaction_id(run_tag: &str, number: u64, id: &mut String) {
    id.clear();
    let _ = write!(id, "{run_tag}-{number:010}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn runs_differ_by_seed_and_by_start() {
        assert_eq!(RunKey::new(1, 2).tag(), RunKey::new(1, 2).tag());
        assert_ne!(RunKey::new(1, 2).tag(), RunKey::new(1, 3).tag());
        assert_ne!(RunKey::new(1, 2).tag(), RunKey::new(2, 2).tag());
        assert_eq!(RunKey::new(1, 2).tag().len(), 6);
    }

    #[test]
    fn event_ids_are_distinct_and_of_version_7() {
        let run = RunKey::new(42, 1_700_000_000_000_000);
        let ids: BTreeSet<Uuid> = (0..10_000)
            .flat_map(|order| {
                (0..6).map(move |step| run.event_id(1_700_000_000_000_000, order, step))
            })
            .chain((0..10_000).map(|copy| run.other().event_id(1_700_000_000_000_000, copy, 0)))
            .collect();
        assert_eq!(ids.len(), 70_000);
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn order_numbers_ascend_as_text() {
        let numbers: Vec<String> = [0, 9, 10, 123_456_789, 9_999_999_999]
            .into_iter()
            .map(|number| {
                let mut id = String::new();
                write_transaction_id("ABCDEF", number, &mut id);
                id
            })
            .collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}
