//! The events of one run, from its first to its last: the past, if one is asked for, then live, until the count is
//! reached or the time is up.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use event_contract::TransactionEvent;

use crate::shop::{SettingsError, Shop};

/// On the simulated clock an unpaced run has so many events a second.
pub const SIMULATED_EVENTS_PER_SECOND: f64 = 1_000.0;

/// A stretch of the past to be filled with events before the live part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill {
    /// From so long before the start up to the start.
    pub length: chrono::Duration,
    /// How many events it takes up, about.
    pub events: u64,
}

/// What makes an end of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// So many events in all.
    pub count: Option<u64>,
    /// So long a live part.
    pub live_duration: Option<Duration>,
}

/// What live events take their time from.
#[derive(Debug, Clone)]
pub enum EventClock {
    /// The machine's clock: latencies can be measured, and no two runs are equal.
    Wall,
    /// A clock that runs at another speed than the machine's.
    Sped {
        /// What it shows at the first live event.
        from: DateTime<Utc>,
        /// Seconds that it moves on in a second; positive.
        speed: f64,
        /// Once it has caught up with the machine's clock, it goes with that one.
        is_bounded_by_now: bool,
    },
    /// A clock that ticks with each event, so that runs are equal to the byte.
    Simulated {
        /// Where it begins.
        start: DateTime<Utc>,
        /// Events in a second of the run; positive.
        per_second: f64,
        /// Seconds that it moves on in a second of the run; positive.
        speed: f64,
    },
}

/// Which part of the run an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Before the start.
    Past,
    /// From the start on.
    Live,
}

/// Yields the events of a run.
#[derive(Debug)]
pub struct Source {
    shop: Shop,
    clock: EventClock,
    limits: Limits,
    yielded: u64,
    live_yielded: u64,
    is_past_over: bool,
    live_since: Option<Instant>,
}

impl Source {
    /// Over a shop that has not yielded anything yet.
    ///
    /// # Errors
    /// Where the past is too long or begins too early.
    pub fn new(
        mut shop: Shop,
        backfill: Option<Backfill>,
        clock: EventClock,
        limits: Limits,
    ) -> Result<Self, SettingsError> {
        if let Some(Backfill { length, events }) = backfill {
            shop.plan_past(length, events)?;
        }
        Ok(Source {
            shop,
            clock,
            limits,
            yielded: 0,
            live_yielded: 0,
            is_past_over: backfill.is_none(),
            live_since: None,
        })
    }

    /// The part that the next event comes from, unless it is the first after the past.
    pub fn part(&self) -> Part {
        if self.is_past_over {
            Part::Live
        } else {
            Part::Past
        }
    }

    /// Events yielded so far.
    pub fn yielded(&self) -> u64 {
        self.yielded
    }

    /// Writes the next event of a part into `event`; false when the part, or the run, is at its end.
    pub fn next(&mut self, part: Part, event: &mut TransactionEvent) -> bool {
        if self.limits.count.is_some_and(|count| self.yielded >= count) {
            return false;
        }
        let is_written = match part {
            Part::Past => self.next_past(event),
            Part::Live => self.next_live(event),
        };
        self.yielded += u64::from(is_written);
        is_written
    }

    fn next_past(&mut self, event: &mut TransactionEvent) -> bool {
        if !self.is_past_over {
            self.is_past_over = !self.shop.next_past(event);
        }
        !self.is_past_over
    }

    fn next_live(&mut self, event: &mut TransactionEvent) -> bool {
        let Some(now) = self.live_time() else {
            return false;
        };
        self.live_yielded += 1;
        self.shop.next_live(now, event);
        true
    }

    /// The time of the next live event; nothing once the live part has lasted long enough.
    fn live_time(&mut self) -> Option<DateTime<Utc>> {
        let passed = match self.clock {
            EventClock::Wall | EventClock::Sped { .. } => {
                self.live_since.get_or_insert_with(Instant::now).elapsed()
            }
            EventClock::Simulated { per_second, .. } => {
                seconds_of(self.live_yielded + 1, per_second)
            }
        };
        let limit = self.limits.live_duration;
        let is_over = match self.clock {
            // The tick at the very end still counts; on a clock that does not tick there is no such thing.
            EventClock::Simulated { .. } => limit.is_some_and(|limit| passed > limit),
            EventClock::Wall | EventClock::Sped { .. } => {
                limit.is_some_and(|limit| passed >= limit)
            }
        };
        (!is_over).then(|| self.clock.time(passed, Utc::now))
    }
}

impl EventClock {
    /// What it shows when so much of the live part has passed.
    fn time(&self, passed: Duration, now: impl Fn() -> DateTime<Utc>) -> DateTime<Utc> {
        match *self {
            EventClock::Wall => now(),
            EventClock::Sped {
                from,
                speed,
                is_bounded_by_now,
            } => {
                let time = from + sped_up(passed, speed);
                if is_bounded_by_now {
                    time.min(now())
                } else {
                    time
                }
            }
            EventClock::Simulated { start, speed, .. } => start + sped_up(passed, speed),
        }
    }
}

const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);

fn sped_up(passed: Duration, speed: f64) -> Duration {
    // Without the detour through floats where there is nothing to multiply: times stay whole microseconds.
    if speed == 1.0 {
        return passed.min(CENTURY);
    }
    Duration::try_from_secs_f64(passed.as_secs_f64() * speed)
        .unwrap_or(CENTURY)
        .min(CENTURY)
}

/// The time that so many events take.
#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 events")]
fn seconds_of(events: u64, per_second: f64) -> Duration {
    Duration::try_from_secs_f64(events as f64 / per_second)
        .unwrap_or(CENTURY)
        .min(CENTURY)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;
    use crate::shop::{ShopSettings, blank_event};

    fn start() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2025, 6, 1, 0, 0, 0)
            .single()
            .expect("a time")
    }

    fn times(backfill: Option<Backfill>, limits: Limits, per_second: f64) -> Vec<DateTime<Utc>> {
        let shop = Shop::new(ShopSettings::new(1, start())).expect("settings");
        let clock = EventClock::Simulated {
            start: start(),
            per_second,
            speed: 1.0,
        };
        let mut source = Source::new(shop, backfill, clock, limits).expect("source");
        let mut event = blank_event();
        let mut times = Vec::new();
        for part in [Part::Past, Part::Live] {
            while source.next(part, &mut event) {
                times.push(event.event_timestamp);
            }
        }
        times
    }

    #[test]
    fn a_simulated_minute_at_a_rate_has_its_number_of_events() {
        let limits = Limits {
            live_duration: Some(Duration::from_secs(60)),
            count: None,
        };
        let times = times(None, limits, 50.0);
        assert_eq!(times.len(), 3_000);
        assert_eq!(times.last(), Some(&(start() + Duration::from_secs(60))));
    }

    #[test]
    fn a_sped_up_clock_catches_up_with_now_and_then_goes_with_it() {
        let from = start();
        let later = |seconds| move || start() + Duration::from_secs(seconds);
        let clock = |is_bounded_by_now| EventClock::Sped {
            from,
            speed: 60.0,
            is_bounded_by_now,
        };
        let passed = Duration::from_secs(10);
        assert_eq!(clock(true).time(passed, later(3_600)), from + 60 * passed);
        assert_eq!(clock(true).time(passed, later(300)), later(300)());
        assert_eq!(clock(false).time(passed, later(300)), from + 60 * passed);
        assert_eq!(EventClock::Wall.time(passed, later(7)), later(7)());
    }

    #[test]
    fn a_simulated_clock_at_speed_passes_faster_with_as_many_events() {
        let shop = Shop::new(ShopSettings::new(1, start())).expect("settings");
        let clock = EventClock::Simulated {
            start: start(),
            per_second: 50.0,
            speed: 60.0,
        };
        let limits = Limits {
            live_duration: Some(Duration::from_secs(60)),
            count: None,
        };
        let mut source = Source::new(shop, None, clock, limits).expect("source");
        let mut event = blank_event();
        while source.next(Part::Live, &mut event) {}
        assert_eq!(source.yielded(), 3_000);
        assert_eq!(event.event_timestamp, start() + Duration::from_secs(3_600));
    }

    #[test]
    fn the_count_spans_past_and_live() {
        let month = Backfill {
            length: chrono::Duration::days(30),
            events: 20_000,
        };
        let limits = Limits {
            count: Some(20_000),
            live_duration: None,
        };
        let times = times(Some(month), limits, 1_000.0);
        assert_eq!(times.len(), 20_000);
        let first = start() - chrono::Duration::days(30);
        assert!(times.iter().all(|at| *at >= first));
        // What the past did not have room for is live: not more than a few events.
        let live = times.iter().filter(|at| **at >= start()).count();
        assert!(live < 200, "{live}");
        let last = times.last().expect("events");
        assert!(*last > start() - chrono::Duration::hours(6), "{last}");
    }
}
