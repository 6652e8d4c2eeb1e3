//! From the flags of `producer run` to what is run: the events, what happens to them on the way, and how fast.
//!
//! Pure, apart from being told what time it is.

use chrono::{DateTime, SubsecRound, Utc};
use service_kit::Failure;

use crate::cli::{ExtentArgs, RunArgs};
use crate::disturb::{Disturbances, Disturber, Outage};
use crate::pace::Replay;
use crate::run::{LATEST_LIVE, LATEST_PAST, Rates};
use crate::scenario::{Bundle, EventVersion, place_outage, usual_outage};
use crate::shop::{Rush, Shop, ShopSettings, day_of_rush};
use crate::source::{Backfill, EventClock, Limits, SIMULATED_EVENTS_PER_SECOND, Source};

/// Events of a past of which nothing else tells how many it holds.
pub const USUAL_BACKFILL_EVENTS: u64 = 500_000;

/// What is run.
#[derive(Debug)]
pub struct Plan {
    /// The events.
    pub source: Source,
    /// What happens to them on the way.
    pub disturber: Disturber,
    /// An event is sent at most so long, in event time, after newer ones.
    pub lateness: chrono::Duration,
    /// How fast they are sent.
    pub rates: Rates,
    /// How many there will be, about; nothing where the run has no end.
    pub expected_events: Option<u64>,
    /// What the user should know before it begins.
    pub warnings: Vec<String>,
}

/// Makes the plan of a command line, at a time.
///
/// # Errors
/// [`Failure::Usage`] where the flags do not fit together.
pub fn plan(args: &RunArgs, now: DateTime<Utc>) -> Result<Plan, Failure> {
    let frame = Frame::of(args, now)?;
    let bundle = args.shop.scenario.bundle();
    let shop = Shop::new(shop_settings(args, &frame, &bundle))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let disturbances = disturbances(args, &frame, &bundle)?;
    let disturber = Disturber::for_shop(&shop, &disturbances);
    let limits = Limits {
        count: args.extent.count,
        live_duration: args.extent.duration,
    };
    let source = Source::new(shop, frame.backfill, clock(&args.extent, &frame), limits)
        .map_err(|error| Failure::Usage(format!("--backfill: {error}")))?;
    Ok(Plan {
        source,
        disturber,
        lateness: lateness(&disturbances),
        rates: rates(&args.extent, &frame),
        expected_events: expected_events(&args.extent, &frame),
        warnings: warnings(args, &frame, &bundle, now),
    })
}

/// Where in time the run lies.
struct Frame {
    /// The moment that separates the past from the live part.
    start: DateTime<Utc>,
    backfill: Option<Backfill>,
    /// Seconds of event time in a second; 1 where nothing else is asked for.
    speed: f64,
}

impl Frame {
    fn of(args: &RunArgs, now: DateTime<Utc>) -> Result<Frame, Failure> {
        let extent = &args.extent;
        let backfill = extent
            .backfill
            .map(chrono::Duration::from_std)
            .transpose()
            .map_err(|error| {
                Failure::Usage(format!("--backfill: {error}: choose a shorter past"))
            })?;
        Ok(Frame {
            start: extent.start.unwrap_or(now).trunc_subsecs(6),
            backfill: backfill.map(|length| Backfill {
                length,
                events: backfill_events(extent),
            }),
            speed: extent.speed.unwrap_or(1.0),
        })
    }

    fn past(&self) -> Option<chrono::Duration> {
        self.backfill.map(|backfill| backfill.length)
    }
}

/// How many events the past holds: the count if there is one; else what is asked for; else, in a replay, so many that the
/// rate holds on average.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and a float beyond the range of an integer saturates"
)]
fn backfill_events(extent: &ExtentArgs) -> u64 {
    let replayed = || {
        let seconds = extent.backfill?.as_secs_f64() / extent.speed?;
        Some(((seconds * extent.rate?) as u64).max(1))
    };
    extent
        .count
        .or(extent.backfill_events)
        .or_else(replayed)
        .unwrap_or(USUAL_BACKFILL_EVENTS)
}

fn shop_settings(args: &RunArgs, frame: &Frame, bundle: &Bundle) -> ShopSettings {
    let from = frame.start - frame.past().unwrap_or_default();
    let rush = args.shop.rush.or(bundle.rush_factor);
    let second_version_from = match args.shop.event_version.unwrap_or(bundle.event_version) {
        EventVersion::First => None,
        EventVersion::Second => Some(from),
        EventVersion::Upgrade => Some(from + (frame.start - from) / 2),
    };
    ShopSettings {
        seed: args.shop.seed,
        start: frame.start,
        customers: args.shop.customers,
        products: args.shop.products,
        categories: usize::from(args.shop.categories),
        lines_mean: args.shop.lines_mean,
        orders_only: args.shop.orders_only,
        growth_percent: args.shop.growth_pct,
        rush: rush.filter(|factor| *factor > 1.0).map(|factor| Rush {
            day: args
                .shop
                .rush_day
                .unwrap_or_else(|| day_of_rush(from.date_naive(), frame.start.date_naive())),
            factor,
        }),
        // After the past a clock that is bounded by now goes as fast as the one on the wall.
        live_speed: if is_bounded_by_now(&args.extent) {
            1.0
        } else {
            frame.speed
        },
        second_version_from,
    }
}

fn disturbances(args: &RunArgs, frame: &Frame, bundle: &Bundle) -> Result<Disturbances, Failure> {
    let wrong = &args.disturbances;
    Ok(Disturbances {
        late_percent: wrong.late_pct.unwrap_or(bundle.late_percent),
        duplicate_percent: wrong.duplicate_pct.unwrap_or(bundle.duplicate_percent),
        bad_percent: wrong.bad_pct.unwrap_or(bundle.bad_percent),
        bad_mix: wrong.bad_mix.clone(),
        outage: outage(args, frame, bundle)?,
    })
}

/// How much later than newer ones an event can be sent. The shop's own events are in order but for microseconds.
fn lateness(disturbances: &Disturbances) -> chrono::Duration {
    let held_in_outage = disturbances
        .outage
        .map(|outage| outage.caught_up - outage.from);
    let held_for_being_late =
        (disturbances.late_percent > 0.0).then_some(LATEST_PAST.max(LATEST_LIVE));
    chrono::Duration::hours(1)
        + held_in_outage
            .unwrap_or_default()
            .max(held_for_being_late.unwrap_or_default())
}

fn outage(args: &RunArgs, frame: &Frame, bundle: &Bundle) -> Result<Option<Outage>, Failure> {
    let asked = args.disturbances.outage;
    let usual = || {
        bundle
            .has_outage
            .then(|| usual_outage(args.extent.backfill, frame.speed))
    };
    let Some(length) = asked.or_else(usual).filter(|length| !length.is_zero()) else {
        return Ok(None);
    };
    let length = chrono::Duration::from_std(length)
        .ok()
        .filter(|length| *length <= chrono::Duration::days(365))
        .ok_or_else(|| {
            Failure::Usage("--outage: longer than a year: choose a shorter one".to_owned())
        })?;
    Ok(Some(place_outage(
        length,
        frame.start,
        frame.past(),
        frame.speed,
    )))
}

/// Whether live events come from a clock that hurries after the one on the wall until it has caught up.
fn is_bounded_by_now(extent: &ExtentArgs) -> bool {
    extent.start.is_none() && extent.backfill.is_some()
}

fn clock(extent: &ExtentArgs, frame: &Frame) -> EventClock {
    if extent.start.is_some() {
        return EventClock::Simulated {
            start: frame.start,
            per_second: extent.rate.unwrap_or(SIMULATED_EVENTS_PER_SECOND),
            speed: frame.speed,
        };
    }
    match extent.speed {
        Some(speed) => EventClock::Sped {
            from: frame.start,
            speed,
            is_bounded_by_now: is_bounded_by_now(extent),
        },
        None => EventClock::Wall,
    }
}

/// Where the count ends the run inside the past, there is nothing but the past that the rate could be meant for; but a
/// replay is held by the times of its events alone.
fn rates(extent: &ExtentArgs, frame: &Frame) -> Rates {
    let is_replay = extent.speed.is_some();
    Rates {
        past: extent.rate.filter(|_| extent.count.is_some() && !is_replay),
        replay: frame.past().filter(|_| is_replay).map(|past| Replay {
            from: frame.start - past,
            speed: frame.speed,
        }),
        live: extent.rate,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and only the length of a progress bar"
)]
fn expected_events(extent: &ExtentArgs, frame: &Frame) -> Option<u64> {
    if extent.count.is_some() {
        return extent.count;
    }
    let live = extent.duration?.as_secs_f64() * extent.rate?;
    let past = frame.backfill.map_or(0, |backfill| backfill.events);
    Some(past + live as u64)
}

fn warnings(args: &RunArgs, frame: &Frame, bundle: &Bundle, now: DateTime<Utc>) -> Vec<String> {
    let mut warnings = Vec::new();
    if frame.start > now + chrono::Duration::hours(24) {
        warnings.push(format!(
            "the start {} is more than a day ahead: the pipeline will quarantine its events as ts_future",
            frame.start
        ));
    }
    if args.extent.start.is_none() && args.extent.backfill.is_none() && frame.speed > 1.0 {
        let minutes = 24.0 * 60.0 / (frame.speed - 1.0);
        warnings.push(format!(
            "event times run ahead of the clock: in {minutes:.0} minutes they are a day ahead, and the pipeline quarantines \
             them as ts_future: replay a past with --backfill, or begin in the past with --start"
        ));
    }
    let has_rush = args.shop.rush.or(bundle.rush_factor).is_some();
    if has_rush && frame.backfill.is_none() {
        warnings.push(
            "without --backfill the rush shows in discounts and returns only: live, --rate says how many orders there are"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
