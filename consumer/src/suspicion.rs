//! Signs that something is wrong with the log, which may as well be a moment's trouble of a client or a broker: the first
//! time, everything is read again from where bronze stands; only what shows again is believed.

use std::collections::BTreeMap;
use std::fmt;

/// How many looks in a row at the same place must show the same before it is believed.
const CONVINCING_LOOKS: u32 = 2;

/// What looks wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The record before the expected offset has another content than bronze has.
    OtherContent,
    /// Kafka's log ends before the place where bronze stands.
    LogTooShort,
    /// The first record after a start is not the expected one.
    Jump,
    /// A record batch is damaged or in a format that the client does not know.
    Unreadable,
}

impl fmt::Display for Sign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Sign::OtherContent => "the log holds another record than bronze at the same offset",
            Sign::LogTooShort => "the log ends before the place where bronze stands",
            Sign::Jump => "the log does not go on where bronze stands",
            Sign::Unreadable => "the log holds a batch that cannot be read",
        })
    }
}

/// The signs seen so far at each place. Lives longer than a session, because each look is a session of its own.
#[derive(Debug, Clone, Default)]
pub struct Suspicions {
    looks: BTreeMap<(Sign, i32), (i64, u32)>,
}

impl Suspicions {
    /// Notes a sign at an offset of a partition; true where it has shown often enough there to be believed.
    pub fn note(&mut self, sign: Sign, partition: i32, offset: i64) -> bool {
        let (seen_at, looks) = self.looks.entry((sign, partition)).or_insert((offset, 0));
        if *seen_at != offset {
            (*seen_at, *looks) = (offset, 0);
        }
        *looks = looks.saturating_add(1);
        *looks >= CONVINCING_LOOKS
    }

    /// Whether one look has shown the sign at this place, so that the coming one decides.
    pub fn is_second_look(&self, sign: Sign, partition: i32, offset: i64) -> bool {
        self.looks
            .get(&(sign, partition))
            .is_some_and(|(seen_at, looks)| *seen_at == offset && looks + 1 >= CONVINCING_LOOKS)
    }

    /// Forgets a partition that has gone on in order.
    pub fn forget(&mut self, partition: i32) {
        self.looks.retain(|(_, suspect), _| *suspect != partition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_believed_when_it_shows_twice_at_the_same_place() {
        let mut suspicions = Suspicions::default();
        assert!(!suspicions.is_second_look(Sign::Jump, 0, 10));
        assert!(!suspicions.note(Sign::Jump, 0, 10));
        assert!(suspicions.is_second_look(Sign::Jump, 0, 10));
        assert!(!suspicions.is_second_look(Sign::Jump, 0, 11));
        assert!(!suspicions.is_second_look(Sign::OtherContent, 0, 10));
        assert!(suspicions.note(Sign::Jump, 0, 10));
    }

    #[test]
    fn other_places_partitions_and_signs_count_apart() {
        let mut suspicions = Suspicions::default();
        assert!(!suspicions.note(Sign::Jump, 0, 10));
        assert!(!suspicions.note(Sign::Jump, 0, 11));
        assert!(!suspicions.note(Sign::Jump, 1, 11));
        assert!(!suspicions.note(Sign::LogTooShort, 0, 11));
        assert!(suspicions.note(Sign::Jump, 0, 11));
    }

    #[test]
    fn a_partition_that_goes_on_is_cleared() {
        let mut suspicions = Suspicions::default();
        suspicions.note(Sign::Jump, 0, 10);
        suspicions.note(Sign::Jump, 1, 10);
        suspicions.forget(0);
        assert!(!suspicions.note(Sign::Jump, 0, 10));
        assert!(suspicions.note(Sign::Jump, 1, 10));
    }
}
