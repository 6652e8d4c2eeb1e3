//! Where one Kafka partition stands, and what an offset that arrives means there. Pure arithmetic, no I/O.
//!
//! `e` is the expected offset: everything below it is in bronze, in a gap, or in a batch on its way there.
//!
//! | arriving offset | first record since the start | later |
//! |---|---|---|
//! | `< e`, the overlap record | compare its hash | compare its hash |
//! | `< e`, any other | repeated, drop | repeated, drop |
//! | `= e` | append | append |
//! | `> e` | jump: not believed | gap `e … offset-1`, then append |
//!
//! A jump right after a start is not believed, because it looks the same whether the log has nothing there or the client
//! delivered a record that it had queued for an earlier assignment. Reading again from the start tells the two apart; see
//! [`crate::suspicion`].

/// The record before the expected offset, which is read once more to see that the log is still the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Its offset.
    pub offset: i64,
    /// What it was when it was written, see [`crate::record::hash_image`].
    pub hash: [u8; 32],
}

/// What an offset means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The next one: take it.
    Append,
    /// The log has nothing from `first_missing` to `last_missing`: note that, then take the record.
    AppendAfterGap {
        /// First offset without a record.
        first_missing: i64,
        /// Last offset without a record.
        last_missing: i64,
    },
    /// Bronze has it; its content must have this hash.
    CompareOverlap {
        /// The hash of the record in bronze.
        hash: [u8; 32],
    },
    /// Taken before; drop it.
    Repeated,
    /// Further on than expected, right after a start; do not take it.
    UnbelievedJump {
        /// What was expected.
        expected: i64,
    },
}

/// Where one claimed partition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    fence: i64,
    expected: i64,
    overlap: Option<Overlap>,
    is_flowing: bool,
    trusts_first_jump: bool,
}

impl Cursor {
    /// A partition claimed with `fence`, of which `next_offset` is the first that bronze does not answer for.
    /// `trusts_first_jump` is for a second look at a jump that the first look did not believe.
    pub fn new(
        fence: i64,
        next_offset: i64,
        overlap: Option<Overlap>,
        trusts_first_jump: bool,
    ) -> Self {
        Cursor {
            fence,
            expected: next_offset,
            overlap,
            is_flowing: false,
            trusts_first_jump,
        }
    }

    /// The claim that the partition is written under.
    pub fn fence(&self) -> i64 {
        self.fence
    }

    /// The offset that comes next.
    pub fn expected(&self) -> i64 {
        self.expected
    }

    /// Whether a record has arrived since the start, or since the last pause.
    pub fn is_flowing(&self) -> bool {
        self.is_flowing
    }

    /// Whether the overlap record is still to come, as far as it is still in the log.
    pub fn awaits_overlap(&self) -> bool {
        self.overlap.is_some() && !self.is_flowing
    }

    /// What an arriving offset means. Changes nothing: see [`Cursor::advance`] and [`Cursor::arrived`].
    pub fn judge(&self, offset: i64) -> Verdict {
        if offset < self.expected {
            return match self.overlap {
                Some(overlap) if overlap.offset == offset => {
                    Verdict::CompareOverlap { hash: overlap.hash }
                }
                _ => Verdict::Repeated,
            };
        }
        if offset == self.expected {
            return Verdict::Append;
        }
        if !self.is_flowing && !self.trusts_first_jump {
            return Verdict::UnbelievedJump {
                expected: self.expected,
            };
        }
        Verdict::AppendAfterGap {
            first_missing: self.expected,
            last_missing: offset - 1,
        }
    }

    /// Notes that a record arrived whose verdict was not a jump: from now on the stream is continuous.
    pub fn arrived(&mut self) {
        self.is_flowing = true;
    }

    /// Everything below `next_offset` is taken care of. Never moves back.
    pub fn advance(&mut self, next_offset: i64) {
        self.expected = self.expected.max(next_offset);
    }

    /// The client was paused and goes on now: its next record must be the expected one to be believed.
    pub fn resumed(&mut self) {
        self.is_flowing = false;
        self.trusts_first_jump = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERLAP: Overlap = Overlap {
        offset: 9,
        hash: [7; 32],
    };

    fn fresh() -> Cursor {
        Cursor::new(3, 10, Some(OVERLAP), false)
    }

    fn flowing() -> Cursor {
        let mut cursor = fresh();
        cursor.arrived();
        cursor
    }

    #[test]
    fn the_table_of_verdicts_holds() {
        let jump = Verdict::UnbelievedJump { expected: 10 };
        let gap = Verdict::AppendAfterGap {
            first_missing: 10,
            last_missing: 11,
        };
        let overlap = Verdict::CompareOverlap { hash: [7; 32] };
        for (offset, when_fresh, when_flowing) in [
            (0, Verdict::Repeated, Verdict::Repeated),
            (8, Verdict::Repeated, Verdict::Repeated),
            (9, overlap, overlap),
            (10, Verdict::Append, Verdict::Append),
            (12, jump, gap),
        ] {
            assert_eq!(fresh().judge(offset), when_fresh, "fresh, {offset}");
            assert_eq!(flowing().judge(offset), when_flowing, "flowing, {offset}");
        }
    }

    #[test]
    fn the_overlap_record_is_awaited_until_something_arrives() {
        assert!(fresh().awaits_overlap());
        assert!(!flowing().awaits_overlap());
        assert!(!Cursor::new(1, 10, None, false).awaits_overlap());
    }

    #[test]
    fn without_an_overlap_record_the_one_before_is_a_repetition() {
        let cursor = Cursor::new(1, 10, None, false);
        assert_eq!(cursor.judge(9), Verdict::Repeated);
    }

    #[test]
    fn a_second_look_believes_the_jump() {
        let cursor = Cursor::new(1, 10, None, true);
        assert!(matches!(cursor.judge(12), Verdict::AppendAfterGap { .. }));
    }

    #[test]
    fn after_a_pause_the_stream_must_prove_itself_again() {
        let mut cursor = flowing();
        cursor.resumed();
        assert!(matches!(cursor.judge(12), Verdict::UnbelievedJump { .. }));
        assert_eq!(cursor.judge(10), Verdict::Append);
    }

    #[test]
    fn it_never_moves_back() {
        let mut cursor = fresh();
        cursor.advance(20);
        cursor.advance(15);
        assert_eq!(cursor.expected(), 20);
        assert_eq!(
            cursor.judge(i64::MAX - 1),
            Verdict::UnbelievedJump { expected: 20 }
        );
        assert_eq!(cursor.judge(i64::MIN), Verdict::Repeated);
    }
}
