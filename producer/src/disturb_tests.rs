use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;

use chrono::{DateTime, TimeZone, Utc};
use event_contract::Limits;
use event_contract::judge::{self, Verdict};

use super::*;
use crate::shop::{ShopSettings, blank_event};

/// A record that was emitted.
struct Sent {
    kind: RecordKind,
    key: String,
    payload: Option<Vec<u8>>,
    event: Option<TransactionEvent>,
}

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0)
        .single()
        .expect("a time")
}

fn send(events: u64, disturbances: &Disturbances) -> Vec<Sent> {
    let mut shop = Shop::new(ShopSettings::new(42, start())).expect("settings");
    shop.plan_past(Duration::days(30), events).expect("fits");
    let mut disturber = Disturber::for_shop(&shop, disturbances);
    let mut sent = Vec::new();
    let mut emit = |outgoing: Outgoing<'_>| -> Result<(), Infallible> {
        sent.push(Sent {
            kind: outgoing.kind,
            key: outgoing.key.to_owned(),
            payload: outgoing.payload.map(<[u8]>::to_vec),
            event: outgoing.event.cloned(),
        });
        Ok(())
    };
    let mut event = blank_event();
    while shop.next_past(&mut event) {
        let Ok(()) = disturber.take(&event, Duration::days(2), &mut emit);
    }
    let Ok(()) = disturber.finish(&mut emit);
    sent
}

fn everything_wrong() -> Disturbances {
    Disturbances {
        late_percent: 10.0,
        duplicate_percent: 10.0,
        bad_percent: 10.0,
        ..Disturbances::default()
    }
}

fn good(sent: &[Sent]) -> Vec<&Vec<u8>> {
    let good = sent.iter().filter(|record| record.kind == RecordKind::Good);
    good.filter_map(|record| record.payload.as_ref()).collect()
}

#[test]
fn nothing_happens_where_nothing_is_asked_for() {
    let sent = send(5_000, &Disturbances::default());
    assert!(sent.iter().all(|record| record.kind == RecordKind::Good));
    let times: Vec<_> = sent
        .iter()
        .filter_map(|record| Some(record.event.as_ref()?.event_timestamp))
        .collect();
    assert_eq!(times.len(), sent.len());
    assert!(times.is_sorted());
}

#[test]
fn good_events_are_the_same_with_and_without_disturbances() {
    let undisturbed = send(5_000, &Disturbances::default());
    let disturbed = send(5_000, &everything_wrong());
    let sorted = |sent: &[Sent]| {
        let mut payloads: Vec<Vec<u8>> = good(sent).into_iter().cloned().collect();
        payloads.sort_unstable();
        payloads
    };
    assert_eq!(sorted(&undisturbed), sorted(&disturbed));
    assert!(
        disturbed
            .iter()
            .filter_map(|record| record.event.as_ref())
            .count()
            == undisturbed.len()
    );
}

#[test]
fn disturbances_are_reproducible() {
    let bytes = |sent: Vec<Sent>| -> Vec<(String, Option<Vec<u8>>)> {
        sent.into_iter()
            .map(|record| (record.key, record.payload))
            .collect()
    };
    assert!(bytes(send(3_000, &everything_wrong())) == bytes(send(3_000, &everything_wrong())));
}

#[test]
fn duplicates_follow_their_originals_within_the_window() {
    let sent = send(10_000, &everything_wrong());
    let mut originals: HashMap<&Vec<u8>, (usize, &str)> = HashMap::new();
    let mut copies = 0;
    for (position, record) in sent.iter().enumerate() {
        let Some(payload) = &record.payload else {
            continue;
        };
        match record.kind {
            RecordKind::Good => {
                assert!(originals.insert(payload, (position, &record.key)).is_none())
            }
            RecordKind::Duplicate => {
                let (original, key) = originals
                    .get(payload)
                    .expect("the original was sent before");
                assert!(position - original <= 1 + usize::try_from(COPY_WINDOW).expect("small"));
                assert_eq!(*key, record.key);
                copies += 1;
            }
            RecordKind::Bad(_) => {}
        }
    }
    assert!((850..1_150).contains(&copies), "{copies}");
}

#[test]
fn late_events_come_after_later_ones_but_not_forever() {
    let sent = send(10_000, &everything_wrong());
    let mut newest = DateTime::<Utc>::MIN_UTC;
    let mut late = Vec::new();
    for event in sent.iter().filter_map(|record| record.event.as_ref()) {
        if event.event_timestamp < newest {
            late.push(newest - event.event_timestamp);
        }
        newest = newest.max(event.event_timestamp);
    }
    let latest = late.iter().max().expect("some are late");
    // An event goes out with the first one after its time is up.
    assert!(*latest < Duration::days(2) + Duration::hours(2), "{latest}");
    assert!(*latest > Duration::days(1), "{latest}");
    assert!((850..1_150).contains(&late.len()), "{}", late.len());
}

#[test]
fn bad_records_are_bad_in_the_way_that_they_claim_and_under_ids_of_their_own() {
    let sent = send(5_000, &everything_wrong());
    let good_ids: HashSet<_> = sent
        .iter()
        .filter_map(|record| Some(record.event.as_ref()?.event_id))
        .collect();
    let mut by_reason: BTreeMap<Reason, usize> = BTreeMap::new();
    for record in &sent {
        let verdict = judge::judge(record.payload.as_deref(), start(), &Limits::default());
        match (record.kind, verdict) {
            (RecordKind::Bad(reason), Verdict::Quarantined(quarantine)) => {
                assert_eq!(quarantine.reason, reason);
                assert!(quarantine.event_id.is_none_or(|id| !good_ids.contains(&id)));
                *by_reason.entry(reason).or_default() += 1;
            }
            (RecordKind::Good | RecordKind::Duplicate, Verdict::Accepted(_)) => {}
            (kind, verdict) => panic!("{kind:?} was judged {verdict:?}"),
        }
    }
    let counts: Vec<usize> = by_reason.values().copied().collect();
    assert_eq!(by_reason.len(), spoil::KINDS.len(), "each kind occurs");
    let (fewest, most) = (
        counts.iter().min().expect("some"),
        counts.iter().max().expect("some"),
    );
    assert!(most - fewest <= 1, "evenly: {by_reason:?}");
}

#[test]
fn a_mix_is_kept_to() {
    let mix = vec![
        (Reason::Truncated, 3),
        (Reason::Tombstone, 1),
        (Reason::BadUtf8, 0),
    ];
    let disturbances = Disturbances {
        bad_mix: mix,
        ..everything_wrong()
    };
    let sent = send(4_000, &disturbances);
    let count = |wanted| {
        sent.iter()
            .filter(|record| record.kind == RecordKind::Bad(wanted))
            .count()
    };
    let (truncated, tombstones) = (count(Reason::Truncated), count(Reason::Tombstone));
    assert!(
        truncated.abs_diff(3 * tombstones) <= 3,
        "{truncated} to {tombstones}"
    );
    assert_eq!(count(Reason::BadUtf8), 0);
    let null_payloads = sent
        .iter()
        .filter(|record| record.payload.is_none())
        .count();
    assert_eq!(null_payloads, tombstones);
}

#[test]
fn an_outage_sends_everything_of_its_time_at_once_after_newer_events() {
    let outage = Outage {
        from: start() - Duration::hours(60),
        until: start() - Duration::hours(36),
        caught_up: start() - Duration::hours(30),
    };
    let sent = send(
        20_000,
        &Disturbances {
            outage: Some(outage),
            ..Disturbances::default()
        },
    );
    let times: Vec<DateTime<Utc>> = sent
        .iter()
        .filter_map(|record| Some(record.event.as_ref()?.event_timestamp))
        .collect();
    let is_in_outage = |at: &DateTime<Utc>| (outage.from..outage.until).contains(at);
    let first = times.iter().position(is_in_outage).expect("it held some");
    let last = times.iter().rposition(is_in_outage).expect("it held some");
    let burst = &times[first..=last];
    assert!(burst.len() > 200, "{}", burst.len());
    assert!(burst.iter().all(is_in_outage), "nothing comes in between");
    assert!(burst.is_sorted());
    // The first newer event after the catching up makes room for the burst.
    assert!(times[first - 1] >= outage.caught_up);
    assert!(times[first - 2] < outage.caught_up);
    let others: Vec<_> = times.iter().filter(|at| !is_in_outage(at)).collect();
    assert!(others.is_sorted());
    assert_eq!(
        times.len(),
        good(&send(20_000, &Disturbances::default())).len()
    );
}

#[test]
fn an_outage_holds_no_more_than_it_may() {
    let outage = Outage {
        from: start(),
        until: start() + Duration::days(300),
        caught_up: start() + Duration::days(301),
    };
    let mut shop = Shop::new(ShopSettings::new(42, start())).expect("settings");
    let disturbances = Disturbances {
        outage: Some(outage),
        ..Disturbances::default()
    };
    let mut disturber = Disturber::for_shop(&shop, &disturbances);
    let mut event = blank_event();
    let mut emitted = 0;
    let taken = MOST_HELD_IN_OUTAGE + 5_000;
    for _ in 0..taken {
        shop.next_live(start(), &mut event);
        let mut count = |_: Outgoing<'_>| -> Result<(), Infallible> {
            emitted += 1;
            Ok(())
        };
        let Ok(()) = disturber.take(&event, Duration::days(1), &mut count);
        assert!(disturber.held.len() <= MOST_HELD_IN_OUTAGE);
    }
    assert_eq!(emitted, 5_000, "what does not fit goes out early");
}

#[test]
fn what_is_held_back_is_bounded() {
    let disturbances = Disturbances {
        late_percent: 100.0,
        duplicate_percent: 100.0,
        ..Disturbances::default()
    };
    let mut shop = Shop::new(ShopSettings::new(42, start())).expect("settings");
    let mut disturber = Disturber::for_shop(&shop, &disturbances);
    let mut event = blank_event();
    let mut emitted = 0;
    for taken in 0..30_000 {
        shop.next_live(start(), &mut event);
        let Ok(()) = disturber.take(&event, Duration::days(300), &mut |_| -> Result<
            (),
            Infallible,
        > {
            emitted += 1;
            Ok(())
        });
        assert!(disturber.held.len() <= MOST_HELD_EVENTS, "after {taken}");
        assert!(disturber.copies.len() <= usize::try_from(COPY_WINDOW).expect("small") + 1);
    }
    assert!(emitted > 15_000, "{emitted}");
}

#[test]
fn an_error_of_the_sender_ends_it_at_once() {
    let mut shop = Shop::new(ShopSettings::new(42, start())).expect("settings");
    let mut disturber = Disturber::for_shop(&shop, &Disturbances::default());
    let mut event = blank_event();
    shop.next_live(start(), &mut event);
    let refused = disturber.take(&event, Duration::days(1), &mut |_| Err("no"));
    assert_eq!(refused, Err("no"));
}
