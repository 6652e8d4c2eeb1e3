//! The figures of a run, for people and for scripts.

use std::fmt;
use std::time::Duration;

use event_contract::truth::Truth;
use serde::Serialize;

use crate::truth_ledger::Receipts;

/// What a run published. Everything counts acknowledged records only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The Kafka topic.
    pub topic: String,
    /// The seed of the shop.
    pub seed: u64,
    /// Good events, duplicates and bad records.
    pub records: u64,
    /// Distinct good events.
    pub events: u64,
    /// Orders placed.
    pub orders: u64,
    /// Lines placed and returned.
    pub lines: u64,
    /// Injected copies.
    pub duplicates: u64,
    /// Injected bad records.
    pub bad: u64,
    /// Records that Kafka did not acknowledge.
    pub failed: u64,
    /// Bytes of payload.
    pub bytes: u64,
    /// From the first record to the last acknowledgement.
    pub seconds: f64,
    /// Events per second of that time.
    pub events_per_s: f64,
}

impl Summary {
    /// From the closed books.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate of more than 2^53 events"
    )]
    pub fn new(truth: &Truth, receipts: &Receipts, elapsed: Duration) -> Self {
        let seconds = elapsed.as_secs_f64();
        Summary {
            topic: truth.topic.clone(),
            seed: truth.seed,
            records: truth.records,
            events: truth.events,
            orders: truth.orders,
            lines: truth.lines,
            duplicates: truth.duplicates,
            bad: truth.bad.values().sum(),
            failed: receipts.failures(),
            bytes: receipts.bytes(),
            seconds: (seconds * 1e3).round() / 1e3,
            events_per_s: (truth.events as f64 / seconds.max(1e-9)).round(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} events in {:.1} s, {} events/s, to {} (seed {})",
            grouped(self.events),
            self.seconds,
            self.events_per_s,
            self.topic,
            self.seed
        )?;
        writeln!(
            formatter,
            "  {} orders with {} lines placed and returned",
            grouped(self.orders),
            grouped(self.lines)
        )?;
        write!(
            formatter,
            "  {} records, {} MiB: {} good, {} duplicates, {} bad; {} failed",
            grouped(self.records),
            grouped(self.bytes / (1 << 20)),
            grouped(self.events),
            grouped(self.duplicates),
            grouped(self.bad),
            grouped(self.failed)
        )
    }
}

/// A number with commas between its groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
    }
}
