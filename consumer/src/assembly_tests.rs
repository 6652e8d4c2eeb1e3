use proptest::prelude::*;

use super::*;
use crate::positions::Overlap;

const LIMITS: Limits = Limits {
    max_rows: 1000,
    max_bytes: 1 << 20,
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn record(partition: i32, offset: i64, payload: &[u8]) -> Record<'_> {
    Record {
        partition,
        offset,
        timestamp: Some(at(offset)),
        key: Some(b"k"),
        headers: &[],
        payload: Some(payload),
    }
}

fn hash_of(record: &Record<'_>) -> [u8; 32] {
    let mut image = Vec::new();
    record.write_image(&mut image);
    hash_image(&image)
}

fn assembly_with(partitions: &[(i32, i64, i64)]) -> Assembly {
    let mut assembly = Assembly::new(42, LIMITS);
    for (partition, fence, next_offset) in partitions {
        assembly.assign(*partition, Cursor::new(*fence, *next_offset, None, false));
    }
    assembly
}

#[test]
fn a_set_carries_what_was_taken_in_order_of_partitions() {
    let mut assembly = assembly_with(&[(3, 30, 0), (1, 10, 5), (2, 20, 7)]);
    for offset in 0..3 {
        assert_eq!(
            assembly.accept(&record(3, offset, b"abc"), at(900 + offset)),
            Acceptance::Appended
        );
    }
    assert_eq!(
        assembly.accept(&record(1, 5, b""), at(999)),
        Acceptance::Appended
    );
    let set = assembly
        .close(|partition| (partition == 1).then_some(6))
        .unwrap();

    assert_eq!(set.topic_id, 42);
    assert_eq!(
        set.ingested_at,
        at(900),
        "the time of the first record, not of a later one"
    );
    assert_eq!(set.row_count(), 4);
    let [first, third] = set.batches.as_slice() else {
        panic!("two partitions had records: {set:?}");
    };
    assert_eq!(
        (
            first.kafka_partition,
            first.fence,
            first.from_offset,
            first.next_offset
        ),
        (1, 10, 5, 6)
    );
    assert_eq!(first.high_watermark, Some(6));
    assert_eq!(
        (
            third.kafka_partition,
            third.fence,
            third.from_offset,
            third.next_offset
        ),
        (3, 30, 0, 3)
    );
    assert_eq!(third.high_watermark, None);
    let span = third.records.unwrap();
    assert_eq!(
        (span.first_offset, span.last_offset, span.byte_count),
        (0, 2, 12)
    );
    assert_eq!(
        (span.oldest_record_at, span.newest_record_at),
        (Some(at(0)), Some(at(2)))
    );
    assert_eq!(span.last_record_hash, hash_of(&record(3, 2, b"abc")));
}

#[test]
fn the_next_set_goes_on_where_the_last_one_ended() {
    let mut assembly = assembly_with(&[(0, 1, 0)]);
    assembly.accept(&record(0, 0, b"a"), at(1));
    assembly.close(|_| None).unwrap();
    assert!(assembly.is_empty());
    assert!(assembly.close(|_| None).is_none());
    assembly.accept(&record(0, 1, b"b"), at(2));
    let set = assembly.close(|_| Some(1)).unwrap();
    assert_eq!(set.ingested_at, at(2));
    assert_eq!(
        (set.batches[0].from_offset, set.batches[0].next_offset),
        (1, 2)
    );
    assert_eq!(
        set.batches[0].high_watermark,
        Some(2),
        "an end that was told earlier is not shown as such"
    );
}

#[test]
fn a_gap_inside_of_the_stream_is_recorded() {
    let mut assembly = assembly_with(&[(0, 1, 0)]);
    assembly.accept(&record(0, 0, b"a"), at(1));
    let gap = OffsetGap {
        first_offset: 1,
        last_offset: 4,
        reason: GapReason::NotInLog,
    };
    assert_eq!(
        assembly.accept(&record(0, 5, b"b"), at(1)),
        Acceptance::AppendedAfterGap(gap)
    );
    let set = assembly.close(|_| None).unwrap();
    assert_eq!(set.batches[0].gaps, vec![gap]);
    assert_eq!(
        (set.batches[0].from_offset, set.batches[0].next_offset),
        (0, 6)
    );
    assert_eq!(set.row_count(), 2);
}

#[test]
fn a_gap_at_the_end_is_a_batch_without_records() {
    let mut assembly = assembly_with(&[(0, 1, 3)]);
    assert_eq!(assembly.note_tail_gap(0, 3, at(1)), None);
    assert_eq!(assembly.note_tail_gap(9, 8, at(1)), None);
    assert!(assembly.is_empty());
    let gap = assembly.note_tail_gap(0, 5, at(1)).unwrap();
    assert_eq!((gap.first_offset, gap.last_offset), (3, 4));
    let set = assembly.close(|_| None).unwrap();
    assert_eq!(set.batches[0].records, None);
    assert_eq!(
        (set.batches[0].from_offset, set.batches[0].next_offset),
        (3, 5)
    );
    assert_eq!(
        assembly.accept(&record(0, 4, b"x"), at(1)),
        Acceptance::Repeated
    );
    assert_eq!(
        assembly.accept(&record(0, 5, b"x"), at(1)),
        Acceptance::Appended
    );
}

#[test]
fn a_jump_right_after_a_start_or_a_pause_takes_nothing() {
    let mut assembly = assembly_with(&[(0, 1, 3)]);
    assert_eq!(
        assembly.accept(&record(0, 7, b"x"), at(1)),
        Acceptance::UnbelievedJump { expected: 3 }
    );
    assert!(assembly.is_empty());
    assert!(!assembly.cursor(0).unwrap().is_flowing());
    assert_eq!(
        assembly.accept(&record(0, 3, b"x"), at(1)),
        Acceptance::Appended
    );
    assembly.resumed();
    assert_eq!(
        assembly.accept(&record(0, 7, b"x"), at(1)),
        Acceptance::UnbelievedJump { expected: 4 }
    );
}

#[test]
fn the_overlap_record_is_compared_and_not_taken_again() {
    let old = record(0, 9, b"as it was");
    let overlap = Overlap {
        offset: 9,
        hash: hash_of(&old),
    };
    let mut assembly = Assembly::new(1, LIMITS);
    assembly.assign(0, Cursor::new(1, 10, Some(overlap), false));
    assert_eq!(
        assembly.accept(&record(0, 9, b"another"), at(1)),
        Acceptance::OverlapDiffers
    );
    assert_eq!(assembly.accept(&old, at(1)), Acceptance::OverlapConfirmed);
    assert!(assembly.is_empty());
    assert!(assembly.close(|_| None).is_none());
}

#[test]
fn a_revoked_partition_takes_its_records_along_and_only_them() {
    let mut assembly = assembly_with(&[(0, 1, 0), (1, 1, 0)]);
    assembly.accept(&record(0, 0, b"zero"), at(1));
    assembly.accept(&record(1, 0, b"one"), at(2));
    assembly.revoke(0);
    assert_eq!(
        assembly.accept(&record(0, 1, b"late"), at(3)),
        Acceptance::NotOurs
    );
    let set = assembly.close(|_| None).unwrap();
    assert_eq!(set.batches.len(), 1);
    assert_eq!(set.batches[0].kafka_partition, 1);

    assembly.accept(&record(1, 1, b"one"), at(4));
    assembly.revoke(1);
    assert!(assembly.close(|_| None).is_none());
}

#[test]
fn a_partition_that_comes_back_starts_anew_with_its_new_fence() {
    let mut assembly = assembly_with(&[(0, 1, 0)]);
    assembly.accept(&record(0, 0, b"dropped"), at(1));
    assembly.accept(&record(0, 1, b"dropped"), at(1));
    assembly.assign(0, Cursor::new(2, 1, None, false));
    assert!(assembly.is_empty());
    assert_eq!(
        assembly.accept(&record(0, 1, b"kept"), at(5)),
        Acceptance::Appended
    );
    let set = assembly.close(|_| None).unwrap();
    assert_eq!(
        (
            set.batches[0].fence,
            set.batches[0].from_offset,
            set.ingested_at
        ),
        (2, 1, at(5))
    );
}

#[test]
fn it_is_full_by_rows_or_by_bytes() {
    let by_rows = Limits {
        max_rows: 2,
        max_bytes: 1 << 20,
    };
    let mut assembly = Assembly::new(1, by_rows);
    assembly.assign(0, Cursor::new(1, 0, None, false));
    assembly.accept(&record(0, 0, b"a"), at(1));
    assert!(!assembly.is_full());
    assembly.accept(&record(0, 1, b"a"), at(1));
    assert!(assembly.is_full());
    assembly.close(|_| None);
    assert!(!assembly.is_full());

    let by_bytes = Limits {
        max_rows: 1000,
        max_bytes: 500,
    };
    let mut assembly = Assembly::new(1, by_bytes);
    assembly.assign(0, Cursor::new(1, 0, None, false));
    assembly.accept(&record(0, 0, &[0; 600]), at(1));
    assert!(assembly.is_full());
    assert!(assembly.byte_len() < 800);
}

/// A step of a run: what Kafka or the group may do next.
#[derive(Debug, Clone)]
enum Step {
    /// The client delivers this offset of this partition.
    Deliver {
        partition: i32,
        offset: i64,
    },
    Assign {
        partition: i32,
        next_offset: i64,
    },
    Revoke {
        partition: i32,
    },
    Pause,
    TailGap {
        partition: i32,
        length: i64,
    },
    Close,
}

fn any_step() -> impl Strategy<Value = Step> {
    let partition = 0..3i32;
    prop_oneof![
        12 => (partition.clone(), 0..30i64).prop_map(|(partition, offset)| Step::Deliver { partition, offset }),
        2 => (partition.clone(), 0..20i64).prop_map(|(partition, next_offset)| Step::Assign { partition, next_offset }),
        1 => partition.clone().prop_map(|partition| Step::Revoke { partition }),
        1 => Just(Step::Pause),
        1 => (partition, 0..4i64).prop_map(|(partition, length)| Step::TailGap { partition, length }),
        3 => Just(Step::Close),
    ]
}

/// Partition, fence, and what the batch answers for: offsets, and whether each is a record.
type Closed = (i32, i64, Vec<(i64, bool)>);

/// The same rules written down naively: for each partition, the offsets that an open set answers for, one by one.
#[derive(Debug, Default)]
struct Model {
    open: BTreeMap<i32, ModelLane>,
    fences: i64,
}

#[derive(Debug)]
struct ModelLane {
    fence: i64,
    answered: Vec<(i64, bool)>,
    next: i64,
    is_flowing: bool,
}

impl Model {
    fn deliver(&mut self, partition: i32, offset: i64) {
        let Some(lane) = self.open.get_mut(&partition) else {
            return;
        };
        if offset > lane.next && !lane.is_flowing {
            return;
        }
        lane.is_flowing = true;
        while lane.next < offset {
            lane.answered.push((lane.next, false));
            lane.next += 1;
        }
        if lane.next == offset {
            lane.answered.push((offset, true));
            lane.next += 1;
        }
    }

    fn assign(&mut self, partition: i32, next: i64) -> i64 {
        self.fences += 1;
        let lane = ModelLane {
            fence: self.fences,
            answered: Vec::new(),
            next,
            is_flowing: false,
        };
        self.open.insert(partition, lane);
        self.fences
    }

    fn close(&mut self) -> Vec<Closed> {
        let lanes = self.open.iter_mut();
        lanes
            .filter(|(_, lane)| !lane.answered.is_empty())
            .map(|(partition, lane)| (*partition, lane.fence, std::mem::take(&mut lane.answered)))
            .collect()
    }
}

/// What a batch answers for, offset by offset: whether it is a record or part of a gap.
fn answered_by(batch: &PartitionBatch) -> Vec<(i64, bool)> {
    let is_gap = |offset: i64| {
        batch
            .gaps
            .iter()
            .any(|gap| (gap.first_offset..=gap.last_offset).contains(&offset))
    };
    (batch.from_offset..batch.next_offset)
        .map(|offset| (offset, !is_gap(offset)))
        .collect()
}

fn closed(assembly: &mut Assembly) -> Vec<Closed> {
    let Some(set) = assembly.close(|_| None) else {
        return Vec::new();
    };
    for batch in &set.batches {
        let answered = answered_by(batch);
        let records: Vec<i64> = answered
            .iter()
            .filter(|(_, is_record)| *is_record)
            .map(|(offset, _)| *offset)
            .collect();
        assert_eq!(batch.rows.row_count(), records.len() as u64);
        assert_eq!(
            batch.records.map(|span| span.first_offset),
            records.first().copied()
        );
        assert_eq!(
            batch.records.map(|span| span.last_offset),
            records.last().copied()
        );
        let expected_hash = records.last().map(|offset| {
            hash_of(&record(
                batch.kafka_partition,
                *offset,
                &offset.to_be_bytes(),
            ))
        });
        assert_eq!(
            batch.records.map(|span| span.last_record_hash),
            expected_hash
        );
    }
    set.batches
        .iter()
        .map(|batch| (batch.kafka_partition, batch.fence, answered_by(batch)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_takes_exactly_what_the_naive_model_takes(steps in proptest::collection::vec(any_step(), 0..60)) {
        let mut assembly = Assembly::new(1, LIMITS);
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Deliver { partition, offset } => {
                    assembly.accept(&record(partition, offset, &offset.to_be_bytes()), at(0));
                    model.deliver(partition, offset);
                }
                Step::Assign { partition, next_offset } => {
                    let fence = model.assign(partition, next_offset);
                    assembly.assign(partition, Cursor::new(fence, next_offset, None, false));
                }
                Step::Revoke { partition } => {
                    assembly.revoke(partition);
                    model.open.remove(&partition);
                }
                Step::Pause => {
                    assembly.resumed();
                    for lane in model.open.values_mut() {
                        lane.is_flowing = false;
                    }
                }
                Step::TailGap { partition, length } => {
                    if let Some(lane) = model.open.get_mut(&partition) {
                        let end = lane.next + length;
                        assembly.note_tail_gap(partition, end, at(0));
                        while lane.next < end {
                            lane.answered.push((lane.next, false));
                            lane.next += 1;
                        }
                    }
                }
                Step::Close => prop_assert_eq!(closed(&mut assembly), model.close()),
            }
            for partition in 0..3 {
                let expected = model.open.get(&partition).map(|lane| lane.next);
                prop_assert_eq!(assembly.cursor(partition).map(Cursor::expected), expected);
            }
        }
        prop_assert_eq!(closed(&mut assembly), model.close());
    }
}
