//! Scenarios: bundles of settings with a name. What a user says explicitly goes before them.

use std::time::Duration;

use clap::ValueEnum;

use crate::disturb::Outage;
use chrono::{DateTime, Utc};

/// A bundle of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Scenario {
    /// A shop on usual days; nothing goes wrong
    #[default]
    Normal,
    /// --rush 6: one day has six times the orders at deep discounts, and many of them come back within two weeks
    BlackFriday,
    /// --outage: nothing can be sent for a while, then everything of that time arrives at once, after newer events. 6 hours
    /// of the past, or at most a twentieth of it; live a minute, from half a minute on
    OutageCatchup,
    /// --bad-pct 5 --duplicate-pct 3 --late-pct 10: bad records of all kinds, duplicates, and late events
    Dirty,
    /// --event-version upgrade: the shop writes version 1 of the contract in the first half of the past, version 2 from then
    /// on
    SchemaUpgrade,
}

/// Which version of the contract events are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum EventVersion {
    /// Version 1
    #[default]
    #[value(name = "1.0")]
    First,
    /// Version 2
    #[value(name = "2.0")]
    Second,
    /// Version 1, and version 2 from the middle of the past on, or from the start where there is none
    Upgrade,
}

/// The settings that scenarios differ in.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bundle {
    /// Per cent of the events.
    pub duplicate_percent: f64,
    /// Per cent of the events.
    pub late_percent: f64,
    /// Per cent of the events.
    pub bad_percent: f64,
    /// How many times the usual orders one day has.
    pub rush_factor: Option<f64>,
    /// Nothing can be sent for a while.
    pub has_outage: bool,
    /// How events are written.
    pub event_version: EventVersion,
}

impl Scenario {
    /// The settings of the scenario.
    pub fn bundle(self) -> Bundle {
        let usual = Bundle::default();
        match self {
            Scenario::Normal => usual,
            Scenario::BlackFriday => Bundle {
                rush_factor: Some(6.0),
                ..usual
            },
            Scenario::OutageCatchup => Bundle {
                has_outage: true,
                ..usual
            },
            Scenario::Dirty => Bundle {
                duplicate_percent: 3.0,
                late_percent: 10.0,
                bad_percent: 5.0,
                ..usual
            },
            Scenario::SchemaUpgrade => Bundle {
                event_version: EventVersion::Upgrade,
                ..usual
            },
        }
    }
}

/// How long the outage of the scenario lasts in event time: `past` is the length of the past, if there is one, and
/// `speed` how fast event time passes live.
pub fn usual_outage(past: Option<Duration>, speed: f64) -> Duration {
    const IN_THE_PAST: Duration = Duration::from_secs(6 * 3_600);
    const LIVE: Duration = Duration::from_secs(60);
    match past {
        Some(past) => IN_THE_PAST.min(past / 20),
        None => Duration::try_from_secs_f64(LIVE.as_secs_f64() * speed).unwrap_or(LIVE),
    }
}

/// Where an outage of some length lies: after three fifths of the past, or half a minute after a live start. For a
/// quarter of its length newer events go before what was held back.
pub fn place_outage(
    length: chrono::Duration,
    start: DateTime<Utc>,
    past: Option<chrono::Duration>,
    speed: f64,
) -> Outage {
    let half_a_minute = usual_outage(None, speed) / 2;
    let from = match past {
        Some(past) => start - past * 2 / 5,
        None => start + half_a_minute,
    };
    let until = from + length;
    Outage {
        from,
        until,
        caught_up: until + length / 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_are_long_enough_to_be_seen_and_short_enough_to_be_held() {
        let hours = |count: u64| Duration::from_secs(3_600 * count);
        assert_eq!(usual_outage(Some(hours(720)), 1.0), hours(6));
        assert_eq!(usual_outage(Some(hours(20)), 1.0), hours(1));
        assert_eq!(usual_outage(None, 1.0), Duration::from_secs(60));
        assert_eq!(usual_outage(None, 60.0), hours(1));
    }

    #[test]
    fn an_outage_lies_within_the_past_or_soon_after_the_start() {
        let start = DateTime::from_timestamp(1_750_000_000, 0).expect("a time");
        let (hour, month) = (chrono::Duration::hours(1), chrono::Duration::days(30));
        let past = place_outage(hour * 4, start, Some(month), 1.0);
        assert_eq!(past.from, start - chrono::Duration::days(12));
        assert_eq!(past.until - past.from, hour * 4);
        assert_eq!(past.caught_up - past.until, hour);
        let live = place_outage(hour, start, None, 1.0);
        assert_eq!(live.from - start, chrono::Duration::seconds(30));
    }
}
