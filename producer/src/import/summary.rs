//! The figures of an import, for people and for scripts.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use event_contract::Money;
use event_contract::truth::{SalesCell, Truth};
use serde::Serialize;

use super::rejects::Refused;
use crate::summary::grouped;

/// What came in, what went out, and what did not. Orders and amounts count acknowledged events only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportSummary {
    /// The file or query.
    pub source: String,
    /// How it was read.
    pub read_as: String,
    /// The Kafka topic.
    pub topic: String,
    /// Whether nothing was sent.
    pub dry_run: bool,
    /// Rows after the header.
    pub rows_read: u64,
    /// Rows that were refused.
    pub rows_refused: u64,
    /// Sales, split ones counted by their parts.
    pub orders: u64,
    /// Returns, likewise.
    pub returns: u64,
    /// Lines of both.
    pub lines: u64,
    /// Events that are a further part of an order.
    pub further_parts: u64,
    /// Events that Kafka did not acknowledge.
    pub failed: u64,
    /// Amounts by currency.
    pub amounts: BTreeMap<String, Amounts>,
    /// Refused rows by reason.
    pub refused: BTreeMap<&'static str, Refused>,
    /// From the first row to the last acknowledgement.
    pub seconds: f64,
    /// Rows per second of that time.
    pub rows_per_s: f64,
    /// The most memory that the process held, in bytes; nothing where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

/// What was sold and came back, as decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Sales before discounts.
    pub gross: String,
    /// Discounts.
    pub discount: String,
    /// What came back.
    pub returned: String,
    /// Sales without discounts and without what came back.
    pub net: String,
}

/// Sums by currency, from the closed books.
pub fn amounts_of(sales: &[SalesCell]) -> BTreeMap<String, Amounts> {
    let mut sums: BTreeMap<&str, [i128; 3]> = BTreeMap::new();
    for cell in sales {
        let sum = sums.entry(&cell.currency).or_default();
        let cents = [cell.gross_cents, cell.discount_cents, cell.returned_cents];
        for (sum, cents) in sum.iter_mut().zip(cents) {
            *sum += i128::from(cents);
        }
    }
    let amounts = |[gross, discount, returned]: [i128; 3]| Amounts {
        gross: money(gross),
        discount: money(discount),
        returned: money(returned),
        net: money(gross - discount - returned),
    };
    sums.into_iter()
        .map(|(currency, sums)| (currency.to_owned(), amounts(sums)))
        .collect()
}

/// Sales and returns of the closed books.
pub fn orders_of(truth: &Truth) -> (u64, u64) {
    let sum = |count: fn(&SalesCell) -> i64| {
        let counts = truth.sales.iter().map(count);
        u64::try_from(counts.sum::<i64>()).unwrap_or(0)
    };
    (sum(|cell| cell.orders), sum(|cell| cell.returns))
}

fn money(cents: i128) -> String {
    i64::try_from(cents).map_or_else(
        |_| format!("{cents} cents"),
        |cents| Money::from_cents(cents).to_string(),
    )
}

/// Seconds and rows a second of it, rounded for people.
#[expect(clippy::cast_precision_loss, reason = "a rate of more than 2^53 rows")]
pub fn speed_of(rows: u64, elapsed: Duration) -> (f64, f64) {
    let seconds = elapsed.as_secs_f64();
    (
        (seconds * 1e3).round() / 1e3,
        (rows as f64 / seconds.max(1e-9)).round(),
    )
}

/// The most memory that this process has held, as Linux tells it.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.dry_run { "would send" } else { "sent" };
        writeln!(
            formatter,
            "{} rows of {} in {:.1} s, {} rows/s ({})",
            grouped(self.rows_read),
            self.source,
            self.seconds,
            self.rows_per_s,
            self.read_as
        )?;
        writeln!(
            formatter,
            "  {verb} {} orders and {} returns with {} lines to {}; {} failed",
            grouped(self.orders),
            grouped(self.returns),
            grouped(self.lines),
            self.topic,
            grouped(self.failed)
        )?;
        if self.further_parts > 0 {
            writeln!(
                formatter,
                "  {} of them are further parts of an order (#2, #3 …)",
                grouped(self.further_parts)
            )?;
        }
        for (currency, amounts) in &self.amounts {
            writeln!(
                formatter,
                "  {currency}: gross {}, discounts {}, returned {}, net {}",
                amounts.gross, amounts.discount, amounts.returned, amounts.net
            )?;
        }
        write!(formatter, "  {} rows refused", grouped(self.rows_refused))?;
        for (reason, refused) in &self.refused {
            let lines: Vec<String> = refused.first_lines.iter().map(u64::to_string).collect();
            let more = if refused.rows > lines.len() as u64 {
                ", …"
            } else {
                ""
            };
            write!(
                formatter,
                "\n    {reason:<18} {:>8}  line {}{more}: {}",
                grouped(refused.rows),
                lines.join(", "),
                refused.example
            )?;
        }
        Ok(())
    }
}
