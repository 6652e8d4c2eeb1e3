//! When to hand a set over, and when to stop reading because PostgreSQL cannot keep up. Pure: told the time, no I/O.

use std::time::{Duration, Instant};

/// For so long the reading thread simply waits for the writer. Then it pauses its partitions and goes on polling, so
/// that it stays a member of the group.
const PATIENCE_BEFORE_PAUSE: Duration = Duration::from_secs(1);

/// Timekeeping of the reading loop.
#[derive(Debug)]
pub struct Pacing {
    max_delay: Duration,
    filling_since: Option<Instant>,
    blocked_since: Option<Instant>,
    is_paused: bool,
}

impl Pacing {
    /// A set is due `max_delay` after its first record.
    pub fn new(max_delay: Duration) -> Self {
        Pacing {
            max_delay,
            filling_since: None,
            blocked_since: None,
            is_paused: false,
        }
    }

    /// The set being filled has something in it; its time runs from the first such call.
    pub fn filling(&mut self, now: Instant) {
        self.filling_since.get_or_insert(now);
    }

    /// The set being filled is empty again.
    pub fn emptied(&mut self) {
        self.filling_since = None;
    }

    /// Whether the set has waited long enough.
    pub fn is_due(&self, now: Instant) -> bool {
        self.filling_since
            .is_some_and(|since| now.saturating_duration_since(since) >= self.max_delay)
    }

    /// How long until the set is due; nothing while it is empty.
    pub fn until_due(&self, now: Instant) -> Option<Duration> {
        let due = self.filling_since? + self.max_delay;
        Some(due.saturating_duration_since(now))
    }

    /// Nothing more can be taken. True when it is time to pause, once.
    pub fn blocked(&mut self, now: Instant) -> bool {
        let since = *self.blocked_since.get_or_insert(now);
        if self.is_paused || now.saturating_duration_since(since) < PATIENCE_BEFORE_PAUSE {
            return false;
        }
        self.is_paused = true;
        true
    }

    /// There is room again. True when reading was paused and must be resumed, once.
    pub fn unblocked(&mut self) -> bool {
        self.blocked_since = None;
        std::mem::replace(&mut self.is_paused, false)
    }

    /// Whether reading is paused.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(100);

    #[test]
    fn a_set_is_due_after_its_first_record_not_after_its_last() {
        let start = Instant::now();
        let mut pacing = Pacing::new(DELAY);
        assert!(!pacing.is_due(start + DELAY * 10));
        assert_eq!(pacing.until_due(start), None);
        pacing.filling(start);
        pacing.filling(start + DELAY / 2);
        assert_eq!(pacing.until_due(start + DELAY / 2), Some(DELAY / 2));
        assert!(!pacing.is_due(start + DELAY / 2));
        assert!(pacing.is_due(start + DELAY));
        assert_eq!(pacing.until_due(start + DELAY * 2), Some(Duration::ZERO));
        pacing.emptied();
        assert!(!pacing.is_due(start + DELAY));
    }

    #[test]
    fn reading_is_paused_and_resumed_once_and_not_for_a_short_wait() {
        let start = Instant::now();
        let mut pacing = Pacing::new(DELAY);
        assert!(!pacing.blocked(start));
        assert!(!pacing.blocked(start + PATIENCE_BEFORE_PAUSE / 2));
        assert!(!pacing.unblocked());
        assert!(!pacing.blocked(start + PATIENCE_BEFORE_PAUSE));
        assert!(pacing.blocked(start + PATIENCE_BEFORE_PAUSE * 2));
        assert!(pacing.is_paused());
        assert!(!pacing.blocked(start + PATIENCE_BEFORE_PAUSE * 3));
        assert!(pacing.unblocked());
        assert!(!pacing.unblocked());
        assert!(!pacing.is_paused());
    }
}
