use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate, TimeZone, Utc};
use event_contract::truth::{CategoryCell, PayloadDigest, ProductCell, SalesCell};
use event_contract::{EventType, Reason, TransactionEvent, encode};

use super::*;
use crate::disturb::RecordKind;
use crate::shop::{Shop, ShopSettings, blank_event};

fn events(count: u64) -> Vec<TransactionEvent> {
    let start = Utc
        .with_ymd_and_hms(2026, 1, 1, 0, 0, 0)
        .single()
        .expect("a time");
    let mut shop = Shop::new(ShopSettings::new(11, start)).expect("settings");
    shop.plan_past(Duration::days(20), count).expect("fits");
    let mut event = blank_event();
    std::iter::from_fn(|| shop.next_past(&mut event).then(|| event.clone())).collect()
}

fn encoded(event: &TransactionEvent) -> Vec<u8> {
    let mut payload = Vec::new();
    encode::single_object(event, &mut payload);
    payload
}

/// The books of a run in which all of these were acknowledged.
fn all_acknowledged(events: &[TransactionEvent]) -> (Tally, Receipts) {
    let mut tally = Tally::default();
    let mut receipts = Receipts::default();
    for event in events {
        tally.add(event);
        receipts.acknowledge(RecordKind::Good, Some(&encoded(event)));
    }
    (tally, receipts)
}

/// Sales as somebody would add them up by hand: one figure at a time, straight from the contract's definitions.
fn sales_by_hand(events: &[TransactionEvent]) -> Vec<SalesCell> {
    let mut cells: BTreeMap<(NaiveDate, String, String), SalesCell> = BTreeMap::new();
    for event in events {
        let day = event.event_timestamp.date_naive();
        let (currency, channel) = (
            event.order.currency.clone(),
            event.channel.as_str().to_owned(),
        );
        let pieces: i64 = event
            .items
            .iter()
            .map(|item| i64::from(item.quantity))
            .sum();
        let cost: i64 = event
            .items
            .iter()
            .map(|item| item.cost.cents() * i64::from(item.quantity))
            .sum();
        let key = (day, currency.clone(), channel.clone());
        let order = &event.order;
        match event.event_type {
            EventType::OrderPlaced => {
                let cell = cells.entry(key).or_default();
                cell.orders += 1;
                cell.units_sold += pieces;
                cell.gross_cents += order.subtotal.cents();
                cell.discount_cents += order.discount_amount.cents();
                cell.tax_cents += order.tax_amount.cents();
                cell.shipping_cents += order.shipping_amount.cents();
                cell.total_cents += order.total_amount.cents();
                cell.cost_cents += cost;
            }
            EventType::OrderReturned => {
                let cell = cells.entry(key).or_default();
                cell.returns += 1;
                cell.units_returned += pieces;
                cell.returned_cents += order.total_amount.cents();
                cell.returned_goods_cents += order.subtotal.cents() - order.discount_amount.cents();
                cell.cost_cents -= cost;
            }
            EventType::OrderCancelled => {
                let cell = cells.entry(key).or_default();
                cell.cancellations += 1;
                cell.cancelled_cents += order.total_amount.cents();
            }
            _ => {}
        }
    }
    for (placing, call_off) in cancelled(events) {
        let key = (
            call_off.event_timestamp.date_naive(),
            placing.order.currency.clone(),
            placing.channel.as_str().to_owned(),
        );
        let cell = cells.entry(key).or_default();
        cell.cancelled_goods_cents +=
            placing.order.subtotal.cents() - placing.order.discount_amount.cents();
        for item in &placing.items {
            cell.cancelled_cost_cents += item.cost.cents() * i64::from(item.quantity);
        }
    }
    let named = cells
        .into_iter()
        .map(|((day, currency, channel), cell)| SalesCell {
            day,
            currency,
            channel,
            ..cell
        });
    named.collect()
}

/// The placing of each cancelled order, with the event that cancels it, where both are there.
fn cancelled(events: &[TransactionEvent]) -> Vec<(&TransactionEvent, &TransactionEvent)> {
    let of_kind = |kind| events.iter().filter(move |event| event.event_type == kind);
    of_kind(EventType::OrderCancelled)
        .filter_map(|call_off| {
            let mut placings = of_kind(EventType::OrderPlaced);
            let placing = placings.find(|it| it.transaction_id == call_off.transaction_id)?;
            Some((placing, call_off))
        })
        .collect()
}

/// One row for each line: what it is keyed by, and its measures (lines, quantity, gross, discount, cost).
fn lines_by_hand(
    events: &[TransactionEvent],
) -> Vec<(NaiveDate, String, String, String, [i64; 5])> {
    let mut rows = Vec::new();
    let mut enter = |event: &TransactionEvent, day: NaiveDate, sign: i64| {
        for item in &event.items {
            let quantity = sign * i64::from(item.quantity);
            let measures = [
                1,
                quantity,
                item.unit_price.cents() * quantity,
                sign * item.discount.cents(),
                item.cost.cents() * quantity,
            ];
            rows.push((
                day,
                item.category.clone(),
                item.id.clone(),
                event.order.currency.clone(),
                measures,
            ));
        }
    };
    for event in events {
        let is_return = event.event_type == EventType::OrderReturned;
        let day = event.event_timestamp.date_naive();
        enter(event, day, if is_return { -1 } else { 1 });
    }
    for (placing, call_off) in cancelled(events) {
        enter(placing, call_off.event_timestamp.date_naive(), -1);
    }
    rows
}

fn summed<K: Ord>(rows: impl Iterator<Item = (K, [i64; 5])>) -> BTreeMap<K, [i64; 5]> {
    let mut sums: BTreeMap<K, [i64; 5]> = BTreeMap::new();
    for (key, measures) in rows {
        let sum = sums.entry(key).or_default();
        for (total, measure) in sum.iter_mut().zip(measures) {
            *total += measure;
        }
    }
    sums
}

#[test]
fn the_truth_is_what_adding_up_by_hand_gives() {
    let events = events(20_000);
    let (tally, receipts) = all_acknowledged(&events);
    let truth = close("a.topic", 11, tally, &receipts).expect("the books close");

    assert_eq!(truth.events, u64::try_from(events.len()).expect("small"));
    let placed = events
        .iter()
        .filter(|event| event.event_type == EventType::OrderPlaced)
        .count();
    assert_eq!(truth.orders, u64::try_from(placed).expect("small"));
    let lines: usize = events.iter().map(|event| event.items.len()).sum();
    assert_eq!(truth.lines, u64::try_from(lines).expect("small"));
    let cancelled_lines = cancelled(&events)
        .into_iter()
        .map(|(placing, _)| placing.items.len());
    assert_eq!(
        truth.cancelled_lines,
        u64::try_from(cancelled_lines.sum::<usize>()).expect("small")
    );
    assert_eq!(truth.sales, sales_by_hand(&events));
    assert!(
        truth.sales.iter().any(|cell| cell.returns > 0)
            && truth.sales.iter().any(|cell| cell.cancellations > 0)
    );

    let rows = lines_by_hand(&events);
    let by_category = summed(rows.iter().map(|(day, category, _, currency, measures)| {
        ((*day, category.clone(), currency.clone()), *measures)
    }));
    let categories = by_category
        .into_iter()
        .map(|((day, category, currency), measures)| {
            let [lines, quantity, gross_cents, discount_cents, cost_cents] = measures;
            CategoryCell {
                day,
                category,
                currency,
                lines,
                quantity,
                gross_cents,
                discount_cents,
                cost_cents,
            }
        });
    assert_eq!(truth.categories, categories.collect::<Vec<_>>());
    let by_product = summed(rows.iter().map(|(_, _, product, currency, measures)| {
        ((product.clone(), currency.clone()), *measures)
    }));
    let products = by_product
        .into_iter()
        .map(|((product_id, currency), measures)| {
            let [lines, quantity, gross_cents, discount_cents, cost_cents] = measures;
            ProductCell {
                product_id,
                currency,
                lines,
                quantity,
                gross_cents,
                discount_cents,
                cost_cents,
            }
        });
    assert_eq!(truth.products, products.collect::<Vec<_>>());
}

#[test]
fn a_cancellation_may_be_sent_before_its_placing() {
    let events = events(5_000);
    let (mut early, late): (Vec<_>, Vec<_>) = events
        .iter()
        .cloned()
        .partition(|event| event.event_type == EventType::OrderCancelled);
    assert!(early.len() > 20);
    early.extend(late);
    let close_over = |events: &[TransactionEvent]| {
        let (tally, receipts) = all_acknowledged(events);
        close("t", 1, tally, &receipts).expect("the books close")
    };
    assert_eq!(close_over(&early), close_over(&events));
}

#[test]
fn nothing_is_taken_back_unless_both_halves_arrived() {
    let events = events(5_000);
    let (placing, call_off) = cancelled(&events)[0];
    let (lines, day) = (placing.items.len(), call_off.event_timestamp.date_naive());
    for lost in [placing, call_off] {
        let mut tally = Tally::default();
        let mut receipts = Receipts::default();
        for event in [placing, call_off] {
            tally.add(event);
            if event.event_id == lost.event_id {
                receipts.fail(RecordKind::Good, Some(&encoded(event)), "lost");
            } else {
                receipts.acknowledge(RecordKind::Good, Some(&encoded(event)));
            }
        }
        assert_eq!(
            tally.totals().cancelled_lines,
            u64::try_from(lines).expect("small")
        );
        let truth = close("t", 1, tally, &receipts).expect("the books close");
        assert_eq!(truth.cancelled_lines, 0);
        let cell = truth.sales.iter().find(|cell| cell.day == day);
        assert!(cell.is_none_or(|cell| cell.cancelled_goods_cents == 0));
        assert!(
            truth.categories.iter().all(|cell| cell.quantity > 0),
            "{truth:?}"
        );
    }
}

#[test]
fn what_failed_is_as_if_it_had_never_been_sent() {
    let events = events(3_000);
    let (acknowledged, failed): (Vec<_>, Vec<_>) = events
        .iter()
        .enumerate()
        .partition(|(position, _)| position % 7 != 0);
    let acknowledged: Vec<TransactionEvent> = acknowledged
        .into_iter()
        .map(|(_, event)| event.clone())
        .collect();

    let mut tally = Tally::default();
    let mut receipts = Receipts::default();
    for event in &events {
        tally.add(event);
    }
    for event in &acknowledged {
        receipts.acknowledge(RecordKind::Good, Some(&encoded(event)));
    }
    for (_, event) in &failed {
        receipts.fail(RecordKind::Good, Some(&encoded(event)), "the cable was cut");
    }
    receipts.fail(RecordKind::Duplicate, Some(b"x"), "later");
    receipts.fail(RecordKind::Bad(Reason::Empty), Some(b""), "later");

    let truth = close("t", 1, tally, &receipts).expect("the books close");
    let (tally, only_acknowledged) = all_acknowledged(&acknowledged);
    assert_eq!(
        truth,
        close("t", 1, tally, &only_acknowledged).expect("the books close")
    );
    assert_eq!(
        receipts.failures(),
        u64::try_from(failed.len()).expect("small") + 2
    );
    assert_eq!(receipts.first_failure(), Some("the cable was cut"));
}

#[test]
fn the_copy_of_a_failed_event_is_the_event() {
    let events = events(50);
    let lost = encoded(&events[3]);
    let mut tally = Tally::default();
    let mut receipts = Receipts::default();
    for event in &events {
        tally.add(event);
        let payload = encoded(event);
        if payload == lost {
            receipts.fail(RecordKind::Good, Some(&payload), "lost");
        } else {
            receipts.acknowledge(RecordKind::Good, Some(&payload));
        }
    }
    receipts.acknowledge(RecordKind::Duplicate, Some(&lost));
    receipts.acknowledge(RecordKind::Duplicate, Some(&lost));
    let truth = close("t", 1, tally, &receipts).expect("the books close");
    assert_eq!(
        (truth.events, truth.duplicates),
        (u64::try_from(events.len()).expect("small"), 1)
    );
    assert_eq!(truth.sales, sales_by_hand(&events));
}

#[test]
fn bad_records_count_by_reason_and_enter_the_digest() {
    let mut receipts = Receipts::default();
    receipts.acknowledge(RecordKind::Bad(Reason::Tombstone), None);
    receipts.acknowledge(RecordKind::Bad(Reason::BadMagic), Some(b"hello"));
    receipts.acknowledge(RecordKind::Bad(Reason::BadMagic), Some(b"hullo"));
    let truth = close("t", 1, Tally::default(), &receipts).expect("the books close");
    let expected = BTreeMap::from([("bad_magic".to_owned(), 2), ("tombstone".to_owned(), 1)]);
    assert_eq!((truth.bad, truth.records, truth.events), (expected, 3, 0));
    let mut digest = PayloadDigest::default();
    for payload in [b"".as_slice(), b"hullo", b"hello"] {
        digest.add(payload);
    }
    assert_eq!(truth.payload_digest, digest.to_hex());
}

#[test]
fn books_that_do_not_balance_are_not_closed() {
    let events = events(10);
    let (mut tally, receipts) = all_acknowledged(&events);
    tally.add(&events[0]);
    assert!(matches!(
        close("t", 1, tally, &receipts),
        Err(LedgerError::Unbalanced { .. })
    ));

    let (tally, mut receipts) = all_acknowledged(&events);
    receipts.fail(RecordKind::Good, Some(b"not an event"), "lost");
    assert!(matches!(
        close("t", 1, tally, &receipts),
        Err(LedgerError::UnreadableFailure(_))
    ));
}

#[test]
fn a_tally_that_only_counts_has_no_cells() {
    let mut tally = Tally::counts_only();
    for event in &events(200) {
        tally.add(event);
    }
    assert!(tally.totals().orders > 10 && tally.totals().lines > 10);
    assert!(
        tally.sales().is_empty() && tally.categories().is_empty() && tally.products().is_empty()
    );
}

/// Every 17th event some hours late.
fn with_late_ones(events: &[TransactionEvent]) -> Vec<TransactionEvent> {
    let mut sent: Vec<(chrono::DateTime<Utc>, &TransactionEvent)> = events
        .iter()
        .enumerate()
        .map(|(number, event)| {
            let hours = if number % 17 == 0 { 1 + number % 40 } else { 0 };
            let late = Duration::hours(i64::try_from(hours).expect("small"));
            (event.event_timestamp + late, event)
        })
        .collect();
    sent.sort_by_key(|(at, event)| (*at, event.event_id));
    sent.into_iter().map(|(_, event)| event.clone()).collect()
}

#[test]
fn what_settles_on_the_way_is_what_is_sorted_at_the_end() {
    let sent = with_late_ones(&events(30_000));
    let (at_the_end, receipts) = all_acknowledged(&sent);
    let expected = close("t", 1, at_the_end, &receipts).expect("the books close");
    assert!(expected.tables.len() >= 14, "{:?}", expected.tables.keys());

    let mut settling = Tally::settling(Duration::hours(40), 2_000);
    for event in &sent {
        settling.add(event);
    }
    let truth = close("t", 1, settling, &receipts).expect("the books close");
    assert!(truth == expected, "settled on the way, something differs");

    // Later than was said: nothing that depends on the order is told.
    let mut settling = Tally::settling(Duration::hours(2), 10);
    for event in &sent {
        settling.add(event);
    }
    let truth = close("t", 1, settling, &receipts).expect("the books close");
    let told: Vec<&str> = truth.tables.keys().map(String::as_str).collect();
    let additive = [
        "geography_sales",
        "payment_mix",
        "product_performance",
        "sales_hourly",
    ];
    assert_eq!(told, additive);
    assert!(truth.sales == expected.sales);
}
