//! What each scenario sends, from its flags to the records in their order.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "where these panic, the test has failed"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use clap::Parser;
use event_contract::EventType;
use event_contract::schema::FINGERPRINT_V2;
use event_contract::spoil::KINDS;
use producer::cli::{Cli, Command};
use producer::disturb::{Outgoing, RecordKind};
use producer::plan;
use producer::shop::blank_event;
use producer::source::Part;
use sha2::{Digest, Sha256};

const START: &str = "2026-01-01T00:00:00Z";
const LATEST: Duration = Duration::days(2);

/// Hands every record of `producer run` with these flags to `look`, in the order in which they would be sent.
fn records(flags: &[&str], mut look: impl FnMut(&Outgoing<'_>)) {
    let words = ["producer", "run", "--start", START].iter().chain(flags);
    let Command::Run(args) = Cli::try_parse_from(words).expect("good flags").command else {
        panic!("parsed `run`");
    };
    let mut plan = plan::plan(&args, Utc::now()).expect("a plan");
    let mut emit = |outgoing: Outgoing<'_>| -> Result<(), Infallible> {
        look(&outgoing);
        Ok(())
    };
    let mut event = blank_event();
    for part in [Part::Past, Part::Live] {
        while plan.source.next(part, &mut event) {
            let Ok(()) = plan.disturber.take(&event, LATEST, &mut emit);
        }
    }
    let Ok(()) = plan.disturber.finish(&mut emit);
}

/// Digest of the good records and duplicates with their keys, in their order; of a bad record only that there was one, since
/// the contract says what can be bad.
fn digest_of(scenario: &str, seed: &str) -> String {
    let mut hasher = Sha256::new();
    let flags = [
        "--scenario",
        scenario,
        "--seed",
        seed,
        "--backfill",
        "60d",
        "--count",
        "20000",
    ];
    records(&flags, |record| match record.kind {
        RecordKind::Bad(_) => hasher.update(b"bad"),
        RecordKind::Good | RecordKind::Duplicate => {
            hasher.update(record.key);
            hasher.update(record.payload.expect("only bad records have none"));
        }
    });
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 20,000 events of each scenario, of two seeds. When this fails, a seed no longer gives what it gave before: if that was not
/// meant, look for arithmetic that is not the shop's own; if it was, say so in the release notes, since recorded truths can
/// then not be reproduced.
#[test]
fn a_scenario_of_a_seed_is_the_same_for_ever() {
    let mut found = String::new();
    for scenario in [
        "normal",
        "black-friday",
        "outage-catchup",
        "dirty",
        "schema-upgrade",
    ] {
        for seed in ["42", "7"] {
            found.push_str(&format!(
                "{scenario} {seed} {}\n",
                digest_of(scenario, seed)
            ));
        }
    }
    assert_eq!(found, include_str!("scenarios.digests"));
}

#[test]
fn parents_come_before_their_children_unless_something_is_late() {
    for (scenario, is_in_order) in [("normal", true), ("black-friday", true), ("dirty", false)] {
        let mut placed = HashSet::new();
        let mut orphans = 0;
        let flags = [
            "--scenario",
            scenario,
            "--backfill",
            "30d",
            "--count",
            "50000",
        ];
        records(&flags, |record| {
            let Some(event) = record.event else { return };
            if event.event_type == EventType::OrderPlaced {
                placed.insert(event.transaction_id.clone());
            } else {
                orphans += u32::from(!placed.contains(&event.transaction_id));
            }
        });
        assert_eq!(orphans == 0, is_in_order, "{scenario}: {orphans}");
    }
}

#[test]
fn an_upgrade_comes_in_the_middle_and_adds_segments_and_coupons() {
    let (mut first, mut second, mut segments, mut coupons) = (0u32, 0u32, 0u32, 0u32);
    let flags = ["--scenario", "schema-upgrade", "--backfill", "30d"];
    records(&[&flags[..], &["--count", "20000"]].concat(), |record| {
        let Some(event) = record.event else { return };
        let payload = record.payload.expect("a good event has bytes");
        let is_v2_datum = payload[2..10] == FINGERPRINT_V2;
        let has_more = event.customer.segment.is_some() || event.coupon_code.is_some();
        assert_eq!(is_v2_datum, has_more);
        segments += u32::from(event.customer.segment.is_some());
        coupons += u32::from(event.coupon_code.is_some());
        if event.event_version == "2.0" {
            second += 1;
            assert_eq!(
                event.customer.segment.is_some(),
                event.customer.id.is_some()
            );
        } else {
            first += 1;
            assert!(!has_more);
        }
    });
    assert!(first > 5_000 && second > 5_000, "{first} and {second}");
    assert!(
        segments * 10 > second * 7,
        "{segments} segments in {second}"
    );
    assert!(
        (second / 100..second / 4).contains(&coupons),
        "{coupons} coupons in {second}"
    );
}

#[test]
fn a_dirty_shop_has_its_shares_of_everything() {
    let (mut good, mut duplicates, mut late) = (0u32, 0u32, 0u32);
    let mut newest = DateTime::<Utc>::MIN_UTC;
    let mut bad: BTreeMap<&str, u32> = BTreeMap::new();
    let flags = [
        "--scenario",
        "dirty",
        "--backfill",
        "30d",
        "--count",
        "60000",
    ];
    records(&flags, |record| match record.kind {
        RecordKind::Good => {
            good += 1;
            let at = record.event.expect("good records have one").event_timestamp;
            late += u32::from(at < newest);
            newest = newest.max(at);
        }
        RecordKind::Duplicate => duplicates += 1,
        RecordKind::Bad(reason) => *bad.entry(reason.as_str()).or_default() += 1,
    });
    assert_eq!(good, 60_000);
    assert!((1_650..1_950).contains(&duplicates), "{duplicates}");
    assert!((5_500..6_200).contains(&late), "{late}");
    let all_bad: u32 = bad.values().sum();
    assert!((2_800..3_200).contains(&all_bad), "{all_bad}");
    assert_eq!(bad.len(), KINDS.len(), "all kinds: {bad:?}");
}

#[test]
fn an_outage_is_caught_up_with_and_loses_nothing() {
    let flags = ["--backfill", "30d", "--count", "30000"];
    let mut calm = BTreeSet::new();
    records(&flags, |record| {
        calm.insert(record.payload.map(<[u8]>::to_vec));
    });
    let mut caught_up = BTreeSet::new();
    let (mut newest, mut late) = (DateTime::<Utc>::MIN_UTC, Vec::new());
    records(
        &[&flags[..], &["--scenario", "outage-catchup"]].concat(),
        |record| {
            caught_up.insert(record.payload.map(<[u8]>::to_vec));
            let at = record.event.expect("all are good").event_timestamp;
            if at < newest {
                late.push(at);
            }
            newest = newest.max(at);
        },
    );
    assert_eq!(calm, caught_up);
    let (first, last) = (late[0], late[late.len() - 1]);
    assert!(late.len() > 100 && late.is_sorted(), "{}", late.len());
    assert!(last - first <= Duration::hours(6), "{first} to {last}");
    assert!(last - first > Duration::hours(5), "{first} to {last}");
}

/// Of the orders placed on a day: how many there are, their discount in per cent, and how many of them come back.
#[derive(Default, Clone, Copy)]
struct DayOfOrders {
    orders: f64,
    gross: f64,
    discount: f64,
    returns: f64,
}

fn days_of_orders(flags: &[&str]) -> BTreeMap<NaiveDate, DayOfOrders> {
    let mut days: BTreeMap<NaiveDate, DayOfOrders> = BTreeMap::new();
    let mut placed_on: HashMap<String, NaiveDate> = HashMap::new();
    records(flags, |record| {
        let event = record.event.expect("all are good");
        let today = event.event_timestamp.date_naive();
        let cents =
            |money: event_contract::Money| f64::from(i32::try_from(money.cents()).expect("small"));
        match event.event_type {
            EventType::OrderPlaced => {
                let day = days.entry(today).or_default();
                day.orders += 1.0;
                day.gross += cents(event.order.subtotal);
                day.discount += cents(event.order.discount_amount);
                placed_on.insert(event.transaction_id.clone(), today);
            }
            EventType::OrderReturned => {
                let day = placed_on[&event.transaction_id];
                days.entry(day).or_default().returns += 1.0;
            }
            _ => {}
        }
    });
    days
}

#[test]
fn black_friday_is_full_cheap_and_regretted() {
    let scenario = [
        "--scenario",
        "black-friday",
        "--backfill",
        "60d",
        "--count",
        "150000",
    ];
    let days = days_of_orders(&scenario);
    let friday = days[&"2025-11-28".parse().expect("a date")];
    // The weeks before it, whose returns have come back too.
    let from: NaiveDate = "2025-11-10".parse().expect("a date");
    let mut usual = DayOfOrders::default();
    for day in days
        .range(from..from + Duration::days(14))
        .map(|(_, day)| day)
    {
        usual.orders += day.orders;
        usual.gross += day.gross;
        usual.discount += day.discount;
        usual.returns += day.returns;
    }
    let times = friday.orders / (usual.orders / 14.0);
    assert!((4.5..7.0).contains(&times), "{times} times the orders");
    let (deep, shallow) = (friday.discount / friday.gross, usual.discount / usual.gross);
    assert!(deep > 0.2 && shallow < 0.04, "{deep} and {shallow}");
    let (often, seldom) = (friday.returns / friday.orders, usual.returns / usual.orders);
    assert!(often > 1.5 * seldom, "{often} and {seldom}");
}
