//! Where to start reading a partition that was just claimed. Pure: compares where bronze stands with what Kafka still has.

use warehouse::bronze::PartitionClaim;

use crate::positions::Overlap;

/// What Kafka has of a partition: the first offset that can be read, and the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSpan {
    /// First offset of the log (low watermark).
    pub first_offset: i64,
    /// The offset after the last that can be read (last stable offset).
    pub end_offset: i64,
}

/// Where to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Read from `read_from`; bronze goes on at `next_offset`.
    At {
        /// Where bronze goes on.
        next_offset: i64,
        /// Where to read from: one record earlier where that one can be compared.
        read_from: i64,
        /// The record to compare.
        overlap: Option<Overlap>,
    },
    /// A partition that nobody has ever read begins where Kafka's log begins.
    BeginAt {
        /// The first offset of the log.
        first_offset: i64,
    },
    /// Kafka has deleted records that bronze does not have.
    RetentionLoss {
        /// The first lost offset.
        first_lost: i64,
        /// The last lost offset.
        last_lost: i64,
    },
    /// Kafka's log ends before the place where bronze stands.
    LogTooShort,
}

/// Decides where to start.
///
/// Only the very first claim of a partition may begin behind offset 0 without loss: what was deleted before it was never
/// ours to keep. From then on, every record is.
pub fn decide_start(claim: &PartitionClaim, log: LogSpan) -> Start {
    let next_offset = claim.next_offset;
    if next_offset < log.first_offset {
        let is_first_claim = claim.fence == 1 && claim.is_untouched;
        if is_first_claim {
            return Start::BeginAt {
                first_offset: log.first_offset,
            };
        }
        return Start::RetentionLoss {
            first_lost: next_offset,
            last_lost: log.first_offset - 1,
        };
    }
    if next_offset > log.end_offset {
        return Start::LogTooShort;
    }
    let overlap = claim
        .last_record_hash
        .filter(|_| next_offset > log.first_offset)
        .map(|hash| Overlap {
            offset: next_offset - 1,
            hash,
        });
    Start::At {
        next_offset,
        read_from: overlap.map_or(next_offset, |overlap| overlap.offset),
        overlap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: [u8; 32] = [7; 32];

    fn claim(fence: i64, next_offset: i64) -> PartitionClaim {
        let has_records = next_offset > 0;
        PartitionClaim {
            kafka_partition: 0,
            fence,
            next_offset,
            is_untouched: !has_records,
            last_record_hash: has_records.then_some(HASH),
        }
    }

    fn log(first_offset: i64, end_offset: i64) -> LogSpan {
        LogSpan {
            first_offset,
            end_offset,
        }
    }

    fn at(next_offset: i64, with_overlap: bool) -> Start {
        let overlap = with_overlap.then_some(Overlap {
            offset: next_offset - 1,
            hash: HASH,
        });
        Start::At {
            next_offset,
            read_from: next_offset - i64::from(with_overlap),
            overlap,
        }
    }

    #[test]
    fn it_goes_on_one_record_earlier_where_kafka_still_has_it() {
        assert_eq!(decide_start(&claim(1, 0), log(0, 0)), at(0, false));
        assert_eq!(decide_start(&claim(1, 0), log(0, 50)), at(0, false));
        assert_eq!(decide_start(&claim(2, 10), log(0, 50)), at(10, true));
        assert_eq!(decide_start(&claim(2, 10), log(9, 10)), at(10, true));
        assert_eq!(decide_start(&claim(2, 10), log(10, 10)), at(10, false));
    }

    #[test]
    fn only_the_first_claim_may_begin_late() {
        let begin = Start::BeginAt { first_offset: 30 };
        assert_eq!(decide_start(&claim(1, 0), log(30, 50)), begin);
        let loss = |first_lost| Start::RetentionLoss {
            first_lost,
            last_lost: 29,
        };
        assert_eq!(decide_start(&claim(2, 0), log(30, 50)), loss(0));
        assert_eq!(decide_start(&claim(2, 29), log(30, 50)), loss(29));
    }

    #[test]
    fn a_log_that_ends_too_early_is_noticed() {
        assert_eq!(decide_start(&claim(2, 10), log(0, 9)), Start::LogTooShort);
        assert_eq!(decide_start(&claim(2, 10), log(0, 10)), at(10, true));
    }
}
