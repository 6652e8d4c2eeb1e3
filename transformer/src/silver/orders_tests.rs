use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_700_000_000 + seconds)
}

fn event(number: u8, event_type: EventType, seconds: i64) -> OrderEvent {
    OrderEvent {
        order_event_key: 100 + i64::from(number),
        event_id: Uuid::from_u128(u128::from(number)),
        event_type,
        at: at(seconds),
        keys: OrderKeys {
            customer_key: i64::from(number),
            channel_key: 1,
            currency_key: 1,
            order_status_key: i32::from(number),
        },
        line_count: i32::from(number),
        total_cents: i64::from(number) * 100,
    }
}

fn told(step: &OrderStep) -> (&'static str, i64, Option<i64>) {
    (
        step.step,
        (step.at - at(0)).num_seconds(),
        step.seconds_since_previous,
    )
}

#[test]
fn steps_count_from_the_latest_earlier_one_that_is_known() {
    let first = merge(
        None,
        &[
            event(1, EventType::OrderPlaced, 0),
            event(2, EventType::OrderShipped, 100),
        ],
    )
    .expect("events");
    let told_of = |order: &OrderSnapshot| steps(order).iter().map(told).collect::<Vec<_>>();
    assert_eq!(
        told_of(&first),
        [("placed", 0, None), ("shipped", 100, Some(100))]
    );
    // The payment comes to light later: the way to the shipment was shorter than thought.
    let after = merge(Some(first), &[event(3, EventType::OrderPaid, 30)]).expect("events");
    let changes: Vec<_> = step_changes(Some(&first), &after)
        .iter()
        .map(|(step, orders)| (told(step), *orders))
        .collect();
    assert_eq!(
        changes,
        [
            (("shipped", 100, Some(100)), -1),
            (("paid", 30, Some(30)), 1),
            (("shipped", 100, Some(70)), 1),
        ]
    );
}

#[test]
fn steps_of_the_same_time_follow_the_usual_course() {
    let order = merge(
        None,
        &[
            event(1, EventType::OrderCancelled, 5),
            event(2, EventType::OrderPlaced, 5),
        ],
    )
    .expect("events");
    let names: Vec<_> = steps(&order).iter().map(|step| step.step).collect();
    assert_eq!(names, ["placed", "cancelled"]);
    assert_eq!(steps(&order)[1].seconds_since_previous, Some(0));
}

#[test]
fn a_cancellation_takes_back_once_both_are_known_whichever_comes_first() {
    let placed = event(1, EventType::OrderPlaced, 0);
    let cancelled = event(2, EventType::OrderCancelled, 60);
    for (first, second) in [(placed, cancelled), (cancelled, placed)] {
        let before = merge(None, &[first]).expect("an event");
        assert_eq!(taken_back_changes(None, &before), (None, None));
        let after = merge(Some(before), &[second]).expect("an event");
        let (undone, taken) = taken_back_changes(Some(&before), &after);
        assert_eq!(undone, None);
        assert_eq!(taken.map(|taken| taken.placed_event_key), Some(101));
        // Nothing more once it is done, whatever else happens.
        let later = merge(Some(after), &[event(3, EventType::OrderReturned, 90)]).expect("events");
        assert_eq!(taken_back_changes(Some(&after), &later), (None, None));
    }
}

#[test]
fn an_earlier_placing_or_day_puts_right_what_was_taken_back() {
    const DAY: i64 = 86_400;
    let before = merge(
        None,
        &[
            event(1, EventType::OrderPlaced, 0),
            event(2, EventType::OrderCancelled, 3 * DAY),
        ],
    )
    .expect("events");
    let same_day = merge(
        Some(before),
        &[event(3, EventType::OrderCancelled, 3 * DAY - 1)],
    )
    .expect("events");
    assert_eq!(taken_back_changes(Some(&before), &same_day), (None, None));
    for earlier in [
        event(3, EventType::OrderPlaced, -1),
        event(3, EventType::OrderCancelled, DAY),
    ] {
        let after = merge(Some(before), &[earlier]).expect("events");
        let changes = taken_back_changes(Some(&before), &after);
        assert_eq!(changes, (taken_back(&before), taken_back(&after)));
        assert!(changes.0.is_some() && changes.1.is_some());
    }
}

fn any_events() -> impl Strategy<Value = Vec<OrderEvent>> {
    let kinds = (0..EventType::ALL.len()).prop_map(|index| EventType::ALL[index]);
    // Few times, so that ties are common.
    prop::collection::vec((kinds, 0..6i64), 1..12).prop_map(|drawn| {
        (1u8..)
            .zip(drawn)
            .map(|(number, (kind, day))| event(number, kind, day * 40_000))
            .collect()
    })
}

proptest! {
    #[test]
    fn neither_order_nor_batches_matter(
        events in any_events(),
        shuffled in any::<u64>(),
        cut in 1..5usize,
    ) {
        let straight = merge(None, &events);
        let mut permuted = events;
        permuted.sort_by_key(|event| shuffled.wrapping_mul(event.order_event_key.unsigned_abs() | 1).rotate_left(17));
        let mut order = None;
        let mut sums: Vec<(OrderStep, i16)> = Vec::new();
        let mut lines: Vec<((i64, NaiveDate), i16)> = Vec::new();
        for batch in permuted.chunks(cut) {
            let after = merge(order, batch).expect("an event");
            for (step, orders) in step_changes(order.as_ref(), &after) {
                add(&mut sums, step, orders);
            }
            let (undone, taken) = taken_back_changes(order.as_ref(), &after);
            for (taken, sign) in [(undone, -1), (taken, 1)] {
                if let Some(taken) = taken {
                    add(&mut lines, (taken.placed_event_key, taken.day()), sign);
                }
            }
            order = Some(after);
        }
        prop_assert_eq!(order, straight);
        let order = order.expect("an event");
        sums.retain(|(_, orders)| *orders != 0);
        sums.sort_by_key(|(step, _)| step.at);
        let expected: Vec<_> = steps(&order).into_iter().map(|step| (step, 1)).collect();
        prop_assert_eq!(sums.len(), expected.len());
        prop_assert!(expected.iter().all(|step| sums.contains(step)));
        lines.retain(|(_, count)| *count != 0);
        let expected: Vec<_> = taken_back(&order)
            .map(|taken| ((taken.placed_event_key, taken.day()), 1))
            .into_iter()
            .collect();
        prop_assert_eq!(lines, expected);
    }
}

fn add<Key: PartialEq>(sums: &mut Vec<(Key, i16)>, key: Key, count: i16) {
    match sums.iter_mut().find(|(known, _)| *known == key) {
        Some((_, sum)) => *sum += count,
        None => sums.push((key, count)),
    }
}
