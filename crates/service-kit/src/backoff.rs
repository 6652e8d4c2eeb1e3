//! How long to wait before the next attempt.

use std::time::Duration;

/// Delays between attempts: doubling up to a ceiling, with full jitter, so that many clients of one server that came back
/// do not all return in the same moment.
#[derive(Debug, Clone)]
pub struct Backoff {
    initial: Duration,
    ceiling: Duration,
    attempts: u32,
}

impl Backoff {
    /// The first delay is at most `initial`, every later one at most twice the bound before it, and never over `ceiling`.
    pub fn new(initial: Duration, ceiling: Duration) -> Self {
        Backoff {
            initial,
            ceiling,
            attempts: 0,
        }
    }

    /// A random delay up to the present bound; the bound then doubles. Never shorter than a tenth of `initial` (or of
    /// `ceiling`, where that is less), so that a loop around it cannot spin.
    pub fn next_delay(&mut self) -> Duration {
        let bound = self.bound();
        self.attempts = self.attempts.saturating_add(1);
        let shortest = self.initial.min(self.ceiling) / 10;
        shortest
            + bound
                .saturating_sub(shortest)
                .mul_f64(rand::random::<f64>())
    }

    /// Begins anew, after an attempt that succeeded.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    fn bound(&self) -> Duration {
        let factor = 2u32.saturating_pow(self.attempts);
        self.initial.saturating_mul(factor).min(self.ceiling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: Duration = Duration::from_millis(100);
    const CEILING: Duration = Duration::from_secs(5);

    #[test]
    fn delays_stay_between_their_bounds_and_reach_the_ceiling() {
        for _ in 0..200 {
            let mut backoff = Backoff::new(INITIAL, CEILING);
            for attempt in 0..50 {
                let bound = INITIAL
                    .saturating_mul(2u32.saturating_pow(attempt))
                    .min(CEILING);
                let delay = backoff.next_delay();
                assert!(delay <= bound, "attempt {attempt}: {delay:?} > {bound:?}");
                assert!(
                    delay >= INITIAL / 10,
                    "attempt {attempt}: {delay:?} would spin"
                );
            }
        }
    }

    #[test]
    fn delays_are_spread_over_the_whole_range() {
        let mut backoff = Backoff::new(CEILING, CEILING);
        let delays: Vec<Duration> = (0..1000).map(|_| backoff.next_delay()).collect();
        assert!(delays.iter().any(|delay| *delay < CEILING / 4));
        assert!(delays.iter().any(|delay| *delay > CEILING * 3 / 4));
    }

    #[test]
    fn reset_begins_anew() {
        let mut backoff = Backoff::new(INITIAL, CEILING);
        for _ in 0..20 {
            backoff.next_delay();
        }
        backoff.reset();
        assert!(backoff.next_delay() <= INITIAL);
    }

    #[test]
    fn extreme_settings_neither_panic_nor_exceed() {
        let mut zero = Backoff::new(Duration::ZERO, Duration::ZERO);
        assert_eq!(zero.next_delay(), Duration::ZERO);
        let mut upside_down = Backoff::new(CEILING, INITIAL);
        for _ in 0..100 {
            assert!(upside_down.next_delay() <= INITIAL);
        }
        let mut endless = Backoff::new(Duration::MAX, Duration::MAX);
        endless.next_delay();
    }
}
