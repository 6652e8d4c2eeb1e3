//! A dependency that is away is worth two lines in the log: one when it goes, one when it is back. Not one a second.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Watches one dependency and says once that it is away, and once that it is back.
#[derive(Debug)]
pub struct Outage {
    dependency: String,
    away_since: Option<Instant>,
}

impl Outage {
    /// `dependency` as it shall read in the log, for instance `Kafka at localhost:9092`. Without password.
    pub fn new(dependency: impl Into<String>) -> Self {
        Outage {
            dependency: dependency.into(),
            away_since: None,
        }
    }

    /// An attempt failed. Warns on the first call of an outage, and returns whether this was it.
    pub fn away(&mut self, reason: &dyn Display) -> bool {
        if self.away_since.is_some() {
            tracing::debug!(dependency = self.dependency, %reason, "still away");
            return false;
        }
        self.away_since = Some(Instant::now());
        tracing::warn!(dependency = self.dependency, %reason, "{} is away: retrying until it is back", self.dependency);
        true
    }

    /// An attempt succeeded. Returns how long the outage lasted that this ends, if there was one.
    pub fn back(&mut self) -> Option<Duration> {
        let lasted = self.away_since.take()?.elapsed();
        tracing::info!(
            dependency = self.dependency,
            "{} is back after {}",
            self.dependency,
            humantime::format_duration(Duration::from_millis(
                u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX)
            ))
        );
        Some(lasted)
    }

    /// How long the present outage has lasted; nothing while all is well.
    pub fn lasting(&self) -> Option<Duration> {
        self.away_since.map(|since| since.elapsed())
    }

    /// What is being watched, as given to [`Outage::new`].
    pub fn dependency(&self) -> &str {
        &self.dependency
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn says_once_that_it_is_away_and_once_that_it_is_back() {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut outage = Outage::new("the harbour");
            assert_eq!(outage.back(), None, "nothing to come back from");
            for attempt in 0..10 {
                assert_eq!(outage.away(&"fog"), attempt == 0);
            }
            assert!(outage.lasting().is_some());
            assert!(outage.back().is_some());
            assert_eq!(outage.back(), None);
            assert_eq!(outage.lasting(), None);
            assert!(outage.away(&"fog"), "a new outage is said anew");
        });
        let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("is away").count(), 2, "{log}");
        assert_eq!(log.matches("is back after").count(), 1, "{log}");
        assert!(log.contains("fog"), "{log}");
    }
}
