use std::time::Duration;

use chrono::TimeZone;
use clap::Parser;
use event_contract::EventType;

use super::*;
use crate::cli::{Cli, Command};
use crate::shop::blank_event;
use crate::source::Part;

const START: &str = "2026-01-01T00:00:00Z";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0)
        .single()
        .expect("a time")
}

fn args(flags: &[&str]) -> RunArgs {
    let words = ["producer", "run"].iter().chain(flags);
    match Cli::try_parse_from(words).expect("good flags").command {
        Command::Run(args) => *args,
        _ => unreachable!("parsed `run`"),
    }
}

fn planned(flags: &[&str]) -> Plan {
    plan(&args(flags), now()).expect("a plan")
}

fn orders_by_day(flags: &[&str]) -> std::collections::BTreeMap<chrono::NaiveDate, u32> {
    let mut plan = planned(flags);
    let mut event = blank_event();
    let mut days = std::collections::BTreeMap::new();
    while plan.source.next(Part::Past, &mut event) {
        if event.event_type == EventType::OrderPlaced {
            *days.entry(event.event_timestamp.date_naive()).or_default() += 1;
        }
    }
    days
}

#[test]
fn without_a_speed_the_past_is_sent_at_once_or_at_the_rate_of_a_count() {
    let rates = |flags| planned(flags).rates;
    assert_eq!(
        rates(&["--backfill", "30d", "--rate", "200"]),
        Rates {
            past: None,
            replay: None,
            live: Some(200.0)
        }
    );
    let counted = rates(&["--backfill", "30d", "--rate", "200", "--count", "1000"]);
    assert_eq!((counted.past, counted.live), (Some(200.0), Some(200.0)));
}

#[test]
fn with_a_speed_the_past_keeps_its_own_rhythm_and_the_rate_says_how_full_it_is() {
    let flags = ["--backfill", "30d", "--speed", "1440x", "--rate", "500"];
    let plan = planned(&flags);
    let month_ago = now() - chrono::Duration::days(30);
    assert_eq!(
        plan.rates,
        Rates {
            past: None,
            replay: Some(Replay {
                from: month_ago,
                speed: 1_440.0
            }),
            live: Some(500.0)
        }
    );
    // 30 days at 1440x are 30 minutes, of 500 events each second.
    assert_eq!(backfill_events(&args(&flags).extent), 900_000);
    let events = |more: &[&str]| backfill_events(&args(&[&flags[..], more].concat()).extent);
    assert_eq!(events(&["--backfill-events", "7"]), 7);
    assert_eq!(events(&["--count", "9"]), 9);
    let unspecific = args(&["--backfill", "30d", "--speed", "60x"]);
    assert_eq!(backfill_events(&unspecific.extent), USUAL_BACKFILL_EVENTS);
    let counted = planned(&[&flags[..], &["--count", "10"]].concat());
    assert_eq!(counted.rates.past, None, "the replay alone holds it");
}

#[test]
fn clocks_follow_from_start_speed_and_past() {
    let clock_of = |flags: &[&str]| {
        let args = args(flags);
        let frame = Frame::of(&args, now()).expect("a frame");
        (clock(&args.extent, &frame), frame.start)
    };
    assert!(matches!(clock_of(&[]).0, EventClock::Wall));
    assert!(matches!(
        clock_of(&["--backfill", "3d"]).0,
        EventClock::Wall
    ));
    for (flags, is_bounded) in [
        (&["--speed", "60x"][..], false),
        (&["--speed", "60x", "--backfill", "3d"][..], true),
    ] {
        let (clock, start) = clock_of(flags);
        match clock {
            EventClock::Sped {
                from,
                speed,
                is_bounded_by_now,
            } => {
                assert_eq!((from, speed, is_bounded_by_now), (start, 60.0, is_bounded));
            }
            other => panic!("{other:?}"),
        }
    }
    let simulated = clock_of(&["--speed", "60x", "--start", START, "--rate", "50"]).0;
    assert!(matches!(
        simulated,
        EventClock::Simulated {
            per_second: 50.0,
            speed: 60.0,
            ..
        }
    ));
}

#[test]
fn live_orders_live_through_their_stages_within_minutes_of_the_run() {
    let speed_of = |flags: &[&str]| {
        let args = args(flags);
        let frame = Frame::of(&args, now()).expect("a frame");
        shop_settings(&args, &frame, &Bundle::default()).live_speed
    };
    assert_eq!(speed_of(&["--speed", "60x"]), 60.0);
    assert_eq!(speed_of(&["--speed", "60x", "--start", START]), 60.0);
    assert_eq!(speed_of(&["--speed", "60x", "--backfill", "3d"]), 1.0);
}

#[test]
fn flags_go_before_the_scenario() {
    let disturbed = |flags: &[&str]| {
        let args = args(flags);
        let frame = Frame::of(&args, now()).expect("a frame");
        let bundle = args.shop.scenario.bundle();
        disturbances(&args, &frame, &bundle).expect("sensible")
    };
    let dirty = disturbed(&["--scenario", "dirty"]);
    let percents = |found: &Disturbances| {
        (
            found.bad_percent,
            found.duplicate_percent,
            found.late_percent,
        )
    };
    assert_eq!(percents(&dirty), (5.0, 3.0, 10.0));
    let mixed = disturbed(&["--scenario", "dirty", "--bad-pct", "0", "--late-pct", "1"]);
    assert_eq!(percents(&mixed), (0.0, 3.0, 1.0));
    assert_eq!(disturbed(&[]), Disturbances::default());

    let outage = |flags: &[&str]| {
        disturbed(flags)
            .outage
            .map(|outage| outage.until - outage.from)
    };
    let hours = |count| Some(chrono::Duration::hours(count));
    assert_eq!(
        outage(&["--scenario", "outage-catchup", "--backfill", "30d"]),
        hours(6)
    );
    assert_eq!(
        outage(&[
            "--scenario",
            "outage-catchup",
            "--backfill",
            "30d",
            "--outage",
            "2h"
        ]),
        hours(2)
    );
    assert_eq!(
        outage(&["--scenario", "outage-catchup", "--outage", "0s"]),
        None
    );
    assert_eq!(outage(&["--outage", "1h"]), hours(1));
}

#[test]
fn black_friday_has_six_times_the_orders() {
    let flags = [
        "--start",
        START,
        "--backfill",
        "60d",
        "--backfill-events",
        "60000",
        "--growth-pct",
        "0",
    ];
    let usual = orders_by_day(&flags);
    let scenario = [&flags[..], &["--scenario", "black-friday"]].concat();
    let rushed = orders_by_day(&scenario);
    let black_friday = "2025-11-28".parse().expect("a date");
    let friday_before = "2025-11-14".parse().expect("a date");
    let ratio = |days: &std::collections::BTreeMap<_, u32>| {
        f64::from(days[&black_friday]) / f64::from(days[&friday_before])
    };
    // 6 / 1.12, for November's season, and 2.3 as on every Black Friday; both give or take the luck of the two days.
    assert!((4.3..6.6).contains(&ratio(&rushed)), "{}", ratio(&rushed));
    assert!((1.7..2.9).contains(&ratio(&usual)), "{}", ratio(&usual));

    let none = orders_by_day(&[&scenario[..], &["--rush", "1"]].concat());
    assert_eq!(none, usual);
    let other_day = orders_by_day(&[&scenario[..], &["--rush-day", "2025-12-03"]].concat());
    let most = other_day
        .iter()
        .max_by_key(|(_, orders)| **orders)
        .map(|(day, _)| *day);
    assert_eq!(most, "2025-12-03".parse().ok());
}

#[test]
fn what_will_disappoint_is_said_before() {
    let warned = |flags: &[&str], text: &str| {
        let warnings = planned(flags).warnings;
        warnings.iter().any(|warning| warning.contains(text))
    };
    assert!(warned(&["--speed", "61x"], "in 24 minutes"));
    assert!(!warned(&["--speed", "61x", "--backfill", "3d"], "ahead"));
    assert!(warned(&["--start", "2026-03-10T00:00:00Z"], "ts_future"));
    assert!(warned(
        &["--scenario", "black-friday"],
        "without --backfill"
    ));
    assert!(
        planned(&["--scenario", "black-friday", "--backfill", "30d"])
            .warnings
            .is_empty()
    );
    assert!(planned(&["--rate", "5"]).warnings.is_empty());
}

#[test]
fn the_length_of_the_run_is_expected() {
    let expected = |flags: &[&str]| planned(flags).expected_events;
    assert_eq!(expected(&["--count", "10"]), Some(10));
    assert_eq!(expected(&["--rate", "10"]), None);
    assert_eq!(expected(&["--rate", "10", "--duration", "3s"]), Some(30));
    let with_past = ["--rate", "10", "--duration", "3s", "--backfill", "3d"];
    assert_eq!(expected(&with_past), Some(USUAL_BACKFILL_EVENTS + 30));
    assert_eq!(
        args(&with_past).extent.duration,
        Some(Duration::from_secs(3))
    );
}
