//! Holds a rate: events are due at even distances, counted from the beginning, so that no rounding adds up.
//!
//! Pure: the caller says how much time has passed and does the waiting.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Events are let go in small batches, at the latest so long after they were due.
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// Waking up costs; so the sender sleeps at least so long.
const SHORTEST_NAP: Duration = Duration::from_millis(1);

/// What was missed in a longer stall is not caught up with: a flood after a pause would be no steady rate either.
const LONGEST_CATCH_UP: Duration = Duration::from_secs(5);

/// Unpaced, so many events go between two looks at the clock.
const UNPACED_BATCH: u64 = 256;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many events are due.
    Send(u64),
    /// None is due for so long.
    Wait(Duration),
}

/// The schedule of a run.
#[derive(Debug, Clone)]
pub struct Pace {
    per_second: Option<f64>,
    sent: u64,
    /// Time that passed without counting: stalls beyond the catch-up.
    forgiven: Duration,
}

impl Pace {
    /// So many events a second; as fast as possible without a rate. The rate is positive and finite.
    pub fn new(per_second: Option<f64>) -> Self {
        Pace {
            per_second,
            sent: 0,
            forgiven: Duration::ZERO,
        }
    }

    /// What to do `elapsed` after the beginning. Events that are handed out count as sent.
    pub fn step(&mut self, elapsed: Duration) -> Step {
        let Some(rate) = self.per_second else {
            return Step::Send(UNPACED_BATCH);
        };
        let running = elapsed.saturating_sub(self.forgiven);
        let due = whole_events(running, rate);
        let behind = due.saturating_sub(self.sent);
        if behind == 0 {
            return Step::Wait(self.time_to_next(running, rate));
        }
        let catch_up = whole_events(LONGEST_CATCH_UP, rate).max(1);
        if behind > catch_up {
            self.forgiven += seconds(behind - catch_up, rate);
        }
        let batch = behind.min(catch_up).min(UNPACED_BATCH);
        self.sent += batch;
        Step::Send(batch)
    }

    fn time_to_next(&self, running: Duration, rate: f64) -> Duration {
        seconds(self.sent + 1, rate)
            .saturating_sub(running)
            .clamp(SHORTEST_NAP, LONGEST_NAP)
    }
}

/// A clock that runs at another speed than the one on the wall, for sending past events as if they happened now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replay {
    /// What it shows at the beginning.
    pub from: DateTime<Utc>,
    /// Seconds that it moves on in a second; positive.
    pub speed: f64,
}

impl Replay {
    /// How long to wait, `elapsed` after the beginning, before an event of a time is looked at again; nothing when it is
    /// due.
    pub fn wait(&self, elapsed: Duration, at: DateTime<Utc>) -> Option<Duration> {
        // What lies before the beginning is due at once.
        let after = (at - self.from).to_std().unwrap_or_default();
        let due =
            Duration::try_from_secs_f64(after.as_secs_f64() / self.speed).unwrap_or(Duration::MAX);
        let remaining = due.checked_sub(elapsed)?;
        if remaining.is_zero() {
            return None;
        }
        Some(remaining.clamp(SHORTEST_NAP, LONGEST_NAP))
    }
}

/// How many events are due within a time: the first after one interval.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "both factors are positive, and a float beyond the range of an integer saturates"
)]
fn whole_events(time: Duration, rate: f64) -> u64 {
    (time.as_secs_f64() * rate) as u64
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 events")]
fn seconds(events: u64, rate: f64) -> Duration {
    Duration::try_from_secs_f64(events as f64 / rate).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs against a clock that moves on by what is waited and a little for each batch.
    fn sent_within(rate: f64, length: Duration, cost_of_a_batch: Duration) -> u64 {
        let mut pace = Pace::new(Some(rate));
        let mut now = Duration::ZERO;
        let mut sent = 0;
        while now < length {
            match pace.step(now) {
                Step::Send(count) => {
                    sent += count;
                    now += cost_of_a_batch;
                }
                Step::Wait(nap) => now += nap,
            }
        }
        sent
    }

    #[test]
    fn rates_hold_to_within_a_batch() {
        for rate in [0.5, 1.0, 7.0, 999.5, 5_000.0, 20_000.0] {
            let sent = sent_within(rate, Duration::from_secs(60), Duration::from_micros(300));
            let wanted = whole_events(Duration::from_secs(60), rate);
            assert!(
                sent.abs_diff(wanted) <= 1 + wanted / 5_000,
                "{sent} instead of {wanted}"
            );
        }
    }

    #[test]
    fn a_short_stall_is_caught_up_with_and_a_long_one_forgiven() {
        let mut pace = Pace::new(Some(1_000.0));
        let drain = |pace: &mut Pace, now: Duration| -> u64 {
            let mut sent = 0;
            while let Step::Send(count) = pace.step(now) {
                sent += count;
            }
            sent
        };
        assert_eq!(drain(&mut pace, Duration::from_secs(2)), 2_000);
        assert_eq!(drain(&mut pace, Duration::from_secs(600)), 5_000);
        assert_eq!(drain(&mut pace, Duration::from_secs(601)), 1_000);
    }

    #[test]
    fn without_a_rate_there_is_no_waiting() {
        let mut pace = Pace::new(None);
        assert_eq!(pace.step(Duration::ZERO), Step::Send(UNPACED_BATCH));
    }

    #[test]
    fn a_replay_lets_events_go_at_its_speed() {
        let from = DateTime::from_timestamp(1_750_000_000, 0).expect("a time");
        let replay = Replay { from, speed: 60.0 };
        let hour = from + chrono::Duration::hours(1);
        let minute = Duration::from_secs(60);
        assert_eq!(replay.wait(Duration::ZERO, from), None);
        assert_eq!(
            replay.wait(Duration::ZERO, from - chrono::Duration::days(1)),
            None
        );
        assert_eq!(replay.wait(Duration::ZERO, hour), Some(LONGEST_NAP));
        let almost = minute - Duration::from_micros(10);
        assert_eq!(replay.wait(almost, hour), Some(SHORTEST_NAP));
        assert_eq!(replay.wait(minute, hour), None);
        let slow = Replay { from, speed: 1e-9 };
        assert_eq!(
            slow.wait(minute, DateTime::<Utc>::MAX_UTC),
            Some(LONGEST_NAP)
        );
    }

    #[test]
    fn naps_are_short_even_at_low_rates() {
        let mut pace = Pace::new(Some(0.001));
        assert_eq!(pace.step(Duration::from_secs(3)), Step::Wait(LONGEST_NAP));
    }
}
